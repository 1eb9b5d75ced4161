"""Builds the cached training set: one file a source, each with its turns and replies as backbone features.

A *turn* record: text, tokens as stored, features (T+1, 2, d), value mask. A *reply* record: the asking turn, the
positions' features (P, 3, d), the tokens read there, the targets, the value mask, the backbone's own opinion, the turn
that answers it (-1: nothing does), and its type: `fact`, `near` (never told), `general` (leave the model alone),
`told` (a telling, to be acknowledged).
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.bit_ttt.tokens import SpaceTable
from engine.training.backbone import TorchBackbone
from engine.training.corpus import ABSTENTIONS, FactText, acknowledgement
from engine.training.features import ASSISTANT, END, MAX_TURN, USER, Extractor, Job, answer_tokens, save, value_span
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


class CacheBuilder:
    """Turns texts into cached features.

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
        self.extractor = Extractor(TorchBackbone(model), self.tok, pool)
        self.seed, self.rng = seed, rng

    def _start(self, out: Path) -> None:
        """Chance depends on the source alone: a run that finds some caches made goes the way of one that makes all."""
        self.rng = self.extractor.rng = random.Random(f"{self.seed}:{out.stem}")

    def facts(self, facts: Iterable[FactText], near_share: float, out: Path) -> None:
        """Facts: the telling, the question with its answer, and near-miss questions with an abstention."""
        self._start(out)
        turns: list[tuple[Job, FactText | None, str]] = []
        replies: list[tuple[Job, str, int, int, list[bool]]] = []
        for fact in facts:
            tokens = self.tok.plain(fact.tell)[:MAX_TURN]
            span = value_span(self.tok, tokens, fact.tell, fact.value)
            if span[1] > len(tokens) or span[1] == 0:
                continue
            turns.append((Job(tokens), fact, fact.tell))
            told = len(turns) - 1
            # A value too common in the answer's own words would be found at the wrong place.
            target, is_value = answer_tokens(self.tok, self.spaces, fact.answer, fact.value, tokens, span)
            ask = Job(self.tok.plain(fact.ask), target, new_conversation=self.rng.random() < 0.75)
            turns.append((ask, None, fact.ask))
            replies.append((ask, "fact", len(turns) - 1, told, is_value))
            for near in fact.near:
                if self.rng.random() < near_share:
                    target = [*self.tok.plain(self.rng.choice(ABSTENTIONS)), self.tok.end]
                    job = Job(self.tok.plain(near), target, new_conversation=True)
                    turns.append((job, None, near))
                    replies.append((job, "near", len(turns) - 1, -1, [False] * len(target)))
        self._finish(turns, replies, out)

    def told(self, facts: Iterable[FactText], out: Path) -> None:
        """Tellings with the assistant's acknowledgement."""
        self._start(out)
        turns: list[tuple[Job, FactText | None, str]] = []
        replies: list[tuple[Job, str, int, int, list[bool]]] = []
        for fact in facts:
            target = [*self.tok.plain(acknowledgement(fact)), self.tok.end]
            job = Job(self.tok.plain(fact.tell)[:MAX_TURN], target, new_conversation=self.rng.random() < 0.5)
            turns.append((job, None, fact.tell))
            replies.append((job, "told", len(turns) - 1, -1, [False] * len(target)))
        self._finish(turns, replies, out)

    def general(self, pairs: Iterable[tuple[str, str]], out: Path, positions: int = GENERAL_POSITIONS) -> None:
        """Prompts that have nothing to do with the user, with the first tokens of a reply."""
        self._start(out)
        turns: list[tuple[Job, FactText | None, str]] = []
        replies: list[tuple[Job, str, int, int, list[bool]]] = []
        for prompt, reply in pairs:
            tokens, target = self.tok.plain(prompt)[:MAX_TURN], self.tok.plain(reply)[:positions]
            if not tokens or not target:
                continue
            job = Job(tokens, target, new_conversation=self.rng.random() < 0.6)
            turns.append((job, None, prompt))
            replies.append((job, "general", len(turns) - 1, -1, [False] * len(target)))
        self._finish(turns, replies, out)

    def _finish(
        self,
        turns: list[tuple[Job, FactText | None, str]],
        replies: list[tuple[Job, str, int, int, list[bool]]],
        out: Path,
    ) -> None:
        print(f"{out.name}: {len(turns)} turns, {len(replies)} replies", flush=True)
        self.extractor.run([job for job, _, _ in turns])
        records = []
        for job, fact, text in turns:
            assert job.turn_features is not None
            span = value_span(self.tok, job.turn, text, fact.value) if fact else (0, 0)
            records.append(
                Turn(
                    text,
                    self.spaces.canonical(job.turn),
                    job.turn_features,
                    span,
                    fact.kind if fact else "",
                    fact.subject if fact else "",
                    bool(fact and fact.update),
                )
            )
        kept = []
        for job, type_, question, answers, is_value in replies:
            assert job.reply_features is not None
            assert job.lm is not None
            kept.append(
                Reply(question, answers, type_, job.reply_features, job.reply_inputs, job.reply, is_value, job.lm)
            )
        save(out, {"turns": records, "replies": kept})
