"""The life of a memory: which days taught it how much, and what it has learned since some moment.

A moment is the id of the last lesson that had been learned by then, 0 for birth: ids only ever go up, clocks jump. The
state at a moment is the replay of the lessons up to it. A lesson that was forgotten since is not among them, and
nothing on disk says what or when it was; only how many numbers are missing can be told.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.store.database import Database


@dataclass(frozen=True, slots=True)
class DayRecord:
    """A day here (not in UTC) on which something was learned that is still known."""

    day: str
    """2026-01-31"""
    lessons: int
    last: int
    """The last of them."""


def days(database: Database) -> list[DayRecord]:
    """Oldest first. A date that was damaged on disk counts as the oldest there is."""
    rows = database.rows(
        "SELECT coalesce(date(created, 'localtime'), '1970-01-01') AS day, count(*), max(id) FROM entry "
        "WHERE damaged = 0 GROUP BY day ORDER BY day"
    )
    return [DayRecord(*row) for row in rows]


def moment(database: Database, until: str) -> int:
    """The last lesson that was learned by `until` (a moment as `stamp` writes it); 0 when none was.

    Where a clock had jumped, this forgets the fewest: every lesson before it in order counts as learned by then.
    """
    return int(database.value("SELECT coalesce(max(id), 0) FROM entry WHERE damaged = 0 AND created <= ?", (until,)))


def since(database: Database, entry: int) -> list[int]:
    """All lessons after a moment, ascending, damaged ones too."""
    return [row[0] for row in database.rows("SELECT id FROM entry WHERE id > ? ORDER BY id", (entry,))]


def upto(database: Database, entry: int) -> int:
    """How many lessons up to a moment are still known."""
    return int(database.value("SELECT count(*) FROM entry WHERE id <= ? AND damaged = 0", (entry,)))


def told_since(database: Database, entry: int) -> int:
    """How many messages belong to the lessons after a moment: what the person said, and the replies to it."""
    told = "SELECT message FROM entry WHERE id > ? AND message IS NOT NULL"
    return int(
        database.value(
            f"SELECT count(*) FROM message WHERE id IN ({told}) OR (role = 'assistant' AND parent IN ({told}))",
            (entry, entry),
        )
    )
