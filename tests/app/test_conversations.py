"""The sidebar's chats: headings, renaming, pinning, deleting with undo, searching, going to what was found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QDate, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidgetItem
from pytestqt.qtbot import QtBot

from app.chat.bubble import Bubble
from app.chat.transcript import ItemState
from app.chat.view import FIRST_SHOWN
from app.conversation_list import CONVERSATION, ConversationList, grouped
from app.main_window import MainWindow
from app.notices import NoticeBar
from app.search import Found, in_titles
from engine.protocol import Conversation
from tests.app.acting import items, say, texts, type_and_send
from tests.app.conftest import MakeWindow

TODAY = QDate(2026, 3, 10)
OLD = "2026-01-02T03:04:05+00:00"


def chat(number: int, title: str, updated: str = OLD, pinned: bool = False) -> Conversation:
    return Conversation(id=number, title=title, created=updated, updated=updated, messages=2, pinned=pinned)


def rows(window: MainWindow) -> list[str]:
    return [item.text() for item in window.sidebar.list.titled()]


def everything(view: ConversationList) -> list[str]:
    return [view.item(row).text() for row in range(view.count())]


def line(window: MainWindow, title: str) -> QListWidgetItem:
    return next(item for item in window.sidebar.list.titled() if item.text() == title)


def mark(qtbot: QtBot, window: MainWindow, title: str) -> None:
    """Go to a line of the list with the keyboard."""
    window.activateWindow()
    window.sidebar.list.setFocus()
    qtbot.waitUntil(window.sidebar.list.hasFocus)
    window.sidebar.list.setCurrentItem(line(window, title))


def editor(window: MainWindow) -> QLineEdit:
    found = window.sidebar.list.findChild(QLineEdit)
    assert isinstance(found, QLineEdit)
    return found


def prefilled(folder: Path, conversations: dict[str, list[str]]) -> None:
    """A data folder in which there are these messages, said and answered in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    number = 1000
    stored: dict[str, list[dict[str, Any]]] = {}
    for conversation, contents in conversations.items():
        stored[conversation] = []
        for place, content in enumerate(contents):
            number += 1
            role = "assistant" if place % 2 else "user"
            stored[conversation].append(
                {
                    "id": number,
                    "conversation": int(conversation),
                    "role": role,
                    "content": content,
                    "created": OLD,
                    "finish": "stop" if place % 2 else None,
                }
            )
    profile = {"id": "id1", "conversations": stored, "journal": [], "titles": {}, "pinned": [], "updated": {}}
    data = {"profiles": {"Mika": {**profile, "deleted": {}}}, "next": number}
    (folder / "scripted.json").write_text(json.dumps(data))


# ------------------------------------------------------------------------------------------ headings


def test_chats_stand_under_pinned_days_and_months() -> None:
    conversations = [
        chat(1, "now", ""),
        chat(2, "tomorrow", "2026-03-11T12:00:00Z"),
        chat(3, "today", "2026-03-10T12:00:00Z"),
        chat(4, "january", "2026-01-20T12:00:00Z"),
        chat(5, "yesterday", "2026-03-09T12:00:00Z"),
        chat(6, "a week ago", "2026-03-03T12:00:00Z"),
        chat(7, "in this month", "2026-03-02T12:00:00Z"),
        chat(8, "kept", "2025-01-01T12:00:00Z", pinned=True),
        chat(9, "february", "2026-02-20T12:00:00Z"),
        chat(10, "january, too", "2026-01-01T12:00:00Z"),
        chat(11, "last year", "2025-01-20T12:00:00Z"),
    ]
    found = [(heading, [one.title for one in chats]) for heading, chats in grouped(conversations, TODAY)]
    assert found[1][1][-2:] == ["tomorrow", "today"]
    assert [heading for heading, _ in found] == [
        *("Pinned", "Today", "Yesterday", "Last 7 days"),
        *("March 2026", "February 2026", "January 2026", "January 2025"),
    ]
    assert [chats for _, chats in found if len(chats) > 1][1:] == [["january", "january, too"]]
    assert next(chats for _, chats in found) == ["kept"]


