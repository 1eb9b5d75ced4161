"""The engine state line: a dot and a sentence, a button when the person has to decide, the model at the right."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QLocale, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QStatusBar, QWidget

from app import theme
from app.engine_process import Condition
from engine.protocol import BackboneInfo

BUSY_AFTER_MS = 300
"""Shorter work is not mentioned: the line would only flicker."""


class _Dot(QWidget):
    """The colour of the engine's state."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(QSize(22, 18))
        self._color = ""
        theme.changes().changed.connect(self.update)

    def set_color(self, name: str) -> None:
        """`name` of a colour of the theme."""
        self._color = name
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A disc."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(getattr(theme.current(), self._color or "soft")))
        painter.drawEllipse(QRectF(9, 5, 8, 8))
        painter.end()


class StatusLine(QStatusBar):
    """What the engine is doing."""

    start_again = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._condition = Condition.STOPPED
        self._turn = ""
        self._busy = False
        self._backbone: BackboneInfo | None = None
        self._dot = _Dot()
        self.text = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.button = QPushButton()
        self.button.setProperty("link", True)
        self.button.clicked.connect(self.start_again)
        self.model = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.model.setContentsMargins(0, 0, 10, 0)
        self.addWidget(self._dot)
        self.addWidget(self.text)
        self.addWidget(self.button)
        self.addPermanentWidget(self.model)
        self._busy_timer = QTimer(self, singleShot=True, interval=BUSY_AFTER_MS)
        self._busy_timer.timeout.connect(self._on_busy)
        self.retranslate()

    def set_condition(self, condition: Condition) -> None:
        """The engine's state."""
        self._condition = condition
        if condition is Condition.BUSY:
            self._busy_timer.start()
        else:
            self._busy_timer.stop()
            self._busy = False
        self._show()

    def set_turn(self, phase: str) -> None:
        """What the running turn is at: "", "reading" or "writing"."""
        self._turn = phase
        self._show()

    def set_backbone(self, backbone: BackboneInfo) -> None:
        """The model behind the engine."""
        self._backbone = backbone
        self._show()

    def retranslate(self) -> None:
        """Set all words."""
        self.setAccessibleName(self.tr("State of the engine"))
        self.button.setText(self.tr("Start again"))
        self.button.setAccessibleName(self.tr("Start the engine again"))
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _on_busy(self) -> None:
        self._busy = True
        self._show()

    def _show(self) -> None:
        text, color = self._sentence()
        self.text.setText(text)
        self.text.setAccessibleName(text)
        self._dot.set_color(color)
        self.button.setVisible(self._condition in (Condition.GIVEN_UP, Condition.REFUSED))
        if self._backbone is not None:
            window = QLocale().toString(self._backbone.window)
            self.model.setText(self._backbone.name)
            self.model.setToolTip(self.tr("{window} tokens in the KV window").format(window=window))

    def _sentence(self) -> tuple[str, str]:
        if self._condition in (Condition.READY, Condition.BUSY):
            if self._turn == "reading":
                return self.tr("Reading…"), "accent"
            if self._turn == "writing":
                return self.tr("Answering…"), "accent"
            if self._busy:
                return self.tr("Busy…"), "accent"
            return self.tr("Ready"), "memory"
        sentences = {
            Condition.STARTING: (self.tr("Starting the engine…"), "soft"),
            Condition.REFUSED: (self.tr("The engine could not begin."), "warning"),
            Condition.CRASHED: (self.tr("The engine stopped unexpectedly. It is started again…"), "warning"),
            Condition.RESTARTING: (self.tr("The engine stopped unexpectedly and is starting again…"), "warning"),
            Condition.GIVEN_UP: (self.tr("The engine keeps stopping."), "warning"),
            Condition.SWITCHING: (self.tr("Changing the language model…"), "soft"),
            Condition.STOPPING: (self.tr("Saving and closing…"), "soft"),
        }
        return sentences.get(self._condition, (self.tr("The engine is not running."), "soft"))
