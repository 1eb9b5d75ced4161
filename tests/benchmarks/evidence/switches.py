"""The switches of the ablation: each takes one thing away from the memory of an engine that is being measured.

They change the classes of `engine.bit_ttt` in the benchmark's own engine process (`switched`), so that what ships has
no dead options. All of them change the reading alone: an episode is told once, by the memory as it ships, and asked
under each switch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.bit_ttt import Memory, memory
from engine.bit_ttt.slow_weights import Floats, SlowWeights

SEED: Final = 1
CONSTANT_SHARE: Final = (0.5, 0.5, 0.0)
"""Model, memory, phrase: what kNN-LM (arXiv 1911.00172) does with one number for all questions."""


@dataclass(frozen=True)
class Switch:
    """What is taken away, and how."""

    what: str
    throw: Callable[[], None]


def _after_loading(change: Callable[[SlowWeights], None]) -> None:
    """Has the slow weights changed as soon as they are loaded; their digest stays, so the profile still opens."""
    load = SlowWeights.load.__func__  # type: ignore[attr-defined]

    def changed(cls: type[SlowWeights], *paths: Any) -> SlowWeights:
        weights: SlowWeights = load(cls, *paths)
        change(weights)
        return weights

    SlowWeights.load = classmethod(changed)  # type: ignore[method-assign, assignment]


def _no_caution() -> None:
    memory.CAUTION = 0.0  # type: ignore[misc]


def _no_evidence() -> None:
    def change(weights: SlowWeights) -> None:
        weights.gate_evidence[:] = 0

    _no_caution()
    _after_loading(change)


def _constant_gate() -> None:
    share = np.array(CONSTANT_SHARE, dtype=np.float32)
    Memory._gate = lambda self, opinion, best_match: share  # type: ignore[method-assign]


def _no_phrases() -> None:
    gate = Memory._gate

    def without(self: Memory, opinion: Floats, best_match: Floats) -> Floats:
        logits = opinion.copy()
        logits[2] = -np.inf
        return gate(self, logits, best_match)

    Memory._gate = without  # type: ignore[method-assign]


def _no_nearness() -> None:
    def change(weights: SlowWeights) -> None:
        weights.nearness[:] = 0

    _after_loading(change)


def _no_probes() -> None:
    def none(self: Memory, asking: Any, neurons: Any) -> Floats:
        return np.zeros(len(neurons), dtype=np.float32)

    Memory._probe = none  # type: ignore[method-assign]


def _no_word_weights() -> None:
    words = Memory._words

    def weightless(self: Memory, asking: Any, addresses: Any) -> tuple[dict[str, float], Floats]:
        found, present = words(self, asking, addresses)
        return dict.fromkeys(found, 0.0), present

    Memory._words = weightless  # type: ignore[method-assign]


def _no_semantic() -> None:
    born = Memory.__init__

    def without(self: Memory, *arguments: Any) -> None:
        born(self, *arguments)
        self._semantic_weight = 0

    Memory.__init__ = without  # type: ignore[method-assign, assignment]


def _lexical_only() -> None:
    _no_semantic()
    _no_probes()
    _no_word_weights()


def _semantic_only() -> None:
    recall = Memory.recall

    def blind(self: Memory, parts: Any, without: Any = ()) -> memory.Recall:
        # Asked without words, so no word is shared: the coverage is 0, and caution would silence everything.
        return recall(self, [replace(part, lexical=np.zeros_like(part.lexical)) for part in parts], without)

    Memory.recall = blind  # type: ignore[method-assign]
    _no_caution()
    _no_probes()
    _no_word_weights()


def _both_addresses() -> None:
    _no_probes()
    _no_word_weights()


def _no_predecessors() -> None:
    SlowWeights.succession = lambda self, query: np.float32(0)  # type: ignore[method-assign]


def _no_following() -> None:
    def change(weights: SlowWeights) -> None:
        # The turn that spoke last, and the token told after the one said last.
        weights.score_scale[4:6] = 0
        weights.gate_evidence[:, 5:7] = 0

    _no_predecessors()
    _after_loading(change)


def _no_newest() -> None:
    def change(weights: SlowWeights) -> None:
        weights.score_scale[3] = 0
        weights.score_scale[7] = 0

    _after_loading(change)


def _scrambled_reader() -> None:
    def change(weights: SlowWeights) -> None:
        rng = np.random.default_rng(SEED)
        for name in ("query", "input"):
            layer = weights.r[name]
            layer.weight = np.ascontiguousarray(_shuffled(layer.weight, rng))

    _after_loading(change)


def _shuffled(weight: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """The same trits at other places: (inputs, outputs), each output's inputs dealt out anew."""
    return rng.permuted(weight, axis=0)


def _no_second_look() -> None:
    memory.WORTH_A_LOOK = np.inf  # type: ignore[misc]


def _nothing() -> None:
    pass


SWITCHES: Final[Mapping[str, Switch]] = {
    "shipped": Switch("the memory as it ships", _nothing),
    "no-second-look": Switch("without reading the picked turns once more behind the question", _no_second_look),
    "no-caution": Switch("gate: without caution where no rare word is shared", _no_caution),
    "no-evidence": Switch("gate: from the hidden state alone (no match, no address, no caution)", _no_evidence),
    "constant-gate": Switch("gate: model and memory half and half, whatever is asked", _constant_gate),
    "no-phrases": Switch("without the phrase head", _no_phrases),
    "no-nearness": Switch("without nearness (zero in the shipped Q4_1 weights anyway; see --model)", _no_nearness),
    "lexical-only": Switch("address: lexical alone (raw, untrained)", _lexical_only),
    "semantic-only": Switch("address: semantic alone (trained), without caution", _semantic_only),
    "both-addresses": Switch("address: lexical and semantic, without probes and word weights", _both_addresses),
    "no-semantic": Switch("address: lexical, probes, word weights, without semantic", _no_semantic),
    "no-probes": Switch("address: without probes", _no_probes),
    "no-word-weights": Switch("address: without learned word weights", _no_word_weights),
    "no-predecessors": Switch("local key: without the predecessor's half", _no_predecessors),
    "no-following": Switch("local key: without predecessor and without following a turn", _no_following),
    "no-newest": Switch("without preferring the newer turn", _no_newest),
    "scrambled-reader": Switch("the reader's input and query weights scrambled", _scrambled_reader),
}
"""By the name on the command line."""
