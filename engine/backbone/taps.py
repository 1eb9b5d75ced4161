"""Reads layer outputs from llama.cpp's running graph, so that the memory's features cost no second forward pass.

llama.cpp offers a debugging hook, `cb_eval`: before each node of the compute graph it asks "do you want this tensor?"
and, when the answer was yes, calls again once the tensor is computed. The hook is no stable interface: the names of
the tensors belong to llama.cpp's graph builder. Everything that depends on it is in this module.

SmolLM2-135M has 936 nodes a token, so the answer must cost next to nothing. Comparing names costs 5 % of decoding
speed (one thread, medians of 250 tokens; a callback that does nothing costs 0-1 %). The graph of a single token has
the same nodes in the same order each time, so the answers to one token are recorded by name, and from then on played
back in order (a *plan*) without looking at the tensor: 2-3 %. What the plan catches is checked by name again; where
that fails (llama.cpp has built another graph: the KV shift after a slide, another attention kernel), `missing` says
so, and the caller computes the token again with names compared.

A dictionary of tensor addresses was no faster than the plan, and addresses are used again for other tensors.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, repeat
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.backbone import native
from engine.errors import BackboneError

EMBEDDING_TAP: Final = "embd"
"""The input embedding rows of the tokens. Older llama.cpp calls this tensor `inp_embd`; here it is always `embd`."""

_ALIASES: Final = {"inp_embd": EMBEDDING_TAP}

Features = dict[str, NDArray[np.float32]]
"""Tap name -> (d,) of one token, or (T, d) of a range of tokens."""


class LayerTaps:
    """Collects the named tensors of each graph that runs while it is on.

    Use: `begin_named` or `begin_token`, then `llama_decode`, then `rows` or `token`.
    """

    def __init__(self, names: Iterable[str], width: int, *, stop_after: str | None = None) -> None:
        """Makes the callback; nothing is collected yet.

        Args:
            names: Tap names: `embd`, `l_out-0` ... `l_out-<layers - 1>`.
            width: Values in one row (the backbone's width).
            stop_after: The tap behind which a graph that is read by name is not computed any further; its logits are
                then of no use.
        """
        self._stop_after = stop_after
        self.names: Final = tuple(names)
        self._width = width
        self._tap_of: dict[bytes, str] = {name.encode(): name for name in self.names}
        for alias, name in _ALIASES.items():
            if name in self.names:
                self._tap_of[alias.encode()] = name
        self._answers: list[bool] | None = None
        self._plan: list[bool] | None = None
        self._next: Callable[[], bool] | None = None
        self._error: Exception | None = None
        self._collected: dict[str, list[NDArray[np.float32]]] = {}
        self.callback: Final = native.llama.ggml_backend_sched_eval_callback(self._make_callback())
        """The C function for `llama_context_params.cb_eval`. Must outlive the context."""

    def _make_callback(self) -> Callable[[int, bool, Any], bool]:
        get_name, tap_of = native.ggml_get_name, self._tap_of

        def on_tensor(tensor: int, ask: bool, _user_data: object) -> bool:
            if ask:
                if self._next is not None:
                    return self._next()
                hit = get_name(tensor) in tap_of
                if self._answers is not None:
                    self._answers.append(hit)
                return hit
            return self._take(tensor) != self._stop_after

        return on_tensor

    def _take(self, tensor: int) -> str:
        """Copies a computed tensor -> its tap. An exception must not pass through C; it is kept for `_raise`."""
        name = self._tap_of.get(native.ggml_get_name(tensor), "")
        if not name:
            return name  # a plan that no longer fits; `missing` reports it
        try:
            values = np.empty(native.ggml_nelements(tensor), dtype=np.float32)
            if values.size % self._width:
                raise BackboneError(f"The layer output {name} has {values.size} values, no multiple of {self._width}.")
            if values.size:
                native.tensor_get(tensor, ctypes.c_void_p(values.ctypes.data), 0, values.nbytes)
                self._collected.setdefault(name, []).append(values.reshape(-1, self._width))
        except Exception as error:  # raised again by the caller, outside the C frame
            self._error = error
        return name

    # ------------------------------------------------------------------------------------------ ranges of tokens

    def begin_named(self, *, on: bool = True) -> None:
        """The next `llama_decode` is read by name (or not at all), whatever its graphs look like."""
        self._answers = None
        self._next = None if on else repeat(False).__next__
        self._collected = {}

    def rows(self) -> Features:
        """What the last decode gave: (rows, d) per tap. The last layer has rows only for tokens with logits."""
        self._raise()
        return {name: np.concatenate(blocks) for name, blocks in self._collected.items()}

    # ------------------------------------------------------------------------------------------ one token

    def begin_token(self, *, by_name: bool = False, on: bool = True) -> None:
        """The next `llama_decode` computes one token, with its logits. Not `on`: nothing is read."""
        self._collected = {}
        if not on:
            self._answers, self._next = None, repeat(False).__next__
        elif by_name or self._plan is None:
            self._answers = []
            self._next = None
        else:
            answers: Iterator[bool] = chain(self._plan, repeat(False))
            self._next = answers.__next__

    def missing(self) -> bool:
        """Whether the last token lacks a tap: the plan did not fit its graph. Without a plan: the plan is made."""
        self._raise()
        complete = len(self._collected) == len(self.names) and all(
            len(blocks) == 1 and len(blocks[0]) == 1 for blocks in self._collected.values()
        )
        if self._answers is not None:
            self._plan = self._answers if complete else None
            self._answers = None
        elif not complete:
            self._plan = None
        return not complete

    def token(self) -> Features:
        """The taps of the last token, (d,) each."""
        return {name: blocks[0][0] for name, blocks in self._collected.items()}

    def absent(self) -> list[str]:
        """Names that the last decode did not give."""
        return [name for name in self.names if name not in self._collected]

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error
