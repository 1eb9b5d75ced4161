"""Prefill, decoding and the KV window."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from engine.backbone import Backbone
from engine.errors import BackboneError, Cancelled, ErrorCode
from tests.engine.backbone.conftest import TAPS


def greedy(backbone: Backbone, tokens: list[int], count: int) -> list[int]:
    logits = backbone.prefill(tokens).logits
    out = []
    for _ in range(count):
        out.append(int(logits.argmax()))
        logits = backbone.decode(out[-1]).logits
    return out


def test_describes_itself(backbone: Backbone) -> None:
    info = backbone.info
    assert (info.layers, info.width, info.vocabulary, info.window) == (30, 576, 49152, 256)
    assert info.name == "SmolLM2-135M-Instruct.Q4_1"
    assert info.digest.startswith("blake2b:")
    assert len(info.digest) == 8 + 40


def test_answers(backbone: Backbone) -> None:
    """The real model, greedy: the capital of France."""
    text = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
    out = greedy(backbone, backbone.tokenize(text, special=True), 8)
    assert b"Paris" in backbone.detokenize(out)
    assert backbone.is_end(backbone.tokenize("<|im_end|>", special=True)[0])
    assert not any(map(backbone.is_end, backbone.tokenize("the end")))


def test_a_shared_beginning_is_not_computed_again(backbone: Backbone) -> None:
    tokens = list(range(1000, 1060))
    first = backbone.prefill(tokens)
    assert (first.cached, first.computed) == (0, 60)
    longer = backbone.prefill([*tokens, 7, 8])
    assert (longer.cached, longer.computed) == (60, 2)
    other = backbone.prefill([*tokens[:50], 9, 9])
    assert (other.cached, other.computed) == (50, 2)
    # The same again: the last token is computed for its logits, and they are the same.
    again = backbone.prefill([*tokens[:50], 9, 9])
    assert (again.cached, again.computed) == (51, 1)
    assert np.array_equal(again.logits, other.logits)
    backbone.clear()
    assert np.array_equal(backbone.prefill([*tokens[:50], 9, 9]).logits, other.logits)


def test_needed_taps_are_computed_again(backbone: Backbone) -> None:
    tokens = list(range(1000, 1060))
    whole = backbone.prefill(tokens, need=(0, 60))
    part = backbone.prefill(tokens, need=(20, 30))
    assert (part.cached, part.computed) == (20, 40)
    for name, rows in part.taps.items():
        assert np.array_equal(rows, whole.taps[name][20:30])


def test_slides_when_full(model_path: Path) -> None:
    """Past the window's end talk goes on; the kept beginning stays; the taps are still those of the token."""
    backbone = Backbone(model_path, window=64, threads=1, taps=TAPS)
    try:
        prompt = list(range(1000, 1030))
        backbone.prefill(prompt, keep=10)
        rows = {}
        for count in range(120):
            step = backbone.decode(2000 + count % 50)
            assert backbone.held <= 64
            assert set(step.taps) == set(TAPS)
            assert np.isfinite(step.logits).all()
            if count == 34:  # the 65th token: 27 of the 54 after the kept ones are gone
                assert backbone.held == 64 - 27 + 1
                assert backbone._held[:10] == prompt[:10]
                assert backbone._held[10:-1] == [*range(2007, 2034)]
            rows[count] = step.taps["embd"]
        again = backbone.prefill([*prompt[:10], 5, 6])
        assert (again.cached, again.computed) == (10, 2), "the kept beginning is still good"
        backbone.clear()
        fresh = backbone.prefill([*prompt[:10], 5, 6])
        # The cells of the window are taken in another order after a slide, and half floats are added in that order.
        assert np.linalg.norm(again.logits - fresh.logits) < 0.02 * np.linalg.norm(fresh.logits)
        for count in (33, 34, 35, 119):
            embedding = backbone.features([2000 + count % 50])["embd"][0]
            assert np.array_equal(rows[count], embedding), "the tap is still that of the token"
    finally:
        backbone.close()


def test_a_slide_moves_positions(backbone: Backbone) -> None:
    """What follows a slide is nearly what the shortened window computes from nothing (the old context lingers)."""
    words = backbone.tokenize("The cat sat on the mat and looked at the dog. " * 30)
    backbone.prefill(words[:256], keep=0)
    slid = backbone.decode(words[256]).logits
    held = list(backbone._held)
    assert held == words[128:257]
    backbone.clear()
    fresh = backbone.prefill(held).logits
    assert slid.argmax() == fresh.argmax()
    assert np.corrcoef(slid, fresh)[0, 1] > 0.9


