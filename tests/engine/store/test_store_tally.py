"""The running total of what was said is, after whatever was done, the sum over all messages."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.store import Profile, ProfileStore
from tests.engine.store.samples import IDENTITY, filled, learn


def added_up(profile: Profile) -> int:
    with closing(sqlite3.connect(f"file:{profile.directory / 'profile.sqlite3'}?mode=ro", uri=True)) as other:
        (found,) = other.execute(
            "SELECT coalesce(sum(length(content)), 0) FROM message WHERE deleted IS NULL"
        ).fetchone()
    return int(found)


def fail(profile: Profile) -> None:
    """A change that is taken back, with a look at the total in the middle of it."""
    with profile._database.transaction("fail"):
        before = profile.characters()
        profile.append_message(1, "assistant", "A lovely name!")
        assert profile.characters() == before + 14
        raise StoreError("The disk is full.")


def test_every_change_is_counted(profile: Profile) -> None:
    assert profile.characters() == 0
    chat = profile.create_conversation("About the dog").id
    told = profile.append_message(chat, "user", "My dog is called Zuzu 🐕.").id
    assert profile.characters() == added_up(profile) == 24
    reply = profile.append_message(chat, "assistant", "A").id
    profile.update_message(reply, "A lovely name!", "stop")
    assert profile.characters() == added_up(profile) == 38
    profile.append_message(chat, "user", "My dog is called Zaza.", parent=0)  # an edited message: both versions count
    assert profile.characters() == added_up(profile) == 60
    profile.delete_message(told)
    assert profile.characters() == added_up(profile) == 22
    profile.restore_message(told)
    assert profile.characters() == added_up(profile) == 60
    profile.delete_message(reply)
    profile.purge_deleted()
    assert profile.characters() == added_up(profile) == 46
    learn(profile, 1, told)
    profile.delete_entries([1], said=True)
    assert profile.characters() == added_up(profile) == 22
    other = profile.create_conversation("予定").id
    profile.append_message(other, "user", "明日は歯医者です。")
    assert profile.characters() == added_up(profile) == 31
    profile.delete_conversation(chat)
    profile.purge_deleted()
    assert profile.characters() == added_up(profile) == 9


@pytest.mark.parametrize("asked", [True, False], ids=["asked before", "first asked in the middle"])
def test_what_is_taken_back_does_not_count(profile: Profile, asked: bool) -> None:
    chat = profile.create_conversation("About the dog").id
    profile.append_message(chat, "user", "My dog is called Zuzu.")
    if asked:
        assert profile.characters() == 22
    with pytest.raises(StoreError):
        fail(profile)
    assert profile.characters() == added_up(profile) == 22
    profile.append_message(chat, "assistant", "Hm.")
    assert profile.characters() == added_up(profile) == 25


def test_nothing_of_it_is_in_the_file(store: ProfileStore, folder: Path) -> None:
    filled(store)
    for _ in range(2):
        with store.open("Filled", IDENTITY) as profile:
            assert profile.characters() == added_up(profile) > 0
            profile.append_message(1, "user", "And a cat.")
            assert profile.characters() == added_up(profile)
            path = profile.directory / "profile.sqlite3"
        with closing(sqlite3.connect(path)) as database:
            assert not database.execute("SELECT * FROM sqlite_master WHERE name LIKE 'said%'").fetchall()
