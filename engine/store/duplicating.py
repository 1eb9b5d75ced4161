"""A second profile that holds what the first one does: what was said, what was learned, how it looks.

The copy is made by SQLite itself and then reads like any other database. What was deleted and could still be restored
does not come along. Of the snapshots the newest one is read, checked and written anew; the journal goes on after it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from engine.reasons import Because, Remark
from engine.store.database import FILE_NAME, Database
from engine.store.files import Files, disk_errors
from engine.store.journal import Journal, bound_identity
from engine.store.profile import SNAPSHOTS
from engine.store.records import Clock, ProfileRecord
from engine.store.snapshots import Snapshots
from engine.store.transcript import Transcript


def duplicate(
    files: Files, source: Path, folder: Path, twin: ProfileRecord, clock: Clock, notice: Callable[[Remark], None]
) -> None:
    """Fills the empty `folder` with a copy of the profile in `source`, under the id, name and date of `twin`.

    Args:
        files: the disk.
        source: nobody but the caller changes it meanwhile.
        folder: becomes a profile when this has returned.
        twin: whose the copy is.
        clock: gives the dates.
        notice: hears of damage that was found on the way.
    """

    def tell(text: str, why: Because) -> None:
        notice(Remark(text, why))

    path = folder / FILE_NAME
    with closing(Database(files, source, clock)) as original:
        with disk_errors("duplicate the profile", path):
            files.create(path).close()  # private before there is anything in it
        original.copy_to(path)
        bound = bound_identity(original)
        state = None if bound is None else Snapshots(files, source / SNAPSHOTS, original, tell).load(bound)
    with closing(Database(files, folder, clock)) as copied:
        with copied.transaction("duplicate the profile"):
            copied.run("DELETE FROM snapshot")
            copied.run("UPDATE profile SET id = ?, name = ?, created = ?", (twin.id, twin.name, twin.created))
        Transcript(copied, tell).purge()
        if bound is not None and state is not None:
            following = max(Journal(copied, tell).next_id(), state.last_entry + 1)
            Snapshots(files, folder / SNAPSHOTS, copied, tell).save(state.arrays, state.last_entry, bound, following)
    with disk_errors("duplicate the profile", folder):
        files.sync_file(path)
        files.sync_folder(folder)
