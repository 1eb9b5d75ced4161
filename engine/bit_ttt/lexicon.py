"""The lexical address: which words a turn is made of, as a ternary vector. It needs no training.

Every word has a fixed random ternary code; a turn's address is the sign of the largest entries of the sum of its
words' codes, rare words counting more (integer weights from inverse document frequency, one byte a hash bucket).
Compared by popcount it ranks turns about as BM25 does. Runs of Chinese, Japanese and Korean characters, which are not
written with spaces, count by their character pairs.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bit_ttt.trits import Trits, random_trits, top_trits

ADDRESS_TRITS: Final = 512
ADDRESS_NONZERO: Final = 256
CODE_NONZERO: Final = 256
"""Of a word's code; the address keeps as many."""
IDF_BUCKETS: Final = 16384
MAX_IDF: Final = 15

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_SUFFIX = re.compile(r"('s|ing|ed|es|s)$")


def words(text: str) -> list[str]:
    """The distinct lightly stemmed words of a text, in order of appearance."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    found: dict[str, None] = {}
    for word in _WORD.findall(folded):
        rest = word
        for run in _CJK.findall(word):
            rest = rest.replace(run, " ")
            for i in range(max(1, len(run) - 1)):
                found[run[i : i + 2]] = None
        for part in rest.split():
            found[_SUFFIX.sub("", part) if len(part) > 4 else part] = None
    return list(found)


def bucket(word: str) -> int:
    """The idf bucket of a word."""
    return zlib.crc32(word.encode()) % IDF_BUCKETS


@lru_cache(maxsize=4096)
def word_code(word: str) -> NDArray[np.int32]:
    """(512,) the word's code."""
    return random_trits("word:" + word, ADDRESS_TRITS, CODE_NONZERO).astype(np.int32)


class Lexicon:
    """Texts to lexical addresses.

    Args:
        idf: (IDF_BUCKETS,) uint8 word weights, 0 (ignore) to 15 (rare).
    """

    def __init__(self, idf: NDArray[np.uint8]) -> None:
        if idf.shape != (IDF_BUCKETS,) or idf.dtype != np.uint8:
            raise ValueError(f"idf table must be uint8 of shape ({IDF_BUCKETS},), got {idf.dtype} {idf.shape}")
        self.idf = idf

    def address(self, text: str) -> Trits:
        """The (512,) lexical address of a text; all zero for a text without words."""
        total = np.zeros(ADDRESS_TRITS, dtype=np.int32)
        for word in words(text):
            total += int(self.idf[bucket(word)]) * word_code(word)
        return top_trits(total, ADDRESS_NONZERO)
