"""Has documents read and learned, one after the other, and says what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QDir, QObject, QStandardPaths
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import QFileDialog, QWidget

from app import errors
from app.actions import action
from app.chat.bubble import shortened
from app.documents.drops import DropSheet, dropped_documents, readable
from app.documents.progress import LONGEST_NAME, ReadingRow
from app.notices import NoticeArea
from app.partner import Partner
from engine.protocol import DOCUMENT_SUFFIXES, DocumentRead, ErrorBody, MemoryRead, Reading, Struct

MOST_NAMED: Final = 4
"""Files that a notice names one by one."""


class Documents(QObject):
    """Stands between the files a person brings and the engine.

    One file is on its way at a time, so that stopping means that one and those that wait here, and nothing that was
    said. While a reply is written, they wait for its end.
    """

    def __init__(self, partner: Partner, notices: NoticeArea, centre: QWidget, window: QWidget) -> None:
        super().__init__(window)
        self._partner = partner
        self._notices = notices
        self._window = window
        self._waiting: list[Path] = []
        self._current: Path | None = None
        self._asked_to_stop = False
        self._done: list[DocumentRead] = []
        self._failed: list[tuple[str, ErrorBody]] = []
        self.row = ReadingRow()
        self.sheet = DropSheet(centre)
        self.action = action(self, self.ask, QKeySequence.StandardKey.Open)
        self.row.cancelled.connect(self.cancel)
        partner.engine.said.connect(self._on_said)
        partner.leaving.connect(self.cancel)
        partner.exchange.running_changed.connect(lambda _: self._next())
        self.retranslate()

    @property
    def reading(self) -> bool:
        """Whether a file is on its way, or waits."""
        return self._current is not None or bool(self._waiting)

    def retranslate(self) -> None:
        """Set all words."""
        self.action.setText(self.tr("Read &documents…"))

    def set_available(self, available: bool) -> None:
        """Whether there is an engine with a profile to read them."""
        self.action.setEnabled(available)

    # ------------------------------------------------------------------------------------------ from the person

    def ask(self) -> None:
        """Choose files."""
        places = QStandardPaths.standardLocations(QStandardPaths.StandardLocation.DocumentsLocation)
        folder = places[0] if places and QDir(places[0]).exists() else QDir.homePath()
        dialog = QFileDialog(self._window, self.tr("Have documents read and learned"), folder)
        patterns = " ".join(f"*{suffix}" for suffix in DOCUMENT_SUFFIXES)
        dialog.setNameFilters(
            [self.tr("Text, Markdown, PDF ({patterns})").format(patterns=patterns), self.tr("All files (*)")]
        )
        # Qt's own Japanese lacks these.
        dialog.setLabelText(QFileDialog.DialogLabel.LookIn, self.tr("Folder:"))
        dialog.setLabelText(QFileDialog.DialogLabel.FileType, self.tr("Kind of file:"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda chosen: self.read([Path(path) for path in chosen]))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def drag_entered(self, event: QDragEnterEvent) -> None:
        """Files are held over the window: say what letting go of them would do."""
        if paths := dropped_documents(event.mimeData().urls()):
            event.acceptProposedAction()
            self.sheet.show_for(paths, temporary=self._partner.exchange.current.temporary)

    def drag_left(self) -> None:
        """They are gone again, or were let go of."""
        self.sheet.hide()

    def drop(self, event: QDropEvent) -> None:
        """They were let go of."""
        self.drag_left()
        if paths := dropped_documents(event.mimeData().urls()):
            event.acceptProposedAction()
            self.read(paths)

    def read(self, paths: Sequence[Path]) -> None:
        """Have these files read, after those that wait. Kindly refuses what is no document."""
        if self._partner.exchange.current.temporary:
            self._notices.say(
                lambda: self.tr("A temporary chat learns nothing, so nothing was read."),
                lambda: self.tr("Begin or choose another chat, and drop the file there."),
            )
            return
        if self._partner.profile is None:
            self._notices.say(lambda: self.tr("There is no profile yet that could learn it."), error=True)
            return
        refused = [path.name or str(path) for path in paths if not readable(path)]
        if refused:
            self._refuse(refused)
        there = [path for path in (self._current, *self._waiting) if path is not None]
        self._waiting += [path for path in dict.fromkeys(paths) if readable(path) and path not in there]
        self.row.set_waiting(len(self._waiting))
        self._next()

    def cancel(self) -> None:
        """Stop. What was learned stays, and is said."""
        self._waiting.clear()
        self.row.set_waiting(0)
        if self._current is not None and not self._asked_to_stop:
            self._asked_to_stop = True
            self.row.stop()
            self._partner.engine.cancel_turn()

    # ------------------------------------------------------------------------------------------ one by one

    def _next(self) -> None:
        if self._current is not None or not self._waiting or self._partner.exchange.running:
            return
        path = self._current = self._waiting.pop(0)
        self._asked_to_stop = False
        self.row.begin(path.name, len(self._waiting))
        params = MemoryRead(path=str(path.absolute()))
        self._partner.engine.request("memory.read", params, DocumentRead, self._on_read, self._on_refused)

    def _on_said(self, params: Struct) -> None:
        if isinstance(params, Reading) and self._current is not None:
            self.row.set_reading(params)

    def _on_read(self, done: DocumentRead) -> None:
        self._done.append(done)
        exchange = self._partner.exchange
        if done.conversation is not None:
            if exchange.current.conversation == done.conversation:
                exchange.reload()
            else:
                exchange.drop(done.conversation)  # it is read anew when it is shown
        self._came_to_end()

    def _on_refused(self, error: ErrorBody) -> None:
        assert self._current is not None
        self._failed.append((self._current.name, error))
        if error.code == errors.ENGINE_GONE:
            self._waiting.clear()
        self._came_to_end()

    def _came_to_end(self) -> None:
        self._current = None
        if self._waiting:
            self._next()
            return
        self.row.hide()
        done, failed = self._done, self._failed
        self._done, self._failed = [], []
        if failed:
            self._say_failed(failed)
        if done:
            self._say_done(done)
        self._partner.refresh()
        self._partner.documents_read.emit()

    # ------------------------------------------------------------------------------------------ words

    def _refuse(self, names: Sequence[str]) -> None:
        def words() -> str:
            if len(names) == 1:
                return self.tr("“{name}” cannot be read.").format(name=shortened(names[0], LONGEST_NAME))
            return self.tr("%Ln of these cannot be read.", "", len(names))

        self._notices.say(
            words,
            lambda: self.tr("Text (.txt), Markdown (.md) and PDF files can be. Of a folder, drop the files in it."),
        )

    def _say_done(self, done: Sequence[DocumentRead]) -> None:
        bar = self._notices.say(lambda: self._outcome(done), lambda: self._details(done))
        if len(done) == 1 and (conversation := done[0].conversation) is not None:
            bar.add_action(lambda: self.tr("Show it"), lambda: self._partner.exchange.show_conversation(conversation))

    def _outcome(self, done: Sequence[DocumentRead]) -> str:
        learned = sum(one.learned for one in done)
        if len(done) > 1:
            read = self.tr("Read %Ln documents", "", sum(not one.cancelled for one in done))
            return self.tr("{read}: {learned}").format(read=read, learned=self._learned(learned))
        one = done[0]
        name = shortened(one.name, LONGEST_NAME)
        if one.cancelled:
            return self.tr("Stopped reading “{name}”: {learned}").format(name=name, learned=self._learned(learned))
        if one.known == one.passages:
            return self.tr("“{name}” is known already, word for word.").format(name=name)
        return self.tr("Read “{name}”: {learned}").format(name=name, learned=self._learned(learned))

    def _learned(self, count: int) -> str:
        return self.tr("%Ln passages learned.", "", count)

    def _details(self, done: Sequence[DocumentRead]) -> str:
        lines = []
        if len(done) > 1:
            lines = [f"{shortened(one.name, LONGEST_NAME)}: {self._learned(one.learned)}" for one in done[:MOST_NAMED]]
            if len(done) > MOST_NAMED:
                lines.append(self.tr("and %Ln more", "", len(done) - MOST_NAMED))
        known, idle = sum(one.known for one in done), sum(one.idle for one in done)
        unreadable = sum(one.unreadable for one in done)
        if known and any(one.known != one.passages for one in done):
            lines.append(self.tr("%Ln passages were known already.", "", known))
        if idle:
            lines.append(self.tr("%Ln passages held nothing to learn.", "", idle))
        if unreadable:
            lines.append(self.tr("%Ln pages could not be read.", "", unreadable))
        if any(one.cancelled for one in done):
            lines.append(self.tr("What was learned stays. Drop the file again to go on."))
        return "\n".join(lines)

    def _say_failed(self, failed: Sequence[tuple[str, ErrorBody]]) -> None:
        def words() -> str:
            if len(failed) == 1:
                return self.tr("“{name}” was not read. {reason}").format(
                    name=shortened(failed[0][0], LONGEST_NAME), reason=errors.message(failed[0][1])
                )
            return self.tr("%Ln documents were not read.", "", len(failed))

        def more() -> str:
            if len(failed) == 1:
                return errors.hint(failed[0][1])
            lines = [f"{shortened(name, LONGEST_NAME)}: {errors.message(error)}" for name, error in failed[:MOST_NAMED]]
            if len(failed) > MOST_NAMED:
                lines.append(self.tr("and %Ln more", "", len(failed) - MOST_NAMED))
            return "\n".join(lines)

        self._notices.say(words, more, error=True)
