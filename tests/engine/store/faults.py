"""A disk that fails or a process that dies at the n-th operation, at the one layer all operations go through."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from typing import Any, BinaryIO

from engine.store.cipher import connection_class
from engine.store.files import FileLock, Files, NewFile
from engine.store.keys import DataKey

_CHANGES = ("BEGIN", "COMMIT", "INSERT", "UPDATE", "DELETE", "CREATE", "VACUUM", "ATTACH", "SELECT SQLCIPHER_EXPORT")


_ALWAYS = ("open", "unlink", "rmdir", "fsync folder", "lock", "connect")


class Died(BaseException):
    """The process is dead: nothing it would still do happens."""


class FaultyFiles(Files):
    """Counts operations; at operation `at` (from 0) it fails with `error`, or dies when `error` is None.

    `lasting`: so do all operations after it but reading and removing, as on a full disk.

    At death, what was written but not synced is lost: such a file is cut in half, the rest garbled.
    """

    def __init__(self, at: int | None = None, error: int | None = errno.ENOSPC, *, lasting: bool = False) -> None:
        self.count = 0
        self.count_from = 0
        self.dead = False
        self._at = at
        self._error = error
        self._lasting = lasting
        self._connections: list[sqlite3.Connection] = []
        self._locks: list[FileLock] = []
        self._unsynced: dict[NewFile, Path] = {}
        self.connection_class = _watched(self, sqlite3.Connection)
        self.cipher_class = _watched(self, connection_class())

    def step(self, what: str) -> None:
        """One operation is about to happen."""
        if self.dead:
            raise Died(what)
        self.count += 1
        if self._at is None:
            return
        late = self._lasting and self.count - 1 > self._at and what not in _ALWAYS and not what.startswith("DELETE")
        if late or self.count - 1 == self._at:
            if self._error is None:
                self._die()
                raise Died(what)
            raise OSError(self._error, os.strerror(self._error))

    def _die(self) -> None:
        self.dead = True
        for path in self._unsynced.values():
            if path.exists():
                data = path.read_bytes()
                path.write_bytes(data[: len(data) // 2] + bytes(len(data) // 4))

    def bury(self) -> None:
        """What the operating system does with a dead process: its files are closed, its locks let go."""
        for connection in self._connections:
            connection.close_for_good()  # type: ignore[attr-defined]
        for lock in self._locks:
            lock.release()

    def synced(self, file: NewFile) -> None:
        self._unsynced.pop(file, None)

    def create(self, path: Path) -> NewFile:
        self.step("create")
        file = _FaultyFile(path, self)
        self._unsynced[file] = path
        return file

    def open_read(self, path: Path) -> BinaryIO:
        self.step("open")
        return super().open_read(path)

    def make_folder(self, path: Path) -> None:
        self.step("mkdir")
        super().make_folder(path)

    def rename(self, source: Path, target: Path) -> None:
        self.step("rename")
        super().rename(source, target)
        self._unsynced = {file: target if path == source else path for file, path in self._unsynced.items()}

    def remove_file(self, path: Path) -> None:
        self.step("unlink")
        super().remove_file(path)

    def remove_folder(self, path: Path) -> None:
        self.step("rmdir")
        super().remove_folder(path)

    def sync_folder(self, path: Path) -> None:
        self.step("fsync folder")
        super().sync_folder(path)

    def sync_file(self, path: Path) -> None:
        self.step("fsync")
        super().sync_file(path)
        self._unsynced = {file: place for file, place in self._unsynced.items() if place != path}

    def connect(self, path: Path, mode: str = "rw", key: DataKey | None = None) -> sqlite3.Connection:
        self.step("connect")
        connection = super().connect(path, mode, key)
        self._connections.append(connection)
        return connection

    def lock(self, path: Path, wait: float = 0.0) -> FileLock | None:
        self.step("lock")
        lock = super().lock(path, wait)
        if lock is not None:
            self._locks.append(lock)
        return lock


class _FaultyFile(NewFile):
    def __init__(self, path: Path, files: FaultyFiles) -> None:
        super().__init__(path)
        self._files = files

    def write(self, data: bytes | memoryview) -> int:
        try:
            self._files.step("write")
        except OSError:
            super().write(bytes(data)[: memoryview(data).nbytes // 2])  # a full disk takes what still fits
            raise
        return super().write(data)

    def sync(self) -> None:
        self._files.step("fsync")
        super().sync()
        self._files.synced(self)


def _watched(files: FaultyFiles, base: type[sqlite3.Connection]) -> type[sqlite3.Connection]:
    class Watched(base):  # type: ignore[misc, valid-type]
        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            if sql.lstrip().upper().startswith(_CHANGES):
                try:
                    files.step(sql)
                except OSError as error:
                    raise _full() from error
            elif files.dead:
                raise Died(sql)
            cursor: sqlite3.Cursor = super().execute(sql, parameters)
            return cursor

        def executescript(self, script: str, /) -> sqlite3.Cursor:
            if files.dead:
                raise Died(script)
            cursor: sqlite3.Cursor = super().executescript(script)
            return cursor

        def close(self) -> None:
            if files.dead:
                raise Died("close")
            super().close()

        def close_for_good(self) -> None:
            super().close()

    return Watched


def _full() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    error.sqlite_errorname = "SQLITE_FULL"
    return error
