"""Files that are dragged over the window: what is held over it, and the sheet that says what would happen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QUrl
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from app import theme
from app.models.drops import dropped_models
from engine.protocol import DOCUMENT_SUFFIXES


def dropped_documents(urls: Sequence[QUrl]) -> list[Path]:
    """The files of this computer among what is dropped, but for model files, which have a page of their own."""
    models = dropped_models(list(urls))
    paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    return [path for path in paths if path not in models]


def readable(path: Path) -> bool:
    """Whether a file looks like a document, by its name; the engine has the last word."""
    return path.suffix.lower() in DOCUMENT_SUFFIXES and not path.is_dir()


class DropSheet(QFrame):
    """Lies over the conversation while files are held over the window. Takes no mouse: the window gets the drop.

    Args:
        over: what it covers.
    """

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setObjectName("dropSheet")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._over = over
        self._temporary = self._readable = False
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._title = theme.named(QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True), "greeting")
        self._text = theme.named(QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True), "greetingText")
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 32, 32, 32)
        column.setSpacing(12)
        column.addStretch(1)
        for part in (self._picture, self._title, self._text):
            column.addWidget(part)
        column.addStretch(1)
        over.installEventFilter(self)
        self.hide()

    @property
    def words(self) -> str:
        """What it says."""
        return self._title.text()

    def show_for(self, paths: Sequence[Path], *, temporary: bool) -> None:
        """Say what letting go of these files would do."""
        self._temporary, self._readable = temporary, any(readable(path) for path in paths)
        self.retranslate()
        colors = theme.current()
        picture = theme.icon("document", colors.accent if self._readable and not temporary else colors.soft)
        self._picture.setPixmap(picture.pixmap(QSize(64, 64), self.devicePixelRatioF()))
        self._fit()
        self.show()
        self.raise_()

    def retranslate(self) -> None:
        """Set all words."""
        if self._temporary:
            self._title.setText(self.tr("A temporary chat learns nothing"))
            self._text.setText(self.tr("Drop it in another chat to have it read and learned."))
        elif self._readable:
            self._title.setText(self.tr("Drop to have it read and learned"))
            self._text.setText(self.tr("Text, Markdown or PDF. It stays on this computer."))
        else:
            self._title.setText(self.tr("This cannot be read"))
            self._text.setText(self.tr("Text, Markdown and PDF files can be."))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """As large as what it covers."""
        if watched is self._over and event.type() == QEvent.Type.Resize and self.isVisible():
            self._fit()
        return False

    def _fit(self) -> None:
        self.setGeometry(self._over.rect().adjusted(14, 14, -14, -14))
