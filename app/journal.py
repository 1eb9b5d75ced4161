"""The journal: every learned turn, found by words and days, and forgotten exactly."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QDate,
    QDateTime,
    QEvent,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTime,
    QTimer,
)
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from app import theme
from app.chat.bubble import shortened
from app.dialogs import confirm
from app.memory_panel import surprise_text
from app.partner import Partner
from engine.protocol import Forgotten, JournalEntry, JournalList, JournalPage

LONGEST_NAME: Final = 24
"""Characters of a document's name on the button."""
MOST: Final = 10_000
"""Entries of one document at most; the engine reads fewer."""
PAGE: Final = 200
"""Entries fetched at once; more come as the reader scrolls down."""
TYPING_MS: Final = 200
"""Pause in typing after which is searched."""
Index = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    """What is told of each entry."""

    LEARNED = 0
    TEXT = 1
    SOURCE = 2
    SURPRISE = 3


class JournalModel(QAbstractTableModel):
    """The entries that were fetched so far, newest first.

    Args:
        fetch: asks the engine for a page, and calls back with it.
    """

    def __init__(
        self, fetch: Callable[[JournalPage, Callable[[JournalList], None]], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._fetch = fetch
        self._page = JournalPage(limit=PAGE)
        self._asked = 0
        """Counts the searches: an answer to an earlier one comes too late."""
        self._fetching = False
        self._more = False
        self.entries: list[JournalEntry] = []

    def search(self, words: str, since: str | None) -> None:
        """Begin anew with these words and this first moment."""
        self._page = JournalPage(limit=PAGE, words=words, since=since)
        self._asked += 1
        self._fetching = False
        self._ask(replace=True)

    def clear(self) -> None:
        """Nobody's journal."""
        self._asked += 1
        self._more = self._fetching = False
        self.beginResetModel()
        self.entries = []
        self.endResetModel()

    def fetchMore(self, _parent: Index | None = None) -> None:
        """Qt asks when the reader comes near the end."""
        if self.canFetchMore():
            self._ask(replace=False)

    def canFetchMore(self, _parent: Index | None = None) -> bool:
        """Qt's question."""
        return self._more and not self._fetching

    def _ask(self, *, replace: bool) -> None:
        asked = self._asked
        before = None if replace or not self.entries else self.entries[-1].id
        self._fetching = True

        def done(answer: JournalList) -> None:
            if not isValid(self) or asked != self._asked:
                return  # The journal was closed, or something else is asked for now.
            self._fetching = False
            self._more = len(answer.entries) == PAGE
            if replace:
                self.beginResetModel()
                self.entries = list(answer.entries)
                self.endResetModel()
            elif answer.entries:
                last = len(self.entries)
                self.beginInsertRows(QModelIndex(), last, last + len(answer.entries) - 1)
                self.entries += answer.entries
                self.endInsertRows()

        self._fetch(JournalPage(limit=PAGE, before=before, words=self._page.words, since=self._page.since), done)

    # ------------------------------------------------------------------------------------------ Qt's interface

    def rowCount(self, parent: Index | None = None) -> int:
        """Entries that were fetched."""
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def columnCount(self, _parent: Index | None = None) -> int:
        """See `Column`."""
        return len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names of the columns."""
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        names = {
            Column.LEARNED: self.tr("Learned"),
            Column.TEXT: self.tr("What you said"),
            Column.SOURCE: self.tr("From"),
            Column.SURPRISE: self.tr("Surprise"),
        }
        return names[Column(section)]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell."""
        entry, column = self.entries[index.row()], Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            if column is Column.LEARNED:
                return day_and_time(entry.created)
            if column is Column.SOURCE:
                return entry.source
            return " ".join(entry.text.split()) if column is Column.TEXT else None
        if role == Qt.ItemDataRole.UserRole:
            return entry.surprise
        if role == Qt.ItemDataRole.ToolTipRole:
            if column is Column.SOURCE:
                return entry.source
            return entry.text if column is Column.TEXT else self._changes(entry)
        if role == Qt.ItemDataRole.AccessibleTextRole and column is Column.SURPRISE:
            return self._changes(entry)
        return None

    def _changes(self, entry: JournalEntry) -> str:
        # The panel says the same, but lupdate finds plural forms in methods only.
        changed = self.tr(
            "%Ln neurons recruited, {stronger} strengthened, {rewritten} rewritten", "", entry.recruited
        ).format(stronger=entry.strengthened, rewritten=entry.overwritten)
        return f"{surprise_text(entry.surprise)}\n{changed}"


class SurpriseDelegate(QStyledItemDelegate):
    """A surprise of 0 to 1 as a bar."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw it on the row's own ground."""
        ground = QStyle.PrimitiveElement.PE_PanelItemViewItem
        option.widget.style().drawPrimitive(ground, option, painter, option.widget)
        area: QRect = option.rect
        track = QRectF(area.adjusted(12, 0, -12, 0))
        track.setTop(area.center().y() - 2)
        track.setHeight(5)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.current().track))
        painter.drawRoundedRect(track, 2.5, 2.5)
        part = min(1.0, max(0.0, float(index.data(Qt.ItemDataRole.UserRole))))
        if part > 0:
            track.setWidth(max(5.0, track.width() * part))
            painter.setBrush(QColor(theme.current().memory))
            painter.drawRoundedRect(track, 2.5, 2.5)
        painter.restore()


