"""Reading an export file that may come from anywhere: every byte of it is somebody else's until it is checked.

The checks, in this order, each before anything that it protects: size of the file; the zip directory (bounded, no
foreign, double or overlapping members, no encryption, no tricks before or after it); declared sizes; the manifest;
format version; identity; then, while each member streams by with its bytes counted, every line's type and range,
ids strictly ascending, references; digests and counts; the snapshot's own header and digest; the caller's check of the
arrays and of every write set. No name in the archive is ever used as a path: what it holds goes, row by row, into a new
profile in a temporary folder that only becomes a profile when all of this has passed.
"""

from __future__ import annotations

import hashlib
import math
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

import msgspec

from engine.errors import EngineError, ErrorCode, ImportRefused, ProfileError, StateError
from engine.reasons import Because, Reason, because
from engine.store import archive, looks, tensors
from engine.store.archive import (
    CONVERSATIONS,
    JOURNAL,
    MANIFEST,
    MAX_LINE,
    MAX_MEMBER,
    MESSAGES,
    STATE,
    ConversationLine,
    EntryLine,
    Manifest,
    MessageLine,
)
from engine.store.database import Database
from engine.store.files import Files, disk_errors
from engine.store.journal import Journal, bind
from engine.store.records import (
    MAX_PAYLOAD,
    MAX_TEXT,
    Arrays,
    EntryRecord,
    MessageRecord,
    StateIdentity,
)
from engine.store.snapshots import Snapshots, mismatch
from engine.store.transcript import Transcript

MAX_DIRECTORY: Final = 64 * 1024
MAX_FILE: Final = sum(MAX_MEMBER.values())
_CHUNK: Final = 256 * 1024
_END: Final = struct.Struct("<4s4H2LH")  # the zip's end record: signature, disks, entries, directory size, offset, ...
_LOCAL_HEADER: Final = 30
_FOREIGN: Final = "it is not a Techo export file"
_HINT: Final = "Nothing was imported. Export the profile again and copy the file completely."

# What zipfile and zlib raise when they are fed nonsense.
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    KeyError,
    IndexError,
    OverflowError,
)

Line = TypeVar("Line", ConversationLine, MessageLine, EntryLine)


@dataclass(frozen=True, slots=True)
class Checks:
    """What the importing engine demands of the learned state; both callbacks raise when they refuse."""

    identity: StateIdentity
    arrays: Callable[[Arrays], None]
    payload: Callable[[bytes], None]


def fill(files: Files, source: Path, folder: Path, database: Database, snapshots: Snapshots, checks: Checks) -> None:
    """Reads the export file `source` into the new, empty profile in `folder`.

    Raises:
        ImportRefused: the file fails a check; the message names the member and line.
        StateError: STATE_MISMATCH or STATE_NEWER.
        StoreError: the disk refuses.
    """
    with disk_errors("read the file to import", source), files.open_read(source) as file:
        try:
            with _open(file) as container:
                reader = _Reader(container)
                manifest = reader.manifest()
                _check_identity(manifest, checks.identity)
                with database.transaction("import the profile"):
                    _fill(reader, manifest, files, folder, database, snapshots, checks)
        except _BROKEN as error:
            raise _refused(f"the file is broken ({error})") from error


def _fill(
    reader: _Reader,
    manifest: Manifest,
    files: Files,
    folder: Path,
    database: Database,
    snapshots: Snapshots,
    checks: Checks,
) -> None:
    def unheard(text: str, _why: Because) -> None:
        raise AssertionError(text)  # rows that were just written cannot be damaged

    transcript = Transcript(database, unheard)
    journal = Journal(database, unheard)
    _restore_look(manifest.profile, database)
    for conversation in reader.lines(CONVERSATIONS, ConversationLine):
        transcript.restore_conversation(
            conversation.id,
            conversation.title,
            conversation.created,
            conversation.updated,
            conversation.activity,
            conversation.pinned,
            conversation.leaf,
            conversation.learns,
        )
    for message in reader.lines(MESSAGES, MessageLine):
        reader.fits(len(message.content.encode()) <= MAX_TEXT, "its text is too long")
        record = MessageRecord(
            message.id,
            message.conversation,
            message.role,
            message.content,
            message.created,
            message.finish,
            message.parent,
        )
        reader.fits(transcript.can_follow(record), "it follows on a message that is not there")
        with reader.references():
            transcript.restore_message(record)
    if transcript.shows_what_is_missing():
        raise _refused(f"{CONVERSATIONS}: a conversation shows a message that is not in it")
    transcript.settle()
    for entry in reader.lines(JOURNAL, EntryLine):
        reader.fits(entry.id < manifest.next_entry, "its id is above those that were given out")
        reader.fits(math.isfinite(entry.surprise), "its surprise is not a number")
        reader.fits(len(entry.text.encode()) <= MAX_TEXT, "its text is too long")
        reader.fits(len(entry.payload) <= MAX_PAYLOAD, "its write set is too large")
        _ask(checks.payload, entry.payload, f"learned turn {entry.id}")
        with reader.references():
            journal.restore(
                EntryRecord(
                    entry.id,
                    entry.created,
                    entry.message,
                    entry.text,
                    entry.surprise,
                    entry.recruited,
                    entry.strengthened,
                    entry.overwritten,
                    entry.recycled,
                    entry.payload,
                )
            )
    counts = manifest.counts
    found = (reader.counts[CONVERSATIONS], reader.counts[MESSAGES], reader.counts[JOURNAL])
    if found != (counts.conversations, counts.messages, counts.entries):
        raise _refused("it does not hold as many conversations, messages or learned turns as it says")
    if manifest.identity is None:
        if STATE in manifest.members or counts.entries:
            raise _refused("it holds learned state that belongs to no model")
        return
    bind(database, checks.identity)
    database.set_next_id("entry", manifest.next_entry)
    if STATE in manifest.members:
        state = _state(reader, manifest, files, folder, checks)
        snapshots.save(state.arrays, state.last_entry, checks.identity, manifest.next_entry)


