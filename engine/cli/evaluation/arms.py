"""Runs the arms of an evaluation: feed, end the engine, start a new one, ask.

All arms share the backbone, the prompt and greedy decoding; they differ only in how what was told reaches the question:
not at all, through the prompt, or through the fast weights.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from engine.cli.connection import Connection, Engines
from engine.cli.evaluation.episodes import Episode, Question, Session
from engine.cli.evaluation.notes import Notebook
from engine.cli.evaluation.scoring import judge, likeliest, locate_telling, told_values
from engine.protocol import (
    MemoryStats,
    Perplexity,
    PerplexityOf,
    Sampling,
    TurnDone,
    TurnFeed,
    TurnMessage,
    TurnSend,
)

ARMS: Final = ("none", "context", "memory", "notes", "other", "scrambled")
"""Every arm there is; `engine.cli.arguments` describes them to the user."""

FEEDING_ARMS: Final = ("memory", "other", "scrambled")
"""Arms in which the sessions go through the fast weights."""

Row = dict[str, Any]
"""One question's result, as it stands in the results file."""


@dataclass(frozen=True)
class ArmOptions:
    """What the arms of one run have in common.

    Attributes:
        engines: started on the data folder that takes the fresh profiles.
        max_tokens: longest reply.
        notes_k: notes in the prompt of the arm `notes`.
        seed: of the shuffle in the arm `scrambled`.
    """

    engines: Engines
    max_tokens: int = 48
    notes_k: int = 3
    seed: int = 1


@dataclass
class Fed:
    """What feeding some sessions cost, and what was said in them."""

    transcript: list[TurnMessage] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """Wall-clock seconds of each turn, seen from the front end (commit and pipe included)."""
    done: list[TurnDone] = field(default_factory=list)


def feed(
    engine: Connection,
    sessions: Sequence[Session],
    *,
    learn: bool = True,
    recall: bool = True,
    max_tokens: int = 48,
    progress: Callable[[int], None] | None = None,
) -> Fed:
    """Lets the sessions happen: one conversation a session, each turn as a real turn.

    A turn whose reply stands in the file is fed as said; a turn without one gets a generated reply.
    """
    fed = Fed()
    for session in sessions:
        conversation: int | None = None
        for exchange in session.exchanges():
            began = time.perf_counter()
            if exchange.assistant is None:
                sampling = Sampling(temperature=0.0, max_tokens=max_tokens)
                done = engine.turn(
                    TurnSend(
                        text=exchange.user, conversation=conversation, sampling=sampling, learn=learn, recall=recall
                    )
                )
            else:
                done = engine.feed(
                    TurnFeed(user=exchange.user, assistant=exchange.assistant, conversation=conversation, learn=learn)
                )
            fed.seconds.append(time.perf_counter() - began)
            fed.done.append(done)
            conversation = done.conversation
            reply = exchange.assistant if exchange.assistant is not None else done.reply
            fed.transcript.append(TurnMessage(role="user", content=exchange.user))
            fed.transcript.append(TurnMessage(role="assistant", content=reply))
            if progress is not None:
                progress(len(fed.seconds))
    return fed


def transcript_of(sessions: Sequence[Session]) -> list[TurnMessage] | None:
    """The sessions as messages, or None when a reply in them still has to be generated."""
    messages: list[TurnMessage] = []
    for session in sessions:
        for exchange in session.exchanges():
            if exchange.assistant is None:
                return None
            messages.append(TurnMessage(role="user", content=exchange.user))
            messages.append(TurnMessage(role="assistant", content=exchange.assistant))
    return messages


def other_sessions(episodes: Sequence[Episode], index: int) -> tuple[Session, ...]:
    """What somebody else told: the next episode's sessions."""
    return episodes[(index + 1) % len(episodes)].sessions


