"""The llama architecture as a trainable module: the teacher with float weights, the student with ternary ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from gguf import GGUFReader, dequantize
from torch import nn

from engine.training.ternary.quantizer import GROUP, TernaryLinear

PROJECTIONS = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
"""The matrices of a block, by their names in a GGUF."""
NORMS = ("attn_norm", "ffn_norm")


@dataclass(frozen=True)
class Shape:
    """Sizes of a llama model. `real` is the width that the embedding fills; the rest of `width` starts as zeros."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    hidden: int
    vocabulary: int
    rope_base: float
    eps: float
    head_width: int
    real: int

    def padded(self) -> Shape:
        """The next shape whose matrices divide into groups of 256 columns, with heads to fill it."""
        width = math.ceil(self.width / GROUP) * GROUP
        heads = width // self.head_width
        kv_heads = heads * self.kv_heads // self.heads
        if self.hidden % GROUP or width % self.head_width or heads % kv_heads:
            raise ValueError(f"No ternary shape for {self}: hidden width and heads must divide.")
        return replace(
            self, width=width, heads=heads, kv_heads=kv_heads, eps=self.eps * self.width / width, real=self.width
        )


class RMSNorm(nn.Module):
    """Root mean square normalisation with a gain, computed in float32."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(..., width) -> (..., width), in the input's type."""
        y = x.float()
        return (y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight).to(x.dtype)


Rope = tuple[torch.Tensor, torch.Tensor]
"""Cosines and sines, each (T, head_width / 2)."""
Cache = tuple[torch.Tensor, torch.Tensor]
"""Keys and values of a block, each (B, kv_heads, capacity, head_width)."""


def rotate(x: torch.Tensor, rope: Rope) -> torch.Tensor:
    """Rotary positions on (B, heads, T, head_width); GGUF's llama files pair neighbouring columns."""
    cos, sin = rope
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


class Block(nn.Module):
    """Attention and SwiGLU, each on the normalised residual stream."""

    def __init__(self, shape: Shape, ternary: bool) -> None:
        super().__init__()
        linear = TernaryLinear if ternary else lambda i, o: nn.Linear(i, o, bias=False)
        self.shape = shape
        inner, kv = shape.heads * shape.head_width, shape.kv_heads * shape.head_width
        self.attn_norm = RMSNorm(shape.width, shape.eps)
        self.attn_q = linear(shape.width, inner)
        self.attn_k = linear(shape.width, kv)
        self.attn_v = linear(shape.width, kv)
        self.attn_output = linear(inner, shape.width)
        self.ffn_norm = RMSNorm(shape.width, shape.eps)
        self.ffn_gate = linear(shape.width, shape.hidden)
        self.ffn_up = linear(shape.width, shape.hidden)
        self.ffn_down = linear(shape.hidden, shape.width)

    def forward(self, x: torch.Tensor, rope: Rope) -> torch.Tensor:
        """(B, T, width) -> (B, T, width), causal."""
        q, k, v = self._heads(x, rope)
        group = self.shape.heads // self.shape.kv_heads
        o = F.scaled_dot_product_attention(
            q, k.repeat_interleave(group, 1), v.repeat_interleave(group, 1), is_causal=True
        )
        return self._finish(x, o)

    def step(self, x: torch.Tensor, rope: Rope, cache: Cache, at: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """One token a sequence, attending to a cache that it writes.

        Args:
            x: (B, 1, width).
            rope: of the token's position.
            cache: the block's keys and values.
            at: (1,) the token's place in the cache.
            mask: (capacity,) 0 where there is something to attend to, else minus infinity.

        Returns:
            (B, 1, width)
        """
        q, k, v = self._heads(x, rope)
        cache[0].index_copy_(2, at, k)
        cache[1].index_copy_(2, at, v)
        b, group = len(x), self.shape.heads // self.shape.kv_heads
        q = q.view(b, self.shape.kv_heads, group, self.shape.head_width)
        scores = q @ cache[0].transpose(2, 3) * self.shape.head_width**-0.5 + mask
        o = scores.float().softmax(-1).to(x.dtype) @ cache[1]
        return self._finish(x, o.view(b, self.shape.heads, 1, self.shape.head_width))

    def _heads(self, x: torch.Tensor, rope: Rope) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        b, t, _ = x.shape
        h = self.attn_norm(x)
        q, k, v = (
            project(h).view(b, t, -1, self.shape.head_width).transpose(1, 2)
            for project in (self.attn_q, self.attn_k, self.attn_v)
        )
        return rotate(q, rope), rotate(k, rope), v

    def _finish(self, x: torch.Tensor, o: torch.Tensor) -> torch.Tensor:
        x = x + self.attn_output(o.transpose(1, 2).flatten(2))
        h = self.ffn_norm(x)
        return cast("torch.Tensor", x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h)))


