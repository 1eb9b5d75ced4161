"""A document is a list of ordinary lessons: stopped, broken off, read again, forgotten, learned anew, carried away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backbone import Backbone
from engine.bit_ttt import Memory
from engine.errors import DocumentError, EngineError, ErrorCode, StoreError
from engine.protocol import DocumentRead, TurnFeed
from engine.session import ImportCheck, Session
from engine.store import ProfileStore, StateIdentity
from engine.turn import TurnRunner

LINES = (
    "The boat is called Sirkka, after my aunt.",
    "Its berth is number 22 at the north pier.",
    "The engine takes diesel, and 14 litres of it.",
    "Mirela has the spare key of the cabin.",
)


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    made = ProfileStore(tmp_path / "data")
    made.create("Mika")
    return made


@pytest.fixture
def session(store: ProfileStore, newborn: Memory, identity: StateIdentity) -> Iterator[Session]:
    opened = Session(store.open("Mika", identity), newborn, lambda tokens: "")
    yield opened
    opened.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "boat.txt"
    path.write_text("\n".join(LINES), encoding="utf-8")
    return path


@pytest.fixture
def runner(backbone: Backbone) -> TurnRunner:
    return TurnRunner(backbone, lambda method, params: None)


def read(
    runner: TurnRunner, session: Session, path: Path, cancelled: Callable[[], bool] = lambda: False
) -> tuple[DocumentRead, list[tuple[str, int, int]]]:
    told: list[tuple[str, int, int]] = []
    done = runner.read(session, path, cancelled, lambda *progress: told.append(progress))
    return done, told


def state(session: Session) -> dict[str, Any]:
    return {name: array.copy() for name, array in session.memory.fast.arrays().items()}


def assert_same(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert left.keys() == right.keys()
    for name in left:
        assert np.array_equal(left[name], right[name]), name


def counts(done: DocumentRead) -> tuple[int, int, int, int]:
    return done.passages, done.learned, done.known, done.idle


def test_each_passage_is_a_lesson_and_a_message_that_nobody_answers(
    runner: TurnRunner, session: Session, file: Path
) -> None:
    done, told = read(runner, session, file)
    assert counts(done) == (4, 4, 0, 0)
    assert (done.name, done.cancelled, done.stats.turns_learned) == ("boat.txt", False, 4)
    assert told == [("passages", number, 4) for number in range(5)]
    (conversation,) = session.profile.conversations()
    assert (conversation.id, conversation.title) == (done.conversation, "boat.txt")
    said = session.profile.messages(conversation.id)
    assert [(one.role, one.content, one.finish) for one in said] == [("user", line, "stop") for line in LINES]
    entries = session.profile.journal()
    assert [(entry.text, entry.message) for entry in reversed(entries)] == [(one.content, one.id) for one in said]
    assert {document.name for document in session.profile.documents([one.id for one in said]).values()} == {"boat.txt"}
    assert len(session.profile.journal(document=conversation.id)) == 4
    assert session.profile.journal(document=conversation.id + 1) == []


def test_only_its_passages_belong_to_a_document(runner: TurnRunner, session: Session, file: Path) -> None:
    done, _ = read(runner, session, file)
    fed = runner.feed(
        session, TurnFeed(user="My cat is called Miso.", conversation=done.conversation), 1, lambda: False
    )
    assert session.profile.documents([fed.user_message]) == {}
    assert done.conversation is not None
    assert len(session.profile.journal(document=done.conversation)) == 4
    assert session.profile.entry_count() == 5


def test_forgetting_a_document_gives_the_state_before_it(runner: TurnRunner, session: Session, file: Path) -> None:
    runner.feed(session, TurnFeed(user="My cat is called Miso."), 1, lambda: False)
    before = state(session)
    done, _ = read(runner, session, file)
    assert not np.array_equal(state(session)["owner"], before["owner"])
    assert done.conversation is not None
    document = [entry.id for entry in session.profile.journal(document=done.conversation)]
    _, messages = session.forget(document, said=True)
    assert messages == 4
    assert_same(state(session), before)
    assert [one.title for one in session.profile.conversations()] == ["My cat is called Miso."]


def test_what_is_learned_when_it_is_stopped_stays_and_the_next_reading_goes_on(
    runner: TurnRunner, session: Session, file: Path, newborn: Memory, store: ProfileStore, identity: StateIdentity
) -> None:
    asked = iter([False] * 1_000)
    stop: list[bool] = []

    def tell(phase: str, done: int, count: int) -> None:
        if phase == "passages" and done == 2:
            stop.append(True)

    done = runner.read(session, file, lambda: bool(stop) or next(asked), tell)
    assert (counts(done), done.cancelled) == ((4, 2, 0, 0), True)
    assert [entry.text for entry in reversed(session.profile.journal())] == list(LINES[:2])
    again, _ = read(runner, session, file)
    assert (counts(again), again.cancelled) == ((4, 2, 2, 0), False)
    assert again.conversation == done.conversation, "the same document"
    assert [one.content for one in session.profile.messages(done.conversation or 0)] == list(LINES)
    third, _ = read(runner, session, file)
    assert (counts(third), third.conversation) == ((4, 0, 4, 0), done.conversation)
    stopped = state(session)
    store.create("Other")
    other = Session(store.open("Other", identity), newborn, lambda tokens: "")
    try:
        read(runner, other, file)
        assert_same(state(other), stopped)
    finally:
        other.close()


def test_a_reading_that_is_stopped_at_once_leaves_nothing(runner: TurnRunner, session: Session, file: Path) -> None:
    done, _ = read(runner, session, file, lambda: True)
    assert (counts(done), done.cancelled, done.conversation) == ((0, 0, 0, 0), True, None)
    assert session.profile.conversations() == []


def test_a_new_version_of_a_file_teaches_what_is_new(runner: TurnRunner, session: Session, file: Path) -> None:
    first, _ = read(runner, session, file)
    file.write_text("\n".join([LINES[0], "The boat was painted green in May.", *LINES[2:]]), encoding="utf-8")
    second, _ = read(runner, session, file)
    assert (counts(second), second.conversation) == ((4, 1, 3, 0), first.conversation)
    other = file.with_name("other")
    other.mkdir()
    (other / "boat.txt").write_text("A boat needs a captain called Ossian.", encoding="utf-8")
    third, _ = read(runner, session, other / "boat.txt")
    assert third.conversation != first.conversation, "another file of that name"


def test_a_full_disk_ends_it_and_says_how_far_it_came(
    runner: TurnRunner, session: Session, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = session.profile.append_entry
    monkeypatch.setattr(
        session.profile,
        "append_entry",
        lambda entry: append(entry) if session.profile.entry_count() < 2 else _full(),
    )
    with pytest.raises(StoreError) as full:
        read(runner, session, file)
    assert full.value.hint == "Make room. 2 of 4 passages are learned."
    monkeypatch.undo()
    assert session.profile.entry_count() == 2
    done, _ = read(runner, session, file)
    assert counts(done) == (4, 2, 2, 0)
    assert len(session.profile.messages(done.conversation or 0)) == 4, "the one that was said already is not said again"


def _full() -> int:
    raise StoreError("The disk is full.", "Make room.")


def test_a_document_that_cannot_be_read_leaves_nothing(runner: TurnRunner, session: Session, tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 and no more")
    with pytest.raises(DocumentError) as refused:
        read(runner, session, tmp_path / "bad.pdf")
    assert refused.value.code is ErrorCode.DOCUMENT_DAMAGED
    assert (session.profile.conversations(), session.profile.journal()) == ([], [])


def test_a_document_is_learned_anew_like_everything_else(
    runner: TurnRunner, session: Session, newborn: Memory, file: Path
) -> None:
    read(runner, session, file)
    before = state(session)
    assert session.relearn(lambda text: runner.encode(newborn, text), lambda: False) == 4
    assert_same(state(session), before)


def test_a_document_goes_with_the_profile(
    runner: TurnRunner,
    session: Session,
    store: ProfileStore,
    newborn: Memory,
    identity: StateIdentity,
    file: Path,
    tmp_path: Path,
) -> None:
    done, _ = read(runner, session, file)
    session.export(tmp_path / "me.techo", overwrite=False)
    check = ImportCheck(newborn)
    store.import_file(tmp_path / "me.techo", "Again", identity, check.arrays, check.payload)
    again = Session(store.open("Again", identity), newborn, lambda tokens: "")
    try:
        assert_same(state(again), state(session))
        assert len(again.profile.journal(document=done.conversation)) == 4
        assert [one.finish for one in again.profile.messages(done.conversation or 0)] == ["stop"] * 4
    finally:
        again.close()


def test_a_document_whose_chat_is_deleted_keeps_its_name_while_its_lessons_stay(
    runner: TurnRunner, session: Session, file: Path
) -> None:
    done, _ = read(runner, session, file)
    assert done.conversation is not None
    session.profile.delete_conversation(done.conversation)
    entries = session.profile.journal()
    assert len(entries) == 4
    passages = [entry.message for entry in entries if entry.message]
    known = session.profile.documents(passages)
    assert [document.name for document in known.values()] == ["boat.txt"] * 4
    session.profile.restore_conversation(done.conversation)
    assert session.profile.documents(passages) == known
    with pytest.raises(EngineError):
        session.profile.conversation(done.conversation + 1)


def test_a_passage_with_nothing_worth_a_neuron_is_said_and_not_learned(
    runner: TurnRunner, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.bit_ttt.memory.WORTHWHILE", 1.0)  # a log-probability is never above 0
    path = tmp_path / "a.txt"
    path.write_text(LINES[0])
    done, _ = read(runner, session, path)
    assert counts(done) == (1, 0, 0, 1)
    assert (session.profile.entry_count(), len(session.profile.conversations())) == (0, 1)
