"""The journal: every learned turn, in order. It is what learned state is made of; snapshots only shorten the replay.

An entry is durable when `append` returns. Its id was known before (`next_id`), is larger than every id that was ever
given out in this profile, and is never used again, also not after a forget or a reset: replay depends on it.

Each row carries a digest. A row whose digest does not hold is *set aside*: it stays in the table, marked, is replayed
and listed no more, and a notice names it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from engine.errors import ErrorCode, StoreError
from engine.reasons import Because, Reason, because
from engine.store.database import Database
from engine.store.records import (
    MAX_PAYLOAD,
    EntryRecord,
    JournalRecord,
    NewEntry,
    StateIdentity,
    fingerprint,
    storable,
)

PAGE: Final = 64
"""Entries read at once: memory stays flat however long the journal is, and no read is held open between pages."""

_LISTED = "id, created, message, text, surprise, recruited, strengthened, overwritten, recycled"
_ROW = _LISTED + ", payload, digest, damaged"


class Journal:
    """The learned turns of one profile."""

    def __init__(self, database: Database, notice: Callable[[str, Because], None]) -> None:
        self._database = database
        self._notice = notice

    def next_id(self) -> int:
        """The id that the next `append` will give."""
        snapshot = self._database.value("SELECT max(last_entry) FROM snapshot")
        return max(self._database.next_id("entry"), (snapshot or 0) + 1)

    def append(self, entry: NewEntry, identity: StateIdentity) -> int:
        """Commits one learned turn and binds the profile's state to `identity` if it is the first."""
        _check(entry)
        text = storable(entry.text)
        db = self._database
        with db.transaction("save what was learned"):
            bind(db, identity)
            identifier = self.next_id()
            message = entry.message
            if message is not None and db.value("SELECT 1 FROM message WHERE id = ?", (message,)) is None:
                message = None  # the conversation was deleted while its turn was being learned
            self._insert(identifier, db.now(), message, text, entry)
        return identifier

    def restore(self, record: EntryRecord) -> None:
        """Puts back an entry as an export holds it (inside a transaction)."""
        entry = NewEntry(
            record.message,
            record.text,
            record.surprise,
            record.recruited,
            record.strengthened,
            record.overwritten,
            record.recycled,
            record.payload,
        )
        _check(entry)
        self._insert(record.id, record.created, record.message, record.text, entry)

    def _insert(self, identifier: int, created: str, message: int | None, text: str, entry: NewEntry) -> None:
        surprise = float(entry.surprise)
        counts = (entry.recruited, entry.strengthened, entry.overwritten, entry.recycled)
        digest = _digest(identifier, created, text, surprise, *counts, entry.payload)
        self._database.run(
            "INSERT INTO entry (id, created, message, surprise, recruited, strengthened, overwritten, recycled, "
            "digest, text, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (identifier, created, message, surprise, *counts, digest, text, entry.payload),
        )

    def entries(self, after: int = 0) -> Iterator[EntryRecord]:
        """Entries with an id above `after`, ascending. The journal may be changed while this runs."""
        while True:
            rows = self._database.rows(f"SELECT {_ROW} FROM entry WHERE id > ? ORDER BY id LIMIT {PAGE}", (after,))
            for row in rows:
                after = row[0]
                record = self._verified(row)
                if record is not None:
                    yield record
            if len(rows) < PAGE:
                return

    def verify(self, after: int = 0) -> None:
        """Reads the entries above `after` once, so that damaged ones are set aside and noticed now."""
        for _ in self.entries(after):
            pass

    def page(
        self,
        limit: int,
        before: int | None,
        words: Sequence[str] = (),
        since: str | None = None,
        until: str | None = None,
        document: int | None = None,
    ) -> list[JournalRecord]:
        """The newest `limit` entries older than `before`, newest first, without payload.

        Args:
            limit: At most so many.
            before: An entry's id; None for the newest.
            words: Each of them occurs in the text, in upper or lower case.
            since: A moment as `stamp` writes it: learned from then on.
            until: Another: learned before it.
            document: Learned from a passage of the document in this conversation.
        """
        where = ["damaged = 0", "id < ?"]
        values: list[Any] = [2**63 - 1 if before is None else max(min(before, 2**63 - 1), 0)]
        for condition, value in (("created >= ?", since), ("created < ?", until)):
            if value is not None:
                where.append(condition)
                values.append(value)
        if document is not None:
            where.append(
                "message IN (SELECT id FROM message WHERE conversation = ? AND role = 'user' AND finish IS NOT NULL)"
            )
            values.append(document if abs(document) < 2**63 else 0)
        for word in words:
            where.append("instr(casefold(text), ?)")
            values.append(word.casefold())
        rows = self._database.rows(
            f"SELECT {_LISTED} FROM entry WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?",
            (*values, max(min(limit, 2**31), 0)),
        )
        return [JournalRecord(*row) for row in rows]

    def get(self, identifier: int) -> JournalRecord:
        """One entry (a damaged one too, so that it can be forgotten).

        Raises:
            StoreError: ENTRY_NOT_FOUND.
        """
        row = None
        if 0 < identifier < 2**63:
            row = self._database.row(f"SELECT {_LISTED} FROM entry WHERE id = ?", (identifier,))
        if row is None:
            raise StoreError(
                f"There is no learned turn {identifier}.",
                "See the list of learned turns (techo memory journal).",
                code=ErrorCode.ENTRY_NOT_FOUND,
            )
        return JournalRecord(*row)

    def learned_from(self, message: int) -> list[int]:
        """The entries that were learned from a message, ascending."""
        rows = self._database.rows("SELECT id FROM entry WHERE message = ? AND damaged = 0 ORDER BY id", (message,))
        return [row[0] for row in rows]

    def count(self) -> int:
        """Learned turns that are in force: neither forgotten nor set aside."""
        return int(self._database.value("SELECT count(*) FROM entry WHERE damaged = 0"))

    def _verified(self, row: Any) -> EntryRecord | None:
        *fields, digest, damaged = row
        try:
            record = EntryRecord(*fields)
            holds = digest == _digest(
                record.id,
                record.created,
                record.text,
                record.surprise,
                record.recruited,
                record.strengthened,
                record.overwritten,
                record.recycled,
                record.payload,
            )
        except (TypeError, ValueError, AttributeError):  # a flipped byte can change a value's type as well
            holds = False
        if holds:
            return record
        if damaged == 1:  # known; whether the mark itself is right, only the digest can tell
            return None
        identifier = int(fields[0])
        with self._database.transaction("set a damaged learned turn aside"):
            self._database.run("UPDATE entry SET damaged = 1 WHERE id = ?", (identifier,))
        self._notice(
            f"Learned turn {identifier} was damaged on disk and has been set aside: it is no longer part of the "
            "memory. Tell Techo again what it was about.",
            because(Reason.ENTRY_SET_ASIDE, entry=identifier),
        )
        return None


