"""Second stage: the whole student learns the teacher's distribution over the next token.

The loss is KL(teacher || student) at every position (Hinton et al., arXiv 1503.02531). Teacher and student share the
frozen embedding as output head, so both logits and the student's gradient are made chunk by chunk: the vocabulary times
the batch never stands in memory.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import torch

from engine.training.ternary.llama import Llama

CHUNK = 8192
"""Positions whose logits stand in memory at once."""
EVALUATION_WINDOW = 256
"""Tokens of the windows that perplexity is measured on."""


def _chunk(student: torch.Tensor, teacher: torch.Tensor, head: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Summed divergence of (n, real) outputs, and its gradient by the student's."""
    mine = (student @ head.T).float().log_softmax(-1)
    theirs = (teacher @ head.T).float().log_softmax(-1)
    odds = theirs.exp()
    gradient = (mine.exp() - odds).to(head.dtype) @ head
    return (odds * (theirs - mine)).sum(), gradient


class Divergence(torch.autograd.Function):
    """Mean KL(teacher || student) of (n, real) outputs over one head, in nats a token."""

    chunk: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]] = staticmethod(
        _chunk
    )

    @staticmethod
    def forward(ctx: Any, student: torch.Tensor, teacher: torch.Tensor, head: torch.Tensor) -> torch.Tensor:
        total = torch.zeros((), device=student.device)
        gradient = torch.empty_like(student)
        for at in range(0, len(student), CHUNK):
            part = slice(at, at + CHUNK)
            loss, gradient[part] = Divergence.chunk(student[part], teacher[part], head)
            total += loss
        ctx.save_for_backward(gradient / len(student))
        return total / len(student)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (gradient,) = ctx.saved_tensors
        return gradient * gradients[0].to(gradient.dtype), None, None


def divergence(student: Llama, teacher: Llama, ids: torch.Tensor) -> torch.Tensor:
    """Mean KL(teacher || student), nats a token, over (B, T) sequences."""
    with torch.no_grad():
        theirs = teacher(ids)
    mine = student(ids)
    outputs = mine.flatten(0, 1), theirs.flatten(0, 1), teacher.embedding
    return cast("torch.Tensor", Divergence.apply(*outputs))  # type: ignore[no-untyped-call]


@torch.no_grad()
def perplexity(model: Llama, ids: torch.Tensor, batch: int = 16) -> float:
    """Of (n, T) windows, each read from an empty context."""
    total, count = 0.0, 0
    # Other lengths than those of the training: compiling for them would take longer than it saves.
    with torch.compiler.set_stance("force_eager"):
        for part in torch.split(ids, batch):
            log_odds = model.logits(model(part)[:, :-1]).float().log_softmax(-1)
            gold = log_odds.gather(2, part[:, 1:, None].long())
            total -= gold.sum().item()
            count += gold.numel()
    return math.exp(total / count)


@dataclass(frozen=True)
class DistillOptions:
    """How the student is trained. `batch` is in sequences; the rate rises over `warm_up` steps and falls to nothing."""

    steps: int = 2000
    batch: int = 32
    rate: float = 1e-3
    norm_rate: float = 2e-3
    warm_up: int = 60
    clip: float = 1.0
    betas: tuple[float, float] = (0.9, 0.95)
    log_every: int = 50
    save_every: int = 500
    seed: int = 0


