"""A model without a KV cache: its state cannot go back, so what was read is read anew."""

from __future__ import annotations

from collections.abc import Iterator

import gguf
import numpy as np
import pytest

from engine.backbone import Backbone

WIDTH, INNER = 64, 128
WORDS = ["<|im_start|>", "<|im_end|>", *(chr(code) for code in range(33, 127)), "Ġ", "Ċ"]


@pytest.fixture(scope="module")
def mamba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backbone]:
    """A small random Mamba."""
    path = tmp_path_factory.mktemp("models") / "mamba.gguf"
    dice = np.random.default_rng(1)
    writer = gguf.GGUFWriter(path, "mamba")
    writer.add_block_count(2)
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_ssm_inner_size(INNER)
    writer.add_ssm_state_size(16)
    writer.add_ssm_conv_kernel(4)
    writer.add_ssm_time_step_rank(16)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(WORDS)
    writer.add_token_types([gguf.TokenType.CONTROL] * 2 + [gguf.TokenType.NORMAL] * (len(WORDS) - 2))
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    tensors: dict[str, tuple[int, ...]] = {"token_embd.weight": (len(WORDS), WIDTH), "output_norm.weight": (WIDTH,)}
    for layer in range(2):
        tensors |= {
            f"blk.{layer}.{name}": shape
            for name, shape in {
                "attn_norm.weight": (WIDTH,), "ssm_in.weight": (2 * INNER, WIDTH), "ssm_conv1d.weight": (INNER, 4),
                "ssm_conv1d.bias": (INNER,), "ssm_x.weight": (48, INNER), "ssm_dt.weight": (INNER, 16),
                "ssm_dt.bias": (INNER,), "ssm_a": (INNER, 16), "ssm_d": (INNER,), "ssm_out.weight": (WIDTH, INNER),
            }.items()
        }  # fmt: skip
    for name, shape in tensors.items():
        values = dice.normal(scale=0.1, size=shape)
        writer.add_tensor(name, (-np.abs(values) if name.endswith("ssm_a") else values).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    backbone = Backbone(path, window=64, threads=1)
    yield backbone
    backbone.close()


def test_another_ending_is_read_from_the_beginning(mamba: Backbone) -> None:
    first, second = (mamba.tokenize(text) for text in ("hello there", "hello you"))
    mamba.prefill(first)
    again = mamba.prefill(second)
    assert (again.cached, again.computed) == (0, len(second)), "the state had gone on"
    mamba.clear()
    np.testing.assert_array_equal(again.logits, mamba.prefill(second).logits)


def test_what_is_added_goes_on(mamba: Backbone) -> None:
    tokens = mamba.tokenize("hello there, you")
    mamba.clear()
    whole = mamba.prefill(tokens).logits
    mamba.clear()
    mamba.prefill(tokens[:-1])
    step = mamba.decode(tokens[-1], tapped=False)
    np.testing.assert_allclose(step.logits, whole, rtol=1e-4, atol=1e-4)


def test_a_full_window_slides(mamba: Backbone) -> None:
    tokens = mamba.tokenize("abcdefgh" * 8)
    assert len(tokens) == 64
    mamba.clear()
    mamba.prefill(tokens, keep=8)
    step = mamba.decode(tokens[0], tapped=False)
    assert mamba.held == 8 + 28 + 1
    assert np.isfinite(step.logits).all()
    again = mamba.prefill([*tokens[:8], *tokens[36:], tokens[0], tokens[1]])
    assert again.cached == 37, "the state goes on from there"
