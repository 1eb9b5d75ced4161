"""`techo conversation list | rename | pin | learn | delete | search | show | export`."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import Literal

from engine.cli.connection import Connection, connect, written
from engine.cli.console import EXIT_OK, Console, UsageError, counted, table
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    Conversation,
    ConversationDeleted,
    ConversationExport,
    ConversationId,
    ConversationLearn,
    ConversationList,
    ConversationMessages,
    ConversationPin,
    ConversationRename,
    ConversationSearch,
    Hit,
    HitList,
    Message,
    MessageList,
)


def list_conversations(options: Namespace, console: Console) -> int:
    """Every conversation of the profile, the pinned ones first."""
    with connect(options, console) as engine:
        found = engine.call("conversation.list", None, ConversationList).conversations
    found.sort(key=lambda one: not one.pinned)
    rows = [
        [
            str(one.id),
            "*" if one.pinned else "",
            "" if one.learns else "off",
            _minute(one.updated),
            str(one.messages),
            one.title,
        ]
        for one in found
    ]
    text = (
        table(["id", "pin", "learn", "last said", "messages", "title"], rows) if rows else "Nothing has been said yet."
    )
    console.result({"conversations": found}, text)
    return EXIT_OK


def rename(options: Namespace, console: Console) -> int:
    """Another title."""
    with connect(options, console) as engine:
        asked = ConversationRename(conversation=options.conversation, title=options.title)
        renamed = engine.call("conversation.rename", asked, Conversation)
    console.result(renamed, f'Conversation {renamed.id} is called "{renamed.title}" now.')
    return EXIT_OK


def pin(options: Namespace, console: Console) -> int:
    """Kept at the top of the list, or no longer."""
    with connect(options, console) as engine:
        asked = ConversationPin(conversation=options.conversation, pinned=not options.off)
        pinned = engine.call("conversation.pin", asked, Conversation)
    console.result(
        pinned, f'Conversation {pinned.id}, "{pinned.title}", is {"" if pinned.pinned else "not "}pinned now.'
    )
    return EXIT_OK


def learn(options: Namespace, console: Console) -> int:
    """Whether what is said in it from now on is learned."""
    with connect(options, console) as engine:
        asked = ConversationLearn(conversation=options.conversation, learn=options.switch == "on")
        changed = engine.call("conversation.learn", asked, Conversation)
    what = "is learned" if changed.learns else "is not learned; the memory is still read"
    console.result(changed, f'What is said in conversation {changed.id}, "{changed.title}", {what} from now on.')
    return EXIT_OK


def delete(options: Namespace, console: Console) -> int:
    """Deletes a conversation. With the end of this command its engine erases it: there is no undo here, so it asks."""
    with connect(options, console) as engine:
        if not options.yes:
            found = _conversation(engine, options.conversation)
            messages = counted(found.messages, "message")
            console.confirm(
                f'Deleting conversation {found.id}, "{found.title}", loses {messages}, for good. What was learned from '
                "it stays learned.",
                yes=False,
            )
        asked = ConversationId(conversation=options.conversation)
        gone = engine.call("conversation.delete", asked, ConversationDeleted)
    result = {"ok": True, "conversation": gone.conversation, "title": gone.title, "messages": gone.messages}
    console.result(result, f'Deleted "{gone.title}". What was learned from it stays learned (techo memory journal).')
    return EXIT_OK


def _conversation(engine: Connection, identifier: int) -> Conversation:
    for found in engine.call("conversation.list", None, ConversationList).conversations:
        if found.id == identifier:
            return found
    raise EngineError(
        f"There is no conversation {identifier}.",
        "See the list (techo conversation list).",
        code=ErrorCode.CONVERSATION_NOT_FOUND,
    )


def show(options: Namespace, console: Console) -> int:
    """What was said, oldest first."""
    with connect(options, console) as engine:
        asked = ConversationMessages(conversation=options.conversation, every=options.every)
        found = engine.call("conversation.messages", asked, MessageList)
    console.result(found, messages_text(found.messages))
    return EXIT_OK


def messages_text(messages: list[Message]) -> str:
    """The messages with their numbers, and which version of how many each is."""
    parts = []
    for message in messages:
        who = {"user": "you", "assistant": "Techo"}.get(message.role, message.role)
        heading = f"message {message.id}, {_minute(message.created)}, {who}"
        if message.versions:
            place = message.versions.index(message.id) + 1
            numbers = ", ".join(str(version) for version in message.versions)
            heading += f", version {place} of {len(message.versions)} ({numbers})"
        parts.append(f"{heading}:\n{message.content}")
    return "\n\n".join(parts) or "Nothing has been said here."


def export(options: Namespace, console: Console) -> int:
    """Writes one conversation to a file."""
    named: Literal["markdown", "json"] = "json" if options.file.suffix.lower() == ".json" else "markdown"
    kind: Literal["markdown", "json"] = options.format or named
    with connect(options, console) as engine:
        asked = ConversationExport(
            conversation=options.conversation,
            path=str(options.file.absolute()),
            format=kind,
            overwrite=options.overwrite,
        )
        done = written(engine, "conversation.export", asked)
    console.result(done, f"Exported to {done.path} ({done.bytes:,} bytes).")
    return EXIT_OK


def search(options: Namespace, console: Console) -> int:
    """The messages that contain every word, newest first."""
    query = " ".join(options.words)
    if not query.strip():
        raise UsageError("There is nothing to search for.", "Name a word: techo conversation search dentist")
    with connect(options, console) as engine:
        asked = ConversationSearch(query=query, limit=options.limit, before=options.before)
        found = engine.call("conversation.search", asked, HitList)
    console.result(found, _hits_text(found, coloured=console.stdout.isatty() and not os.environ.get("NO_COLOR")))
    return EXIT_OK


def _hits_text(found: HitList, *, coloured: bool) -> str:
    if not found.hits:
        return "Nothing was found."
    lines = []
    for hit in found.hits:
        who = "you" if hit.role == "user" else "Techo"
        lines.append(f"conversation {hit.conversation}, message {hit.message}, {_minute(hit.created)}: {hit.title}")
        lines.append(f"    {who}: {_marked(hit) if coloured else hit.snippet}")
    if found.more:
        lines.append(f"There is more: add --before {found.hits[-1].message}, or a greater --limit.")
    return "\n".join(lines)


def _marked(hit: Hit) -> str:
    text, end = "", 0
    for begin, after in hit.marks:
        text += f"{hit.snippet[end:begin]}\x1b[1m{hit.snippet[begin:after]}\x1b[0m"
        end = after
    return text + hit.snippet[end:]


def _minute(stamp: str) -> str:
    return stamp[:16].replace("T", " ")
