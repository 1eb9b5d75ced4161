"""`techo bench ternary`: all its parts, in order."""

from __future__ import annotations

import statistics
import tempfile
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.cli.benchmark.lab import FACT_FILES, SAMPLE_TEXT, existing
from engine.cli.benchmark.ternary.contenders import REFERENCE, Contender, contenders
from engine.cli.benchmark.ternary.corpora import Corpora
from engine.cli.benchmark.ternary.jobs import run_job
from engine.cli.benchmark.ternary.operations import operations_of
from engine.cli.benchmark.ternary.quality import measure_perplexity, measure_reasoning, measure_recall
from engine.cli.benchmark.ternary.rapl import Rapl
from engine.cli.benchmark.ternary.talk import converse, page, reply_to, summarise_replies
from engine.cli.console import UsageError
from engine.cli.evaluation.episodes import load_episodes

PARTS: Final = ("size", "speed", "perplexity", "recall", "reasoning", "talk", "energy")
NEEDS_CORPORA: Final = ("perplexity", "reasoning", "talk")

PREFILL: Final = 512
DECODE: Final = 64
THREADS: Final = (1, 2)
PROMPT: Final = 1000
"""Tokens read before the resident memory is looked at again."""
TEMPERATURE: Final = 0.7
REPLY_TOKENS: Final = 256
TALK_TURNS: Final = 3
"""Turns of a sample dialogue."""
CONTEXTS: Final = (64, 576)
"""Tokens in the KV window for which operations are counted: in a short talk, and where the speed is measured."""


@dataclass(frozen=True)
class Amount:
    """How much is measured."""

    rounds: int = 7
    windows: int = 60
    questions: int | None = None
    problems: int = 50
    stories: int = 200
    sums: int | None = None
    turns: int = 100
    dialogues: int = 20


QUICK: Final = Amount(rounds=2, windows=8, questions=30, problems=5, stories=20, sums=20, turns=10, dialogues=4)

Note = Callable[[str], None]
Measured = dict[str, Any]


def bench_ternary(options: Namespace, note: Note) -> Measured:
    """Measures what --only names (everything by default) -> the results by part, for `report.ternary_text`."""
    parts = _parts(options.only)
    corpora = Corpora(options.corpora) if set(parts) & set(NEEDS_CORPORA) else None
    facts = [existing(options.facts, FACT_FILES[1], "--facts"), *([options.natural] if options.natural else [])]
    if "recall" in parts:
        for file in facts:
            load_episodes(existing(file, file, "--natural"))
    amount = QUICK if options.quick else Amount()
    threads: int | None = options.threads
    with tempfile.TemporaryDirectory(prefix="techo-ternary-", dir=options.data_dir) as name:
        folder = Path(name)
        note("making the F16 model")
        models = contenders(options, folder)
        paired = [one for one in models if one.memory is not None]
        found: Measured = {
            "quick": options.quick,
            "models": {one.name: {"file": one.path.name, "bytes": one.path.stat().st_size} for one in models},
        }
        measures: dict[str, Callable[[], Measured]] = {
            "size": lambda: measure_memory(models, threads, note),
            "speed": lambda: measure_speed(models, amount.rounds, note),
            "energy": lambda: {
                str(context): {one.name: operations_of(one.path, context) for one in models} for context in CONTEXTS
            },
            "perplexity": lambda: measure_perplexity(models, _needed(corpora), amount.windows, threads, note),
            "reasoning": lambda: measure_reasoning(
                models,
                _needed(corpora),
                problems=amount.problems,
                stories=amount.stories,
                sums=amount.sums,
                seed=options.seed,
                threads=threads,
                note=note,
            ),
            "recall": lambda: measure_recall(
                paired, facts, folder, questions=amount.questions, threads=threads, note=note
            ),
            "talk": lambda: measure_talk(paired, _needed(corpora), amount, folder, options, note),
        }
        for part in parts:
            found[part] = measures[part]()
    return found


def _parts(only: str | None) -> list[str]:
    chosen = list(PARTS) if only is None else [part.strip() for part in only.split(",") if part.strip()]
    unknown = [part for part in chosen if part not in PARTS]
    if unknown or not chosen:
        raise UsageError(f"There is no part {', '.join(unknown) or repr(only)}.", f"The parts are {', '.join(PARTS)}.")
    return [part for part in PARTS if part in chosen]


