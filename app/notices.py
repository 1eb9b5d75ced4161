"""What the engine or the window wants to say, above the conversation and out of the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from app import theme

MOST: Final = 3
"""Notices on screen; the oldest gives way."""


class NoticeBar(QFrame):
    """One notice: what happened, what to do about it, perhaps a button, and a cross."""

    def __init__(self, message: str, hint: str, tone: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.message, self.hint, self.tone = message, hint, tone
        self.button: QPushButton | None = None
        """What can be done about it, if anything can."""
        self.setProperty("tone", tone)
        self._picture = QLabel()
        text = QLabel(message, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        more = theme.named(QLabel(hint, wordWrap=True, textFormat=Qt.TextFormat.PlainText), "noticeHint")
        if not hint:  # Not `setVisible`: without a parent yet, it would be a window for a moment, and take the focus.
            more.hide()
        for label in (text, more):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = QToolButton()
        self._close.setProperty("flat", True)
        self._close.setIconSize(QSize(16, 16))
        self._close.setAccessibleName(self.tr("Dismiss this notice"))
        self._close.setToolTip(self.tr("Dismiss"))
        self._close.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 10, 10)
        row.setSpacing(10)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(text)
        column.addWidget(more)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        self._row = row
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(f"{message} {hint}".strip())
        theme.changes().changed.connect(self._restyle)
        self._restyle()

    def add_action(self, text: str, action: Callable[[], None]) -> QPushButton:
        """A button that does something about it, and then takes the notice away."""
        self.button = button = QPushButton(text)
        button.setAccessibleName(text)
        button.clicked.connect(self.dismiss)
        button.clicked.connect(lambda: action())
        self._row.insertWidget(self._row.count() - 1, button, 0, Qt.AlignmentFlag.AlignVCenter)
        return button

    def dismiss(self) -> None:
        """Away with it."""
        self.hide()
        self.setParent(None)
        self.deleteLater()

    def _restyle(self) -> None:
        colors = theme.current()
        error = self.tone == "error"
        icon = theme.icon("warning" if error else "info", colors.warning if error else colors.accent)
        self._picture.setPixmap(icon.pixmap(QSize(20, 20), self.devicePixelRatioF()))
        self._close.setIcon(theme.icon("close", colors.soft))


class NoticeArea(QWidget):
    """The notices, newest last; takes no room when there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(20, 14, 20, 0)
        self._column.setSpacing(8)
        self.hide()

    def notices(self) -> list[NoticeBar]:
        """What is on screen."""
        return self.findChildren(NoticeBar, options=Qt.FindChildOption.FindDirectChildrenOnly)

    def say(self, message: str, hint: str = "", *, error: bool = False) -> NoticeBar:
        """Add a notice. The same one is not shown twice, unless there is something to do about each."""
        for shown in self.notices():
            if (shown.message, shown.hint) == (message, hint) and shown.button is None:
                shown.dismiss()
        for shown in self.notices()[: -(MOST - 1)]:
            shown.dismiss()
        bar = NoticeBar(message, hint, "error" if error else "info", self)
        self._column.addWidget(bar)
        self.show()
        return bar

    def childEvent(self, event: object) -> None:
        """Fold up when the last notice is gone."""
        super().childEvent(event)  # type: ignore[arg-type]
        if event.type() == QEvent.Type.ChildRemoved and not self.notices():  # type: ignore[attr-defined]
            self.hide()
