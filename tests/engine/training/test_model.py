"""The slow weights in numpy are the slow weights that were trained: same file, same numbers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from engine.bit_ttt.lexicon import IDF_BUCKETS, Lexicon, holds, words  # noqa: E402
from engine.bit_ttt.memory import nearness, superseded  # noqa: E402
from engine.bit_ttt.slow_weights import (  # noqa: E402
    CLOSE,
    CROSSED,
    REACH,
    SlowWeights,
    pack_weight,
    unpack_weight,
)
from engine.bit_ttt.trits import pack  # noqa: E402
from engine.training.dataset import Standard, quantize  # noqa: E402
from engine.training.export import BOLDNESS, export  # noqa: E402
from engine.training.meta import Trainer  # noqa: E402
from engine.training.model import MemoryConfig, MemoryModel, ternarize  # noqa: E402

WIDTH = 32
CONFIG = MemoryConfig(
    width=48, heads=2, head_width=16, hidden=64, reader_width=32, reader_hidden=48, input=4 * WIDTH, phrases=20
)
TAPS = ["embd", "l_out-1", "l_out-2", "l_out-3"]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[MemoryModel, SlowWeights, Standard]:
    torch.manual_seed(3)
    model = MemoryModel(CONFIG).eval()
    standard = Standard(torch.randn(4, WIDTH) * 0.1, torch.rand(4, WIDTH) + 0.5)
    out: Path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    idf = np.full(IDF_BUCKETS, 3, dtype=np.uint8)
    export(model, standard, idf, list(range(20)), taps=TAPS, vocabulary=100, backbone="blake2b:test", out=out)
    return model, SlowWeights.load(out), standard


def test_weights_are_ternary_and_survive_packing(pair: tuple[MemoryModel, SlowWeights, Standard]) -> None:
    _, slow, _ = pair
    for layer in [*slow.w.values(), *slow.r.values()]:
        assert set(np.unique(layer.weight)) <= {-1.0, 0.0, 1.0}
    trits = np.random.default_rng(0).integers(-1, 2, (7, 9)).astype(np.int8)
    assert np.array_equal(unpack_weight(pack_weight(trits), 7, 9), trits)


def test_writer_equals_the_trained_writer(pair: tuple[MemoryModel, SlowWeights, Standard]) -> None:
    model, slow, standard = pair
    torch.manual_seed(4)
    raw = torch.randn(3, 12, WIDTH) * 5  # embedding, two middle layers; 11 tokens and the end
    own = standard(raw[0][:, None], [3])[:, 0]
    before = torch.cat((torch.zeros(1, WIDTH), own[:-1]))
    middle = standard(raw[1:].transpose(0, 1), [0, 1]).flatten(1)
    ints, unit = quantize(torch.cat((middle, own, before), 1))
    with torch.no_grad():
        mask = torch.ones(1, 12, dtype=torch.bool)
        hidden, pooled, wide = model.writer(ints[None].bfloat16(), unit[None], mask)
        keys = ternarize(model.writer.key(hidden[0, :-1]))
        salience = torch.nn.functional.logsigmoid(model.writer.salience(hidden[0, :-1])[:, 0])
        tell, ask = ternarize(model.writer.tell_address(wide))[0], ternarize(model.writer.ask_address(wide))[0]
        gist = model.writer.gist(pooled)[0]
        probes = ternarize(model.writer.probe(hidden[0]))
        weights = torch.nn.functional.softplus(model.writer.probe_weight(hidden[0]))[:, 0]
        counts = torch.nn.functional.softplus(model.writer.word_weight(hidden[0, :-1]))[:, 0]
    encoded = slow.encode(*(raw[i].numpy() for i in range(3)))
    # A unit at a rounding edge may fall on either side; a wrong layer would agree on a third of the trits.
    assert (encoded.keys == keys.numpy()).mean() > 0.97
    assert (encoded.tell == tell.numpy()).mean() > 0.97
    assert (encoded.ask == ask.numpy()).mean() > 0.97
    np.testing.assert_allclose(encoded.salience, salience.numpy(), atol=0.05)
    np.testing.assert_allclose(encoded.gist, gist.numpy(), atol=0.1)
    assert (encoded.probes == probes.numpy()).mean() > 0.97
    np.testing.assert_allclose(encoded.probe_weights, weights.numpy(), atol=0.05)
    np.testing.assert_allclose(encoded.word_weights, counts.numpy(), atol=0.05)


def test_reader_equals_the_trained_reader(pair: tuple[MemoryModel, SlowWeights, Standard]) -> None:
    model, slow, standard = pair
    torch.manual_seed(5)
    raw = torch.randn(4, 1, WIDTH) * 5  # two middle layers, the last, the embedding
    gist = torch.randn(1, CONFIG.reader_width)
    ints, unit = quantize(standard(raw.transpose(0, 1), [0, 1, 2, 3]).flatten(1))
    with torch.no_grad():
        h = model.reader(ints.bfloat16(), unit, gist)
        query, gate = ternarize(model.reader.query(h))[0], model.reader.gate(h)[0]
        phrase = model.reader.phrase(h)[0]
        weight = torch.nn.functional.softplus(model.reader.predecessor(h))[0, 0]
    one, two, last, embedding = (raw[i, 0].numpy() for i in range(4))
    found = slow.query(embedding, one, two, last, gist[0].numpy())
    assert (slow.wanted(found) == query.numpy()).mean() > 0.97
    np.testing.assert_allclose(found.gate, gate.numpy() + np.array([0, BOLDNESS, 0]), atol=0.05)
    np.testing.assert_allclose(slow.phrase(found), phrase.numpy(), atol=0.1)
    assert slow.succession(found) == pytest.approx(float(weight), abs=0.05)


def test_the_newest_telling_wins_at_run_time_as_in_training() -> None:
    rng = np.random.default_rng(6)
    address = rng.normal(size=4).astype(np.float32) * 3
    tell = rng.integers(-1, 2, (4, 256)).astype(np.float32)
    tell[3] = tell[1]
    weights, present = rng.random(5).astype(np.float32), (rng.random((5, 4)) < 0.6).astype(np.float32)
    meaning = tell @ tell.T / np.float32(160)
    ours = superseded(address, meaning, weights, present)
    theirs = Trainer._superseded(
        torch.arange(4)[None],
        torch.from_numpy(address)[None],
        torch.from_numpy(tell),
        torch.zeros(5, dtype=torch.long),
        torch.from_numpy(weights)[:, None],
        torch.from_numpy(present),
    )
    np.testing.assert_allclose(ours, theirs[0].numpy(), rtol=1e-5)
    assert ours[3] == 0  # nothing is newer than the newest
    same = superseded(
        np.array([5, 5], np.float32), np.ones((2, 2), np.float32), weights[:1], np.ones((1, 2), np.float32)
    )
    assert same[0] > 0.5


def test_what_is_near_is_near_at_run_time_as_in_training() -> None:
    rng = np.random.default_rng(8)
    lengths, vocabulary, words_of_question = (30, 7, 19), 50, np.array([3, 11])
    kernel = rng.normal(size=(2, CROSSED + 1, 2 * REACH + 1)).astype(np.float32)
    separates = rng.random(vocabulary) < 0.2
    tokens = [rng.integers(0, vocabulary, n) for n in lengths]
    placed = [np.where(rng.random(n) < 0.6, rng.integers(0, 15, n), -1) for n in lengths]
    weights = np.array([1.5, 0.5], dtype=np.float32)
    probe_weights = rng.random(4).astype(np.float32)
    matches = rng.random((sum(lengths), 4)).astype(np.float32)

    trainer = Trainer.__new__(Trainer)
    trainer.data = SimpleNamespace(  # type: ignore[assignment]
        placed=torch.from_numpy(np.append(np.concatenate(placed), -1)),
        crossed=torch.from_numpy(
            np.concatenate([separates[own].cumsum() for own in (*tokens, np.array([0]))]).astype(np.float32)
        ),
    )
    trainer.model = SimpleNamespace(nearness=torch.from_numpy(kernel))  # type: ignore[assignment]
    ranked, longest = torch.tensor([[0, 2]]), max(lengths)
    stored = torch.arange(longest)[None] < torch.tensor(lengths)[:, None]
    column_of = torch.zeros(stored.shape, dtype=torch.long)
    column_of[stored] = torch.arange(sum(lengths))
    start = torch.tensor(np.cumsum((0, *lengths[:-1])))
    theirs = trainer._near(
        torch.where(stored, start[:, None] + torch.arange(longest), sum(lengths)),
        ranked,
        stored,
        column_of[ranked].flatten(1),
        torch.zeros(2, dtype=torch.long),
        torch.from_numpy(words_of_question),
        torch.from_numpy(weights)[:, None],
        (torch.zeros(4, dtype=torch.long), torch.from_numpy(probe_weights)[:, None], torch.from_numpy(matches)),
    )

    picked = [np.arange(0, 30), np.arange(37, 56)]
    here = np.concatenate([placed[0], placed[2]])
    said = sum(weight * (here == row) for row, weight in zip(words_of_question, weights, strict=True))
    found = np.maximum(matches[np.concatenate(picked)] - np.float32(CLOSE), 0) @ probe_weights
    of_turn = np.repeat([0, 1], [30, 19])
    crossed = np.cumsum(separates[np.concatenate([tokens[0], tokens[2]])].astype(np.int64))
    ours = nearness(kernel, np.stack((said, found)).astype(np.float32), of_turn, crossed)
    np.testing.assert_allclose(ours, torch.cat((theirs[0, 0, :30], theirs[0, 1, :19])).numpy(), atol=1e-4)
    assert (theirs[0, 1, 19:] == 0).all()


def test_a_word_is_found_in_a_turn_at_run_time_as_in_training() -> None:
    lexicon = Lexicon(np.random.default_rng(7).integers(0, 16, IDF_BUCKETS).astype(np.uint8))
    texts = ["My cat is called Miso.", "I park at spot 417, by the river.", "Dr. Okafor is my sister's dentist."]
    told = np.stack([lexicon.address(text) for text in texts])
    codes = [code for text in texts for word in words(text) if np.any(code := lexicon.code(word))]
    theirs = Trainer._holding(torch.from_numpy(np.stack(codes)), torch.from_numpy(told)).numpy()
    ours = np.stack([holds(pack(told), code) for code in codes])
    assert np.array_equal(ours, theirs)
    assert 0 < theirs.mean() < 1


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "w.safetensors"
    save_file({"a": np.zeros(3, dtype=np.float32)}, path, {"format": "techo-slow-weights/99"})
    with pytest.raises(ValueError, match="format"):
        SlowWeights.load(path)
