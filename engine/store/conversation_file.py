"""One conversation as a file: Markdown to be read by people, or JSON for other programs.

    Markdown   the branch that is shown, each message under a heading with who said it and when
    JSON       every message with its parent, and the branch that is shown:

        {"format": "techo-conversation", "version": "1.1", "exported": "2026-02-03T04:05:06.789Z",
         "conversation": {"id": 1, "title": "...", "created": "...", "updated": "...", "pinned": false,
         "learns": true},
         "shown": [1, 2], "messages": [{"id": 1, "parent": 0, "role": "user", "content": "...", "created": "...",
         "finish": null}, ...]}

A parent of 0 is none; messages with the same parent are versions of each other. Times are ISO 8601, UTC, in JSON, and
those of this computer in Markdown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from engine.store.files import Files, disk_errors, replacing
from engine.store.records import ConversationRecord, MessageRecord

Kind = Literal["markdown", "json"]
VERSION: Final = "1.1"
"""New in 1.1: `learns`, whether what is said in the conversation is learned."""


@dataclass(frozen=True, slots=True)
class Speakers:
    """What a Markdown file calls the two, in the language of whoever asked for it."""

    you: str = "You"
    techo: str = "Techo"


def write(files: Files, path: Path, text: str) -> int:
    """Writes the file, atomically; returns its size. An existing one is replaced."""
    data = text.encode()
    with disk_errors("export the conversation", path), replacing(files, path) as file:
        file.write(data)
    return len(data)


def to_markdown(conversation: ConversationRecord, shown: Sequence[MessageRecord], speakers: Speakers) -> str:
    """The branch that is shown, as Markdown."""
    return "\n\n".join(_sections(conversation, shown, speakers)) + "\n"


def _sections(conversation: ConversationRecord, shown: Sequence[MessageRecord], speakers: Speakers) -> Iterator[str]:
    names = {"user": speakers.you, "assistant": speakers.techo, "system": "System"}
    yield f"# {conversation.title or _here(conversation.created)}"
    for message in shown:
        yield f"## {names[message.role]}\n\n*{_here(message.created)}*"
        yield message.content.strip("\n")


def to_json(
    conversation: ConversationRecord, messages: Sequence[MessageRecord], shown: Sequence[int], exported: str
) -> str:
    """All of it, as JSON.

    Args:
        conversation: Which.
        messages: Every version of every message, ids ascending.
        shown: Ids of the branch that is shown.
        exported: This moment.
    """
    document = {
        "format": "techo-conversation",
        "version": VERSION,
        "exported": exported,
        "conversation": {
            "id": conversation.id,
            "title": conversation.title,
            "created": conversation.created,
            "updated": conversation.updated,
            "pinned": conversation.pinned,
            "learns": conversation.learns,
        },
        "shown": list(shown),
        "messages": [
            {
                "id": message.id,
                "parent": message.parent,
                "role": message.role,
                "content": message.content,
                "created": message.created,
                "finish": message.finish,
            }
            for message in messages
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _here(stamp: str) -> str:
    """A moment as a clock here shows it; as it stands when it was damaged on disk."""
    try:
        return datetime.fromisoformat(stamp).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return stamp
