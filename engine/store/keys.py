"""The key of an encrypted profile, and the small file that holds it, wrapped.

Everything of an encrypted profile is encrypted with one random key of 32 bytes, the *data key*. That key stands on the
disk encrypted itself, once for each way to get at it (a *slot*): with the key that Argon2id makes of the passphrase,
and, where a person wants it, with a random one that the system's keyring keeps. So another passphrase is a small file
that is replaced at once, and no copy of what was said is ever written anew for it.

    profile.key, profile.key.copy      the same twice: without it nothing of the profile can be read, so a bad sector
                                       must not be the end of it. The first one counts while it is whole.

    {"format": "techo-key", "version": "1.0", "name": ..., "passphrase": {...}, "keyring": {...} or null}
    mac                                BLAKE2b of the line before, keyed with the data key: nobody else can change it
    check                              BLAKE2b of both lines: damage is told from a wrong passphrase before one is tried

The profile's name stands in it in plain letters, as a list of profiles has to show it. Who changes the file *and* the
check, and has no key, can only make every passphrase look wrong.

A data key stays as long as the profile is encrypted. Who has learned an old passphrase and kept a copy of the old file
can still open newer copies of the profile; decrypting and encrypting it again makes another data key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from engine.errors import ErrorCode, ProfileError, StateError
from engine.reasons import Reason, Remark, because
from engine.store.files import Files, disk_errors, write_atomically
from engine.store.names import clean_name
from engine.store.passphrase import (
    KEY,
    LEAST_MEMORY,
    MOST_MEMORY,
    MOST_PASSES,
    SALT,
    Cost,
    bindings,
    derive,
    sodium_error,
)

FILE_NAME: Final = "profile.key"
COPY: Final = "profile.key.copy"
FORMAT: Final = "techo-key"
MAJOR: Final = 1
MINOR: Final = 0
LONGEST: Final = 16 * 1024
_NONCE: Final = 24
_WRAPPED: Final = KEY + 16


def _exactly(length: int) -> msgspec.Meta:
    return msgspec.Meta(min_length=length, max_length=length)


Nonce = Annotated[bytes, _exactly(_NONCE)]
Wrapped = Annotated[bytes, _exactly(_WRAPPED)]


class PassphraseSlot(msgspec.Struct, frozen=True):
    """The data key, encrypted with a passphrase. All bounds are checked before anything is computed."""

    kdf: Literal["argon2id"]
    passes: Annotated[int, msgspec.Meta(ge=1, le=MOST_PASSES)]
    memory: Annotated[int, msgspec.Meta(ge=LEAST_MEMORY, le=MOST_MEMORY)]
    salt: Annotated[bytes, _exactly(SALT)]
    nonce: Nonce
    wrapped: Wrapped


class KeyringSlot(msgspec.Struct, frozen=True):
    """The data key, encrypted with a secret that the system's keyring keeps under the name `entry`."""

    entry: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
    nonce: Nonce
    wrapped: Wrapped


class _Version(msgspec.Struct):
    format: str
    version: Annotated[str, msgspec.Meta(pattern=r"\A\d{1,6}\.\d{1,6}\Z")]


class _Named(msgspec.Struct):
    name: str


class KeyFile(msgspec.Struct, frozen=True):
    """What the file holds."""

    format: Literal["techo-key"]
    version: str
    name: Annotated[str, msgspec.Meta(max_length=1024)]
    passphrase: PassphraseSlot
    keyring: KeyringSlot | None = None


def new_file(name: str, passphrase: PassphraseSlot) -> KeyFile:
    """The key file of a profile that opens with a passphrase alone."""
    return KeyFile("techo-key", f"{MAJOR}.{MINOR}", name, passphrase)


