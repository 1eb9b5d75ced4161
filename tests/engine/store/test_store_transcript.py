"""Conversations and messages."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import ErrorCode, StoreError
from engine.store import Profile, ProfileStore
from engine.store.records import MAX_TEXT
from engine.store.transcript import UNDO_SECONDS
from tests.engine.store.samples import IDENTITY, learn, unseal


def test_what_was_said_comes_back_as_it_was_said(store: ProfileStore, profile: Profile) -> None:
    """Any character a person can paste, across a restart."""
    texts = ["", "My dog is Zuzu.", "予定\r\n\t", "a\x00b", "\u202eabc\u0301🙂", "' OR 1=1; --", "x" * 1_000_000]
    conversation = profile.create_conversation("talk")
    written = [profile.append_message(conversation.id, "user", text) for text in texts]
    profile.close()
    with store.open("Test", IDENTITY) as again:
        read = again.messages(conversation.id)
        assert read == written
        assert [message.content for message in read] == texts
        assert again.take_notices() == []


def test_half_a_character_is_replaced_not_refused(profile: Profile) -> None:
    conversation = profile.create_conversation("talk")
    message = profile.append_message(conversation.id, "user", "a\ud83db 🙂")
    assert message.content == "a\ufffdb 🙂"
    assert profile.messages(conversation.id) == [message]


def test_dates_are_iso_8601_in_utc(folder: Path) -> None:
    moments = iter([datetime(2026, 2, 3, 4, 5, 6, 789_000, UTC)] * 4)
    store = ProfileStore(folder / "data", clock=lambda: next(moments))
    assert store.create("Test").created == "2026-02-03T04:05:06.789Z"
    with store.open("Test", IDENTITY) as profile:
        conversation = profile.create_conversation("talk")
        message = profile.append_message(conversation.id, "user", "x")
    assert conversation.created == message.created == "2026-02-03T04:05:06.789Z"


def test_the_order_does_not_depend_on_the_clock(folder: Path) -> None:
    """A clock that jumps back two years moves nothing in any list."""
    year = iter(range(2030, 1990, -1))
    store = ProfileStore(folder / "data", clock=lambda: datetime(next(year), 1, 1, tzinfo=UTC))
    store.create("Test")
    with store.open("Test", IDENTITY) as profile:
        first, second = profile.create_conversation("first"), profile.create_conversation("second")
        assert [found.title for found in profile.conversations()] == ["second", "first"]
        profile.append_message(first.id, "user", "one")
        profile.append_message(second.id, "user", "two")
        profile.append_message(first.id, "user", "three")
        assert [found.title for found in profile.conversations()] == ["first", "second"]
        assert [message.content for message in profile.messages(first.id)] == ["one", "three"]
        learn(profile, 3)
        assert [entry.id for entry in profile.journal()] == [3, 2, 1]


def test_titles_are_one_bounded_line(profile: Profile) -> None:
    assert profile.create_conversation("  My\n\n dog\x00 \u2028 Zuzu ").title == "My dog Zuzu"
    assert len(profile.create_conversation("x" * 1000).title) == 200
    first = profile.conversations()[-1]
    assert profile.rename_conversation(first.id, "犬").title == "犬"
    assert profile.conversation(first.id).title == "犬"


def test_counts_and_unknown_conversations(profile: Profile) -> None:
    conversation = profile.create_conversation("talk")
    for number in range(3):
        profile.append_message(conversation.id, "user", str(number))
    assert profile.conversation(conversation.id).messages == 3
    assert profile.counts().messages == 3
    for unknown in (0, -1, 99, 2**63, -(2**70)):
        for act in (
            lambda: profile.conversation(unknown),  # noqa: B023
            lambda: profile.messages(unknown),  # noqa: B023
            lambda: profile.append_message(unknown, "user", "x"),  # noqa: B023
            lambda: profile.delete_conversation(unknown),  # noqa: B023
            lambda: profile.restore_conversation(unknown),  # noqa: B023
            lambda: profile.rename_conversation(unknown, "x"),  # noqa: B023
            lambda: profile.pin_conversation(unknown, True),  # noqa: B023
        ):
            with pytest.raises(StoreError) as caught:
                act()
            assert caught.value.code == ErrorCode.CONVERSATION_NOT_FOUND


def test_a_reply_cut_short_by_a_crash_stays_unfinished(store: ProfileStore, folder: Path) -> None:
    store.create("Test")
    with store.open("Test", IDENTITY) as profile:
        conversation = profile.create_conversation("talk")
        profile.append_message(conversation.id, "user", "hello")
        done = profile.append_message(conversation.id, "assistant", "", None)
        profile.update_message(done.id, "Hi!", "stop")
        cut = profile.append_message(conversation.id, "assistant", "", None)
        profile.update_message(cut.id, "I was about to", None)
    with store.open("Test", IDENTITY) as profile:
        found = profile.messages(conversation.id)
        assert [message.finish for message in found] == [None, "stop", None]
        assert (found[-1].id, found[-1].content) == (cut.id, "I was about to")


def test_text_beyond_the_limit_is_refused(profile: Profile) -> None:
    conversation = profile.create_conversation("talk")
    profile.append_message(conversation.id, "user", "x" * MAX_TEXT)
    with pytest.raises(StoreError) as caught:
        profile.append_message(conversation.id, "user", "あ" * (MAX_TEXT // 3 + 1))
    assert caught.value.code == ErrorCode.TOO_LARGE
    assert len(profile.messages(conversation.id)) == 1


def test_mistakes_of_the_caller_are_errors(profile: Profile) -> None:
    conversation = profile.create_conversation("talk")
    with pytest.raises(ValueError):
        profile.append_message(conversation.id, "tool", "x")
    with pytest.raises(ValueError):
        profile.append_message(conversation.id, "assistant", "x", "bored")
    assert profile.messages(conversation.id) == []


def test_a_deleted_conversation_leaves_no_text_on_disk(profile: Profile) -> None:
    kept, gone = profile.create_conversation("kept"), profile.create_conversation("secret-title")
    for number in range(300):
        profile.append_message(gone.id, "user", f"secret-word {'x' * (number * 13 % 900)}")
        profile.append_message(kept.id, "user", f"plain-word {'y' * (number * 7 % 900)}")
    told = profile.append_message(gone.id, "user", "secret-word told")
    learn(profile, 1, told.id)
    profile.delete_conversation(gone.id)
    profile.purge_deleted()
    assert [found.title for found in profile.conversations()] == ["kept"]
    assert len(profile.messages(kept.id)) == 300
    assert profile.entry(1).message is None  # the lesson itself stays, see delete_entry
    on_disk = b"".join(path.read_bytes() for path in profile.directory.rglob("*") if path.is_file())
    assert b"plain-word" in on_disk
    assert b"secret" not in on_disk


def test_a_deleted_conversation_leaves_no_trace_in_the_search_index(profile: Profile) -> None:
    """The index holds trigrams, not words: so not one character of the deleted text may be left anywhere."""
    kept, gone = profile.create_conversation("kept"), profile.create_conversation("gone")
    for number in range(200):
        profile.append_message(kept.id, "user", f"plain-word {number} 明日は歯医者です")
        profile.append_message(gone.id, "user", f"鑰匙藏在罐裡 {number}")
    reply = profile.append_message(gone.id, "assistant", "鑰匙", None)
    profile.update_message(reply.id, "鑰匙藏", "stop")
    assert len(profile.search("鑰匙藏", 1000)) == 201
    profile.delete_conversation(gone.id)
    profile.purge_deleted()
    on_disk = b"".join(path.read_bytes() for path in profile.directory.rglob("*") if path.is_file())
    assert "歯医者".encode() in on_disk
    for character in "鑰匙藏在罐裡":
        assert character.encode() not in on_disk
    assert len(profile.search("歯医者", 1000)) == 200


def test_a_deletion_can_be_undone_and_until_then_nothing_shows_the_conversation(
    profile: Profile, tmp_path: Path, store: ProfileStore
) -> None:
    kept, gone = profile.create_conversation("kept"), profile.create_conversation("gone")
    said = profile.append_message(gone.id, "user", "My dog is called Zuzu.")
    learn(profile, 1, said.id)
    profile.pin_conversation(gone.id, True)
    before = profile.conversation(gone.id)
    assert profile.delete_conversation(gone.id) == before
    assert profile.conversations() == [kept]
    assert (profile.counts().conversations, profile.counts().messages) == (1, 0)
    assert profile.search("Zuzu") == []
    assert profile.deleted() == 1
    for act in (
        lambda: profile.messages(gone.id),
        lambda: profile.append_message(gone.id, "user", "x"),
        lambda: profile.rename_conversation(gone.id, "x"),
        lambda: profile.pin_conversation(gone.id, False),
        lambda: profile.delete_conversation(gone.id),
    ):
        with pytest.raises(StoreError) as caught:
            act()
        assert caught.value.code == ErrorCode.CONVERSATION_NOT_FOUND
    profile.export(tmp_path / "without.techo")
    store.import_file(tmp_path / "without.techo", "Copy", IDENTITY, lambda arrays: None)
    with store.open("Copy", IDENTITY) as copied:
        assert [found.title for found in copied.conversations()] == ["kept"]
        assert copied.entry(1).message is None
    assert profile.restore_conversation(gone.id) == before
    assert profile.restore_conversation(gone.id) == before
    assert profile.messages(gone.id) == [said]
    assert [hit.message for hit in profile.search("Zuzu")] == [said.id]
    assert profile.entry(1).message == said.id
    profile.purge_deleted()
    assert profile.conversation(gone.id) == before


@pytest.mark.parametrize(
    ("seconds", "stays"),
    [(UNDO_SECONDS - 5, True), (UNDO_SECONDS + 5, False), (-3600, False)],
    ids=["just now", "long ago", "the clock was set back"],
)
def test_what_a_crash_left_marked_goes_at_the_next_opening(folder: Path, seconds: float, stays: bool) -> None:
    """After a crash the window may still offer to undo; what nobody can undo any more does not stay."""
    moment = [datetime(2026, 2, 3, tzinfo=UTC)]
    store = ProfileStore(folder / "data", clock=lambda: moment[0])
    store.create("Test")
    with store.open("Test", IDENTITY) as profile:
        profile.append_message(profile.create_conversation("gone").id, "user", "secret")
        profile.delete_conversation(1)
        shutil.copytree(folder / "data", folder / "crashed")
    moment[0] += timedelta(seconds=seconds)
    crashed = ProfileStore(folder / "crashed", clock=lambda: moment[0])
    with crashed.open("Test", IDENTITY) as profile:
        assert profile.conversations() == []
        assert profile.deleted() == int(stays)
        on_disk = b"".join(path.read_bytes() for path in profile.directory.rglob("*") if path.is_file())
        assert (b"secret" in on_disk) is stays
        if stays:
            profile.restore_conversation(1)
            profile.delete_conversation(1)
    with crashed.open("Test", IDENTITY) as profile:
        assert profile.deleted() == 0  # closing purges
        with pytest.raises(StoreError):
            profile.restore_conversation(1)


def test_pins_and_titles_do_not_change_the_order(profile: Profile) -> None:
    first, second = profile.create_conversation("first"), profile.create_conversation("second")
    assert profile.pin_conversation(first.id, True).pinned
    profile.rename_conversation(first.id, "renamed")
    assert [(found.title, found.pinned) for found in profile.conversations()] == [("second", False), ("renamed", True)]
    assert not profile.pin_conversation(first.id, False).pinned
    assert second == profile.conversation(second.id)


def test_a_damaged_message_is_shown_with_a_notice(store: ProfileStore) -> None:
    """Invalid UTF-8 or a changed letter must not make the whole conversation unreadable."""
    record = store.create("Test")
    with store.open("Test", IDENTITY) as profile:
        conversation = profile.create_conversation("talk")
        for text in ("one", "two", "three"):
            profile.append_message(conversation.id, "user", text)
    unseal(store.directory / record.id)
    with closing(sqlite3.connect(store.directory / record.id / "profile.sqlite3", isolation_level=None)) as connection:
        connection.execute("UPDATE message SET content = CAST(x'74ff6f' AS TEXT) WHERE id = 2")
        connection.execute("UPDATE message SET content = 'thrEe' WHERE id = 3")
    with store.open("Test", IDENTITY) as profile:
        assert [message.content for message in profile.messages(conversation.id)] == ["one", "t\ufffdo", "thrEe"]
        notices = profile.take_notices()
        assert len(notices) == 2
        assert "Message 2 was damaged" in notices[0]
        assert profile.take_notices() == []
