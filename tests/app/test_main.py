"""`python -P -m app` as the launcher starts it: a process of its own, seen from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import filelock
import pytest

from tests.app.conftest import ROOT

UNSET = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def start(*arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in UNSET}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "app", *arguments],
        env={**inherited, "PYTHONPATH": str(ROOT), **(environment or {"QT_QPA_PLATFORM": "offscreen"})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def held(lock: Path) -> bool:
    try:
        with filelock.FileLock(lock, timeout=0):
            return False
    except filelock.Timeout:
        return True


def test_the_first_paint_is_measured(tmp_path: Path) -> None:
    process = start("--quit-after-first-paint", "--data-dir", tmp_path / "data")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    figures = json.loads(out)
    assert figures["cpu_seconds"] > 0
    assert 0 < figures["first_paint_seconds"] < 60


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to handle")
def test_a_polite_kill_closes_window_and_engine(tmp_path: Path) -> None:
    process = start("--data-dir", tmp_path)
    try:
        memory = tmp_path / "window.ini"
        # The window notes down which profile is open; asking its lock instead would come in the engine's way.
        deadline = time.monotonic() + 90
        while not (memory.exists() and "last=default" in memory.read_text()):
            assert process.poll() is None
            assert time.monotonic() < deadline, "no profile was opened"
            time.sleep(0.1)
        (lock,) = tmp_path.glob("profiles/*/lock")
        assert held(lock)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert not held(lock)
    finally:
        process.kill()
        process.communicate()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "data"
    process = start("--data-dir", folder)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 1
    assert str(folder) in complaint
    assert "--data-dir" in complaint
    assert "Traceback" not in complaint


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
@pytest.mark.parametrize(
    "environment", [{"DISPLAY": ":987"}, {"WAYLAND_DISPLAY": "wayland-987"}, {"QT_QPA_PLATFORM": "wayland;xcb"}]
)
def test_without_a_display_it_offers_the_terminal(tmp_path: Path, environment: dict[str, str]) -> None:
    process = start("--quit-after-first-paint", "--data-dir", tmp_path, **environment)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "no window can be opened" in complaint
    assert "./techo chat" in complaint
