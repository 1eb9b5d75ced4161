"""What the models are measured on: texts and tasks that the ternary model has not been trained on.

The cuts are those of `engine.training.ternary.text`: Synthetic-Persona-Chat's test part and the last of SGD's dev part,
WikiText-2's test part, the last 300 problems of GSM8K, bAbI's test file. Held out are the texts, not their kind: the
ternary model has read other dialogues of SGD and Synthetic-Persona-Chat, 600 of bAbI's training stories and the rest of
GSM8K; the Q4_1 model was never tuned to them. What both are strangers to is RealTalk: messages of real people, to be
measured with and nothing else (its authors name no licence). It is looked at where it is there.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Final, TypeVar

from engine.cli.console import UsageError

T = TypeVar("T")

Talk = list[str]
"""Turns of a conversation: the user's, the assistant's, the user's again."""

PERSONAS: Final = "synthetic_persona_chat/Synthetic-Persona-Chat_test.csv"
TASKS: Final = "sgd/dev_compact.jsonl"
WIKITEXT: Final = "wikitext2/test.txt"
PROBLEMS: Final = "gsm8k/gsm_8k_train.json"
STORIES: Final = "babi/all_shuffled_test.txt"
FOREIGN: Final = "realtalk"
FILES: Final = (PERSONAS, TASKS, WIKITEXT, PROBLEMS, STORIES)

TALKS_EACH: Final = 150
PROBLEMS_HELD_OUT: Final = 300

ARITHMETIC: Final = (
    "1 + 1", "2 + 3", "4 + 4", "5 + 2", "6 + 3", "7 + 5", "8 + 6", "9 + 9", "3 + 8", "10 + 7",
    "12 + 5", "15 + 15", "20 + 30", "24 + 13", "38 + 47", "5 - 2", "9 - 4", "7 - 7", "10 - 3", "13 - 6",
    "18 - 9", "20 - 5", "30 - 12", "50 - 25", "64 - 28", "2 * 3", "3 * 3", "4 * 5", "5 * 5", "6 * 4",
    "7 * 3", "8 * 2", "9 * 5", "7 * 8", "10 * 6", "6 / 2", "8 / 4", "10 / 5", "18 / 3", "56 / 7",
)  # fmt: skip
"""One step each; every result is a whole number from 0 to 99."""
_SHOWN: Final = "2 + 2 = 4\n9 - 3 = 6\n5 * 3 = 15\n12 / 4 = 3\n"
_GREETING: Final = 4
"""A turn of fewer words is taken for a greeting."""
_UNFILLED: Final = re.compile(r"\[|user \d", re.IGNORECASE)
_STORY_LINES: Final = 60
"""Longer stories do not fit beside their question into what the model was trained on."""


@dataclass(frozen=True)
class Choice:
    """A text to go on with, and what it may go on with. All `choices` end in the same mark, so none begins another."""

    prompt: str
    choices: tuple[str, ...]
    right: int


