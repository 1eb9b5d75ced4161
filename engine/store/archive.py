"""The export file: a whole profile in one zip file that is checked, not trusted, when it comes back.

    manifest.json         format and version, identity, counts, size and digest (BLAKE2b) of every other member
    conversations.jsonl   one conversation a line, ids ascending
    messages.jsonl        one message a line, ids ascending
    journal.jsonl         one learned turn a line, payload in base64, ids ascending
    state.safetensors     the newest snapshot (see `tensors`), when there is one; the journal goes on after it

JSON lines rather than a copy of the database: each line can be checked against a type while it streams by, and no
foreign SQLite file, with its own schema and triggers, is ever opened.

That of an encrypted profile is version 2.0. Its manifest holds how the key is opened (`keys.PassphraseSlot`: with the
passphrase that the profile had at the time) and, as a sealed stream, the manifest of version 1.3; the other members
are sealed streams (`sealed`) of what they are otherwise, packed before they are encrypted. An older reader refuses it
by its version.

Version 1.3 (new in 1.1: `pinned` of a conversation; in 1.2: its `leaf`, and `parent` of a message, see `tree`; in 1.3:
`learns` of a conversation, and `colour` and `picture` of the profile, see `looks`). A minor version only adds fields,
which an older reader leaves alone; anything else is a new major, which an older reader refuses with STATE_NEWER.
Readers of every later version open all the older ones.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Final, Literal, cast

import msgspec

from engine.errors import StoreError
from engine.reasons import Reason, because
from engine.store import sealed, tensors
from engine.store.files import Files, NewFile, disk_errors, replacing
from engine.store.journal import Journal
from engine.store.keys import DataKey, PassphraseSlot
from engine.store.records import MAX_PAYLOAD, MAX_TEXT, MAX_TITLE, ProfileRecord, StateIdentity
from engine.store.transcript import Transcript

FORMAT: Final = "techo-profile"
MAJOR: Final = 1
MINOR: Final = 3
ENCRYPTED: Final = 2
"""The major version of an encrypted one."""

MANIFEST: Final = "manifest.json"
CONVERSATIONS: Final = "conversations.jsonl"
MESSAGES: Final = "messages.jsonl"
JOURNAL: Final = "journal.jsonl"
STATE: Final = "state.safetensors"

MAX_MEMBER: Final[dict[str, int]] = {
    MANIFEST: 1024 * 1024,
    CONVERSATIONS: 256 * 1024 * 1024,
    MESSAGES: 2_000_000_000,
    JOURNAL: 2_000_000_000,
    STATE: tensors.MAX_BYTES,
}
"""Bytes a member may unpack to; members with other names are refused."""
MAX_LINE: Final = 6 * MAX_TEXT + 2 * MAX_PAYLOAD + 65_536
"""Bytes in one line at most: JSON may write one byte of text as six (`\\u0001`)."""
MAX_ID: Final = 2**53
MAX_ENTRY: Final = 2**30
"""The memory keeps the ids of learned turns in 32 bits; a file must not bring a profile near their end."""
PAGE: Final = 64
_FREE_RATIO: Final = 100
_FREE_BYTES: Final = 64 * 1024 * 1024

Identifier = Annotated[int, msgspec.Meta(gt=0, lt=MAX_ID)]
EntryId = Annotated[int, msgspec.Meta(gt=0, lt=MAX_ENTRY)]
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
STAMP: Final = r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z\Z"
Stamp = Annotated[str, msgspec.Meta(pattern=STAMP, max_length=32)]
Digest = Annotated[str, msgspec.Meta(max_length=256)]


class MemberInfo(msgspec.Struct):
    """What a member must be when it is unpacked."""

    bytes: Annotated[int, msgspec.Meta(ge=0)]
    digest: Digest


class ProfileInfo(msgspec.Struct):
    """Where the export comes from; the import gives a name of its own."""

    name: Annotated[str, msgspec.Meta(max_length=1024)]
    created: Stamp
    colour: Annotated[str, msgspec.Meta(max_length=32)] | None = None
    picture: bytes = b""


class IdentityInfo(msgspec.Struct):
    """`StateIdentity`."""

    backbone: Digest
    memory: Digest


class CountInfo(msgspec.Struct):
    """How many lines the members have."""

    conversations: Count
    messages: Count
    entries: Count


class Version(msgspec.Struct):
    """What is read before anything else of the manifest, since a newer one may look different."""

    format: str
    version: Annotated[str, msgspec.Meta(pattern=r"\A\d{1,6}\.\d{1,6}\Z")]


class Manifest(msgspec.Struct):
    """The last member to be written and the first to be read."""

    format: str
    version: str
    created: Stamp
    profile: ProfileInfo
    identity: IdentityInfo | None
    counts: CountInfo
    next_entry: EntryId
    """Ids below this one were given out, and are not given again."""
    members: dict[str, MemberInfo]


class EncryptedManifest(msgspec.Struct):
    """The manifest of an encrypted export."""

    format: str
    version: str
    key: PassphraseSlot
    manifest: Annotated[bytes, msgspec.Meta(max_length=MAX_MEMBER[MANIFEST])]
    """`Manifest`, as a sealed stream."""


class ConversationLine(msgspec.Struct):
    """A line of conversations.jsonl."""

    id: Identifier
    title: Annotated[str, msgspec.Meta(max_length=MAX_TITLE)]
    created: Stamp
    updated: Stamp
    activity: Annotated[int, msgspec.Meta(ge=0, lt=MAX_ID)]
    pinned: bool = False
    leaf: Identifier | None = None
    """The message at the end of the branch that is shown; None: the newest."""
    learns: bool = True


class MessageLine(msgspec.Struct):
    """A line of messages.jsonl."""

    id: Identifier
    conversation: Identifier
    role: Literal["system", "user", "assistant"]
    content: str
    created: Stamp
    finish: Literal["stop", "length", "cancelled"] | None
    parent: Annotated[int, msgspec.Meta(ge=0, lt=MAX_ID)] | None = None
    """The message that it follows on; 0: none. None: the one before it in its conversation."""


class EntryLine(msgspec.Struct):
    """A line of journal.jsonl."""

    id: EntryId
    created: Stamp
    message: Identifier | None
    text: str
    surprise: float
    recruited: Count
    strengthened: Count
    overwritten: Count
    recycled: Count
    payload: bytes


def suspicious(packed: int, unpacked: int) -> bool:
    """Whether lines unpack to so much more than they take in the file that only a zip bomb would."""
    return unpacked > _FREE_BYTES and unpacked > _FREE_RATIO * packed


@dataclass(frozen=True, slots=True)
class Source:
    """What is exported. `created` is the moment of the export."""

    profile: ProfileRecord
    created: str
    identity: StateIdentity | None
    state: tensors.State | None
    transcript: Transcript
    journal: Journal
    key: DataKey | None = None
    """Of an encrypted profile, and how it is opened."""
    slot: PassphraseSlot | None = None


def write(files: Files, path: Path, source: Source) -> int:
    """Writes the export file, atomically; returns its size. An existing one is replaced."""
    with disk_errors("export the profile", path):
        if source.key is not None:  # packed it is in its members: what is encrypted cannot be
            return _write(files, path, source, zipfile.ZIP_STORED)
        try:
            return _write(files, path, source, zipfile.ZIP_DEFLATED)
        except _TooDense:
            # Somebody pasted the same letter ten million times. What deflate makes of that would be refused as a zip
            # bomb when it comes back, so such a profile is written unpacked.
            return _write(files, path, source, zipfile.ZIP_STORED)


class _TooDense(Exception):
    """The file just written would be taken for a zip bomb."""


def _write(files: Files, path: Path, source: Source, method: int) -> int:
    bound = source.identity
    with replacing(files, path) as file:
        counted = _Counted(file)
        with zipfile.ZipFile(cast(IO[bytes], counted), "w", method, allowZip64=False) as archive:
            # The file only grows, so the manifest, which holds the other members' digests, comes last.
            members: dict[str, MemberInfo] = {}
            counts: dict[str, int] = {}
            for name, lines in (
                (CONVERSATIONS, _conversations(source)),
                (MESSAGES, _messages(source)),
                (JOURNAL, _journal(source)),
            ):
                before = counted.size
                members[name], counts[name] = _member(archive, path, name, lines, source.key)
                if method == zipfile.ZIP_DEFLATED and suspicious(counted.size - before, members[name].bytes):
                    raise _TooDense
            if source.state is not None:
                state = source.state
                encoded = tensors.encode(state.arrays, state.identity, state.last_entry)
                members[STATE], _ = _member(archive, path, STATE, encoded.chunks, source.key)
            manifest = Manifest(
                format=FORMAT,
                version=f"{MAJOR}.{MINOR}",
                created=_stamp(source.created),
                profile=ProfileInfo(
                    source.profile.name,
                    _stamp(source.profile.created),
                    source.profile.colour or None,
                    source.profile.picture,
                ),
                identity=None if bound is None else IdentityInfo(bound.backbone, bound.memory),
                counts=CountInfo(counts[CONVERSATIONS], counts[MESSAGES], counts[JOURNAL]),
                next_entry=source.journal.next_id(),
                members=members,
            )
            _member(archive, path, MANIFEST, [msgspec.json.format(_manifest(manifest, source))])
        return counted.size


def purpose(name: str) -> str:
    """What a member's sealed stream is made for."""
    return f"export {name}"


