"""What the rereader is trained on: questions, each with a few told turns as the fast weights hold them.

The told turns of a question are the one that answers it, where there is one, and the likeliest wrong ones: those that
share most of the question's words, out of many. Some questions are near misses (the turn is there, what is asked was
not said), and some are not about anything told: general knowledge, requests, small talk, tellings.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final, Literal

import numpy as np

from engine.bit_ttt.lexicon import Lexicon
from engine.bit_ttt.memory import MAX_KEPT
from engine.bit_ttt.tokens import SpaceTable
from engine.training.corpus import (
    OWN_DATA,
    FactText,
    authored_facts,
    facts_of_others,
    filler_turns,
    general_prompts,
    personas,
    scene_facts,
    templated_facts,
    trivia,
)
from engine.training.features import MAX_TURN, value_span
from engine.training.tokenizer import Tokenizer
from engine.training.values import scene_of, split_of

RIVALS: Final = 120
"""Told turns out of which the likeliest wrong ones are taken."""
WRONG: Final = 2
"""Wrong turns beside the right one."""
LOST: Final = 0.04
"""Share of a short turn's tokens that the fast weights have not kept."""
PER_SCENE: Final = 4
"""Questions of a scene, which has a dozen."""
UNRELATED: Final = 2400
"""Texts that ask for nothing told."""

Kind = Literal["fact", "near", "general"]


@dataclass(frozen=True)
class Told:
    """A told turn as the fast weights hold it: its kept tokens, and where in them the value is."""

    tokens: list[int]
    span: tuple[int, int]
    fact: FactText


@dataclass(frozen=True)
class Question:
    """A question behind which some turns are read.

    Attributes:
        text: what the user says.
        kind: whether a turn answers it, only seems to, or it asks for nothing told.
        source: where it comes from.
        told: tokens of each turn.
        answer: the turn that answers it, and the range of its tokens that does; None: nothing does.
    """

    text: str
    kind: Kind
    source: str
    told: list[list[int]]
    answer: tuple[int, int, int] | None

    @property
    def size(self) -> int:
        """About how many tokens are read."""
        return 12 + len(self.text) // 4 + sum(map(len, self.told))


def as_kept(tokens: Sequence[int], span: tuple[int, int], rng: random.Random) -> tuple[list[int], tuple[int, int]]:
    """Tokens of a turn and its value -> those that the fast weights would hold, the value's always among them."""
    beside = [place for place in range(len(tokens)) if not span[0] - 1 <= place < span[1]]
    lost = {place for place in beside if rng.random() < LOST}
    excess = len(tokens) - len(lost) - MAX_KEPT
    if excess > 0:
        left = [place for place in beside if place not in lost]
        lost |= set(rng.sample(left, min(excess, len(left))))
    kept = [place for place in range(len(tokens)) if place not in lost]
    first = kept.index(span[0])
    return [tokens[place] for place in kept], (first, first + span[1] - span[0])


