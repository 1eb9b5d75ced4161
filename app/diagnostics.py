"""The diagnostics report in the window: shown first, then copied or saved by the person, sent nowhere.

The command line makes it (`techo diagnostics`, in a process of its own); the window adds what only it knows: its
platform, its screens, and the codes of the errors that it showed. Neither reads anything that a person wrote.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
import psutil
from PySide6.QtCore import QDateTime, QDir, QEvent, QLocale, QSaveFile, QStandardPaths, Qt, qVersion
from PySide6.QtGui import QFontDatabase, QGuiApplication, QTextOption
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app import errors, language, theme
from app.incidents import Incidents
from app.models.command import Command
from app.partner import Partner
from engine.protocol import ErrorBody

SIZE: Final = (720, 560)
"""Pixels."""


class _Made(msgspec.Struct):
    """What the command says; the facts one by one are for scripts."""

    text: str


def window_part(partner: Partner, incidents: Incidents) -> str:
    """What the window knows of itself, in the manner of the command's report."""
    screens = [
        f"{screen.size().width()}x{screen.size().height()} at {screen.devicePixelRatio():g}"
        for screen in QGuiApplication.screens()
    ]
    rows: list[tuple[str, str]] = [
        ("Qt", qVersion()),
        ("platform", QGuiApplication.platformName()),
        ("screens", ", ".join(screens)),
        ("language", f"{language.current()} ({QLocale.system().name()})"),
        ("theme", theme.current().name),
        ("text size", f"{theme.percent()} %"),
        ("resident memory", str(psutil.Process().memory_info().rss)),
        ("engine", partner.engine.condition.value),
    ]
    about = partner.about
    if about is not None:
        rows += [
            ("engine version", about.engine),
            (
                "talking model",
                f"{about.backbone.digest}, {about.backbone.layers} layers, window {about.backbone.window}",
            ),
            ("remembering model", "the same" if about.hippocampus is None else about.hippocampus.digest),
        ]
    lines = ["window", *(f"  {name.ljust(20)} {value}" for name, value in rows)]
    met = [f"  {str(number).ljust(20)} {line}" for number, line in enumerate(incidents.lines(), 1)]
    return "\n".join([*lines, "", "errors that the window met", *(met or ["  none"])])


class DiagnosticsDialog(QDialog):
    """The report as it will be saved, to be read before.

    Args:
        partner: whose engine the report is about.
        incidents: what went wrong so far.
        data_dir: as the engine's.
        parent: the window.
    """

    def __init__(self, partner: Partner, incidents: Incidents, data_dir: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._partner = partner
        self._incidents = incidents
        self._caption = QLabel(wordWrap=True)
        self.text = QPlainTextEdit(readOnly=True)
        self.text.setObjectName("report")
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        self.text.setTabChangesFocus(True)
        self.note = theme.named(QLabel(wordWrap=True), "stateNote")
        buttons = QDialogButtonBox()
        self.save_button = buttons.addButton("", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button = buttons.addButton("", QDialogButtonBox.ButtonRole.ActionRole)
        self.close_button = buttons.addButton("", QDialogButtonBox.ButtonRole.RejectRole)
        self.save_button.clicked.connect(self.ask_where)
        self.copy_button.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        self.close_button.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(12)
        for part in (self._caption, self.text, self.note, buttons):
            column.addWidget(part)
        self.resize(*SIZE)
        self._set_ready(False)
        self.retranslate()
        self.note.setText(self.tr("Looking…"))
        # The window's child, not this dialog's: closing the dialog does not have to wait for the end of a process.
        command = Command(data_dir, ["diagnostics"], parent)
        command.done.connect(self._on_made)
        command.failed.connect(self._on_failed)

    def retranslate(self) -> None:
        """Set all words; the report itself is for whoever helps, and English."""
        self.setWindowTitle(self.tr("Diagnostics report"))
        self._caption.setText(
            self.tr(
                "For whoever helps you: versions, this computer, sizes, codes of errors. Nothing that you said or that "
                "was learned is in it, no name, no title. It goes nowhere by itself."
            )
        )
        self.text.setAccessibleName(self.tr("The report"))
        words = (self.tr("&Save…"), self.tr("&Copy"), self.tr("Close"))
        for button, text in zip((self.save_button, self.copy_button, self.close_button), words, strict=True):
            button.setText(text)
            button.setAccessibleName(text.replace("&", "").removesuffix("…"))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _set_ready(self, ready: bool) -> None:
        self.save_button.setEnabled(ready)
        self.copy_button.setEnabled(ready)

    def _on_made(self, answer: bytes) -> None:
        try:
            text = msgspec.json.decode(answer, type=_Made).text
        except msgspec.MsgspecError:
            self._on_failed(ErrorBody(code=errors.INTERNAL, message="The report was not understood."))
            return
        self._show(text)
        self.note.setText("")

    def _on_failed(self, error: ErrorBody) -> None:
        """What the window knows is there all the same."""
        self._show(f"the command's part is missing: {error.code}")
        self.note.setText(f"{errors.message(error)}\n{errors.hint(error)}".strip())

    def _show(self, text: str) -> None:
        self.text.setPlainText(f"{text}\n\n{window_part(self._partner, self._incidents)}\n")
        self._set_ready(True)

    def _copy(self) -> None:
        QApplication.clipboard().setText(self.text.toPlainText())
        self.note.setText(self.tr("Copied"))

    def ask_where(self) -> None:
        """Choose a file. The file dialog asks before it replaces one."""
        places = QStandardPaths.standardLocations(QStandardPaths.StandardLocation.DocumentsLocation)
        folder = places[0] if places and QDir(places[0]).exists() else QDir.homePath()
        dialog = QFileDialog(self, self.tr("Save the report"), folder)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setNameFilters([self.tr("Text (*.txt)"), self.tr("All files (*)")])
        dialog.setDefaultSuffix("txt")
        dialog.setLabelText(QFileDialog.DialogLabel.LookIn, self.tr("Folder:"))
        dialog.setLabelText(QFileDialog.DialogLabel.FileType, self.tr("Kind of file:"))
        dialog.selectFile(f"techo-diagnostics-{QDateTime.currentDateTime().toString('yyyy-MM-dd')}.txt")
        dialog.fileSelected.connect(self.save)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save(self, path: str) -> None:
        """Write what is shown, whole or not at all."""
        file = QSaveFile(path)
        data = self.text.toPlainText().encode()
        if file.open(QSaveFile.OpenModeFlag.WriteOnly) and file.write(data) == len(data) and file.commit():
            self.note.setText(self.tr("Saved as {path}.").format(path=path))
        else:
            reason = file.errorString()
            self.note.setText(self.tr("It could not be saved as {path}: {reason}").format(path=path, reason=reason))
