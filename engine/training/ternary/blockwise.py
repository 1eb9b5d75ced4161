"""First stage: block by block, the student's block learns to give the teacher block's output.

Each block reads what the already ternary blocks before it give and aims at what the float model has at that place, so
the errors of the earlier blocks are made good by the later ones (BRECQ's reconstruction, arXiv 2102.05426, with a
straight-through estimator). It needs no gradient through more than one block and is cheap: all blocks together take as
long as a few dozen steps of the second stage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from engine.training.ternary.llama import Llama


@dataclass(frozen=True)
class BlockwiseOptions:
    """How a block is trained. `rate` is of the matrices, `norm_rate` of the norms' gains."""

    steps: int = 80
    batch: int = 16
    rate: float = 6e-4
    norm_rate: float = 5e-3
    seed: int = 0


def train_blocks(teacher: Llama, student: Llama, ids: torch.Tensor, options: BlockwiseOptions) -> list[float]:
    """Trains all blocks, first to last. In place.

    Args:
        teacher: the float model.
        student: what `llama.grow` made of it, on the same device.
        ids: (n, T) sequences to learn from.
        options: see there.

    Returns:
        The last loss of each block: squared error relative to the power of the teacher's row.
    """
    real, width = teacher.shape.width, student.shape.width
    generator = torch.Generator().manual_seed(options.seed)
    with torch.no_grad():
        wanted = teacher.embed(ids)
        given = F.pad(wanted, (0, width - real))
        rope = teacher.rope(torch.arange(ids.shape[1], device=ids.device))
    losses = []
    for mine, theirs in zip(student.blocks, teacher.blocks, strict=True):
        with torch.no_grad():
            wanted = torch.cat([theirs(part, rope) for part in torch.split(wanted, options.batch)])
        matrices = [p for p in mine.parameters() if p.dim() == 2]
        gains = [p for p in mine.parameters() if p.dim() == 1]
        groups = [{"params": matrices, "rate": options.rate}, {"params": gains, "rate": options.norm_rate}]
        optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95), weight_decay=0.0)
        loss = torch.zeros(())
        for step in range(options.steps):
            share = min(1.0, (step + 1) / 10) * (0.475 * (1 + math.cos(math.pi * step / options.steps)) + 0.05)
            for group in optimizer.param_groups:
                group["lr"] = group["rate"] * share
            rows = torch.randint(0, len(ids), (options.batch,), generator=generator).to(ids.device)
            target = wanted[rows].float()
            error = (mine(given[rows], rope)[..., :real].float() - target).pow(2)
            loss = (error / (target.pow(2).mean(-1, keepdim=True) + 1e-3)).mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        with torch.no_grad():
            given = torch.cat([mine(part, rope) for part in torch.split(given, options.batch)])
        losses.append(loss.item())
    return losses
