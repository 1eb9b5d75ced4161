"""Packing and popcount: what the read rests on."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.bit_ttt.trits import match, pack, size, unpack

ternary = st.integers(-1, 1)


@given(hnp.arrays(np.int8, (5, 128), elements=ternary))
def test_packing_is_lossless(trits: np.ndarray) -> None:
    assert np.array_equal(unpack(pack(trits)), trits)


@settings(max_examples=50)
@given(hnp.arrays(np.int8, (7, 192), elements=ternary), hnp.arrays(np.int8, 192, elements=ternary))
def test_popcount_match_is_the_inner_product(keys: np.ndarray, query: np.ndarray) -> None:
    expected = keys.astype(np.int32) @ query.astype(np.int32)
    assert np.array_equal(match(pack(keys), pack(query)), expected)


def test_size_counts_what_is_set() -> None:
    trits = np.zeros((2, 128), dtype=np.int8)
    trits[0, 3], trits[0, 100], trits[1, 64] = 1, -1, -1
    assert size(pack(trits)).tolist() == [2, 1]