def _restore_look(profile: archive.ProfileInfo, database: Database) -> None:
    """Of an older export the profile looks as every new one does."""
    try:
        if profile.colour is not None:
            database.run("UPDATE profile SET colour = ?", (looks.clean_colour(profile.colour),))
        if profile.picture:
            database.run("UPDATE profile SET picture = ?", (looks.check_picture(profile.picture),))
    except ProfileError as error:
        raise _refused(f"{MANIFEST}: {error.message}") from error


def _state(reader: _Reader, manifest: Manifest, files: Files, folder: Path, checks: Checks) -> tensors.State:
    """Unpacks the state into a file of our own naming and checks it as every snapshot is checked."""
    path = folder / "incoming"
    with disk_errors("import the profile", path):
        unpacked = files.create(path)
        try:
            for chunk in reader.chunks(STATE):
                unpacked.write(chunk)
        finally:
            unpacked.close()
        try:
            with files.open_read(path) as file:
                state = tensors.decode(file, manifest.members[STATE].bytes, Path(STATE))
        except tensors.SnapshotDamaged as damage:
            raise _refused(damage.message) from damage
        files.remove_file(path)
    if state.identity != checks.identity:
        raise mismatch(state.identity, checks.identity)
    if state.last_entry >= manifest.next_entry:
        raise _refused("the learned state holds turns that were never learned")
    _ask(checks.arrays, state.arrays, "the learned state")
    return state


# ---------------------------------------------------------------------------------------------- the container


def _open(file: BinaryIO) -> zipfile.ZipFile:
    """Opens the zip after its end record has shown that reading the directory is harmless."""
    size = file.seek(0, 2)
    if size > MAX_FILE:
        raise _refused(f"the file is larger than {MAX_FILE:,} bytes")
    if size < _END.size:
        raise _refused(_FOREIGN)
    file.seek(size - _END.size)
    signature, disk, start_disk, here, entries, length, offset, comment = _END.unpack(file.read(_END.size))
    if signature != b"PK\5\6" or disk or start_disk or comment or here != entries:
        raise _refused("it is not a Techo export file, or its end is missing")
    if entries > len(MAX_MEMBER) or length > MAX_DIRECTORY or offset + length + _END.size != size:
        raise _refused("its list of contents is not that of a Techo export file")
    container = zipfile.ZipFile(file)
    try:
        _check_members(container.infolist(), offset)
    except BaseException:
        container.close()
        raise
    return container


def _check_members(members: list[zipfile.ZipInfo], directory: int) -> None:
    names = [member.filename for member in members]
    if len(set(names)) != len(names) or not {MANIFEST, CONVERSATIONS, MESSAGES, JOURNAL} <= set(names) <= set(
        MAX_MEMBER
    ):
        raise _refused("it holds other things than a Techo export file does")
    position = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.flag_bits & 0x1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _refused(f"{member.filename} is packed in a way that Techo does not use")
        if member.file_size > MAX_MEMBER[member.filename]:
            raise _refused(f"{member.filename} would unpack to {member.file_size:,} bytes")
        if member.filename != STATE and archive.suspicious(member.compress_size, member.file_size):
            raise _refused(f"{member.filename} unpacks to far more than it can hold")
        if member.header_offset < position:
            raise _refused("its parts overlap")
        position = member.header_offset + _LOCAL_HEADER + len(member.filename) + member.compress_size
    if position > directory:
        raise _refused("its parts overlap")


