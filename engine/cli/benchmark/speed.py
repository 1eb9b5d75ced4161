"""How fast: decoding with the memory and without, learning against reading, the first token, the start.

Ratios are what counts: both sides are measured in turns, in one process, seconds apart, so that a busy machine slows
both alike. Absolute figures are printed beside them.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import Any, Final

from engine.cli.benchmark.lab import Lab, ask
from engine.cli.connection import Connection
from engine.protocol import TurnDone

_TOKENS: Final = 64
_PLAIN: Final = (
    "Tell me a long story about a dog and a lighthouse.",
    "Explain in detail how bread is made.",
    "Describe a walk through a forest in autumn.",
    "Write a letter to the sea.",
)
_RECALLING: Final = 8
"""Prompts about told things."""
_STARTS: Final = 3


@dataclass
class _Decoding:
    """One side of the comparison: a rate (tokens/s) for each reply."""

    rates: list[float] = field(default_factory=list)
    tokens: int = 0
    memory_tokens: int = 0

    def add(self, done: TurnDone) -> None:
        """Counts a reply from its first token on; the token that ends it is decoded like all."""
        usage = done.usage
        decoded = usage.generated_tokens - (done.finish == "length")
        if decoded > 0 and usage.generate_seconds > 0:
            self.rates.append(decoded / usage.generate_seconds)
            self.tokens += decoded
            self.memory_tokens += usage.memory_tokens


def bench_speed(lab: Lab, turns: int, rounds: int) -> dict[str, Any]:
    """Runs the speed part.

    Args:
        lab: is told the turns.
        turns: so many.
        rounds: how often each prompt is asked, on each side.

    Returns:
        `decode`: median tokens/s `with_memory`, `without_memory`, their `ratio`, for prompts about told things
        (`recalling`), `plain` prompts and `both`; `learn`: seconds a turn to `read` and to `write`, and the `ratio`;
        `first_token` seconds (median, warm); `start` seconds until ready and until the first token (median of new
        processes).
    """
    learn = _learning(lab, turns)
    with lab.open(lab.filled.profile) as engine:
        decode, first = _decoding(lab, engine, rounds)
    return {"decode": decode, "learn": learn, "first_token": first, "start": _start(lab), "turns_told": lab.filled.told}


def _learning(lab: Lab, turns: int) -> dict[str, Any]:
    # When an earlier part has told enough already, a few more turns are told: the figures need turns of this process.
    done = lab.fill(max(turns, lab.filled.told + 32)).done[1:]
    pairs = [
        (turn.usage.read_seconds, turn.usage.write_seconds, turn.usage.prompt_tokens)
        for turn in done
        if turn.learned is not None and turn.usage.read_seconds > 0
    ]
    if not pairs:
        return {"read": None, "write": None, "ratio": None, "turns": 0}
    read = sum(pair[0] for pair in pairs)
    write = sum(pair[1] for pair in pairs)
    return {
        "read": round(read / len(pairs), 5),
        "write": round(write / len(pairs), 5),
        "ratio": round(write / read, 4),
        "tokens": round(sum(pair[2] for pair in pairs) / len(pairs), 1),
        "turns": len(pairs),
    }


def _decoding(lab: Lab, engine: Connection, rounds: int) -> tuple[dict[str, Any], float | None]:
    facts = lab.facts_told()
    step = max(1, len(facts) // _RECALLING)
    prompts = [
        *[("recalling", f"{fact.question.q} Tell me a long story about it.") for fact in facts[::step][:_RECALLING]],
        *[("plain", text) for text in _PLAIN],
    ]
    sides = {(group, recall): _Decoding() for group in ("recalling", "plain") for recall in (True, False)}
    first: list[float] = []
    ask(engine, _PLAIN[0], max_tokens=8)  # warms caches and the processor's clock
    for turn in range(rounds):
        for place, (group, text) in enumerate(prompts):
            lab.note(f"decoding, round {turn + 1} of {rounds}, prompt {place + 1} of {len(prompts)}")
            # A reply has a beginning that costs (a row on the disk), and recalled ones are short: both sides have the
            # same length. Reading the prompt, which the second finds in the KV window, is not part of it.
            recalled = ask(engine, text, recall=True, max_tokens=_TOKENS)
            sides[group, True].add(recalled)
            first.append(recalled.usage.first_token_seconds)
            length = recalled.usage.generated_tokens + (recalled.finish == "stop")
            sides[group, False].add(ask(engine, text, recall=False, max_tokens=length))
    return _ratios(sides), round(statistics.median(first), 4) if first else None


def _ratios(sides: dict[tuple[str, bool], _Decoding]) -> dict[str, Any]:
    """Median rates of both sides: one slow reply on a busy machine must not decide."""
    result: dict[str, Any] = {}
    for name, members in (("recalling", ["recalling"]), ("plain", ["plain"]), ("both", ["recalling", "plain"])):
        rates = {recall: [rate for one in members for rate in sides[one, recall].rates] for recall in (True, False)}
        if not rates[True] or not rates[False]:
            continue
        middle = {recall: statistics.median(found) for recall, found in rates.items()}
        result[name] = {
            "with_memory": round(middle[True], 2),
            "without_memory": round(middle[False], 2),
            "ratio": round(middle[True] / middle[False], 4),
            "tokens": sum(sides[one, True].tokens for one in members),
            "memory_tokens": sum(sides[one, True].memory_tokens for one in members),
            "replies": len(rates[True]),
        }
    return result


def _start(lab: Lab) -> dict[str, Any]:
    ready: list[float] = []
    spoken: list[float] = []
    for number in range(_STARTS):
        lab.note(f"start {number + 1} of {_STARTS}")
        began = time.perf_counter()
        with lab.open(lab.filled.profile) as engine:
            ready.append(time.perf_counter() - began)
            done = ask(engine, "Hello!", max_tokens=1)
            spoken.append(ready[-1] + done.usage.first_token_seconds)
    return {"ready": round(statistics.median(ready), 3), "first_token": round(statistics.median(spoken), 3)}
