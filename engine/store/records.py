"""What the store hands out and takes: plain immutable records. Times are ISO 8601, UTC, with milliseconds.

The field names are those of the message types in `engine.protocol`, which this package does not import.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from numpy.typing import NDArray

from engine.errors import ErrorCode, StoreError
from engine.reasons import Reason, Remark, because

Clock = Callable[[], datetime]
"""Gives the present moment, with a time zone. Nothing is ever ordered by it: clocks jump."""

Arrays = dict[str, NDArray[Any]]
"""Fast weights by name."""

MAX_TEXT: Final = 16 * 1024 * 1024
"""Bytes (UTF-8) in one message or one learned text at most; the same as in one message on the pipe."""
MAX_PAYLOAD: Final = 8 * 1024 * 1024
"""Bytes in the write set of one learned turn at most (in practice a few thousand)."""
MAX_TITLE: Final = 200
BEGINNING: Final = 60
"""Characters of a first message that become its conversation's title."""
"""Characters of a conversation's title that are kept."""

ROLES: Final = ("system", "user", "assistant")
FINISHES: Final = ("stop", "length", "cancelled")


@dataclass(frozen=True, slots=True)
class ProfileRecord:
    """One profile of the list. `problem` is empty, or says why it cannot be opened (it can still be deleted)."""

    id: str
    name: str
    created: str
    problem: str = ""
    colour: str = ""
    """`#rrggbb`; empty when it cannot be read."""
    picture: bytes = b""
    """A small PNG; empty: none."""
    encrypted: bool = False
    """Of one that is not open nothing but the name can be told."""
    remembered: bool = False
    """The system's keyring keeps what opens it without its passphrase."""


@dataclass(frozen=True, slots=True)
class StateIdentity:
    """What learned state belongs to: digests of the backbone and of the memory's slow weights (`blake2b:...`)."""

    backbone: str
    memory: str


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """A conversation as the list shows it."""

    id: int
    title: str
    created: str
    updated: str
    messages: int
    """How many it has, all versions counted."""
    pinned: bool = False
    """Kept at the top of the list."""
    learns: bool = True
    """What is said in it is learned."""


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """`finish` None on an assistant's message: it is being generated, or was when the engine died.

    On the person's: it is to be answered; "stop": it is a passage of a document, and is not.
    """

    id: int
    conversation: int
    role: str
    content: str
    created: str
    finish: str | None
    parent: int | None = 0
    """The message that it follows on; 0: none, it begins the conversation. None: not known, the one before it."""
    versions: tuple[int, ...] = ()
    """The ids of all its versions, itself among them, oldest first; empty when it is the only one."""


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document that was read: the conversation that holds its passages, and its name, which is the title."""

    conversation: int
    name: str


@dataclass(frozen=True, slots=True)
class DeletedMessage:
    """What was deleted: a message, and what hung on it."""

    id: int
    conversation: int
    title: str
    """Of the conversation, as it was."""
    messages: int
    """How many."""
    whole: bool
    """Nothing was left of the conversation, so it is deleted as well."""


@dataclass(frozen=True, slots=True)
class HitRecord:
    """A message that a search found. `marks`: begin and end of each word in `snippet`, in characters."""

    conversation: int
    title: str
    """Of the conversation."""
    message: int
    role: str
    created: str
    snippet: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A learned turn about to be committed. `payload` is what replay needs; the store does not look into it."""

    message: int | None
    text: str
    surprise: float
    recruited: int
    strengthened: int
    overwritten: int
    recycled: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """A learned turn as a person sees it."""

    id: int
    created: str
    message: int | None
    text: str
    surprise: float
    recruited: int
    strengthened: int
    overwritten: int
    recycled: int


@dataclass(frozen=True, slots=True)
class EntryRecord(JournalRecord):
    """A learned turn as replay needs it."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    """An immutable file with the fast weights after `last_entry` had been learned."""

    seq: int
    file: str
    last_entry: int
    bytes: int
    digest: str
    created: str


@dataclass(frozen=True, slots=True)
class LoadedState:
    """Where replay starts: `arrays` (None: from birth), to be followed by the entries after `last_entry`."""

    arrays: Arrays | None
    last_entry: int
    notices: list[Remark] = field(default_factory=list)
    """What a person should know, one sentence or two each."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a profile holds, for naming what a reset or a delete would lose."""

    conversations: int
    messages: int
    entries: int
    snapshots: int


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """The form of every date on disk: `2026-02-03T04:05:06.789Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def storable(text: str) -> str:
    """`text` as it can be kept: halves of surrogate pairs, which no encoding can hold, become U+FFFD.

    Raises:
        StoreError: TOO_LARGE.
    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        size = len(text.encode())
    if size > MAX_TEXT:
        raise StoreError(
            f"The text is too large to be kept: {size:,} bytes of {MAX_TEXT:,} at most.",
            "Send it in parts.",
            code=ErrorCode.TOO_LARGE,
            because=because(Reason.TEXT_LARGE, bytes=size, most_bytes=MAX_TEXT),
        )
    return text


def clean_title(title: str) -> str:
    """A title on one line: white space and control characters become single spaces, the length is bounded."""
    printable = "".join(character if character.isprintable() else " " for character in storable(title))
    return " ".join(printable.split())[:MAX_TITLE].strip()


def title_of(text: str) -> str:
    """The title of a conversation that begins with this message: its beginning."""
    line = " ".join(text.split())
    return line if len(line) <= BEGINNING else line[: BEGINNING - 1].rstrip() + "…"


def fingerprint(*fields: str | int | float | bytes | None) -> bytes:
    """16 bytes that change when any field of a row does: SQLite itself notices no flipped byte in a row.

    Every field is hashed with its type and length, so that no two different rows read the same.
    """
    digest = hashlib.blake2b(digest_size=16, person=b"techo-row")
    for value in fields:
        if isinstance(value, str):
            kind, data = b"s", value.encode()
        elif isinstance(value, bytes):
            kind, data = b"b", value
        elif isinstance(value, float):
            kind, data = b"f", struct.pack(">d", value)
        elif value is None:
            kind, data = b"n", b""
        else:
            kind, data = b"i", str(value).encode()
        digest.update(kind + struct.pack(">Q", len(data)))
        digest.update(data)
    return digest.digest()
