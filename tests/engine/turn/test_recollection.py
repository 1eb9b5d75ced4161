"""How what was told in Japanese reaches the model that talks, and how a base model is shown what to do with it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.backbone import Backbone, ChatMessage
from engine.backbone.template import PLAIN, ChatTemplate
from engine.bit_ttt import Told
from engine.cli.evaluation.scoring import declines
from engine.protocol import TurnMessage
from engine.turn.prompt import SYSTEM_PROMPT, PromptBuilder
from engine.turn.recollection import examples, in_words, quoted, reminded

BEST, NEXT = Told(7, "インコはピースケ。", 0.6), Told(3, "猫は虎太郎だよ", 0.4)


def test_what_fits_best_stands_next_to_the_question() -> None:
    assert reminded("インコの名前は？", in_words([BEST, NEXT])) == (
        "メモ：\n・猫は虎太郎だよ\n・インコはピースケ。\n質問：インコの名前は？"
    )
    assert reminded("インコの名前は？", in_words([])) == "インコの名前は？"
    assert "From your memory" in reminded("What is my cat called?", "Miso")


def test_a_quotation_is_one_sentence() -> None:
    assert quoted([BEST, NEXT]) == "前に「インコはピースケ」と聞きました。"
    assert quoted([NEXT]) == "前に「猫は虎太郎だよ」と聞きました。"
    assert declines(quoted([]))


@pytest.mark.parametrize("text", ["Hello", "こんにちは"])
def test_examples_answer_from_what_they_are_reminded_of(text: str) -> None:
    talk = examples(text)
    assert [message.role for message in talk] == ["user", "assistant"] * (len(talk) // 2)
    assert all("\n" not in message.content for message in talk if message.role == "assistant"), "a reply is a line"
    assert any("memory" in message.content or "メモ" in message.content for message in talk)
    assert any("memory" not in message.content and "メモ" not in message.content for message in talk[::2])


class Base:
    """A backbone whose file has no template and whose vocabulary has no control tokens."""

    plain = True

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone
        self._template = ChatTemplate(PLAIN, lambda text, _: backbone.tokenize(text), bos="", eos="")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backbone, name)

    def render(self, messages: list[ChatMessage], *, add_generation_prompt: bool = True) -> Any:
        return self._template.render(messages, add_generation_prompt=add_generation_prompt)


@pytest.fixture(scope="module")
def wide(model_path: Any) -> Any:
    opened = Backbone(model_path, window=1536, threads=1)
    yield opened
    opened.close()


def test_a_base_model_is_shown_examples_that_stay(wide: Backbone) -> None:
    builder = PromptBuilder(Base(wide))  # type: ignore[arg-type]
    earlier = [TurnMessage(role="user", content="やあ。"), TurnMessage(role="assistant", content="どうも。")]
    prompt = builder.build_from(earlier, "元気？", max_tokens=16)[0]
    text = wide.detokenize(prompt.tokens).decode()
    assert text.startswith(SYSTEM_PROMPT)
    assert text.endswith("Q: やあ。\nA: どうも。\n\nQ: 元気？\nA:")
    assert wide.detokenize(prompt.tokens[slice(*prompt.text)]).decode() == "元気？"
    kept = wide.detokenize(prompt.tokens[: prompt.keep]).decode()
    assert kept.count("Q: ") == len(examples("元気？")) // 2, "the examples slide out of no window"
    assert "desk" in wide.detokenize(builder.alone("Hello")[0].tokens).decode()


def test_in_a_small_window_the_talk_goes_first(backbone: Backbone) -> None:
    prompt = PromptBuilder(Base(backbone)).alone("元気？")[0]  # type: ignore[arg-type]
    assert backbone.detokenize(prompt.tokens).decode() == f"{SYSTEM_PROMPT}\n\nQ: 元気？\nA:"
