"""Trits: vectors over {-1, 0, +1}, packed two bits a trit, compared by popcount.

A packed vector is two rows of 64-bit words, the *plus plane* and the *minus plane*. The inner product of two ternary
vectors is then four ANDs and popcounts - no multiplication:

    <a, b> = |a+ & b+| + |a- & b-| - |a+ & b-| - |a- & b+|
"""

from __future__ import annotations

import hashlib
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


def top_trits(values: NDArray[np.integer], count: int) -> Trits:
    """Keeps the sign of the `count` entries of (K,) integers that are largest in magnitude; the rest become 0.

    Ties go to the lower index, so that every machine makes the same vector. Zeros are never kept. A fixed count gives
    every vector (with enough nonzero entries) the same norm, and spares the read a division.
    """
    magnitude = np.abs(values)
    order = np.argsort(-magnitude, kind="stable")[:count]
    trits = np.zeros(values.shape, dtype=np.int8)
    trits[order] = np.sign(values[order])
    return trits


def random_trits(name: str, size: int, nonzero: int) -> Trits:
    """A fixed random ternary code: the same for the same name on every machine and for ever.

    Bytes of BLAKE2b in counter mode order the positions (the first `nonzero` are used) and give the signs.
    """
    stream = b""
    counter = 0
    while len(stream) < 3 * size:
        stream += hashlib.blake2b(f"{counter}:{name}".encode()).digest()
        counter += 1
    words = np.frombuffer(stream[: 2 * size], dtype="<u2")
    signs = np.frombuffer(stream[2 * size : 3 * size], dtype=np.uint8) & 1
    chosen = np.argsort(words, kind="stable")[:nonzero]
    trits = np.zeros(size, dtype=np.int8)
    trits[chosen] = np.where(signs[chosen] == 1, 1, -1)
    return trits
