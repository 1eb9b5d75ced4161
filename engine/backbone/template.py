"""The model's own chat template, and where in the prompt each message's text lies.

A chat template is a Jinja program inside the GGUF file; it turns messages into one text with control tokens such as
`<|im_start|>` between them. Whoever tokenizes that text as a whole lets a user type `<|im_end|>` and speak as the
assistant. Here the template is rendered with a placeholder for each message's text; then the template's own pieces
are tokenized with control tokens, and the messages' texts without. This also tells the exact token range of each
message, which the memory's writer needs.

The template comes with a model file and is not trusted: it runs in Jinja's sandbox.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, NoReturn, Protocol

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.errors import BackboneError

CHATML: Final = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""For a model file that has no template."""

PLAIN: Final = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ 'Q: ' + message['content'] + '\n' }}"
    "{% elif message['role'] == 'assistant' %}{{ 'A: ' + message['content'] + '\n\n' }}"
    "{% else %}{{ message['content'] + '\n\n' }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ 'A:' }}{% endif %}"
)
"""For a base model, which was not trained to talk and knows no control tokens: its answer is the rest of a line."""

# U+E000 and U+E001 are for private use, so no template holds them. A message may: its text never meets the pattern.
_OPEN: Final = "\ue000"
_CLOSE: Final = "\ue001"
_PLACEHOLDER: Final = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


class ChatMessage(Protocol):
    """What the template needs of a message (`protocol.TurnMessage`, the store's records)."""

    @property
    def role(self) -> str: ...

    @property
    def content(self) -> str: ...


class RenderedPrompt(NamedTuple):
    """A conversation as the backbone reads it."""

    tokens: list[int]
    spans: list[tuple[int, int]]
    """Per message the token range [start, end) of its text, without the control tokens around it."""


class ChatTemplate:
    """Renders messages to tokens."""

    def __init__(self, source: str | None, tokenize: Callable[[str, bool], list[int]], *, bos: str, eos: str) -> None:
        """Compiles the template.

        Args:
            source: The Jinja source from the model file; None for ChatML.
            tokenize: Text and whether control tokens in it count, to tokens.
            bos: Text of the token that begins a sequence, for templates that ask.
            eos: Text of the token that ends one.

        Raises:
            BackboneError: The source is no template.
        """
        self._tokenize = tokenize
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.globals["raise_exception"] = _refuse
        try:
            self._template = environment.from_string(source or CHATML)
        except TemplateError as error:
            raise BackboneError(f"The model's chat template cannot be read: {error}") from error
        self._variables: dict[str, Any] = {"bos_token": bos, "eos_token": eos}
        # Every prompt is made of the same few pieces.
        self._pieces: dict[str, list[int]] = {}

    def render(self, messages: Sequence[ChatMessage], *, add_generation_prompt: bool = True) -> RenderedPrompt:
        """Tokens of the conversation, and where each message's text is.

        Raises:
            BackboneError: When the template refuses the conversation or leaves a message out.
        """
        marked = [
            {"role": message.role, "content": f"{_OPEN}{index}{_CLOSE}"} for index, message in enumerate(messages)
        ]
        try:
            text = self._template.render(
                messages=marked, add_generation_prompt=add_generation_prompt, **self._variables
            )
        except TemplateError as error:
            raise BackboneError(f"The model's chat template refuses this conversation: {error}") from error
        tokens: list[int] = []
        spans: dict[int, tuple[int, int]] = {}
        # re.split with one group: piece, index, piece, index, ..., piece
        for place, part in enumerate(_PLACEHOLDER.split(text)):
            if place % 2 == 0:
                tokens += self._piece(part)
                continue
            index = int(part)
            start = len(tokens)
            tokens += self._tokenize(messages[index].content, False)
            spans[index] = (start, len(tokens))
        if len(spans) != len(messages):
            raise BackboneError("The model's chat template leaves out a message.")
        return RenderedPrompt(tokens, [spans[index] for index in range(len(messages))])

    def _piece(self, text: str) -> list[int]:
        if not text:
            return []
        if text not in self._pieces:
            self._pieces[text] = self._tokenize(text, True)
        return self._pieces[text]


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)
