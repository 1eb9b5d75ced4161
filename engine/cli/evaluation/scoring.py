"""When an answer is right. Pure functions, no I/O; the rules that every figure of the project rests on.

An answer is **right** when the normalised text of a gold answer is contained in the normalised output, as whole
words. Normalised: Unicode-compatible form (NFKC), lower case, everything that is neither letter, digit nor a mark
that belongs to a letter becomes a space. Scripts written without spaces (Chinese, Japanese, Thai, ...) have no words
to keep whole: there each character counts as one.

Four kinds need more than that:

- `update`: `stale` says that the output contains one of the question's older values. A reply that names both the new
  and the old value is right *and* stale; the table counts both.
- `abstain`: nothing was told, so there is no gold answer. Right means that no told value is handed out as the answer:
  the output contains none of the values of the episode's `fact` and `update` questions, none of the names and numbers
  that stand in what the user said (`values_in`), and none of the question's own `stale` and `wrong` values. Values that
  the question itself contains do not count (repeating them is no claim). When the question brings `answers` of its own
  (accepted ways of saying "I don't know"), one of them has to be there as well.
- `abstain`, invention: a model can also make a value up, and no list can hold all of those. `invented` is therefore a
  separate, stricter and more approximate column: the output does not say in any of the usual ways that it does not
  know, and does not ask back. It never changes `right`; a small model without any memory invents nearly always.
- `choice`: the option with the highest log-likelihood per byte is taken (`likeliest`), and is right when it is, to the
  letter, one of the answers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from engine.cli.evaluation.episodes import Episode, Question

UNSPACED: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # iteration marks of Han
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),  # Katakana extensions
    (0x3400, 0x4DBF),  # Han, extension A
    (0x4E00, 0x9FFF),  # Han
    (0xF900, 0xFAFF),  # Han, compatibility
    (0x20000, 0x3FFFF),  # Han, further extensions
)
"""Ranges of letters whose scripts put no spaces between words."""

_DECLINES: Final = re.compile(
    r"\b(?:"
    r"(?:do|did|have|has|can|could|am|is|are|was|were|would)(?: not|n t) (?:\w+ ){0,2}?"
    r"(?:know|sure|have|told|tell|mention(?:ed)?|say|said|recall|remember|share[d]?|provide[d]?|given|aware|certain|find|"
    r"able|access|specif(?:y|ied)|capable|familiar|answer|determine|possess)"
    r"|haven t|hasn t|not (?:sure|certain|aware|known|mentioned|specified|provided|given)|unknown|unsure|unable|no idea"
    r"|no (?:information|record|mention|details|data|knowledge|memory)|never (?:told|mentioned|said|shared)"
    r"|(?:could|can|would) you (?:please )?(?:\w+ )?(?:tell|provide|share|clarify|give|remind|specify|explain)"
    r"|please (?:tell|provide|share|clarify|give|remind|specify|let me know)"
    r"|let me know|need more|more (?:information|details|context)"
    r"|sorry|as an ai|i m an ai|don t"
    r")\b"
)
"""The usual ways to say "I do not know", over normalised text (apostrophes are spaces there)."""


_DECLINES_JA: Final = re.compile(
    "(?:聞いて|伺って|うかがって|教えてもらって|教わって|覚えて|存じ|知り|分かり|わかり|把握して)(?:い|おり|は|も)?(?:ません|ない|なかった)"
    "|聞いたこと[はが]?(?:まだ)?(?:ない|ありません)|知ら(?:ない|ず)|分から(?:ない|ず)|わから(?:ない|ず)|不明|(?:記憶に|情報[はがも]?)(?:ない|ありません)|教えて(?:ください|くださ|もらえ)"
)
"""The same in Japanese, over normalised text without its spaces."""


def _unspaced(character: str) -> bool:
    point = ord(character)
    return point >= 0x0E00 and any(low <= point <= high for low, high in UNSPACED)


@lru_cache(maxsize=65536)
def normalise(text: str) -> str:
    """Lower case, NFKC, words parted by single spaces; "" when the text holds no letter and no digit.

    >>> normalise("The  Wandering-Goats!")
    'the wandering goats'
    """
    pieces: list[str] = []
    # Lower-casing can undo the compatibility form ("İ" becomes "i" and a dot), hence the second pass.
    for character in unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower()):
        if unicodedata.category(character)[0] not in "LNM":
            pieces.append(" ")
        elif _unspaced(character):
            pieces.append(f" {character} ")
        else:
            pieces.append(character)
    return " ".join("".join(pieces).split())


def contains(text: str, value: str) -> bool:
    """Whether `value` stands in `text` as whole words, both normalised; never when it has no letter and no digit."""
    needle = normalise(value)
    return bool(needle) and f" {needle} " in f" {normalise(text)} "


def contains_any(text: str, values: Iterable[str]) -> bool:
    return any(contains(text, value) for value in values)


def declines(output: str) -> bool:
    """Whether the output says that it does not know, or asks back, in one of the usual English or Japanese ways."""
    said = normalise(output)
    if not said or output.rstrip().endswith(("?", "？")):
        return True
    return bool(_DECLINES.search(said) or _DECLINES_JA.search(said.replace(" ", "")))


@dataclass(frozen=True)
class Verdict:
    """What the scorer says of one output."""

    right: bool
    stale: bool
    """Contains a value that has been replaced."""
    invented: bool
    """Only for `abstain`: claims something instead of saying that it does not know (approximate)."""


def values_in(text: str) -> list[str]:
    """What in a told sentence looks like a value: codes and numbers of two digits or more, names.

    A name is a capitalised word that does not begin a sentence. Approximate on purpose: a word in small letters may be
    a value too ("lapsang"), and is caught only when a question asks for it.

    >>> values_in("My flight to Porto leaves from gate B17 at 6:42.")
    ['Porto', 'B17', '6:42']
    """
    found = []
    for sentence in re.split(r"(?<=[.!?])\s+|\n", text):
        for place, word in enumerate(re.findall(r"[^\W_](?:[\w:.,'/-]*[^\W_])?", sentence)):
            digits = sum(character.isdigit() for character in word)
            letters = sum(character.isalpha() for character in word)
            named = (
                place > 0 and word[0].isupper() and letters > 2 and word != "Mrs" and not word.startswith(("I'", "I’"))
            )
            if digits > 1 or (digits and letters) or named:
                found.append(word)
    return found


def told_values(episode: Episode, tellings: Iterable[str] = ()) -> list[str]:
    """Every value that was told.

    These are the answers and replaced values of the fact and update questions, and what `values_in` finds in the
    tellings (the user's turns).
    """
    values: dict[str, None] = {}
    for question in episode.questions:
        if question.is_recall:
            values.update(dict.fromkeys([*question.answers, *question.stale]))
    for telling in tellings:
        values.update(dict.fromkeys(values_in(telling)))
    return list(values)


def judge(question: Question, output: str, told: Sequence[str] = ()) -> Verdict:
    """Scores one output. `told` is `told_values` of the question's episode; only `abstain` needs it."""
    stale = contains_any(output, question.stale)
    if question.kind == "choice":
        return Verdict(right=output in question.answers, stale=stale, invented=False)
    if question.kind != "abstain":
        return Verdict(right=contains_any(output, question.answers), stale=stale, invented=False)
    values = [*told, *question.stale, *question.wrong]
    claimed = any(contains(output, value) and not contains(question.q, value) for value in values)
    accepted = not question.answers or contains_any(output, question.answers)
    return Verdict(right=accepted and not claimed, stale=stale, invented=not declines(output))


def likeliest(scored: Sequence[Mapping[str, Any]]) -> str:
    """The option (`text`) with the highest `log_likelihood` per byte of its text; the first of equals.

    By bytes, since long options are less likely than short ones, whatever they say (`acc_norm` of EleutherAI's
    lm-evaluation-harness).
    """
    best = max(scored, key=lambda one: one["log_likelihood"] / len(one["text"].encode()))
    return str(best["text"])


def locate_telling(question: Question, tellings: Sequence[str]) -> int | None:
    """Which of the user's turns told the answer: its index among all of them (0 is the oldest), None when none did.

    Short answers ("7", "blue") may stand in several turns; then the one that shares most words with the question is
    taken, and the newest of those.
    """
    if not question.is_recall:
        return None
    asked = set(normalise(question.q).split())
    best: tuple[int, int] | None = None
    for index, telling in enumerate(tellings):
        if contains_any(telling, question.answers):
            candidate = (len(asked & set(normalise(telling).split())), index)
            best = candidate if best is None or candidate > best else best
    return None if best is None else best[1]
