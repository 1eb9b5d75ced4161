"""Scores to a token: greedy, or drawn with temperature, top-k and top-p; and out of loops.

A small model that says the likeliest falls into saying the same for ever. What would go on a longer and longer stretch
of its own reply is held back more and more: the DRY penalty ("don't repeat yourself", by p-e-w, as in llama.cpp), here
over the reply alone. What the user said, and what the memory says, may always be said again.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import ErrorCode, ProtocolError
from engine.protocol import Sampling

ALLOWED: Final = 5
"""So many tokens may be said again as they were said."""
GROWTH: Final = 1.75
"""Times the penalty of one token less."""
LONGEST: Final = 24
"""Tokens of a repetition that are looked at."""


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
        _require(math.isfinite(sampling.dry) and 0 <= sampling.dry <= 100, "dry", "0 (off) to 100")
        self._sampling = sampling
        self._random = np.random.default_rng(sampling.seed)
        self._said: list[int] = []
        """The reply so far."""

    def pick(self, scores: NDArray[np.float32], *, likeliest: bool = False) -> int:
        """One token.

        Args:
            scores: (V,) logits or log-probabilities; only their differences count.
            likeliest: no chance this time: what is remembered is not drawn by lot.
        """
        sampling = self._sampling
        if not likeliest and sampling.dry > 0 and (repeating := self._repeating()):
            scores = scores.copy()
            for token, length in repeating.items():
                scores[token] -= sampling.dry * GROWTH ** (length - ALLOWED)
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

    def said(self, token: int) -> None:
        """Takes note of a token of the reply."""
        self._said.append(token)

    def _repeating(self) -> dict[int, int]:
        """The tokens that would go on a stretch of the reply that is being said again, each with its longest length."""
        said = self._said
        longest: dict[int, int] = {}
        for place in range(len(said) - 1):
            if said[place] != said[-1]:
                continue
            length = 1
            while length < min(place + 1, LONGEST) and said[place - length] == said[-1 - length]:
                length += 1
            token = said[place + 1]
            if length >= ALLOWED:
                longest[token] = max(length, longest.get(token, 0))
        return longest


def _require(holds: bool, name: str, range_: str) -> None:
    if not holds:
        raise ProtocolError(f"sampling.{name} must be {range_}.", code=ErrorCode.INVALID_PARAMS)
