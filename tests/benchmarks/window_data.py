"""A profile with a conversation of many messages, as the scripted engine keeps it: prose, lists, tables, code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from tests.app.scripted_engine import NOW

ASKED: Final = (
    "What did I tell you about the harbour?",
    "京都への旅行の予定をまとめてください。",
    "Can you explain that in a few more words, with an example? I did not follow the second step at all.",
    "Thanks.",
)
ANSWERED: Final = (
    "Your sister Aino works at the harbour office, and her locker there is number 417.",
    "Here is what I would do:\n\n1. Take the early train.\n2. Leave the bags at the station.\n"
    "3. Walk along the river.\n\n"
    "It takes **about an hour**, and there is a café half-way. "
    + "You told me that you like to sit by the water. "
    * 4,
    "| day | place | train |\n|---|---|---|\n| Monday | Kyoto | 9:12 |\n| Tuesday | Nara | 8:40 |\n\nShall I go on?",
    "```python\ndef greet(name: str) -> str:\n    # A comment, and some work.\n"
    "    words = [part.title() for part in name.split()]\n"
    "    return f'Hello, {\" \".join(words)}!'\n```\n\nCall it with a name; it returns a *greeting*.",
    "旅程は次のとおりです。月曜日に京都、火曜日に奈良へ行き、水曜日に戻ります。" * 3,
)


def conversation(number: int, messages: int, first: int, word: str = "") -> list[dict[str, Any]]:
    """So many messages in one line of replies; `word` stands in one of a hundred, to be searched for."""
    made = []
    for place in range(messages):
        user = place % 2 == 0
        texts = ASKED if user else ANSWERED
        content = f"{place + 1}. {texts[place // 2 % len(texts)]}"
        if word and place % 100 == 0:
            content += f" {word}"
        made.append(
            {
                "id": first + place,
                "parent": 0 if place == 0 else first + place - 1,
                "conversation": number,
                "role": "user" if user else "assistant",
                "content": content,
                "created": NOW,
                "finish": None if user else "stop",
            }
        )
    return made


def write_profile(folder: Path, name: str, messages: int, *, others: int = 40, word: str = "lighthouse") -> int:
    """A profile with one long conversation and some short ones -> the number of the long one."""
    conversations = {str(one): conversation(one, 4, 1000 + one * 10) for one in range(2, 2 + others)}
    number = 2 + others
    first = 100_000
    conversations[str(number)] = conversation(number, messages, first, word)
    profile = {
        "id": "id1",
        "conversations": conversations,
        "journal": [],
        "titles": {str(number): "The long one"},
        "pinned": [],
        "updated": {},
        "deleted": {},
        "leaf": {str(number): first + messages - 1},
    }
    data = {"profiles": {name: profile}, "next": 10_000_000}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scripted.json").write_text(json.dumps(data), encoding="utf-8")
    return number
