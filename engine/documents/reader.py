"""The engine's side of reading a document: a child process does it, and is ended when it stalls or nobody wants it."""

from __future__ import annotations

import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import msgspec

from engine.documents.extract import MOST_PASSAGES
from engine.documents.lines import Done, Failed, Line, Page, Passage
from engine.errors import Cancelled, DocumentError, ErrorCode
from engine.reasons import Reason, because, recognised

logger = logging.getLogger(__name__)

STALLED: Final = 30.0
"""Seconds without a word from the child after which it is ended: no page of a sound file takes as long."""
LONGEST: Final = 300.0
"""Seconds for a whole document."""
MAX_LINE: Final = 1024 * 1024
"""Bytes in a line of the child's; a passage has a few hundred."""
_WATCH: Final = 0.05
"""Seconds between two looks at whether it was stopped."""

_lines: Final = msgspec.json.Decoder(Line)


@dataclass(frozen=True)
class Document:
    """A file as the memory can learn it."""

    name: str
    """Of the file, without its folder."""
    passages: list[str]
    unreadable: int = 0
    """Pages that could not be read."""


def read_document(
    path: Path, cancelled: Callable[[], bool], turned: Callable[[int, int], None], command: list[str] | None = None
) -> Document:
    """The passages of a text, Markdown or PDF file.

    Args:
        path: The file.
        cancelled: Asked many times a second.
        turned: Told at each page of a PDF: how many were read, and how many there are.
        command: The child process; for tests.

    Raises:
        Cancelled: It was stopped.
        DocumentError: It cannot be read; the code says why.
    """
    environment = dict(os.environ)
    here = str(Path(__file__).resolve().parents[2])
    known = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = here if not known else os.pathsep.join((here, known))
    child = subprocess.Popen(
        command or [sys.executable, "-P", "-m", "engine.documents", str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows would open a console for it
    )
    assert child.stdout is not None
    heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    ears = threading.Thread(target=_listen, args=(child.stdout, heard), name="document", daemon=True)
    ears.start()
    try:
        found = _gather(heard, cancelled, turned)
    finally:
        child.kill()  # one that has ended does not mind
        child.wait()
        ears.join()
        child.stdout.close()
    if isinstance(found, Failed):
        why = recognised(found.reason, found.values)
        raise DocumentError(found.message, found.hint, code=ErrorCode(found.code), because=why)
    return Document(path.name, *found)


def _listen(pipe: IO[bytes], heard: queue.SimpleQueue[bytes]) -> None:
    while line := pipe.readline(MAX_LINE):
        heard.put(line)
    heard.put(b"")


def _gather(
    heard: queue.SimpleQueue[bytes], cancelled: Callable[[], bool], turned: Callable[[int, int], None]
) -> tuple[list[str], int] | Failed:
    passages: list[str] = []
    began = last = time.monotonic()
    while True:
        if cancelled():
            raise Cancelled("Reading was stopped.")
        try:
            line = heard.get(timeout=_WATCH)
        except queue.Empty:
            now = time.monotonic()
            if now - last > STALLED or now - began > LONGEST:
                raise DocumentError(
                    "Reading this file takes too long.",
                    "Save a simpler copy, or only the pages that matter.",
                    code=ErrorCode.DOCUMENT_TOO_LARGE,
                    because=because(Reason.DOCUMENT_SLOW),
                ) from None
            continue
        last = time.monotonic()
        try:
            said = _lines.decode(line)
        except msgspec.MsgspecError:
            # The end without a last word: the file has brought its reader down, which is what the reader is for.
            logger.warning("a document ended its reader")
            raise DocumentError(
                "This file is damaged and cannot be read.",
                "Open it in the program that it comes from and save it anew.",
                code=ErrorCode.DOCUMENT_DAMAGED,
            ) from None
        if isinstance(said, Passage) and len(passages) < MOST_PASSAGES:
            passages.append(said.text)
        elif isinstance(said, Page):
            turned(said.done, said.count)
        elif isinstance(said, Done):
            return passages, said.unreadable
        elif isinstance(said, Failed):
            return said
