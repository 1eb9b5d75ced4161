"""Scores to a token: greedy, or drawn with temperature, top-k and top-p."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.errors import ErrorCode, ProtocolError
from engine.protocol import Sampling


class Sampler:
    """Picks the tokens of one reply. With a seed, the same scores give the same tokens."""

    def __init__(self, sampling: Sampling) -> None:
        """Checks the settings.

        Raises:
            ProtocolError: INVALID_PARAMS.
        """
        _require(math.isfinite(sampling.temperature) and 0 <= sampling.temperature <= 100, "temperature", "0 to 100")
        _require(sampling.top_k >= 0, "top_k", "0 (all tokens) or more")
        _require(0 < sampling.top_p <= 1, "top_p", "above 0 and at most 1")
        _require(sampling.max_tokens >= 1, "max_tokens", "1 or more")
        _require(sampling.seed is None or sampling.seed >= 0, "seed", "0 or more")
        self._sampling = sampling
        self._random = np.random.default_rng(sampling.seed)

    def pick(self, scores: NDArray[np.float32], *, likeliest: bool = False) -> int:
        """One token.

        Args:
            scores: (V,) logits or log-probabilities; only their differences count.
            likeliest: no chance this time: what is remembered is not drawn by lot.
        """
        sampling = self._sampling
        if likeliest or sampling.temperature == 0:
            return int(scores.argmax())
        count = len(scores) if sampling.top_k == 0 else min(sampling.top_k, len(scores))
        best = np.argpartition(scores, -count)[-count:]
        best = best[np.argsort(-scores[best], kind="stable")]
        scaled = scores[best].astype(np.float64) / sampling.temperature
        share = np.exp(scaled - scaled[0])
        share /= share.sum()
        # The smallest set of the likeliest tokens that holds top_p of the probability: at least one.
        size = int(np.searchsorted(np.cumsum(share), sampling.top_p)) + 1
        share = share[:size] / share[:size].sum()
        return int(best[self._random.choice(len(share), p=share)])


def _require(holds: bool, name: str, range_: str) -> None:
    if not holds:
        raise ProtocolError(f"sampling.{name} must be {range_}.", code=ErrorCode.INVALID_PARAMS)
