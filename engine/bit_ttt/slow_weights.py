"""The slow weights: writer, reader and gate as BitLinear layers (BitNet b1.58), in numpy.

Every matrix is ternary and every activation that meets one is int8, so a product is sums and differences of integers.
They are computed with float32 BLAS on integer values, which is exact (a sum stays far below 2^24): the same integers on
every machine, in any order. Trained by `engine.training.model`, which has the same names and shapes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from engine.bit_ttt.lexicon import Lexicon
from engine.bit_ttt.unspaced import parse_weights

Floats = NDArray[np.float32]

FORMAT: Final = "techo-slow-weights/4"
INT8: Final = np.float32(127.0)
CLIP: Final = np.float32(8.0)
TRITS_NORM: Final = 16.0
"""The unit in which the learned scales expect a match of keys: about the norm of a key."""
PROBES: Final = 32
"""Tokens of a question, counted from its end, that probe the keys of a turn."""
REACH: Final = 12
"""Tokens to either side for which a token of a turn that answers to the question speaks."""
CROSSED: Final = 2
"""Separators between two tokens from which on their number no longer counts."""
CLOSE: Final = 0.2
"""Match of a probe and a key, in squared units of `TRITS_NORM`, above which the token answers to the probe; by chance
a match is above it once in a million."""


def rms(x: Floats) -> Floats:
    """RMS normalisation over the last axis, without a gain."""
    y: Floats = x / root_mean_square(x)
    return y


def root_mean_square(x: Floats) -> Floats:
    """The root of the mean square over the last axis, which stays as an axis of one."""
    y: Floats = np.sqrt(np.vecdot(x, x)[..., None] / np.float32(x.shape[-1]) + np.float32(1e-6))
    return y


def pool(x: Floats) -> Floats:
    """(T, k) tokens -> (3 k,): mean, maximum and last."""
    return np.concatenate((x.mean(0), x.max(0), x[-1]))


def ternarize(x: Floats) -> NDArray[np.int8]:
    """Vectors to trits: zero below 0.7 of the mean magnitude (TWN, arXiv 1605.04711)."""
    threshold = np.float32(0.7) * np.abs(x).mean(-1, keepdims=True)
    return np.asarray((x > threshold).astype(np.int8) - (x < -threshold).astype(np.int8))


class BitLinear:
    """y = (W . x_int8) * scale + bias, W ternary of shape (outputs, inputs); x is RMS-normalised first."""

    def __init__(self, trits: NDArray[np.int8], scale: float, bias: Floats | None) -> None:
        self.weight = np.ascontiguousarray(trits.astype(np.float32).T)  # (inputs, outputs)
        self.scale = np.float32(scale)
        self.bias = bias

    def __call__(self, x: Floats) -> Floats:
        """(..., inputs) float32 -> (..., outputs) float32."""
        # The integers are the same before and after normalisation, so only their unit is normalised.
        unit = np.maximum(np.abs(x).max(-1, keepdims=True), np.float32(1e-6)) / INT8
        integers = x / unit
        y: Floats = np.rint(integers, out=integers) @ self.weight
        y *= unit / root_mean_square(x) * self.scale
        if self.bias is not None:
            y += self.bias
        return y


class Linear:
    """A small dense layer in floating point (gate, salience): one of the few places with multiplications."""

    def __init__(self, weight: Floats, bias: Floats) -> None:
        self.weight = np.ascontiguousarray(weight.T)
        self.bias = bias

    def __call__(self, x: Floats) -> Floats:
        """(..., inputs) -> (..., outputs)."""
        y: Floats = x @ self.weight + self.bias
        return y


@dataclass(frozen=True)
class Encoded:
    """The writer's view of one turn of T tokens.

    Attributes:
        keys: (T, K) trits, local keys.
        salience: (T,) log-sigmoid of how much each token is worth keeping, <= 0.
        tell, ask: (S,) trits, semantic address of the turn as a telling and as a question.
        gist: (width,) the question's part in every query.
        probes: (P, K) trits, what the last P tokens of a question look for in the keys of a turn.
        probe_weights: (P,) how much each of them counts, >= 0.
        word_weights: (T,) how much it counts that a turn holds the word which ends at this token, >= 0.
    """

    keys: NDArray[np.int8]
    salience: Floats
    tell: NDArray[np.int8]
    ask: NDArray[np.int8]
    gist: Floats
    probes: NDArray[np.int8]
    probe_weights: Floats
    word_weights: Floats


@dataclass(frozen=True)
class Query:
    """The reader's view of one position of the reply.

    Attributes:
        gate: (3,) logits of model, memory, phrase; the evidence is not added yet.
        hidden: (width,) what the rest is made from, when the memory may speak.
    """

    gate: Floats
    hidden: Floats


class SlowWeights:
    """Writer, reader, gate, lexicon. Read-only; shared by all profiles.

    Attributes:
        digest: "blake2b:..." of the weights file, to which every profile's state is tied.
        backbone: digest of the backbone that these weights were trained for.
        taps: names of the backbone's graph tensors that the writer and the reader need, embedding first, the last
            layer last.
    """

    def __init__(
        self,
        tensors: Mapping[str, NDArray[np.generic]],
        meta: Mapping[str, str],
        digest: str,
        grams: Mapping[str, int] | None = None,
    ) -> None:
        if meta.get("format") != FORMAT:
            raise ValueError(f"the memory weights are of format {meta.get('format')!r}, this engine reads {FORMAT!r}")
        self.digest = digest
        self.backbone = meta["backbone"]
        self.taps: tuple[str, ...] = tuple(json.loads(meta["taps"]))
        self.config: dict[str, int] = json.loads(meta["config"])
        self._tensors = tensors
        self.lexicon = Lexicon(cast("NDArray[np.uint8]", tensors["lexicon.idf"]), grams)
        self.mean = self._floats("standard.mean")  # (4, d): two layers, the last layer, the embedding
        self.std = self._floats("standard.std")
        self.phrases = tensors["phrases"].astype(np.int64)
        self.address_scale = self._floats("address_scale")
        self.score_scale = self._floats("score_scale")
        self.gate_evidence = self._floats("gate_evidence")
        self.nearness = self._floats("nearness")
        linear = {name: self._bit_linear(name) for name in self._names()}
        self.w = {name.removeprefix("writer."): layer for name, layer in linear.items() if name.startswith("writer.")}
        self.r = {name.removeprefix("reader."): layer for name, layer in linear.items() if name.startswith("reader.")}
        self.salience = self._linear("writer.salience")
        self.probe_weight = self._linear("writer.probe_weight")
        self.word_weight = self._linear("writer.word_weight")
        self.gate = self._linear("reader.gate")
        self.predecessor = self._linear("reader.predecessor")
        del self._tensors

    @classmethod
    def load(cls, path: Path, grams: Path | None = None) -> SlowWeights:
        """Reads the weights file.

        Args:
            path: the file.
            grams: the table of gram weights for scripts without spaces; without it every gram weighs the same.

        Raises:
            ValueError: not files of a known format.
            OSError: one of them cannot be read.
        """
        from safetensors.numpy import load

        raw = path.read_bytes()
        digest = "blake2b:" + hashlib.blake2b(raw, digest_size=20).hexdigest()
        header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
        weights = None if grams is None else parse_weights(grams.read_text(encoding="utf-8"))
        return cls(load(raw), header["__metadata__"], digest, weights)

    def _floats(self, name: str) -> Floats:
        return self._tensors[name].astype(np.float32)

    def _names(self) -> list[str]:
        return [name.removesuffix(".trits") for name in self._tensors if name.endswith(".trits")]

    def _bit_linear(self, name: str) -> BitLinear:
        packed = cast("NDArray[np.uint8]", self._tensors[name + ".trits"])
        outputs, inputs = (int(n) for n in self._tensors[name + ".shape"])
        bias = self._floats(name + ".bias") if name + ".bias" in self._tensors else None
        return BitLinear(unpack_weight(packed, outputs, inputs), float(self._tensors[name + ".scale"][0]), bias)

    def _linear(self, name: str) -> Linear:
        return Linear(self._floats(name + ".weight"), self._floats(name + ".bias"))

    # ------------------------------------------------------------------------------------------ forward passes

    def standard(self, tap: int | slice, x: Floats) -> Floats:
        """(..., d) raw tap -> centred, scaled, clipped. `tap`: 0 and 1 middle layers, 2 last layer, 3 embedding.

        A slice of taps: (taps, d).
        """
        y = rms(x)
        y -= self.mean[tap]
        y /= self.std[tap]
        return np.minimum(np.maximum(y, -CLIP, out=y), CLIP, out=y)

    def encode(self, embedding: Floats, first: Floats, second: Floats) -> Encoded:
        """The writer, over the T tokens of a turn and the end token after them.

        Args:
            embedding: (T + 1, d) raw input embedding rows.
            first: (T + 1, d) raw output of the first tapped layer.
            second: (T + 1, d) raw output of the second tapped layer.
        """
        own = self.standard(3, embedding)
        before = np.concatenate((np.zeros_like(own[:1]), own[:-1]))
        x = np.concatenate((self.standard(0, first), self.standard(1, second), own, before), axis=1)
        h = self.w["input"](x)  # (T+1, width)
        n, heads, head = len(h), self.config["heads"], self.config["head_width"]
        q, k, v = self.w["qkv"](h).reshape(n, 3, heads, head).transpose(1, 2, 0, 3)  # each (heads, T+1, head)
        logits = (q @ k.transpose(0, 2, 1)) / np.float32(head**0.5)
        logits = np.exp(logits - logits.max(-1, keepdims=True))
        mixed = (logits / logits.sum(-1, keepdims=True)) @ v
        h = h + self.w["out"](np.ascontiguousarray(mixed.transpose(1, 0, 2)).reshape(n, heads * head))
        h = rms(h + self.w["down"](np.maximum(self.w["up"](h), 0)))
        pooled = pool(h)
        wide = np.concatenate((rms(pool(rms(x))), pooled))
        salience = -np.logaddexp(np.float32(0), -self.salience(h[:-1])[:, 0])
        return Encoded(
            ternarize(self.w["key"](h[:-1])),
            salience.astype(np.float32),
            ternarize(self.w["tell_address"](wide)),
            ternarize(self.w["ask_address"](wide)),
            self.w["gist"](pooled),
            ternarize(self.w["probe"](h[-PROBES:])),
            np.logaddexp(np.float32(0), self.probe_weight(h[-PROBES:])[:, 0]),
            np.logaddexp(np.float32(0), self.word_weight(h[:-1])[:, 0]),
        )

    def query(self, embedding: Floats, first: Floats, second: Floats, last: Floats, gist: Floats) -> Query:
        """The reader, at one position: (d,) raw taps of the token just read, and the question's gist."""
        x = self.standard(slice(None), np.concatenate((first, second, last, embedding)).reshape(4, -1)).reshape(-1)
        h = self.r["input"](x) + gist
        h = rms(h + self.r["down"](np.maximum(self.r["up"](h), 0)))
        return Query(self.gate(h), h)

    def wanted(self, query: Query) -> NDArray[np.int8]:
        """(K,) trits that the local keys are matched with."""
        return ternarize(self.r["query"](query.hidden))

    def succession(self, query: Query) -> np.float32:
        """The weight of a neuron whose predecessor is the last token, >= 0."""
        return np.float32(np.logaddexp(0.0, self.predecessor(query.hidden)[0]))

    def phrase(self, query: Query) -> Floats:
        """(P,) logits over the phrase tokens."""
        return self.r["phrase"](query.hidden)


def pack_weight(trits: NDArray[np.int8]) -> NDArray[np.uint8]:
    """(outputs, inputs) trits -> bytes, five trits a byte (3^5 = 243): 1.6 bits a weight."""
    flat = (trits.reshape(-1) + 1).astype(np.uint8)
    digits = np.concatenate((flat, np.zeros(-len(flat) % 5, dtype=np.uint8))).reshape(-1, 5)
    return np.asarray(digits @ np.array([1, 3, 9, 27, 81], dtype=np.uint8), dtype=np.uint8)


def unpack_weight(packed: NDArray[np.uint8], outputs: int, inputs: int) -> NDArray[np.int8]:
    """The reverse of `pack_weight`."""
    digits = np.empty((len(packed), 5), dtype=np.int8)
    rest = packed.astype(np.uint8)
    for i in range(5):
        digits[:, i] = rest % 3
        rest = rest // 3
    return np.asarray(digits.reshape(-1)[: outputs * inputs].reshape(outputs, inputs) - 1, dtype=np.int8)
