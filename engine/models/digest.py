"""The identity of a model file: the BLAKE2b digest of its bytes.

Learned state is tied to the backbone it was learned with, so the digest is needed at every start. Hashing 100 MB
takes a good part of a second on a small machine; hashing a 7B model, many. The digest is therefore kept beside the
profiles, under the file's path, size and time of change.
"""

from __future__ import annotations

import contextlib
import json
import os
from hashlib import blake2b
from pathlib import Path
from typing import Final

CACHE_NAME: Final = "model-digests.json"
_BLOCK: Final = 1 << 20
_CACHE_LIMIT: Final = 64 * 1024


def file_digest(path: Path, cache_dir: Path | None = None) -> str:
    """The digest of the file's bytes in hexadecimal, with "blake2b:" before it.

    Args:
        path: The model file.
        cache_dir: Folder of the digest cache; None hashes every time. The cache is an aid: one that is missing,
            damaged or not writable costs time and nothing else.
    """
    path = path.resolve()
    stat = path.stat()
    key = f"{path}:{stat.st_size}:{stat.st_mtime_ns}"
    known = _read(cache_dir) if cache_dir is not None else {}
    if key in known:
        return known[key]
    state = blake2b(digest_size=20)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            state.update(block)
    digest = f"blake2b:{state.hexdigest()}"
    if cache_dir is not None:
        _write(cache_dir, {**known, key: digest})
    return digest


def _read(cache_dir: Path) -> dict[str, str]:
    try:
        with (cache_dir / CACHE_NAME).open("rb") as file:
            found = json.loads(file.read(_CACHE_LIMIT))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str) and value.startswith("blake2b:")}


def _write(cache_dir: Path, known: dict[str, str]) -> None:
    # The newest sixteen are kept, so that the file stays small. A torn write is read back as an empty cache.
    newest = dict(list(known.items())[-16:])
    with contextlib.suppress(OSError):
        cache_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = cache_dir / f"{CACHE_NAME}.{os.getpid()}.tmp"
        temporary.touch(mode=0o600)  # where a person keeps models is nobody else's business
        temporary.write_text(json.dumps(newest, indent=1), encoding="utf-8")
        temporary.replace(cache_dir / CACHE_NAME)
