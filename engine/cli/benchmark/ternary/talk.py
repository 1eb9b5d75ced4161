"""How the models talk: degenerate loops, repetition, and a page of dialogues for a human eye."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from engine.cli.benchmark.ternary.contenders import Contender
from engine.cli.benchmark.ternary.corpora import Talk
from engine.protocol import Sampling, TurnSend

LONGEST_UNIT: Final = 8
"""Words of the longest n-gram that is looked for in a row."""
ROW: Final = 4
"""So often in a row the same n-gram is a loop."""
GRAM: Final = 4
FEWEST_GRAMS: Final = 16
"""A reply with fewer 4-grams is too short to speak of their repetition."""

_WORD: Final = re.compile(r"\w+(?:['’]\w+)*|([^\w\s])\1{0,7}")


def words(text: str) -> list[str]:
    """Words in small letters and marks; a row of one mark ("...", "!!!!") is one, eight of them at most.

    So emphasis is no loop, and a reply of nothing but stars, 32 in a row, is.
    """
    return [found.group().lower() for found in _WORD.finditer(text)]


def looping_unit(text: str) -> str | None:
    """What a reply repeats `ROW` times or more in a row: the shortest such n-gram of 1 to `LONGEST_UNIT` words.

    >>> looping_unit("I am sure. I am sure. I am sure. I am sure.")
    'i am sure .'
    """
    found = words(text)
    for size in range(1, LONGEST_UNIT + 1):
        alike = 0  # words in a row that equal the one a unit before
        for place in range(size, len(found)):
            alike = alike + 1 if found[place] == found[place - size] else 0
            if alike >= size * (ROW - 1):
                return " ".join(found[place - size + 1 : place + 1])
    return None


def repeated_share(text: str) -> float:
    """The share of the reply's 4-grams that it has said before; 0 for short replies."""
    grams = _grams(words(text), GRAM)
    return 1 - len(set(grams)) / len(grams) if len(grams) >= FEWEST_GRAMS else 0.0


def degenerate(text: str) -> bool:
    """Whether a reply is caught in a loop: an n-gram again and again in a row, or over half its 4-grams repeated."""
    return looping_unit(text) is not None or repeated_share(text) > 0.5


def _grams(found: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(found[place : place + size]) for place in range(len(found) - size + 1)]


def summarise_replies(replies: Sequence[str]) -> dict[str, Any]:
    """How repetitive some replies are, each by itself and all together.

    Returns:
        `replies` (how many), `degenerate` (how many of them), `loops` (those), `repeated` (mean share of 4-grams said
        before in the reply), `distinct_1`, `distinct_2` (different n-grams of all, over all replies), `words` (mean
        length), `empty` (how many).
    """
    said = [words(reply) for reply in replies]
    single = [gram for one in said for gram in _grams(one, 1)]
    double = [gram for one in said for gram in _grams(one, 2)]
    loops = [reply for reply in replies if degenerate(reply)]
    return {
        "replies": len(replies),
        "degenerate": len(loops),
        "loops": loops,
        "repeated": round(sum(map(repeated_share, replies)) / max(1, len(replies)), 4),
        "distinct_1": round(len(set(single)) / max(1, len(single)), 4),
        "distinct_2": round(len(set(double)) / max(1, len(double)), 4),
        "words": round(sum(map(len, said)) / max(1, len(replies)), 1),
        "empty": sum(not one for one in said),
    }


def reply_to(
    one: Contender,
    data_dir: Path,
    prompts: Sequence[str],
    *,
    threads: int | None,
    temperature: float,
    tokens: int,
    seed: int,
) -> list[str]:
    """The engine's reply to each prompt, in a conversation of its own and with an empty memory."""
    with one.engines(data_dir, threads).open(f"{one.name}-turns") as engine:
        return [
            engine.turn(
                TurnSend(
                    text=prompt,
                    sampling=Sampling(temperature=temperature, seed=seed + place, max_tokens=tokens),
                    learn=False,
                )
            ).reply
            for place, prompt in enumerate(prompts)
        ]


def converse(
    one: Contender,
    data_dir: Path,
    talks: Sequence[Talk],
    *,
    threads: int | None,
    tokens: int,
    note: Callable[[int], None],
) -> list[list[str]]:
    """The replies in whole conversations, as the app has them: greedy, learning, each with a new person."""
    found = []
    for number, turns in enumerate(talks):
        note(number)
        replies = []
        with one.engines(data_dir, threads).open(f"{one.name}-talk-{number}") as engine:
            conversation: int | None = None
            for text in turns:
                sampling = Sampling(max_tokens=tokens)
                done = engine.turn(TurnSend(text=text, conversation=conversation, sampling=sampling))
                conversation = done.conversation
                replies.append(done.reply)
        found.append(replies)
    return found


def page(talks: Sequence[Talk], replies: dict[str, list[list[str]]]) -> str:
    """The dialogues as Markdown, one model beside the other."""
    names = list(replies)
    lines = [
        "# Sample dialogues",
        "",
        "What the user says is taken from held-out dialogues and was not written in answer to these replies. Greedy, "
        "with the memory on, each dialogue in a new profile.",
    ]
    for number, turns in enumerate(talks):
        lines += ["", f"## {number + 1}", "", f"| user | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
        for place, text in enumerate(turns):
            cells = [text, *[replies[name][number][place] for name in names]]
            lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.strip().replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>")
