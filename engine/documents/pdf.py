"""A PDF's text, page by page, by pypdf. The child process around it bounds its memory and its time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from pypdf import PasswordType, PdfReader

from engine.documents import plain
from engine.documents.passages import Block
from engine.errors import DocumentError, ErrorCode
from engine.reasons import Reason, because

MOST_PAGES: Final = 2_000
REPEATED: Final = 3
"""A line that stands at the edge of so many pages, and of every other one, is a running title and no text."""
MOST_TEXT: Final = 4 * 1024 * 1024
"""Letters of text in a document at most."""


class Pages(NamedTuple):
    """The text of each page, and how many pages could not be read."""

    texts: list[str]
    unreadable: int


def read(path: Path, turned: Callable[[int, int], None]) -> Pages:
    """The text of all pages.

    Args:
        path: The file.
        turned: Told before each page: how many were read, and how many there are.

    Raises:
        DocumentError: DOCUMENT_ENCRYPTED, DOCUMENT_DAMAGED, DOCUMENT_IMAGES, DOCUMENT_EMPTY or DOCUMENT_TOO_LARGE.
    """
    try:
        with path.open("rb") as file:
            reader = PdfReader(file, strict=False)
            _unlock(reader)
            count = len(reader.pages)
            if count > MOST_PAGES:
                raise DocumentError(
                    f"This PDF has {count:,} pages; {MOST_PAGES:,} at most can be read.",
                    "Split it, and have the parts read that you need.",
                    code=ErrorCode.DOCUMENT_TOO_LARGE,
                    because=because(Reason.DOCUMENT_PAGES, pages=count, most=MOST_PAGES),
                )
            return _read(reader, count, turned)
    except (DocumentError, MemoryError, OSError):
        raise
    except Exception as error:  # whatever a parser of such a format stumbles over, the file is the reason
        raise damaged(type(error).__name__) from error


def _unlock(reader: PdfReader) -> None:
    """Many a file is locked against changes only: then the empty password opens it for reading."""
    if not reader.is_encrypted:
        return
    try:
        opened = reader.decrypt("") is not PasswordType.NOT_DECRYPTED
    except Exception:  # a cipher that would need another library: for us it is locked
        opened = False
    if not opened:
        raise DocumentError(
            "This PDF is protected by a password.",
            "Save a copy without the password, and choose that.",
            code=ErrorCode.DOCUMENT_ENCRYPTED,
        )


def _read(reader: PdfReader, count: int, turned: Callable[[int, int], None]) -> Pages:
    texts: list[str] = []
    unreadable = length = pictures = 0
    for number in range(count):
        turned(number, count)
        try:
            page = reader.pages[number]
            text = page.extract_text()
            pictures += "/XObject" in (page.get("/Resources") or {})
        except MemoryError:
            raise
        except Exception:
            # One bad page must not cost the others; how many there were is said.
            unreadable += 1
            continue
        texts.append(text)
        length += len(text)
        if length > MOST_TEXT:
            raise DocumentError(
                f"This PDF holds more than {MOST_TEXT:,} letters of text.",
                "Split it, and have the parts read that you need.",
                code=ErrorCode.DOCUMENT_TOO_LARGE,
                because=because(Reason.DOCUMENT_LETTERS, most=MOST_TEXT),
            )
    if not any(letter.isalnum() for text in texts for letter in text):
        if unreadable:
            raise damaged(f"{unreadable} pages")
        if pictures:
            raise DocumentError(
                "This PDF holds pictures of pages only, and no text.",
                "Run it through a text recognition (OCR) first, and save the result as PDF or text.",
                code=ErrorCode.DOCUMENT_IMAGES,
            )
        raise empty()
    return Pages(texts, unreadable)


def blocks(texts: Sequence[str]) -> Iterator[Block]:
    """The paragraphs of all pages, without running titles and page numbers."""
    edges = Counter(edge for text in texts for edge in {_shape(line) for line in _edges(text)})
    often = {edge for edge, times in edges.items() if times >= REPEATED and times * 2 >= len(texts)}
    for text in texts:
        lines = [line.rstrip() for line in text.split("\n")]
        at_edge = set(_edges(text))
        kept = [
            line
            for line in lines
            if not (line in at_edge and (_shape(line) in often or re.fullmatch(r"[\s\-–|/0-9]+", line)))
        ]
        yield from plain.blocks("\n".join(kept))


def _edges(text: str) -> list[str]:
    """The first and the last line of a page that are not empty."""
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    return [lines[0], lines[-1]] if lines else []


def _shape(line: str) -> str:
    """A running title with the number of its page is the same on every page."""
    return re.sub(r"\d+", "0", line.strip())


def damaged(reason: str) -> DocumentError:
    """A file that is not what it says it is."""
    return DocumentError(
        f"This PDF is damaged and cannot be read ({reason}).",
        "Open it in a PDF viewer and save it anew, or fetch it again.",
        code=ErrorCode.DOCUMENT_DAMAGED,
    )


def empty() -> DocumentError:
    """A document with nothing to read in it."""
    return DocumentError(
        "There is nothing to read in this file.", "Choose a file with text in it.", code=ErrorCode.DOCUMENT_EMPTY
    )
