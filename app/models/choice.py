"""Which language model talks: chosen by the person, remembered, given up when it cannot be loaded; and its files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from PySide6.QtCore import QObject, QUrl, Signal

from app import errors
from app.models.command import Command
from app.models.facts import Catalogue, FileFacts, Planned, Plans, Progress
from app.partner import Partner
from app.paths import RESOURCES
from app.settings import WindowSettings
from engine.protocol import ErrorBody, Initialized, Usage

OWN: Final = "own"
"""Stands for the default model where others stand with their path."""
SHIPPED: Final = RESOURCES / "models"
"""Models that come with Techo beside the default one; each has memory weights of its own."""
MEASURED_FROM: Final = 8
"""Tokens of a reply from which its speed says something."""
_SIDE_LIMIT: Final = 1 << 16


@dataclass(frozen=True)
class Checked:
    """What is known of a file: its facts and its plan, or why it is refused. Neither while it is being looked at."""

    facts: FileFacts | None = None
    plan: Planned | None = None
    error: ErrorBody | None = None


@dataclass(frozen=True)
class Order:
    """A file to download."""

    url: str
    sha256: str = ""
    size: int | None = None

    @property
    def name(self) -> str:
        """For display: the last part of the address."""
        return QUrl(self.url).fileName() or self.url


@dataclass(frozen=True)
class Unfinished:
    """A download that broke off: how much of it is there."""

    order: Order
    done: int


class Models(QObject):
    """The models of this window."""

    changed = Signal()
    """Files, what is known of them, or which one talks."""
    downloading = Signal(object)
    """Progress, or None when it ended."""
    downloaded = Signal(object)
    """Path of a file that has arrived and was checked."""
    download_failed = Signal(object)
    """ErrorBody"""
    fell_back = Signal(object, object)
    """Path and ErrorBody: the chosen model could not be used, so the default one talks again."""

    def __init__(self, partner: Partner, settings: WindowSettings, data_dir: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._partner = partner
        self._settings = settings
        self._data_dir = data_dir
        self._checked: dict[Path, tuple[tuple[int, int], Checked]] = {}
        self._waiting: list[Path] = []
        self._looking: Command | None = None
        self._download: Command | None = None
        self._listing: list[Command] = []
        self.order: Order | None = None
        self.progress: Progress | None = None
        self.catalogue: Catalogue | None = None
        self.plans: Plans | None = None
        if partner.engine.model is None:
            partner.engine.model = settings.model
        partner.engine.model_refused.connect(self._on_refused)
        partner.initialized.connect(self._on_initialized)
        partner.exchange.measured.connect(self._on_measured)

    # ------------------------------------------------------------------------------------------ which one talks

    @property
    def chosen(self) -> Path | None:
        """The model that talks; None for the default one."""
        return self._partner.engine.model

    @property
    def about(self) -> Initialized | None:
        """What the engine said of itself."""
        return self._partner.about

    def use(self, model: Path | None) -> None:
        """Let this one talk from now on."""
        if model == self.chosen and self._partner.engine.up:
            return
        self._settings.model = model
        self._settings.save()
        self._partner.engine.use_model(model)
        self.changed.emit()

    def speed(self, model: Path | None) -> float:
        """Tokens a second that were measured in the last longer reply; 0 when there was none."""
        return self._settings.speed(OWN if model is None else str(model))

    def _on_refused(self, model: Path, error: ErrorBody) -> None:
        self._settings.model = None
        self._settings.save()
        self.changed.emit()
        self.fell_back.emit(model, error)

    def _on_initialized(self, _answer: Initialized) -> None:
        self.changed.emit()

    def _on_measured(self, usage: Usage) -> None:
        if usage.generated_tokens >= MEASURED_FROM and usage.generate_seconds > 0:
            speed = (usage.generated_tokens - 1) / usage.generate_seconds
            self._settings.set_speed(OWN if self.chosen is None else str(self.chosen), speed)

    # ------------------------------------------------------------------------------------------ catalogue and machine

    def load(self) -> None:
        """Ask for the catalogue and the plan for this machine, as it is now."""

        def catalogue(result: bytes) -> None:
            self.catalogue = msgspec.json.decode(result, type=Catalogue)
            self.changed.emit()

        def plans(result: bytes) -> None:
            self.plans = msgspec.json.decode(result, type=Plans)
            self.changed.emit()

        self._ask(["models"], catalogue)
        self._ask(["plan", "--all"], plans)

    def _ask(self, arguments: list[str], done: Callable[[bytes], None]) -> None:
        command = Command(self._data_dir, arguments, self)
        self._listing.append(command)
        command.done.connect(done)
        command.failed.connect(self._partner.failed)
        for ended in (command.done, command.failed):
            ended.connect(lambda _: self._listing.remove(command))

    # ------------------------------------------------------------------------------------------ files

    @property
    def folder(self) -> Path:
        """Where downloads go."""
        return self._data_dir / "models"

    def files(self) -> list[Path]:
        """Model files that are there: Techo's others, those in the models folder, then those that were added."""
        inside = sorted(self.folder.glob("*.gguf")) if self.folder.is_dir() else []
        known = [*sorted(SHIPPED.glob("*.gguf")), *inside]
        added = [path for path in self._settings.model_files if path not in known]
        if self.chosen is not None and self.chosen not in [*known, *added]:
            added.append(self.chosen)
        return [*known, *added]

    def add(self, path: Path) -> None:
        """Take a file into the list and look at it."""
        path = path.absolute()
        if path not in self.files():
            self._settings.model_files = [*self._settings.model_files, path]
            self._settings.save()
        self.changed.emit()

    def remove(self, path: Path) -> None:
        """Take a file off the list; one in the models folder is deleted. The model that talks is let go of first."""
        if path == self.chosen:
            self.use(None)
        self._settings.model_files = [one for one in self._settings.model_files if one != path]
        self._settings.save()
        if path.parent == self.folder:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                words = f"{path} cannot be deleted: {(error.strerror or str(error)).lower()}."
                self._partner.failed.emit(ErrorBody(code=errors.STORAGE_FAILED, message=words))
        self._checked.pop(path, None)
        self.changed.emit()

    def checked(self, path: Path) -> Checked:
        """What is known of a file. When nothing is yet, it is looked at, and `changed` follows."""
        stamp = _stamp(path)
        known = self._checked.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        self._checked[path] = stamp, Checked()
        self._waiting.append(path)
        self._look()
        return Checked()

    def _look(self) -> None:
        """One file after the other, each in a process of its own: what a hostile file could do, it does there."""
        if self._looking is not None or not self._waiting:
            return
        path = self._waiting.pop(0)

        def inspected(result: bytes) -> None:
            facts = msgspec.json.decode(result, type=FileFacts)
            self._looking = command = Command(self._data_dir, ["plan", "--model", str(path)], self)
            command.done.connect(
                lambda plan: found(Checked(facts, msgspec.json.decode(plan, type=Plans).models[0], None))
            )
            command.failed.connect(lambda error: found(Checked(error=error)))

        def found(what: Checked) -> None:
            self._looking = None
            self._checked[path] = _stamp(path), what
            self.changed.emit()
            self._look()

        self._looking = command = Command(self._data_dir, ["models", "inspect", str(path)], self)
        command.done.connect(inspected)
        command.failed.connect(lambda error: found(Checked(error=error)))

    # ------------------------------------------------------------------------------------------ downloads

    def unfinished(self) -> list[Unfinished]:
        """Downloads that broke off, but for the one that runs."""
        found = []
        for side in sorted(self.folder.glob("*.part.json")) if self.folder.is_dir() else []:
            try:
                with side.open("rb") as file:
                    noted = json.loads(file.read(_SIDE_LIMIT))
                order = Order(str(noted["url"]), str(noted.get("sha256") or ""), None)
                done = int(noted.get("done") or 0)
            except (OSError, ValueError, TypeError, KeyError, AttributeError):
                continue  # half a note: the next download of that address begins anew
            running = self._download is not None and self.order is not None and self.order.url == order.url
            if not running:
                found.append(Unfinished(order, done))
        return found

    def download(self, order: Order) -> None:
        """Fetch a file, in a process that ends with it: the only one that opens the network. One at a time."""
        if self._download is not None:
            return
        self.order, self.progress = order, None
        arguments = ["models", "download", order.url, "--progress"]
        arguments += ["--sha256", order.sha256] if order.sha256 else []
        arguments += ["--size", str(order.size)] if order.size is not None else []
        self._download = command = Command(self._data_dir, arguments, self)
        command.progressed.connect(self._on_progress)
        command.done.connect(self._on_downloaded)
        command.failed.connect(self._on_not_downloaded)
        self.downloading.emit(None)

    def cancel_download(self) -> None:
        """Stop it; what came is kept."""
        if self._download is not None:
            self._download.cancel()

    @property
    def busy(self) -> bool:
        """Whether a download runs."""
        return self._download is not None

    def _on_progress(self, progress: Progress) -> None:
        self.progress = progress
        self.downloading.emit(progress)

    def _on_downloaded(self, result: bytes) -> None:
        path = Path(msgspec.json.decode(result, type=FileFacts).file)
        self._download = self.progress = None
        self.downloading.emit(None)
        self.downloaded.emit(path)
        self.changed.emit()

    def _on_not_downloaded(self, error: ErrorBody) -> None:
        self._download = self.progress = None
        self.downloading.emit(None)
        self.download_failed.emit(error)
        self.changed.emit()

    def close(self) -> None:
        """The window closes: let go of what runs. What a download received is kept."""
        for command in (self._looking, self._download, *self._listing):
            if command is not None:
                command.stop()


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of change; of what is not there, none."""
    try:
        found = path.stat()
    except OSError:
        return -1, -1
    return found.st_size, found.st_mtime_ns
