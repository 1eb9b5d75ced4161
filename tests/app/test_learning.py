"""A chat that Techo does not learn from: switched in the list, at the input box or by a key; seen where one types."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.app.acting import items, say
from tests.app.conftest import MakeWindow


def hint(window: MainWindow) -> str:
    return window._hint.text()


def learns(window: MainWindow) -> list[bool]:
    return [found.learns for found in window.partner.conversations]


def click(window: MainWindow) -> None:
    QTest.mouseClick(window.composer.learn_button, Qt.MouseButton.LeftButton)


def test_a_new_chat_is_begun_without_learning(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    assert window.composer.learn_button.isChecked()
    click(window)
    assert "not learning from this chat" in hint(window)
    assert not window.learning.action.isChecked()
    say(qtbot, window, "My cat is called Miso.")
    assert items(window)[0].learned is None
    qtbot.waitUntil(lambda: learns(window) == [False])
    say(qtbot, window, "My boat is called Petrel.")
    assert items(window)[2].learned is None
    assert "not learning from this chat" in hint(window)

    QTest.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert window.composer.learn_button.isChecked(), "another chat is another matter"
    assert "not learning" not in hint(window)
    say(qtbot, window, "My dog is called Zuzu.")
    assert items(window)[0].learned is not None
    qtbot.waitUntil(lambda: learns(window) == [True, False])


def test_it_is_kept_on_disk_and_switched_on_again(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    qtbot.waitUntil(lambda: learns(window) == [True])
    QTest.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: learns(window) == [False])
    assert not window.composer.learn_button.isChecked()
    window.partner.engine.shut_down()
    qtbot.waitUntil(lambda: window.partner.engine.pid == 0, timeout=10_000)

    again = make_window()
    qtbot.waitUntil(lambda: learns(again) == [False])
    assert again.composer.learn_button.isChecked(), "a new chat"
    again.partner.exchange.show_conversation(again.partner.conversations[0].id)
    qtbot.waitUntil(lambda: len(items(again)) == 2)
    assert "not learning from this chat" in hint(again)
    say(qtbot, again, "My boat is called Petrel.")
    assert items(again)[2].learned is None
    click(again)
    qtbot.waitUntil(lambda: learns(again) == [True])
    say(qtbot, again, "My dog is called Zuzu.")
    assert items(again)[4].learned is not None
    assert "not learning" not in hint(again)


def test_the_menu_of_the_list_has_it_and_the_list_shows_it(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    qtbot.waitUntil(lambda: len(window.sidebar.list.titled()) == 1)
    chats = window.sidebar.list
    assert chats.titled()[0].icon().isNull()

    def ask() -> None:
        place = chats.visualItemRect(chats.titled()[0]).center()
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, chats.viewport().mapToGlobal(QPoint(place)))
        QApplication.sendEvent(chats.viewport(), event)
        qtbot.waitUntil(chats.menu.isVisible)

    ask()
    assert chats.learn_action.isChecked()
    place = chats.menu.actionGeometry(chats.learn_action).center()
    QTest.mouseClick(chats.menu, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    qtbot.waitUntil(lambda: learns(window) == [False])
    assert not chats.titled()[0].icon().isNull()
    assert "not learning" in chats.titled()[0].toolTip()
    assert "not learning" in hint(window), "it is the one on screen"
    ask()
    assert not chats.learn_action.isChecked()
    chats.menu.close()


def test_a_temporary_chat_has_no_switch(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.temporary_action.trigger()
    assert not window.composer.learn_button.isVisible()
    assert not window.learning.action.isEnabled()
    assert "Temporary" in hint(window)
    window.new_action.trigger()
    assert window.composer.learn_button.isVisible()
    assert window.learning.action.isEnabled()


def test_the_panel_says_that_a_temporary_chat_teaches_nothing(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    qtbot.waitUntil(lambda: bool(window.panel.words))
    window.temporary_action.trigger()
    with qtbot.waitSignal(window.partner.stats_changed, timeout=20_000):
        say(qtbot, window, "What is my cat called?")
    assert window.panel.words == []
    assert window.panel.lesson_note.text() == "Techo is not learning from this chat."
    qtbot.waitUntil(lambda: not window.panel.written.neurons, timeout=10_000)


def test_an_edit_and_another_reply_are_not_learned_either(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    click(window)
    say(qtbot, window, "My cat is called Miso.")
    exchange = window.partner.exchange
    assert exchange.edit(items(window)[0], "My cat is called Momo.")
    qtbot.waitUntil(lambda: not exchange.running)
    assert items(window)[0].learned is None
    assert exchange.regenerate(items(window)[1])
    qtbot.waitUntil(lambda: not exchange.running)
    qtbot.waitUntil(lambda: window.panel.turns.text() == "0")
    assert learns(window) == [False]


def test_what_the_engine_refuses_is_told_and_the_switch_shows_the_truth(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    qtbot.waitUntil(lambda: learns(window) == [True])
    window.learning.set(999, False)
    qtbot.waitUntil(lambda: len(window.notices.notices()) == 1)
    assert window.composer.learn_button.isChecked()
