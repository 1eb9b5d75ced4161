"""Does the memory cost general knowledge? The same questions to the model alone and with the memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.cli.benchmark.lab import CONTROL_FILE, Lab, ask, existing
from engine.cli.evaluation.episodes import load_episodes
from engine.cli.evaluation.scoring import judge
from engine.protocol import MemoryStats


def bench_controls(lab: Lab, turns: int, path: Path | None, *, full: bool) -> dict[str, Any]:
    """Asks every control question twice, after `turns` turns.

    Args:
        lab: is told the turns.
        turns: so many.
        path: the questions; None for those that come with the source.
        full: ask in a copy of the lab's profile that has been filled up (see `full`), not in the profile itself.

    Returns:
        `asked`, `right_without`, `right_with`, `changed` (replies that differ at all), `lost` and `gained` (questions),
        `turns_told`, `full`, `stats` (of the memory asked).
    """
    questions = [
        question
        for episode in load_episodes(existing(path, CONTROL_FILE, "--controls"))
        for question in episode.questions
        if question.kind == "control"
    ]
    filled = lab.fill(turns)
    replies: dict[bool, list[str]] = {False: [], True: []}
    with lab.open(lab.full() if full else filled.profile) as engine:
        stats = engine.call("memory.stats", None, MemoryStats)
        for place, question in enumerate(questions):
            lab.note(f"control question {place + 1} of {len(questions)}")
            # One after the other: the second finds the question in the KV window.
            for recall, said in replies.items():
                said.append(ask(engine, question.q, recall=recall).reply)
    without, remembering = replies[False], replies[True]
    right_without = [judge(question, reply).right for question, reply in zip(questions, without, strict=True)]
    right_with = [judge(question, reply).right for question, reply in zip(questions, remembering, strict=True)]
    return {
        "asked": len(questions),
        "right_without": sum(right_without),
        "right_with": sum(right_with),
        "changed": sum(one != other for one, other in zip(without, remembering, strict=True)),
        "lost": [
            question.q
            for question, before, after in zip(questions, right_without, right_with, strict=True)
            if before and not after
        ],
        "gained": [
            question.q
            for question, before, after in zip(questions, right_without, right_with, strict=True)
            if after and not before
        ],
        "turns_told": filled.told,
        "full": full,
        "stats": stats,
    }
