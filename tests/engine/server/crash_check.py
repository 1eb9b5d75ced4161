"""What must be true of the data folder that a crash of `power_driver` left, and the runs that check it."""

from __future__ import annotations

import errno
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.bit_ttt import Memory
from engine.errors import EngineError
from engine.protocol import ProfileName
from engine.server.service import _Loaded
from engine.session import Session, parsed
from engine.store import ProfileStore, StateIdentity
from tests.engine.server.power_driver import PROFILE, SCRIPT, Run, contents
from tests.engine.server.power_loss import MODES, Disk, Operation, operations, strace
from tests.engine.store.faults import Died, FaultyFiles

ROOT: Final = Path(__file__).parents[3]
DRIVER: Final = [sys.executable, "-P", "-m", "tests.engine.server.power_driver"]
NOTHING: Final[dict[str, Any]] = {"profiles": [], "entries": {}, "messages": {}, "titles": {}}


class Lost(AssertionError):
    """A promise that was not kept."""


@dataclass
class Promises:
    """What the driver has said so far."""

    done: int = -1
    seen: dict[str, Any] = field(default_factory=lambda: dict(NOTHING))
    sent: set[str] = field(default_factory=set)
    learned: set[str] = field(default_factory=set)

    def hear(self, line: str) -> None:
        said = json.loads(line)
        if "done" in said:
            self.done = said.pop("done")
            self.seen, self.sent, self.learned = {**NOTHING, **said}, set(), set()
        elif "sent" in said:
            self.sent.add(str(said["sent"]))
        elif said["learned"] is not None:
            self.learned.add(str(said["learned"]))


@dataclass
class Newborn:
    """What opening a profile needs: a small memory that has learned nothing, and whose it is."""

    memory: Memory
    identity: StateIdentity


def check(data_dir: Path, promised: Promises, after: dict[str, Any], newborn: Newborn, *, torn: bool) -> None:
    """Opens what is left, and compares it with what was promised.

    Args:
        data_dir: The folder.
        promised: Until the crash.
        after: What there would be at the end of the step that was running.
        newborn: To open with.
        torn: The end of SQLite's log may be torn, which is told.

    Raises:
        Lost: Something is missing, something is there that never was, or the profile cannot be used.
    """
    before = promised.seen
    store = ProfileStore(data_dir)
    records = store.list()
    problems = [record.problem for record in records if record.problem]
    if problems:
        raise Lost(f"a profile cannot be read: {problems}")
    _between("profiles", [record.name for record in records], before["profiles"], after["profiles"])
    for record in records:
        with_notices = _open(store, record.name, newborn, torn=torn)
        if record.name == PROFILE:
            _compare(with_notices, promised, after)


def _open(store: ProfileStore, name: str, newborn: Newborn, *, torn: bool) -> dict[str, Any]:
    profile = store.open(name, newborn.identity)
    session = Session(profile, newborn.memory, lambda tokens: "")
    try:
        told = [text for text in session.take_notices() if not (torn and "may be missing" in text)]
        if told:
            raise Lost(f"{name}: {told}")
        fresh = newborn.memory.with_state(None)
        for entry in profile.entries():
            fresh.learn(parsed(entry.payload, entry.id), entry.id)
        found = session.memory.fast.arrays()
        if any(not np.array_equal(array, found[part]) for part, array in fresh.fast.arrays().items()):
            raise Lost(f"{name}: the fast weights are not those of the journal")
        seen = contents(profile)
        talk = profile.create_conversation("it serves on")
        profile.append_message(talk.id, "user", "it serves on")
        return seen
    finally:
        session.close()


def _compare(found: dict[str, Any], promised: Promises, after: dict[str, Any]) -> None:
    before = promised.seen
    replies = {
        number: [*after["messages"][number][:2], content, finish]
        for number, (_, role, content, finish) in found["messages"].items()
        if finish in (None, "cancelled") and role == "assistant" and number in after["messages"]
        if number not in before["messages"] and after["messages"][number][2].startswith(content)
    }
    # A reply that was being generated: a beginning of it is there.
    ahead = {**after, "messages": {**after["messages"], **replies}}
    for part in ("entries", "messages", "titles"):
        _between(part, found[part], before[part], ahead[part])
    missing = (promised.sent & after["messages"].keys()) - found["messages"].keys()
    missing |= (promised.learned & after["entries"].keys()) - found["entries"].keys()
    if missing:
        raise Lost(f"acknowledged and lost: {missing}")
    if SCRIPT[min(promised.done + 1, len(SCRIPT) - 1)].whole:
        for part in ("entries", "messages"):
            if found[part] not in (before[part], after[part]):
                raise Lost(f"{part}: neither the old nor the new")


def _between(part: str, found: Any, before: Any, after: Any) -> None:
    """Whatever both states have is there, and nothing that neither has."""
    found, before, after = (_pairs(one) for one in (found, before, after))
    if lost := [pair for pair in before if pair in after and pair not in found]:
        raise Lost(f"{part}: lost {lost}")
    if foreign := [pair for pair in found if pair not in before and pair not in after]:
        raise Lost(f"{part}: never was {foreign}")


def _pairs(content: Any) -> list[Any]:
    return list(content.items()) if isinstance(content, dict) else list(content)


# ---------------------------------------------------------------------------------------------- runs


