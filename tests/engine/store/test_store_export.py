"""Export and import: what goes out comes back the same; what was tampered with does not come in."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import EngineError, ErrorCode, ImportRefused, ProfileError, StateError, StoreError
from engine.store import Arrays, Profile, ProfileStore
from engine.store.archive import CONVERSATIONS, JOURNAL, MANIFEST, MESSAGES, STATE
from tests.engine.store.samples import IDENTITY, OTHER_BACKBONE, accept, filled, learn, names, new_entry, same, state

Members = dict[str, bytes]
DATA = Path(__file__).parents[2] / "data"


def _content(profile: Profile) -> dict[str, Any]:
    """Everything a profile holds, but for its id, name and date."""
    loaded = profile.load_state()
    assert loaded.notices == []
    return {
        "conversations": profile.conversations(),
        "messages": [profile.messages(found.id) for found in profile.conversations()],
        "entries": list(profile.entries()),
        "next": profile.next_entry_id(),
        "identity": profile.bound_identity(),
        "last_entry": loaded.last_entry,
        "counts": (profile.counts().conversations, profile.counts().messages, profile.counts().entries),
    }


@pytest.fixture
def exported(store: ProfileStore, folder: Path) -> Path:
    filled(store)
    path = folder / "filled.techo"
    with store.open("Filled", IDENTITY) as profile:
        profile.export(path)
    return path


def _members(path: Path) -> Members:
    with zipfile.ZipFile(path) as container:
        return {name: container.read(name) for name in container.namelist()}


def _pack(path: Path, members: Members) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        for name, data in members.items():
            container.writestr(name, data)
    return path


def _repack(path: Path, change: Callable[[Members, dict[str, Any]], None]) -> Path:
    """The file with its members and manifest changed by somebody who knows how to compute the digests."""
    import hashlib

    members = _members(path)
    manifest = json.loads(members.pop(MANIFEST))
    change(members, manifest)
    for name, data in members.items():
        if name in manifest["members"]:
            digest = hashlib.blake2b(data, digest_size=32).hexdigest()
            manifest["members"][name] = {"bytes": len(data), "digest": "blake2b:" + digest}
    members[MANIFEST] = json.dumps(manifest).encode()
    return _pack(path.with_name("changed.techo"), members)


def _refused(store: ProfileStore, path: Path, code: ErrorCode = ErrorCode.IMPORT_REFUSED) -> str:
    """Imports and makes sure that it was refused and that nothing is left of it; returns the message."""
    before = names(store.directory)
    with pytest.raises(EngineError) as caught:
        store.import_file(path, "Imported", IDENTITY, accept)
    assert caught.value.code == code, caught.value.message
    assert caught.value.hint
    assert names(store.directory) == before
    return caught.value.message


# ---------------------------------------------------------------------------------------------- round trips


def test_a_profile_comes_back_the_same_on_another_machine(store: ProfileStore, exported: Path, folder: Path) -> None:
    seen: list[Arrays] = []
    payloads: list[bytes] = []
    other = ProfileStore(folder / "other machine")
    record = other.import_file(exported, " Neu ", IDENTITY, seen.append, payloads.append)
    assert record.name == "Neu"
    assert [found.name for found in other.list()] == ["Neu"]
    with store.open("Filled", IDENTITY) as source, other.open("Neu", IDENTITY) as target:
        assert _content(target) == _content(source)
        assert same(target.load_state().arrays, state(8))
        assert len(seen) == 1
        assert same(seen[0], state(8))
        assert payloads == [new_entry(number).payload for number in range(1, 11)]
        learn(target, 12)  # it is a full profile: it goes on learning
        target.save_snapshot(state(12), 12)
        for path in target.directory.rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
        assert names(target.directory / "snapshots") == sorted(found.file for found in target.snapshots())
        again = folder / "again.techo"
        target.export(again)
    assert [record.name for record in store.list()] == ["Filled"]


def test_an_empty_profile_comes_back(store: ProfileStore, folder: Path) -> None:
    store.create("Empty")
    with store.open("Empty", IDENTITY) as profile:
        size = profile.export(folder / "empty.techo")
    assert size == (folder / "empty.techo").stat().st_size
    store.import_file(folder / "empty.techo", "Copy", OTHER_BACKBONE, accept)
    with store.open("Copy", OTHER_BACKBONE) as profile:
        assert profile.counts().messages == 0
        assert profile.load_state().arrays is None


def test_ids_go_on_after_a_forgotten_tail(store: ProfileStore, folder: Path) -> None:
    """All lessons forgotten: the import still knows which ids were given out, and to whom the state belonged."""
    store.create("Test")
    with store.open("Test", IDENTITY) as profile:
        learn(profile, 3)
        for number in (1, 2, 3):
            profile.delete_entries([number])
        profile.export(folder / "file.techo")
    store.import_file(folder / "file.techo", "Copy", IDENTITY, accept)
    with store.open("Copy", IDENTITY) as profile:
        assert profile.next_entry_id() == 4
        assert profile.append_entry(new_entry(4)) == 4
        assert profile.bound_identity() == IDENTITY


def test_a_thousand_rows_come_back(store: ProfileStore, folder: Path) -> None:
    store.create("Big")
    with store.open("Big", IDENTITY) as profile:
        conversation = profile.create_conversation("long")
        with profile._database.transaction("fill"):
            for number in range(1000):
                profile.append_message(conversation.id, "user", f"{number} " * 20)
            learn(profile, 500)
        profile.export(folder / "big.techo")
        wanted = _content(profile)
    store.import_file(folder / "big.techo", "Copy", IDENTITY, accept)
    with store.open("Copy", IDENTITY) as profile:
        assert _content(profile) == wanted


def test_the_same_letter_pasted_over_and_over_comes_back(
    store: ProfileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a person pasted must not look like a zip bomb to Techo itself."""
    monkeypatch.setattr("engine.store.archive._FREE_BYTES", 1_000_000)
    store.create("Dense")
    with store.open("Dense", IDENTITY) as profile:
        conversation = profile.create_conversation("paste")
        for _ in range(3):
            profile.append_message(conversation.id, "user", "a" * 1_000_000)
        size = profile.export(folder / "dense.techo")
        assert size > 3_000_000  # written unpacked
    store.import_file(folder / "dense.techo", "Copy", IDENTITY, accept)
    with store.open("Copy", IDENTITY) as profile:
        assert [len(message.content) for message in profile.messages(conversation.id)] == [1_000_000] * 3


