"""Another model talks; the memory's own reads, recalls and learns as its hippocampus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.backbone import Backbone, ChatMessage, Prefill
from engine.bit_ttt import Memory
from engine.errors import BackboneError
from engine.protocol import Sampling, TurnAsk, TurnMessage, TurnSend
from engine.session import Session
from engine.store import ProfileStore, StateIdentity
from engine.turn import TurnRunner
from engine.turn.prompt import SYSTEM_PROMPT, PromptBuilder
from engine.turn.recollection import reminded

SHORT = Sampling(max_tokens=8)


@pytest.fixture
def session(tmp_path: Path, newborn: Memory, identity: StateIdentity) -> Iterator[Session]:
    store = ProfileStore(tmp_path)
    store.create("Mika")
    opened = Session(store.open("Mika", identity), newborn, lambda tokens: "")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def speaker(model_path: Path) -> Iterator[Backbone]:
    """Another context of the same file: what matters here is who reads what."""
    backbone = Backbone(model_path, window=256, threads=1)
    yield backbone
    backbone.close()


def test_what_is_recalled_stands_in_the_speakers_prompt(
    session: Session, backbone: Backbone, speaker: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    prefill = speaker.prefill

    def listening(tokens: Sequence[int], **options: Any) -> Prefill:
        read.append(speaker.detokenize(tokens).decode())
        return prefill(tokens, **options)

    monkeypatch.setattr(speaker, "prefill", listening)
    speaker.clear()
    runner = TurnRunner(backbone, lambda method, params: None, speaker)
    told = runner.send(
        session, TurnSend(text="We have a cat, her name is Miso.", sampling=SHORT), 1, lambda: False, 0.0
    )
    assert told.learned is not None
    assert told.learned.entry == 1
    assert told.recalled == []
    assert "memory" not in read[0], "nothing was known, so nothing is said of it"

    asked = runner.ask(session, TurnAsk(text="What is my cat called?", sampling=SHORT), 2, lambda: False, 0.0)
    assert asked.recalled == [1]
    assert asked.usage.memory_tokens > 0
    assert asked.usage.generated_tokens <= 8
    assert "Miso" in read[1].partition("From your memory")[2]
    assert "Do not say that you will remember" in read[1], "nothing is learned from a temporary chat"
    assert "Do not say that you will remember" not in read[0]
    assert read[1].index("What is my cat called?") < read[1].index("From your memory")

    without = TurnAsk(text="What is my cat called?", sampling=SHORT, recall=False)
    assert runner.ask(session, without, 3, lambda: False, 0.0).recalled == []
    assert "Miso" not in read[2]


def test_nothing_recalled_changes_nothing() -> None:
    assert reminded("Hello", " ") == "Hello"
    assert reminded("{Hello}", "{x}").startswith("{Hello}")


class Strict:
    """A backbone whose template knows no system prompt and wants user and assistant by turns, as Gemma's does."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone
        self.seen: list[ChatMessage] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backbone, name)

    def render(self, messages: Sequence[ChatMessage], *, add_generation_prompt: bool = True) -> Any:
        for place, message in enumerate(messages):
            if message.role != ("user", "assistant")[place % 2]:
                raise BackboneError("The model's chat template refuses this conversation.")
        self.seen = list(messages)
        return self._backbone.render(messages, add_generation_prompt=add_generation_prompt)


def test_a_strict_template_is_told_in_its_own_way(backbone: Backbone) -> None:
    strict = Strict(backbone)
    history = [
        TurnMessage(role="user", content="Hello."),
        TurnMessage(role="user", content="Are you there?"),
        TurnMessage(role="assistant", content="Yes."),
    ]
    prompt = PromptBuilder(strict).build_from(history, "Good.", max_tokens=8)[0]  # type: ignore[arg-type]
    assert [(message.role, message.content) for message in strict.seen] == [
        ("user", f"{SYSTEM_PROMPT}\n\nHello.\n\nAre you there?"),
        ("assistant", "Yes."),
        ("user", "Good."),
    ]
    assert backbone.detokenize(prompt.tokens[slice(*prompt.text)]) == b"Good."


def test_the_own_template_is_told_as_ever(backbone: Backbone) -> None:
    history = [TurnMessage(role="user", content="Hello."), TurnMessage(role="user", content="Are you there?")]
    prompt = PromptBuilder(backbone).build_from(history, "Good.", max_tokens=8)[0]
    system = TurnMessage(role="system", content=SYSTEM_PROMPT)
    plain = backbone.render([system, *history, TurnMessage(role="user", content="Good.")])
    assert prompt.tokens == plain.tokens
