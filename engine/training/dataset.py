"""The cached features as quantized tensors, and the batches the meta-training draws from them."""

from __future__ import annotations

import ctypes
import math
import multiprocessing
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import accumulate, chain
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from engine.bit_ttt.lexicon import IDF_BUCKETS, MAX_IDF, Lexicon, bucket, word_places, words
from engine.bit_ttt.tokens import SpaceTable
from engine.training.cache import Records, Reply, Turn
from engine.training.values import scene_of, split_of

INT8 = 127.0
GRID_SHARE, CLUSTER_SHARE = 0.3, 0.35
"""Shares of the training memories that are dense grids of kinds by subjects, and that hold a few subjects of a kind."""
MANY = 40
"""From so many facts in a memory on some of them are left untold."""
UNTOLD_SHARE = 0.15
"""Share of the facts asked for whose telling is left out: from its neighbours alone nothing must be answered.

Whether to abstain is learned from these alone. Near-miss questions have no answer in any memory, so a reader learns
them by heart and then abstains from whatever sounds like one: they teach how an abstention goes on, and serve to
measure with."""
EMPTY_SHARE = 0.15
"""Share of the questions that nothing answers which are asked of a memory that was told nothing at all."""
CLIP = 8.0
ROWS = 8192
"""About so many rows of features are quantized at a time."""

In = TypeVar("In")
Out = TypeVar("Out")


def rms(x: torch.Tensor) -> torch.Tensor:
    """RMS normalisation over the last axis, float32."""
    x = x.float()
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


@dataclass
class Standard:
    """Per-channel centring and scaling of each tap: raw hidden states are anisotropic and useless as keys."""

    mean: torch.Tensor  # (4, d): layers 13, 25, 29, embedding
    std: torch.Tensor  # (4, d)

    def __call__(self, x: torch.Tensor, taps: Sequence[int]) -> torch.Tensor:
        """(..., taps, d) raw -> (..., taps, d) standardised and clipped."""
        i = list(taps)
        return ((rms(x) - self.mean[i]) / self.std[i]).clamp(-CLIP, CLIP)


