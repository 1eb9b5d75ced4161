"""A second profile that holds what the first one does: what was said, what was learned, how it looks.

The copy is made by SQLite itself and then reads like any other database. What was deleted and could still be restored
does not come along. Of the snapshots the newest one is read, checked and written anew; the journal goes on after it.
That of an encrypted profile is encrypted with the same key, and opens with the same passphrase.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from engine.reasons import Because, Remark, in_parts
from engine.store import keys, snapshots, switching
from engine.store.database import Database, place
from engine.store.files import Files, disk_errors
from engine.store.journal import Journal, bound_identity
from engine.store.keys import DataKey
from engine.store.records import Clock, ProfileRecord
from engine.store.snapshots import Snapshots
from engine.store.transcript import Transcript


def duplicate(
    files: Files,
    source: Path,
    folder: Path,
    twin: ProfileRecord,
    clock: Clock,
    notice: Callable[[Remark], None],
    key: DataKey | None = None,
) -> None:
    """Fills the empty `folder` with a copy of the profile in `source`, under the id, name and date of `twin`.

    Args:
        files: the disk.
        source: nobody but the caller changes it meanwhile.
        folder: becomes a profile when this has returned.
        twin: whose the copy is.
        clock: gives the dates.
        notice: hears of damage that was found on the way.
        key: of an encrypted profile.
    """
    path = place(folder, key)
    told = in_parts(notice)
    with closing(Database(files, source, clock, key=key)) as original:
        with disk_errors("duplicate the profile", path):
            files.create(path).close()  # private before there is anything in it
        original.copy_to(path)
        bound = bound_identity(original)
        state = None if bound is None else _states(files, source, original, told, key).load(bound)
    with closing(Database(files, folder, clock, key=key)) as copied:
        with copied.transaction("duplicate the profile"):
            copied.run("DELETE FROM snapshot")
            copied.run("UPDATE profile SET id = ?, name = ?, created = ?", (twin.id, twin.name, twin.created))
        Transcript(copied, told).purge()
        if bound is not None and state is not None:
            following = max(Journal(copied, told).next_id(), state.last_entry + 1)
            _states(files, folder, copied, told, key).save(state.arrays, state.last_entry, bound, following)
    with disk_errors("duplicate the profile", folder):
        if key is not None:
            content, data = keys.read(files, source)
            keys.require_untouched(key, data, source)
            # The keyring keeps its secret for one profile: who deletes that one must not lock out this one.
            keys.write(files, folder, replace(content, name=twin.name, keyring=None), key)
            switching.write_placeholder(files, folder)
        files.sync_file(path)
        files.sync_folder(folder)


def _states(
    files: Files, folder: Path, database: Database, notice: Callable[[str, Because], None], key: DataKey | None
) -> Snapshots:
    return Snapshots(files, snapshots.place(folder, key), database, notice, key)
