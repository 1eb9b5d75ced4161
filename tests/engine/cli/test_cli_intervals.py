"""Confidence intervals: against what theory says, and where the bootstrap would claim too much."""

from __future__ import annotations

import numpy as np
import pytest

from engine.cli.evaluation.intervals import comparison, draws, rate_interval


def test_one_episode_gives_the_width_of_the_binomial() -> None:
    right = [True] * 60 + [False] * 40
    found = rate_interval(right, ["e"] * 100)
    assert found is not None
    low, high = found
    assert high - low == pytest.approx(2 * 1.96 * (0.6 * 0.4 / 100) ** 0.5, abs=0.03)
    assert low < 0.6 < high


def test_questions_that_stand_or_fall_together_widen_the_interval() -> None:
    """Ten episodes of ten questions, all right or all wrong in each: that is ten outcomes, not a hundred."""
    right = [place % 2 == 0 for place in range(10) for _ in range(10)]
    alone = rate_interval(right, ["e"] * 100)
    together = rate_interval(right, [place for place in range(10) for _ in range(10)])
    assert alone is not None
    assert together is not None
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])


def test_all_right_and_none_right_are_no_certainty() -> None:
    assert rate_interval([True] * 20, ["e"] * 20) == (0.8316, 1.0)
    assert rate_interval([False] * 20, ["e"] * 20) == (0.0, 0.1684)
    assert rate_interval([True], ["e"]) == (0.025, 1.0)
    assert rate_interval([], []) is None


def test_a_resample_draws_as_many_questions_as_its_episodes_have() -> None:
    weights = draws(["a", "b", "b", "b"])
    assert set(np.unique(weights.sum(1))) == {2, 4, 6}, "a twice, a and b, b twice"
    assert weights.mean(0) == pytest.approx([1, 1, 1, 1], abs=0.1)
    assert np.array_equal(weights, draws(["a", "b", "b", "b"])), "the same file gives the same figures"


def test_two_arms_are_compared_question_by_question() -> None:
    """What is hard for both does not widen the interval of the difference."""
    mine = {("e", place): place < 50 for place in range(100)}
    found = comparison(mine, {("e", place): place < 48 for place in range(100)})
    assert found is not None
    assert (found["asked"], found["difference"], found["ratio"]) == (100, 0.02, 1.042)
    low, high = found["difference_interval"]
    assert 0 <= low < 0.02 < high < 0.06
    alone = rate_interval(list(mine.values()), ["e"] * 100)
    assert alone is not None
    assert high - low < (alone[1] - alone[0]) / 2


def test_only_questions_of_both_arms_are_compared() -> None:
    found = comparison({("e", 0): True, ("e", 1): True}, {("e", 1): True, ("f", 1): False})
    assert found is not None
    assert (found["asked"], found["ratio"], found["difference"]) == (1, 1.0, 0.0)
    assert comparison({("e", 0): True}, {("f", 0): True}) is None


def test_a_ratio_to_nothing_has_no_end() -> None:
    one_right = comparison({("e", n): True for n in range(4)}, {("e", n): n == 0 for n in range(4)})
    assert one_right is not None
    assert one_right["ratio"] == 4.0
    assert one_right["ratio_interval"][1] is None, "in one resample of three the other arm has none right"
    none_right = comparison({("e", 0): True}, {("e", 0): False})
    assert none_right is not None
    assert (none_right["ratio"], none_right["ratio_interval"]) == (None, None)
