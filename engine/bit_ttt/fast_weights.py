"""The fast weights: a two-layer ternary network of fixed size, trained while it is used, by integers alone.

    f(q) = W2^T . kWTA(W1 q)        W1: N x K trits (keys)     W2: N x V trits (token codes)

A *neuron* holds one token worth keeping: its key (W1's row: the local key and the code of the token before it) and its
code (W2's row, the thresholded view of int8 accumulators). Neurons of one learned turn share an *address* (lexical and
semantic), so that a read runs in two stages: addresses first, then the keys of the few turns they pick.

Everything here is integer arithmetic on arrays that never grow; the same writes in the same order give the same state
on every machine, which is what makes replay of the journal, and so forgetting, exact. `reference.py` holds the same
rules written plainly; a property test keeps the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bit_ttt.codes import CODE_NONZERO, CODE_TRITS, PREDECESSOR_TRITS, Codebook
from engine.bit_ttt.lexicon import ADDRESS_TRITS
from engine.bit_ttt.trits import WORD, Planes, match, size, unpack
from engine.bit_ttt.write_set import TurnWrite

FREE: Final = -1
ONE_SHOT: Final = 8
"""Accumulator value of a freshly recruited code: so many opposite steps would erase it."""
LIMIT: Final = 120
"""Accumulators saturate here."""
MARGIN: Final = CODE_NONZERO
"""The hinge: a code is known when every trit of it agrees."""
STRENGTH_LIMIT: Final = 255
SAME_WORDS: Final = (3, 5)
"""Share of the fuller one's trits that two lexical addresses must have in common to be the same sentence."""
CONTEXT: Final = -8
"""Salience, in eighths of a nat, up to which a token is context and not value."""


@dataclass(frozen=True)
class FastConfig:
    """Sizes, fixed at birth."""

    neurons: int = 131_072
    turns: int = 16_384
    key_trits: int = 256
    semantic_trits: int = 256
    lexical_trits: int = ADDRESS_TRITS
    same_semantic: int = 90
    """Semantic match from which two turns of the same words (see `SAME_WORDS`) count as one heard again."""
    same_key: int = 100
    """Match of key and predecessor from which a neuron is the one that this token trained before."""


@dataclass(frozen=True)
class LearnReport:
    """What one inner loop did. `surprise` is the mean hinge loss before the write, from 0 to 1."""

    surprise: float
    recruited: int
    strengthened: int
    overwritten: int
    recycled: int
    tokens: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class FastStats:
    """The gauge's figures."""

    state_bytes: int
    neurons: int
    neurons_used: int
    turns: int
    turns_used: int
    turns_recycled: int


