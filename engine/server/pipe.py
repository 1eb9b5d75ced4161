"""Lines over file descriptors: bounded when read, whole when written.

Raw descriptors on purpose: a thread that is blocked in a buffered reader when the process ends takes Python down with
a fatal error, and native code that prints to `sys.stdout` must not find the pipe there.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Final

logger = logging.getLogger(__name__)

_BLOCK: Final = 1 << 16

TOO_LONG: Final = b""
"""What `LineReader.lines` gives in place of a line that was too long (a real line is never empty)."""


class LineReader:
    """Reads lines of at most `limit` bytes from a descriptor."""

    def __init__(self, descriptor: int, limit: int) -> None:
        self._descriptor = descriptor
        self._limit = limit
        self._pending = bytearray()
        self._skipping = False

    def run(self, take: Callable[[bytes], None]) -> None:
        """Calls `take` with each line, without its end, until the file ends. An unfinished last line is dropped.

        Empty lines are passed over. A line longer than the limit is skipped to its end, in constant memory, and
        `take` gets `TOO_LONG` in its place.
        """
        while block := self._read():
            start = 0
            while (end := block.find(b"\n", start)) >= 0:
                self._finish(block[start:end], take)
                start = end + 1
            self._extend(block[start:])

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, _BLOCK)
        except OSError as error:  # the other side is gone in a way that is no end of file
            logger.warning("reading from the pipe failed: %s", error.strerror)
            return b""

    def _extend(self, part: bytes) -> None:
        if not self._skipping:
            self._pending += part
            if len(self._pending) > self._limit:
                self._skipping = True
                self._pending = bytearray()

    def _finish(self, part: bytes, take: Callable[[bytes], None]) -> None:
        self._extend(part)
        line, self._pending = bytes(self._pending), bytearray()
        if self._skipping:
            self._skipping = False
            take(TOO_LONG)
        elif line.strip():
            take(line)


class LineWriter:
    """Writes whole lines to a descriptor, from any thread. When the other side is gone, writing does nothing."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.on_gone: Callable[[], None] = lambda: None
        """Called once, when the other side has closed the pipe."""
        self._lock = threading.Lock()
        self._gone = False

    def write(self, line: bytes) -> None:
        """Writes `line` and a line end."""
        with self._lock:
            if self._gone:
                return
            data = memoryview(line + b"\n")
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
                return
            except OSError as error:
                self._gone = True
                logger.warning("the front end is gone: %s", error.strerror)
        self.on_gone()
