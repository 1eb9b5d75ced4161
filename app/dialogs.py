"""Questions to the person. None of them blocks: each calls back when it was answered."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.language import translate

NAME_LENGTH = 64
"""Longest name that the input takes; the engine has the last word."""


def confirm(
    parent: QWidget, *, title: str, question: str, consequence: str, yes: str, then: Callable[[], None]
) -> QMessageBox:
    """Ask before something that cannot be undone. The safe answer is the default one.

    Args:
        parent: the window.
        title: of the dialog.
        question: in one sentence.
        consequence: what exactly will be lost.
        yes: on the button that does it.
        then: called when the person agrees.
    """
    box = QMessageBox(QMessageBox.Icon.Warning, title, question, parent=parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(consequence)
    do_it = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
    do_it.setProperty("danger", True)
    keep = box.addButton(translate("Dialogs", "Cancel"), QMessageBox.ButtonRole.RejectRole)
    do_it.style().polish(do_it)
    for button in (do_it, keep):
        button.setAccessibleName(button.text())
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)

    def on_button(button: QAbstractButton) -> None:
        if button is do_it:
            then()

    box.buttonClicked.connect(on_button)
    box.open()
    return box


def offer(
    parent: QWidget, *, title: str, question: str, more: str, yes: str, no: str, then: Callable[[], None]
) -> QMessageBox:
    """Offer something that loses nothing; Enter takes it. Arguments as for `confirm`; `more`: what to know of it."""
    box = QMessageBox(QMessageBox.Icon.Question, title, question, parent=parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(more)
    do_it = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    later = box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    for button in (do_it, later):
        button.setAccessibleName(button.text())
    box.setDefaultButton(do_it)
    box.setEscapeButton(later)
    box.accepted.connect(then)
    box.open()
    return box


class NameDialog(QDialog):
    """Asks for a name: one line, not empty, not one that is taken."""

    def __init__(
        self,
        parent: QWidget,
        *,
        title: str,
        label: str,
        start: str,
        taken: set[str],
        yes: str,
        then: Callable[[str], None],
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(360)
        self._taken = {name.casefold() for name in taken} - {start.casefold()}
        self._then = then
        caption = QLabel(label, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.edit = QLineEdit(start)
        self.edit.setMaxLength(NAME_LENGTH)
        self.edit.setAccessibleName(label)
        self.edit.selectAll()
        caption.setBuddy(self.edit)
        self.note = theme.named(QLabel(wordWrap=True), "stateNote")
        buttons = QDialogButtonBox()
        self.ok = buttons.addButton(yes, QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = buttons.addButton(translate("Dialogs", "Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        self.ok.setDefault(True)
        for button in (self.ok, cancel):
            button.setAccessibleName(button.text())
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(10)
        for part in (caption, self.edit, self.note, buttons):
            column.addWidget(part)
        self.edit.textChanged.connect(self._check)
        self._check()

    @property
    def name(self) -> str:
        """What was typed, without the spaces around it."""
        return self.edit.text().strip()

    def accept(self) -> None:
        """Enter or the button."""
        if self.ok.isEnabled():
            name = self.name
            super().accept()
            self._then(name)

    def _check(self) -> None:
        taken = self.name.casefold() in self._taken
        self.note.setText(self.tr("There is a profile of this name already.") if taken else "")
        self.ok.setEnabled(bool(self.name) and not taken)


def free_name(wanted: str, taken: set[str]) -> str:
    """`wanted`, or `wanted 2`, `wanted 3`... if it is taken."""
    names = {name.casefold() for name in taken}
    candidate, number = wanted, 1
    while candidate.casefold() in names:
        number += 1
        candidate = f"{wanted} {number}"
    return candidate
