"""Full-text search over what was said: words or parts of words, in any language.

Which messages can be meant comes from an FTS5 index of trigrams, so that a part of a word is found as well as a word of
a language that writes no spaces. It holds no positions (`detail = none`: half the size); whether a message really
contains what was asked is looked up in its text. Words of one or two characters have no trigram; they alone are looked
for by reading every message, newest first, until there are enough hits (some milliseconds a thousand messages).

Upper and lower case are one, full-width and half-width letters are, and hiragana finds katakana and the reverse. Text
behind a NUL character is not indexed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from engine.store.database import Database
from engine.store.records import HitRecord, storable

PAGE: Final = 64
"""Candidates read at once: memory stays flat, and no read is held open between pages."""
TRIGRAMS: Final = 24
"""Trigrams of one word that are asked of the index at most; the text decides anyway."""
BEFORE: Final = 36
LENGTH: Final = 150
"""Characters of an excerpt: before the first mark, and altogether."""
_SLACK: Final = 12
"""Characters an excerpt may begin later or end earlier, so that it does so between words."""

_WIDE: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_TO_KATAKANA: Final = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_TO_HIRAGANA: Final = {code + 0x60: code for code in range(0x3041, 0x3097)}

_ROW: Final = "SELECT m.id, m.conversation, c.title, m.role, m.created, m.content FROM "
_LIVING: Final = (
    "JOIN conversation c ON c.id = m.conversation AND c.deleted IS NULL "
    "WHERE m.role <> 'system' AND m.deleted IS NULL AND m.id < ? "
)
_NARROWED: Final = (
    _ROW
    + "message_text t JOIN message m ON m.id = t.rowid "
    + _LIVING
    + "AND message_text MATCH ? ORDER BY t.rowid DESC LIMIT ?"
)
_ALL: Final = _ROW + "message m " + _LIVING + "ORDER BY m.id DESC LIMIT ?"


class Word(NamedTuple):
    """One word of the query, in every way it may be written."""

    spellings: tuple[str, ...]
    folded: tuple[str, ...]


def words_of(query: str) -> list[Word]:
    """The words of a query; a text is a hit when it contains each of them, wherever."""
    readable = "".join(character if character.isprintable() else " " for character in storable(query))
    return [_word(word) for word in dict.fromkeys(readable.split())]


def _word(word: str) -> Word:
    plain = unicodedata.normalize("NFKC", word)
    spellings = dict.fromkeys(
        (word, plain, plain.translate(_WIDE), plain.translate(_TO_KATAKANA), plain.translate(_TO_HIRAGANA))
    )
    return Word(tuple(spellings), tuple(dict.fromkeys(fold(spelling) for spelling in spellings)))


def fold(text: str) -> str:
    """Lower case, character by character, so that every place in it is the same place in `text`."""
    low = text.lower()
    if len(low) != len(text):
        low = "".join(single if len(single := character.lower()) == 1 else character for character in text)
    return low.replace("ς", "σ")


def search(database: Database, query: str, limit: int, before: int | None = None) -> list[HitRecord]:
    """The newest `limit` messages older than `before` that contain every word of the query, newest first."""
    words = words_of(query)
    hits: list[HitRecord] = []
    if not words or limit < 1:
        return hits
    for row in _candidates(database, words, 2**63 - 1 if before is None else max(min(before, 2**63 - 1), 0)):
        identifier, conversation, title, role, created, content = row
        text = str(content)  # a flipped byte can change a value's type
        folded = fold(text)
        if all(any(spelling in folded for spelling in word.folded) for word in words):
            snippet, marks = excerpt(text, folded, words)
            hits.append(HitRecord(conversation, str(title), identifier, role, str(created), snippet, marks))
            if len(hits) == limit:
                break
    return hits


def _candidates(
    database: Database, words: Sequence[Word], before: int
) -> Iterator[tuple[int, int, str, str, str, str]]:
    expression = _expression(words)
    while True:
        if expression:
            rows = database.rows(_NARROWED, (before, expression, PAGE))
        else:
            rows = database.rows(_ALL, (before, PAGE))
        yield from rows
        if len(rows) < PAGE:
            return
        before = rows[-1][0]


def _expression(words: Sequence[Word]) -> str:
    """What the index is asked, in FTS5's language; empty when no word is long enough for it."""
    parts = []
    for word in words:
        if all(len(spelling) >= 3 for spelling in word.spellings):
            parts.append("(" + " OR ".join(_all_trigrams(spelling) for spelling in word.spellings) + ")")
    return " AND ".join(parts)


def _all_trigrams(spelling: str) -> str:
    trigrams = dict.fromkeys(spelling[place : place + 3] for place in range(len(spelling) - 2))
    quoted = ['"' + trigram.replace('"', '""') + '"' for trigram in list(trigrams)[:TRIGRAMS]]
    return "(" + " AND ".join(quoted) + ")"


# ---------------------------------------------------------------------------------------------- excerpts


def excerpt(text: str, folded: str, words: Sequence[Word]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A line of `text` around the longest word, and where in that line words stand.

    Args:
        text: of the message.
        folded: `fold(text)`.
        words: of the query; each is in the text.

    Returns:
        The line, with "…" where it was cut, and the marks: begin and end in characters (code points), ascending,
        without overlap.
    """
    longest = max((spelling for word in words for spelling in word.folded if spelling in folded), key=len)
    place = folded.index(longest)
    start = max(0, place - BEFORE)
    end = max(start + LENGTH, place + len(longest))
    if start:
        start = _between(text, range(start, min(start + _SLACK, place)), start)
    if end < len(text):
        end = _between(text, range(end, max(end - _SLACK, place + len(longest)), -1), end)
    line = " ".join(text[start:end].split())
    line = ("…" if start else "") + line + ("…" if end < len(text) else "")
    return line, _marks(fold(line), words)


def _between(text: str, places: range, otherwise: int) -> int:
    return next((place for place in places if text[place - 1].isspace()), otherwise)


def _marks(folded: str, words: Sequence[Word]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for spelling in {spelling for word in words for spelling in word.folded}:
        place = folded.find(spelling)
        while place >= 0:
            found.append((place, place + len(spelling)))
            place = folded.find(spelling, place + len(spelling))
    marks: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        if marks and begin <= marks[-1][1]:
            marks[-1] = (marks[-1][0], max(end, marks[-1][1]))
        else:
            marks.append((begin, end))
    return tuple(marks)
