"""What the child process says: one JSON object a line."""

from __future__ import annotations

import msgspec


class Page(msgspec.Struct, tag="page"):
    """So many pages are read of so many."""

    done: int
    count: int


class Passage(msgspec.Struct, tag="passage"):
    """The next passage."""

    text: str


class Failed(msgspec.Struct, tag="failed"):
    """It ends with an error, see `engine.errors.DocumentError`."""

    code: int
    message: str
    hint: str
    reason: str = ""
    values: dict[str, str | int] = {}


class Done(msgspec.Struct, tag="done"):
    """That was all of it."""

    unreadable: int
    """Pages that could not be read."""


Line = Page | Passage | Failed | Done
