"""The profiles of one data folder: list, create, duplicate, rename, delete, open, import, encrypt, decrypt.

    <data folder>/profiles/.lock         held for the moment of any change to the set of profiles
                           <id>/         a profile: database, snapshots, `lock` (held while it is open)
                           .new-<id>/    one being made; becomes a profile by a rename, at once and complete
                           .trash-<id>/  one being deleted; stopped being a profile by a rename, at once

An encrypted profile (see `switching`) needs its passphrase, its key, or the system's keyring for everything but being
listed and deleted.

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
from typing import Any, Final

import msgspec
import platformdirs

from engine.errors import EngineError, ErrorCode, ProfileError, StateError, StoreError
from engine.reasons import Reason, Remark, because
from engine.store import duplicating, importing, keys, log, looks, seal, snapshots, switching
from engine.store.database import FILE_NAME, LOOKS, Database, create_database, place, read_version
from engine.store.files import FileLock, Files, disk_errors, make_folders, remove_tree
from engine.store.keys import DataKey, KeyFile
from engine.store.names import clean_name, name_key
from engine.store.passphrase import DEFAULT, Cost
from engine.store.profile import Profile
from engine.store.records import Arrays, Clock, ProfileRecord, StateIdentity, stamp, utc_now
from engine.store.remembered import Keyring
from engine.store.snapshots import Snapshots

LOCK: Final = "lock"
_STORE_LOCK: Final = ".lock"
_NEW: Final = ".new-"
_TRASH: Final = ".trash-"
_ID: Final = re.compile(r"[0-9a-f]{16}")
_NO_PLACE: Final = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_WAIT: Final = 10.0
"""Seconds to wait for another process that is changing the set of profiles."""

Access = str | DataKey | None
"""What opens an encrypted profile: its passphrase; its key, by whoever has it open; None: the system's keyring, if it
was told to."""


def default_data_dir() -> Path:
    """Where Techo keeps its data unless told otherwise (`~/.local/share/techo` on Linux)."""
    return platformdirs.user_data_path("techo", appauthor=False)


class ProfileStore:
    """The profiles under one data folder. Holds nothing open; safe to use from several processes at once."""

    def __init__(
        self,
        data_dir: Path,
        *,
        files: Files | None = None,
        clock: Clock = utc_now,
        cost: Cost = DEFAULT,
        keyring: Keyring | None = None,
    ) -> None:
        """Touches nothing yet.

        Args:
            data_dir: Techo's data folder.
            files: the layer all disk operations go through; it can be replaced, as all that follow.
            clock: gives the dates.
            cost: of trying a passphrase that is given from now on.
            keyring: the system's.
        """
        self._files = files or Files()
        self._clock = clock
        self._cost = cost
        self._keyring = keyring or Keyring()
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
        return tuple(record for record in self.list() if record.problem or self._was_changed(record))

    def _was_changed(self, record: ProfileRecord) -> bool:
        folder = self.directory / record.id
        return not record.encrypted and seal.holds(self._files, folder, folder / FILE_NAME) is False

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
        access: Access = None,
    ) -> ProfileRecord:
        """Makes a new profile that holds all that another one does (see `duplicating`), and changes nothing in that.

        Args:
            name: Of the one that is there.
            new_name: Of the new one.
            open_here: The caller has it open, and lets it rest meanwhile. Otherwise it must be open nowhere.
            notice: Hears of damage that was found on the way.
            access: To an encrypted one; the new one opens with the same passphrase.
        """
        new_name = clean_name(new_name)
        with self._exclusive():
            record = self._find(name)
            source = self.directory / record.id
            key = self._unlock(record, access)
            lock = None if open_here else self._lock(record, source)
        try:
            with self._building(new_name) as folder:
                twin = replace(record, id=_id_of(folder), name=new_name, created=stamp(self._clock()), remembered=False)
                with self._resealed(source, key) if lock is not None else nullcontext():
                    duplicating.duplicate(self._files, source, folder, twin, self._clock, notice, key)
        finally:
            if lock is not None:
                lock.release()
        return twin

    def look(self, name: str, colour: str | None, picture: bytes | None, access: Access = None) -> ProfileRecord:
        """Gives a profile another colour or picture (empty: none), also while it is open. None leaves it as it is."""
        changes: dict[str, str | bytes | None] = {}
        if colour is not None:
            changes["colour"] = looks.clean_colour(colour)
        if picture is not None:
            changes["picture"] = looks.check_picture(picture) if picture else None
        with self._exclusive():
            record = self._find(name)
            key = self._unlock(record, access)
            with self._changing(record, "change the looks of the profile", key) as database:
                for column, value in changes.items():
                    database.run(f"UPDATE profile SET {column} = ?", (value,))
                shown = looks.read(record.name, *database.row("SELECT colour, picture FROM profile"))
        return replace(record, colour=shown[0], picture=shown[1])

    def rename(self, name: str, new_name: str, access: Access = None) -> ProfileRecord:
        """Gives a profile another name, also while it is open. Changing only letter case is fine."""
        new_name = clean_name(new_name)
        with self._exclusive():
            record = self._find(name)
            self._check_free(new_name, but=record.id)
            key = self._unlock(record, access)
            with self._changing(record, "rename the profile", key) as database:
                database.run("UPDATE profile SET name = ?", (new_name,))
            if key is not None:  # from now on it is called so: the opening puts the database right, not this file
                self._rewrite(record, key, name=new_name)
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
            entry = self._keyring_entry(record)
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
        self._drop(entry)

    def open(self, name: str, identity: StateIdentity, access: Access = None) -> Profile:
        """Opens a profile for use with the weights `identity`.

        Raises:
            ProfileError: PROFILE_NOT_FOUND; PROFILE_IN_USE when it is open elsewhere; PROFILE_LOCKED, WRONG_PASSPHRASE.
            StateError: its database is damaged, or newer than this Techo. (Whether the learned state fits the weights
                is looked at by `Profile.load_state`: a profile that does not fit can still be exported or reset.)
        """
        if self._is_missing():
            raise _not_found(name)
        with self._exclusive():
            record = self._find(name)
            folder = self.directory / record.id
            lock = self._lock(record, folder)
        told = None
        try:
            key = self._unlock(record, access)
            if key is not None:
                with self._exclusive():  # another process may just be giving it another passphrase
                    told = keys.mend(self._files, folder, keys.read(self._files, folder)[1])
        except BaseException:
            lock.release()
            raise
        profile = Profile(self._files, folder, identity, lock, self._clock, self.directory.resolve(), key)
        if told is not None:
            profile.tell(told)
        return profile

    def import_file(
        self,
        path: Path,
        name: str,
        identity: StateIdentity,
        validate: Callable[[Arrays], None],
        validate_payload: Callable[[bytes], None] = lambda payload: None,
        passphrase: str | None = None,
    ) -> ProfileRecord:
        """Makes a new profile `name` from an export file, after every check there is (see `importing`).

        One of an encrypted profile needs the passphrase, and becomes an encrypted profile that opens with it.

        `validate` raises when the fast-weight arrays are not what the engine can use, `validate_payload` the same for
        the write set of each learned turn. When anything fails, nothing has been changed.
        """
        name = clean_name(name)
        colour = self._free_colour(name)
        with self._building(name) as folder:
            identifier, created = _id_of(folder), stamp(self._clock())
            with importing.opened(self._files, path, passphrase) as source:
                key = None if source.key is None else DataKey.new()
                create_database(self._files, folder, identifier, name, created, colour, key)
                with closing(Database(self._files, folder, self._clock, key=key)) as database:
                    states = Snapshots(self._files, snapshots.place(folder, key), database, lambda *_: None, key)
                    checks = importing.Checks(identity, validate, validate_payload)
                    importing.fill(source, self._files, folder, database, states, checks)
            with disk_errors("import the profile", folder):
                self._files.sync_file(place(folder, key))
                if key is not None and passphrase is not None:
                    slot = keys.passphrase_slot(key, passphrase, self._cost)
                    keys.write(self._files, folder, keys.new_file(name, slot), key)
                    switching.write_placeholder(self._files, folder)
                self._files.sync_folder(folder)
        return self._record(identifier)

    # ------------------------------------------------------------------------------------------ encryption

    def encrypt(self, name: str, passphrase: str, notice: Callable[[Remark], None] = lambda _: None) -> DataKey:
        """Encrypts a profile that is open nowhere, all of it or nothing (see `switching`) -> its key.

        Raises:
            ProfileError: PASSPHRASE_REFUSED; PROFILE_PROTECTION, when it is encrypted; PROFILE_IN_USE.
        """
        with self._switching(name) as (record, folder):
            if record.encrypted:
                raise switching.already_encrypted(record.name)
            return switching.encrypt(self._files, folder, record.name, passphrase, self._cost, self._clock, notice)

    def decrypt(self, name: str, access: Access, notice: Callable[[Remark], None] = lambda _: None) -> None:
        """Makes an encrypted profile that is open nowhere a plain one, all of it or nothing.

        Raises:
            ProfileError: WRONG_PASSPHRASE; PROFILE_PROTECTION, when it is not encrypted; PROFILE_IN_USE.
        """
        with self._switching(name) as (record, folder):
            key = self._require_key(record, access)
            entry = self._keyring_entry(record)
            switching.decrypt(self._files, folder, key, self._clock, notice)
        self._drop(entry)

    def change_passphrase(self, name: str, access: Access, passphrase: str) -> None:
        """Gives an encrypted profile another passphrase, also while it is open: the old one opens it, or the new one.

        Raises:
            ProfileError: WRONG_PASSPHRASE, PASSPHRASE_REFUSED; PROFILE_PROTECTION, when it is not encrypted.
        """
        with self._exclusive():
            record = self._find(name)
            key = self._require_key(record, access)
            self._rewrite(record, key, passphrase=keys.passphrase_slot(key, passphrase, self._cost))

    def remember(self, name: str, access: Access, remember: bool) -> None:
        """Has the system's keyring open an encrypted profile from now on, or no longer.

        Raises:
            EngineError: KEYRING_MISSING; the profile is as it was.
            ProfileError: WRONG_PASSPHRASE; PROFILE_PROTECTION, when it is not encrypted.
        """
        with self._exclusive():
            record = self._find(name)
            key = self._require_key(record, access)
            old = self._keyring_entry(record)
            slot = None
            if remember:
                entry, secret = secrets.token_hex(16), secrets.token_bytes(32)
                self._keyring.set(entry, secret)
                slot = keys.keyring_slot(key, secret, entry)
            try:
                self._rewrite(record, key, keyring=slot)
            except BaseException:
                self._drop(None if slot is None else slot.entry)
                raise
        self._drop(old)

    def _unlock(self, record: ProfileRecord, access: Access) -> DataKey | None:
        """The key of an encrypted profile; None: it is a plain one.

        Raises:
            ProfileError: PROFILE_LOCKED, WRONG_PASSPHRASE, PASSPHRASE_REFUSED.
            StateError: STATE_TAMPERED, STATE_NEWER.
        """
        if not record.encrypted:
            return None
        folder = self.directory / record.id
        content, data = keys.read(self._files, folder)
        if isinstance(access, DataKey):
            key: DataKey | None = access
        elif isinstance(access, str):
            key = keys.open_slot(content.passphrase, access, f"the profile {record.name}")
        else:
            key = self._from_keyring(content)
        assert key is not None
        keys.require_untouched(key, data, folder)
        return key

    def _from_keyring(self, content: KeyFile) -> DataKey:
        why = ""
        if content.keyring is not None:
            try:
                secret = self._keyring.get(content.keyring.entry)
            except EngineError as error:
                why = f" {error.message}"
            else:
                key = None if secret is None else keys.open_keyring_slot(content.keyring, secret)
                if key is not None:
                    return key
                why = " The system's keyring does not have what opens it any more."
        locked = because(Reason.PROFILE_LOCKED, name=content.name)
        raise ProfileError(
            f"The profile {content.name} is locked.{why}",
            "Type its passphrase.",
            code=ErrorCode.PROFILE_LOCKED,
            because=because(Reason.PROFILE_LOCKED_KEYRING, name=content.name) if why else locked,
        )

    def _require_key(self, record: ProfileRecord, access: Access) -> DataKey:
        key = self._unlock(record, access)
        if key is None:
            raise switching.not_encrypted(record.name)
        return key

    def _rewrite(self, record: ProfileRecord, key: DataKey, **changes: Any) -> None:
        """Changes something in the key file. By whoever may change the set of profiles."""
        folder = self.directory / record.id
        content, data = keys.read(self._files, folder)
        keys.require_untouched(key, data, folder)
        keys.write(self._files, folder, msgspec.structs.replace(content, **changes), key)

    def _keyring_entry(self, record: ProfileRecord) -> str | None:
        if not record.remembered:
            return None
        slot = keys.read(self._files, self.directory / record.id)[0].keyring
        return None if slot is None else slot.entry

    def _drop(self, entry: str | None) -> None:
        """Takes a secret that opens nothing any more out of the keyring, if that can be done."""
        if entry is not None:
            with suppress(EngineError):
                self._keyring.delete(entry)

    @contextmanager
    def _switching(self, name: str) -> Iterator[tuple[ProfileRecord, Path]]:
        """A profile that is open nowhere, and that nobody else can open, rename or look at meanwhile."""
        with self._exclusive():
            record = self._find(name)
            folder = self.directory / record.id
            lock = self._lock(record, folder)
            try:
                yield record, folder
            finally:
                lock.release()

    # ------------------------------------------------------------------------------------------ parts

    @contextmanager
    def _changing(self, record: ProfileRecord, what: str, key: DataKey | None = None) -> Iterator[Database]:
        """The database of a profile, in one transaction; a profile that is open somewhere else changes as well."""
        folder = self.directory / record.id
        with disk_errors(what, folder):
            lock = self._files.lock(folder / LOCK)  # None: it is open, and its seal is broken
        try:
            with (
                self._resealed(folder, key) if lock is not None else nullcontext(),
                closing(Database(self._files, folder, self._clock, key=key)) as database,
                database.transaction(what),
            ):
                yield database
        finally:
            if lock is not None:
                lock.release()

    @contextmanager
    def _resealed(self, folder: Path, key: DataKey | None) -> Iterator[None]:
        """Breaks the seal of a closed profile that is locked, and seals it anew.

        One that does not hold stays as it is: whoever opens the profile is to see it.
        """
        database = place(folder, key)
        sealed = seal.holds(self._files, folder, database, key)
        if sealed:
            seal.break_(self._files, folder, key)
        yield
        if sealed:
            seal.close(self._files, folder, database, key)

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
            if switching.is_encrypted(self._files, path.parent):
                return self._locked(identifier, path.parent)
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

    def _locked(self, identifier: str, folder: Path) -> ProfileRecord:
        """An encrypted profile, of which the name can be told."""
        try:
            content, _ = keys.read(self._files, folder)
        except StateError as error:
            name = keys.likely_name(self._files, folder) or f"unreadable-{identifier}"
            return ProfileRecord(identifier, name, "", problem=error.message, encrypted=True)
        return ProfileRecord(identifier, content.name, "", encrypted=True, remembered=content.keyring is not None)

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
