"""The fast weights in memory are those that the disk gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import engine.session
from engine.backbone import Backbone
from engine.bit_ttt import Memory, Part
from engine.errors import Cancelled, ErrorCode, ImportRefused, StateError, StoreError
from engine.protocol import MemoryStats, TurnMessage
from engine.session import ImportCheck, Session
from engine.store import NewEntry, ProfileStore, StateIdentity

SENTENCES = (
    "My cat is called Miso.",
    "My dentist is Dr. Okafor.",
    "I park my bike at spot 417.",
    "My sister Lena lives in Porvoo.",
    "My cat is called Bruno.",
    "The code of my locker is 7319.",
)


@pytest.fixture(scope="module")
def parts(loaded: Backbone, newborn: Memory) -> list[Part]:
    """The sentences as the writer encodes them."""
    encoded = []
    for sentence in SENTENCES:
        prompt = loaded.render([TurnMessage(role="user", content=sentence)])
        start, end = prompt.spans[0]
        read = loaded.prefill(prompt.tokens, need=(start, end + 1))
        encoded += newborn.encode(prompt.tokens[start:end], read.taps)
    assert len(encoded) == len(SENTENCES)
    return encoded


Opener = Callable[..., Session]


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    made = ProfileStore(tmp_path)
    made.create("Mika")
    return made


@pytest.fixture
def open_session(store: ProfileStore, newborn: Memory, identity: StateIdentity, loaded: Backbone) -> Iterator[Opener]:
    opened: list[Session] = []

    def open_(name: str = "Mika", as_: StateIdentity = identity) -> Session:
        session = Session(store.open(name, as_), newborn, lambda tokens: loaded.detokenize(tokens).decode())
        opened.append(session)
        return session

    yield open_
    for session in opened:
        session.close()


def state(session: Session) -> dict[str, Any]:
    return {name: array.copy() for name, array in session.memory.fast.arrays().items()}


def assert_same(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert left.keys() == right.keys()
    for name in left:
        assert np.array_equal(left[name], right[name]), name


def crash(session: Session) -> None:
    """Lets go of the profile as the end of the process does: without a snapshot."""
    session.profile.close()
    session._unsaved = 0  # the fixture's `close` has nothing to save


def test_a_lesson_is_committed_and_told(open_session: Opener, parts: list[Part]) -> None:
    session = open_session()
    message = session.profile.append_message(session.profile.create_conversation("t").id, "user", SENTENCES[0])
    lesson = session.learn(parts[0], message.id)
    learned = lesson.learned
    assert (learned.entry, learned.surprise, learned.overwritten) == (1, 1.0, 0)
    assert learned.recruited == len(learned.tokens) > 0
    assert " Mis" in "".join(learned.tokens)
    assert lesson.seconds > 0
    entry = session.profile.entry(1)
    assert (entry.text, entry.message, entry.recruited) == (SENTENCES[0], message.id, learned.recruited)
    again = session.learn(parts[0], None).learned
    assert (again.entry, again.surprise, again.recruited) == (2, 0.0, 0)
    assert again.strengthened == learned.recruited
    stats = session.stats()
    assert (stats.turns_learned, stats.turns_used, stats.neurons_used) == (2, 1, learned.recruited)


def test_replay_gives_the_same_state(open_session: Opener, parts: list[Part]) -> None:
    session = open_session()
    for part in parts:
        session.learn(part, None)
    before = state(session)
    crash(session)
    again = open_session()
    assert again.stats().snapshot_bytes == 0
    assert_same(state(again), before)
    again.close()
    third = open_session()
    assert third.stats().snapshot_bytes > 0
    assert_same(state(third), before)
    assert third.notices == []


def test_snapshots_come_now_and_then(open_session: Opener, parts: list[Part], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.session, "SNAPSHOT_EVERY", 2)
    session = open_session()
    for part in parts[:5]:
        session.learn(part, None)
    assert [snapshot.last_entry for snapshot in session.profile.snapshots()] == [4, 2]
    before = state(session)
    crash(session)
    again = open_session()
    assert_same(state(again), before)
    again.learn(parts[5], None)
    assert [snapshot.last_entry for snapshot in again.profile.snapshots()] == [6, 4]


def test_closing_without_news_writes_nothing(open_session: Opener, parts: list[Part]) -> None:
    session = open_session()
    session.learn(parts[0], None)
    session.close()
    again = open_session()
    (before,) = again.profile.snapshots()
    again.close()
    assert open_session().profile.snapshots() == [before]


@pytest.mark.parametrize("forgotten", [1, 3, 5])
@pytest.mark.parametrize("every", [2, 128])
def test_forgetting_is_exact(
    open_session: Opener,
    store: ProfileStore,
    parts: list[Part],
    forgotten: int,
    every: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Afterwards the state is that of a memory which never learned the turn - also where it was since updated."""
    monkeypatch.setattr(engine.session, "SNAPSHOT_EVERY", every)
    session = open_session()
    for part in parts:
        session.learn(part, None)
    (record,), _ = session.forget([forgotten])
    assert record.text == SENTENCES[forgotten - 1]

    store.create("Other")
    other = open_session("Other")
    for place, part in enumerate(parts, 1):
        if place != forgotten:
            other.learn(part, None)
        else:  # the same numbers: an entry that is gone
            spare = other.profile.append_entry(NewEntry(None, "", 0.0, 0, 0, 0, 0, b""))
            other.profile.delete_entries([spare])
    assert_same(state(session), state(other))

    crash(session)
    again = open_session()
    assert_same(state(again), state(other))
    assert [entry.id for entry in again.profile.entries()] == [i for i in range(1, 7) if i != forgotten]
    with pytest.raises(StoreError) as refused:
        again.forget([forgotten])
    assert refused.value.code is ErrorCode.ENTRY_NOT_FOUND