def test_tokens_decoded_together_slide_as_one_by_one(backbone: Backbone) -> None:
    words = backbone.tokenize("The cat sat on the mat and looked at the dog. " * 30)
    for held in (253, 254, 256):
        backbone.clear()
        backbone.prefill(words[:held], keep=0)
        one_by_one = [backbone.decode(token) for token in words[held : held + 3]][-1].logits
        window = list(backbone._held)
        backbone.clear()
        backbone.prefill(words[:held], keep=0)
        assert np.array_equal(backbone.decode(*words[held : held + 3]).logits, one_by_one)
        assert backbone._held == window


def test_a_prompt_longer_than_the_window_is_refused(backbone: Backbone) -> None:
    with pytest.raises(BackboneError) as caught:
        backbone.prefill(list(range(1000, 1257)))
    assert caught.value.code is ErrorCode.PROMPT_TOO_LONG
    assert backbone.prefill(list(range(1000, 1256))).computed == 256


def test_reading_a_prompt_can_be_cancelled(backbone: Backbone) -> None:
    asked: list[int] = []

    def at_the_second_chunk() -> bool:
        asked.append(backbone.held)
        return len(asked) == 2

    tokens = list(range(1000, 1200))
    with pytest.raises(Cancelled):
        backbone.prefill(tokens, cancelled=at_the_second_chunk)
    assert asked == [0, 128]
    assert backbone.prefill(tokens).cached == 128, "what was computed is kept"


def test_greedy_decoding_repeats_itself(backbone: Backbone) -> None:
    tokens = backbone.tokenize("<|im_start|>user\nTell me about rain.<|im_end|>\n<|im_start|>assistant\n", special=True)
    once = greedy(backbone, tokens, 12)
    assert greedy(backbone, tokens, 12) == once
    backbone.clear()
    assert greedy(backbone, tokens, 12) == once


@pytest.mark.parametrize("content", [b"", b"hello", b"GGUF", b"GGUF\x03\0\0\0" + b"\xff" * 64])
def test_files_that_are_no_model_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(BackboneError) as caught:
        Backbone(path, threads=1)
    assert caught.value.code is ErrorCode.MODEL_REFUSED
    assert caught.value.hint


def test_a_truncated_model_is_refused(tmp_path: Path, model_path: Path) -> None:
    path = tmp_path / "model.gguf"
    with model_path.open("rb") as file:
        path.write_bytes(file.read(4_000_000))
    with pytest.raises(BackboneError):
        Backbone(path, threads=1)


def test_says_nothing_on_stdout_or_stderr(
    model_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """llama.cpp's own talk goes to the logger; on the pipe it would be garbage."""
    with caplog.at_level(logging.DEBUG, logger="engine.llama"):
        backbone = Backbone(model_path, window=64, threads=1)
        backbone.close()
        backbone.close()
    assert capfd.readouterr() == ("", "")
    assert any("llama" in record.message for record in caplog.records)


def test_a_window_too_small_is_refused(model_path: Path) -> None:
    with pytest.raises(BackboneError, match="too small"):
        Backbone(model_path, window=32)


def test_likelihoods_are_those_of_the_logits(backbone: Backbone) -> None:
    """Over more than one chunk, from an empty window and from one that holds the beginning."""
    tokens = backbone.tokenize("The quick brown fox jumps over the lazy dog. " * 16)[:150]
    assert len(tokens) == 150
    found = backbone.log_likelihoods(tokens)
    assert found.shape == (149,)
    # llama.cpp has other kernels for a few tokens at a time than for many: what it sums in another order differs.
    for place, near in ((1, 0.01), (40, 0.2), (128, 0.01), (129, 0.2), (149, 0.2)):
        backbone.clear()
        logits = backbone.prefill(tokens[:place]).logits.astype(np.float64)
        wanted = logits[tokens[place]] - np.log(np.exp(logits - logits.max()).sum()) - logits.max()
        assert found[place - 1] == pytest.approx(wanted, abs=near)
    assert backbone.log_likelihoods(tokens, 140) == pytest.approx(found[139:], abs=0.2)
    for start in (0, 150):
        with pytest.raises(ValueError, match="likelihoods from token"):
            backbone.log_likelihoods(tokens, start)
