"""The row above the input box while a document is read: which one, how far, and a button that stops it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QLocale, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app import theme
from app.chat.bubble import shortened
from engine.protocol import Reading

LONGEST_NAME = 60
"""Characters of a file's name that are shown."""


class ReadingRow(QFrame):
    """Hidden while nothing is read."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("reading")
        self._name = ""
        self._waiting = 0
        self._stopping = False
        self._reading: Reading | None = None
        self._picture = QLabel()
        self.text = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.count = theme.named(QLabel(textFormat=Qt.TextFormat.PlainText), "readingCount")
        self.bar = QProgressBar(textVisible=False)
        self.cancel = QPushButton()
        self.cancel.clicked.connect(self.cancelled)
        line = QHBoxLayout()
        line.addWidget(self.text, 1)
        line.addWidget(self.count)
        middle = QVBoxLayout()
        middle.setSpacing(6)
        middle.addLayout(line)
        middle.addWidget(self.bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 10, 10)
        row.setSpacing(12)
        row.addWidget(self._picture)
        row.addLayout(middle, 1)
        row.addWidget(self.cancel)
        theme.changes().changed.connect(self._restyle)
        self._restyle()
        self.retranslate()
        self.hide()

    def begin(self, name: str, waiting: int) -> None:
        """A file is read now; so many wait."""
        self._name, self._waiting = name, waiting
        self._reading, self._stopping = None, False
        self.cancel.setEnabled(True)
        self.retranslate()
        self.show()

    def set_waiting(self, waiting: int) -> None:
        """So many files wait."""
        self._waiting = waiting
        self.retranslate()

    def set_reading(self, reading: Reading) -> None:
        """How far it has come."""
        self._reading = reading
        self.retranslate()

    def stop(self) -> None:
        """It is being stopped: the passage that is on comes to its end."""
        self._stopping = True
        self.cancel.setEnabled(False)
        self.retranslate()

    def retranslate(self) -> None:
        """Set all words."""
        name, number = shortened(self._name, LONGEST_NAME), QLocale().toString
        if self._stopping:
            words = self.tr("Stopping…")
        elif self._waiting:
            words = self.tr("Reading “{name}”, then %Ln more", "", self._waiting).format(name=name)
        else:
            words = self.tr("Reading “{name}”").format(name=name)
        self.text.setText(words)
        reading = self._reading
        if reading is None:
            self.bar.setRange(0, 0)
            self.count.setText("")
        else:
            self.bar.setRange(0, max(1, reading.count))
            self.bar.setValue(reading.done)
            line = (
                self.tr("page {done} of {count}") if reading.phase == "pages" else self.tr("passage {done} of {count}")
            )
            done = min(reading.done + 1, reading.count)
            self.count.setText(line.format(done=number(done), count=number(reading.count)))
        self.cancel.setText(self.tr("Cancel"))
        self.cancel.setAccessibleName(self.tr("Stop reading"))
        self.bar.setAccessibleName(words)
        self.setAccessibleName(words)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _restyle(self) -> None:
        icon = theme.icon("document", theme.current().accent)
        self._picture.setPixmap(icon.pixmap(QSize(20, 20), self.devicePixelRatioF()))
