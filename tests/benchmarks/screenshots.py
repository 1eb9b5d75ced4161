"""`python -m tests.benchmarks.screenshots [--out DIR] [--only PAGE ...]`: every page of the window, as people see it.

The real window with the real engine and model, in both languages, light and dark, and once in high contrast. Without a
display Xvfb is asked for one (`xvfb-run -a python -m tests.benchmarks.screenshots`). Look at each of them.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QCursor, QImage, QImageWriter, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QWidget

from app import appearance
from app.engine_process import Condition, EngineProcess, engine_command
from app.main_window import MainWindow
from app.partner import Partner
from app.settings import WindowSettings
from engine.protocol import JournalPage
from tests.benchmarks import screenshots_data as data

OUT: Final = Path(__file__).resolve().parents[2] / "resources" / "screenshots"
SIZE: Final = QSize(1180, 780)
LOOKS: Final = [(language, theme) for language in ("en", "ja") for theme in ("light", "dark")]
CONTRAST: Final = ("en", "contrast")
PATIENCE: Final = 900.0
"""Seconds that something may take to happen."""


def wait_for(ready: Callable[[], object]) -> None:
    """Let the event loop run until `ready()`."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError("nothing came of it")
        QTest.qWait(20)


def rest(milliseconds: int = 400) -> None:
    """Layouts, streams and fades come to rest, on a busy computer too: each round ends when no event is left."""
    QTest.qWait(milliseconds)
    for _ in range(12):
        QCoreApplication.sendPostedEvents()
        QCoreApplication.processEvents()