class ArmRun:
    """One arm of one episode.

    Args:
        episode: what is told and asked.
        arm: one of `ARMS`.
        options: see `ArmOptions`.
        told: the sessions that are told; another episode's in the arm `other`.
    """

    def __init__(self, episode: Episode, arm: str, options: ArmOptions, told: Sequence[Session] | None = None) -> None:
        self._episode = episode
        self._arm = arm
        self._options = options
        self._sessions = episode.sessions if told is None else told
        # Fresh also when the data folder is one that was used before.
        named = "".join(letter if letter.isalnum() else "-" for letter in f"{arm}-{episode.id}")
        self._profile = f"{named[:40]}-{secrets.token_hex(4)}"
        self._history: list[TurnMessage] | None = None
        self._notebook = Notebook(episode.tellings()) if arm == "notes" else None
        self.fed = Fed()
        self.stats: MemoryStats | None = None

    def rows(self, skip: frozenset[int] = frozenset(), progress: Callable[[str], None] | None = None) -> Iterator[Row]:
        """Feeds, starts a new engine process, asks; yields one row a question, as soon as it is answered.

        Args:
            skip: indices of questions that need not be asked (answered in an earlier run).
            progress: told what is going on, in words.
        """
        tell = progress if progress is not None else _silent
        total = sum(len(session.exchanges()) for session in self._sessions)
        if self._arm in FEEDING_ARMS:
            with self._options.engines.open(self._profile) as engine:
                self.fed = feed(
                    engine,
                    self._sessions,
                    max_tokens=self._options.max_tokens,
                    progress=lambda count: tell(f"told {count} of {total} turns"),
                )
        elif self._arm == "context":
            self._history = transcript_of(self._sessions)
            if self._history is None:
                with self._options.engines.open(self._profile) as engine:
                    self._history = feed(
                        engine,
                        self._sessions,
                        learn=False,
                        recall=False,
                        max_tokens=self._options.max_tokens,
                        progress=lambda count: tell(f"read {count} of {total} turns"),
                    ).transcript
        if self._arm == "scrambled":
            from engine.cli.evaluation.scramble import scramble_profile

            scramble_profile(self._options.engines.data_dir, self._profile, self._options.seed)
        # The engine that was told has ended by now; from here on a new process knows only what is on disk.
        with self._options.engines.open(self._profile) as engine:
            self.stats = engine.call("memory.stats", None, MemoryStats)
            tellings = self._episode.tellings()
            # In the arm `other` it is the other's values that must not come out.
            heard = [exchange.user for session in self._sessions for exchange in session.exchanges()]
            values = told_values(self._episode, heard)
            for index, question in enumerate(self._episode.questions):
                if index in skip:
                    continue
                tell(f"asking {index + 1} of {len(self._episode.questions)}")
                yield self._ask(engine, index, question, values, tellings)

    def _ask(
        self, engine: Connection, index: int, question: Question, values: Sequence[str], tellings: Sequence[str]
    ) -> Row:
        text = question.q
        if self._notebook is not None:
            text = self._notebook.prompt(question.q, self._options.notes_k)
        began = time.perf_counter()
        replied = self._choose(engine, text, question) if question.options else self._generate(engine, text)
        seconds = time.perf_counter() - began
        verdict = judge(question, replied["output"], values)
        stats = self.stats
        fed = self.fed.seconds
        return {
            "episode": self._episode.id,
            "q": question.q,
            "kind": question.kind,
            "arm": self._arm,
            "right": verdict.right,
            "stale": verdict.stale,
            "invented": verdict.invented,
            "answers": list(question.answers),
            "index": index,
            "age": locate_telling(question, tellings),
            "told": len(tellings),
            "facts": sum(one.is_recall for one in self._episode.questions),
            **replied,
            "seconds": round(seconds, 4),
            "feed_seconds": round(sum(fed) / len(fed), 4) if fed else None,
            "turns_learned": stats.turns_learned if stats else 0,
            "neurons_used": stats.neurons_used if stats else 0,
            "neurons": stats.neurons if stats else 0,
        }

    def _generate(self, engine: Connection, text: str) -> Row:
        """A greedy reply: the fields of a row that are its own."""
        done = engine.turn(
            TurnSend(
                text=text,
                sampling=Sampling(temperature=0.0, max_tokens=self._options.max_tokens),
                learn=False,
                recall=self._recalls,
                history=self._history,
            )
        )
        return {
            "output": done.reply,
            "recalled": done.recalled,
            "memory_tokens": done.usage.memory_tokens,
            "finish": done.finish,
        }

    def _choose(self, engine: Connection, text: str, question: Question) -> Row:
        """The likeliest of the options, as `_generate` gives a reply; nothing is said in the profile."""
        scored = []
        for option in question.options:
            asked = PerplexityOf(prompt=text, text=option, recall=self._recalls, history=self._history)
            found = engine.call("bench.perplexity", asked, Perplexity)
            scored.append({"text": option, "log_likelihood": found.log_likelihood, "tokens": found.tokens})
        return {"output": likeliest(scored), "options": scored}

    @property
    def _recalls(self) -> bool:
        return self._arm in ("none", *FEEDING_ARMS)


def _silent(_: str) -> None:
    return None
