"""The conversation on screen: bubbles in one column, following the stream without fighting the reader."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from app import theme
from app.chat.bubble import Bubble
from app.chat.transcript import ChatItem, Transcript

COLUMN: Final = 740
"""Widest line of text, in pixels: beyond that the eye loses the next line."""
MARGIN: Final = 28
FIRST_SHOWN: Final = 16
"""Newest messages drawn at once when a conversation is opened."""
MORE_SHOWN: Final = 8
"""Earlier ones drawn each time the reader comes near the top."""
NEAR: Final = 32
"""Pixels from the end that still count as "at the end"."""


class Greeting(QWidget):
    """What an empty conversation shows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._picture.setPixmap(theme.app_icon().pixmap(QSize(72, 72), self.devicePixelRatioF()))
        self._title = theme.named(QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True), "greeting")
        self._text = theme.named(QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True), "greetingText")
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addStretch(4)
        for part in (self._picture, self._title, self._text):
            column.addWidget(part)
        column.addStretch(5)
        self.retranslate()

    def retranslate(self) -> None:
        """Set all words."""
        self._title.setText(self.tr("A notebook that grows"))
        self._text.setText(
            self.tr(
                "Tell me about your people, places and plans. I learn as we talk, and I will still know tomorrow.\n"
                "Everything stays on this computer."
            )
        )

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


