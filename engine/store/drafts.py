"""What stands in the input box when a profile is left, kept with the profile: in an encrypted one it is encrypted too.

A file of its own and no row, since it is no part of what was said: it is not exported, not searched and not learned.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.store import sealed
from engine.store.files import Files, disk_errors, write_atomically
from engine.store.records import MAX_TEXT, storable

if TYPE_CHECKING:
    from engine.store.keys import DataKey

FILE_NAME: Final = "profile.draft"
ENCRYPTED: Final = "vault.draft"
_PURPOSE: Final = "draft"


def read(files: Files, folder: Path, key: DataKey | None) -> str:
    """The draft; empty when there is none, or none that can be read.

    Raises:
        StoreError: the disk refuses.
    """
    path = folder / (FILE_NAME if key is None else ENCRYPTED)
    with disk_errors("read the draft", path):
        if files.stat(path) is None:
            return ""
        with files.open_read(path) as file:
            data = file.read(6 * MAX_TEXT)
    with suppress(sealed.Broken, ValueError, RecursionError):
        text = json.loads(data if key is None else sealed.unseal(key, _PURPOSE, data, path))
        return storable(text) if isinstance(text, str) else ""
    return ""


def write(files: Files, folder: Path, key: DataKey | None, text: str) -> None:
    """Keeps a draft instead of the one before, at once; durable on return. Nothing but white space: none."""
    path = folder / (FILE_NAME if key is None else ENCRYPTED)
    with disk_errors("keep the draft", path):
        if text.strip():
            data = json.dumps(storable(text)).encode()
            kept = data if key is None else b"".join(sealed.seal(key, _PURPOSE, [data]))
            write_atomically(files, path, [kept], len(kept))
        elif files.stat(path) is not None:
            files.remove_file(path)
            files.sync_folder(folder)
