"""The conversation on screen: bubbles in one column, following the stream without fighting the reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from app import theme
from app.chat.bubble import Bubble
from app.chat.message_actions import MessageActions
from app.chat.transcript import ChatItem, Transcript

COLUMN: Final = 740
"""Widest line of text, in pixels: beyond that the eye loses the next line."""
MARGIN: Final = 28
FIRST_SHOWN: Final = 6
"""Newest messages drawn at once when a conversation is opened; the others follow, a few a turn of the event loop."""
MORE_SHOWN: Final = 2
"""Earlier (or later) ones drawn at a time: in so little time that no frame is missed."""
AHEAD: Final = 1.5
"""Heights of the view that are drawn beyond each of its edges, so that who scrolls finds something there."""
KEPT: Final = 4.0
"""Heights of the view beyond which a message is taken down again, and drawn anew when the reader comes back."""
BEFORE_HIT: Final = 2
"""Messages drawn at once above one that is gone to."""
SETTLING_MS: Final = 250
POINTED_MS: Final = 3_500
"""How long a message that was gone to stands out."""
NEAR: Final = 32
"""Pixels from the end that still count as "at the end"."""


class Greeting(QWidget):
    """What an empty conversation shows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._temporary = False
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

    def set_temporary(self, temporary: bool) -> None:
        """Say what a temporary chat is instead."""
        self._temporary = temporary
        self.retranslate()

    def retranslate(self) -> None:
        """Set all words."""
        if self._temporary:
            self._title.setText(self.tr("A temporary chat"))
            self._text.setText(
                self.tr(
                    "I remember what I have learned, but nothing of this chat is kept or learned.\n"
                    "It is gone when you leave it."
                )
            )
            return
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

    Only the messages around what is read are widgets: of ten thousand a few dozen. Opening a conversation draws the
    newest ones, going to a message those around it, wherever it stands; as the reader scrolls, more are drawn ahead of
    them, and those that are left far behind are taken down, while what is being read stays where it is. While the
    reader is at the end, the view follows what streams in; as soon as they scroll up it stays where it is, and a button
    leads back.
    """

    again_asked = Signal(object)
    """ChatItem: another reply is wanted in its place."""
    more_asked = Signal(object)
    """ChatItem: the reply is to go on."""
    edited = Signal(object, str)
    """ChatItem, and what it is to say instead."""
    version_asked = Signal(int)
    """Message id: this version is to be shown."""
    delete_asked = Signal(object)
    """ChatItem"""
    undo_asked = Signal()
    """The last deletion is to be undone."""
    left = Signal()
    """An editor was left, or the keyboard went past the last message."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chatView")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._transcript: Transcript | None = None
        self._bubbles: dict[ChatItem, Bubble] = {}
        self._first = self._last = 0
        """What is drawn: items from `_first` to before `_last`."""
        self._wanted: tuple[int, list[str]] | None = None
        """A message to go to as soon as it is there, and the words to mark in it."""
        self._follow = True
        self._filling = False
        """The next messages are drawn as soon as the event loop has had its turn."""
        self._anchor: tuple[Bubble, int] | None = None
        """What is read while messages are drawn and taken down around it, and how far from the top it stands."""
        self._flipped: tuple[list[int], int, str | None] | None = None
        """Versions of which another one is asked for, how far from the top they stand, and what had the focus."""
        self._held: tuple[Bubble, int] | None = None
        """A bubble that is to stay where it is until everything is laid out, and how far from the top that is."""
        self._busy = False
        self._ringed: Bubble | None = None
        """The message to which the keyboard has gone: the frame around it stays as long as the focus does."""

        self._column = theme.named(QWidget(), "chatColumn")
        self._layout = QVBoxLayout(self._column)
        self._layout.setSpacing(8)  # Below each message is a line for its marks, which stands for more.
        self.greeting = Greeting()
        self._layout.addWidget(self.greeting, 1)
        self._layout.addStretch(0)
        self.setWidget(self._column)
        self._glow = theme.named(QFrame(self._column), "glow")
        self._glow.hide()
        self._pointed: Bubble | None = None
        self._pointed_timer = QTimer(self, singleShot=True, interval=POINTED_MS)
        self._pointed_timer.timeout.connect(self._stop_pointing)
        self._settling = QTimer(self, singleShot=True, interval=SETTLING_MS)
        """While it runs, what is laid out anew around the message that was gone to does not move it."""
        self._settling.timeout.connect(self._on_settled)

        self.jump = theme.named(QToolButton(self), "jump")
        self.jump.setFixedSize(34, 34)
        self.jump.setIconSize(QSize(18, 18))
        self.jump.setCursor(Qt.CursorShape.PointingHandCursor)
        self.jump.clicked.connect(self.go_to_end)
        self.jump.hide()
        self.actions_of_messages = MessageActions(self)

        QApplication.instance().focusChanged.connect(self._on_focus_moved)  # type: ignore[union-attr]
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
        self.greeting.set_temporary(transcript.temporary)
        self._wanted = None
        transcript.appended.connect(self._on_appended)
        transcript.changed.connect(self._on_changed)
        transcript.removed.connect(self._on_removed)
        transcript.reset.connect(self._rebuild)
        self._rebuild()

    def bubbles(self) -> list[Bubble]:
        """What is drawn, oldest first."""
        items = self._transcript.items if self._transcript is not None else []
        return [self._bubbles[item] for item in items[self._first : self._last] if item in self._bubbles]

    def go_to_end(self) -> None:
        """Scroll to the newest message, and follow from there."""
        self._wanted = None
        if not self._at_last:
            self._rebuild()
        self._follow = True
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())
        self._place_jump()

    def show_message(self, message: int, words: Sequence[str] = ()) -> None:
        """Go to a message of the conversation on screen, when it has been read from disk, and point it out."""
        self._wanted = (message, list(words))
        if self._transcript is not None and self._transcript.loaded:
            self._rebuild()

    def set_busy(self, busy: bool) -> None:
        """While a reply is being written, the branch stays as it is."""
        self._busy = busy
        for bubble in self._bubbles.values():
            bubble.set_busy(busy)

    def bubble_of(self, item: ChatItem) -> Bubble | None:
        """What draws a message, if it is drawn."""
        return self._bubbles.get(item)

    def focused_bubble(self) -> Bubble | None:
        """The message that has the focus, or something in it."""
        focus = QApplication.focusWidget()
        return next((b for b in self._bubbles.values() if focus is not None and b.isAncestorOf(focus)), None)

    def step(self, step: int) -> None:
        """The keyboard goes to the message before (-1) or after (1); from elsewhere, to the last one."""
        bubbles = [bubble for bubble in self.bubbles() if bubble.item.text]
        here = self.focused_bubble()
        if not bubbles or (here is None and step > 0):
            return
        place = bubbles.index(here) + step if here in bubbles else len(bubbles) - 1
        if place >= len(bubbles):
            self.left.emit()
            return
        bubble = bubbles[max(0, place)]
        bubble.text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.ensureWidgetVisible(bubble, 0, 40)
        self._ringed = bubble
        self._place_glow()

    def _on_focus_moved(self, _: QWidget | None, focus: QWidget | None) -> None:
        if self._ringed is not None and (focus is None or not self._ringed.isAncestorOf(focus)):
            self._ringed = None
            if self._pointed is None:
                self._glow.hide()

    def retranslate(self) -> None:
        """Set all words."""
        self.setAccessibleName(self.tr("Conversation"))
        self.setAccessibleDescription(
            self.tr("Alt+Up goes from message to message; the menu key says what can be done.")
        )
        self.actions_of_messages.retranslate()
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

    @property
    def _at_last(self) -> bool:
        """Whether the newest message is drawn."""
        return self._transcript is None or self._last >= len(self._transcript.items)

    def _rebuild(self) -> None:
        """Draw anew: the newest messages, or those around the one to go to."""
        self._stop_pointing()
        self.actions_of_messages.close()
        focus = QApplication.focusWidget()
        at_keyboard = focus is not None and self._column.isAncestorOf(focus)
        self._ringed = None
        self._anchor = None
        self.setUpdatesEnabled(False)
        for bubble in self._bubbles.values():
            self._layout.removeWidget(bubble)
            bubble.hide()
            bubble.deleteLater()
        self._bubbles.clear()
        items = self._transcript.items if self._transcript is not None else []
        place, words = self._place_wanted(items)
        wanted = place is not None
        flipped, self._flipped = self._flipped, None
        if flipped is not None and not wanted:
            place = next((place for place, item in enumerate(items) if item.message in flipped[0]), None)
        self._first = max(0, len(items) - FIRST_SHOWN if place is None else place - BEFORE_HIT)
        self._last = min(len(items), self._first + FIRST_SHOWN)
        for number in range(self._first, self._last):
            self._add(number, self._layout.count() - 1)
        self._update_greeting()
        self._fit_all()
        self.setUpdatesEnabled(True)
        if at_keyboard and not self.isAncestorOf(QApplication.focusWidget() or self):
            self.setFocus(Qt.FocusReason.OtherFocusReason)  # What had it is gone; the keys still mean the messages.
        if place is None:
            self.go_to_end()
        elif flipped is not None and not wanted:
            self._hold(self._bubbles[items[place]], flipped)
        else:
            self._follow = False
            self._point_out(self._bubbles[items[place]], words)
        self._draw_more_soon()

    def _place_wanted(self, items: Sequence[ChatItem]) -> tuple[int | None, list[str]]:
        """Where the message to go to stands. One that is not there (any more) is not waited for."""
        if self._wanted is None or self._transcript is None or not self._transcript.loaded:
            return None, []
        (message, words), self._wanted = self._wanted, None
        return next((place for place, item in enumerate(items) if item.message == message), None), words

    def _add(self, number: int, place: int) -> None:
        """Draw an item, by its number in the transcript, at this place of the layout."""
        transcript = self._transcript
        assert transcript is not None
        item = transcript.items[number]
        bubble = Bubble(item, self._question(number), temporary=transcript.temporary, parent=self._column)
        bubble.again.connect(self.again_asked)
        bubble.more.connect(self.more_asked)
        bubble.edited.connect(self.edited)
        bubble.flipped.connect(self._on_flipped)
        bubble.menu_asked.connect(self.actions_of_messages.pop_up)
        bubble.left.connect(self.left)
        bubble.set_last(number == len(transcript.items) - 1)
        bubble.set_busy(self._busy)
        self._bubbles[item] = bubble
        self._layout.insertWidget(place, bubble)
        bubble.fit(self._column_width())
        bubble.show()  # The layout would do so only in the next turn of the event loop, and until then count nothing.

    def _question(self, number: int) -> str:
        """The text that this item answers."""
        items = self._transcript.items if self._transcript is not None else []
        asked = items[number - 1] if number > 0 and items[number].role == "assistant" else None
        return asked.text if asked is not None and asked.role == "user" else ""

    def _on_appended(self, item: ChatItem) -> None:
        if item.role == "user":
            self._follow = True
        if self._transcript is None or self._last < len(self._transcript.items) - 1:
            if item.role == "user":
                self._rebuild()  # What one says is seen, also when something old was just being read.
            return
        self._last += 1
        self._add(self._last - 1, self._layout.count() - 1)
        self._mark_last()
        self._update_greeting()

    def _on_changed(self, item: ChatItem) -> None:
        bubble = self._bubbles.get(item)
        if bubble is not None:
            bubble.update_item()

    def _on_removed(self, item: ChatItem) -> None:
        if item in self._bubbles:
            self._last -= 1
            self._take_down(item)
        self._mark_last()
        self._update_greeting()

    def _take_down(self, item: ChatItem) -> None:
        bubble = self._bubbles.pop(item)
        self._layout.removeWidget(bubble)
        bubble.hide()
        bubble.deleteLater()

    def _mark_last(self) -> None:
        last = self._transcript.items[-1] if self._transcript is not None and self._transcript.items else None
        for item, bubble in self._bubbles.items():
            bubble.set_last(item is last)

    # ------------------------------------------------------------------------------------------ what is drawn

    def _draw_more_soon(self) -> None:
        if not self._filling:
            self._filling = True
            QTimer.singleShot(0, self, self._draw_more)

    def _draw_more(self) -> None:
        """The next few messages that the reader comes near to, the nearer edge first; again, until there are enough."""
        self._filling = False
        if self._transcript is None:
            return
        bar, height = self.verticalScrollBar(), self.viewport().height()
        above = bar.value() if self._first else None
        below = bar.maximum() - bar.value() if not self._at_last else None
        first, last = self._first, self._last
        if above is not None and above < AHEAD * height and (below is None or above <= below):
            first = max(0, first - MORE_SHOWN)
        elif below is not None and below < AHEAD * height:
            last = min(len(self._transcript.items), last + MORE_SHOWN)
        else:
            return
        self._draw(first, last)
        self._draw_more_soon()

    def _draw(self, first: int, last: int) -> None:
        """Draw these items as well, take down what is far away by now, and keep what is read where it is."""
        assert self._transcript is not None
        if self._anchor is None:
            self._anchor = self._being_read()
        for number in range(first, self._first):
            self._add(number, 1 + number - first)  # Place 0 is the greeting.
        for number in range(self._last, last):
            self._add(number, self._layout.count() - 1)
        earlier = first < self._first
        self._first, self._last = first, last
        self._take_down_far(below=earlier)
        # Nothing is painted before this returns, so nobody sees the column between the two.
        self._lay_out()
        self._stay_put()

    def _being_read(self) -> tuple[Bubble, int] | None:
        """The first message that is in sight, and how far from the top of the view it stands."""
        top = self.verticalScrollBar().value()
        for bubble in self.bubbles():
            if bubble.geometry().bottom() >= top and bubble.height():
                return bubble, bubble.y() - top
        return None

    def _take_down_far(self, *, below: bool) -> None:
        """From the far end: messages that are far out of sight, and that nobody is doing anything with."""
        assert self._transcript is not None
        items, bar, height = self._transcript.items, self.verticalScrollBar(), self.viewport().height()
        top, bottom = bar.value() - KEPT * height, bar.value() + (1 + KEPT) * height
        focused = self.focused_bubble()
        while self._last - self._first > 1:
            place = self._last - 1 if below else self._first
            bubble = self._bubbles[items[place]]
            far = bubble.y() > bottom if below else bubble.geometry().bottom() < top
            if not far or bubble.editing or bubble in (focused, self._pointed, self._ringed):
                return
            self._take_down(items[place])
            if below:
                self._last -= 1
            else:
                self._first += 1

    def _lay_out(self) -> None:
        """Now, not when the event loop comes to it: what stands where is needed at once.

        The column takes its new height from the scroll area, which hears of it through the viewport.
        """
        self._layout.activate()
        for widget in (self._column, self.viewport(), self):
            QApplication.sendPostedEvents(widget, QEvent.Type.LayoutRequest)

    def _stay_put(self) -> None:
        """Put what is read back to where it was."""
        if self._anchor is None or self._follow:
            self._anchor = None
            return
        bubble, top = self._anchor
        if bubble in self._bubbles.values():
            self.verticalScrollBar().setValue(bubble.y() - top)
        self._anchor = None

    # ------------------------------------------------------------------------------------------ pointing out

    def _point_out(self, bubble: Bubble, words: list[str]) -> None:
        """Scroll to a bubble and let it stand out for a while."""
        self._pointed = bubble
        bubble.mark_words(words)
        self._pointed_timer.start()
        self._settling.start()
        QTimer.singleShot(0, self, self._reveal)

    def _on_flipped(self, bubble: Bubble, message: int) -> None:
        """Another version is wanted: it shall stand where this one does, with the focus where it is."""
        focus = QApplication.focusWidget()
        inside = focus if focus is not None and bubble.isAncestorOf(focus) else None
        part = next((name for name in ("back", "forward") if getattr(bubble.flipper, name) is inside), None)
        top = bubble.mapTo(self.viewport(), QPoint(0, 0)).y()
        self._flipped = (bubble.item.versions, top, part or ("text" if inside is not None else None))
        self.version_asked.emit(message)

    def _hold(self, bubble: Bubble, flipped: tuple[list[int], int, str | None]) -> None:
        """Another version was asked for, and is here."""
        self._follow = False
        self._held = (bubble, flipped[1])
        flipper, part = bubble.flipper, flipped[2]
        if part is not None:
            wanted = {"back": flipper.back, "forward": flipper.forward}.get(part)
            other = flipper.forward if wanted is flipper.back else flipper.back
            target = bubble.text if wanted is None else wanted if wanted.isEnabled() else other
            target.setFocus(Qt.FocusReason.OtherFocusReason)
        self._settling.start()
        QTimer.singleShot(0, self, self._reveal)

    def stay(self) -> None:
        """The version that was asked for is not to be had now."""
        self._flipped = None

    def _on_settled(self) -> None:
        self._held = None
        self._on_scrolled(self.verticalScrollBar().value())

    def _reveal(self) -> None:
        """The bubble at a third of the height: one sees what came before it, too; or where it was."""
        bubble = self._pointed
        if bubble is None and self._held is None:
            return
        self._lay_out()
        if bubble is None:
            assert self._held is not None
            held, top = self._held
            self.verticalScrollBar().setValue(held.mapTo(self._column, QPoint(0, 0)).y() - top)
            return
        place = bubble.mapTo(self._column, QPoint(0, bubble.word_place()))
        self.verticalScrollBar().setValue(place.y() - self.viewport().height() // 3)
        self._place_glow()

    def _place_glow(self) -> None:
        bubble = self._pointed or self._ringed
        if bubble is not None:
            self._glow.setGeometry(bubble.frame_rect().translated(bubble.pos()).adjusted(-8, -8, 8, 8))
            self._glow.lower()
            self._glow.show()

    def _stop_pointing(self) -> None:
        self._pointed_timer.stop()
        self._settling.stop()
        self._glow.hide()
        self._held = None
        if self._pointed is not None:
            self._pointed.mark_words([])
            self._pointed = None

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
        self._follow = value >= bar.maximum() - NEAR and self._at_last
        self._place_jump()
        self._draw_more_soon()

    def _on_grown(self, _low: int, high: int) -> None:
        bar = self.verticalScrollBar()
        self._draw_more_soon()
        if self._settling.isActive():
            self._reveal()
        elif self._follow:
            bar.setValue(high)
        self._place_glow()
        self._place_jump()

    def _place_jump(self) -> None:
        bar = self.verticalScrollBar()
        self.jump.setVisible(not self._follow and (bar.maximum() > bar.value() + NEAR or not self._at_last))
        port = self.viewport().geometry()
        self.jump.move(port.center().x() - self.jump.width() // 2, port.bottom() - self.jump.height() - 12)
        self.jump.raise_()

    def _restyle(self) -> None:
        self.jump.setIcon(theme.icon("down", theme.current().ink))
        for bubble in self._bubbles.values():
            bubble.restyle()