class Studio:
    """The window, and what is done with it for each picture."""

    def __init__(self, folder: Path) -> None:
        self.settings = WindowSettings(folder)
        self.settings.tour_seen = True
        engine = EngineProcess([*engine_command(folder), "--threads", "1"])
        self.window = MainWindow(Partner(engine, data.NAME), self.settings, folder)
        self.window.resize(SIZE)
        QCursor.setPos(0, 0)  # nothing is hovered over
        self.window.show()
        self.window.start_engine()
        wait_for(lambda: self.window.partner.stats is not None and engine.condition is Condition.READY)
        wait_for(lambda: len(self.window.partner.conversations) >= len(data.TALKS))
        self.folder = folder

    def dress(self, language: str, theme: str) -> None:
        """As the settings page does it."""
        self.settings.language, self.settings.theme = language, theme
        appearance.apply(self.settings)
        rest()

    # ------------------------------------------------------------------------------------------ talking

    def say(self, text: str) -> None:
        """Type it, and wait for the reply."""
        window = self.window
        QTest.keyClicks(window.composer.edit, text)
        QTest.keyClick(window.composer.edit, Qt.Key.Key_Return)
        wait_for(lambda: window.partner.exchange.running)
        wait_for(lambda: not window.partner.exchange.running)

    def talk(self) -> None:
        """The conversation of the main picture."""
        for text in data.ASKED:
            self.say(text)
        rest(1500)  # the panel asks for its picture

    # ------------------------------------------------------------------------------------------ pages

    def dialog(self, open_it: Callable[[], object]) -> QDialog:
        """Open a page and wait for it."""
        before = set(self.dialogs())
        open_it()
        wait_for(lambda: set(self.dialogs()) - before)
        rest()
        return (set(self.dialogs()) - before).pop()

    def dialogs(self) -> list[QDialog]:
        """Those on screen."""
        return [found for found in self.window.findChildren(QDialog) if found.isVisible()]

    def close(self, widget: QWidget) -> None:
        """And have it deleted."""
        widget.close()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        rest(100)

    def over_window(self, widget: QWidget) -> QImage:
        """The window with something on top of it."""
        picture = self.window.grab().toImage()
        painter = QPainter(picture)
        place = widget.mapToGlobal(QPoint(0, 0)) - self.window.mapToGlobal(QPoint(0, 0))
        painter.drawPixmap(place, widget.grab())
        painter.end()
        return picture

    def alone(self, open_it: Callable[[], object], ready: Callable[[QDialog], object] = lambda _: True) -> QImage:
        """A page by itself."""
        page = self.dialog(open_it)
        wait_for(lambda: ready(page))
        rest()
        picture = page.grab().toImage()
        self.close(page)
        return picture

    def chat(self) -> QImage:
        """The main picture."""
        return self.window.grab().toImage()

    def new_chat(self) -> QImage:
        """Nothing is said yet, something is being typed."""
        self.window.new_action.trigger()
        rest()
        picture = self.window.grab().toImage()
        self.back()
        return picture

    def temporary(self) -> QImage:
        """A chat that leaves nothing behind."""
        self.window.temporary_action.trigger()
        rest()
        self.say("Who is our landlord?")
        rest()
        picture = self.window.grab().toImage()
        self.back()
        return picture

    def back(self) -> None:
        """To the conversation of the main picture, which is the newest one."""
        newest = max(found.id for found in self.window.partner.conversations)
        self.window.partner.exchange.show_conversation(newest)
        rest()

    def search(self) -> QImage:
        """A word found in all chats."""
        self.window.conversations.search_action.trigger()
        QTest.keyClicks(self.window.sidebar.search, "Porto")
        rest(1500)
        picture = self.window.grab().toImage()
        self.window.sidebar.search.clear()
        self.window.composer.setFocus()
        rest()
        return picture

    def menu(self) -> QImage:
        """The profiles."""
        menu: QMenu = self.window.profile_menu.menu
        button = self.window.sidebar.profile_button
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))
        rest()
        picture = self.over_window(menu)
        menu.close()
        return picture

    def palette(self) -> QImage:
        """What can be done, by typing."""
        page = self.dialog(self.window.palette_action.trigger)
        picture = self.over_window(page)
        self.close(page)
        return picture

    def tour(self) -> QImage:
        """The first card."""
        self.window.show_tour()
        rest(800)
        picture = self.window.grab().toImage()
        assert self.window.tour is not None
        QTest.keyClick(self.window.tour, Qt.Key.Key_Escape)
        wait_for(lambda: self.window.tour is None)
        return picture

    def notices(self) -> QImage:
        """What the engine found, and what went wrong, in the window's words."""
        window = self.window
        window.learning_anew  # noqa: B018 - not this one: nothing is the matter with the memory
        from engine.protocol import ErrorBody, Notice

        window._on_notice(
            Notice(
                message="Set aside.",
                reason="snapshot.set-aside",
                values={"file": "000128.safetensors", "aside": "000128.safetensors.damaged"},
            )
        )
        window._on_failed(
            ErrorBody(code=1304, message="Full.", reason="disk.full", values={"path": "/home/mika/.local/share/techo"})
        )
        rest()
        picture = window.grab().toImage()
        for bar in window.notices.notices():
            bar.dismiss()
        rest()
        return picture

    def knowledge(self) -> QImage:
        """It asks the memory many questions, once for all looks: the page stays open until its last picture."""
        from app.knowledge import KnowledgeDialog

        open_now = self.window.findChildren(KnowledgeDialog)
        page = open_now[0] if open_now else self.dialog(self.window.memory_menu.knowledge.trigger)
        assert isinstance(page, KnowledgeDialog)
        wait_for(lambda: not page.running)
        rest()
        return page.grab().toImage()

    def settings_page(self) -> QImage:
        """The command in it is that of a bundle: where this checkout is, is nobody's business."""
        from app.settings_dialog import SettingsDialog

        def ready(page: QDialog) -> bool:
            assert isinstance(page, SettingsDialog)
            page.shortcut.command.setText("techo")
            return page.shortcut.isVisible()

        return self.alone(self.window.settings_action.trigger, ready)

    def models(self) -> QImage:
        """With the plan for this computer."""
        models = self.window.models
        return self.alone(self.window.models_action.trigger, lambda _: models.plans is not None and models.catalogue)

    def journal(self) -> QImage:
        """Three entries of a document are marked, which can be forgotten together."""
        window = self.window
        known: list[int] = []
        window.partner.journal(JournalPage(limit=50), lambda page: known.extend(one.id for one in page.entries))
        wait_for(lambda: known)
        return self.alone(window.memory_menu.journal.trigger)


@dataclass(frozen=True)
class Page:
    """A picture's name, and how it is taken."""

    name: str
    take: Callable[[Studio], QImage]


