"""The one layer between the store and the disk.

Everything the store changes or reads on disk - files, folders, locks, database connections - goes through a `Files`
object, which every class of the package is handed. A test can therefore put its own subclass there and let the n-th
operation fail, count operations, or drop what was not synced. The operations are as small as the guarantees need:
`create`, `write`, `sync`, `close`, `rename` and `sync_folder` are separate steps, because a crash can fall between any
two of them.

What the disk refuses comes out as `StoreError` with a hint a person can act on (`disk_errors`); the mapping stands
here as well, because nobody else knows `errno` or SQLite's result codes.
"""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import filelock

from engine.errors import ErrorCode, StateError, StoreError
from engine.reasons import Reason, because

if TYPE_CHECKING:
    from engine.store.keys import DataKey

PRIVATE_FOLDER: Final = 0o700
PRIVATE_FILE: Final = 0o600
BUSY_SECONDS: Final = 5.0
"""How long SQLite waits for another process's short transaction (only the list of profiles reads across processes)."""

ENCRYPTED: Final = "vault.sqlite3"
"""The database of an encrypted profile."""


class FileLock:
    """A held lock. Released by `release`, or by the operating system when the process dies."""

    def __init__(self, lock: filelock.BaseFileLock) -> None:
        self._lock = lock

    def release(self) -> None:
        """Lets go; a second call does nothing."""
        self._lock.release()


class NewFile:
    """A file being written, front to back. Nothing of it is promised before `sync` has returned."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        self._file = os.fdopen(os.open(path, flags, PRIVATE_FILE), "wb", buffering=0)

    def write(self, data: bytes | memoryview) -> int:
        """Writes all of `data` (a short write, as on a full disk, is carried on until it is done or fails)."""
        rest = memoryview(data)
        while rest.nbytes:
            written = self._file.write(rest)
            rest = rest[written:]
        return memoryview(data).nbytes

    def flush(self) -> None:
        """Nothing is buffered here; zipfile asks for it."""

    def size(self) -> int:
        """Bytes in the file, as the file system counts them."""
        return os.fstat(self._file.fileno()).st_size

    def sync(self) -> None:
        """Makes what was written durable: fsync, or what goes further than it where the system has that (macOS)."""
        _sync(self._file.fileno())

    def close(self) -> None:
        """Closes; a second call does nothing."""
        self._file.close()


class Files:
    """Operations on the real disk. Errors are the operating system's own; callers wrap them in `disk_errors`."""

    connection_class: type[sqlite3.Connection] = sqlite3.Connection
    """What `connect` opens. SQLite does its own file operations; this is where its statements can be watched."""
    cipher_class: type[sqlite3.Connection] | None = None
    """The same for an encrypted database; None: what `cipher` has."""

    def create(self, path: Path) -> NewFile:
        """Opens a new private file; an existing one is an error."""
        return NewFile(path)

    def open_read(self, path: Path) -> BinaryIO:
        """Opens a regular file. Anything else (a folder, a pipe, a device) is refused, without hanging on it."""
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(path, flags)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
        return os.fdopen(descriptor, "rb")

    def stat(self, path: Path) -> os.stat_result | None:
        """What is at `path` (a link is not followed), or None when nothing is."""
        try:
            return path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def names(self, folder: Path) -> list[str]:
        """Names in a folder, sorted, so that every run does the same things in the same order."""
        return sorted(path.name for path in folder.iterdir())

    def make_folder(self, path: Path) -> None:
        """Makes one private folder; its parent must be there, itself not."""
        path.mkdir(PRIVATE_FOLDER)

    def rename(self, source: Path, target: Path) -> None:
        """Moves within one file system, at once; an existing file at `target` is replaced."""
        source.replace(target)

    def remove_file(self, path: Path) -> None:
        """Removes a file or a link; a missing one is an error."""
        path.unlink()

    def remove_folder(self, path: Path) -> None:
        """Removes an empty folder."""
        path.rmdir()

    def sync_folder(self, path: Path) -> None:
        """Makes creations, renames and removals in this folder durable (Windows does so by itself)."""
        if sys.platform == "win32":
            return
        descriptor = os.open(path, os.O_RDONLY)
        try:
            _sync(descriptor)
        except OSError as error:
            # Some network and FUSE file systems cannot sync a folder at all; there is nothing more to do there.
            if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
                raise
        finally:
            os.close(descriptor)

    def sync_file(self, path: Path) -> None:
        """Makes durable what something else (SQLite) has written to a file."""
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        try:
            _sync(descriptor)
        finally:
            os.close(descriptor)

    def connect(self, path: Path, mode: str = "rw", key: DataKey | None = None) -> sqlite3.Connection:
        """Opens an existing database. `mode` is `rw`, or `frozen`: read as it is, on a medium nobody can write to.

        `key`: of an encrypted one.
        """
        uri = path.absolute().as_uri() + ("?mode=ro&immutable=1" if mode == "frozen" else "?mode=rw")
        if key is not None:
            from engine.store import cipher

            return cipher.connect(uri, key, BUSY_SECONDS, self.cipher_class or cipher.connection_class())
        # Every use is serialised by `Database`'s own lock, so the thread that closes may be another one.
        return sqlite3.connect(
            uri,
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=64,
            factory=self.connection_class,
        )

    def lock(self, path: Path, wait: float = 0.0) -> FileLock | None:
        """Takes the lock file at `path`; None when somebody else still holds it after `wait` seconds."""
        lock = filelock.FileLock(path, mode=PRIVATE_FILE, thread_local=False)
        try:
            lock.acquire(timeout=wait, poll_interval=0.02)
        except filelock.Timeout:
            return None
        return FileLock(lock)


