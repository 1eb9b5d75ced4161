"""Writes GGUF headers byte by byte, also ones that no honest program would write."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Any

CODES = {"u8": 0, "i8": 1, "u16": 2, "i16": 3, "u32": 4, "i32": 5, "f32": 6, "bool": 7, "u64": 10, "i64": 11, "f64": 12}
PACK = {"u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i", "f32": "f", "bool": "?", "u64": "Q",
        "i64": "q", "f64": "d"}  # fmt: skip

Entry = tuple[str, bytes]


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def scalar(kind: str, value: float) -> bytes:
    return struct.pack("<I", CODES[kind]) + struct.pack(f"<{PACK[kind]}", value)


def string(value: str | bytes) -> bytes:
    return struct.pack("<I", 8) + text(value)


def array(kind: str, values: Iterable[Any]) -> bytes:
    values = list(values)
    if kind == "str":
        return struct.pack("<IIQ", 9, 8, len(values)) + b"".join(text(value) for value in values)
    packed = b"".join(struct.pack(f"<{PACK[kind]}", value) for value in values)
    return struct.pack("<IIQ", 9, CODES[kind], len(values)) + packed


def value_of(value: Any) -> bytes:
    """The usual type for a Python value."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return string(value)
    if isinstance(value, bool):
        return scalar("bool", value)
    if isinstance(value, float):
        return scalar("f32", value)
    if isinstance(value, list):
        return array("str" if value and isinstance(value[0], str) else "u32", value)
    return scalar("u32", value)


def record(name: str | bytes, shape: tuple[int, ...], number: int = 0, offset: int = 0) -> bytes:
    sides = struct.pack(f"<{len(shape)}Q", *shape)
    return text(name) + struct.pack("<I", len(shape)) + sides + struct.pack("<IQ", number, offset)


def file(
    metadata: Mapping[str, Any] | Iterable[tuple[str | bytes, Any]] = (),
    tensors: Iterable[bytes] = (),
    *,
    data: int = 0,
    magic: bytes = b"GGUF",
    version: int = 3,
    tensor_count: int | None = None,
    entry_count: int | None = None,
    alignment: int = 32,
    order: str = "<",
) -> bytes:
    """A whole file: `metadata` and raw tensor records, then `data` zero bytes behind the padding."""
    entries = list(metadata.items() if isinstance(metadata, Mapping) else metadata)
    records = list(tensors)
    head = magic + struct.pack(
        f"{order}IQQ",
        version,
        len(records) if tensor_count is None else tensor_count,
        len(entries) if entry_count is None else entry_count,
    )
    head += b"".join(text(key) + value_of(value) for key, value in entries) + b"".join(records)
    return head + b"\0" * (-len(head) % alignment) + b"\0" * data


LLAMA: dict[str, Any] = {
    "general.architecture": "llama",
    "general.name": "Tiny",
    "llama.block_count": 2,
    "llama.context_length": 512,
    "llama.embedding_length": 32,
    "llama.feed_forward_length": 64,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.tokens": [f"t{number}" for number in range(16)],
}


def packed(tensors: Iterable[tuple[str, tuple[int, ...]]], alignment: int = 32) -> tuple[list[bytes], int]:
    """Records of 32-bit tensors, one behind the other -> (records, bytes of data)."""
    records, offset = [], 0
    for name, shape in tensors:
        records.append(record(name, shape, 0, offset))
        size = 4
        for side in shape:
            size *= side
        offset += -(-size // alignment) * alignment
    return records, offset


def model(
    metadata: Mapping[str, Any] | None = None, *, layers: int = 2, width: int = 32, vocabulary: int = 16
) -> bytes:
    """A small whole model; `metadata` is added, a None takes an entry away."""
    entries = {**LLAMA, **(metadata or {})}
    names: list[tuple[str, tuple[int, ...]]] = [("token_embd.weight", (width, vocabulary))]
    names += [(f"blk.{layer}.attn_q.weight", (width, width)) for layer in range(layers)]
    names += [("output_norm.weight", (width,))]
    records, data = packed(names)
    return file({key: value for key, value in entries.items() if value is not None}, records, data=data)
