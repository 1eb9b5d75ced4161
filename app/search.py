"""Searching the chats: the box, and the hits with the words marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app import theme
from app.conversation_list import local_day, local_time
from app.palettes import Theme
from app.plain import tip
from engine.protocol import Conversation, Hit, HitList

FOUND: Final = Qt.ItemDataRole.UserRole
DEBOUNCE_MS: Final = 160
"""Pause in the typing after which is searched."""
QUERY_LENGTH: Final = 200
SNIPPET_LINES: Final = 2
PADDING: Final = 10

Marks = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Found:
    """One line of the result: a message, or a conversation whose title matches (`message` None)."""

    conversation: int
    message: int | None
    title: str
    title_marks: Marks
    snippet: str
    marks: Marks
    created: str

    @property
    def words(self) -> list[str]:
        """What was searched for, as it is written in the message."""
        return list(dict.fromkeys(self.snippet[begin:end] for begin, end in self.marks))


def in_titles(query: str, conversations: Sequence[Conversation]) -> Iterator[Found]:
    """The conversations whose titles contain every word of the query."""
    words = query.casefold().split()
    for conversation in conversations:
        title = conversation.title
        folded = title.casefold()
        if not words or len(folded) != len(title) or not all(word in folded for word in words):
            continue
        places = [(folded.index(word), folded.index(word) + len(word)) for word in words]
        yield Found(conversation.id, None, title, sorted(places), "", (), conversation.updated)


def in_message(hit: Hit) -> Found:
    """A hit of the engine."""
    return Found(hit.conversation, hit.message, hit.title, (), hit.snippet, hit.marks, hit.created)


class SearchBox(QLineEdit):
    """What is searched for. Escape empties it; the arrow down leads to the hits, Enter opens the first."""

    left = Signal()
    """Escape in an empty box, or the one that emptied it."""
    down = Signal()
    entered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("search")
        self.setMaxLength(QUERY_LENGTH)
        self._glass = QAction(self)
        self.addAction(self._glass, QLineEdit.ActionPosition.LeadingPosition)
        self._cross = QAction(self, visible=False)
        self._cross.triggered.connect(self.clear)
        self.addAction(self._cross, QLineEdit.ActionPosition.TrailingPosition)
        self.textChanged.connect(lambda text: self._cross.setVisible(bool(text)))
        theme.changes().changed.connect(self._restyle)
        self.retranslate()
        self._restyle()

    def retranslate(self) -> None:
        """Set all words."""
        self.setPlaceholderText(self.tr("Search chats"))
        self.setAccessibleName(self.tr("Search all chats of this profile"))
        self.setToolTip(self.tr("Search everything that was said (Ctrl+F)"))
        self._cross.setText(self.tr("Clear the search"))

    def event(self, event: QEvent) -> bool:
        """Escape is ours while the box has the focus, also when a shortcut of the window wants it."""
        overriding = event.type() == QEvent.Type.ShortcutOverride
        if overriding and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that lead out of the box."""
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
        elif event.key() == Qt.Key.Key_Down:
            self.down.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
        else:
            super().keyPressEvent(event)

    def _restyle(self) -> None:
        self._glass.setIcon(theme.icon("search", theme.current().soft))
        self._cross.setIcon(theme.icon("close", theme.current().soft))


