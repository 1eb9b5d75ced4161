"""The fast weights' rules once more, written plainly with Python lists and loops: what the fast version must equal.

Slow on purpose. It also counts its operations, so that a test can state what a read and an inner step cost and show
that neither multiplies.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.bit_ttt.codes import CODE_NONZERO, Codebook
from engine.bit_ttt.fast_weights import CONTEXT, LIMIT, ONE_SHOT, SAME_WORDS, STRENGTH_LIMIT, FastConfig
from engine.bit_ttt.trits import unpack
from engine.bit_ttt.write_set import TurnWrite


@dataclass
class Neuron:
    """One neuron: a key, a code's accumulators, and the turn slot that owns it."""

    key: list[int]
    accumulators: list[int]
    owner: int
    salience: int


@dataclass
class Turn:
    """One turn slot."""

    lexical: list[int]
    semantic: list[int]
    entry: int
    strength: int


@dataclass
class ReferenceMemory:
    """Slots and neurons as plain objects; None is free."""

    config: FastConfig
    codebook: Codebook
    operations: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.turns: list[Turn | None] = [None] * self.config.turns
        self.neurons: list[Neuron | None] = [None] * self.config.neurons
        self.recycled = 0

    def match(self, a: list[int], b: list[int]) -> int:
        """Inner product of two ternary vectors, by comparing and counting."""
        total = 0
        for x, y in zip(a, b, strict=True):
            self.operations["compare"] += 1
            if x == 0 or y == 0:
                continue
            self.operations["add"] += 1
            total += 1 if x == y else -1
        return total

    def learn(self, write: TurnWrite, entry: int) -> tuple[float, int, int, int, int]:
        """One inner loop -> surprise, recruited, strengthened, overwritten, recycled."""
        tokens = [int(t) for t in write.tokens]
        if not tokens:
            return 0.0, 0, 0, 0, 0
        lexical, semantic = _plain(unpack(write.lexical)), _plain(unpack(write.semantic))
        slot = self._heard_before(lexical, semantic, write)
        recycled = 0
        while self.neurons.count(None) < len(tokens):
            self._recycle(keep=slot)
            recycled += 1
        if slot is None:
            if None not in self.turns:
                self._recycle(keep=None)
                recycled += 1
            slot = self.turns.index(None)
            self.turns[slot] = Turn(lexical, semantic, entry, 0)
        else:
            turn = self.turns[slot]
            assert turn is not None
            self.turns[slot] = Turn(lexical, semantic, entry, min(STRENGTH_LIMIT, turn.strength + 1))
        known = [i for i, n in enumerate(self.neurons) if n is not None and n.owner == slot]
        free = [i for i, n in enumerate(self.neurons) if n is None][: len(tokens)]
        loss, recruited, strengthened, overwritten = 0, 0, 0, 0
        touched = set()
        for token, packed, salience in zip(tokens, write.keys, write.salience, strict=True):
            key, code = _plain(unpack(packed)), _plain(self.codebook.codes[token])
            winner = self._winner(known, key)
            fresh = Neuron(key, [self._one_shot(c) for c in code], slot, int(salience))
            if winner is None:
                self.neurons[free.pop(0)] = fresh
                loss += CODE_NONZERO
                recruited += 1
                continue
            touched.add(winner)
            neuron = self.neurons[winner]
            assert neuron is not None
            margin = self.match(code, [(a > 0) - (a < 0) for a in neuron.accumulators])
            loss += min(CODE_NONZERO, CODE_NONZERO - margin)
            if margin == CODE_NONZERO:
                neuron.accumulators = [self._step(a, c) for a, c in zip(neuron.accumulators, code, strict=True)]
                strengthened += 1
            else:
                self.neurons[winner] = fresh
                overwritten += 1
        if overwritten:
            for i in known:
                if i not in touched:
                    self.neurons[i] = None
        return loss / (CODE_NONZERO * len(tokens)), recruited, strengthened, overwritten, recycled

    def _one_shot(self, trit: int) -> int:
        return 0 if trit == 0 else ONE_SHOT if trit > 0 else -ONE_SHOT

    def _step(self, accumulator: int, trit: int) -> int:
        """The sign gradient of the hinge: one up, one down, or nothing."""
        self.operations["add"] += 1
        return max(-LIMIT, min(LIMIT, accumulator + trit))

    def _heard_before(self, lexical: list[int], semantic: list[int], write: TurnWrite) -> int | None:
        share, of = SAME_WORDS
        best, found = -1, None
        for i, turn in enumerate(self.turns):
            if turn is None:
                continue
            fuller = max(1, *(len(a) - a.count(0) for a in (turn.lexical, lexical)))
            margin = of * self.match(turn.lexical, lexical) - share * fuller
            if margin > best:
                best, found = margin, i
        if found is None:
            return None
        turn = self.turns[found]
        assert turn is not None
        if self.match(turn.semantic, semantic) < self.config.same_semantic:
            return None
        return found if self._same_context(found, write) else None

    def _same_context(self, slot: int, write: TurnWrite) -> bool:
        old = [n for n in self.neurons if n is not None and n.owner == slot]
        codes = np.sign(np.array([n.accumulators for n in old], dtype=np.int8)).reshape(-1, len(self.codebook.codes[0]))
        old_said = [int(token) for token in self.codebook.decode(codes)]
        said = [int(token) for token in write.tokens]
        new = all(t in old_said for t, s in zip(said, write.salience, strict=True) if s <= CONTEXT)
        return new and all(t in said for t, n in zip(old_said, old, strict=True) if n.salience <= CONTEXT)

    def _winner(self, known: list[int], key: list[int]) -> int | None:
        best, found = self.config.same_key - 1, None
        for i in known:
            neuron = self.neurons[i]
            assert neuron is not None
            if (m := self.match(neuron.key, key)) > best:
                best, found = m, i
        return found

    def _recycle(self, keep: int | None) -> None:
        used = [(t.strength, t.entry, i) for i, t in enumerate(self.turns) if t is not None and i != keep]
        victim = min(used)[2]
        self.turns[victim] = None
        self.neurons = [None if n is not None and n.owner == victim else n for n in self.neurons]
        self.recycled += 1

    def winners(self, slots: list[int], query: list[int], local: int, count: int) -> list[tuple[int, int]]:
        """Stage two of a read by key match alone: the `count` best (neuron, match) of some slots."""
        found = []
        for i, neuron in enumerate(self.neurons):
            if neuron is not None and neuron.owner in slots:
                found.append((i, self.match(neuron.key[:local], query)))
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:count]


def _plain(trits: NDArray[np.int8]) -> list[int]:
    return [int(t) for t in trits]
