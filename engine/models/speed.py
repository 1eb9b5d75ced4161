"""Roughly how fast a model answers: decoding waits for memory, so bytes read a token over bytes a second.

For each new token every weight (of the experts in use), and the KV cache as far as it is filled, goes once from memory
to the arithmetic units; at one conversation at a time the arithmetic itself is hidden behind that. (Williams et al.,
"Roofline", CACM 52(4), 2009; Pope et al., "Efficiently Scaling Transformer Inference", arXiv:2211.05102, section 2.)

    seconds a token = bytes on the GPU / GPU bandwidth + bytes in RAM / RAM bandwidth + layers x `LAYER_SECONDS`

The result is a range, because three things are not known: which card of its class it is, which RAM, and how much of
the bandwidth on the label llama.cpp gets (`EFFICIENCY`). Its lower end also has the KV cache full, its upper end empty.
Reading a prompt is bound by arithmetic instead and is not estimated.
"""

from __future__ import annotations

import re
from typing import Final

from engine.models.hardware import GIB, Gpu, Machine

GB: Final = 1e9

GPU_EFFICIENCY: Final = (0.6, 0.85)
CPU_EFFICIENCY: Final = (0.6, 0.85)
LAYER_SECONDS: Final = (60e-6, 30e-6)
"""What a layer costs beside its bytes: starting its operations, waiting for threads. Decides for tiny models only."""

CODE_BOOK_ON_CPU: Final = (0.35, 0.8)
"""i-quants look their weights up in tables; a CPU is busy with that for longer than it waits for memory."""

GPU_PEAKS: Final = (
    # name, GB/s on the data sheet
    (r"H200", 4800),
    (r"H100 (?!PCIe)|H800", 3350),
    (r"H100", 2000),
    (r"A100.*80GB", 2039),
    (r"A100", 1555),
    (r"L40|6000 Ada", 864),
    (r"RTX A6000", 768),
    (r"L4", 300),
    (r"T4", 320),
    (r"5090", 1792),
    (r"5080", 960),
    (r"5070 Ti", 896),
    (r"5070", 672),
    (r"5060", 448),
    (r"4090", 1008),
    (r"4080", 736),
    (r"4070 Ti SUPER", 672),
    (r"4070", 504),
    (r"4060 Ti", 288),
    (r"4060", 272),
    (r"4050", 216),
    (r"3090", 936),
    (r"3080", 760),
    (r"3070 Ti", 608),
    (r"3070", 448),
    (r"3060 Ti", 448),
    (r"3060", 360),
    (r"3050", 224),
    (r"2080 Ti", 616),
    (r"20[678]0( SUPER)?", 448),
    (r"1080 Ti", 484),
    (r"1660( Ti| SUPER)?|1070( Ti)?|1080", 256),
    (r"7900 XTX", 960),
    (r"7900 XT", 800),
    (r"7800 XT", 624),
    (r"7700 XT", 432),
    (r"7600", 288),
    (r"6[89]00", 512),
    (r"6700", 384),
    (r"6600", 224),
    (r"Arc", 456),
    (r"M\d Ultra", 800),
    (r"M\d Max", 400),
    (r"M[12] Pro", 200),
    (r"M3 Pro", 150),
    (r"M4 Pro", 273),
    (r"M4", 120),
    (r"M[23]", 100),
    (r"M1", 68),
)

GPU_TIERS: Final = (
    # memory up to GiB, slowest and fastest common card of that size, GB/s
    (4.5, 112, 224),  # GTX 1650 ... RTX 3050
    (6.5, 192, 336),  # GTX 1660 ... RTX 2060
    (8.5, 224, 448),  # RX 6600, RTX 4060 (272) ... RTX 3070, RTX 2080
    (12.5, 360, 504),  # RTX 3060 ... RTX 4070
    (16.5, 288, 736),  # RTX 4060 Ti ... RTX 4080
    (24.5, 800, 1008),  # RX 7900 XT ... RTX 4090
    (float("inf"), 768, 3350),  # RTX A6000 ... H100
)

RAM_PEAKS: Final = (51.2, 89.6)
"""GB/s of two channels of DDR4-3200 and of DDR5-5600, what desktops and laptops of today have."""

CORE_PEAKS: Final = (10.0, 18.0)
"""GB/s that one core can take in; a machine with few cores does not get at the whole of its RAM's bandwidth."""


def gpu_bandwidth(gpu: Gpu) -> tuple[float, float]:
    """Bytes a second that decoding may get from a card's memory: (low, high)."""
    low, high = next((low, high) for size, low, high in GPU_TIERS if gpu.memory <= size * GIB)
    for pattern, peak in GPU_PEAKS:
        # Apple's chips are called M1 to M4, but so are old cards of others.
        if (gpu.maker == "apple") == pattern.startswith("M") and re.search(rf"\b(?:{pattern})\b", gpu.name):
            low = high = peak
            break
    return low * GB * GPU_EFFICIENCY[0], high * GB * GPU_EFFICIENCY[1]


def ram_bandwidth(machine: Machine) -> tuple[float, float]:
    """Bytes a second that decoding on the processor may get from the RAM: (low, high)."""
    low, high = RAM_PEAKS
    for gpu in machine.gpus:
        if gpu.unified:
            slowest, fastest = gpu_bandwidth(gpu)
            low, high = slowest / GB / GPU_EFFICIENCY[0], fastest / GB / GPU_EFFICIENCY[1]
    if machine.usable_cores is not None:
        low = min(low, machine.usable_cores * CORE_PEAKS[0])
        high = min(high, machine.usable_cores * CORE_PEAKS[1])
    return low * GB * CPU_EFFICIENCY[0], high * GB * CPU_EFFICIENCY[1]


def tokens_a_second(
    machine: Machine,
    *,
    layers: int,
    gpu_weights: int,
    ram_weights: int,
    gpu_cache: int,
    ram_cache: int,
    code_book: bool,
) -> tuple[float, float]:
    """(low, high) tokens a second, for so many bytes read a token in either memory.

    Args:
        machine: Where.
        layers: Layers of the model.
        gpu_weights: Bytes of weights read on the GPU.
        ram_weights: Bytes of weights read in RAM.
        gpu_cache: Bytes of the full KV cache, and of the state, on the GPU.
        ram_cache: The same in RAM.
        code_book: Whether the weights are i-quants.
    """
    cards = [gpu_bandwidth(gpu) for gpu in machine.gpus]
    # Layers on several cards are gone through one after the other: their bandwidths do not add up.
    gpu = (min(low for low, _ in cards), max(high for _, high in cards)) if cards else (1.0, 1.0)
    ram = ram_bandwidth(machine)
    book = CODE_BOOK_ON_CPU if code_book else (1.0, 1.0)
    slow = (gpu_weights + gpu_cache) / gpu[0] + ram_weights / (ram[0] * book[0]) + ram_cache / ram[0]
    fast = gpu_weights / gpu[1] + ram_weights / (ram[1] * book[1])
    return 1 / (slow + layers * LAYER_SECONDS[0]), 1 / (fast + layers * LAYER_SECONDS[1])
