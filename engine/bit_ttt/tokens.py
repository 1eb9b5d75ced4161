"""Token pieces as the memory stores them: a value comes back with the space that belongs before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_OPENERS: Final = (b"\n", b'"', b"(", b"[", b"\xe2\x80\x9c", b"'")
_SEPARATORS: Final = frozenset(",;.!?()[]\n\u2013\u2014\u3001\u3002\uff0c\uff01\uff1f")
_INNER_MARKS: Final = (b":", b"-", b".", b",", b"/", b"@", b"_", b"'")


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
        self.space = pieces.index(b" ") if b" " in pieces else -1
        self._open = np.array([piece.endswith((*_OPENERS, b" ", b"-", b"/")) for piece in pieces])
        self._bare = np.array([_letter(piece, 0) for piece in pieces])
        self._solid = np.array([_letter(piece, -1) for piece in pieces])
        self._mark = np.array([piece in _INNER_MARKS for piece in pieces])
        self._marked = np.array(
            [piece[:1] in _INNER_MARKS and piece[:1] != b"'" and _letter(piece, 1) for piece in pieces]
        )
        self.separates = np.array([_separates(piece) for piece in pieces])
        """(V,) which tokens part one clause from the next."""
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

    def glued(self, before: int, token: int) -> bool:
        """Whether `token` said after `before` would run into its word: bare, and no opening mark or space before."""
        return bool(self._bare[token] and not self._open[before])

    def unfinished(self, tokens: NDArray[np.int64], linked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which tokens end within a word: " Dre" of " Dreiln"; "9", ":" and "2" of "9:25", not the "5" before a stop.

        Args:
            tokens: (n,).
            linked: (n - 1,) whether the next of `tokens` followed it in the text.
        """
        within = np.zeros(len(tokens), dtype=bool)
        if len(tokens) < 2:
            return within
        before, after = tokens[:-1], tokens[1:]
        within[:-1] = linked & self._solid[before] & (self._bare[after] | self._marked[after])
        # A mark belongs to the word that goes on after it.
        through = linked[:-1] & linked[1:] & self._solid[before[:-1]] & self._mark[after[:-1]] & self._bare[after[1:]]
        within[:-2] |= through
        within[1:-1] |= through
        return within


def _separates(piece: bytes) -> bool:
    text = piece.decode("utf-8", "replace")
    return not _SEPARATORS.isdisjoint(text) and not any(map(str.isalnum, text))


def _letter(piece: bytes, at: int) -> bool:
    """Whether a word that is written in one goes on at this end of the piece.

    Not where words are written without spaces (Thai, Chinese, Japanese): only a character cut in two goes on there.
    """
    text = piece.decode("utf-8", "surrogateescape")
    if not text[at:]:
        return False
    char = text[at]
    return "\udc80" <= char <= "\udcff" or (char.isalnum() and char < "\u0e00")
