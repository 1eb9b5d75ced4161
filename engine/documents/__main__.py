"""The child process: `python -P -m engine.documents FILE` prints the passages of a file, see `lines`.

It gives itself bounds before it opens the file: what a hostile file makes of it stays in here, and ends with it.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from engine.documents.extract import extract
from engine.documents.lines import Done, Failed, Line, Page, Passage
from engine.errors import DocumentError, ErrorCode
from engine.reasons import Reason

MEMORY: Final = 1024**3
"""Bytes of address space; a document of a thousand pages takes some hundred million."""
SECONDS: Final = 180
"""Of computing."""


def bound() -> None:
    """Bounds memory, time and what may be written. Windows knows no such bounds: there the parent's clock must do."""
    if sys.platform == "win32":
        return
    import resource

    bounds = [
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ]
    for what, most in bounds:
        with suppress(ValueError, OSError):  # a lower one holds already, or the system has no such bound (macOS: AS)
            resource.setrlimit(what, (most, most))


def say(line: Line) -> None:
    """One line to the engine."""
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def main() -> int:
    """Reads the file that is named."""
    bound()
    logging.disable()  # pypdf remarks on every crooked table
    try:
        found = extract(Path(sys.argv[1]), lambda done, count: say(Page(done, count)))
        for passage in found.passages:
            say(Passage(passage))
        say(Done(found.unreadable))
    except DocumentError as error:
        say(Failed(**error.fields()))
    except MemoryError:
        say(
            Failed(
                int(ErrorCode.DOCUMENT_TOO_LARGE),
                "Reading this file takes more memory than a document may.",
                "Save a simpler copy, or only the pages that matter.",
                Reason.DOCUMENT_SLOW,
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
