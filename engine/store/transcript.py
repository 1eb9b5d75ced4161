"""Conversations and their messages: what was said, as it was said.

Every change is durable on return. Messages are never rewritten but for a reply that is still being generated. A row
whose digest no longer holds is still shown (a person would rather have a spoilt message than none), and a notice says
so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.errors import ErrorCode, StoreError
from engine.store.database import Database
from engine.store.records import (
    FINISHES,
    ROLES,
    ConversationRecord,
    MessageRecord,
    clean_title,
    fingerprint,
    storable,
    title_of,
)

_CONVERSATION = """
SELECT id, title, created, updated, (SELECT count(*) FROM message WHERE conversation = conversation.id)
FROM conversation
"""
_MESSAGE = "SELECT id, conversation, role, content, created, finish, digest FROM message "


class Transcript:
    """The conversations of one profile."""

    def __init__(self, database: Database, notice: Callable[[str], None]) -> None:
        self._database = database
        self._notice = notice

    def create(self, title: str) -> ConversationRecord:
        """Begins a conversation."""
        db = self._database
        with db.transaction("begin a conversation"):
            now = db.now()
            db.run(
                "INSERT INTO conversation (title, created, updated, activity) VALUES (?, ?, ?, 0)",
                (clean_title(title), now, now),
            )
            identifier = int(db.value("SELECT last_insert_rowid()"))
            self._touch(identifier, now)
        return self.get(identifier)

    def get(self, identifier: int) -> ConversationRecord:
        """One conversation.

        Raises:
            StoreError: CONVERSATION_NOT_FOUND.
        """
        row = self._database.row(_CONVERSATION + "WHERE id = ?", (_row_id(identifier),))
        if row is None:
            raise _missing(identifier)
        return _conversation(row)

    def all(self) -> list[ConversationRecord]:
        """All conversations, the one that changed last first."""
        return [_conversation(row) for row in self._database.rows(_CONVERSATION + "ORDER BY activity DESC")]

    def rename(self, identifier: int, title: str) -> ConversationRecord:
        """Gives a conversation another title; its place in the list stays."""
        with self._database.transaction("rename the conversation"):
            self.get(identifier)
            self._database.run("UPDATE conversation SET title = ? WHERE id = ?", (clean_title(title), identifier))
        return self.get(identifier)

    def delete(self, identifier: int) -> None:
        """Deletes a conversation with its messages, for good. What was learned from it stays learned."""
        with self._database.transaction("delete the conversation"):
            self.get(identifier)
            self._database.run("DELETE FROM conversation WHERE id = ?", (identifier,))
        self._database.scrub()

    def append(self, conversation: int, role: str, content: str, finish: str | None) -> MessageRecord:
        """Adds a message. When this returns, it survives a crash."""
        _check(role, finish)
        content = storable(content)
        db = self._database
        with db.transaction("save the message"):
            self.get(conversation)
            now = db.now()
            identifier = db.next_id("message")
            db.run(
                "INSERT INTO message (id, conversation, role, created, finish, digest, content) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    identifier,
                    conversation,
                    role,
                    now,
                    finish,
                    _digest(identifier, conversation, role, now, finish, content),
                    content,
                ),
            )
            self._touch(conversation, now)
        return MessageRecord(identifier, conversation, role, content, now, finish)

    def update(self, identifier: int, content: str, finish: str | None) -> MessageRecord:
        """Replaces the text of a message that is (or was) being generated."""
        content = storable(content)
        db = self._database
        with db.transaction("save the reply"):
            row = db.row("SELECT conversation, role, created FROM message WHERE id = ?", (_row_id(identifier),))
            if row is None:
                raise StoreError(
                    f"There is no message {identifier}.",
                    "It was deleted with its conversation.",
                    code=ErrorCode.CONVERSATION_NOT_FOUND,
                )
            conversation, role, created = row
            _check(role, finish)
            db.run(
                "UPDATE message SET content = ?, finish = ?, digest = ? WHERE id = ?",
                (content, finish, _digest(identifier, conversation, role, created, finish, content), identifier),
            )
            self._touch(conversation, db.now())
        return MessageRecord(identifier, conversation, role, content, created, finish)

    def erase(self, messages: Sequence[int]) -> int:
        """Takes messages of the person and the replies to them out (inside a transaction) -> how many went.

        A conversation that nothing is left of goes as a whole; a title made from what went is made anew.
        """
        gone = 0
        for identifier in messages:
            row = self._database.row("SELECT conversation, content FROM message WHERE id = ?", (_row_id(identifier),))
            if row is None:
                continue
            conversation, content = row
            following = self._database.row(
                "SELECT id, role FROM message WHERE conversation = ? AND id > ? ORDER BY id LIMIT 1",
                (conversation, identifier),
            )
            gone += self._database.run("DELETE FROM message WHERE id = ?", (identifier,))
            if following is not None and following[1] == "assistant":
                gone += self._database.run("DELETE FROM message WHERE id = ?", (following[0],))
            self._retitle(conversation, content)
        return gone

    def _retitle(self, conversation: int, gone: str) -> None:
        """After `gone` has been erased from a conversation."""
        left = self._database.row(
            "SELECT content FROM message WHERE conversation = ? ORDER BY role = 'user' DESC, id LIMIT 1",
            (conversation,),
        )
        if left is None:
            self._database.run("DELETE FROM conversation WHERE id = ?", (conversation,))
        elif self.get(conversation).title == clean_title(title_of(gone)):
            self._database.run(
                "UPDATE conversation SET title = ? WHERE id = ?", (clean_title(title_of(left[0])), conversation)
            )

    def messages(self, conversation: int) -> list[MessageRecord]:
        """All messages of a conversation, oldest first."""
        self.get(conversation)
        rows = self._database.rows(_MESSAGE + "WHERE conversation = ? ORDER BY id", (conversation,))
        return [self._record(row) for row in rows]

    def has_message(self, identifier: int) -> bool:
        """Whether there is such a message."""
        return self._database.value("SELECT 1 FROM message WHERE id = ?", (_row_id(identifier),)) is not None

    def page(self, after: int, limit: int) -> list[MessageRecord]:
        """Messages of all conversations in the order of their ids, for the export."""
        # After a flipped byte a message may name a conversation that does not exist; nothing can show it.
        belongs = "conversation IN (SELECT id FROM conversation)"
        rows = self._database.rows(_MESSAGE + f"WHERE id > ? AND {belongs} ORDER BY id LIMIT ?", (after, limit))
        return [self._record(row) for row in rows]

    def conversation_page(self, after: int, limit: int) -> list[tuple[int, str, str, str, int]]:
        """`(id, title, created, updated, activity)` in the order of ids, for the export."""
        rows = self._database.rows(
            "SELECT id, title, created, updated, activity FROM conversation WHERE id > ? ORDER BY id LIMIT ?",
            (after, limit),
        )
        return [(row[0], str(row[1]), str(row[2]), str(row[3]), row[4]) for row in rows]

    def restore_conversation(self, identifier: int, title: str, created: str, updated: str, activity: int) -> None:
        """Puts back a conversation as an export holds it (inside a transaction)."""
        self._database.run(
            "INSERT INTO conversation (id, title, created, updated, activity) VALUES (?, ?, ?, ?, ?)",
            (identifier, clean_title(title), created, updated, activity),
        )

    def restore_message(self, message: MessageRecord) -> None:
        """Puts back a message as an export holds it (inside a transaction)."""
        digest = _digest(
            message.id, message.conversation, message.role, message.created, message.finish, message.content
        )
        self._database.run(
            "INSERT INTO message (id, conversation, role, created, finish, digest, content) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (message.id, message.conversation, message.role, message.created, message.finish, digest, message.content),
        )

    def _record(self, row: Any) -> MessageRecord:
        identifier, conversation, role, content, created, finish, digest = row
        try:
            holds = digest == _digest(identifier, conversation, role, created, finish, content)
        except (TypeError, AttributeError):  # a flipped byte can change a value's type as well
            holds = False
        if not holds:
            self._notice(f"Message {identifier} was damaged on disk; its text may not be what was said.")
            role = role if role in ROLES else "user"
            finish = finish if finish in FINISHES else "cancelled"
            content, created = str(content), str(created)
        return MessageRecord(identifier, conversation, role, content, created, finish)

    def _touch(self, conversation: int, now: str) -> None:
        self._database.run(
            "UPDATE conversation SET updated = ?, activity = (SELECT max(activity) + 1 FROM conversation) WHERE id = ?",
            (now, conversation),
        )


def _conversation(row: Any) -> ConversationRecord:
    identifier, title, created, updated, messages = row
    return ConversationRecord(identifier, str(title), str(created), str(updated), messages)


def _check(role: str, finish: str | None) -> None:
    if role not in ROLES:
        raise ValueError(f"role {role!r}")
    if finish is not None and finish not in FINISHES:
        raise ValueError(f"finish {finish!r}")


def _row_id(identifier: int) -> int:
    """An id SQLite can look up: a number beyond 64 bits is no row's, and must not be an overflow either."""
    return identifier if -(2**63) <= identifier < 2**63 else -1


def _missing(conversation: int) -> StoreError:
    return StoreError(
        f"There is no conversation {conversation}.",
        "Choose one from the list, or begin a new one.",
        code=ErrorCode.CONVERSATION_NOT_FOUND,
    )


def _digest(identifier: int, conversation: int, role: str, created: str, finish: str | None, content: str) -> bytes:
    return fingerprint(identifier, role, created, finish, content)
