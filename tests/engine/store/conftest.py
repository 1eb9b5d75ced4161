"""A data folder, a store in it, an open profile."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store import Profile, ProfileStore
from tests.engine.store.samples import IDENTITY

_SHM = Path("/dev/shm")


def _fast_folder() -> Path | None:
    """In memory where there is room: thousands of fsyncs are part of these tests, and none needs a real disk."""
    try:
        if _SHM.is_dir() and shutil.disk_usage(_SHM).free > 256 * 1024 * 1024:
            return Path(tempfile.mkdtemp(prefix="techo-test-", dir=_SHM))
    except OSError:
        pass
    return None


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    fast = _fast_folder()
    yield fast or tmp_path
    if fast is not None:
        shutil.rmtree(fast)


@pytest.fixture
def store(folder: Path) -> ProfileStore:
    return ProfileStore(folder / "data")


@pytest.fixture
def profile(store: ProfileStore) -> Iterator[Profile]:
    store.create("Test")
    with store.open("Test", IDENTITY) as opened:
        yield opened
