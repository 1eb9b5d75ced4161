"""How Japanese turns are found and kept, without a word generated: `python -m tests.benchmarks.japanese [EPISODES...]`.

Prints a JSON object an episode. The recall figures of the README come from the engine:

    ./techo --threads 1 evaluate tests/data/japanese.jsonl --arm memory,none,notes,context --max-tokens 96
    TECHO_MODEL=gemma-3-270m-q4_k_m.gguf ./techo --threads 1 evaluate ...       the same, a base model talks

What is found depends on the grams alone (`engine.bit_ttt.recital`), so the backbone's layers are not computed here.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from engine.backbone import Backbone
from engine.bit_ttt import Memory, Part, SlowWeights, Told
from engine.cli.evaluation.episodes import Episode, load_episodes
from engine.cli.evaluation.scoring import contains_any
from engine.models import find_bundled_model, find_gram_weights, find_memory_weights

DATA: Final = Path(__file__).parents[1] / "data"
EPISODES: Final = ("japanese-tuning", "japanese")


@dataclass(frozen=True)
class Ranking:
    """Counts over the questions of an episode, all told in one profile.

    Attributes:
        first, picked: questions for something told whose right turn is recited first, or at all; `asked`: all of them.
        stale: of these, with an old value in the turn that is recited first.
        silent: questions for something never told, or about the world, to which nothing is recited; `other`: all.
        turns, kept: turns told, and those of which something was kept.
        tokens: tokens of a turn, on average; `letters`: kept turns that come back to the letter.
    """

    asked: int
    first: int
    picked: int
    stale: int
    other: int
    silent: int
    turns: int
    kept: int
    letters: int
    tokens: float


def parts_of(backbone: Backbone, memory: Memory, text: str) -> list[Part]:
    """The writer's view of a turn, with noise in place of the layers: nothing here may lean on them."""
    tokens = backbone.tokenize(text)
    noise = np.random.default_rng(len(text)).standard_normal((len(tokens) + 1, backbone.info.width)).astype(np.float32)
    return memory.encode(tokens, dict.fromkeys(memory.slow.taps, noise))


def tell(backbone: Backbone, memory: Memory, *texts: str) -> dict[int, str]:
    """Learns turns; what was kept of each, by its entry."""
    entry = max(0, int(memory.fast.entry.max()))
    kept = {}
    for text in texts:
        for part in parts_of(backbone, memory, text):
            write = memory.write(part)
            if write:
                entry += 1
                memory.learn(write, entry)
                kept[entry] = b"".join(memory.spaces.pieces[token] for token in write.tokens).decode()
    return kept


def ask(backbone: Backbone, memory: Memory, question: str) -> list[Told]:
    """What is recited."""
    return memory.recite(parts_of(backbone, memory, question))


def rank(backbone: Backbone, memory: Memory, episode: Episode) -> Ranking:
    """Tells an episode to a newly born memory and asks its questions."""
    tellings = episode.tellings()
    kept = tell(backbone, memory, *tellings)
    first = picked = stale = silent = 0
    for question in episode.questions:
        told = ask(backbone, memory, question.q)
        if not question.is_recall:
            silent += not told
            continue
        first += any(contains_any(one.text, question.answers) for one in told[:1])
        picked += any(contains_any(one.text, question.answers) for one in told)
        stale += any(contains_any(one.text, question.stale) for one in told[:1])
    asked = sum(question.is_recall for question in episode.questions)
    back = {entry: memory.fast.written_by(entry)[0] for entry in kept}
    return Ranking(
        asked=asked,
        first=first,
        picked=picked,
        stale=stale,
        other=len(episode.questions) - asked,
        silent=silent,
        turns=len(tellings),
        kept=len(kept),
        letters=sum(b"".join(memory.spaces.pieces[t] for t in back[entry]).decode() == kept[entry] for entry in kept),
        tokens=round(sum(len(backbone.tokenize(text)) for text in tellings) / len(tellings), 1),
    )


def main(names: list[str]) -> None:
    """Prints the figures of the episodes named."""
    slow = SlowWeights.load(find_memory_weights(), find_gram_weights())
    backbone = Backbone(find_bundled_model(), window=64, threads=1, taps=slow.taps)
    newborn = Memory.born(slow, backbone.pieces())
    for name in names or EPISODES:
        for episode in load_episodes(DATA / f"{name}.jsonl"):
            found = rank(backbone, newborn.with_state(None), episode)
            print(json.dumps({"episode": episode.id, **asdict(found)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
