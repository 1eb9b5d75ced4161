"""What the ternary model reads while it learns: free corpora as token sequences, most of them in the chat template.

Licences: data/README.md of the corpora and the model card. Held out, to measure with: WikiText-2's test part,
Synthetic-Persona-Chat's test part, the last of SGD's dialogues, the test split of the hand-written kinds.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from engine.training.cache import SYSTEM_PROMPT
from engine.training.corpus import OWN_DATA, acknowledgement, authored_facts, scene_facts, trivia
from engine.training.features import ASSISTANT, END, USER
from engine.training.tokenizer import Tokenizer
from engine.training.values import split_of

Talk = Sequence[str]
"""Turns of a conversation: the user's, the assistant's, the user's again."""

PROBLEMS_HELD_OUT = 300
"""The last of GSM8K's problems, to measure with."""
OWN_FOLDERS = ("authored", "voices", "lives", "fields", "occasions")


def _sgd(path: Path) -> Iterator[Talk]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield [text for _, text in json.loads(line)["t"]]


def _personas(path: Path) -> Iterator[Talk]:
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield [line.split(": ", 1)[-1] for line in row["Best Generated Conversation"].splitlines()]


def _topical(path: Path) -> Iterator[Talk]:
    for chat in json.loads(path.read_text(encoding="utf-8")).values():
        yield [message["message"] for message in chat["content"]]


def _instructions(corpora: Path) -> Iterator[Talk]:
    for path, kept_back in (
        (corpora / "gpteacher_roleplay" / "roleplay-simple-deduped-roleplay-dataset.json", 0),
        (corpora / "gsm8k" / "gsm_8k_train.json", PROBLEMS_HELD_OUT),
    ):
        items = json.loads(path.read_text(encoding="utf-8"))
        for item in items[: len(items) - kept_back]:
            yield [item["instruction"] + ("\n" + item["input"] if item["input"] else ""), item["output"]]
    for name in ("seed_tasks.jsonl", "user_oriented_instructions.jsonl"):
        for line in (corpora / "self_instruct" / name).read_text(encoding="utf-8").splitlines():
            task = json.loads(line)
            first = task["instances"][0]
            yield [task["instruction"] + ("\n" + first["input"] if first["input"] else ""), first["output"]]
    for question, answer in trivia():
        yield [question, answer]


def _remembered(corpora: Path, seed: int) -> Iterator[Talk]:
    """Tellings with their acknowledgement and, some turns later, the questions with their answers."""
    rng = random.Random(seed)
    folders = [corpora / "authored", *(OWN_DATA / name for name in OWN_FOLDERS)]
    facts = [fact for folder in folders for fact in authored_facts(folder, 6, seed)]
    facts += scene_facts(OWN_DATA / "scenes", seed)
    facts = [fact for fact in facts if split_of(fact.kind) == "train"]
    rng.shuffle(facts)
    for at in range(0, len(facts), 3):
        told = facts[at : at + 3]
        talk = [text for fact in told for text in (fact.tell, acknowledgement(fact))]
        yield talk + [text for fact in rng.sample(told, len(told)) for text in (fact.ask, fact.answer)]


def _babi(path: Path, stories: int) -> Iterator[str]:
    """Stories with their questions and answers, without the line numbers."""
    story: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        number, _, text = line.partition(" ")
        if number == "1" and story:
            yield "\n".join(story)
            stories -= 1
            story = []
            if not stories:
                return
        question, *answer = text.split("\t")
        story.append(f"{question} {answer[0]}." if answer else text)


def conversations(corpora: Path, seed: int) -> dict[str, list[Talk]]:
    """The conversations to train on, by source."""
    return {
        "sgd": list(_sgd(corpora / "sgd" / "train_compact.jsonl")),
        "personas": list(_personas(corpora / "synthetic_persona_chat" / "Synthetic-Persona-Chat_valid.csv")),
        "topical": [
            talk
            for name in ("valid_freq", "valid_rare", "test_freq", "test_rare")
            for talk in _topical(corpora / "topical_chat" / f"{name}.json")
        ],
        "instructions": list(_instructions(corpora)),
        "remembered": list(_remembered(corpora, seed)),
    }


