"""A key for everywhere, asked of a portal on a bus of its own; without one nothing hangs, another way is shown."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app import global_shortcut
from app.global_shortcut import GlobalShortcut
from app.settings import WindowSettings
from app.settings_dialog import SettingsDialog
from app.shortcut_row import command
from tests.app.acting import dialog
from tests.app.conftest import MakeWindow

PORTAL = Path(__file__).with_name("portal.py")
needs_bus = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="there is no D-Bus here")


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A session bus that only this test knows."""
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address=1"], stdout=subprocess.PIPE, text=True
    )
    assert daemon.stdout is not None
    address = daemon.stdout.readline().strip()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    yield address
    daemon.terminate()
    daemon.wait()
    daemon.stdout.close()


@pytest.fixture
def portal(bus: str) -> Iterator[Callable[[str], None]]:
    running: list[subprocess.Popen[str]] = []

    def start(how: str) -> None:
        process = subprocess.Popen([sys.executable, "-P", str(PORTAL), how], stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    yield start
    for process in running:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
def shortcut(qtbot: QtBot) -> Iterator[GlobalShortcut]:
    made = GlobalShortcut()
    yield made
    made.let_go()


@needs_bus
def test_the_desktop_gives_a_key_and_says_when_it_is_pressed(
    qtbot: QtBot, portal: Callable[[str], None], shortcut: GlobalShortcut
) -> None:
    portal("")
    shortcut.look()
    qtbot.waitUntil(lambda: shortcut.state == "available", timeout=20_000)
    tokens: list[str] = []
    shortcut.pressed.connect(tokens.append)
    shortcut.bind("Bring Techo forward")
    qtbot.waitUntil(lambda: shortcut.state == "bound", timeout=20_000)
    assert shortcut.key == "Ctrl+Alt+T"
    qtbot.waitUntil(lambda: bool(tokens), timeout=10_000)
    assert tokens == ["token-1"], "another session's is not ours"
    shortcut.let_go()
    assert shortcut.state == "available"


@needs_bus
def test_who_wants_no_key_has_none(qtbot: QtBot, portal: Callable[[str], None], shortcut: GlobalShortcut) -> None:
    portal("refuse")
    shortcut.bind("Bring Techo forward")
    qtbot.waitUntil(lambda: shortcut.state == "refused", timeout=20_000)


@needs_bus
@pytest.mark.usefixtures("bus")
def test_a_bus_without_a_portal(qtbot: QtBot, shortcut: GlobalShortcut) -> None:
    shortcut.look()
    qtbot.waitUntil(lambda: shortcut.state == "none", timeout=20_000)


@needs_bus
def test_a_portal_that_does_not_answer_keeps_nobody_waiting(
    qtbot: QtBot, portal: Callable[[str], None], shortcut: GlobalShortcut, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(global_shortcut, "QUICK", 0.3)
    portal("silent")
    began = time.monotonic()
    shortcut.look()
    assert time.monotonic() - began < 0.2, "the window goes on at once"
    qtbot.waitUntil(lambda: shortcut.state == "none", timeout=20_000)


@pytest.mark.parametrize("address", ["", "unix:path=/nowhere/at/all", "nonsense"])
def test_no_bus_at_all(
    qtbot: QtBot, shortcut: GlobalShortcut, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    shortcut.look()
    qtbot.waitUntil(lambda: shortcut.state == "none", timeout=10_000)


@needs_bus
def test_the_settings_choose_it_and_the_key_brings_the_window_forward(
    qtbot: QtBot, portal: Callable[[str], None], make_window: MakeWindow
) -> None:
    portal("")
    window = make_window()
    window.settings_action.trigger()
    row = dialog(qtbot, SettingsDialog).shortcut
    qtbot.waitUntil(lambda: row.button.isVisible(), timeout=20_000)
    assert row.button.text() == "Choose a key…"
    assert not row.command.isVisible()
    window.showMinimized()
    row.button.click()
    qtbot.waitUntil(lambda: not window.isMinimized(), timeout=20_000)
    qtbot.waitUntil(lambda: row.note.text() == "Ctrl+Alt+T brings Techo forward from any program.")
    assert WindowSettings(window._data_dir).global_shortcut
    row.button.click()
    assert not WindowSettings(window._data_dir).global_shortcut
    assert row.button.text() == "Choose a key…"


def test_without_a_portal_the_settings_show_the_command(
    qtbot: QtBot, make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    window = make_window()
    window.settings_action.trigger()
    row = dialog(qtbot, SettingsDialog).shortcut
    assert row.command.isVisible()
    assert row.command.text().endswith(str(window._data_dir))
    assert not row.button.isVisible()


def test_the_command_is_as_short_as_it_may_be(tmp_path: Path) -> None:
    assert command(tmp_path, tmp_path).endswith("techo")
    assert command(tmp_path / "a b", tmp_path).endswith(f"techo --data-dir '{tmp_path}/a b'")