class _Reader:
    """Streams the members of a container whose directory has been checked; verifies sizes, digests and lines."""

    def __init__(self, container: zipfile.ZipFile) -> None:
        self._container = container
        self._members: dict[str, archive.MemberInfo] = {}
        self._place = ""
        self.counts: dict[str, int] = {}

    def manifest(self) -> Manifest:
        """The manifest, once version, types and list of members have been found right."""
        with self._container.open(MANIFEST) as member:
            data = member.read(MAX_MEMBER[MANIFEST] + 1)
        if len(data) > MAX_MEMBER[MANIFEST]:
            raise _refused("its manifest is too large")
        version = _decode(data, archive.Version, MANIFEST)
        if version.format != archive.FORMAT:
            raise _refused(_FOREIGN)
        if int(version.version.partition(".")[0]) > archive.MAJOR:
            raise StateError(
                f"The file was exported by a newer Techo (format {version.version}; this Techo knows "
                f"{archive.MAJOR}.{archive.MINOR}).",
                "Update Techo, then import it again. Nothing was imported.",
                code=ErrorCode.STATE_NEWER,
                because=because(Reason.NEWER_EXPORT, format=version.version),
            )
        manifest = _decode(data, Manifest, MANIFEST)
        sizes = {info.filename: info.file_size for info in self._container.infolist() if info.filename != MANIFEST}
        if sizes != {name: member.bytes for name, member in manifest.members.items()}:
            raise _refused("its contents are not those that its manifest lists")
        self._members = manifest.members
        return manifest

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member. Size and digest are checked at the end: use nothing of it for good before that."""
        info = self._members[name]
        digest = hashlib.blake2b(digest_size=32)
        size = 0
        with self._container.open(name) as member:
            while chunk := member.read(_CHUNK):
                size += len(chunk)
                if size > info.bytes:
                    raise _refused(f"{name} is longer than it says")
                digest.update(chunk)
                yield chunk
        if size != info.bytes:
            raise _refused(f"{name} is shorter than it says")
        if "blake2b:" + digest.hexdigest() != info.digest:
            raise _refused(f"the digest of {name} does not hold: the file was changed or damaged")

    def lines(self, name: str, kind: type[Line]) -> Iterator[Line]:
        """The lines of a member as checked records, ids strictly ascending."""
        decoder = msgspec.json.Decoder(kind)
        self.counts[name] = 0
        last = 0
        for number, line in enumerate(self._split(name), start=1):
            self._place = f"{name}, line {number}"
            try:
                record = decoder.decode(line)
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
                raise _refused(f"{self._place}: {error}") from error
            self.fits(record.id > last, "its id does not come after the one before")
            last = record.id
            self.counts[name] = number
            yield record

    def _split(self, name: str) -> Iterator[bytes]:
        pending = bytearray()
        for chunk in self.chunks(name):
            first, *more = chunk.split(b"\n")
            pending += first
            for part in more:
                yield bytes(pending)
                pending = bytearray(part)
            if len(pending) > MAX_LINE:
                raise _refused(f"{name} holds a line of more than {MAX_LINE:,} bytes")
        if pending:
            raise _refused(f"{name} ends in the middle of a line")

    def fits(self, holds: bool, otherwise: str) -> None:
        """Refuses the line just read unless `holds`."""
        if not holds:
            raise _refused(f"{self._place}: {otherwise}")

    def references(self) -> _References:
        """Around the writing of the line just read: what it refers to has to be there."""
        return _References(self._place)


class _References:
    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.IntegrityError):
            raise _refused(f"{self._place}: it belongs to something that is not in the file") from error


_Decoded = TypeVar("_Decoded", archive.Version, Manifest)


def _decode(data: bytes, kind: type[_Decoded], name: str) -> _Decoded:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise _refused(f"{name}: {error}") from error


def _check_identity(manifest: Manifest, identity: StateIdentity) -> None:
    if manifest.identity is not None:
        found = StateIdentity(manifest.identity.backbone, manifest.identity.memory)
        if found != identity:
            error = mismatch(found, identity)
            raise StateError(
                error.message,
                "Import it with the model and version of Techo it was exported with. Nothing was imported.",
                code=error.code,
                because=because(Reason.OTHER_EXPORT),
            )


_Value = TypeVar("_Value", Arrays, bytes)


def _ask(check: Callable[[_Value], None], value: _Value, what: str) -> None:
    """Lets the caller judge; whatever its check stumbles over in hostile data is a refusal."""
    try:
        check(value)
    except EngineError:
        raise
    except Exception as error:
        raise _refused(f"{what} is not valid ({error})") from error


def _refused(reason: str) -> ImportRefused:
    foreign = because(Reason.NOT_AN_EXPORT if reason == _FOREIGN else Reason.EXPORT_DAMAGED)
    return ImportRefused(f"The file cannot be imported: {reason}.", _HINT, because=foreign)
