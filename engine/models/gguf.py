"""Reads the header of a GGUF file without trusting it.

A GGUF file comes from strangers and is handed to native code that maps it into memory, so it is read here first: every
count, length and offset is held against the bytes that are really there before anything is allocated or skipped, and
what does not hold is refused with the reason. The weights themselves are never read. The `gguf` package is no
alternative: it maps the file and believes its counts.

Layout (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), little-endian:
magic, version u32, tensors u64, entries u64, then the entries (key, type, value), then one record a tensor (name,
dimensions, format, offset), then padding up to the alignment, then the data.

What llama.cpp itself refuses (`ggml/src/gguf.cpp`) is refused here too, in words: names over 63 bytes, over four
dimensions, gaps or disorder in the data. Stricter than llama.cpp are only the limits below, far above any real model.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, NoReturn

from engine.errors import ModelFileError
from engine.models.formats import FORMATS, WITHDRAWN, Format
from engine.reasons import Reason, because

MAX_ENTRIES: Final = 4096
MAX_TENSORS: Final = 65_536
MAX_KEY: Final = 256
MAX_NAME: Final = 63
MAX_KEPT_TEXT: Final = 4096
MAX_TEXT: Final = 16 << 20
MAX_KEPT_ARRAY: Final = 1024
MAX_KEPT_NUMBERS: Final = 1 << 16
MAX_ARRAY: Final = 16 << 20
MAX_ARRAY_TEXTS: Final = 4 << 20
MAX_ALIGNMENT: Final = 1 << 16
DEFAULT_ALIGNMENT: Final = 32
_BLOCK: Final = 1 << 18

Scalar = int | float | bool | str

_AGAIN: Final = "Download it again, from a source you trust."
_CHOOSE: Final = "Choose a file that ends in .gguf."
_SCALARS: Final = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT: Final = 8
_ARRAY: Final = 9

_FOREIGN: Final = (
    (b"ggml", "an old GGML file, from before GGUF"),
    (b"lmgg", "an old GGML file, from before GGUF"),
    (b"tjgg", "an old GGML file, from before GGUF"),
    (b"fmgg", "an old GGML file, from before GGUF"),
    (b"PK\x03\x04", "a zip archive or a PyTorch checkpoint"),
    (b"\x80\x02", "a Python pickle, which could run any program"),
    (b"\x80\x04", "a Python pickle, which could run any program"),
    (b"<!DO", "a web page: the download led to a page instead of the file"),
    (b"<htm", "a web page: the download led to a page instead of the file"),
    (b"vers", "a Git LFS pointer: the name of the file instead of the file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"FUGG", "a big-endian GGUF file"),
)


@dataclass(frozen=True)
class TextValue:
    """A text that was too long to keep: only how long it is."""

    length: int


@dataclass(frozen=True)
class ArrayValue:
    """An array: how many elements, and the elements themselves where there are few and they are numbers."""

    count: int
    texts: bool
    values: tuple[int | float | bool, ...] = ()


Value = Scalar | TextValue | ArrayValue


@dataclass(frozen=True)
class Tensor:
    """One tensor's record.

    Attributes:
        name: As in the file, e.g. `blk.0.attn_q.weight`.
        shape: Elements by dimension, the contiguous one first: (columns, rows, ...).
        format: Its number format.
        offset: Bytes from the start of the data section.
        size: Bytes.
    """

    name: str
    shape: tuple[int, ...]
    format: Format
    offset: int
    size: int

    @property
    def weights(self) -> int:
        """Its elements."""
        product = 1
        for dimension in self.shape:
            product *= dimension
        return product


@dataclass(frozen=True)
class Container:
    """A checked header: what the file holds and where, before it is asked what that means.

    Attributes:
        path: The file.
        size: Bytes of the whole file.
        version: GGUF version, 2 or 3.
        metadata: The entries, in the file's order.
        tensors: In the file's order.
        data_start: Bytes before the data section.
    """

    path: Path
    size: int
    version: int
    metadata: dict[str, Value]
    tensors: tuple[Tensor, ...]
    data_start: int = field(default=0)


def read_container(path: Path) -> Container:
    """Reads and checks the header of the GGUF file at `path`.

    Raises:
        ModelFileError: there is no such file, it is no GGUF file, or something in it does not hold.
    """
    try:
        with _open(path) as file:
            size = os.fstat(file.fileno()).st_size
            return _read(path, _Cursor(path, file, size))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ModelFileError(
            f"{path} cannot be read: {reason}.",
            "Check the path and who may read it.",
            because=because(Reason.MODEL_UNREADABLE, path=str(path)),
        ) from error


def _open(path: Path) -> BinaryIO:
    # Without O_NONBLOCK a named pipe would wait for a writer for ever.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not an ordinary file", os.fspath(path))
    return os.fdopen(descriptor, "rb", buffering=0)


class _Cursor:
    """A place in the file that never goes beyond its end. Holds one block of the file, whatever the file says."""

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self.path = path
        self.size = size
        self.position = 0
        self.texts_left = MAX_ARRAY_TEXTS
        self.numbers_left = MAX_KEPT_NUMBERS
        self._file = file
        self._block = b""
        self._start = 0

    def refuse(self, what: str, hint: str = _AGAIN, reason: Reason = Reason.MODEL_DAMAGED) -> NoReturn:
        raise ModelFileError(f"{self.path}: {what}.", hint, because=because(reason, path=str(self.path)))

    def left(self) -> int:
        return self.size - self.position

    def skip(self, count: int, what: str) -> None:
        if count > self.left():
            self.refuse(
                f"the file is cut off in the header: {what} takes {count:,} bytes and {self.left():,} are left",
                f"The download was not complete, or the file is damaged. {_AGAIN}",
                Reason.MODEL_CUT,
            )
        self.position += count

    def take(self, count: int, what: str) -> bytes:
        begin = self.position
        self.skip(count, what)
        inside = begin - self._start
        if inside >= 0 and inside + count <= len(self._block):
            return self._block[inside : inside + count]
        self._file.seek(begin)
        self._block, self._start = b"", begin
        wanted = max(count, _BLOCK)
        while len(self._block) < count:
            piece = self._file.read(wanted - len(self._block))
            if not piece:
                self.refuse(
                    "the file became shorter while it was read",
                    "Wait until it is complete; then try again.",
                    Reason.MODEL_CUT,
                )
            self._block += piece
        return self._block[:count]

    def number(self, code: str, what: str) -> int:
        (value,) = struct.unpack(f"<{code}", self.take(struct.calcsize(f"<{code}"), what))
        return int(value)

    def text(self, limit: int, what: str) -> str:
        length = self.number("Q", f"the length of {what}")
        if length > limit:
            self.refuse(f"{what} claims a length of {length:,} bytes; {limit:,} is the most")
        raw = self.take(length, what)
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            self.refuse(f"{what} is not UTF-8")

    def skip_texts(self, count: int, what: str) -> None:
        """Steps over `count` texts. Tokenizers hold half a million of them, hence the loop without method calls."""
        if count > self.texts_left or count * 8 > self.left():
            self.refuse(f"{what} claims {count:,} texts, more than the file can hold or a tokenizer needs")
        self.texts_left -= count
        done = 0
        while done < count:
            window = self.take(min(_BLOCK, self.left()), what)
            self.position -= len(window)
            end, at = len(window), 0
            while done < count and at + 8 <= end:
                length = int.from_bytes(window[at : at + 8], "little")
                if length > MAX_TEXT:
                    self.refuse(f"a text of {what} claims a length of {length:,} bytes")
                at += 8 + length
                done += 1
            if at == 0:
                self.refuse(f"the file is cut off in the header, in {what}", _AGAIN, Reason.MODEL_CUT)
            self.skip(at, what)


def _read(path: Path, cursor: _Cursor) -> Container:
    _check_magic(cursor)
    version = cursor.number("I", "the version")
    if version not in (2, 3):
        _refuse_version(cursor, version)
    tensor_count = cursor.number("Q", "the number of tensors")
    entry_count = cursor.number("Q", "the number of entries")
    # An entry takes 13 bytes at least, a tensor's record 32: no file holds more of them than its size allows.
    if entry_count > min(MAX_ENTRIES, cursor.left() // 13):
        cursor.refuse(f"it claims {entry_count:,} entries, more than it can hold or any model needs")
    if tensor_count > min(MAX_TENSORS, cursor.left() // 32):
        cursor.refuse(f"it claims {tensor_count:,} tensors, more than it can hold or any model needs")
    metadata = _entries(cursor, entry_count)
    tensors = _tensors(cursor, tensor_count)
    alignment = _alignment(cursor, metadata)
    start = -(-cursor.position // alignment) * alignment
    _check_layout(cursor, tensors, start, alignment)
    return Container(path, cursor.size, version, metadata, tuple(tensors), start)


def _check_magic(cursor: _Cursor) -> None:
    if cursor.size == 0:
        hint = "The download was not complete. Download it again."
        cursor.refuse("the file is empty", hint, Reason.MODEL_EMPTY)
    magic = cursor.take(min(4, cursor.size), "the first bytes")
    if magic == b"GGUF":
        return
    for beginning, what in _FOREIGN:
        if magic.startswith(beginning):
            cursor.refuse(f"this is not a GGUF file but {what}", _CHOOSE, Reason.MODEL_NO_GGUF)
    cursor.refuse("this is not a GGUF file", _CHOOSE, Reason.MODEL_NO_GGUF)


def _refuse_version(cursor: _Cursor, version: int) -> NoReturn:
    swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
    if swapped in (1, 2, 3):
        cursor.refuse(
            "it was written for a big-endian computer (the bytes of each number are in the other order), "
            "and this one is little-endian",
            "Look for the little-endian file of the same model; nearly all are.",
            Reason.MODEL_BIG_ENDIAN,
        )
    if version == 1:
        what = "it has GGUF version 1, of the year 2023, which llama.cpp no longer reads"
        cursor.refuse(what, "Look for a new one.", Reason.MODEL_OLD)
    cursor.refuse(
        f"it has GGUF version {version:,}; 2 and 3 are known",
        "It is damaged, or made for a newer program. Update Techo, or look for another file.",
        Reason.MODEL_NEW,
    )


def _entries(cursor: _Cursor, count: int) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for index in range(count):
        key = cursor.text(MAX_KEY, f"the key of entry {index + 1}")
        if not key or not key.isprintable():
            cursor.refuse(f"the key of entry {index + 1} is empty or holds control characters")
        if key in found:
            cursor.refuse(f"the entry {key} is there twice")
        kind = cursor.number("I", f"the type of {key}")
        found[key] = _value(cursor, key, kind)
    return found


def _value(cursor: _Cursor, key: str, kind: int) -> Value:
    if kind in _SCALARS:
        return _scalar(cursor, key, kind)
    if kind == _TEXT:
        length = cursor.number("Q", f"the length of {key}")
        if length > MAX_TEXT:
            cursor.refuse(f"{key} claims a length of {length:,} bytes; {MAX_TEXT:,} is the most")
        if length > MAX_KEPT_TEXT:
            cursor.skip(length, key)
            return TextValue(length)
        # A name with a broken letter is no reason to refuse a model; a key or a tensor's name would be.
        return cursor.take(length, key).decode("utf-8", "replace")
    if kind == _ARRAY:
        return _array(cursor, key)
    cursor.refuse(f"{key} has the type {kind:,}, which GGUF does not know")


def _scalar(cursor: _Cursor, key: str, kind: int) -> int | float | bool:
    code = _SCALARS[kind]
    raw = cursor.take(struct.calcsize(f"<{code}"), key)
    if code == "?" and raw not in (b"\x00", b"\x01"):
        cursor.refuse(f"{key} is neither true nor false")
    (value,) = struct.unpack(f"<{code}", raw)
    return value  # type: ignore[no-any-return]


def _array(cursor: _Cursor, key: str) -> ArrayValue:
    kind = cursor.number("I", f"the type of {key}")
    count = cursor.number("Q", f"the length of {key}")
    if kind == _TEXT:
        cursor.skip_texts(count, key)
        return ArrayValue(count, texts=True)
    if kind == _ARRAY:
        cursor.refuse(f"{key} is an array of arrays, which llama.cpp does not read")
    if kind not in _SCALARS:
        cursor.refuse(f"{key} is an array of the type {kind:,}, which GGUF does not know")
    if count > MAX_ARRAY:
        cursor.refuse(f"{key} claims {count:,} elements; {MAX_ARRAY:,} is the most")
    code = _SCALARS[kind]
    size = count * struct.calcsize(f"<{code}")
    if count > min(MAX_KEPT_ARRAY, cursor.numbers_left):
        cursor.skip(size, key)
        return ArrayValue(count, texts=False)
    cursor.numbers_left -= count
    return ArrayValue(count, texts=False, values=struct.unpack(f"<{count}{code}", cursor.take(size, key)))


def _tensors(cursor: _Cursor, count: int) -> list[Tensor]:
    found: list[Tensor] = []
    names: set[str] = set()
    for index in range(count):
        name = cursor.text(MAX_NAME, f"the name of tensor {index + 1}")
        if not name or not name.isprintable():
            cursor.refuse(f"the name of tensor {index + 1} is empty or holds control characters")
        if name in names:
            cursor.refuse(f"the tensor {name} is there twice")
        names.add(name)
        found.append(_tensor(cursor, name))
    return found


def _tensor(cursor: _Cursor, name: str) -> Tensor:
    what = f"the tensor {name}"
    dimensions = cursor.number("I", what)
    if not 1 <= dimensions <= 4:
        cursor.refuse(f"{what} has {dimensions:,} dimensions; a tensor has one to four")
    shape = tuple(cursor.number("Q", what) for _ in range(dimensions))
    number = cursor.number("I", what)
    offset = cursor.number("Q", what)
    if number in WITHDRAWN:
        cursor.refuse(
            f"{what} is in the format {WITHDRAWN[number]} ({number}), which llama.cpp no longer reads",
            "Look for the same model in another quantization; of a BitNet or Falcon-E model whose file is called i2_s "
            "take the one in TQ2_0 or TQ1_0.",
            Reason.MODEL_OLD,
        )
    if number not in FORMATS:
        cursor.refuse(
            f"{what} is in a format ({number:,}) that is not known",
            "It is damaged, or made for a newer llama.cpp. Update Techo, or choose another quantization.",
            Reason.MODEL_NEW,
        )
    known = FORMATS[number]
    weights = 1
    for dimension in shape:
        weights *= dimension
    if not 0 < weights < 1 << 62:
        cursor.refuse(f"{what} has impossible dimensions: {' x '.join(f'{side:,}' for side in shape)}")
    if shape[0] % known.block:
        cursor.refuse(f"{what} has rows of {shape[0]:,} weights, which are not whole blocks of {known.block}")
    return Tensor(name, shape, known, offset, weights // known.block * known.block_bytes)


def _alignment(cursor: _Cursor, metadata: dict[str, Value]) -> int:
    value = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MAX_ALIGNMENT or value & (value - 1):
        cursor.refuse(f"general.alignment is {value}, which is no power of two up to {MAX_ALIGNMENT:,}")
    return value


def _check_layout(cursor: _Cursor, tensors: list[Tensor], start: int, alignment: int) -> None:
    """The tensors stand one behind the other, each on the next multiple of the alignment, all within the file."""
    expected = 0
    for tensor in tensors:
        if tensor.offset != expected:
            if tensor.offset % alignment:
                why = f"is not a multiple of the alignment {alignment}"
            elif tensor.offset < expected:
                why = "overlaps another tensor, or the tensors are not in order"
            else:
                why = "leaves a gap"
            cursor.refuse(f"the tensor {tensor.name} stands at {tensor.offset:,} instead of {expected:,}: it {why}")
        expected = -(-(expected + tensor.size) // alignment) * alignment
    if tensors:
        end = start + tensors[-1].offset + tensors[-1].size
        if end > cursor.size:
            cursor.refuse(
                f"the file ends {end - cursor.size:,} bytes too early: its tensors go on to byte {end:,} "
                f"and it has {cursor.size:,}",
                "The download was not complete, or the file is damaged. Download it again (a download can be resumed).",
                Reason.MODEL_CUT,
            )
