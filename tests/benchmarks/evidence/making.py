"""What all converters share: the shape of an episode, sampling by seed, the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

Record = dict[str, Any]


@dataclass
class Draft:
    """An episode as a converter found it: everything that was said, and every question that the rules allow.

    Attributes:
        name: its id.
        sessions: lists of (role, text).
        questions: in the episode format.
    """

    name: str
    sessions: list[list[tuple[str, str]]] = field(default_factory=list)
    questions: list[Record] = field(default_factory=list)

    def record(self, questions: Sequence[Record]) -> Record:
        """The episode with some of its questions."""
        sessions = [{"turns": [{"role": role, "content": text} for role, text in turns]} for turns in self.sessions]
        return {"id": self.name, "sessions": sessions, "questions": list(questions)}


def sample(drafts: Iterable[Draft], episodes: int, questions: int, seed: int) -> list[Record]:
    """`episodes` drafts by chance, and `questions` of theirs in all, spread as evenly as they allow."""
    rng = Random(f"{seed}:sample")
    found = [draft for draft in drafts if draft.questions]
    chosen = rng.sample(found, min(episodes, len(found)))
    shuffled = [rng.sample(draft.questions, len(draft.questions)) for draft in chosen]
    taken: list[list[Record]] = [[] for _ in chosen]
    while sum(map(len, taken)) < questions and any(shuffled):
        for place, left in enumerate(shuffled):
            if left and sum(map(len, taken)) < questions:
                taken[place].append(left.pop())
    return [draft.record(asked) for draft, asked in zip(chosen, taken, strict=True) if asked]


def alternating(messages: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(role, text) with neighbours of one role made into one message, beginning with the user."""
    turns: list[tuple[str, str]] = []
    for role, text in messages:
        text = " ".join(text.split())
        if not text or (not turns and role != "user"):
            continue
        if turns and turns[-1][0] == role:
            turns[-1] = role, f"{turns[-1][1]}\n{text}"
        else:
            turns.append((role, text))
    if turns and turns[-1][0] == "user":
        turns.append(("assistant", "I see."))  # said, so that no reply has to be generated
    return turns


_NUMBERS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_LEADING: Final = re.compile(r"(?:an?|the|in|at|for|since|my) ", re.IGNORECASE)


def wordings(value: str) -> list[str]:
    """The value, and in what other words it is as right: without its article or preposition, a number in digits."""
    bare = _LEADING.sub("", value, count=1) if _LEADING.match(value) else value
    found = [value, bare]
    if bare.lower() in _NUMBERS:
        found.append(str(_NUMBERS.index(bare.lower()) + 1))
    elif bare.isdigit() and 1 <= int(bare) <= len(_NUMBERS):
        found.append(_NUMBERS[int(bare) - 1])
    return list(dict.fromkeys(found))


def in_sessions(tellings: Sequence[tuple[str, str]], length: int) -> list[list[tuple[str, str]]]:
    """(said, reply) pairs cut into sessions of `length` turns."""
    return [
        [turn for said, reply in tellings[start : start + length] for turn in (("user", said), ("assistant", reply))]
        for start in range(0, len(tellings), length)
    ]


def write(records: Sequence[Record], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), encoding="utf-8")


def needed(path: Path) -> Path:
    """`path`, when it is there.

    Raises:
        FileNotFoundError: with what to do.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: unpack the corpus there (unpack.sh DEST NAME) and name DEST.")
    return path