def test_the_file_is_private_and_atomic(store: ProfileStore, exported: Path) -> None:
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600
    assert names(exported.parent) == ["data", "filled.techo"]
    assert set(_members(exported)) == {MANIFEST, CONVERSATIONS, MESSAGES, JOURNAL, STATE}


def test_an_existing_file_is_kept_unless_told_otherwise(store: ProfileStore, exported: Path) -> None:
    exported.write_bytes(b"precious")
    with store.open("Filled", IDENTITY) as profile:
        with pytest.raises(StoreError, match="exists already"):
            profile.export(exported)
        assert exported.read_bytes() == b"precious"
        profile.export(exported, overwrite=True)
    assert zipfile.is_zipfile(exported)


def test_an_export_cannot_land_inside_the_profiles(store: ProfileStore, folder: Path) -> None:
    filled(store)
    (folder / "link").symlink_to(store.directory)
    with store.open("Filled", IDENTITY) as profile:
        for target in (profile.directory / "profile.sqlite3", store.directory / "x", folder / "link" / "x"):
            with pytest.raises(StoreError, match="inside Techo's own folder"):
                profile.export(target, overwrite=True)
        with pytest.raises(StoreError, match="does not exist"):
            profile.export(folder / "missing" / "x")
        assert _content(profile)["last_entry"] == 8


def test_a_mismatched_profile_can_still_be_exported(store: ProfileStore, folder: Path) -> None:
    """The way out that STATE_MISMATCH offers has to exist."""
    filled(store)
    with store.open("Filled", OTHER_BACKBONE) as profile:
        profile.export(folder / "file.techo")
    store.import_file(folder / "file.techo", "Copy", IDENTITY, accept)
    with store.open("Copy", IDENTITY) as profile:
        assert same(profile.load_state().arrays, state(8))


