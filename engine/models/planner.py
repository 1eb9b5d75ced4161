"""Whether a model fits a machine, how to load it there, what to expect, and why.

Memory. llama.cpp needs, beside the file's header:

    weights    the embedding table stays in RAM; layers and output matrix go to the GPU or stay in RAM
               (`weights.py` for a quantization, the header's own records for a file)
    KV cache   sum over layers of cells x (keys x bytes + values x bytes), where cells is the context rounded up to
               256, or for a layer with a sliding window (window + ubatch) rounded up; keys and values count the KV
               heads only (grouped queries); bytes are 2 for f16, 34/32 for q8_0. A recurrent layer has a state of
               constant size instead, in 32-bit floats. (src/llama-kv-cache.cpp, llama-kv-cache-iswa.cpp,
               llama-hparams.cpp: `n_embd_k_gqa`, `n_embd_r`, `n_embd_s`)
    buffers    with flash attention ubatch x 4 bytes x the widest step: vocabulary + twice the width (the logits of a
               batch) or twice the feed-forward width and the width; on the host besides ubatch x 4 x (context + width)
               for the mask. When only part of the layers is on the GPU, prompts borrow the other layers' matrices
               there, one at a time: at most a third of a layer. (`graph_reserve` in src/llama-context.cpp. What the
               installed llama.cpp says that it allocates is compared in tests/engine/models/test_llama_agrees.py.)
    driver     `GPU_RESERVE` for the card's own use and the screen, `RAM_RESERVE` for the system and Techo.

Placement. The output goes to the GPU first, then the layers from the last one down, as llama.cpp does
(`i_gpu_start = n_layer + 1 - n_gpu_layers`); as many as fit. The cache is f16 while everything fits; where q8_0, half
the size for a small loss of accuracy, brings more layers onto the GPU it is taken.

Comfort. `comfortable` are two contexts: the longest with which everything is on the GPU or which keeps four fifths of
the speed of a short conversation, and the longest that keeps half of it. Beyond, decoding slows down with every layer
that the cache pushes into RAM.

Where the estimates of other programs go wrong, and this one looks: the logits buffer of models with large vocabularies,
the embedding table that does not go to the GPU, sliding windows, models whose 'context length' is not what they were
trained for, and memory that the driver calls total but does not give.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.models.hardware import GIB, MIB, Machine
from engine.models.plan import Fit, Need, Plan
from engine.models.shape import ModelShape
from engine.models.speed import tokens_a_second
from engine.models.weights import Weights
from engine.models.wording import Facts, Wording

GPU_RESERVE: Final = 512 * MIB
"""What a card of a given size does not give: the driver's context (some 300 MiB) and a desktop's screen."""

DRIVER_CONTEXT: Final = 300 * MIB
"""The same when the free memory was measured: the screen is counted already."""

RAM_RESERVE: Final = 3 * GIB
TECHO: Final = 512 * MIB
"""The memory of the window, the engine and its bundled model."""

UBATCH: Final = 512
BATCH: Final = 512
SHORTEST: Final = 2048
ASSUMED_CONTEXT: Final = 4096
"""For a file that does not say what it was trained for."""

CACHE_BYTES: Final = {"f16": 2.0, "q8_0": 34 / 32}
HALF_SPEED: Final = 0.5
ALMOST_ALL: Final = 0.8
CHOSEN_AT_MOST: Final = 32_768
CHOSEN_WHEN_SPLIT: Final = 8_192
"""A longer context is planned only when it is asked for: the cache takes its memory at once, filled or not."""


def plan(shape: ModelShape, weights: Weights, machine: Machine, context: int | None = None) -> Plan:
    """Plans a model on a machine; `context` tokens, or (None) the longest comfortable one."""
    return _Planner(shape, weights, machine).plan(context)


def cache_bytes(shape: ModelShape, context: int, cache_type: str = "f16", layers: Iterable[int] | None = None) -> int:
    """Bytes of KV cache and recurrent states for one conversation of `context` tokens, for all or some layers."""
    per = CACHE_BYTES[cache_type]
    chosen = range(shape.layers) if layers is None else layers
    total = 0.0
    for layer in chosen:
        kv = shape.kv[layer]
        if kv is not None:
            total += kv.cells(context, UBATCH) * (kv.key + kv.value) * per
        total += shape.states[layer]
    return round(total)


def buffer_bytes(shape: ModelShape) -> int:
    """Bytes of the buffer for the intermediate results of a batch, with flash attention."""
    return 4 * UBATCH * (2 * shape.width + max(shape.vocabulary, 2 * shape.feed_forward, shape.scratch))


def host_bytes(shape: ModelShape, context: int) -> int:
    """Bytes of the mask and the inputs of a batch, which are in RAM in any case."""
    return 4 * UBATCH * (shape.width + (0 if shape.recurrent else context))


class _Planner:
    def __init__(self, shape: ModelShape, weights: Weights, machine: Machine) -> None:
        self.shape = shape
        self.weights = weights
        self.machine = machine
        self.longest = shape.context or ASSUMED_CONTEXT
        cards = () if weights.cpu_only else machine.gpus
        self._cards = len(cards)
        self.gpu = sum(self._card_budget(gpu.memory, gpu.free) for gpu in cards)
        self.ram = self._ram_budget()

    def plan(self, context: int | None) -> Plan:
        ladder = self._ladder()
        options = {length: self._best(length) for length in ladder}
        comfortable = self._comfortable(options)
        chosen = context or self._choose(options, comfortable[0])
        need, cache_type = self._best(chosen)
        fit = self._fit(need)
        speed = self._speed(need)
        facts = Facts(self.shape, self.weights, self.longest, self.gpu, self.ram)
        words = Wording(facts, fit, need, chosen, cache_type, comfortable, speed)
        return Plan(
            fit=fit,
            need=need,
            context=chosen,
            cache_type=cache_type,
            comfortable=comfortable,
            speed=speed,
            gpu_budget=self.gpu,
            ram_budget=self.ram,
            settings=self._settings(need, chosen, cache_type),
            summary=words.summary(),
            why=tuple(words.sentences()),
        )

    # ------------------------------------------------------------------------------------------ budgets

    def _card_budget(self, memory: int, free: int | None) -> int:
        return max(0, free - DRIVER_CONTEXT if free is not None else memory - GPU_RESERVE)

    def _ram_budget(self) -> int | None:
        machine = self.machine
        if machine.ram is None:
            return None
        # An eighth, or three gigabytes, stays with the system; of a real machine, what others use now.
        budget = machine.ram - max(RAM_RESERVE, machine.ram // 8)
        if machine.ram_available is not None:
            budget = min(budget, machine.ram_available - TECHO)
        return max(0, budget)

    # ------------------------------------------------------------------------------------------ placement

    def _ladder(self) -> list[int]:
        steps = [SHORTEST << power for power in range(20) if SHORTEST << power < self.longest]
        return [*steps, self.longest]

    def _need(self, layers: int, output: bool, context: int, cache_type: str) -> Need:
        shape, weights = self.shape, self.weights
        on_gpu = range(shape.layers - layers, shape.layers)
        cache = cache_bytes(shape, context, cache_type)
        gpu_cache = cache_bytes(shape, context, cache_type, on_gpu)
        gpu = ram = 0
        gpu_weights = sum(weights.layers[layer] for layer in on_gpu)
        if output:
            # Each card computes its layers with a buffer of its own.
            gpu = gpu_weights + weights.output + gpu_cache + self._cards * buffer_bytes(shape)
            if layers < shape.layers:
                gpu += max(weights.layers) // 3
        ram = weights.embedding + sum(weights.layers) - gpu_weights + cache - gpu_cache
        # A tied output in RAM is the embedding table itself.
        ram += 0 if output else weights.output - weights.shared
        ram += host_bytes(shape, context)
        ram += 0 if output else buffer_bytes(shape)
        if self.machine.unified:
            # One memory for both: it is all counted where the budget is.
            gpu, ram = gpu + (ram if output else 0), ram + gpu
        read = sum(weights.read[layer] for layer in on_gpu)
        return Need(
            layers=layers,
            output=output,
            gpu=gpu,
            ram=ram,
            cache=cache,
            gpu_cache=gpu_cache,
            gpu_read=read + (weights.output if output else 0),
            ram_read=sum(weights.read) - read + (0 if output else weights.output),
        )

    def _most(self, context: int, cache_type: str) -> Need:
        """The way with the most layers on the GPU."""
        if self.gpu > 0:
            low, high = -1, self.shape.layers
            while low < high:  # the need grows with the layers, so halving finds the most that fit
                middle = (low + high + 1) // 2
                if self._fits_gpu(self._need(middle, True, context, cache_type)):
                    low = middle
                else:
                    high = middle - 1
            if low >= 0:
                return self._need(low, True, context, cache_type)
        return self._need(0, False, context, cache_type)

    def _fits_gpu(self, need: Need) -> bool:
        return need.gpu <= self.gpu

    def _best(self, context: int) -> tuple[Need, str]:
        plain = self._most(context, "f16")
        if self.gpu == 0 or self._whole(plain) or self.shape.recurrent:
            return plain, "f16"
        small = self._most(context, "q8_0")
        return (small, "q8_0") if small.layers > plain.layers else (plain, "f16")

    def _whole(self, need: Need) -> bool:
        return need.output and need.layers == self.shape.layers

    def _fits(self, need: Need) -> bool:
        return self.ram is None or need.ram <= self.ram

    def _fit(self, need: Need) -> Fit:
        if self.ram is None and not self._whole(need):
            return Fit.UNKNOWN
        if not self._fits(need):
            return Fit.NO
        if self._whole(need):
            return Fit.GPU
        return Fit.SPLIT if need.output else Fit.RAM

    # ------------------------------------------------------------------------------------------ comfort

    def _speed(self, need: Need) -> tuple[float, float]:
        return tokens_a_second(
            self.machine,
            layers=self.shape.layers,
            gpu_weights=need.gpu_read,
            ram_weights=need.ram_read,
            gpu_cache=need.gpu_cache,
            ram_cache=need.cache - need.gpu_cache,
            code_book=self.weights.slow_on_cpu,
        )

    def _comfortable(self, options: dict[int, tuple[Need, str]]) -> tuple[int, int]:
        fitting = {length: need for length, (need, _) in options.items() if self._fits(need)}
        if not fitting:
            return 0, 0
        # With the cache filled: that is when a long conversation is slow.
        speeds = {length: self._speed(need)[0] for length, need in fitting.items()}
        best = speeds[min(speeds)]
        fast = max(
            length for length, need in fitting.items() if self._whole(need) or speeds[length] >= ALMOST_ALL * best
        )
        return fast, max(length for length, speed in speeds.items() if speed >= HALF_SPEED * best or length <= fast)

    def _choose(self, options: dict[int, tuple[Need, str]], fast: int) -> int:
        if fast == 0:
            return min(options)
        whole = max((length for length, (need, _) in options.items() if self._whole(need)), default=0)
        return max(min(fast, whole, CHOSEN_AT_MOST), min(fast, CHOSEN_WHEN_SPLIT))

    # ------------------------------------------------------------------------------------------ settings

    def _settings(self, need: Need, context: int, cache_type: str) -> dict[str, int | bool | str]:
        return {
            "n_gpu_layers": need.layers + 1 if need.output else 0,
            "n_ctx": context,
            "n_batch": BATCH,
            "n_ubatch": UBATCH,
            "n_threads": self.machine.usable_cores or self.machine.cores or 4,
            "flash_attn": True,
            "type_k": cache_type,
            "type_v": cache_type,
            # The full-size cache of windowed layers would only serve going back in a conversation without reading anew.
            "swa_full": False,
        }
