"""What a decoded token costs: additions and multiplications counted from the shapes, and their modelled energy.

Counted as llama.cpp's CPU kernels do it (`ggml-cpu/quants.c`, `ops.cpp`):

- A product of a quantised row with the activations is a sum of integers: one 8-bit multiplication and one 32-bit
  addition a weight, and a few operations a block for the scales. Of a ternary row it is **additions alone**: an
  activation is added, subtracted or left out, counted 256 times a block: zeros are not skipped. (The x86 kernel codes
  the trits as 0, 1, 2, lets one instruction multiply and add in pairs, and subtracts the sum of the activations. That
  is how this processor spells it; the arithmetic needs the addition, and the 16 subtractions a block are counted too.)
- F16 weights are widened: 32-bit floating multiplication and addition.
- The activations are quantised before every product: a multiplication and a comparison (counted as an addition) each,
  and the sums that the format wants.
- Norms, rotary positions, attention, SwiGLU and residual sums are 32-bit floating point. Exponentials, roots, sines and
  divisions are counted as `special` and have no price here; they are less than one in a thousand.

Not counted: unpacking of codes (shifts and masks; TQ1_0 pays more of it than all others), moving data inside the
processor, and the sampling.

Prices: M. Horowitz, "Computing's energy problem", ISSCC 2014, 45 nm, 0.9 V. A model to compare with, not a measurement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.models.gguf import Tensor, read_container
from engine.models.header import read_header

PICOJOULES: Final = {
    "int8 add": 0.03,
    "int32 add": 0.1,
    "int8 mult": 0.2,
    "int32 mult": 3.1,
    "fp16 add": 0.4,
    "fp16 mult": 1.1,
    "fp32 add": 0.9,
    "fp32 mult": 3.7,
}
DRAM_PICOJOULES_A_BYTE: Final = (1300 / 8, 2600 / 8)
"""1.3 to 2.6 nJ for 64 bits."""


@dataclass(frozen=True)
class _Product:
    """A row's product with the activations, by blocks.

    Attributes:
        block: weights in a block.
        cost: operations of a block.
        activations: operations to quantise `block` activations.
    """

    block: int
    cost: dict[str, int]
    activations: dict[str, int]


def _quantised(block: int, sums: int) -> dict[str, int]:
    return {"fp32 mult": block, "fp32 add": block, "int32 add": sums, "special": 1}


def _small(fp_mults: int, fp_adds: int, sums: int) -> _Product:
    """32 weights and a scale, perhaps a minimum: x Q8_0, Q8_1."""
    cost = {"int8 mult": 32, "int32 add": 32, "fp32 mult": fp_mults, "fp32 add": fp_adds}
    return _Product(32, cost, _quantised(32, sums))


# 16 sums of 16 activations each stand in a Q8_K block, for the formats whose codes have an offset.
_TERNARY: Final = _Product(256, {"int32 add": 256 + 16, "fp32 mult": 2, "fp32 add": 1}, _quantised(256, 256))
# 8 scales and 8 minima, which meet the 16 sums, two by two.
_FOUR: Final = _Product(
    256,
    {"int8 mult": 256, "int32 add": 256 + 8 + 8 + 8, "int32 mult": 8 + 8, "fp32 mult": 4, "fp32 add": 2},
    _quantised(256, 256),
)
# 16 scales, which also meet the 16 sums for the offset of 32.
_SIX: Final = _Product(
    256,
    {"int8 mult": 256, "int32 add": 256 + 16 + 16, "int32 mult": 16 + 16, "fp32 mult": 2, "fp32 add": 1},
    _quantised(256, 256),
)
_FLOAT: Final = _Product(1, {"fp32 mult": 1, "fp32 add": 1}, {})

PRODUCTS: Final = {
    "Q4_0": _small(2, 1, 0),
    "Q5_0": _small(2, 1, 0),
    "Q8_0": _small(2, 1, 0),
    "Q4_1": _small(3, 2, 32),
    "Q5_1": _small(3, 2, 32),
    "Q4_K": _FOUR,
    "Q5_K": _FOUR,
    "Q6_K": _SIX,
    "TQ1_0": _TERNARY,
    "TQ2_0": _TERNARY,
    "F16": _FLOAT,
    "F32": _FLOAT,
}


@dataclass(frozen=True)
class Dimensions:
    """Of a Llama: `hidden` is the feed-forward width."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    head_width: int
    hidden: int


