"""The profiles of one data folder: list, create, duplicate, rename, delete, open, import.

    <data folder>/profiles/.lock         held for the moment of any change to the set of profiles
                           <id>/         a profile: database, snapshots, `lock` (held while it is open)
                           .new-<id>/    one being made; becomes a profile by a rename, at once and complete
                           .trash-<id>/  one being deleted; stopped being a profile by a rename, at once

Left-over `.new-` and `.trash-` folders (a crash) are removed at the next `list`.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import platformdirs

from engine.errors import EngineError, ErrorCode, ProfileError, StateError, StoreError
from engine.reasons import Reason, Remark, because
from engine.store import duplicating, importing, log, looks, seal
from engine.store.database import FILE_NAME, LOOKS, Database, create_database, read_version
from engine.store.files import FileLock, Files, disk_errors, make_folders, remove_tree
from engine.store.names import clean_name, name_key
from engine.store.profile import SNAPSHOTS, Profile
from engine.store.records import Arrays, Clock, ProfileRecord, StateIdentity, stamp, utc_now
from engine.store.snapshots import Snapshots

LOCK: Final = "lock"
_STORE_LOCK: Final = ".lock"
_NEW: Final = ".new-"
_TRASH: Final = ".trash-"
_ID: Final = re.compile(r"[0-9a-f]{16}")
_NO_PLACE: Final = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_WAIT: Final = 10.0
"""Seconds to wait for another process that is changing the set of profiles."""


def default_data_dir() -> Path:
    """Where Techo keeps its data unless told otherwise (`~/.local/share/techo` on Linux)."""
    return platformdirs.user_data_path("techo", appauthor=False)


class ProfileStore:
    """The profiles under one data folder. Holds nothing open; safe to use from several processes at once."""

    def __init__(self, data_dir: Path, *, files: Files | None = None, clock: Clock = utc_now) -> None:
        """`files` is the layer all disk operations go through, `clock` gives the dates; both can be replaced."""
        self._files = files or Files()
        self._clock = clock
        self.directory = data_dir.absolute() / "profiles"

    def list(self) -> list[ProfileRecord]:
        """All profiles, by name. One that cannot be read is listed with its problem; it hides no other."""
        with disk_errors("read the list of profiles", self.directory):
            if self._files.stat(self.directory) is None:
                return []
        self._clean()
        with self._exclusive_if_possible():
            return list(self._records())

    def suspects(self) -> tuple[ProfileRecord, ...]:
        """Profiles that cannot be read, or that are not as they were closed: a missing one may be among them."""
        return tuple(
            record
            for record in self.list()
            if record.problem
            or seal.holds(self._files, self.directory / record.id, self.directory / record.id / FILE_NAME) is False
        )

    def create(self, name: str) -> ProfileRecord:
        """Makes a new, empty profile."""
        name = clean_name(name)
        colour = self._free_colour(name)
        with self._building(name) as folder:
            identifier, created = _id_of(folder), stamp(self._clock())
            create_database(self._files, folder, identifier, name, created, colour)
        return ProfileRecord(identifier, name, created, colour=colour)

    def duplicate(
        self,
        name: str,
        new_name: str,
        *,
        open_here: bool = False,
        notice: Callable[[Remark], None] = lambda _: None,
    ) -> ProfileRecord:
        """Makes a new profile that holds all that another one does (see `duplicating`), and changes nothing in that.

        Args:
            name: Of the one that is there.
            new_name: Of the new one.
            open_here: The caller has it open, and lets it rest meanwhile. Otherwise it must be open nowhere.
            notice: Hears of damage that was found on the way.
        """
        new_name = clean_name(new_name)
        with self._exclusive():
            record = self._find(name)
            source = self.directory / record.id
            lock = None if open_here else self._lock(record, source)
        try:
            with self._building(new_name) as folder:
                twin = replace(record, id=_id_of(folder), name=new_name, created=stamp(self._clock()))
                with self._resealed(source) if lock is not None else nullcontext():
                    duplicating.duplicate(self._files, source, folder, twin, self._clock, notice)
        finally:
            if lock is not None:
                lock.release()
        return twin

    def look(self, name: str, colour: str | None, picture: bytes | None) -> ProfileRecord:
        """Gives a profile another colour or picture (empty: none), also while it is open. None leaves it as it is."""
        changes: dict[str, str | bytes | None] = {}
        if colour is not None:
            changes["colour"] = looks.clean_colour(colour)
        if picture is not None:
            changes["picture"] = looks.check_picture(picture) if picture else None
        with self._exclusive():
            record = self._find(name)
            with self._changing(record, "change the looks of the profile") as database:
                for column, value in changes.items():
                    database.run(f"UPDATE profile SET {column} = ?", (value,))
        return self._record(record.id)

    def rename(self, name: str, new_name: str) -> ProfileRecord:
        """Gives a profile another name, also while it is open. Changing only letter case is fine."""
        new_name = clean_name(new_name)
        with self._exclusive():
            record = self._find(name)
            self._check_free(new_name, but=record.id)
            with self._changing(record, "rename the profile") as database:
                database.run("UPDATE profile SET name = ?", (new_name,))
        return replace(record, name=new_name)

    def delete(self, name: str) -> None:
        """Deletes a profile with everything in it. Refused while it is open anywhere.

        When this returns nothing of it is left; after a crash it is either still there or gone for good.
        """
        with self._exclusive():
            record = self._find(name)
            folder = self.directory / record.id
            trash = self.directory / (_TRASH + record.id)
            # Nobody can take the lock again in between: opening needs the store's lock, which is held here. (Windows
            # does not rename a folder with an open file in it.)
            self._lock(record, folder).release()
            with disk_errors("delete the profile", folder):
                self._files.rename(folder, trash)
                self._files.sync_folder(self.directory)
                try:
                    remove_tree(self._files, trash)
                    self._files.sync_folder(self.directory)
                except OSError as error:
                    raise StoreError(
                        f"The profile {record.name} is deleted, but some of its files could not be removed: {error}.",
                        f"Remove the folder {trash} by hand; Techo tries again at each start.",
                        because=because(Reason.PROFILE_FILES_LEFT, name=record.name, path=str(trash)),
                    ) from error

    def open(self, name: str, identity: StateIdentity) -> Profile:
        """Opens a profile for use with the weights `identity`.

        Raises:
            ProfileError: PROFILE_NOT_FOUND; PROFILE_IN_USE when it is open elsewhere.
            StateError: its database is damaged, or newer than this Techo. (Whether the learned state fits the weights
                is looked at by `Profile.load_state`: a profile that does not fit can still be exported or reset.)
        """
        if self._is_missing():
            raise _not_found(name)
        with self._exclusive():
            record = self._find(name)
            folder = self.directory / record.id
            lock = self._lock(record, folder)
        return Profile(self._files, folder, identity, lock, self._clock, self.directory.resolve())

    def import_file(
        self,
        path: Path,
        name: str,
        identity: StateIdentity,
        validate: Callable[[Arrays], None],
        validate_payload: Callable[[bytes], None] = lambda payload: None,
    ) -> ProfileRecord:
        """Makes a new profile `name` from an export file, after every check there is (see `importing`).

        `validate` raises when the fast-weight arrays are not what the engine can use, `validate_payload` the same for
        the write set of each learned turn. When anything fails, nothing has been changed.
        """
        name = clean_name(name)
        colour = self._free_colour(name)
        with self._building(name) as folder:
            identifier, created = _id_of(folder), stamp(self._clock())
            create_database(self._files, folder, identifier, name, created, colour)
            with closing(Database(self._files, folder, self._clock)) as database:
                snapshots = Snapshots(self._files, folder / SNAPSHOTS, database, lambda text, why: None)
                checks = importing.Checks(identity, validate, validate_payload)
                importing.fill(self._files, path, folder, database, snapshots, checks)
            with disk_errors("import the profile", folder):
                self._files.sync_file(folder / FILE_NAME)
                self._files.sync_folder(folder)
        return self._record(identifier)

    # ------------------------------------------------------------------------------------------ parts

    @contextmanager
    def _changing(self, record: ProfileRecord, what: str) -> Iterator[Database]:
        """The database of a profile, in one transaction; a profile that is open somewhere else changes as well."""
        folder = self.directory / record.id
        with disk_errors(what, folder):
            lock = self._files.lock(folder / LOCK)  # None: it is open, and its seal is broken
        try:
            with (
                self._resealed(folder) if lock is not None else nullcontext(),
                closing(Database(self._files, folder, self._clock)) as database,
                database.transaction(what),
            ):
                yield database
        finally:
            if lock is not None:
                lock.release()

    @contextmanager
    def _resealed(self, folder: Path) -> Iterator[None]:
        """Breaks the seal of a closed profile that is locked, and seals it anew.

        One that does not hold stays as it is: whoever opens the profile is to see it.
        """
        sealed = seal.holds(self._files, folder, folder / FILE_NAME)
        if sealed:
            seal.break_(self._files, folder)
        yield
        if sealed:
            seal.close(self._files, folder, folder / FILE_NAME)

    @contextmanager
    def _building(self, name: str) -> Iterator[Path]:
        """A temporary folder that becomes the profile `name` at the end of the block, or vanishes."""
        identifier = secrets.token_hex(8)
        folder = self.directory / (_NEW + identifier)
        with self._exclusive():
            self._check_free(name)
            with disk_errors("make the profile", folder):
                self._files.make_folder(folder)
                # Held while the folder is being filled, so that nobody takes it for a left-over.
                lock = self._files.lock(folder / LOCK)
        try:
            try:
                with disk_errors("make the profile", folder):
                    yield folder
            finally:
                if lock is not None:
                    lock.release()
            with self._exclusive():
                self._check_free(name)  # somebody may have been faster
                with disk_errors("make the profile", folder):
                    self._files.rename(folder, self.directory / identifier)
                    self._files.sync_folder(self.directory)
        except BaseException:
            with suppress(OSError):
                remove_tree(self._files, folder)
            raise

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """The right to change the set of profiles, for a moment."""
        with disk_errors("open the data folder", self.directory):
            make_folders(self._files, self.directory)
            lock = self._files.lock(self.directory / _STORE_LOCK, _WAIT)
        if lock is None:
            raise StoreError(
                f"Another Techo has been changing the profiles in {self.directory} for {_WAIT:.0f} seconds.",
                "Wait until it is done, or close it, and try again.",
                because=because(Reason.PROFILES_BUSY, seconds=round(_WAIT)),
            )
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _exclusive_if_possible(self) -> Iterator[None]:
        """The same where a crash has left a log, which reading will change; a folder that is read-only is read so."""
        lock = None
        with suppress(OSError):
            if any(
                log.is_there(self._files, self.directory / name / FILE_NAME)
                for name in self._files.names(self.directory)
                if _ID.fullmatch(name)
            ):
                lock = self._files.lock(self.directory / _STORE_LOCK, _WAIT)
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def _save_log(self, folder: Path) -> None:
        """Sets a damaged log aside that a crash left, before SQLite makes what it can of it. Not of an open profile."""
        if not log.is_there(self._files, folder / FILE_NAME):
            return
        lock = self._files.lock(folder / LOCK)
        if lock is not None:
            try:
                log.set_aside_if_damaged(self._files, folder / FILE_NAME)
            finally:
                lock.release()

    def _lock(self, record: ProfileRecord, folder: Path) -> FileLock:
        with disk_errors("open the profile", folder):
            lock = self._files.lock(folder / LOCK)
        if lock is None:
            raise ProfileError(
                f"The profile {record.name} is open in another Techo.",
                "Close the other window or command, or choose another profile.",
                code=ErrorCode.PROFILE_IN_USE,
                because=because(Reason.PROFILE_IN_USE, name=record.name),
            )
        return lock

    def _is_missing(self) -> bool:
        with disk_errors("open the data folder", self.directory):
            return self._files.stat(self.directory) is None

    def _find(self, name: str) -> ProfileRecord:
        key = name_key(name)
        for record in self._records():
            if name_key(record.name) == key:
                return record
        raise _not_found(name)

    def _check_free(self, name: str, but: str = "") -> None:
        key = name_key(name)
        for record in self._records():
            if record.id != but and name_key(record.name) == key:
                raise ProfileError(
                    f"There is a profile {record.name} already.",
                    "Choose another name.",
                    code=ErrorCode.PROFILE_EXISTS,
                    because=because(Reason.PROFILE_EXISTS, name=record.name),
                )

    def _free_colour(self, name: str) -> str:
        if self._is_missing():
            return looks.free_colour(name, ())
        return looks.free_colour(name, [record.colour for record in self._records()])

    def _records(self) -> tuple[ProfileRecord, ...]:
        with disk_errors("read the list of profiles", self.directory):
            names = [name for name in self._files.names(self.directory) if _ID.fullmatch(name)]
        records = (self._record(name) for name in names)
        return tuple(sorted(records, key=lambda record: (name_key(record.name), record.id)))

    def _record(self, identifier: str) -> ProfileRecord:
        path = self.directory / identifier / FILE_NAME
        try:
            with disk_errors("read the profile", path):
                with suppress(OSError, StoreError):  # a disk that is full or read-only: SQLite leaves the log alone
                    self._save_log(path.parent)
                try:
                    return self._read(identifier, path, "rw")
                except sqlite3.OperationalError as error:
                    # A full or read-only disk has no place for SQLite's log; the name can be read without it.
                    if error.sqlite_errorcode & 0xFF not in _NO_PLACE:
                        raise
                    return self._read(identifier, path, "frozen")
        except EngineError as error:
            return ProfileRecord(identifier, f"unreadable-{identifier}", "", problem=error.message)

    def _read(self, identifier: str, path: Path, mode: str) -> ProfileRecord:
        with closing(self._files.connect(path, mode)) as connection:
            connection.text_factory = lambda data: data.decode("utf-8", "replace")
            version, problem = 0, ""
            try:
                version = read_version(connection, path)
            except StateError as error:
                if error.code != ErrorCode.STATE_NEWER:
                    raise
                problem = error.message
            columns = "colour, picture" if version >= LOOKS else "NULL, NULL"
            row = connection.execute(f"SELECT name, created, {columns} FROM profile").fetchone()
            if row is None or not isinstance(row[0], str):
                raise sqlite3.DatabaseError("no name")
            return ProfileRecord(identifier, row[0], str(row[1]), problem, *looks.read(row[0], row[2], row[3]))

    def _clean(self) -> None:
        """Removes what crashes left. Never fails and never waits: the next list tries again."""
        with suppress(OSError):
            left = [name for name in self._files.names(self.directory) if name.startswith((_NEW, _TRASH))]
            lock = self._files.lock(self.directory / _STORE_LOCK) if left else None
            if lock is None:
                return
            try:
                for name in left:
                    self._clean_one(self.directory / name)
            finally:
                lock.release()

    def _clean_one(self, folder: Path) -> None:
        with suppress(OSError):
            if folder.name.startswith(_NEW) and self._files.stat(folder / LOCK) is not None:
                builder = self._files.lock(folder / LOCK)
                if builder is None:
                    return  # it is being filled right now
                builder.release()
            remove_tree(self._files, folder)


def _id_of(folder: Path) -> str:
    return folder.name.removeprefix(_NEW)


def _not_found(name: str) -> ProfileError:
    return ProfileError(
        f"There is no profile {name.strip()[:80]}.",
        "See the list of profiles (techo profile list), or create it (techo profile create NAME).",
        code=ErrorCode.PROFILE_NOT_FOUND,
        because=because(Reason.NO_PROFILE, name=name.strip()[:80]),
    )
