"""A turn that an error ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.backbone import Backbone
from engine.bit_ttt import Memory
from engine.errors import BackboneError
from engine.protocol import TurnSend
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
    def fail(token: int) -> None:
        raise BackboneError("It does not compute.")

    monkeypatch.setattr(backbone, "decode", fail)
    runner = TurnRunner(backbone, lambda method, params: None)
    with pytest.raises(BackboneError):
        runner.send(session, TurnSend(text="Tell me a story.", learn=False), 1, lambda: False, 0.0)
    said, reply = session.profile.messages(1)
    assert (said.content, said.finish) == ("Tell me a story.", None)
    assert reply.content, "the first token"
    assert reply.finish is None