def _needed(corpora: Corpora | None) -> Corpora:
    assert corpora is not None
    return corpora


def _sample() -> str:
    return existing(None, SAMPLE_TEXT, "--text").read_text("utf-8")


def measure_memory(models: Sequence[Contender], threads: int | None, note: Note) -> Measured:
    """Resident bytes after loading and after a prompt of `PROMPT` tokens, with the engine's KV window."""
    found = {}
    for one in models:
        note(f"memory, {one.name}")
        found[one.name] = run_job("memory", one, threads, text=_sample(), tokens=PROMPT)
    return found


def measure_speed(models: Sequence[Contender], rounds: int, note: Note) -> Measured:
    """Tokens/s, every model once a round with each number of threads -> medians, and medians of the rounds' ratios.

    Returns:
        By number of threads (a text, as JSON wants it), by model: `prefill`, `decode`, `joules`, `prefill_ratio` and
        `decode_ratio` to the Q4_1 model of the same round, `rounds`; and `rapl`, why joules could not be read.
    """
    found: Measured = {"rapl": Rapl().reason}
    for threads in THREADS:
        rates: dict[str, list[Measured]] = {one.name: [] for one in models}
        for turn in range(rounds):
            # Another order each round: what comes first finds the machine cooler.
            first = turn % len(models)
            for one in [*models[first:], *models[:first]]:
                note(f"speed, {threads} threads, round {turn + 1} of {rounds}, {one.name}")
                rates[one.name].append(run_job("speed", one, threads, text=_sample(), prefill=PREFILL, decode=DECODE))
        found[str(threads)] = {name: _middle(own, rates[REFERENCE]) for name, own in rates.items()}
    return found


def _middle(own: Sequence[Measured], reference: Sequence[Measured]) -> Measured:
    """Medians over the rounds; ratios are taken within a round."""
    found: Measured = {"rounds": len(own)}
    for kind in ("prefill", "decode"):
        found[kind] = round(statistics.median(one[kind] for one in own), 2)
        ratios = [one[kind] / other[kind] for one, other in zip(own, reference, strict=True)]
        found[f"{kind}_ratio"] = round(statistics.median(ratios), 4)
        found[f"{kind}_ratios"] = [round(ratio, 4) for ratio in ratios]
    joules = [one["joules"] for one in own if one["joules"] is not None]
    found["joules"] = statistics.median(joules) if joules else None
    return found


def measure_talk(
    models: Sequence[Contender], corpora: Corpora, amount: Amount, folder: Path, options: Namespace, note: Note
) -> Measured:
    """Replies to everyday turns, sampled and greedy, and the page of dialogues, which is written to --page."""
    prompts = [talk[0] for talk in corpora.asked(amount.turns, 1)]
    talks = corpora.asked(amount.dialogues, TALK_TURNS)
    found: Measured = {"temperature": TEMPERATURE, "most_tokens": REPLY_TOKENS}
    conversations = {}
    for one in models:
        found[one.name] = {}
        for way, temperature in (("sampled", TEMPERATURE), ("greedy", 0.0)):
            note(f"everyday turns, {one.name}, {way}")
            replies = reply_to(
                one,
                folder,
                prompts,
                threads=options.threads,
                temperature=temperature,
                tokens=REPLY_TOKENS,
                seed=options.seed,
            )
            found[one.name][way] = {**summarise_replies(replies), "texts": replies}
        conversations[one.name] = converse(
            one,
            folder,
            talks,
            threads=options.threads,
            tokens=REPLY_TOKENS,
            note=lambda number, name=one.name: note(  # type: ignore[misc]
                f"dialogue {number + 1} of {len(talks)}, {name}"
            ),
        )
        said = [reply for replies in conversations[one.name] for reply in replies]
        found[one.name]["dialogues"] = summarise_replies(said)
    options.page.parent.mkdir(parents=True, exist_ok=True)
    options.page.write_text(page(talks, conversations), encoding="utf-8")
    return {**found, "page": str(options.page), "prompts": prompts}
