"""The table of all sets: made, evaluated, tabulated. What is there already is kept, so an interrupted run goes on."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from engine.cli import main as techo
from engine.cli.evaluate import load_rows
from engine.cli.evaluation.report import summarise

EVERY_ARM: Final = ("none", "context", "notes", "memory")
HEAD: Final = (
    "set", "questions", "in episodes", *EVERY_ARM, "memory, 95 %", "memory / context", "points above none", "never told"
)  # fmt: skip


def evaluate(episodes: Path, work: Path, arms: str, threads: int | None) -> Path | None:
    """The results file of an episode file, in `work`, completed; None when the evaluation failed (it says why)."""
    out = work / f"{episodes.stem}.results.jsonl"
    arguments = ["evaluate", str(episodes), "--arm", arms, "--out", str(out), "--resume", "--json"]
    if threads is not None:
        arguments += ["--threads", str(threads)]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = techo(arguments)
    if status != 0:
        print(f"{episodes}: {printed.getvalue().strip()}", file=sys.stderr)
        return None
    return out


def lines(name: str, results: Path) -> list[list[str]]:
    """The set's lines of the table: one for what was told and is asked for, one for choices, where there are such."""
    rows = load_rows(results)
    summary = summarise(rows)
    arms, found = summary["arms"], []
    for what, kinds in (("recall", ("fact", "update")), ("choice", ("choice",))):
        asked = [row for row in rows if row["kind"] in kinds]
        if not asked:
            continue
        memory = arms.get("memory", {})
        interval = memory.get("recall_interval") if what == "recall" else _kind(memory, "choice").get("interval")
        against = summary["comparisons"][what]
        one_arm = [row for row in asked if row["arm"] == asked[0]["arm"]]
        found.append(
            [
                name if what == "recall" or name.startswith("prefeval") else f"{name}, choice",
                str(len(one_arm)),
                str(len({row["episode"] for row in one_arm})),
                *[_rate(arms.get(arm, {}), what) for arm in EVERY_ARM],
                f"{interval[0]:.2f}-{interval[1]:.2f}" if interval else "",
                _ratio(against.get("memory/context")),
                _points(against.get("memory/none")),
                _alone(memory) if what == "recall" else "",
            ]
        )
    return found


def markdown(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in (HEAD, ["---"] * len(HEAD), *rows))


def _kind(arm: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = arm.get("kinds", {}).get(kind, {})
    return found


def _rate(arm: dict[str, Any], what: str) -> str:
    rate = arm.get("recall") if what == "recall" else _kind(arm, "choice").get("rate")
    return f"{rate:.2f}" if rate is not None else ""


def _ratio(against: dict[str, Any] | None) -> str:
    if against is None:
        return ""
    if against["ratio"] is None:
        return "context has none right"
    low, high = against["ratio_interval"]
    return f"{against['ratio']:.2f} ({low:.2f} to {f'{high:.2f}' if high is not None else 'no end'})"


def _points(against: dict[str, Any] | None) -> str:
    if against is None:
        return ""
    low, high = against["difference_interval"]
    return f"{100 * against['difference']:+.0f} ({100 * low:+.0f} to {100 * high:+.0f})"


def _alone(memory: dict[str, Any]) -> str:
    count = _kind(memory, "abstain")
    return f"{count['right']} of {count['asked']} left alone" if count else ""
