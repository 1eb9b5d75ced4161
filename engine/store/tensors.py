"""The snapshot file: a safetensors file that knows what it is, whom it belongs to, and whether it is whole.

safetensors itself loads a flipped byte silently. So the header's metadata holds, besides the format version, the
identity and the last journal entry, a digest (BLAKE2b) over all of that and over every array's name, type, shape and
bytes. It is checked at each load, and the header must be, byte for byte, the one that this module writes. Any
safetensors reader can open the file.

Format 1.0. A newer major is refused with STATE_NEWER.

Both directions stream: nothing is held in memory twice.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import ErrorCode, StateError
from engine.reasons import Reason, because
from engine.store.records import Arrays, StateIdentity

FORMAT: Final = "techo-state"
MAJOR: Final = 1
MINOR: Final = 0
MAX_HEADER: Final = 1024 * 1024
MAX_BYTES: Final = 128 * 1024 * 1024
"""A state file larger than this is refused; a profile's is at most 24 MB."""

_CODES: Final[dict[str, str]] = {
    "bool": "BOOL",
    "int8": "I8",
    "uint8": "U8",
    "int16": "I16",
    "uint16": "U16",
    "int32": "I32",
    "uint32": "U32",
    "int64": "I64",
    "uint64": "U64",
    "float16": "F16",
    "float32": "F32",
    "float64": "F64",
}
_DTYPES: Final = {code: np.dtype(name).newbyteorder("<") for name, code in _CODES.items()}


class SnapshotDamaged(StateError):
    """The file is not what was written. Caught by whoever can use another one."""

    code = ErrorCode.STATE_DAMAGED


@dataclass(frozen=True, slots=True)
class Encoded:
    """A state ready to be written: `chunks` once, `size` bytes in all."""

    digest: str
    size: int
    chunks: Iterator[bytes | memoryview]


@dataclass(frozen=True, slots=True)
class State:
    """What a snapshot file holds."""

    arrays: Arrays
    identity: StateIdentity
    last_entry: int
    digest: str


def encode(arrays: Arrays, identity: StateIdentity, last_entry: int) -> Encoded:
    """The file for `arrays`; they must not change until the chunks have been written."""
    plain = {name: _little_endian(name, arrays[name]) for name in sorted(arrays)}
    layout = {name: (_CODES[array.dtype.name], array.shape) for name, array in plain.items()}
    version = f"{FORMAT} {MAJOR}.{MINOR}"
    digest = _start(version, identity, last_entry, layout)
    for array in plain.values():
        digest.update(_bytes(array))
    value = "blake2b:" + digest.hexdigest()
    header = _header(version, identity, last_entry, layout, value)
    size = len(header) + sum(array.nbytes for array in plain.values())
    if size > MAX_BYTES or len(header) > MAX_HEADER:
        raise ValueError(f"a state of {size:,} bytes; {MAX_BYTES:,} at most can be loaded again")

    def chunks() -> Iterator[bytes | memoryview]:
        yield header
        for array in plain.values():
            yield _bytes(array)

    return Encoded(value, size, chunks())


def decode(file: BinaryIO, size: int, path: Path) -> State:
    """Reads and checks a snapshot file of `size` bytes. The arrays are fresh and can be written to.

    Raises:
        SnapshotDamaged: anything is not as it was written.
        StateError: STATE_NEWER.
    """
    header = _read_header(file, size, path)
    metadata = header.pop("__metadata__", None)
    version, identity, last_entry, expected = _metadata(metadata, path)
    layout = {name: _layout(name, value, path) for name, value in header.items()}
    total = sum(_nbytes(*entry) for entry in layout.values())
    rebuilt = _header(version, identity, last_entry, layout, expected)
    if list(layout) != sorted(layout) or len(rebuilt) + total != size:
        raise _damaged(path, "its length is not what its header says")
    file.seek(0)
    if file.read(len(rebuilt)) != rebuilt:
        raise _damaged(path, "its header was changed")
    digest = _start(version, identity, last_entry, layout)
    arrays: Arrays = {}
    for name, (code, shape) in layout.items():
        try:
            array: NDArray[Any] = np.empty(shape, dtype=_DTYPES[code])
        except ValueError:  # empty, with sides that no array can have
            raise _damaged(path, f"array {name[:80]!r} has no possible shape") from None
        view = _bytes(array)
        if _read_into(file, view) != view.nbytes:
            raise _damaged(path, "it is too short")
        digest.update(view)
        if code == "BOOL" and view.nbytes and max(view) > 1:
            raise _damaged(path, "a truth value is neither")
        arrays[name] = array
    if file.read(1) or "blake2b:" + digest.hexdigest() != expected:
        raise _damaged(path, "its digest does not hold")
    return State(arrays, identity, last_entry, expected)