class Llama(nn.Module):
    """A llama model whose embedding is frozen and tied to the output head.

    Args:
        shape: the sizes.
        embedding: (vocabulary, shape.real) in the type to compute in.
        ternary: whether the blocks' matrices are `TernaryLinear`.
    """

    def __init__(self, shape: Shape, embedding: torch.Tensor, *, ternary: bool) -> None:
        super().__init__()
        self.shape = shape
        self.embedding: torch.Tensor
        self.register_buffer("embedding", embedding, persistent=False)
        self.blk = nn.ModuleList(Block(shape, ternary) for _ in range(shape.layers))
        self.output_norm = RMSNorm(shape.width, shape.eps)

    @property
    def blocks(self) -> list[Block]:
        """The blocks, first to last."""
        return cast("list[Block]", list(self.blk))

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        """(B, T) tokens -> (B, T, width); zeros beyond the embedding."""
        return F.pad(self.embedding[ids], (0, self.shape.width - self.shape.real))

    def rope(self, positions: torch.Tensor) -> Rope:
        """(T,) positions -> cosines and sines in the embedding's type."""
        half = torch.arange(0, self.shape.head_width, 2, device=positions.device).float() / self.shape.head_width
        angle = torch.outer(positions.float(), self.shape.rope_base**-half)
        return angle.cos().to(self.embedding.dtype), angle.sin().to(self.embedding.dtype)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """(B, T) tokens -> (B, T, real): what the output head takes; its columns beyond the embedding are zeros."""
        rope = self.rope(torch.arange(ids.shape[1], device=ids.device))
        x = self.embed(ids)
        for block in self.blk:
            x = block(x, rope)
        return cast("torch.Tensor", self.output_norm(x))[..., : self.shape.real]

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """(..., real) -> (..., vocabulary)."""
        return F.linear(hidden, self.embedding)


def load_teacher(path: Path, dtype: torch.dtype = torch.bfloat16) -> Llama:
    """The float model in a GGUF of the llama architecture with a tied embedding, frozen."""
    reader = GGUFReader(path)

    def field(name: str) -> float:
        return float(reader.fields[f"llama.{name}"].contents())

    tensors = {
        t.name: torch.from_numpy(np.array(dequantize(t.data, t.tensor_type), dtype=np.float32)) for t in reader.tensors
    }
    embedding = tensors.pop("token_embd.weight")
    heads, width = int(field("attention.head_count")), int(field("embedding_length"))
    shape = Shape(
        layers=int(field("block_count")),
        width=width,
        heads=heads,
        kv_heads=int(field("attention.head_count_kv")),
        hidden=int(field("feed_forward_length")),
        vocabulary=len(embedding),
        rope_base=field("rope.freq_base"),
        eps=field("attention.layer_norm_rms_epsilon"),
        head_width=width // heads,
        real=width,
    )
    teacher = Llama(shape, embedding.to(dtype), ternary=False)
    teacher.load_state_dict(tensors)
    for block in teacher.blocks:
        for name in PROJECTIONS:
            getattr(block, name).to(dtype)
    return teacher.requires_grad_(False)


@torch.no_grad()
def grow(teacher: Llama) -> Llama:
    """A student of the padded shape that computes, before its weights are made ternary, what the teacher computes.

    The stream's added dimensions and the added heads are no dead weight: a ternary block stores 256 columns whether
    they are zeros or not, so they are there to be learned. What writes to them starts at zero (as in LoRA), what reads
    from them at random: the function is the teacher's, and gradients flow.
    """
    shape = teacher.shape.padded()
    student = Llama(shape, teacher.embedding, ternary=True)
    real, gain = teacher.shape.width, math.sqrt(teacher.shape.width / shape.width)
    for mine, theirs in zip(student.blocks, teacher.blocks, strict=True):
        for name in PROJECTIONS:
            old, new = getattr(theirs, name).weight.float(), getattr(mine, name).weight
            rows, columns = old.shape
            new.normal_(std=float(old.std()))
            new[:rows, :columns] = old
            if name in ("attn_v", "attn_output", "ffn_down"):
                new[rows:] = 0.0
        for name in NORMS:
            getattr(mine, name).weight[:real] = getattr(theirs, name).weight * gain
            getattr(mine, name).weight[real:] = gain
    student.output_norm.weight[:real] = teacher.output_norm.weight * gain
    student.output_norm.weight[real:] = gain
    return student
