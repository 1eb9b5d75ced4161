"""The button that copies a message or a block of code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QToolButton, QWidget

from app import theme

TICK_MS: Final = 1500
"""So long the button shows that it has copied."""


class CopyButton(QToolButton):
    """Puts a text on the clipboard. For the mouse alone: with the keyboard, the chat menu copies the last reply.

    Args:
        text: what to copy, asked for at the click.
        code: whether it copies code, for its name.
        parent: what it lies on.
    """

    def __init__(self, text: Callable[[], str], *, code: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._copied_text = text
        self._code = code
        self.setObjectName("copyCode" if code else "copy")
        self.setProperty("flat", True)
        self.setFixedSize(QSize(26, 22))
        self.setIconSize(QSize(16, 16))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        # A stop of Tab at every message would make the way through a conversation endless.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clicked.connect(self._copy)
        self._tick = QTimer(self, singleShot=True, interval=TICK_MS)
        self._tick.timeout.connect(self.restyle)
        self.restyle()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._copied_text())
        self._tick.start()
        self.restyle()

    def restyle(self) -> None:
        """Set picture and words."""
        done = self._tick.isActive()
        colors = theme.current()
        self.setIcon(theme.icon("check", colors.memory) if done else theme.icon("copy", colors.soft))
        name = self.tr("Copy the code") if self._code else self.tr("Copy the message")
        self.setAccessibleName(self.tr("Copied") if done else name)
        self.setToolTip(self.accessibleName())

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.restyle()
        super().changeEvent(event)