class ChatView(QScrollArea):
    """Shows one transcript.

    The newest messages are drawn first and earlier ones as the reader scrolls up, so that opening a long conversation
    costs no more than opening a short one. While the reader is at the end, the view follows what streams in; as soon
    as they scroll up it stays where it is, and a button leads back.
    """

    again = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chatView")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._transcript: Transcript | None = None
        self._bubbles: dict[ChatItem, Bubble] = {}
        self._first = 0
        self._follow = True
        self._from_end: int | None = None

        self._column = theme.named(QWidget(), "chatColumn")
        self._layout = QVBoxLayout(self._column)
        self._layout.setSpacing(8)  # Below each message is a line for its marks, which stands for more.
        self.greeting = Greeting()
        self._layout.addWidget(self.greeting, 1)
        self._layout.addStretch(0)
        self.setWidget(self._column)

        self.jump = theme.named(QToolButton(self), "jump")
        self.jump.setFixedSize(34, 34)
        self.jump.setIconSize(QSize(18, 18))
        self.jump.setCursor(Qt.CursorShape.PointingHandCursor)
        self.jump.clicked.connect(self.go_to_end)
        self.jump.hide()

        bar = self.verticalScrollBar()
        bar.valueChanged.connect(self._on_scrolled)
        bar.rangeChanged.connect(self._on_grown)
        theme.changes().changed.connect(self._restyle)
        self.retranslate()
        self._restyle()

    # ------------------------------------------------------------------------------------------ what is shown

    def show_transcript(self, transcript: Transcript) -> None:
        """Put another conversation on screen."""
        old = self._transcript
        if old is transcript:
            return
        if old is not None:
            old.appended.disconnect(self._on_appended)
            old.changed.disconnect(self._on_changed)
            old.removed.disconnect(self._on_removed)
            old.reset.disconnect(self._rebuild)
        self._transcript = transcript
        transcript.appended.connect(self._on_appended)
        transcript.changed.connect(self._on_changed)
        transcript.removed.connect(self._on_removed)
        transcript.reset.connect(self._rebuild)
        self._rebuild()

    def bubbles(self) -> list[Bubble]:
        """What is drawn, oldest first."""
        items = self._transcript.items if self._transcript is not None else []
        return [self._bubbles[item] for item in items if item in self._bubbles]

    def go_to_end(self) -> None:
        """Scroll to the newest message, and follow from there."""
        self._follow = True
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())
        self._place_jump()

    def retranslate(self) -> None:
        """Set all words."""
        self.setAccessibleName(self.tr("Conversation"))
        self.jump.setAccessibleName(self.tr("Go to the newest message"))
        self.jump.setToolTip(self.tr("Go to the newest message"))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the column in the middle, and no wider than reads well."""
        super().resizeEvent(event)
        self._fit_all()
        self._place_jump()

    # ------------------------------------------------------------------------------------------ bubbles

    def _rebuild(self) -> None:
        self.setUpdatesEnabled(False)
        for bubble in self._bubbles.values():
            self._layout.removeWidget(bubble)
            bubble.hide()
            bubble.deleteLater()
        self._bubbles.clear()
        items = self._transcript.items if self._transcript is not None else []
        self._first = max(0, len(items) - FIRST_SHOWN)
        for item in items[self._first :]:
            self._add(item, self._layout.count() - 1)
        self._update_greeting()
        self._fit_all()
        self.setUpdatesEnabled(True)
        self.go_to_end()
        QTimer.singleShot(0, self, self._fill)

    def _fill(self) -> None:
        """Few short messages may not fill a tall window: then nobody could scroll up to the earlier ones."""
        if self._first and self.verticalScrollBar().maximum() < self.viewport().height():
            self._show_earlier()
            QTimer.singleShot(0, self, self._fill)

    def _add(self, item: ChatItem, place: int) -> None:
        bubble = Bubble(item, self._question(item))
        bubble.again.connect(self.again)
        self._bubbles[item] = bubble
        self._layout.insertWidget(place, bubble)
        bubble.fit(self._column_width())

    def _question(self, item: ChatItem) -> str:
        """The text that `item` answers."""
        items = self._transcript.items if self._transcript is not None else []
        if item.role == "assistant" and item in items:
            place = items.index(item)
            if place and items[place - 1].role == "user":
                return items[place - 1].text
        return ""

    def _on_appended(self, item: ChatItem) -> None:
        if item.role == "user":
            self._follow = True
        self._add(item, self._layout.count() - 1)
        self._update_greeting()

    def _on_changed(self, item: ChatItem) -> None:
        bubble = self._bubbles.get(item)
        if bubble is not None:
            bubble.update_item()

    def _on_removed(self, item: ChatItem) -> None:
        bubble = self._bubbles.pop(item, None)
        if bubble is not None:
            self._layout.removeWidget(bubble)
            bubble.hide()
            bubble.deleteLater()
        self._update_greeting()

    def _show_earlier(self) -> None:
        """Draw some earlier messages above, without moving what is being read."""
        if self._transcript is None or not self._first:
            return
        bar = self.verticalScrollBar()
        self._from_end = bar.maximum() - bar.value()
        first = max(0, self._first - MORE_SHOWN)
        for offset, item in enumerate(self._transcript.items[first : self._first]):
            self._add(item, 1 + offset)  # Place 0 is the greeting.
        self._first = first

    def _update_greeting(self) -> None:
        empty = not self._bubbles
        self.greeting.setVisible(empty)
        self._layout.setStretch(self._layout.count() - 1, 0 if empty else 1)

    # ------------------------------------------------------------------------------------------ geometry

    def _column_width(self) -> int:
        return max(160, min(COLUMN, self.viewport().width() - 2 * MARGIN))

    def _fit_all(self) -> None:
        width = self._column_width()
        side = max(0, self.viewport().width() - width) // 2
        self._layout.setContentsMargins(side, 28, side, 28)
        for bubble in self._bubbles.values():
            bubble.fit(width)

    def _on_scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        self._follow = value >= bar.maximum() - NEAR
        self._place_jump()
        if self._first and value < self.viewport().height() and self._from_end is None:
            QTimer.singleShot(0, self, self._show_earlier)

    def _on_grown(self, _low: int, high: int) -> None:
        bar = self.verticalScrollBar()
        if self._from_end is not None:
            from_end, self._from_end = self._from_end, None
            bar.setValue(high - from_end)
        elif self._follow:
            bar.setValue(high)
        self._place_jump()

    def _place_jump(self) -> None:
        bar = self.verticalScrollBar()
        self.jump.setVisible(not self._follow and bar.maximum() > bar.value() + NEAR)
        port = self.viewport().geometry()
        self.jump.move(port.center().x() - self.jump.width() // 2, port.bottom() - self.jump.height() - 12)
        self.jump.raise_()

    def _restyle(self) -> None:
        self.jump.setIcon(theme.icon("down", theme.current().ink))
        for bubble in self._bubbles.values():
            bubble.restyle()
