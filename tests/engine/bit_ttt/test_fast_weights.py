"""The inner loop: the fast version equals the plain one, and does what it promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bit_ttt.codes import CODE_NONZERO, PREDECESSOR_TRITS, Codebook, predecessor_trits
from engine.bit_ttt.fast_weights import CONTEXT, FREE, LIMIT, FastConfig, FastWeights
from engine.bit_ttt.reference import ReferenceMemory
from engine.bit_ttt.trits import match, pack, unpack
from engine.bit_ttt.write_set import TurnWrite

VOCABULARY = 500
CODEBOOK = Codebook(VOCABULARY)
SMALL = FastConfig(neurons=40, turns=6)


def random_write(rng: np.random.Generator, tokens: int) -> TurnWrite:
    def trits(*shape: int) -> np.ndarray:
        return rng.choice(np.array([-1, 0, 1], dtype=np.int8), size=shape, p=[0.3, 0.4, 0.3])

    return TurnWrite(
        pack(trits(1024)),
        pack(trits(256)),
        pack(trits(tokens, 256 + PREDECESSOR_TRITS)),
        rng.integers(0, VOCABULARY, tokens).astype(np.int32),
        -rng.integers(0, 40, tokens).astype(np.int8),
    )


def corrected(write: TurnWrite, at: int) -> TurnWrite:
    """The same telling with another value at one place."""
    tokens = write.tokens.copy()
    tokens[at] = (tokens[at] + 1) % VOCABULARY
    return TurnWrite(write.lexical, write.semantic, write.keys, tokens, write.salience)


def same(fast: FastWeights, plain: ReferenceMemory) -> None:
    for slot, turn in enumerate(plain.turns):
        assert (fast.entry[slot] == FREE) == (turn is None)
        if turn is not None:
            assert fast.entry[slot] == turn.entry
            assert fast.strength[slot] == turn.strength
            assert unpack(fast.lexical[slot]).tolist() == turn.lexical
            assert unpack(fast.semantic[slot]).tolist() == turn.semantic
    for i, neuron in enumerate(plain.neurons):
        assert (fast.owner[i] == FREE) == (neuron is None)
        if neuron is not None:
            assert fast.owner[i] == neuron.owner
            assert unpack(fast.keys[i]).tolist() == neuron.key
            assert fast.accumulators[i].tolist() == neuron.accumulators
            assert fast.salience[i] == neuron.salience
    assert fast.recycled[0] == plain.recycled


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.sampled_from(["new", "again", "correct"]), min_size=4, max_size=14))
def test_fast_equals_reference(seed: int, plan: list[str]) -> None:
    rng = np.random.default_rng(seed)
    fast, plain = FastWeights.birth(CODEBOOK, SMALL), ReferenceMemory(SMALL, CODEBOOK)
    told: list[TurnWrite] = []
    for entry, what in enumerate(plan, start=1):
        if what == "new" or not told:
            write = random_write(rng, int(rng.integers(1, 14)))
        else:
            write = told[int(rng.integers(len(told)))]
            if what == "correct":
                write = corrected(write, int(rng.integers(len(write.tokens))))
        told.append(write)
        report = fast.learn(write, entry)
        expected = plain.learn(write, entry)
        assert (
            report.surprise,
            report.recruited,
            report.strengthened,
            report.overwritten,
            report.recycled,
        ) == expected
    same(fast, plain)


def test_a_new_turn_is_recruited_in_one_shot_and_read_back() -> None:
    write = random_write(np.random.default_rng(1), 9)
    fast = FastWeights.birth(CODEBOOK, SMALL)
    report = fast.learn(write, 1)
    assert (report.surprise, report.recruited) == (1.0, 9)
    neurons = fast.neurons_of(0)
    for i in range(9):
        winner = neurons[int(np.argmax(match(fast.keys[neurons], write.keys[i])))]
        assert CODEBOOK.decode(fast.code_trits(np.array([winner])))[0] == write.tokens[i]


def test_heard_again_is_no_surprise_and_strengthens() -> None:
    write = random_write(np.random.default_rng(2), 7)
    fast = FastWeights.birth(CODEBOOK, SMALL)
    fast.learn(write, 1)
    before = np.abs(fast.accumulators.astype(int)).sum()
    report = fast.learn(write, 2)
    assert (report.surprise, report.recruited, report.strengthened, report.overwritten) == (0.0, 0, 7, 0)
    assert np.abs(fast.accumulators.astype(int)).sum() == before + 7 * CODE_NONZERO
    assert fast.strength[0] == 1
    assert fast.entry[0] == 2


def test_strengthening_saturates() -> None:
    write = random_write(np.random.default_rng(3), 2)
    fast = FastWeights.birth(CODEBOOK, SMALL)
    for entry in range(1, 2 * LIMIT):
        fast.learn(write, entry)
    assert np.abs(fast.accumulators.astype(int)).max() == LIMIT


def with_value(write: TurnWrite, at: int) -> TurnWrite:
    """The same telling whose value is the token at one place, all else context."""
    salience = np.full(len(write.tokens), CONTEXT - 8, dtype=np.int8)
    salience[at] = -1
    return TurnWrite(write.lexical, write.semantic, write.keys, write.tokens, salience)


def test_another_subject_in_the_same_words_is_another_fact() -> None:
    write = with_value(random_write(np.random.default_rng(6), 6), 3)
    fast = FastWeights.birth(CODEBOOK, SMALL)
    fast.learn(write, 1)
    report = fast.learn(corrected(write, 2), 2)  # "my aunt's" for "my uncle's"
    assert (report.recruited, report.overwritten) == (6, 0)
    assert sorted(fast.entry[fast.entry != FREE]) == [1, 2]


def test_a_correction_overwrites_the_value_only() -> None:
    write = with_value(random_write(np.random.default_rng(4), 6), 3)
    new = corrected(write, 3)
    fast = FastWeights.birth(CODEBOOK, SMALL)
    fast.learn(write, 1)
    report = fast.learn(new, 2)
    assert (report.overwritten, report.strengthened, report.recruited) == (1, 5, 0)
    held = set(CODEBOOK.decode(fast.code_trits(fast.neurons_of(0))).tolist())
    assert int(new.tokens[3]) in held
    assert int(write.tokens[3]) not in held - set(new.tokens.tolist())


def test_full_memory_recycles_the_weakest_then_oldest_and_never_grows() -> None:
    rng = np.random.default_rng(5)
    fast = FastWeights.birth(CODEBOOK, SMALL)
    size = fast.stats().state_bytes
    writes = [random_write(rng, 6) for _ in range(12)]
    fast.learn(writes[0], 1)
    fast.learn(writes[0], 2)  # heard twice: stays longest
    for entry, write in enumerate(writes[1:], start=3):
        fast.learn(write, entry)
    stats = fast.stats()
    assert stats.state_bytes == size
    assert stats.turns_used == SMALL.turns
    assert stats.turns_recycled == 6
    assert 2 in fast.entry
    assert sorted(fast.entry.tolist()) == [2, 9, 10, 11, 12, 13]


def test_the_default_size_keeps_its_promise() -> None:
    stats = FastWeights.birth(CODEBOOK).stats()
    assert stats.neurons == 131_072
    assert stats.state_bytes <= 24_000_000


def test_saved_state_is_the_same_state() -> None:
    rng = np.random.default_rng(6)
    fast = FastWeights.birth(CODEBOOK, SMALL)
    for entry in range(1, 5):
        fast.learn(random_write(rng, 5), entry)
    again = FastWeights.from_arrays(fast.arrays(), CODEBOOK, SMALL)
    late = random_write(rng, 8)
    fast.learn(late, 9)
    again.learn(late, 9)
    for name, array in fast.arrays().items():
        assert np.array_equal(array, again.arrays()[name]), name


@pytest.mark.parametrize(
    ("name", "break_it"),
    [
        ("keys", lambda a: np.full_like(a, 3)),
        ("owner", lambda a: np.full_like(a, 99)),
        ("owner", lambda a: np.zeros_like(a)),
        ("entry", lambda a: a[:-1]),
        ("accumulators", lambda a: a.astype(np.int16)),
    ],
)
def test_impossible_state_is_refused(name: str, break_it: object) -> None:
    arrays = dict(FastWeights.birth(CODEBOOK, SMALL).arrays())
    arrays[name] = break_it(arrays[name])  # type: ignore[operator]
    with pytest.raises(ValueError, match=r"\w"):
        FastWeights.from_arrays(arrays, CODEBOOK, SMALL)


def test_a_missing_array_is_refused() -> None:
    arrays = dict(FastWeights.birth(CODEBOOK, SMALL).arrays())
    del arrays["salience"]
    with pytest.raises(ValueError, match="salience"):
        FastWeights.from_arrays(arrays, CODEBOOK, SMALL)


def test_neither_read_nor_inner_step_multiplies() -> None:
    """The reference counts what it does: only additions and comparisons, and how many for one winner search."""
    plain = ReferenceMemory(SMALL, CODEBOOK)
    write = random_write(np.random.default_rng(7), 5)
    plain.learn(write, 1)
    plain.operations.clear()
    plain.learn(write, 2)
    assert set(plain.operations) == {"add", "compare"}
    plain.operations.clear()
    plain.winners([0], [int(t) for t in unpack(write.keys[0])[:256]], 256, 3)
    assert set(plain.operations) == {"add", "compare"}
    assert plain.operations["compare"] == 5 * 256
    assert plain.operations["add"] <= 5 * 256


def test_write_sets_survive_the_journal() -> None:
    write = random_write(np.random.default_rng(8), 11)
    again = TurnWrite.from_bytes(write.to_bytes())
    for name in ("lexical", "semantic", "keys", "tokens", "salience"):
        assert np.array_equal(getattr(write, name), getattr(again, name))


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_bytes_that_are_no_write_set_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        TurnWrite.from_bytes(data)


def test_every_token_has_its_own_code_and_is_found_by_it() -> None:
    codebook = Codebook(49_152)
    assert len(np.unique(codebook.codes, axis=0)) == 49_152
    some = np.arange(0, 49_152, 997)
    assert np.array_equal(codebook.decode(codebook.codes[some]), some)


def test_a_damaged_code_is_decoded_to_the_nearest_token() -> None:
    codebook = Codebook(49_152)
    trits = codebook.codes[[1234]].copy()
    trits[0, np.flatnonzero(trits[0])[:2]] = 0
    assert codebook.decode(trits)[0] == 1234


def test_predecessor_codes_tell_tokens_apart() -> None:
    trits = predecessor_trits(np.arange(200))
    similarity = trits.astype(int) @ trits.astype(int).T
    assert np.all(np.diag(similarity) == 32)
    assert (similarity - np.diag(np.diag(similarity))).max() < 32
