"""PersonaBench (Salesforce, 2025): six invented people, their chats with friends and with an assistant, questions.

One episode a person: both kinds of chat, in order of time, the person's messages as the user's turns. Purchase lists
are nobody's words and are left out. Kept are questions whose answer stands to the letter in the user's own messages of
the sessions that the data names as its source (much is only hinted at there: "as tall as me on tiptoe"). Of a list of
answers those that do are kept, and one of them is enough; values that the data marks as outdated are `stale`. "Which of
A and B describes me?" becomes a choice between the two words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.cli.evaluation.scoring import contains
from tests.benchmarks.evidence.making import Draft, Record, alternating, needed

COMMUNITIES = ("community_0", "community_1")
NOISE = "0.0"


def personabench(corpora: Path, seed: int) -> Iterator[Draft]:
    """One episode a person. `seed` decides nothing here."""
    del seed
    for community in COMMUNITIES:
        folder = needed(corpora / "personabench" / community)
        people = {one["Name"]: one["Eval_Info"]["qa"] for one in _load(folder / "eval_info_all.json")}
        sources = {one["q_id"]: one["segment_id"] for one in _load(folder / f"qa_gt_context_all_noise_{NOISE}.json")}
        talks = _load(folder / f"noise_{NOISE}" / "conversation_data_all.json")
        chats = {
            one["Name"]: one["Data"] for one in _load(folder / f"noise_{NOISE}" / "user_ai_interaction_data_all.json")
        }
        for person in talks:
            name = person["Name"]
            sessions = [(one, one["conversation"]) for friend in person["Data"] for one in friend["Conversations"]]
            sessions += [(one, one["user_ai_interaction"]) for one in chats.get(name, [])]
            sessions.sort(key=lambda one: datetime.strptime(one[0]["time"], "%Y/%b/%d/%I:%M %p"))
            told = [
                alternating(
                    ("user" if message["role"] in (name, "user") else "assistant", message["content"])
                    for message in messages
                )
                for _, messages in sessions
            ]
            said = {
                head["segment_id"]: " ".join(text for role, text in turns if role == "user")
                for (head, _), turns in zip(sessions, told, strict=True)
            }
            questions = [
                asked for qa in people[name] if (asked := _question(qa, sources.get(qa["q_id"], {}), said)) is not None
            ]
            yield Draft(f"{community}-{name}", [turns for turns in told if turns], questions)


def _load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _question(qa: Record, sources: dict[str, list[str]], said: dict[str, str]) -> Record | None:
    pair = re.search(r"choose between A: (.+) or B: (.+?)\. Answer", qa["question"])
    if pair is not None:
        options = [pair[1], pair[2]]
        right = options["AB".index(qa["answer"])]
        question = "Which word describes my personality?"
        return {"q": question, "answers": [right], "kind": "choice", "options": options}
    if qa["type"] == "Subjective":
        return None  # five letters of ten
    given = qa["answer"] if isinstance(qa["answer"], list) else [qa["answer"]]
    values = [str(value) for value in given if not isinstance(value, dict)]
    places = [place for segments in sources.values() for place in segments if place in said]
    answers = [value for value in values if any(contains(said[place], value) for place in places)]
    if not answers:
        return None
    question = qa["question"].partition(" E.g.,")[0]
    stale = [str(value) for value in qa["outdated_value"] or []]
    kind = "update" if stale else "fact"
    return {"q": question, "answers": answers, "kind": kind, **({"stale": stale} if stale else {})}
