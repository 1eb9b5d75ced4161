"""What the engine or the window wants to say, above the conversation and out of the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme

MOST: Final = 3
"""Notices on screen; the oldest gives way."""
MOST_HEIGHT: Final = 0.45
"""Part of the height of the conversation that they may cover."""


Words = str | Callable[[], str]
"""What to show, or how to say it in the language that is on now."""


def _say(words: Words) -> str:
    return words if isinstance(words, str) else words()


class NoticeBar(QFrame):
    """One notice: what happened, what to do about it, perhaps a button, and a cross."""

    def __init__(self, message: Words, hint: Words, tone: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._words = (message, hint)
        self._button_words: Words = ""
        self.tone = tone
        self.button: QPushButton | None = None
        """What can be done about it, if anything can."""
        self.setProperty("tone", tone)
        self._picture = QLabel()
        self._text = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._more = theme.named(QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText), "noticeHint")
        for label in (self._text, self._more):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = QToolButton()
        self._close.setProperty("flat", True)
        self._close.setIconSize(QSize(16, 16))
        self._close.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 10, 10)
        row.setSpacing(10)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self._text)
        column.addWidget(self._more)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        self._row = row
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        theme.changes().changed.connect(self._restyle)
        self.retranslate()
        self._restyle()

    @property
    def message(self) -> str:
        """What happened."""
        return self._text.text()

    @property
    def hint(self) -> str:
        """What to do about it."""
        return self._more.text()

    def add_action(self, text: Words, action: Callable[[], None]) -> QPushButton:
        """A button that does something about it, and then takes the notice away."""
        self.button = button = QPushButton()
        self._button_words = text
        button.clicked.connect(self.dismiss)
        button.clicked.connect(lambda: action())
        self._row.insertWidget(self._row.count() - 1, button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.retranslate()
        return button

    def dismiss(self) -> None:
        """Away with it."""
        self.hide()
        self.setParent(None)
        self.deleteLater()

    def retranslate(self) -> None:
        """Set all words."""
        message, hint = map(_say, self._words)
        self._text.setText(message)
        self._more.setText(hint)
        self._more.setVisible(bool(hint))
        self._close.setAccessibleName(self.tr("Dismiss this notice"))
        self._close.setToolTip(self.tr("Dismiss"))
        self.setAccessibleName(f"{message} {hint}".strip())
        if self.button is not None:
            self.button.setText(_say(self._button_words))
            self.button.setAccessibleName(self.button.text())

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _restyle(self) -> None:
        colors = theme.current()
        error = self.tone == "error"
        icon = theme.icon("warning" if error else "info", colors.warning if error else colors.accent)
        self._picture.setPixmap(icon.pixmap(QSize(20, 20), self.devicePixelRatioF()))
        self._close.setIcon(theme.icon("close", colors.soft))


class NoticeArea(QScrollArea):
    """The notices, newest last. Takes no room when there are none, and never most of the window: then it scrolls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notices")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # The notices' own buttons take it, and scroll into view.
        self.setWidgetResizable(True)
        self._inside = theme.named(QWidget(), "centre")
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(20, 14, 20, 0)
        self._column.setSpacing(8)
        self.setWidget(self._inside)
        self._inside.installEventFilter(self)
        self.hide()

    def notices(self) -> list[NoticeBar]:
        """What is on screen."""
        return self._inside.findChildren(NoticeBar, options=Qt.FindChildOption.FindDirectChildrenOnly)

    def say(self, message: Words, hint: Words = "", *, error: bool = False) -> NoticeBar:
        """Add a notice. The same one is not shown twice, unless there is something to do about each."""
        said = (_say(message), _say(hint))
        for shown in self.notices():
            if (shown.message, shown.hint) == said and shown.button is None:
                shown.dismiss()
        for shown in self.notices()[: -(MOST - 1)]:
            shown.dismiss()
        bar = NoticeBar(message, hint, "error" if error else "info", self._inside)
        self._column.addWidget(bar)
        self.show()
        self._fit()
        # Only once it is laid out it is known where it is.
        QTimer.singleShot(0, bar, lambda: self.ensureWidgetVisible(bar, 0, 0))
        return bar

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fold up when the last notice is gone; follow what the others need."""
        if watched is self._inside:
            if event.type() == QEvent.Type.ChildRemoved and not self.notices():
                self.hide()
            elif event.type() == QEvent.Type.LayoutRequest:
                self._fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrower window needs more lines."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        around = self.parentWidget()
        room = int(around.height() * MOST_HEIGHT) if around is not None else self.maximumHeight()
        wanted = self._column.totalHeightForWidth(self.width())
        height = max(0, min(wanted, room))
        # Left to itself, Qt may show the bar first and then keep it for the lines that it takes the room of.
        needed = Qt.ScrollBarPolicy.ScrollBarAlwaysOn if wanted > room else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(needed)
        if height != self.minimumHeight() or height != self.maximumHeight():
            self.setFixedHeight(height)
