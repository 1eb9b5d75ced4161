"""Where a passphrase is typed: to unlock a profile or a file, to protect a profile, to change it or to take it away.

None of them blocks. A dialog stays until the engine has answered: what was wrong is said in it, and can be put right
there. What was typed is handed over and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from app import errors, theme
from app.language import translate
from engine.protocol import ErrorBody

LONGEST: Final = 1024
"""Characters of a passphrase; the engine has the last word."""
WIDTH: Final = 420


class PassphraseDialog(QDialog):
    """One passphrase, or more than one, and what is to be done with it.

    Args:
        parent: the window.
        title: of the dialog.
        text: says what for, and what to mind.
        labels: of the fields, from top to bottom. All must be filled.
        yes: on the button that does it.
        then: gets what was typed, and the dialog, which waits for `done` or `failed`.
        twice: the last two fields must hold the same.
        remember: offers to have the computer remember it.
    """

    def __init__(
        self,
        parent: QWidget,
        *,
        title: str,
        text: str,
        labels: list[str],
        yes: str,
        then: Callable[[list[str], PassphraseDialog], None],
        twice: bool = False,
        remember: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(WIDTH)
        self._then = then
        self._twice = twice
        self._waiting = False
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(10)
        self._text = QLabel(text, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        column.addWidget(self._text)
        self.fields: list[QLineEdit] = []
        for label in labels:
            caption = QLabel(label, textFormat=Qt.TextFormat.PlainText)
            field = QLineEdit(maxLength=LONGEST, echoMode=QLineEdit.EchoMode.Password)
            field.setAccessibleName(label)
            caption.setBuddy(field)
            field.textChanged.connect(self._check)
            self.fields.append(field)
            column.addWidget(caption)
            column.addWidget(field)
        self.show_typed = QCheckBox(self.tr("&Show what is typed"))
        self.show_typed.toggled.connect(self._show)
        column.addWidget(self.show_typed)
        self.remember = QCheckBox(self.tr("&Remember on this computer (in the system's keyring)"))
        self.remember.setVisible(remember)
        column.addWidget(self.remember)
        self.note = theme.named(QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText), "stateNote")
        column.addWidget(self.note)
        buttons = QDialogButtonBox()
        self.ok = buttons.addButton(yes, QDialogButtonBox.ButtonRole.AcceptRole)
        self.cancel = buttons.addButton(translate("Dialogs", "Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        self.ok.setDefault(True)
        for button in (self.ok, self.cancel):
            button.setAccessibleName(button.text())
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self._check()

    def accept(self) -> None:
        """Enter or the button: the engine is asked, and the dialog waits for its answer."""
        if not self.ok.isEnabled():
            return
        self._waiting = True
        self._check()
        self._say(self.tr("One moment…"))
        self._then([field.text() for field in self.fields], self)

    def reject(self) -> None:
        """Cancel, Esc or the cross; not while the engine is at it: it could not be called back."""
        if not self._waiting:
            super().reject()

    def done_with(self) -> None:
        """The engine has done it."""
        super().accept()

    def failed(self, error: ErrorBody) -> None:
        """The engine has refused: it can be typed again."""
        self._waiting = False
        self._check()
        if errors.is_locked(error):
            what, todo = errors.explained(error.code)
        else:
            what, todo = errors.message(error), errors.hint(error)
        self._say(f"{what} {todo}".strip())
        self.fields[0].setFocus()
        self.fields[0].selectAll()

    def _check(self) -> None:
        typed = [field.text() for field in self.fields]
        differ = self._twice and bool(typed[-1]) and typed[-1] != typed[-2]
        self._say(self.tr("The two are not the same.") if differ else "")
        same = not self._twice or typed[-1] == typed[-2]
        self.ok.setEnabled(not self._waiting and all(typed) and same)
        for part in (*self.fields, self.cancel):
            part.setEnabled(not self._waiting)

    def showEvent(self, event: QShowEvent) -> None:
        """In the size that the words need."""
        super().showEvent(event)
        self._fit()

    def _say(self, words: str) -> None:
        self.note.setText(words)
        if self.isVisible():
            self._fit()

    def _fit(self) -> None:
        """Qt gives a text that goes over several lines less height than it has at this width."""
        margins = self.contentsMargins() + self._column.contentsMargins()
        width = max(self.width(), WIDTH) - margins.left() - margins.right()
        for label in (self._text, self.note):
            label.setMinimumHeight(label.heightForWidth(width) if label.text() else 0)
        self._column.activate()
        self.resize(self.width(), max(self.height(), self.sizeHint().height()))

    def _show(self, shown: bool) -> None:
        for field in self.fields:
            field.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)
