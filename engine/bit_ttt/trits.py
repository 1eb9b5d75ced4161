"""Trits: vectors over {-1, 0, +1}, packed two bits a trit, compared by popcount.

A packed vector is two rows of 64-bit words, the *plus plane* and the *minus plane*. The inner product of two ternary
vectors is then four ANDs and popcounts - no multiplication:

    <a, b> = |a+ & b+| + |a- & b-| - |a+ & b-| - |a- & b+|
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Trits = NDArray[np.int8]
Planes = NDArray[np.uint64]

WORD: Final = 64
"""Trits in one word of a plane."""


def pack(trits: Trits) -> Planes:
    """(..., K) trits -> (..., 2, K/64) words: plus plane, minus plane. K is a multiple of 64."""
    bits = np.stack((trits > 0, trits < 0), axis=-2)
    packed = np.packbits(bits, axis=-1, bitorder="little")
    return np.ascontiguousarray(packed).view(np.dtype("<u8")).astype(np.uint64, copy=False)


def unpack(planes: Planes) -> Trits:
    """(..., 2, K/64) words -> (..., K) trits."""
    octets = np.ascontiguousarray(planes.astype("<u8", copy=False)).view(np.uint8)
    bits = np.unpackbits(octets, axis=-1, bitorder="little").astype(np.int8)
    return np.asarray(bits[..., 0, :] - bits[..., 1, :], dtype=np.int8)


def match(keys: Planes, query: Planes) -> NDArray[np.int32]:
    """Inner products of (n, 2, W) packed keys with one (2, W) packed query -> (n,) integers."""
    agree = np.bitwise_count(keys & query).sum(axis=(-1, -2), dtype=np.int32)
    differ = np.bitwise_count(keys & query[::-1]).sum(axis=(-1, -2), dtype=np.int32)
    return np.asarray(agree - differ, dtype=np.int32)


def size(planes: Planes) -> NDArray[np.int32]:
    """How many trits of (..., 2, W) packed vectors are set."""
    return np.asarray(np.bitwise_count(planes).sum(axis=(-1, -2), dtype=np.int32))
