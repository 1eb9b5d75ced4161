"""What the store's tests write: everything follows from a number, so that any test can tell what it must read back."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np

from engine.store import Arrays, NewEntry, Profile, ProfileStore, StateIdentity

IDENTITY = StateIdentity("blake2b:" + "ab" * 32, "blake2b:" + "cd" * 32)
OTHER_BACKBONE = StateIdentity("blake2b:" + "ef" * 32, IDENTITY.memory)
OTHER_MEMORY = StateIdentity(IDENTITY.backbone, "blake2b:" + "ef" * 32)


def new_entry(number: int, message: int | None = None) -> NewEntry:
    """The learned turn that gets the id `number`."""
    payload = hashlib.shake_256(b"%d" % number).digest(200 + number % 7)
    return NewEntry(message, f"lesson-{number}-text", number / 8, number, 1, 2, 3, payload)


def state(last_entry: int, neurons: int = 64) -> Arrays:
    """The fast weights after `last_entry`."""
    random = np.random.default_rng(last_entry)
    return {
        "keys": random.integers(0, 2**63, (neurons, 2), dtype=np.uint64),
        "accumulators": random.integers(-127, 127, neurons, dtype=np.int8),
        "age": np.full((neurons,), last_entry, dtype=np.int32),
        "scale": np.array(1.5, dtype=np.float32),
        "used": np.arange(neurons) < last_entry,
        "nothing": np.zeros((0, 4), dtype=np.uint16),
    }


def same(left: Arrays | None, right: Arrays) -> bool:
    """Whether two states are equal in names, types, shapes and values."""
    return (
        left is not None
        and left.keys() == right.keys()
        and all(
            left[name].dtype == right[name].dtype
            and left[name].shape == right[name].shape
            and bool((left[name] == right[name]).all())
            for name in right
        )
    )


def learn(profile: Profile, upto: int, message: int | None = None) -> None:
    """Appends learned turns until `upto` is the last one."""
    while (number := profile.next_entry_id()) <= upto:
        assert profile.append_entry(new_entry(number, message)) == number


def accept(arrays: Arrays) -> None:
    """A check of imported arrays that finds nothing wrong."""


def filled(store: ProfileStore, name: str = "Filled") -> None:
    """A profile with two conversations, five messages, ten learned turns and two snapshots (after 4 and after 8)."""
    store.create(name)
    with store.open(name, IDENTITY) as profile:
        first = profile.create_conversation("About the dog")
        second = profile.create_conversation("予定")
        profile.append_message(first.id, "system", "Be brief.")
        told = profile.append_message(first.id, "user", "My dog is called Zuzu.\n\x00\u202e🙂")
        profile.append_message(first.id, "assistant", "A lovely name!", "stop")
        profile.append_message(second.id, "user", "明日は歯医者です。")
        profile.append_message(second.id, "assistant", "", None)
        learn(profile, 4, told.id)
        profile.save_snapshot(state(4), 4)
        learn(profile, 8)
        profile.save_snapshot(state(8), 8)
        learn(profile, 10)


def unseal(profile: Path) -> None:
    """As a crash leaves a profile: nobody can say any more that its database is the one that was closed."""
    (profile / "profile.seal").unlink()


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def copy(source: Path, target: Path) -> Path:
    """A data folder copied file by file, as a crash would leave it."""
    shutil.copytree(source, target)
    return target
