"""The life of a memory over the pipe, with the real model: days, a moment beside now, going back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.client import EngineClient
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    Comparison,
    ConversationMessages,
    Forget,
    Forgotten,
    GoBack,
    JournalList,
    JournalPage,
    MemoryStats,
    MessageList,
    Moment,
    ProfileDuplicate,
    ProfileInfo,
    ProfileList,
    ProfileLook,
    ProfileName,
    ProfileOpened,
    Sampling,
    Timeline,
    TurnAnswer,
    TurnAsk,
    TurnDone,
    TurnFeed,
    WentBack,
)
from tests.engine.store.test_store_looks import PICTURE

WAIT = 110.0
TOLD = (
    "My cat is called Miso.",
    "My locker at the pool is number 417.",
    "I take the 7:42 train to work.",
    "My sister Aino works at the harbour.",
    "My dentist is Dr. Okafor.",
)


@pytest.fixture
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineClient]:
    client, _ = EngineClient.start(tmp_path_factory.mktemp("data"), "Mika", options=("--threads", "1"))
    for text in TOLD:
        client.call("turn.feed", TurnFeed(user=text, assistant="I see."), TurnDone, timeout=WAIT)
    yield client
    assert client.close() == 0


def lessons(engine: EngineClient) -> list[str]:
    entries = engine.call("memory.journal", JournalPage(), JournalList, timeout=WAIT).entries
    return [entry.text for entry in entries][::-1]


def refused(engine: EngineClient, method: str, asked: Moment | GoBack, kind: type) -> EngineError:
    with pytest.raises(EngineError) as caught:
        engine.call(method, asked, kind, timeout=WAIT)
    return caught.value


def test_a_moment_is_compared_and_gone_back_to(engine: EngineClient) -> None:
    before = engine.call("memory.stats", None, MemoryStats, timeout=WAIT)
    engine.call("memory.forget", Forget(entries=[2]), Forgotten, timeout=WAIT)
    life = engine.call("memory.timeline", None, Timeline, timeout=WAIT)
    assert (life.lessons, life.newest, life.forgotten) == (4, 5, 1)
    assert sum(day.lessons for day in life.days) == 4
    assert life.days[-1].last == 5

    found = engine.call("memory.compare", Moment(entry=3), Comparison, timeout=WAIT)
    assert (found.entry, found.lost, found.messages, found.forgotten) == (3, 2, 4, 1)
    assert [entry.text for entry in found.first] == list(TOLD[3:])
    assert (found.then.turns_learned, found.now.turns_learned) == (2, 4)
    assert 0 < found.then.neurons_used < found.now.neurons_used < before.neurons_used

    error = refused(engine, "memory.back", GoBack(entry=3), WentBack)
    assert error.code is ErrorCode.NOT_CONFIRMED
    assert "2 learned turns" in error.message
    assert len(lessons(engine)) == 4

    done = engine.call("memory.back", GoBack(entry=3, confirm=True), WentBack, timeout=WAIT)
    assert (done.entries, done.messages) == ([4, 5], 0)
    assert done.stats.neurons_used == found.then.neurons_used
    assert lessons(engine) == [TOLD[0], TOLD[2]]
    again = engine.call("memory.compare", Moment(entry=3), Comparison, timeout=WAIT)
    assert (again.lost, again.first) == (0, [])
    assert again.then == again.now == done.stats
    answer = engine.call(
        "turn.ask", TurnAsk(text="What is my cat called?", sampling=Sampling(max_tokens=8)), TurnAnswer, timeout=WAIT
    )
    assert "Miso" in answer.reply


def test_going_back_to_birth_with_what_was_said(engine: EngineClient) -> None:
    found = engine.call("memory.compare", Moment(date="2001-01-01T00:00:00Z"), Comparison, timeout=WAIT)
    assert (found.entry, found.lost, found.messages, found.then.neurons_used) == (0, 5, 10, 0)
    assert len(found.first) == 5
    done = engine.call("memory.back", GoBack(entry=0, said=True, confirm=True), WentBack, timeout=WAIT)
    assert (done.entries, done.messages, done.stats.neurons_used) == ([1, 2, 3, 4, 5], 10, 0)
    life = engine.call("memory.timeline", None, Timeline, timeout=WAIT)
    assert (life.days, life.lessons, life.newest, life.forgotten) == ([], 0, 0, 5)
    error = refused(engine, "memory.back", GoBack(entry=0, confirm=True), WentBack)
    assert error.code is ErrorCode.ENTRY_NOT_FOUND


def test_moments_that_are_none(engine: EngineClient) -> None:
    for asked, code in (
        (Moment(), ErrorCode.INVALID_PARAMS),
        (Moment(entry=1, date="2026-01-01"), ErrorCode.INVALID_PARAMS),
        (Moment(date="yesterday"), ErrorCode.INVALID_PARAMS),
        (Moment(entry=99), ErrorCode.ENTRY_NOT_FOUND),
        (Moment(entry=-1), ErrorCode.ENTRY_NOT_FOUND),
        (Moment(entry=2**70), ErrorCode.ENTRY_NOT_FOUND),
    ):
        assert refused(engine, "memory.compare", asked, Comparison).code is code, asked


def test_a_duplicate_of_the_open_profile_is_the_way_back(engine: EngineClient) -> None:
    asked = ProfileDuplicate(name="Mika", new_name="Mika before")
    twin = engine.call("profile.duplicate", asked, ProfileInfo, timeout=WAIT)
    assert engine.call("profile.list", None, ProfileList, timeout=WAIT).current == "Mika"
    engine.call("memory.back", GoBack(entry=1, confirm=True), WentBack, timeout=WAIT)
    opened = engine.call("profile.open", ProfileName(name=twin.name), ProfileOpened, timeout=WAIT)
    assert (opened.profile, opened.notices) == (twin, [])
    assert lessons(engine) == list(TOLD)
    said = engine.call("conversation.messages", ConversationMessages(conversation=1), MessageList, timeout=WAIT)
    assert said.messages[0].content == TOLD[0]


def test_looks_go_over_the_pipe(engine: EngineClient) -> None:
    look = ProfileLook(name="Mika", colour="#102030", picture=PICTURE)
    changed = engine.call("profile.look", look, ProfileInfo, timeout=WAIT)
    assert (changed.colour, changed.picture) == ("#102030", PICTURE)
    assert engine.call("profile.list", None, ProfileList, timeout=WAIT).profiles == [changed]
    without = engine.call("profile.look", ProfileLook(name="Mika", picture=b""), ProfileInfo, timeout=WAIT)
    assert (without.colour, without.picture) == ("#102030", b"")
    with pytest.raises(EngineError) as caught:
        engine.call("profile.look", ProfileLook(name="Mika", picture=b"GIF89a"), ProfileInfo, timeout=WAIT)
    assert caught.value.code is ErrorCode.PROFILE_LOOK
