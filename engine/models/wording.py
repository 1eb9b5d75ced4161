"""Puts the figures of a plan into words: half a line for a table, and sentences that say why."""

from __future__ import annotations

from dataclasses import dataclass

from engine.models.plan import Fit, Need
from engine.models.shape import ModelShape
from engine.models.weights import Weights


@dataclass(frozen=True)
class Facts:
    """What was planned with.

    Attributes:
        shape: The model's figures.
        weights: Its bytes.
        longest: Tokens of context that it was trained for.
        gpu: Bytes that the GPU can give; 0 without one.
        ram: Bytes that the RAM can give; None when unknown.
    """

    shape: ModelShape
    weights: Weights
    longest: int
    gpu: int
    ram: int | None


class Wording:
    """Puts the figures of one plan into words."""

    def __init__(
        self,
        facts: Facts,
        fit: Fit,
        need: Need,
        context: int,
        cache_type: str,
        comfortable: tuple[int, int],
        speed: tuple[float, float],
    ) -> None:
        self._facts = facts
        self._shape = facts.shape
        self._fit = fit
        self._need = need
        self._context = context
        self._cache_type = cache_type
        self._comfortable = comfortable
        self._speed = speed

    # ------------------------------------------------------------------------------------------ in half a line

    def summary(self) -> str:
        return "; ".join(part for part in (self._where(), self._room(), self._pace()) if part)

    def _where(self) -> str:
        need, layers = self._need, self._shape.layers
        if self._fit is Fit.NO:
            return f"does not fit: {gb(need.ram - (self._facts.ram or 0))} of RAM too little"
        if self._fit is Fit.UNKNOWN:
            return f"needs {gb(need.ram)} of RAM"
        if self._fit is Fit.RAM:
            return f"in RAM ({gb(need.ram)})"
        if self._fit is Fit.GPU:
            return "just fits on the GPU" if self._tight() else "all of it on the GPU"
        if need.layers >= 0.9 * layers:
            return f"just fits: {need.layers} of {layers} layers on the GPU"
        return f"{need.layers} of {layers} layers on the GPU, the rest in RAM"

    def _room(self) -> str:
        fast, half = self._comfortable
        if self._fit in {Fit.NO, Fit.UNKNOWN}:
            return ""
        if self._shape.recurrent:
            return "any length of conversation"
        end = ", all it was trained for" if half == self._facts.longest else ""
        if fast < half:
            return f"{tokens(fast)}-{tokens(half)} tokens comfortable{end}"
        return f"{tokens(half)} tokens{end}"

    def _pace(self) -> str:
        if self._fit in {Fit.NO, Fit.UNKNOWN}:
            return ""
        low, high = self._speed
        slow = ", a few characters a second" if high < 6 else ""
        return f"{pace(low)}-{pace(high)} tokens/s{slow}"

    def _tight(self) -> bool:
        return self._facts.gpu - self._need.gpu < 0.1 * self._facts.gpu

    # ------------------------------------------------------------------------------------------ why

    def sentences(self) -> list[str]:
        return [self._size(), self._cache(), self._place(), *self._length(), *self._waiting()]

    def _size(self) -> str:
        weights = self._facts.weights
        return f"{_billions(weights.parameters)} weights at {weights.bits:.2f} bits are {gb(weights.file)}."

    def _cache(self) -> str:
        cache = self._need.cache
        if self._shape.recurrent:
            return f"Its memory of the conversation is a state of {mb(cache)}, however long it gets."
        window = " (part of the layers look back over a window only)" if self._shape.windowed else ""
        small = ", stored in 8 bits so that more fits" if self._cache_type == "q8_0" else ""
        return f"The KV cache of {tokens(self._context)} tokens takes {gb(cache)}{window}{small}."

    def _place(self) -> str:
        need, layers, budget = self._need, self._shape.layers, self._facts.gpu
        if self._fit is Fit.NO:
            short = need.ram - (self._facts.ram or 0)
            besides = f" beside the {gb(need.gpu)} on the GPU" if need.output else ""
            return f"It needs {gb(need.ram)} of RAM{besides}, {gb(short)} more than there are to give."
        if self._fit is Fit.UNKNOWN:
            return f"It needs {gb(need.ram)} of RAM; how much this machine has is not known."
        if self._fit is Fit.GPU:
            left = "which just fits" if self._tight() else f"{gb(budget - need.gpu)} left"
            return f"All {layers} layers go to the GPU: {gb(need.gpu)} of {gb(budget)} that it can give, {left}."
        if self._fit is Fit.RAM:
            why = "there is no GPU to use" if budget == 0 else "not even the output fits on the GPU"
            if self._facts.weights.cpu_only:
                why = "llama.cpp computes ternary formats on the processor"
            return f"All of it is in RAM ({gb(need.ram)}), because {why}."
        rest = layers - need.layers
        # RAM is several times slower: from a fifth of the bytes on it is what one waits for.
        slow = ", which sets the speed" if 5 * need.ram_read > need.gpu_read else ""
        return (
            f"{need.layers} of {layers} layers fit on the GPU ({gb(need.gpu)} of {gb(budget)}); "
            f"{rest} {'stays' if rest == 1 else 'stay'} in RAM ({gb(need.ram)}){slow}."
        )

    def _length(self) -> list[str]:
        longest = self._facts.longest
        found = []
        if self._context > longest and not self._shape.recurrent:
            found.append(f"It was trained for {tokens(longest)} tokens: beyond that answers get worse.")
        if self._fit in {Fit.NO, Fit.UNKNOWN} or self._shape.recurrent:
            return found
        fast, half = self._comfortable
        if half > fast:
            end = "; what a longer one takes goes to RAM and slows it down" if self._facts.gpu else ""
            if half == longest:
                end = ", and it was trained for no more"
            found.append(
                f"A context of {tokens(fast)} to {tokens(half)} tokens is comfortable: with {tokens(half)} it still "
                f"has half of its speed{end}."
            )
        elif half == longest:
            found.append(f"Its whole context of {tokens(half)} tokens is comfortable.")
        else:
            found.append(f"Up to {tokens(half)} tokens are comfortable; a longer context does not fit or is too slow.")
        return found

    def _waiting(self) -> list[str]:
        if self._fit in {Fit.NO, Fit.UNKNOWN}:
            return []
        need = self._need
        where = [
            f"{gb(size)} from {name}"
            for size, name in ((need.gpu_read, "the GPU's memory"), (need.ram_read, "RAM"))
            if size > 0
        ]
        low, high = self._speed
        return [f"A token reads {' and '.join(where)}: {pace(low)} to {pace(high)} tokens a second."]


def pace(speed: float) -> str:
    """Tokens a second to the accuracy of an estimate: "0.7", "4", "49", "480"."""
    if speed < 2:
        return f"{speed:.1f}"
    return f"{speed:.0f}" if speed < 100 else f"{round(speed, -1):.0f}"


def gb(size: float) -> str:
    """Bytes as "7.5 GB" (powers of ten, as files are listed), small ones as "96 MB"."""
    return f"{size / 1e9:.1f} GB" if size >= 0.95e9 else mb(size)


def mb(size: float) -> str:
    """Bytes as "96 MB"."""
    return f"{size / 1e6:.0f} MB" if size >= 9.5e6 else f"{size / 1e6:.1f} MB"


def tokens(count: int) -> str:
    """A context as people write it: "8k", "128k"; others in full."""
    return f"{count // 1024}k" if count >= 1024 and count % 1024 == 0 else f"{count:,}"


def _billions(count: int) -> str:
    return f"{count / 1e9:.1f} billion" if count >= 0.95e9 else f"{count / 1e6:.0f} million"
