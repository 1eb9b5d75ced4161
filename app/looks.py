"""How a profile looks: its colour, and a picture that is chosen, or dropped on the dialog."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QDir, QSize, QStandardPaths, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QIcon
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import avatars, theme
from app.language import translate
from engine.protocol import ProfileInfo

PREVIEW: Final = 88
SWATCH: Final = 26


class LookDialog(QDialog):
    """Shows what the profile will look like while one chooses; nothing is changed before Save.

    Args:
        parent: the window.
        profile: as it looks now.
        then: gets the colour and the picture (a PNG; empty: none).
    """

    def __init__(self, parent: QWidget, profile: ProfileInfo, then: Callable[[str, bytes], None]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        self.setMinimumWidth(400)
        self.setWindowTitle(self.tr("Colour and picture"))
        self._profile = profile
        self._then = then
        self.colour = profile.colour
        self.picture = profile.picture
        self.preview = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.preview.setFixedSize(PREVIEW, PREVIEW)
        title = theme.named(QLabel(profile.name, wordWrap=True, textFormat=Qt.TextFormat.PlainText), "panelTitle")
        self.choose = QPushButton(self.tr("Choose a picture…"))
        self.choose.setAutoDefault(False)
        self.choose.clicked.connect(self._ask_picture)
        self.remove = QPushButton(self.tr("Without a picture"))
        self.remove.setAutoDefault(False)
        self.remove.clicked.connect(self._take_away)
        self.note = theme.named(QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText), "stateNote")
        # Not in a QButtonGroup, which lets Tab stop at one of them only.
        self.colours: list[QToolButton] = []
        swatches = self._swatches()
        buttons = QDialogButtonBox()
        save = buttons.addButton(self.tr("Save"), QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = buttons.addButton(translate("Dialogs", "Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        save.setDefault(True)
        for button in (self.choose, self.remove, save, cancel):
            button.setAccessibleName(button.text())
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)

        beside = QVBoxLayout()
        beside.setSpacing(8)
        beside.addWidget(title)
        pictures = QHBoxLayout()
        pictures.addWidget(self.choose)
        pictures.addWidget(self.remove)
        pictures.addStretch()
        beside.addLayout(pictures)
        above = QHBoxLayout()
        above.setSpacing(18)
        above.addWidget(self.preview, 0, Qt.AlignmentFlag.AlignTop)
        above.addLayout(beside, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(14)
        column.addLayout(above)
        column.addLayout(swatches)
        column.addWidget(self.note)
        column.addWidget(buttons)
        self._show()

    def _swatches(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        offered = [(colour, translate("Avatars", name)) for colour, name in avatars.SWATCHES]
        if self.colour and self.colour not in [colour for colour, _ in offered]:
            offered.append((self.colour, self.colour))  # One of their own, from the command line.
        for colour, name in offered:
            button = theme.named(QToolButton(), "swatch")
            button.setCheckable(True)
            button.setChecked(colour == self.colour)
            button.setIcon(QIcon(avatars.disc("", colour, b"", SWATCH, self.devicePixelRatioF())))
            button.setIconSize(QSize(SWATCH, SWATCH))
            button.setFixedSize(SWATCH + 10, SWATCH + 10)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setToolTip(name)
            button.setAccessibleName(name)
            button.setProperty("colour", colour)
            button.clicked.connect(lambda _=False, button=button: self._on_colour(button))
            self.colours.append(button)
            row.addWidget(button)
        row.addStretch()
        return row

    def _on_colour(self, button: QToolButton) -> None:
        self.colour = str(button.property("colour"))
        for other in self.colours:
            other.setChecked(other is button)
        self._show()

    def _show(self, note: str = "") -> None:
        ratio = self.devicePixelRatioF()
        self.preview.setPixmap(avatars.disc(self._profile.name, self.colour, self.picture, PREVIEW, ratio))
        self.remove.setEnabled(bool(self.picture))
        self.note.setText(note or self.tr("Only a small copy of the picture is kept, in the profile itself."))

    # ------------------------------------------------------------------------------------------ the picture

    def _ask_picture(self) -> None:
        places = QStandardPaths.standardLocations(QStandardPaths.StandardLocation.PicturesLocation)
        folder = places[0] if places and QDir(places[0]).exists() else QDir.homePath()
        dialog = QFileDialog(self, self.tr("Choose a picture"), folder)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        pictures = self.tr("Pictures ({kinds})").format(kinds="*.png *.jpg *.jpeg *.gif *.bmp *.webp")
        dialog.setNameFilters([pictures, self.tr("All files (*)")])
        # Qt's own Japanese lacks these.
        dialog.setLabelText(QFileDialog.DialogLabel.LookIn, self.tr("Folder:"))
        dialog.setLabelText(QFileDialog.DialogLabel.FileType, self.tr("Kind of file:"))
        dialog.fileSelected.connect(lambda path: self.take(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def take(self, path: Path) -> None:
        """Show what this file makes of the profile; one that is no picture changes nothing."""
        try:
            self.picture = avatars.read_picture(path)
        except avatars.PictureRefused as refused:
            self._show(str(refused))
        else:
            self._show()

    def _take_away(self) -> None:
        self.picture = b""
        self._show()
        self.choose.setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A file may be dropped."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """As if it had been chosen."""
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.take(files[0])

    def accept(self) -> None:
        """Enter or the button."""
        super().accept()
        self._then(self.colour, self.picture)
