"""Ternary weights with one scale a row and group of 256 columns, and the straight-through gradient that trains them.

The format is that of llama.cpp's TQ1_0 and TQ2_0 blocks (256 trits and one float16), so what is trained goes into a
GGUF without loss. Threshold: half the mean magnitude (absmean, BitNet b1.58, arXiv 2402.17764); scale: least squares
for the trits chosen (TWN, arXiv 1605.04711).
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import nn

GROUP = 256
"""Columns that share a scale: the length of llama.cpp's ternary blocks."""
THRESHOLD = 0.5
"""Of a group's mean magnitude; what is smaller becomes 0."""


def quantize(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Latent weights to trits and scales.

    Args:
        weight: (rows, columns) float32, columns a multiple of `GROUP`.

    Returns:
        (rows, columns / GROUP, GROUP) of -1, 0, 1 in float32, and the scales (rows, columns / GROUP, 1), rounded to
        bfloat16: such a number is one of float16's too unless it is below 6e-5, so the exported file has the very
        weights that were trained.
    """
    groups = weight.view(weight.shape[0], -1, GROUP)
    magnitude = groups.abs()
    kept = magnitude > THRESHOLD * magnitude.mean(-1, keepdim=True)
    trits = torch.where(kept, groups.sign(), 0.0)
    scale = (magnitude * kept).sum(-1, keepdim=True) / kept.sum(-1, keepdim=True).clamp(min=1)
    return trits, scale.bfloat16().float()


class StraightThrough(torch.autograd.Function):
    """Ternary forward, identity backward (Bengio et al., arXiv 1308.3432)."""

    @staticmethod
    def forward(ctx: Any, weight: torch.Tensor) -> torch.Tensor:
        trits, scale = quantize(weight)
        return (trits * scale).view_as(weight)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        return gradients[0]


def ternary(weight: torch.Tensor) -> torch.Tensor:
    """(rows, columns) latent weights -> the ternary ones they stand for, with a gradient that goes straight through."""
    return cast("torch.Tensor", StraightThrough.apply(weight))  # type: ignore[no-untyped-call]


class TernaryLinear(nn.Linear):
    """A linear layer without bias that computes with the ternary form of its latent weights."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(..., inputs) -> (..., outputs), in the input's type."""
        return F.linear(x, ternary(self.weight).to(x.dtype))
