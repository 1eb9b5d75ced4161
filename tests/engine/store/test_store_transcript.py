"""Conversations and messages."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.errors import ErrorCode, StoreError
from engine.store import Profile, ProfileStore
from engine.store.records import MAX_TEXT
from tests.engine.store.samples import IDENTITY, learn


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
            lambda: profile.update_message(unknown, "x", None),  # noqa: B023
            lambda: profile.delete_conversation(unknown),  # noqa: B023
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
    assert [found.title for found in profile.conversations()] == ["kept"]
    assert len(profile.messages(kept.id)) == 300
    assert profile.entry(1).message is None  # the lesson itself stays, see delete_entry
    on_disk = b"".join(path.read_bytes() for path in profile.directory.rglob("*") if path.is_file())
    assert b"plain-word" in on_disk
    assert b"secret" not in on_disk


def test_a_damaged_message_is_shown_with_a_notice(store: ProfileStore) -> None:
    """Invalid UTF-8 or a changed letter must not make the whole conversation unreadable."""
    record = store.create("Test")
    with store.open("Test", IDENTITY) as profile:
        conversation = profile.create_conversation("talk")
        for text in ("one", "two", "three"):
            profile.append_message(conversation.id, "user", text)
    with closing(sqlite3.connect(store.directory / record.id / "profile.sqlite3", isolation_level=None)) as connection:
        connection.execute("UPDATE message SET content = CAST(x'74ff6f' AS TEXT) WHERE id = 2")
        connection.execute("UPDATE message SET content = 'thrEe' WHERE id = 3")
    with store.open("Test", IDENTITY) as profile:
        assert [message.content for message in profile.messages(conversation.id)] == ["one", "t\ufffdo", "thrEe"]
        notices = profile.take_notices()
        assert len(notices) == 2
        assert "Message 2 was damaged" in notices[0]
        assert profile.take_notices() == []
