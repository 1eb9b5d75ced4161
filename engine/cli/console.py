"""What the command line prints: results on stdout, everything else on stderr; one JSON object a line with `--json`."""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any, Final, TextIO

import msgspec

from engine.errors import EngineError, ErrorCode
from engine.protocol import Learned

EXIT_OK: Final = 0
EXIT_ERROR: Final = 1
EXIT_USAGE: Final = 2
EXIT_NOT_CONFIRMED: Final = 3
EXIT_INTERRUPTED: Final = 130


class UsageError(EngineError):
    """The command line itself is wrong: exit status 2."""

    code = ErrorCode.INVALID_PARAMS


class NotConfirmed(EngineError):
    """Something that cannot be undone was not confirmed: exit status 3, nothing was changed."""

    code = ErrorCode.NOT_CONFIRMED


def exit_status(error: EngineError) -> int:
    """The exit status that stands for an error."""
    if isinstance(error, UsageError):
        return EXIT_USAGE
    return EXIT_NOT_CONFIRMED if error.code == ErrorCode.NOT_CONFIRMED else EXIT_ERROR


class Console:
    """Where a command's words go.

    Args:
        as_json: print machine-readable results; text for people is left out.
    """

    def __init__(
        self,
        *,
        as_json: bool = False,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> None:
        self.as_json = as_json
        self.stdin = stdin if stdin is not None else sys.stdin
        self.stdout = stdout if stdout is not None else sys.stdout
        self.stderr = stderr if stderr is not None else sys.stderr

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked something."""
        return self.stdin.isatty() and self.stderr.isatty()

    def result(self, value: Any, text: str) -> None:
        """The command's result: `value` as JSON, or `text` for people."""
        if self.as_json:
            self.stdout.write(to_json(value) + "\n")
        elif text:
            self.stdout.write(text + "\n")
        self.stdout.flush()

    def line(self, value: Any) -> None:
        """One JSON object on the way to the result, for a program that asked for it."""
        self.stdout.write(to_json(value) + "\n")
        self.stdout.flush()

    def stream(self, text: str) -> None:
        """A piece of a reply, shown at once; nothing with `--json`, where the whole reply comes in the result."""
        if not self.as_json:
            self.stdout.write(text)
            self.stdout.flush()

    def note(self, text: str) -> None:
        """Progress or a remark: stderr, so that it never mixes with results."""
        self.stderr.write(text + "\n")
        self.stderr.flush()

    def dim(self, text: str) -> None:
        """A remark beside a conversation: greyed on a terminal, left out where nobody watches."""
        if self.stderr.isatty() and not self.as_json:
            plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
            self.note(text if plain else f"\x1b[2m{text}\x1b[0m")

    def error(self, error: EngineError) -> None:
        """An error: an object on stdout with `--json`, else message and hint on stderr."""
        if self.as_json:
            self.stdout.write(to_json({"error": error.fields()}) + "\n")
            self.stdout.flush()
        else:
            self.note(f"techo: {error.message}" + (f"\n       {error.hint}" if error.hint else ""))

    def confirm(self, what: str, *, yes: bool) -> None:
        """Asks before something that cannot be undone.

        Raises:
            NotConfirmed: the answer was no, or there was nobody to ask.
        """
        if yes:
            return
        if self.as_json or not self.interactive:
            raise NotConfirmed(what, "Nothing was changed. Add --yes to go ahead.")
        self.stderr.write(f"{what}\nType 'yes' to go ahead: ")
        self.stderr.flush()
        if self.stdin.readline().strip().lower() not in ("yes", "y"):
            raise NotConfirmed("Nothing was changed.")


def to_json(value: Any) -> str:
    """One line of JSON; protocol structs become objects."""
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False)


def counted(count: int, thing: str) -> str:
    """A number of things whose plural takes an s: "1 message", "1,200 messages"."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns. A column whose cells are all numbers, or empty, is set to the right."""
    number = re.compile(r"[-+]?[\d.,]*")
    lines = [list(head), *[list(row) for row in rows]]
    widths = [max(columns_of(line[column]) for line in lines) for column in range(len(head))]
    right = [all(number.fullmatch(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            " " * (width - columns_of(cell)) + cell if to_right else cell + " " * (width - columns_of(cell))
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def columns_of(text: str) -> int:
    """Columns that a text takes in a terminal: Japanese letters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def bytes_text(count: int) -> str:
    """A size for people: "18.9 MB" (powers of ten, as disks are sold and file managers show)."""
    if count < 1000:
        return f"{count} bytes"
    size = float(count)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 1000 or unit == "GB":
            return f"{size:.1f} {unit}"
    raise AssertionError("unreachable")


def learned_text(learned: Learned | None) -> str:
    """What a turn taught, in a line."""
    if learned is None or learned.entry is None:
        return "nothing new to learn"
    parts = [f"surprise {learned.surprise:.2f}"]
    for count, word in (
        (learned.recruited, "new neurons"),
        (learned.strengthened, "strengthened"),
        (learned.overwritten, "overwritten"),
        (learned.recycled, "recycled"),
    ):
        if count:
            parts.append(f"{count} {word}")
    return f"learned as entry {learned.entry}: " + ", ".join(parts)
