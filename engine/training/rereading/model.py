"""The rereader in PyTorch: a LoRA on the middle layers of the frozen backbone, and a span head of BitLinear layers.

Each question is one row of a batch: the question, then its told turns side by side, each of which sees the question and
itself and none of the others (a block mask), at the positions that it has in a sequence of its own. That is what
`engine.backbone.rereading` computes at run time with a sequence a turn; tests/engine/training/test_rereading.py holds
the two equal.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import gguf
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from torch import nn

from engine.bit_ttt.rereader import FORMAT
from engine.bit_ttt.slow_weights import pack_weight
from engine.training.backbone import Prefix, TorchBackbone
from engine.training.model import DROPOUT, BitLinear, rms, ternary_weight
from engine.training.rereading.questions import Question

FIRST, LAST = 6, 17
"""Layers that are adapted. Nothing behind the last one is computed."""
TAPS: Final = (11, LAST)
RANK: Final = 16
MATRICES: Final = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
WIDTH, HEADS, HEAD_WIDTH = 256, 4, 32
NOT = -1e4
"""The logit of what cannot be."""


class AdaptedBackbone(TorchBackbone):
    """The frozen backbone as far as the last tap, with a low-rank addition to its middle layers' matrices."""

    def __init__(self, path: Path, dtype: torch.dtype = torch.bfloat16, device: torch.device | str = "cpu") -> None:
        super().__init__(path, dtype, device)
        self.layers = LAST + 1
        self.w = {name: w for name, w in self.w.items() if not name.startswith("blk.") or _layer_of(name) <= LAST}
        self.low_rank: dict[tuple[int, str], tuple[torch.Tensor, torch.Tensor]] = {}
        """(layer, matrix) -> (RANK, inputs) and (outputs, RANK), in the compute type."""

    def project(self, i: int, name: str, x: torch.Tensor) -> torch.Tensor:
        """With what the adapter adds."""
        y = super().project(i, name, x)
        added = self.low_rank.get((i, name))
        return y if added is None else y + F.linear(F.linear(x, added[0]), added[1])


def _layer_of(name: str) -> int:
    return int(name.split(".")[1])


class Adapter(nn.Module):
    """The LoRA's matrices (arXiv 2106.09685), zero at first."""

    def __init__(self, backbone: AdaptedBackbone) -> None:
        super().__init__()
        self.down, self.up = nn.ParameterDict(), nn.ParameterDict()
        for layer in range(FIRST, LAST + 1):
            for name in MATRICES:
                outputs, inputs = backbone.w[f"blk.{layer}.{name}.weight"].shape
                self.down[f"{layer}:{name}"] = nn.Parameter(torch.randn(RANK, inputs) * inputs**-0.5)
                self.up[f"{layer}:{name}"] = nn.Parameter(torch.zeros(outputs, RANK))

    def cast(self, dtype: torch.dtype) -> dict[tuple[int, str], tuple[torch.Tensor, torch.Tensor]]:
        """As the backbone takes them."""
        keys = ((key, int(key.split(":")[0]), key.split(":")[1]) for key in self.down)
        return {(layer, name): (self.down[key].to(dtype), self.up[key].to(dtype)) for key, layer, name in keys}


class SpanHead(nn.Module):
    """`engine.bit_ttt.rereader.Rereader` with gradients."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.input = BitLinear(inputs, WIDTH)
        self.qkv = BitLinear(WIDTH, 3 * HEADS * HEAD_WIDTH)
        self.out = BitLinear(HEADS * HEAD_WIDTH, WIDTH)
        self.up = BitLinear(WIDTH, 2 * WIDTH)
        self.down = BitLinear(2 * WIDTH, WIDTH)
        self.start, self.end = nn.Linear(WIDTH, 1), nn.Linear(WIDTH, 1)
        self.none = nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor, there: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Where an answer begins and ends.

        Args:
            x: (n, T, inputs) RMS-normalised taps of n turns.
            there: (n, T) False in the padding.

        Returns:
            (n, T) logits of both.
        """
        for layer in (self.input, self.qkv, self.out, self.up, self.down):
            layer.quantize()
        n, t, _ = x.shape
        h = F.dropout(self.input(x), DROPOUT, self.training)
        q, k, v = self.qkv(h).view(n, t, 3, HEADS, HEAD_WIDTH).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=there[:, None, None, :])
        h = h + self.out(mixed.transpose(1, 2).reshape(n, t, -1))
        h = rms(h + self.down(F.dropout(F.relu(self.up(h)), DROPOUT, self.training)))
        start, end = (head(h)[..., 0].masked_fill(~there, NOT) for head in (self.start, self.end))
        return start, end