PAGES: Final = [
    Page("chat", Studio.chat),
    Page("new-chat", Studio.new_chat),
    Page("temporary", Studio.temporary),
    Page("search", Studio.search),
    Page("profiles", Studio.menu),
    Page("palette", Studio.palette),
    Page("tour", Studio.tour),
    Page("notices", Studio.notices),
    Page("journal", Studio.journal),
    Page("timeline", lambda studio: studio.alone(studio.window.memory_menu.timeline.trigger, _loaded)),
    Page("models", Studio.models),
    Page("settings", Studio.settings_page),
    Page("looks", lambda studio: studio.alone(studio.window.profile_menu.look.trigger)),
    Page("shortcuts", lambda studio: studio.alone(studio.window.shortcuts_action.trigger)),
    Page("diagnostics", lambda studio: studio.alone(studio.window.diagnostics_action.trigger, _reported)),
    Page("about", lambda studio: studio.alone(studio.window.about_action.trigger)),
    Page("knowledge", Studio.knowledge),
]


def _loaded(page: QDialog) -> bool:
    rest(1000)
    return page.isVisible()


def _reported(page: QDialog) -> bool:
    from app.diagnostics import DiagnosticsDialog

    return isinstance(page, DiagnosticsDialog) and bool(page.text.toPlainText())


def flat(picture: QImage) -> QImage:
    """With its 256 most frequent colours, which flat surfaces do not miss: each other one becomes the nearest of them.

    (Qt's own conversion takes a fixed palette.)
    """
    picture = picture.convertToFormat(QImage.Format.Format_RGB32)
    width, height = picture.width(), picture.height()
    pixels = np.frombuffer(picture.constBits(), dtype=np.uint32).reshape(height, -1)[:, :width]
    colours, place, count = np.unique(pixels, return_inverse=True, return_counts=True)
    kept = np.argsort(-count, kind="stable")[:256]
    parts = np.stack([colours >> shift & 255 for shift in (16, 8, 0)], axis=1).astype(np.int32)
    nearest = np.square(parts[:, None] - parts[kept][None]).sum(2).argmin(1).astype(np.uint8)
    indices = np.ascontiguousarray(nearest[place].reshape(height, width))
    thin = QImage(indices.data, width, height, width, QImage.Format.Format_Indexed8)
    thin.setColorTable([int(colour) | 0xFF000000 for colour in colours[kept]])
    return thin.copy()


def save(picture: QImage, path: Path) -> int:
    """As a small PNG -> bytes."""
    writer = QImageWriter(str(path), b"png")
    writer.setCompression(100)
    if not writer.write(flat(picture)):
        raise OSError(f"{path}: {writer.errorString()}")
    return path.stat().st_size


def pictures(studio: Studio, only: list[str]) -> Iterator[tuple[str, QImage]]:
    """One after the other, with their names."""
    for page in PAGES:
        if only and page.name not in only:
            continue
        for language, theme in [*LOOKS, CONTRAST] if page.name == "chat" else LOOKS:
            studio.dress(language, theme)
            yield f"{page.name}-{language}-{theme}.png", page.take(studio)
        studio.dress("en", "light")
        for left in studio.dialogs():
            studio.close(left)


def main() -> int:
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--only", nargs="*", default=[], choices=[page.name for page in PAGES])
    parser.add_argument("--told", type=Path, help="folder for what was told, which is used again when it is there")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="techo-pictures-") as temporary:
        told = options.told or Path(temporary) / "told"
        if not (told / "profiles").is_dir():
            told.mkdir(parents=True, exist_ok=True)
            data.tell(told)
        folder = Path(temporary) / "techo"
        shutil.copytree(told, folder)
        application = QApplication(sys.argv[:1])
        application.setQuitOnLastWindowClosed(False)
        settings = WindowSettings(folder)
        settings.language, settings.theme = "en", "light"
        appearance.install(application, settings)
        studio = Studio(folder)
        studio.talk()
        total = 0
        for name, picture in pictures(studio, options.only):
            total += (size := save(picture, options.out / name))
            print(f"{name:<32} {size / 1000:7.1f} kB", flush=True)
        print(f"{'in all':<32} {total / 1000:7.1f} kB")
        engine = studio.window.partner.engine
        studio.window.quit()
        wait_for(lambda: engine.pid == 0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