def test_an_export_leaves_out_what_is_damaged(store: ProfileStore, folder: Path) -> None:
    """A damaged row must not make the export one that cannot be imported."""
    filled(store)
    with store.open("Filled", IDENTITY) as profile:
        profile._database.run("PRAGMA foreign_keys = OFF")
        profile._database.run("UPDATE entry SET text = 'changed' WHERE id = 5")
        profile._database.run("UPDATE message SET created = 'garbage' WHERE id = 2")
        profile._database.run("UPDATE message SET conversation = 99 WHERE id = 3")
        profile.export(folder / "file.techo")
        assert len(profile.take_notices()) == 2
    store.import_file(folder / "file.techo", "Copy", IDENTITY, accept)
    with store.open("Copy", IDENTITY) as profile:
        assert [entry.id for entry in profile.entries()] == [1, 2, 3, 4, 6, 7, 8, 9, 10]
        assert profile.counts().messages == 4


# ---------------------------------------------------------------------------------------------- refusals


def test_a_taken_or_bad_name_is_refused(store: ProfileStore, exported: Path) -> None:
    with pytest.raises(ProfileError) as caught:
        store.import_file(exported, "FILLED", IDENTITY, accept)
    assert caught.value.code == ErrorCode.PROFILE_EXISTS
    with pytest.raises(ProfileError) as caught:
        store.import_file(exported, "a\nb", IDENTITY, accept)
    assert caught.value.code == ErrorCode.PROFILE_NAME


def test_other_weights_are_refused(store: ProfileStore, exported: Path) -> None:
    with pytest.raises(StateError) as caught:
        store.import_file(exported, "Imported", OTHER_BACKBONE, accept)
    assert caught.value.code == ErrorCode.STATE_MISMATCH
    assert "language model" in caught.value.message
    assert [record.name for record in store.list()] == ["Filled"]


def test_files_that_cannot_be_read(store: ProfileStore, folder: Path) -> None:
    store.create("Kept")
    os.mkfifo(folder / "pipe")
    for path in (folder / "missing", folder, folder / "pipe"):
        assert str(path) in _refused(store, path, ErrorCode.STORAGE_FAILED)


def test_a_newer_export_is_refused_by_name(store: ProfileStore, exported: Path) -> None:
    def newer(members: Members, manifest: dict[str, Any]) -> None:
        manifest.clear()
        manifest.update(format="techo-profile", version="3.0", members={})

    assert "newer Techo" in _refused(store, _repack(exported, newer), ErrorCode.STATE_NEWER)


def test_a_newer_minor_export_with_unknown_fields_is_accepted(store: ProfileStore, exported: Path) -> None:
    def newer(members: Members, manifest: dict[str, Any]) -> None:
        manifest.update(version="1.7", mood="good")
        members[MESSAGES] = members[MESSAGES].replace(b'{"id":1,', b'{"id":1,"mood":[1,{}],')

    store.import_file(_repack(exported, newer), "Imported", IDENTITY, accept)
    assert len(store.list()) == 2


def test_an_export_of_format_1_0_is_imported(store: ProfileStore) -> None:
    """`export-1.0.techo` was written by the last Techo of that format: nobody was pinned then."""
    store.import_file(DATA / "export-1.0.techo", "Imported", IDENTITY, accept)
    with store.open("Imported", IDENTITY) as profile:
        assert [(found.title, found.pinned) for found in profile.conversations()] == [
            ("予定", False),
            ("About the dog", False),
        ]
        assert [hit.message for hit in profile.search("歯医者")] == [4]
        assert [entry.id for entry in profile.entries()] == [1, 2, 3]


