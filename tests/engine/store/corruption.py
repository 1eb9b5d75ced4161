"""Flips and cuts bytes in every file of a profile, and judges what Techo makes of it.

A verdict is one of

    refused   an error that says what is damaged and what to do; every file is as it was found
    told      opened, and a notice says what was set aside; what is left is what was there before
    same      opened, nothing missing, nothing changed

Anything else is a `Loss`: content that changed without a word, another state, an error that no person can use.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.errors import EngineError, ErrorCode
from engine.store import Profile, ProfileStore
from engine.store.snapshots import DAMAGED
from tests.engine.store.samples import IDENTITY, copy, filled, learn, same, state

SMALL: Final = 8 * 1024
"""Files up to this size have every one of their bytes flipped; of larger ones a sample."""


Make = Callable[[Path], Path]
"""Makes a data folder with a profile below a folder -> where."""


class Loss(AssertionError):
    """Damage that was not noticed, or was taken for something else."""


@dataclass
class Tally:
    """What was done, and what came of it."""

    flipped: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    losses: list[str] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "flipped": sum(self.flipped.values()),
            "cut": sum(self.cut.values()),
            "flipped_by_file": dict(self.flipped),
            "verdicts": dict(self.verdicts),
            "losses": self.losses,
        }


def closed_profile(folder: Path) -> Path:
    """A data folder with a profile that was closed in good order: conversations, lessons, two snapshots."""
    filled(ProfileStore(folder / "data"))
    return folder


def crashed_profile(folder: Path) -> Path:
    """The same after a crash: the newest commits are in the database's log alone."""
    store = ProfileStore(folder / "data")
    filled(store)
    with store.open("Filled", IDENTITY) as profile:
        _say_more(profile)
        copy(folder / "data", folder / "crashed" / "data")
    return folder / "crashed"


def _say_more(profile: Profile) -> None:
    learn(profile, 12)
    talk = profile.create_conversation("Said just before the crash")
    profile.append_message(talk.id, "user", "The last words before it went dark.")
    learn(profile, 13)


def content(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Everything that a person can see of the profile, and what was said about it."""
    store = ProfileStore(folder / "data")
    with store.open("Filled", IDENTITY) as profile:
        loaded = profile.load_state()
        if loaded.arrays is not None and not same(loaded.arrays, state(loaded.last_entry)):
            raise Loss("another learned state")
        found: dict[str, Any] = {
            "entries": {entry.id: entry for entry in profile.entries()},
            "from": loaded.last_entry,
            "conversations": profile.conversations(),
            "messages": {
                message.id: message for talk in profile.conversations() for message in profile.every_version(talk.id)
            },
            "found": sorted(hit.message for hit in profile.search("a", 100) + profile.search("zuzu", 100)),
            "next": profile.next_entry_id(),
        }
        return found, [*loaded.notices, *profile.take_notices()]


def judge(folder: Path, expected: dict[str, Any]) -> str:
    """The verdict on a damaged profile.

    Raises:
        Loss: See above.
    """
    before = _bytes(folder)
    try:
        found, notices = content(folder)
    except EngineError as error:
        if not (error.message and error.hint):
            raise Loss(f"refused without a word: {error!r}") from error
        if error.code == ErrorCode.PROFILE_NOT_FOUND and not ProfileStore(folder / "data").suspects():
            raise Loss(f"an empty profile would be made in its place: {error}") from error
        after = _bytes(folder)
        for name, data in before.items():
            if name.endswith(".sqlite3") and name not in after:
                raise Loss(f"refused, but {name} is gone: {error}") from error
            # (Reading a profile after a crash carries its log over into the database; nothing else may change it.)
            if (
                name.endswith((".sqlite3", ".safetensors"))
                and name + "-wal" not in before
                and after.get(name, after.get(name + DAMAGED)) != data
            ):
                raise Loss(f"refused, but {name} was changed: {error}") from error
        return "refused"
    if not notices:
        if found != expected:
            raise Loss("changed without a word: " + ", ".join(_different(found, expected)))
        return "same"
    for number, entry in found["entries"].items():
        if entry != expected["entries"].get(number):
            raise Loss(f"learned turn {number} is not what was learned")
    if found["next"] <= max([*found["entries"], found["from"]]):
        raise Loss("the number of a learned turn would be given out again")
    return "told"


def _different(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    return [name for name in expected if found[name] != expected[name]]


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def places(size: int, sample: int | None, dice: random.Random) -> list[int]:
    """Which bytes of a file are flipped: all of a small one, `sample` of a large one (None: all)."""
    if sample is None or size <= min(SMALL, sample):
        return list(range(size))
    return sorted(dice.sample(range(size), min(sample, size)))


def harm(template: Path, scratch: Path, sample: int | None, seed: int) -> Iterator[tuple[str, str, int, Path]]:
    """Copies of `template`, each with one file damaged in one place -> (kind, file's name, place, folder)."""
    dice = random.Random(seed)
    files = [path for path in sorted((template / "data").rglob("*")) if path.is_file()]
    for original in files:
        data = original.read_bytes()
        kind = _kind(original)
        for place in places(len(data), sample, dice):
            flipped = bytearray(data)
            flipped[place] ^= 1 << dice.randrange(8)
            yield "flip", kind, place, _with(template, scratch, original, bytes(flipped))
        cuts = places(len(data), None if sample is None else max(sample // 8, 8), dice)
        for length in cuts:
            yield "cut", kind, length, _with(template, scratch, original, data[:length])


def _kind(path: Path) -> str:
    return "snapshot" if path.suffix == ".safetensors" else path.name


def _with(template: Path, scratch: Path, original: Path, data: bytes) -> Path:
    if scratch.exists():
        shutil.rmtree(scratch)
    copy(template, scratch)
    (scratch / original.relative_to(template)).write_bytes(data)
    return scratch


def run(template: Path, scratch: Path, sample: int | None, seed: int = 7) -> Tally:
    """Damages every file of `template` in many places, one at a time."""
    expected, notices = content(copy(template, scratch))
    assert notices == []
    tally = Tally()
    for kind, name, place, folder in harm(template, scratch, sample, seed):
        (tally.flipped if kind == "flip" else tally.cut)[name] += 1
        try:
            tally.verdicts[judge(folder, expected)] += 1
        except Loss as loss:
            tally.losses.append(f"{kind} {name} at {place}: {loss}")
        except Exception as error:
            tally.losses.append(f"{kind} {name} at {place}: {type(error).__name__}: {error}")
    shutil.rmtree(scratch, ignore_errors=True)
    return tally