# ---------------------------------------------------------------------------------------------- parts of the file


def _little_endian(name: str, array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.name not in _CODES or not name or name.startswith("__"):
        raise ValueError(f"array {name!r} of type {array.dtype} cannot be kept")
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _bytes(array: NDArray[Any]) -> memoryview:
    """The array's own memory as bytes (a view: writing to it writes the array)."""
    return array.reshape(-1).view(np.uint8).data if array.nbytes else memoryview(b"")


def _nbytes(code: str, shape: tuple[int, ...]) -> int:
    return _DTYPES[code].itemsize * math.prod(shape)


def _canonical(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _header(
    version: str, identity: StateIdentity, last_entry: int, layout: dict[str, tuple[str, tuple[int, ...]]], digest: str
) -> bytes:
    """Length (8 bytes, little endian), then JSON, padded with spaces so that the data starts at a multiple of 8."""
    content: dict[str, object] = {
        "__metadata__": {
            "format": version,
            "backbone": identity.backbone,
            "memory": identity.memory,
            "last_entry": str(last_entry),
            "digest": digest,
        }
    }
    offset = 0
    for name, (code, shape) in layout.items():
        end = offset + _nbytes(code, shape)
        content[name] = {"dtype": code, "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = _canonical(content)
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _start(
    version: str, identity: StateIdentity, last_entry: int, layout: dict[str, tuple[str, tuple[int, ...]]]
) -> hashlib.blake2b:
    """The digest after everything but the arrays' bytes."""
    shapes = [[name, code, list(shape)] for name, (code, shape) in layout.items()]
    fields = [version, identity.backbone, identity.memory, last_entry, shapes]
    text = _canonical(fields)
    return hashlib.blake2b(len(text).to_bytes(8, "little") + text, digest_size=32, person=b"techo-state")


def _read_header(file: BinaryIO, size: int, path: Path) -> dict[str, Any]:
    if size > MAX_BYTES:
        raise _damaged(path, f"it is larger than {MAX_BYTES:,} bytes")
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(MAX_HEADER, size - 8):
        raise _damaged(path, "it does not begin as a state file does")
    try:
        header = json.loads(file.read(length))
    except (ValueError, RecursionError):
        raise _damaged(path, "its header cannot be read") from None
    if not isinstance(header, dict):
        raise _damaged(path, "its header cannot be read")
    return header


def _metadata(metadata: object, path: Path) -> tuple[str, StateIdentity, int, str]:
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _damaged(path, "its header holds no metadata")
    version = metadata.get("format", "")
    name, _, numbers = version.partition(" ")
    major, _, minor = numbers.partition(".")
    if name != FORMAT or not (_is_number(major) and _is_number(minor)):
        raise _damaged(path, "it is not a Techo state file")
    if int(major) > MAJOR:
        raise StateError(
            f"The learned state was saved by a newer Techo (format {numbers}; this Techo knows {MAJOR}.{MINOR}).",
            "Update Techo, then open the profile again. Nothing was changed.",
            code=ErrorCode.STATE_NEWER,
            because=because(Reason.NEWER_STATE, format=numbers),
        )
    last_entry = metadata.get("last_entry", "")
    if not _is_number(last_entry):
        raise _damaged(path, "its last entry is not a number")
    identity = StateIdentity(metadata.get("backbone", ""), metadata.get("memory", ""))
    return version, identity, int(last_entry), metadata.get("digest", "")


def _is_number(text: str) -> bool:
    return 0 < len(text) <= 19 and text.isascii() and text.isdigit()


def _layout(name: str, value: object, path: Path) -> tuple[str, tuple[int, ...]]:
    if not isinstance(value, dict) or value.get("dtype") not in _DTYPES or not isinstance(value.get("shape"), list):
        raise _damaged(path, f"array {name[:80]!r} is not described")
    shape = value["shape"]
    if len(shape) > 8 or not all(type(side) is int and 0 <= side <= MAX_BYTES for side in shape):
        raise _damaged(path, f"array {name[:80]!r} has no possible shape")
    return value["dtype"], tuple(shape)


def _read_into(file: BinaryIO, view: memoryview) -> int:
    done = 0
    while done < view.nbytes:
        count = file.readinto(view[done:])  # type: ignore[attr-defined]  # typeshed: BinaryIO lacks readinto
        if not count:
            break
        done += count
    return done


def _damaged(path: Path, detail: str) -> SnapshotDamaged:
    return SnapshotDamaged(
        f"The learned state in {path.name} is damaged: {detail}.", "An older one is used if there is one."
    )
