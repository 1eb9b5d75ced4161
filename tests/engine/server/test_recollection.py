"""Asking the memory itself, and confirming what it says."""

from __future__ import annotations

import pytest

from engine.client import EngineClient
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    ConfirmEntry,
    ConversationList,
    Forget,
    Forgotten,
    JournalList,
    JournalPage,
    Learned,
    MemoryStats,
    Recollect,
    Recollection,
    TurnDone,
    TurnFeed,
)
from tests.engine.conftest import StartEngine

WAIT = 110.0
QUESTION = Recollect(question="What is my cat called?")
TOLD = "We have a cat, her name is Miso."


def journal(engine: EngineClient) -> list[tuple[int, str]]:
    found = engine.call("memory.journal", JournalPage(), JournalList, timeout=WAIT).entries
    return [(entry.id, entry.text) for entry in found]


def stats(engine: EngineClient) -> MemoryStats:
    return engine.call("memory.stats", None, MemoryStats, timeout=WAIT)


def test_recollect_confirm_forget(start_engine: StartEngine) -> None:
    engine, _ = start_engine()
    silent = engine.call("memory.recollect", QUESTION, Recollection, timeout=WAIT)
    assert (silent.text, silent.recalled) == ("", [])
    engine.call("turn.feed", TurnFeed(user="My locker at the pool is number 417."), TurnDone, timeout=WAIT)
    told = engine.call("turn.feed", TurnFeed(user=TOLD), TurnDone, timeout=WAIT).learned
    assert told is not None
    assert told.entry == 2
    before = stats(engine)

    found = engine.call("memory.recollect", QUESTION, Recollection, timeout=WAIT)
    assert "Miso" in found.text
    assert [(one.entry.id, one.entry.text) for one in found.recalled] == [(2, TOLD)]
    conversations = engine.call("conversation.list", None, ConversationList, timeout=WAIT).conversations
    assert len(conversations) == 2, "the question left no trace"
    assert len(journal(engine)) == 2

    confirmed = engine.call("memory.confirm", ConfirmEntry(entry=2), Learned, timeout=WAIT)
    assert confirmed.entry == 3
    assert confirmed.surprise == 0.0, "it knew that by heart"
    assert confirmed.strengthened == len(confirmed.tokens) > 0
    assert confirmed.recruited == confirmed.overwritten == 0
    assert journal(engine)[0] == (3, TOLD)
    assert stats(engine).neurons_used == before.neurons_used, "nothing grew"
    again = engine.call("memory.recollect", QUESTION, Recollection, timeout=WAIT)
    assert [one.entry.id for one in again.recalled] == [3]

    gone = engine.call("memory.forget", Forget(entries=[3], repeats=True), Forgotten, timeout=WAIT)
    assert sorted(entry.id for entry in gone.entries) == [2, 3]
    assert "Miso" not in engine.call("memory.recollect", QUESTION, Recollection, timeout=WAIT).text
    with pytest.raises(EngineError) as caught:
        engine.call("memory.confirm", ConfirmEntry(entry=2), Learned, timeout=WAIT)
    assert caught.value.code is ErrorCode.ENTRY_NOT_FOUND


def test_taking_a_confirmation_back_is_exact(start_engine: StartEngine) -> None:
    """Forgetting it alone: the state is that of a memory which heard the turn once."""
    engine, _ = start_engine()
    engine.call("turn.feed", TurnFeed(user=TOLD), TurnDone, timeout=WAIT)
    engine.call("memory.confirm", ConfirmEntry(entry=1), Learned, timeout=WAIT)
    engine.call("memory.forget", Forget(entries=[2]), Forgotten, timeout=WAIT)
    found = engine.call("memory.recollect", QUESTION, Recollection, timeout=WAIT)
    assert [one.entry.id for one in found.recalled] == [1]
    once = engine.call("memory.confirm", ConfirmEntry(entry=1), Learned, timeout=WAIT)
    assert once.strengthened == len(once.tokens), "as if it had never been confirmed"