def _sync(descriptor: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        # fsync on macOS stops at the drive's cache; F_FULLFSYNC goes through it. Not every file system knows it.
        with suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


# ---------------------------------------------------------------------------------------------- compound operations


def make_folders(files: Files, path: Path) -> None:
    """Makes `path` and what is missing above it, private and synced."""
    if files.stat(path) is not None:
        return
    make_folders(files, path.parent)
    with suppress(FileExistsError):  # another process was faster
        files.make_folder(path)
    files.sync_folder(path.parent)


def write_atomically(files: Files, path: Path, chunks: Iterable[bytes | memoryview], size: int) -> None:
    """Writes a file so that after a crash at any moment it is there in full or not at all.

    Temporary file in the same folder -> length check -> fsync -> rename -> fsync of the folder. An existing file at
    `path` is replaced. On failure the temporary file is removed (one left by a crash is the caller's to clean up: its
    name starts with a dot and ends in `.tmp`).
    """
    with replacing(files, path) as file:
        for chunk in chunks:
            file.write(chunk)
        if file.size() != size:
            raise OSError(errno.EIO, f"{file.size()} bytes were written instead of {size}", os.fspath(path))


@contextmanager
def replacing(files: Files, path: Path) -> Iterator[NewFile]:
    """The same for writers that do not know the size beforehand: what is written to the handle becomes `path`."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    file = files.create(temporary)
    try:
        try:
            yield file
            file.sync()
        finally:
            file.close()
        files.rename(temporary, path)
    except BaseException:
        with suppress(OSError):
            files.remove_file(temporary)
        raise
    files.sync_folder(path.parent)


def remove_tree(files: Files, path: Path) -> None:
    """Removes a folder and all that is in it; links are removed, never followed. A missing one is fine."""
    found = files.stat(path)
    if found is None:
        return
    if stat.S_ISDIR(found.st_mode):
        for name in files.names(path):
            remove_tree(files, path / name)
        files.remove_folder(path)
    else:
        files.remove_file(path)


# ---------------------------------------------------------------------------------------------- errors

_NOTHING_LOST: Final = "What was saved before is untouched."

_BY_ERRNO: Final[dict[int, tuple[str, str, Reason]]] = {
    errno.ENOSPC: (
        "the disk is full",
        f"Free some space on that disk and try again. {_NOTHING_LOST}",
        Reason.DISK_FULL,
    ),
    errno.EDQUOT: ("the disk quota is used up", f"Free some space and try again. {_NOTHING_LOST}", Reason.DISK_QUOTA),
    errno.EFBIG: (
        "the file would be too large for this disk",
        f"Choose another disk. {_NOTHING_LOST}",
        Reason.DISK_TOO_LARGE,
    ),
    errno.EACCES: (
        "permission was denied",
        "Check who owns that folder and whether you may write there.",
        Reason.DISK_DENIED,
    ),
    errno.EPERM: (
        "permission was denied",
        "Check who owns that folder and whether you may write there.",
        Reason.DISK_DENIED,
    ),
    errno.EROFS: (
        "the disk is read-only",
        "Choose a folder on a disk that can be written to (--data-dir).",
        Reason.DISK_READ_ONLY,
    ),
    errno.ENOENT: ("it does not exist", "Check the path.", Reason.DISK_MISSING),
    errno.ENOTDIR: ("a part of the path is not a folder", "Check the path.", Reason.DISK_NO_FOLDER),
    errno.EISDIR: ("it is a folder", "Name a file.", Reason.DISK_IS_FOLDER),
    errno.EEXIST: ("it exists already", "Choose another name.", Reason.DISK_EXISTS),
    errno.EINVAL: ("it is not an ordinary file", "Name an ordinary file.", Reason.DISK_NO_FILE),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter one.", Reason.DISK_NAME_LONG),
    errno.EMFILE: ("too many files are open", "Close other programs and try again.", Reason.DISK_OPEN_FILES),
    errno.ENFILE: ("too many files are open", "Close other programs and try again.", Reason.DISK_OPEN_FILES),
    errno.EIO: (
        "the disk reported an error",
        "Make a copy of your data folder and have the disk checked.",
        Reason.DISK_BROKEN,
    ),
}

_BY_SQLITE: Final[dict[int, tuple[str, str, Reason]]] = {
    sqlite3.SQLITE_FULL: _BY_ERRNO[errno.ENOSPC],
    sqlite3.SQLITE_READONLY: ("it cannot be written to", _BY_ERRNO[errno.EACCES][1], Reason.DISK_DENIED),
    sqlite3.SQLITE_PERM: _BY_ERRNO[errno.EACCES],
    sqlite3.SQLITE_AUTH: _BY_ERRNO[errno.EACCES],
    sqlite3.SQLITE_CANTOPEN: (
        "it cannot be opened",
        "Check that the folder exists and that you may write to it.",
        Reason.DISK_CANNOT_OPEN,
    ),
    sqlite3.SQLITE_IOERR: _BY_ERRNO[errno.EIO],
    sqlite3.SQLITE_BUSY: (
        "another program is using it",
        "Close the other Techo, or wait a moment, and try again.",
        Reason.DISK_BUSY,
    ),
    sqlite3.SQLITE_LOCKED: (
        "another program is using it",
        "Close the other Techo, or wait a moment, and try again.",
        Reason.DISK_BUSY,
    ),
    sqlite3.SQLITE_NOLFS: _BY_ERRNO[errno.EFBIG],
    sqlite3.SQLITE_NOMEM: ("there is not enough memory", "Close other programs and try again.", Reason.DISK_NO_MEMORY),
    sqlite3.SQLITE_TOOBIG: ("the text is too large", "Use a shorter one.", Reason.DISK_TOO_LARGE),
}

_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)


@contextmanager
def disk_errors(action: str, path: Path) -> Iterator[None]:
    """Turns what the disk or SQLite refuses inside the block into `StoreError`; `action` is "save the message".

    Errors that only a mistake in this program can cause (SQLite's MISUSE, RANGE, CONSTRAINT, SQL that does not
    parse) pass as they are: they are bugs, and are to be seen as such.
    """
    try:
        yield
    except OSError as error:
        raise _from_os(action, path, error) from error
    except sqlite3.Error as error:
        mapped = _from_sqlite(action, path, error)
        if mapped is None:
            raise
        raise mapped from error
    except UnicodeDecodeError as error:
        # Python could not even read SQLite's message about a damaged schema, which quotes it.
        if path.suffix != ".sqlite3":
            raise
        raise damaged_database(path, "its schema cannot be read") from error


def _from_os(action: str, path: Path, error: OSError) -> StoreError:
    where = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else path
    other = (error.strerror or str(error), "Check the disk and try again.", Reason.DISK_OTHER)
    what, hint, reason = _BY_ERRNO.get(error.errno or 0, other)
    return StoreError(f"Could not {action}: {what} ({where}).", hint, because=because(reason, path=str(where)))


def _from_sqlite(action: str, path: Path, error: sqlite3.Error) -> StoreError | None:
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(code, int):
        return None
    primary = code & 0xFF
    if primary in _DAMAGED:
        return damaged_database(path, str(error))
    if primary not in _BY_SQLITE:
        return None
    what, hint, reason = _BY_SQLITE[primary]
    return StoreError(f"Could not {action}: {what} ({path}).", hint, because=because(reason, path=str(path)))


def damaged_database(path: Path, detail: str) -> StateError:
    """The profile's database cannot be trusted. Nothing is repaired, moved or reset behind the user's back."""
    if path.name == ENCRYPTED:
        # Its key is the right one (`keys.require_untouched`), so it is the pages that are not what was written.
        return StateError(
            f"The profile's encrypted database was changed by somebody else or is damaged: {path} ({detail}).",
            "Nothing was changed. Make a copy of that folder; then import the profile's last export under a new name, "
            "or put back a backup of the folder.",
            code=ErrorCode.STATE_TAMPERED,
            because=because(Reason.DATABASE_TAMPERED, path=str(path)),
        )
    return StateError(
        f"The profile's database is damaged: {path} ({detail}).",
        "Nothing was changed. Make a copy of that folder; then import the profile's last export under a new name, "
        "or put back a backup of the folder.",
        code=ErrorCode.STATE_DAMAGED,
        because=because(Reason.DATABASE_DAMAGED, path=str(path)),
    )
