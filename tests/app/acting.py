"""What a person does at the window, as the tests do it: real key presses, clicks, composition events."""

from __future__ import annotations

from typing import TypeVar

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.chat.transcript import ChatItem
from app.main_window import MainWindow

D = TypeVar("D", bound=QDialog)


def type_and_send(qtbot: QtBot, window: MainWindow, text: str) -> None:
    """Type a message and press Enter."""
    QTest.keyClicks(window.composer.edit, text)
    QTest.keyClick(window.composer.edit, Qt.Key.Key_Return)


def say(qtbot: QtBot, window: MainWindow, text: str, timeout: int = 20_000) -> ChatItem:
    """Type a message, send it, wait for the end of the turn. Returns the reply."""
    type_and_send(qtbot, window, text)
    qtbot.waitUntil(lambda: not window.partner.exchange.running, timeout=timeout)
    return items(window)[-1]


def items(window: MainWindow) -> list[ChatItem]:
    """What the conversation on screen holds."""
    return window.partner.exchange.current.items


def texts(window: MainWindow) -> list[tuple[str, str]]:
    """Role and text of all that is drawn."""
    return [(bubble.item.role, bubble.text.toPlainText()) for bubble in window.chat.bubbles()]


def compose(widget: QWidget, preedit: str, commit: str = "") -> None:
    """What an input method sends."""
    event = QInputMethodEvent(preedit, [])
    if commit:
        event.setCommitString(commit)
    QApplication.sendEvent(widget, event)


def settle(window: QWidget) -> None:
    """Wait until the layouts have come to rest: some only begin when others have ended."""

    def places() -> list[QRect]:
        return [widget.geometry() for widget in window.findChildren(QWidget)]

    before: list[QRect] = []
    while before != (now := places()):
        before = now
        QTest.qWait(50)


def dialog(qtbot: QtBot, kind: type[D]) -> D:
    """Wait for a dialog."""

    def find() -> D | None:
        return next((w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()), None)

    qtbot.waitUntil(lambda: find() is not None, timeout=5_000)
    found = find()
    assert found is not None
    return found


def press(qtbot: QtBot, box: QDialog, text: str) -> None:
    """Click the button with this text."""
    button = next(b for b in box.findChildren(QPushButton) if b.text().replace("&", "") == text)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def words_of(box: QMessageBox) -> str:
    """Everything a message box says."""
    return f"{box.text()} {box.informativeText()}"


def unexpected(answer: object) -> None:
    """For the callback that must not be called."""
    pytest.fail(f"unexpected: {answer}")