def _manifest(manifest: Manifest, source: Source) -> bytes:
    content = msgspec.json.encode(manifest)
    if source.key is None or source.slot is None:
        return content
    hidden = b"".join(sealed.seal(source.key, purpose(MANIFEST), [content]))
    return msgspec.json.encode(EncryptedManifest(FORMAT, f"{ENCRYPTED}.0", source.slot, hidden))


class _Counted:
    """What zipfile writes to: it only goes forward, as a file that is later synced and renamed needs."""

    def __init__(self, file: NewFile) -> None:
        self._file = file
        self.size = 0

    def write(self, data: bytes | memoryview) -> int:
        written = self._file.write(data)
        self.size += written
        return written

    def flush(self) -> None:
        self._file.flush()


def _member(
    archive: zipfile.ZipFile,
    path: Path,
    name: str,
    chunks: Iterable[bytes | memoryview],
    key: DataKey | None = None,
) -> tuple[MemberInfo, int]:
    """Writes one member; returns its size and digest as it is without `key`, and how many chunks it had."""
    size = count = 0
    digest = hashlib.blake2b(digest_size=32)
    # A fixed date: what is exported says by itself when it was made, and equal content gives an equal member.
    info = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
    info.compress_type = archive.compression
    info.external_attr = 0o600 << 16

    def counted() -> Iterator[bytes | memoryview]:
        nonlocal size, count
        for chunk in chunks:
            size += memoryview(chunk).nbytes
            if size > MAX_MEMBER[name]:
                raise StoreError(
                    f"Could not export to {path}: the profile is too large for one file ({name}: {MAX_MEMBER[name]:,} "
                    "bytes at most).",
                    "Copy the profile's folder instead, or delete old conversations.",
                    because=because(Reason.EXPORT_LARGE, path=str(path)),
                )
            count += 1
            digest.update(chunk)
            yield chunk

    with archive.open(info, "w") as member:
        for part in counted() if key is None else sealed.seal(key, purpose(name), _packed(counted())):
            member.write(part)
    return MemberInfo(size, "blake2b:" + digest.hexdigest()), count


