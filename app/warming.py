"""Loads, after the first paint and piece by piece, what the first use would otherwise have to wait for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QTimer

PAGES: Final = (
    "app.settings_dialog", "app.shortcuts", "app.models.page", "app.journal", "app.knowledge", "app.timeline",
    "app.about", "app.diagnostics",
)  # fmt: skip
PAUSE_MS: Final = 40
"""Between two pieces: what the person does comes first."""


def warm_up(parent: QObject) -> None:
    """Begin; each piece has a turn of the event loop of its own, as long as `parent` lives."""
    wanted: list[Callable[[], object]] = [_markdown, *(partial(importlib.import_module, page) for page in PAGES)]
    pieces = iter(wanted)
    QTimer.singleShot(0, parent, lambda: _next(parent, pieces))


def _next(parent: QObject, pieces: Iterator[Callable[[], object]]) -> None:
    piece = next(pieces, None)
    if piece is not None:
        piece()
        QTimer.singleShot(PAUSE_MS, parent, lambda: _next(parent, pieces))


def _markdown() -> None:
    from app import theme
    from app.chat import markdown

    markdown.warm_up(theme.current())
