"""The input box. Enter sends, Shift+Enter breaks the line, and Enter never sends while an input method composes."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QMimeData, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QInputMethodEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QToolButton, QVBoxLayout, QWidget

from app import theme
from engine.protocol import MAX_SAID

MAX_LINES: Final = 9
ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ComposerEdit(QPlainTextEdit):
    """Grows with its text; tells Enter that sends from Enter that belongs to an input method.

    An input method (Japanese, Chinese, Korean) shows a *preedit* text while it composes, and Enter accepts it. Mostly
    the input method keeps that key for itself; some platforms deliver it to the widget as well, while the preedit is
    still there or directly after the commit. Both are caught here.
    """

    submitted = Signal()
    too_long = Signal()
    """What was to be pasted does not fit into one message; nothing of it was."""
    focused = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._composing = False
        self._just_composed = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.viewport().setAutoFillBackground(False)
        self.document().documentLayout().documentSizeChanged.connect(lambda _: self._grow())
        self.restyle()

    @property
    def composing(self) -> bool:
        """Whether an input method holds text that is not accepted yet."""
        return self._composing

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter sends, Shift+Enter breaks the line; while composing, Enter does neither."""
        if event.key() not in ENTER:
            super().keyPressEvent(event)
            return
        event.accept()
        if self._composing or self._just_composed:
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.insertPlainText("\n")
            self.ensureCursorVisible()
        elif not event.isAutoRepeat():
            self.submitted.emit()

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Keep track of the preedit text."""
        was = self._composing
        self._composing = bool(event.preeditString())
        if was and not self._composing:
            # The Enter that accepted the text may still be on its way, in this same turn of the event loop.
            self._just_composed = True
            QTimer.singleShot(0, self, self._settled)
        super().inputMethodEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tell the frame."""
        super().focusInEvent(event)
        self.focused.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leaving the box ends composing: the input method is reset by Qt."""
        super().focusOutEvent(event)
        self._composing = False
        self.focused.emit(False)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Files that are dropped are the window's business; their addresses are no text that anybody wants to send."""
        return not any(url.isLocalFile() for url in source.urls()) and super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste text only."""
        if not source.hasText():
            return
        text = source.text()
        # Laying out millions of characters would lock the window, and the engine would refuse them anyway.
        if self.document().characterCount() + len(text) > MAX_SAID:
            self.too_long.emit()
        else:
            self.insertPlainText(text)

    def resizeEvent(self, event: object) -> None:
        """A narrower box needs more lines."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        # Not now: the viewport would keep the height that this event brings.
        QTimer.singleShot(0, self, self._grow)

    def restyle(self) -> None:
        """The size of text changed."""
        font = theme.text_font(self)
        self.setFont(font)
        self.viewport().setFont(font)  # It draws the placeholder.
        self._grow()

    def _settled(self) -> None:
        self._just_composed = False

    def _grow(self) -> None:
        # QPlainTextEdit measures its document in lines, not in pixels.
        lines = max(1, min(MAX_LINES, int(self.document().size().height())))
        height = self.fontMetrics().lineSpacing() * lines + 2
        if self.document().isEmpty():
            room = QRect(0, 0, self.viewport().width(), self.fontMetrics().lineSpacing() * MAX_LINES)
            words = self.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, self.placeholderText())
            height = max(height, words.height() + 2)
        if height != self.height() or height != self.minimumHeight():
            self.setFixedHeight(height)


