"""What of a conversation goes into a KV window of 256 tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from engine.backbone import Backbone
from engine.errors import BackboneError, ErrorCode
from engine.protocol import Role, TurnMessage
from engine.turn.prompt import SYSTEM_PROMPT, Prompt, PromptBuilder
from tests.engine.conftest import WINDOW

SENTENCE = "The weather in the mountains was fine and we walked for many hours."


@dataclass(frozen=True)
class Stored:
    """A message as the store gives it."""

    id: int
    role: Role
    content: str
    conversation: int = 1


@pytest.fixture
def builder(loaded: Backbone) -> PromptBuilder:
    return PromptBuilder(loaded)


def text(backbone: Backbone, tokens: list[int]) -> str:
    """The prompt as a person reads it, without control tokens."""
    return backbone.detokenize(tokens).decode()


def talk() -> Iterator[tuple[list[Stored], str]]:
    """A conversation that grows by a question and an answer each time."""
    said: list[Stored] = []
    for turn in range(40):
        question = f"Number {turn}? {SENTENCE}"
        yield list(said), question
        said.append(Stored(2 * turn + 1, "user", question))
        said.append(Stored(2 * turn + 2, "assistant", f"Answer {turn}. {SENTENCE}"))


def test_the_whole_conversation_while_it_fits(builder: PromptBuilder, loaded: Backbone) -> None:
    earlier = [Stored(1, "user", "My cat is Miso."), Stored(2, "assistant", "Noted.")]
    (prompt,) = builder.build(earlier, "And my dog?", max_tokens=64)
    expected = loaded.render(
        [
            TurnMessage(role="system", content=SYSTEM_PROMPT),
            TurnMessage(role="user", content="My cat is Miso."),
            TurnMessage(role="assistant", content="Noted."),
            TurnMessage(role="user", content="And my dog?"),
        ]
    )
    assert prompt.tokens == expected.tokens
    assert prompt.text == expected.spans[3]
    system = loaded.tokenize(f"<|im_start|>system\n{SYSTEM_PROMPT}<|im_end|>\n", special=True)
    assert prompt.tokens[: prompt.keep] == system


def test_old_messages_leave_and_the_beginning_stays_the_same(builder: PromptBuilder, loaded: Backbone) -> None:
    """The prompt always fits with room for the reply, holds the newest talk, and mostly extends the one before."""
    before: Prompt | None = None
    extended = 0
    for earlier, question in talk():
        (prompt,) = builder.build(earlier, question, max_tokens=50)
        assert len(prompt.tokens) <= WINDOW - 50
        start, end = prompt.text
        assert text(loaded, prompt.tokens[start:end]) == question
        shown = text(loaded, prompt.tokens)
        if len(earlier) >= 2:
            assert earlier[-1].content in shown, "the last answer is there"
        assert text(loaded, prompt.tokens[prompt.keep :]).startswith("user\nNumber"), "begins with a question"
        if before is not None and prompt.tokens[: len(before.tokens)] == before.tokens:
            extended += 1
        before = prompt
    assert extended >= 20, "the window's beginning is used again in most turns"


def test_another_profile_begins_anew(builder: PromptBuilder) -> None:
    *_, (earlier, question) = talk()
    builder.build(earlier, question, max_tokens=50)
    begin = builder._first[1]  # the other profile has a message of this number, too
    said = (("user", "Hello."), ("assistant", "Hi."), ("user", "Well?"), ("assistant", "Well."))
    few = [Stored(begin - 2 + place, role, words) for place, (role, words) in enumerate(said)]  # type: ignore[arg-type]
    (hidden,) = builder.build(few, "Who?", max_tokens=50)
    builder.forget_conversations()
    (whole,) = builder.build(few, "Who?", max_tokens=50)
    assert len(whole.tokens) > len(hidden.tokens)


def test_a_given_history_loses_no_more_than_it_must(builder: PromptBuilder, loaded: Backbone) -> None:
    *_, (earlier, question) = talk()
    history = [TurnMessage(role=message.role, content=message.content) for message in earlier]
    (prompt,) = builder.build_from(history, question, max_tokens=50)
    assert WINDOW - 50 - 50 < len(prompt.tokens) <= WINDOW - 50
    own = [TurnMessage(role="system", content="Notes: the cat is Miso."), *history]
    (prompt,) = builder.build_from(own, question, max_tokens=50)
    shown = text(loaded, prompt.tokens)
    assert "Notes: the cat is Miso." in shown
    assert SYSTEM_PROMPT not in shown
    assert text(loaded, prompt.tokens[: prompt.keep]) == "system\nNotes: the cat is Miso.\n"


def test_a_long_message_is_read_in_parts(builder: PromptBuilder, loaded: Backbone) -> None:
    long = " ".join(f"{SENTENCE} {place}" for place in range(40))
    prompts = builder.build([Stored(1, "user", "Hello.")], long, max_tokens=50)
    assert len(prompts) > 3
    said = []
    for prompt in prompts:
        assert len(prompt.tokens) <= WINDOW - 50
        start, end = prompt.text
        said.append(text(loaded, prompt.tokens[start:end]))
    assert "".join(said) == long
    assert all(part[0] == " " for part in said[1:]), "cut between words"


@pytest.mark.parametrize("character", ["語", "🐈", "é"])
def test_a_long_message_without_spaces_is_cut_between_characters(
    builder: PromptBuilder, loaded: Backbone, character: str
) -> None:
    long = character * 700
    said = []
    for prompt in builder.build([], long, max_tokens=50):
        start, end = prompt.text
        assert len(prompt.tokens) <= WINDOW
        said.append(text(loaded, prompt.tokens[start:end]))
    assert len(said) > 2
    assert "".join(said) == long


def test_another_branch_is_read_from_its_own_beginning(builder: PromptBuilder, loaded: Backbone) -> None:
    """Where a long conversation begins to be read says nothing about a short branch of it."""
    long = [Stored(n, "user" if n % 2 else "assistant", f"{n}. {SENTENCE}") for n in range(1, 31)]
    builder.build(long, "And then?", max_tokens=50)
    branch = [Stored(1, "user", "1. Hello."), Stored(2, "assistant", "2. Hi.")]
    (prompt,) = builder.build(branch, "Who?", max_tokens=50)
    assert "1. Hello." in text(loaded, prompt.tokens)
    (prompt,) = builder.build(long, "And then?", max_tokens=50)
    assert "30. " in text(loaded, prompt.tokens)


def test_a_reply_that_goes_on_stands_at_the_end_of_the_prompt(builder: PromptBuilder, loaded: Backbone) -> None:
    before = [Stored(1, "user", "Hello."), Stored(2, "assistant", "Hi.")]
    (plain,) = builder.build(before, "Tell me about the sea.", max_tokens=50)
    (further,) = builder.build_further(before, "Tell me about the sea.", "The sea is", max_tokens=50)
    begun = loaded.tokenize("The sea is")
    assert further.tokens == [*plain.tokens, *begun]
    assert further.text == plain.text


def test_of_a_long_reply_that_goes_on_the_model_sees_the_end(builder: PromptBuilder, loaded: Backbone) -> None:
    reply = " ".join(f"{n}. {SENTENCE}" for n in range(40))
    earlier = [Stored(n, "user" if n % 2 else "assistant", f"{n}. {SENTENCE}") for n in range(1, 31)]
    (prompt,) = builder.build_further(earlier, "Tell me about the mountains.", reply, max_tokens=50)
    assert len(prompt.tokens) + 50 <= WINDOW
    said = text(loaded, prompt.tokens)
    assert said.endswith(SENTENCE)
    assert "Tell me about the mountains." in said


def test_empty_messages_are_left_out(builder: PromptBuilder) -> None:
    few = [Stored(1, "user", "Hello."), Stored(2, "assistant", "Hi.")]
    more = [*few, Stored(3, "user", "Hm?"), Stored(4, "assistant", "")]
    (prompt,) = builder.build([*few, Stored(3, "user", "Hm?")], "Who?", max_tokens=50)
    assert builder.build(more, "Who?", max_tokens=50)[0].tokens == prompt.tokens


def test_a_system_prompt_without_end_is_refused(builder: PromptBuilder) -> None:
    with pytest.raises(BackboneError) as refused:
        builder.build_from([TurnMessage(role="system", content=SENTENCE * 30)], "Hi", max_tokens=50)
    assert refused.value.code is ErrorCode.PROMPT_TOO_LONG
