"""How many bytes a model's weights take in a quantization, before there is a file of it.

A quantization such as Q4_K_M is a mixture: the quantizer gives each kind of matrix a format of its own, better ones to
the output, the values, and the second feed-forward matrix of some layers. So the size is counted matrix by matrix, by
the rules of llama.cpp's `llama_tensor_get_type_impl` (src/llama-quant.cpp), instead of multiplying parameters by a
nominal number of bits: for 8B in IQ2_XS that would be a fifth too little. The i-quants are counted as made with an
importance matrix, as all published ones are. `tests/engine/models/test_weights.py` holds the result against the sizes
that llama.cpp's own documentation gives for Llama 3.1 8B (within 1 %) and against the bundled file (to the byte).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.models.formats import BY_NAME, Format

TERNARY_BITS: Final = math.log2(3)
"""1.58 bits: what a weight of -1, 0 or +1 carries. TQ1_0 packs five of them into a byte (1.69 with scales)."""

TOKEN_BYTES: Final = 40
"""Header bytes a token of the vocabulary: text, type and merges. SmolLM2's file has 36, Llama 3's 61."""

BASE: Final[dict[str, str]] = {
    # quantization: the format of whatever no rule below names
    "F16": "F16",
    "BF16": "BF16",
    "Q8_0": "Q8_0",
    "Q6_K": "Q6_K",
    "Q5_K_M": "Q5_K",
    "Q5_K_S": "Q5_K",
    "Q5_1": "Q5_1",
    "Q5_0": "Q5_0",
    "Q4_K_M": "Q4_K",
    "Q4_K_S": "Q4_K",
    "Q4_1": "Q4_1",
    "Q4_0": "Q4_0",
    "IQ4_NL": "IQ4_NL",
    "IQ4_XS": "IQ4_XS",
    "Q3_K_L": "Q3_K",
    "Q3_K_M": "Q3_K",
    "Q3_K_S": "Q3_K",
    "IQ3_M": "IQ3_S",
    "IQ3_S": "IQ3_S",
    "IQ3_XS": "IQ3_S",
    "IQ3_XXS": "IQ3_XXS",
    "Q2_K": "Q2_K",
    "Q2_K_S": "Q2_K",
    "IQ2_M": "IQ2_S",
    "IQ2_S": "IQ2_XS",
    "IQ2_XS": "IQ2_XS",
    "IQ2_XXS": "IQ2_XXS",
    "TQ2_0": "TQ2_0",
    "TQ1_0": "TQ1_0",
}

CPU_ONLY: Final = frozenset({"TQ1_0", "TQ2_0"})
"""llama.cpp's CUDA code knows no ternary format; of its Vulkan and Metal code only the newest knows TQ2_0 (llama.cpp
#25850, July 2026). Layers sent to the GPU all the same are computed on the processor, silently."""

_TWO_BITS: Final = frozenset({"IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M"})
_RICH_TWO_BITS: Final = frozenset({"IQ2_S", "IQ2_M"})
_RICHCPU_ONLY: Final = frozenset({"TQ1_0", "TQ2_0"})
"""llama.cpp's CUDA code knows no ternary format; of its Vulkan and Metal code only the newest knows TQ2_0 (llama.cpp
#25850, July 2026). Layers sent to the GPU all the same are computed on the processor, silently."""

