"""The header reader: agrees with the reference on honest files, and refuses everything else with a word."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import ErrorCode, ModelFileError
from engine.models.formats import BY_NAME, FILE_TYPES, FORMATS, WITHDRAWN
from engine.models.gguf import ArrayValue, TextValue, read_container
from engine.models.header import read_header

from . import gguf_bytes as raw


def refused(tmp_path: Path, content: bytes, name: str = "x.gguf") -> ModelFileError:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        read_container(path)
    assert caught.value.code is ErrorCode.MODEL_REFUSED
    assert str(path) in caught.value.message
    assert caught.value.hint, "what to do"
    return caught.value


# ---------------------------------------------------------------------------------------------- formats


def test_the_formats_are_those_of_the_reference() -> None:
    theirs = {int(kind): size for kind, size in gguf.GGML_QUANT_SIZES.items()}
    assert {number: (known.block, known.block_bytes) for number, known in FORMATS.items()} == theirs
    assert {number: known.name for number, known in FORMATS.items()} == {
        int(kind): kind.name for kind in gguf.GGML_QUANT_SIZES
    }
    assert not set(FORMATS) & set(WITHDRAWN)


def test_the_file_types_are_those_of_the_reference() -> None:
    theirs = {int(kind): kind.name.removeprefix("MOSTLY_").removeprefix("ALL_") for kind in gguf.LlamaFileType}
    theirs.pop(int(gguf.LlamaFileType.GUESSED))
    theirs[int(gguf.LlamaFileType.MOSTLY_MXFP4_MOE)] = "MXFP4"
    assert theirs == FILE_TYPES


def test_a_ternary_weight_takes_what_the_formats_promise() -> None:
    assert BY_NAME["TQ1_0"].bits == pytest.approx(1.6875)
    assert BY_NAME["TQ2_0"].bits == pytest.approx(2.0625)
    assert BY_NAME["Q4_0"].size(64) == 36
    assert BY_NAME["Q4_0"].size(65) == 54, "whole blocks"


# ---------------------------------------------------------------------------------------------- honest files


def test_the_bundled_model_is_read_as_the_reference_reads_it(model_path: Path) -> None:
    reference = gguf.GGUFReader(model_path)
    ours = read_container(model_path)
    assert ours.version == 3
    assert ours.data_start == reference.data_offset
    assert [(tensor.name, list(tensor.shape), tensor.format.name, tensor.size) for tensor in ours.tensors] == [
        (tensor.name, tensor.shape.tolist(), tensor.tensor_type.name, int(tensor.n_bytes))
        for tensor in reference.tensors
    ]
    assert [ours.data_start + tensor.offset for tensor in ours.tensors] == [
        int(tensor.data_offset) for tensor in reference.tensors
    ]
    theirs = {key: field for key, field in reference.fields.items() if not key.startswith("GGUF.")}
    assert list(ours.metadata) == list(theirs)
    for key, value in ours.metadata.items():
        if isinstance(value, ArrayValue):
            assert value.count == len(theirs[key].data)
        elif isinstance(value, TextValue):
            assert value.length == len(theirs[key].contents().encode())
        else:
            assert value == theirs[key].contents()


def write(path: Path, seed: int) -> dict[str, Any]:
    """A small random model, written by the reference; returns what was put in."""
    dice = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    layers, heads = int(dice.integers(1, 5)), int(dice.choice([1, 2, 4]))
    width = 64 * heads
    kv_heads = int(dice.choice([one for one in (1, 2, 4) if heads % one == 0]))
    kinds = [gguf.GGMLQuantizationType[name] for name in ("F32", "F16", "Q8_0", "Q4_0")]
    vocabulary = int(dice.integers(8, 40))
    writer.add_name(f"Random {seed}")
    writer.add_block_count(layers)
    writer.add_context_length(int(dice.integers(64, 4096)))
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(2 * width)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"token {number} 手帳" for number in range(vocabulary)])
    writer.add_token_scores(dice.normal(size=vocabulary).tolist())
    if seed % 2:
        writer.add_chat_template("{% for m in messages %}" + "x" * int(dice.integers(0, 9000)) + "{% endfor %}")
    parameters = 0

    def add(name: str, *shape: int) -> None:
        nonlocal parameters
        kind = gguf.GGMLQuantizationType.F32 if len(shape) == 1 else kinds[int(dice.integers(len(kinds)))]
        values = dice.normal(size=shape).astype(np.float32)
        parameters += values.size
        writer.add_tensor(name, gguf.quantize(values, kind), raw_dtype=kind)

    add("token_embd.weight", vocabulary, width)
    for layer in range(layers):
        add(f"blk.{layer}.attn_q.weight", width, width)
        add(f"blk.{layer}.attn_k.weight", 64 * kv_heads, width)
        add(f"blk.{layer}.attn_norm.weight", width)
    add("output.weight", vocabulary, width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return {
        "layers": layers,
        "width": width,
        "heads": heads,
        "kv": 64 * kv_heads,
        "vocabulary": vocabulary,
        "parameters": parameters,
        "template": bool(seed % 2),
    }


@pytest.mark.parametrize("seed", range(6))
def test_random_models_are_read_as_they_were_written(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "random.gguf"
    put = write(path, seed)
    found = read_header(path)
    assert found.name == f"Random {seed}"
    assert (found.shape.layers, found.shape.width, found.shape.heads) == (put["layers"], put["width"], put["heads"])
    assert found.shape.vocabulary == put["vocabulary"]
    assert {layer.key for layer in found.shape.kv if layer is not None} == {put["kv"]}
    assert found.parameters == put["parameters"]
    assert found.tokenizer.chat_template is put["template"]
    assert found.shared_bytes == 0
    total = found.embedding_bytes + sum(found.layer_bytes) + found.output_bytes
    assert total == sum(row[3] for row in found.mix)
    reference = gguf.GGUFReader(path)
    assert total == sum(int(tensor.n_bytes) for tensor in reference.tensors)


def test_version_2_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(raw.file({"general.architecture": "llama"}, version=2))
    assert read_container(path).version == 2


def test_every_type_of_value(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    entries = {f"a.{kind}": raw.scalar(kind, 1) for kind in raw.CODES}
    entries |= {f"b.{kind}": raw.array(kind, [0, 1, 1]) for kind in raw.CODES}
    entries |= {"c": raw.string("手帳"), "d": raw.array("str", ["a", "", "ü"]), "e": raw.array("u8", range(200)),
                "f": raw.array("u32", range(5000)), "g": raw.string("x" * 5000)}  # fmt: skip
    path.write_bytes(raw.file(entries))
    found = read_container(path).metadata
    assert all(found[f"a.{kind}"] == 1 for kind in raw.CODES)
    assert all(found[f"b.{kind}"].values == (0, 1, 1) for kind in raw.CODES)  # type: ignore[union-attr]
    assert found["c"] == "手帳"
    assert found["d"] == ArrayValue(3, texts=True)
    assert found["e"] == ArrayValue(200, texts=False, values=tuple(range(200)))
    assert found["f"] == ArrayValue(5000, texts=False), "long ones are only counted"
    assert found["g"] == TextValue(5000)


def test_texts_longer_than_what_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    texts = ["x" * size for size in (0, 300_000, 1, 262_144, 7, 262_136, 3)]
    path.write_bytes(raw.file({"a": raw.array("str", texts), "after": 7}))
    assert read_container(path).metadata == {"a": ArrayValue(len(texts), texts=True), "after": 7}


# ---------------------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"GG", "not a GGUF file"),
        (b"GGUF", "cut off"),
        (b"something else entirely", "not a GGUF file"),
        (b"PK\x03\x04 zip", "PyTorch"),
        (b"\x80\x02 pickle", "run any program"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"<html>", "web page"),
        (b"version https://git-lfs.example/spec/v1\n", "Git LFS"),
        (b"tjgg\x03\0\0\0", "old GGML"),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, word: str) -> None:
    assert word in refused(tmp_path, content).message


@pytest.mark.parametrize(
    ("version", "word"), [(0, "version 0"), (1, "version 1"), (4, "version 4"), (2**31, "version")]
)
def test_versions(tmp_path: Path, version: int, word: str) -> None:
    assert word in refused(tmp_path, raw.file(version=version)).message


@pytest.mark.parametrize("version", [2, 3])
def test_a_big_endian_file_is_named_so(tmp_path: Path, version: int) -> None:
    error = refused(tmp_path, raw.file(version=version, order=">"))
    assert "big-endian" in error.message
    assert "little-endian" in error.hint


@pytest.mark.parametrize("count", [5000, 2**31, 2**63, 2**64 - 1])
def test_counts_that_the_file_cannot_hold(tmp_path: Path, count: int) -> None:
    assert f"{count:,} entries" in refused(tmp_path, raw.file(entry_count=count)).message
    assert f"{count:,} tensors" in refused(tmp_path, raw.file(tensor_count=count)).message


@pytest.mark.parametrize(
    ("entries", "word"),
    [
        ([("a", 1), ("a", 2)], "twice"),
        ([("", 1)], "empty"),
        ([("a\nb", 1)], "control characters"),
        ([("a" * 300, 1)], "length of 300"),
        ([(b"\xff\xfe", 1)], "not UTF-8"),
        ([("a", struct.pack("<I", 13))], "type 13"),
        ([("a", struct.pack("<IB", 7, 2))], "neither true nor false"),
        ([("a", struct.pack("<IQ", 8, 2**63))], "claims a length"),
        ([("a", struct.pack("<IQ", 8, 1000))], "cut off"),
        ([("a", struct.pack("<IIQ", 9, 4, 2**62))], "elements"),
        ([("a", struct.pack("<IIQ", 9, 4, 10_000))], "cut off"),
        ([("a", struct.pack("<IIQ", 9, 9, 1))], "array of arrays"),
        ([("a", struct.pack("<IIQ", 9, 99, 1))], "type 99"),
        ([("a", struct.pack("<IIQ", 9, 8, 2**63))], "texts"),
        ([("a", struct.pack("<IIQQ", 9, 8, 1, 2**40) + b"\0" * 32)], "claims a length"),
        ([("a", struct.pack("<IIQQ", 9, 8, 1, 500) + b"\0" * 32)], "cut off"),
        ([("general.alignment", 0)], "power of two"),
        ([("general.alignment", 48)], "power of two"),
        ([("general.alignment", raw.scalar("u32", 2**31))], "power of two"),
        ([("general.alignment", "32")], "power of two"),
        ([("general.alignment", True)], "power of two"),
    ],
)
def test_entries(tmp_path: Path, entries: list[tuple[str | bytes, Any]], word: str) -> None:
    assert word in refused(tmp_path, raw.file(entries)).message


@pytest.mark.parametrize(
    ("records", "word"),
    [
        ([raw.record("a", (8,)), raw.record("a", (8,), offset=32)], "twice"),
        ([raw.record("", (8,))], "empty"),
        ([raw.record("x" * 64, (8,))], "length of 64"),
        ([raw.record("a", ())], "0 dimensions"),
        ([raw.record("a", (1, 1, 1, 1, 1))], "5 dimensions"),
        ([raw.text("a") + struct.pack("<I", 2**32 - 1) + b"\0" * 64], "4,294,967,295 dimensions"),
        ([raw.record("a", (0, 8))], "impossible dimensions"),
        ([raw.record("a", (2**63, 2**63))], "impossible dimensions"),
        ([raw.record("a", (2**32, 2**31))], "impossible dimensions"),
        ([raw.record("a", (8,), number=999)], "format (999)"),
        ([raw.record("a", (8,), number=4)], "Q4_2"),
        ([raw.record("a", (33, 2), number=2)], "whole blocks of 32"),
        ([raw.record("a", (8,), offset=8)], "multiple of the alignment"),
        ([raw.record("a", (8,), offset=2**64 - 32)], "gap"),
        ([raw.record("a", (64,)), raw.record("b", (8,), offset=32)], "overlaps"),
        ([raw.record("a", (8,)), raw.record("b", (8,), offset=64)], "gap"),
        ([raw.record("b", (8,), offset=32), raw.record("a", (8,))], "gap"),
    ],
)
def test_tensors(tmp_path: Path, records: list[bytes], word: str) -> None:
    assert word in refused(tmp_path, raw.file({"general.architecture": "x"}, records, data=1024)).message


def test_a_format_of_bitnet_cpp_is_explained(tmp_path: Path) -> None:
    error = refused(tmp_path, raw.file((), [raw.record("a", (256,), number=36)], data=1024))
    assert "TQ2_0" in error.hint


def test_an_incomplete_download_says_how_much_is_missing(tmp_path: Path) -> None:
    error = refused(tmp_path, raw.file((), [raw.record("a", (32,))], data=100))
    assert "28 bytes too early" in error.message
    assert "resumed" in error.hint


def test_more_behind_the_data_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(raw.file((), [raw.record("a", (32,))], data=1000))
    assert read_container(path).tensors[0].size == 128


def test_what_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ModelFileError, match="cannot be read"):
            read_container(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_does_not_hang_it(tmp_path: Path) -> None:
    path = tmp_path / "pipe.gguf"
    os.mkfifo(path)
    with pytest.raises(ModelFileError, match="not an ordinary file"):
        read_container(path)


# ---------------------------------------------------------------------------------------------- hostile files

SAMPLE = raw.model({"tokenizer.chat_template": "x" * 5000, "x.numbers": raw.array("i32", range(50))})
BOUNDED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def survives(path: Path, content: bytes) -> None:
    """Read, or refused with a word: nothing else, quickly, and without much memory."""
    path.write_bytes(content)
    with suppress(ModelFileError):
        read_header(path)


@BOUNDED
@given(st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_flipped_bytes(tmp_path: Path, flips: list[tuple[int, int]]) -> None:
    content = bytearray(SAMPLE)
    for place, value in flips:
        content[place] = value
    survives(tmp_path / "x.gguf", bytes(content))


@BOUNDED
@given(st.integers(0, len(SAMPLE)))
def test_truncations(tmp_path: Path, length: int) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(SAMPLE[:length])
    if length == len(SAMPLE):
        read_header(path)
    else:
        with pytest.raises(ModelFileError):
            read_header(path)


@BOUNDED
@given(
    st.integers(0, len(SAMPLE) - 8),
    st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([2**63, 2**64 - 1, 2**32 - 1, 2**31, 0])),
)
def test_numbers_anywhere(tmp_path: Path, place: int, number: int) -> None:
    content = bytearray(SAMPLE)
    content[place : place + 8] = struct.pack("<Q", number)
    survives(tmp_path / "x.gguf", bytes(content))


@BOUNDED
@given(st.binary(max_size=400))
def test_noise_behind_the_magic(tmp_path: Path, noise: bytes) -> None:
    survives(tmp_path / "x.gguf", b"GGUF\x03\0\0\0" + noise)


@pytest.mark.parametrize(
    "content",
    [
        raw.file({"a": raw.string("x" * (9 << 20))}),
        raw.file({"a": raw.array("str", [""] * 400_000)}),
        raw.file({f"k{number}": raw.array("u8", range(200)) for number in range(4000)}),
        raw.file({f"k{number}": raw.string("y" * 4000) for number in range(1000)}),
        raw.file(
            (), [raw.record(f"t{number}", (8,), offset=32 * number) for number in range(20_000)], data=32 * 20_000
        ),
        raw.file(entry_count=4096) + b"\xff" * 60_000,
    ],
    ids=["long text", "many texts", "many arrays", "many kept texts", "many tensors", "noise"],
)
def test_a_large_header_takes_neither_much_memory_nor_long(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(content)
    begun = time.process_time()  # a busy machine is not the reader's fault
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError):
            read_header(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 24 << 20
    assert time.process_time() - begun < 20, "tracemalloc slows it down several times; without it, under two seconds"


def test_a_claim_of_much_reserves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    sparse = raw.file({"a": struct.pack("<IIQ", 9, 0, (1 << 24) - 1)})
    with path.open("wb") as file:
        file.write(sparse)
        file.truncate(1 << 33)  # 8 GB of nothing, so that every claim could be true
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError):
            read_header(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


def test_numpy_is_not_needed() -> None:
    """The check is cheap to import: it is asked for every file that is dropped onto the window."""
    code = "import sys, engine.models.header; print([m for m in ('numpy', 'llama_cpp', 'gguf') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
