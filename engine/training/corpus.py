"""What the memory is trained on, as plain records: facts, filler turns, general prompts, contexts.

Sources: hand-written kinds (`../shared/data/authored` and the folders of `engine/training/data`), templated kinds
(`engine.training.facts`), turns of SGD, Synthetic-Persona-Chat, Topical-Chat, self-instruct and GPTeacher, and
paragraphs of WikiText-2, whose licences allow it (see the model card in resources/memory).
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.training.facts import RELATIONS, SELF, authored, friend, load_kinds, sample_fact, sample_update
from engine.training.values import split_of

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


def acknowledgement(fact: FactText) -> str:
    """What the assistant says to a telling: that it heard, in a few words; the small model alone would ramble."""
    if fact.update:
        return "Thanks for the correction, I'll remember that."
    return "Good to know, I'll remember that." if fact.subject not in ("", SELF) else "Got it, I'll remember that."


def authored_facts(folder: Path, per_kind: int, seed: int) -> Iterator[FactText]:
    """`per_kind` facts of each hand-written kind; every fourth is told as a correction.

    The kinds held out come too; training leaves them out by `split_of(kind)`.
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


def scene_facts(folder: Path, seed: int) -> Iterator[FactText]:
    """Facts told several at once; each message is told with one fact to ask for, and with others of the rest.

    All facts of a scene are of the same split.
    """
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            scene = json.loads(line)
            rng = random.Random(f"{seed}:{scene['scene']}")
            values = {slot: rng.sample(fact["values"], len(fact["values"])) for slot, fact in scene["facts"].items()}
            for turn, (slot, fact) in enumerate(scene["facts"].items()):
                tells, asks = rng.sample(scene["tell"], len(scene["tell"])), rng.sample(fact["ask"], len(fact["ask"]))
                for i, value in enumerate(values[slot]):
                    told = tells[i % len(tells)]
                    for other, theirs in values.items():
                        filler = value if other == slot else theirs[(i + turn + 1) % len(theirs)]
                        told = told.replace(f"{{{other}}}", filler)
                    if told.count(value) > 1:
                        continue  # which of the two is meant?
                    yield FactText(
                        f"{scene['scene']}~{slot}",
                        "",
                        value,
                        told,
                        asks[i % len(asks)],
                        rng.choice(fact["answer"]).replace(f"{{{slot}}}", value),
                        (),
                        False,
                        "scenes",
                    )


_MINE = re.compile(r"\b([Mm])y ((?:[a-z]+ )?[a-z]+)")
_YOURS = re.compile(r"\b([Yy])our ((?:[a-z]+ )?[a-z]+)")


def _things(text: str) -> set[str]:
    return {word for _, thing in _MINE.findall(text) for word in thing.split()}


def _owned_by(owner: str, pattern: re.Pattern[str], text: str, thing: set[str]) -> str | None:
    """Gives the first "my <thing>" (or "your <thing>") to somebody else; None: there is none."""
    for found in pattern.finditer(text):
        if thing & set(found[2].split()):
            start = owner[0].upper() + owner[1:] if found[1].isupper() else owner
            return text[: found.start()] + start + "'s" + text[found.start() + len(found[0]) - len(found[2]) - 1 :]
    return None


def facts_of_others(folder: Path, per_kind: int, seed: int) -> Iterator[FactText]:
    """Hand-written facts given to somebody else: "my locker" becomes "my sister's locker" or "Zalika's locker".

    Only kinds whose telling and question speak of the same "my <thing>", and none that is held out. The near-miss
    question is the same question about another person: only who and what together tell such turns apart.
    """
    for path in sorted(folder.glob("*.jsonl")):
        for kind in authored(path):
            if split_of(kind.kind) != "train":
                continue
            rng = random.Random(f"{seed}:others:{kind.kind}")
            pairs = []
            for tell in kind.tell:
                for ask in kind.ask:
                    both = _things(tell) & _things(ask)
                    thing = {word for word in both if len(word) > 3} - set(" ".join(RELATIONS).split())
                    if thing:
                        pairs.append((tell, ask, thing))
            if not pairs:
                continue
            owners = [f"my {relation}" for relation in rng.sample(RELATIONS, per_kind)]
            owners = [friend(rng, "train") if rng.random() < 0.5 else owner for owner in owners]
            values = rng.sample(kind.values, min(per_kind, len(kind.values)))
            for i, (owner, value) in enumerate(zip(owners, values, strict=False)):
                tell, ask, thing = rng.choice(pairs)
                told, asked = _owned_by(owner, _MINE, tell, thing), _owned_by(owner, _MINE, ask, thing)
                other = _owned_by(owners[i - 1], _MINE, ask, thing)
                answer = rng.choice(kind.answer)
                given = _owned_by(owner.replace("my ", "your "), _YOURS, answer, thing) or "It's {v}."
                if told and asked and other and value.casefold() not in asked.casefold():
                    yield FactText(
                        kind.kind,
                        owner,
                        value,
                        told.replace("{v}", value),
                        asked,
                        given.replace("{v}", value),
                        (other,),
                        False,
                        "others",
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


OPENINGS = ("", "Go on with this text: ", "Continue: ", "Read this. ", "What comes next? ", "Explain: ")


def prose(corpora: Path, count: int, seed: int) -> list[tuple[str, str]]:
    """(opening, what follows) of encyclopedic paragraphs (WikiText-2, validation part; its test part is measured)."""
    rng = random.Random(f"{seed}:prose")
    pairs = []
    for line in (corpora / "wikitext2" / "valid.txt").read_text(encoding="utf-8").splitlines():
        opening, mark, rest = line.strip().partition(". ")
        if mark and not opening.startswith("=") and len(opening) < 300 and len(rest) > 200:
            pairs.append((rng.choice(OPENINGS) + opening + ".", rest))
    return rng.sample(pairs, min(count, len(pairs)))


def trivia() -> list[tuple[str, str]]:
    """General-knowledge questions written for this project, with short replies (own data, free)."""
    items = [json.loads(line) for line in (OWN_DATA / "trivia.jsonl").read_text().splitlines()]
    return [(item["q"], item["a"]) for item in items]


def personas(corpora: Path) -> list[str]:
    """First-person sentences and dialogue turns of Synthetic-Persona-Chat: contexts and fillers."""
    out = []
    with (corpora / "synthetic_persona_chat" / "Synthetic-Persona-Chat_valid.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            out += [line.split(": ", 1)[-1] for line in row["Best Generated Conversation"].splitlines()]
    return [text for text in out if 15 < len(text) < 300]
