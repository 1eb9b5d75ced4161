"""The control arm `scrambled`: the same numbers, elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.cli.evaluation.scramble import scramble_profile, shuffled
from engine.errors import StateError
from engine.store import ProfileStore, StateIdentity

IDENTITY = StateIdentity(backbone="blake2b:aa", memory="blake2b:bb")


def state() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    keys = np.zeros((50, 2, 3), np.uint64)
    keys[:30] = rng.integers(1, 1000, (30, 2, 3), np.uint64)
    codes = np.zeros((50, 8), np.int8)
    codes[:30] = rng.integers(1, 9, (30, 8), np.int8)
    return {"keys": keys, "codes": codes, "owner": np.arange(50, dtype=np.int32)}


def test_used_rows_change_places_and_nothing_else_changes() -> None:
    before = state()
    after = shuffled(before, seed=3)
    for name in ("keys", "codes"):
        assert not np.array_equal(after[name], before[name])
        assert not after[name][30:].any()  # unused rows stay unused
        rows = sorted(row.tobytes() for row in before[name])
        assert sorted(row.tobytes() for row in after[name]) == rows
    assert np.array_equal(after["owner"], before["owner"])


def test_keys_and_codes_are_dealt_out_independently() -> None:
    before, after = state(), shuffled(state(), seed=3)
    pairs = {(key.tobytes(), code.tobytes()) for key, code in zip(before["keys"], before["codes"], strict=True)}
    kept = sum(
        (key.tobytes(), code.tobytes()) in pairs
        for key, code in zip(after["keys"][:30], after["codes"][:30], strict=True)
    )
    assert kept < 10


def test_same_seed_same_shuffle() -> None:
    one, other = shuffled(state(), seed=3), shuffled(state(), seed=3)
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_scrambles_the_newest_snapshot_of_a_profile(tmp_path: Path) -> None:
    store = ProfileStore(tmp_path)
    store.create("somebody")
    with store.open("somebody", IDENTITY) as profile:
        profile.save_snapshot(state(), 0)
    scramble_profile(tmp_path, "somebody", seed=3)
    with store.open("somebody", IDENTITY) as profile:
        loaded = profile.load_state()
    assert loaded.arrays is not None
    assert loaded.notices == []
    expected = shuffled(state(), seed=3)
    assert all(np.array_equal(loaded.arrays[name], expected[name]) for name in expected)


def test_a_profile_that_learned_nothing_cannot_be_scrambled(tmp_path: Path) -> None:
    ProfileStore(tmp_path).create("nobody")
    with pytest.raises(StateError, match="learned nothing"):
        scramble_profile(tmp_path, "nobody", seed=3)
