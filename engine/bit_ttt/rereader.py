"""Second look at the picked turns: where in them, if anywhere, is what the question asks for?

The fast weights keep a told turn's tokens with keys that were made when it was told, before anybody asked. For a
question that calls up some turns the backbone reads those tokens once more, behind the question
(`engine.backbone.rereading`), and this head says of each token how likely the answer begins or ends there, against one
more possibility: that none of it is an answer. A span head as for extractive question answering (BERT, arXiv
1810.04805; the no-answer option of SQuAD 2.0, arXiv 1806.03822), of ternary layers.

Trained by `engine.training.rereading`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from engine.bit_ttt.slow_weights import BitLinear, Floats, Linear, rms, unpack_weight

FORMAT: Final = "techo-rereader/1"


@dataclass(frozen=True)
class SecondLook:
    """What reading the picked turns once more gave, for their n tokens in a row.

    Attributes:
        start, end: (n,) log-odds that the answer begins, and ends, at each token, against that there is none.
    """

    start: Floats
    end: Floats

    @property
    def told(self) -> float:
        """Log-odds of the best beginning: below zero the turns rather hold no answer."""
        return float(self.start.max(initial=-np.inf))


class Rereader:
    """The head. Read-only; shared by all profiles.

    Attributes:
        taps: names of the backbone's layer outputs that it reads, in ascending order.
        backbone: digest of the backbone that it was trained for.
        opening: what the assistant is taken to say between the question and each turn.
    """

    def __init__(self, tensors: Mapping[str, NDArray[np.generic]], meta: Mapping[str, str]) -> None:
        """From the tensors of a weights file.

        Raises:
            ValueError: not of this format.
        """
        if meta.get("format") != FORMAT:
            raise ValueError(f"the rereader is of format {meta.get('format')!r}, this engine reads {FORMAT!r}")
        self.backbone = meta["backbone"]
        self.taps: tuple[str, ...] = tuple(json.loads(meta["taps"]))
        self.opening = meta["opening"]
        self._heads = int(meta["heads"])

        def bit_linear(name: str) -> BitLinear:
            outputs, inputs = (int(n) for n in tensors[name + ".shape"])
            trits = unpack_weight(tensors[name + ".trits"].astype(np.uint8), outputs, inputs)
            bias = tensors[name + ".bias"].astype(np.float32) if name + ".bias" in tensors else None
            return BitLinear(trits, float(tensors[name + ".scale"][0]), bias)

        def linear(name: str) -> Linear:
            return Linear(tensors[name + ".weight"].astype(np.float32), tensors[name + ".bias"].astype(np.float32))

        self._w = {name: bit_linear(name) for name in ("input", "qkv", "out", "up", "down")}
        self._start, self._end = linear("start"), linear("end")
        self._none = np.float32(tensors["none"][0])

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads the weights file.

        Raises:
            ValueError: not a weights file of a known format.
            OSError: it cannot be read.
        """
        try:
            with safe_open(path, framework="numpy") as file:
                tensors, meta = {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
        except SafetensorError as error:
            raise ValueError(f"no weights file: {error}") from error
        return cls(tensors, meta)

    def look(self, turns: list[dict[str, Floats]]) -> SecondLook:
        """Where the answer is.

        Args:
            turns: of each picked turn, for each of `taps`, (n, d) at its n tokens, read behind the question.
        """
        found = [self._spans(np.concatenate([rms(turn[name]) for name in self.taps], axis=1)) for turn in turns]
        start, end = (np.concatenate(values) for values in zip(*found, strict=True))
        return SecondLook(start - self._none, end)

    def _spans(self, x: Floats) -> tuple[Floats, Floats]:
        """(n, taps d) -> (n,) logits of the beginning, and of the end."""
        h = self._w["input"](x)
        n = len(h)
        q, k, v = self._w["qkv"](h).reshape(n, 3, self._heads, -1).transpose(1, 2, 0, 3)  # each (heads, n, head)
        logits = (q @ k.transpose(0, 2, 1)) / np.float32(q.shape[-1] ** 0.5)
        logits = np.exp(logits - logits.max(-1, keepdims=True))
        mixed = (logits / logits.sum(-1, keepdims=True)) @ v
        h = h + self._w["out"](np.ascontiguousarray(mixed.transpose(1, 0, 2)).reshape(n, -1))
        h = rms(h + self._w["down"](np.maximum(self._w["up"](h), 0)))
        return self._start(h)[:, 0], self._end(h)[:, 0]