def test_an_export_of_format_1_1_is_imported(store: ProfileStore) -> None:
    """`export-1.1.techo` was written by the last Techo of that format: no message had a second version."""
    store.import_file(DATA / "export-1.1.techo", "Imported", IDENTITY, accept)
    with store.open("Imported", IDENTITY) as profile:
        assert [(found.title, found.pinned) for found in profile.conversations()] == [
            ("About the dog", True),
            ("予定", False),
        ]
        assert [(said.id, said.parent) for said in profile.messages(1)] == [(1, 0), (2, 1), (3, 2), (6, 3), (7, 6)]


def test_versions_are_exported(store: ProfileStore, folder: Path) -> None:
    filled(store)
    with store.open("Filled", IDENTITY) as profile:
        again = profile.append_message(1, "assistant", "Zuzu!", "stop", parent=2)
        edited = profile.append_message(1, "user", "My cat is called Zuzu.", parent=1)
        gone = profile.append_message(1, "assistant", "Gone.", "stop")
        profile.delete_message(gone.id)
        profile.show_message(3)
        before = profile.every_version(1)
        profile.export(folder / "versions.techo")
    assert {said.id: said.versions for said in before} == {
        1: (),
        2: (2, edited.id),
        3: (3, again.id),
        again.id: (3, again.id),
        edited.id: (2, edited.id),
    }
    store.import_file(folder / "versions.techo", "Imported", IDENTITY, accept)
    with store.open("Imported", IDENTITY) as profile:
        assert profile.every_version(1) == before
        assert [said.id for said in profile.messages(1)] == [1, 2, 3]


@pytest.mark.parametrize("parent", [b"3", b"4", b"9", b"-1", b'"1"'])
def test_an_export_whose_messages_follow_on_nothing_is_refused(
    store: ProfileStore, exported: Path, parent: bytes
) -> None:
    def spoil(members: Members, manifest: dict[str, Any]) -> None:
        members[MESSAGES] = members[MESSAGES].replace(b'"parent":2', b'"parent":' + parent, 1)

    assert "line 3" in _refused(store, _repack(exported, spoil), ErrorCode.IMPORT_REFUSED)


def test_an_export_that_shows_what_is_not_there_is_refused(store: ProfileStore, exported: Path) -> None:
    def spoil(members: Members, manifest: dict[str, Any]) -> None:
        lines = members[CONVERSATIONS]
        members[CONVERSATIONS] = lines.replace(b'"leaf":3', b'"leaf":4', 1)
        assert members[CONVERSATIONS] != lines

    assert "not in it" in _refused(store, _repack(exported, spoil), ErrorCode.IMPORT_REFUSED)


def test_pins_are_exported_and_what_was_imported_can_be_searched(store: ProfileStore, folder: Path) -> None:
    filled(store)
    with store.open("Filled", IDENTITY) as profile:
        profile.pin_conversation(1, True)
        profile.export(folder / "pinned.techo")
        hits = profile.search("zuzu")
    store.import_file(folder / "pinned.techo", "Imported", IDENTITY, accept)
    with store.open("Imported", IDENTITY) as profile:
        assert [(found.title, found.pinned) for found in profile.conversations()] == [
            ("予定", False),
            ("About the dog", True),
        ]
        assert profile.search("zuzu") == hits
        assert len(hits) == 1


def test_the_callers_check_decides(store: ProfileStore, exported: Path) -> None:
    def reject(value: object) -> None:
        raise ValueError("wrong shape")

    def explode(value: object) -> None:
        raise ZeroDivisionError

    for arrays, payload in ((reject, accept_bytes), (explode, accept_bytes), (accept, reject)):
        with pytest.raises(ImportRefused):
            store.import_file(exported, "Imported", IDENTITY, arrays, payload)
    assert [record.name for record in store.list()] == ["Filled"]


def accept_bytes(payload: bytes) -> None:
    """A check of write sets that finds nothing wrong."""


