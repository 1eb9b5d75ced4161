"""Where a benchmark runs: temporary profiles, and a supply of things to tell them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine.cli.benchmark.full import fill_profile
from engine.cli.connection import Connection, Engines
from engine.cli.evaluation.episodes import Episode, EpisodeError, Exchange, Question, load_episodes
from engine.cli.evaluation.scoring import locate_telling
from engine.protocol import Exported, FilePath, MemoryImport, ProfileInfo, Sampling, TurnDone, TurnFeed, TurnSend

_ROOT: Final = Path(__file__).resolve().parents[3]
FACT_FILES: Final = tuple(
    _ROOT / "tests" / "data" / name for name in ("templated-1000.jsonl", "templated-100.jsonl", "small.jsonl")
)
"""Where the told turns come from by default: the first of these that is there."""
CONTROL_FILE: Final = _ROOT / "tests" / "data" / "control.jsonl"
SAMPLE_TEXT: Final = _ROOT / "resources" / "benchmark" / "sample.txt"

SESSION_TURNS: Final = 8
"""Turns after which a filled profile begins a new conversation."""

_SYLLABLES: Final = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


def default_facts() -> Path:
    """The first of `FACT_FILES` that exists."""
    for path in FACT_FILES:
        if path.is_file():
            return path
    raise EpisodeError(
        "There is no episode file to tell from.",
        "Name one with --facts FILE (they come with the source, in tests/data).",
    )


def existing(path: Path | None, default: Path, option: str) -> Path:
    """The file that was named, or the one that comes with the source."""
    chosen = path if path is not None else default
    if not chosen.is_file():
        raise EpisodeError(f"There is no file {chosen}.", f"Name one with {option} FILE.")
    return chosen


@dataclass(frozen=True)
class Fact:
    """Something told that can be asked for."""

    question: Question
    telling: int
    """Index of the turn that told it."""


class Supply:
    """An endless supply of turns: first those of the episodes as they stand, then variants with invented people.

    A variant is told about somebody with an invented name, so that it gets an address of its own in the memory, and
    its digits are drawn anew.
    """

    def __init__(self, episodes: Sequence[Episode], seed: int = 1) -> None:
        self._turns = [
            exchange for episode in episodes for session in episode.sessions for exchange in session.exchanges()
        ]
        if not self._turns:
            raise EpisodeError("The episodes tell nothing.", "Name a file with sessions by --facts FILE.")
        self._seed = seed
        tellings = [exchange.user for exchange in self._turns]
        self.facts = [
            Fact(question, index)
            for episode in episodes
            for question in episode.questions
            if question.kind == "fact" and (index := locate_telling(question, tellings)) is not None
        ]

    @classmethod
    def load(cls, path: Path | None, seed: int = 1) -> Supply:
        return cls(load_episodes(existing(path, default_facts(), "--facts")), seed)

    def turns(self) -> Iterator[Exchange]:
        """Yields turns for ever, always the same ones for the same seed."""
        yield from self._turns
        rng = random.Random(self._seed)
        while True:
            for exchange in self._turns:
                yield _variant(exchange, rng)


def _variant(exchange: Exchange, rng: random.Random) -> Exchange:
    name = "".join(rng.choice(_SYLLABLES) for _ in range(3)).capitalize()
    text = re.sub(r"\d", lambda _: str(rng.randint(0, 9)), exchange.user)
    return Exchange(f'My friend {name} told me: "{text}"', exchange.assistant or "I see.")


@dataclass
class Filled:
    """A profile that has been told things.

    Attributes:
        told: how many turns of the supply.
        done: the answers of the turns told last.
    """

    profile: str
    told: int = 0
    done: list[TurnDone] = field(default_factory=list)


class Lab:
    """A workspace with one profile that is filled further as the parts of the benchmark ask for it.

    Args:
        engines: started on a temporary data folder.
        supply: what is told.
        note: told in words what is going on.
    """

    def __init__(self, engines: Engines, supply: Supply, note: Callable[[str], None], seed: int) -> None:
        self.engines = engines
        self.supply = supply
        self.note = note
        self.seed = seed
        self.filled = Filled("bench")
        self._full = ""

    def open(self, profile: str) -> Connection:
        """A new engine process on a profile of this lab, created when missing."""
        return self.engines.open(profile)

    def fill(
        self, turns: int, watch: Callable[[Connection, int], None] | None = None, *, one_conversation: bool = False
    ) -> Filled:
        """Tells the lab's profile the first `turns` turns of the supply, those that it has not heard yet.

        Args:
            turns: so many in all.
            watch: called after every turn with the engine and the number of turns told.
            one_conversation: all in one endless conversation, instead of a new one every few turns.
        """
        self.filled.done = []
        if turns <= self.filled.told:
            return self.filled
        supply = self.supply.turns()
        for _ in range(self.filled.told):
            next(supply)
        with self.open(self.filled.profile) as engine:
            conversation: int | None = None
            for place in range(self.filled.told, turns):
                if place % SESSION_TURNS == 0 and not one_conversation:
                    conversation = None
                done = tell(engine, next(supply), conversation)
                conversation = done.conversation
                self.filled.done.append(done)
                self.filled.told = place + 1
                self.note(f"told {place + 1} of {turns} turns")
                if watch is not None:
                    watch(engine, place + 1)
        return self.filled

    def full(self) -> str:
        """A copy of the lab's profile with no free neuron or turn slot left -> its name; see `full`.

        The lab's own profile stays as it is, for the other parts. Nothing may be told to the copy.
        """
        name = f"full-{self.filled.told}"
        if name == self._full:
            return name
        file = FilePath(path=str(self.engines.data_dir / f"{name}.techo"), overwrite=True)
        with self.open(self.filled.profile) as engine:
            vocabulary = engine.initialized.backbone.vocabulary
            engine.call("memory.export", file, Exported)
            engine.call("memory.import", MemoryImport(path=file.path, name=name), ProfileInfo)
        self.note("filling the memory up")
        fill_profile(self.engines.data_dir, name, vocabulary, self.seed)
        self._full = name
        return name

    def facts_told(self) -> list[Fact]:
        """The facts among the turns that have been told."""
        return [fact for fact in self.supply.facts if fact.telling < self.filled.told]


def tell(engine: Connection, exchange: Exchange, conversation: int | None) -> TurnDone:
    """One real turn, learned; the reply is taken as said."""
    return engine.feed(
        TurnFeed(user=exchange.user, assistant=exchange.assistant or "I see.", conversation=conversation)
    )


def ask(engine: Connection, text: str, *, recall: bool = True, max_tokens: int = 48) -> TurnDone:
    """One greedy turn in a new conversation from which nothing is learned."""
    return engine.turn(
        TurnSend(text=text, sampling=Sampling(temperature=0.0, max_tokens=max_tokens), learn=False, recall=recall)
    )
