"""The seal: what the database file of a closed profile must look like when it is opened again.

SQLite notices a flipped byte only where it breaks a page's structure, and the digests of messages and learned turns
cover these rows alone. So whoever closes a profile in good order leaves the size and the digest (BLAKE2b) of the whole
file beside it, and whoever opens it compares them first. The seal is broken before the first change and is missing
while the profile is open; after a crash, or where an older Techo closed the profile, there is none and nothing is said.
It holds no word of what was said. Of an encrypted profile both digests are keyed: nobody else can make the seal.

    techo-seal 1 <bytes> blake2b:<digest> <check of this line>

A seal that is damaged itself says nothing. A database larger than `MOST` is not sealed: reading it would delay the
start (about 1 ms a megabyte).
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.store.files import Files, disk_errors, write_atomically

if TYPE_CHECKING:
    from engine.store.keys import DataKey

FILE_NAME: Final = "profile.seal"
ENCRYPTED: Final = "vault.seal"
MOST: Final = 64 * 1024 * 1024
_BLOCK: Final = 1 << 20
_LONGEST: Final = 512
_FORMAT: Final = "techo-seal 1"


def holds(files: Files, folder: Path, database: Path, key: DataKey | None = None) -> bool | None:
    """Whether the database is, byte for byte, what was sealed; None when nothing is known."""
    try:
        path = _place(folder, key)
        found = files.stat(path)
        if found is None or found.st_size > _LONGEST:
            return None
        with files.open_read(path) as file:
            line = file.read(_LONGEST)
        fields, _, check = line.decode("ascii", "replace").strip().rpartition(" ")
        if not fields.startswith(_FORMAT + " ") or check != _check(fields, key):
            return None
        return fields == _fields(files, database, key)
    except OSError:  # what cannot be read now is found out by whoever needs it
        return None


def close(files: Files, folder: Path, database: Path, key: DataKey | None = None) -> None:
    """Seals a database that nobody will write to any more. Never fails: without a seal nothing is lost."""
    with suppress(OSError):
        fields = _fields(files, database, key)
        if fields is not None:
            line = f"{fields} {_check(fields, key)}\n".encode("ascii")
            write_atomically(files, _place(folder, key), [line], len(line))


def break_(files: Files, folder: Path, key: DataKey | None = None) -> None:
    """Takes the seal away, durably: from now on the database may be changed."""
    path = _place(folder, key)
    with disk_errors("open the profile", folder):
        if files.stat(path) is not None:
            files.remove_file(path)
            files.sync_folder(folder)


def _place(folder: Path, key: DataKey | None) -> Path:
    return folder / (FILE_NAME if key is None else ENCRYPTED)


def _secret(key: DataKey | None) -> bytes:
    return b"" if key is None else key.derive("seal")


def _fields(files: Files, database: Path, key: DataKey | None) -> str | None:
    found = files.stat(database)
    if found is None or found.st_size > MOST:
        return None
    digest = hashlib.blake2b(digest_size=32, key=_secret(key), person=b"techo-seal")
    size = 0
    with files.open_read(database) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return f"{_FORMAT} {size} blake2b:{digest.hexdigest()}"


def _check(fields: str, key: DataKey | None) -> str:
    line = fields.encode("ascii", "replace")
    return hashlib.blake2b(line, digest_size=8, key=_secret(key), person=b"techo-seal").hexdigest()
