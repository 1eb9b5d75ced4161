"""The window with a real engine: it calls nobody, and what it writes is its owner's alone."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from app.settings import WindowSettings

ROOT: Final = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.timeout(600)
WAIT: Final = 110.0
_SOCKET: Final = re.compile(r"^\d+ +(socket|connect|bind|listen)\((.*)$")

AUDIT: Final = """
import sys
def watch(event, arguments):
    if event.startswith("socket.") and event not in ("socket.__new__",) or event in ("urllib.Request",):
        sys.stderr.write(f"network: {event} {arguments}\\n")
        sys.stderr.flush()
sys.addaudithook(watch)
from app.__main__ import main
sys.argv = ["app", *sys.argv[1:]]
sys.exit(main())
"""


def start(data_dir: Path, *before: str) -> subprocess.CompletedProcess[str]:
    """Techo, from its start to its first paint."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    command = [*before, sys.executable, "-c", AUDIT, "--data-dir", str(data_dir), "--quit-after-first-paint"]
    return subprocess.run(command, capture_output=True, text=True, timeout=WAIT, env=environment, check=False, umask=0)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_the_window_and_its_engine_open_no_socket_to_anywhere(tmp_path: Path) -> None:
    """The whole of Techo, from start to first paint. (A display is reached through a local socket; there is none.)"""
    trace = tmp_path / "trace.txt"
    done = start(tmp_path / "data", "strace", "-f", "-e", "trace=socket,connect,bind,listen", "-o", str(trace))
    assert done.returncode == 0, done.stderr
    assert "network:" not in done.stderr
    calls = [line for line in trace.read_text().splitlines() if _SOCKET.match(line)]
    outward = [line for line in calls if "AF_UNIX" not in line]
    assert outward == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_everything_that_the_window_writes_is_private(tmp_path: Path) -> None:
    """Whatever the umask: drafts are in its settings."""
    data = tmp_path / "data"
    assert start(data).returncode == 0
    assert (data / "window.ini").exists()
    old = os.umask(0)
    try:
        settings = WindowSettings(data)
        settings.set_draft(None, "not sent yet")
        settings.save()
    finally:
        os.umask(old)
    for path in [data, *sorted(data.rglob("*"))]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), f"{path}: {mode:o}"