def _packed(chunks: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    packing = zlib.compressobj()
    for chunk in chunks:
        yield packing.compress(chunk)
    yield packing.flush()


def _conversations(source: Source) -> Iterator[bytes]:
    after = 0
    while rows := source.transcript.conversation_page(after, PAGE):
        for identifier, title, created, updated, activity, pinned, leaf, learns in rows:
            after = identifier
            yield _line(
                ConversationLine(
                    identifier, title[:MAX_TITLE], _stamp(created), _stamp(updated), activity, pinned, leaf, learns
                )
            )


def _messages(source: Source) -> Iterator[bytes]:
    after = 0
    while rows := source.transcript.page(after, PAGE):
        for row in rows:
            after = row.id
            yield _line(
                MessageLine(
                    row.id,
                    row.conversation,
                    cast(Literal["system", "user", "assistant"], row.role),
                    row.content,
                    _stamp(row.created),
                    cast(Literal["stop", "length", "cancelled"] | None, row.finish),
                    row.parent,
                )
            )


def _journal(source: Source) -> Iterator[bytes]:
    for row in source.journal.entries():
        yield _line(
            EntryLine(
                row.id,
                row.created,
                row.message if row.message and source.transcript.has_message(row.message) else None,
                row.text,
                row.surprise,
                row.recruited,
                row.strengthened,
                row.overwritten,
                row.recycled,
                row.payload,
            )
        )


def _line(row: msgspec.Struct) -> bytes:
    return msgspec.json.encode(row) + b"\n"


def _stamp(text: str) -> str:
    """A date as the import accepts it: one that was damaged on disk becomes the oldest there is."""
    return text if re.match(STAMP, text) else "1970-01-01T00:00:00.000Z"
