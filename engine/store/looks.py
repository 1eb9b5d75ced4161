"""How a profile looks in a list: a colour and a small picture, kept in the profile itself and exported with it.

A picture may come from an imported file, so every byte of it is checked before it is kept: a PNG (W3C, PNG Third
Edition) of few pixels in the one plain form that Techo's window writes, whose checksums hold and whose data unpack to
exactly what its header promises. Chunks with texts, places or cameras in them have no business here and are refused.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterable
from typing import Final

from engine.errors import ErrorCode, ProfileError
from engine.store.names import name_key

COLOURS: Final = (
    "#2d5480",
    "#8a3b32",
    "#4b6b2c",
    "#6b3f6e",
    "#2f6b68",
    "#7a4e2d",
    "#a3446b",
    "#4f5a66",
)
"""What new profiles get, one after the other. White text on each of them can be read."""
MAX_SIDE: Final = 96
"""Pixels of a picture, in width and in height."""
MAX_BYTES: Final = 40 * 1024
"""Of a picture: room for 96 x 96 pixels of pure noise."""

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PLAIN: Final = (b"IHDR", b"IDAT", b"IEND", b"sRGB", b"gAMA", b"cHRM", b"pHYs")
_CHANNELS: Final = {2: 3, 6: 4}
"""Colour types of PNG, RGB and RGBA, with their bytes a pixel."""
_HINT: Final = f"Choose the picture in the window, which makes it fit: a PNG, at most {MAX_SIDE} x {MAX_SIDE} pixels."


def clean_colour(colour: str) -> str:
    """`#RRGGBB` in lower case.

    Raises:
        ProfileError: PROFILE_LOOK.
    """
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", colour):
        raise ProfileError(
            f"{colour[:40]!r} is no colour.",
            "Write it as red, green and blue in hexadecimal: #2d5480.",
            code=ErrorCode.PROFILE_LOOK,
        )
    return colour.lower()


def default_colour(name: str) -> str:
    """The colour of a profile that has none of its own (an older Techo made it)."""
    return COLOURS[_place(name)]


def free_colour(name: str, taken: Iterable[str]) -> str:
    """The colour of a new profile: its name's, or the next one that no other profile has while there is one."""
    start, used = _place(name), set(taken)
    candidates = [COLOURS[(start + step) % len(COLOURS)] for step in range(len(COLOURS))]
    return next((colour for colour in candidates if colour not in used), candidates[0])


def _place(name: str) -> int:
    return hashlib.blake2b(name_key(name).encode(), digest_size=2).digest()[0] % len(COLOURS)


def read(name: str, colour: object, picture: object) -> tuple[str, bytes]:
    """What the database holds, as it may be shown: damaged on disk, it gives way to what every profile has."""
    try:
        shown = clean_colour(colour) if isinstance(colour, str) else default_colour(name)
    except ProfileError:
        shown = default_colour(name)
    try:
        return shown, check_picture(picture) if isinstance(picture, bytes) and picture else b""
    except ProfileError:
        return shown, b""


def check_picture(data: bytes) -> bytes:
    """The picture, once it is known to be one.

    Raises:
        ProfileError: PROFILE_LOOK, with what is wrong.
    """
    if len(data) > MAX_BYTES:
        raise _refused(f"it is too large: {len(data):,} bytes of {MAX_BYTES:,} at most")
    if not data.startswith(_SIGNATURE):
        raise _refused("it is no PNG")
    expected, packed, kinds = 0, b"", []
    at = len(_SIGNATURE)
    while at < len(data):
        kind, content, at = _chunk(data, at)
        kinds.append(kind)
        if (kind == b"IHDR") != (len(kinds) == 1):
            raise _refused("its header does not stand at the beginning")
        if kind == b"IHDR":
            expected = _pixels(content)
        elif kind == b"IDAT":
            packed += content
        elif kind == b"IEND":
            break
    if not kinds or kinds[-1] != b"IEND" or at != len(data):
        raise _refused("it does not end where a PNG ends")
    _unpack(packed, expected)
    return data


def _chunk(data: bytes, at: int) -> tuple[bytes, bytes, int]:
    """Kind and content of the chunk at `at`, and where the next one begins."""
    if at + 12 > len(data):
        raise _refused("it is cut off")
    length, kind = struct.unpack_from(">I4s", data, at)
    end = at + 12 + length
    if end > len(data):
        raise _refused("it is cut off")
    if kind not in _PLAIN:
        raise _refused("it holds more than a picture")
    content = data[at + 8 : end - 4]
    if zlib.crc32(kind + content) != struct.unpack_from(">I", data, end - 4)[0]:
        raise _refused("it is damaged")
    return kind, content, end


def _pixels(header: bytes) -> int:
    """Bytes that the pixels unpack to: each line with the byte of its filter."""
    if len(header) != 13:
        raise _refused("its header is damaged")
    width, height, depth, kind, compression, filtering, interlace = struct.unpack(">IIBBBBB", header)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise _refused(f"it has {width:,} x {height:,} pixels")
    if depth != 8 or kind not in _CHANNELS or compression or filtering or interlace:
        raise _refused("it is of an unusual kind; red, green and blue of 8 bits are needed")
    return int(height * (1 + width * _CHANNELS[kind]))


def _unpack(packed: bytes, expected: int) -> None:
    """Unpacks no more than is promised, whatever the data would come to."""
    unpacking = zlib.decompressobj()
    try:
        size = len(unpacking.decompress(packed, expected + 1))
    except zlib.error as error:
        raise _refused("it is damaged") from error
    if size != expected or not unpacking.eof or unpacking.unused_data:
        raise _refused("it does not hold as many pixels as it says")


def _refused(reason: str) -> ProfileError:
    return ProfileError(f"The picture cannot be used: {reason}.", _HINT, code=ErrorCode.PROFILE_LOOK)
