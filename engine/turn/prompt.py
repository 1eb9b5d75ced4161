"""What of a conversation goes into the KV window.

The window holds the system prompt, the newest messages and room for the reply. When the conversation outgrows it, the
oldest messages are dropped, and more of them than need be: down to half of the room. The beginning of the prompt then
stays the same for many turns, and what the window holds of it is not computed again. What was dropped lives on in the
fast weights alone.

Chat templates differ in what they take: some know no system prompt (Gemma), some insist on user and assistant by turns
(Mistral). What a template refuses is told it in another way. A base model has none: a few examples show it what a talk
is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from engine.backbone import Backbone, ChatMessage
from engine.errors import BackboneError, ErrorCode
from engine.protocol import TurnMessage
from engine.turn.recollection import examples

SYSTEM_PROMPT: Final = "You are a helpful AI assistant named Techo."
"""The memory weights were trained behind this prompt: change it there (engine.training) and here together."""


class EarlierMessage(ChatMessage, Protocol):
    """A message of the conversation, from the store."""

    @property
    def id(self) -> int: ...

    @property
    def conversation(self) -> int: ...


class Prompt(NamedTuple):
    """A turn as the backbone reads it."""

    tokens: list[int]
    keep: int
    """Tokens of the system prompt, which stay when the window slides."""
    text: tuple[int, int]
    """Token range of the user's text. A control token follows it."""