class _HitPainter(QStyledItemDelegate):
    """Title and date on one line, beneath it the snippet; what was searched for is marked in both."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """As high as its lines; as wide as the list."""
        found: Found = index.data(FOUND)
        line = QFontMetrics(option.font).lineSpacing()
        lines = SNIPPET_LINES if found.snippet else 0
        return QSize(0, line + lines * QFontMetrics(_small(option.font)).lineSpacing() + 2 * PADDING)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The ground is the style sheet's, the words are drawn here."""
        found: Found = index.data(FOUND)
        ground = QStyleOptionViewItem(option)
        self.initStyleOption(ground, index)
        ground.text = ""
        style = ground.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, ground, painter, ground.widget)
        colors = theme.current()
        inside = QRect(option.rect).adjusted(PADDING, PADDING - 2, -PADDING, -PADDING + 2)
        small = _small(option.font)
        painter.save()
        date = local_day(found.created)
        wide = QFontMetrics(small).horizontalAdvance(date)
        painter.setFont(small)
        painter.setPen(QColor(colors.soft))
        top = QRect(inside.left(), inside.top(), inside.width(), QFontMetrics(option.font).lineSpacing())
        painter.drawText(top, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, date)
        title = QFontMetrics(option.font).elidedText(
            found.title, Qt.TextElideMode.ElideRight, max(0, inside.width() - wide - 8)
        )
        marks = [(begin, end) for begin, end in found.title_marks if end <= len(title)]
        _draw(painter, QPointF(top.topLeft()), title, marks, option.font, colors.ink, inside.width(), 1)
        below = QPointF(inside.left(), top.bottom() + 1)
        _draw(painter, below, found.snippet, found.marks, small, colors.soft, inside.width(), SNIPPET_LINES)
        painter.restore()


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPointSizeF(font.pointSizeF() * 0.9)
    return small


def _draw(
    painter: QPainter, place: QPointF, text: str, marks: Marks, font: QFont, color: str, width: int, lines: int
) -> None:
    """Draws `text` in at most so many lines; what is marked stands out in weight, not in colour alone."""
    layout, fits = _laid_out(text, marks, font, width, lines)
    while fits < len(text):
        # As many characters less as it takes to have room for the dots.
        text = text[: min(fits, len(text) - 2)].rstrip(" …") + "…"
        marks = [(begin, min(end, len(text) - 1)) for begin, end in marks if begin < len(text) - 1]
        layout, fits = _laid_out(text, marks, font, width, lines)
    painter.setPen(QColor(color))
    layout.draw(painter, place)


def _laid_out(text: str, marks: Marks, font: QFont, width: int, lines: int) -> tuple[QTextLayout, int]:
    """The text in lines, and how many of its characters there is room for."""
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.setFormats([_format(text, begin, end, theme.current()) for begin, end in marks])
    layout.beginLayout()
    height, end = 0.0, 0
    for _ in range(lines):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        line.setPosition(QPointF(0, height))
        height += line.height()
        end = line.textStart() + line.textLength()
    layout.endLayout()
    return layout, len(text.encode("utf-16-le")[: 2 * end].decode("utf-16-le", "ignore"))


def _format(text: str, begin: int, end: int, colors: Theme) -> QTextLayout.FormatRange:
    """Qt counts in UTF-16, where the engine counts characters."""
    marked = QTextLayout.FormatRange()
    marked.start = _utf16(text[:begin])
    marked.length = _utf16(text[begin:end])
    form = QTextCharFormat()
    form.setFontWeight(QFont.Weight.Bold)
    form.setForeground(QColor(colors.accent))
    marked.format = form
    return marked


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


class HitView(QListWidget):
    """The hits; asks for more when its end is reached."""

    chosen = Signal(object)
    """Found"""
    more_wanted = Signal()
    up = Signal()
    """Back to the box."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("hits")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setItemDelegate(_HitPainter(self))
        self.itemClicked.connect(self._on_item)
        self.itemActivated.connect(self._on_item)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        theme.changes().changed.connect(self.viewport().update)

    def found(self) -> list[Found]:
        """What is listed."""
        return [self.item(row).data(FOUND) for row in range(self.count())]

    def add(self, found: Found) -> None:
        """One more, at the end."""
        item = QListWidgetItem()
        item.setData(FOUND, found)
        words = f"{found.title}: {found.snippet}" if found.snippet else found.title
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{words} {local_time(found.created)}".strip())
        item.setToolTip(tip(f"{found.title}\n{local_time(found.created)}".strip()))
        self.addItem(item)

    def enter(self) -> None:
        """The keyboard comes from the box."""
        if self.count():
            self.setFocus()
            self.setCurrentRow(max(self.currentRow(), 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Above the first hit is the box."""
        if event.key() == Qt.Key.Key_Escape or (event.key() == Qt.Key.Key_Up and self.currentRow() <= 0):
            self.up.emit()
        else:
            super().keyPressEvent(event)

    def _on_item(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(FOUND))

    def _on_scrolled(self, value: int) -> None:
        if self.count() and value >= self.verticalScrollBar().maximum() - self.viewport().height() // 2:
            self.more_wanted.emit()


