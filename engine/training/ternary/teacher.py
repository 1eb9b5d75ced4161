"""The teacher writes: text sampled from the float model, so that the student meets what the teacher would say.

Sequence-level distillation (Kim and Rush, arXiv 1606.07947) on sampled rather than best sequences; a user's turn that
is cut off is written to its end by the teacher too (as in Magpie, arXiv 2406.08464).
"""

from __future__ import annotations

import torch

from engine.training.ternary.llama import Cache, Llama

SEGMENT = 128
"""The cache grows by so many places: attention over places that are still empty is time lost."""


@torch.inference_mode()
def write(
    teacher: Llama, openings: torch.Tensor, length: int, *, temperature: float = 1.0, seed: int = 0
) -> torch.Tensor:
    """Goes on from beginnings.

    Args:
        teacher: any model of `llama`.
        openings: (B, P) tokens.
        length: of the whole sequences, P included.
        temperature: of the sampling; 1 keeps to the teacher's own distribution.
        seed: of all chance.

    Returns:
        (B, length) tokens, int32.
    """
    shape, device = teacher.shape, openings.device
    batch, begun = openings.shape
    generator = torch.Generator(device).manual_seed(seed)
    out = torch.zeros(batch, length, dtype=torch.long, device=device)
    out[:, :begun] = openings
    caches: list[Cache] = []
    for start in range(0, length, SEGMENT):
        end = min(start + SEGMENT, length)
        caches = [_longer(caches[i] if caches else None, teacher, batch, end, device) for i in range(shape.layers)]
        step = _Step(teacher, caches, batch, end, device)
        for place in range(start, min(end, length - 1)):
            logits = step(out[:, place : place + 1], place)
            if place + 1 >= begun:
                odds = (logits.float() / temperature).softmax(-1)
                out[:, place + 1] = torch.multinomial(odds, 1, generator=generator)[:, 0]
    return out.int()


def _longer(cache: Cache | None, teacher: Llama, batch: int, capacity: int, device: torch.device) -> Cache:
    size = (batch, teacher.shape.kv_heads, capacity, teacher.shape.head_width)
    keys, values = (torch.zeros(size, dtype=teacher.embedding.dtype, device=device) for _ in range(2))
    if cache is not None:
        keys[:, :, : cache[0].shape[2]], values[:, :, : cache[1].shape[2]] = cache
    return keys, values


class _Step:
    """One token for each sequence; on a GPU a captured graph, since its kernels are shorter than their launches."""

    def __init__(self, teacher: Llama, caches: list[Cache], batch: int, capacity: int, device: torch.device) -> None:
        self.teacher, self.caches = teacher, caches
        self.ids = torch.zeros(batch, 1, dtype=torch.long, device=device)
        self.at = torch.zeros(1, dtype=torch.long, device=device)
        self.places = torch.arange(capacity, device=device)
        self.graph: torch.cuda.CUDAGraph | None = None
        if device.type == "cuda":
            # The warm-up writes the first place of the caches; what stood there is put back.
            kept = [(keys[:, :, :1].clone(), values[:, :, :1].clone()) for keys, values in caches]
            stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                self._run()
            torch.cuda.current_stream().wait_stream(stream)
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph):
                self.logits = self._run()
            for (keys, values), (old_keys, old_values) in zip(caches, kept, strict=True):
                keys[:, :, :1], values[:, :, :1] = old_keys, old_values

    def _run(self) -> torch.Tensor:
        dtype = self.teacher.embedding.dtype
        rope = self.teacher.rope(self.at)
        mask = torch.where(self.places <= self.at, 0.0, -torch.inf).to(dtype)
        x = self.teacher.embed(self.ids)
        for block, cache in zip(self.teacher.blocks, self.caches, strict=True):
            x = block.step(x, rope, cache, self.at, mask)
        return self.teacher.logits(self.teacher.output_norm(x)[:, 0, : self.teacher.shape.real])

    def __call__(self, ids: torch.Tensor, place: int) -> torch.Tensor:
        """(B, 1) tokens at `place` -> (B, vocabulary) logits."""
        self.ids.copy_(ids)
        self.at.fill_(place)
        if self.graph is None:
            return self._run()
        self.graph.replay()
        return self.logits