class Distillation:
    """The second stage's state: model, optimizer, step.

    Args:
        teacher: the float model.
        student: as the first stage left it, on the same device.
        options: see there.
    """

    def __init__(self, teacher: Llama, student: Llama, options: DistillOptions) -> None:
        self.teacher, self.student, self.options = teacher, student, options
        matrices = [p for p in student.parameters() if p.dim() == 2]
        gains = [p for p in student.parameters() if p.dim() == 1]
        groups = [{"params": matrices, "rate": options.rate}, {"params": gains, "rate": options.norm_rate}]
        fused = student.embedding.is_cuda
        self.optimizer = torch.optim.AdamW(groups, betas=options.betas, weight_decay=0.0, fused=fused)
        self.step = 0

    def save(self, path: Path) -> None:
        """A checkpoint from which `load` goes on exactly."""
        state = {"student": self.student.state_dict(), "optimizer": self.optimizer.state_dict(), "step": self.step}
        torch.save(state | {"options": asdict(self.options)}, path)

    def load(self, path: Path) -> None:
        """Goes on from a checkpoint."""
        state = torch.load(path, weights_only=True, map_location=self.student.embedding.device)
        self.student.load_state_dict(state["student"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]

    def share(self, progress: float) -> float:
        """Of the highest rate: a linear warm-up, then a cosine down to nothing at `progress` 1."""
        return min(1.0, (self.step + 1) / self.options.warm_up) * 0.5 * (1 + math.cos(math.pi * progress))

    def one(self, ids: torch.Tensor, progress: float) -> torch.Tensor:
        """One step on (B, T) sequences; returns the loss, a tensor, so that nobody need wait for it."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["rate"] * self.share(progress)
        loss = divergence(self.student, self.teacher, ids)
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), self.options.clip)
        self.optimizer.step()
        self.step += 1
        return loss.detach()

    def run(
        self,
        batches: Callable[[int], torch.Tensor],
        measured: Mapping[str, torch.Tensor],
        *,
        checkpoint: Path,
        log: Path,
        deadline: float | None = None,
    ) -> None:
        """Trains to the last step, or until `deadline` (of `time.monotonic`), to which the rate then falls.

        Args:
            batches: the sequences of a step; must depend on the step alone, so that a resumed run sees the same.
            measured: (n, T) windows by name, whose perplexity is logged.
            checkpoint: written now and then, and at the end.
            log: JSON lines are appended.
            deadline: for machines that are lent for a time.
        """
        began = time.monotonic()
        recent: list[torch.Tensor] = []
        progress = self.step / self.options.steps
        while progress < 1.0:
            recent.append(self.one(batches(self.step), progress))
            progress = self.step / self.options.steps
            now = time.monotonic()
            if deadline is not None:
                progress = max(progress, (now - began) / (deadline - began))
            if self.step % self.options.log_every == 0 or progress >= 1.0:
                line = {"step": self.step, "seconds": round(now - began, 1)}
                line |= {"loss": round(torch.stack(recent).mean().item(), 4)}
                if self.step % (4 * self.options.log_every) == 0 or progress >= 1.0:
                    line |= {name: round(perplexity(self.student, ids), 3) for name, ids in measured.items()}
                recent.clear()
                print(json.dumps(line), flush=True)
                with log.open("a") as file:
                    file.write(json.dumps(line) + "\n")
            if self.step % self.options.save_every == 0 or progress >= 1.0:
                self.save(checkpoint)


def mixture(sources: list[tuple[torch.Tensor, float]], batch: int, seed: int) -> Callable[[int], torch.Tensor]:
    """Batches drawn from several pools of (n, T) sequences, each with its share; each pool in shuffled passes.

    Returns:
        From a step to its (batch, T) sequences, on the pools' device.
    """
    counts = [round(batch * share) for _, share in sources]
    counts[0] += batch - sum(counts)

    def rows(pool: int, step: int) -> Iterator[int]:
        size, count = len(sources[pool][0]), counts[pool]
        for at in range(step * count, (step + 1) * count):
            epoch, place = divmod(at, size)
            yield int(_order(pool, epoch, size)[place])

    orders: dict[tuple[int, int], torch.Tensor] = {}

    def _order(pool: int, epoch: int, size: int) -> torch.Tensor:
        if (pool, epoch) not in orders:
            generator = torch.Generator().manual_seed(hash((seed, pool, epoch)) % 2**60)
            orders[pool, epoch] = torch.randperm(size, generator=generator)
        return orders[pool, epoch]

    def of_step(step: int) -> torch.Tensor:
        parts = [
            sources[pool][0][torch.tensor(list(rows(pool, step)), dtype=torch.long).to(sources[pool][0].device)]
            for pool in range(len(sources))
        ]
        return torch.cat(parts)

    return of_step