def test_headings_are_for_the_eye_only(qtbot: QtBot) -> None:
    """Neither the mouse nor the arrow keys can choose one."""
    view = ConversationList()
    qtbot.addWidget(view)
    view.resize(200, 400)
    view.show()
    view.set_conversations([chat(1, "one", ""), chat(2, "two", "2026-01-20T12:00:00Z")])
    assert everything(view) == ["Today", "one", "January 2026", "two"]
    chosen: list[int] = []
    view.chosen.connect(chosen.append)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualItemRect(view.item(2)).center())
    assert chosen == []
    view.setCurrentItem(view.item(1))
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert chosen == [2]


# ------------------------------------------------------------------------------------------ renaming, pinning


def test_f2_renames_in_place(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    mark(qtbot, window, "My cat is called Miso.")
    QTest.keyClick(window.sidebar.list, Qt.Key.Key_F2)
    assert editor(window).text() == "My cat is called Miso."
    assert editor(window).accessibleName()
    QTest.keyClicks(editor(window), "  About the   cat ")
    QTest.keyClick(editor(window), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [found.title for found in window.partner.conversations] == ["About the cat"])
    assert rows(window) == ["About the cat"]
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.close()
    again = make_window()
    qtbot.waitUntil(lambda: rows(again) == ["About the cat"])


def test_an_empty_title_and_escape_rename_nothing(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    renamed: list[str] = []
    window.sidebar.renamed.connect(lambda _, title: renamed.append(title))
    for keys, end in (("   ", Qt.Key.Key_Return), ("Other", Qt.Key.Key_Escape)):
        mark(qtbot, window, "My cat is called Miso.")
        QTest.keyClick(window.sidebar.list, Qt.Key.Key_F2)
        QTest.keyClicks(editor(window), keys)
        QTest.keyClick(editor(window), end)
        qtbot.waitUntil(lambda: window.sidebar.list.findChild(QLineEdit) is None)
    assert renamed == []
    assert rows(window) == ["My cat is called Miso."]


def test_a_refused_title_goes_back_and_the_reason_is_shown(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    mark(qtbot, window, "My cat is called Miso.")
    QTest.keyClick(window.sidebar.list, Qt.Key.Key_F2)
    QTest.keyClicks(editor(window), "refuse this")
    QTest.keyClick(editor(window), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(window.notices.notices()) == 1)
    assert window.notices.notices()[0].hint == "Free some space."
    qtbot.waitUntil(lambda: rows(window) == ["My cat is called Miso."])


def test_a_reply_that_ends_does_not_take_the_pen_away(qtbot: QtBot, make_window: MakeWindow) -> None:
    """The list is drawn anew after each turn; a title that is being typed must not be lost by that."""
    window = make_window()
    say(qtbot, window, "First.")
    type_and_send(qtbot, window, "/long 0.002")
    qtbot.waitUntil(lambda: len(items(window)) == 4)
    mark(qtbot, window, "First.")
    QTest.keyClick(window.sidebar.list, Qt.Key.Key_F2)
    QTest.keyClicks(editor(window), "Half a ti")
    qtbot.waitUntil(lambda: not window.partner.exchange.running, timeout=20_000)
    qtbot.wait(100)
    QTest.keyClicks(editor(window), "tle")
    QTest.keyClick(editor(window), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [found.title for found in window.partner.conversations] == ["Half a title"])
    assert rows(window) == ["Half a title"]


def test_pinned_chats_stand_on_top(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "First.")
    window.new_action.trigger()
    say(qtbot, window, "Second.")
    qtbot.waitUntil(lambda: rows(window) == ["Second.", "First."])
    mark(qtbot, window, "First.")
    QTest.keyClick(window.sidebar.list, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: everything(window.sidebar.list)[:2] == ["Pinned", "First."])
    assert window.sidebar.list.currentItem().text() == "First.", "the keyboard stays with it"
    open_menu(window, "First.")
    assert window.sidebar.list.pin_action.text() == "Unpin"
    window.sidebar.list.pin_action.trigger()
    qtbot.waitUntil(lambda: "Pinned" not in everything(window.sidebar.list))
    open_menu(window, "Second.")
    assert window.sidebar.list.pin_action.text() == "Pin"


def open_menu(window: MainWindow, title: str) -> None:
    """The right button over a line."""
    view = window.sidebar.list
    place = view.visualItemRect(line(window, title)).center()
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(view.viewport(), QContextMenuEvent(reason, place, view.viewport().mapToGlobal(place)))
    assert view.menu.isVisible()
    view.menu.hide()


def test_the_menu_is_that_of_the_line_under_the_pointer(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "First.")
    window.new_action.trigger()
    say(qtbot, window, "Second.")
    qtbot.waitUntil(lambda: len(rows(window)) == 2)
    open_menu(window, "First.")
    window.sidebar.list.delete_action.trigger()
    qtbot.waitUntil(lambda: rows(window) == ["Second."])
    assert texts(window)[0] == ("user", "Second."), "what is on screen stays"
    qtbot.waitUntil(lambda: window.sidebar.list.currentItem() is not None)
    assert window.sidebar.list.currentItem().text() == "Second."


# ------------------------------------------------------------------------------------------ deleting


def undo_bar(qtbot: QtBot, window: MainWindow) -> NoticeBar:
    qtbot.waitUntil(lambda: any(bar.button is not None for bar in window.notices.notices()))
    return next(bar for bar in window.notices.notices() if bar.button is not None)


def test_delete_and_undo(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    mark(qtbot, window, "My cat is called Miso.")
    QTest.keyClick(window.sidebar.list, Qt.Key.Key_Delete)
    bar = undo_bar(qtbot, window)
    assert bar.message == "“My cat is called Miso.” was deleted."
    assert "stays learned" in bar.hint
    assert rows(window) == []
    assert items(window) == [], "it is off the screen, too"
    assert window.sidebar.list.hasFocus(), "the next one can be deleted as well"
    assert bar.button is not None
    bar.button.click()
    qtbot.waitUntil(lambda: rows(window) == ["My cat is called Miso."])
    qtbot.waitUntil(lambda: len(texts(window)) == 2)
    assert texts(window)[0] == ("user", "My cat is called Miso.")
    assert window.notices.notices() == []
    say(qtbot, window, "And she is three.")
    assert len(rows(window)) == 1


def test_ctrl_z_in_the_list_undoes_the_last_deletion(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    for text in ("First.", "Second."):
        window.new_action.trigger()
        say(qtbot, window, text)
    qtbot.waitUntil(lambda: rows(window) == ["Second.", "First."])
    mark(qtbot, window, "Second.")
    for left in (["First."], []):
        QTest.keyClick(window.sidebar.list, Qt.Key.Key_Delete)
        qtbot.waitUntil(lambda left=left: rows(window) == left)  # type: ignore[misc]
    qtbot.waitUntil(lambda: len(window.notices.notices()) == 2)
    for back in (["First."], ["Second.", "First."]):
        window.sidebar.list.setFocus()
        QTest.keyClick(window.sidebar.list, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda back=back: rows(window) == back)  # type: ignore[misc]
    QTest.keyClick(window.sidebar.list, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)  # nothing is left to undo


def test_undo_brings_back_without_leaving_what_is_being_read(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "First.")
    window.new_action.trigger()
    say(qtbot, window, "Second.")
    qtbot.waitUntil(lambda: len(rows(window)) == 2)
    mark(qtbot, window, "First.")
    QTest.keyClick(window.sidebar.list, Qt.Key.Key_Delete)
    button = undo_bar(qtbot, window).button
    assert button is not None
    button.click()
    qtbot.waitUntil(lambda: rows(window) == ["Second.", "First."])
    assert texts(window)[0] == ("user", "Second.")


def test_the_offer_to_undo_ends_by_itself(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window("--undo", "0.4")
    say(qtbot, window, "My cat is called Miso.")
    mark(qtbot, window, "My cat is called Miso.")
    QTest.keyClick(window.sidebar.list, Qt.Key.Key_Delete)
    undo_bar(qtbot, window)
    qtbot.waitUntil(lambda: window.notices.notices() == [], timeout=5_000)


def test_two_chats_of_the_same_title_can_both_be_brought_back(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    for _ in range(2):
        window.new_action.trigger()
        say(qtbot, window, "Hello")
    qtbot.waitUntil(lambda: rows(window) == ["Hello", "Hello"])
    mark(qtbot, window, "Hello")
    for left in (1, 0):
        QTest.keyClick(window.sidebar.list, Qt.Key.Key_Delete)
        qtbot.waitUntil(lambda left=left: len(rows(window)) == left)  # type: ignore[misc]
    qtbot.waitUntil(lambda: len(window.notices.notices()) == 2)
    for bar in window.notices.notices():
        assert bar.button is not None
        bar.button.click()
    qtbot.waitUntil(lambda: rows(window) == ["Hello", "Hello"])


def test_a_chat_can_be_deleted_while_its_reply_grows(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    window.new_action.trigger()
    type_and_send(qtbot, window, "/long 0.02 from memory?")
    qtbot.waitUntil(lambda: len(items(window)) == 2 and bool(items(window)[1].text))
    reply = items(window)[1]
    mark(qtbot, window, "/long 0.02 from memory?")
    QTest.keyClick(window.sidebar.list, Qt.Key.Key_Delete)
    bar = undo_bar(qtbot, window)
    assert not window.partner.exchange.running
    assert reply.state is ItemState.STOPPED
    assert reply.from_memory
    assert rows(window) == ["My cat is called Miso."]
    assert window.composer.button.accessibleName() == "Send the message"
    assert bar.button is not None
    bar.button.click()
    qtbot.waitUntil(lambda: len(texts(window)) == 2)
    assert 0 < len(items(window)[1].text) < 2000
    assert len(say(qtbot, window, "Still here?").text) > 0


def test_in_another_profile_there_is_nothing_to_undo(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    mark(qtbot, window, "My cat is called Miso.")
    QTest.keyClick(window.sidebar.list, Qt.Key.Key_Delete)
    undo_bar(qtbot, window)
    window.partner.create_profile("Work")
    qtbot.waitUntil(lambda: window.partner.profile is not None and window.partner.profile.name == "Work")
    assert window.notices.notices() == []


def test_after_a_crash_of_the_engine_it_can_still_be_undone(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    mark(qtbot, window, "My cat is called Miso.")
    QTest.keyClick(window.sidebar.list, Qt.Key.Key_Delete)
    bar = undo_bar(qtbot, window)
    say(qtbot, window, "/die now")
    qtbot.waitUntil(lambda: window.partner.engine.up and len(rows(window)) == 1, timeout=20_000)
    assert bar.button is not None
    bar.button.click()
    qtbot.waitUntil(lambda: "My cat is called Miso." in rows(window))


# ------------------------------------------------------------------------------------------ searching


def search(qtbot: QtBot, window: MainWindow, query: str, count: int) -> list[Found]:
    """Press Ctrl+F, type, wait for so many hits."""
    window.activateWindow()
    window.conversations.search_action.trigger()
    qtbot.waitUntil(window.sidebar.search.hasFocus)
    QTest.keyClicks(window.sidebar.search, query)
    hits = window.sidebar.results.hits
    qtbot.waitUntil(lambda: len(hits.found()) == count and hits.isVisible())
    return hits.found()


def test_typing_searches_and_emptying_brings_the_list_back(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    window.new_action.trigger()
    say(qtbot, window, "The weather is fine.")
    asked: list[str] = []
    window.sidebar.search_asked.connect(lambda query, before: asked.append(query))
    (found,) = search(qtbot, window, "Miso", 1)
    assert asked == ["Miso"], "not at every key"
    assert (found.title, found.snippet, found.words) == ("My cat is called Miso.", "My cat is called Miso.", ["Miso"])
    assert not window.sidebar.list.isVisible()
    item = window.sidebar.results.hits.item(0)
    assert "My cat is called Miso." in item.data(Qt.ItemDataRole.AccessibleTextRole)
    QTest.keyClick(window.sidebar.search, Qt.Key.Key_Escape)
    assert window.sidebar.search.text() == ""
    assert window.sidebar.list.isVisible()
    qtbot.waitUntil(window.composer.edit.hasFocus)


def test_a_hit_opens_its_chat_and_is_pointed_out(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    prefilled(tmp_path / "data", {"7": ["The weather is fine.", "I see."], "8": ["My cat is called Miso.", "Noted."]})
    window = make_window()
    qtbot.waitUntil(lambda: len(rows(window)) == 2)
    search(qtbot, window, "Miso", 1)
    hits = window.sidebar.results.hits
    QTest.mouseClick(hits.viewport(), Qt.MouseButton.LeftButton, pos=hits.visualItemRect(hits.item(0)).center())
    qtbot.waitUntil(lambda: [text for _, text in texts(window)] == ["My cat is called Miso.", "Noted."])
    bubble = window.chat.bubbles()[0]
    qtbot.waitUntil(window.chat._glow.isVisible)
    assert marked_words(bubble) == ["Miso"]
    column = window.chat.widget()
    assert column is not None
    place = QRect(bubble.text.mapTo(column, QPoint(0, 0)), bubble.text.size())
    assert window.chat._glow.geometry().contains(place)
    window.chat._pointed_timer.timeout.emit()
    assert not window.chat._glow.isVisible()
    assert marked_words(bubble) == []


def marked_words(bubble: Bubble) -> list[str]:
    return [selection.cursor.selectedText() for selection in bubble.text.extraSelections()]


def long_talk(count: int) -> list[str]:
    talk = [f"message {number} " * 12 for number in range(count)]
    talk[20] = "Here lies the needle, far up in the hay. " * 3
    return talk


def test_a_hit_far_up_costs_no_more_than_opening_the_chat(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path
) -> None:
    prefilled(tmp_path / "data", {"7": long_talk(2000)})
    window = make_window()
    qtbot.waitUntil(lambda: len(rows(window)) == 1)
    (found,) = search(qtbot, window, "needle", 1)
    QTest.keyClick(window.sidebar.search, Qt.Key.Key_Down)
    QTest.keyClick(window.sidebar.results.hits, Qt.Key.Key_Return)
    view = window.chat
    qtbot.waitUntil(view._glow.isVisible)
    assert len(view.bubbles()) < 60
    bubble = next(bubble for bubble in view.bubbles() if bubble.item.message == found.message)
    top = bubble.mapTo(view.viewport(), QPoint(0, 0)).y()
    assert 0 <= top < view.viewport().height() // 2
    assert window.sidebar.results.hits.hasFocus(), "on to the next hit"
    qtbot.waitUntil(lambda: len(view.bubbles()) >= 2 * FIRST_SHOWN)  # above it and below it, when it has come to rest
    qtbot.wait(100)
    assert abs(bubble.mapTo(view.viewport(), QPoint(0, 0)).y() - top) <= 2, "what is drawn then does not move it"

    bar = view.verticalScrollBar()
    for direction, reached in ((-1, "message 0 "), (1, "message 60 ")):
        for _ in range(100):
            if any(bubble.item.text.startswith(reached) for bubble in view.bubbles()):
                break
            bar.setValue(bar.value() + direction * 400)
            qtbot.wait(5)
        assert any(bubble.item.text.startswith(reached) for bubble in view.bubbles()), reached
    shown = [bubble.item for bubble in view.bubbles()]
    place = items(window).index(shown[0])
    assert shown == items(window)[place : place + len(shown)], "without a gap"
    assert len(shown) < 200

    assert view.jump.isVisible()
    view.jump.click()
    assert view.bubbles()[-1].item is items(window)[-1]
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())
    assert not view.jump.isVisible()


def test_what_is_said_while_an_old_message_is_read_is_seen(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path
) -> None:
    prefilled(tmp_path / "data", {"7": long_talk(300)})
    window = make_window()
    qtbot.waitUntil(lambda: len(rows(window)) == 1)
    search(qtbot, window, "needle", 1)
    QTest.keyClick(window.sidebar.search, Qt.Key.Key_Return)
    qtbot.waitUntil(window.chat._glow.isVisible)
    reply = say(qtbot, window, "And now?")
    assert [bubble.item for bubble in window.chat.bubbles()][-2:] == [items(window)[-2], reply]
    bar = window.chat.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())


def test_the_same_hit_can_be_gone_to_again(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    prefilled(tmp_path / "data", {"7": long_talk(300)})
    window = make_window()
    qtbot.waitUntil(lambda: len(rows(window)) == 1)
    search(qtbot, window, "needle", 1)
    for _ in range(2):
        QTest.keyClick(window.sidebar.search, Qt.Key.Key_Return)
        qtbot.waitUntil(window.chat._glow.isVisible)
        window.chat.go_to_end()
        assert not window.chat._glow.isVisible()


def test_titles_are_found_too(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    mark(qtbot, window, "My cat is called Miso.")
    QTest.keyClick(window.sidebar.list, Qt.Key.Key_F2)
    QTest.keyClicks(editor(window), "Pets")
    QTest.keyClick(editor(window), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [found.title for found in window.partner.conversations] == ["Pets"])
    window.new_action.trigger()
    (found,) = search(qtbot, window, "pets", 1)
    assert (found.message, found.title_marks) == (None, [(0, 4)])
    QTest.keyClick(window.sidebar.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(texts(window)) == 2)


def test_every_word_must_be_in_the_title() -> None:
    chats = [chat(1, "The trip to Kyoto"), chat(2, "Kyoto"), chat(3, "京都の旅")]
    assert [found.conversation for found in in_titles("kyoto TRIP", chats)] == [1]
    assert [found.conversation for found in in_titles("京都", chats)] == [3]
    assert list(in_titles(" ", chats)) == []


def test_nothing_found_is_said(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    search(qtbot, window, "Miso", 1)
    QTest.keyClicks(window.sidebar.search, "tofu")
    note = window.sidebar.results.note
    qtbot.waitUntil(note.isVisible)
    assert note.text() == "Nothing was found for “Misotofu”."


def test_a_failed_search_is_said_with_its_reason(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    QTest.keyClicks(window.sidebar.search, "fail")
    note = window.sidebar.results.note
    qtbot.waitUntil(lambda: note.isVisible() and "could not" in note.text())
    assert window.notices.notices()[0].hint == "Have it checked."


def test_an_answer_that_comes_too_late_is_left_aside(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window("--slow-search", "0.4")
    say(qtbot, window, "Miso and tofu.")
    window.new_action.trigger()
    say(qtbot, window, "Only tofu.")
    QTest.keyClicks(window.sidebar.search, "tofu")
    qtbot.waitUntil(lambda: window.sidebar.results._waiting)
    window.sidebar.search.clear()
    QTest.keyClicks(window.sidebar.search, "Miso")
    seen: list[int] = []
    timer = QTimer(window, interval=5)
    timer.timeout.connect(lambda: seen.append(window.sidebar.results.hits.count()))
    timer.start()
    qtbot.waitUntil(lambda: window.sidebar.results.hits.count() > 0)
    assert set(seen) <= {0, 1}
    assert [found.snippet for found in window.sidebar.results.hits.found()] == ["Miso and tofu."]


def test_the_keyboard_leads_from_the_box_to_the_hits_and_back(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path
) -> None:
    prefilled(tmp_path / "data", {"7": ["tofu one", "a"], "8": ["tofu two", "b"]})
    window = make_window()
    qtbot.waitUntil(lambda: len(rows(window)) == 2)
    for key in (Qt.Key.Key_F, Qt.Key.Key_K):
        window.composer.edit.setPlainText("half a message")
        window.activateWindow()
        window.composer.edit.setFocus()
        qtbot.waitUntil(window.composer.edit.hasFocus)
        QTest.keyClick(window.composer.edit, key, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(window.sidebar.search.hasFocus)
        assert window.composer.text == "half a message"
    search(qtbot, window, "tofu", 2)
    hits = window.sidebar.results.hits
    QTest.keyClick(window.sidebar.search, Qt.Key.Key_Down)
    assert (hits.hasFocus(), hits.currentRow()) == (True, 0)
    QTest.keyClick(hits, Qt.Key.Key_Down)
    QTest.keyClick(hits, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [text for _, text in texts(window)] == ["tofu one", "a"])
    QTest.keyClick(hits, Qt.Key.Key_Up)
    QTest.keyClick(hits, Qt.Key.Key_Up)
    assert window.sidebar.search.hasFocus()


def test_more_hits_come_at_the_end_of_the_list(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    prefilled(tmp_path / "data", {"7": [f"tofu {number}" for number in range(120)]})
    window = make_window()
    qtbot.waitUntil(lambda: len(rows(window)) == 1)
    search(qtbot, window, "tofu", 50)
    hits = window.sidebar.results.hits
    for count in (100, 120):
        hits.scrollToBottom()
        qtbot.waitUntil(lambda count=count: len(hits.found()) == count)  # type: ignore[misc]
    hits.scrollToBottom()
    qtbot.wait(50)
    assert [found.snippet for found in hits.found()] == [f"tofu {number}" for number in reversed(range(120))]


def test_a_deleted_chat_leaves_the_hits(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    prefilled(tmp_path / "data", {"7": ["tofu one", "a"], "8": ["tofu two", "b"]})
    window = make_window()
    qtbot.waitUntil(lambda: len(rows(window)) == 2)
    search(qtbot, window, "tofu", 2)
    window.conversations.delete(8)
    qtbot.waitUntil(lambda: [found.snippet for found in window.sidebar.results.hits.found()] == ["tofu one"])


def test_in_another_profile_nothing_is_searched(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    search(qtbot, window, "Miso", 1)
    window.partner.create_profile("Work")
    qtbot.waitUntil(lambda: window.partner.profile is not None and window.partner.profile.name == "Work")
    assert window.sidebar.search.text() == ""
    assert window.sidebar.results.hits.found() == []


@pytest.mark.parametrize(
    "text", ["🙂 Miso 🙂 Miso", "みその味噌 Miso", "Miso " * 80], ids=["emoji", "Japanese", "long"]
)
def test_hits_are_drawn_whatever_they_hold(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path, text: str) -> None:
    prefilled(tmp_path / "data", {"7": [text, "a"]})
    window = make_window()
    qtbot.waitUntil(lambda: len(rows(window)) == 1)
    search(qtbot, window, "Miso", 1)
    for width in (180, 60, 400):
        window.sidebar.results.hits.resize(width, 300)
        assert not window.sidebar.results.hits.grab().isNull()


def test_the_current_chat_is_marked_in_the_list(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "First.")
    number = items(window)[0].message
    assert number is not None
    assert window.sidebar.list.currentItem().data(CONVERSATION) == window.partner.exchange.current.conversation