class Rereading(nn.Module):
    """Adapter and head over the backbone."""

    def __init__(self, backbone: AdaptedBackbone) -> None:
        super().__init__()
        self.__dict__["backbone"] = backbone  # not a module: it is frozen and is not saved
        self.backbone: AdaptedBackbone
        self.adapter = Adapter(backbone)
        self.head = SpanHead(len(TAPS) * backbone.width)

    def forward(
        self, asked: Sequence[Sequence[int]], told: Sequence[Sequence[Sequence[int]]], prefix: Prefix
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Where the answers begin and end.

        Args:
            asked: of each of Q questions, the tokens up to where its turns begin.
            told: of each question the tokens of its turns, C at most.
            prefix: the context before the question, computed without the adapter.

        Returns:
            (Q, C, T) logits of both.
        """
        backbone = self.backbone
        backbone.low_rank = self.adapter.cast(backbone.dtype)
        ids, rope, mask, spans = self._rows(asked, told, prefix[0][0].shape[2])
        with torch.no_grad():
            x = backbone.embedding[ids]
            for i in range(FIRST):
                x = backbone.layer(i, x, rope, prefix, mask)
        taps = []
        for i in range(FIRST, LAST + 1):
            x = backbone.layer(i, x, rope, prefix, mask)
            if i in TAPS:
                taps.append(rms(x.float()))
        row, turn, first, length = (torch.tensor(column) for column in zip(*spans, strict=True))
        reach = torch.arange(int(length.max()))[None]
        there = reach < length[:, None]
        at = (first[:, None] + reach) * there
        shape = len(asked), int(turn.max()) + 1, reach.shape[1]
        start, end = self.head(torch.cat(taps, -1)[row[:, None], at], there)
        blank = start.new_full(shape, NOT)
        return blank.index_put((row, turn), start), blank.index_put((row, turn), end)

    def _rows(
        self, asked: Sequence[Sequence[int]], told: Sequence[Sequence[Sequence[int]]], before: int
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor], torch.Tensor, list[tuple[int, int, int, int]]]:
        """Token ids, positions as rotations, who sees whom, and (row, turn, first token, length) of each turn."""
        rows = len(asked)
        length = max(len(a) + sum(map(len, turns)) for a, turns in zip(asked, told, strict=True))
        ids, positions = torch.zeros(rows, length, dtype=torch.long), torch.zeros(rows, length)
        sees = torch.zeros(rows, 1, length, before + length, dtype=torch.bool)
        sees[..., :before] = True
        spans = []
        for row, (question, turns) in enumerate(zip(asked, told, strict=True)):
            a = at = len(question)
            ids[row, :a], positions[row, :a] = torch.tensor(question), torch.arange(a).float()
            sees[row, 0, :a, before : before + a] = torch.ones(a, a, dtype=torch.bool).tril()
            for turn, tokens in enumerate(turns):
                n = len(tokens)
                ids[row, at : at + n] = torch.tensor(tokens)
                positions[row, at : at + n] = torch.arange(a, a + n).float()
                sees[row, 0, at : at + n, before : before + a] = True
                sees[row, 0, at : at + n, before + at : before + at + n] = torch.ones(n, n, dtype=torch.bool).tril()
                spans.append((row, turn, at, n))
                at += n
        angle = (positions + before)[..., None] * self.backbone.inv_freq
        rope = tuple(part.to(self.backbone.dtype)[:, None] for part in (angle.cos(), angle.sin()))
        return ids, rope, sees, spans  # type: ignore[return-value]

    def loss(self, start: torch.Tensor, end: torch.Tensor, questions: Sequence[Question]) -> torch.Tensor:
        """Cross-entropy of where the answer begins, in which turn or nowhere, and of where it ends from there on."""
        count, turns, length = start.shape
        choices = torch.cat((start.flatten(1), self.head.none.expand(count, 1)), 1)
        answers = [question.answer for question in questions]
        nowhere = turns * length
        begins = torch.tensor([a[0] * length + a[1] if a else nowhere for a in answers])
        total = F.cross_entropy(choices, begins)
        answered = [(row, a) for row, a in enumerate(answers) if a]
        if answered:
            ends = torch.stack([end[row, turn] for row, (turn, _, _) in answered])
            first = torch.tensor([first for _, (_, first, _) in answered])
            ends = ends.masked_fill(torch.arange(length)[None] < first[:, None], NOT)
            total = total + F.cross_entropy(ends, torch.tensor([after - 1 for _, (_, _, after) in answered]))
        return total

    def export(self, out: Path, *, backbone: str, opening: str) -> None:
        """Writes the adapter (GGUF) and the head (safetensors) side by side.

        Args:
            out: their path without a suffix.
            backbone: digest of the backbone's file.
            opening: what stands between the question and each turn.
        """
        writer = gguf.GGUFWriter(out.with_suffix(".gguf"), "llama")
        writer.add_type("adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", float(RANK))
        for part, matrices in (("a", self.adapter.down), ("b", self.adapter.up)):
            for key, matrix in matrices.items():
                layer, name = key.split(":")
                array = matrix.detach().float().cpu().numpy().astype(np.float16)
                writer.add_tensor(f"blk.{layer}.{name}.weight.lora_{part}", array)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        tensors: dict[str, np.ndarray] = {}
        for name, module in self.head.named_children():
            assert isinstance(module, BitLinear | nn.Linear)
            weight, bias = module.weight.detach().cpu(), module.bias
            assert bias is not None
            if isinstance(module, BitLinear):
                trits, scale = ternary_weight(weight)
                tensors[f"{name}.trits"] = pack_weight(trits.round().to(torch.int8).numpy())
                tensors[f"{name}.scale"] = np.array([float(scale)], dtype=np.float32)
                tensors[f"{name}.shape"] = np.array(weight.shape, dtype=np.int32)
            else:
                tensors[f"{name}.weight"] = weight.float().numpy()
            tensors[f"{name}.bias"] = bias.detach().float().cpu().numpy().copy()
        tensors["none"] = self.head.none.detach().float().cpu().numpy().copy()
        meta = {
            "format": FORMAT,
            "backbone": backbone,
            "taps": json.dumps([f"l_out-{layer}" for layer in TAPS]),
            "heads": str(HEADS),
            "opening": opening,
        }
        save_file(tensors, out.with_suffix(".safetensors"), metadata=meta)
