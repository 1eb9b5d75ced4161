"""Encrypting a profile that is there, and decrypting it: all of it or nothing, whatever happens on the way.

Both are in the profile's folder, side by side, for a while; which of them counts is decided by one file, and that file
is replaced at once (a rename):

    profile.sqlite3    a Techo database of format 1: the profile is plain, and this is it
                       the *placeholder* (format 2.0, with nothing in it), or none: the profile is encrypted. An older
                       Techo takes it for the profile of a newer one and leaves it alone.

    plain       profile.sqlite3  profile.seal  snapshots/  profile.draft
    encrypted   profile.key  profile.key.copy  vault.sqlite3  vault.seal  vault/  vault.draft

The other one is made complete and synced first; then that file is replaced; then the parts of the one that no longer
counts are removed. After a crash the next opening removes them, once it has seen that what counts is whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

from engine.errors import ErrorCode, ProfileError, StoreError
from engine.reasons import Reason, Remark, because, in_parts
from engine.store import drafts, keys, log, seal, snapshots
from engine.store.database import APPLICATION_ID, FILE_NAME, MAJOR, Database, place
from engine.store.files import ENCRYPTED, Files, disk_errors, remove_tree, write_atomically
from engine.store.journal import Journal, bound_identity
from engine.store.keys import DataKey
from engine.store.passphrase import Cost
from engine.store.records import Clock
from engine.store.snapshots import Snapshots

FORMAT_MAJOR: Final = 2
"""Of an encrypted profile's folder."""
_MAKING: Final = ".decrypting"
_HEAD: Final = 100
_SIDES: Final = ("-wal", "-shm", "-journal")
_PLAIN: Final = (
    FILE_NAME,
    seal.FILE_NAME,
    snapshots.FOLDER,
    drafts.FILE_NAME,
    *(FILE_NAME + side for side in _SIDES),
    FILE_NAME + log.ASIDE,
    FILE_NAME + log.UNTOLD,
)
_ENCRYPTED: Final = (
    keys.FILE_NAME,
    keys.COPY,
    ENCRYPTED,
    seal.ENCRYPTED,
    snapshots.ENCRYPTED,
    drafts.ENCRYPTED,
    *(ENCRYPTED + side for side in _SIDES),
    ENCRYPTED + log.ASIDE,
    ENCRYPTED + log.UNTOLD,
)

Notice = Callable[[Remark], None]


def is_encrypted(files: Files, folder: Path) -> bool:
    """Whether the profile in `folder` is an encrypted one. Never fails: what cannot be read is found out later."""
    with suppress(OSError, StoreError):
        there = keys.is_there(files, folder) or files.stat(folder / ENCRYPTED) is not None
        return there and not _is_plain(files, folder / FILE_NAME)
    return False


def _is_plain(files: Files, path: Path) -> bool:
    """Whether this is a plain profile's database, as far as its first page tells."""
    found = files.stat(path)
    if found is None:
        return False
    with files.open_read(path) as file:
        head = file.read(len(placeholder()))
    if found.st_size == len(placeholder()) and _differing(head, placeholder()) < _HEAD:
        return False  # damaged it may be; a profile it is not
    version, application = head[60:64], head[68:72]
    return application == APPLICATION_ID.to_bytes(4, "big") and int.from_bytes(version, "big") >> 16 <= MAJOR


def _differing(left: bytes, right: bytes) -> int:
    return sum(one != other for one, other in zip(left, right, strict=False)) + abs(len(left) - len(right))


