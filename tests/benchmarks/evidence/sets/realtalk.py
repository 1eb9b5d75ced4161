"""RealTalk (arXiv 2502.13270): ten real chats of three weeks each, with questions and the messages that answer them.

One episode a person and chat: that person's messages are the user's turns (the memory learns no others), the other's
are the replies. Of the 728 questions a good many ask what a memory of one person's words cannot be asked, or cannot be
scored by containment. Kept are those whose evidence was all said by that person, whose answer has five words at most,
is no list and no yes or no, and stands in the evidence to the letter. Left out are above all dates reckoned from the
time of a message (nobody said them), sums over many messages, and judgements ("what do they have in common?").

The questions speak of the person by name. Where a rule turns that into the first person ("did Kevin watch" -> "did I
watch") it is turned, as one asks one's own assistant; the rest stand as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.cli.evaluation.scoring import contains
from tests.benchmarks.evidence.making import Draft, Record, alternating, needed, wordings

ALIASES = {"Emi": ("Kate", "Emi"), "elise": ("Elise", "Eliza"), "Fahim Khan": ("Fahim Khan", "Fahim")}
"""What the questions call a speaker, where that is not the speaker's name in the file."""

_VERBS = {"did": "did I", "does": "do I", "do": "do I", "is": "am I", "was": "was I", "has": "have I", "will": "will I"}


def first_person(question: str, names: tuple[str, ...]) -> str:
    """The question as the person would ask it; unchanged where that takes more than the rule.

    >>> first_person("What did Kevin buy with his sister?", ("Kevin",))
    'What did I buy with my sister?'
    """
    turned = question
    for name in names:
        turned = re.sub(
            rf"\b({'|'.join(_VERBS)}) {name}\b(?!'|\u2019| and )", lambda found: _VERBS[found[1].lower()], turned
        )
        turned = re.sub(rf"\b{name}(?:'s|\u2019s) ", "my ", turned)
        turned = re.sub(rf"(\b(?:before|after|when|while|since|that)) {name} (?=\w+ed\b|got\b|had\b)", r"\1 I ", turned)
    if turned == question or any(re.search(rf"\b{name}\b", turned) for name in names):
        return question
    turned = re.sub(r"\b(?:his|her)\b(?= [a-z])", "my", turned)
    return re.sub(r"\b(?:he|she)\b(?= (?:\w+ed|got|had)\b)", "I", turned)


def realtalk(corpora: Path, seed: int) -> Iterator[Draft]:
    """Two episodes a chat. `seed` decides nothing here."""
    del seed
    for path in sorted(needed(corpora / "realtalk").glob("Chat_*.json")):
        chat = json.loads(path.read_text(encoding="utf-8"))
        sessions = [chat[key] for key in sorted(filter(_is_session, chat), key=lambda key: int(key.split("_")[1]))]
        said = {message["dia_id"]: message for session in sessions for message in session}
        for person in dict.fromkeys(message["speaker"] for message in said.values()):
            told = [
                alternating(
                    ("user" if message["speaker"] == person else "assistant", message["clean_text"])
                    for message in session
                )
                for session in sessions
            ]
            names = ALIASES.get(person, (person,))
            questions = [asked for one in chat["qa"] if (asked := _question(one, said, person, names)) is not None]
            yield Draft(f"{path.stem}-{person}", [turns for turns in told if turns], questions)


def _is_session(key: str) -> bool:
    return re.fullmatch(r"session_\d+", key) is not None


def _question(qa: Record, said: dict[str, Any], person: str, names: tuple[str, ...]) -> Record | None:
    evidence = [place for entry in qa["evidence"] for place in re.split(r"[;,.\s]+", entry) if place]
    if not evidence or not all(place in said for place in evidence):
        return None
    answer = str(qa["answer"]).strip().rstrip(".")
    if len(answer.split()) > 5 or "," in answer or answer.lower() in ("yes", "no"):
        return None
    if any(said[place]["speaker"] != person for place in evidence):
        return None
    if not any(contains(said[place]["clean_text"], answer) for place in evidence):
        return None
    return {
        "q": first_person(qa["question"], names),
        "answers": wordings(answer),
        "kind": "fact",
        "source": qa["question"],
    }
