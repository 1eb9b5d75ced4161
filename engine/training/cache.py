"""Builds the cached training set: one file a source, each with its turns and replies as backbone features.

First come the *jobs*, a source's tokens without features: small enough to be carried to another machine, which needs
the backbone's weights for the features, but no tokenizer.

A *turn* record: text, tokens as stored, features (T+1, 2, d), value mask. A *reply* record: the asking turn, the
positions' features (P, 3, d), the tokens read there, the targets, the value mask, the backbone's own opinion, the turn
that answers it (-1: nothing does), and its type: `fact`, `near` (never told), `general` (leave the model alone),
`told` (a telling, to be acknowledged).
"""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.bit_ttt.tokens import SpaceTable
from engine.training.corpus import ABSTENTIONS, FactText, acknowledgement
from engine.training.features import ASSISTANT, END, MAX_TURN, USER, Extractor, Job, Template, answer_tokens, value_span
from engine.training.tokenizer import Tokenizer

SYSTEM_PROMPT = "You are a helpful AI assistant named Techo."
GENERAL_POSITIONS = 12
ACKNOWLEDGEMENTS = ("Got it!", "Nice.", "I'll remember that.", "Thanks for telling me.", "I see.", "Noted.", "Okay!")


@dataclass
class Turn:
    """One user turn with its features."""

    text: str
    tokens: list[int]
    features: torch.Tensor
    value: tuple[int, int]
    kind: str
    subject: str
    update: bool


@dataclass
class Reply:
    """One question and its reply, position by position."""

    question: int
    answers: int
    type: str
    features: torch.Tensor
    inputs: list[int]
    targets: list[int]
    is_value: list[bool]
    lm: torch.Tensor


Records = tuple[list[Turn], list[Reply]]


@dataclass
class Source:
    """The turns and replies of one source, and what the backbone has to read for them.

    Attributes:
        jobs: one a turn.
        turns: still without features.
        replies: still without features; the reply's tokens are those of the question's job.
        rng: decides how the features are made.
    """

    jobs: list[Job]
    turns: list[Turn]
    replies: list[Reply]
    rng: random.Random

    def read(self, extractor: Extractor, tokens_a_batch: int = 4096) -> Records:
        """The turns and replies with the backbone's features."""
        extractor.run(self.jobs, self.rng, tokens_a_batch)
        for job, turn in zip(self.jobs, self.turns, strict=True):
            assert job.turn_features is not None
            turn.features = job.turn_features
        for reply in self.replies:
            job = self.jobs[reply.question]
            assert job.reply_features is not None
            assert job.lm is not None
            reply.features, reply.inputs, reply.lm = job.reply_features, job.reply_inputs, job.lm
        return self.turns, self.replies

    def save(self, out: Path) -> None:
        """Writes the jobs as xz-compressed JSON."""
        turns = [
            [job.turn, job.reply, job.new_conversation, turn.text, turn.value, turn.kind, turn.subject, turn.update]
            for job, turn in zip(self.jobs, self.turns, strict=True)
        ]
        replies = [[r.question, r.answers, r.type, [int(value) for value in r.is_value]] for r in self.replies]
        record = {"rng": self.rng.getstate(), "turns": turns, "replies": replies}
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(lzma.compress(json.dumps(record, separators=(",", ":")).encode(), preset=9))

    @classmethod
    def load(cls, path: Path, spaces: SpaceTable) -> Source:
        """Reads what `save` wrote.

        Args:
            path: the file.
            spaces: of the tokenizer that made the tokens.
        """
        record = json.loads(lzma.decompress(path.read_bytes()))
        source = cls([], [], [], random.Random())
        version, internal, gauss = record["rng"]
        source.rng.setstate((version, tuple(internal), gauss))
        for tokens, reply, new, *turn in record["turns"]:
            source.turn(Job(tokens, reply, new_conversation=new), spaces, *turn)
        for question, answers, type_, is_value in record["replies"]:
            source.reply(question, answers, type_, [value == 1 for value in is_value])
        return source

    def turn(
        self,
        job: Job,
        spaces: SpaceTable,
        text: str,
        value: Sequence[int] = (0, 0),
        kind: str = "",
        subject: str = "",
        update: bool = False,
    ) -> int:
        """Adds a turn; its number."""
        self.jobs.append(job)
        start, stop = value
        features = torch.empty(0)
        self.turns.append(Turn(text, spaces.canonical(job.turn), features, (start, stop), kind, subject, update))
        return len(self.turns) - 1

    def reply(self, question: int, answers: int, type_: str, is_value: list[bool]) -> None:
        """Adds the reply that the question's job holds."""
        none = torch.empty(0)
        self.replies.append(Reply(question, answers, type_, none, [], self.jobs[question].reply, is_value, none))


