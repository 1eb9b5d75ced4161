"""Where set-up puts things: the checkout, its virtual environment, the user's cache."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """Paths of one set-up. `root` is the checkout; `cache` is shared by all checkouts of this user."""

    root: Path
    cache: Path

    @property
    def venv(self) -> Path:
        """The virtual environment; the stamps live in it, so that they vanish with it."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.venv / "bin" / "python"

    @property
    def state(self) -> Path:
        """Stamps and other notes about this environment."""
        return self.venv / ".techo"

    @property
    def lock(self) -> Path:
        """Held (flock) while a set-up works on this checkout."""
        return self.root / ".cache" / "setup.lock"

    @property
    def requirements(self) -> Path:
        """The folder of the lock files (`name==version` a line)."""
        return self.root / "packaging" / "lock"

    @property
    def log(self) -> Path:
        """Everything that pip, apt and the compiler said."""
        return self.cache / "logs" / "setup.log"

    @property
    def wheels(self) -> Path:
        """Compiled wheels, a folder a key."""
        return self.cache / "wheels"

    @property
    def builds(self) -> Path:
        """Builds under way; one survives an interruption and is removed when it is done."""
        return self.cache / "builds"


def user_cache(environment: Mapping[str, str], home: Path, platform: str = sys.platform) -> Path:
    """The user's cache folder for Techo."""
    chosen = environment.get("XDG_CACHE_HOME", "")
    if chosen.startswith("/"):  # the XDG rule: a relative path is to be ignored
        return Path(chosen) / "techo"
    if platform == "darwin":
        return home / "Library" / "Caches" / "techo"
    return home / ".cache" / "techo"


def find_places(root: Path) -> Places:
    """The places of this machine. Without a writable home the cache lies in the checkout."""
    cache = user_cache(os.environ, Path(os.path.expanduser("~")))  # noqa: PTH111 - Path.home() raises without a home
    try:
        cache.mkdir(parents=True, exist_ok=True)
        usable = os.access(cache, os.W_OK | os.X_OK)
    except OSError:
        usable = False
    return Places(root=root, cache=cache if usable else root / ".cache" / "techo")