class JournalDialog(QDialog):
    """Find, read, forget. Stays open beside the conversation."""

    def __init__(self, partner: Partner, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("journal")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(QSize(720, 520))
        self._partner = partner
        self.words = QLineEdit(clearButtonEnabled=True)
        self.span = QComboBox()
        self.model = JournalModel(partner.journal, self)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(Column.SURPRISE, SurpriseDelegate(self.table))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().lineSpacing() + 14)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(Column.LEARNED, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(Column.TEXT, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(Column.SURPRISE, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(Column.SURPRISE, 110)
        header.setSectionResizeMode(Column.SOURCE, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(Column.SOURCE, 140)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.empty = theme.named(QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True), "greetingText")
        self.said = QCheckBox()
        self.undo = QPushButton()
        self.forget_document = QPushButton()
        self.forget = QPushButton()
        self.forget.setProperty("danger", True)
        for button in (self.undo, self.forget_document, self.forget):
            button.setAutoDefault(False)

        above = QHBoxLayout()
        above.setSpacing(8)
        above.addWidget(self.words, 1)
        above.addWidget(self.span)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.said, 1)
        below.addWidget(self.undo)
        below.addWidget(self.forget_document)
        below.addWidget(self.forget)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(12)
        column.addLayout(above)
        column.addWidget(self.table, 1)
        column.addWidget(self.empty, 1)
        column.addLayout(below)

        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._typing.timeout.connect(self.search)
        self.words.textChanged.connect(lambda _: self._typing.start())
        self.span.currentIndexChanged.connect(lambda _: self.search())
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show())
        self.model.modelReset.connect(self._show)
        self.model.rowsInserted.connect(self._show)
        self.forget.clicked.connect(self.ask_to_forget)
        self.undo.clicked.connect(self._ask_to_undo)
        self.forget_document.clicked.connect(self._ask_to_forget_document)
        partner.documents_read.connect(self.search)
        partner.forgot.connect(self._on_forgot)
        partner.went_back.connect(self.search)
        partner.was_reset.connect(self.search)
        partner.was_relearned.connect(self.search)
        partner.profile_changed.connect(self._on_profile)  # A method: let go of when the dialog is gone.
        partner.exchange.settled.connect(self.search)
        self.retranslate()
        self.search()

    # ------------------------------------------------------------------------------------------ finding

    def _on_profile(self, _profile: object) -> None:
        self.search()

    def search(self) -> None:
        """Ask for what the two fields say."""
        self._typing.stop()
        if self._partner.profile is None:
            self.model.clear()
        else:
            self.model.search(self.words.text(), first_moment(self.span.currentData()))

    @property
    def chosen(self) -> list[JournalEntry]:
        """The marked entries, newest first."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self.model.entries[row] for row in rows]

    def _show(self) -> None:
        chosen, entries = len(self.table.selectionModel().selectedRows()), self.model.entries
        self.table.setVisible(bool(entries))
        self.empty.setVisible(not entries)
        self.table.setColumnHidden(Column.SOURCE, not any(entry.source for entry in entries))
        document = self._document
        self.forget_document.setVisible(document is not None)
        if document is not None:
            name = shortened(document.source, LONGEST_NAME)
            self.forget_document.setText(self.tr("Forget all of “{name}”…").format(name=name))
            self.forget_document.setAccessibleName(self.forget_document.text())
        narrowed = bool(self.words.text().strip()) or self.span.currentData() is not None
        self.empty.setText(self.tr("No learned turn is like that.") if narrowed else self.tr("Nothing learned yet."))
        self.forget.setText(
            self.tr("Forget…") if chosen == 0 else self.tr("Forget {count}…").format(count=QLocale().toString(chosen))
        )
        self.forget.setAccessibleName(self.forget.text())
        self.forget.setEnabled(chosen > 0)
        self.said.setEnabled(chosen > 0)
        self.undo.setEnabled(bool(entries) and not narrowed)

    # ------------------------------------------------------------------------------------------ forgetting

    def ask_to_forget(self) -> None:
        """Name what goes, then forget it."""
        self._confirm([entry.id for entry in self.chosen], self.chosen[0].text if self.chosen else "")

    def _ask_to_undo(self) -> None:
        """The last lesson is the first entry of the whole journal."""
        if self.model.entries:
            self._confirm([self.model.entries[0].id], self.model.entries[0].text)

    @property
    def _document(self) -> JournalEntry | None:
        """An entry of the one document that all marked entries are from; None when there is no such one."""
        chosen = self.chosen
        return chosen[0] if chosen and len({entry.document for entry in chosen}) == 1 and chosen[0].source else None

    def _ask_to_forget_document(self) -> None:
        """All of it, also what the list has not fetched or does not show."""
        document = self._document
        if document is None:
            return

        def found(answer: JournalList) -> None:
            self._confirm([entry.id for entry in answer.entries], "", document.source)

        self._partner.journal(JournalPage(limit=MOST, document=document.document), found)

    def _confirm(self, entries: list[int], text: str, document: str = "") -> None:
        if not entries:
            return
        said = self.said.isChecked()
        if document:
            question = self.tr("Forget all %Ln passages of “{name}”?", "", len(entries)).format(
                name=shortened(document, LONGEST_NAME)
            )
        elif len(entries) == 1:
            question = self.tr("Forget “{text}”?").format(text=shortened(text, 160))
        else:
            question = self.tr("Forget %Ln learned turns?", "", len(entries))
        consequence = self.tr("The memory will be as if this had never been said. This cannot be undone.")
        consequence += "\n\n" + (
            self.tr("The messages, and the replies to them, are taken out of the conversations as well.")
            if said
            else self.tr("The messages stay in the conversations.")
        )
        confirm(
            self,
            title=self.tr("Forget"),
            question=question,
            consequence=consequence,
            yes=self.tr("Forget"),
            then=lambda: self._partner.forget(entries, said=said),
        )

    def _on_forgot(self, _gone: Forgotten) -> None:
        self.search()

    # ------------------------------------------------------------------------------------------ words

    def retranslate(self) -> None:
        """Set all words."""
        self.setWindowTitle(self.tr("What I have learned"))
        self.words.setPlaceholderText(self.tr("Search in what was learned"))
        self.words.setAccessibleName(self.tr("Search in what was learned"))
        self.span.setAccessibleName(self.tr("Learned when"))
        self.table.setAccessibleName(self.tr("Learned turns, newest first"))
        spans = (
            (None, self.tr("Any time")),
            (1, self.tr("Today")),
            (7, self.tr("Last 7 days")),
            (30, self.tr("Last 30 days")),
        )
        at = max(self.span.currentIndex(), 0)
        self.span.blockSignals(True)
        self.span.clear()
        for days, name in spans:
            self.span.addItem(name, days)
        self.span.setCurrentIndex(at)
        self.span.blockSignals(False)
        self.said.setText(self.tr("Also take the messages out of the conversations"))
        self.said.setAccessibleName(self.said.text())
        self.undo.setText(self.tr("Undo the last lesson…"))
        self.undo.setAccessibleName(self.undo.text())
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


def first_moment(days: int | None) -> str | None:
    """The beginning, in UTC, of the last so many days, today included; None for all time."""
    if days is None:
        return None
    start = QDateTime(QDate.currentDate().addDays(1 - days), QTime(0, 0))
    return start.toUTC().toString(Qt.DateFormat.ISODate)


def day_and_time(created: str) -> str:
    """A moment of the engine's as a person writes it; today without the day."""
    moment = QDateTime.fromString(created, Qt.DateFormat.ISODateWithMs).toLocalTime()
    if not moment.isValid():
        return created
    time = QLocale().toString(moment.time(), QLocale.FormatType.ShortFormat)
    if moment.date() == QDate.currentDate():
        return time
    return f"{QLocale().toString(moment.date(), QLocale.FormatType.ShortFormat)} {time}"