@lru_cache(maxsize=1)
def placeholder() -> bytes:
    """What an older Techo finds where it looks for the database: a profile of a newer Techo, called "encrypted"."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 4096")
        connection.execute("CREATE TABLE profile (name TEXT, created TEXT, colour TEXT, picture BLOB)")
        connection.execute("INSERT INTO profile VALUES ('encrypted', '', '#4f5a66', NULL)")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {FORMAT_MAJOR << 16}")
        data: bytes = connection.serialize()
    return data


def write_placeholder(files: Files, folder: Path) -> None:
    """Puts the placeholder where the database of a plain profile is. From then on the profile is an encrypted one."""
    data = placeholder()
    write_atomically(files, folder / FILE_NAME, [data], len(data))


def encrypt(
    files: Files, folder: Path, name: str, passphrase: str, cost: Cost, clock: Clock, notice: Notice
) -> DataKey:
    """Makes a plain profile an encrypted one. The caller holds its lock, and nobody has it open -> its key.

    Args:
        files: the disk.
        folder: the profile's.
        name: the profile's.
        passphrase: as it was typed.
        cost: of trying one.
        clock: gives the dates.
        notice: hears of what a person should know.

    Raises:
        ProfileError: PASSPHRASE_REFUSED.
        StateError: the profile is damaged.
        StoreError: the disk refuses. The profile is plain then, as it was.
    """
    key = DataKey.new()
    content = keys.new_file(name, keys.passphrase_slot(key, passphrase, cost))
    with disk_errors("encrypt the profile", folder), _unsealed(files, folder, None, notice):
        _remove(files, folder, _ENCRYPTED)
        try:
            _transcribe(files, folder, None, folder, key, clock, notice)
            drafts.write(files, folder, key, drafts.read(files, folder, None))
            keys.write(files, folder, content, key)
            _refuse_log(files, folder / FILE_NAME)
            write_placeholder(files, folder)
        except BaseException:
            if not is_encrypted(files, folder):
                with suppress(OSError):
                    _remove(files, folder, _ENCRYPTED)
            raise
        seal.close(files, folder, place(folder, key), key)
    tidy(files, folder, True, notice)
    return key


def decrypt(files: Files, folder: Path, key: DataKey, clock: Clock, notice: Notice) -> None:
    """Makes an encrypted profile a plain one. Arguments and errors as for `encrypt`."""
    making = folder / _MAKING
    with disk_errors("decrypt the profile", folder), _unsealed(files, folder, key, notice):
        remove_tree(files, making)
        _remove(files, folder, (seal.FILE_NAME, snapshots.FOLDER, drafts.FILE_NAME))
        try:
            files.make_folder(making)
            _transcribe(files, folder, key, making, None, clock, notice)
            drafts.write(files, folder, None, drafts.read(files, folder, key))
            if files.stat(making / snapshots.FOLDER) is not None:
                files.rename(making / snapshots.FOLDER, folder / snapshots.FOLDER)
                files.sync_folder(folder)
            _refuse_log(files, making / FILE_NAME)
            files.rename(making / FILE_NAME, folder / FILE_NAME)
            files.sync_folder(folder)
        except BaseException:
            if is_encrypted(files, folder):
                with suppress(OSError):
                    remove_tree(files, making)
                    _remove(files, folder, (snapshots.FOLDER, drafts.FILE_NAME))
            raise
        seal.close(files, folder, place(folder, None))
    tidy(files, folder, False, notice)


@contextmanager
def _unsealed(files: Files, folder: Path, key: DataKey | None, notice: Notice) -> Iterator[None]:
    """What is about to be carried over may be changed by that; what was whole is sealed anew if it stays after all."""
    database = place(folder, key)
    holds = seal.holds(files, folder, database, key)
    if holds is False:
        words = (
            "The profile's database was changed on disk while the profile was closed (a failing disk, or another "
            "program). What of it is damaged is named when it is read. Compare it with an export."
        )
        notice(Remark(words, because(Reason.DATABASE_CHANGED_CARRIED)))
    seal.break_(files, folder, key)
    try:
        yield
    except Exception:
        if holds and is_encrypted(files, folder) is (key is not None):
            seal.close(files, folder, database, key)
        raise


def _refuse_log(files: Files, database: Path) -> None:
    """A log beside the database is part of it, and would be taken for one of whatever takes its name."""
    if files.stat(database.with_name(database.name + log.SUFFIX)) is not None:
        raise StoreError(
            "The profile's database is being read by another program.",
            "Close it, and try again. Nothing was changed.",
            because=because(Reason.DATABASE_READ),
        )


def _transcribe(
    files: Files, source: Path, old: DataKey | None, target: Path, new: DataKey | None, clock: Clock, notice: Notice
) -> None:
    """Makes the same database with the other key, synced; of the states, the newest one that is whole."""
    log.set_aside_if_damaged(files, place(source, old))
    if told := log.take_notice(files, place(source, old)):
        notice(told)
    apart = in_parts(notice)
    with closing(Database(files, source, clock, sealed=None, key=old)) as database:
        bound = bound_identity(database)
        folder = snapshots.place(source, old)
        state = None if bound is None else Snapshots(files, folder, database, apart, old).load(bound)
        counts = _counts(database)
    path = place(target, new)
    files.create(path).close()  # private before there is anything in it
    _export(files, place(source, old), old, path, new)
    with closing(Database(files, target, clock, sealed=None, key=new)) as database:
        with database.transaction("keep the profile"):
            database.run("DELETE FROM snapshot")
        if _counts(database) != counts:
            raise StoreError(
                "Not everything of the profile could be carried over.",
                "Nothing was changed. Try again.",
                because=because(Reason.NOT_CARRIED),
            )
        if bound is not None and state is not None:
            following = max(Journal(database, apart).next_id(), state.last_entry + 1)
            folder = snapshots.place(target, new)
            Snapshots(files, folder, database, apart, new).save(state.arrays, state.last_entry, bound, following)
    files.sync_file(path)
    files.sync_folder(target)


def _counts(database: Database) -> tuple[object, ...]:
    return tuple(
        database.value(f"SELECT count(*) FROM {table}") for table in ("profile", "conversation", "message", "entry")
    )


def _export(files: Files, source: Path, old: DataKey | None, target: Path, new: DataKey | None) -> None:
    """SQLCipher's own way from a plain database to an encrypted one and back. One of the two keys is None."""
    encrypted, plain, key = (target, source, new) if old is None else (source, target, old)
    to, origin = ("main", "other") if old is None else ("other", "main")
    with closing(files.connect(encrypted, key=key)) as connection:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA trusted_schema = ON")
        connection.execute("ATTACH DATABASE ? AS other KEY ''", (str(plain),))
        (version,) = connection.execute(f"PRAGMA {origin}.user_version").fetchone()
        connection.execute(f"PRAGMA {to}.auto_vacuum = INCREMENTAL")
        connection.execute("SELECT sqlcipher_export(?, ?)", (to, origin)).fetchall()
        connection.execute(f"PRAGMA {to}.application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA {to}.user_version = {int(version)}")
        connection.execute("DETACH DATABASE other")


