"""The rereader: what it is trained on, that training teaches it, and that the engine computes what was trained."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from engine.backbone import Backbone  # noqa: E402
from engine.backbone.rereading import Rereading as Window  # noqa: E402
from engine.bit_ttt import SlowWeights  # noqa: E402
from engine.bit_ttt.memory import MAX_KEPT  # noqa: E402
from engine.bit_ttt.rereader import Rereader  # noqa: E402
from engine.errors import BackboneError  # noqa: E402
from engine.protocol import TurnMessage  # noqa: E402
from engine.training.cache import SYSTEM_PROMPT  # noqa: E402
from engine.training.rereading.model import AdaptedBackbone, Rereading  # noqa: E402
from engine.training.rereading.questions import Asker, Question, as_kept, shuffled  # noqa: E402
from engine.training.tokenizer import Tokenizer  # noqa: E402

OPENING = "You told me:"
SYSTEM = TurnMessage(role="system", content=SYSTEM_PROMPT)


@pytest.fixture(scope="module")
def trained(model_path: Path) -> Rereading:
    """Untrained, but with an adapter that adds something."""
    torch.manual_seed(5)
    model = Rereading(AdaptedBackbone(model_path)).eval()
    for parameter in model.adapter.up.values():
        torch.nn.init.normal_(parameter, std=0.02)
    return model


@pytest.fixture(scope="module")
def exported(trained: Rereading, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rereader") / "r"
    trained.export(out, backbone="blake2b:test", opening=OPENING)
    return out.with_suffix(".safetensors")


@pytest.fixture
def window(loaded: Backbone, exported: Path) -> Iterator[Window]:
    opened = Window(loaded, exported.with_suffix(".gguf"), Rereader.load(exported).taps, SYSTEM)
    yield opened
    opened.close()


def asked_and_told(backbone: Backbone, question: str, *told: str) -> tuple[list[int], list[list[int]]]:
    asked = backbone.tokenize("<|im_start|>user\n", special=True) + backbone.tokenize(question)
    asked += backbone.tokenize("<|im_end|>\n<|im_start|>assistant\n", special=True) + backbone.tokenize(OPENING)
    return asked, [backbone.tokenize(text) for text in told]


def test_the_engine_computes_what_was_trained(
    trained: Rereading, exported: Path, window: Window, loaded: Backbone
) -> None:
    asked, told = asked_and_told(
        loaded, "Who sees to my teeth?", " My dentist is Dr. Okafor.", " I bought a red bicycle on Monday.", " ok"
    )
    system = loaded.render([SYSTEM], add_generation_prompt=False).tokens
    prefix = [(k.clone(), v.clone()) for k, v in trained.backbone.prefix(system)]
    with torch.no_grad():
        start, end = trained([asked], [told], prefix)
    head = Rereader.load(exported)
    read = window.read(asked, told)
    look = head.look(read)
    assert [len(taps[head.taps[0]]) for taps in read] == [len(turn) for turn in told]
    flat = torch.cat([start[0, i, : len(turn)] for i, turn in enumerate(told)]).numpy()
    flat_end = torch.cat([end[0, i, : len(turn)] for i, turn in enumerate(told)]).numpy()
    # bfloat16 there, eight-bit activations here: a few percent of the spread.
    for mine, theirs in ((look.start, flat - trained.head.none.item()), (look.end, flat_end)):
        assert np.corrcoef(mine, theirs)[0, 1] > 0.98
        assert np.abs(mine - theirs).max() < 0.25 * np.ptp(theirs)
    alone = head.look(window.read(asked, told[1:2])).start
    first = len(told[0])
    assert np.allclose(alone, look.start[first : first + len(told[1])], atol=0.05 * np.ptp(flat)), (
        "turns see each other"
    )


def test_the_adapter_is_of_this_window_alone(window: Window, loaded: Backbone) -> None:
    asked, told = asked_and_told(loaded, "Who sees to my teeth?", " My dentist is Dr. Okafor.")
    loaded.clear()
    before = loaded.prefill(asked).logits
    window.read(asked, told)
    loaded.clear()
    assert np.array_equal(loaded.prefill(asked).logits, before)


def test_too_much_is_refused_and_an_adapter_that_is_none(window: Window, loaded: Backbone, tmp_path: Path) -> None:
    with pytest.raises(BackboneError, match="too much"):
        window.read([5], [[5]] * 5)
    with pytest.raises(BackboneError, match="too much"):
        window.read([5] * 600, [[5]])
    assert len(window.read([5], [[5]])) == 1, "and goes on"
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no adapter")
    with pytest.raises(BackboneError, match=r"broken\.gguf"):
        Window(loaded, broken, ["l_out-3"], SYSTEM)


def test_training_teaches_where_the_answer_is_and_where_none_is(model_path: Path, loaded: Backbone) -> None:
    torch.manual_seed(1)
    model = Rereading(AdaptedBackbone(model_path)).train()
    system = loaded.render([SYSTEM], add_generation_prompt=False).tokens
    prefix = [(k.clone(), v.clone()) for k, v in model.backbone.prefix(system)]
    turns = [loaded.tokenize(text) for text in (" My dentist is Okafor.", " I live in Porto.")]
    asked = [asked_and_told(loaded, text)[0] for text in ("Who is my dentist?", "Where do I live?", "What is a quark?")]
    place = len(loaded.tokenize(" My dentist is"))
    where = len(loaded.tokenize(" I live in"))
    answers = [(0, place, len(turns[0]) - 1), (1, where, where + 1), None]
    questions = [Question("", "fact", "", turns, answer) for answer in answers]
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(25):
        start, end = model(asked, [turns] * 3, prefix)
        loss = model.loss(start, end, questions)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
    model.eval()
    with torch.no_grad():
        start, _ = model(asked, [turns] * 3, prefix)
    best = start.flatten(1).max(1)
    assert [divmod(int(i), start.shape[2]) for i in best.indices[:2]] == [(0, place), (1, where)]
    assert (best.values - model.head.none > 0).tolist() == [True, True, False]


def test_questions_are_made_of_what_the_memory_would_hold(model_path: Path, slow: SlowWeights, tmp_path: Path) -> None:
    """From the kinds that lie in the repository; the other corpora are not needed for this."""
    (tmp_path / "authored").mkdir()
    tokenizer = Tokenizer(model_path)
    found = {}
    for split in ("train", "dev"):
        asker = Asker(tokenizer, slow.lexicon, tmp_path, split, 1, unrelated=False)
        found[split] = asker.questions()
    assert {question.kind for question in found["train"]} == {"fact", "near", "general"}
    for question in found["dev"][:300]:
        assert 2 <= len(question.told) <= 4
        assert all(0 < len(turn) <= MAX_KEPT for turn in question.told)
        assert (question.answer is not None) == (question.kind == "fact")
        if question.answer is not None:
            turn, first, after = question.answer
            said = b"".join(tokenizer.pieces[token] for token in question.told[turn][first:after])
            assert said.strip()
            mixed = shuffled(question, random.Random(2))
            assert mixed.answer is not None
            assert mixed.told[mixed.answer[0]] == question.told[turn]
    train, dev = ({q.text for q in found[split] if q.kind == "fact"} for split in ("train", "dev"))
    assert len(train & dev) < 0.02 * len(dev)


def test_the_value_is_always_kept() -> None:
    tokens = list(range(100, 250))
    for seed in range(30):
        kept, (first, after) = as_kept(tokens, (40, 44), random.Random(seed))
        assert kept[first:after] == tokens[40:44]
        assert len(kept) <= MAX_KEPT
        assert kept == sorted(kept)
