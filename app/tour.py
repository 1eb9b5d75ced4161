"""The tour of the first run: three cards, each beside the part of the window that it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app import theme

GAP: Final = 14
"""Pixels between the card and what it speaks of."""
EDGE: Final = 12
"""Pixels that the card keeps from the edge of the window."""
WIDTH: Final = 40
"""Of a card, in digits."""
KEYS: Final = (Qt.Key.Key_Escape, Qt.Key.Key_Left, Qt.Key.Key_Right)


@dataclass(frozen=True)
class Step:
    """One card.

    Args:
        anchor: what it speaks of.
        side: where the card stands if there is room: `above`, `below`, `left` or `right`.
        words: title and text, in the language that is on.
    """

    anchor: QWidget
    side: str
    words: Callable[[], tuple[str, str]]


class Tour(QWidget):
    """Lies over the whole window, so that nothing else is clicked by mistake, and lets the part in question shine.

    Enter or Right goes on, Left goes back, Esc skips the rest. It takes itself away at the end.
    """

    ended = Signal()
    """Gone through or skipped."""

    def __init__(self, window: QWidget, steps: Sequence[Step]) -> None:
        super().__init__(window)
        self._under = window
        self._steps = steps
        self._place = 0
        self._over = False
        self.card = theme.named(QFrame(self), "tourCard")
        self.title = theme.named(QLabel(wordWrap=True), "panelTitle")
        self.text = QLabel(wordWrap=True)
        self.count = theme.named(QLabel(), "stateNote")
        self.skip_button = QPushButton()
        self.skip_button.setProperty("link", True)
        self.back_button = QPushButton()
        self.next_button = QPushButton()
        self.next_button.setDefault(True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.count)
        row.addStretch()
        for button, slot in (
            (self.skip_button, self.end),
            (self.back_button, self.back),
            (self.next_button, self.go_on),
        ):
            button.setAutoDefault(True)
            button.clicked.connect(slot)
            button.installEventFilter(self)
            row.addWidget(button)
        column = QVBoxLayout(self.card)
        column.setContentsMargins(20, 16, 16, 14)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.text)
        column.addSpacing(6)
        column.addLayout(row)
        for watched in self._watched():
            watched.installEventFilter(self)
        theme.changes().changed.connect(self._later)
        self.setGeometry(window.rect())
        self.show()
        self.raise_()
        self.retranslate()
        self.next_button.setFocus()

    @property
    def place(self) -> int:
        """Which card is shown, from 0."""
        return self._place

    # ------------------------------------------------------------------------------------------ going through

    def go_on(self) -> None:
        """The next card, or the end."""
        if self._place + 1 == len(self._steps):
            self.end()
        else:
            self._go(self._place + 1)

    def back(self) -> None:
        """The card before."""
        if self._place:
            self._go(self._place - 1)

    def end(self) -> None:
        """Gone through, or skipped."""
        if not self._over:
            self._over = True
            for watched in self._watched():
                watched.removeEventFilter(self)
            self.hide()
            self.ended.emit()
            self.deleteLater()

    def _go(self, place: int) -> None:
        self._place = place
        self.retranslate()
        self.next_button.setFocus()

    # ------------------------------------------------------------------------------------------ words

    def retranslate(self) -> None:
        """Set all words."""
        title, text = self._steps[self._place].words()
        last = self._place + 1 == len(self._steps)
        self.title.setText(title)
        self.text.setText(text)
        self.count.setText(self.tr("{step} of {steps}").format(step=self._place + 1, steps=len(self._steps)))
        self.skip_button.setText(self.tr("Skip the tour"))
        self.skip_button.setVisible(not last)
        self.back_button.setText(self.tr("Back"))
        self.back_button.setVisible(self._place > 0)
        self.next_button.setText(self.tr("Begin") if last else self.tr("Next"))
        for button in (self.skip_button, self.back_button, self.next_button):
            button.setAccessibleName(button.text())
        # The focus stands on this button: so a screen reader reads the card, too.
        self.next_button.setAccessibleDescription(f"{self.count.text()}. {title}. {text}")
        self.card.setAccessibleName(title)
        self.setAccessibleName(self.tr("Tour of the window"))
        self._arrange()
        self._later()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    # ------------------------------------------------------------------------------------------ keyboard

    def event(self, event: QEvent) -> bool:
        """Its keys are its own, also where the window has a shortcut on them."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in KEYS:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What no button has taken."""
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        elif event.key() == Qt.Key.Key_Right:
            self.go_on()
        elif event.key() == Qt.Key.Key_Left:
            self.back()

    def focusNextPrevChild(self, forwards: bool) -> bool:
        """Tab stays on the card: what lies below cannot be seen well."""
        buttons = [b for b in (self.skip_button, self.back_button, self.next_button) if b.isVisible()]
        if not buttons:
            return False  # Qt asks also while the card is being hidden.
        focused = self.focusWidget()
        place = buttons.index(focused) if isinstance(focused, QPushButton) and focused in buttons else -1
        buttons[(place + (1 if forwards else -1)) % len(buttons)].setFocus(
            Qt.FocusReason.TabFocusReason if forwards else Qt.FocusReason.BacktabFocusReason
        )
        return True

    # ------------------------------------------------------------------------------------------ drawing

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the window; the arrows turn the cards, instead of going from button to button."""
        if isinstance(watched, QPushButton):
            if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in KEYS:
                self.keyPressEvent(event)
                return True
        elif event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.LayoutRequest):
            self.setGeometry(self._under.rect())
            self._later()
        return False

    def _watched(self) -> list[QWidget]:
        """What the card's place depends on."""
        return [self._under, *(step.anchor for step in self._steps)]

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A veil with a window in it."""
        colors = theme.current()
        hole = QRectF(self._hole())
        veil = QPainterPath()
        veil.addRect(QRectF(self.rect()))
        veil.addRoundedRect(hole, 12, 12)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(veil, QColor(0, 0, 0, 130))
        painter.setPen(QPen(QColor(colors.accent), 3))
        painter.drawRoundedRect(hole, 12, 12)
        painter.end()

    def _later(self) -> None:
        """The window lays itself out first, then the card finds its place."""
        QTimer.singleShot(0, self, self._arrange)

    def _hole(self) -> QRect:
        anchor = self._steps[self._place].anchor
        corner = self.mapFromGlobal(anchor.mapToGlobal(QPoint(0, 0)))
        return QRect(corner, anchor.size()).adjusted(-4, -4, 4, 4).intersected(self.rect().adjusted(2, 2, -2, -2))

    def _arrange(self) -> None:
        width = min(WIDTH * self.fontMetrics().horizontalAdvance("0"), self.width() - 2 * EDGE)
        self.card.ensurePolished()
        width = max(width, self.card.minimumSizeHint().width())
        height = max(self.card.heightForWidth(width), self.card.minimumSizeHint().height())
        self.card.setGeometry(self._room(QSize(width, height)))
        self.update()

    def _room(self, size: QSize) -> QRect:
        """Beside the anchor: on the wanted side, or else wherever it does not cover it, or else in the middle."""
        hole, inside = self._hole(), self.rect().adjusted(EDGE, EDGE, -EDGE, -EDGE)
        card = QRect(QPoint(0, 0), size)
        corners = {
            "above": QPoint(hole.center().x() - size.width() // 2, hole.top() - GAP - size.height()),
            "below": QPoint(hole.left(), hole.bottom() + GAP),
            "left": QPoint(hole.left() - GAP - size.width(), hole.top()),
            "right": QPoint(hole.right() + GAP, hole.top()),
        }
        wanted = self._steps[self._place].side
        for side in (wanted, *(name for name in corners if name != wanted)):
            card.moveTopLeft(corners[side])
            card.moveLeft(max(inside.left(), min(card.left(), inside.right() - size.width())))
            card.moveTop(max(inside.top(), min(card.top(), inside.bottom() - size.height())))
            if not card.intersects(hole):
                return card
        card.moveCenter(inside.center())
        return card
