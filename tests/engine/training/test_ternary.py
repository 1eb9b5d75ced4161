"""The ternary backbone's training: the quantizer's format, the grown student, both stages, the file for llama.cpp."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from llama_cpp import Llama as LlamaCpp  # noqa: E402

from engine.training.ternary.blockwise import BlockwiseOptions, train_blocks  # noqa: E402
from engine.training.ternary.distill import (  # noqa: E402
    Distillation,
    DistillOptions,
    divergence,
    mixture,
    perplexity,
)
from engine.training.ternary.export import pack, ternary_tensors, unpack, write_gguf  # noqa: E402
from engine.training.ternary.llama import NORMS, PROJECTIONS, Llama, grow, load_teacher  # noqa: E402
from engine.training.ternary.quantizer import GROUP, TernaryLinear, quantize, ternary  # noqa: E402
from engine.training.ternary.teacher import write  # noqa: E402
from engine.training.ternary.text import windows  # noqa: E402

LAYERS, WIDTH, HEADS, KV, HIDDEN, VOCABULARY = 3, 192, 3, 3, 256, 320


@pytest.fixture(scope="module")
def teacher_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random llama with a byte vocabulary, peaked enough that its sampled text has a pattern."""
    path = tmp_path_factory.mktemp("teacher") / "teacher.gguf"
    dice = np.random.default_rng(2)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("teacher")
    writer.add_block_count(LAYERS)
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("no_vocab")
    kv = KV * WIDTH // HEADS
    shapes = {"token_embd.weight": (VOCABULARY, WIDTH), "output_norm.weight": (WIDTH,)}
    for layer in range(LAYERS):
        shapes |= {
            f"blk.{layer}.attn_norm.weight": (WIDTH,), f"blk.{layer}.ffn_norm.weight": (WIDTH,),
            f"blk.{layer}.attn_q.weight": (WIDTH, WIDTH), f"blk.{layer}.attn_k.weight": (kv, WIDTH),
            f"blk.{layer}.attn_v.weight": (kv, WIDTH), f"blk.{layer}.attn_output.weight": (WIDTH, WIDTH),
            f"blk.{layer}.ffn_gate.weight": (HIDDEN, WIDTH), f"blk.{layer}.ffn_up.weight": (HIDDEN, WIDTH),
            f"blk.{layer}.ffn_down.weight": (WIDTH, HIDDEN),
        }  # fmt: skip
    for name, shape in shapes.items():
        drawn = dice.standard_normal(shape) * (0.3 if name == "token_embd.weight" else shape[-1] ** -0.5)
        writer.add_tensor(name, (drawn if len(shape) == 2 else 1 + 0.1 * dice.standard_normal(shape)).astype("f4"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def teacher(teacher_path: Path) -> Llama:
    return load_teacher(teacher_path, torch.float32)


def float_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes the quantizer out, to compare what is beside it."""
    monkeypatch.setattr(TernaryLinear, "forward", torch.nn.Linear.forward)


def tokens(count: int, length: int, seed: int = 0) -> Any:
    return torch.randint(0, VOCABULARY, (count, length), generator=torch.Generator().manual_seed(seed))


def logits_of(path: Path, ids: list[int]) -> np.ndarray:
    """(T, V) of llama.cpp."""
    model = LlamaCpp(str(path), logits_all=True, n_ctx=512, n_threads=1, verbose=False)
    try:
        model.eval(ids)
        return np.array(model.scores[: len(ids)])
    finally:
        model.close()


def test_trits_are_trits_and_the_scale_is_the_best_for_them() -> None:
    torch.manual_seed(0)
    weight = torch.randn(5, 2 * GROUP) * torch.tensor([0.01, 0.1, 1.0, 10.0, 0.0])[:, None]
    trits, scale = quantize(weight)
    assert set(np.unique(trits.numpy())) == {-1.0, 0.0, 1.0}
    assert not trits[4].any()
    groups = weight.view(5, 2, GROUP)
    error = (groups - trits * scale).pow(2).sum(-1)
    for factor in (0.98, 1.02):  # beyond the rounding to bfloat16
        assert (error[:4] < (groups - trits * scale * factor).pow(2).sum(-1)[:4]).all()
    assert torch.equal(scale.half().float()[1:4], scale[1:4]), "the file's float16 holds the very scale"
    again, same = quantize((trits * scale).view_as(weight))
    assert torch.equal(again, trits)
    assert torch.equal(same, scale)


def test_the_gradient_goes_straight_through() -> None:
    torch.manual_seed(0)
    layer, x = TernaryLinear(GROUP, 4), torch.randn(3, GROUP)
    torch.autograd.backward(layer(x).sum())
    assert layer.weight.grad is not None
    assert torch.allclose(layer.weight.grad, x.sum(0).expand(4, -1))
    assert len(np.unique(ternary(layer.weight).abs().detach().numpy())) <= 5


def test_a_grown_student_computes_what_its_teacher_computes(teacher: Llama, monkeypatch: pytest.MonkeyPatch) -> None:
    float_weights(monkeypatch)
    student, ids = grow(teacher), tokens(2, 40)
    assert (student.shape.width, student.shape.heads) == (256, 4)
    assert torch.allclose(student.logits(student(ids)), teacher.logits(teacher(ids)), atol=2e-4)
    assert divergence(student, teacher, ids).item() == pytest.approx(0.0, abs=1e-5)


def test_shapes_without_whole_groups_are_refused(teacher: Llama) -> None:
    from dataclasses import replace

    with pytest.raises(ValueError, match="ternary shape"):
        replace(teacher.shape, hidden=HIDDEN - 64).padded()


def test_divergence_is_that_of_the_formula_and_so_is_its_gradient(teacher: Llama) -> None:
    student, ids = grow(teacher), tokens(2, 12, 1)
    loss = divergence(student, teacher, ids)
    torch.autograd.backward(loss)
    gradient = student.blocks[1].ffn_up.weight.grad
    assert gradient is not None
    kept = gradient.clone()
    student.zero_grad()
    mine, theirs = student.logits(student(ids)).log_softmax(-1), teacher.logits(teacher(ids)).log_softmax(-1)
    plain = torch.nn.functional.kl_div(mine.flatten(0, 1), theirs.flatten(0, 1), log_target=True, reduction="batchmean")
    torch.autograd.backward(plain)
    assert loss.item() == pytest.approx(plain.item(), rel=1e-4)
    assert torch.allclose(kept, student.blocks[1].ffn_up.weight.grad, atol=1e-6)


def test_the_teacher_writes_what_it_would_say(teacher: Llama) -> None:
    """Cold, the cached sampling is the teacher's best token after each prefix, across segments of the cache."""
    openings = tokens(2, 5, 3)
    written = write(teacher, openings, 150, temperature=1e-4)
    assert torch.equal(written[:, :5], openings.int())
    best = teacher.logits(teacher(written.long())).argmax(-1)
    agree = (best[:, 4:-1] == written[:, 5:]).float().mean()
    assert agree > 0.98, "ties aside"
    assert torch.equal(write(teacher, openings, 20, seed=1), write(teacher, openings, 20, seed=1))
    assert not torch.equal(write(teacher, openings, 20, seed=1), write(teacher, openings, 20, seed=2))


def test_both_stages_bring_the_student_nearer(teacher: Llama, tmp_path: Path) -> None:
    torch.manual_seed(0)
    ids = write(teacher, tokens(24, 4, 5), 48, seed=4).long()
    student = grow(teacher)
    rounded = divergence(student, teacher, ids).item()
    train_blocks(teacher, student, ids, BlockwiseOptions(steps=25, batch=8, rate=2e-3))
    blocks = divergence(student, teacher, ids).item()
    training = Distillation(teacher, student, DistillOptions(steps=30, batch=8, rate=4e-4, warm_up=3, log_every=10))
    training.run(
        mixture([(ids, 1.0)], 8, 0), {"own": ids[:4]}, checkpoint=tmp_path / "c.pt", log=tmp_path / "log.jsonl"
    )
    healed = divergence(student, teacher, ids).item()
    assert blocks < 0.8 * rounded
    assert healed < 0.8 * blocks
    assert perplexity(student, ids) < 1.5 * perplexity(teacher, ids)
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 3


def test_an_interrupted_distillation_goes_on_as_if_it_had_not_been(teacher: Llama, tmp_path: Path) -> None:
    ids = tokens(12, 16, 6)
    options = DistillOptions(steps=6, batch=4, rate=1e-3, warm_up=2, save_every=3, log_every=3)
    batches = mixture([(ids[:8], 0.5), (ids[8:], 0.5)], 4, 0)
    students = []
    for stops in ((6,), (3, 6)):
        torch.manual_seed(1)
        student = grow(teacher)
        for stop in stops:
            training = Distillation(teacher, student, options)
            if stop != stops[0]:
                training.load(tmp_path / "c.pt")
            while training.step < stop:
                training.one(batches(training.step), training.step / options.steps)
            training.save(tmp_path / "c.pt")
        students.append(student)
    for whole, resumed in zip(students[0].parameters(), students[1].parameters(), strict=True):
        assert torch.equal(whole, resumed)


def test_a_mixture_takes_each_pool_in_whole_passes() -> None:
    first, second = torch.arange(6)[:, None], torch.arange(100, 103)[:, None]
    of_step = mixture([(first, 0.5), (second, 0.5)], 4, 7)
    drawn = torch.cat([of_step(step) for step in range(3)])[:, 0].tolist()
    assert sorted(x for x in drawn if x < 100) == list(range(6))
    assert sorted(x for x in drawn if x >= 100) == [100, 100, 101, 101, 102, 102]


@pytest.mark.parametrize("type_", ["TQ1_0", "TQ2_0"])
def test_llama_cpp_computes_what_was_trained(teacher: Llama, teacher_path: Path, tmp_path: Path, type_: str) -> None:
    torch.manual_seed(2)
    student = grow(teacher)
    train_blocks(teacher, student, tokens(8, 32, 8), BlockwiseOptions(steps=5, batch=4))
    packed = pack(ternary_tensors(student), tmp_path / "packed")
    tensors = unpack(packed)
    assert {name: np.abs(array).sum() for name, array in tensors.items()} == {
        name: np.abs(array).sum() for name, array in ternary_tensors(student).items()
    }
    assert len(tensors) == 1 + LAYERS * (len(PROJECTIONS) + len(NORMS))
    out = tmp_path / "student.gguf"
    write_gguf(tensors, student.shape, teacher_path, out, type_=type_, embedding="Q8_0")
    ids = tokens(1, 24, 9)
    with torch.no_grad():
        ours = student.logits(student(ids))[0].numpy()
    theirs = logits_of(out, ids[0].tolist())
    # llama.cpp rounds activations to eight bits before each ternary product.
    assert np.abs(ours - theirs).mean() < 0.05 * ours.std()


def test_windows_leave_out_what_does_not_fill_one() -> None:
    assert windows(np.arange(11, dtype=np.uint16), 4).tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
