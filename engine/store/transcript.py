"""Conversations and their messages: what was said, as it was said.

The messages of a conversation are a tree (see `tree`): another reply to the same message, or another wording of a
message, stands beside the old one as a version of it. One branch is shown; the next turn goes on with it. A title that
was made from a conversation's first message follows the version that is shown.

A conversation or a message is deleted in two steps. `delete` marks it: nothing shows it, finds it or exports it any
more, and `undelete` brings it back whole. `purge` then takes it out of the file for good, words of the search index
included.

A passage of a document that was read is a message of the person that nobody is to answer: its `finish` says so (the
format has had that column from the beginning, and no other message of a person has ever used it). The document is the
conversation that its passages are in, and is called by its title. When that is purged while something is still known
from it, its passages are emptied and it is *buried* (`deleted` is the empty text): nothing shows it, nothing of what
was in it is left but its name, by which all of it can still be forgotten. It goes when the last of that is forgotten.

Every change is durable on return. Messages are never rewritten but for a reply that is still being generated. A row
whose digest no longer holds is still shown (a person would rather have a spoilt message than none), and a notice says
so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, TypeVar

from engine.errors import ErrorCode, StateError, StoreError
from engine.reasons import Because, Reason, because
from engine.store.database import Database
from engine.store.records import (
    FINISHES,
    ROLES,
    ConversationRecord,
    DeletedMessage,
    DocumentRecord,
    HitRecord,
    MessageRecord,
    clean_title,
    fingerprint,
    storable,
    title_of,
)
from engine.store.search import search
from engine.store.tree import START, Tree

T = TypeVar("T")

PAGE: Final = 500
"""Ids in one query at most."""
UNDO_SECONDS: Final = 30.0
"""How long a deletion can be undone."""

_CONVERSATION = """
SELECT id, title, created, updated,
    (SELECT count(*) FROM message WHERE conversation = conversation.id AND deleted IS NULL), pinned, learns
