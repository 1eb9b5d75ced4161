"""How far a figure would move with other questions: confidence intervals by the bootstrap.

Questions of one episode share a memory, so they are no independent draws: a resample draws episodes, and then questions
within each drawn one (the hierarchical bootstrap; Davison and Hinkley, Bootstrap Methods and their Application, 1997,
section 3.8). Episodes that were made from several seeds are drawn with them. Of a single episode only the questions
are drawn, so the interval says nothing of another profile's luck. The same resamples serve all arms, so that two arms
that were asked the same questions are compared question by question.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

CONFIDENCE: Final = 0.95
RESAMPLES: Final = 2000
_SEED: Final = 1

Interval = tuple[float, float]
Asked = tuple[str, Any]
"""A question: its episode, and its number or its text."""


def draws(episodes: Sequence[Hashable]) -> NDArray[np.float64]:
    """How often each of n questions is drawn: (RESAMPLES, n), from the n episodes that they belong to."""
    rng = np.random.default_rng(_SEED)
    places: dict[Hashable, list[int]] = {}
    for place, episode in enumerate(episodes):
        places.setdefault(episode, []).append(place)
    drawn = rng.multinomial(len(places), np.full(len(places), 1 / len(places)), size=RESAMPLES)
    weights = np.zeros((RESAMPLES, len(episodes)))
    for times, here in zip(drawn.T, places.values(), strict=True):
        weights[:, here] = rng.multinomial(times * len(here), np.full(len(here), 1 / len(here)))
    return weights


def rate_interval(right: Sequence[bool], episodes: Sequence[Hashable]) -> Interval | None:
    """The interval of a rate; None without a question.

    Where all outcomes are the same a resample of them is, too, and the bootstrap would claim certainty. The exact
    binomial bound (Clopper and Pearson, 1934) is given there.
    """
    if not right:
        return None
    if all(right) or not any(right):
        bound = ((1 - CONFIDENCE) / 2) ** (1 / len(right))
        return (round(bound, 4), 1.0) if right[0] else (0.0, round(1 - bound, 4))
    weights = draws(episodes)
    return _quantiles(weights @ np.array(right, dtype=np.float64) / weights.sum(1))


def comparison(mine: Mapping[Asked, bool], other: Mapping[Asked, bool]) -> dict[str, Any] | None:
    """One arm against another over the questions that both were asked; None when there is no such question.

    Args:
        mine: whether each question, known by its episode and its name there, was right.
        other: the same of the other arm.

    Returns:
        `asked`; `difference` of the rates and `ratio` (None where the other has none right), each with its interval
        (`difference_interval`, `ratio_interval`, whose end is None where it is not finite).
    """
    shared = [key for key in mine if key in other]
    if not shared:
        return None
    weights = draws([episode for episode, _ in shared])
    ours, theirs = (np.array([arm[key] for key in shared], dtype=np.float64) for arm in (mine, other))
    asked = weights.sum(1)
    rates, others = weights @ ours / asked, weights @ theirs / asked
    found: dict[str, Any] = {
        "asked": len(shared),
        "difference": round(float(ours.mean() - theirs.mean()), 4),
        "difference_interval": _quantiles(rates - others),
        "ratio": None,
        "ratio_interval": None,
    }
    if theirs.any():
        found["ratio"] = round(float(ours.mean() / theirs.mean()), 3)
        with np.errstate(divide="ignore", invalid="ignore"):
            # Neither right: nothing is known of such a resample's ratio, so it may be anything.
            ratios = np.nan_to_num(rates / others, nan=np.inf, posinf=np.inf)
        low, high = _ends(ratios)
        found["ratio_interval"] = round(low, 3), round(high, 3) if np.isfinite(high) else None
    return found


def _quantiles(values: NDArray[np.float64]) -> Interval:
    low, high = _ends(values)
    return round(low, 4), round(high, 4)


def _ends(values: NDArray[np.float64]) -> Interval:
    tail = (1 - CONFIDENCE) / 2
    # Of values that may be infinite: no mean of two neighbours.
    low, high = (float(np.quantile(values, q, method="nearest")) for q in (tail, 1 - tail))
    return low, high
