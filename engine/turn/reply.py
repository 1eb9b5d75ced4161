"""The reply while it grows: whole characters to the front end, and now and then the text so far to the disk."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable
from typing import Final

from engine.protocol import FinishReason
from engine.store import Profile

SAVE_EVERY: Final = 2.0
"""Seconds of generated text that a crash can cost at most."""


class Reply:
    """One reply. A token may end in the middle of a character; what is sent and saved never does."""

    def __init__(self, profile: Profile, conversation: int | None, send: Callable[[str], None]) -> None:
        """It is kept in `conversation`, or, if that is None, nowhere; `send` takes each new piece of text."""
        self.text = ""
        self.message: int | None = None
        """Its id in the transcript; None until the first text."""
        self._profile = profile
        self._conversation = conversation
        self._send = send
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
        if self._conversation is None:
            return
        if self.message is None:
            self.message = self._profile.append_message(self._conversation, "assistant", self.text).id
        elif time.monotonic() - self._saved < SAVE_EVERY:
            return
        else:
            self._profile.update_message(self.message, self.text, None)
        self._saved = time.monotonic()

    def finish(self, reason: FinishReason) -> None:
        """Commits the whole reply, also an empty one: without a row it would look as if the engine had died."""
        if self._conversation is None:
            return
        if self.message is None:
            self.message = self._profile.append_message(self._conversation, "assistant", self.text, reason).id
        else:
            self._profile.update_message(self.message, self.text, reason)

    def break_off(self) -> None:
        """Commits what there is of a reply that an error cut short. It stays unfinished: nobody stopped it."""
        if self.message is not None:
            self._profile.update_message(self.message, self.text, None)