class Composer(QFrame):
    """The box with its button, which sends, or stops while a turn runs."""

    sent = Signal(str)
    stopped = Signal()
    learn_asked = Signal(bool)
    """Learn from this chat, or no longer."""
    attach_asked = Signal()
    """Documents are to be chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("composer")
        self._running = False
        self._enabled = True
        self._temporary = False
        self.edit = ComposerEdit()
        self.attach = theme.named(QToolButton(), "attach")
        self.attach.setFixedSize(QSize(36, 36))
        self.attach.setIconSize(QSize(20, 20))
        self.attach.setCursor(Qt.CursorShape.PointingHandCursor)
        self.attach.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.attach.clicked.connect(self.attach_asked)
        self.button = theme.named(QToolButton(), "send")
        self.button.setFixedSize(QSize(36, 36))
        self.button.setIconSize(QSize(20, 20))
        self.button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.learn_button = theme.named(QToolButton(), "learn")
        self.learn_button.setCheckable(True)
        self.learn_button.setChecked(True)
        self.learn_button.setFixedSize(QSize(32, 36))
        self.learn_button.setIconSize(QSize(20, 20))
        self.learn_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.learn_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self.attach, 0, Qt.AlignmentFlag.AlignBottom)
        middle = QVBoxLayout()
        middle.setContentsMargins(0, 8, 0, 8)
        middle.addWidget(self.edit)
        row.addLayout(middle, 1)
        row.addWidget(self.learn_button, 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignBottom)
        self.setFocusProxy(self.edit)
        self.edit.submitted.connect(self._submit)
        self.edit.focused.connect(self._on_focus)
        self.edit.textChanged.connect(self._update_button)
        self.button.clicked.connect(self._on_button)
        self.learn_button.clicked.connect(self._on_learn)
        theme.changes().changed.connect(self._restyle)
        self.retranslate()

    @property
    def text(self) -> str:
        """What stands in the box."""
        return self.edit.toPlainText()

    def keys(self) -> list[tuple[str, list[QKeySequence]]]:
        """What its keys do, for the shortcut sheet."""
        enter = Qt.Key.Key_Enter  # Qt calls the other one "Return"; people do not.
        return [
            (self.tr("Send the message"), [QKeySequence(enter)]),
            (self.tr("Break the line"), [QKeySequence(Qt.KeyboardModifier.ShiftModifier | enter)]),
        ]

    def set_running(self, running: bool) -> None:
        """While a turn runs the button stops it. The box stays usable: the next message can be typed."""
        self._running = running
        self._update_button()

    def set_available(self, available: bool) -> None:
        """Whether there is a profile to talk to."""
        self._enabled = available
        self._update_button()

    def set_temporary(self, temporary: bool) -> None:
        """A temporary chat is on screen: the frame shows it."""
        self.setProperty("temporary", temporary)
        self.style().polish(self)
        self._temporary = temporary
        self._update_button()

    def set_learning(self, learning: bool, *, possible: bool) -> None:
        """Whether what is sent is learned; `possible`: it can be at all (not in a temporary chat)."""
        self.learn_button.setVisible(possible)
        self.learn_button.setChecked(learning)
        self._update_button()

    def clear(self) -> None:
        """Empty the box."""
        self.edit.clear()

    def give_back(self, text: str) -> None:
        """A text that could not be sent returns, before whatever was typed in the meantime."""
        typed = self.text
        self.edit.setPlainText(text if not typed.strip() else f"{text}\n\n{typed}")
        self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)

    def retranslate(self) -> None:
        """Set all words."""
        self.edit.setPlaceholderText(self.tr("Tell Techo something, or ask…"))
        self.edit.setAccessibleName(self.tr("Message"))
        self.edit.setAccessibleDescription(self.tr("Enter sends, Shift+Enter breaks the line."))
        self.edit.restyle()
        self._update_button()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _submit(self) -> None:
        if not self._running and self._enabled and self.text.strip():
            self.sent.emit(self.text.strip())

    def _on_button(self) -> None:
        if self._running:
            self.stopped.emit()
        else:
            self._submit()
        self.edit.setFocus()

    def _on_learn(self, learn: bool) -> None:
        self._update_button()
        self.learn_asked.emit(learn)

    def _on_focus(self, focused: bool) -> None:
        self.setProperty("active", focused)
        self.style().polish(self)

    def _restyle(self) -> None:
        self.edit.restyle()
        self._update_button()

    def _update_button(self) -> None:
        colors = theme.current()
        self.button.setIcon(theme.icon("stop" if self._running else "send", colors.accent_ink, colors.soft))
        name = self.tr("Stop the reply") if self._running else self.tr("Send the message")
        self.button.setAccessibleName(name)
        self.button.setToolTip(self.tr("Stop (Esc)") if self._running else self.tr("Send (Enter)"))
        learning = self.learn_button.isChecked()
        self.learn_button.setIcon(
            theme.icon("memory", colors.memory) if learning else theme.icon("unlearned", colors.soft)
        )
        self.learn_button.setAccessibleName(self.tr("Learn from this chat"))
        self.learn_button.setToolTip(
            self.tr("Techo learns from this chat. Click to switch that off.")
            if learning
            else self.tr("Techo is not learning from this chat. Click to switch it on.")
        )
        self.button.setEnabled(self._running or (self._enabled and bool(self.text.strip())))
        self.attach.setIcon(theme.icon("attach", colors.soft, colors.track))
        name = (
            self.tr("A temporary chat learns nothing")
            if self._temporary
            else self.tr("Have documents read and learned")
        )
        self.attach.setAccessibleName(name)
        self.attach.setToolTip(name)
        self.attach.setEnabled(self._enabled and not self._temporary)
