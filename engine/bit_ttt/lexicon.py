"""The lexical address: which words a turn is made of, as a ternary vector. It needs no training.

Every word has a fixed random ternary code, the rarer the word the more of its trits are set (two for each step of its
inverse document frequency). A turn's address is the sign of the sum of its words' codes: a ternary Bloom filter.
Popcount of two addresses then adds up the weights of the words they share, whatever else was said in a long turn, and
ranks turns about as BM25 without length normalisation does. Popcount of an address and one word's code tells whether
the word is in the turn, so that a question can also ask word by word, each with a weight of its own. Where words are
not written with spaces, grams stand in for them (`unspaced`); Korean counts by its character pairs.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bit_ttt.trits import Planes, Trits, match, pack
from engine.bit_ttt.unspaced import RUN, UNLISTED, grams

ADDRESS_TRITS: Final = 1024
TRITS_PER_WEIGHT: Final = 2
"""Trits of a word's code for each unit of its weight."""
LEXICAL_UNIT: Final = 128
"""A lexical match is divided by this before the learned scales: about that of four rare words."""
IDF_BUCKETS: Final = 16384
MAX_IDF: Final = 15

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
_HANGUL = re.compile(r"[\uac00-\ud7af]+")
_SUFFIX = re.compile(r"('s|ing|ed|es|s)$")


def words(text: str) -> list[str]:
    """The distinct lightly stemmed words of a text, in order of appearance."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    found: dict[str, None] = {}
    for word in _WORD.findall(folded):
        rest = word
        for run in RUN.findall(word):
            rest = rest.replace(run, " ")
            found |= dict.fromkeys(grams(run))
        for run in _HANGUL.findall(rest):
            rest = rest.replace(run, " ")
            for i in range(max(1, len(run) - 1)):
                found[run[i : i + 2]] = None
        for part in rest.split():
            found[_SUFFIX.sub("", part) if len(part) > 4 else part] = None
    return list(found)


def word_places(pieces: Sequence[bytes]) -> list[tuple[str, int]]:
    """The words of a tokenized text in order, each time with the index of the token in which it ends."""
    text = b"".join(pieces).decode("utf-8", "surrogateescape")
    ends = np.cumsum([len(piece) for piece in pieces])
    found: list[tuple[str, int]] = []
    for run in _WORD.finditer(text):
        end = len(text[: run.end()].encode("utf-8", "surrogateescape"))
        place = int(np.searchsorted(ends, end))
        found += [(word, place) for word in words(run[0])]
    return found


def word_ends(pieces: Sequence[bytes]) -> dict[str, int]:
    """The words of a tokenized text, each with the index of the token in which it last ends."""
    return dict(word_places(pieces))


def bucket(word: str) -> int:
    """The idf bucket of a word."""
    return zlib.crc32(word.encode()) % IDF_BUCKETS


@lru_cache(maxsize=256)
def word_code(word: str) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Where the word's trits stand, and their signs: two arrays of 32, of which a word uses as many as its weight asks.

    From BLAKE2b: the same for the same word on every machine and for ever.
    """
    drawn = np.frombuffer(hashlib.blake2b(b"word:" + word.encode()).digest(), dtype="<u2")
    return (drawn % ADDRESS_TRITS).astype(np.intp), np.where(drawn >= 1 << 15, 1, -1).astype(np.int32)


class Lexicon:
    """Texts to lexical addresses.

    Args:
        idf: (IDF_BUCKETS,) uint8 word weights, 0 (ignore) to 15 (rare).
        gram_weights: weights of the grams that stand in for words where there are none (`unspaced.parse_weights`).
    """

    def __init__(self, idf: NDArray[np.uint8], gram_weights: Mapping[str, int] | None = None) -> None:
        if idf.shape != (IDF_BUCKETS,) or idf.dtype != np.uint8:
            raise ValueError(f"idf table must be uint8 of shape ({IDF_BUCKETS},), got {idf.dtype} {idf.shape}")
        self.idf = idf
        self.gram_weights = gram_weights or {}

    def weight(self, word: str) -> int:
        """How much a word or a gram counts, from 0 to 15."""
        if RUN.match(word):
            return self.gram_weights.get(word, UNLISTED)
        return int(self.idf[bucket(word)])

    def address(self, text: str) -> Trits:
        """The (1024,) lexical address of a text; all zero for a text without words. Rare words win collisions."""
        total = np.zeros(ADDRESS_TRITS, dtype=np.int32)
        for word in words(text):
            places, signs = self._set_by(word)
            np.add.at(total, places, signs * self.weight(word))
        return np.sign(total).astype(np.int8)

    def code(self, word: str) -> Trits:
        """The (1024,) trits that a word sets in an address; all zero for a word too common to count."""
        places, signs = self._set_by(word)
        trits = np.zeros(ADDRESS_TRITS, dtype=np.int32)
        np.add.at(trits, places, signs)
        return np.sign(trits).astype(np.int8)

    def _set_by(self, word: str) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
        """Places and signs of the trits of a word: the rarer it is, the more."""
        places, signs = word_code(word)
        used = slice(TRITS_PER_WEIGHT * self.weight(word))
        return places[used], signs[used]


def holds(addresses: Planes, code: Trits) -> NDArray[np.bool_]:
    """(n, 2, 16) packed addresses, (1024,) a word's code -> (n,) whether the word is in the turn.

    A Bloom filter's answer: more than half of the code's trits agree. A word that is there can lose some to rarer
    words; one that is not there finds about one in eight set by others.
    """
    found: NDArray[np.bool_] = 2 * match(addresses, pack(code)) > np.count_nonzero(code)
    return found
