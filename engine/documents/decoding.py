"""Bytes of a text file to text. What encoding they are in is nowhere written, so it is told from the bytes.

In this order, each of them nearly impossible to hit by accident: a byte order mark; UTF-8; UTF-16 without a mark, by
its zero bytes; a Japanese encoding whose text then shows kana, which every Japanese text has; Windows-1252, which
holds Latin-1 and takes any bytes at all.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from engine.errors import DocumentError, ErrorCode
from engine.reasons import Reason, because

_MARKS: Final = (  # the longer ones first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_JAPANESE: Final = ("cp932", "euc_jp", "iso2022_jp")
_KANA: Final = re.compile(r"[\u3001\u3002\u3041-\u3096\u30a1-\u30fc]")
KANA_SHARE: Final = 0.2
"""Of the letters beyond ASCII, so many are kana or Japanese stops in any Japanese text; in Latin letters that were
read as Japanese there are hardly any."""
SAMPLE: Final = 65_536
"""Characters that are looked at to tell an encoding."""


def decode(data: bytes) -> str:
    """The text, each line ended by a line feed.

    Raises:
        DocumentError: DOCUMENT_KIND, when these bytes are no text.
    """
    text = _decoded(data)
    # Tabs, line ends and form feeds stand in texts; the other controls stand in programs and pictures.
    controls = len(re.findall(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]", text[:SAMPLE]))
    if controls * 50 > len(text[:SAMPLE]):
        raise DocumentError(
            "This file holds no text, whatever its name says.",
            "Choose a text, Markdown or PDF file.",
            code=ErrorCode.DOCUMENT_KIND,
            because=because(Reason.DOCUMENT_NO_TEXT),
        )
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n").replace("\0", "")


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if (wide := _utf_16(data)) is not None:
        return wide
    # ISO-2022-JP is ASCII with escapes, so it is valid UTF-8 as well.
    if b"\x1b$" in data and (japanese := _japanese(data, "iso2022_jp")) is not None:
        return japanese[1]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # A file that was cut in the middle of its last letter is UTF-8 all the same.
        if error.start >= len(data) - 3 and error.reason == "unexpected end of data":
            return data[: error.start].decode("utf-8")
    found = [read for encoding in _JAPANESE[:2] if (read := _japanese(data, encoding)) is not None]
    if found:
        return max(found)[1]
    return data.decode("cp1252", "replace")


def _utf_16(data: bytes) -> str | None:
    """Latin text in UTF-16 has a zero in every other byte; nothing else that is text has any."""
    sample = data[:SAMPLE]
    if len(sample) < 4 or len(data) % 2:
        return None
    low, high = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    for many, few, encoding in ((high, low, "utf-16-le"), (low, high, "utf-16-be")):
        if many * 10 > half * 4 and few * 20 < half:
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                return None
    return None


def _japanese(data: bytes, encoding: str) -> tuple[float, str] | None:
    """The share of kana, and the text; None when the bytes are not in this encoding."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    beyond = [letter for letter in text[:SAMPLE] if letter > "\x7f"]
    share = len(_KANA.findall("".join(beyond))) / len(beyond) if beyond else 0.0
    return (share, text) if share >= KANA_SHARE else None
