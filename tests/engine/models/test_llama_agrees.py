"""The planner's arithmetic beside what the installed llama.cpp says that it allocates."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from llama_cpp import GGML_TYPE_Q8_0, Llama

from engine.backbone.native import redirect_log
from engine.models.header import read_header
from engine.models.planner import buffer_bytes, cache_bytes, host_bytes

MIB = 1 << 20


@contextmanager
def loaded(caplog: pytest.LogCaptureFixture, path: Path, **options: Any) -> Iterator[dict[str, float]]:
    """Loads a model; gives the sum of what llama.cpp says of each kind of buffer ("KV buffer size = N MiB"), in MiB."""
    redirect_log()
    caplog.set_level(logging.DEBUG, logger="engine.llama")
    caplog.clear()
    model = Llama(str(path), n_batch=512, n_threads=1, n_threads_batch=1, flash_attn=True, verbose=True, **options)
    try:
        said: dict[str, float] = defaultdict(float)
        for record in caplog.records:
            found = re.search(r"CPU\S* +(KV|RS|compute|model) buffer size = +([\d.]+) MiB", record.getMessage())
            if found:
                said[found[1]] += float(found[2])
        yield said
    finally:
        model.close()


@pytest.mark.parametrize("context", [512, 2048])
@pytest.mark.parametrize("cache", ["f16", "q8_0"])
def test_the_bundled_model(model_path: Path, caplog: pytest.LogCaptureFixture, context: int, cache: str) -> None:
    model = read_header(model_path)
    kind = {} if cache == "f16" else {"type_k": GGML_TYPE_Q8_0, "type_v": GGML_TYPE_Q8_0}
    with loaded(caplog, model_path, n_ctx=context, **kind) as said:
        assert said["KV"] == pytest.approx(cache_bytes(model.shape, context, cache) / MIB, abs=0.01)
        planned = (buffer_bytes(model.shape) + host_bytes(model.shape, context)) / MIB
        assert 0.9 * planned < said["compute"] < 1.03 * planned
        weights = model.weights()
        assert said["model"] == pytest.approx((weights.file - weights.header) / MIB, abs=0.1)


def write(path: Path, architecture: str, layers: int, window: int) -> None:
    """A small random model of an architecture, with all that llama.cpp asks of it."""
    width, heads, kv, size, inner, vocabulary = 256, 4, 2, 64, 512, 64
    dice = np.random.default_rng(1)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(layers)
    writer.add_context_length(8192)
    writer.add_embedding_length(width)
    writer.add_vocab_size(vocabulary)
    writer.add_tokenizer_model("no_vocab")
    writer.add_layer_norm_rms_eps(1e-5)
    tensors: dict[str, tuple[int, ...]] = {"token_embd.weight": (vocabulary, width), "output_norm.weight": (width,)}
    if architecture == "mamba":
        writer.add_ssm_inner_size(inner)
        writer.add_ssm_state_size(16)
        writer.add_ssm_conv_kernel(4)
        writer.add_ssm_time_step_rank(16)
        writer.add_feed_forward_length(0)
        writer.add_head_count(0)
        layer: dict[str, tuple[int, ...]] = {
            "attn_norm.weight": (width,), "ssm_in.weight": (2 * inner, width), "ssm_conv1d.weight": (inner, 4),
            "ssm_conv1d.bias": (inner,), "ssm_x.weight": (48, inner), "ssm_dt.weight": (inner, 16),
            "ssm_dt.bias": (inner,), "ssm_a": (inner, 16), "ssm_d": (inner,), "ssm_out.weight": (width, inner),
        }  # fmt: skip
    else:
        writer.add_feed_forward_length(inner)
        writer.add_head_count(heads)
        writer.add_head_count_kv(kv)
        writer.add_key_length(size)
        writer.add_value_length(size)
        writer.add_rope_dimension_count(size)
        if window:
            writer.add_sliding_window(window)
        layer = {
            "attn_norm.weight": (width,), "attn_output.weight": (width, heads * size), "ffn_norm.weight": (width,),
            "ffn_down.weight": (width, inner),
        }  # fmt: skip
        if architecture == "phi3":
            tensors["output.weight"] = (vocabulary, width)
            layer |= {"attn_qkv.weight": ((heads + 2 * kv) * size, width), "ffn_up.weight": (2 * inner, width)}
        else:
            layer |= {"attn_q.weight": (heads * size, width), "attn_k.weight": (kv * size, width),
                      "attn_v.weight": (kv * size, width), "ffn_gate.weight": (inner, width),
                      "ffn_up.weight": (inner, width)}  # fmt: skip
        if architecture.startswith("gemma"):
            layer |= {"post_attention_norm.weight": (width,), "post_ffw_norm.weight": (width,)}
        if architecture == "gemma3":
            layer |= {"attn_q_norm.weight": (size,), "attn_k_norm.weight": (size,)}
        if architecture == "cohere2":
            writer.add_logit_scale(1.0)
            writer.add_layer_norm_eps(1e-5)
            layer.pop("ffn_norm.weight")
    for index in range(layers):
        tensors |= {f"blk.{index}.{name}": shape for name, shape in layer.items()}
    for name, shape in tensors.items():
        writer.add_tensor(name, dice.normal(size=shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize(
    ("architecture", "layers", "window"),
    [
        ("llama", 3, 0),
        ("gemma2", 4, 1024),
        ("gemma3", 7, 1024),
        ("cohere2", 5, 1024),
        ("phi3", 2, 1024),
        ("mamba", 3, 0),
    ],
)
def test_caches_of_other_architectures(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, architecture: str, layers: int, window: int
) -> None:
    """Grouped queries, sliding windows (and Phi-3's, which llama.cpp leaves out), the state of a recurrent model."""
    path = tmp_path / "tiny.gguf"
    write(path, architecture, layers, window)
    model = read_header(path)
    assert model.shape.windowed is (architecture in ("gemma2", "gemma3", "cohere2"))
    with loaded(caplog, path, n_ctx=4096, swa_full=False) as said:
        assert said["KV"] + said["RS"] == pytest.approx(cache_bytes(model.shape, 4096) / MIB, abs=0.01)
        planned = (buffer_bytes(model.shape) + host_bytes(model.shape, 4096)) / MIB
        assert said["compute"] < 1.03 * planned