Operations = Counter[str]


def product(columns: int, rows: int, format_name: str) -> Operations:
    """One matrix times one vector of `columns` activations."""
    kind = PRODUCTS[format_name]
    blocks = columns // kind.block
    found: Operations = Counter()
    for name, count in kind.cost.items():
        found[name] += rows * blocks * count
    for name, count in kind.activations.items():
        found[name] += blocks * count
    return found


def count_operations(matrices: Iterable[Tensor], of: Dimensions, context: int) -> Operations:
    """All operations of one decoded token.

    Args:
        matrices: those that are multiplied with: the blocks' and the output head, not a separate embedding table.
        of: the model's dimensions.
        context: tokens in the KV window, this one included.
    """
    found: Operations = Counter()
    for matrix in matrices:
        columns, rows = matrix.shape
        found += product(columns, rows, matrix.format.name)
    norms = 2 * of.layers + 1
    # The square and its sum, the scale, the gain.
    found += _times(norms, {"fp32 mult": 3 * of.width, "fp32 add": of.width, "special": 2})
    turned = (of.heads + of.kv_heads) * of.head_width
    found += _times(of.layers, {"fp32 mult": 2 * turned, "fp32 add": turned, "special": of.head_width})
    # A query meets every key, then every value with its weight; between them the softmax.
    each = of.heads * context
    found += _times(of.layers * each, {"fp32 mult": 2 * of.head_width, "fp32 add": 2 * of.head_width})
    found += _times(of.layers * each, {"fp32 mult": 1, "fp32 add": 3, "special": 1})
    found += _times(of.layers * of.heads, {"fp32 mult": of.head_width, "special": 1})
    # silu(gate) * up
    found += _times(of.layers * of.hidden, {"fp32 mult": 1, "fp32 add": 1, "special": 2})
    found += _times(of.layers, {"fp32 add": 2 * of.width})
    return found


def _times(factor: int, cost: dict[str, int]) -> Operations:
    return Counter({name: factor * count for name, count in cost.items()})


def picojoules(operations: Operations) -> float:
    """What the operations cost; `special` ones have no price."""
    return sum(PICOJOULES[name] * count for name, count in operations.items() if name != "special")


def operations_of(path: Path, context: int) -> dict[str, Any]:
    """The operations of a model file's decoded token.

    Returns:
        `operations` by kind, `additions`, `multiplications` (all kinds together), `joules` (modelled), `of_blocks` and
        `of_blocks_joules` (the same of the weights' products without the head: the part that ternary weights change),
        `dram_bytes` (weights and KV window read once), `dram_joules` (from, to), `context`.
    """
    model, tensors = read_header(path), read_container(path).tensors
    kv = model.shape.kv[0]
    key = kv.key if kv is not None else 0
    head_width = model.shape.width // model.shape.heads
    of = Dimensions(
        model.shape.layers,
        model.shape.width,
        model.shape.heads,
        key // head_width,
        head_width,
        model.shape.feed_forward,
    )
    blocks = [tensor for tensor in tensors if tensor.name.startswith("blk.") and len(tensor.shape) == 2]
    tables = {tensor.name: tensor for tensor in tensors if tensor.name in ("output.weight", "token_embd.weight")}
    head = tables.get("output.weight", tables["token_embd.weight"])
    found = count_operations([*blocks, head], of, context)
    of_blocks: Operations = Counter()
    for matrix in blocks:
        columns, rows = matrix.shape
        of_blocks += product(columns, rows, matrix.format.name)
    bytes_read = sum(tensor.size for tensor in (*blocks, head)) + of.layers * context * 2 * key * 2  # F16 keys, values
    return {
        "operations": dict(sorted(found.items())),
        "additions": sum(count for name, count in found.items() if name.endswith("add")),
        "multiplications": sum(count for name, count in found.items() if name.endswith("mult")),
        "of_blocks": dict(sorted(of_blocks.items())),
        "of_blocks_joules": picojoules(of_blocks) / 1e12,
        "joules": picojoules(found) / 1e12,
        "dram_bytes": bytes_read,
        "dram_joules": [bytes_read * price / 1e12 for price in DRAM_PICOJOULES_A_BYTE],
        "context": context,
    }
