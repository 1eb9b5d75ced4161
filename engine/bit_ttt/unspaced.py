"""Scripts that are written without spaces (Japanese, Chinese): what stands in for words, and what tells something.

Such a text has no words to look up, so its lexical address is made of *grams*: every Han character by itself (mostly a
morpheme, and what is left of a verb in all its forms) and every pair of neighbours of the same script. A pair across
scripts ("犬を", "の名") is mostly a word's end and a particle, and would be missing as soon as the particle is another.
How much a gram counts is its inverse document frequency in everyday dialogue, from a table beside the slow weights
(`engine.training.grams` counts it): particles and endings next to nothing.

The trained part of the memory has never seen these scripts. It cannot say which of their tokens are worth keeping, nor
look for one of them, so what is told is kept whole, sentence by sentence, and found by its grams alone (`recital`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_HAN: Final = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HIRAGANA: Final = "\u3041-\u309f"
_KATAKANA: Final = "\u30a1-\u30ff\u31f0-\u31ff"
RUN: Final = re.compile(f"[{_HAN}{_HIRAGANA}{_KATAKANA}]+")
"""A stretch without spaces."""
_SCRIPT_RUN: Final = re.compile(f"(?P<han>[{_HAN}]+)|[{_HIRAGANA}]+|[{_KATAKANA}]+")
_SENTENCE: Final = re.compile(r"[^。！？!?\n]+[。！？!?\n]*|[。！？!?\n]+")
_ASKS: Final = re.compile(
    r"(?:\?|(?:で|ま)(?:す|した|しょう)か|(?:せん|[るたのう]|ない|だろう)か|っけ|(?:教えて|言って|覚えてる?)(?:ください|下さい|くれる|ね|よ)?)[」』)\s。.…!~ー]*$"
)
"""How a sentence ends that wants to be told something. "かな" does not: it softens ("苦手なのは歌うことかな。")."""
_LEAST_SHARE: Final = 3
"""One letter in so many must be of such a script, or the text is one with spaces that quotes a word or a name."""
UNLISTED: Final = 10
"""Weight of a gram that everyday dialogue hardly knows."""


def is_unspaced(text: str) -> bool:
    """Whether a text is written without spaces between its words."""
    if text.isascii():
        return False
    folded = unicodedata.normalize("NFKC", text)
    letters = sum(map(str.isalpha, folded))
    return letters > 0 and _LEAST_SHARE * sum(map(len, RUN.findall(folded))) >= letters


def grams(run: str) -> Iterator[str]:
    """The grams of a stretch without spaces (see `RUN`), folded by NFKC before; a character by itself is one."""
    for stretch in _SCRIPT_RUN.finditer(run):
        text = stretch[0]
        if stretch["han"] or len(run) == 1:
            yield from text
        for place in range(len(text) - 1):
            yield text[place : place + 2]


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a text begin and end, marks included; together they are the whole text."""
    return [found.span() for found in _SENTENCE.finditer(text)]


def asks(sentence: str) -> bool:
    """Whether a sentence ends as a question or a request to be told."""
    return bool(_ASKS.search(unicodedata.normalize("NFKC", sentence)))


def tells(sentence: str) -> bool:
    """Whether a sentence tells something: it has a letter or a digit, and does not ask."""
    return any(map(str.isalnum, sentence)) and not asks(sentence)


def parse_weights(text: str) -> dict[str, int]:
    """Gram weights from their file: a line for each weight, the number and then its grams; "#" begins a comment.

    Raises:
        ValueError: it is no such file.
    """
    weights: dict[str, int] = {}
    for line in text.splitlines():
        number, *found = line.partition("#")[0].split() or [""]
        if not number:
            continue
        if not (number.isascii() and number.isdecimal() and int(number) < UNLISTED):
            raise ValueError(f"a line of gram weights begins with a number below {UNLISTED}, not {number[:20]!r}")
        weights.update(dict.fromkeys(found, int(number)))
    return weights
