"""Snapshots: the fast weights as they were after some journal entry, so that opening need not replay from birth.

A snapshot is an immutable file; the row that names it is written last. So at any moment every row names a whole,
synced file, and a file without a row is what a crash left behind (or what a forget had already discarded): it is
removed at the next open and never used. The newest two are kept.

    save     file complete and synced -> row in, rows of older ones out (one commit) -> their files removed
    discard  rows out (one commit, the same as the forgotten entry's) -> files removed, damaged ones too

Those of an encrypted profile are sealed streams (`sealed`) in a folder of their own; their names say nothing of them.
"""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.errors import ErrorCode, StateError
from engine.reasons import Because, Reason, because
from engine.store import sealed, tensors
from engine.store.database import Database
from engine.store.files import Files, disk_errors, make_folders, write_atomically
from engine.store.journal import bind, bound_identity
from engine.store.records import Arrays, SnapshotRecord, StateIdentity

if TYPE_CHECKING:
    from engine.store.keys import DataKey

FOLDER: Final = "snapshots"
ENCRYPTED: Final = "vault"
KEEP: Final = 2
DAMAGED: Final = ".damaged"
_OURS: Final = re.compile(r"\.?\d{8,}-[0-9a-f]{16}\.safetensors(\.damaged|\.[0-9a-f]+\.tmp)?")
_PURPOSE: Final = "snapshot"
_COLUMNS: Final = "seq, file, last_entry, bytes, digest, created"


class Snapshots:
    """The snapshot files of one profile and the rows that name them."""

    def __init__(
        self,
        files: Files,
        folder: Path,
        database: Database,
        notice: Callable[[str, Because], None],
        key: DataKey | None = None,
    ) -> None:
        """`folder` holds the files and nothing else; `key`: of an encrypted profile."""
        self._files = files
        self._folder = folder
        self._key = key
        self._database = database
        self._notice = notice

    def all(self) -> list[SnapshotRecord]:
        """Newest first."""
        return [
            SnapshotRecord(*row) for row in self._database.rows(f"SELECT {_COLUMNS} FROM snapshot ORDER BY seq DESC")
        ]

    def path(self, record: SnapshotRecord) -> Path:
        """Where the file is. Only names this class gave are followed, whatever the row says."""
        name = record.file if _OURS.fullmatch(str(record.file)) else "unknown.safetensors"
        return self._folder / name

    def save(self, arrays: Arrays, last_entry: int, identity: StateIdentity, next_entry: int) -> Path:
        """Writes a snapshot; durable on return."""
        if not 0 <= last_entry < next_entry:
            raise ValueError(f"a snapshot after entry {last_entry}, but the next one is {next_entry}")
        db = self._database
        encoded = tensors.encode(arrays, identity, last_entry)
        seq = db.next_id("snapshot", "seq")
        name = f"{seq:08d}-{self._label(encoded.digest)}.safetensors"
        path = self._folder / name
        with disk_errors("save the learned state", path):
            make_folders(self._files, self._folder)
            if self._key is None:
                write_atomically(self._files, path, encoded.chunks, encoded.size)
            else:
                chunks = sealed.seal(self._key, _PURPOSE, encoded.chunks)
                write_atomically(self._files, path, chunks, sealed.size(encoded.size))
        with db.transaction("save the learned state"):
            bind(db, identity)
            db.run(
                f"INSERT INTO snapshot ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
                (seq, name, last_entry, encoded.size, encoded.digest, db.now()),
            )
            old = self.all()[KEEP:]
            for record in old:
                db.run("DELETE FROM snapshot WHERE seq = ?", (record.seq,))
        self._remove([self.path(record) for record in old])
        return path

    def _label(self, digest: str) -> str:
        """16 hexadecimal digits of the state's digest, so that two files never have one name."""
        if self._key is None:
            return digest.removeprefix("blake2b:")[:16]
        return hashlib.blake2b(digest.encode(), digest_size=8, key=self._key.derive("snapshot name")).hexdigest()

    def load(self, identity: StateIdentity, upto: int | None = None) -> tensors.State | None:
        """The newest snapshot that is whole, or None. Those that are not are set aside on the way and noticed.

        Args:
            identity: Whose it has to be.
            upto: It holds no entry after this one.

        Raises:
            StateError: STATE_MISMATCH, STATE_NEWER. Nothing has been changed then.
        """
        for record in self.all():
            if upto is not None and record.last_entry > upto:
                continue
            state = self._read(record)
            if state is None:
                continue
            if state.identity != identity:
                raise mismatch(state.identity, identity)
            return state
        return None

    def belong_to(self, identity: StateIdentity) -> bool:
        """Whether there are snapshots, and all that are whole belong to these weights."""
        try:
            return self.load(identity) is not None
        except StateError:
            return False

    def _read(self, record: SnapshotRecord) -> tensors.State | None:
        path = self.path(record)
        try:
            with disk_errors("read the learned state", path):
                found = self._files.stat(path)
                if found is None:
                    self._forget_row(record)
                    self._notice(
                        f"The saved state {record.file} is missing. An older one is used if there is one.",
                        because(Reason.SNAPSHOT_MISSING, file=record.file),
                    )
                    return None
                try:
                    state = self._decode(path, found.st_size)
                except OSError as error:
                    if error.errno != errno.EIO:  # a bad spot on the disk is damage; a missing permission is not
                        raise
                    raise tensors.SnapshotDamaged(f"The learned state in {path.name} cannot be read.") from error
            if (state.digest, state.last_entry) != (record.digest, record.last_entry):
                raise tensors.SnapshotDamaged(f"The learned state in {path.name} is not the one that was saved there.")
        except tensors.SnapshotDamaged as damage:
            self._set_aside(record, path, damage.message)
            return None
        return state

    def _decode(self, path: Path, size: int) -> tensors.State:
        with self._files.open_read(path) as file:
            if self._key is None:
                return tensors.decode(file, size, path)
            try:
                plain = sealed.reader(self._key, _PURPOSE, file, path)
                return tensors.decode(plain, sealed.plain_size(size), path)
            except sealed.Broken as broken:
                raise tensors.SnapshotDamaged(broken.message) from broken

    def _set_aside(self, record: SnapshotRecord, path: Path, reason: str) -> None:
        aside = path.with_name(path.name + DAMAGED)
        with disk_errors("set the damaged state aside", path):
            self._files.rename(path, aside)
            self._files.sync_folder(self._folder)
        self._forget_row(record)
        self._notice(
            f"{reason} It has been set aside as {aside.name}.",
            because(Reason.SNAPSHOT_SET_ASIDE, file=path.name, aside=aside.name),
        )

    def _forget_row(self, record: SnapshotRecord) -> None:
        with self._database.transaction("set the damaged state aside"):
            self._database.run("DELETE FROM snapshot WHERE seq = ?", (record.seq,))

    def drop_rows(self, from_entry: int) -> list[Path]:
        """Inside a transaction: drops the rows of snapshots that hold `from_entry` or later ones.

        Returns the files that `remove` is to remove after the commit.
        """
        rows = [record for record in self.all() if record.last_entry >= from_entry]
        for record in rows:
            self._database.run("DELETE FROM snapshot WHERE seq = ?", (record.seq,))
        return [self.path(record) for record in rows]

    def remove(self, paths: list[Path]) -> None:
        """Removes discarded files, and with them those set aside as damaged: they hold what is being forgotten."""
        with disk_errors("look through the saved states", self._folder):
            names = self._files.names(self._folder) if self._files.stat(self._folder) else []
        paths = paths + [self._folder / name for name in names if _is_ours(name) and name.endswith(DAMAGED)]
        for path in self._remove(paths):
            self._notice(
                f"Could not remove {path}, which still holds what was to be forgotten. Remove it by hand.",
                because(Reason.FILE_NOT_REMOVED, path=str(path)),
            )

    def clean(self) -> None:
        """Removes what a crash left: our files that no row names. Files of other kinds are left alone."""
        known = {record.file for record in self.all()}
        with disk_errors("look through the saved states", self._folder):
            if self._files.stat(self._folder) is None:
                return
            left = [
                self._folder / name
                for name in self._files.names(self._folder)
                if _is_ours(name) and name not in known and not name.endswith(DAMAGED)
            ]
        self._remove(left)

    def _remove(self, paths: list[Path]) -> list[Path]:
        """Removes files whose rows are gone, so that nothing will ever use them; returns those that would not go.

        What has no row and is not set aside is tried again at the next open.
        """
        left = []
        for path in paths:
            try:
                self._files.remove_file(path)
            except FileNotFoundError:
                pass
            except OSError:
                left.append(path)
        if paths:
            with suppress(OSError):
                self._files.sync_folder(self._folder)
        return left


