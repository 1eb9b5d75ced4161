"""What exactly happened, for programs: a code and its values, beside the engine's own English sentence.

An error's number (`engine.errors.ErrorCode`) says of which kind it is; a front end that speaks another language needs
to know more to say as much as the engine does. So each sentence that is meant for a person carries a `Reason` with what
belongs in it. The window has words for each (`app/reasons.py`; a test compares the two).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from engine.errors import EngineError

Value = str | int
"""Of a name that ends in `bytes`: a size. Other integers are counts, or numbers of things (`entry`, `message`)."""


class Reason(StrEnum):
    """Texts on the pipe; never reused. Behind each stands what it comes with."""

    # What was found or done at an opening.
    LOG_DAMAGED = "log.damaged"  # aside
    DATABASE_CHANGED = "database.changed"
    DATABASE_CHANGED_DAMAGED = "database.changed.damaged"  # found
    ENTRY_SET_ASIDE = "entry.set-aside"  # entry
    MESSAGE_DAMAGED = "message.damaged"  # message
    INDEX_REMADE = "index.remade"
    SNAPSHOT_MISSING = "snapshot.missing"  # file
    SNAPSHOT_SET_ASIDE = "snapshot.set-aside"  # file, aside
    DATABASE_CHANGED_CARRIED = "database.changed.carried"
    REBUILT = "memory.rebuilt"
    REBUILT_AFTER = "memory.rebuilt.after"  # entry
    IDENTITY_MENDED = "identity.mended"
    STATE_REFUSED = "state.refused"  # with the error
    # What was not done as it should be.
    STATE_NOT_SAVED = "state.not-saved"  # with the error
    NOT_LEARNED = "turn.not-learned"  # with the error
    OLD_VERSION_KEPT = "turn.old-version-kept"  # with the error
    LOG_NOT_REMOVED = "forget.log-not-removed"
    LOG_NOT_EMPTIED = "forget.log-not-emptied"
    FILE_NOT_REMOVED = "forget.file-not-removed"  # path
    NOT_REMEMBERED = "protection.not-remembered"  # with the error
    PLAIN_FILES_LEFT = "protection.plain-files-left"
    ENCRYPTED_FILES_LEFT = "protection.encrypted-files-left"
    EXPORT_PLAIN = "export.plain"  # file

    # The disk.
    DISK_FULL = "disk.full"  # path, as all of them
    DISK_QUOTA = "disk.quota"
    DISK_TOO_LARGE = "disk.too-large"
    DISK_DENIED = "disk.denied"
    DISK_READ_ONLY = "disk.read-only"
    DISK_MISSING = "disk.missing"
    DISK_NO_FOLDER = "disk.no-folder"
    DISK_IS_FOLDER = "disk.is-folder"
    DISK_EXISTS = "disk.exists"
    DISK_NO_FILE = "disk.no-file"
    DISK_NAME_LONG = "disk.name-long"
    DISK_OPEN_FILES = "disk.open-files"
    DISK_BROKEN = "disk.broken"
    DISK_BUSY = "disk.busy"
    DISK_CANNOT_OPEN = "disk.cannot-open"
    DISK_NO_MEMORY = "disk.no-memory"
    DISK_OTHER = "disk.other"
    DATABASE_DAMAGED = "database.damaged"  # path
    DATABASE_TAMPERED = "database.tampered"  # path
    DATABASE_READ = "database.read"
    NO_SEARCH = "database.no-search"  # have, need

    # Profiles and what is in them.
    NAME_MISSING = "name.missing"
    NAME_LONG = "name.long"  # length, most
    NAME_CHARACTER = "name.character"  # character
    NAME_INVISIBLE = "name.invisible"
    NO_PROFILE = "profile.none"  # name
    PROFILE_EXISTS = "profile.exists"  # name
    PROFILE_IN_USE = "profile.in-use"  # name
    PROFILE_UNREADABLE = "profile.unreadable"  # name, other
    PROFILE_CHANGED = "profile.changed"  # name, other
    PROFILE_FILES_LEFT = "profile.files-left"  # name, path
    PROFILES_BUSY = "profiles.busy"  # seconds
    PROFILE_LOCKED = "profile.locked"  # name, as all of them
    PROFILE_LOCKED_KEYRING = "profile.locked.keyring"
    PROFILE_PLAIN = "profile.plain"
    PROFILE_ENCRYPTED = "profile.encrypted"
    PASSPHRASE_WRONG = "passphrase.wrong"
    PASSPHRASE_EMPTY = "passphrase.empty"
    PASSPHRASE_LONG = "passphrase.long"  # most
    PASSPHRASE_HALF = "passphrase.half"
    PASSPHRASE_MEMORY = "passphrase.memory"  # need_bytes
    KEY_MENDED = "key.mended"
    KEY_TAMPERED = "key.tampered"  # path
    KEYRING_NONE = "keyring.none"
    KEYRING_FAILED = "keyring.failed"
    ENCRYPTION_MISSING = "encryption.missing"  # package
    NOT_CARRIED = "protection.not-carried"
    SEALED_TAMPERED = "sealed.tampered"  # file
    OTHER_MODEL = "state.other-model"
    OTHER_MEMORY = "state.other-memory"
    OTHER_MODEL_AND_MEMORY = "state.other-model-and-memory"
    OTHER_EXPORT = "import.other"
    NEWER_STATE = "newer.state"  # format
    NEWER_PROFILE = "newer.profile"  # format
    NEWER_EXPORT = "newer.export"  # format
    NEWER_KEY = "newer.key"  # format
    ENTRY_DAMAGED = "entry.damaged"  # entry
    NOTHING_SINCE = "back.nothing"
    TEXT_LONG = "text.long"  # length, most
    TEXT_LARGE = "text.large"  # bytes, most_bytes
    NOT_AN_EXPORT = "import.foreign"
    EXPORT_DAMAGED = "import.damaged"
    EXPORT_LOCKED = "import.locked"
    EXPORT_EXISTS = "export.exists"  # path
    EXPORT_INSIDE = "export.inside"  # path
    EXPORT_LARGE = "export.large"  # path

    # Language models.
    LLAMA_BROKEN = "llama.broken"
    WEIGHTS_UNREADABLE = "weights.unreadable"  # file
    WEIGHTS_FOREIGN = "weights.foreign"  # file, model
    MODEL_CANNOT_OPEN = "model.cannot-open"  # path
    MODEL_UNREADABLE = "model.unreadable"  # path
    MODEL_EMPTY = "model.empty"  # path, as all of them from here on
    MODEL_CUT = "model.cut"
    MODEL_NO_GGUF = "model.no-gguf"
    MODEL_OLD = "model.old"
    MODEL_NEW = "model.new"
    MODEL_BIG_ENDIAN = "model.big-endian"
    MODEL_DAMAGED = "model.damaged"
    MODEL_NO_PARTNER = "model.no-partner"
    MODEL_PART = "model.part"  # part, parts
    MODEL_NO_WEIGHTS = "model.no-weights"
    MODEL_NOT_LOADED = "model.not-loaded"  # file
    DOWNLOAD_ADDRESS = "download.address"
    DOWNLOAD_CHECKSUM_FORM = "download.checksum-form"
    DOWNLOAD_EXISTS = "download.exists"  # path
    DOWNLOAD_FULL = "download.full"
    DOWNLOAD_ROOM = "download.room"  # need_bytes, free_bytes
    DOWNLOAD_DISK = "download.disk"  # path
    DOWNLOAD_TWICE = "download.twice"  # file
    DOWNLOAD_BROKEN = "download.broken"  # failures
    DOWNLOAD_CERTIFICATE = "download.certificate"
    DOWNLOAD_REDIRECTED = "download.redirected"
    DOWNLOAD_UNPROTECTED = "download.unprotected"
    DOWNLOAD_OTHER_FILE = "download.other-file"
    DOWNLOAD_NO_LENGTH = "download.no-length"
    DOWNLOAD_REFUSED = "download.refused"  # status
    DOWNLOAD_NOT_PUBLIC = "download.not-public"  # status
    DOWNLOAD_GONE = "download.gone"  # status
    DOWNLOAD_CHECKSUM = "download.checksum"

    # Documents.
    DOCUMENT_FOLDER = "document.folder"
    DOCUMENT_NO_TEXT = "document.no-text"
    DOCUMENT_BYTES = "document.bytes"  # bytes, most_bytes
    DOCUMENT_PASSAGES = "document.passages"  # most
    DOCUMENT_PAGES = "document.pages"  # pages, most
    DOCUMENT_LETTERS = "document.letters"  # most
    DOCUMENT_SLOW = "document.slow"


@dataclass(frozen=True, slots=True)
class Because:
    """A reason with its values."""

    reason: Reason
    values: Mapping[str, Value] = field(default_factory=dict)


def because(reason: Reason, **values: Value) -> Because:
    """`because(Reason.DISK_FULL, path=str(path))`."""
    return Because(reason, values)


def recognised(reason: str, values: Mapping[str, Value]) -> Because | None:
    """A reason that came over a pipe; None: there is none, or one that this Techo does not know."""
    try:
        return Because(Reason(reason), values)
    except ValueError:
        return None


class Remark(str):
    """A sentence or two that a person should read: what was found, set aside, or not done. It knows its reason.

    `error`: what made it so, if that was an error.
    """

    because: Because
    error: EngineError | None

    def __new__(cls, text: str, why: Because, error: EngineError | None = None) -> Self:
        """The engine's own words, and the reason."""
        remark = super().__new__(cls, text)
        remark.because, remark.error = why, error
        return remark


def in_parts(hear: Callable[[Remark], None]) -> Callable[[str, Because], None]:
    """For whoever tells the sentence and its reason apart."""

    def told(text: str, why: Because) -> None:
        hear(Remark(text, why))

    return told
