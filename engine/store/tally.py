"""How much was said, as a running total: to add up every message after every turn would take longer and longer.

The total and the triggers that keep it are TEMP: they belong to the connection, and nothing of them is in the file. So
there is no format to keep, a crash leaves nothing behind, and whatever changes a message (an edit, an undo, a
conversation that takes its messages along) changes the total in the same transaction, or neither.
"""

from __future__ import annotations

from typing import Final

from engine.store.database import Database

_ADD: Final = "UPDATE said SET characters = characters + length(new.content) WHERE new.deleted IS NULL;"
_TAKE: Final = "UPDATE said SET characters = characters - length(old.content) WHERE old.deleted IS NULL;"
_TALLY: Final = (
    "CREATE TEMP TABLE said AS "
    "SELECT coalesce(sum(length(content)), 0) AS characters FROM main.message WHERE deleted IS NULL",
    f"CREATE TEMP TRIGGER said_insert AFTER INSERT ON main.message BEGIN {_ADD} END",
    f"CREATE TEMP TRIGGER said_delete AFTER DELETE ON main.message BEGIN {_TAKE} END",
    f"CREATE TEMP TRIGGER said_update AFTER UPDATE OF content, deleted ON main.message BEGIN {_TAKE} {_ADD} END",
)


def characters(database: Database) -> int:
    """Characters of all messages that are not deleted. The first time they are added up."""
    if not database.value("SELECT count(*) FROM temp.sqlite_master WHERE name = 'said'"):
        with database.transaction("add up what was said"):
            for statement in _TALLY:
                database.run(statement)
    return int(database.value("SELECT characters FROM said"))
