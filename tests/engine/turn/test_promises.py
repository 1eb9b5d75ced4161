"""What is not learned is not promised to be remembered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.backbone import Backbone
from engine.bit_ttt import Memory
from engine.protocol import Sampling, TurnAgain, TurnAsk, TurnSend
from engine.session import Session
from engine.store import ProfileStore, StateIdentity
from engine.turn import TurnRunner
from engine.turn.promises import promises

TELLING = "We have a cat, her name is Miso."
ENOUGH = Sampling(max_tokens=24)


@pytest.fixture
def session(tmp_path: Path, newborn: Memory, identity: StateIdentity) -> Iterator[Session]:
    store = ProfileStore(tmp_path)
    store.create("Mika")
    opened = Session(store.open("Mika", identity), newborn, lambda tokens: "")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "text",
    [
        "I'll remember",
        "Sure! I will definitely remember",
        "Of course. I’ll keep that",
        "I'm going to make a note",
        "Okay, I will try to remember",
        "Let me make a note",
        "Thanks, noted",
        "Noted",
        "I won't forget",
        "I'll never forget",
    ],
)
def test_a_promise_is_known(text: str) -> None:
    assert promises(text)
    assert not promises(text[:-3])


@pytest.mark.parametrize(
    "text",
    [
        "Your cat is called Miso. I remember her",
        "I'll keep you company",
        "You will remember it better if you write it down",
        "To remember a number, break it into parts",
        "I will explain how to store wine",
        "A footnote is noted",
        "I can't remember",
    ],
)
def test_other_sentences_are_left_alone(text: str) -> None:
    assert not promises(text)


def test_a_chat_that_is_learned_from_promises_and_one_that_is_not_does_not(
    session: Session, backbone: Backbone
) -> None:
    runner = TurnRunner(backbone, lambda method, params: None)
    aside = runner.send(session, TurnSend(text=TELLING, learns=False, sampling=ENOUGH), 1, lambda: False, 0.0)
    assert aside.learned is None
    assert aside.reply == "Got it."
    assert aside.finish == "stop"
    asked = TurnAsk(text=TELLING, sampling=ENOUGH)
    assert runner.ask(session, asked, 2, lambda: False, 0.0).reply == "Got it."

    told = runner.send(session, TurnSend(text=TELLING, sampling=ENOUGH), 3, lambda: False, 0.0)
    assert told.learned is not None
    assert promises(told.reply), "what is learned may be promised"
    assert told.reply_message is not None
    again = runner.again(session, TurnAgain(message=told.reply_message, sampling=ENOUGH), 4, lambda: False, 0.0)
    assert promises(again.reply), "it was learned before"


def test_the_models_own_promise_is_not_said(
    session: Session, backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model is made to begin one: what it was about to say is left out, and it goes on with something else."""
    begun = "My pleasure. I'll remember"
    tokens = iter(backbone.tokenize(begun))
    pick = TurnRunner.__init__.__globals__["Sampler"].pick

    def insisting(self: object, scores: object, *, likeliest: bool = False) -> int:
        wanted = next(tokens, None)
        return wanted if wanted is not None else pick(self, scores, likeliest=likeliest)

    monkeypatch.setattr("engine.turn.runner.Sampler.pick", insisting)
    runner = TurnRunner(backbone, lambda method, params: None)
    asked = TurnAsk(text="Thank you!", sampling=Sampling(max_tokens=12), recall=False)
    reply = runner.ask(session, asked, 1, lambda: False, 0.0).reply
    assert reply.startswith("My pleasure. I'll")
    assert not reply.startswith(begun)
    assert not promises(reply)