def place(folder: Path, key: DataKey | None) -> Path:
    """Where the snapshots of a profile are."""
    return folder / (FOLDER if key is None else ENCRYPTED)


def check_identity(database: Database, identity: StateIdentity) -> None:
    """Refuses to go on when the profile has learned with other weights.

    Raises:
        StateError: STATE_MISMATCH.
    """
    bound = bound_identity(database)
    if bound is not None and bound != identity:
        raise mismatch(bound, identity)


def mismatch(found: StateIdentity, wanted: StateIdentity) -> StateError:
    """Says which part does not fit, and what can be done. Nothing is ever reset because of it."""
    parts, reason = [], Reason.OTHER_MEMORY
    if found.backbone != wanted.backbone:
        parts.append(f"language model {_short(found.backbone)} (now {_short(wanted.backbone)})")
        reason = Reason.OTHER_MODEL
    if found.memory != wanted.memory:
        parts.append(f"memory weights {_short(found.memory)} (now {_short(wanted.memory)})")
    if len(parts) == 2:
        reason = Reason.OTHER_MODEL_AND_MEMORY
    return StateError(
        f"What this profile has learned belongs to another {' and another '.join(parts)}.",
        "Have it learn its journal anew with the model of today (techo memory relearn, or Learn anew in the memory's "
        "menu); or start Techo with the model and version this profile was used with; or choose another profile. "
        "Nothing was changed.",
        code=ErrorCode.STATE_MISMATCH,
        because=because(reason),
    )


def _short(digest: str) -> str:
    return digest[:20] + "..." if len(digest) > 23 else digest


def _is_ours(name: str) -> bool:
    return _OURS.fullmatch(name) is not None