class PromptBuilder:
    """Makes prompts that fit the window. Remembers, for each conversation, where it begins to be read."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone
        self._window = backbone.info.window
        self._first: dict[int, int] = {}
        user, assistant = TurnMessage(role="user", content=""), TurnMessage(role="assistant", content="")
        system = TurnMessage(role="system", content=SYSTEM_PROMPT)
        self._takes_system = self._takes([system, user])
        self._takes_runs = self._takes([user, user])
        once = len(self._tokens([system, user]))
        self._frame = -(-(len(self._tokens([system, user, assistant, user])) - once) // 2)
        """Control tokens around one message."""

    def forget_conversations(self) -> None:
        """The conversations are others, or not what they were."""
        self._first.clear()

    def build(self, earlier: Sequence[EarlierMessage], text: str, *, max_tokens: int) -> list[Prompt]:
        """The prompt of a stored conversation's next turn; see `_build`."""
        conversation = earlier[0].conversation if earlier else None
        said = [message for message in earlier if message.content]
        return self._build(said, text, max_tokens=max_tokens, conversation=conversation)

    def build_further(
        self, earlier: Sequence[EarlierMessage], text: str, reply: str, *, max_tokens: int
    ) -> list[Prompt]:
        """The same with the beginning of the reply, to go on with.

        Of a long one the model sees the end, in a quarter of the window.
        """
        begun = self._backbone.tokenize(reply)[-(self._window // 4) :]
        conversation = earlier[0].conversation if earlier else None
        said = [message for message in earlier if message.content]
        prompts = self._build(said, text, max_tokens=max_tokens, conversation=conversation, begun=len(begun))
        return [*prompts[:-1], prompts[-1]._replace(tokens=[*prompts[-1].tokens, *begun])]

    def build_from(self, history: Sequence[TurnMessage], text: str, *, max_tokens: int) -> list[Prompt]:
        """The prompt with other messages before it; the oldest are dropped, just as many as must be.

        A system message at the beginning of `history` takes the place of Techo's own.
        """
        return self._build(history, text, max_tokens=max_tokens)

    def alone(self, text: str) -> list[Prompt]:
        """The user's text with nothing before it."""
        return self._build([], text, max_tokens=0)

    def _build(
        self,
        earlier: Sequence[ChatMessage],
        text: str,
        *,
        max_tokens: int,
        conversation: int | None = None,
        begun: int = 0,
    ) -> list[Prompt]:
        """The prompts to read one after the other: one, or several for a text longer than the window.

        Of such a text each part is read by itself, so that all of it can be learned; the last part is answered.

        Raises:
            BackboneError: PROMPT_TOO_LONG, when the system prompt leaves no room.
        """
        system: ChatMessage = TurnMessage(role="system", content=SYSTEM_PROMPT)
        if earlier and earlier[0].role == "system":
            system, earlier = earlier[0], earlier[1:]
        budget = self._window - min(max_tokens, self._window // 4) - begun
        frame = [system, *examples(text)] if self._backbone.plain else [system]
        room = budget - len(self._render(frame, "").tokens)
        if room < self._window // 4 and len(frame) > 1:  # a small window is for the talk
            frame = [system]
            room = budget - len(self._render(frame, "").tokens)
        if room < self._window // 8:
            raise BackboneError(
                f"The system prompt leaves no room in the KV window of {self._window} tokens.",
                "Use a shorter one.",
                code=ErrorCode.PROMPT_TOO_LONG,
            )
        tokens = self._backbone.tokenize(text)
        if len(tokens) > room:
            return [self._render(frame, part) for part in self._split(tokens, room)]
        kept = self._newest(earlier, room - len(tokens), conversation)
        prompt = self._render(frame, text, kept)
        while kept and len(prompt.tokens) > budget:  # a template with frames of unequal length
            kept = kept[1:]
            prompt = self._render(frame, text, kept)
        return [prompt]

    def _takes(self, messages: Sequence[ChatMessage]) -> bool:
        try:
            self._backbone.render(messages)
        except BackboneError:
            return False
        return True

    def _shaped(self, messages: Sequence[ChatMessage]) -> list[ChatMessage]:
        """The messages as the template takes them: system prompt and first message, or neighbours of a role, in one."""
        shaped: list[ChatMessage] = []
        for message in messages:
            before = shaped[-1] if shaped else None
            folded = before is not None and before.role == "system" and not self._takes_system
            if before is not None and (folded or (before.role == message.role and not self._takes_runs)):
                text = f"{before.content}\n\n{message.content}".strip()
                shaped[-1] = TurnMessage(role=message.role, content=text)  # type: ignore[arg-type]
            else:
                shaped.append(message)
        return shaped

    def _tokens(self, messages: Sequence[ChatMessage]) -> list[int]:
        return self._backbone.render(self._shaped(messages)).tokens

    def _render(self, frame: Sequence[ChatMessage], text: str, kept: Sequence[ChatMessage] = ()) -> Prompt:
        """`frame`: the system prompt and, for a base model, examples; it stays. `kept`: the talk so far."""
        rendered = self._backbone.render(self._shaped([*frame, *kept, TurnMessage(role="user", content=text)]))
        system: list[int] = []
        if self._takes_system:
            system = self._backbone.render(frame, add_generation_prompt=False).tokens
        keep = 0
        while keep < min(len(system), len(rendered.tokens)) and system[keep] == rendered.tokens[keep]:
            keep += 1
        return Prompt(rendered.tokens, keep, rendered.spans[-1])

    def _newest(self, messages: Sequence[ChatMessage], room: int, conversation: int | None) -> list[ChatMessage]:
        """The newest messages that fit into `room` tokens."""
        begin = self._first.get(conversation) if conversation is not None else None
        if begin is not None and all(getattr(message, "id", begin) != begin for message in messages):
            begin = None  # another branch is read, or what it began with was deleted
        sizes: list[int] = []  # newest first
        for message in reversed(messages):
            if begin is not None and getattr(message, "id", begin) < begin:
                break
            sizes.append(len(self._backbone.tokenize(message.content)) + self._frame)
            if sum(sizes) > room:
                # Full. A stored conversation is cut to half the room, so that the next turns need no cut.
                limit = room if conversation is None else room // 2
                while sizes and sum(sizes) > limit:
                    sizes.pop()
                break
        kept = list(messages[len(messages) - len(sizes) :])
        while kept and kept[0].role != "user":  # a reply without its question
            kept = kept[1:]
        if conversation is not None and kept and len(kept) < len(messages):
            self._first[conversation] = getattr(kept[0], "id", 0)
        return kept

    def _split(self, tokens: Sequence[int], room: int) -> list[str]:
        """A long text in parts of at most `room` tokens, cut before a word where there is one."""
        room -= 16  # a part that is tokenized by itself may have a few tokens more
        parts, start = [], 0
        while start < len(tokens):
            end = min(start + room, len(tokens))
            if end < len(tokens):
                end = self._cut(tokens, start + room // 2, end)
            parts.append(self._backbone.detokenize(tokens[start:end]).decode("utf-8", "replace"))
            start = end
        return parts

    def _cut(self, tokens: Sequence[int], low: int, high: int) -> int:
        """The last place in (low, high] where a word begins, else where a character begins."""
        character = high
        for place in range(high, low, -1):
            first = self._backbone.piece(tokens[place])[:1]
            if first in (b" ", b"\n"):
                return place
            if character == high and first and not 0x80 <= first[0] < 0xC0:
                character = place
        return character
