"""The figures of a language model that decide how much memory it takes: layers, widths, heads, windows, states.

A header (`gguf.py`) and a catalogue entry (`catalogue.py`) both come down to a `ModelShape`, so that a file on the
disk and a model that one only thinks of are planned by the same arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PAD: Final = 256
"""llama.cpp rounds the cells of a KV cache up to a multiple of this."""

WINDOW_PATTERNS: Final[dict[str, tuple[int, bool]]] = {
    # architecture: (period, the full layer comes first)
    "gemma2": (2, False),
    "gemma3": (6, False),
    "gemma3n": (5, False),
    "cohere2": (4, False),
    "gpt-oss": (2, False),
    "olmo2": (4, False),
    "exaone4": (4, False),
    "llama4": (4, False),
    "smallthinker": (4, True),
}
"""Architectures whose layers take turns between a sliding window and the whole context in llama.cpp: of each period one
layer sees everything. Others that name a window (Phi-3, Mistral 7B v0.1, Qwen2) get a cache of full size there."""

PURE_RECURRENT: Final = frozenset({"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"})
"""No attention at all: the state of the past has the same size for any length of it."""

RECURRENT_AND_ATTENTION: Final = frozenset({"falcon-h1"})
"""Both in every layer."""


@dataclass(frozen=True)
class KvLayer:
    """The KV cache of one layer.

    Attributes:
        key: Numbers of a token's keys: KV heads x key size.
        value: Numbers of a token's values: KV heads x value size.
        window: Tokens that the layer looks back; None for the whole context.
    """

    key: int
    value: int
    window: int | None = None

    def cells(self, context: int, ubatch: int) -> int:
        """Tokens kept. A sliding window needs the tokens of a batch on top of it (`llama_kv_cache_iswa`)."""
        whole = _padded(context)
        return whole if self.window is None else min(whole, _padded(self.window + ubatch))


@dataclass(frozen=True)
class ModelShape:
    """One model's figures.

    Attributes:
        architecture: llama.cpp's name of it.
        layers: Blocks.
        width: Embedding width.
        feed_forward: Widest feed-forward layer; 0 where there is none (Mamba).
        vocabulary: Rows of the embedding table; 0 when unknown.
        context: Tokens of context that it was trained for; 0 when unknown (recurrent models work beyond it).
        heads: Query heads; 0 without attention.
        kv: One entry a layer: its KV cache, or None where the layer has none.
        states: One entry a layer: bytes of its recurrent state (32-bit floats), 0 where the layer has none.
        scratch: Numbers a token that a recurrent layer computes with at once; 0 without one.
        experts: Experts a layer; 0 for a dense model.
        experts_used: Experts that a token goes through.
    """

    architecture: str
    layers: int
    width: int
    feed_forward: int
    vocabulary: int
    context: int
    heads: int
    kv: tuple[KvLayer | None, ...]
    states: tuple[int, ...]
    scratch: int = 0
    experts: int = 0
    experts_used: int = 0

    @property
    def recurrent(self) -> bool:
        """Whether the memory of the past does not grow at all."""
        return not any(self.kv)

    @property
    def windowed(self) -> bool:
        """Whether some layers look back only over a sliding window."""
        return any(layer is not None and layer.window is not None for layer in self.kv)

    @property
    def state_bytes(self) -> int:
        """Bytes of the recurrent state of one conversation."""
        return sum(self.states)


def windows_of(architecture: str, window: int, layers: int, pattern: Sequence[bool] | None) -> list[int | None]:
    """The sliding window of each layer: `window` or None. `pattern` (True: windowed) goes before the table above."""
    if window <= 0:
        return [None] * layers
    if pattern is not None:
        return [window if windowed else None for windowed in pattern]
    period, full_first = WINDOW_PATTERNS.get(architecture, (1, False))
    if period == 1:
        return [None] * layers
    full = 0 if full_first else period - 1
    return [None if layer % period == full else window for layer in range(layers)]


def mamba_state(inner: int, state: int, kernel: int, groups: int = 0) -> int:
    """Bytes of a Mamba layer's state: the convolution's last inputs and the state matrix (`n_embd_r`, `n_embd_s`)."""
    return 4 * ((max(kernel, 1) - 1) * (inner + 2 * groups * state) + state * inner)


def mamba_scratch(inner: int) -> int:
    """Numbers a token of a Mamba layer: input and gate, convolution, step, scan, and what goes out (measured)."""
    return 6 * inner


def rwkv_scratch(width: int) -> int:
    """Numbers a token of an RWKV layer: the six mixes of the input, receptance, key, value, decay, gate, output."""
    return 12 * width


def rwkv_state(width: int, head_size: int, shifts: int = 2) -> int:
    """Bytes of an RWKV layer's state: the last token's inputs (`shifts` of them) and a matrix a head."""
    return 4 * (shifts * width + width * head_size)


def short_convolution_state(width: int, kernel: int) -> int:
    """Bytes of an LFM2 layer's state: the last inputs of its short convolution."""
    return 4 * width * max(kernel - 1, 0)


def _padded(tokens: int) -> int:
    return -(-tokens // PAD) * PAD
