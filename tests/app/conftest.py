"""Windows for the tests: the real one, with the scripted engine or the real one behind it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import language, palettes, theme
from app.engine_process import Condition, EngineProcess
from app.main_window import MainWindow
from app.partner import Partner
from app.settings import WindowSettings

SCRIPTED = Path(__file__).with_name("scripted_engine.py")
ROOT = SCRIPTED.parent.parent.parent
QUICK = (0.05, 0.05, 0.05)
"""Pauses before a restart, short enough for tests."""


class MakeEngine(Protocol):
    """Makes an engine process that is shut down at the end of the test."""

    def __call__(
        self, *options: str, data_dir: Path | None = None, command: list[str] | None = None, grace: float = 10.0
    ) -> EngineProcess: ...


class MakeWindow(Protocol):
    """Makes a window, by default shown and with its engine ready."""

    def __call__(
        self,
        *options: str,
        profile: str | None = "Mika",
        data_dir: Path | None = None,
        wait: bool = True,
        command: list[str] | None = None,
    ) -> MainWindow: ...


@pytest.fixture(scope="session")
def qapp(qapp: QApplication) -> QApplication:
    language.use(qapp, "en")
    theme.install(qapp, "light")
    qapp.setQuitOnLastWindowClosed(False)
    return qapp


@pytest.fixture(autouse=True)
def plain_looks(qapp: QApplication) -> Iterator[None]:
    """Whatever a test chose, the next one begins in English, light, and with text of the usual size."""
    yield
    if language.current() != "en" or theme.current() is not palettes.LIGHT or theme.percent() != 100:
        language.use(qapp, "en")
        theme.choose(qapp, "light", 100)


@pytest.fixture
def make_engine(qtbot: QtBot, tmp_path: Path) -> Iterator[MakeEngine]:
    engines: list[EngineProcess] = []

    def make(
        *options: str, data_dir: Path | None = None, command: list[str] | None = None, grace: float = 10.0
    ) -> EngineProcess:
        scripted = [sys.executable, "-P", str(SCRIPTED), str(data_dir or tmp_path / "engine"), *options]
        engine = EngineProcess(command or scripted, environment={"PYTHONPATH": str(ROOT)}, backoff=QUICK, grace=grace)
        engine.profile, engine.create_profile = "Mika", True
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.shut_down()
    for engine in engines:
        qtbot.waitUntil(lambda engine=engine: engine.pid == 0, timeout=15_000)  # type: ignore[misc]
        engine.deleteLater()


@pytest.fixture
def make_window(qtbot: QtBot, tmp_path: Path, make_engine: MakeEngine) -> Iterator[MakeWindow]:
    windows: list[MainWindow] = []

    def make(
        *options: str,
        profile: str | None = "Mika",
        data_dir: Path | None = None,
        wait: bool = True,
        command: list[str] | None = None,
    ) -> MainWindow:
        folder = data_dir or tmp_path / "data"
        folder.mkdir(parents=True, exist_ok=True)
        settings = WindowSettings(folder)
        engine = make_engine(*options, data_dir=folder, command=command)
        partner = Partner(engine, profile, settings.profile)
        window = MainWindow(partner, settings, folder)
        partner.setParent(window)
        windows.append(window)
        window.first_painted.connect(window.start_engine)
        window.show()
        if wait:
            qtbot.waitUntil(lambda: partner.stats is not None and partner.profile is not None, timeout=30_000)
            qtbot.waitUntil(lambda: engine.condition is Condition.READY, timeout=10_000)
        return window

    yield make
    for window in windows:
        window.partner.engine.shut_down()
    for window in windows:
        qtbot.waitUntil(lambda window=window: window.partner.engine.pid == 0, timeout=15_000)  # type: ignore[misc]
        window.hide()
        window.deleteLater()
    QApplication.processEvents()