class Corpora:
    """The unpacked corpora.

    Args:
        folder: holds them, each in its own folder.

    Raises:
        UsageError: there is no such folder, or a file is not in it.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is None:
            raise UsageError("The corpora are needed.", "Name the folder that holds them: --corpora DIR")
        missing = [name for name in FILES if not (folder / name).is_file()]
        if missing:
            raise UsageError(
                f"{folder} lacks {', '.join(missing)}.", "Name the folder that the corpora were unpacked in."
            )
        self._folder = folder

    def _text(self, name: str) -> str:
        return (self._folder / name).read_text(encoding="utf-8")

    def talks(self) -> list[Talk]:
        """The held-out dialogues: small talk, then dialogues with a task."""
        return [*self.small_talk(), *self.task_talk()]

    def small_talk(self) -> list[Talk]:
        """Synthetic-Persona-Chat, its test part's first."""
        with (self._folder / PERSONAS).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))[:TALKS_EACH]
        return [[line.split(": ", 1)[-1] for line in row["Best Generated Conversation"].splitlines()] for row in rows]

    def task_talk(self) -> list[Talk]:
        """SGD, its dev part's last."""
        return [[text for _, text in json.loads(line)["t"]] for line in self._text(TASKS).splitlines()[-TALKS_EACH:]]

    def foreign_talk(self) -> list[Talk]:
        """RealTalk's sessions, messages in a row of one person joined; empty where the corpus is not there."""
        found = []
        for path in sorted((self._folder / FOREIGN).glob("Chat_*.json")):
            chat = json.loads(path.read_text(encoding="utf-8"))
            for name, session in chat.items():
                if re.fullmatch(r"session_\d+", name):
                    found.append(_joined((line["speaker"], line["clean_text"].strip()) for line in session))
        return [talk for talk in found if talk]

    def asked(self, count: int, turns: int) -> list[Talk]:
        """`turns` turns of the user from each of `count` dialogues, small talk and tasks in turn.

        Each begins with the dialogue's first turn of the user's that is more than a greeting, and no two begin alike.
        Left out are turns with something that was to be filled in ("Hi, I'm [User 1's name].", "I'm (user 1 name).").
        """
        kinds = []
        for talks, share in ((self.small_talk(), count - count // 2), (self.task_talk(), count // 2)):
            found: dict[str, Talk] = {}
            for talk in talks:
                said = [text.strip() for text in talk[::2] if not _UNFILLED.search(text)]
                while said and len(said[0].split()) < _GREETING:
                    said = said[1:]
                if len(said) >= turns:
                    found.setdefault(said[0], said[:turns])
            kinds.append(spread(list(found.values()), share))
        return [talk for pair in zip_longest(*kinds) for talk in pair if talk is not None]

    def wikitext(self) -> str:
        """WikiText-2's test part."""
        return self._text(WIKITEXT)

    def problems(self, count: int) -> list[tuple[str, float]]:
        """GSM8K: (problem, result), spread over those held out whose solution ends in an equation."""
        items = json.loads(self._text(PROBLEMS))[-PROBLEMS_HELD_OUT:]
        found = [(item["instruction"], number) for item in items if (number := solution(item["output"])) is not None]
        return spread(found, count)

    def stories(self, count: int, seed: int) -> list[Choice]:
        """bAbI: a story up to a question, to be gone on with by one of the answers of the whole file."""
        asked = [
            (story, answer)
            for story, answer in _questions(self._text(STORIES).splitlines())
            if story.count("\n") < _STORY_LINES
        ]
        answers = sorted({answer for _, answer in asked})
        choices = tuple(f" {answer}." for answer in answers)
        chosen = random.Random(seed).sample(asked, min(count, len(asked)))
        return [Choice(story, choices, answers.index(answer)) for story, answer in chosen]


def _joined(lines: Iterable[tuple[str, str]]) -> Talk:
    """What is said, without who says it; what one person says in a row is one turn."""
    said = [(speaker, text) for speaker, text in lines if text]
    return [" ".join(text for _, text in turn) for _, turn in groupby(said, lambda line: line[0])]


def _questions(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(story with its earlier questions answered, answer), in the layout of the training text."""
    story: list[str] = []
    for line in lines:
        number, _, text = line.partition(" ")
        if number == "1":
            story = []
        question, *answer = text.split("\t")
        if answer:
            yield "\n".join([*story, question.strip()]), answer[0]
            story.append(f"{question.strip()} {answer[0]}.")
        else:
            story.append(text)


def arithmetic(count: int | None = None) -> list[Choice]:
    """`ARITHMETIC` behind four examples; the choices are the numbers from 0 to 99."""
    choices = tuple(f" {number}\n" for number in range(100))
    return [Choice(f"{_SHOWN}{task} =", choices, _value(task)) for task in spread(ARITHMETIC, count)]


def _value(task: str) -> int:
    left, sign, right = task.split()
    a, b = int(left), int(right)
    return {"+": a + b, "-": a - b, "*": a * b, "/": a // b}[sign]


def solution(text: str) -> float | None:
    r"""What stands behind the last "=" of a solution's last line; None where that is no number.

    >>> solution("5 days * 30 = 150 minutes\n150 + 60 = 210 minutes in 1 week")
    210.0
    """
    last = text.strip().rpartition("\n")[2]
    found = re.match(r"\s*\$?(-?\d[\d,]*(?:\.\d+)?)", last.rpartition("=")[2]) if "=" in last else None
    return float(found.group(1).replace(",", "")) if found else None


def final_number(text: str) -> float | None:
    """The last number in a text, None when there is none.

    >>> final_number("She pays $1,200.50 in all.")
    1200.5
    """
    found = re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)
    return float(found[-1].replace(",", "")) if found else None


def spread(items: Sequence[T], count: int | None) -> list[T]:
    """`count` of the items, at equal distances; all of them for None."""
    if count is None or count >= len(items):
        return list(items)
    return [items[place * len(items) // count] for place in range(count)]
