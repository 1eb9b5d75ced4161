"""Backbone features, computed once and cached.

For every user turn: the tapped layer outputs of its tokens. For every answer position: the tapped outputs of the token
before it, what the backbone alone would say there, and the target. Each batch runs behind one of a small pool of
contexts (the system prompt alone, or with a few turns of chat), whose keys and values are computed once: so the
features are those of turns in running conversations, at no extra cost.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from engine.bit_ttt.tokens import SpaceTable
from engine.training.backbone import Prefix, TorchBackbone
from engine.training.tokenizer import Tokenizer

TURN_TAPS = (13, 25)
QUERY_TAPS = (13, 25, 29)
TAPS = ["embd", *(f"l_out-{layer}" for layer in QUERY_TAPS)]
"""What the memory reads of the backbone, by llama.cpp's names."""
MAX_TURN = 160
USER, END, ASSISTANT = "<|im_start|>user\n", "<|im_end|>\n", "<|im_start|>assistant\n"


@dataclass
class Job:
    """One sequence behind a context: a user turn and, for questions, the reply.

    `reply` tokens are the targets; the features of the position before each are kept.
    """

    turn: list[int]
    reply: list[int] = field(default_factory=list)
    keep_turn: bool = True
    new_conversation: bool = False
    turn_features: torch.Tensor | None = None  # (T+1, 2, d): content and <|im_end|>
    reply_features: torch.Tensor | None = None  # (P, 3, d)
    reply_inputs: list[int] = field(default_factory=list)  # the token read at each kept position
    lm: torch.Tensor | None = None  # (P, 3): log p(target), top token, log p(top)


@dataclass
class Template:
    """The tokens around a turn.

    Attributes:
        contexts: earlier turns, each beginning with the system message; the first is the system message alone.
        open: what opens a turn.
        middle: what ends it and opens the reply.
    """

    contexts: list[list[int]]
    open: list[int]
    middle: list[int]


class Extractor:
    """Runs jobs through the backbone in batches of similar length."""

    def __init__(self, backbone: TorchBackbone, template: Template) -> None:
        self.backbone = backbone
        self.prefixes: list[Prefix] = [backbone.prefix(c) for c in template.contexts]
        self.open, self.middle = template.open, template.middle

    def run(self, jobs: Sequence[Job], rng: random.Random, tokens_a_batch: int = 4096, log_every: float = 30.0) -> None:
        """Fills the features of all jobs in place; chance picks each batch's context."""
        order = sorted(range(len(jobs)), key=lambda i: (bool(jobs[i].reply), self._length(jobs[i])))
        batches: list[list[int]] = []
        for i in order:
            length = self._length(jobs[i])
            batch = batches[-1] if batches else []
            if (
                not batch
                or bool(jobs[batch[0]].reply) != bool(jobs[i].reply)
                or (len(batch) + 1) * length > tokens_a_batch
            ):
                batches.append([])
            batches[-1].append(i)
        started = said = time.time()
        done = 0
        for batch in batches:
            self._run_batch([jobs[i] for i in batch], rng)
            done += len(batch)
            if time.time() - said > log_every:
                said = time.time()
                print(f"  features {done}/{len(jobs)} {said - started:.0f} s", flush=True)

    def _length(self, job: Job) -> int:
        return len(self.open) + len(job.turn) + 1 + (len(self.middle) + len(job.reply) if job.reply else 0)

    def _run_batch(self, jobs: list[Job], rng: random.Random) -> None:
        fresh = all(job.new_conversation for job in jobs) or rng.random() < 0.4
        prefix = self.prefixes[0] if fresh else rng.choice(self.prefixes)
        rows = [self.open + j.turn + (self.middle + j.reply[:-1] if j.reply else self.middle[:1]) for j in jobs]
        ids = torch.full((len(rows), max(map(len, rows))), 2)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row)
        with_reply = bool(jobs[0].reply)
        hidden = torch.stack(self.backbone.features(ids, QUERY_TAPS if with_reply else TURN_TAPS, prefix), 2)
        start = len(self.open)
        last, targets = [], []
        for i, job in enumerate(jobs):
            end = start + len(job.turn) + 1
            if job.keep_turn:
                job.turn_features = hidden[i, start:end, :2].clone()
            if with_reply:
                first = end - 1 + len(self.middle) - 1
                job.reply_features = hidden[i, first : first + len(job.reply)].clone()
                job.reply_inputs = rows[i][first : first + len(job.reply)]
                last.append(job.reply_features[:, 2])
                targets += job.reply
        if with_reply:
            at = 0
            log_p = self.backbone.log_probs(torch.cat(last))
            gold = log_p.gather(1, torch.tensor(targets, device=log_p.device)[:, None])[:, 0]
            top, token = log_p.max(-1)
            lm = torch.stack((gold, token.float(), top), 1)
            for job in jobs:
                job.lm = lm[at : at + len(job.reply)].clone()
                at += len(job.reply)


def value_span(tok: Tokenizer, tokens: Sequence[int], text: str, value: str) -> tuple[int, int]:
    """The token range of `value` in a tokenized text; (0, 0) when it is not there."""
    encoded, wanted = text.encode(), value.encode()
    at = encoded.find(wanted)
    if at < 0:
        return 0, 0
    ends, position = [], 0
    for token in tokens:
        position += len(tok.pieces[token])
        ends.append(position)
    first = next((i for i, end in enumerate(ends) if end > at), len(tokens))
    last = next((i for i, end in enumerate(ends) if end >= at + len(wanted)), len(tokens) - 1)
    return first, last + 1


def answer_tokens(
    tok: Tokenizer, spaces: SpaceTable, answer: str, value: str, turn: Sequence[int], span: tuple[int, int]
) -> tuple[list[int], list[bool]]:
    """The reply's tokens with the value spelt as the memory stores it, and a mask of the value's tokens."""
    before, _, after = answer.partition(value)
    head = tok.plain(before.rstrip(" ")) if before.strip() else []
    middle = spaces.canonical(turn)[span[0] : span[1]]
    if before[-1:] == " " and head and spaces.glued(head[-1], middle[0]):
        # Digits have no twin with a space: the space is a token of its own, and the reply's own to say.
        head.append(spaces.space)
    tail = tok.plain(after) if after else []
    tokens = head + middle + tail + [tok.end]
    return tokens, [len(head) <= i < len(head) + len(middle) for i in range(len(tokens))]


def save(path: Path, records: object) -> None:
    """Writes a cache file (training only; never read by the app)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(records, path)