class SearchResults(QWidget):
    """The hits of what stands in `box`, or the words that there are none."""

    asked = Signal(str, object)
    """Query, and the id of the message before which to go on (None: the newest)."""
    chosen = Signal(object)
    """Found"""

    def __init__(self, box: SearchBox, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = box
        self._conversations: Sequence[Conversation] = ()
        self._query = ""
        """What was last asked; answers to anything else come too late."""
        self._before: int | None = None
        self._waiting = False
        self._more = False
        self._state = ""
        self.hits = HitView()
        self.note = theme.named(QLabel(alignment=Qt.AlignmentFlag.AlignHCenter, wordWrap=True), "searchNote")
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.hits)
        self._stack.addWidget(self.note)
        self._pause = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._pause.timeout.connect(self._ask)
        box.textChanged.connect(self._on_typed)
        box.down.connect(self.hits.enter)
        box.entered.connect(self._open_first)
        self.hits.up.connect(box.setFocus)
        self.hits.chosen.connect(self.chosen)
        self.hits.more_wanted.connect(self._ask_more)
        self.retranslate()

    @property
    def query(self) -> str:
        """What is to be found; empty when nothing is."""
        return self._box.text().strip()

    def retranslate(self) -> None:
        """Set all words."""
        self.hits.setAccessibleName(self.tr("Found in your chats"))
        self._say(self._state)

    def set_conversations(self, conversations: Sequence[Conversation]) -> None:
        """Something was said, renamed or deleted: what was found may not hold any more."""
        self._conversations = conversations
        if self.query:
            self._pause.start()

    def show_answer(self, query: str, before: int | None, answer: HitList | None) -> None:
        """The engine's answer; None: it could not search. Late ones are left aside."""
        if query != self._query or before != self._before or not self._waiting:
            return
        self._waiting = False
        row = self.hits.currentRow() if before is None and self.hits.hasFocus() else -1
        if before is None:
            self.hits.clear()
            told = set() if answer is None else {hit.conversation for hit in answer.hits}
            for found in in_titles(query, self._conversations):
                if found.conversation not in told:  # Most titles are what was said first, and that is found anyway.
                    self.hits.add(found)
        for hit in [] if answer is None else answer.hits:
            self.hits.add(in_message(hit))
        self._more = answer is not None and answer.more
        if row >= 0:
            self.hits.setCurrentRow(min(row, self.hits.count() - 1))
        self._say("" if self.hits.count() else "failed" if answer is None else "nothing")

    def _on_typed(self) -> None:
        if self.query:
            self._pause.start()
        else:
            self._pause.stop()
            self._query = ""
            self._waiting = False
            self.hits.clear()

    def _ask(self) -> None:
        if not self.query:
            return
        if self.query != self._query:
            self.hits.scrollToTop()
            if not self.hits.count():
                self._say("searching")
        self._query, self._before, self._waiting = self.query, None, True
        self.asked.emit(self._query, None)

    def _ask_more(self) -> None:
        last = self.hits.found()[-1].message
        if self._more and not self._waiting and last is not None:
            self._before, self._waiting = last, True
            self.asked.emit(self._query, last)

    def _open_first(self) -> None:
        if self.hits.count() and self._query == self.query:
            self.hits.setCurrentRow(max(self.hits.currentRow(), 0))
            self.chosen.emit(self.hits.currentItem().data(FOUND))
        elif not self._waiting:
            self._pause.stop()
            self._ask()

    def _say(self, state: str) -> None:
        """Words in place of hits: why there are none."""
        self._state = state
        if state == "searching":
            self.note.setText(self.tr("Searching…"))
        elif state == "nothing":
            self.note.setText(self.tr("Nothing was found for “{query}”.").format(query=self._query))
        elif state == "failed":
            self.note.setText(self.tr("The chats could not be searched just now."))
        self._stack.setCurrentWidget(self.note if state else self.hits)