def quantize(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(n, k) -> int8 integers and the (n, 1) unit, after RMS normalisation; as BitLinear does it."""
    x = rms(x)
    unit = x.abs().amax(-1, keepdim=True).clamp(min=1e-6) / INT8
    return (x / unit).round().to(torch.int8), unit


def inverse_document_frequency(turns: Iterable[list[str]]) -> np.ndarray:
    """The lexicon's table: (IDF_BUCKETS,) uint8 from the words of turns; words never seen count most."""
    seen: Counter[int] = Counter()
    total = 0
    for said in turns:
        total += 1
        seen.update({bucket(word) for word in said})
    weight = [2.0 * (math.log(total / (1 + seen[b])) - 1.0) for b in range(IDF_BUCKETS)]
    return np.array([min(MAX_IDF, max(0, round(w))) for w in weight], dtype=np.uint8)


@dataclass
class Side:
    """All turns or all reply positions, flat: row `offset[i] : offset[i + 1]` belongs to item i.

    One more row at the end is nobody's: no features, in units of 1.
    """

    ints: torch.Tensor  # (n + 1, input) int8
    unit: torch.Tensor  # (n + 1, 1)
    offset: list[int]
    start: torch.Tensor  # (items,) the offsets as a tensor

    @classmethod
    def empty(cls, lengths: Iterable[int], width: int, device: torch.device) -> Side:
        """Room for items of these lengths."""
        offset = list(accumulate(lengths, initial=0))
        ints = torch.zeros((offset[-1] + 1, width), dtype=torch.int8, device=device)
        unit = torch.ones((offset[-1] + 1, 1), device=device)
        return cls(ints, unit, offset, torch.tensor(offset[:-1], device=device))

    def length(self, item: int) -> int:
        """How many rows an item has."""
        return self.offset[item + 1] - self.offset[item]

    def chunks(self) -> Iterator[tuple[slice, slice]]:
        """Some items and their rows at a time."""
        first, items = 0, len(self.offset) - 1
        while first < items:
            last = first + 1
            while last < items and self.offset[last + 1] - self.offset[first] <= ROWS:
                last += 1
            yield slice(first, last), slice(self.offset[first], self.offset[last])
            first = last


class Dataset:
    """Everything the meta-training reads.

    Its tensors lie where the embedding does, which is where the training then runs.

    Args:
        caches: files written by `engine.training.cache`, or what such a file holds.
        scenes: more of them, which come late in the training; what is counted over all turns is counted without them.
        embedding: (V, d) the backbone's token embedding.
        pieces: the bytes of each token.
        phrases: outputs of the phrase head.
        processes: how many look for the words of the turns.
    """

    def __init__(
        self,
        caches: Sequence[Path | Records],
        scenes: Sequence[Path | Records],
        embedding: torch.Tensor,
        pieces: Sequence[bytes],
        phrases: int = 512,
        processes: int = 1,
    ) -> None:
        self.device = embedding.device
        self.turns: list[Turn] = []
        self.replies: list[Reply] = []
        self._load(caches)
        self._counted = len(self.turns), len(self.replies)
        self._load(scenes)
        self.embedding = embedding
        self.standard = self._standard()
        self.turn_side = self._turn_side()
        self.reply_side = self._reply_side()
        _give_back()
        texts = [turn.text for turn in self.turns]
        self.idf = inverse_document_frequency(each(words, texts, processes)[: self._counted[0]])
        lexicon = Lexicon(self.idf)
        self.lexical = torch.from_numpy(np.stack(each(lexicon.address, texts, processes))).to(self.device)
        self._spell(lexicon, pieces, processes)
        self._flatten()
        self.phrases = self._phrases(phrases)
        self.index()

    def _load(self, caches: Sequence[Path | Records]) -> None:
        for cache in caches:
            turns, replies = _records(cache)
            base = len(self.turns)
            self.turns += turns
            for reply in replies:
                reply.question += base
                reply.answers += base if reply.answers >= 0 else 0
                self.replies.append(reply)

    def _standard(self) -> Standard:
        turns, replies = self.turns[: self._counted[0]], self.replies[: self._counted[1]]
        means, stds = [], []
        for tap in range(3):
            if tap < 2:
                x = torch.cat([t.features[:, tap] for t in turns[:: max(1, len(turns) // 4000)]])
            else:
                x = torch.cat([r.features[:, 2] for r in replies[:: max(1, len(replies) // 3000)]])
            x = rms(x.to(self.device))
            means.append(x.mean(0))
            stds.append(x.std(0))
        e = rms(self.embedding[self._ids(i for t in turns for i in t.tokens)[::7]])
        return Standard(torch.stack([*means, e.mean(0)]), torch.stack([*stds, e.std(0)]).clamp(min=1e-4))

    def _ids(self, ids: Iterable[int]) -> torch.Tensor:
        return torch.from_numpy(np.fromiter(ids, dtype=np.int64)).to(self.device)

    def _turn_side(self) -> Side:
        width = self.embedding.shape[1]
        side = Side.empty((len(turn.tokens) + 1 for turn in self.turns), 4 * width, self.device)
        for items, rows in side.chunks():
            turns = self.turns[items]
            tokens = self._ids(chain.from_iterable((*turn.tokens, 2) for turn in turns))
            own = self.standard(self.embedding[tokens][:, None], [3])[:, 0]
            before = own.roll(1, 0)
            before[side.start[items] - rows.start] = 0
            features = torch.cat([turn.features for turn in turns]).to(self.device)
            taps = self.standard(features, [0, 1]).flatten(1)
            side.ints[rows], side.unit[rows] = quantize(torch.cat((taps, own, before), 1))
            for turn in turns:
                turn.features = torch.empty(0)
        return side

    def _reply_side(self) -> Side:
        side = Side.empty((len(reply.inputs) for reply in self.replies), 4 * self.embedding.shape[1], self.device)
        for items, rows in side.chunks():
            replies = self.replies[items]
            inputs = self._ids(chain.from_iterable(reply.inputs for reply in replies))
            own = self.standard(self.embedding[inputs][:, None], [3])[:, 0]
            features = torch.cat([reply.features for reply in replies]).to(self.device)
            taps = self.standard(features, [0, 1, 2]).flatten(1)
            side.ints[rows], side.unit[rows] = quantize(torch.cat((taps, own), 1))
            for reply in replies:
                reply.features = torch.empty(0)
        return side

    def _spell(self, lexicon: Lexicon, pieces: Sequence[bytes], processes: int) -> None:
        """The words of each question: the token in which a word ends, and the row of its code in `codes`.

        `placed` has the same rows for the words of each turn: for each of its tokens that of the word which ends there.
        """
        self.words: dict[int, list[tuple[int, int]]] = {}
        rows: dict[str, int] = {}
        self.separates = SpaceTable(pieces).separates  # (V,)
        places = each(word_places, [[pieces[token] for token in turn.tokens] for turn in self.turns], processes)
        counts = {word: bool(lexicon.idf[bucket(word)]) for word in {word for turn in places for word, _ in turn}}
        for question in {reply.question for reply in self.replies}:
            ends = [(word, end) for word, end in dict(places[question]).items() if counts[word]]
            self.words[question] = [(end, rows.setdefault(word, len(rows))) for word, end in ends]
        placed = np.full(self.turn_side.offset[-1] + 1, -1)
        for first, turn in zip(self.turn_side.offset, places, strict=False):
            for word, end in turn:
                if counts[word]:
                    placed[first + end] = rows.setdefault(word, len(rows))
        self.placed = torch.from_numpy(placed).to(self.device)  # (rows of `turn_side`,)
        codes = np.stack([lexicon.code(word) for word in rows])
        self.codes = torch.from_numpy(codes).to(self.device)  # (words, 1024) trits

    def _flatten(self) -> None:
        """What the training asks of turns and replies, where it runs; by rows of their sides or one a turn."""
        tokens = self._ids(chain.from_iterable((*turn.tokens, 2) for turn in self.turns)).cpu().numpy()
        separators = np.concatenate(([0], self.separates[tokens].cumsum()))
        before = separators[self.turn_side.offset[:-1]].repeat(np.diff(self.turn_side.offset))
        crossed = (separators[1:] - before).astype(np.float32)
        self.tokens = torch.from_numpy(np.append(tokens, -1)).to(self.device)
        self.crossed = torch.from_numpy(np.append(crossed, np.float32(0))).to(self.device)
        """How many separators a turn has up to and with each token."""
        self.value = torch.tensor([turn.value for turn in self.turns], device=self.device)  # (turns, 2)
        self.lone = torch.tensor([not scene_of(turn.kind) for turn in self.turns], device=self.device)
        self.lm = torch.cat([reply.lm for reply in self.replies]).to(self.device)

    def _phrases(self, count: int) -> list[int]:
        """The tokens that replies are made of, values aside, most frequent first."""
        seen: Counter[int] = Counter()
        for reply in self.replies[: self._counted[1]]:
            if reply.type != "general":
                weight = 1 if reply.type == "fact" else 3
                for token, value in zip(reply.targets, reply.is_value, strict=True):
                    if not value:
                        seen[token] += weight
        return [token for token, _ in seen.most_common(count)]

    def index(self) -> None:
        """Groups the replies by kind, apart for training and held-out kinds."""
        facts: dict[tuple[str, str], int] = {}
        self.fact = torch.tensor(
            [facts.setdefault((t.kind, t.subject), len(facts)) if t.kind else -1 for t in self.turns],
            device=self.device,
        )  # (turns,) which fact a turn tells of: a correction tells of the same one
        self.train: dict[str, list[int]] = defaultdict(list)
        self.dev: dict[str, list[int]] = defaultdict(list)
        self.test: dict[str, list[int]] = defaultdict(list)
        self.near: dict[str, list[int]] = defaultdict(list)
        self.general: list[int] = []
        self.told: list[int] = []
        kind_of_question: dict[int, str] = {}
        last = ""
        for i, reply in enumerate(self.replies):
            if reply.type == "fact":
                last = self.turns[reply.answers].kind
                {"train": self.train, "dev": self.dev, "test": self.test}[split_of(last)][last].append(i)
            elif reply.type == "near":
                self.near[last].append(i)
            else:
                (self.told if reply.type == "told" else self.general).append(i)
            kind_of_question[reply.question] = last
        self.subjects: dict[str, dict[str, list[int]]] = {}
        for kind, rows in self.train.items():
            self.subjects[kind] = defaultdict(list)
            for row in rows:
                self.subjects[kind][self.turns[self.replies[row].answers].subject].append(row)
        self.alone = {kind: rows for kind, rows in self.train.items() if not scene_of(kind)}
        self.fillers = [self.replies[i].question for i in self.general]


def _records(cache: Path | Records) -> Records:
    if not isinstance(cache, Path):
        return cache
    # Our own cache, written minutes ago by the same command; never shipped, never imported from elsewhere.
    loaded = torch.load(cache, weights_only=False, mmap=True)
    return loaded["turns"], loaded["replies"]


def each(function: Callable[[In], Out], items: Sequence[In], processes: int) -> list[Out]:
    """`function` of each item, in so many processes."""
    if processes < 2:
        return [function(item) for item in items]
    # A copy of this process needs no imports; it touches no tensor.
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("fork"))
    with pool:
        return list(pool.map(function, items, chunksize=max(1, len(items) // (4 * processes))))


def _give_back() -> None:
    """Returns what the features took, once they are quantized: glibc would keep some 10 GB of it for later."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


@dataclass
class Batch:
    """Turns to store, questions to ask of them.

    `answers[i]` indexes `turns` (-1: nothing answers; a fact's reply then counts with its first token, which is that
    of an abstention). Where `crossed[i]` the question was paired with another telling
    of its kind than the one its reply was computed for: the two values differ, so the reply counts up to and with the
    value's first token, which is that of the told value. Where `empty[i]` the question is asked of an empty memory.
    """

    turns: list[int]
    replies: list[int]
    answers: list[int]
    crossed: list[bool]
    empty: list[bool]


def draw(
    data: Dataset,
    kinds_of: Mapping[str, list[int]],
    rng: random.Random,
    facts: int,
    fillers: int,
    general: int,
    most_asked: int,
) -> Batch:
    """A memory of about `facts` facts of these kinds, and the questions asked of it, of `most_asked` facts at most.

    Kinds told of several subjects come in clusters (the hardest neighbours); one fact in five is told twice, the
    correction last, and only the newest value is asked for.
    """
    told: list[int] = []
    kinds = list(kinds_of)
    rng.shuffle(kinds)
    # In a dense grid of kinds by subjects only who and what together tell the turns apart.
    roll = rng.random()
    fewest, most = (3, 6) if roll < GRID_SHARE else (1, 4) if roll < GRID_SHARE + CLUSTER_SHARE else (1, 1)
    if fewest > 1:
        kinds = [kind for kind in kinds if len(data.subjects[kind]) > 1] or kinds
    scenes = {""}
    for kind in kinds:
        if len(told) >= facts:
            break
        # Another fact of the same scene would be told with other values of this one.
        if (scene := scene_of(kind)) in scenes and scene:
            continue
        scenes.add(scene)
        subjects = data.subjects[kind]
        # Of one subject alone, the one that most is known of comes up most.
        names = list(subjects) if most > 1 else [name for name, rows in subjects.items() for _ in rows]
        chosen = rng.sample(names, min(len(names), rng.randint(fewest, most)))
        for subject in chosen:
            new = rng.choice(subjects[subject])
            if len(subjects[subject]) > 1 and rng.random() < 0.2:
                corrections = [r for r in subjects[subject] if data.turns[data.replies[r].answers].update]
                new = rng.choice(corrections or subjects[subject])
                value = data.replies[new].targets
                old = [r for r in subjects[subject] if r != new and data.replies[r].targets != value]
                told += [-1 - rng.choice(old)] if old else []
            told.append(new)
    # Old versions are stored (first), never asked for.
    turns = [data.replies[-1 - r].answers for r in told if r < 0]
    rng.shuffle(turns)
    newest = [r for r in told if r >= 0]
    rng.shuffle(newest)
    asked = newest[:most_asked]
    others = rng.sample(data.fillers, min(fillers, len(data.fillers)))
    corrected = {(data.turns[turn].kind, data.turns[turn].subject) for turn in turns}
    told_by = {r: data.turns[data.replies[r].answers] for r in asked}
    alone = [r for r, turn in told_by.items() if (turn.kind, turn.subject) not in corrected]
    untold = set(alone[: round(UNTOLD_SHARE * len(asked))]) if len(asked) > MANY else set()
    fresh = [data.replies[r].answers for r in newest if r not in untold] + others
    rng.shuffle(fresh)
    turns += fresh
    at = {turn: i for i, turn in enumerate(turns)}
    replies, answers = list(asked), [at.get(data.replies[r].answers, -1) for r in asked]
    crossed = []
    for i, row in enumerate(asked):
        turn = data.turns[data.replies[row].answers]
        others = [r for r in kinds_of[turn.kind] if data.turns[data.replies[r].answers].subject == turn.subject]
        cross = len(others) > 1 and row not in untold and rng.random() < 0.6
        if cross:
            replies[i] = rng.choice(others)
        crossed.append(cross and replies[i] != row)
    picked = rng.sample(data.general, general)
    picked += rng.sample(data.told, min(len(data.told), general // 2))
    near = [row for kind in kinds_of for row in data.near[kind]]
    picked += rng.sample(near, min(len(near), general // 4))
    answers += [-1] * len(picked)
    empty = [answer < 0 and rng.random() < EMPTY_SHARE for answer in answers]
    return Batch(turns, replies + picked, answers, crossed + [False] * len(picked), empty)
