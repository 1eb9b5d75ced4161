"""A plain float32 llama forward pass in numpy, over the dequantized weights of a GGUF file.

Slow and obvious: the yardstick for the layer outputs that `LayerTaps` reads from llama.cpp's graph. One sequence, no
cache, no batching. T tokens, d width, H heads, G key/value heads, h = d / H.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize
from numpy.typing import NDArray

Array = NDArray[np.float32]


class ReferenceModel:
    """SmolLM2 (architecture `llama`): RMSNorm, rotary positions, grouped-query attention, SwiGLU, tied embeddings."""

    def __init__(self, path: Path) -> None:
        reader = GGUFReader(path)

        def number(key: str) -> float:
            field = reader.get_field(key)
            assert field is not None
            return float(field.contents())

        self.layers = int(number("llama.block_count"))
        self.width = int(number("llama.embedding_length"))
        self.heads = int(number("llama.attention.head_count"))
        self.groups = int(number("llama.attention.head_count_kv"))
        self.epsilon = number("llama.attention.layer_norm_rms_epsilon")
        self.base = number("llama.rope.freq_base")
        self._tensors = {tensor.name: tensor for tensor in reader.tensors}

    def weight(self, name: str) -> Array:
        """(out, in), dequantized; vectors (d,)."""
        tensor = self._tensors[f"{name}.weight"]
        return np.asarray(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)

    def norm(self, x: Array, name: str) -> Array:
        scale = np.sqrt(np.mean(x.astype(np.float64) ** 2, axis=-1, keepdims=True) + self.epsilon)
        return np.asarray(x / scale, dtype=np.float32) * self.weight(name)

    def rotate(self, x: Array) -> Array:
        """Rotary positions, (T, heads, h). GGUF stores llama's q and k so that neighbours (2i, 2i + 1) form a pair."""
        length, _, size = x.shape
        frequency = self.base ** (-np.arange(0, size, 2) / size)
        angle = np.arange(length)[:, None] * frequency  # (T, h / 2)
        cos, sin = np.cos(angle)[:, None, :], np.sin(angle)[:, None, :]
        even, odd = x[..., 0::2], x[..., 1::2]
        out = np.empty_like(x)
        out[..., 0::2] = even * cos - odd * sin
        out[..., 1::2] = even * sin + odd * cos
        return out

    def attention(self, x: Array, layer: int) -> Array:
        """(T, d) to (T, d), causal."""
        block, length, size = f"blk.{layer}.", len(x), self.width // self.heads
        q = self.rotate((x @ self.weight(block + "attn_q").T).reshape(length, self.heads, size))
        k = self.rotate((x @ self.weight(block + "attn_k").T).reshape(length, self.groups, size))
        v = (x @ self.weight(block + "attn_v").T).reshape(length, self.groups, size)
        future = np.triu(np.full((length, length), -np.inf, dtype=np.float32), 1)
        out = np.empty((length, self.heads, size), dtype=np.float32)
        for head in range(self.heads):
            group = head * self.groups // self.heads
            score = q[:, head] @ k[:, group].T / np.sqrt(size) + future
            weight = np.exp(score - score.max(axis=-1, keepdims=True))
            out[:, head] = weight / weight.sum(axis=-1, keepdims=True) @ v[:, group]
        return np.asarray(out.reshape(length, -1) @ self.weight(block + "attn_output").T, dtype=np.float32)

    def feed_forward(self, x: Array, layer: int) -> Array:
        block = f"blk.{layer}."
        gate = x @ self.weight(block + "ffn_gate").T
        up = x @ self.weight(block + "ffn_up").T
        return np.asarray((gate / (1 + np.exp(-gate)) * up) @ self.weight(block + "ffn_down").T, dtype=np.float32)

    def forward(self, tokens: list[int]) -> tuple[dict[str, Array], Array]:
        """Layer outputs by llama.cpp's names, (T, d) each, and the last token's logits (V,)."""
        embedding = self.weight("token_embd")
        x = embedding[tokens]
        outputs = {"embd": x}
        for layer in range(self.layers):
            x = x + self.attention(self.norm(x, f"blk.{layer}.attn_norm"), layer)
            x = x + self.feed_forward(self.norm(x, f"blk.{layer}.ffn_norm"), layer)
            outputs[f"l_out-{layer}"] = x
        return outputs, embedding @ self.norm(x[-1], "output_norm")
