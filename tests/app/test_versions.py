"""Another reply, an edited message, more of a reply, a deleted message: in the window, as a person does it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from app import language, theme
from app.chat.bubble import Bubble
from app.chat.editor import MessageEditor
from app.chat.transcript import ItemState
from app.focus import controls
from app.main_window import MainWindow
from tests.app.acting import compose, dialog, items, say, settle, texts, type_and_send
from tests.app.conftest import MakeWindow
from tests.app.test_controls import settles_uncut
from tests.app.test_copying import enter

REPLY = "I will remember that for you."
CAT = "My cat is called Miso."


def bubbles(window: MainWindow) -> list[Bubble]:
    return window.chat.bubbles()


def shown(window: MainWindow) -> list[str]:
    return [text for _, text in texts(window)]


def settled(qtbot: QtBot, window: MainWindow) -> None:
    exchange = window.partner.exchange
    qtbot.waitUntil(lambda: not exchange.running and window.partner.engine.unanswered == 0, timeout=20_000)
    qtbot.waitUntil(lambda: all(bubble.isVisible() for bubble in bubbles(window)))


def flip(qtbot: QtBot, window: MainWindow, place: int, step: int) -> None:
    flipper = bubbles(window)[place].flipper
    QTest.mouseClick(flipper.back if step < 0 else flipper.forward, Qt.MouseButton.LeftButton)
    settled(qtbot, window)


def edit(qtbot: QtBot, window: MainWindow, place: int, text: str) -> None:
    bubbles(window)[place].begin_edit()
    editor = editor_of(window, place)
    editor.edit.selectAll()
    QTest.keyClicks(editor.edit, text)
    QTest.keyClick(editor.edit, Qt.Key.Key_Return)
    settled(qtbot, window)


def editor_of(window: MainWindow, place: int) -> MessageEditor:
    editor = bubbles(window)[place].editor
    assert editor is not None
    return editor


def quit_and_start_again(qtbot: QtBot, window: MainWindow, make_window: MakeWindow) -> MainWindow:
    window.partner.engine.shut_down()
    qtbot.waitUntil(lambda: window.partner.engine.pid == 0, timeout=15_000)
    again = make_window()
    qtbot.waitUntil(lambda: len(again.partner.conversations) > 0)
    return again


# ---------------------------------------------------------------------------------------------- another reply


def test_another_reply_is_a_version_and_one_can_flip(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    assert bubbles(window)[1].findChild(QWidget, "flipper") is None
    learned = window.partner.stats
    window.messages.again.trigger()
    qtbot.waitUntil(lambda: window.partner.exchange.running)
    assert not window.messages.again.isEnabled()
    settled(qtbot, window)
    assert shown(window) == [CAT, "Another reply (2)."]
    flipper = bubbles(window)[1].flipper
    assert flipper.isVisible()
    assert (flipper.label.text(), flipper.label.accessibleName()) == ("2/2", "Version 2 of 2")
    assert (flipper.back.isEnabled(), flipper.forward.isEnabled()) == (True, False)
    assert window.partner.stats is not None
    assert learned is not None
    assert window.partner.stats.turns_learned == 1

    flip(qtbot, window, 1, -1)
    assert shown(window) == [CAT, REPLY]
    assert bubbles(window)[1].flipper.label.text() == "1/2"
    assert bubbles(window)[0].mark.text() == "✓ noted"  # the marks stay with their messages
    say(qtbot, window, "She is three.")
    assert shown(window) == [CAT, REPLY, "She is three.", REPLY]
    flip(qtbot, window, 1, 1)
    assert shown(window) == [CAT, "Another reply (2)."]
    flip(qtbot, window, 1, -1)
    assert shown(window) == [CAT, REPLY, "She is three.", REPLY]

    again = quit_and_start_again(qtbot, window, make_window)
    again.partner.exchange.show_conversation(again.partner.conversations[0].id)
    qtbot.waitUntil(lambda: shown(again) == [CAT, REPLY, "She is three.", REPLY])
    assert bubbles(again)[1].flipper.label.text() == "1/2"


def test_the_flipper_keeps_its_place_and_the_keyboard(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    for number in range(6):
        say(qtbot, window, f"Line {number}.")
    for _ in range(2):
        window.messages.again.trigger()
        settled(qtbot, window)
    window.partner.exchange.regenerate(items(window)[5])
    settled(qtbot, window)
    flip(qtbot, window, 5, -1)
    settle(window)
    flipper = bubbles(window)[5].flipper
    assert flipper.back in list(controls(window.chat)) or flipper.forward in list(controls(window.chat))
    flipper.forward.setFocus()
    before = flipper.mapTo(window.chat, QPoint(0, 0)).y()
    QTest.keyClick(flipper.forward, Qt.Key.Key_Space)
    settled(qtbot, window)
    settle(window)
    flipper = bubbles(window)[5].flipper
    assert flipper.label.text() == "2/2"
    focus = QApplication.focusWidget()
    assert focus is flipper.back  # there is none after this one
    assert len(bubbles(window)) == 6
    # What is below is gone, so the page may be too short for the same place.
    top = flipper.mapTo(window.chat, QPoint(0, 0)).y()
    assert top == before or window.chat.verticalScrollBar().value() == window.chat.verticalScrollBar().maximum()


def test_another_reply_that_is_stopped_at_once_is_none(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "/wait")
    with qtbot.waitSignal(window.partner.engine.said):
        window.messages.again.trigger()
    qtbot.waitUntil(lambda: len(items(window)) == 2 and items(window)[1].state is ItemState.STREAMING)
    assert bubbles(window)[1].flipper.label.text() == "2/2"
    window.stop_action.trigger()
    settled(qtbot, window)
    assert shown(window) == ["/wait", REPLY]
    assert items(window)[1].versions == []


def test_another_reply_that_fails_leaves_the_old_one(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "/only-once")
    window.messages.again.trigger()
    settled(qtbot, window)
    assert shown(window) == ["/only-once", REPLY]
    assert items(window)[1].state is ItemState.DONE
    assert len(window.notices.notices()) == 1


def test_a_message_without_an_answer_is_answered(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    window.chat.delete_asked.emit(items(window)[1])
    settled(qtbot, window)
    bubble = bubbles(window)[1]
    assert bubble.again_button.isVisible()
    assert bubble.again_button.text() == "Answer it"
    QTest.mouseClick(bubble.again_button, Qt.MouseButton.LeftButton)
    settled(qtbot, window)
    assert len(shown(window)) == 2
    assert shown(window)[1].startswith("Another reply")


# ---------------------------------------------------------------------------------------------- editing


def test_an_edited_message_begins_a_branch(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    say(qtbot, window, "She is three.")
    edit(qtbot, window, 0, "My cat is called Mizo.")
    assert shown(window) == ["My cat is called Mizo.", REPLY]
    assert bubbles(window)[0].flipper.label.text() == "2/2"
    qtbot.waitUntil(lambda: window.partner.stats is not None and window.partner.stats.turns_learned == 2)
    flip(qtbot, window, 0, -1)
    assert shown(window) == [CAT, REPLY, "She is three.", REPLY]
    assert not bubbles(window)[0].mark.isVisible()  # what it taught was forgotten with the correction
    assert bubbles(window)[2].mark.isVisible()
    flip(qtbot, window, 0, 1)
    assert shown(window) == ["My cat is called Mizo.", REPLY]


def test_the_editor_obeys_the_keys(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    window.messages.edit.trigger()
    editor = editor_of(window, 0)
    assert editor.edit.toPlainText() == CAT
    qtbot.waitUntil(editor.edit.hasFocus)
    QTest.keyClick(editor.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(editor.edit, "So.")
    assert editor.edit.toPlainText() == f"{CAT}\nSo."
    compose(editor.edit, "みそ")
    QTest.keyClick(editor.edit, Qt.Key.Key_Return)
    QTest.keyClick(editor.edit, Qt.Key.Key_Escape)
    assert bubbles(window)[0].editing
    assert not window.partner.exchange.running
    compose(editor.edit, "", "みそ")
    QTest.keyClick(editor.edit, Qt.Key.Key_Return)  # the Enter that accepted it
    assert bubbles(window)[0].editing
    qtbot.wait(20)
    QTest.keyClick(editor.edit, Qt.Key.Key_Escape)
    assert not bubbles(window)[0].editing
    assert shown(window) == [CAT, REPLY]
    qtbot.waitUntil(window.composer.edit.hasFocus)
    # As it was: nothing is sent.
    window.messages.edit.trigger()
    QTest.keyClick(editor_of(window, 0).edit, Qt.Key.Key_Return)
    assert not bubbles(window)[0].editing
    assert not window.partner.exchange.running
    # Without words it cannot be sent.
    window.messages.edit.trigger()
    editor_of(window, 0).edit.clear()
    assert not editor_of(window, 0).send.isEnabled()
    QTest.keyClick(editor_of(window, 0).edit, Qt.Key.Key_Return)
    assert bubbles(window)[0].editing


def test_what_is_being_changed_survives_a_look_at_another_chat(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    conversation = window.partner.exchange.current.conversation
    assert conversation is not None
    window.messages.edit.trigger()
    editor_of(window, 0).edit.setPlainText("precious words")
    window.new_action.trigger()
    assert bubbles(window) == []
    window.partner.exchange.show_conversation(conversation)
    assert editor_of(window, 0).edit.toPlainText() == "precious words"


def test_what_is_being_changed_is_not_lost_when_the_window_closes(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    window.messages.edit.trigger()
    editor_of(window, 0).edit.setPlainText("precious words")
    window.close()
    qtbot.waitUntil(lambda: window.partner.engine.pid == 0, timeout=15_000)
    again = make_window()
    assert again.composer.text == "precious words"


def test_an_edit_waits_for_the_end_of_a_reply(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    window.messages.edit.trigger()
    editor_of(window, 0).edit.setPlainText("precious words")
    type_and_send(qtbot, window, "/long 0.01")
    qtbot.waitUntil(lambda: len(items(window)) == 4)
    assert window.chat.bubble_of(items(window)[0]) is not None
    QTest.keyClick(editor_of(window, 0).edit, Qt.Key.Key_Return)
    assert editor_of(window, 0).edit.toPlainText() == "precious words"
    window.stop_action.trigger()
    settled(qtbot, window)
    QTest.keyClick(editor_of(window, 0).edit, Qt.Key.Key_Return)
    settled(qtbot, window)
    assert shown(window) == ["precious words", REPLY]


def test_an_edit_that_never_reached_the_disk_is_still_being_made(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    say(qtbot, window, "She is three.")
    deaths: list[str] = []
    window.partner.engine.gone.connect(deaths.append)
    bubbles(window)[0].begin_edit()
    editor_of(window, 0).edit.setPlainText("/die-unsaved precious words")
    QTest.keyClick(editor_of(window, 0).edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(deaths) == 1 and window.partner.engine.up, timeout=20_000)
    settled(qtbot, window)
    qtbot.waitUntil(lambda: len(items(window)) == 4)
    assert shown(window)[1:] == [REPLY, "She is three.", REPLY]
    assert editor_of(window, 0).edit.toPlainText() == "/die-unsaved precious words"
    assert window.composer.text == ""


def test_an_edit_that_reached_the_disk_unnoticed_is_found_there(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    deaths: list[str] = []
    window.partner.engine.gone.connect(deaths.append)
    bubbles(window)[0].begin_edit()
    editor_of(window, 0).edit.setPlainText("/die-unsaid")
    QTest.keyClick(editor_of(window, 0).edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(deaths) == 1 and window.partner.engine.up, timeout=20_000)
    settled(qtbot, window)
    qtbot.waitUntil(lambda: items(window)[0].text == "/die-unsaid")
    assert items(window)[1].state is ItemState.INTERRUPTED
    assert bubbles(window)[0].flipper.label.text() == "2/2"


# ---------------------------------------------------------------------------------------------- going on


def test_a_reply_that_was_too_long_goes_on(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "/short")
    bubble = bubbles(window)[1]
    assert bubble.item.state is ItemState.CUT_OFF
    message = bubble.item.message
    assert bubble.more_button.isVisible()
    QTest.mouseClick(bubble.more_button, Qt.MouseButton.LeftButton)
    settled(qtbot, window)
    assert shown(window) == ["/short", "Once upon a time And so on to the end."]
    assert (items(window)[1].message, items(window)[1].state) == (message, ItemState.DONE)
    assert not bubbles(window)[1].more_button.isVisible()


def test_only_the_last_reply_goes_on(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    type_and_send(qtbot, window, "/long 0.02")
    qtbot.waitUntil(lambda: len(items(window)) == 2 and items(window)[1].text != "")
    window.stop_action.trigger()
    settled(qtbot, window)
    assert items(window)[1].state is ItemState.STOPPED
    assert bubbles(window)[1].more_button.isVisible()
    say(qtbot, window, CAT)
    assert not bubbles(window)[1].more_button.isVisible()
    assert not window.partner.exchange.go_on(items(window)[1])


# ---------------------------------------------------------------------------------------------- deleting


def test_a_message_is_deleted_by_key_and_brought_back(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    say(qtbot, window, "She is three.")
    for _ in range(2):
        window.messages.earlier.trigger()
    assert window.chat.focused_bubble() is bubbles(window)[2]
    QTest.keyClick(bubbles(window)[2].text, Qt.Key.Key_Delete)
    settled(qtbot, window)
    assert shown(window) == [CAT, REPLY]
    (notice,) = window.notices.notices()
    assert notice.message == "2 messages were deleted."
    assert "stays learned" in notice.hint
    window.chat.setFocus()
    QTest.keyClick(window.chat, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settled(qtbot, window)
    qtbot.waitUntil(lambda: shown(window) == [CAT, REPLY, "She is three.", REPLY])
    assert window.notices.notices() == []


def test_with_its_first_message_a_chat_goes_and_comes_back(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    window.chat.delete_asked.emit(items(window)[0])
    settled(qtbot, window)
    assert shown(window) == []
    assert window.chat.greeting.isVisible()
    assert window.sidebar.list.titled() == []
    (notice,) = window.notices.notices()
    assert notice.message == f"“{CAT}” was deleted."
    assert notice.button is not None
    notice.button.click()
    settled(qtbot, window)
    qtbot.waitUntil(lambda: shown(window) == [CAT, REPLY])


def test_a_found_message_of_another_version_is_gone_to(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    hidden = items(window)[1].message
    conversation = window.partner.exchange.current.conversation
    assert hidden is not None
    assert conversation is not None
    window.messages.again.trigger()
    settled(qtbot, window)
    window.new_action.trigger()
    window.partner.exchange.show_message(conversation, hidden)
    window.chat.show_message(hidden, ["remember"])
    settled(qtbot, window)
    qtbot.waitUntil(lambda: shown(window) == [CAT, REPLY])
    # One in the branch that is shown needs no other branch.
    window.partner.exchange.regenerate(items(window)[1])
    settled(qtbot, window)
    flip(qtbot, window, 1, -1)
    window.partner.exchange.resume()  # as after a restart: everything is read again
    window.partner.exchange.show_message(conversation, items(window)[0].message or 0)
    settled(qtbot, window)
    assert bubbles(window)[1].flipper.label.text() == "2/3"
    # One that was deleted since then is not there; its chat is.
    window.partner.exchange.show_message(conversation, 99_999)
    settled(qtbot, window)
    assert bubbles(window)[1].flipper.label.text() == "2/3"
    assert window.notices.notices() == []


# ---------------------------------------------------------------------------------------------- menu, keys, words


def test_the_menu_of_a_message_offers_what_can_be_done(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    actions = window.chat.actions_of_messages
    said, answered = bubbles(window)
    assert actions.possible(said) == [[actions.copy, actions.edit], [actions.delete]]
    assert actions.possible(answered) == [[actions.copy, actions.again], [actions.delete]]
    window.messages.earlier.trigger()
    window.messages.earlier.trigger()
    assert said.text.hasFocus()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(1, 1), said.mapToGlobal(QPoint(1, 1)))
    QApplication.sendEvent(said, event)
    assert actions.menu.isVisible()
    actions.copy.trigger()
    assert QGuiApplication.clipboard().text() == CAT
    actions.menu.hide()
    qtbot.wait(10)
    actions.pop_up(answered, QPoint(0, 0))
    actions.menu.hide()
    actions.again.trigger()  # as a click on it does: after the menu is gone
    settled(qtbot, window)
    assert shown(window)[1].startswith("Another reply")


def test_the_buttons_come_with_the_mouse(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    said, answered = bubbles(window)
    enter(said)
    assert said.buttons.change.isVisible()
    assert said.buttons.change.accessibleName() == "Edit the message"
    QTest.mouseClick(said.buttons.change, Qt.MouseButton.LeftButton)
    assert said.editing
    assert not said.buttons.isVisible()
    enter(answered)
    QTest.mouseClick(answered.buttons.change, Qt.MouseButton.LeftButton)
    settled(qtbot, window)
    assert shown(window)[-1] == "Another reply (2)."


def test_a_temporary_chat_has_no_versions(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.temporary_action.trigger()
    say(qtbot, window, CAT)
    actions = window.chat.actions_of_messages
    for bubble in bubbles(window):
        assert actions.possible(bubble) == [[actions.copy]]
    assert not window.partner.exchange.regenerate(items(window)[1])
    assert not window.partner.exchange.edit(items(window)[0], "x")


def test_everything_speaks_japanese(qtbot: QtBot, make_window: MakeWindow, qapp: QApplication) -> None:
    window = make_window()
    say(qtbot, window, "/short")
    window.messages.again.trigger()
    settled(qtbot, window)
    flip(qtbot, window, 1, -1)
    window.messages.edit.trigger()
    language.use(qapp, "ja")
    settle(window)
    flipper, editor = bubbles(window)[1].flipper, editor_of(window, 0)
    words = [
        flipper.back.accessibleName(),
        flipper.forward.toolTip(),
        flipper.label.accessibleName(),
        bubbles(window)[1].more_button.text(),
        editor.cancel.text(),
        editor.send.text(),
        editor.edit.accessibleName(),
        *(action.text() for action in window.chat.actions()),
        *(action.text() for action in (window.messages.again, window.messages.export, window.messages.earlier)),
    ]
    assert all(any(ord(character) > 0x3000 for character in text) for text in words), words


@pytest.mark.parametrize("words", ["en", "ja"])
def test_nothing_is_cut_off_in_the_smallest_window(
    qtbot: QtBot, make_window: MakeWindow, qapp: QApplication, words: str
) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    say(qtbot, window, "/short")
    window.partner.exchange.regenerate(items(window)[3])
    settled(qtbot, window)
    flip(qtbot, window, 3, -1)
    bubbles(window)[0].begin_edit()
    language.use(qapp, words)
    theme.choose(qapp, "light", 140)
    window.resize(1, 1)
    settle(window)
    for bubble in bubbles(window):
        enter(bubble)
    settles_uncut(qtbot, window)
    assert bubbles(window)[3].more_button.isVisible()


@pytest.mark.parametrize(("name", "kind"), [("cat.md", "markdown"), ("cat.json", "json")])
def test_a_chat_is_exported(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path, name: str, kind: str) -> None:
    window = make_window()
    say(qtbot, window, CAT)
    window.messages.export.trigger()
    chooser = dialog(qtbot, QFileDialog)
    assert chooser.selectedFiles()[0].endswith("My-cat-is-called-Miso.md")
    chooser.fileSelected.emit(str(tmp_path / name))
    chooser.close()
    settled(qtbot, window)
    conversation = window.partner.exchange.current.conversation
    assert (tmp_path / name).read_text() == f"{kind} of {conversation}, You"
    assert "Exported to" in window.notices.notices()[0].message
