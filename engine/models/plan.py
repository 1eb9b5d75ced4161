"""What a plan consists of: where a model can be, what that takes, how to load it, what to expect."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

TIGHT: Final = 0.1
"""Part of the memory that can be given; with less to spare a model just fits."""


class Fit(Enum):
    """Where a model can be."""

    GPU = "gpu"
    SPLIT = "split"
    RAM = "ram"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Need:
    """What one way of loading a model takes, in bytes.

    Attributes:
        layers: Layers on the GPU.
        output: Whether the output matrix is there too.
        gpu: All that is on the GPU.
        ram: All that is in RAM.
        cache: The KV cache and states of one conversation, wherever they are.
        gpu_cache: The part of it on the GPU.
        gpu_read: Weights read there for a token.
        ram_read: Weights read in RAM for a token.
    """

    layers: int
    output: bool
    gpu: int
    ram: int
    cache: int
    gpu_cache: int
    gpu_read: int
    ram_read: int


@dataclass(frozen=True)
class Plan:
    """How to load a model on a machine, and what to expect of it.

    Attributes:
        fit: Where it can be.
        need: What that takes.
        context: Tokens of context that this is planned for.
        cache_type: Format of the KV cache.
        comfortable: (everything fast, at least half as fast), tokens; 0 where there is none.
        speed: Tokens a second, (low, high), at `context`.
        gpu_budget: Bytes that were planned with on the GPU.
        ram_budget: Bytes that were planned with in RAM; None when the RAM is unknown.
        settings: For llama-cpp-python's `Llama`: what "apply" sets.
        summary: The same as `why`, in half a line.
        why: Sentences, made from the figures.
    """

    fit: Fit
    need: Need
    context: int
    cache_type: str
    comfortable: tuple[int, int]
    speed: tuple[float, float]
    gpu_budget: int
    ram_budget: int | None
    settings: dict[str, int | bool | str]
    summary: str
    why: tuple[str, ...]

    @property
    def tight(self) -> bool:
        """Whether it fits with less than a tenth to spare, where most of it is."""
        if self.fit is Fit.GPU:
            return self.gpu_budget - self.need.gpu < TIGHT * self.gpu_budget
        if self.fit in {Fit.NO, Fit.UNKNOWN} or self.ram_budget is None:
            return False
        return self.ram_budget - self.need.ram < TIGHT * self.ram_budget