def tidy(files: Files, folder: Path, encrypted: bool, notice: Notice) -> None:
    """Removes the parts of what the profile no longer is, and what a crash left. Never fails: a person is told.

    To be called by whoever holds the profile's lock and has seen that what counts is whole.
    """
    try:
        remove_tree(files, folder / _MAKING)
        for name in files.names(folder):
            if name.startswith((".profile.", ".vault.")) and name.endswith(".tmp"):
                files.remove_file(folder / name)
        if encrypted:
            if _is_damaged(files, folder):
                write_placeholder(files, folder)
            _remove(files, folder, [name for name in _PLAIN if name != FILE_NAME])
        else:
            _remove(files, folder, _ENCRYPTED)
    except OSError as error:
        what = "plain" if encrypted else "encrypted"
        words = (
            f"Some {what} files of before could not be removed ({error}). They are not used any more. Techo tries "
            "again when the profile is opened next."
        )
        why = because(Reason.PLAIN_FILES_LEFT) if encrypted else because(Reason.ENCRYPTED_FILES_LEFT)
        notice(Remark(words, why))


def _is_damaged(files: Files, folder: Path) -> bool:
    if files.stat(folder / FILE_NAME) is None:
        return True
    with files.open_read(folder / FILE_NAME) as file:
        data = file.read(len(placeholder()) + 1)
    # Written by another SQLite it may differ in a version number.
    return data[60:64] != placeholder()[60:64] or len(data) != len(placeholder())


def _remove(files: Files, folder: Path, names: tuple[str, ...] | list[str]) -> None:
    found = [folder / name for name in names if files.stat(folder / name) is not None]
    for path in found:
        remove_tree(files, path)
    if found:
        files.sync_folder(folder)


def not_encrypted(name: str) -> ProfileError:
    """There is no passphrase to ask for."""
    return ProfileError(
        f"The profile {name} is not encrypted.",
        "Encrypt it first (techo profile encrypt NAME).",
        code=ErrorCode.PROFILE_PROTECTION,
        because=because(Reason.PROFILE_PLAIN, name=name),
    )


def already_encrypted(name: str) -> ProfileError:
    """It has a passphrase."""
    return ProfileError(
        f"The profile {name} is encrypted already.",
        "Give it another passphrase instead (techo profile passphrase NAME).",
        code=ErrorCode.PROFILE_PROTECTION,
        because=because(Reason.PROFILE_ENCRYPTED, name=name),
    )
