"""The child process: loads one model, does one job, and is gone. `python -P -m engine.cli.benchmark.ternary.worker`.

The job comes as one JSON object on stdin: `{"task": ..., "model": path, "threads": n or null, ...}`, the rest being
keyword arguments of the task's function. The result goes to stdout as one JSON object.
"""

from __future__ import annotations

import heapq
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil

from engine.backbone import Backbone
from engine.cli.benchmark.ternary.rapl import Rapl
from engine.errors import EngineError
from engine.protocol import TurnMessage
from engine.turn.prompt import SYSTEM_PROMPT

WINDOW: Final = 2048
"""Tokens of the KV window: the engine's own default."""


def memory(backbone: Backbone, *, text: str, tokens: int) -> dict[str, Any]:
    """Resident bytes (shared pages of the file that were touched included) after loading and after a prompt."""
    process = psutil.Process()
    loaded = process.memory_info().rss
    backbone.prefill(_tokens(backbone, text, tokens))
    return {"loaded": loaded, "read": process.memory_info().rss}


def speed(backbone: Backbone, *, text: str, prefill: int, decode: int) -> dict[str, Any]:
    """Tokens/s of a prompt and of the tokens after it, and joules a decoded token where the processor counts them."""
    tokens = _tokens(backbone, text, prefill + decode)
    # Touches every page of the weights and wakes the threads.
    backbone.prefill(tokens[:32])
    backbone.decode(tokens[32], tapped=False)
    backbone.clear()
    began = time.perf_counter()
    backbone.prefill(tokens[:prefill])
    read = time.perf_counter() - began
    meter = Rapl()
    before, began = meter.joules(), time.perf_counter()
    for token in tokens[prefill:]:
        backbone.decode(token, tapped=False)
    seconds, after = time.perf_counter() - began, meter.joules()
    used = None if before is None or after is None or after < before else (after - before) / decode
    return {"prefill": prefill / read, "decode": decode / seconds, "joules": used}


def perplexity(
    backbone: Backbone, *, talks: dict[str, Sequence[Sequence[str]]], text: str, windows: int, length: int
) -> dict[str, Any]:
    """Log-likelihood of windows of each kind of dialogue and of plain text, each window read from an empty context."""
    streams = {name: _dialogue(backbone, of_kind) for name, of_kind in talks.items()}
    streams["wikitext"] = backbone.tokenize(text)
    found = {}
    for name, stream in streams.items():
        rows = cut(stream, length, windows)
        total = 0.0
        for row in rows:
            backbone.clear()
            total += float(backbone.log_likelihoods(row).astype(np.float64).sum())
        found[name] = {"log_likelihood": total, "tokens": len(rows) * (length - 1), "windows": len(rows)}
    return found


def cut(stream: Sequence[int], length: int, most: int) -> list[list[int]]:
    """At most `most` windows of a token stream, spread over it; the same ones that the training watches."""
    rows = [list(stream[at : at + length]) for at in range(0, len(stream) - length + 1, length)]
    return rows[:: max(1, len(rows) // most)][:most]


def choose(backbone: Backbone, *, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The likeliest choice of each item, by its index."""
    return {"chosen": [likeliest(backbone, item["prompt"], item["choices"]) for item in items]}


def likeliest(backbone: Backbone, prompt: str, choices: Sequence[str]) -> int:
    """Which of the choices the model gives the highest probability after the prompt -> its index.

    Exact, and without computing all of them: what has been read of a choice bounds its probability from above, so the
    likeliest beginnings are read first, and the first choice that is complete is the likeliest of all.

    Raises:
        ValueError: one choice begins another, which would win by being shorter.
    """
    before = backbone.tokenize(prompt)
    endings = [tuple(backbone.tokenize(choice)) for choice in choices]
    index = {ending: place for place, ending in enumerate(endings)}
    if any(ending[:length] in index for ending in index for length in range(1, len(ending))):
        raise ValueError("a choice begins another")
    open_: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    while True:
        surprise, begun = heapq.heappop(open_)
        if begun in index:
            return index[begun]
        logits = backbone.prefill([*before, *begun]).logits.astype(np.float64)
        logits -= logits.max()
        logits -= np.log(np.exp(logits).sum())
        following = {ending[len(begun)] for ending in index if ending[: len(begun)] == begun}
        for token in following:
            heapq.heappush(open_, (surprise - float(logits[token]), (*begun, token)))


def answer(backbone: Backbone, *, prompts: Sequence[str], tokens: int) -> dict[str, Any]:
    """Greedy replies, each to one message in the app's chat template."""
    return {"replies": [_reply(backbone, prompt, tokens) for prompt in prompts]}


def _reply(backbone: Backbone, prompt: str, most: int) -> str:
    messages = [TurnMessage(role="system", content=SYSTEM_PROMPT), TurnMessage(role="user", content=prompt)]
    logits = backbone.prefill(backbone.render(messages).tokens).logits
    said: list[int] = []
    while len(said) < most:
        token = int(logits.argmax())
        if backbone.is_end(token):
            break
        said.append(token)
        logits = backbone.decode(token, tapped=False).logits
    return backbone.detokenize(said).decode("utf-8", "replace")


def _dialogue(backbone: Backbone, talks: Sequence[Sequence[str]]) -> list[int]:
    """The conversations in the model's own chat template behind the app's system message, one after the other."""
    stream: list[int] = []
    for talk in talks:
        messages = [TurnMessage(role="system", content=SYSTEM_PROMPT)]
        for place, text in enumerate(talk):
            messages.append(TurnMessage(role="assistant" if place % 2 else "user", content=text))
        stream += backbone.render(messages, add_generation_prompt=False).tokens
    return stream


def _tokens(backbone: Backbone, text: str, count: int) -> list[int]:
    """The first `count` tokens of a text, said again and again where it is short."""
    found = backbone.tokenize(text)
    return (found * (count // len(found) + 1))[:count]


TASKS: Final[dict[str, Callable[..., dict[str, Any]]]] = {
    "memory": memory,
    "speed": speed,
    "perplexity": perplexity,
    "choose": choose,
    "answer": answer,
}


def main() -> int:
    """Does the job on stdin."""
    job = json.load(sys.stdin)
    # Whatever native code prints must not get into the result.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    task, model, threads = TASKS[job.pop("task")], Path(job.pop("model")), job.pop("threads")
    try:
        backbone = Backbone(model, window=WINDOW, threads=threads)
        result = task(backbone, **job)
        backbone.close()
    except EngineError as error:
        result = {"refused": error.message, "hint": error.hint}
    with out:
        json.dump(result, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
