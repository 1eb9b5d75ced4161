"""PrefEval (arXiv 2502.09597): a preference, a later question that does not name it, four replies, one respecting it.

One episode is one person with one preference of each topic: at most twenty, since two preferences about restaurants
would be two people's. A question is a choice by likelihood between the four replies; chance is 0.25. `prefeval`: the
preference is told in a sentence. `prefeval-implicit`: it shows only in which option the user took ("The salad bar
sounds good. The other options don't work for me"), in the data's own dialogue.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.benchmarks.evidence.making import Draft, Record, needed

EPISODES = 40


def prefeval(corpora: Path, seed: int) -> Iterator[Draft]:
    """Preferences told in a sentence."""
    for place, items in enumerate(_people(needed(corpora / "prefeval" / "mcq_options"), seed)):
        told = [
            [("user", item["preference"]), ("assistant", "I understand. I'll keep that in mind.")] for item in items
        ]
        questions = [
            _choice(item, item["classification_task_options"], item["classification_task_options"][0], seed)
            for item in items
        ]
        yield Draft(f"prefeval-{seed}-{place}", told, questions)


def prefeval_implicit(corpora: Path, seed: int) -> Iterator[Draft]:
    """Preferences that show in a choice; the questions' replies come from the explicit part, item by item."""
    folder = needed(corpora / "prefeval" / "implicit_preference" / "choice-based")
    options: dict[tuple[str, str], list[str]] = {}
    for path in sorted((corpora / "prefeval" / "mcq_options").glob("*.json")):
        for item in json.loads(path.read_text(encoding="utf-8")):
            options[item["preference"], item["question"]] = item["classification_task_options"]
    for place, items in enumerate(_people(folder, seed)):
        told, questions = [], []
        for item in items:
            replies = options.get((item["preference"], item["question"]))
            if replies is None:
                continue
            talk = item["conversation"]
            told.append(
                [
                    ("user", talk["query"]),
                    ("assistant", talk["assistant_options"]),
                    ("user", talk["user_selection"]),
                    ("assistant", talk["assistant_acknowledgment"]),
                ]
            )
            questions.append(_choice(item, replies, replies[0], seed))
        yield Draft(f"prefeval-implicit-{seed}-{place}", told, questions)


def _people(folder: Path, seed: int) -> Iterator[list[Any]]:
    """`EPISODES` people: one item of each topic."""
    topics = [
        Random(f"{seed}:{path.name}").sample(items, len(items))
        for path in sorted(folder.glob("*.json"))
        if " copy" not in path.name  # the file of another topic once more
        and (items := json.loads(path.read_text(encoding="utf-8")))
    ]
    rng = Random(f"{seed}:prefeval")
    for place in range(EPISODES):
        items = [topic[place] for topic in topics if place < len(topic)]
        yield rng.sample(items, len(items))


def _choice(item: Record, replies: list[str], right: str, seed: int) -> Record:
    # In the data the right reply is always the first.
    options = Random(f"{seed}:{item['question']}").sample(replies, len(replies))
    return {"q": item["question"], "answers": [right], "kind": "choice", "options": options}
