"""From result rows to figures and tables. Works on rows alone, so that earlier results can be compared at any time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from engine.cli.console import table
from engine.cli.evaluation.arms import ARMS, Row
from engine.cli.evaluation.episodes import KINDS, RECALL_KINDS

OLDEST_FIRST_FROM: Final = 50
"""Facts from which on the table by age says something."""
_AGE_PARTS: Final = 10


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """All figures of a set of rows.

    Returns:
        `arms`: for each arm `kinds` (asked, right, stale, invented, rate), `recall` (right of all fact and update
        questions, None without any), `episodes`, `facts`, `told`, `turns_learned`, `neurons_used`, `neurons` (the
        largest of any episode), `seconds` (of a turn: `feed`, `ask`), `ages` (oldest first, or None).
        `ratios`: recall of `memory` over that of every other arm, None where the other has none right.
    """
    order = [arm for arm in ARMS if any(row["arm"] == arm for row in rows)]
    order += sorted({row["arm"] for row in rows} - set(order))
    arms = {arm: _arm([row for row in rows if row["arm"] == arm]) for arm in order}
    ratios: dict[str, float | None] = {}
    mine = arms.get("memory", {}).get("recall")
    if mine is not None:
        for arm, figures in arms.items():
            if arm != "memory" and figures["recall"] is not None:
                ratios[f"memory/{arm}"] = round(mine / figures["recall"], 3) if figures["recall"] else None
    return {"arms": arms, "ratios": ratios}


def _arm(rows: Sequence[Row]) -> dict[str, Any]:
    present = {row["kind"] for row in rows}
    kinds = {}
    for kind in [*KINDS, *sorted(present - set(KINDS))]:
        if kind in present:
            kinds[kind] = _count([row for row in rows if row["kind"] == kind])
    recall = _count([row for row in rows if row["kind"] in RECALL_KINDS])
    feeding = {row["episode"]: row.get("feed_seconds") for row in rows}
    fed = [seconds for seconds in feeding.values() if seconds is not None]
    asked = [row["seconds"] for row in rows if row.get("seconds") is not None]
    return {
        "kinds": kinds,
        "recall": recall["rate"],
        "right": recall["right"],
        "asked": recall["asked"],
        "episodes": len(feeding),
        **{key: _largest(rows, key) for key in ("facts", "told", "turns_learned", "neurons_used", "neurons")},
        "seconds": {"feed": _mean(fed), "ask": _mean(asked)},
        "ages": _ages(rows),
    }


def _count(rows: Sequence[Row]) -> dict[str, Any]:
    right = sum(bool(row["right"]) for row in rows)
    return {
        "asked": len(rows),
        "right": right,
        "stale": sum(bool(row.get("stale")) for row in rows),
        "invented": sum(bool(row.get("invented")) for row in rows),
        "rate": round(right / len(rows), 4) if rows else None,
    }


def _largest(rows: Sequence[Row], key: str) -> int:
    return max((row.get(key) or 0 for row in rows), default=0)


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _ages(rows: Sequence[Row]) -> list[dict[str, Any]] | None:
    """Recall by the age of the telling, the oldest tenth first; None when too few tellings were located."""
    located = [row for row in rows if row["kind"] in RECALL_KINDS and row.get("age") is not None and row.get("told")]
    if len(located) < OLDEST_FIRST_FROM:
        return None
    parts: list[list[Row]] = [[] for _ in range(_AGE_PARTS)]
    for row in located:
        parts[min(row["age"] * _AGE_PARTS // row["told"], _AGE_PARTS - 1)].append(row)
    return [{"part": place + 1, **_count(part)} for place, part in enumerate(parts)]


def report_text(summary: dict[str, Any]) -> str:
    """The tables for people."""
    rows = []
    for arm, figures in summary["arms"].items():
        for kind, count in figures["kinds"].items():
            rows.append(
                [
                    arm,
                    kind,
                    str(count["right"]),
                    str(count["asked"]),
                    f"{count['rate']:.3f}",
                    str(count["stale"]) if kind == "update" or count["stale"] else "",
                    str(count["invented"]) if kind == "abstain" else "",
                ]
            )
    parts = [table(["arm", "kind", "right", "asked", "rate", "stale", "invented"], rows)]
    parts.append(_facts_text(summary["arms"]))
    if summary["ratios"]:
        parts.append(
            "\n".join(
                f"{name}: {f'{value:.2f}' if value is not None else 'the other arm has none right'}"
                for name, value in summary["ratios"].items()
            )
        )
    parts += _ages_text(summary["arms"])
    return "\n\n".join(parts)


def _facts_text(arms: dict[str, Any]) -> str:
    head = ["arm", "recall", "episodes", "facts", "told", "learned", "neurons used", "s/turn told", "s/turn asked"]
    rows = [
        [
            arm,
            f"{figures['recall']:.3f}" if figures["recall"] is not None else "",
            str(figures["episodes"]),
            str(figures["facts"]),
            str(figures["told"]),
            str(figures["turns_learned"]),
            str(figures["neurons_used"]),
            _seconds(figures["seconds"]["feed"]),
            _seconds(figures["seconds"]["ask"]),
        ]
        for arm, figures in arms.items()
    ]
    return table(head, rows)


def _seconds(value: float | None) -> str:
    return f"{value:.3f}" if value is not None else ""


def _ages_text(arms: dict[str, Any]) -> Iterable[str]:
    aged = {arm: figures["ages"] for arm, figures in arms.items() if figures["ages"]}
    if not aged:
        return
    rows = []
    for place in range(_AGE_PARTS):
        row = [{0: "oldest tenth", _AGE_PARTS - 1: "newest tenth"}.get(place, f"tenth {place + 1}")]
        for ages in aged.values():
            row.append(f"{ages[place]['right']} of {ages[place]['asked']}" if ages[place]["asked"] else "none told")
        rows.append(row)
    yield table(["recall by age", *aged], rows)