def test_a_failed_commit_teaches_nothing(
    open_session: Opener, parts: list[Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: what cannot be kept is not known today either."""
    session = open_session()
    session.learn(parts[0], None)
    before = state(session)

    def full(_entry: NewEntry) -> int:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(session.profile, "append_entry", full)
        with pytest.raises(StoreError):
            session.learn(parts[1], None)
    assert_same(state(session), before)
    assert session.learn(parts[1], None).learned.entry == 2
    after = state(session)
    crash(session)
    assert_same(state(open_session()), after)


def test_a_failed_snapshot_loses_nothing(
    open_session: Opener, parts: list[Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_session()
    session.learn(parts[0], None)
    before = state(session)

    def full(*_arguments: object) -> Path:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(session.profile, "save_snapshot", full)
    session.close()
    assert "The disk is full." in session.notices[-1]
    assert_same(state(open_session()), before)


def test_reset(open_session: Opener, parts: list[Part], newborn: Memory) -> None:
    session = open_session()
    session.profile.append_message(session.profile.create_conversation("t").id, "user", SENTENCES[0])
    session.learn(parts[0], None)
    session.reset()
    assert_same(state(session), newborn.fast.arrays())
    assert session.stats().turns_learned == 0
    session.close()
    again = open_session()
    assert_same(state(again), newborn.fast.arrays())
    assert len(again.profile.messages(1)) == 1
    again.learn(parts[1], None)
    assert again.stats().turns_learned == 1


def test_state_of_other_weights_is_refused_but_not_lost(
    open_session: Opener, parts: list[Part], identity: StateIdentity, tmp_path: Path
) -> None:
    session = open_session()
    session.learn(parts[0], None)
    session.close()
    other = open_session(as_=StateIdentity(identity.backbone, "blake2b:other"))
    assert len(other.notices) == 1
    for use in (
        lambda: other.memory,
        lambda: other.stats(),
        lambda: other.learn(parts[1], None),
        lambda: other.forget([1]),
    ):
        with pytest.raises(StateError) as refused:
            use()
        assert refused.value.code is ErrorCode.STATE_MISMATCH
    assert other.export(tmp_path / "rescued.techo", overwrite=False) > 0
    other.close()
    right = open_session()
    assert right.stats().turns_used == 1
    right.close()
    other = open_session(as_=StateIdentity(identity.backbone, "blake2b:other"))
    other.reset()
    assert other.learn(parts[1], None).learned.entry is not None


def test_a_damaged_snapshot_is_replaced_by_replay(open_session: Opener, parts: list[Part]) -> None:
    session = open_session()
    for part in parts[:3]:
        session.learn(part, None)
    before = state(session)
    session.close()
    (path,) = (session.profile.directory / "snapshots").glob("*.safetensors")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    again = open_session()
    assert_same(state(again), before)
    assert any(path.name in notice for notice in again.take_notices())
    assert again.take_notices() == []


def test_a_write_set_that_cannot_be_read_does_not_lock_the_profile(open_session: Opener, parts: list[Part]) -> None:
    session = open_session()
    session.learn(parts[0], None)
    before = state(session)
    session.profile.append_entry(NewEntry(None, "strange", 0.0, 0, 0, 0, 0, b"strange"))
    crash(session)
    again = open_session()
    with pytest.raises(StateError) as refused:
        again.stats()
    assert refused.value.code is ErrorCode.STATE_DAMAGED
    assert "2" in refused.value.hint
    again.forget([2])
    assert_same(state(again), before)


def test_a_reply_that_a_crash_cut_short_does_not_look_stopped(open_session: Opener) -> None:
    session = open_session()
    conversation = session.profile.create_conversation("t").id
    session.profile.append_message(conversation, "user", "Hi")
    session.profile.append_message(conversation, "assistant", "Hel")
    crash(session)
    again = open_session()
    assert [(m.content, m.finish) for m in again.profile.messages(conversation)] == [
        ("Hi", None),
        ("Hel", None),
    ]


def test_an_import_is_tried_on_first(
    open_session: Opener,
    store: ProfileStore,
    parts: list[Part],
    newborn: Memory,
    identity: StateIdentity,
    tmp_path: Path,
) -> None:
    session = open_session()
    for part in parts[:3]:
        session.learn(part, None)
    before = state(session)
    good = tmp_path / "good.techo"
    session.export(good, overwrite=False)
    check = ImportCheck(newborn)
    store.import_file(good, "Copy", identity, check.arrays, check.payload)
    assert_same(state(open_session("Copy")), before)

    # A write set that reads well and that the inner loop cannot take: a token beyond the vocabulary.
    write = newborn.write(parts[3])
    payload = write.to_bytes()
    write.tokens[0] = 10**6
    session.profile.append_entry(NewEntry(None, "x", 0.0, 0, 0, 0, 0, write.to_bytes()))
    bad = tmp_path / "bad.techo"
    session.profile.export(bad)
    check = ImportCheck(newborn)
    with pytest.raises(ImportRefused):
        store.import_file(bad, "Bad", identity, check.arrays, check.payload)
    assert sorted(record.name for record in store.list()) == ["Copy", "Mika"]
    check.payload(payload)
    with pytest.raises(ValueError, match="entry"):
        check.arrays({"entry": np.zeros(1, dtype=np.int32)})


def other(identity: StateIdentity) -> StateIdentity:
    return StateIdentity(identity.backbone, "blake2b:" + "0" * 40)


def test_learning_anew_gives_what_learning_gave(
    open_session: Opener, parts: list[Part], identity: StateIdentity
) -> None:
    session = open_session(as_=other(identity))
    for part in parts:
        session.learn(part, None)
    before, entries = state(session), list(session.profile.entries())
    session.close()

    session = open_session()
    with pytest.raises(StateError, match="another memory weights"):
        session.stats()
    by_text = dict(zip(SENTENCES, parts, strict=True))
    assert session.relearn(lambda text: by_text[text], lambda: False) == len(parts)
    assert_same(state(session), before)
    assert list(session.profile.entries()) == entries
    session.close()
    again = open_session()
    assert again.notices == []
    assert_same(state(again), before)


def test_learning_anew_that_is_stopped_or_fails_changes_nothing(
    open_session: Opener, parts: list[Part], identity: StateIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_session(as_=other(identity))
    for part in parts:
        session.learn(part, None)
    before = state(session)
    session.close()

    session = open_session()
    answers = iter((False, False, True))
    with pytest.raises(Cancelled):
        session.relearn(lambda text: parts[SENTENCES.index(text)], lambda: next(answers))

    def full(*_: object) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(session.profile._snapshots, "drop_rows", full)  # the last step of the transaction
        with pytest.raises(StoreError):
            session.relearn(lambda text: parts[SENTENCES.index(text)], lambda: False)
    with pytest.raises(StateError):
        session.stats()
    session.close()

    session = open_session(as_=other(identity))
    assert session.notices == []
    assert_same(state(session), before)


def test_a_turn_in_which_nothing_is_worth_keeping_any_more_stays_in_the_journal(
    open_session: Opener, parts: list[Part], identity: StateIdentity
) -> None:
    session = open_session(as_=other(identity))
    for part in parts[:2]:
        session.learn(part, None)
    session.close()
    session = open_session()
    dull = replace(parts[0], encoded=replace(parts[0].encoded, salience=np.full_like(parts[0].encoded.salience, -30)))
    assert not session._newborn.write(dull)
    session.relearn(lambda text: dull if text == SENTENCES[0] else parts[1], lambda: False)
    assert [entry.text for entry in session.profile.entries()] == list(SENTENCES[:2])
    kept = state(session)
    crash(session)
    assert_same(state(open_session()), kept)


@pytest.mark.parametrize("moment", [0, 2, 5])
@pytest.mark.parametrize("every", [2, 128])
def test_going_back_gives_the_state_of_that_moment(
    open_session: Opener, parts: list[Part], moment: int, every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit, after a restart as well; and the gauge of that moment was told before."""
    monkeypatch.setattr(engine.session, "SNAPSHOT_EVERY", every)
    session = open_session()
    states, gauges = {0: state(session)}, {0: session.stats()}
    for number, part in enumerate(parts, 1):
        session.learn(part, None)
        states[number], gauges[number] = state(session), session.stats()
    then = session.stats_after(moment, lambda: False)
    assert replace_snapshot(then) == replace_snapshot(gauges[moment])
    assert_same(state(session), states[6])

    gone, messages = session.go_back(moment)
    assert ([record.id for record in gone], messages) == (list(range(moment + 1, 7)), 0)
    assert_same(state(session), states[moment])
    assert replace_snapshot(session.stats()) == replace_snapshot(then)
    crash(session)
    again = open_session()
    assert_same(state(again), states[moment])
    assert again.learn(parts[0], None).learned.entry == 7, "numbers are never given twice"


def replace_snapshot(stats: MemoryStats) -> MemoryStats:
    """Without the size of the file, which depends on when it was last written."""
    return msgspec.structs.replace(stats, snapshot_bytes=0)


def test_going_back_does_not_bring_back_what_was_forgotten(
    open_session: Opener, store: ProfileStore, parts: list[Part]
) -> None:
    session = open_session()
    for part in parts:
        session.learn(part, None)
    before = session.stats_after(4, lambda: False)
    session.forget([2])
    after = session.stats_after(4, lambda: False)
    assert (before.turns_learned, after.turns_learned) == (4, 3)
    assert after.neurons_used < before.neurons_used
    session.go_back(4)
    assert [entry.id for entry in session.profile.entries()] == [1, 3, 4]
    with pytest.raises(StoreError) as refused:
        session.go_back(4)
    assert refused.value.code is ErrorCode.ENTRY_NOT_FOUND


def test_comparing_can_be_stopped_and_changes_nothing(open_session: Opener, parts: list[Part]) -> None:
    session = open_session()
    for part in parts[:3]:
        session.learn(part, None)
    before = state(session)
    with pytest.raises(Cancelled):
        session.stats_after(2, lambda: True)
    assert_same(state(session), before)
    assert session.profile.entry_count() == 3


def test_a_full_disk_keeps_the_memory_of_now(
    open_session: Opener, parts: list[Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_session()
    for part in parts[:3]:
        session.learn(part, None)
    before = state(session)

    def full(_entries: list[int], *, said: bool) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(session.profile, "delete_entries", full)
        with pytest.raises(StoreError):
            session.go_back(1)
    assert_same(state(session), before)
    assert session.profile.entry_count() == 3
