"""A file to passages: the checks of its kind and size, then the reader of its format. Runs in the child process."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

from engine.documents.passages import Block, passages
from engine.errors import DocumentError, ErrorCode
from engine.protocol import DOCUMENT_SUFFIXES
from engine.reasons import Reason, because

MOST_BYTES: Final = {"pdf": 64 * 1024 * 1024, "text": 4 * 1024 * 1024}
"""Of a file, by its kind: a long novel has one million letters."""
MOST_PASSAGES: Final = 1_000
"""Of one document: some sixty pages. The memory's size is fixed, and a library would push a life out of it."""
PDF_HEAD: Final = 1024
"""Bytes in which a PDF says that it is one; viewers look as far."""


class Extract(NamedTuple):
    """What a file holds."""

    passages: list[str]
    unreadable: int
    """Pages that could not be read."""


def extract(path: Path, turned: Callable[[int, int], None]) -> Extract:
    """The passages of a document.

    Args:
        path: The file.
        turned: Told before each page of a PDF: how many were read, and how many there are.

    Raises:
        DocumentError: It cannot be read; the code says why.
    """
    try:
        kind = _checked(path)
        if kind == "pdf":
            from engine.documents import pdf

            pages = pdf.read(path, turned)
            return Extract(_gathered(pdf.blocks(pages.texts)), pages.unreadable)
        with path.open("rb") as file:
            data = file.read(MOST_BYTES["text"] + 1)  # it may have grown since
        _check_size(len(data), "text")
    except OSError as error:
        raise DocumentError(
            f"The file cannot be read ({error.strerror or type(error).__name__}).",
            "See whether it is still there, and whether you may read it.",
            code=ErrorCode.DOCUMENT_NOT_FOUND,
        ) from error
    from engine.documents import markdown, plain
    from engine.documents.decoding import decode

    text = decode(data)
    read = plain.blocks if DOCUMENT_SUFFIXES[path.suffix.lower()] == "text" else markdown.blocks
    return Extract(_gathered(read(text)), 0)


def _checked(path: Path) -> str:
    """The kind of a file, by its name and its first bytes: "pdf" or "text"."""
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise DocumentError(
            "This is a folder.",
            "Choose the files in it that are to be read.",
            code=ErrorCode.DOCUMENT_KIND,
            because=because(Reason.DOCUMENT_FOLDER),
        )
    if not stat.S_ISREG(found.st_mode) or path.suffix.lower() not in DOCUMENT_SUFFIXES:
        raise DocumentError(
            "Files of this kind cannot be read.",
            "Text (.txt), Markdown (.md) and PDF files can: save it as one of them.",
            code=ErrorCode.DOCUMENT_KIND,
        )
    kind = "pdf" if DOCUMENT_SUFFIXES[path.suffix.lower()] == "pdf" else "text"
    _check_size(found.st_size, kind)
    if kind == "pdf":
        with path.open("rb") as file:
            if b"%PDF-" not in file.read(PDF_HEAD):
                from engine.documents.pdf import damaged

                raise damaged("it does not begin as one")
    return kind


def _check_size(size: int, kind: str) -> None:
    if size > MOST_BYTES[kind]:
        raise DocumentError(
            f"This file has {size:,} bytes; {MOST_BYTES[kind]:,} at most can be read.",
            "Split it, and have the parts read that you need.",
            code=ErrorCode.DOCUMENT_TOO_LARGE,
            because=because(Reason.DOCUMENT_BYTES, bytes=size, most_bytes=MOST_BYTES[kind]),
        )


def _gathered(blocks: Iterable[Block]) -> list[str]:
    """All passages, each once."""
    found: dict[str, None] = {}
    for passage in passages(blocks):
        found[passage] = None
        if len(found) > MOST_PASSAGES:
            raise DocumentError(
                f"This document has more than {MOST_PASSAGES:,} passages.",
                "The memory is small. Have the part read that matters.",
                code=ErrorCode.DOCUMENT_TOO_LARGE,
                because=because(Reason.DOCUMENT_PASSAGES, most=MOST_PASSAGES),
            )
    if not found:
        from engine.documents.pdf import empty

        raise empty()
    return list(found)
