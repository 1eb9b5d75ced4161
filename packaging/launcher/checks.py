"""`./techo test` and `./techo lint`: every check, each with its own output, and a summary. Exits 1 when one failed.

The tests run in two processes, which takes half the time on two cores; those that measure time (marked `alone`) come
after them, by themselves. With arguments a developer looks at some tests: in one process, as pytest alone would.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

WORKERS: Final = 2
"""Processes that run tests; most tests start more: an engine, a second window."""
_SHARED: Final = ("-n", str(WORKERS), "--dist", "loadfile", "--no-loadscope-reorder")
"""A file's tests stay together, as they share an engine. Files come in their order: those that take longest first."""


@dataclass(frozen=True)
class Check:
    """A name for the summary, and a command that exits non-zero when something is wrong.

    Attributes:
        beside: it runs while the check after it does, and is shown after that.
    """

    name: str
    command: tuple[str, ...]
    beside: bool = False


Result = tuple[Check, int, float]
"""A check, its exit status, and its seconds."""


def checks(goal: str, pytest_arguments: Sequence[str]) -> list[Check]:
    """What `goal` (`test` or `lint`) runs, in order."""
    python = (sys.executable, "-P")
    contracts = "from importlinter.cli import lint_imports_command as run; run()"
    listed = [
        Check("ruff check", (*python, "-m", "ruff", "check", ".")),
        Check("ruff format", (*python, "-m", "ruff", "format", "--check", ".")),
        Check("import contracts", (*python, "-c", contracts)),
        Check("mypy --strict", (*python, "-m", "mypy"), beside=True),
    ]
    pytest = (*python, "-m", "pytest")
    if goal == "test" and pytest_arguments:
        listed.append(Check("pytest", (*pytest, *pytest_arguments)))
    elif goal == "test":
        listed.append(Check("pytest", (*pytest, *_SHARED, "-m", "not alone")))
        listed.append(Check("pytest, alone", (*pytest, "-m", "alone")))
    return listed


def run_all(listed: Sequence[Check], environment: dict[str, str]) -> list[Result]:
    """Runs every check, also after a failed one; each with its exit status and seconds."""
    results: list[Result] = []
    beside: list[Future[tuple[Result, str]]] = []
    with ThreadPoolExecutor() as pool:
        for check in listed:
            if check.beside:
                beside.append(pool.submit(_run, check, environment, quietly=True))
                continue
            _headline(check)
            results.append(_run(check, environment)[0])
            results += _shown(beside)
            beside = []
        results += _shown(beside)
    return sorted(results, key=lambda result: listed.index(result[0]))


def _run(check: Check, environment: dict[str, str], *, quietly: bool = False) -> tuple[Result, str]:
    """The result and, of a check that ran quietly, what it would have written."""
    begun = time.monotonic()
    output, errors = (subprocess.PIPE, subprocess.STDOUT) if quietly else (None, None)
    ended = subprocess.run(
        check.command, cwd=ROOT, env=environment, stdout=output, stderr=errors, encoding="utf-8", check=False
    )
    return (check, ended.returncode, time.monotonic() - begun), ended.stdout or ""


def _shown(beside: Sequence[Future[tuple[Result, str]]]) -> list[Result]:
    """Waits for the checks that run beside others, and shows them."""
    results = []
    for one in beside:
        result, output = one.result()
        _headline(result[0])
        print(output, end="", flush=True)
        results.append(result)
    return results


def _headline(check: Check) -> None:
    print(f"\n── {check.name} " + "─" * max(0, 70 - len(check.name)), flush=True)


def summary(results: Sequence[Result]) -> str:
    """One line a check."""
    lines = ["", "── summary " + "─" * 64]
    for check, status, seconds in results:
        lines.append(f"{'ok    ' if status == 0 else 'FAILED'}  {check.name:<18} {seconds:6.1f} s")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 when all is well, 1 when a check failed, 2 for a wrong command line, 130 when interrupted."""
    goal, *rest = arguments or ["test"]
    if goal not in {"test", "lint"} or (goal == "lint" and rest):
        print("usage: ./techo test [PYTEST ARGUMENTS]\n       ./techo lint", file=sys.stderr)
        return 2
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    try:
        results = run_all(checks(goal, rest), environment)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    print(summary(results), flush=True)
    return 0 if all(status == 0 for _, status, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