def _edit_line(name: str, number: int, **fields: Any) -> Callable[[Members, dict[str, Any]], None]:
    def change(members: Members, manifest: dict[str, Any]) -> None:
        lines = members[name].splitlines()
        record = json.loads(lines[number])
        record.update(fields)
        lines[number] = json.dumps({key: value for key, value in record.items() if value != "<none>"}).encode()
        members[name] = b"\n".join(lines) + b"\n"

    return change


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        (CONVERSATIONS, {"id": 0}),
        (CONVERSATIONS, {"id": 2**53}),
        (CONVERSATIONS, {"title": "x" * 201}),
        (CONVERSATIONS, {"activity": -1}),
        (CONVERSATIONS, {"pinned": 1}),
        (CONVERSATIONS, {"created": "yesterday"}),
        (MESSAGES, {"id": 2}),  # not above the one before
        (MESSAGES, {"conversation": 77}),
        (MESSAGES, {"role": "tool"}),
        (MESSAGES, {"role": "<none>"}),
        (MESSAGES, {"finish": "bored"}),
        (MESSAGES, {"content": 5}),
        (MESSAGES, {"content": None}),
        (MESSAGES, {"created": "2026-01-01T00:00:00Z\n"}),
        (JOURNAL, {"id": 2}),
        (JOURNAL, {"id": 11}),  # next_entry is 11
        (JOURNAL, {"message": 77}),
        (JOURNAL, {"surprise": "much"}),
        (JOURNAL, {"surprise": 1e999}),
        (JOURNAL, {"recruited": -1}),
        (JOURNAL, {"recruited": 2**31}),
        (JOURNAL, {"recruited": 1.5}),
        (JOURNAL, {"payload": "not base64!"}),
        (JOURNAL, {"text": "\ud800"}),
    ],
)
def test_lines_with_wrong_fields_are_refused(
    store: ProfileStore, exported: Path, name: str, fields: dict[str, Any]
) -> None:
    """By somebody who recomputed every digest: types, ranges, order and references hold the line."""
    message = _refused(store, _repack(exported, _edit_line(name, 0 if name == CONVERSATIONS else 2, **fields)))
    assert name in message


def _manifest(**fields: Any) -> Callable[[Members, dict[str, Any]], None]:
    return lambda members, manifest: manifest.update(fields)


def _member(name: str, data: bytes | None) -> Callable[[Members, dict[str, Any]], None]:
    def change(members: Members, manifest: dict[str, Any]) -> None:
        if data is None:
            del members[name]
            manifest["members"].pop(name)
        else:
            members[name] = data
            manifest["members"].setdefault(name, {"bytes": 0, "digest": ""})

    return change


@pytest.mark.parametrize(
    "change",
    [
        _manifest(format="zip"),
        _manifest(version="one"),
        _manifest(version="1.0.0"),
        _manifest(identity=None),
        _manifest(identity={"backbone": IDENTITY.backbone}),
        _manifest(counts={"conversations": 2, "messages": 5, "entries": 9}),
        _manifest(next_entry=8),  # the state holds turn 8, the journal 10
        _manifest(next_entry=0),
        _manifest(next_entry=2**30),  # the memory keeps ids in 32 bits
        _manifest(members={}),
        _member(MESSAGES, None),
        _member(JOURNAL, b""),
        _member(JOURNAL, b"{"),
        _member(JOURNAL, b"[" * 100_000 + b"\n"),
        _member(MESSAGES, b"\xff\xfe\n"),
        _member(STATE, b""),
        _member(STATE, b"\0" * 1000),
        _member("../../evil", b"x"),
        _member("/etc/passwd", b"x"),
        _member("C:\\evil", b"x"),
        _member("snapshots/", b""),
        _member("extra.txt", b"x"),
    ],
)
def test_containers_with_wrong_parts_are_refused(
    store: ProfileStore, exported: Path, change: Callable[[Members, dict[str, Any]], None]
) -> None:
    _refused(store, _repack(exported, change))
    assert names(exported.parent) == ["changed.techo", "data", "filled.techo"]


def test_a_state_of_another_identity_inside_is_refused(store: ProfileStore, exported: Path, folder: Path) -> None:
    """The manifest says the right identity, the state inside says another."""
    from engine.store.tensors import encode

    foreign = b"".join(bytes(chunk) for chunk in encode(state(8), OTHER_BACKBONE, 8).chunks)
    _refused(store, _repack(exported, _member(STATE, foreign)), ErrorCode.STATE_MISMATCH)


