"""What the models know and remember: perplexity, reasoning, told-fact recall."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from engine.cli.benchmark.ternary.contenders import Contender
from engine.cli.benchmark.ternary.corpora import Choice, Corpora, arithmetic, final_number
from engine.cli.benchmark.ternary.jobs import run_job
from engine.cli.evaluation.arms import ArmOptions, ArmRun, Row
from engine.cli.evaluation.episodes import load_episodes
from engine.cli.evaluation.report import summarise

WINDOW: Final = 256
SOLUTION_TOKENS: Final = 256

Note = Callable[[str], None]


def measure_perplexity(
    models: Sequence[Contender], corpora: Corpora, windows: int, threads: int | None, note: Note
) -> dict[str, Any]:
    """Perplexity on held-out dialogue, foreign dialogue where there is some, and WikiText-2 -> by model, by text."""
    found: dict[str, Any] = {}
    talks = {"dialogue": corpora.talks(), "foreign": corpora.foreign_talk()}
    talks = {name: of_kind for name, of_kind in talks.items() if of_kind}
    for one in models:
        note(f"perplexity, {one.name}")
        result = run_job(
            "perplexity",
            one,
            threads,
            talks=talks,
            text=corpora.wikitext(),
            windows=windows,
            length=WINDOW,
        )
        found[one.name] = {
            name: {**sums, "perplexity": math.exp(-sums["log_likelihood"] / sums["tokens"])}
            for name, sums in result.items()
        }
    return found


def measure_reasoning(
    models: Sequence[Contender],
    corpora: Corpora,
    *,
    problems: int,
    stories: int,
    sums: int | None,
    seed: int,
    threads: int | None,
    note: Note,
) -> dict[str, Any]:
    """GSM8K by free generation and the exact final number; bAbI and arithmetic by the likeliest choice."""
    asked = corpora.problems(problems)
    choices = {"babi": corpora.stories(stories, seed), "arithmetic": arithmetic(sums)}
    found: dict[str, Any] = {}
    for one in models:
        note(f"reasoning, {one.name}")
        told = run_job("answer", one, threads, prompts=[text for text, _ in asked], tokens=SOLUTION_TOKENS)
        right = [final_number(reply) == number for reply, (_, number) in zip(told["replies"], asked, strict=True)]
        found[one.name] = {"gsm8k": {"right": sum(right), "asked": len(asked), "replies": told["replies"]}}
        for name, items in choices.items():
            found[one.name][name] = _chosen(one, items, threads)
    return found


def _chosen(one: Contender, items: Sequence[Choice], threads: int | None) -> dict[str, Any]:
    result = run_job("choose", one, threads, items=[asdict(item) for item in items])
    right = sum(chosen == item.right for chosen, item in zip(result["chosen"], items, strict=True))
    return {"right": right, "asked": len(items), "chosen": result["chosen"]}


def measure_recall(
    models: Sequence[Contender],
    files: Sequence[Path],
    data_dir: Path,
    *,
    questions: int | None,
    threads: int | None,
    note: Note,
) -> dict[str, Any]:
    """`techo evaluate`'s arm memory with each model that has a memory -> by model, by file: its summary.

    Args:
        models: those without a memory are left out.
        files: episodes.
        data_dir: takes the profiles.
        questions: only the first so many of each episode; None for all.
        threads: of the engine.
        note: told what is going on.
    """
    found: dict[str, Any] = {}
    for one in models:
        if one.memory is None:
            continue
        found[one.name] = {}
        arm_options = ArmOptions(one.engines(data_dir, threads))
        for file in files:
            rows: list[Row] = []
            for episode in load_episodes(file):
                left_out = range(len(episode.questions) if questions is None else questions, len(episode.questions))
                run = ArmRun(episode, "memory", arm_options)
                lead = f"recall, {one.name}, {file.stem}: "
                rows += run.rows(frozenset(left_out), lambda what, lead=lead: note(lead + what))  # type: ignore[misc]
            found[one.name][file.stem] = summarise(rows)["arms"]["memory"]
    return found
