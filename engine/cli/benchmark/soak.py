"""A long life, sped up: thousands of turns with forgetting, restarts, profile switches, exports and imports.

A few facts are told first: the probes. Each round then tells some turns, has a temporary chat, and forgets what the
round told, with the messages; now and then it restarts the engine, kills it, lives in another profile for a moment, or
goes out to a file and in again. After each round the probes are asked, and everything that could grow is measured. All
of it must stay as it was: the answers letter for letter.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import psutil

from engine.cli.benchmark.lab import Fact, Lab, tell
from engine.cli.connection import Connection
from engine.cli.evaluation.scoring import judge
from engine.protocol import (
    ConversationDeleted,
    ConversationId,
    ConversationList,
    EngineStatus,
    Exported,
    FilePath,
    Forget,
    Forgotten,
    MemoryImport,
    MemoryStats,
    Ok,
    ProfileInfo,
    ProfileName,
    ProfileOpened,
    Sampling,
    TurnAnswer,
    TurnAsk,
    TurnMessage,
)

PROFILE: Final = "soak"
ROUND: Final = 40
"""Turns a round."""
PROBES: Final = 8
_TOLD: Final = 24
"""Turns that are told first; the probes are among them."""
_REPLY_TOKENS: Final = 24


def bench_soak(lab: Lab, turns: int) -> dict[str, Any]:
    """Lives through `turns` turns.

    Returns:
        `turns`, `rounds`, `done` (how often what was done); `rss`, `files`, `snapshots` (bytes), `descriptors` and
        `threads`: each `first` (after the first round), `last`, `least` and `most`; `rss_points`; `probes`, `right`
        (of the first answers), `changed` (answers that were not the first ones, letter for letter); `notices`,
        `integrity` (problems that SQLite found), `left` (what should have been gone).
    """
    return _Life(lab).live(turns)


class _Life:
    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._supply = lab.supply.turns()
        self._done: Counter[str] = Counter()
        self._sizes: dict[str, list[int]] = {}
        self._answers: dict[str, str] = {}
        self._right = 0
        self._changed: list[str] = []
        self._notices: list[str] = []
        self._engine = self._open()

    def live(self, turns: int) -> dict[str, Any]:
        for _ in range(_TOLD):
            tell(self._engine, next(self._supply), None)
        probes = [fact for fact in self._lab.supply.facts if fact.telling < _TOLD][:PROBES]
        told = rounds = 0
        while told < turns:
            count = min(ROUND, turns - told)
            self._round(count, rounds)
            told, rounds = told + count, rounds + 1
            self._lab.note(f"soaked {told} of {turns} turns")
            self._ask(probes)
            self._measure()
        left = self._left()
        self._engine.close()
        return {
            "turns": told,
            "rounds": rounds,
            "done": dict(self._done),
            **{
                name: {"first": sizes[0], "last": sizes[-1], "least": min(sizes), "most": max(sizes)}
                for name, sizes in self._sizes.items()
            },
            "rss_points": self._sizes["rss"],
            "probes": len(probes),
            "right": self._right,
            "changed": self._changed,
            "notices": self._notices,
            "integrity": self._integrity(),
            "left": left,
        }

    def _open(self) -> Connection:
        engine = self._lab.open(PROFILE)
        self._notices += [notice.message for notice in engine.initialized.notices]
        return engine

    # ------------------------------------------------------------------------------------------ one round

    def _round(self, turns: int, number: int) -> None:
        entries: list[int] = []
        conversation: int | None = None
        for place in range(turns):
            if place % 8 == 0:
                conversation = None
            done = tell(self._engine, next(self._supply), conversation)
            conversation = done.conversation
            if done.learned is not None and done.learned.entry is not None:
                entries.append(done.learned.entry)
        self._whisper()
        if number % 4 == 1:
            self._restart()
        if number % 4 == 3:
            self._kill()
        if number % 3 == 1:
            self._live_elsewhere()
        if number % 5 == 2:
            self._export_and_import()
        if entries:
            call = self._engine.call("memory.forget", Forget(entries=entries, said=True), Forgotten)
            self._done["turns forgotten"] += len(call.entries)
        self._drop_conversations()

    def _whisper(self) -> None:
        history = [TurnMessage(role="user", content="Between us."), TurnMessage(role="assistant", content="Yes.")]
        asked = TurnAsk(text="Nothing of this is kept.", history=history, sampling=Sampling(max_tokens=2))
        self._engine.call("turn.ask", asked, TurnAnswer)
        self._done["temporary chats"] += 1

    def _restart(self) -> None:
        self._engine.close()
        self._engine = self._open()
        self._done["restarts"] += 1

    def _kill(self) -> None:
        os.kill(self._engine.pid, signal.SIGKILL)
        self._engine.close()
        self._engine = self._open()
        self._done["kills"] += 1

    def _live_elsewhere(self) -> None:
        self._engine.call("profile.create", ProfileName(name="elsewhere"), ProfileOpened)
        tell(self._engine, next(self._supply), None)
        self._engine.call("profile.open", ProfileName(name=PROFILE), ProfileOpened)
        self._engine.call("profile.delete", ProfileName(name="elsewhere", confirm=True), Ok)
        self._done["profile switches"] += 2

    def _export_and_import(self) -> None:
        path = self._lab.engines.data_dir / "soak.techo"
        self._engine.call("memory.export", FilePath(path=str(path)), Exported)
        self._engine.call("memory.import", MemoryImport(path=str(path), name="copy"), ProfileInfo)
        path.unlink()
        self._engine.call("profile.delete", ProfileName(name="copy", confirm=True), Ok)
        self._done["exports and imports"] += 1

    def _drop_conversations(self) -> None:
        """Turns that taught nothing have left their messages; what was told first stays."""
        talks = self._engine.call("conversation.list", None, ConversationList).conversations
        for talk in talks[: max(len(talks) - _TOLD, 0)]:
            asked = ConversationId(conversation=talk.id)
            self._engine.call("conversation.delete", asked, ConversationDeleted)
            self._done["conversations deleted"] += 1

    # ------------------------------------------------------------------------------------------ what must not change

    def _ask(self, probes: list[Fact]) -> None:
        for fact in probes:
            asked = TurnAsk(text=fact.question.q, sampling=Sampling(max_tokens=_REPLY_TOKENS))
            reply = self._engine.call("turn.ask", asked, TurnAnswer).reply
            first = self._answers.setdefault(fact.question.q, reply)
            if first != reply:
                self._changed.append(f"{fact.question.q} {first!r} -> {reply!r}")
            self._done["probes asked"] += 1
        if not self._right:
            self._right = sum(judge(fact.question, self._answers[fact.question.q]).right for fact in probes)

    def _measure(self) -> None:
        process = psutil.Process(self._engine.pid)
        sizes = {
            "rss": self._engine.call("engine.status", None, EngineStatus).rss_bytes,
            "files": sum(path.stat().st_size for path in self._files() if "snapshots" not in path.parts),
            "snapshots": self._engine.call("memory.stats", None, MemoryStats).snapshot_bytes,
            "descriptors": process.num_fds() if hasattr(process, "num_fds") else 0,
            "threads": process.num_threads(),
        }
        for name, size in sizes.items():
            self._sizes.setdefault(name, []).append(size)

    def _files(self) -> list[Path]:
        """Of the profiles; the log rotates by itself, and SQLite's shared memory is none."""
        folder = self._lab.engines.data_dir / "profiles"
        return [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-shm")]

    def _left(self) -> list[str]:
        """Folders in the place of the profiles, besides the one that lives."""
        folder = self._lab.engines.data_dir / "profiles"
        return sorted(path.name for path in folder.iterdir() if path.is_dir())[1:]

    def _integrity(self) -> list[str]:
        found = []
        for path in self._files():
            if path.suffix == ".sqlite3":
                with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
                    found += [str(row[0]) for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
                    found += [f"no such row: {row}" for row in connection.execute("PRAGMA foreign_key_check")]
        return found


def broken(result: dict[str, Any]) -> bool:
    """Whether something that must stay did not."""
    return any(result[name] for name in ("changed", "notices", "integrity", "left"))
