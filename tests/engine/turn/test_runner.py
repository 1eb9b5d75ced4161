"""A turn that an error ends, and one that would end before it began."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.backbone import Backbone, Step
from engine.bit_ttt import Memory, Recall
from engine.errors import BackboneError
from engine.protocol import Sampling, TurnSend
from engine.session import Session
from engine.store import ProfileStore, StateIdentity
from engine.turn import TurnRunner


@pytest.fixture
def session(tmp_path: Path, newborn: Memory, identity: StateIdentity) -> Iterator[Session]:
    store = ProfileStore(tmp_path)
    store.create("Mika")
    opened = Session(store.open("Mika", identity), newborn, lambda tokens: "")
    yield opened
    opened.close()


def test_a_reply_that_an_error_cuts_short_does_not_look_stopped(
    session: Session, backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(token: int, *, tapped: bool = True) -> None:
        raise BackboneError("It does not compute.")

    monkeypatch.setattr(backbone, "decode", fail)
    runner = TurnRunner(backbone, lambda method, params: None)
    with pytest.raises(BackboneError):
        runner.send(session, TurnSend(text="Tell me a story.", learn=False), 1, lambda: False, 0.0)
    said, reply = session.profile.messages(1)
    assert (said.content, said.finish) == ("Tell me a story.", None)
    assert reply.content, "the first token"
    assert reply.finish is None


def test_a_word_that_the_memory_has_begun_is_read_at_once(
    session: Session, backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backbone reads its tokens together, and the reply is what it would be if it read them one by one."""
    runner = TurnRunner(backbone, lambda method, params: None)
    runner.send(session, TurnSend(text="My sister's dentist is Dr. Zorvenqu."), 1, lambda: False, 0.0)
    asked = TurnSend(text="Who is my sister's dentist?", learn=False, sampling=Sampling(temperature=0, max_tokens=12))
    decode, read = backbone.decode, []

    def spied(*tokens: int, tapped: bool = True) -> Step:
        read.append(tokens)
        return decode(*tokens, tapped=tapped)

    monkeypatch.setattr(backbone, "decode", spied)
    together = runner.send(session, asked, 2, lambda: False, 0.0)
    assert "Zorvenqu" in together.reply
    assert max(map(len, read)) > 1
    words = [token for tokens in read for token in tokens]
    read.clear()
    monkeypatch.setattr(Recall, "finishes", lambda self, token: False)
    alone = runner.send(session, asked, 3, lambda: False, 0.0)
    assert alone.reply == together.reply
    assert [token for tokens in read for token in tokens] == words
    assert set(map(len, read)) == {1}
    assert (alone.recalled, alone.usage.memory_tokens) == (together.recalled, together.usage.memory_tokens)


def test_a_reply_is_never_empty(session: Session, backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = TurnSend(text="Tell me a story.", learn=False, recall=False, sampling=Sampling(temperature=0, max_tokens=1))
    runner = TurnRunner(backbone, lambda method, params: None)
    runner.send(session, asked, 1, lambda: False, 0.0)
    first = session.profile.messages(1)[1].content
    is_end = backbone.is_end
    monkeypatch.setattr(backbone, "is_end", lambda token: is_end(token) or backbone.piece(token).decode() == first)
    done = runner.send(session, asked, 2, lambda: False, 0.0)
    assert done.reply not in ("", first)
