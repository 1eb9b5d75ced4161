"""`techo message show | delete`."""

from __future__ import annotations

from argparse import Namespace

from engine.cli.connection import connect
from engine.cli.console import EXIT_OK, Console, counted
from engine.cli.conversations import messages_text
from engine.protocol import MessageDeleted, MessageId, MessageList


def show(options: Namespace, console: Console) -> int:
    """The branch with this message is the one that goes on."""
    with connect(options, console) as engine:
        found = engine.call("message.show", MessageId(message=options.message), MessageList)
    console.result(found, messages_text(found.messages))
    return EXIT_OK


def delete(options: Namespace, console: Console) -> int:
    """Deletes a message. With the end of this command its engine erases it: there is no undo here, so it asks."""
    if not options.yes:
        console.confirm(
            f"Deleting message {options.message} loses it and all that was said after it in its branch, for good. "
            "What was learned from it stays learned.",
            yes=False,
        )
    with connect(options, console) as engine:
        gone = engine.call("message.delete", MessageId(message=options.message), MessageDeleted)
    count = counted(gone.messages, "message")
    result = {"ok": True, "message": gone.message, "conversation": gone.conversation, "messages": gone.messages}
    console.result(result, f"Deleted {count}. What was learned from it stays learned (techo memory journal).")
    return EXIT_OK
