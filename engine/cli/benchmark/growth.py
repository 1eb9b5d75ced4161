"""What grows with the conversation: nothing should. Resident memory, snapshot size, time a turn.

And what the memory does to plain text: its perplexity with the memory and without.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.cli.benchmark.lab import SAMPLE_TEXT, Lab, existing
from engine.cli.connection import Connection
from engine.cli.evaluation.episodes import EpisodeError
from engine.protocol import EngineStatus, MemoryStats, Perplexity, PerplexityOf

SETTLED: Final = 50
"""Turns after which the process is expected to have all the memory it needs."""
_EVERY: Final = 25
_PIECE_WORDS: Final = 160


def bench_growth(lab: Lab, turns: int, *, one_conversation: bool = False) -> dict[str, Any]:
    """Tells a profile `turns` turns in one engine process and watches its size.

    Returns:
        `rss`: bytes after `SETTLED` turns (`settled`), at the `end`, their difference `growth`, the highest one above
        `settled` (`peak_growth`), all `points` (turns told, bytes); `snapshot_sizes`: every size that a snapshot had
        (one, if it is constant);
        `state_bytes`; `seconds`: a turn among the first and the last `SETTLED`; `stats`: the memory at the end.
    """
    sizes: list[tuple[int, int]] = []
    snapshots: set[int] = set()
    states: set[int] = set()
    last: list[MemoryStats] = []

    def watch(engine: Connection, told: int) -> None:
        if told % _EVERY and told != turns:
            return
        sizes.append((told, engine.call("engine.status", None, EngineStatus).rss_bytes))
        stats = engine.call("memory.stats", None, MemoryStats)
        states.add(stats.state_bytes)
        last[:] = [stats]
        if stats.snapshot_bytes:
            snapshots.add(stats.snapshot_bytes)

    filled = lab.fill(turns, watch, one_conversation=one_conversation)
    with lab.open(filled.profile) as engine:  # closing wrote a snapshot
        closed = engine.call("memory.stats", None, MemoryStats)
    if closed.snapshot_bytes:
        snapshots.add(closed.snapshot_bytes)
    times = [done.usage.read_seconds + done.usage.write_seconds for done in filled.done]
    return {
        "turns": turns,
        "rss": {**growth_of(sizes), "points": sizes},
        "snapshot_sizes": sorted(snapshots),
        "state_bytes": sorted(states),
        "seconds": {"first": _median(times[:SETTLED]), "last": _median(times[-SETTLED:])},
        "stats": last[0] if last else closed,
    }


def growth_of(sizes: list[tuple[int, int]]) -> dict[str, int | None]:
    """From (turns told, resident bytes) to the growth after the settled size."""
    after = [size for told, size in sizes if told >= SETTLED]
    if len(after) < 2:
        return {"settled": None, "end": sizes[-1][1] if sizes else None, "growth": None, "peak_growth": None}
    return {
        "settled": after[0],
        "end": after[-1],
        "growth": after[-1] - after[0],
        "peak_growth": max(after) - after[0],
    }


def _median(values: list[float]) -> float | None:
    return round(statistics.median(values), 4) if values else None


def pieces_of(text: str, words: int = _PIECE_WORDS) -> list[tuple[str, str]]:
    """Cuts plain text into (opening sentence, what follows), one a paragraph that is long enough.

    The opening is given to the model as the user's turn, so that the memory is addressed as in a conversation; only
    what follows is measured.
    """
    pieces = []
    for paragraph in re.split(r"\n\s*\n|\n", text):
        flat = " ".join(paragraph.split())
        opening, mark, rest = flat.partition(". ")
        if mark and len(rest.split()) >= words // 4 and not flat.startswith("="):
            pieces.append((opening + ".", " ".join(rest.split()[:words])))
    return pieces


@dataclass(frozen=True)
class PlainText:
    """What the perplexity is measured on: the file's name, and its pieces (see `pieces_of`)."""

    name: str
    pieces: list[tuple[str, str]]

    @classmethod
    def load(cls, path: Path | None) -> PlainText:
        """From a file; None for the sample that comes with the source.

        Raises:
            EpisodeError: there is no such file, or it holds no text that could be measured.
        """
        path = existing(path, SAMPLE_TEXT, "--text")
        hint = "Name a file of plain text with --text FILE."
        try:
            pieces = pieces_of(path.read_text("utf-8"))
        except UnicodeDecodeError as error:
            raise EpisodeError(f"{path} is not UTF-8 text ({error.reason}).", hint) from None
        if not pieces:
            raise EpisodeError(f"{path} holds no paragraph that is long enough.", hint)
        return cls(path.name, pieces)


def bench_perplexity(lab: Lab, text: PlainText, *, full: bool, limit: int = 40) -> dict[str, Any]:
    """Perplexity of plain text with the lab's memory and without, in the same engine process.

    Args:
        lab: has been told something.
        text: what is measured.
        full: in a copy of the lab's profile that has been filled up (see `full`), not in the profile itself.
        limit: pieces of the text at most.

    Returns:
        `with_memory`, `without_memory`, their `ratio`, `tokens`, `pieces`, `text` (the file's name), `turns_told`,
        `full`, `stats` (of the memory measured).
    """
    # Spread over the whole file: a long text's beginning may be all about one thing.
    chosen = text.pieces[:: max(1, len(text.pieces) // limit)][:limit]
    totals = {True: [0.0, 0], False: [0.0, 0]}
    with lab.open(lab.full() if full else lab.filled.profile) as engine:
        stats = engine.call("memory.stats", None, MemoryStats)
        for place, (opening, rest) in enumerate(chosen):
            lab.note(f"perplexity, piece {place + 1} of {len(chosen)}")
            for recall in (True, False):
                of = PerplexityOf(prompt=f"Go on with this text: {opening}", text=rest, recall=recall)
                found = engine.call("bench.perplexity", of, Perplexity)
                totals[recall][0] += found.log_likelihood
                totals[recall][1] += found.tokens
    value: Callable[[bool], float] = lambda recall: math.exp(-totals[recall][0] / totals[recall][1])  # noqa: E731
    return {
        "with_memory": round(value(True), 4),
        "without_memory": round(value(False), 4),
        "ratio": round(value(True) / value(False), 5),
        "tokens": totals[True][1],
        "pieces": len(chosen),
        "text": text.name,
        "turns_told": lab.filled.told,
        "full": full,
        "stats": stats,
    }
