"""Model files that are dropped on the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDropEvent


def dropped_models(urls: list[QUrl]) -> list[Path]:
    """The model files among what is dropped."""
    paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    return [path for path in paths if path.suffix.lower() == ".gguf"]


def accept_models(event: QDropEvent) -> list[Path]:
    """Accepts a drag or a drop that brings model files -> those files."""
    paths = dropped_models(event.mimeData().urls())
    if paths:
        event.acceptProposedAction()
    return paths
