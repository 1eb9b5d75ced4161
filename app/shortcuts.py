"""The shortcut sheet: made from the actions themselves each time it is opened, so that it cannot be out of date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import theme


@dataclass(frozen=True)
class Group:
    """A heading, and below it what can be done with which keys."""

    title: str
    rows: Sequence[tuple[str, Sequence[QKeySequence]]]


def plain(text: str) -> str:
    """The words of a menu entry without their mnemonic: `&New chat…` and `新しいチャット(&N)…` alike."""
    text = re.sub(r"\s*\(&.\)", "", text)
    return re.sub(r"&(.)", r"\1", text).removesuffix("…")


def group_of(menu: QMenu) -> Group:
    """All entries of a menu, and of the menus in it, that have a shortcut."""
    return Group(plain(menu.title()), _rows(entries(menu)))


def group_of_widget(widget: QWidget) -> Group:
    """All actions of a widget that work while it has the focus; under the name that screen readers read."""
    return Group(widget.accessibleName(), _rows(widget.actions()))


def _rows(actions: Iterable[QAction]) -> list[tuple[str, Sequence[QKeySequence]]]:
    return [(plain(action.text()), action.shortcuts()) for action in actions if action.shortcuts()]


def entries(menu: QMenu) -> Iterator[QAction]:
    """The entries of a menu and of the menus in it."""
    for action in menu.actions():
        below: QMenu | None = QMenu.menuInAction(action)
        if below is None:
            yield action
        else:
            yield from entries(below)


class ShortcutSheet(QDialog):
    """All keys on one page."""

    def __init__(self, parent: QWidget, groups: Sequence[Group]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        inside = theme.named(QWidget(), "sheet")
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 12, 0)
        grid.setHorizontalSpacing(28)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        line = 0
        for group in groups:
            if not group.rows:
                continue
            heading = theme.named(QLabel(group.title), "caption")
            grid.addWidget(heading, line, 0, 1, 2)
            grid.setRowMinimumHeight(line, 30)
            line += 1
            for text, keys in group.rows:
                label = QLabel(text)
                label.setAccessibleName(f"{text}: {', '.join(_native(key) for key in keys)}")
                grid.addWidget(label, line, 0)
                grid.addLayout(self._caps(keys), line, 1)
                line += 1
        grid.setRowStretch(line, 1)
        self.page = theme.named(QScrollArea(), "sheetScroll")
        self.page.setWidget(inside)
        self.page.setWidgetResizable(True)
        self.page.setFrameShape(QFrame.Shape.NoFrame)
        self.page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.page.setAccessibleName(self.windowTitle())
        buttons = QDialogButtonBox()
        close = buttons.addButton(self.tr("Close"), QDialogButtonBox.ButtonRole.RejectRole)
        close.setAccessibleName(close.text())
        close.setDefault(True)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 14, 22, 18)
        column.setSpacing(14)
        column.addWidget(self.page, 1)
        column.addWidget(buttons)
        inside.ensurePolished()
        wanted = inside.sizeHint()
        self.page.setMinimumWidth(max(300, wanted.width() + 14))
        self.resize(self.page.minimumWidth() + 44, min(parent.height() - 40, wanted.height() + 110))
        close.setFocus()

    @staticmethod
    def _caps(keys: Sequence[QKeySequence]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addStretch()
        for key in keys:
            row.addWidget(theme.named(QLabel(_native(key)), "keycap"))
        return row


def _native(key: QKeySequence) -> str:
    return key.toString(QKeySequence.SequenceFormat.NativeText)
