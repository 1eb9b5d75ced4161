"""The reply while it grows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import engine.turn.reply
from engine.protocol import FinishReason
from engine.store import Profile, ProfileStore, StateIdentity
from engine.turn.reply import Kept, Reply


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    store = ProfileStore(tmp_path)
    store.create("Mika")
    with store.open("Mika", StateIdentity("blake2b:b", "blake2b:m")) as opened:
        yield opened


@pytest.fixture
def conversation(profile: Profile) -> int:
    return profile.create_conversation("t").id


def test_characters_come_whole(profile: Profile, conversation: int) -> None:
    sent: list[str] = []
    reply = Reply(sent.append, Kept(profile, conversation))
    for byte in "né 手帳 🐈".encode():
        reply.add(bytes([byte]))
    assert sent == list("né 手帳 🐈")
    assert reply.text == "né 手帳 🐈"
    reply.add("🐈".encode()[:2])
    reply.finish("cancelled")
    assert "".join(sent) == reply.text == "né 手帳 🐈", "half a character is not shown"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(text=st.text(max_size=30), cuts=st.lists(st.integers(0, 90), max_size=8))
def test_equals_decoding_the_whole(profile: Profile, text: str, cuts: list[int]) -> None:
    data = text.encode("utf-8", "ignore")
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    sent: list[str] = []
    reply = Reply(sent.append, Kept(profile, profile.create_conversation("t").id))
    for start, end in pairwise(places):
        reply.add(data[start:end])
    assert "".join(sent) == reply.text == data.decode().lstrip()


def test_bytes_that_are_no_text_become_a_mark(profile: Profile, conversation: int) -> None:
    reply = Reply(lambda piece: None, Kept(profile, conversation))
    reply.add(b"a\xff")
    reply.add(b"b")
    assert reply.text == "a�b"


def test_space_before_the_first_word_is_dropped(profile: Profile, conversation: int) -> None:
    sent: list[str] = []
    reply = Reply(sent.append, Kept(profile, conversation))
    for piece in (b" ", b" Okafor", b" it", b" is"):
        reply.add(piece)
    assert sent == ["Okafor", " it", " is"]


def test_is_saved_from_the_first_piece_on(profile: Profile, conversation: int, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = Reply(lambda piece: None, Kept(profile, conversation))
    reply.add(b"One")
    assert [(m.content, m.finish) for m in profile.messages(conversation)] == [("One", None)]
    reply.add(b" two")
    assert profile.messages(conversation)[0].content == "One", "not at every token"
    monkeypatch.setattr(engine.turn.reply, "SAVE_EVERY", 0.0)
    reply.add(b" three")
    assert profile.messages(conversation)[0].content == "One two three"
    reply.finish("stop")
    (message,) = profile.messages(conversation)
    assert (message.id, message.content, message.finish) == (reply.message, "One two three", "stop")


@pytest.mark.parametrize("reason", ["cancelled", "stop"])
def test_an_empty_reply_is_kept_with_its_reason(profile: Profile, conversation: int, reason: FinishReason) -> None:
    reply = Reply(lambda piece: None, Kept(profile, conversation))
    reply.finish(reason)
    assert [(m.id, m.content, m.finish) for m in profile.messages(conversation)] == [(reply.message, "", reason)]


def test_a_reply_that_an_error_cuts_short_is_saved_and_stays_unfinished(profile: Profile, conversation: int) -> None:
    reply = Reply(lambda piece: None, Kept(profile, conversation))
    reply.break_off()
    assert profile.messages(conversation) == []
    reply.add(b"One")
    reply.add(b" two")
    reply.break_off()
    assert [(m.content, m.finish) for m in profile.messages(conversation)] == [("One two", None)]


def test_a_reply_goes_on_in_the_same_message(profile: Profile) -> None:
    conversation = profile.create_conversation("t").id
    said = profile.append_message(conversation, "user", "Tell me.")
    begun = profile.append_message(conversation, "assistant", "Once", "length")
    sent: list[str] = []
    reply = Reply(sent.append, Kept(profile, conversation, said.id), (begun.id, begun.content))
    reply.add(b" upon")
    reply.add(b" a time")
    reply.finish("stop")
    assert sent == [" upon", " a time"]
    assert reply.message == begun.id
    assert [(one.content, one.finish) for one in profile.messages(conversation)][1:] == [("Once upon a time", "stop")]


def test_another_reply_without_a_word_is_not_kept(profile: Profile) -> None:
    conversation = profile.create_conversation("t").id
    said = profile.append_message(conversation, "user", "Tell me.")
    profile.append_message(conversation, "assistant", "No.", "stop")
    reply = Reply(lambda piece: None, Kept(profile, conversation, said.id, another=True))
    reply.finish("cancelled")
    assert reply.message is None
    assert [one.content for one in profile.messages(conversation)] == ["Tell me.", "No."]
    reply = Reply(lambda piece: None, Kept(profile, conversation, said.id, another=True))
    reply.add(b"Yes")
    reply.finish("cancelled")
    assert [one.content for one in profile.messages(conversation)] == ["Tell me.", "Yes"]
