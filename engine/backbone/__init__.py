"""The backbone: a frozen language model run by llama.cpp, and the only importer of `llama_cpp`.

    native.py     the binding: log redirection, the few ggml functions that the binding does not declare
    taps.py       the adapter that reads layer outputs from the running graph (cb_eval)
    template.py   the model's own chat template, and where in the prompt each message's text lies
    vocabulary.py text to tokens and back
    model.py      `Backbone`: the KV window, prefill, decoding

Importing this package loads llama.cpp (0.3 s).
"""

from __future__ import annotations

from engine.backbone.model import Backbone, Prefill, Step
from engine.backbone.taps import EMBEDDING_TAP, Features
from engine.backbone.template import ChatMessage, RenderedPrompt

__all__ = ["EMBEDDING_TAP", "Backbone", "ChatMessage", "Features", "Prefill", "RenderedPrompt", "Step"]
