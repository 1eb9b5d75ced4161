"""`python -P -m launcher ROOT GOAL...`: sets up what the goals need, or says what is missing.

Leaves the goals that are reached in `.venv/.techo/reached`, for `../../techo` to stamp. Exit status: 0 done,
4 something has to be done by hand first, 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from launcher.llama import locked
from launcher.places import Places, find_places
from launcher.show import CommandFailed, Progress, Runner, SetupError, duration, excerpt
from launcher.steps import GOALS, SetUp

EXIT_BLOCKED = 4
EXIT_INTERRUPTED = 130


class Stopped(KeyboardInterrupt):
    """A polite kill or a closed terminal: the same as Ctrl-C."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped


def set_up(places: Places, goals: frozenset[str]) -> None:
    """One set-up, alone in this checkout."""
    begun = time.monotonic()
    progress = Progress(0, sys.stderr)
    runner = Runner(progress, places.log)
    runner.record(f"\n===== {time.strftime('%Y-%m-%d %H:%M:%S')} {places.root} {' '.join(sorted(goals))}")
    progress.say(f"Setting Techo up in {places.root} (Ctrl-C stops; the next start goes on from there).")
    try:
        with locked(places.lock, progress, runner, "another set-up is at work in this folder; waiting"):
            work = SetUp(places, goals, progress, runner)
            progress.total = len(work.steps())
            reached = work.run()
            places.state.mkdir(parents=True, exist_ok=True)
            (places.state / "reached").write_text(" ".join(reached) + "\n", encoding="utf-8")
    finally:
        progress.abandon()
    progress.say(f"Ready after {duration(time.monotonic() - begun)}.")


def main(arguments: list[str]) -> int:
    """Exit status, see above."""
    os.environ.pop("PYTHONPATH", None)  # it led here and is nobody else's business
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    root, *goals = arguments
    unknown = set(goals) - set(GOALS)
    if unknown:
        print(f"launcher: unknown goal {', '.join(sorted(unknown))}", file=sys.stderr)
        return EXIT_BLOCKED
    places = find_places(Path(root))
    try:
        set_up(places, frozenset(goals) | {"core"})
    except SetupError as error:
        message, hint = error.message, error.hint
    except CommandFailed as error:
        message = f"{error}:\n{excerpt(error.tail)}"
        hint = f"Run the same command again to go on from here (full log: {places.log})."
    except OSError as error:
        message, hint = f"Set-up could not go on: {error}", "Is the disk full, or the folder read-only?"
    except KeyboardInterrupt:
        print("\nInterrupted. What was done is kept; run the same command again to go on.", file=sys.stderr)
        return EXIT_INTERRUPTED
    else:
        return 0
    print(f"\n{message}\n" + (f"\n{hint}\n" if hint else ""), file=sys.stderr)
    return EXIT_BLOCKED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