_FALLBACK: Final = {"Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}
"""For rows that are not whole blocks of 256; the 1- to 3-bit formats fall back to IQ4_NL (i-quants) or Q4_0."""


@dataclass(frozen=True)
class Matrix:
    """A weight matrix, or a small tensor that is never quantized.

    Attributes:
        kind: embedding, output, q, k, v, qkv, o, gate, up, down, other; `plain` (32 bits) and `half` (16) stay so.
        columns: Length of a row.
        rows: Rows.
    """

    kind: str
    columns: int
    rows: int

    @property
    def weights(self) -> int:
        """Its elements."""
        return self.columns * self.rows


@dataclass(frozen=True)
class Blueprint:
    """All matrices of a model.

    Attributes:
        embedding: The embedding table.
        output: The output matrix; None where it is the embedding table ("tied").
        layers: How many layers.
        layer: The matrices of one layer; all layers are alike.
        attention_share: Query heads a KV head; from 4 on the values get more bits.
        seventy: Llama's 70B class, whose values get more bits still.
    """

    embedding: Matrix
    output: Matrix | None
    layers: int
    layer: tuple[Matrix, ...]
    attention_share: int = 1
    seventy: bool = False

    @property
    def parameters(self) -> int:
        """All weights, each once."""
        outside = self.embedding.weights + (self.output.weights if self.output else 0) + self.embedding.columns
        return outside + self.layers * sum(matrix.weights for matrix in self.layer)


@dataclass(frozen=True)
class Weights:
    """Bytes of a model's weights by where they are needed.

    Attributes:
        parameters: Weights, each once.
        embedding: The embedding table; llama.cpp leaves it in RAM.
        layers: Each layer.
        read: What a token reads of each layer (less where there are experts).
        output: What comes after the layers.
        shared: Bytes of the embedding table when it is the output matrix too ("tied"), else 0: once in the file and in
            RAM, twice in memory when the output is on a GPU.
        header: Metadata, mostly the vocabulary.
        slow_on_cpu: Whether they are in formats with a code book, which a CPU decodes slower than it reads them.
        cpu_only: Whether they are in formats that llama.cpp computes on the processor (`CPU_ONLY`).
    """

    parameters: int
    embedding: int
    layers: tuple[int, ...]
    read: tuple[int, ...]
    output: int
    shared: int = 0
    header: int = 0
    slow_on_cpu: bool = False
    cpu_only: bool = False

    @property
    def file(self) -> int:
        """Bytes of the whole file."""
        return self.header + self.embedding + sum(self.layers) + self.output - self.shared

    @property
    def bits(self) -> float:
        """Bits a weight."""
        return 8 * (self.file - self.header) / self.parameters


def size_in(blueprint: Blueprint, quantization: str) -> Weights:
    """The bytes of a model in a quantization.

    Raises:
        KeyError: no such quantization is known here (`BASE` lists them).
    """
    base = BASE[quantization]
    embedding = _embedding(blueprint, quantization, base)
    output = embedding if blueprint.output is None else _size(blueprint.output, _output(blueprint, quantization, base))
    layers = tuple(_layer(blueprint, quantization, base, index) for index in range(blueprint.layers))
    return Weights(
        parameters=blueprint.parameters,
        embedding=embedding,
        layers=layers,
        read=layers,
        output=output + 4 * blueprint.embedding.columns,
        shared=embedding if blueprint.output is None else 0,
        header=TOKEN_BYTES * blueprint.embedding.rows,
        slow_on_cpu=quantization.startswith("IQ"),
        cpu_only=quantization in CPU_ONLY,
    )


def ideal_ternary(parameters: int) -> float:
    """Bytes if every weight took its 1.58 bits and nothing more: the lower end of what "1.58-bit" promises."""
    return parameters * TERNARY_BITS / 8


def _size(matrix: Matrix, chosen: str) -> int:
    return _fitting(matrix, chosen).size(matrix.weights)


def _fitting(matrix: Matrix, chosen: str) -> Format:
    """The format, or the one that takes its place where the rows are not whole blocks (`tensor_type_fallback`)."""
    known = BY_NAME[chosen]
    if matrix.columns % known.block == 0:
        return known
    second = BY_NAME[_FALLBACK.get(chosen, "IQ4_NL" if chosen.startswith("IQ") else "Q4_0")]
    return second if matrix.columns % second.block == 0 else BY_NAME["F16"]


def _embedding(blueprint: Blueprint, quantization: str, base: str) -> int:
    if blueprint.output is None:
        return _size(blueprint.embedding, _output(blueprint, quantization, base))
    chosen = base
    if quantization in {"IQ2_XXS", "IQ2_XS"}:
        chosen = "Q2_K"
    elif quantization in _RICH_TWO_BITS or quantization == "IQ3_XXS":
        chosen = "IQ3_S"
    elif quantization in CPU_ONLY:
        chosen = "Q4_K"
    return _size(blueprint.embedding, chosen)


def _output(blueprint: Blueprint, quantization: str, base: str) -> str:
    if base in {"F16", "BF16", "Q8_0"} or blueprint.embedding.columns % BY_NAME[base].block:
        return base if base in {"F16", "BF16"} else "Q8_0"
    return "Q5_K" if quantization in _TWO_BITS or quantization == "IQ3_XXS" else "Q6_K"


def _layer(blueprint: Blueprint, quantization: str, base: str, index: int) -> int:
    place = _Place(blueprint, quantization, base, index)
    return sum(_size(matrix, place.format_of(matrix.kind)) for matrix in blueprint.layer)


class _Place:
    """Which format a matrix gets in one layer under one quantization."""

    def __init__(self, blueprint: Blueprint, quantization: str, base: str, index: int) -> None:
        self._asked = quantization
        self._base = base
        self._index = index
        self._count = blueprint.layers
        self._shared = blueprint.attention_share >= 4
        self._seventy = blueprint.seventy
        self._rules: dict[str, Callable[[], str]] = {
            "v": self._values,
            "qkv": self._fused,
            "q": self._queries,
            "k": self._queries,
            "o": self._attention_output,
            "down": self._second,
            "gate": self._first,
            "up": self._first,
        }

    def format_of(self, kind: str) -> str:
        if kind in {"plain", "half"}:
            return "F32" if kind == "plain" else "F16"
        # Nothing is mixed into the plain formats.
        if self._base in {"F16", "BF16"} or kind not in self._rules:
            return self._base
        return self._rules[kind]()

    def _more_bits(self) -> bool:
        eighth = self._count // 8
        return self._index < eighth or self._index >= 7 * self._count // 8 or (self._index - eighth) % 3 == 2

    def _values(self) -> str:
        asked, shared = self._asked, self._shared
        if asked in _TWO_BITS:
            return "Q4_K" if shared else "IQ3_S" if asked in _RICH_TWO_BITS else "Q2_K"
        chosen = self._base
        if asked == "Q2_K":
            chosen = "Q4_K" if shared else "Q3_K"
        elif asked == "IQ3_M" or (asked in {"Q2_K_S", "IQ3_XXS", "IQ3_XS", "IQ3_S"} and shared):
            chosen = "Q4_K"
        elif asked == "Q3_K_M":
            chosen = "Q5_K" if self._index < 2 else "Q4_K"
        elif asked == "Q3_K_L" or (asked in {"IQ4_NL", "IQ4_XS"} and shared):
            chosen = "Q5_K"
        elif asked in {"Q4_K_M", "Q5_K_M"} and self._more_bits():
            chosen = "Q6_K"
        elif asked == "Q4_K_S" and self._index < 4:
            chosen = "Q5_K"
        return "Q5_K" if self._seventy and chosen in {"Q3_K", "Q4_K"} else chosen

    def _fused(self) -> str:
        # The quantizer takes a fused matrix for values first; its own rules for it are never reached.
        return self._values()

    def _queries(self) -> str:
        return {"IQ3_XS": "IQ3_XXS", "IQ3_XXS": "IQ2_S"}.get(self._asked, self._base)

    def _attention_output(self) -> str:
        special = {"Q2_K": "Q3_K", "IQ3_XXS": "IQ3_S", "Q3_K_M": "Q4_K", "Q3_K_L": "Q5_K", "IQ3_M": "Q4_K"}
        if self._asked in _RICH_TWO_BITS:
            return "IQ3_S"
        return special.get(self._asked, self._base)

    def _second(self) -> str:
        asked, early = self._asked, self._index < self._count // 8
        if asked in _TWO_BITS and early:
            return "IQ3_S" if asked in _RICH_TWO_BITS else "Q2_K"
        if asked == "Q2_K":
            return "Q3_K"
        if asked == "Q3_K_M":
            return "Q5_K" if self._index < self._count // 16 else "Q4_K"
        if asked == "Q3_K_L":
            return "Q5_K"
        if asked in {"Q4_K_M", "Q5_K_M"} and self._more_bits():
            return "Q6_K"
        if early and asked in {"Q2_K_S", "IQ3_M"}:
            return "Q4_K"
        return "Q5_K" if early and asked == "Q4_K_S" else self._base

    def _first(self) -> str:
        middle = self._count // 8 <= self._index < 7 * self._count // 8
        return "IQ3_XXS" if self._asked == "IQ3_XS" and middle else self._base