FROM conversation WHERE deleted IS NULL
"""
# After a flipped byte a message may name a conversation that does not exist; nothing can show it.
_BELONGS = "deleted IS NULL AND conversation IN (SELECT id FROM conversation WHERE deleted IS NULL)"
# For the export: a parent or a leaf that cannot be is none.
_PARENT = """
CASE WHEN parent = 0 OR EXISTS (
    SELECT 1 FROM message AS other WHERE other.id = message.parent AND other.id < message.id
    AND other.conversation = message.conversation AND other.deleted IS NULL
) THEN parent END
"""
_LEAF = """
(SELECT id FROM message WHERE id = conversation.leaf AND conversation = conversation.id AND deleted IS NULL)
"""
_PASSAGE = "role = 'user' AND finish IS NOT NULL"
_MESSAGE = "SELECT id, conversation, role, content, created, finish, digest FROM message "


class Transcript:
    """The conversations of one profile."""

    def __init__(self, database: Database, notice: Callable[[str, Because], None]) -> None:
        self._database = database
        self._notice = notice

    def create(self, title: str, *, learns: bool = True) -> ConversationRecord:
        """Begins a conversation; `learns`: what is said in it is learned."""
        db = self._database
        with db.transaction("begin a conversation"):
            now = db.now()
            db.run(
                "INSERT INTO conversation (title, created, updated, activity, learns) VALUES (?, ?, ?, 0, ?)",
                (clean_title(title), now, now, int(learns)),
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

    def set_learns(self, identifier: int, learns: bool) -> ConversationRecord:
        """Whether what is said in a conversation from now on is learned."""
        with self._database.transaction("change what is learned"):
            self.get(identifier)
            self._database.run("UPDATE conversation SET learns = ? WHERE id = ?", (int(learns), identifier))
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
            sql = "UPDATE conversation SET deleted = NULL WHERE id = ? AND deleted > ''"
            self._database.run(sql, (_row_id(identifier),))
            return self.get(identifier)

    def deleted(self) -> int:
        """How many conversations, and messages by themselves, are marked as deleted."""
        return int(
            self._database.value(
                "SELECT (SELECT count(*) FROM conversation WHERE deleted > '') + "
                "(SELECT count(*) FROM message WHERE deleted IS NOT NULL AND deleted_with = id)"
            )
        )

    def purge(self, keep: float = 0.0) -> bool:
        """Takes the conversations and messages marked as deleted out of the file, but those of the last `keep` seconds.

        One transaction. The index is made anew from the messages that are left: what FTS5 calls deleted would stay in
        it until its segments happen to be merged. A date in the future (the clock was set back) counts as long ago.

        Returns:
            Whether there was anything to purge; the caller then scrubs the log.
        """
        return self.deleted() > 0 and self.healing(lambda: self._purge(keep))

    def _purge(self, keep: float) -> bool:
        db = self._database
        marked = "deleted > '' AND NOT deleted BETWEEN ? AND ?"
        gone = f"SELECT id FROM conversation WHERE {marked}"
        with db.transaction("delete the conversation"):
            span = (db.now(keep), db.now()) if keep else ("", "")
            if not db.rows(f"{gone} UNION ALL SELECT id FROM message WHERE {marked} LIMIT 1", (*span, *span)):
                return False
            known = "SELECT message FROM entry WHERE message IS NOT NULL"
            kept = f"conversation IN ({gone}) AND {_PASSAGE} AND id IN ({known})"
            buried = db.rows(f"SELECT id, conversation, role, created, finish FROM message WHERE {kept}", span)
            for identifier, conversation, role, created, finish in buried:
                digest = _digest(identifier, conversation, role, created, finish, "")
                db.run("UPDATE message SET content = '', digest = ? WHERE id = ?", (digest, identifier))
            db.run(
                f"DELETE FROM message WHERE ({marked} OR conversation IN ({gone})) AND NOT ({kept})",
                (*span, *span, *span),
            )
            db.run(
                f"UPDATE conversation SET deleted = '' WHERE {marked} AND id IN (SELECT conversation FROM message)",
                span,
            )
            db.run(f"DELETE FROM conversation WHERE id IN ({gone})", span)
            self._reindex()
        return True

    def buried(self, message: int) -> bool:
        """Whether a message is all that is left of a passage of a document that is gone."""
        sql = "SELECT 1 FROM message JOIN conversation c ON c.id = conversation WHERE message.id = ? AND c.deleted = ''"
        return self._database.value(sql, (message,)) is not None

    def drop_buried(self) -> None:
        """Inside a transaction: takes out the names of documents that nothing is known from any more."""
        remains = "SELECT id FROM conversation WHERE deleted = ''"
        known = "SELECT message FROM entry WHERE message IS NOT NULL"
        self._database.run(f"DELETE FROM message WHERE conversation IN ({remains}) AND id NOT IN ({known})")
        self._database.run(f"DELETE FROM conversation WHERE id IN ({remains} EXCEPT SELECT conversation FROM message)")

    def verify(self) -> None:
        """Reads every message once, so that damaged ones are noticed now, and makes the search index anew."""
        for conversation in self.all():
            self.every_version(conversation.id)
        with self._database.transaction("repair the search"):
            self._empty_index()

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
            self._empty_index()
        self._notice(
            "The index for searching your chats was damaged. It was made anew from them; nothing is missing.",
            because(Reason.INDEX_REMADE),
        )
        return act()

    def _empty_index(self) -> None:
        # FTS5 may not even open what is damaged, so what it keeps is first replaced by what a new index has.
        self._database.run("DELETE FROM message_text_data")
        self._database.run("DELETE FROM message_text_idx")
        self._database.run("INSERT INTO message_text_data (id, block) VALUES (1, x''), (10, x'00000000000000')")
        self._reindex()

    def append(
        self, conversation: int, role: str, content: str, finish: str | None, parent: int | None = None
    ) -> MessageRecord:
        """Adds a message, and shows the branch that it ends. When this returns, it survives a crash.

        Args:
            conversation: Where.
            role: Whose.
            content: The text.
            finish: See `MessageRecord`.
            parent: What it follows on, 0 for nothing; None: on the last message of the branch that is shown.
        """
        return self.healing(lambda: self._append(conversation, role, content, finish, parent))

    def _append(
        self, conversation: int, role: str, content: str, finish: str | None, parent: int | None
    ) -> MessageRecord:
        _check(role, finish)
        content = storable(content)
        db = self._database
        with db.transaction("save the message"):
            self.get(conversation)
            leaf = self._leaf(conversation)
            parent = leaf if parent is None else parent
            with self._titled(conversation, unless=parent == leaf):
                versions: list[int] = []
                if parent != leaf:
                    tree = self._tree(conversation)
                    if parent != START and parent not in tree:
                        raise _no_message(parent)
                    versions = tree.children(parent)
                now = db.now()
                identifier = db.next_id("message")
                db.run(
                    "INSERT INTO message (id, conversation, role, created, finish, digest, content, parent) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        identifier,
                        conversation,
                        role,
                        now,
                        finish,
                        _digest(identifier, conversation, role, now, finish, content),
                        content,
                        parent,
                    ),
                )
                self._show(conversation, identifier)
                self._touch(conversation, now)
        all_versions = (*versions, identifier) if versions else ()
        return MessageRecord(identifier, conversation, role, content, now, finish, parent, all_versions)

    def update(self, identifier: int, content: str, finish: str | None) -> MessageRecord:
        """Replaces the text of a message that is (or was) being generated."""
        return self.healing(lambda: self._update(identifier, content, finish))

    def _update(self, identifier: int, content: str, finish: str | None) -> MessageRecord:
        content = storable(content)
        db = self._database
        with db.transaction("save the reply"):
            row = db.row("SELECT conversation, role, created, parent FROM message WHERE id = ?", (_row_id(identifier),))
            if row is None:
                raise _no_message(identifier)
            conversation, role, created, parent = row
            _check(role, finish)
            db.run(
                "UPDATE message SET content = ?, finish = ?, digest = ? WHERE id = ?",
                (content, finish, _digest(identifier, conversation, role, created, finish, content), identifier),
            )
            self._touch(conversation, db.now())
        return MessageRecord(identifier, conversation, role, content, created, finish, parent)

    # ------------------------------------------------------------------------------------------ versions

    def message(self, identifier: int) -> MessageRecord:
        """One message.

        Raises:
            StoreError: MESSAGE_NOT_FOUND.
        """
        row = self._database.row(_MESSAGE + f"WHERE id = ? AND {_BELONGS}", (_row_id(identifier),))
        if row is None:
            raise _no_message(identifier)
        return self._record(row, self._tree(row[1]))

    def messages(self, conversation: int) -> list[MessageRecord]:
        """The messages of the branch that is shown, oldest first."""
        self.get(conversation)
        tree = self._tree(conversation)
        return self._branch(conversation, tree, tree.leaf)

    def path(self, identifier: int) -> list[MessageRecord]:
        """The branch from its beginning to this message, whether it is shown or not; empty for 0.

        Raises:
            StoreError: MESSAGE_NOT_FOUND.
        """
        if identifier == START:
            return []
        conversation = self.message(identifier).conversation
        return self._branch(conversation, self._tree(conversation), identifier)

    def replies(self, identifier: int) -> list[MessageRecord]:
        """Techo's replies to a message, all versions, oldest first."""
        rows = self._database.rows(
            _MESSAGE + "WHERE parent = ? AND role = 'assistant' AND deleted IS NULL "
            "AND conversation = (SELECT conversation FROM message WHERE id = ?) ORDER BY id",
            (_row_id(identifier), _row_id(identifier)),
        )
        return [self._record(row) for row in rows]

    def goes_on(self, identifier: int) -> bool:
        """Whether anything follows on a message."""
        message = self.message(identifier)
        return bool(self._tree(message.conversation).children(identifier))

    def every_version(self, conversation: int) -> list[MessageRecord]:
        """All messages of a conversation, in the order in which they were said."""
        self.get(conversation)
        tree = self._tree(conversation)
        return [self._record(row, tree) for row in self._living(conversation)]

    def show(self, identifier: int) -> list[MessageRecord]:
        """Shows the newest branch that goes through a message -> its messages. It stays shown, after a restart as well.

        Raises:
            StoreError: MESSAGE_NOT_FOUND.
        """
        with self._database.transaction("show another version"):
            conversation = self.message(identifier).conversation
            with self._titled(conversation):
                self._show(conversation, self._tree(conversation).newest(identifier))
            return self.messages(conversation)

    def delete_message(self, identifier: int) -> DeletedMessage:
        """Marks a message, and everything that hangs on it, as deleted. What was learned from it stays learned.

        The version next to it is shown instead, if there is one. A conversation that nothing is left of is marked too.

        Raises:
            StoreError: MESSAGE_NOT_FOUND.
        """
        db = self._database
        with db.transaction("delete the message"):
            conversation = self.message(identifier).conversation
            title = self.get(conversation).title
            tree = self._tree(conversation)
            gone = tree.below(identifier)
            now = db.now()
            with self._titled(conversation):
                for message in gone:
                    db.run("UPDATE message SET deleted = ?, deleted_with = ? WHERE id = ?", (now, identifier, message))
                self._show(conversation, tree.beside(identifier) or None)
            whole = len(gone) == len(tree)
            if whole:
                db.run("UPDATE conversation SET deleted = ? WHERE id = ?", (now, conversation))
        return DeletedMessage(identifier, conversation, title, len(gone), whole)

    def undelete_message(self, identifier: int) -> ConversationRecord:
        """Brings back a message that is marked as deleted, with what went with it, and shows it.

        Raises:
            StoreError: MESSAGE_NOT_FOUND, when it has been purged.
        """
        db = self._database
        with db.transaction("bring back the message"):
            row = db.row(
                "SELECT conversation, parent FROM message WHERE id = ? AND deleted_with = id", (_row_id(identifier),)
            )
            if row is None:
                return self.get(self.message(identifier).conversation)
            conversation, parent = row
            db.run("UPDATE conversation SET deleted = NULL WHERE id = ?", (conversation,))
            if parent and parent not in self._tree(conversation):
                raise _no_message(parent)  # what it hung on was deleted after it: that has to come back first
            with self._titled(conversation):
                db.run("UPDATE message SET deleted = NULL, deleted_with = NULL WHERE deleted_with = ?", (identifier,))
                self._show(conversation, self._tree(conversation).newest(identifier))
            return self.get(conversation)

    def erase(self, messages: Sequence[int]) -> int:
        """Takes messages of the person and the replies to them out (inside a transaction) -> how many went.

        What was said after them follows on what they followed on. A conversation that nothing is left of goes as a
        whole; a title made from what went is made anew.
        """
        gone = 0
        self.settle()
        for identifier in messages:
            row = self._database.row("SELECT conversation, content FROM message WHERE id = ?", (_row_id(identifier),))
            if row is None:
                continue
            conversation, content = row
            with self._titled(conversation):
                replies = self._database.rows(
                    "SELECT id FROM message WHERE conversation = ? AND parent = ? AND role = 'assistant'",
                    (conversation, identifier),
                )
                for (reply,) in replies:
                    gone += self._take_out(conversation, reply)
                gone += self._take_out(conversation, identifier)
            self._retitle(conversation, content)
            self._drop_empty(conversation)
        if gone:
            self._reindex()  # see `purge`
        return gone

    def _take_out(self, conversation: int, identifier: int) -> int:
        db = self._database
        tree = self._tree(conversation)
        if identifier in tree:
            before, shown = tree.parent(identifier), tree.leaf == identifier
        else:  # deleted, and could still have been restored
            before, shown = db.value("SELECT parent FROM message WHERE id = ?", (identifier,)), False
        db.run(
            "UPDATE message SET parent = ? WHERE conversation = ? AND parent = ?", (before, conversation, identifier)
        )
        gone = db.run("DELETE FROM message WHERE id = ?", (identifier,))
        if shown:
            self._show(conversation, self._tree(conversation).newest(before) or None)
        return gone

    def _drop_empty(self, conversation: int) -> None:
        db = self._database
        left = db.row("SELECT count(*), sum(deleted IS NULL) FROM message WHERE conversation = ?", (conversation,))
        if left[0] == 0:
            db.run("DELETE FROM conversation WHERE id = ?", (conversation,))
        elif left[1] == 0:  # what is left is deleted, and can still be restored
            db.run("UPDATE conversation SET deleted = ?, title = '' WHERE id = ?", (db.now(), conversation))

    # ------------------------------------------------------------------------------------------ the tree

    def settle(self) -> None:
        """Gives the messages that an older Techo added their place: after the one before. The newest is then shown."""
        db = self._database
        if db.value("SELECT 1 FROM message WHERE parent IS NULL LIMIT 1") is None:
            return
        with db.transaction("put the messages in order"):
            unplaced = "SELECT conversation FROM message WHERE parent IS NULL"
            db.run(f"UPDATE conversation SET leaf = NULL WHERE id IN ({unplaced})")
            db.run(
                "UPDATE message SET parent = coalesce((SELECT max(earlier.id) FROM message AS earlier WHERE "
                "earlier.conversation = message.conversation AND earlier.id < message.id AND earlier.deleted IS NULL"
                "), 0) WHERE parent IS NULL"
            )

    def _tree(self, conversation: int) -> Tree:
        rows = self._database.rows(
            "SELECT id, parent FROM message WHERE conversation = ? AND deleted IS NULL ORDER BY id", (conversation,)
        )
        return Tree(rows, self._database.value("SELECT leaf FROM conversation WHERE id = ?", (conversation,)))

    def _show(self, conversation: int, leaf: int | None) -> None:
        self._database.run("UPDATE conversation SET leaf = ? WHERE id = ?", (leaf, conversation))

    def _living(self, conversation: int) -> list[Any]:
        return self._database.rows(_MESSAGE + "WHERE conversation = ? AND deleted IS NULL ORDER BY id", (conversation,))

    def _branch(self, conversation: int, tree: Tree, leaf: int) -> list[MessageRecord]:
        path = set(tree.path(leaf))
        return [self._record(row, tree) for row in self._living(conversation) if row[0] in path]

    def _leaf(self, conversation: int) -> int:
        """The last message of the branch that is shown; 0 when there is none."""
        # Most often it is known without reading the tree, which takes some milliseconds in a conversation of thousands.
        leaf = self._database.value(
            "SELECT leaf FROM conversation WHERE id = ? AND EXISTS (SELECT 1 FROM message WHERE message.id = leaf "
            "AND message.conversation = conversation.id AND message.deleted IS NULL)",
            (conversation,),
        )
        return int(leaf) if leaf else self._tree(conversation).leaf

    @contextmanager
    def _titled(self, conversation: int, *, unless: bool = False) -> Iterator[None]:
        """Around a change of the branch that is shown: a title made from its first message is made anew.

        `unless`: the first message is known to stay.
        """
        before = None if unless else self._opening(conversation)
        yield
        if before is not None:
            self._retitle(conversation, before)

    def _retitle(self, conversation: int, made_from: str) -> None:
        opening = self._opening(conversation)
        if opening is not None and opening != made_from:
            self._database.run(
                "UPDATE conversation SET title = ? WHERE id = ? AND title = ?",
                (clean_title(title_of(opening)), conversation, clean_title(title_of(made_from))),
            )

    def _opening(self, conversation: int) -> str | None:
        """The first message of the person in the branch that is shown, or else the first of anybody."""
        tree = self._tree(conversation)
        first = None
        for identifier in tree.path(tree.leaf):
            role, content = self._database.row("SELECT role, content FROM message WHERE id = ?", (identifier,))
            if role == "user":
                return str(content)
            first = str(content) if first is None else first
        return first

    def has_message(self, identifier: int) -> bool:
        """Whether there is such a message, in a conversation that is not deleted."""
        sql = f"SELECT 1 FROM message WHERE id = ? AND {_BELONGS}"
        return self._database.value(sql, (_row_id(identifier),)) is not None

    # ------------------------------------------------------------------------------------------ documents

    def passages(self, conversation: int) -> dict[str, int]:
        """The passages of a document that are in a conversation, and their ids."""
        rows = self._database.rows(
            f"SELECT content, id FROM message WHERE conversation = ? AND {_PASSAGE} AND deleted IS NULL ORDER BY id",
            (conversation,),
        )
        return dict(rows)

    def documents(self, messages: Sequence[int]) -> dict[int, DocumentRecord]:
        """Of those messages that are passages: the document that each is from."""
        rows = []
        for start in range(0, len(messages), PAGE):
            some = tuple(messages[start : start + PAGE])
            rows += self._database.rows(
                "SELECT message.id, conversation.id, title FROM message "
                "JOIN conversation ON conversation.id = message.conversation "
                f"WHERE message.id IN ({', '.join('?' * len(some))}) AND {_PASSAGE} AND message.deleted IS NULL",
                some,
            )
        return {message: DocumentRecord(conversation, title) for message, conversation, title in rows}

    # ------------------------------------------------------------------------------------------ export, import

    def page(self, after: int, limit: int) -> list[MessageRecord]:
        """Messages of all conversations in the order of their ids, for the export."""
        rows = self._database.rows(_MESSAGE + f"WHERE id > ? AND {_BELONGS} ORDER BY id LIMIT ?", (after, limit))
        parents = dict(
            self._database.rows(
                f"SELECT id, {_PARENT} FROM message WHERE id > ? AND {_BELONGS} ORDER BY id LIMIT ?", (after, limit)
            )
        )
        return [replace(self._record(row), parent=parents[row[0]]) for row in rows]

    def conversation_page(self, after: int, limit: int) -> list[tuple[int, str, str, str, int, bool, int | None, bool]]:
        """`(id, title, created, updated, activity, pinned, leaf, learns)` in the order of ids, for the export."""
        rows = self._database.rows(
            f"SELECT id, title, created, updated, activity, pinned, {_LEAF}, learns FROM conversation "
            "WHERE id > ? AND deleted IS NULL ORDER BY id LIMIT ?",
            (after, limit),
        )
        return [
            (row[0], str(row[1]), str(row[2]), str(row[3]), row[4], bool(row[5]), row[6], bool(row[7])) for row in rows
        ]

    def restore_conversation(
        self,
        identifier: int,
        title: str,
        created: str,
        updated: str,
        activity: int,
        pinned: bool,
        leaf: int | None,
        learns: bool,
    ) -> None:
        """Puts back a conversation as an export holds it (inside a transaction)."""
        self._database.run(
            "INSERT INTO conversation (id, title, created, updated, activity, pinned, leaf, learns) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (identifier, clean_title(title), created, updated, activity, int(pinned), leaf, int(learns)),
        )

    def shows_what_is_missing(self) -> bool:
        """Whether a conversation that was put back shows a message that is not in it."""
        sql = f"SELECT 1 FROM conversation WHERE leaf IS NOT NULL AND {_LEAF} IS NULL LIMIT 1"
        return self._database.value(sql) is not None

    def can_follow(self, message: MessageRecord) -> bool:
        """Whether what a message, about to be put back, follows on is there before it."""
        if not message.parent:
            return True
        conversation = self._database.value("SELECT conversation FROM message WHERE id = ?", (message.parent,))
        return message.parent < message.id and conversation == message.conversation

    def restore_message(self, message: MessageRecord) -> None:
        """Puts back a message as an export holds it (inside a transaction)."""
        digest = _digest(
            message.id, message.conversation, message.role, message.created, message.finish, message.content
        )
        self._database.run(
            "INSERT INTO message (id, conversation, role, created, finish, digest, content, parent) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                message.id,
                message.conversation,
                message.role,
                message.created,
                message.finish,
                digest,
                message.content,
                message.parent,
            ),
        )

    def _record(self, row: Any, tree: Tree | None = None) -> MessageRecord:
        identifier, conversation, role, content, created, finish, digest = row
        try:
            holds = digest == _digest(identifier, conversation, role, created, finish, content)
        except (TypeError, AttributeError):  # a flipped byte can change a value's type as well
            holds = False
        if not holds:
            self._notice(
                f"Message {identifier} was damaged on disk; its text may not be what was said.",
                because(Reason.MESSAGE_DAMAGED, message=identifier),
            )
            role = role if role in ROLES else "user"
            finish = finish if finish in FINISHES else "cancelled"
            content, created = str(content), str(created)
        if tree is None:
            return MessageRecord(identifier, conversation, role, content, created, finish)
        versions = tuple(tree.versions(identifier))
        return MessageRecord(
            identifier,
            conversation,
            role,
            content,
            created,
            finish,
            tree.parent(identifier),
            versions if len(versions) > 1 else (),
        )

    def _touch(self, conversation: int, now: str) -> None:
        self._database.run(
            "UPDATE conversation SET updated = ?, activity = (SELECT max(activity) + 1 FROM conversation) WHERE id = ?",
            (now, conversation),
        )


def _conversation(row: Any) -> ConversationRecord:
    identifier, title, created, updated, messages, pinned, learns = row
    return ConversationRecord(identifier, str(title), str(created), str(updated), messages, bool(pinned), bool(learns))


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


def _no_message(identifier: int) -> StoreError:
    return StoreError(
        f"There is no message {identifier}.",
        "It was deleted. See what the conversation holds (techo conversation show ID).",
        code=ErrorCode.MESSAGE_NOT_FOUND,
    )


def _digest(identifier: int, conversation: int, role: str, created: str, finish: str | None, content: str) -> bytes:
    return fingerprint(identifier, role, created, finish, content)
