"""bAbI (arXiv 1502.05698) with the context dropped: each statement of a story is a turn of its own, asked for later.

A story is one episode, since its people have the same names as the next one's. Asked is the last question of the
story, whose answer is the state in which the story ends: questions before it would be asked at the wrong moment. Kept
are answers of one word, other than yes, no, maybe and numbers, that stand in a supporting statement to the letter: what
a memory of statements can give without inference. `babi-1`: one supporting statement; `babi-2`: two of them. Where
the story has told another place of the same person before, the question is an `update`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from engine.cli.evaluation.scoring import contains
from tests.benchmarks.evidence.making import Draft, Record, needed

_GUESSABLE = ("yes", "no", "maybe", "none", "one", "two", "three", "four")


def babi_1(corpora: Path, seed: int) -> Iterator[Draft]:
    """One supporting statement."""
    yield from _stories(corpora, seed, 1)


def babi_2(corpora: Path, seed: int) -> Iterator[Draft]:
    """Two supporting statements."""
    yield from _stories(corpora, seed, 2)


def _stories(corpora: Path, seed: int, supports: int) -> Iterator[Draft]:
    del seed
    story: dict[int, str] = {}
    last: tuple[str, str, list[int]] | None = None
    number = 0
    path = needed(corpora / "babi" / "all_shuffled_test.txt")
    for line in [*path.read_text(encoding="utf-8").splitlines(), "1 end"]:
        place, _, text = line.partition(" ")
        if place == "1" and story:
            draft = _draft(f"babi-{supports}-{number}", story, last, supports)
            if draft is not None:
                yield draft
            story, last, number = {}, None, number + 1
        if "\t" in text:
            question, answer, support = (field.strip() for field in text.split("\t"))
            last = question, answer, [int(one) for one in support.split()]
        else:
            story[int(place)] = text.strip()


def _draft(name: str, story: dict[int, str], last: tuple[str, str, list[int]] | None, supports: int) -> Draft | None:
    if last is None:
        return None
    question, answer, support = last
    if len(support) != supports or answer in _GUESSABLE or not answer.isalpha():
        return None
    if not any(contains(story[place], answer) for place in support):
        return None
    asked: Record = {"q": question, "answers": [answer], "kind": "fact"}
    stale = _earlier_places(question, answer, story)
    if stale:
        asked |= {"kind": "update", "stale": stale}
    told = [turn for text in story.values() for turn in (("user", text), ("assistant", "I see."))]
    return Draft(name, [told], [asked])


def _earlier_places(question: str, answer: str, story: dict[int, str]) -> list[str]:
    """Where the person of "Where is Mary?" was said to be before."""
    who = re.fullmatch(r"Where is (\w+)\?", question)
    if who is None:
        return []
    places = [
        found[1]
        for text in story.values()
        if contains(text, who[1]) and (found := re.search(r"\b(?:to|in) the (\w+)\.$", text))
    ]
    return [place for place in dict.fromkeys(places) if place != answer]
