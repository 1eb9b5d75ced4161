"""Multi-Session Chat (arXiv 2107.07567): four sessions of two people, each turn annotated with the facts it reveals.

The data has no questions. What it has is, beside a turn, the sentence that an annotator wrote of what the turn tells
about its speaker ("I live in Florida."). A sentence of one of the forms in `FORMS` is turned into the question that it
answers, and the answer is the sentence's own words. Kept are answers of four words at most that stand to the letter in
the turn itself, so that the user did say them, and questions to which no other sentence of the same person gives
another answer. One person a pair is the user: the one of whom more can be asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from engine.cli.evaluation.scoring import contains, normalise
from tests.benchmarks.evidence.making import Draft, Record, alternating, needed, wordings

SESSIONS: Final = (1, 2, 3, 4)
MANY: Final = 2
"""Questions from which on a pair is taken: telling four sessions for the sake of one question is dear."""

_THING: Final = r"(?P<thing>[a-z]+(?: [a-z]+)?)"
_NAME: Final = r"(?P<v>[A-Z][\w'-]+(?: [A-Z][\w'-]+)*)"
FORMS: Final = [
    (re.compile(pattern), question)
    for pattern, question in (
        (rf"My name is {_NAME}", "What is my name?"),
        (r"My favou?rite (?P<thing>[a-z]+(?: [a-z]+){0,2}) (?:is|are) (?P<v>[^.,]+)", "What is my favorite {thing}?"),
        (rf"My (?P<thing>[a-z]+)(?:'s name is| is named| is called) {_NAME}", "What is the name of my {thing}?"),
        (rf"I have an? {_THING} (?:named|called) {_NAME}", "What is the name of my {thing}?"),
        (rf"I live in {_NAME}", "Where do I live?"),
        (rf"I am from {_NAME}", "Where am I from?"),
        (rf"I grew up in {_NAME}", "Where did I grow up?"),
        (rf"I was born in {_NAME}", "Where was I born?"),
        (rf"I (?:used to live|lived) in {_NAME}", "Where did I use to live?"),
        (rf"I am moving to {_NAME}", "Where am I moving to?"),
        (r"I work as an? (?P<v>[a-z]+(?: [a-z]+)?)", "What do I work as?"),
        (r"I work at an? (?P<v>[a-z]+(?: [a-z]+)?)", "Where do I work?"),
        (rf"I work (?:at|for) {_NAME}", "Where do I work?"),
        (r"I am (?P<v>\d+|[a-z]+(?:-[a-z]+)?) years old", "How old am I?"),
        (r"I drive an? (?P<v>[\w ]+)", "What do I drive?"),
        (r"I play the (?P<v>[a-z]+)", "Which instrument do I play?"),
        (
            r"I have (?P<v>two|three|four|five|six|seven|eight|nine|ten|\d+) (?P<thing>[a-z]+s|children)",
            "How many {thing} do I have?",
        ),
        (r"I am allergic to (?P<v>[a-z ]+)", "What am I allergic to?"),
        (r"I am (?:scared|afraid) of (?P<v>[a-z ]+)", "What am I afraid of?"),
        (r"I (?:majored in|am majoring in|am studying) (?P<v>[\w ]+)", "What do I study?"),
        (
            r"My (?P<thing>mom|mother|dad|father|wife|husband|brother|sister|son|daughter) (?:is|works as|was) an? "
            r"(?P<v>[a-z]+(?: [a-z]+)?)",
            "What does my {thing} do?",
        ),
    )
]
"""Sentence -> question. A form matches a whole sentence, but for its full stop."""

_NO_WORK: Final = (
    "vegan",
    "fan",
    "good",
    "big",
    "huge",
    "great",
    "nice",
    "lot",
    "vegetarian",
    "teenager",
    "baby",
    "jerk",
)
"""What "My father is a ..." says that answers no "What does he do?"."""


def msc(corpora: Path, seed: int) -> Iterator[Draft]:
    """One episode a pair, of the test part. `seed` decides nothing here."""
    del seed
    pairs: dict[str, list[list[Any]]] = {}
    for session in SESSIONS:
        path = needed(corpora / "msc" / "msc_personasummary" / f"session_{session}" / "test.txt")
        for line in path.read_text(encoding="utf-8").splitlines():
            dialogue = json.loads(line)["dialog"]
            pairs.setdefault(dialogue[0]["convai2_id"], []).append(dialogue)
    for pair, sessions in pairs.items():
        draft = max(
            (_draft(pair, sessions, person) for person in ("bot_0", "bot_1")), key=lambda one: len(one.questions)
        )
        if len(draft.questions) >= MANY:
            yield draft


def _draft(pair: str, sessions: list[list[Any]], person: str) -> Draft:
    told = [
        alternating(("user" if turn["id"] == person else "assistant", turn["text"]) for turn in turns)
        for turns in sessions
    ]
    found: dict[str, dict[str, str]] = {}
    for turn in (turn for turns in sessions for turn in turns if turn["id"] == person):
        for sentence in re.split(r"(?<=\.)\s+", turn.get("persona_text") or ""):
            asked = question_of(sentence)
            if asked is not None:
                question, value = asked
                said = contains(turn["text"], value)
                found.setdefault(question, {})[normalise(value)] = value if said else ""
    questions: list[Record] = [
        {"q": question, "answers": wordings(*values.values()), "kind": "fact"}
        for question, values in found.items()
        if len(values) == 1 and all(values.values())
    ]
    return Draft(f"msc-{pair}-{person}", [turns for turns in told if turns], questions)


def question_of(sentence: str) -> tuple[str, str] | None:
    """The question that an annotator's sentence answers, and the answer; None for a sentence of no known form.

    >>> question_of("I have a dog named Rex.")
    ('What is the name of my dog?', 'Rex')
    """
    for form, question in FORMS:
        match = form.fullmatch(sentence.strip().rstrip("."))
        if match is None:
            continue
        value = match["v"].strip()
        if len(value.split()) > 4 or re.search(r"\b(?:and|with|but|or|who|that|because|it|them)\b", value):
            return None
        if "does my" in question and value.split()[0] in _NO_WORK:
            return None
        return question.format(**{name: text for name, text in match.groupdict().items() if name != "v"}), value
    return None
