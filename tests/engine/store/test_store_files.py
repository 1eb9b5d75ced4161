"""The layer between store and disk: atomic files, and errors a person can act on."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from engine.errors import ErrorCode, StateError, StoreError
from engine.store.files import Files, disk_errors, make_folders, remove_tree, replacing, write_atomically
from tests.engine.store.faults import Died, FaultyFiles
from tests.engine.store.samples import names


def test_an_atomic_file_is_private_and_complete(folder: Path) -> None:
    path = folder / "file"
    write_atomically(Files(), path, [b"abc", memoryview(b"def")], 6)
    assert path.read_bytes() == b"abcdef"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(folder) == ["file"]


def test_a_wrong_length_leaves_the_old_file(folder: Path) -> None:
    path = folder / "file"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="instead of 7"):
        write_atomically(Files(), path, [b"abcdef"], 7)
    assert path.read_bytes() == b"old"
    assert names(folder) == ["file"]


@pytest.mark.parametrize("dies", [False, True])
def test_replacing_a_file_leaves_the_old_or_the_new_whatever_fails(folder: Path, dies: bool) -> None:
    """For every n, the n-th operation fails, or the process dies there and un-synced bytes are lost."""
    new = b"new" * 1000

    def write(files: Files, path: Path) -> None:
        write_atomically(files, path, [new[:1500], new[1500:]], len(new))

    counting = FaultyFiles()
    (folder / "count").write_bytes(b"old")
    write(counting, folder / "count")
    assert counting.count == 6  # create, write, write, fsync, rename, fsync of the folder
    for at in range(counting.count):
        path = folder / str(at) / "file"
        path.parent.mkdir()
        path.write_bytes(b"old")
        files = FaultyFiles(at, None if dies else errno.ENOSPC)
        with pytest.raises(Died if dies else OSError):
            write(files, path)
        assert path.read_bytes() in (b"old", new)
        if not dies:
            assert names(path.parent) == ["file"]


def test_an_exception_of_the_writer_leaves_nothing(folder: Path) -> None:

    def fail() -> None:
        with replacing(Files(), folder / "file") as file:
            file.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert names(folder) == []


def test_only_regular_files_are_read(folder: Path) -> None:
    """A pipe would hang the engine for ever, a folder would fail later and less clearly."""
    os.mkfifo(folder / "pipe")
    for path in (folder / "pipe", folder, Path("/dev/zero")):
        with pytest.raises(StoreError), disk_errors("read", path):
            Files().open_read(path)


def test_removing_a_tree_does_not_follow_links(folder: Path) -> None:
    (folder / "kept").mkdir()
    (folder / "kept" / "file").write_text("x")
    (folder / "tree" / "sub").mkdir(parents=True)
    (folder / "tree" / "sub" / "file").write_text("x")
    (folder / "tree" / "link").symlink_to(folder / "kept")
    remove_tree(Files(), folder / "tree")
    remove_tree(Files(), folder / "tree")  # a missing one is fine
    assert names(folder) == ["kept"]
    assert (folder / "kept" / "file").exists()


def test_folders_are_private(folder: Path) -> None:
    make_folders(Files(), folder / "a" / "b")
    assert stat.S_IMODE((folder / "a").stat().st_mode) == stat.S_IMODE((folder / "a" / "b").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (errno.ENOSPC, "full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission"),
        (errno.EIO, "disk reported an error"),
    ],
)
def test_errors_of_the_disk_say_what_and_what_to_do(number: int, word: str) -> None:
    with pytest.raises(StoreError) as caught, disk_errors("save the message", Path("/data/x")):
        raise OSError(number, os.strerror(number))
    assert caught.value.code == ErrorCode.STORAGE_FAILED
    assert caught.value.message.startswith("Could not save the message: ")
    assert word in caught.value.message
    assert "/data/x" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [
        (sqlite3.SQLITE_FULL, StoreError, "full"),
        (sqlite3.SQLITE_READONLY | 1 << 8, StoreError, "written"),
        (sqlite3.SQLITE_IOERR | 4 << 8, StoreError, "disk reported an error"),
        (sqlite3.SQLITE_BUSY, StoreError, "another program"),
        (sqlite3.SQLITE_CORRUPT, StateError, "damaged"),
        (sqlite3.SQLITE_NOTADB, StateError, "damaged"),
    ],
)
def test_errors_of_sqlite_are_told_apart(code: int, kind: type[StoreError], word: str) -> None:
    error = sqlite3.OperationalError("detail")
    error.sqlite_errorcode = code
    with pytest.raises(kind) as caught, disk_errors("save the message", Path("/data/x")):
        raise error
    assert type(caught.value) is kind
    assert word in caught.value.message
    assert caught.value.hint


def test_mistakes_of_the_program_are_not_dressed_up() -> None:
    """SQL that does not parse is a bug: it must not reach a person as a trouble of the disk."""
    connection = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError), disk_errors("save", Path("/data/x")):
        connection.execute("SELEC 1")
    connection.close()
