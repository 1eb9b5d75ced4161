"""kill -9 in the middle of turns: what was shown as sent, and what was acknowledged as learned, must still be there.

Each round starts the engine on the same profile, checks everything that was promised before, tells one fact, asks for
it and for some earlier ones, then begins one more turn and kills the engine at a random moment of it. The same
questions are asked first of all in the next round: only the kill lies between, so that a later telling that gets in
the way of an earlier one does not count as lost. Where the killed turn was learned after all, it could do just that:
such a round compares no answers.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final

from engine.cli.benchmark.lab import Fact, Lab, ask, tell
from engine.cli.connection import Connection, Event
from engine.cli.evaluation.scoring import judge
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    ConversationMessages,
    JournalList,
    JournalPage,
    MessageList,
    Sampling,
    TurnAccepted,
    TurnDelta,
    TurnLearned,
    TurnSend,
)

_REPLY_TOKENS: Final = 24
_PROBES: Final = 3
"""Facts of earlier rounds that are asked again in each round, besides the latest one."""
_PAGE: Final = 500
_ROUNDS: Final = 3
"""Rounds for each wanted kill at most: a turn that was over before its kill does not count."""
_OVER: Final = "after the turn"


@dataclass
class _Promises:
    """What the engine has promised so far."""

    sent: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Message id -> (conversation, text), for every message acknowledged as sent."""
    learned: set[int] = field(default_factory=set)
    """Journal ids acknowledged as learned."""
    known: dict[str, bool] = field(default_factory=dict)
    """Question -> whether it was answered rightly just before the kill."""
    held: set[int] = field(default_factory=set)
    """The journal just before the kill."""
    facts: dict[str, Fact] = field(default_factory=dict)


@dataclass
class _Findings:
    kills: int = 0
    during: dict[str, int] = field(default_factory=dict)
    """How many kills hit which stage of the turn."""
    failed_restarts: list[str] = field(default_factory=list)
    lost_messages: list[str] = field(default_factory=list)
    lost_entries: list[int] = field(default_factory=list)
    recall_checks: int = 0
    recall_lost: list[str] = field(default_factory=list)
    learned_in_spite: int = 0
    notices: list[str] = field(default_factory=list)
    restart_seconds: list[float] = field(default_factory=list)


def bench_kills(lab: Lab, kills: int, turns: int) -> dict[str, Any]:
    """Kills the engine `kills` times.

    Returns:
        `kills` in the middle of a turn; `stages` (how many hit which stage of a turn); `failed_restarts`,
        `lost_messages`, `lost_entries`, `recall_lost` (each a list, empty when all is well); `recall_checks`;
        `learned_in_spite`: kills after which the killed turn was there all the same, so that no answers were compared;
        `sent` and `learned` (what was promised in all); `notices` of the restarts; `restart_seconds` (mean).
    """
    return _Siege(lab, turns).run(kills)


