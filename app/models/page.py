"""The page: the list at the left, what is known of the chosen model at the right, the running download below."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QDir, QEvent, QLocale, QSize, QStandardPaths, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import errors, figures, theme
from app.dialogs import confirm
from app.models import wording
from app.models.choice import SHIPPED, Models, Order
from app.models.drops import accept_models
from app.models.facts import CatalogueEntry, Planned, Progress
from app.models.rows import ModelList, Row, sections
from engine.protocol import ErrorBody

STEPS = 1000
"""Of the progress bar."""


def _words(name: str = "") -> QLabel:
    label = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return theme.named(label, name) if name else label


class Details(QScrollArea):
    """What is known of one model, and what can be done with it."""

    def __init__(self, models: Models, page: ModelsPage) -> None:
        super().__init__()
        self._models = models
        self._page = page
        self._row: Row | None = None
        theme.named(self, "sheetScroll")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = theme.named(QWidget(), "sheet")
        self.title = _words("panelTitle")
        self.badge = theme.named(QLabel(), "badge")
        self.note = _words("stateNote")
        self.quantization = QComboBox()
        self.quantization_label = QLabel()
        self.quantization_label.setBuddy(self.quantization)
        self.facts = QGridLayout()
        self.facts.setHorizontalSpacing(18)
        self.facts.setVerticalSpacing(5)
        self.facts.setColumnStretch(1, 1)
        self.why = _words()
        self.memory = _words("memoryNote")
        self.refusal = _words("refusal")
        self.use = QPushButton()
        self.remove = QPushButton()
        self.get_title = theme.named(QLabel(), "caption")
        self.source = _words()
        self.copy = QPushButton()
        self.copy.setProperty("link", True)
        self.address = QLineEdit()
        self.checksum = QLineEdit()
        self.room = _words("stateNote")
        self.get = QPushButton()
        for button in (self.use, self.remove, self.copy, self.get):
            button.setAutoDefault(False)

        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(self.title, 1)
        top.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        choosing = QHBoxLayout()
        choosing.setSpacing(10)
        choosing.addWidget(self.quantization_label)
        choosing.addWidget(self.quantization, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.use)
        buttons.addWidget(self.remove)
        buttons.addStretch()
        published = QHBoxLayout()
        published.addWidget(self.source, 1)
        published.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)
        self._getting = QWidget()
        get = QVBoxLayout(self._getting)
        get.setContentsMargins(0, 8, 0, 0)
        get.setSpacing(8)
        get.addWidget(self.get_title)
        get.addLayout(published)
        get.addWidget(self.address)
        get.addWidget(self.checksum)
        get.addWidget(self.room)
        get.addWidget(self.get, 0, Qt.AlignmentFlag.AlignLeft)
        column = QVBoxLayout(inside)
        column.setContentsMargins(4, 0, 14, 0)
        column.setSpacing(11)
        column.addLayout(top)
        column.addWidget(self.note)
        column.addLayout(choosing)
        column.addLayout(self.facts)
        for part in (self.why, self.refusal, self.memory):
            column.addWidget(part)
        column.addLayout(buttons)
        column.addWidget(self._getting)
        column.addStretch()
        self.setWidget(inside)

        self.quantization.currentIndexChanged.connect(lambda _: self._show_plan())
        self.use.clicked.connect(self._use)
        self.remove.clicked.connect(self._ask_to_remove)
        self.copy.clicked.connect(self._copy)
        self.get.clicked.connect(self._get)
        self.address.textChanged.connect(lambda _: self._show_room())
        self.address.returnPressed.connect(self._get)
        self.checksum.textChanged.connect(lambda _: self._show_room())
        models.downloading.connect(self._show_room)  # no lambda: it would outlive this widget

    # ------------------------------------------------------------------------------------------ what is shown

    def show_row(self, row: Row | None) -> None:
        """This one."""
        before, self._row = self._row, row
        if row is None:
            return
        if before is None or before.key != row.key:
            unfinished = row.unfinished
            self.address.setText("" if unfinished is None else unfinished.order.url)
            self.checksum.setText("" if unfinished is None else unfinished.order.sha256)
            self.ensureVisible(0, 0)
        entry = row.entry
        self.title.setText(row.name)
        words = [row.setup]
        if entry is not None:
            words += [entry.name if row.here else "", wording.note(entry)]
        self.note.setText("\n".join(word for word in words if word))
        self.note.setVisible(bool(self.note.text()))
        self._show_quantizations(row)
        used = row.here and self._models.chosen == row.path
        checked = None if row.path is None else self._models.checked(row.path)
        refused = None if checked is None else checked.error
        self.refusal.setVisible(refused is not None)
        if refused is not None:
            hint = errors.hint(refused)
            self.refusal.setText(f"{errors.message(refused)}\n{hint}".strip())
        self.use.setVisible(row.here)
        self.use.setEnabled(not used and refused is None and (checked is None or checked.facts is not None))
        self.use.setText(self.tr("In use") if used else self.tr("Use this model"))
        self.use.setAccessibleName(self.use.text())
        self.remove.setVisible(row.path is not None and row.path.parent != SHIPPED)
        inside = row.path is not None and row.path.parent == self._models.folder
        self.remove.setText(self.tr("Delete the file…") if inside else self.tr("Take off the list"))
        self.remove.setAccessibleName(self.remove.text())
        self._getting.setVisible(not row.here)
        self._show_plan()

    def _show_quantizations(self, row: Row) -> None:
        before = self.quantization.currentData()
        self.quantization.blockSignals(True)
        self.quantization.clear()
        for one in row.plans:
            word, _ = wording.fit(one)
            self.quantization.addItem(f"{one.quantization} · {figures.size(one.file_bytes)} · {word}", one.quantization)
        self.quantization.setCurrentIndex(max(0, self.quantization.findData(before)))
        self.quantization.blockSignals(False)
        several = len(row.plans) > 1 and not row.here
        self.quantization.setVisible(several)
        self.quantization_label.setVisible(several)

    @property
    def plan(self) -> Planned | None:
        """Of the chosen quantization."""
        row, at = self._row, max(0, self.quantization.currentIndex())
        return None if row is None or at >= len(row.plans) else row.plans[at]

    def _show_plan(self) -> None:
        row, plan = self._row, self.plan
        if row is None:
            return
        word, tone = ("", "") if plan is None else wording.fit(plan)
        if row.entry is not None and not row.entry.runs_here:
            word, tone = self.tr("Not for llama.cpp"), "soft"
        self.badge.setText(word)
        self.badge.setVisible(bool(word))
        self.badge.setProperty("tone", tone)
        self.badge.style().polish(self.badge)
        self._fill(self._rows(row, plan))
        self.why.setText("" if plan is None else " ".join(wording.why(plan)))
        self.why.setVisible(bool(self.why.text()))
        self.memory.setText(self._memory(row))
        self.memory.setVisible(bool(self.memory.text()))
        if row.entry is not None and not row.here:
            self._show_source(row.entry)
        self.source.setVisible(row.entry is not None)
        self.copy.setVisible(row.entry is not None)
        self._show_room()

    def _rows(self, row: Row, plan: Planned | None) -> list[tuple[str, str]]:
        """Names and values; what is not known is left out."""
        facts = None if row.path is None else self._models.checked(row.path).facts
        entry = row.entry
        found = []
        if facts is not None:
            found = [
                (self.tr("Architecture"), facts.architecture),
                (self.tr("Weights"), wording.parameters(facts.parameters)),
                (self.tr("Quantization"), self._bits(facts.quantization, facts.bits)),
                (self.tr("Size"), figures.size(facts.file_bytes)),
                (self.tr("Trained for"), wording.context(facts.context)),
                (self.tr("Licence"), facts.licence or self.tr("not said")),
            ]
        elif entry is not None:
            found = [
                (self.tr("Architecture"), entry.architecture),
                (self.tr("Weights"), wording.parameters(entry.parameters)),
                (self.tr("Trained for"), wording.context(entry.context)),
                (self.tr("Licence"), entry.licence),
                (self.tr("Languages"), self.tr(", ").join(map(wording.language_name, entry.languages))),
            ]
            if plan is not None:
                found[2:2] = [
                    (self.tr("Quantization"), self._bits(plan.quantization, plan.bits)),
                    (self.tr("Size"), figures.size(plan.file_bytes)),
                ]
        about = self._models.about
        if row.here and self._models.chosen == row.path and about is not None:
            window = QLocale().toString(about.backbone.window)
            found.append((self.tr("Reads at once"), self.tr("{count} tokens").format(count=window)))
        if row.here and (speed := self._models.speed(row.path)) > 0:
            text = self.tr("{count} tokens a second, measured").format(count=figures.number(speed, 1))
            found.append((self.tr("Speed"), text))
        if row.path is not None:
            found.append((self.tr("File"), str(row.path)))
        return found

    def _bits(self, quantization: str, bits: float) -> str:
        text = self.tr("{name}, {bits} bits a weight")
        return text.format(name=quantization, bits=figures.number(bits, 2))

    def _fill(self, rows: list[tuple[str, str]]) -> None:
        while (item := self.facts.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        for line, (name, value) in enumerate(rows):
            label = theme.named(QLabel(name), "figureNote")
            self.facts.addWidget(label, line, 0, Qt.AlignmentFlag.AlignTop)
            said = _words()
            said.setText(value)
            said.setAccessibleName(f"{name}: {value}")
            self.facts.addWidget(said, line, 1)

    def _memory(self, row: Row) -> str:
        if row.here and row.path is None:
            return self.tr("Memory: this model reads and writes it itself, word by word.")
        if row.path is not None and self._models.checked(row.path).error is not None:
            return ""
        if row.path is not None and row.path.parent == SHIPPED:
            return self.tr(
                "Memory: this model reads and writes it itself, in its own way. What was learned with another model it "
                "has to learn anew first (Memory menu)."
            )
        about = self._models.about
        if row.path is not None and self._models.chosen == row.path and about is not None and not about.hippocampus:
            return self.tr("Memory: this model reads and writes it itself, word by word.")
        return self.tr(
            "Memory: by recollection. Techo's own small model reads along, learns what you say, and tells this one "
            "what it remembers. What was learned stays when you change the model."
        )

    # ------------------------------------------------------------------------------------------ using, removing

    def _use(self) -> None:
        if self._row is not None:
            self._models.use(self._row.path)

    def _ask_to_remove(self) -> None:
        path = None if self._row is None else self._row.path
        if path is None:
            return
        if path.parent != self._models.folder:
            self._models.remove(path)
            return
        confirm(
            self._page,
            title=self.tr("Delete the file"),
            question=self.tr("Delete “{name}”?").format(name=path.name),
            consequence=self.tr("The file is deleted from this computer. What was learned stays."),
            yes=self.tr("Delete"),
            then=lambda: self._models.remove(path),
        )

    # ------------------------------------------------------------------------------------------ getting

    def _show_source(self, entry: CatalogueEntry) -> None:
        if entry.files_repository:
            text = self.tr("GGUF files of it are published as {name}.").format(name=entry.files_repository)
        else:
            text = self.tr("The model is published as {name}.").format(name=entry.repository)
        self.source.setText(text)

    def _copy(self) -> None:
        entry = None if self._row is None else self._row.entry
        if entry is not None:
            QGuiApplication.clipboard().setText(entry.files_repository or entry.repository)

    def _order(self) -> Order | None:
        """What the fields ask for."""
        url, row = self.address.text().strip(), self._row
        if row is None or not url.lower().startswith(("http://", "https://")):
            return None
        sha256, size = self.checksum.text().strip(), None
        name = Order(url).name
        for known in [] if row.entry is None else row.entry.files:
            if known.name == name:
                sha256, size = sha256 or known.sha256 or "", known.size
        return Order(url, sha256, size)

    def _show_room(self, _progress: Progress | None = None) -> None:
        plans = self._models.plans
        free = None if plans is None else plans.machine.disk_free
        wanted = None if self.plan is None else self.plan.file_bytes
        text = ""
        if free is not None:
            text = self.tr("{free} free on the disk.").format(free=figures.size(free))
            if wanted is not None and wanted > free:
                text = self.tr("Not enough room: it takes {wanted}, and {free} are free on the disk.").format(
                    wanted=figures.size(wanted), free=figures.size(free)
                )
            elif wanted is not None:
                text = self.tr("It takes {wanted}; {free} are free on the disk.").format(
                    wanted=figures.size(wanted), free=figures.size(free)
                )
        self.room.setText(text)
        going_on = self._row is not None and self._row.unfinished is not None
        self.get.setText(self.tr("Go on downloading") if going_on else self.tr("Download"))
        self.get.setAccessibleName(self.get.text())
        self.get.setEnabled(self._order() is not None and not self._models.busy)

    def _get(self) -> None:
        order = self._order()
        if order is not None and not self._models.busy:
            self._models.download(order)

    def retranslate(self) -> None:
        """Set the words that are always the same."""
        self.quantization_label.setText(self.tr("&Quantization"))
        self.quantization.setAccessibleName(self.tr("Quantization"))
        self.quantization.view().setAccessibleName(self.tr("Quantization"))
        self.get_title.setText(self.tr("Download"))
        self.copy.setText(self.tr("Copy the name"))
        self.copy.setAccessibleName(self.copy.text())
        self.address.setPlaceholderText(self.tr("Address of the GGUF file (https://…)"))
        self.address.setAccessibleName(self.tr("Address of the GGUF file"))
        self.checksum.setPlaceholderText(self.tr("SHA-256 of the file, if you have it"))
        self.checksum.setAccessibleName(self.tr("SHA-256 of the file"))
        for edit in (self.address, self.checksum):
            edit.setMinimumHeight(edit.sizeHint().height())
        self.show_row(self._row)


class ModelsPage(QDialog):
    """Choose, add, download. Stays open beside the conversation."""

    def __init__(self, models: Models, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("modelsPage")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        self.resize(QSize(860, 640))
        self._models = models
        self._failure: ErrorBody | None = None
        self.list = ModelList()
        self.details = Details(models, self)
        self.machine = _words("stateNote")
        self.add = QPushButton()
        self.hint = _words("stateNote")
        self.strip = theme.named(QFrame(), "card")
        self.strip_text = _words()
        self.bar = QProgressBar(textVisible=False)
        self.bar.setRange(0, STEPS)
        self.cancel = QPushButton()
        self.again = QPushButton()
        self.close_button = QPushButton()
        for button in (self.add, self.cancel, self.again, self.close_button):
            button.setAutoDefault(False)

        left = QVBoxLayout()
        left.setSpacing(10)
        left.addWidget(self.list, 1)
        left.addWidget(self.add)
        left.addWidget(self.hint)
        middle = QHBoxLayout()
        middle.setSpacing(18)
        middle.addLayout(left, 4)
        middle.addWidget(self.details, 6)
        strip = QHBoxLayout(self.strip)
        strip.setContentsMargins(12, 8, 12, 8)
        strip.setSpacing(12)
        words = QVBoxLayout()
        words.setSpacing(6)
        words.addWidget(self.strip_text)
        words.addWidget(self.bar)
        strip.addLayout(words, 1)
        strip.addWidget(self.cancel)
        strip.addWidget(self.again)
        below = QHBoxLayout()
        below.addWidget(self.machine, 1)
        below.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(12)
        column.addLayout(middle, 1)
        column.addWidget(self.strip)
        column.addLayout(below)

        self.list.currentItemChanged.connect(lambda *_: self.details.show_row(self.list.row_chosen))
        self.list.itemActivated.connect(lambda _: self._use_chosen())
        self.add.clicked.connect(self.ask_for_file)
        self.cancel.clicked.connect(models.cancel_download)
        self.again.clicked.connect(self._try_again)
        self.close_button.clicked.connect(self.reject)
        models.changed.connect(self.refresh)
        models.downloading.connect(self._on_downloading)
        models.downloaded.connect(self.show_file)
        models.download_failed.connect(self._on_failed)
        theme.changes().changed.connect(self.refresh)
        self.retranslate()
        models.load()

    def refresh(self) -> None:
        """Show what is known now."""
        self.list.show_sections(sections(self._models))
        self.details.show_row(self.list.row_chosen)
        self._show_machine()

    def show_file(self, path: Path) -> None:
        """Choose this file in the list."""
        self.refresh()
        self.list.choose(str(path))
        self.list.setFocus()

    def _use_chosen(self) -> None:
        if self.details.use.isVisible() and self.details.use.isEnabled():
            self.details.use.click()

    def _show_machine(self) -> None:
        plans = self._models.plans
        if plans is None:
            self.machine.setText(self.tr("Looking at this computer…"))
            return
        machine, parts = plans.machine, []
        if machine.ram is not None:
            parts.append(self.tr("{size} of RAM").format(size=figures.size(machine.ram)))
        if machine.ram_available is not None:
            parts.append(self.tr("{size} of it free").format(size=figures.size(machine.ram_available)))
        parts += [f"{card.name} ({figures.size(card.memory)})" for card in machine.gpus]
        if not machine.gpus:
            parts.append(self.tr("no graphics card to use"))
        if machine.cores is not None:
            parts.append(self.tr("%Ln processor cores", "", machine.cores))
        self.machine.setText(self.tr("This computer: {parts}").format(parts=self.tr(", ").join(parts)))

    # ------------------------------------------------------------------------------------------ files

    def ask_for_file(self) -> None:
        """Choose a GGUF file; it stays where it is."""
        places = QStandardPaths.standardLocations(QStandardPaths.StandardLocation.DownloadLocation)
        folder = places[0] if places and QDir(places[0]).exists() else QDir.homePath()
        dialog = QFileDialog(self, self.tr("Add a model file"), folder)
        dialog.setNameFilters([self.tr("Model files (*.gguf)"), self.tr("All files (*)")])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        # Qt's own Japanese lacks these.
        dialog.setLabelText(QFileDialog.DialogLabel.LookIn, self.tr("Folder:"))
        dialog.setLabelText(QFileDialog.DialogLabel.FileType, self.tr("Kind of file:"))
        dialog.filesSelected.connect(lambda paths: self.take([Path(path) for path in paths]))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def take(self, paths: list[Path]) -> None:
        """Look at these files, and show the last one."""
        for path in paths:
            self._models.add(path)
        if paths:
            self.show_file(paths[-1].absolute())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Model files may be dropped here."""
        accept_models(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Take them."""
        if paths := accept_models(event):
            self.take(paths)

    # ------------------------------------------------------------------------------------------ downloads

    def _on_downloading(self, progress: Progress | None) -> None:
        if self._models.busy:
            self._failure = None
        self._show_strip(progress)

    def _on_failed(self, error: ErrorBody) -> None:
        self._failure = error
        self._show_strip(None)

    def _show_strip(self, progress: Progress | None) -> None:
        busy, failure = self._models.busy, self._failure
        self.strip.setVisible(busy or failure is not None)
        self.bar.setVisible(busy)
        self.cancel.setVisible(busy)
        self.again.setVisible(not busy and failure is not None)
        name = "" if self._models.order is None else self._models.order.name
        if busy:
            state = self.tr("Starting…") if progress is None else wording.progress(progress)
            text = f"{name}\n{state}"
            if progress is not None:
                text += "\n" + self.tr("{free} free on the disk.").format(free=figures.size(progress.free))
            self.strip_text.setText(text)
            if progress is None or progress.total is None:
                self.bar.setRange(0, 0)
            else:
                self.bar.setRange(0, STEPS)
                self.bar.setValue(int(STEPS * progress.done / max(1, progress.total)))
        elif failure is not None:
            if failure.code == errors.CANCELLED:
                message = self.tr("Stopped. What has arrived is kept.")
            else:
                message = f"{errors.message(failure)} {errors.hint(failure)}".strip()
            self.strip_text.setText(f"{name}\n{message}")
        self.bar.setAccessibleName(self.tr("Progress of the download"))

    def _try_again(self) -> None:
        if self._models.order is not None:
            self._models.download(self._models.order)

    # ------------------------------------------------------------------------------------------ words

    def retranslate(self) -> None:
        """Set all words."""
        self.setWindowTitle(self.tr("Language models"))
        self.list.setAccessibleName(self.tr("Models"))
        self.add.setText(self.tr("&Add a GGUF file…"))
        self.add.setAccessibleName(self.tr("Add a GGUF file"))
        self.hint.setText(self.tr("Or drop one on the window. It stays where it is."))
        self.cancel.setText(self.tr("Stop"))
        self.cancel.setAccessibleName(self.tr("Stop the download"))
        self.again.setText(self.tr("Try again"))
        self.again.setAccessibleName(self.again.text())
        self.close_button.setText(self.tr("Close"))
        self.close_button.setAccessibleName(self.tr("Close"))
        self.details.retranslate()
        self._show_strip(self._models.progress)
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
