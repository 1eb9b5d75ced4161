"""A full memory: the same as learned turn by turn, and until nothing is free."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.bit_ttt import FastConfig, FastWeights, TurnWrite
from engine.bit_ttt.codes import PREDECESSOR_TRITS, Codebook
from engine.bit_ttt.trits import pack, unpack
from engine.cli.benchmark.full import fill_profile, filled_up
from engine.errors import StateError
from engine.store import NewEntry, ProfileStore, StateIdentity

IDENTITY = StateIdentity(backbone="blake2b:aa", memory="blake2b:bb")
CODEBOOK = Codebook(500)
SEED = 3
NEURONS_END = FastConfig(neurons=100, turns=50)
SLOTS_END = FastConfig(neurons=400, turns=20)


def told(config: FastConfig) -> tuple[FastWeights, list[TurnWrite]]:
    """A memory that has learned a few turns of different lengths."""
    rng = np.random.default_rng(1)

    def trits(*shape: int) -> np.ndarray:
        return rng.choice(np.array([-1, 0, 1], dtype=np.int8), size=shape, p=[0.1, 0.8, 0.1])

    writes = [
        TurnWrite(
            pack(trits(1024)),
            pack(trits(256)),
            pack(trits(size, 256 + PREDECESSOR_TRITS)),
            rng.integers(0, 500, size).astype(np.int32),
            -rng.integers(0, 40, size).astype(np.int8),
        )
        for size in (4, 9, 1, 6)
    ]
    fast = FastWeights.birth(CODEBOOK, config)
    for entry, write in enumerate(writes, start=1):
        fast.learn(write, entry)
    return fast, writes


@pytest.mark.parametrize("config", [NEURONS_END, SLOTS_END])
def test_filling_equals_learning_turn_by_turn(config: FastConfig) -> None:
    fast, writes = told(config)
    filled = filled_up(fast.arrays(), writes, CODEBOOK, SEED)
    rng = np.random.default_rng(SEED)
    entry, stats = len(writes), fast.stats()
    while stats.neurons_used < stats.neurons and stats.turns_used < stats.turns:
        places = rng.permutation(1024)
        for write in writes:
            free = stats.neurons - stats.neurons_used
            if free and stats.turns_used < stats.turns:
                entry += 1
                cut = TurnWrite(
                    pack(unpack(write.lexical)[places]),
                    write.semantic,
                    write.keys[:free],
                    write.tokens[:free],
                    write.salience[:free],
                )
                assert fast.learn(cut, entry).recruited == len(cut.tokens)
                stats = fast.stats()
    assert stats.turns_recycled == 0
    for name, array in fast.arrays().items():
        assert np.array_equal(filled[name], array), name
    assert config is SLOTS_END or stats.neurons_used == stats.neurons
    assert config is NEURONS_END or stats.turns_used == stats.turns


def test_a_full_memory_stays_as_it_is() -> None:
    fast, writes = told(NEURONS_END)
    full = filled_up(fast.arrays(), writes, CODEBOOK, SEED)
    again = filled_up(full, writes, CODEBOOK, SEED)
    assert all(np.array_equal(again[name], full[name]) for name in full)


def test_fills_a_profile_with_what_its_journal_holds(tmp_path: Path) -> None:
    fast, writes = told(NEURONS_END)
    store = ProfileStore(tmp_path)
    store.create("somebody")
    with store.open("somebody", IDENTITY) as profile:
        for write in writes:
            profile.append_entry(NewEntry(None, "", 1.0, len(write.tokens), 0, 0, 0, write.to_bytes()))
        profile.save_snapshot(fast.arrays(), len(writes))
    fill_profile(tmp_path, "somebody", 500, SEED)
    with store.open("somebody", IDENTITY) as profile:
        loaded = profile.load_state()
        assert profile.entry_count() == len(writes)
    assert loaded.arrays is not None
    expected = filled_up(fast.arrays(), writes, CODEBOOK, SEED)
    assert all(np.array_equal(loaded.arrays[name], expected[name]) for name in expected)


def test_a_profile_that_learned_nothing_cannot_be_filled(tmp_path: Path) -> None:
    ProfileStore(tmp_path).create("nobody")
    with pytest.raises(StateError, match="learned nothing") as refused:
        fill_profile(tmp_path, "nobody", 500, SEED)
    assert refused.value.hint
