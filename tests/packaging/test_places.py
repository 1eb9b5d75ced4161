"""The cache is where the system wants it, and set-up works without a home."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from launcher.places import find_places, user_cache


def test_the_cache_follows_the_system() -> None:
    home = Path("/home/aiko")
    assert user_cache({}, home, "linux") == home / ".cache" / "techo"
    assert user_cache({}, home, "darwin") == home / "Library" / "Caches" / "techo"
    assert user_cache({"XDG_CACHE_HOME": "/fast/cache"}, home, "linux") == Path("/fast/cache/techo")
    assert user_cache({"XDG_CACHE_HOME": "relative"}, home, "linux") == home / ".cache" / "techo"


def test_without_a_usable_home_the_cache_is_in_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(blocked))
    assert find_places(tmp_path).cache == tmp_path / ".cache" / "techo"