class DataKey:
    """A data key. Never written, printed or logged as it is; every use has a key of its own made from it."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY:
            raise ValueError(f"a key of {len(secret)} bytes")
        self._secret = secret

    def __repr__(self) -> str:
        return "DataKey(...)"

    @classmethod
    def new(cls) -> DataKey:
        """A random one."""
        return cls(secrets.token_bytes(KEY))

    def derive(self, purpose: str) -> bytes:
        """The key for one purpose: 32 bytes."""
        return hashlib.blake2b(purpose.encode(), digest_size=KEY, key=self._secret, person=b"techo-key").digest()

    def wrap(self, key: bytes, bound: bytes) -> tuple[bytes, bytes]:
        """Encrypted with another key (XChaCha20-Poly1305), bound to its place -> nonce, and the wrapped key."""
        nonce = secrets.token_bytes(_NONCE)
        sodium = bindings()
        return nonce, sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(self._secret, bound, nonce, key)


def unwrap(nonce: bytes, wrapped: bytes, key: bytes, bound: bytes) -> DataKey | None:
    """The data key; None: it was wrapped with another key."""
    sodium = bindings()
    try:
        return DataKey(sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(wrapped, bound, nonce, key))
    except sodium_error():
        return None


_BY_PASSPHRASE: Final = b"techo passphrase"
_BY_KEYRING: Final = b"techo keyring"


def passphrase_slot(key: DataKey, passphrase: str, cost: Cost) -> PassphraseSlot:
    """The data key for whoever knows the passphrase.

    Raises:
        ProfileError: PASSPHRASE_REFUSED.
    """
    salt = secrets.token_bytes(SALT)
    nonce, wrapped = key.wrap(derive(passphrase, salt, cost), _BY_PASSPHRASE)
    return PassphraseSlot("argon2id", cost.passes, cost.memory, salt, nonce, wrapped)


def open_slot(slot: PassphraseSlot, passphrase: str, what: str) -> DataKey:
    """The data key.

    Args:
        slot: From a file that was checked.
        passphrase: As it was typed.
        what: Whose it is: "the profile Mika".

    Raises:
        ProfileError: WRONG_PASSPHRASE, PASSPHRASE_REFUSED.
    """
    key = unwrap(
        slot.nonce, slot.wrapped, derive(passphrase, slot.salt, Cost(slot.passes, slot.memory)), _BY_PASSPHRASE
    )
    if key is None:
        raise ProfileError(
            f"That is not the passphrase of {what}.",
            "Type it again: upper and lower case differ. A lost passphrase cannot be recovered.",
            code=ErrorCode.WRONG_PASSPHRASE,
            because=because(Reason.PASSPHRASE_WRONG),
        )
    return key


def keyring_slot(key: DataKey, secret: bytes, entry: str) -> KeyringSlot:
    """The data key for whoever has the secret that the system's keyring keeps."""
    nonce, wrapped = key.wrap(secret, _BY_KEYRING)
    return KeyringSlot(entry, nonce, wrapped)


def open_keyring_slot(slot: KeyringSlot, secret: bytes) -> DataKey | None:
    """The data key; None: the secret is that of another file."""
    return unwrap(slot.nonce, slot.wrapped, secret, _BY_KEYRING) if len(secret) == KEY else None


# ---------------------------------------------------------------------------------------------- the file


def is_there(files: Files, folder: Path) -> bool:
    """Whether there is a key file, whole or not."""
    return any(files.stat(folder / name) is not None for name in (FILE_NAME, COPY))


def read(files: Files, folder: Path) -> tuple[KeyFile, bytes]:
    """What the key file of a profile says, and its own bytes (for `require_untouched`). No key is needed.

    Raises:
        StateError: STATE_TAMPERED, when neither the file nor its copy is whole; STATE_NEWER.
    """
    for name in (FILE_NAME, COPY):
        with disk_errors("read the profile's key", folder / name):
            if files.stat(folder / name) is None:
                continue
            with suppress(IsADirectoryError), files.open_read(folder / name) as file:
                data = file.read(LONGEST + 1)
                found = _parse(data)
                if found is not None:
                    return found, data
    raise _tampered(folder, "neither it nor its copy is whole")


def likely_name(files: Files, folder: Path) -> str | None:
    """What the profile is called, if a file that is not whole still tells; None: it does not. To be shown only."""
    for name in (FILE_NAME, COPY):
        data = _content(files, folder / name) or b""
        with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ProfileError):
            return clean_name(msgspec.json.decode(data.partition(b"\n")[0], type=_Named).name)
    return None


