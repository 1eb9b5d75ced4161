"""The second look: before the memory speaks, the turns that it has picked are read once more behind the question.

That costs a fraction of a second, once a reply, and only where the memory has something to say. What is read comes from
the fast weights, token by token: the transcript plays no part.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from engine.backbone import Backbone
from engine.backbone.rereading import Rereading
from engine.bit_ttt import Recall
from engine.bit_ttt.rereader import Rereader, SecondLook
from engine.errors import BackboneError
from engine.protocol import TurnMessage
from engine.turn.prompt import SYSTEM_PROMPT

_QUESTION_TOKENS: Final = 80
"""Of a longer turn the end is read: it asks there."""


class SecondReader:
    """Rereads what was recalled. Must be closed before the backbone."""

    def __init__(self, backbone: Backbone, weights: Path) -> None:
        """Loads the rereader.

        Args:
            backbone: The model that the memory's weights were trained for.
            weights: The head; its adapter lies beside it under the same name.

        Raises:
            BackboneError: They cannot be read, or llama.cpp finds that the adapter does not fit the backbone.
        """
        try:
            self._head = Rereader.load(weights)
        except (ValueError, KeyError, OSError) as error:
            raise BackboneError(
                f"The memory's weights {weights.name} cannot be read.", "Install Techo again."
            ) from error
        system, user = TurnMessage(role="system", content=SYSTEM_PROMPT), TurnMessage(role="user", content="")
        rendered = backbone.render([system, user])
        before = len(backbone.render([system], add_generation_prompt=False).tokens)
        place = rendered.spans[-1][0]
        self._open = rendered.tokens[before:place]
        self._close = [*rendered.tokens[place:], *backbone.tokenize(self._head.opening)]
        self._window = Rereading(backbone, weights.with_suffix(".gguf"), self._head.taps, system)

    def look(self, question: Sequence[int], recall: Recall) -> SecondLook:
        """Where in the recalled turns the answer is.

        Args:
            question: Tokens of the user's text.
            recall: Not empty.
        """
        turns = [recall.tokens[recall.of_turn == turn].tolist() for turn in range(len(recall.entries))]
        asked = [*self._open, *question[-_QUESTION_TOKENS:], *self._close]
        return self._head.look(self._window.read(asked, turns))

    def close(self) -> None:
        """Frees the window."""
        self._window.close()
