"""Conversations over the pipe: rename, pin, delete with undo, search."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.client import EngineClient
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    PROTOCOL_VERSION,
    Conversation,
    ConversationDeleted,
    ConversationId,
    ConversationList,
    ConversationPin,
    ConversationRename,
    ConversationSearch,
    Hit,
    HitList,
    JournalList,
    JournalPage,
    MessageList,
    Sampling,
    TurnDone,
    TurnFeed,
    TurnSend,
)
from engine.server import service as service_module
from engine.server.service import Call, Options, Service
from engine.session import Session
from engine.store import UNDO_SECONDS
from tests.engine.conftest import StartEngine
from tests.engine.server.test_server import Harness
from tests.engine.store.samples import IDENTITY

WAIT = 110.0


def feed(engine: EngineClient, user: str, assistant: str = "I see.", conversation: int | None = None) -> TurnDone:
    given = TurnFeed(user=user, assistant=assistant, conversation=conversation, learn=False)
    return engine.call("turn.feed", given, TurnDone, timeout=WAIT)


def listed(engine: EngineClient) -> list[Conversation]:
    return engine.call("conversation.list", None, ConversationList, timeout=WAIT).conversations


def search(engine: EngineClient, query: str, limit: int = 50, before: int | None = None) -> HitList:
    asked = ConversationSearch(query=query, limit=limit, before=before)
    return engine.call("conversation.search", asked, HitList, timeout=WAIT)


def delete(engine: EngineClient, conversation: int) -> ConversationDeleted:
    asked = ConversationId(conversation=conversation)
    return engine.call("conversation.delete", asked, ConversationDeleted, timeout=WAIT)


def restore(engine: EngineClient, conversation: int) -> Conversation:
    return engine.call("conversation.restore", ConversationId(conversation=conversation), Conversation, timeout=WAIT)


def test_rename_and_pin(engine: EngineClient) -> None:
    done = feed(engine, "My dog is called Zuzu.")
    asked = ConversationRename(conversation=done.conversation, title="  The\ndog ")
    renamed = engine.call("conversation.rename", asked, Conversation, timeout=WAIT)
    assert (renamed.title, renamed.messages, renamed.pinned) == ("The dog", 2, False)
    pin = ConversationPin(conversation=done.conversation)
    assert engine.call("conversation.pin", pin, Conversation, timeout=WAIT).pinned
    assert listed(engine)[0] == engine.call("conversation.pin", pin, Conversation, timeout=WAIT)
    for title in ("", " \n", "\x00\u2028"):
        empty = ConversationRename(conversation=done.conversation, title=title)
        with pytest.raises(EngineError) as refused:
            engine.call("conversation.rename", empty, Conversation, timeout=WAIT)
        assert refused.value.code is ErrorCode.INVALID_PARAMS
        assert refused.value.hint


def test_search_finds_what_was_said_and_answered(engine: EngineClient) -> None:
    done = feed(engine, "My boat Periwinkle lies in the harbour.", "A fine name, Periwinkle.")
    found = search(engine, "PERIWINKLE")
    assert not found.more
    reply, said = found.hits
    assert isinstance(said, Hit)
    assert (said.conversation, said.message, said.role) == (done.conversation, done.user_message, "user")
    assert (reply.message, reply.role, reply.title) == (done.reply_message, "assistant", said.title)
    assert [said.snippet[begin:end] for begin, end in said.marks] == ["Periwinkle"]
    first = search(engine, "periwinkle", limit=1)
    assert (first.hits, first.more) == ([reply], True)
    assert search(engine, "periwinkle", limit=1, before=reply.message).hits == [said]
    assert search(engine, "   ").hits == []


@pytest.mark.parametrize("asked", [ConversationSearch(query="x", limit=0), ConversationSearch(query="x" * 1001)])
def test_a_search_out_of_bounds_is_refused(engine: EngineClient, asked: ConversationSearch) -> None:
    with pytest.raises(EngineError) as refused:
        engine.call("conversation.search", asked, HitList, timeout=WAIT)
    assert refused.value.code is ErrorCode.INVALID_PARAMS


def test_delete_and_undo(engine: EngineClient) -> None:
    told = TurnFeed(user="My parrot is called Quillon.", assistant="What a name!")
    done = engine.call("turn.feed", told, TurnDone, timeout=WAIT)
    before = listed(engine)
    gone = delete(engine, done.conversation)
    assert (gone.conversation, gone.messages) == (done.conversation, 2)
    assert gone.title == "My parrot is called Quillon."
    assert gone.undo_seconds >= 10
    assert done.conversation not in [found.id for found in listed(engine)]
    assert search(engine, "quillon").hits == []
    for method, params in (
        ("conversation.messages", ConversationId(conversation=done.conversation)),
        ("turn.feed", TurnFeed(user="And me?", conversation=done.conversation)),
        ("turn.send", TurnSend(text="And me?", conversation=done.conversation)),
    ):
        with pytest.raises(EngineError) as refused:
            engine.wait_for(engine.send(method, params), timeout=WAIT)
        assert refused.value.code is ErrorCode.CONVERSATION_NOT_FOUND
        assert refused.value.hint
    assert restore(engine, done.conversation) == before[0]
    assert listed(engine) == before
    assert len(search(engine, "quillon").hits) == 1
    learned = engine.call("memory.journal", JournalPage(), JournalList, timeout=WAIT).entries
    assert [entry.text for entry in learned] == ["My parrot is called Quillon."]
    delete(engine, done.conversation)
    learned = engine.call("memory.journal", JournalPage(), JournalList, timeout=WAIT).entries
    assert [entry.text for entry in learned] == ["My parrot is called Quillon."], "what was learned stays learned"


def test_a_reply_that_is_being_generated_is_stopped(engine: EngineClient) -> None:
    """The deletion neither waits for 400 tokens nor takes the ground from under the turn."""
    turn = engine.send("turn.send", TurnSend(text="Tell me a long story.", sampling=Sampling(max_tokens=400, seed=1)))
    deltas, conversation = 0, 0
    while deltas < 3:
        message = engine.receive(WAIT)
        if message["method"] == "turn.accepted":
            conversation = message["params"]["conversation"]
        deltas += message["method"] == "turn.delta"
    deletion = engine.send("conversation.delete", ConversationId(conversation=conversation))
    done = engine.wait_for(turn, timeout=WAIT)["result"]
    assert done["finish"] == "cancelled"
    assert engine.wait_for(deletion, timeout=WAIT)["result"]["messages"] == 2
    restored = restore(engine, conversation)
    assert restored.messages == 2
    asked = ConversationId(conversation=conversation)
    found = engine.call("conversation.messages", asked, MessageList, timeout=WAIT).messages
    assert (found[1].content, found[1].finish) == (done["reply"], "cancelled")


def test_deleting_another_conversation_stops_nothing(engine: EngineClient) -> None:
    other = feed(engine, "Something else.").conversation
    turn = engine.send("turn.send", TurnSend(text="What is two and two?", sampling=Sampling(max_tokens=12)))
    deletion = engine.send("conversation.delete", ConversationId(conversation=other))
    assert engine.wait_for(turn, timeout=WAIT)["result"]["finish"] != "cancelled"
    assert engine.wait_for(deletion, timeout=WAIT)["result"]["conversation"] == other


def test_after_the_end_of_the_engine_it_is_really_gone(start_engine: StartEngine, tmp_path: Path) -> None:
    first, _ = start_engine()
    done = feed(first, "鑰匙藏在罐裡", "罐裡")
    kept = feed(first, "My dog is called Zuzu.")
    delete(first, done.conversation)
    assert first.close() == 0
    on_disk = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert b"Zuzu" in on_disk
    for character in "鑰匙藏在罐裡":
        assert character.encode() not in on_disk
    again, _ = start_engine()
    assert [found.id for found in listed(again)] == [kept.conversation]
    with pytest.raises(EngineError) as refused:
        restore(again, done.conversation)
    assert refused.value.code is ErrorCode.CONVERSATION_NOT_FOUND
    assert refused.value.hint


def test_after_a_crash_it_can_still_be_undone(start_engine: StartEngine) -> None:
    """The window that offers to undo outlives its engine."""
    first, _ = start_engine()
    done = feed(first, "My dog is called Zuzu.")
    delete(first, done.conversation)
    first.kill()
    again, hello = start_engine()
    assert hello.notices == []
    assert listed(again) == []
    assert restore(again, done.conversation).messages == 2


# ------------------------------------------------------------------------------------------ when nobody undoes


def test_what_nobody_undoes_is_erased_when_its_time_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(service_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    service = Service(Options(tmp_path), lambda method, params: None)
    store = service._store
    store.create("Test")
    call = Call(0.0, lambda: False)
    kept: list[float] = []
    with store.open("Test", IDENTITY) as profile:
        purge = profile.purge_deleted

        def purge_all(keep: float = 0.0) -> None:
            kept.append(keep)
            purge()

        def due() -> float | None:  # mypy would take a property for unchanging
            return service.tidy_in

        monkeypatch.setattr(profile, "purge_deleted", purge_all)
        service._session = cast(Session, SimpleNamespace(profile=profile, take_notices=list))
        assert due() is None
        for title in ("one", "two"):
            profile.create_conversation(title)
        service.handlers["conversation.delete"](ConversationId(conversation=1), call)
        assert due() == UNDO_SECONDS
        service.tidy()
        assert profile.deleted() == 1
        now[0] += UNDO_SECONDS
        assert due() == 0.0
        service.tidy()
        assert profile.deleted() == 0
        assert due() is None
        assert kept == [UNDO_SECONDS - 1]
        with pytest.raises(EngineError) as refused:
            service.handlers["conversation.restore"](ConversationId(conversation=1), call)
        assert refused.value.code is ErrorCode.CONVERSATION_NOT_FOUND
        assert [found.title for found in profile.conversations()] == ["two"]


def test_a_full_disk_delays_the_erasing_and_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(service_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    service = Service(Options(tmp_path), lambda method, params: None)
    service._store.create("Test")
    full = [True]
    with service._store.open("Test", IDENTITY) as profile:
        service._session = cast(Session, SimpleNamespace(profile=profile, take_notices=list))
        profile.create_conversation("one")
        service.handlers["conversation.delete"](ConversationId(conversation=1), Call(0.0, lambda: False))
        purge = profile.purge_deleted

        def refuse(keep: float = 0.0) -> None:
            if full[0]:
                raise EngineError("full", "", code=ErrorCode.STORAGE_FAILED)
            purge()

        monkeypatch.setattr(profile, "purge_deleted", refuse)
        now[0] += UNDO_SECONDS
        service.tidy()
        assert profile.deleted() == 1
        assert service.tidy_in == UNDO_SECONDS
        full[0] = False
        now[0] += UNDO_SECONDS
        service.tidy()
        assert profile.deleted() == 0


def test_an_idle_server_tidies_when_it_is_time(tmp_path: Path) -> None:
    harness = Harness(tmp_path)
    try:
        service: Any = harness.server._service
        tidied: list[float] = []

        def tidy() -> None:
            if service._tidy_at is not None and service._tidy_at <= time.monotonic():
                service._tidy_at = None
                tidied.append(time.monotonic())

        service.tidy = tidy
        service._tidy_at = time.monotonic() + 0.2
        harness.say(id=1, method="engine.status")
        # It wakes the worker, which then waits anew.
        harness.say(id=2, method="initialize", params={"protocol": PROTOCOL_VERSION})
        assert "result" in harness.hear(2)
        deadline = time.monotonic() + 10
        while not tidied and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(tidied) == 1
    finally:
        harness.close()
