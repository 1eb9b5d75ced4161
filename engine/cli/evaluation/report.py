"""From result rows to figures and tables. Works on rows alone, so that earlier results can be compared at any time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from engine.cli.console import table
from engine.cli.evaluation.arms import ARMS, Row
from engine.cli.evaluation.episodes import KINDS, RECALL_KINDS
from engine.cli.evaluation.intervals import Asked, Interval, comparison, rate_interval

OLDEST_FIRST_FROM: Final = 50
"""Facts from which on the table by age says something."""
_AGE_PARTS: Final = 10


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """All figures of a set of rows.

    Returns:
        `arms`: for each arm `kinds` (asked, right, stale, invented, rate, interval), `recall` (right of all fact and
        update questions, None without any), `recall_interval`, `episodes`, `facts`, `told`, `turns_learned`,
        `neurons_used`, `neurons` (the largest of any episode), `seconds` (of a turn: `feed`, `ask`), `ages` (oldest
        first, or None).
        `ratios`: recall of `memory` over that of every other arm, None where the other has none right.
        `comparisons`: of `recall` and of `choice`, `memory` against every other arm (see `intervals.comparison`).
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
    return {"arms": arms, "ratios": ratios, "comparisons": _comparisons(rows, order)}


def _comparisons(rows: Sequence[Row], arms: Sequence[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for what, kinds in (("recall", RECALL_KINDS), ("choice", ("choice",))):
        right: dict[str, dict[Asked, bool]] = {arm: {} for arm in arms}
        for row in rows:
            if row["kind"] in kinds:
                right[row["arm"]][row["episode"], row.get("index", row["q"])] = row["right"]
        against = {f"memory/{arm}": comparison(right.get("memory", {}), right[arm]) for arm in arms if arm != "memory"}
        found[what] = {name: figures for name, figures in against.items() if figures is not None}
    return found


def _arm(rows: Sequence[Row]) -> dict[str, Any]:
    present = {row["kind"] for row in rows}
    kinds = {}
    for kind in [*KINDS, *sorted(present - set(KINDS))]:
        if kind in present:
            of_kind = [row for row in rows if row["kind"] == kind]
            kinds[kind] = _count(of_kind) | {"interval": _interval(of_kind)}
    recalling = [row for row in rows if row["kind"] in RECALL_KINDS]
    recall = _count(recalling)
    feeding = {row["episode"]: row.get("feed_seconds") for row in rows}
    fed = [seconds for seconds in feeding.values() if seconds is not None]
    asked = [row["seconds"] for row in rows if row.get("seconds") is not None]
    return {
        "kinds": kinds,
        "recall": recall["rate"],
        "recall_interval": _interval(recalling),
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


def _interval(rows: Sequence[Row]) -> Interval | None:
    return rate_interval([row["right"] for row in rows], [row["episode"] for row in rows])


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
                    _interval_text(count["interval"]),
                    str(count["stale"]) if kind == "update" or count["stale"] else "",
                    str(count["invented"]) if kind == "abstain" else "",
                ]
            )
    parts = [table(["arm", "kind", "right", "asked", "rate", "95 %", "stale", "invented"], rows)]
    parts.append(_facts_text(summary["arms"]))
    parts += ["\n".join(lines) for lines in _comparison_lines(summary["comparisons"]) if lines]
    parts += _ages_text(summary["arms"])
    return "\n\n".join(parts)


def _comparison_lines(comparisons: dict[str, dict[str, Any]]) -> Iterable[list[str]]:
    for what, against in comparisons.items():
        lines = []
        for name, found in against.items():
            ratio = "the other arm has none right"
            if found["ratio"] is not None:
                ratio = f"{found['ratio']:.2f} {_interval_text(found['ratio_interval'], 2)}"
            points = f"{100 * found['difference']:+.1f} points {_points_text(found['difference_interval'])}"
            lines.append(f"{what}, {name}: {ratio}; {points}; questions: {found['asked']}")
        yield lines


def _interval_text(interval: tuple[float, float | None] | None, digits: int = 3) -> str:
    if interval is None:
        return ""
    low, high = interval
    return f"[{low:.{digits}f}, {f'{high:.{digits}f}' if high is not None else 'no end'}]"


def _points_text(interval: Interval) -> str:
    return f"[{100 * interval[0]:+.1f}, {100 * interval[1]:+.1f}]"


def _facts_text(arms: dict[str, Any]) -> str:
    held = ["episodes", "facts", "told", "learned", "neurons used"]
    head = ["arm", "recall", "95 %", *held, "s/turn told", "s/turn asked"]
    rows = [
        [
            arm,
            f"{figures['recall']:.3f}" if figures["recall"] is not None else "",
            _interval_text(figures["recall_interval"]),
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