def test_a_state_from_the_future_is_refused(store: ProfileStore, exported: Path) -> None:
    from engine.store.tensors import encode

    later = b"".join(bytes(chunk) for chunk in encode(state(11), IDENTITY, 11).chunks)
    assert "never learned" in _refused(store, _repack(exported, _member(STATE, later)))


def test_a_changed_member_without_its_digest_is_refused(store: ProfileStore, exported: Path) -> None:
    members = _members(exported)
    for name in (CONVERSATIONS, MESSAGES, JOURNAL, STATE):
        changed = bytearray(members[name])
        changed[len(changed) // 2] ^= 1
        message = _refused(store, _pack(exported.with_name("x.techo"), {**members, name: bytes(changed)}))
        assert name in message


def test_a_double_member_is_refused(store: ProfileStore, exported: Path) -> None:
    members = _members(exported)
    path = exported.with_name("double.techo")
    with zipfile.ZipFile(path, "w") as container:
        for name, data in members.items():
            container.writestr(name, data)
        with pytest.warns(UserWarning, match="Duplicate"):
            container.writestr(MANIFEST, members[MANIFEST])
    _refused(store, path)


def test_encrypted_and_oddly_packed_members_are_refused(store: ProfileStore, exported: Path) -> None:
    members = _members(exported)
    path = exported.with_name("odd.techo")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as container:
        for name, data in members.items():
            container.writestr(name, data)
    assert "packed in a way" in _refused(store, path)
    flagged = bytearray(exported.read_bytes())
    flagged[flagged.index(b"PK\1\2") + 8] |= 1  # the flag for encryption in the first entry of the directory
    path.write_bytes(flagged)
    assert "packed in a way" in _refused(store, path)


# ---------------------------------------------------------------------------------------------- bombs


def test_a_bomb_is_refused_by_what_it_declares(store: ProfileStore, exported: Path) -> None:
    """A gigabyte of zeros in a megabyte: refused without unpacking."""
    members = _members(exported)
    path = exported.with_name("bomb.techo")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as container:
        for name, data in members.items():
            if name == MESSAGES:
                with container.open(name, "w") as member:
                    for _ in range(80):
                        member.write(bytes(1024 * 1024))
            else:
                container.writestr(name, data)
    assert "far more" in _refused(store, path)


def test_a_bomb_that_lies_about_its_size_is_refused(store: ProfileStore, exported: Path) -> None:
    """The directory says 100 bytes, the data unpack to 20 million: no more than 100 are read."""
    members = _members(exported)
    members[MESSAGES] = bytes(20_000_000)
    path = _pack(exported.with_name("liar.techo"), members)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as container:
        info = container.getinfo(MESSAGES)
    real, lie = info.file_size.to_bytes(4, "little"), (100).to_bytes(4, "little")
    assert data.count(real) == 2
    path.write_bytes(bytes(data).replace(real, lie))
    _refused(store, path)


def test_too_large_members_are_refused(store: ProfileStore, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (MANIFEST, CONVERSATIONS, MESSAGES, JOURNAL, STATE):
        with monkeypatch.context() as context:
            context.setitem(_limits(), name, 50)
            assert name in _refused(store, exported)
            with store.open("Filled", IDENTITY) as profile, pytest.raises(StoreError, match="too large"):
                profile.export(exported.with_name("out.techo"))
    assert not exported.with_name("out.techo").exists()


def _limits() -> dict[str, int]:
    from engine.store import archive

    return archive.MAX_MEMBER


def test_a_line_without_end_is_refused(store: ProfileStore, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.store.importing.MAX_LINE", 1000)
    change = _member(MESSAGES, b'"' + b"x" * 2_000_000 + b'"\n')
    assert "line of more than" in _refused(store, _repack(exported, change))


def test_overlapping_members_are_refused(store: ProfileStore, exported: Path) -> None:
    """Two directory entries over the same data is how the densest zip bombs are made."""
    data = bytearray(exported.read_bytes())
    with zipfile.ZipFile(exported) as container:
        infos = container.infolist()
    first = data.index(b"PK\1\2")
    second = data.index(b"PK\1\2", first + 4)
    data[second + 42 : second + 46] = infos[0].header_offset.to_bytes(4, "little")
    path = exported.with_name("overlap.techo")
    path.write_bytes(data)
    assert "overlap" in _refused(store, path)


@pytest.mark.parametrize("where", ["before", "after", "comment"])
def test_nothing_may_hide_around_the_zip(store: ProfileStore, exported: Path, where: str) -> None:
    data = exported.read_bytes()
    path = exported.with_name("hidden.techo")
    if where == "comment":
        path.write_bytes(data[:-2] + (5).to_bytes(2, "little") + b"hello")
    else:
        path.write_bytes(b"x" * 50 + data if where == "before" else data + b"x" * 50)
    _refused(store, path)


# ---------------------------------------------------------------------------------------------- damage


def test_every_cut_is_refused(store: ProfileStore, exported: Path) -> None:
    data = exported.read_bytes()
    path = exported.with_name("cut.techo")
    for length in [*range(0, len(data), len(data) // 60 + 1), len(data) - 1]:
        path.write_bytes(data[:length])
        _refused(store, path)


def test_a_flipped_byte_is_refused_or_harmless(store: ProfileStore, exported: Path) -> None:
    """Bytes of the zip that carry no meaning (dates, versions) may change; content may not."""
    data = exported.read_bytes()
    path = exported.with_name("flipped.techo")
    with store.open("Filled", IDENTITY) as profile:
        wanted = _content(profile)
    refused = 0
    positions = range(7, len(data), len(data) // 100 + 1)
    for at in positions:
        flipped = bytearray(data)
        flipped[at] ^= 0x10
        path.write_bytes(flipped)
        try:
            store.import_file(path, "Imported", IDENTITY, accept)
        except EngineError:
            refused += 1
            continue
        with store.open("Imported", IDENTITY) as profile:
            assert _content(profile) == wanted
        store.delete("Imported")
    assert refused >= 0.9 * len(positions)
    assert [record.name for record in store.list()] == ["Filled"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), wrap=st.booleans())
def test_random_bytes_are_refused(store: ProfileStore, folder: Path, data: bytes, wrap: bool) -> None:
    """Bare, and with a valid end record so that the zip reader itself gets to see them."""
    path = folder / "random.techo"
    if wrap:
        end = io.BytesIO()
        zipfile.ZipFile(end, "w").close()
        record = bytearray(end.getvalue())
        record[8:12] = (1).to_bytes(2, "little") * 2
        record[12:16] = len(data).to_bytes(4, "little")
        data += bytes(record)
    path.write_bytes(data)
    with pytest.raises(EngineError):
        store.import_file(path, "Imported", IDENTITY, accept)
    assert store.list() == []


_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["id", "format", "version", "members", "content"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([MANIFEST, CONVERSATIONS, MESSAGES, JOURNAL]), st.data())
def test_random_members_are_refused_or_come_in_whole(
    store: ProfileStore, folder: Path, name: str, data: st.DataObject
) -> None:
    """Any JSON or bytes in place of a member, digests right: an engine error or a profile that opens."""
    source = folder / "source.techo"
    if not source.exists():
        filled(store)
        with store.open("Filled", IDENTITY) as profile:
            profile.export(source)
    random = data.draw(st.binary(max_size=100) | _VALUES.map(lambda value: json.dumps(value).encode() + b"\n"))
    members = _members(source)
    if name == MANIFEST:
        path = _pack(folder / "changed.techo", {**members, MANIFEST: random})
    else:
        path = _repack(source, _member(name, random))
    try:
        store.import_file(path, "Imported", IDENTITY, accept)
    except EngineError:
        pass
    else:
        with store.open("Imported", IDENTITY) as profile:
            profile.load_state()
        store.delete("Imported")
    assert [record.name for record in store.list()] == ["Filled"]
