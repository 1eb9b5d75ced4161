"""The tapped layer outputs are those of the model's forward pass, and reading them changes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.backbone import Backbone
from engine.errors import BackboneError
from tests.engine.backbone.conftest import TAPS
from tests.engine.backbone.reference import ReferenceModel

TEXT = (
    "<|im_start|>system\nYou are Techo.<|im_end|>\n"
    "<|im_start|>user\nMy dentist is Dr. Okafor, on the 4th.<|im_end|>\n<|im_start|>assistant\n"
)


def test_equal_a_reference_forward_pass(backbone: Backbone, model_path: Path) -> None:
    """llama.cpp rounds activations to 8 bits (Q8_1), the reference does not: hence the tolerance.

    A wrong layer, row or rotation is off by tens of percent; the roundings measured 1-4 %, 7 % at the last layer.
    """
    tokens = backbone.tokenize(TEXT, special=True)
    expected, logits = ReferenceModel(model_path).forward(tokens)
    found = backbone.features(tokens)
    assert set(found) == set(TAPS)
    assert np.array_equal(found["embd"], expected["embd"])
    for name, limit in (("l_out-13", 0.06), ("l_out-25", 0.06), ("l_out-29", 0.10)):
        difference = np.linalg.norm(found[name] - expected[name], axis=1)
        assert np.max(difference / np.linalg.norm(expected[name], axis=1)) < limit, name
    # The neighbouring layers do not pass the same check: the tap is at the layer it names.
    for name in ("l_out-12", "l_out-14"):
        difference = np.linalg.norm(found["l_out-13"] - expected[name], axis=1)
        assert np.median(difference / np.linalg.norm(expected[name], axis=1)) > 0.06, name
    backbone.clear()
    own = backbone.prefill(tokens).logits
    assert np.linalg.norm(own - logits) / np.linalg.norm(logits) < 0.05


def test_are_the_same_in_a_batch_and_token_by_token(backbone: Backbone) -> None:
    tokens = backbone.tokenize(TEXT * 5, special=True)
    assert 140 < len(tokens) < 256, "more than one chunk"
    whole = backbone.features(tokens)
    backbone.clear()
    read = backbone.prefill(tokens[:140], need=(100, 140))
    for name in ("embd", "l_out-13", "l_out-25"):
        assert np.array_equal(read.taps[name], whole[name][100:140]), name
    assert "l_out-29" not in read.taps
    for name in TAPS:
        assert np.array_equal(read.last[name], whole[name][139]), name
    for place in range(140, len(tokens)):
        step = backbone.decode(tokens[place])
        for name in TAPS:
            assert np.array_equal(step.taps[name], whole[name][place]), (name, place)


def test_are_the_same_of_tokens_decoded_together(backbone: Backbone) -> None:
    tokens = backbone.tokenize(TEXT, special=True)
    for count in (2, 3, 7):
        backbone.prefill(tokens)
        one_by_one = [backbone.decode(token) for token in range(100, 100 + count)][-1]
        backbone.prefill(tokens)
        together = backbone.decode(*range(100, 100 + count))
        assert np.array_equal(together.logits, one_by_one.logits)
        for name in TAPS:
            assert np.array_equal(together.taps[name], one_by_one.taps[name]), name
        assert backbone.held == len(tokens) + count
        assert backbone.decode(1, 2, tapped=False).taps == {}


def test_leave_the_logits_alone(backbone: Backbone, model_path: Path) -> None:
    tokens = backbone.tokenize(TEXT, special=True)
    plain = Backbone(model_path, window=256, threads=1)
    try:
        assert np.array_equal(plain.prefill(tokens).logits, backbone.prefill(tokens).logits)
        for token in (100, 200, 300):
            assert np.array_equal(plain.decode(token).logits, backbone.decode(token).logits)
        assert plain.decode(1).taps == {}
    finally:
        plain.close()


def test_survive_a_graph_that_the_plan_does_not_fit(backbone: Backbone) -> None:
    """llama.cpp may build another graph at any time: a plan that is out of step must be noticed and mended."""
    tokens = backbone.tokenize(TEXT, special=True)
    backbone.prefill(tokens)
    right = backbone.decode(100)
    plan = backbone._taps._plan
    assert plan is not None
    assert sum(plan) == len(TAPS)
    for wrong in ([False, *plan], plan[1:], plan[:-50], []):
        backbone.prefill(tokens)
        backbone._taps._plan = wrong
        step = backbone.decode(100)
        assert np.array_equal(step.logits, right.logits)
        for name in TAPS:
            assert np.array_equal(step.taps[name], right.taps[name]), name
        assert backbone.held == len(tokens) + 1
    backbone.prefill(tokens)
    backbone.decode(100)
    assert backbone._taps._plan == plan, "learned again"


def test_unknown_names_are_refused_at_the_start(model_path: Path) -> None:
    with pytest.raises(BackboneError, match="l_out-77"):
        Backbone(model_path, window=64, threads=1, taps=("l_out-13", "l_out-77"))
