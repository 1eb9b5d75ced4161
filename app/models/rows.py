"""The list of models at the left of the page: what is here, the three set-ups, and the other families."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app import figures, theme
from app.language import translate
from app.models import wording
from app.models.choice import Models, Unfinished
from app.models.facts import CatalogueEntry, Planned, SetUp
from app.plain import tip

ROW: Final = Qt.ItemDataRole.UserRole
PADDING: Final = 9
FAMILIES: Final = ("small", "ternary", "recurrent", "")
"""The last one takes what no other one does."""


@dataclass(frozen=True)
class Row:
    """One line of the list.

    Attributes:
        key: tells it from all others, also after the list was made anew.
        name: what it is called.
        note: what else the line says.
        tone: name of the colour of its dot; empty for none.
        path: its file, for those that are here; None for the default model and those that are not.
        here: whether it is on this computer.
        entry: what the catalogue says of it.
        plans: what is planned of it, the recommended quantization first.
        unfinished: a download that broke off.
        setup: the name of the set-up that it is in.
    """

    key: str
    name: str
    note: str
    tone: str = ""
    path: Path | None = None
    here: bool = False
    entry: CatalogueEntry | None = None
    plans: Sequence[Planned] = field(default_factory=tuple)
    unfinished: Unfinished | None = None
    setup: str = ""


def sections(models: Models) -> list[tuple[str, list[Row]]]:
    """Headings, each with its rows."""
    catalogue, plans = models.catalogue, models.plans
    entries = {} if catalogue is None else {entry.id: entry for entry in catalogue.models}
    planned: dict[str, list[Planned]] = {}
    for one in [] if plans is None else plans.models:
        planned.setdefault(one.id, []).append(one)
    own = next((entry for entry in entries.values() if entry.embedded), None)
    here = [_own_row(models, own, planned.get(own.id, []) if own is not None else [])]
    here += [_file_row(models, path) for path in models.files()]
    here += [_unfinished_row(one) for one in models.unfinished()]
    found = [(translate("Models", "On this computer"), here)]
    mentioned = set()
    if plans is not None and plans.setups and entries:
        rows = []
        for setup in plans.setups:
            for choice in setup.choices:
                mentioned.add(choice.id)
                others = [one for one in planned.get(choice.id, []) if one.quantization != choice.quantization]
                rows.append(_entry_row(entries[choice.id], [choice, *others], setup))
        found.append((translate("Models", "Three set-ups"), rows))
    for family in FAMILIES:
        rows = [
            _entry_row(entry, planned.get(entry.id, []))
            for entry in entries.values()
            if not entry.embedded
            and entry.id not in mentioned
            and (entry.family if entry.family in FAMILIES else "") == family
        ]
        if rows:
            found.append((wording.family(family), rows))
    return found


def _own_row(models: Models, entry: CatalogueEntry | None, plans: Sequence[Planned]) -> Row:
    name = translate("Models", "Techo's own model")
    note = "" if entry is None else entry.name
    return Row("own", name, _used(models.chosen is None, note), "memory", None, True, entry, plans)


def _used(used: bool, note: str) -> str:
    return " · ".join(part for part in (translate("Models", "In use") if used else "", note) if part)


def _file_row(models: Models, path: Path) -> Row:
    checked = models.checked(path)
    name, tone = path.stem, "soft"
    plans: tuple[Planned, ...] = ()
    if checked.error is not None:
        note, tone = translate("Models", "Cannot be used"), "warning"
    elif checked.facts is None or checked.plan is None:
        note = translate("Models", "Being checked…")
    else:
        word, tone = wording.fit(checked.plan)
        name, plans = checked.facts.name, (checked.plan,)
        note = f"{checked.facts.quantization} · {figures.size(checked.facts.file_bytes)} · {word}"
    return Row(str(path), name, _used(models.chosen == path, note), tone, path, True, None, plans)


def _unfinished_row(one: Unfinished) -> Row:
    note = translate("Models", "Unfinished: {done} received").format(done=figures.size(one.done))
    return Row(f"part:{one.order.url}", one.order.name, note, "soft", unfinished=one)


def _entry_row(entry: CatalogueEntry, plans: Sequence[Planned], setup: SetUp | None = None) -> Row:
    rank = "" if setup is None else setup.rank
    if not plans:
        return Row(f"entry:{rank}:{entry.id}", entry.name, "", "", entry=entry)
    # In a set-up the quantization is given; elsewhere the best one that fits.
    best = plans[0] if rank else next((one for one in plans if one.fit in wording.FITS), plans[0])
    word, tone = wording.fit(best)
    if not entry.runs_here:
        word, tone = translate("Models", "Not for llama.cpp"), "soft"
    ordered = [best, *(one for one in plans if one is not best)]
    note = f"{best.quantization} · {figures.size(best.file_bytes)} · {word}"
    key = f"entry:{rank}:{entry.id}:{best.quantization if rank else ''}"
    return Row(key, f"{rank} {entry.name}".strip(), note, tone, entry=entry, plans=ordered, setup=wording.set_up(setup))


class _RowPainter(QStyledItemDelegate):
    """A dot, the name, and beneath it what else there is to say."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Two lines; a heading has one."""
        line = QFontMetrics(option.font).lineSpacing()
        if index.data(ROW) is None:
            return QSize(0, line + 2 * PADDING)
        return QSize(0, line + QFontMetrics(_small(option.font)).lineSpacing() + 2 * PADDING)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The ground is the style sheet's."""
        row: Row | None = index.data(ROW)
        if row is None:
            super().paint(painter, option, index)
            return
        ground = QStyleOptionViewItem(option)
        self.initStyleOption(ground, index)
        ground.text = ""
        ground.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, ground, painter, ground.widget)
        colors = theme.current()
        inside = QRect(option.rect).adjusted(PADDING, PADDING - 1, -PADDING, -PADDING + 1)
        line = QFontMetrics(option.font).lineSpacing()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.tone:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(getattr(colors, row.tone)))
            painter.drawEllipse(QRect(inside.left(), inside.top() + line // 2 - 4, 8, 8))
        inside.setLeft(inside.left() + 17)
        for text, font, color, top in (
            (row.name, option.font, colors.ink, inside.top()),
            (row.note, _small(option.font), colors.soft, inside.top() + line),
        ):
            painter.setFont(font)
            painter.setPen(QColor(color))
            metrics = QFontMetrics(font)
            words = metrics.elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
            painter.drawText(inside.left(), top + metrics.ascent(), words)
        painter.restore()


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPointSizeF(font.pointSizeF() * 0.9)
    return small


class ModelList(QListWidget):
    """The rows under their headings."""

    def __init__(self) -> None:
        super().__init__()
        theme.named(self, "models")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setItemDelegate(_RowPainter(self))
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_sections(self, found: Sequence[tuple[str, Sequence[Row]]]) -> None:
        """Make the list anew; the same row stays chosen, and in sight."""
        key = None if self.row_chosen is None else self.row_chosen.key
        place = self.verticalScrollBar().value()
        self.blockSignals(True)
        self.clear()
        for heading, rows in found:
            above = QListWidgetItem(heading, self)
            above.setFlags(Qt.ItemFlag.NoItemFlags)
            font = QFont(self.font())
            font.setPointSizeF(font.pointSizeF() * 0.85)
            font.setBold(True)
            above.setFont(font)
            for row in rows:
                item = QListWidgetItem(row.name, self)
                item.setData(ROW, row)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{row.name}, {row.note}")
                item.setToolTip(tip(f"{row.name}\n{row.note}"))
        self.blockSignals(False)
        self.verticalScrollBar().setValue(place)
        if key is None or not self.choose(key):
            self.choose("own")

    def choose(self, key: str) -> bool:
        """Choose the row of this key; whether there is one."""
        for place in range(self.count()):
            row: Row | None = self.item(place).data(ROW)
            if row is not None and row.key == key:
                self.setCurrentRow(place)
                return True
        return False

    @property
    def row_chosen(self) -> Row | None:
        """What is chosen."""
        row: Row | None = self.currentIndex().data(ROW)
        return row
