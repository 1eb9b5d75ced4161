"""The journal of learned turns: ids, order, forgetting, damage."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from engine.errors import ErrorCode, StateError, StoreError
from engine.store import Profile, ProfileStore
from engine.store.journal import PAGE
from engine.store.records import MAX_PAYLOAD
from tests.engine.store.samples import IDENTITY, OTHER_BACKBONE, learn, new_entry, state, unseal


def test_entries_come_back_in_order_across_a_restart(store: ProfileStore, profile: Profile) -> None:
    count = 2 * PAGE + 3
    conversation = profile.create_conversation("talk")
    told = profile.append_message(conversation.id, "user", "told")
    learn(profile, count, told.id)
    profile.close()
    with store.open("Test", IDENTITY) as again:
        entries = list(again.entries())
        assert [entry.id for entry in entries] == list(range(1, count + 1))
        for entry in entries:
            wanted = new_entry(entry.id, told.id)
            assert (entry.text, entry.payload, entry.surprise) == (wanted.text, wanted.payload, wanted.surprise)
            assert (entry.recruited, entry.message) == (wanted.recruited, told.id)
        assert [entry.id for entry in again.entries(after=count - 2)] == [count - 1, count]
        assert again.entry_count() == again.counts().entries == count


def test_pages_of_the_journal(profile: Profile) -> None:
    learn(profile, 10)
    assert [entry.id for entry in profile.journal(4)] == [10, 9, 8, 7]
    assert [entry.id for entry in profile.journal(4, before=7)] == [6, 5, 4, 3]
    assert profile.journal(4, before=1) == []
    assert [entry.id for entry in profile.journal(2**70, before=2**70)] == list(range(10, 0, -1))
    assert profile.journal(-5) == []
    assert not hasattr(profile.journal(1)[0], "payload")


def test_the_journal_can_change_while_it_is_read(profile: Profile) -> None:
    learn(profile, PAGE + 5)
    seen = []
    for entry in profile.entries():
        seen.append(entry.id)
        if entry.id == 3:
            profile.delete_entries([PAGE + 2])
    assert seen == [number for number in range(1, PAGE + 6) if number != PAGE + 2]


def test_an_id_is_never_used_again(store: ProfileStore, profile: Profile) -> None:
    """Not after forgetting the newest, not after a reset, not after a restart."""
    learn(profile, 5)
    profile.delete_entries([5])
    assert profile.next_entry_id() == 6
    profile.close()
    with store.open("Test", IDENTITY) as again:
        assert again.append_entry(new_entry(6)) == 6
        again.reset()
        assert again.next_entry_id() == 7
    with store.open("Test", IDENTITY) as again:
        assert again.append_entry(new_entry(7)) == 7
        assert [entry.id for entry in again.entries()] == [7]


def test_an_id_does_not_come_back_when_sqlites_counter_is_damaged(store: ProfileStore, profile: Profile) -> None:
    learn(profile, 5)
    profile.save_snapshot(state(5), 5)
    profile.delete_entries([5])
    profile.save_snapshot(state(4), 5)
    profile.close()
    with closing(sqlite3.connect(profile.directory / "profile.sqlite3", isolation_level=None)) as connection:
        connection.execute("UPDATE sqlite_sequence SET seq = 1 WHERE name IN ('entry', 'message')")
    with store.open("Test", IDENTITY) as again:
        assert again.next_entry_id() == 6
        assert again.append_entry(new_entry(6)) == 6


def test_a_forgotten_turn_is_gone_from_the_disk(profile: Profile) -> None:
    """Its text, its write set, every state that held it, and every state set aside as damaged."""
    for number in range(1, 201):
        entry = new_entry(number)
        profile.append_entry(replace(entry, text=f"{entry.text} {'z' * (number * 37 % 700)}"))
        if number in (100, 150):
            profile.save_snapshot(state(number), number)
    damaged = profile.directory / "snapshots" / f"00000001-{'0' * 16}.safetensors.damaged"
    damaged.write_bytes(b"lesson-120-text")
    payload = new_entry(120).payload
    (forgotten,), _ = profile.delete_entries([120])
    assert forgotten.text.startswith("lesson-120-text")
    on_disk = b"".join(path.read_bytes() for path in profile.directory.rglob("*") if path.is_file())
    assert b"lesson-119-text" in on_disk
    assert b"lesson-120-text" not in on_disk
    assert new_entry(119).payload in on_disk
    assert payload not in on_disk
    assert [found.last_entry for found in profile.snapshots()] == [100]
    assert profile.load_state().last_entry == 100
    with pytest.raises(StoreError) as caught:
        profile.delete_entries([120])
    assert caught.value.code == ErrorCode.ENTRY_NOT_FOUND


def test_what_was_said_goes_with_the_lesson_when_asked_for(profile: Profile) -> None:
    """Message, reply, title and search index: not one character is left, and the other messages are as they were."""
    chat = profile.create_conversation("鑰匙藏在罐裡")
    told = profile.append_message(chat.id, "user", "鑰匙藏在罐裡")
    profile.append_message(chat.id, "assistant", "罐裡？", "stop")
    kept = profile.append_message(chat.id, "user", "My dog is called Zuzu.")
    for number, message in ((1, told), (2, kept)):
        profile.append_entry(replace(new_entry(number), message=message.id, text=message.content))
    entries, messages = profile.delete_entries([1], said=True)
    assert ([entry.id for entry in entries], messages) == ([1], 2)
    assert [message.content for message in profile.messages(chat.id)] == ["My dog is called Zuzu."]
    assert profile.conversation(chat.id).title == "My dog is called Zuzu."
    assert len(profile.search("zuzu")) == 1
    assert profile.search("罐裡") == []
    on_disk = b"".join(path.read_bytes() for path in profile.directory.rglob("*") if path.is_file())
    for character in "鑰匙藏在罐裡":
        assert character.encode() not in on_disk
    profile.rename_conversation(chat.id, "A title of my own")
    hello = profile.append_message(chat.id, "user", "Hello.")
    profile.append_entry(replace(new_entry(3), message=hello.id))
    profile.delete_entries([2], said=True)
    assert profile.conversation(chat.id).title == "A title of my own"
    profile.delete_entries([3], said=True)
    assert profile.conversations() == [], "nothing is left of it"


def test_what_could_not_be_scrubbed_yet_is_told_and_done_at_the_close(profile: Profile) -> None:
    """Somebody else is reading: the log cannot be emptied while the read goes on."""
    learn(profile, 3)
    path = profile.directory / "profile.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entry").fetchall()
        profile._database.value("PRAGMA busy_timeout = 20")
        profile.delete_entries([2])
        (notice,) = profile.take_notices()
        assert "log" in notice
        assert [entry.id for entry in profile.entries()] == [1, 3]
    profile.close()
    assert b"lesson-1-text" in path.read_bytes()
    assert b"lesson-2-text" not in path.read_bytes()
    assert not path.with_name("profile.sqlite3-wal").exists()


def test_unknown_entries(profile: Profile) -> None:
    for unknown in (0, -1, 5, 2**63, 2**80):
        with pytest.raises(StoreError) as caught:
            profile.entry(unknown)
        assert caught.value.code == ErrorCode.ENTRY_NOT_FOUND


def test_a_message_that_was_deleted_meanwhile_does_not_lose_the_lesson(profile: Profile) -> None:
    assert profile.append_entry(new_entry(1, message=77)) == 1
    assert profile.entry(1).message is None


def test_another_backbone_cannot_write_into_the_journal(store: ProfileStore, profile: Profile) -> None:
    learn(profile, 2)
    profile.close()
    with store.open("Test", OTHER_BACKBONE) as other:
        for act in (lambda: other.append_entry(new_entry(3)), lambda: other.save_snapshot(state(2), 2)):
            with pytest.raises(StateError) as caught:
                act()
            assert caught.value.code == ErrorCode.STATE_MISMATCH
        assert other.entry_count() == 2
        other.reset()
        assert other.append_entry(new_entry(3)) == 3
        assert other.bound_identity() == OTHER_BACKBONE


def test_mistakes_and_excess_are_refused(profile: Profile) -> None:
    for wrong in (
        replace(new_entry(1), surprise=float("nan")),
        replace(new_entry(1), recruited=-1),
        replace(new_entry(1), recycled=2**31),
    ):
        with pytest.raises(ValueError):
            profile.append_entry(wrong)
    with pytest.raises(StoreError) as caught:
        profile.append_entry(replace(new_entry(1), payload=bytes(MAX_PAYLOAD + 1)))
    assert caught.value.code == ErrorCode.TOO_LARGE
    assert profile.next_entry_id() == 1
    assert profile.bound_identity() is None


@pytest.mark.parametrize(
    "harm",
    [
        "payload = CAST(substr(payload, 1, 50) || x'00' || substr(payload, 52) AS BLOB)",
        "text = 'lesson-3-texT'",
        "text = CAST(x'ff' AS TEXT)",
        "surprise = 'much'",
        "created = 5",
        "recruited = recruited + 1",
        "digest = x'00'",
        "id = 4000",
    ],
)
def test_a_damaged_entry_is_set_aside_and_named_once(store: ProfileStore, profile: Profile, harm: str) -> None:
    learn(profile, 5)
    profile.save_snapshot(state(1), 1)
    profile.close()
    unseal(profile.directory)
    with closing(sqlite3.connect(profile.directory / "profile.sqlite3", isolation_level=None)) as connection:
        assert connection.execute(f"UPDATE entry SET {harm} WHERE id = 3").rowcount == 1
    damaged = 4000 if "id = 4000" in harm else 3
    with store.open("Test", IDENTITY) as again:
        notices = again.load_state().notices
        assert len(notices) == 1
        assert f"Learned turn {damaged} was damaged" in notices[0]
        assert [entry.id for entry in again.entries(after=1)] == [2, 4, 5]
        assert [entry.id for entry in again.journal()] == [5, 4, 2, 1]
        assert again.entry_count() == 4
    with store.open("Test", IDENTITY) as again:
        assert again.load_state().notices == []
        again.delete_entries([damaged])
        assert again.counts().entries == 4


def test_a_mark_alone_does_not_drop_a_lesson(store: ProfileStore, profile: Profile) -> None:
    """A flipped bit in the mark itself: the digest decides."""
    learn(profile, 3)
    profile._database.run("UPDATE entry SET damaged = 1 WHERE id = 2")
    assert [entry.id for entry in profile.entries()] == [1, 2, 3]
