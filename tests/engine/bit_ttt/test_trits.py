"""Packing and popcount: what the read rests on."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.bit_ttt.trits import match, pack, random_trits, top_trits, unpack

ternary = st.integers(-1, 1)


@given(hnp.arrays(np.int8, (5, 128), elements=ternary))
def test_packing_is_lossless(trits: np.ndarray) -> None:
    assert np.array_equal(unpack(pack(trits)), trits)


@settings(max_examples=50)
@given(hnp.arrays(np.int8, (7, 192), elements=ternary), hnp.arrays(np.int8, 192, elements=ternary))
def test_popcount_match_is_the_inner_product(keys: np.ndarray, query: np.ndarray) -> None:
    expected = keys.astype(np.int32) @ query.astype(np.int32)
    assert np.array_equal(match(pack(keys), pack(query)), expected)


def test_top_trits_keeps_the_largest_and_breaks_ties_by_position() -> None:
    values = np.array([3, -5, 0, 3, 1, 3])
    assert top_trits(values, 3).tolist() == [1, -1, 0, 1, 0, 0]


def test_top_trits_never_keeps_a_zero() -> None:
    assert not top_trits(np.zeros(8, dtype=np.int64), 4).any()


def test_random_trits_are_fixed_for_ever() -> None:
    # Golden value: a change would make every saved memory unreadable.
    trits = random_trits("word:techo", 512, 256)
    assert np.count_nonzero(trits) == 256
    assert trits[:24].tolist() == [1, -1, 1, 0, 0, 1, 1, 0, -1, 1, 1, 1, 0, 0, -1, 0, -1, 0, 0, 0, 0, -1, 0, -1]
