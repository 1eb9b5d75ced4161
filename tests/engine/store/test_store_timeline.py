"""The life of a memory by days, moments in it, and a second profile that holds what the first one does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.errors import ErrorCode, ProfileError
from engine.store import Profile, ProfileStore
from tests.engine.store.samples import IDENTITY, OTHER_BACKBONE, filled, learn, names, new_entry, same, state


class Clock:
    """Stands until it is set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def living(folder: Path, clock: Clock) -> Iterator[Profile]:
    """Three lessons on 1 March, two on the 3rd, one on the 10th."""
    store = ProfileStore(folder / "life", clock=clock)
    store.create("Life")
    with store.open("Life", IDENTITY) as profile:
        for day, upto in ((1, 3), (3, 5), (10, 6)):
            clock.now = datetime(2026, 3, day, 12, tzinfo=UTC)
            learn(profile, upto)
        yield profile


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_days_and_moments(living: Profile) -> None:
    assert [(one.day, one.lessons, one.last) for one in living.timeline()] == [
        ("2026-03-01", 3, 3),
        ("2026-03-03", 2, 5),
        ("2026-03-10", 1, 6),
    ]
    assert living.moment("2026-02-28T00:00:00.000Z") == 0
    assert living.moment("2026-03-01T12:00:00.000Z") == 3
    assert living.moment("2026-03-09T00:00:00.000Z") == 5
    assert living.moment("2030-01-01T00:00:00.000Z") == 6
    assert living.entries_since(3) == [4, 5, 6]
    assert living.entries_since(6) == []
    living.delete_entries([2])
    assert (living.entries_upto(3), living.entries_upto(6)) == (2, 5)
    assert living.timeline()[0].lessons == 2


def test_a_day_is_one_where_the_person_lives(far_east: None, living: Profile, clock: Clock) -> None:
    clock.now = datetime(2026, 3, 20, 23, tzinfo=UTC)  # the next morning in Tokyo
    learn(living, 7)
    assert living.timeline()[-1].day == "2026-03-21"


def test_after_a_clock_that_jumped_the_fewest_are_forgotten(living: Profile, clock: Clock) -> None:
    clock.now = datetime(2020, 1, 1, tzinfo=UTC)
    learn(living, 7)
    assert living.moment("2026-03-02T00:00:00.000Z") == 7
    assert living.entries_since(living.moment("2026-03-02T00:00:00.000Z")) == []


def test_messages_of_the_lessons_since(living: Profile) -> None:
    talk = living.create_conversation("talk")
    told = [living.append_message(talk.id, "user", text) for text in ("one", "two")]
    living.append_message(talk.id, "assistant", "Reply.", "stop", told[1].id)
    living.append_message(talk.id, "assistant", "Another.", "stop", told[1].id)
    living.append_entry(new_entry(7, told[1].id))
    assert living.told_since(6) == 3
    gone, messages = living.delete_entries(living.entries_since(6), said=True)
    assert ([entry.id for entry in gone], messages) == ([7], 3)
    assert [said.content for said in living.messages(talk.id)] == ["one"]


def test_only_a_snapshot_from_before_the_moment_is_read(living: Profile) -> None:
    living.save_snapshot(state(3), 3)
    living.save_snapshot(state(5), 5)
    assert living.load_state().last_entry == 5
    assert living.load_state(upto=4).last_entry == 3
    assert same(living.load_state(upto=3).arrays, state(3))
    assert living.load_state(upto=2).arrays is None
    assert [found.last_entry for found in living.snapshots()] == [5, 3], "both are still there"


@pytest.mark.parametrize("is_open", [True, False])
def test_a_duplicate_holds_the_same(store: ProfileStore, is_open: bool) -> None:
    filled(store)
    store.look("Filled", "#102030", None)
    heard: list[str] = []
    with store.open("Filled", IDENTITY) as source:
        source.learn_from_conversation(2, False)
        gone = source.create_conversation("gone")
        source.append_message(gone.id, "user", "a secret word: xyzzy")
        source.delete_conversation(gone.id)
        source.delete_entries([9])
        if not is_open:
            source.close()
            source = store.open("Filled", IDENTITY)
            source.close()
        twin = store.duplicate("filled", "Twin", open_here=is_open, notice=heard.append)
    assert (twin.name, twin.colour, heard) == ("Twin", "#102030", [])
    with store.open("Twin", IDENTITY) as copied, store.open("Filled", IDENTITY) as source:
        assert copied.record == twin
        assert copied.record.id != source.record.id
        for conversation in source.conversations():
            assert copied.conversation(conversation.id) == conversation
            assert copied.every_version(conversation.id) == source.every_version(conversation.id)
        assert list(copied.entries()) == list(source.entries())
        assert copied.next_entry_id() == source.next_entry_id() == 11
        assert same(copied.load_state().arrays, state(8))
        assert copied.load_state().last_entry == 8
        assert [hit.message for hit in copied.search("歯医者")] == [4]
        assert copied.counts().conversations == 2
        assert names(copied.directory / "snapshots") == [found.file for found in copied.snapshots()]
        learn(copied, 12)
        assert source.next_entry_id() == 11, "they have nothing in common"
        assert copied.take_notices() == []
    on_disk = b"".join(path.read_bytes() for path in (store.directory / twin.id).rglob("*") if path.is_file())
    assert b"xyzzy" not in on_disk, "what was deleted does not come along"
    assert b"lesson-9-text" not in on_disk


def test_what_was_learned_with_other_weights_is_duplicated_too(store: ProfileStore) -> None:
    filled(store)
    store.duplicate("Filled", "Twin")
    with store.open("Twin", OTHER_BACKBONE) as copied:
        assert copied.bound_identity() == IDENTITY
        assert copied.entry_count() == 10


def test_a_damaged_snapshot_is_told_and_the_journal_is_enough(store: ProfileStore) -> None:
    filled(store)
    with store.open("Filled", IDENTITY) as source:
        for path in (source.directory / "snapshots").iterdir():
            path.write_bytes(path.read_bytes()[:-1] + b"?")
    heard: list[str] = []
    store.duplicate("Filled", "Twin", notice=heard.append)
    assert len([text for text in heard if "set aside" in text]) == 2
    with store.open("Twin", IDENTITY) as copied:
        assert copied.load_state().arrays is None
        assert copied.entry_count() == 10


def test_refusals_leave_nothing_behind(store: ProfileStore) -> None:
    filled(store)
    filled(store, "Other")
    before = names(store.directory)
    for name, new_name, code in (
        ("Nobody", "Twin", ErrorCode.PROFILE_NOT_FOUND),
        ("Filled", "OTHER", ErrorCode.PROFILE_EXISTS),
        ("Filled", "filled", ErrorCode.PROFILE_EXISTS),
        ("Filled", " ", ErrorCode.PROFILE_NAME),
    ):
        with pytest.raises(ProfileError) as caught:
            store.duplicate(name, new_name)
        assert caught.value.code is code
    with store.open("Filled", IDENTITY), pytest.raises(ProfileError) as caught:
        store.duplicate("Filled", "Twin")
    assert caught.value.code is ErrorCode.PROFILE_IN_USE
    assert names(store.directory) == before
