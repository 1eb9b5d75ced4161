"""Token codes: the values that neurons hold. Every token has a fixed random ternary code of 32 trits."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

CODE_TRITS: Final = 32
CODE_NONZERO: Final = 24
PREDECESSOR_TRITS: Final = 64
PREDECESSOR_NONZERO: Final = 32
UNKNOWN: Final = -1


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finalizer (Steele et al. 2014): the same pseudo-random words on every machine."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def token_trits(tokens: NDArray[np.integer], size: int, nonzero: int, salt: int) -> NDArray[np.int8]:
    """(n,) token ids -> (n, size) trits with `nonzero` of them not zero; fixed for ever by (token, salt)."""
    n = len(tokens)
    positions = np.arange(size, dtype=np.uint64)
    seed = (tokens.astype(np.int64).astype(np.uint64)[:, None] << np.uint64(20)) + (np.uint64(salt) << np.uint64(10))
    with np.errstate(over="ignore"):
        words = _mix(_mix(seed + positions + np.uint64(0x9E3779B97F4A7C15)))  # (n, size)
    order = np.argsort(words >> np.uint64(1), axis=1, kind="stable")[:, :nonzero]
    signs = np.where((words & np.uint64(1)) == 1, 1, -1).astype(np.int8)
    trits = np.zeros((n, size), dtype=np.int8)
    np.put_along_axis(trits, order, np.take_along_axis(signs, order, 1), 1)
    return trits


class Codebook:
    """Tokens to codes and back.

    Args:
        vocabulary: number of tokens, V.
    """

    def __init__(self, vocabulary: int) -> None:
        self.vocabulary = vocabulary
        self.codes = token_trits(np.arange(vocabulary), CODE_TRITS, CODE_NONZERO, salt=1)  # (V, 32)
        self._packed = self._pack(self.codes)  # (V,)
        self._order = np.argsort(self._packed, kind="stable")
        self._sorted = self._packed[self._order]

    @staticmethod
    def _pack(trits: NDArray[np.int8]) -> NDArray[np.uint64]:
        bits = np.concatenate((trits > 0, trits < 0), axis=-1)
        packed = np.packbits(bits, axis=-1, bitorder="little")
        return np.ascontiguousarray(packed).view("<u8")[..., 0].astype(np.uint64)

    def decode(self, trits: NDArray[np.int8]) -> NDArray[np.int64]:
        """(n, 32) trits -> (n,) tokens: the code that is held exactly, else the nearest one by popcount."""
        if len(trits) == 0:
            return np.zeros(0, dtype=np.int64)
        packed = self._pack(trits)
        at = np.minimum(np.searchsorted(self._sorted, packed), self.vocabulary - 1)
        tokens = self._order[at].astype(np.int64)
        for i in np.flatnonzero(self._sorted[at] != packed):
            agree = np.bitwise_count(self._packed & packed[i])
            swapped = (packed[i] >> np.uint64(32)) | (packed[i] << np.uint64(32))
            differ = np.bitwise_count(self._packed & swapped)
            tokens[i] = int(np.argmax(agree.astype(np.int16) - differ.astype(np.int16)))
        return tokens


def predecessor_trits(tokens: NDArray[np.integer]) -> NDArray[np.int8]:
    """(n,) tokens -> (n, 64) trits; all zero for UNKNOWN (the first token of a turn)."""
    trits = token_trits(tokens, PREDECESSOR_TRITS, PREDECESSOR_NONZERO, salt=2)
    trits[np.asarray(tokens) == UNKNOWN] = 0
    return trits
