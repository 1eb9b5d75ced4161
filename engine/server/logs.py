"""The log: warnings to stderr, everything of note to a rotating file in the data folder.

A log gets attached to bug reports, so nothing of what a person said may be in it. Messages in this code base name
numbers, types and paths only; of an unexpected exception the log has its type and where it was raised, but not its
text, which may quote anything.
"""

from __future__ import annotations

import logging
import sys
import traceback
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

FILE_NAME: Final = "engine.log"
_SIZE: Final = 256 * 1024
_KEEP: Final = 2


class DiscreetFormatter(logging.Formatter):
    """Shows an exception's type and frames, not its text."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text; what another formatter made of its exception is not used again."""
        record.exc_text = None
        try:
            return super().format(record)
        finally:
            record.exc_text = None

    def formatException(self, ei: object) -> str:
        """The traceback without the exception's own words."""
        assert isinstance(ei, tuple)
        lines: list[str] = []
        error: BaseException | None = ei[1]
        while error is not None:
            kind = type(error)
            lines += [
                "".join(traceback.format_tb(error.__traceback__)).rstrip(),
                f"{kind.__module__}.{kind.__qualname__}",
            ]
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(filter(None, lines))


def set_up_logging(data_dir: Path) -> None:
    """Sends the log to stderr and to `<data_dir>/logs/engine.log`, if that can be written."""
    formatter = DiscreetFormatter("%(asctime)s [%(process)d] %(levelname)s %(name)s: %(message)s")
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    logging.raiseExceptions = False  # a full disk must not fill stderr
    console = logging.StreamHandler(sys.stderr)
    console.setLevel(logging.WARNING)
    handlers: list[logging.Handler] = [console]
    try:
        folder = data_dir / "logs"
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True, mode=0o700)
        handlers.append(_PrivateFileHandler(folder / FILE_NAME, maxBytes=_SIZE, backupCount=_KEEP, encoding="utf-8"))
    except OSError as error:
        print(f"techo: no log file: {error.strerror}", file=sys.stderr)
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)


class _PrivateFileHandler(RotatingFileHandler):
    """Its file can be read by its owner alone."""

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).touch(mode=0o600)
        return super()._open()