class _Siege:
    def __init__(self, lab: Lab, turns: int) -> None:
        self._lab = lab
        self._rng = random.Random(lab.seed)
        self._promises = _Promises()
        self._findings = _Findings()
        self._profile = lab.fill(turns).profile
        self._supply = lab.supply.turns()
        for _ in range(lab.filled.told):
            next(self._supply)
        self._place = lab.filled.told
        self._facts = {fact.telling: fact for fact in lab.supply.facts}
        told = lab.facts_told()
        self._rng.shuffle(told)
        for fact in told[:8]:
            self._promises.facts[fact.question.q] = fact
        self._turn_seconds = 0.0

    def run(self, kills: int) -> dict[str, Any]:
        self._promise_filled()
        for number in range(_ROUNDS * kills):
            if self._findings.kills >= kills:
                break
            self._lab.note(f"kill {self._findings.kills + 1} of {kills}, round {number + 1}")
            engine = self._restart()
            if engine is None:
                break
            with engine:
                self._check(engine, everything=False)
                self._tell(engine)
                self._ask(engine)
                self._kill_in_a_turn(engine)
        engine = self._restart()
        if engine is not None:
            with engine:
                self._check(engine, everything=True)
        found = self._findings
        return {
            "kills": found.kills,
            "stages": found.during,
            "failed_restarts": found.failed_restarts,
            "lost_messages": found.lost_messages,
            "lost_entries": found.lost_entries,
            "recall_checks": found.recall_checks,
            "recall_lost": found.recall_lost,
            "learned_in_spite": found.learned_in_spite,
            "sent": len(self._promises.sent),
            "learned": len(self._promises.learned),
            "notices": found.notices,
            "restart_seconds": round(sum(found.restart_seconds) / max(1, len(found.restart_seconds)), 3),
        }

    def _promise_filled(self) -> None:
        """What the filled profile holds counts as promised; how long a turn takes is measured."""
        with self._lab.open(self._profile) as engine:
            self._promises.learned |= self._journal(engine)
            began = time.perf_counter()
            self._send(engine, "Good morning, what a day.")
            self._turn_seconds = time.perf_counter() - began

    def _restart(self) -> Connection | None:
        began = time.perf_counter()
        try:
            engine = self._lab.open(self._profile)
        except EngineError as error:
            self._findings.failed_restarts.append(error.message)
            return None
        self._findings.restart_seconds.append(time.perf_counter() - began)
        self._findings.notices += [notice.message for notice in engine.initialized.notices]
        return engine

    # ------------------------------------------------------------------------------------------ what was promised

    def _check(self, engine: Connection, *, everything: bool) -> None:
        """Whether the promises still hold; each loss is reported once. `everything`: all messages, not the latest."""
        promises, found = self._promises, self._findings
        journal = self._journal(engine)
        missing = promises.learned - journal
        found.lost_entries += sorted(missing)
        promises.learned -= missing
        latest = sorted(promises.sent)[-8:]
        wanted = promises.sent if everything else {message: promises.sent[message] for message in latest}
        for conversation in {place for place, _ in wanted.values()}:
            try:
                listed = engine.call(
                    "conversation.messages", ConversationMessages(conversation=conversation), MessageList
                ).messages
            except EngineError as error:
                if error.code != ErrorCode.CONVERSATION_NOT_FOUND:
                    raise
                listed = []
            held = {message.id: message.content for message in listed}
            for message, (place, text) in list(wanted.items()):
                if place == conversation and held.get(message) != text:
                    found.lost_messages.append(text)
                    promises.sent.pop(message, None)
        if not promises.known:
            return
        if journal > promises.held:
            found.learned_in_spite += 1
            return
        for question, before in promises.known.items():
            found.recall_checks += 1
            if before and not self._right(engine, promises.facts[question]):
                found.recall_lost.append(question)

    def _journal(self, engine: Connection) -> set[int]:
        ids: set[int] = set()
        before: int | None = None
        while True:
            page = engine.call("memory.journal", JournalPage(limit=_PAGE, before=before), JournalList).entries
            ids.update(entry.id for entry in page)
            if len(page) < _PAGE:
                return ids
            before = min(entry.id for entry in page)

    def _right(self, engine: Connection, fact: Fact) -> bool:
        return judge(fact.question, ask(engine, fact.question.q).reply).right

    # ------------------------------------------------------------------------------------------ one round

    def _next(self) -> tuple[str, Fact | None]:
        fact = self._facts.get(self._place)
        self._place += 1
        return next(self._supply).user, fact

    def _tell(self, engine: Connection) -> None:
        from engine.cli.evaluation.episodes import Exchange

        text, fact = self._next()
        done = tell(engine, Exchange(text, None), None)
        self._promises.sent[done.user_message] = (done.conversation, text)
        if done.learned is not None and done.learned.entry is not None:
            self._promises.learned.add(done.learned.entry)
        if fact is not None:
            self._promises.facts[fact.question.q] = fact

    def _ask(self, engine: Connection) -> None:
        """The answers that the kill must not change: of the latest fact and of some earlier ones."""
        promises = self._promises
        asked = list(promises.facts)
        earlier, latest = asked[:-1], asked[-1:]
        asked = self._rng.sample(earlier, min(_PROBES, len(earlier))) + latest
        promises.known = {question: self._right(engine, promises.facts[question]) for question in asked}
        promises.held = self._journal(engine)

    def _send(self, engine: Connection, text: str) -> str:
        """One generated turn; returns the last stage that was seen of it, and keeps what was promised on the way."""
        stage = "before it was shown as sent"

        def watch(event: Event) -> None:
            nonlocal stage
            if isinstance(event, TurnAccepted):
                self._promises.sent[event.message] = (event.conversation, text)
                stage = "while reading"
            elif isinstance(event, TurnDelta):
                stage = "while replying"
            elif isinstance(event, TurnLearned):
                if event.learned.entry is not None:
                    self._promises.learned.add(event.learned.entry)
                stage = "after learning"

        sampling = Sampling(temperature=0.0, max_tokens=_REPLY_TOKENS)
        try:
            engine.turn(TurnSend(text=text, sampling=sampling), watch)
        except EngineError as error:
            if error.code != ErrorCode.ENGINE_GONE:
                raise
            return stage
        return _OVER

    def _kill_in_a_turn(self, engine: Connection) -> None:
        text, _ = self._next()
        began = time.perf_counter()
        killer = threading.Timer(self._rng.uniform(0.0, self._turn_seconds), os.kill, (engine.pid, signal.SIGKILL))
        killer.start()
        stage = self._send(engine, text)
        if stage == _OVER:
            self._turn_seconds = time.perf_counter() - began  # turns are quicker than thought
        else:
            self._findings.kills += 1
        killer.join()
        self._findings.during[stage] = self._findings.during.get(stage, 0) + 1
