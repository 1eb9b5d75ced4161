"""A whole conversation with the real model, to be traced: `python -m tests.engine.server.power_driver DATA_DIR`.

Says on standard output what was promised when: a line when a message was shown as sent, when a lesson was committed,
and after each step everything that a person can see. The memory is a small one, so that its snapshots are.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest import mock

import engine.protocol as p
from engine.bit_ttt import Memory, SlowWeights
from engine.bit_ttt.fast_weights import FastConfig
from engine.server.service import Call, Options, Service, _Loaded
from engine.store import Profile

SMALL: Final = FastConfig(neurons=1024, turns=64)
"""Of the memory: a snapshot of some hundred kilobytes."""
PROFILE: Final = "Mika"


class Step(NamedTuple):
    """One step of the script. `whole`: after a crash all of it has happened, or nothing."""

    name: str
    act: Callable[[Run], Any]
    whole: bool = False


def born(slow: SlowWeights, pieces: Any) -> Memory:
    """A small memory that has learned nothing."""
    return _born(slow, pieces, SMALL)


_born = Memory.born


class Run:
    """The engine without its pipe."""

    def __init__(self, data_dir: Path, hear: Callable[[dict[str, Any]], None]) -> None:
        """`hear` is told what is promised, when it is."""
        self.folder = data_dir
        self.service = Service(Options(data_dir, window=256, threads=1), self._notify)
        self._hear = hear

    def call(self, method: str, asked: p.Struct | None = None) -> Any:
        return self.service.handlers[method](asked, Call(0.0, lambda: False))

    def say(self, text: str, **more: Any) -> p.TurnDone:
        done: p.TurnDone = self.call("turn.send", p.TurnSend(text=text, sampling=p.Sampling(max_tokens=6), **more))
        return done

    def _notify(self, method: str, params: p.Struct) -> None:
        if isinstance(params, p.TurnAccepted):
            self._hear({"sent": params.message})
        elif isinstance(params, p.TurnLearned):
            self._hear({"learned": params.learned.entry})

    def seen(self) -> dict[str, Any]:
        """Everything that a person can see."""
        names = [record.name for record in self.call("profile.list").profiles]
        session = self.service._session
        return {"profiles": names, **({} if session is None else contents(session.profile))}


def contents(profile: Profile) -> dict[str, Any]:
    """What an open profile holds."""
    talks = profile.conversations()
    return {
        "entries": {
            str(entry.id): [entry.text, hashlib.sha256(entry.payload).hexdigest()] for entry in profile.entries()
        },
        "messages": {
            str(message.id): [message.conversation, message.role, message.content, message.finish]
            for talk in talks
            for message in profile.every_version(talk.id)
        },
        "titles": {str(talk.id): talk.title for talk in talks},
    }


def _out(what: dict[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def _delete_and_purge(run: Run) -> None:
    run.call("conversation.delete", p.ConversationId(conversation=2))
    assert run.service._session is not None
    run.service._session.profile.purge_deleted()


def _reopen(run: Run) -> None:
    run.service.leave()
    run.call("profile.open", p.ProfileName(name=PROFILE))


SCRIPT: Final = (
    Step("create", lambda run: run.call("profile.create", p.ProfileName(name=PROFILE)), whole=True),
    Step("send", lambda run: run.say("My cat is called Miso.")),
    Step("send on", lambda run: run.say("My dentist is Dr. Okafor.", conversation=1)),
    Step("again", lambda run: run.call("turn.again", p.TurnAgain(message=3, sampling=p.Sampling(max_tokens=4)))),
    Step("edit", lambda run: run.say("My cat is called Bruno.", edits=1)),
    Step("feed", lambda run: run.call("turn.feed", p.TurnFeed(user="My locker is 7319.", assistant="I see."))),
    Step("confirm", lambda run: run.call("memory.confirm", p.ConfirmEntry(entry=3))),
    Step("forget", lambda run: run.call("memory.forget", p.Forget(entries=[2], said=True)), whole=True),
    Step("relearn", lambda run: run.call("memory.relearn"), whole=True),
    Step("reopen", _reopen),
    Step("send again", lambda run: run.say("My sister Lena lives in Porvoo.")),
    Step("rename", lambda run: run.call("conversation.rename", p.ConversationRename(conversation=1, title="Cats"))),
    Step("export", lambda run: run.call("memory.export", p.FilePath(path=str(run.folder / "mika.techo")))),
    Step(
        "import",
        lambda run: run.call("memory.import", p.MemoryImport(path=str(run.folder / "mika.techo"), name="Copy")),
        whole=True,
    ),
    Step("rename profile", lambda run: run.call("profile.rename", p.ProfileRename(name="Copy", new_name="Other"))),
    Step("delete conversation", _delete_and_purge),
    Step("delete profile", lambda run: run.call("profile.delete", p.ProfileName(name="Other", confirm=True))),
    Step("close", _reopen),
)


def load() -> _Loaded:
    """The real model in a small window, and a small memory."""
    service = Service(Options(Path(os.devnull), window=256, threads=1), lambda method, params: None)
    with mock.patch.object(Memory, "born", born):
        service.load()
    assert service._loaded is not None
    return service._loaded


def main() -> None:
    run = Run(Path(sys.argv[1]).absolute(), _out)
    run.service._loaded = load()
    _out({"done": -1, **run.seen()})
    for number, step in enumerate(SCRIPT):
        step.act(run)
        _out({"done": number, **run.seen()})
    run.service.close()


if __name__ == "__main__":
    main()
