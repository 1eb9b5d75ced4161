"""The life of the memory: choose a moment, see what has come since, compare it with now, and go back to it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QDate, QEvent, QLocale, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from app import theme
from app.chat.bubble import shortened
from app.dialogs import NAME_LENGTH, confirm, free_name
from app.journal import Column, Index, JournalModel, day_and_time
from app.life_chart import LifeChart
from app.memory_panel import Bar
from app.partner import Partner
from engine.protocol import Comparison, MemoryStats, Timeline, TimelineDay

COMPARE_MS: Final = 150
"""Pause in choosing after which the engine is asked: it replays the memory's life for each answer."""
WORDS: Final = 70
"""Characters of a lesson that is named."""


class _Struck(QStyledItemDelegate):
    """Lessons that would be forgotten, struck through."""

    def __init__(self, dialog: TimelineDialog) -> None:
        super().__init__(dialog)
        self._dialog = dialog

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """Qt's interface."""
        super().initStyleOption(option, index)
        if self._dialog.is_lost(index.row()):
            font = QFont(option.font)
            font.setStrikeOut(index.column() == Column.TEXT)
            option.font = font
            for role in (option.palette.ColorRole.Text, option.palette.ColorRole.HighlightedText):
                option.palette.setColor(role, QColor(theme.current().soft))


