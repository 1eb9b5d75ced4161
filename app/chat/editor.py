"""The box in which a message of the person is changed, in the place of the message itself."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app import errors, theme
from app.chat.composer import ComposerEdit


class MessageEditor(QFrame):
    """Enter sends, Shift+Enter breaks the line, Esc leaves; none of them while an input method composes.

    Args:
        text: what the message says now.
        draft: what stands in the box.
        parent: the message.
    """

    sent = Signal(str)
    left = Signal()
    """Nothing is to be changed."""
    changed = Signal(str)
    """What stands in the box."""

    def __init__(self, text: str, draft: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("composer")
        self._text = text
        self.edit = ComposerEdit()
        self.edit.setPlainText(draft)
        self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)
        self._hint = theme.named(QLabel(wordWrap=True), "stateNote")
        self.cancel = QPushButton()
        self.send = QPushButton()
        self.send.setProperty("primary", True)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 10)
        column.setSpacing(10)
        column.addWidget(self.edit)
        column.addWidget(self._hint)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addStretch()
        below.addWidget(self.cancel)
        below.addWidget(self.send)
        column.addLayout(below)
        self.setFocusProxy(self.edit)
        self.edit.installEventFilter(self)
        self.edit.submitted.connect(self._submit)
        self.edit.focused.connect(self._on_focus)
        self.edit.textChanged.connect(self._on_changed)
        self.edit.too_long.connect(self._on_too_long)
        self.cancel.clicked.connect(self.left)
        self.send.clicked.connect(self._submit)
        self.retranslate()
        self._on_changed()

    def retranslate(self) -> None:
        """Set all words."""
        self.edit.setAccessibleName(self.tr("Your message, to be changed"))
        self.edit.setAccessibleDescription(
            self.tr("Enter sends, Shift+Enter breaks the line, Escape leaves it as it was.")
        )
        self._hint.setText(
            self.tr("The old version stays here beside the new one; what Techo learned from it is forgotten.")
        )
        self.cancel.setText(self.tr("Cancel"))
        self.cancel.setAccessibleName(self.tr("Leave the message as it was"))
        self.send.setText(self.tr("Send"))
        self.send.setAccessibleName(self.tr("Send the changed message"))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape leaves the box; elsewhere in the window it may mean something else."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and not self.edit.composing:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.left.emit()
                return True
        return super().eventFilter(watched, event)

    def _submit(self) -> None:
        text = self.edit.toPlainText().strip()
        if text == self._text.strip():
            self.left.emit()
        elif text:
            self.sent.emit(text)

    def _on_changed(self) -> None:
        text = self.edit.toPlainText()
        self.send.setEnabled(bool(text.strip()))
        self.changed.emit(text)

    def _on_too_long(self) -> None:
        self._hint.setText(" ".join(errors.explained(errors.TOO_LARGE)))

    def _on_focus(self, focused: bool) -> None:
        self.setProperty("active", focused)
        self.style().polish(self)
