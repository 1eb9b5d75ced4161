"""What a header says about its model, and which files are no partner to talk to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.errors import ModelFileError
from engine.models.header import ModelFile, read_header
from engine.models.planner import cache_bytes
from engine.models.shape import KvLayer, mamba_state, rwkv_state

from . import gguf_bytes as raw


def read(tmp_path: Path, metadata: dict[str, Any], **kinds: Any) -> ModelFile:
    path = tmp_path / "x.gguf"
    path.write_bytes(raw.model(metadata, **kinds))
    return read_header(path)


def refused(tmp_path: Path, metadata: dict[str, Any], **kinds: Any) -> ModelFileError:
    with pytest.raises(ModelFileError) as caught:
        read(tmp_path, metadata, **kinds)
    return caught.value


def as_architecture(name: str, **entries: Any) -> dict[str, Any]:
    """The sample's figures under another architecture's name."""
    own = {key.replace("llama.", f"{name}."): value for key, value in raw.LLAMA.items() if key.startswith("llama.")}
    return dict.fromkeys([key for key in raw.LLAMA if key.startswith("llama.")]) | own | {
        "general.architecture": name,
        **{f"{name}.{key.replace('__', '.')}": value for key, value in entries.items()},
    }  # fmt: skip


def test_the_bundled_model(model_path: Path) -> None:
    found = read_header(model_path)
    assert (found.quantization, found.shape.architecture) == ("Q4_1", "llama")
    assert found.parameters == 134_515_008
    assert found.size == model_path.stat().st_size
    assert found.licence == "apache-2.0"
    assert {row[0]: row[1] for row in found.mix} == {"Q4_1": 210, "Q8_0": 1, "F32": 61}
    assert found.bits == pytest.approx(5.744, abs=1e-3)
    assert (found.shape.layers, found.shape.width, found.shape.heads, found.shape.context) == (30, 576, 9, 8192)
    assert set(found.shape.kv) == {KvLayer(192, 192)}
    assert found.tokenizer.chat_template
    assert found.tokenizer.tokens == found.shape.vocabulary == 49_152
    weights = found.weights()
    assert weights.file == found.size
    assert weights.shared == weights.embedding
    assert weights.output == weights.embedding + 4 * 576, "tied: the table again, and the last norm"


def test_figures_of_a_small_model(tmp_path: Path) -> None:
    found = read(tmp_path, {})
    assert found.name == "Tiny"
    assert found.tokenizer.chat_template is False
    assert found.shape.kv == (KvLayer(16, 16), KvLayer(16, 16)), "two KV heads of 32 / 4 numbers"
    assert found.quantization == "F32"
    assert found.layer_bytes == (4096, 4096)


def test_without_a_name_the_files_own(tmp_path: Path) -> None:
    assert read(tmp_path, {"general.name": None}).name == "x"


def test_the_mixture_is_named_by_its_number(tmp_path: Path) -> None:
    assert read(tmp_path, {"general.file_type": 15}).quantization == "Q4_K_M"
    assert read(tmp_path, {"general.file_type": 999}).quantization == "F32", "what the tensors are"


def test_head_sizes_that_are_given(tmp_path: Path) -> None:
    found = read(tmp_path, {"llama.attention.key_length": 64, "llama.attention.value_length": 32})
    assert found.shape.kv[0] == KvLayer(128, 64)


def test_without_kv_heads_every_head_has_its_own(tmp_path: Path) -> None:
    assert read(tmp_path, {"llama.attention.head_count_kv": None}).shape.kv[0] == KvLayer(32, 32)


def test_heads_layer_by_layer(tmp_path: Path) -> None:
    found = read(tmp_path, {"llama.attention.head_count_kv": [2, 0]})
    assert found.shape.kv == (KvLayer(16, 16), None)


@pytest.mark.parametrize(
    ("architecture", "layers", "windows"),
    [
        ("gemma2", 4, [64, None, 64, None]),
        ("gemma3", 7, [64, 64, 64, 64, 64, None, 64]),
        ("phi3", 2, [None, None]),
        ("llama", 2, [None, None]),
        ("smallthinker", 5, [None, 64, 64, 64, None]),
    ],
)
def test_sliding_windows(tmp_path: Path, architecture: str, layers: int, windows: list[int | None]) -> None:
    entries = as_architecture(architecture, attention__sliding_window=64, block_count=layers)
    found = read(tmp_path, entries, layers=layers)
    assert [layer.window for layer in found.shape.kv if layer is not None] == windows


def test_a_pattern_in_the_file_goes_first(tmp_path: Path) -> None:
    entries = {"llama.attention.sliding_window": 64,
               "llama.attention.sliding_window_pattern": raw.array("bool", [False, True])}  # fmt: skip
    assert [layer.window for layer in read(tmp_path, entries).shape.kv if layer] == [None, 64]
    entries["llama.attention.sliding_window_pattern"] = raw.array("bool", [True] * 3)
    assert "3 entries for 2 layers" in refused(tmp_path, entries).message


def test_a_windowed_cache_stops_growing(tmp_path: Path) -> None:
    entries = as_architecture("gemma2", attention__sliding_window=1024)
    shape = read(tmp_path, entries).shape
    per_token = 2 * 2 * 16
    assert cache_bytes(shape, 8192) == per_token * (1024 + 512 + 8192)
    assert cache_bytes(shape, 16_384) - cache_bytes(shape, 8192) == per_token * 8192, "only the full layer grows"
    assert cache_bytes(shape, 512) == per_token * (512 + 512)


def test_mamba(tmp_path: Path) -> None:
    entries = as_architecture("mamba", ssm__inner_size=64, ssm__state_size=16, ssm__conv_kernel=4,
                              attention__head_count=0, attention__head_count_kv=None)  # fmt: skip
    shape = read(tmp_path, entries).shape
    assert shape.recurrent
    assert shape.states == (mamba_state(64, 16, 4),) * 2 == (4 * (3 * 64 + 16 * 64),) * 2
    assert cache_bytes(shape, 512) == cache_bytes(shape, 1 << 20)


def test_rwkv(tmp_path: Path) -> None:
    entries = as_architecture("rwkv7", wkv__head_size=8, token_shift_count=2, attention__head_count=0,
                              attention__head_count_kv=None)  # fmt: skip
    shape = read(tmp_path, entries).shape
    assert shape.recurrent
    assert shape.states == (rwkv_state(32, 8),) * 2 == (4 * (2 * 32 + 32 * 8),) * 2


def test_a_hybrid_has_both(tmp_path: Path) -> None:
    entries = as_architecture("jamba", ssm__inner_size=64, ssm__state_size=16, ssm__conv_kernel=4,
                              attention__head_count_kv=[0, 2])  # fmt: skip
    shape = read(tmp_path, entries).shape
    assert shape.kv == (None, KvLayer(16, 16))
    assert [bool(state) for state in shape.states] == [True, False]
    everywhere = as_architecture("falcon-h1", ssm__inner_size=64, ssm__state_size=16, ssm__conv_kernel=4)
    shape = read(tmp_path, everywhere).shape
    assert all(shape.kv)
    assert all(shape.states)


def test_experts_are_read_in_part(tmp_path: Path) -> None:
    records, data = raw.packed(
        [("token_embd.weight", (32, 16)), ("blk.0.ffn_up_exps.weight", (32, 8, 8)), ("blk.1.attn_q.weight", (32, 32))]
    )
    path = tmp_path / "x.gguf"
    entries = {**raw.LLAMA, "llama.expert_count": 8, "llama.expert_used_count": 2}
    path.write_bytes(raw.file(entries, records, data=data))
    found = read_header(path)
    assert found.layer_bytes == (8192, 4096)
    assert found.layer_read == (2048, 4096)
    path.write_bytes(raw.file({**entries, "llama.expert_used_count": 9}, records, data=data))
    with pytest.raises(ModelFileError, match="of 8 experts it uses 9"):
        read_header(path)


# ---------------------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("metadata", "word"),
    [
        ({"general.architecture": None}, "which architecture"),
        ({"general.architecture": "No Such Thing"}, "is none"),
        ({"general.architecture": 7}, "which architecture"),
        ({"general.architecture": "bert"}, "encoder"),
        ({"general.architecture": "clip"}, "image reader"),
        ({"general.architecture": "bitnet-b1.58"}, "BitNet.cpp"),
        ({"general.type": "adapter"}, "LoRA"),
        ({"general.type": "imatrix"}, "importance matrix"),
        ({"split.count": raw.scalar("u16", 3), "split.no": raw.scalar("u16", 1)}, "part 2 of 3"),
        ({"llama.block_count": None}, "does not say llama.block_count"),
        ({"llama.block_count": 0}, "llama.block_count is 0"),
        ({"llama.block_count": raw.scalar("u64", 2**60)}, "block_count"),
        ({"llama.block_count": "many"}, "'many'"),
        ({"llama.block_count": True}, "True"),
        ({"llama.block_count": 1}, "belongs to layer 1"),
        ({"llama.embedding_length": 64}, "embedding table is 32 wide"),
        ({"llama.embedding_length": [1, 2]}, "an array of 2"),
        ({"llama.context_length": raw.scalar("i64", -1)}, "context_length is -1"),
        ({"llama.attention.head_count": [4, 4, 4]}, "3 entries for 2 layers"),
        ({"llama.attention.head_count": 2**31}, "head_count"),
        ({"tokenizer.ggml.tokens": ["a", "b"]}, "2 tokens"),
        ({"llama.attention.layer_norm_rms_epsilon": -1e-9}, "epsilon is -1e-09"),
        ({"llama.attention.layer_norm_rms_epsilon": float("nan")}, "no number to compute with"),
        ({"llama.rope.freq_base": float("inf")}, "no number to compute with"),
        ({"llama.rope.freq_base": -1.0}, "must be above 0"),
        ({"llama.ssm.state_size": 16, "llama.attention.head_count_kv": [0, 2]}, "does not say llama.ssm.inner_size"),
    ],
)
def test_contradictions_and_other_files(tmp_path: Path, metadata: dict[str, Any], word: str) -> None:
    error = refused(tmp_path, metadata)
    assert word in error.message
    assert error.hint


def test_a_vocabulary_without_weights(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(raw.file(raw.LLAMA))
    with pytest.raises(ModelFileError, match="vocabulary"):
        read_header(path)


def test_without_an_embedding_table(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    records, data = raw.packed([("blk.0.attn_q.weight", (32, 32))])
    path.write_bytes(raw.file(raw.LLAMA, records, data=data))
    with pytest.raises(ModelFileError, match="no embedding table"):
        read_header(path)
