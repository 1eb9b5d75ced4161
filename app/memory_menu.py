"""The memory's menu: reset (asks first), export to one file, import under a new name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDate, QDir, QObject, QStandardPaths
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app import language
from app.actions import action
from app.dialogs import NameDialog, confirm
from app.partner import Partner
from app.profiles import ProfileMenu

if TYPE_CHECKING:
    from app.journal import JournalDialog
    from app.knowledge import KnowledgeDialog
    from app.timeline import TimelineDialog

SUFFIX = ".techo"


class MemoryMenu(QObject):
    """Actions on the open profile's memory."""

    def __init__(self, partner: Partner, profiles: ProfileMenu, window: QWidget) -> None:
        super().__init__(window)
        self._partner = partner
        self._profiles = profiles
        self._window = window
        self._journal: JournalDialog | None = None
        self._knowledge: KnowledgeDialog | None = None
        self._timeline: TimelineDialog | None = None
        self.menu = QMenu(window)
        self.panel = action(self, None, "Ctrl+M", checkable=True)
        self.journal = action(self, self.show_journal, "Ctrl+J")
        self.knowledge = action(self, self.show_knowledge, "Ctrl+Shift+J")
        self.timeline = action(self, self.show_timeline, "Ctrl+Shift+T")
        self.export = action(self, self.ask_export)
        self.bring = action(self, self.ask_import)
        self.relearn = action(self, self.ask_relearn)
        self.reset = action(self, self.ask_reset)
        self.menu.addAction(self.panel)
        self.menu.addAction(self.knowledge)
        self.menu.addAction(self.journal)
        self.menu.addAction(self.timeline)
        self.menu.addSeparator()
        self.menu.addAction(self.export)
        self.menu.addAction(self.bring)
        self.menu.addSeparator()
        self.menu.addAction(self.relearn)
        self.menu.addAction(self.reset)
        self.retranslate()

    def retranslate(self) -> None:
        """Set all words."""
        self.menu.setTitle(self.tr("&Memory"))
        self.panel.setText(self.tr("&Show the memory panel"))
        self.journal.setText(self.tr("&What I have learned…"))
        self.knowledge.setText(self.tr("What do you &know about me?…"))
        self.timeline.setText(self.tr("The &life of the memory…"))
        self.export.setText(self.tr("&Export to a file…"))
        self.bring.setText(self.tr("&Import from a file…"))
        self.relearn.setText(self.tr("&Learn anew…"))
        self.reset.setText(self.tr("&Reset the memory…"))

    def set_available(self, available: bool) -> None:
        """Whether the engine takes requests."""
        has_profile = self._partner.profile is not None
        self.bring.setEnabled(available)
        self.journal.setEnabled(available and has_profile)
        self.knowledge.setEnabled(available and has_profile)
        self.timeline.setEnabled(available and has_profile)
        self.export.setEnabled(available and has_profile)
        self.relearn.setEnabled(available and has_profile)
        self.reset.setEnabled(available and has_profile)

    # ------------------------------------------------------------------------------------------ journal

    def show_journal(self) -> None:
        """Open the journal, or bring it to the front."""
        from app.journal import JournalDialog

        if self._journal is None:
            self._journal = JournalDialog(self._partner, self._window)
            self._journal.destroyed.connect(self._journal_closed)
            self._journal.show()
        self._journal.raise_()
        self._journal.activateWindow()

    def _journal_closed(self) -> None:
        self._journal = None

    def show_knowledge(self) -> None:
        """Have the memory say what it knows, or bring that to the front."""
        from app.knowledge import KnowledgeDialog

        if self._knowledge is None:
            self._knowledge = KnowledgeDialog(self._partner, self._window)
            self._knowledge.destroyed.connect(self._knowledge_closed)
            self._knowledge.show()
        self._knowledge.raise_()
        self._knowledge.activateWindow()

    def _knowledge_closed(self) -> None:
        self._knowledge = None

    def show_timeline(self) -> None:
        """Open the life of the memory, or bring it to the front."""
        from app.timeline import TimelineDialog

        if self._timeline is None:
            self._timeline = TimelineDialog(self._partner, self._window)
            self._timeline.destroyed.connect(self._timeline_closed)
            self._timeline.show()
        self._timeline.raise_()
        self._timeline.activateWindow()

    def _timeline_closed(self) -> None:
        self._timeline = None

    # ------------------------------------------------------------------------------------------ learn anew

    def ask_relearn(self) -> None:
        """What was learned with another model, or an older Techo, is learned again from the journal."""
        name = "" if self._partner.profile is None else self._partner.profile.name
        confirm(
            self._window,
            title=self.tr("Learn anew"),
            question=self.tr("Have “{name}” learn its whole journal anew?").format(name=name),
            consequence=self.tr(
                "After a change of model or of Techo's version the memory has to be learned again: every turn in the "
                "journal is read once more, ten to twenty a second. Nothing that you said is lost."
            ),
            yes=self.tr("Learn anew"),
            then=self._partner.relearn,
        )

    # ------------------------------------------------------------------------------------------ reset

    def ask_reset(self) -> None:
        """The engine names what would be lost, then the person decides."""
        self._partner.ask_to_reset(self._confirm_reset)

    def _confirm_reset(self, losses: str) -> None:
        name = "" if self._partner.profile is None else self._partner.profile.name
        if language.current() != "en":  # The engine speaks English.
            count = 0 if self._partner.stats is None else self._partner.stats.turns_learned
            losses = self.tr("%Ln learned turns will be forgotten. The conversations stay.", "", count)
        confirm(
            self._window,
            title=self.tr("Reset the memory"),
            question=self.tr("Reset what “{name}” has learned?").format(name=name),
            consequence=losses + "\n\n" + self.tr("This cannot be undone. Export the memory first to keep a copy."),
            yes=self.tr("Reset the memory"),
            then=self._partner.reset_memory,
        )

    # ------------------------------------------------------------------------------------------ export, import

    def ask_export(self) -> None:
        """Choose a file, and write it. The dialog asks before it replaces one."""
        profile = self._partner.profile
        if profile is None:
            return
        name = re.sub(r"[^\w.-]+", "-", profile.name).strip("-.") or "profile"
        day = QDate.currentDate().toString("yyyy-MM-dd")
        dialog = self._dialog(self.tr("Export the memory"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.selectFile(f"techo-{name}-{day}{SUFFIX}")
        dialog.fileSelected.connect(lambda path: self._partner.export(Path(path)))
        dialog.open()

    def ask_import(self) -> None:
        """Choose a file and a name. The engine checks all of it before anything is made."""
        dialog = self._dialog(self.tr("Import a memory"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptOpen)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self._ask_name(Path(path)))
        dialog.open()

    def _dialog(self, title: str) -> QFileDialog:
        places = QStandardPaths.standardLocations(QStandardPaths.StandardLocation.DocumentsLocation)
        folder = places[0] if places and QDir(places[0]).exists() else QDir.homePath()
        dialog = QFileDialog(self._window, title, folder)
        dialog.setNameFilters([self.tr("Techo memory (*{suffix})").format(suffix=SUFFIX), self.tr("All files (*)")])
        # Qt's own Japanese lacks these.
        dialog.setLabelText(QFileDialog.DialogLabel.LookIn, self.tr("Folder:"))
        dialog.setLabelText(QFileDialog.DialogLabel.FileType, self.tr("Kind of file:"))
        dialog.setDefaultSuffix(SUFFIX.removeprefix("."))
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def _ask_name(self, path: Path) -> None:
        wanted = re.sub(r"^techo-|-\d{4}-\d\d-\d\d$", "", path.stem)
        taken = {profile.name for profile in self._partner.profiles}
        NameDialog(
            self._window,
            title=self.tr("Import a memory"),
            label=self.tr("Name of the profile that “{file}” becomes").format(file=path.name),
            start=self._profiles.import_name(wanted),
            taken=taken,
            yes=self.tr("Import"),
            then=lambda name: self._partner.import_file(path, name),
        ).open()
