"""A page of real answers, good and bad, by a rule: of each outcome the first N of the results file, none left out.

Only for episodes of this project's own words: the public corpora do not allow their texts to be kept here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from engine.cli.evaluation.arms import Row
from engine.cli.evaluation.episodes import Episode
from engine.cli.evaluation.scoring import contains_any, declines, locate_telling, told_values

OUTCOMES: Final = {
    "right": "Recalled",
    "stale": "Recalled, with or instead of the value that was replaced",
    "other": "Another told value in place of the one that was asked for",
    "declined": "Told, but says that it does not know",
    "wrong": "Told, but answers with something else",
    "left alone": "Never told: no told value handed out",
    "handed out": "Never told: a told value handed out",
    "control right": "General knowledge, right",
    "control wrong": "General knowledge, wrong",
}
"""In the page's order."""
HEAD: Final = """\
# Real answers, good and bad

Of each outcome the first in the results file, none left out; greedy free generation in a new engine process, the
sessions out of the prompt. Remade by `python -m tests.benchmarks.evidence transcripts` (README.md beside this page).
"""


def outcome(row: Row, told: Sequence[str]) -> str:
    """Which of `OUTCOMES` a row is."""
    if row["kind"] == "abstain":
        return "left alone" if row["right"] else "handed out"
    if row["kind"] == "control":
        return "control right" if row["right"] else "control wrong"
    if row["stale"]:
        return "stale"
    if row["right"]:
        return "right"
    others = [value for value in told if not contains_any(row["q"], [value])]
    if contains_any(row["output"], others):
        return "other"
    return "declined" if declines(row["output"]) else "wrong"


def page(rows: Sequence[Row], episodes: Mapping[str, Episode], count: int) -> str:
    """The page, as Markdown. Choices by likelihood have no transcript and are left out."""
    sorted_rows: dict[str, list[Row]] = {name: [] for name in OUTCOMES}
    told = {name: told_values(episode) for name, episode in episodes.items()}
    for row in rows:
        if row["kind"] != "choice":
            sorted_rows[outcome(row, told[row["episode"]])].append(row)
    parts = [
        line
        for name, title in OUTCOMES.items()
        if sorted_rows[name]
        for line in _part(title, sorted_rows[name], episodes, count)
    ]
    return "\n".join([HEAD, *parts])


def _part(title: str, rows: Sequence[Row], episodes: Mapping[str, Episode], count: int) -> Iterator[str]:
    yield f"## {title} ({len(rows)}, the first {min(count, len(rows))})\n"
    for row in rows[:count]:
        episode = episodes[row["episode"]]
        tellings = episode.tellings()
        question = next((one for one in episode.questions if one.q == row["q"] and one.kind == row["kind"]), None)
        place = None if question is None else locate_telling(question, tellings)
        if place is not None:
            yield f"- told ({len(tellings) - place} turns before the end): {_line(tellings[place])}"
            yield f"  asked: **{_line(row['q'])}**"
        else:
            yield f"- asked: **{_line(row['q'])}**"
        yield f"  answered: {_line(row['output'])}"
        if row["answers"] and not row["right"]:
            yield f"  wanted: {', '.join(row['answers'])}"
        yield ""


def _line(text: str) -> str:
    return " ".join(text.split()).replace("*", "\\*").replace("<", "&lt;")
