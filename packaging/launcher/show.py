"""What a person sees while things are set up, and running a child with its output kept in a log.

Everything goes to stderr: `./techo memory stats --json` prints nothing but JSON, also on its first run.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import shutil
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final, TextIO

HEARTBEAT: Final = 20.0
"""Seconds between signs of life when the output is no terminal."""

TAIL: Final = 60
"""Lines of a failed command that are kept to explain the failure; the log has the rest."""


class SetupError(Exception):
    """Something a person has to do or to know before set-up can go on: what happened, and what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class CommandFailed(Exception):
    """A child ended badly. `tail` holds its last lines; `status` is negative for a signal, as in `subprocess`."""

    def __init__(self, command: Sequence[str], status: int, tail: Sequence[str]) -> None:
        super().__init__(f"{command[0]} ended with {describe_status(status)}")
        self.status = status
        self.tail = list(tail)


def excerpt(tail: Sequence[str], most: int = 8) -> str:
    """The lines of a failed command that name the error, or its last ones; indented."""
    telling = [line for line in tail if re.search(r"\b[Ee]rror\b|ERROR|[A-Z]\w*Error:|^E: |No space left", line)]
    shown = list(dict.fromkeys((telling or list(tail))[-most:]))
    return "\n".join(f"    {line.strip()[:200]}" for line in shown)


def describe_status(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"signal {signal.Signals(-status).name}"
    except ValueError:
        return f"signal {-status}"


def duration(seconds: float) -> str:
    """`0.4 s`, `34 s`, `2 min 10 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


class Progress:
    """The steps of a set-up: `[2/6] Python packages ... 34 s`. On a terminal the running step's line is redrawn."""

    def __init__(self, total: int, out: TextIO) -> None:
        self.total = total
        self.out = out
        self.live = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._number = 0
        self._title = ""
        self._note = ""
        self._begun = self._drawn = 0.0

    def begin(self, title: str) -> None:
        """The next step."""
        self._number += 1
        self._title, self._note = title, ""
        self._begun = self._drawn = time.monotonic()
        if self.live:
            self._redraw()

    def note(self, text: str) -> None:
        """What the step is at, in a few words."""
        self._note = text
        self.tick()

    def tick(self) -> None:
        """To be called now and then while the step runs."""
        now = time.monotonic()
        if self.live:
            if now - self._drawn >= 0.1:
                self._drawn = now
                self._redraw()
        elif now - self._drawn >= HEARTBEAT:
            self._drawn = now
            self.say(f"{self._head()} ... {duration(now - self._begun)}{self._noted()}")

    def done(self, detail: str) -> None:
        """The step is over; its line stays."""
        took = time.monotonic() - self._begun
        self._clear()
        self.say(f"{self._head()}: {detail} ({duration(took)})")

    def elapsed(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self._begun

    def say(self, text: str) -> None:
        """A line that stays."""
        self._clear()
        print(text, file=self.out, flush=True)

    def abandon(self) -> None:
        """Leaves the cursor on a line of its own."""
        self._clear()

    def _head(self) -> str:
        return f"[{self._number}/{self.total}] {self._title}"

    def _noted(self) -> str:
        return f", {self._note}" if self._note else ""

    def _redraw(self) -> None:
        line = f"{self._head()} ... {duration(time.monotonic() - self._begun)}{self._noted()}"
        width = max(shutil.get_terminal_size().columns - 1, 20)
        self.out.write("\r\x1b[K" + (line if len(line) <= width else line[: width - 1] + "…"))
        self.out.flush()

    def _clear(self) -> None:
        if self.live:
            self.out.write("\r\x1b[K")
            self.out.flush()


class Runner:
    """Runs children: output to the log, a short note of it to the progress line, no child left behind.

    A child gets a session of its own, so that an interruption reaches it through us and it is gone with all its own
    children before we go on. It inherits `keep` (the locks): should *we* be killed outright, a compiler that is still
    running keeps the next set-up from working in the same folder.
    """

    def __init__(self, progress: Progress, log: Path) -> None:
        self.progress = progress
        self.log = log
        self.keep: list[int] = []

    def record(self, text: str) -> None:
        """A remark for the log alone."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a", encoding="utf-8", errors="replace") as log:
            log.write(text.rstrip("\n") + "\n")

    def run(
        self,
        command: Sequence[str | Path],
        *,
        note: Callable[[str], str | None] | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        """Runs one command to its end.

        Args:
            command: program and arguments.
            note: makes a progress note of an output line; None leaves the old note.
            env: the whole environment; ours when missing.
            cwd: where to run.

        Raises:
            CommandFailed: the exit status was not zero.
            SetupError: there is no such program.
        """
        words = [os.fspath(word) for word in command]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a", encoding="utf-8", errors="replace") as log:
            log.write(f"\n$ {' '.join(words)}\n")
            log.flush()
            tail: deque[str] = deque(maxlen=TAIL)
            child: subprocess.Popen[bytes] | None = None
            try:
                with _held_back():
                    child = subprocess.Popen(
                        words,
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT,
                        env=None if env is None else dict(env),
                        cwd=cwd,
                        start_new_session=True,
                        pass_fds=self.keep,
                    )
                assert child.stdout is not None
                for line in _Lines(child.stdout, self.progress.tick):
                    log.write(line + "\n")
                    log.flush()
                    tail.append(line)
                    said = note(line) if note is not None else None
                    if said:
                        self.progress.note(said)
                status = child.wait()
            except FileNotFoundError as error:
                raise SetupError(f"The program {words[0]} was not found.") from error
            except BaseException:
                if child is not None:
                    end_group(child)
                raise
            finally:
                if child is not None and child.stdout is not None:
                    child.stdout.close()
            if status != 0:
                raise CommandFailed(words, status, [line for line in tail if line.strip()])


@contextlib.contextmanager
def _held_back() -> Iterator[None]:
    """Interruptions wait until the block is over: one in the middle of starting a child would leave it behind."""
    caught: list[int] = []
    before = {
        number: signal.signal(number, lambda got, _: caught.append(got))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for held in caught[:1]:
            signal.raise_signal(held)


class _Lines:
    """Lines of a pipe as they come; `tick` is called at least twice a second."""

    def __init__(self, pipe: IO[bytes], tick: Callable[[], None]) -> None:
        self._pipe = pipe
        self._tick = tick
        self._rest = b""
        self._ready: deque[str] = deque()
        self._open = True

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        while not self._ready:
            if not self._open:
                raise StopIteration
            self._read()
        return self._ready.popleft()

    def _read(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._pipe, selectors.EVENT_READ)
            if not selector.select(timeout=0.5):
                self._tick()
                return
        block = os.read(self._pipe.fileno(), 65536)
        if not block:
            self._open = False
            if self._rest:
                self._ready.append(self._rest.decode("utf-8", "replace").rstrip())
            return
        *lines, self._rest = re.split(rb"[\r\n]+", self._rest + block)
        self._ready.extend(line.decode("utf-8", "replace").rstrip() for line in lines)


def end_group(child: subprocess.Popen[bytes], patience: float = 5.0) -> None:
    """Ends a child and everything it started (it leads a session of its own): a request, then by force.

    When the child itself is gone the others get a second more; they may be dead too and only wait for init to notice.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGTERM)
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if child.poll() is not None:
                until = min(until, time.monotonic() + 1.0)
            os.killpg(child.pid, 0)  # raises when nobody is left
            time.sleep(0.05)
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
