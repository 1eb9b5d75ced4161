"""Blocks of a document to passages: a sentence or two each, with the heading that says what they are about.

The memory keeps up to 64 tokens of a turn, and of a turn with several facts it often says the wrong one. So a passage
is about as long as what a person says in one breath. What stands under a heading is often without the word that it is
about ("Opens at nine"), and the address of a turn is made of its words: therefore the heading goes with each passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 200
"""Units in a passage at most, see `units`: some 50 tokens, so that no passage is ever cut in two by the writer."""
SHORT: Final = 24
"""Units up to which a sentence is no passage of its own: it goes with the one before ("Room 4.")."""
LONGEST_HEADING: Final = 60
"""Units of a heading that go with a passage at most."""
WIDE: Final = 4
"""Units of a letter beyond ASCII: it takes the tokens of about four letters of English."""

_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[^a-z\s])|(?<=[。！？])[」』）]*(?=[^」』）\s])\s*")
_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|No|Nr|Vol|Fig|Jr|Sr|vs|etc|e\.g|i\.e|cf|ca|approx|tel|ext)\.$",
    re.IGNORECASE,
)
_CLAUSE: Final = re.compile(r"(?<=[;:,、；：，])\s*|\s+")


@dataclass(frozen=True)
class Block:
    """A paragraph, an item of a list, or a row of a table, on one line."""

    text: str
    heading: str = ""
    """What it stands under; empty for nothing."""


def units(text: str) -> int:
    """How long a text is for the memory's writer, roughly: 4 units a token."""
    return sum(1 if letter < "\x80" else WIDE for letter in text)


def one_line(text: str) -> str:
    """White space and control characters become single spaces."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def passages(blocks: Iterable[Block]) -> Iterator[str]:
    """The passages in their order. Text without a letter or digit in it is left out."""
    for block in blocks:
        heading = next(iter(_cut(one_line(block.heading).rstrip(" :：#"), LONGEST_HEADING)), "")
        lead = ""
        if heading:
            lead = heading + ("" if heading[-1] in "。．？！" else " " if heading[-1] in ".?!…" else ": ")
        for sentence in _sentences(one_line(block.text), LONGEST - units(lead)):
            if any(letter.isalnum() for letter in sentence):
                yield lead + sentence


def _sentences(text: str, room: int) -> list[str]:
    """Sentences of at most `room` units, short ones with the one before."""
    found: list[str] = []
    for sentence in _split(text):
        for piece in _cut(sentence, room):
            together = f"{found[-1]}{'' if found[-1][-1] in '。！？」』' else ' '}{piece}" if found else piece
            if found and min(units(piece), units(found[-1])) <= SHORT and units(together) <= room:
                found[-1] = together
            else:
                found.append(piece)
    return found


def _split(text: str) -> list[str]:
    """At the ends of sentences; not behind "Dr." and its like."""
    found: list[str] = []
    start = 0
    for end in _END.finditer(text):
        # Closing quotes and brackets stay with the sentence; the space goes.
        sentence = text[start : end.end()].strip()
        if _ABBREVIATION.search(sentence):
            continue
        if sentence:
            found.append(sentence)
        start = end.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def _cut(text: str, room: int) -> list[str]:
    """Pieces of at most `room` units, cut behind a comma or between words, where there are any."""
    pieces = []
    while units(text) > room:
        high, used = 0, 0
        while used + units(text[high]) <= room:
            used += units(text[high])
            high += 1
        places = [place.end() for place in _CLAUSE.finditer(text, 0, high) if place.end() > high // 2]
        commas = [place for place in places if text[:place].rstrip()[-1] in ";:,、；：，"]
        place = (commas or places or [high])[-1]
        pieces.append(text[:place].strip())
        text = text[place:].strip()
    return [*pieces, text] if text else pieces
