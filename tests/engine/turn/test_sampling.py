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


def say(sampler: Sampler, tokens: list[int]) -> None:
    for token in tokens:
        sampler.said(token)


def held_back(sampler: Sampler, tokens: int = 40) -> dict[int, float]:
    """By how much the score of each token must lead to be picked against a flat field."""
    found = {}
    for token in range(tokens):
        for lead in (0.5, 2.0, 8.0, 32.0, 1e9):
            scores = np.zeros(tokens, dtype=np.float32)
            scores[token] = lead
            if sampler.pick(scores) == token:
                found[token] = lead
                break
    return {token: lead for token, lead in found.items() if lead > 0.5}


def test_a_stretch_said_again_is_held_back_the_more_the_longer_it_is() -> None:
    sampler = Sampler(Sampling())
    say(sampler, [*range(1, 20), 1, 2, 3, 4])
    assert held_back(sampler) == {}, "four tokens may come again"
    say(sampler, [5])
    assert held_back(sampler) == {6: 2.0}
    say(sampler, [6, 7, 8, 9])
    assert held_back(sampler) == {10: 8.0}
    say(sampler, [10, 11, 12, 13])
    assert held_back(sampler)[14] >= 32.0
    say(sampler, [30])
    assert held_back(sampler) == {}, "something else was said"


def test_a_loop_ends() -> None:
    sampler = Sampler(Sampling())
    said: list[int] = []
    for step in range(200):
        scores = np.zeros(40, dtype=np.float32)
        scores[step % 6] = 10.0  # a model that would say six words for ever
        said.append(sampler.pick(scores))
        sampler.said(said[-1])
    assert said[:12] == [0, 1, 2, 3, 4, 5] * 2
    assert "012345" * 3 not in "".join(map(str, said))


def test_what_is_remembered_is_said_as_it_is() -> None:
    sampler = Sampler(Sampling())
    say(sampler, list(range(10, 20)) * 2)
    scores = np.zeros(40, dtype=np.float32)
    scores[10] = 1.0
    assert sampler.pick(scores) != 10
    assert sampler.pick(scores, likeliest=True) == 10
    off = Sampler(Sampling(dry=0))
    say(off, list(range(10, 20)) * 3)
    assert off.pick(scores) == 10
    with pytest.raises(ProtocolError, match="dry"):
        Sampler(Sampling(dry=-1))
