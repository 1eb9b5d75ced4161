"""A turn's write set: all that the inner loop needs, as integers. This is what the journal keeps and replays."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bit_ttt.trits import Planes

_MAGIC: Final = b"TW1\n"
_HEAD: Final = struct.Struct("<4sHHHH")
MAX_TOKENS: Final = 256


@dataclass(frozen=True)
class TurnWrite:
    """The kept tokens of one turn and its addresses.

    Attributes:
        lexical: (2, L) uint64 packed lexical address.
        semantic: (2, S) uint64 packed semantic address.
        keys: (n, 2, K) uint64 packed keys: local key, then predecessor code.
        tokens: (n,) int32 the values.
        salience: (n,) int8, <= 0.
    """

    lexical: Planes
    semantic: Planes
    keys: Planes
    tokens: NDArray[np.int32]
    salience: NDArray[np.int8]

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return len(self.tokens) > 0

    def to_bytes(self) -> bytes:
        """Little-endian, self-describing; the journal's payload."""
        n, _, k = self.keys.shape
        head = _HEAD.pack(_MAGIC, self.lexical.shape[1], self.semantic.shape[1], k, n)
        parts = (
            self.lexical.astype("<u8"),
            self.semantic.astype("<u8"),
            self.keys.astype("<u8"),
            self.tokens.astype("<i4"),
            self.salience,
        )
        return head + b"".join(part.tobytes() for part in parts)

    @classmethod
    def from_bytes(cls, data: bytes) -> TurnWrite:
        """The reverse of `to_bytes`.

        Raises:
            ValueError: the bytes are no write set.
        """
        if len(data) < _HEAD.size:
            raise ValueError("a write set is longer than this")
        magic, lex, sem, k, n = _HEAD.unpack_from(data)
        if magic != _MAGIC or n > MAX_TOKENS:
            raise ValueError("these bytes are no write set of a version that this engine knows")
        shapes = (((2, lex), "<u8"), ((2, sem), "<u8"), ((n, 2, k), "<u8"), ((n,), "<i4"), ((n,), "i1"))
        if len(data) != _HEAD.size + sum(int(np.prod(s)) * np.dtype(d).itemsize for s, d in shapes):
            raise ValueError("the write set is cut short or too long")
        arrays, at = [], _HEAD.size
        for shape, dtype in shapes:
            count = int(np.prod(shape))
            arrays.append(np.frombuffer(data, dtype, count, at).reshape(shape))
            at += count * np.dtype(dtype).itemsize
        if np.any(arrays[4] > 0) or np.any(arrays[3] < 0):
            raise ValueError("the write set holds a token or a salience that cannot be")
        return cls(
            arrays[0].astype(np.uint64),
            arrays[1].astype(np.uint64),
            arrays[2].astype(np.uint64),
            arrays[3].astype(np.int32),
            arrays[4].astype(np.int8),
        )