def require_untouched(key: DataKey, data: bytes, folder: Path) -> None:
    """Refuses a file that somebody without the key has changed.

    Raises:
        StateError: STATE_TAMPERED.
    """
    line, mac, _ = data.splitlines()
    if not hmac.compare_digest(mac, _mac(key, line)):
        raise _tampered(folder, "what it says is not what was written")


def write(files: Files, folder: Path, content: KeyFile, key: DataKey) -> None:
    """Replaces the key file, at once: when this returns, or fails, the old one counts or the new one does.

    The copy follows. One that cannot be replaced is removed, as it may open with a passphrase that no longer should;
    the next opening makes it anew.
    """
    line = msgspec.json.encode(content)
    mac = _mac(key, line)
    data = line + b"\n" + mac + b"\n" + _check(line, mac) + b"\n"
    with disk_errors("save the profile's key", folder / FILE_NAME):
        write_atomically(files, folder / FILE_NAME, [data], len(data))
        write_copy(files, folder, data)


def write_copy(files: Files, folder: Path, data: bytes) -> None:
    """Makes the copy what the file is."""
    try:
        write_atomically(files, folder / COPY, [data], len(data))
    except OSError:
        with suppress(FileNotFoundError):
            files.remove_file(folder / COPY)
            files.sync_folder(folder)


def mend(files: Files, folder: Path, data: bytes) -> Remark | None:
    """Makes both files what was read and found right -> what a person should know of it.

    To be called by whoever holds the profile's lock.
    """
    told = None
    with disk_errors("save the profile's key", folder / FILE_NAME):
        if _content(files, folder / FILE_NAME) != data:
            write_atomically(files, folder / FILE_NAME, [data], len(data))
            told = Remark(
                "The file with the profile's key was damaged on disk. Its copy was whole and was used; both are right "
                "again. Export the profile to another disk, and have this one checked.",
                because(Reason.KEY_MENDED),
            )
        if _content(files, folder / COPY) != data:
            write_copy(files, folder, data)
    return told


def _content(files: Files, path: Path) -> bytes | None:
    if files.stat(path) is None:
        return None
    with suppress(OSError), files.open_read(path) as file:
        return file.read(LONGEST + 1)
    return None


def _parse(data: bytes) -> KeyFile | None:
    """None: it is not whole.

    Raises:
        StateError: STATE_NEWER.
    """
    lines = data.split(b"\n")
    if len(data) > LONGEST or len(lines) != 4 or lines[3] or lines[2] != _check(lines[0], lines[1]):
        return None
    try:
        version = msgspec.json.decode(lines[0], type=_Version)
        if version.format != FORMAT:
            return None
        if int(version.version.partition(".")[0]) > MAJOR:
            raise StateError(
                f"This profile was encrypted by a newer Techo (format {version.version} of its key; this Techo knows "
                f"{MAJOR}.{MINOR}).",
                "Update Techo, then open the profile again. Nothing was changed.",
                code=ErrorCode.STATE_NEWER,
                because=because(Reason.NEWER_KEY, format=version.version),
            )
        return msgspec.json.decode(lines[0], type=KeyFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _mac(key: DataKey, line: bytes) -> bytes:
    return hashlib.blake2b(line, digest_size=32, key=key.derive("key file")).hexdigest().encode()


def _check(line: bytes, mac: bytes) -> bytes:
    return hashlib.blake2b(line + b"\n" + mac, digest_size=16, person=b"techo-key-check").hexdigest().encode()


def _tampered(folder: Path, detail: str) -> StateError:
    return StateError(
        f"The file with the profile's key was changed or is damaged ({folder / FILE_NAME}): {detail}.",
        "Put it back from a backup of that folder, or import the profile's last export under a new name. Nothing was "
        "changed.",
        code=ErrorCode.STATE_TAMPERED,
        because=because(Reason.KEY_TAMPERED, path=str(folder / FILE_NAME)),
    )