class FastWeights:
    """The learned state of one profile.

    Arrays (N neurons, T turn slots):
        lexical (T, 2, 16) uint64     semantic (T, 2, 4) uint64
        entry (T,) int32              journal id of the turn, -1 = free slot; also its age
        strength (T,) uint8           how often the turn was heard again: the weakest is recycled first
        keys (N, 2, 5) uint64         local key (256 trits) and predecessor code (64 trits)
        accumulators (N, 32) int8     the code's integer accumulators
        owner (N,) int32              turn slot, -1 = free neuron
        salience (N,) int8            how much the token was worth keeping, in eighths of a nat, <= 0
        recycled (1,) int64           turns recycled since birth
    """

    def __init__(self, config: FastConfig, codebook: Codebook, arrays: dict[str, NDArray[np.generic]]) -> None:
        self.config = config
        self.codebook = codebook
        self._check(config, arrays)
        self.lexical: Planes = arrays["lexical"]  # type: ignore[assignment]
        self.semantic: Planes = arrays["semantic"]  # type: ignore[assignment]
        self.entry: NDArray[np.int32] = arrays["entry"]  # type: ignore[assignment]
        self.strength: NDArray[np.uint8] = arrays["strength"]  # type: ignore[assignment]
        self.keys: Planes = arrays["keys"]  # type: ignore[assignment]
        self.accumulators: NDArray[np.int8] = arrays["accumulators"]  # type: ignore[assignment]
        self.owner: NDArray[np.int32] = arrays["owner"]  # type: ignore[assignment]
        self.salience: NDArray[np.int8] = arrays["salience"]  # type: ignore[assignment]
        self.recycled: NDArray[np.int64] = arrays["recycled"]  # type: ignore[assignment]

    # ------------------------------------------------------------------------------------------ birth and state

    @staticmethod
    def layout(config: FastConfig) -> dict[str, tuple[tuple[int, ...], np.dtype[np.generic]]]:
        """Name -> shape and type of every array of the state."""
        n, t = config.neurons, config.turns
        return {
            "lexical": ((t, 2, config.lexical_trits // WORD), np.dtype(np.uint64)),
            "semantic": ((t, 2, config.semantic_trits // WORD), np.dtype(np.uint64)),
            "entry": ((t,), np.dtype(np.int32)),
            "strength": ((t,), np.dtype(np.uint8)),
            "keys": ((n, 2, (config.key_trits + PREDECESSOR_TRITS) // WORD), np.dtype(np.uint64)),
            "accumulators": ((n, CODE_TRITS), np.dtype(np.int8)),
            "owner": ((n,), np.dtype(np.int32)),
            "salience": ((n,), np.dtype(np.int8)),
            "recycled": ((1,), np.dtype(np.int64)),
        }

    @classmethod
    def birth(cls, codebook: Codebook, config: FastConfig | None = None) -> FastWeights:
        """A memory that has learned nothing; as large as it will ever be."""
        config = config or FastConfig()
        arrays = {name: np.zeros(shape, dtype) for name, (shape, dtype) in cls.layout(config).items()}
        arrays["entry"].fill(FREE)
        arrays["owner"].fill(FREE)
        return cls(config, codebook, arrays)

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, NDArray[np.generic]], codebook: Codebook, config: FastConfig | None = None
    ) -> FastWeights:
        """A memory from saved arrays, which are copied.

        Raises:
            ValueError: an array is missing, of another shape or type, or holds what no memory could.
        """
        copied = {name: np.array(array) for name, array in arrays.items()}
        return cls(config or FastConfig(), codebook, copied)

    @classmethod
    def _check(cls, config: FastConfig, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        layout = cls.layout(config)
        if set(arrays) != set(layout):
            raise ValueError(f"fast weights hold the arrays {sorted(layout)}, not {sorted(arrays)}")
        for name, (shape, dtype) in layout.items():
            if arrays[name].shape != shape or arrays[name].dtype != dtype:
                raise ValueError(f"{name} must be {dtype} {shape}, not {arrays[name].dtype} {arrays[name].shape}")
        for name in ("lexical", "semantic", "keys"):
            planes = arrays[name].view(np.uint64)
            if np.any(planes[:, 0] & planes[:, 1]):
                raise ValueError(f"{name} holds a trit that is both plus and minus")
        owner, entry = arrays["owner"].view(np.int32), arrays["entry"].view(np.int32)
        if owner.min() < FREE or owner.max() >= config.turns or entry.min() < FREE:
            raise ValueError("owner or entry is out of range")
        owned = owner[owner != FREE]
        if np.any(entry[owned] == FREE):
            raise ValueError("a neuron belongs to a turn that is not there")
        used = entry[entry != FREE]
        if len(np.unique(used)) != len(used):
            raise ValueError("two turns carry the same journal id")

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The whole state, not copied."""
        return {name: getattr(self, name) for name in self.layout(self.config)}

    def stats(self) -> FastStats:
        """Sizes and use."""
        return FastStats(
            state_bytes=sum(array.nbytes for array in self.arrays().values()),
            neurons=self.config.neurons,
            neurons_used=int(np.count_nonzero(self.owner != FREE)),
            turns=self.config.turns,
            turns_used=int(np.count_nonzero(self.entry != FREE)),
            turns_recycled=int(self.recycled[0]),
        )

    # ------------------------------------------------------------------------------------------ read

    def code_trits(self, neurons: NDArray[np.integer]) -> NDArray[np.int8]:
        """(n,) neurons -> (n, 32) trits of W2: the signs of the accumulators."""
        trits: NDArray[np.int8] = np.sign(self.accumulators[neurons])
        return trits

    def neurons_of(self, slot: int) -> NDArray[np.intp]:
        """The neurons of a turn slot, in the order of the turn's tokens when it was learned in one piece."""
        return np.flatnonzero(self.owner == slot)

    def written_by(self, entry: int) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """The tokens and local keys, (n,) and (n, K) trits, of a turn's neurons; none of one that has made room."""
        slots = np.flatnonzero(self.entry == entry)
        neurons = self.neurons_of(int(slots[0])) if len(slots) else np.zeros(0, dtype=np.intp)
        keys = np.ascontiguousarray(self.keys[neurons][:, :, : self.config.key_trits // WORD])
        return self.codebook.decode(self.code_trits(neurons)), unpack(keys)

    # ------------------------------------------------------------------------------------------ inner loop

    def learn(self, write: TurnWrite, entry: int) -> LearnReport:
        """One inner loop: hinge loss on each kept token's code, sign-gradient steps on the winners' accumulators.

        A token that its winner already predicts by the full margin costs nothing and is strengthened; a winner that
        predicts another token is overwritten (its accumulators are driven to the new code); where nothing wins, a
        free neuron is recruited in one shot.

        Args:
            write: the turn's write set (integers only).
            entry: the turn's journal id, larger than any before.
        """
        if not write:
            return LearnReport(0.0, 0, 0, 0, 0)
        slot, recycled = self._slot_for(write)
        known = self.neurons_of(slot)
        self.lexical[slot], self.semantic[slot] = write.lexical, write.semantic
        self.entry[slot] = entry  # heard now: the newest
        free = iter(np.flatnonzero(self.owner == FREE)[: len(write.tokens)])
        loss, recruited, strengthened, overwritten = 0, 0, 0, 0
        touched: set[int] = set()
        for key, code, salience in zip(write.keys, self.codebook.codes[write.tokens], write.salience, strict=True):
            winner = self._winner(known, key)
            if winner is None:
                self._train(int(next(free)), slot, key, code, salience)
                loss += MARGIN
                recruited += 1
                continue
            touched.add(winner)
            margin = int((code * self.code_trits(np.array([winner]))[0]).sum(dtype=np.int32))
            loss += min(MARGIN, MARGIN - margin)
            if margin == MARGIN:
                step = self.accumulators[winner].astype(np.int16) + code
                self.accumulators[winner] = np.clip(step, -LIMIT, LIMIT).astype(np.int8)
                strengthened += 1
            else:
                self._train(winner, slot, key, code, salience)
                overwritten += 1
        if overwritten:
            # What the corrected telling did not say again is what it corrected.
            self._release(np.array([n for n in known if int(n) not in touched], dtype=np.intp))
        surprise = loss / (MARGIN * len(write.tokens))
        return LearnReport(surprise, recruited, strengthened, overwritten, recycled, [int(t) for t in write.tokens])

    def _train(self, neuron: int, slot: int, key: Planes, code: NDArray[np.int8], salience: np.int8) -> None:
        """One shot: the neuron answers to `key` with `code`."""
        self.keys[neuron] = key
        self.accumulators[neuron] = ONE_SHOT * code
        self.owner[neuron] = slot
        self.salience[neuron] = salience

    def _slot_for(self, write: TurnWrite) -> tuple[int, int]:
        """The slot to write to, with room for all tokens -> slot, turns recycled to make the room."""
        slot = self._heard_before(write)
        recycled = 0
        while np.count_nonzero(self.owner == FREE) < len(write.tokens):
            self._recycle(keep=slot)
            recycled += 1
        if slot is not None:
            self.strength[slot] = min(STRENGTH_LIMIT, int(self.strength[slot]) + 1)
            return slot, recycled
        if not np.any(self.entry == FREE):
            self._recycle(keep=None)
            recycled += 1
        slot = int(np.argmax(self.entry == FREE))
        self.strength[slot] = 0
        return slot, recycled

    def _heard_before(self, write: TurnWrite) -> int | None:
        """The slot of a turn that says the same in the same words; the best match, the lowest slot on a tie.

        Only the value may differ: "my aunt's locker is 12" does not correct "my uncle's locker is 7".
        """
        used = np.flatnonzero(self.entry != FREE)
        if len(used) == 0:
            return None
        share, of = SAME_WORDS
        told = self.lexical[used]
        fuller = np.maximum(np.maximum(size(told), size(write.lexical)), 1)
        margin = of * match(told, write.lexical) - share * fuller
        best = int(np.argmax(margin))
        if margin[best] < 0:
            return None
        slot = int(used[best])
        semantic = int(match(self.semantic[slot][None], write.semantic)[0])
        return slot if semantic >= self.config.same_semantic and self._same_context(slot, write) else None

    def _same_context(self, slot: int, write: TurnWrite) -> bool:
        """Whether all but the values of the two turns is made of the same tokens."""
        old = self.neurons_of(slot)
        said, old_said = write.tokens, self.codebook.decode(self.code_trits(old))
        context, old_context = said[write.salience <= CONTEXT], old_said[self.salience[old] <= CONTEXT]
        return bool(np.isin(context, old_said).all() and np.isin(old_context, said).all())

    def _winner(self, known: NDArray[np.intp], key: Planes) -> int | None:
        """The neuron among `known` that this key trained before."""
        if len(known) == 0:
            return None
        matches = match(self.keys[known], key)
        best = int(np.argmax(matches))
        return int(known[best]) if matches[best] >= self.config.same_key else None

    def _recycle(self, keep: int | None) -> None:
        """Frees the weakest turn, the oldest of them on a tie."""
        used = np.flatnonzero(self.entry != FREE)
        if keep is not None:
            used = used[used != keep]
        rank = self.strength[used].astype(np.int64) << 32 | self.entry[used].astype(np.int64)
        victim = int(used[np.argmin(rank)])
        self._release(self.neurons_of(victim))
        self.lexical[victim] = 0
        self.semantic[victim] = 0
        self.entry[victim] = FREE
        self.strength[victim] = 0
        self.recycled[0] += 1

    def _release(self, neurons: NDArray[np.intp]) -> None:
        self.owner[neurons] = FREE
        self.keys[neurons] = 0
        self.accumulators[neurons] = 0
        self.salience[neurons] = 0

    def slots_of(self, entries: Sequence[int]) -> NDArray[np.intp]:
        """The slots that carry these journal ids."""
        return np.flatnonzero(np.isin(self.entry, np.asarray(entries, dtype=np.int32)))
