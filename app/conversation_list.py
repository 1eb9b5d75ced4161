"""The list of conversations: pinned ones, then by day and month; to be renamed in place, pinned and deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from PySide6.QtCore import (
    QAbstractItemModel,
    QCoreApplication,
    QDate,
    QDateTime,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QAction, QColor, QContextMenuEvent, QFont, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app import theme
from app.actions import Keys, action
from app.plain import tip
from engine.protocol import Conversation

CONVERSATION: Final = Qt.ItemDataRole.UserRole
TITLE_LENGTH: Final = 200
"""Longest title that the input takes; the engine cuts there as well."""
WEEK: Final = 7
HEADING_HEIGHT: Final = 34

Group = tuple[int, str]
"""Place of a heading among the others, and its words."""

_PINNED, _TODAY, _YESTERDAY, _WEEK, _MONTH = range(5)


def local_date(stamp: str) -> QDate:
    """The day of a moment (ISO 8601, UTC) here; of one that is not known yet, today."""
    moment = QDateTime.fromString(stamp, Qt.DateFormat.ISODate)
    return moment.toLocalTime().date() if moment.isValid() else QDate.currentDate()


def local_time(stamp: str) -> str:
    """A moment (ISO 8601, UTC) as people here write it."""
    moment = QDateTime.fromString(stamp, Qt.DateFormat.ISODate)
    if not moment.isValid():
        return ""
    return QLocale().toString(moment.toLocalTime(), QLocale.FormatType.ShortFormat)


def local_day(stamp: str) -> str:
    """The day of a moment in few characters; of one today, the time."""
    moment = QDateTime.fromString(stamp, Qt.DateFormat.ISODate)
    if not moment.isValid():
        return ""
    here = moment.toLocalTime()
    if here.date() == QDate.currentDate():
        return QLocale().toString(here.time(), QLocale.FormatType.ShortFormat)
    return QLocale().toString(here.date(), QLocale.FormatType.ShortFormat)


def group_of(conversation: Conversation, today: QDate) -> Group:
    """Under which heading a conversation stands. A date in the future (clocks jump) counts as today."""
    if conversation.pinned:
        return _PINNED, QCoreApplication.translate("ConversationList", "Pinned")
    day = local_date(conversation.updated)
    age = day.daysTo(today)
    if age <= 0:
        return _TODAY, QCoreApplication.translate("ConversationList", "Today")
    if age == 1:
        return _YESTERDAY, QCoreApplication.translate("ConversationList", "Yesterday")
    if age <= WEEK:
        return _WEEK, QCoreApplication.translate("ConversationList", "Last 7 days")
    months = (today.year() - day.year()) * 12 + today.month() - day.month()
    # Translators: how a month of a year is written; see QDate::toString.
    return _MONTH + months, QLocale().toString(day, QCoreApplication.translate("ConversationList", "MMMM yyyy"))


def grouped(conversations: Sequence[Conversation], today: QDate) -> Iterator[tuple[str, list[Conversation]]]:
    """Headings with their conversations, in the order of the list; within a group the order stays as it was."""
    groups: dict[Group, list[Conversation]] = {}
    for conversation in conversations:
        groups.setdefault(group_of(conversation, today), []).append(conversation)
    for group in sorted(groups):
        yield group[1], groups[group]


class _Titles(QStyledItemDelegate):
    """Edits a title in place."""

    edited = Signal(int, str)
    """Conversation id and its new title"""

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QWidget:
        """A line that is no longer than a title may be."""
        editor = QLineEdit(parent)
        editor.setMaxLength(TITLE_LENGTH)
        editor.setAccessibleName(self.tr("Title of the chat"))
        return editor

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """All of the line, not just where the words stood; of a line that is wider than the list, what can be seen."""
        editor.setGeometry(option.rect.intersected(option.widget.rect()))

    def setModelData(
        self, editor: QWidget, model: QAbstractItemModel, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Take over what was typed; an empty title is none."""
        assert isinstance(editor, QLineEdit)
        title = " ".join(editor.text().split())
        if title and title != index.data():
            model.setData(index, title)
            self.edited.emit(int(index.data(CONVERSATION)), title)