def bound_identity(database: Database) -> StateIdentity | None:
    """What the learned state belongs to; None while nothing was learned."""
    backbone, memory = database.row("SELECT backbone, memory FROM profile")
    return None if backbone is None or memory is None else StateIdentity(backbone, memory)


def bind(database: Database, identity: StateIdentity) -> None:
    """Ties the learned state to `identity`; the caller has made sure that it is not tied to another."""
    database.run(
        "UPDATE profile SET backbone = ?, memory = ? WHERE backbone IS NULL", (identity.backbone, identity.memory)
    )


def _check(entry: NewEntry) -> None:
    counts = (entry.recruited, entry.strengthened, entry.overwritten, entry.recycled)
    if not math.isfinite(entry.surprise) or any(not 0 <= count < 2**31 for count in counts):
        raise ValueError(f"figures of the learned turn: {entry.surprise}, {counts}")
    if len(entry.payload) > MAX_PAYLOAD:
        raise StoreError(
            f"What was learned is too large to be kept: {len(entry.payload):,} bytes of {MAX_PAYLOAD:,} at most.",
            "Send the text in parts.",
            code=ErrorCode.TOO_LARGE,
            because=because(Reason.TEXT_LARGE, bytes=len(entry.payload), most_bytes=MAX_PAYLOAD),
        )


def _digest(*fields: str | int | float | bytes) -> bytes:
    return fingerprint(*fields)