@dataclass
class Setting:
    """What all sources share: the tokens around each turn, and the bytes of every token."""

    template: Template
    pieces: list[bytes]

    def save(self, out: Path) -> None:
        """Writes it as xz-compressed JSON."""
        record = vars(self.template) | {"pieces": [piece.hex() for piece in self.pieces]}
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(lzma.compress(json.dumps(record).encode(), preset=9))

    @classmethod
    def load(cls, path: Path) -> Setting:
        """Reads what `save` wrote."""
        record = json.loads(lzma.decompress(path.read_bytes()))
        pieces = [bytes.fromhex(piece) for piece in record.pop("pieces")]
        return cls(Template(**record), pieces)


class SourceBuilder:
    """Turns texts into tokens.

    Args:
        model: the backbone's GGUF.
        chat: everyday turns from which the contexts of running conversations are made.
    """

    def __init__(self, model: Path, chat: list[str], contexts: int = 24, seed: int = 0) -> None:
        self.tok = Tokenizer(model)
        self.spaces = SpaceTable(self.tok.pieces)
        rng = random.Random(seed)
        system = self.tok.special(f"<|im_start|>system\n{SYSTEM_PROMPT}{END}")
        pool = [system]
        for _ in range(contexts):
            tokens = list(system)
            for _ in range(rng.randint(1, 4)):
                tokens += self.tok.special(USER) + self.tok.plain(rng.choice(chat)) + self.tok.special(END + ASSISTANT)
                tokens += self.tok.plain(rng.choice(ACKNOWLEDGEMENTS)) + self.tok.special(END)
            pool.append(tokens)
        template = Template(pool, self.tok.special(USER), self.tok.special(END + ASSISTANT))
        self.setting = Setting(template, self.tok.pieces)
        self.seed = seed

    def _start(self, name: str) -> Source:
        """Chance depends on the source alone: a run that finds some caches made goes the way of one that makes all."""
        return Source([], [], [], random.Random(f"{self.seed}:{name}"))

    def facts(self, facts: Iterable[FactText], near_share: float, name: str) -> Source:
        """Facts: the telling, the question with its answer, and near-miss questions with an abstention."""
        source = self._start(name)
        for fact in facts:
            tokens = self.tok.plain(fact.tell)[:MAX_TURN]
            span = value_span(self.tok, tokens, fact.tell, fact.value)
            if span[1] > len(tokens) or span[1] == 0:
                continue
            told = source.turn(Job(tokens), self.spaces, fact.tell, span, fact.kind, fact.subject, fact.update)
            # A value too common in the answer's own words would be found at the wrong place.
            target, is_value = answer_tokens(self.tok, self.spaces, fact.answer, fact.value, tokens, span)
            ask = Job(self.tok.plain(fact.ask), target, new_conversation=source.rng.random() < 0.75)
            source.reply(source.turn(ask, self.spaces, fact.ask), told, "fact", is_value)
            for near in fact.near:
                if source.rng.random() < near_share:
                    target = [*self.tok.plain(source.rng.choice(ABSTENTIONS)), self.tok.end]
                    job = Job(self.tok.plain(near), target, new_conversation=True)
                    source.reply(source.turn(job, self.spaces, near), -1, "near", [False] * len(target))
        return source

    def told(self, facts: Iterable[FactText], name: str) -> Source:
        """Tellings with the assistant's acknowledgement."""
        source = self._start(name)
        for fact in facts:
            target = [*self.tok.plain(acknowledgement(fact)), self.tok.end]
            job = Job(self.tok.plain(fact.tell)[:MAX_TURN], target, new_conversation=source.rng.random() < 0.5)
            source.reply(source.turn(job, self.spaces, fact.tell), -1, "told", [False] * len(target))
        return source

    def general(self, pairs: Iterable[tuple[str, str]], name: str, positions: int = GENERAL_POSITIONS) -> Source:
        """Prompts that have nothing to do with the user, with the first tokens of a reply."""
        source = self._start(name)
        for prompt, reply in pairs:
            tokens, target = self.tok.plain(prompt)[:MAX_TURN], self.tok.plain(reply)[:positions]
            if not tokens or not target:
                continue
            job = Job(tokens, target, new_conversation=source.rng.random() < 0.6)
            source.reply(source.turn(job, self.spaces, prompt), -1, "general", [False] * len(target))
        return source
