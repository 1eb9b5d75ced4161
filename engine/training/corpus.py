"""What the memory is trained on, as plain records: facts, filler turns, general prompts, contexts.

Sources: hand-written kinds (`../shared/data/authored` and `engine/training/data/authored`), templated kinds
(`engine.training.facts`), and turns of SGD, Synthetic-Persona-Chat, Topical-Chat, self-instruct and GPTeacher, whose
licences allow it (see the model card in resources/memory).
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.training.facts import authored, load_kinds, sample_fact, sample_update, split_of

ABSTENTIONS = (
    "I don't think you've told me that yet.",
    "You haven't told me that yet.",
    "I don't know that yet. You haven't told me.",
    "That I don't know yet, you haven't told me.",
)
"""What the assistant says where it was never told."""

OWN_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class FactText:
    """One fact as text. `update` marks a telling that corrects an earlier value of the same `kind` and `subject`."""

    kind: str
    subject: str
    value: str
    tell: str
    ask: str
    answer: str
    near: tuple[str, ...]
    update: bool
    source: str


def authored_facts(folder: Path, per_kind: int, seed: int) -> Iterator[FactText]:
    """`per_kind` facts of each hand-written kind; every fourth is told as a correction.

    The kinds held out for testing (one in ten) come too; training leaves them out by `held_out(kind)`.
    """
    for path in sorted(folder.glob("*.jsonl")):
        for kind in authored(path):
            rng = random.Random(f"{seed}:{kind.kind}")
            values = list(kind.values)
            rng.shuffle(values)
            tells = rng.sample(kind.tell, len(kind.tell))
            asks = rng.sample(kind.ask, len(kind.ask))
            for i, value in enumerate(values[:per_kind]):
                update = bool(kind.update) and i % 4 == 3
                tell = rng.choice(kind.update) if update else tells[i % len(tells)]
                yield FactText(
                    kind.kind,
                    "",
                    value,
                    tell.replace("{v}", value),
                    asks[i % len(asks)],
                    rng.choice(kind.answer).replace("{v}", value),
                    (kind.near[i % len(kind.near)],) if kind.near else (),
                    update,
                    "authored",
                )


def templated_facts(per_kind: int, seed: int) -> Iterator[FactText]:
    """`per_kind` facts of each templated kind, training phrasings and values for the kinds that are trained on."""
    for kind in load_kinds():
        rng = random.Random(f"{seed}:{kind.kind}")
        split = split_of(kind.kind)
        fact = None
        for i in range(per_kind):
            # One in five corrects the fact before it.
            fact = sample_update(rng, fact, split) if fact and i % 5 == 4 else sample_fact(rng, kind, split)
            near = tuple(fact.near[:1])
            yield FactText(
                kind.kind,
                fact.subject,
                fact.value,
                fact.tell,
                fact.ask,
                fact.answer,
                near,
                fact.update_of is not None,
                "templated",
            )


def filler_turns(corpora: Path, count: int, seed: int) -> list[str]:
    """User turns of task dialogues and small talk: what is said between the facts."""
    rng = random.Random(seed)
    turns: list[str] = []
    for line in (corpora / "sgd" / "train_compact.jsonl").read_text().splitlines()[:3000]:
        turns += [text for who, text in json.loads(line)["t"] if who == "U"]
    chats = json.loads((corpora / "topical_chat" / "valid_freq.json").read_text())
    talk = [message["message"] for chat in chats.values() for message in chat["content"]]
    turns = [t for t in turns if 15 < len(t) < 400]
    talk = [t for t in talk if 15 < len(t) < 400]
    return rng.sample(turns, count - count // 3) + rng.sample(talk, count // 3)


def general_prompts(corpora: Path, count: int, seed: int) -> list[tuple[str, str]]:
    """(prompt, reply) pairs that have nothing to do with the user: the memory must leave the model as it is."""
    rng = random.Random(seed)
    pairs: list[tuple[str, str]] = []
    for name in ("seed_tasks.jsonl", "user_oriented_instructions.jsonl"):
        for line in (corpora / "self_instruct" / name).read_text().splitlines():
            task = json.loads(line)
            first = task["instances"][0]
            prompt = task["instruction"] + ("\n" + first["input"] if first["input"] else "")
            if len(prompt) < 500 and first["output"]:
                pairs.append((prompt, first["output"]))
    for item in json.loads(
        (corpora / "gpteacher_roleplay" / "roleplay-simple-deduped-roleplay-dataset.json").read_text()
    ):
        prompt = item["instruction"] + ("\n" + item["input"] if item["input"] else "")
        if len(prompt) < 400 and item["output"]:
            pairs.append((prompt, item["output"]))
    rng.shuffle(pairs)
    chats = json.loads((corpora / "topical_chat" / "valid_rare.json").read_text())
    for chat in chats.values():
        said = [message["message"] for message in chat["content"]]
        pairs[:0] = list(zip(said[0:6:2], said[1:6:2], strict=False))
    general = pairs[:count]
    rng.shuffle(general)
    return general


def trivia(count: int, seed: int) -> list[tuple[str, str]]:
    """General-knowledge questions written for this project, with short replies (own data, free)."""
    items = [json.loads(line) for line in (OWN_DATA / "trivia.jsonl").read_text().splitlines()]
    random.Random(seed).shuffle(items)
    return [(item["q"], item["a"]) for item in items[:count]]


def personas(corpora: Path) -> list[str]:
    """First-person sentences and dialogue turns of Synthetic-Persona-Chat: contexts and fillers."""
    out = []
    with (corpora / "synthetic_persona_chat" / "Synthetic-Persona-Chat_valid.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            out += [line.split(": ", 1)[-1] for line in row["Best Generated Conversation"].splitlines()]
    return [text for text in out if 15 < len(text) < 300]
