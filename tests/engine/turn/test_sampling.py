"""Scores to a token."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ErrorCode, ProtocolError
from engine.protocol import Sampling
from engine.turn.sampling import Sampler

SCORES = np.log(np.array([0.05, 0.5, 0.25, 0.15, 0.05], dtype=np.float32))


def frequencies(sampling: Sampling, scores: np.ndarray = SCORES, draws: int = 4000) -> Counter[int]:
    sampler = Sampler(sampling)
    return Counter(sampler.pick(scores) for _ in range(draws))


def test_temperature_zero_takes_the_best() -> None:
    assert frequencies(Sampling(temperature=0), draws=5) == {1: 5}


def test_shares_follow_the_probabilities() -> None:
    found = frequencies(Sampling(temperature=1, top_k=0, top_p=1, seed=1))
    for token, share in enumerate(np.exp(SCORES)):
        assert abs(found[token] / 4000 - share) < 0.03
    # A constant more or less on all scores changes nothing: logits will do.
    assert frequencies(Sampling(temperature=1, top_k=0, top_p=1, seed=1), SCORES + 12) == found


def test_temperature_flattens_and_sharpens() -> None:
    hot = frequencies(Sampling(temperature=4, top_k=0, top_p=1, seed=1))
    cold = frequencies(Sampling(temperature=0.3, top_k=0, top_p=1, seed=1))
    assert hot[1] < 1600 < 3200 < cold[1]


def test_top_k_and_top_p_cut_the_tail() -> None:
    assert set(frequencies(Sampling(temperature=1, top_k=2, top_p=1, seed=1))) == {1, 2}
    assert set(frequencies(Sampling(temperature=1, top_k=0, top_p=0.7, seed=1))) == {1, 2}
    assert set(frequencies(Sampling(temperature=1, top_k=0, top_p=0.01, seed=1))) == {1}
    assert set(frequencies(Sampling(temperature=1, top_k=1, top_p=1, seed=1))) == {1}


def test_a_seed_repeats() -> None:
    sampling = Sampling(temperature=1, seed=5)
    first, second = ([sampler.pick(SCORES) for _ in range(50)] for sampler in (Sampler(sampling), Sampler(sampling)))
    assert first == second
    assert len(set(first)) > 1


@given(
    scores=st.lists(st.floats(-60, 60, width=32), min_size=1, max_size=50),
    temperature=st.floats(0.01, 20),
    top_k=st.integers(0, 60),
    top_p=st.floats(0.001, 1),
)
def test_always_picks_an_allowed_token(scores: list[float], temperature: float, top_k: int, top_p: float) -> None:
    array = np.array(scores, dtype=np.float32)
    token = Sampler(Sampling(temperature=temperature, top_k=top_k, top_p=top_p, seed=0)).pick(array)
    better = int((array > array[token]).sum())
    assert top_k == 0 or better < top_k


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=-0.1),
        Sampling(temperature=float("nan")),
        Sampling(temperature=float("inf")),
        Sampling(top_k=-1),
        Sampling(top_p=0.0),
        Sampling(top_p=1.1),
        Sampling(top_p=float("nan")),
        Sampling(max_tokens=0),
        Sampling(seed=-3),
    ],
)
def test_settings_out_of_range_are_refused(sampling: Sampling) -> None:
    with pytest.raises(ProtocolError, match="sampling") as refused:
        Sampler(sampling)
    assert refused.value.code is ErrorCode.INVALID_PARAMS


def test_what_is_remembered_is_not_drawn_by_lot() -> None:
    sampler = Sampler(Sampling(temperature=100.0, top_k=0, top_p=1.0, seed=0))
    assert {sampler.pick(SCORES, likeliest=True) for _ in range(50)} == {int(SCORES.argmax())}
    assert len({sampler.pick(SCORES) for _ in range(50)}) > 1