class ConversationList(QListWidget):
    """All conversations of the profile, under headings."""

    chosen = Signal(int)
    """Conversation id: to be shown."""
    renamed = Signal(int, str)
    pin_asked = Signal(int)
    """To be pinned, or no longer when it is."""
    learn_asked = Signal(int, bool)
    """To be learned from, or no longer."""
    delete_asked = Signal(int)
    export_asked = Signal(int)
    undo_asked = Signal()
    """The last deletion is to be undone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("conversations")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setIconSize(QSize(16, 16))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._conversations: list[Conversation] = []
        self._shown: int | None = None
        self._late: list[Conversation] | None = None
        """What arrived while a title was being edited."""
        titles = _Titles(self)
        titles.edited.connect(self.renamed)
        titles.closeEditor.connect(self._on_edited)
        self.setItemDelegate(titles)
        self.rename_action = self._action(self._rename, "F2")
        self.pin_action = self._action(self._pin, "Ctrl+D")
        self.delete_action = self._action(self._delete, QKeySequence.StandardKey.Delete)
        self.undo_action = self._action(self.undo_asked, QKeySequence.StandardKey.Undo)
        self.menu = QMenu(self)
        self.export_action = action(self, self._export)
        self.learn_action = action(self, self._learn, checkable=True)
        self.menu.addActions([self.rename_action, self.pin_action, self.learn_action, self.export_action])
        self.menu.addSeparator()
        self.menu.addAction(self.delete_action)
        self.menu.aboutToHide.connect(lambda: QTimer.singleShot(0, self, self._on_menu_closed))
        self.itemClicked.connect(self._on_item)
        self.itemActivated.connect(self._on_item)
        self._midnight = QTimer(self, singleShot=True)
        self._midnight.timeout.connect(self._fill)
        theme.changes().changed.connect(self._fill)
        self.retranslate()

    def _action(self, slot: object, *keys: Keys) -> QAction:
        made = action(self, slot, *keys)
        made.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.addAction(made)
        return made

    def retranslate(self) -> None:
        """Set all words."""
        self.setAccessibleName(self.tr("Chats"))
        self.setAccessibleDescription(self.tr("Enter opens a chat, F2 renames it, Delete deletes it."))
        self.rename_action.setText(self.tr("Rename"))
        self.learn_action.setText(self.tr("Learn from this chat"))
        self.export_action.setText(self.tr("Export…"))
        self.delete_action.setText(self.tr("Delete"))
        self.undo_action.setText(self.tr("Undo deleting"))
        self._name_pin()
        self._fill()

    # ------------------------------------------------------------------------------------------ what it shows

    def set_conversations(self, conversations: Sequence[Conversation]) -> None:
        """The conversations, newest first. While a title is being edited, the list waits for the end of it."""
        if self.state() == QAbstractItemView.State.EditingState:
            self._late = list(conversations)
            return
        self._late = None
        self._conversations = list(conversations)
        self._fill()

    def set_shown(self, conversation: int | None) -> None:
        """Which conversation is on screen."""
        self._shown = conversation
        self._mark()

    def titled(self) -> list[QListWidgetItem]:
        """The items that are conversations, from top to bottom."""
        items = (self.item(row) for row in range(self.count()))
        return [item for item in items if item.data(CONVERSATION) is not None]

    def _fill(self) -> None:
        marked, row = self._marked(), self.currentRow()
        top = self.verticalScrollBar().value()
        self.clear()
        now = QDateTime.currentDateTime()
        for heading, conversations in grouped(self._conversations, now.date()):
            self.addItem(self._heading(heading))
            for conversation in conversations:
                title = conversation.title or self.tr("Untitled")
                item = QListWidgetItem(title)
                item.setData(CONVERSATION, conversation.id)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
                about = [title, local_time(conversation.updated)]
                if not conversation.learns:
                    about.append(self.tr("Techo is not learning from this chat."))
                    item.setIcon(theme.icon("unlearned", theme.current().soft))
                    item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, about[-1])
                item.setToolTip(tip("\n".join(filter(None, about))))
                self.addItem(item)
        self._midnight.start(max(now.msecsTo(now.date().addDays(1).startOfDay()), 0) + 1000)
        self.verticalScrollBar().setValue(top)
        if self.hasFocus() and marked is not None:
            self._mark_near(marked, row)
        else:
            self._mark()

    def _heading(self, text: str) -> QListWidgetItem:
        item = QListWidgetItem(text)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setForeground(QColor(theme.current().soft))
        item.setTextAlignment(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft)
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 0.85)
        font.setBold(True)
        item.setFont(font)
        item.setSizeHint(QSize(0, HEADING_HEIGHT))
        return item

    def _mark(self) -> None:
        """The conversation on screen is the marked one."""
        for item in self.titled():
            if item.data(CONVERSATION) == self._shown:
                self.setCurrentItem(item)
                return
        self.setCurrentRow(-1)
        self.clearSelection()

    def _mark_near(self, marked: int, row: int) -> None:
        """For somebody at the keyboard: where they were, or else what stands there now."""
        items = self.titled()
        same = [item for item in items if item.data(CONVERSATION) == marked]
        after = [item for item in items if self.row(item) >= row]
        for item in (*same, *after, *reversed(items)):
            self.setCurrentItem(item)
            return

    def _marked(self) -> int | None:
        item: QListWidgetItem | None = self.currentItem()
        return None if item is None or item.data(CONVERSATION) is None else int(item.data(CONVERSATION))

    # ------------------------------------------------------------------------------------------ what a person does

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu of the conversation under the pointer, or of the marked one when a key asked for it."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        item: QListWidgetItem | None = self.currentItem() if by_key else self.itemAt(event.pos())
        if item is None or item.data(CONVERSATION) is None:
            return
        self.setCurrentItem(item)
        self._name_pin()
        place = self.visualItemRect(item).center() if by_key else event.pos()
        self.menu.popup(self.viewport().mapToGlobal(place))

    def _on_menu_closed(self) -> None:
        if self.state() != QAbstractItemView.State.EditingState and not self.hasFocus():
            self._mark()

    def _name_pin(self) -> None:
        marked = self._marked()
        pinned = any(found.pinned for found in self._conversations if found.id == marked)
        self.pin_action.setText(self.tr("Unpin") if pinned else self.tr("Pin"))
        self.learn_action.setChecked(any(found.learns for found in self._conversations if found.id == marked))

    def _on_item(self, item: QListWidgetItem) -> None:
        if item.data(CONVERSATION) is not None:
            self.chosen.emit(int(item.data(CONVERSATION)))

    def _rename(self) -> None:
        if self._marked() is not None:
            self.editItem(self.currentItem())

    def _pin(self) -> None:
        if (marked := self._marked()) is not None:
            self.pin_asked.emit(marked)

    def _learn(self, learn: bool) -> None:
        if (marked := self._marked()) is not None:
            self.learn_asked.emit(marked, learn)

    def _export(self) -> None:
        if (marked := self._marked()) is not None:
            self.export_asked.emit(marked)

    def _delete(self) -> None:
        if (marked := self._marked()) is not None:
            self.delete_asked.emit(marked)

    def _on_edited(self, _editor: QWidget, _hint: QAbstractItemDelegate.EndEditHint) -> None:
        QTimer.singleShot(0, self, self._catch_up)

    def _catch_up(self) -> None:
        if self._late is not None:
            self.set_conversations(self._late)