def trace(folder: Path) -> tuple[list[Operation], list[dict[str, Any]]]:
    """Runs the script once under strace -> its operations, and what there was after each step."""
    data = folder / "data"
    data.mkdir()
    command = [*strace(folder / "trace.txt"), *DRIVER, str(data)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=True).stdout
    states = [{**NOTHING, **line} for line in map(json.loads, said.splitlines()) if "done" in line]
    assert len(states) == len(SCRIPT) + 1
    return list(operations(folder / "trace.txt", data)), states


@dataclass
class Report:
    """What was done, and what came of it."""

    operations: int = 0
    crashes: Counter[str] = field(default_factory=Counter)
    losses: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "operations": self.operations,
            "crashes": sum(self.crashes.values()),
            "by_kind": dict(self.crashes),
            "losses": self.losses,
        }


def power_losses(folder: Path, newborn: Newborn, sample: int | None, seed: int = 7) -> Report:
    """A loss of power before every operation of the script, or before `sample` of them, in every way."""
    done, states = trace(folder)
    dice = random.Random(seed)
    moments = range(len(done) + 1)
    chosen = set(moments if sample is None else dice.sample(moments, min(sample, len(moments))))
    disk, promised, said = Disk(folder / "data"), Promises(), b""
    report = Report(operations=len(done))
    for moment in moments:
        if moment in chosen:
            after = states[min(promised.done + 2, len(states) - 1)]
            for mode in MODES:
                disk.image(folder / "image", mode, dice)
                _judge(report, f"{mode} before operation {moment}", mode, folder / "image", promised, after, newborn)
        if moment < len(done):
            operation = done[moment]
            if operation.call == "say":
                said += operation.data
                *lines, said = said.split(b"\n")
                for line in lines:
                    promised.hear(line.decode())
            else:
                disk.do(operation)
    return report


def _judge(
    report: Report,
    what: str,
    mode: str,
    data: Path,
    promised: Promises,
    after: dict[str, Any],
    newborn: Newborn,
) -> None:
    report.crashes[mode] += 1
    step = SCRIPT[min(promised.done + 1, len(SCRIPT) - 1)].name
    try:
        check(data, promised, after, newborn, torn=mode in ("torn", "garbled"))
    except (Lost, EngineError) as error:
        report.losses.append(f"{what}, in step {step}: {error}")


FAULTS: Final = ("fails once", "fails from then on", "dies")


def faults(folder: Path, loaded: _Loaded, sample: int | None, seed: int = 7) -> Report:
    """Before every operation of every step of the script, or `sample` of each step, the disk fails or the process dies.

    Args:
        folder: To work in; empty.
        loaded: The model and a small memory, shared by all runs.
        sample: Operations a step; None: all.
        seed: Of the sample.
    """
    newborn = Newborn(loaded.newborn, loaded.identity)
    dice, report = random.Random(seed), Report()
    states = _images(folder, loaded)
    for number, step in enumerate(SCRIPT):
        counting = FaultyFiles()
        _step(number, folder, loaded, counting, None)
        operations = counting.count - counting.count_from
        report.operations += operations
        chosen = (
            range(operations) if sample is None else sorted(dice.sample(range(operations), min(sample, operations)))
        )
        for at in chosen:
            for fault in FAULTS:
                error = None if fault == "dies" else errno.ENOSPC
                files = FaultyFiles(error=error, lasting=fault == "fails from then on")
                promised = Promises(number - 1, states[number])
                report.crashes[fault] += 1
                try:
                    left = _step(number, folder, loaded, files, at, promised)
                    check(left, promised, states[number + 1], newborn, torn=False)
                except Exception as failure:
                    report.losses.append(f"{fault} at operation {at} of {step.name}: {failure!r}")
    return report


def _images(folder: Path, loaded: _Loaded) -> list[dict[str, Any]]:
    """Runs the script, keeping the data folder as it is before each step -> what can be seen then, and at the end."""
    data = folder / "data"
    data.mkdir()
    run = Run(data, lambda said: None)
    run.service._loaded = loaded
    states = [{**NOTHING, **run.seen()}]
    for number, step in enumerate(SCRIPT):
        run.service.leave()
        shutil.copytree(data, folder / f"before-{number}")
        if number:
            run.call("profile.open", ProfileName(name=PROFILE))
        step.act(run)
        states.append({**NOTHING, **run.seen()})
    run.service.leave()
    return states


def _step(
    number: int, folder: Path, loaded: _Loaded, files: FaultyFiles, at: int | None, promised: Promises | None = None
) -> Path:
    """One step with a fault in it -> the data folder that is left."""
    data, crashed = folder / "run", folder / "crashed"
    for old in (data, crashed):
        shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(folder / f"before-{number}", data)
    run = Run(data, lambda said: None if promised is None else promised.hear(json.dumps(said)))
    run.service._loaded = loaded
    run.service._store = ProfileStore(data, files=files)
    if number:
        run.call("profile.open", ProfileName(name=PROFILE))
    files._at = None if at is None else files.count + at
    files.count_from = files.count
    try:
        SCRIPT[number].act(run)
    except EngineError as error:
        if not (error.message and error.hint):
            raise Lost(f"refused without a word: {error!r}") from error
    except Died:
        shutil.copytree(data, crashed)
        files.bury()
        run.service._session = None
        loaded.runner.clear()
        return crashed
    if files.dead:  # somebody caught it: no living process is asked any more
        raise Lost("went on after its death")
    files._at = None
    run.service.leave()
    files.bury()
    return data
