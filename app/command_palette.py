"""The command palette: everything that can be done, and every chat, found by typing a few letters of it.

Made from the menus themselves each time it is opened, as the shortcut sheet is. What cannot be done now is not listed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.shortcuts import entries, plain
from engine.protocol import Conversation

COMMAND: Final = int(Qt.ItemDataRole.UserRole)
WIDTH: Final = 560
"""Pixels, or what the window has room for."""
ROWS: Final = 9
"""Seen at once; the rest is scrolled to."""
MARGIN: Final = 12
"""Pixels left and right of a row's words."""
_LEADS: Final = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageDown: ROWS - 1,
    Qt.Key.Key_PageUp: 1 - ROWS,
}
"""Keys that move in the list while one types, and by how many rows."""


@dataclass(frozen=True)
class Command:
    """A row: what it does, where it is from, with which keys it is done otherwise."""

    title: str
    group: str
    run: Callable[[], object]
    keys: str = ""
    on: bool = False
    """A switch that is on."""


def commands_of(menu: QMenu) -> list[Command]:
    """What can be done now from a menu, and from the menus in it."""
    group = plain(menu.title())
    return [
        Command(
            plain(action.text()),
            group,
            action.trigger,
            action.shortcut().toString(QKeySequence.SequenceFormat.NativeText),
            action.isCheckable() and action.isChecked(),
        )
        for action in entries(menu)
        if action.isEnabled() and action.isVisible() and action.text()
    ]


def chats(conversations: Iterable[Conversation], group: str, show: Callable[[int], object]) -> list[Command]:
    """The conversations, the newest first."""
    return [Command(one.title, group, lambda one=one: show(one.id)) for one in conversations]  # type: ignore[misc]


def found(commands: Sequence[Command], typed: str) -> list[Command]:
    """Those that hold every word that was typed; first those that begin with it, then those with a word that does."""
    words = _folded(typed).split()

    def rank(command: Command) -> int:
        title = _folded(command.title)
        if not words or title.startswith(words[0]):
            return 0
        return 1 if any(part.startswith(words[0]) for part in title.split()) else 2

    fitting = [one for one in commands if all(word in _folded(f"{one.title} {one.group}") for word in words)]
    return sorted(fitting, key=rank)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


class _Painter(QStyledItemDelegate):
    """The title on the left, on the right its keys, and before them where it is from."""

    keys: tuple[str, ...] = ()
    """Of all rows: the column is as wide as the longest."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """One line; as wide as the list."""
        return QSize(0, QFontMetrics(option.font).lineSpacing() + 14)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The ground is the style sheet's, the words are drawn here."""
        command: Command = index.data(COMMAND)
        ground = QStyleOptionViewItem(option)
        self.initStyleOption(ground, index)
        ground.text = ""
        ground.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, ground, painter, ground.widget)
        colors, metrics = theme.current(), QFontMetrics(option.font)
        inside = QRect(option.rect).adjusted(MARGIN, 0, -MARGIN, 0)
        painter.save()
        painter.setFont(option.font)
        painter.setPen(QColor(colors.soft))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inside, right, command.keys)
        column = max((metrics.horizontalAdvance(keys) for keys in self.keys), default=0) + MARGIN
        painter.drawText(inside.adjusted(0, 0, -column, 0), right, command.group)
        room = inside.width() - column - metrics.horizontalAdvance(command.group) - MARGIN
        title = metrics.elidedText(("✓ " if command.on else "") + command.title, Qt.TextElideMode.ElideRight, room)
        painter.setPen(QColor(colors.ink))
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        painter.restore()


class CommandPalette(QDialog):
    """A box to type in, and below it what fits. Enter does the one that is marked, Escape nothing."""

    def __init__(self, parent: QWidget, commands: Sequence[Command]) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("palette")
        self.setWindowTitle(self.tr("Command palette"))
        self.setAccessibleName(self.windowTitle())
        self._commands = commands
        self.box = QLineEdit()
        self.box.setObjectName("paletteBox")
        self.box.setPlaceholderText(self.tr("What do you want to do?"))
        self.box.setAccessibleName(self.box.placeholderText())
        self.list = QListWidget()
        self.list.setObjectName("hits")
        self.list.setAccessibleName(self.tr("What can be done"))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # The keys work from the box.
        painter = _Painter(self.list)
        painter.keys = tuple({command.keys for command in commands})
        self.list.setItemDelegate(painter)
        self.note = theme.named(QLabel(self.tr("Nothing fits that.")), "searchNote")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 10)
        column.setSpacing(8)
        for part in (self.box, self.list, self.note):
            column.addWidget(part)
        self.box.textChanged.connect(self._show)
        self.box.installEventFilter(self)
        self.list.itemClicked.connect(self._run)
        self._show("")
        self._place(parent)
        self.box.setFocus()

    def listed(self) -> list[Command]:
        """What is shown."""
        return [self.list.item(row).data(COMMAND) for row in range(self.list.count())]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The arrow keys move in the list, Enter takes what is marked. What an input method composes is its own."""
        if watched is self.box and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = Qt.Key(event.key())
            if key in _LEADS:
                self._move(_LEADS[key])
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _show(self, typed: str) -> None:
        self.list.clear()
        for command in found(self._commands, typed):
            item = QListWidgetItem()
            item.setData(COMMAND, command)
            words = f"{command.title}, {command.group} {command.keys}".strip()
            item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.note.setVisible(self.list.count() == 0)

    def _move(self, rows: int) -> None:
        """Around the ends with single steps, up to them with larger ones."""
        count = self.list.count()
        if count:
            row = self.list.currentRow() + rows
            self.list.setCurrentRow(row % count if abs(rows) == 1 else max(0, min(row, count - 1)))

    def _run(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        command: Command = item.data(COMMAND)
        self.accept()  # First: what it does may open a page of its own.
        command.run()

    def _place(self, parent: QWidget) -> None:
        """At the top of the window, in the middle."""
        self.ensurePolished()
        width = min(WIDTH, parent.width() - 40)
        height = ROWS * (QFontMetrics(self.list.font()).lineSpacing() + 16) + self.box.sizeHint().height() + 40
        self.resize(width, min(height, parent.height() - 80))
        self.move(parent.mapToGlobal(parent.rect().topLeft()))
        self.move(self.x() + (parent.width() - width) // 2, self.y() + 56)
