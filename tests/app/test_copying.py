"""Copying: a button at each message and each block of code while the mouse is there, and two keys for the last ones."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.chat.bubble import Bubble
from app.chat.copying import CopyButton
from app.chat.markdown import code_blocks
from app.chat.transcript import ChatItem, ItemState
from app.main_window import MainWindow
from tests.app.acting import say, settle
from tests.app.conftest import MakeWindow

TWO_BLOCKS = (
    "Here:\n\n```python\ndef f(x):\n\treturn  x\n```\n\n> - a\n>\n>   ```\n>   nested\n>   ```\n\n| a |\n|---|\n| 1 |\n"
)


@pytest.fixture(autouse=True)
def empty_clipboard(qapp: QApplication) -> None:
    QGuiApplication.clipboard().clear()


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


def enter(bubble: Bubble) -> None:
    """The mouse comes."""
    spot = QPointF(5, 5)
    QApplication.sendEvent(bubble, QEnterEvent(spot, spot, QPointF(bubble.mapToGlobal(QPoint(5, 5)))))


def leave(bubble: Bubble) -> None:
    """The mouse goes."""
    QApplication.sendEvent(bubble, QEvent(QEvent.Type.Leave))


def with_code(window: MainWindow) -> Bubble:
    window.partner.exchange.current.append(ChatItem("assistant", TWO_BLOCKS))
    settle(window)
    return window.chat.bubbles()[-1]


def code_buttons(bubble: Bubble) -> list[CopyButton]:
    return [button for button in bubble.text.findChildren(CopyButton) if button.isVisible()]


def test_a_message_is_copied_as_it_was_written(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is <b>Miso</b> & friends.")
    said, answered = window.chat.bubbles()
    assert not said.copy_button.isVisible()
    enter(said)
    QTest.mouseClick(said.copy_button, Qt.MouseButton.LeftButton)
    assert clipboard() == "My cat is <b>Miso</b> & friends."
    assert said.copy_button.accessibleName() == "Copied"
    leave(said)
    assert not said.copy_button.isVisible()
    enter(answered)
    QTest.mouseClick(answered.copy_button, Qt.MouseButton.LeftButton)
    assert clipboard() == "I will **remember** that for you."


def test_each_block_of_code_has_its_own_button_in_its_corner(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    bubble = with_code(window)
    assert code_buttons(bubble) == []
    enter(bubble)
    buttons = code_buttons(bubble)
    assert len(buttons) == len(code_blocks(TWO_BLOCKS)) == 2
    copied = []
    for button in buttons:
        assert bubble.text.rect().contains(button.geometry())
        ground = bubble.grab().toImage().pixelColor(bubble.text.mapTo(bubble, button.geometry().bottomLeft()))
        beside = bubble.text.mapTo(bubble, button.geometry().topLeft() - QPoint(6, 0))
        assert ground == bubble.grab().toImage().pixelColor(beside)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        copied.append(clipboard())
    assert copied == ["def f(x):\n\treturn  x\n", "nested\n"]
    assert buttons[0].y() < buttons[1].y()
    leave(bubble)
    assert code_buttons(bubble) == []


def test_nothing_jumps_when_the_mouse_comes(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "Hello.")
    bubble = with_code(window)
    before = [b.geometry() for b in window.chat.bubbles()]
    enter(bubble)
    enter(window.chat.bubbles()[0])
    settle(window)
    assert [b.geometry() for b in window.chat.bubbles()] == before


def test_a_reply_that_has_not_begun_cannot_be_copied(qtbot: QtBot) -> None:
    bubble = Bubble(ChatItem("assistant", "", ItemState.STREAMING))
    qtbot.addWidget(bubble)
    bubble.show()
    bubble.fit(300)
    enter(bubble)
    assert not bubble.copy_button.isVisible()
    bubble.item.text = "Now."
    bubble.update_item()
    assert bubble.copy_button.isVisible()


def test_the_last_reply_and_the_last_code_are_copied_with_the_keyboard(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(window.composer.edit, Qt.Key.Key_C, shift)
    assert clipboard() == ""
    assert window.status.currentMessage() == "There is nothing to copy here yet."
    with_code(window)
    say(qtbot, window, "Thank you.")
    QTest.keyClick(window.composer.edit, Qt.Key.Key_C, shift)
    assert clipboard() == "I will **remember** that for you."
    assert window.status.currentMessage() == "Copied"
    QTest.keyClick(window.composer.edit, Qt.Key.Key_B, shift)
    assert clipboard() == "nested\n"
