"""The reply while it grows: whole characters to the front end, and now and then the text so far to the disk."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from engine.protocol import FinishReason
from engine.store import Profile

SAVE_EVERY: Final = 2.0
"""Seconds of generated text that a crash can cost at most."""


class Kept(NamedTuple):
    """Where a reply is kept."""

    profile: Profile
    conversation: int
    parent: int | None = None
    """The message that it answers; None: the last one that is shown."""
    another: bool = False
    """There is an earlier reply. One that is stopped before its first word is then not kept."""


class Reply:
    """One reply. A token may end in the middle of a character; what is sent and saved never does."""

    def __init__(
        self, send: Callable[[str], None], kept: Kept | None = None, begun: tuple[int, str] | None = None
    ) -> None:
        """`send` takes each new piece of text. `kept` None: it is not kept. `begun`: id and text to go on with."""
        self.message: int | None = None if begun is None else begun[0]
        """Its id in the transcript; None until the first text."""
        self.text = "" if begun is None else begun[1]
        self._send = send
        self._kept = kept
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._saved = time.monotonic()

    def add(self, piece: bytes) -> None:
        """The bytes of one token."""
        text = self._decoder.decode(piece)
        if not self.text:
            # The memory stores words with the space before them; at the beginning there is none.
            text = text.lstrip()
        if not text:
            return
        self.text += text
        self._send(text)
        if self.message is None or time.monotonic() - self._saved >= SAVE_EVERY:
            self._save(None)

    def finish(self, reason: FinishReason) -> None:
        """Commits the whole reply, also an empty one: without a row it would look as if the engine had died."""
        if self.text or self._kept is None or not self._kept.another:
            self._save(reason)

    def break_off(self) -> None:
        """Commits what there is of a reply that an error cut short. It stays unfinished: nobody stopped it."""
        if self.message is not None:
            self._save(None)

    def _save(self, reason: FinishReason | None) -> None:
        if self._kept is None:
            return
        kept = self._kept
        if self.message is None:
            said = kept.profile.append_message(kept.conversation, "assistant", self.text, reason, kept.parent)
            self.message = said.id
        else:
            kept.profile.update_message(self.message, self.text, reason)
        self._saved = time.monotonic()
