"""A command of Techo's own command line as a child process.

The window and its engine never read a model file that nobody has checked, and never open the network: both happen in a
process of its own that lives as long as the one thing that the person asked for.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from PySide6.QtCore import QObject, QProcess, Signal

from app import errors
from app.models.facts import Line
from app.rpc import LineBuffer
from engine.protocol import ErrorBody

log = logging.getLogger(__name__)

GRACE_SECONDS: Final = 5


def cli_command(data_dir: Path, arguments: Sequence[str]) -> list[str]:
    """Program and arguments; `-P` keeps the current folder out of the import path."""
    return [sys.executable, "-P", "-m", "engine.cli", "--json", "--data-dir", str(data_dir), *arguments]


class Command(QObject):
    """Runs one command. Exactly one of `done` and `failed` follows, unless it is `stop`ped before: then `failed`.

    Args:
        data_dir: as the engine's.
        arguments: the command and its own options.
    """

    progressed = Signal(object)
    """Progress"""
    done = Signal(bytes)
    """Its result: one JSON object."""
    failed = Signal(object)
    """ErrorBody"""

    def __init__(self, data_dir: Path, arguments: Sequence[str], parent: QObject) -> None:
        super().__init__(parent)
        self._lines = LineBuffer()
        self._last = b""
        self._error: ErrorBody | None = None
        self._said: deque[str] = deque(maxlen=8)
        self._ended = False
        process = self._process = QProcess(self)
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._hear)
        process.errorOccurred.connect(self._on_error)
        process.finished.connect(self._on_finished)
        program, *rest = cli_command(data_dir, arguments)
        process.start(program, rest)

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return not self._ended

    def cancel(self) -> None:
        """Let go of it: a download takes the end of its standard input as the word to stop, and keeps what came."""
        self._process.closeWriteChannel()

    def stop(self) -> None:
        """End it now, for the window is closing. What a download received is kept."""
        if self._ended:
            return
        self._process.blockSignals(True)
        self._process.closeWriteChannel()
        self._process.terminate()
        if not self._process.waitForFinished(GRACE_SECONDS * 1000):
            self._process.kill()
            self._process.waitForFinished(1000)
        self._ended = True

    # ------------------------------------------------------------------------------------------ the process

    def _read(self) -> None:
        for text in self._lines.feed(bytes(self._process.readAllStandardOutput().data())):
            try:
                line = msgspec.json.decode(text, type=Line)
            except msgspec.MsgspecError as error:
                log.warning("a line of a command was not understood: %s", error)
                continue
            if line.progress is not None:
                self.progressed.emit(line.progress)
            elif line.error is not None:
                self._error = line.error
            else:
                self._last = bytes(text)

    def _hear(self) -> None:
        text = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        self._said.extend(text.splitlines())

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end(ErrorBody(code=errors.INTERNAL, message=self._process.errorString()))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._hear()
        if status == QProcess.ExitStatus.NormalExit and code == 0 and self._last:
            self._end(None)
            return
        words = "\n".join(self._said) or f"It ended with {code}."
        self._end(self._error or ErrorBody(code=errors.INTERNAL, message=words))

    def _end(self, error: ErrorBody | None) -> None:
        if self._ended:
            return
        self._ended = True
        if error is None:
            self.done.emit(self._last)
        else:
            self.failed.emit(error)
        self.deleteLater()
