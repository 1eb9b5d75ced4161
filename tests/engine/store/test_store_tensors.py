"""The snapshot file format: exact round trips, every flipped byte and every cut noticed."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from engine.errors import ErrorCode, StateError
from engine.store import Arrays
from engine.store.tensors import MAX_BYTES, SnapshotDamaged, State, decode, encode
from tests.engine.store.samples import IDENTITY, same, state

_PATH = Path("state.safetensors")
_DTYPES = [np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
_DTYPES += [np.float16, np.float32, np.float64]


def _file(arrays: Arrays, last_entry: int = 7) -> bytes:
    encoded = encode(arrays, IDENTITY, last_entry)
    data = b"".join(bytes(chunk) for chunk in encoded.chunks)
    assert len(data) == encoded.size
    return data


def _read(data: bytes) -> State:
    return decode(io.BytesIO(data), len(data), _PATH)


def test_a_state_comes_back_exactly_and_can_be_written_to() -> None:
    arrays = state(7)
    found = _read(_file(arrays))
    assert same(found.arrays, arrays)
    assert (found.identity, found.last_entry) == (IDENTITY, 7)
    assert found.digest.startswith("blake2b:")
    for array in found.arrays.values():
        assert array.flags.writeable
        assert array.flags.c_contiguous


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(lambda name: not name.startswith("__")),
        st.sampled_from(_DTYPES).flatmap(
            lambda dtype: nps.arrays(dtype, nps.array_shapes(min_dims=0, min_side=0, max_side=4))
        ),
        max_size=4,
    ),
    st.integers(0, 2**60),
)
def test_any_arrays_come_back(arrays: dict[str, Any], last_entry: int) -> None:
    found = _read(_file(arrays, last_entry))
    assert found.last_entry == last_entry
    assert found.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found.arrays[name].dtype == array.dtype
        assert found.arrays[name].shape == array.shape
        assert found.arrays[name].tobytes() == array.tobytes()


def test_order_strides_and_byte_order_do_not_matter() -> None:
    plain = np.arange(12, dtype=np.int32).reshape(3, 4)
    odd = np.asfortranarray(plain.astype(">i4"))
    assert _file({"b": odd, "a": plain}) == _file({"a": plain, "b": plain})


def test_other_programs_can_read_the_file() -> None:
    """It is ordinary safetensors: the library itself opens it."""
    arrays = state(9)
    found = safetensors.numpy.load(_file(arrays))
    assert same(found, arrays)


def test_every_flipped_bit_is_noticed() -> None:
    """Each byte of header and data, one bit of it in turn."""
    data = _file({"keys": np.arange(40, dtype=np.uint64), "used": np.ones(9, np.bool_)})
    for at in range(len(data)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << at % 8
        with pytest.raises(StateError):
            _read(bytes(flipped))


def test_every_cut_and_every_addition_is_noticed() -> None:
    data = _file({"keys": np.arange(40, dtype=np.uint64)})
    for length in range(len(data)):
        with pytest.raises(SnapshotDamaged):
            _read(data[:length])
    with pytest.raises(SnapshotDamaged):
        _read(data + b"\0")


def test_a_file_of_another_program_is_refused() -> None:
    with pytest.raises(SnapshotDamaged):
        _read(safetensors.numpy.save({"keys": np.arange(4)}))
    with pytest.raises(SnapshotDamaged):
        _read(safetensors.numpy.save({"keys": np.arange(4)}, {"format": "techo-state 1.0"}))


def _with_header(header: object, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


_METADATA = {"format": "techo-state 1.0", "backbone": "a", "memory": "b", "last_entry": "1", "digest": "blake2b:00"}


@pytest.mark.parametrize(
    "header",
    [
        [],
        {},
        {"__metadata__": 5},
        {"__metadata__": {**_METADATA, "last_entry": 1}},
        {"__metadata__": {**_METADATA, "last_entry": "-1"}},
        {"__metadata__": {**_METADATA, "last_entry": "9" * 5000}},
        {"__metadata__": {**_METADATA, "format": "techo-state"}},
        {"__metadata__": _METADATA, "a": 5},
        {"__metadata__": _METADATA, "a": {"dtype": "I8", "shape": [2**62, 2**62], "data_offsets": [0, 0]}},
        {"__metadata__": _METADATA, "a": {"dtype": "I8", "shape": [2**27] * 7 + [0], "data_offsets": [0, 0]}},
        {"__metadata__": _METADATA, "a": {"dtype": "I8", "shape": [-1], "data_offsets": [0, 0]}},
        {"__metadata__": _METADATA, "a": {"dtype": "I8", "shape": [True], "data_offsets": [0, 1]}},
        {"__metadata__": _METADATA, "a": {"dtype": "F8", "shape": [1], "data_offsets": [0, 1]}},
        {"__metadata__": _METADATA, "a": {"dtype": "I8", "shape": [100_000_000], "data_offsets": [0, 100_000_000]}},
    ],
)
def test_lying_headers_are_refused_before_memory_is_taken(header: object) -> None:
    with pytest.raises(SnapshotDamaged):
        _read(_with_header(header))


def test_huge_lengths_are_refused() -> None:
    for length in (0, 2**63, 2**64 - 1):
        with pytest.raises(SnapshotDamaged):
            _read(length.to_bytes(8, "little") + b"{}")
    with pytest.raises(SnapshotDamaged):
        decode(io.BytesIO(b"x"), MAX_BYTES + 1, _PATH)
    with pytest.raises(SnapshotDamaged):
        _read(_with_header([[]])[:8] + b"[" * 1000)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(SnapshotDamaged):
        _read(data)


def test_a_newer_major_version_is_told_apart_from_damage() -> None:
    newer = {"__metadata__": {**_METADATA, "format": "techo-state 2.0", "new": "field"}}
    with pytest.raises(StateError) as caught:
        _read(_with_header(newer))
    assert caught.value.code == ErrorCode.STATE_NEWER
    assert not isinstance(caught.value, SnapshotDamaged)


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([1j]), np.array([object()]), np.array([1], "M8[s]")])
def test_arrays_that_cannot_be_kept_are_a_mistake(array: Any) -> None:
    with pytest.raises(ValueError):
        encode({"a": array}, IDENTITY, 0)
