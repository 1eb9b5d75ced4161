"""Checkouts and environments for the tests of set-up: as real as they can be without downloading anything."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from launcher.environment import Environment
from launcher.places import Places
from launcher.show import Progress, Runner

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(sysconfig.get_path("purelib"))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A checkout with the real lock files and an empty cache."""
    root = tmp_path / "check out"
    shutil.copytree(ROOT / "packaging" / "lock", root / "packaging" / "lock")
    shutil.copy(ROOT / "pyproject.toml", root)
    return Places(root=root, cache=tmp_path / "cache")


@pytest.fixture
def progress() -> Progress:
    """Not on a terminal; what is said is in `progress.out`."""
    return Progress(3, io.StringIO())


@pytest.fixture
def runner(progress: Progress, tmp_path: Path) -> Runner:
    return Runner(progress, tmp_path / "logs" / "setup.log")


def make_venv(folder: Path, *, pip: bool = False) -> None:
    """A real virtual environment, empty."""
    options = [] if pip else ["--without-pip"]
    base = getattr(sys, "_base_executable", "") or sys.executable
    subprocess.run([base, "-m", "venv", *options, folder], check=True, timeout=100)


@pytest.fixture(scope="session")
def shared_venv(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A real environment with pip, for tests that install into folders of their own."""
    folder = tmp_path_factory.mktemp("venv") / ".venv"
    make_venv(folder, pip=True)
    site = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    return Environment(python=folder / "bin" / "python", version=sys.version_info[:3], site=(site,))


def clean_environment(**more: str) -> dict[str, str]:
    """Our environment without what a virtual environment or a test run adds to it."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("VIRTUAL_ENV", "PYTHON", "QT_"))}
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "TECHO_PYTHON", "CMAKE_ARGS"):
        kept.pop(name, None)
    return {**kept, **more}
