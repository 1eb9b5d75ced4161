"""Another reply, an edited message, more of a reply, deleting and exporting: over the pipe, with the real model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.client import EngineClient
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    Conversation,
    ConversationExport,
    ConversationList,
    ConversationMessages,
    ConversationSearch,
    Exported,
    HitList,
    JournalList,
    JournalPage,
    Message,
    MessageDeleted,
    MessageId,
    MessageList,
    Sampling,
    TurnAccepted,
    TurnAgain,
    TurnContinue,
    TurnDone,
    TurnFeed,
    TurnSend,
)
from tests.engine.conftest import StartEngine

WAIT = 110.0
SHORT = Sampling(max_tokens=12)


def shown(engine: EngineClient, conversation: int, *, every: bool = False) -> list[Message]:
    asked = ConversationMessages(conversation=conversation, every=every)
    return engine.call("conversation.messages", asked, MessageList, timeout=WAIT).messages


def texts(engine: EngineClient, conversation: int) -> list[str]:
    return [message.content for message in shown(engine, conversation)]


def learned_from(engine: EngineClient, message: int) -> list[str]:
    entries = engine.call("memory.journal", JournalPage(limit=1000), JournalList, timeout=WAIT).entries
    return [entry.text for entry in entries if entry.message == message]


def count(engine: EngineClient) -> int:
    return len(engine.call("memory.journal", JournalPage(limit=1000), JournalList, timeout=WAIT).entries)


def send(engine: EngineClient, text: str, conversation: int | None = None, edits: int | None = None) -> TurnDone:
    return engine.turn(TurnSend(text=text, conversation=conversation, sampling=SHORT, edits=edits), timeout=WAIT)


def again(engine: EngineClient, message: int, seed: int = 1) -> TurnDone:
    sampling = Sampling(max_tokens=12, temperature=1.2, seed=seed)
    return engine.turn(TurnAgain(message=message, sampling=sampling), timeout=WAIT)


def feed(engine: EngineClient, user: str, assistant: str | None, conversation: int | None = None) -> TurnDone:
    given = TurnFeed(user=user, assistant=assistant, conversation=conversation, learn=False)
    return engine.call("turn.feed", given, TurnDone, timeout=WAIT)


def refused(engine: EngineClient, request: TurnSend | TurnAgain | TurnContinue) -> ErrorCode:
    with pytest.raises(EngineError) as caught:
        engine.turn(request, timeout=WAIT)
    assert caught.value.hint
    return caught.value.code


def test_another_reply_is_a_version_and_no_second_lesson(engine: EngineClient) -> None:
    first = send(engine, "My parrot is called Quillon.")
    lessons = count(engine)
    assert learned_from(engine, first.user_message) != []
    heard: list[str] = []
    sampling = Sampling(max_tokens=12, temperature=1.2, seed=1)
    assert first.reply_message is not None
    second = engine.turn(
        TurnAgain(message=first.reply_message, sampling=sampling),
        listen=lambda method, _: heard.append(method),
        timeout=WAIT,
    )
    assert heard[:2] == ["turn.accepted", "turn.delta"] or heard[:3] == ["engine.state", "turn.accepted", "turn.delta"]
    assert "turn.learned" not in heard
    assert (second.user_message, second.learned) == (first.user_message, None)
    assert count(engine) == lessons
    assert texts(engine, first.conversation) == ["My parrot is called Quillon.", second.reply]
    assert shown(engine, first.conversation)[1].versions == [first.reply_message, second.reply_message]
    # What this very turn has taught is no memory of anything.
    assert set(second.recalled).isdisjoint({first.learned.entry if first.learned else None})

    back = engine.call("message.show", MessageId(message=first.reply_message), MessageList, timeout=WAIT).messages
    assert [message.content for message in back] == ["My parrot is called Quillon.", first.reply]
    third = send(engine, "Do you like it?", first.conversation)
    assert [message.id for message in shown(engine, first.conversation)] == [
        first.user_message,
        first.reply_message,
        third.user_message,
        third.reply_message,
    ]


def test_the_context_is_the_branch_that_is_shown(engine: EngineClient) -> None:
    """Greedy: with the same branch before it the same turn gets the same reply, and another one with another branch."""
    told = feed(engine, "Let us play a game: say a colour.", "Red, red, red, red, red, red.")
    question = "Say the colour again, please."
    replies = {}
    for colour in ("blue", "green"):
        edited = engine.turn(
            TurnSend(text=f"Say only this word: {colour}.", edits=told.user_message, sampling=SHORT, learn=False),
            timeout=WAIT,
        )
        done = engine.turn(
            TurnSend(text=question, conversation=told.conversation, sampling=SHORT, learn=False, recall=False),
            timeout=WAIT,
        )
        path = [message.id for message in shown(engine, told.conversation)]
        assert path == [edited.user_message, edited.reply_message, done.user_message, done.reply_message]
        replies[done.user_message] = (done.reply, done.usage.prompt_tokens + done.usage.cached_tokens)
    assert len({reply for reply, _ in replies.values()}) == 2
    for message, expected in replies.items():
        greedy = engine.turn(TurnAgain(message=message, sampling=SHORT, learn=False, recall=False), timeout=WAIT)
        assert (greedy.reply, greedy.usage.prompt_tokens + greedy.usage.cached_tokens) == expected


def test_an_edited_message_is_learned_and_its_old_version_forgotten(engine: EngineClient) -> None:
    first = send(engine, "My locker number is 417.")
    after = send(engine, "The pool opens at nine.", first.conversation)
    assert learned_from(engine, first.user_message) != []
    edited = send(engine, "My locker number is 582.", edits=first.user_message)
    assert edited.conversation == first.conversation
    assert first.learned is not None
    assert edited.forgotten == [first.learned.entry]
    assert learned_from(engine, first.user_message) == []
    assert learned_from(engine, edited.user_message) == ["My locker number is 582."]
    assert learned_from(engine, after.user_message) != []  # only what was edited
    assert texts(engine, first.conversation)[0] == "My locker number is 582."
    assert len(shown(engine, first.conversation)) == 2
    assert len(shown(engine, first.conversation, every=True)) == 6
    listed = engine.call("conversation.list", None, ConversationList, timeout=WAIT).conversations
    assert next(one.title for one in listed if one.id == first.conversation) == "My locker number is 582."
    lessons = count(engine)
    engine.call("message.show", MessageId(message=first.user_message), MessageList, timeout=WAIT)
    assert texts(engine, first.conversation)[0] == "My locker number is 417."
    assert count(engine) == lessons  # going back teaches nothing


def test_editing_without_learning_leaves_the_memory_alone(engine: EngineClient) -> None:
    first = send(engine, "My bicycle is green.")
    asked = TurnSend(text="My bicycle is blue.", edits=first.user_message, sampling=SHORT, learn=False)
    edited = engine.turn(asked, timeout=WAIT)
    assert (edited.learned, edited.forgotten) == (None, [])
    assert learned_from(engine, first.user_message) != []


def test_a_reply_goes_on_where_it_was_cut_off(engine: EngineClient) -> None:
    """Greedily the two parts together are what would have come in one."""
    whole = engine.turn(
        TurnSend(text="Tell me about the sea.", sampling=Sampling(max_tokens=24), learn=False, recall=False),
        timeout=WAIT,
    )
    first = engine.turn(
        TurnSend(text="Tell me about the sea.", sampling=SHORT, learn=False, recall=False), timeout=WAIT
    )
    assert (first.finish, whole.finish) == ("length", "length")
    assert first.reply_message is not None
    heard: list[str] = []
    more = engine.turn(
        TurnContinue(message=first.reply_message, sampling=SHORT, recall=False),
        listen=lambda method, params: heard.append(params["text"]) if method == "turn.delta" else None,
        timeout=WAIT,
    )
    assert more.reply == whole.reply
    assert first.reply + "".join(heard) == more.reply
    assert (more.reply_message, more.learned) == (first.reply_message, None)
    assert texts(engine, first.conversation) == ["Tell me about the sea.", more.reply]


def test_what_cannot_be_done_is_refused(engine: EngineClient) -> None:
    done = feed(engine, "Good morning!", "Good morning.")
    assert done.reply_message is not None
    finished, said = done.reply_message, done.user_message
    assert refused(engine, TurnContinue(message=finished)) is ErrorCode.INVALID_PARAMS
    assert refused(engine, TurnContinue(message=said)) is ErrorCode.INVALID_PARAMS
    assert refused(engine, TurnSend(text="x", edits=finished)) is ErrorCode.INVALID_PARAMS
    assert refused(engine, TurnSend(text="x", edits=said, conversation=999)) is ErrorCode.INVALID_PARAMS
    assert refused(engine, TurnSend(text=" ", edits=said)) is ErrorCode.INVALID_PARAMS
    for request in (TurnAgain(message=999), TurnContinue(message=999), TurnSend(text="x", edits=999)):
        assert refused(engine, request) is ErrorCode.MESSAGE_NOT_FOUND
    cut = engine.turn(TurnSend(text="Count to ten.", sampling=SHORT, learn=False), timeout=WAIT)
    assert cut.reply_message is not None
    feed(engine, "Thanks.", "You are welcome.", cut.conversation)
    assert refused(engine, TurnContinue(message=cut.reply_message)) is ErrorCode.INVALID_PARAMS
    assert texts(engine, done.conversation) == ["Good morning!", "Good morning."]


def test_another_reply_that_is_stopped_before_its_first_word_is_none(engine: EngineClient) -> None:
    done = feed(engine, "Read this: " + "the tide comes in and goes out again. " * 40, "I have read it.")
    asked = engine.send("turn.again", TurnAgain(message=done.user_message))
    engine.cancel()
    answer = engine.wait_for(asked, timeout=WAIT)["result"]
    if answer["reply"] == "":
        assert (answer["finish"], answer["reply_message"]) == ("cancelled", None)
        assert texts(engine, done.conversation)[1] == "I have read it."
    else:  # it was faster than the stop
        assert texts(engine, done.conversation)[1] == answer["reply"]


def test_a_message_is_deleted_and_brought_back(engine: EngineClient) -> None:
    done = feed(engine, "My canoe is called Periwinkle.", "A fine name.")
    more = feed(engine, "It is blue.", "Like the sea.", done.conversation)

    def found() -> list[int]:
        asked = ConversationSearch(query="periwinkle")
        return [hit.message for hit in engine.call("conversation.search", asked, HitList, timeout=WAIT).hits]

    def delete(message: int) -> MessageDeleted:
        return engine.call("message.delete", MessageId(message=message), MessageDeleted, timeout=WAIT)

    gone = delete(more.user_message)
    assert (gone.messages, gone.whole, gone.conversation) == (2, False, done.conversation)
    assert gone.undo_seconds > 10
    assert texts(engine, done.conversation) == ["My canoe is called Periwinkle.", "A fine name."]
    assert found() == [done.user_message]
    gone = delete(done.user_message)
    assert (gone.messages, gone.whole, gone.title) == (2, True, "My canoe is called Periwinkle.")
    assert found() == []
    restore = MessageId(message=done.user_message)
    assert engine.call("message.restore", restore, Conversation, timeout=WAIT).messages == 2
    restore = MessageId(message=more.user_message)
    assert engine.call("message.restore", restore, Conversation, timeout=WAIT).messages == 4
    assert texts(engine, done.conversation)[-1] == "Like the sea."


def test_a_conversation_is_exported(engine: EngineClient, tmp_path: Path) -> None:
    done = feed(engine, "明日は歯医者です。", "Noted.")
    assert done.reply_message is not None
    other = again(engine, done.reply_message)

    def export(name: str, kind: str, *, overwrite: bool = False) -> Exported:
        asked = ConversationExport(
            conversation=done.conversation,
            path=str(tmp_path / name),
            format=kind,  # type: ignore[arg-type]
            overwrite=overwrite,
            you="あなた",
        )
        return engine.call("conversation.export", asked, Exported, timeout=WAIT)

    written = export("teeth.md", "markdown")
    text = (tmp_path / "teeth.md").read_text(encoding="utf-8")
    assert written.bytes == len(text.encode())
    assert text.startswith("# 明日は歯医者です。\n\n## あなた\n\n*20")
    assert other.reply in text
    assert "Noted." not in text
    with pytest.raises(EngineError) as caught:
        export("teeth.md", "markdown")
    assert caught.value.code is ErrorCode.STORAGE_FAILED
    assert export("teeth.md", "markdown", overwrite=True).bytes == written.bytes

    export("teeth.json", "json")
    held = json.loads((tmp_path / "teeth.json").read_text(encoding="utf-8"))
    assert held["conversation"]["title"] == "明日は歯医者です。"
    assert held["shown"] == [done.user_message, other.reply_message]
    assert [(one["id"], one["parent"], one["content"]) for one in held["messages"]] == [
        (done.user_message, 0, "明日は歯医者です。"),
        (done.reply_message, done.user_message, "Noted."),
        (other.reply_message, done.user_message, other.reply),
    ]


def test_what_was_shown_survives_a_crash_and_an_unfinished_turn_is_learned_then(start_engine: StartEngine) -> None:
    first, _ = start_engine()
    accepted: list[TurnAccepted] = []
    deltas: list[object] = []
    asked = first.send(
        "turn.send", TurnSend(text="My ferry leaves at noon.", sampling=Sampling(max_tokens=400, temperature=0.8))
    )

    def listen(method: str, params: dict[str, object]) -> None:
        if method == "turn.delta":
            deltas.append(params["text"])
            if len(deltas) > 1:  # the first one is saved after it was sent
                raise InterruptedError
        if method == "turn.accepted":
            accepted.append(TurnAccepted(**params))  # type: ignore[arg-type]

    with pytest.raises(InterruptedError):
        first.wait_for(asked, listen=listen, timeout=WAIT)
    first.kill()

    second, _ = start_engine()
    message, conversation = accepted[0].message, accepted[0].conversation
    broken = shown(second, conversation)[-1]
    assert (broken.role, broken.finish) == ("assistant", None)
    assert learned_from(second, message) == []
    done = again(second, message)
    assert done.learned is not None
    assert learned_from(second, message) == ["My ferry leaves at noon."]
    second.call("message.show", MessageId(message=broken.id), MessageList, timeout=WAIT)
    second.kill()

    third, _ = start_engine()
    assert [one.id for one in shown(third, conversation)] == [message, broken.id]
    more = third.turn(TurnContinue(message=broken.id, sampling=SHORT), timeout=WAIT)
    assert more.reply.startswith(broken.content)
    assert more.learned is None  # that was done with the other reply
