"""`./techo test` and `./techo lint`: every check, each with its own output, and a summary. Exits 1 when one failed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Check:
    """A name for the summary, and a command that exits non-zero when something is wrong."""

    name: str
    command: tuple[str, ...]


def checks(goal: str, pytest_arguments: Sequence[str]) -> list[Check]:
    """What `goal` (`test` or `lint`) runs, in order."""
    python = (sys.executable, "-P")
    contracts = "from importlinter.cli import lint_imports_command as run; run()"
    listed = [
        Check("ruff check", (*python, "-m", "ruff", "check", ".")),
        Check("ruff format", (*python, "-m", "ruff", "format", "--check", ".")),
        Check("mypy --strict", (*python, "-m", "mypy")),
        Check("import contracts", (*python, "-c", contracts)),
    ]
    if goal == "test":
        listed.append(Check("pytest", (*python, "-m", "pytest", *pytest_arguments)))
    return listed


def run_all(listed: Sequence[Check], environment: dict[str, str]) -> list[tuple[Check, int, float]]:
    """Runs every check, also after a failed one; each with its exit status and seconds."""
    results = []
    for check in listed:
        print(f"\n── {check.name} " + "─" * max(0, 70 - len(check.name)), flush=True)
        begun = time.monotonic()
        status = subprocess.run(check.command, cwd=ROOT, env=environment, check=False).returncode
        results.append((check, status, time.monotonic() - begun))
    return results


def summary(results: Sequence[tuple[Check, int, float]]) -> str:
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
