"""Episodes of this project's own hand-written kinds, of a split that no weights were trained on.

`authored`: one fact of each of 100 kinds, each told in one of its ways, among 200 turns of everyday chat; each fact is
asked for in one of the kind's ways, and for a quarter of them there is a near miss, a question that the fact does not
answer (kind `abstain`; its value handed out is an error). `scenes`: messages with several facts each, all asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

from engine.training.corpus import OWN_DATA, FactText, acknowledgement, authored_facts, filler_turns
from engine.training.values import Split, split_of
from tests.benchmarks.evidence.making import Draft, Record, in_sessions, needed

FOLDERS = ("authored", "voices", "lives", "fields", "occasions")
FACTS = 100
CHAT = 200
SESSION_TURNS = 8
REPLIES = ("I see.", "That sounds good.", "Thanks for telling me.", "All right.")


def authored(corpora: Path, seed: int, split: Split = "dev") -> Iterator[Draft]:
    """One episode of 100 facts and 200 turns of chat."""
    rng = Random(f"{seed}:authored")
    folders = [needed(corpora / "authored"), *(OWN_DATA / name for name in FOLDERS)]
    by_kind: dict[str, list[FactText]] = {}
    for folder in folders:
        for fact in authored_facts(folder, 12, seed):
            if split_of(fact.kind) == split and not fact.update:
                by_kind.setdefault(fact.kind, []).append(fact)
    told = [rng.choice(by_kind[kind]) for kind in rng.sample(sorted(by_kind), min(FACTS, len(by_kind)))]
    tellings = [(fact.tell, acknowledgement(fact)) for fact in told]
    tellings += [(text, rng.choice(REPLIES)) for text in filler_turns(corpora, CHAT, seed)]
    rng.shuffle(tellings)
    questions: list[Record] = [{"q": fact.ask, "answers": [fact.value], "kind": "fact"} for fact in told]
    missed = [fact for fact in told if fact.near]
    questions += [
        {"q": fact.near[0], "answers": [], "kind": "abstain", "wrong": [fact.value]}
        for fact in rng.sample(missed, min(len(told) // 4, len(missed)))
    ]
    yield Draft(f"authored-{split}-{seed}", in_sessions(tellings, SESSION_TURNS), questions)


def scenes(corpora: Path, seed: int, split: Split = "dev") -> Iterator[Draft]:
    """One episode of every scene of the split, each told once, among as many turns of chat."""
    rng = Random(f"{seed}:scenes")
    tellings: list[tuple[str, str]] = []
    questions: list[Record] = []
    for path in sorted((OWN_DATA / "scenes").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            scene = json.loads(line)
            if split_of(f"{scene['scene']}~a") != split:
                continue
            told = rng.choice(scene["tell"])
            values = {slot: rng.choice(fact["values"]) for slot, fact in scene["facts"].items()}
            for slot, value in values.items():
                told = told.replace(f"{{{slot}}}", value)
            tellings.append((told, rng.choice(REPLIES)))
            questions += [
                {"q": rng.choice(scene["facts"][slot]["ask"]), "answers": [value], "kind": "fact"}
                for slot, value in values.items()
                if told.count(value) == 1  # else: which of the two is meant?
            ]
    tellings += [(text, rng.choice(REPLIES)) for text in filler_turns(corpora, len(tellings), seed)]
    rng.shuffle(tellings)
    yield Draft(f"scenes-{split}-{seed}", in_sessions(tellings, SESSION_TURNS), questions)
