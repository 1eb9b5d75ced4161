"""Conversations and their messages: what was said, as it was said.

A conversation is deleted in two steps. `delete` marks it: nothing shows it, finds it or exports it any more, and
`undelete` brings it back whole. `purge` then takes it out of the file for good, words of the search index included.

Every change is durable on return. Messages are never rewritten but for a reply that is still being generated. A row
whose digest no longer holds is still shown (a person would rather have a spoilt message than none), and a notice says
so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from engine.errors import ErrorCode, StateError, StoreError
from engine.store.database import Database
from engine.store.records import (
    FINISHES,
    ROLES,
    ConversationRecord,
    HitRecord,
    MessageRecord,
    clean_title,
    fingerprint,
    storable,
    title_of,
)
from engine.store.search import search

T = TypeVar("T")

UNDO_SECONDS: Final = 30.0
"""How long a deletion can be undone."""

_CONVERSATION = """
SELECT id, title, created, updated, (SELECT count(*) FROM message WHERE conversation = conversation.id), pinned
FROM conversation WHERE deleted IS NULL
"""
# After a flipped byte a message may name a conversation that does not exist; nothing can show it.
_BELONGS = "conversation IN (SELECT id FROM conversation WHERE deleted IS NULL)"
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
        row = self._database.row(_CONVERSATION + "AND id = ?", (_row_id(identifier),))
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

    def pin(self, identifier: int, pinned: bool) -> ConversationRecord:
        """Keeps a conversation at the top of the list, or no longer."""
        with self._database.transaction("pin the conversation"):
            self.get(identifier)
            self._database.run("UPDATE conversation SET pinned = ? WHERE id = ?", (int(pinned), identifier))
        return self.get(identifier)

    def delete(self, identifier: int) -> ConversationRecord:
        """Marks a conversation as deleted -> what it was. What was learned from it stays learned."""
        db = self._database
        with db.transaction("delete the conversation"):
            record = self.get(identifier)
            db.run("UPDATE conversation SET deleted = ? WHERE id = ?", (db.now(), identifier))
        return record

    def undelete(self, identifier: int) -> ConversationRecord:
        """Brings back a conversation that is marked as deleted; one that is there stays as it is.

        Raises:
            StoreError: CONVERSATION_NOT_FOUND, when it has been purged.
        """
        with self._database.transaction("bring back the conversation"):
            self._database.run("UPDATE conversation SET deleted = NULL WHERE id = ?", (_row_id(identifier),))
            return self.get(identifier)

    def deleted(self) -> int:
        """How many conversations are marked as deleted."""
        return int(self._database.value("SELECT count(*) FROM conversation WHERE deleted IS NOT NULL"))

    def purge(self, keep: float = 0.0) -> bool:
        """Takes the conversations marked as deleted out of the file, but those of the last `keep` seconds.

        One transaction. The index is made anew from the messages that are left: what FTS5 calls deleted would stay in
        it until its segments happen to be merged. A date in the future (the clock was set back) counts as long ago.

        Returns:
            Whether there was anything to purge; the caller then scrubs the log.
        """
        return self.deleted() > 0 and self.healing(lambda: self._purge(keep))

    def _purge(self, keep: float) -> bool:
        db = self._database
        gone = "SELECT id FROM conversation WHERE deleted IS NOT NULL AND NOT deleted BETWEEN ? AND ?"
        with db.transaction("delete the conversation"):
            span = (db.now(keep), db.now()) if keep else ("", "")
            if not db.rows(gone + " LIMIT 1", span):
                return False
            db.run(f"DELETE FROM message WHERE conversation IN ({gone})", span)
            db.run(f"DELETE FROM conversation WHERE id IN ({gone})", span)
            self._reindex()
        return True

    def search(self, query: str, limit: int, before: int | None) -> list[HitRecord]:
        """See `search.search`."""
        return self.healing(lambda: search(self._database, query, limit, before))

    def _reindex(self) -> None:
        self._database.run("INSERT INTO message_text (message_text) VALUES ('rebuild')")

    def healing(self, act: Callable[[], T]) -> T:
        """Does `act` again after a damaged search index has been made anew: it must keep nobody from being heard."""
        try:
            return act()
        except StateError as error:
            if getattr(error.__cause__, "sqlite_errorcode", None) != sqlite3.SQLITE_CORRUPT_VTAB:
                raise
        with self._database.transaction("repair the search"):
            # FTS5 may not even open what is damaged, so what it keeps is first replaced by what a new index has.
            self._database.run("DELETE FROM message_text_data")
            self._database.run("DELETE FROM message_text_idx")
            self._database.run("INSERT INTO message_text_data (id, block) VALUES (1, x''), (10, x'00000000000000')")
            self._reindex()
        self._notice("The index for searching your chats was damaged. It was made anew from them; nothing is missing.")
        return act()

    def append(self, conversation: int, role: str, content: str, finish: str | None) -> MessageRecord:
        """Adds a message. When this returns, it survives a crash."""
        return self.healing(lambda: self._append(conversation, role, content, finish))

    def _append(self, conversation: int, role: str, content: str, finish: str | None) -> MessageRecord:
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
        return self.healing(lambda: self._update(identifier, content, finish))

    def _update(self, identifier: int, content: str, finish: str | None) -> MessageRecord:
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
        if gone:
            self._reindex()  # see `purge`
        return gone

    def _retitle(self, conversation: int, gone: str) -> None:
        """After `gone` has been erased from a conversation."""
        left = self._database.row(
            "SELECT content FROM message WHERE conversation = ? ORDER BY role = 'user' DESC, id LIMIT 1",
            (conversation,),
        )
        if left is None:
            self._database.run("DELETE FROM conversation WHERE id = ?", (conversation,))
            return
        # Also of one that is deleted and can still be restored.
        self._database.run(
            "UPDATE conversation SET title = ? WHERE id = ? AND title = ?",
            (clean_title(title_of(left[0])), conversation, clean_title(title_of(gone))),
        )

    def messages(self, conversation: int) -> list[MessageRecord]:
        """All messages of a conversation, oldest first."""
        self.get(conversation)
        rows = self._database.rows(_MESSAGE + "WHERE conversation = ? ORDER BY id", (conversation,))
        return [self._record(row) for row in rows]

    def has_message(self, identifier: int) -> bool:
        """Whether there is such a message, in a conversation that is not deleted."""
        sql = f"SELECT 1 FROM message WHERE id = ? AND {_BELONGS}"
        return self._database.value(sql, (_row_id(identifier),)) is not None

    def page(self, after: int, limit: int) -> list[MessageRecord]:
        """Messages of all conversations in the order of their ids, for the export."""
        rows = self._database.rows(_MESSAGE + f"WHERE id > ? AND {_BELONGS} ORDER BY id LIMIT ?", (after, limit))
        return [self._record(row) for row in rows]

    def conversation_page(self, after: int, limit: int) -> list[tuple[int, str, str, str, int, bool]]:
        """`(id, title, created, updated, activity, pinned)` in the order of ids, for the export."""
        rows = self._database.rows(
            "SELECT id, title, created, updated, activity, pinned FROM conversation "
            "WHERE id > ? AND deleted IS NULL ORDER BY id LIMIT ?",
            (after, limit),
        )
        return [(row[0], str(row[1]), str(row[2]), str(row[3]), row[4], bool(row[5])) for row in rows]

    def restore_conversation(
        self, identifier: int, title: str, created: str, updated: str, activity: int, pinned: bool
    ) -> None:
        """Puts back a conversation as an export holds it (inside a transaction)."""
        self._database.run(
            "INSERT INTO conversation (id, title, created, updated, activity, pinned) VALUES (?, ?, ?, ?, ?, ?)",
            (identifier, clean_title(title), created, updated, activity, int(pinned)),
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
    identifier, title, created, updated, messages, pinned = row
    return ConversationRecord(identifier, str(title), str(created), str(updated), messages, bool(pinned))


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
