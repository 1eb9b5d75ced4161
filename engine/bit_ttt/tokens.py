"""Token pieces as the memory stores them: a value comes back with the space that belongs before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_OPENERS: Final = (b"\n", b'"', b"(", b"[", b"\xe2\x80\x9c", b"'")


class SpaceTable:
    """Maps word-initial tokens without a leading space to their twins with one.

    A byte-pair vocabulary has two tokens for most words: with and without the space before. At the start of a message
    or after a quotation mark the user's text holds the bare one; in a reply the word mostly follows another word.
    Stored with its space a value can be put anywhere; a space too many at the start of a reply is stripped.

    Args:
        pieces: the bytes of each token of the vocabulary.
    """

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = pieces
        spaced = {piece[1:]: i for i, piece in enumerate(pieces) if piece[:1] == b" " and len(piece) > 1}
        self._twin = {
            i: spaced[piece]
            for i, piece in enumerate(pieces)
            if piece in spaced and (piece[:1].isalnum() or piece[:1] >= b"\x80" or piece[:1] in (b"$", b"#"))
        }

    def canonical(self, tokens: Sequence[int]) -> list[int]:
        """The tokens as the memory stores them; same length."""
        out = []
        before = b"\n"
        for token in tokens:
            out.append(self._twin.get(token, token) if before.endswith(_OPENERS) else token)
            before = self.pieces[token]
        return out