class _Gauge(QWidget):
    """One figure, then and now, with bars of the same scale."""

    def __init__(self) -> None:
        super().__init__()
        self.caption = theme.named(QLabel(wordWrap=True), "caption")
        self.names = [theme.named(QLabel(), "figureNote") for _ in range(2)]
        self.values = [QLabel(alignment=Qt.AlignmentFlag.AlignRight) for _ in range(2)]
        self.bars = [Bar(), Bar()]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.caption, 0, 0, 1, 3)
        for row, (name, bar, value) in enumerate(zip(self.names, self.bars, self.values, strict=True), 1):
            grid.addWidget(name, row, 0)
            grid.addWidget(bar, row, 1, Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(value, row, 2)

    def show_figures(self, then: int, now: int) -> None:
        """`now` is the longer bar, as nothing is ever unlearned by going on."""
        for bar, value, figure in zip(self.bars, self.values, (then, now), strict=True):
            bar.set_part(figure / max(then, now, 1))
            value.setText(QLocale().toString(figure))


class TimelineDialog(QDialog):
    """Looks at one profile's memory. Stays open beside the conversation."""

    def __init__(self, partner: Partner, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("timeline")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(QSize(860, 640))
        self._partner = partner
        self._life: Timeline | None = None
        self._moment: int | None = None
        """The last lesson that is kept; None: now."""
        self._found: Comparison | None = None
        self.summary = theme.named(QLabel(wordWrap=True), "figureNote")
        self.chart = LifeChart()
        self.when = QComboBox()
        self.model = JournalModel(partner.journal, self)
        self.table = QTableView()
        self._set_up_table()
        self.then = theme.named(QLabel(wordWrap=True), "panelTitle")
        self.lessons, self.neurons = _Gauge(), _Gauge()
        self.lost = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.lost.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.gone = theme.named(QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText), "figureNote")
        self.keep = QCheckBox()
        self.keep.setChecked(True)
        self.said = QCheckBox()
        self.back = QPushButton()
        self.back.setProperty("danger", True)
        self.back.setAutoDefault(False)
        self._lay_out()

        self._asking = QTimer(self, singleShot=True, interval=COMPARE_MS)
        self._asking.timeout.connect(self._compare)
        self.chart.chosen.connect(self.choose)
        self.when.activated.connect(self._on_when)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._on_row())
        self.back.clicked.connect(self.ask_to_go_back)
        # Its own methods: unlike lambdas they are disconnected when it is closed.
        for news in (
            partner.went_back,
            partner.forgot,
            partner.was_reset,
            partner.was_relearned,
            partner.profile_changed,
            partner.exchange.settled,
        ):
            news.connect(self.refresh)
        self.retranslate()
        self.refresh()

    def _set_up_table(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setItemDelegate(_Struck(self))
        table.setColumnHidden(Column.SURPRISE, True)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(self.fontMetrics().lineSpacing() + 12)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(Column.LEARNED, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(Column.TEXT, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.setSpacing(12)
        above.addWidget(self.summary, 1)
        above.addWidget(self.when)
        card = theme.named(QFrame(), "card")
        card.setFixedWidth(300)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(16, 14, 16, 14)
        inside.setSpacing(12)
        for part in (self.then, self.lessons, self.neurons, self.lost, self.gone):
            inside.addWidget(part)
        inside.addStretch(1)
        middle = QHBoxLayout()
        middle.setSpacing(12)
        middle.addWidget(self.table, 1)
        middle.addWidget(card)
        ticks = QVBoxLayout()
        ticks.setSpacing(6)
        ticks.addWidget(self.keep)
        ticks.addWidget(self.said)
        below = QHBoxLayout()
        below.addLayout(ticks, 1)
        below.addWidget(self.back, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(12)
        column.addLayout(above)
        column.addWidget(self.chart)
        column.addLayout(middle, 1)
        column.addLayout(below)

    # ------------------------------------------------------------------------------------------ what there is

    def refresh(self) -> None:
        """Ask for the life as it is by now; the moment stays, if there is still something after it."""
        if self._partner.profile is None:
            self.model.clear()
            self._take(Timeline(born="", days=[], lessons=0, newest=0, forgotten=0))
            return
        self._partner.timeline(self._take)
        self.model.search("", None)

    def _take(self, life: Timeline) -> None:
        if not isValid(self):
            return  # Closed before the answer came.
        self._life = life
        if self._moment is not None and self._moment >= life.newest:
            self._moment = None
        self.chart.set_life(life)
        self._show()
        self._asking.start()

    def is_lost(self, row: int) -> bool:
        """Whether a lesson of the table would be forgotten."""
        return self._moment is not None and self.model.entries[row].id > self._moment

    @property
    def moment(self) -> int:
        """The last lesson that is kept."""
        newest = 0 if self._life is None else self._life.newest
        return newest if self._moment is None else self._moment

    # ------------------------------------------------------------------------------------------ choosing

    def choose(self, moment: int) -> None:
        """Look at the memory after this lesson; 0: at its beginning."""
        newest = 0 if self._life is None else self._life.newest
        self._moment = None if moment >= newest else moment
        self._found = None
        self._show()
        self._asking.start()
        row = next((row for row, entry in enumerate(self.model.entries) if entry.id <= moment), None)
        if row is not None:
            self.table.scrollTo(self.model.index(row, 0), QAbstractItemView.ScrollHint.PositionAtCenter)

    def _on_row(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        if rows:
            self.choose(self.model.entries[rows[0].row()].id)

    def _on_when(self, place: int) -> None:
        days = self.when.itemData(place)
        if days is None:
            self.choose(self.moment if self._life is None else self._life.newest)
        elif self._life is not None:
            until = QDate.currentDate().addDays(-days).toString(Qt.DateFormat.ISODate)
            self.choose(max((day.last for day in self._life.days if day.day <= until), default=0))

    def _compare(self) -> None:
        if self._partner.profile is None or not self._partner.engine.up:
            return
        asked = self.moment

        def done(found: Comparison) -> None:
            if isValid(self) and asked == self.moment:
                self._found = found
                self._show()

        self._partner.compare(asked, done)

    # ------------------------------------------------------------------------------------------ what is shown

    def _show(self) -> None:
        life, found = self._life, self._found
        self.chart.set_moment(self.moment)
        self.table.viewport().update()
        self.summary.setText(self._told(life))
        self.then.setText(self._name_of_moment())
        stats = self._partner.stats
        now = found.now if found is not None else stats
        then = found.then if found is not None else (stats if self._moment is None else None)
        for gauge, figure in ((self.lessons, _turns), (self.neurons, _neurons)):
            gauge.show_figures(figure(then), figure(now))
        self.lost.setText(self._losses())
        forgotten = 0 if found is None or self._moment is None else found.forgotten
        self.gone.setText(
            self.tr("%Ln earlier lessons have been forgotten. Going back does not bring them back.", "", forgotten)
            if forgotten
            else ""
        )
        possible = found is not None and found.lost > 0 and self._moment is not None
        for part in (self.keep, self.said, self.back):
            part.setEnabled(possible)

    def _told(self, life: Timeline | None) -> str:
        if life is None:
            return ""
        if not life.days:
            return self.tr("Nothing learned yet.")
        lessons = self.tr("%Ln lessons", "", life.lessons)
        days = self.tr("on %Ln days", "", len(life.days))
        text = self.tr("{lessons} {days} are known now.").format(lessons=lessons, days=days)
        if life.forgotten:
            text += " " + self.tr("%Ln were forgotten.", "", life.forgotten)
        return text

    def _name_of_moment(self) -> str:
        if self._moment is None:
            return self.tr("Now")
        if self._moment == 0:
            return self.tr("At its beginning")
        entry = next((entry for entry in self.model.entries if entry.id <= self.moment), None)
        if entry is None:
            day = next((day.day for day in reversed(self._days()) if day.last <= self.moment), "")
            return QLocale().toString(QDate.fromString(day, Qt.DateFormat.ISODate), QLocale.FormatType.ShortFormat)
        return self.tr("After what was learned at {time}").format(time=day_and_time(entry.created))

    def _days(self) -> list[TimelineDay]:
        return [] if self._life is None else self._life.days

    def _losses(self) -> str:
        if self._moment is None:
            return self.tr("Choose a day above, or a lesson: then you see what has come since.")
        if self._found is None:
            return self.tr("Comparing…")
        texts = [shortened(" ".join(entry.text.split()), WORDS) for entry in self._found.first]
        names = [self.tr("“{text}”").format(text=text) for text in texts]
        more = self._found.lost - len(names)
        if more > 0:
            names.append(self.tr("and %Ln more", "", more))
        return "\n".join([self.tr("%Ln lessons since, which going back forgets:", "", self._found.lost), *names])

    # ------------------------------------------------------------------------------------------ going back

    def ask_to_go_back(self) -> None:
        """Name what goes and what does not come back, then do it."""
        found, profile = self._found, self._partner.profile
        if found is None or profile is None or not found.lost:
            return
        said = self.said.isChecked()
        keep = self._copy_name(profile.name) if self.keep.isChecked() else ""
        messages = (
            self.tr("%Ln messages are taken out of the conversations as well.", "", found.messages)
            if said
            else self.tr("The messages stay in the conversations.")
        )
        way_back = (
            self.tr("The memory of now is kept as the profile “{name}”.").format(name=keep)
            if keep
            else self.tr("This cannot be undone.")
        )
        confirm(
            self,
            title=self.tr("Go back"),
            question=self.tr("Forget %Ln lessons, and go back to the memory of that moment?", "", found.lost),
            consequence="\n\n".join(filter(None, (self._losses(), messages, self.gone.text(), way_back))),
            yes=self.tr("Go back"),
            then=lambda: self._partner.go_back(found.entry, said=said, keep=keep),
        )

    def _copy_name(self, name: str) -> str:
        day = QLocale().toString(QDate.currentDate(), QLocale.FormatType.ShortFormat)
        wanted = self.tr("{name}, {day}").format(name=name[: NAME_LENGTH - 20], day=day)
        return free_name(wanted, {profile.name for profile in self._partner.profiles})

    # ------------------------------------------------------------------------------------------ words

    def retranslate(self) -> None:
        """Set all words."""
        self.setWindowTitle(self.tr("The life of the memory"))
        self.chart.setAccessibleName(self.tr("Lessons by day. Left and right choose the moment."))
        self.table.setAccessibleName(self.tr("Lessons, newest first. Choosing one goes to the moment after it."))
        for part in (self.when, self.when.view()):
            part.setAccessibleName(self.tr("Moment"))
        choices = (
            (None, self.tr("Now")),
            (1, self.tr("The end of yesterday")),
            (7, self.tr("A week ago")),
            (30, self.tr("A month ago")),
            (365_000, self.tr("At its beginning")),
        )
        self.when.clear()
        self.when.setPlaceholderText(self.tr("Go to…"))
        for days, name in choices:
            self.when.addItem(name, days)
        self.when.setCurrentIndex(-1)
        self.lessons.caption.setText(self.tr("Lessons"))
        self.neurons.caption.setText(self.tr("Neurons in use"))
        for gauge in (self.lessons, self.neurons):
            for label, words in zip(gauge.names, (self.tr("then"), self.tr("now")), strict=True):
                label.setText(words)
        self.keep.setText(self.tr("Keep the memory of now as a profile of its own"))
        self.said.setText(self.tr("Also take the messages out of the conversations"))
        self.back.setText(self.tr("Go back…"))
        for button in (self.keep, self.said, self.back):
            button.setAccessibleName(button.text())
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


def _turns(stats: MemoryStats | None) -> int:
    return 0 if stats is None else stats.turns_learned


def _neurons(stats: MemoryStats | None) -> int:
    return 0 if stats is None else stats.neurons_used
