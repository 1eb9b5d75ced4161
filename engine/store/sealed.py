"""A sealed stream: bytes that nobody can read or change without the key, written and read front to back.

libsodium's secretstream (XChaCha20-Poly1305): each block is encrypted and authenticated together with all that came
before it, and the last one is marked as the last. So a flipped byte, a block that is missing, doubled or from another
stream, and an end that was cut off are all found out, by the block that they are in.

    techo-sealed 1                   16 bytes, with a line feed and a zero
    header                           24 bytes, random: no two streams of one key are alike
    blocks                           `BLOCK` bytes and 17 more; the last one shorter, or as long

`purpose` is bound in: a stream that was made to be one thing is not taken for another.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from engine.errors import ErrorCode, StateError
from engine.reasons import Reason, because
from engine.store.passphrase import bindings, sodium_error

if TYPE_CHECKING:
    from engine.store.keys import DataKey

MAGIC: Final = b"techo-sealed 1\n\0"
HEADER: Final = 24
BLOCK: Final = 64 * 1024
_EXTRA: Final = 17
_HEAD: Final = len(MAGIC) + HEADER


class Broken(StateError):
    """The stream is not what was written with this key."""

    code = ErrorCode.STATE_TAMPERED


def size(plain: int) -> int:
    """Bytes of the stream that holds `plain` bytes."""
    blocks = max(1, -(-plain // BLOCK))
    return _HEAD + plain + blocks * _EXTRA


def plain_size(sealed: int) -> int:
    """Bytes that a stream of `sealed` bytes holds; negative when there is no such stream."""
    blocks = max(1, -(-(sealed - _HEAD) // (BLOCK + _EXTRA)))
    return sealed - _HEAD - blocks * _EXTRA


def seal(key: DataKey, purpose: str, chunks: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """The stream that holds the chunks, however they are cut."""
    sodium = bindings()
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    secret, bound = key.derive("stream"), purpose.encode()
    yield MAGIC + sodium.crypto_secretstream_xchacha20poly1305_init_push(state, secret)

    def push(block: bytes, tag: int) -> bytes:
        pushed: bytes = sodium.crypto_secretstream_xchacha20poly1305_push(state, block, bound, tag)
        return pushed

    pending = bytearray()
    for chunk in chunks:
        rest = memoryview(chunk)
        while rest.nbytes:
            room = BLOCK - len(pending)
            if not room:
                yield push(bytes(pending), sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE)
                pending.clear()
                continue
            pending += rest[:room]
            rest = rest[room:]
    yield push(bytes(pending), sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL)


def unseal(key: DataKey, purpose: str, sealed: bytes, where: Path) -> bytes:
    """What a short stream holds.

    Raises:
        Broken: It is not what was written.
    """
    return reader(key, purpose, io.BytesIO(sealed), where).read()


def reader(key: DataKey, purpose: str, file: BinaryIO, where: Path) -> io.BufferedReader:
    """What the stream in `file` holds, as a file that is read front to back (and can begin anew: `seek(0)`).

    Reading raises `Broken`. Whoever has read to the end has read all of it.
    """
    return io.BufferedReader(_Plain(key, purpose, file, where), BLOCK)


class _Plain(io.RawIOBase):
    def __init__(self, key: DataKey, purpose: str, file: BinaryIO, where: Path) -> None:
        super().__init__()
        self._secret, self._bound = key.derive("stream"), purpose.encode()
        self._file = file
        self._where = where
        self._sodium = bindings()
        self._state: Any = None
        self._ready = b""
        self._ended = False
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, place: int, whence: int = 0) -> int:
        if place or whence:
            raise io.UnsupportedOperation("a sealed stream is read front to back")
        self._state, self._ready, self._ended, self._place = None, b"", False, 0
        return 0

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._ended:
            self._pull()
        view = memoryview(buffer)
        count = min(view.nbytes, len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        self._place += count
        return count

    def _pull(self) -> None:
        sodium = self._sodium
        if self._state is None:
            self._file.seek(0)
            head = self._file.read(_HEAD)
            if len(head) != _HEAD or head[: len(MAGIC)] != MAGIC:
                raise self._broken("it does not begin as a sealed file does")
            self._state = sodium.crypto_secretstream_xchacha20poly1305_state()
            sodium.crypto_secretstream_xchacha20poly1305_init_pull(self._state, head[len(MAGIC) :], self._secret)
        block = self._file.read(BLOCK + _EXTRA)
        if len(block) < _EXTRA:
            raise self._broken("its end is missing")
        try:
            self._ready, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(self._state, block, self._bound)
        except sodium_error():
            raise self._broken("a part of it was changed") from None
        if tag == sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL:
            self._ended = True
            if self._file.read(1):
                raise self._broken("something stands behind its end")
        elif len(block) != BLOCK + _EXTRA:
            raise self._broken("its end is missing")

    def _broken(self, detail: str) -> Broken:
        return Broken(
            f"The encrypted file {self._where.name} was changed or is damaged: {detail}.",
            "Use an export of the profile, or a backup of its folder. Nothing was changed.",
            because=because(Reason.SEALED_TAMPERED, file=self._where.name),
        )