def plain_texts(corpora: Path) -> dict[str, list[str]]:
    """The texts without a chat template, by source."""
    play = (corpora / "tinyshakespeare" / "input.txt").read_text(encoding="utf-8")
    return {
        "wikitext": _paragraphs(corpora / "wikitext2" / "valid.txt"),
        "shakespeare": [play[i : i + 4000] for i in range(0, len(play), 4000)],
        "babi": list(_babi(corpora / "babi" / "all_shuffled_train.txt", 600)),
    }


def _paragraphs(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if len(line) > 80]


def held_out_talks(corpora: Path) -> list[Talk]:
    """Dialogues to measure with alone: half of them small talk, half with a task."""
    talks = list(_personas(corpora / "synthetic_persona_chat" / "Synthetic-Persona-Chat_test.csv"))[:150]
    return talks + list(_sgd(corpora / "sgd" / "dev_compact.jsonl"))[-150:]


class Templater:
    """Conversations to tokens, as the app lays them out."""

    def __init__(self, tok: Tokenizer) -> None:
        self.tok = tok
        self.system = tok.special(f"<|im_start|>system\n{SYSTEM_PROMPT}{END}")
        self.user, self.assistant, self.end = tok.special(USER), tok.special(ASSISTANT), tok.special(END)

    def talk(self, talk: Talk) -> list[int]:
        """A whole conversation behind the system message."""
        tokens = list(self.system)
        for i, text in enumerate(talk):
            tokens += (self.assistant if i % 2 else self.user) + self.tok.plain(text) + self.end
        return tokens

    def text(self, text: str) -> list[int]:
        """A text without a template, closed by the end token."""
        return [*self.tok.plain(text), self.tok.end]


def shards(corpora: Path, tok: Tokenizer, seed: int) -> dict[str, np.ndarray]:
    """Token streams, uint16: `train` (documents in random order), `dialogue`, `wikitext`, and `openings`.

    `openings` are what the teacher goes on from when it writes text of its own (`teacher.write`): rows of beginnings,
    (n, OPENING), each a conversation's first user turn or a paragraph's first words, cut or left out when shorter.
    """
    templater = Templater(tok)
    documents, opening = [], []
    for source, talks in conversations(corpora, seed).items():
        rows = [templater.talk(talk) for talk in talks]
        opening += [row[:OPENING] for row in rows if len(row) >= OPENING]
        documents += rows
        print(f"{source:14}{len(rows):>8} conversations {sum(map(len, rows)):>10} tokens", flush=True)
    for source, texts in plain_texts(corpora).items():
        rows = [templater.text(text) for text in texts]
        opening += [row[:OPENING] for row in rows if len(row) >= OPENING]
        documents += rows
        print(f"{source:14}{len(rows):>8} texts         {sum(map(len, rows)):>10} tokens", flush=True)
    rng = random.Random(seed)
    rng.shuffle(documents)
    rng.shuffle(opening)
    return {
        "train": _stream(documents),
        "openings": np.array(opening, dtype=np.uint16),
        "dialogue": _stream([templater.talk(talk) for talk in held_out_talks(corpora)]),
        "wikitext": _stream([tok.plain((corpora / "wikitext2" / "test.txt").read_text(encoding="utf-8"))]),
    }


OPENING = 48
"""Tokens of a beginning that the teacher goes on from: the system message, the template, and some words."""


def _stream(documents: Sequence[Sequence[int]]) -> np.ndarray:
    return np.concatenate([np.array(document, dtype=np.uint16) for document in documents])


def windows(stream: np.ndarray, length: int) -> torch.Tensor:
    """A token stream cut into (n, length) int32 rows; the rest is left out."""
    count = len(stream) // length
    return torch.from_numpy(stream[: count * length].astype(np.int32)).view(count, length)
