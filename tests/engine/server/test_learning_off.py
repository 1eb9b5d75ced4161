"""A conversation that is not learned from: no turn in it changes the memory, and the memory is read all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.client import EngineClient
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    Conversation,
    ConversationExport,
    ConversationLearn,
    ConversationList,
    Exported,
    JournalList,
    JournalPage,
    Sampling,
    TurnAgain,
    TurnContinue,
    TurnDone,
    TurnFeed,
    TurnSend,
)

WAIT = 110.0
SHORT = Sampling(max_tokens=10)


def lessons(engine: EngineClient) -> list[str]:
    return [e.text for e in engine.call("memory.journal", JournalPage(), JournalList, timeout=WAIT).entries]


def switch(engine: EngineClient, conversation: int, *, learn: bool) -> Conversation:
    asked = ConversationLearn(conversation=conversation, learn=learn)
    return engine.call("conversation.learn", asked, Conversation, timeout=WAIT)


def test_the_switch_is_kept_and_a_missing_conversation_refused(engine: EngineClient) -> None:
    done = engine.turn(TurnSend(text="Hello there.", sampling=SHORT), timeout=WAIT)
    assert switch(engine, done.conversation, learn=False).learns is False
    (found,) = engine.call("conversation.list", None, ConversationList, timeout=WAIT).conversations
    assert found.learns is False
    assert switch(engine, done.conversation, learn=True).learns is True
    with pytest.raises(EngineError) as caught:
        switch(engine, 999, learn=False)
    assert caught.value.code is ErrorCode.CONVERSATION_NOT_FOUND


def test_nothing_said_in_it_is_learned_and_the_memory_is_read(engine: EngineClient, tmp_path: Path) -> None:
    engine.call("turn.feed", TurnFeed(user="My cat is called Miso."), TurnDone, timeout=WAIT)
    before = lessons(engine)
    heard: list[str] = []
    first = engine.turn(
        TurnSend(text="My locker at the pool is number 417.", learns=False, sampling=SHORT),
        listen=lambda method, _: heard.append(method),
        timeout=WAIT,
    )
    assert (first.learned, "turn.learned" in heard) == (None, False)
    conversation = first.conversation
    asked = TurnSend(text="What is my cat called?", conversation=conversation, sampling=SHORT)
    second = engine.turn(asked, timeout=WAIT)
    assert "Miso" in second.reply
    assert second.recalled
    fed = TurnFeed(user="My dentist is Dr. Okafor.", conversation=conversation)
    assert engine.call("turn.feed", fed, TurnDone, timeout=WAIT).learned is None
    warm = Sampling(max_tokens=10, temperature=1.2, seed=3)
    again = engine.turn(TurnAgain(message=first.user_message, sampling=warm), timeout=WAIT)
    assert again.learned is None
    assert again.reply_message is not None
    if again.finish == "length":
        more = engine.turn(TurnContinue(message=again.reply_message, sampling=SHORT), timeout=WAIT)
        assert more.learned is None
    assert lessons(engine) == before

    path = tmp_path / "chat.json"
    export = ConversationExport(conversation=conversation, path=str(path), format="json")
    engine.call("conversation.export", export, Exported, timeout=WAIT)
    assert '"learns": false' in path.read_text(encoding="utf-8")

    switch(engine, conversation, learn=True)
    third = engine.turn(
        TurnSend(text="My boat is called Petrel.", conversation=conversation, sampling=SHORT), timeout=WAIT
    )
    assert third.learned is not None
    assert lessons(engine) == ["My boat is called Petrel.", *before], "what was said before stays unlearned"


def test_an_edit_in_it_neither_teaches_nor_forgets(engine: EngineClient) -> None:
    told = engine.turn(TurnSend(text="My parrot is called Quillon.", sampling=SHORT), timeout=WAIT)
    before = lessons(engine)
    switch(engine, told.conversation, learn=False)
    edit = TurnSend(text="My parrot is called Bosun.", edits=told.user_message, sampling=SHORT)
    edited = engine.turn(edit, timeout=WAIT)
    assert (edited.learned, edited.forgotten) == (None, [])
    assert lessons(engine) == before
    switch(engine, told.conversation, learn=True)
    edit = TurnSend(text="My parrot is called Bosun!", edits=told.user_message, sampling=SHORT)
    edited = engine.turn(edit, timeout=WAIT)
    assert edited.learned is not None
    assert len(edited.forgotten) == 1
    assert "My parrot is called Quillon." not in lessons(engine)