class Asker:
    """Makes the questions of one split from the corpora."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        lexicon: Lexicon,
        corpora: Path,
        split: str,
        seed: int,
        *,
        unrelated: bool = True,
    ) -> None:
        """Reads the facts.

        Args:
            tokenizer: the backbone's.
            lexicon: the memory's, whose addresses choose the wrong turns.
            corpora: folder with the unpacked corpora and authored/.
            split: `train`, `dev` or `test`: kinds of fact held apart.
            seed: of all that is drawn.
            unrelated: whether general knowledge, requests and small talk of the corpora are asked as well.
        """
        self._tokenizer, self._lexicon, self._corpora, self._split = tokenizer, lexicon, corpora, split
        self._with_unrelated = unrelated
        self._rng = random.Random(f"{seed}:{split}")
        self._told = self._read(seed)
        self._addresses = np.stack([lexicon.address(told.fact.tell) for told in self._told]).astype(np.int16)

    def _read(self, seed: int) -> list[Told]:
        own = ("authored", "voices", "lives", "fields", "occasions")
        folders = (self._corpora / "authored", *(OWN_DATA / name for name in own))
        scenes = self._some(list(scene_facts(OWN_DATA / "scenes", seed)))
        others = chain.from_iterable(facts_of_others(folder, 1, seed) for folder in folders[:4])
        kinds = chain(*(authored_facts(folder, 1, seed) for folder in folders), templated_facts(2, seed), others)
        spaces = SpaceTable(self._tokenizer.pieces)
        told = []
        for fact in chain(scenes, (fact for fact in kinds if split_of(fact.kind) == self._split)):
            tokens = self._tokenizer.plain(fact.tell)[:MAX_TURN]
            span = value_span(self._tokenizer, tokens, fact.tell, fact.value)
            if 0 < span[1] <= len(tokens):
                kept, where = as_kept(spaces.canonical(tokens), span, self._rng)
                told.append(Told(kept, where, fact))
        return told

    def _some(self, facts: Sequence[FactText]) -> list[FactText]:
        """`PER_SCENE` facts of each scene of the split."""
        scenes: dict[str, list[FactText]] = defaultdict(list)
        for fact in facts:
            scenes[scene_of(fact.kind)].append(fact)
        chosen = (found for name, found in scenes.items() if split_of(name) == self._split)
        return [fact for found in chosen for fact in self._rng.sample(found, min(PER_SCENE, len(found)))]

    def questions(self) -> list[Question]:
        """All questions, in no order."""
        found = []
        for index, told in enumerate(self._told):
            fact = told.fact
            found.append(self._ask(fact.ask, "fact", fact.source, index, told.span))
            if fact.near:
                found.append(self._ask(self._rng.choice(fact.near), "near", fact.source, index, None))
        found += [self._ask(text, "general", source, None, None) for source, text in self._unrelated()]
        self._rng.shuffle(found)
        return found

    def _unrelated(self) -> list[tuple[str, str]]:
        rng = random.Random("unrelated")  # the same in each split, so that the splits share none
        texts = [("trivia", text) for text, _ in trivia()]
        if self._with_unrelated:
            texts += [("request", text) for text, _ in general_prompts(self._corpora, UNRELATED // 3, 3)]
            talk = filler_turns(self._corpora, UNRELATED // 3, 3) + personas(self._corpora)[: 20 * UNRELATED : 60]
            texts += [("talk", text) for text in talk]
        texts += [("telling", told.fact.tell) for told in self._told[::8]]
        rng.shuffle(texts)
        return [pair for pair in texts if pair[0] == "telling" or split_of(pair[1]) == self._split]

    def _ask(self, text: str, kind: Kind, source: str, right: int | None, span: tuple[int, int] | None) -> Question:
        turns = self._wrong(text, right, WRONG if right is not None else WRONG + 1)
        place = self._rng.randint(0, len(turns))
        if right is not None:
            turns.insert(place, right)
        answer = None if span is None else (place, *span)
        return Question(text, kind, source, [self._told[turn].tokens for turn in turns], answer)

    def _wrong(self, question: str, right: int | None, count: int) -> list[int]:
        """The likeliest of many, and some of the next."""
        fact = None if right is None else self._told[right].fact
        drawn = self._rng.sample(range(len(self._told)), min(RIVALS, len(self._told)))
        rivals = [turn for turn in drawn if fact is None or not _same(self._told[turn].fact, fact)]
        shared = self._addresses[rivals] @ self._lexicon.address(question).astype(np.int16)
        order = [rivals[place] for place in np.argsort(-shared, kind="stable")]
        return [order[0], *self._rng.sample(order[1:12], count - 1)]


def _same(one: FactText, other: FactText) -> bool:
    return one.kind == other.kind or one.value.casefold() == other.value.casefold()


def shuffled(question: Question, rng: random.Random) -> Question:
    """The same with its turns in another order."""
    order = rng.sample(range(len(question.told)), len(question.told))
    answer = question.answer
    if answer is not None:
        answer = (order.index(answer[0]), *answer[1:])
    return replace(question, told=[question.told[place] for place in order], answer=answer)
