"""The frozen backbone in PyTorch: a llama forward pass over a GGUF's dequantized weights, for cached features.

The memory is trained on the layer outputs that llama.cpp's taps deliver at run time (`engine.backbone`). Computing
them here in bfloat16 is several times faster on a CPU than llama.cpp's Q4_1 kernels; the two agree within the error of
llama.cpp's eight-bit activations (tests/engine/training/test_backbone.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from gguf import GGUFReader, dequantize

HEAD_DIM = 64

Prefix = list[tuple[torch.Tensor, torch.Tensor]]
"""Keys and values of an earlier context, a pair a layer, each (1, kv_heads, P, HEAD_DIM)."""


class TorchBackbone:
    """SmolLM2 (llama architecture) over frozen bfloat16 weights.

    Args:
        path: the GGUF file.
        dtype: compute type; bfloat16 unless a test wants exactness.
        device: where the weights lie and the features come out.
    """

    def __init__(self, path: Path, dtype: torch.dtype = torch.bfloat16, device: torch.device | str = "cpu") -> None:
        reader = GGUFReader(path)

        def field(name: str) -> float:
            return float(reader.fields[f"llama.{name}"].contents())

        self.layers = int(field("block_count"))
        self.heads = int(field("attention.head_count"))
        self.kv_heads = int(field("attention.head_count_kv"))
        self.width = int(field("embedding_length"))
        self.dtype, self.device = dtype, torch.device(device)
        self.eps = field("attention.layer_norm_rms_epsilon")
        base = field("rope.freq_base")
        self.inv_freq = (base ** -(torch.arange(0, HEAD_DIM, 2).float() / HEAD_DIM)).to(device)
        self.w: dict[str, torch.Tensor] = {}
        for tensor in reader.tensors:
            array = np.array(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
            self.w[tensor.name] = torch.from_numpy(array).to(dtype).to(device)
        self.embedding = self.w["token_embd.weight"]
        """(V, d): the input embedding, tied to the output head."""

    def _rms(self, x: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
        y = x.float()
        return (y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + self.eps)).to(x.dtype) * gain

    def _rope(self, start: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        # GGUF llama files store q and k permuted for the interleaved ("normal") rotary layout.
        angle = torch.outer(torch.arange(start, start + length, device=self.device).float(), self.inv_freq)  # (T, hd/2)
        return angle.cos().to(self.dtype), angle.sin().to(self.dtype)

    @staticmethod
    def _rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)

    def layer(
        self,
        i: int,
        x: torch.Tensor,
        rope: tuple[torch.Tensor, torch.Tensor],
        prefix: Prefix | None,
        mask: torch.Tensor | None,
        keep: Prefix | None = None,
    ) -> torch.Tensor:
        """Layer i on (B, T, d).

        Args:
            i: the layer.
            x: output of the layer before.
            rope: cosine and sine of the positions, (T, hd / 2) or (B, 1, T, hd / 2).
            prefix: an earlier context, which all sequences of the batch continue.
            mask: (T, P + T) or (B, 1, T, P + T), True where a token sees another one; None: causal.
            keep: gets the layer's keys and values.
        """
        b, t, _ = x.shape
        h = self._rms(x, self.w[f"blk.{i}.attn_norm.weight"])
        q = self.project(i, "attn_q", h).view(b, t, self.heads, HEAD_DIM).transpose(1, 2)
        k = self.project(i, "attn_k", h).view(b, t, self.kv_heads, HEAD_DIM).transpose(1, 2)
        v = self.project(i, "attn_v", h).view(b, t, self.kv_heads, HEAD_DIM).transpose(1, 2)
        q, k = self._rotate(q, *rope), self._rotate(k, *rope)
        if keep is not None:
            keep.append((k, v))
        if prefix is not None:
            k = torch.cat((prefix[i][0].expand(b, -1, -1, -1), k), 2)
            v = torch.cat((prefix[i][1].expand(b, -1, -1, -1), v), 2)
        group = self.heads // self.kv_heads
        k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        o = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        x = x + self.project(i, "attn_output", o.transpose(1, 2).reshape(b, t, -1))
        h = self._rms(x, self.w[f"blk.{i}.ffn_norm.weight"])
        inner = F.silu(self.project(i, "ffn_gate", h)) * self.project(i, "ffn_up", h)
        return x + self.project(i, "ffn_down", inner)

    def project(self, i: int, name: str, x: torch.Tensor) -> torch.Tensor:
        """One of layer i's matrices on (..., inputs)."""
        return F.linear(x, self.w[f"blk.{i}.{name}.weight"])

    @torch.inference_mode()
    def prefix(self, ids: Sequence[int]) -> Prefix:
        """Keys and values of a context that many sequences share."""
        keep: Prefix = []
        rope = self._rope(0, len(ids))
        x = self.embedding[torch.tensor([list(ids)], device=self.device)]
        for i in range(self.layers):
            x = self.layer(i, x, rope, None, None, keep)
        return keep

    @torch.inference_mode()
    def features(self, ids: torch.Tensor, taps: Sequence[int], prefix: Prefix | None = None) -> list[torch.Tensor]:
        """Outputs of the layers `taps` for a right-padded batch that continues `prefix`.

        Args:
            ids: (B, T) token ids; causal attention makes the padding harmless.
            taps: layer indices, ascending; layer i's tap is llama.cpp's `l_out-i`.
            prefix: a context shared by all sequences of the batch.

        Returns:
            One (B, T, d) tensor a tap.
        """
        length = ids.shape[1]
        start = prefix[0][0].shape[2] if prefix else 0
        mask = None
        if start:
            causal = torch.ones(length, length, dtype=torch.bool, device=self.device).tril()
            mask = torch.cat((causal.new_ones(length, start), causal), 1)
        rope = self._rope(start, length)
        x = self.embedding[ids.to(self.device)]
        out = []
        for i in range(max(taps) + 1):
            x = self.layer(i, x, rope, prefix, mask)
            if i in taps:
                out.append(x)
        return out

    @torch.inference_mode()
    def log_probs(self, hidden: torch.Tensor) -> torch.Tensor:
        """(n, d) output of the last layer -> (n, V) natural-log probabilities, float32."""
        logits = F.linear(self._rms(hidden, self.w["output_norm.weight"]), self.embedding)
        return logits.float().log_softmax(-1)
