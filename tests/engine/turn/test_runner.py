"""A turn that an error ends, and one that would end before it began."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.backbone import Backbone
from engine.bit_ttt import Memory
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


def test_a_reply_is_never_empty(session: Session, backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = TurnSend(text="Tell me a story.", learn=False, recall=False, sampling=Sampling(temperature=0, max_tokens=1))
    runner = TurnRunner(backbone, lambda method, params: None)
    runner.send(session, asked, 1, lambda: False, 0.0)
    first = session.profile.messages(1)[1].content
    is_end = backbone.is_end
    monkeypatch.setattr(backbone, "is_end", lambda token: is_end(token) or backbone.piece(token).decode() == first)
    done = runner.send(session, asked, 2, lambda: False, 0.0)
    assert done.reply not in ("", first)
