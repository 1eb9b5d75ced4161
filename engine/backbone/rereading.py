"""Some short texts read behind a question, by the backbone with an adapter: what the question makes of each.

The texts are what the fast weights hold of a few told turns. A second, small KV window over the same weights keeps the
talk's own window as it is. Its system prompt is computed once. The texts are read in one batch, each a sequence of its
own behind the same question, and only as far as the last tapped layer: the layers after it are never computed.

The adapter is low-rank (LoRA, arXiv 2106.09685), and belongs to this window alone: what the backbone says is not
touched by it.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.backbone.model import Backbone
from engine.backbone.native import llama
from engine.backbone.taps import Features, LayerTaps
from engine.backbone.template import ChatMessage
from engine.errors import BackboneError

MOST_TEXTS: Final = 4
_WINDOW: Final = 512
"""Room for the system prompt, the end of a long question, and four turns as the fast weights hold them."""


class Rereading:
    """Not thread-safe, as the backbone; must be closed before it."""

    def __init__(
        self, backbone: Backbone, adapter: Path, taps: Sequence[str], system: ChatMessage, threads: int | None = None
    ) -> None:
        """Opens the window.

        Args:
            backbone: Whose weights are used.
            adapter: The LoRA, a GGUF file.
            taps: Layer outputs to read, in ascending order.
            system: The system prompt.
            threads: CPU threads; None for the backbone's.

        Raises:
            BackboneError: The adapter does not fit the backbone, or there is no memory.
        """
        self._backbone = backbone
        self._system = backbone.render([system], add_generation_prompt=False).tokens
        self._context: Any = None
        self._batch: Any = None
        self._taps = LayerTaps(taps, backbone.info.width, stop_after=taps[-1])
        self._adapter: Any = llama.llama_adapter_lora_init(backbone.native_model, os.fsencode(adapter))
        if not self._adapter:
            raise BackboneError(f"llama.cpp cannot use the adapter {adapter.name}.", "Install Techo again.")
        try:
            self._context = self._open(threads or backbone.threads)
            self._memory = llama.llama_get_memory(self._context)
            self._batch = llama.llama_batch_init(_WINDOW, 0, MOST_TEXTS)
            self._decode([(token, place, range(MOST_TEXTS)) for place, token in enumerate(self._system)])
        except BaseException:
            self.close()
            raise

    def _open(self, threads: int) -> Any:
        parameters = llama.llama_context_default_params()
        parameters.n_ctx = parameters.n_batch = _WINDOW
        parameters.n_ubatch = 256
        parameters.n_seq_max = MOST_TEXTS
        parameters.kv_unified = True
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.no_perf = True
        parameters.cb_eval = self._taps.callback
        context = llama.llama_init_from_model(self._backbone.native_model, parameters)
        if not context:
            raise BackboneError(f"There is no memory for a second KV window of {_WINDOW} tokens.")
        adapters = (llama.llama_adapter_lora_p_ctypes * 1)(self._adapter)
        if llama.llama_set_adapters_lora(context, adapters, 1, (ctypes.c_float * 1)(1.0)) != 0:
            llama.llama_free(context)
            raise BackboneError("llama.cpp cannot use the adapter.", "Install Techo again.")
        return context

    def read(self, question: Sequence[int], texts: Sequence[Sequence[int]]) -> list[Features]:
        """What the layers make of each text behind the question.

        Args:
            question: Tokens behind the system prompt, up to where the texts begin.
            texts: At most `MOST_TEXTS`, tokens.

        Returns:
            For each text of n tokens (n, d) per tap.

        Raises:
            BackboneError: They are too long for the window, or llama.cpp failed.
        """
        start = len(self._system)
        if len(texts) > MOST_TEXTS or start + len(question) + sum(map(len, texts)) > _WINDOW:
            raise BackboneError("That is too much to read behind one question.")
        llama.llama_memory_seq_rm(self._memory, -1, start, -1)
        everyone = range(MOST_TEXTS)
        batch = [(token, start + place, everyone) for place, token in enumerate(question)]
        behind = start + len(question)
        for number, text in enumerate(texts):
            batch += [(token, behind + place, range(number, number + 1)) for place, token in enumerate(text)]
        self._decode(batch)
        rows = self._taps.rows()
        ends = np.cumsum([len(question), *map(len, texts)])
        return [{name: values[first:last] for name, values in rows.items()} for first, last in pairwise(ends)]

    def _decode(self, tokens: Sequence[tuple[int, int, range]]) -> None:
        batch = self._batch
        batch.n_tokens = len(tokens)
        for place, (token, position, sequences) in enumerate(tokens):
            batch.token[place] = token
            batch.pos[place] = position
            batch.n_seq_id[place] = len(sequences)
            for index, sequence in enumerate(sequences):
                batch.seq_id[place][index] = sequence
            batch.logits[place] = False
        self._taps.begin_named()
        status = llama.llama_decode(self._context, batch)
        if status != 0:
            raise BackboneError(f"llama.cpp failed to compute ({status}).", "Send the message again.")

    def close(self) -> None:
        """Frees the window and the adapter. Closing twice does nothing."""
        if self._batch is not None:
            llama.llama_batch_free(self._batch)
            self._batch = None
        if self._context is not None:
            llama.llama_free(self._context)
            self._context = None
        if self._adapter is not None:
            llama.llama_adapter_lora_free(self._adapter)
            self._adapter = None
