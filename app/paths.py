"""Where the window's data files are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

RESOURCES: Final = Path(__file__).resolve().parent.parent / "resources"


def default_data_dir() -> Path:
    """The same as the engine's."""
    from platformdirs import user_data_path

    return user_data_path("techo", appauthor=False)
