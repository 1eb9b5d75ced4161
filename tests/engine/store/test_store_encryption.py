"""An encrypted profile: everything works as in a plain one, and nothing of it can be read or changed without the key.

The passphrases are cheap to try (`passphrase.CHEAP`), by the argument that `ProfileStore` has for it.
"""

from __future__ import annotations

import base64
import json
import os
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.errors import EngineError, ErrorCode
from engine.reasons import Reason, Remark
from engine.store import ProfileStore, keys, passphrase, sealed, switching
from engine.store.files import Files
from engine.store.keys import DataKey
from engine.store.passphrase import CHEAP, Cost
from engine.store.remembered import Keyring
from tests.engine.store.samples import IDENTITY, accept, copy, filled, learn, new_entry, same, state
from tests.engine.store.test_store_looks import PICTURE

WORDS = "ひみつの合言葉 Passphrase"
TOLD = (
    "My dog is called Zuzu.",
    "A lovely name!",
    "明日は歯医者です。",
    "About the dog",
    "予定",
    "Be brief.",
    "lesson-3-text",
    "lesson-10-text",
)


class FakeKeyring(Keyring):
    """The system's keyring, in memory; `broken` as on a computer that has none."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}
        self.broken = False

    def _ask(self, what: str, *arguments: str) -> Any:
        if self.broken:
            raise EngineError("no keyring", "a hint", code=ErrorCode.KEYRING_MISSING)
        _, entry, *secret = arguments
        if what == "set_password":
            self.entries[entry] = bytes.fromhex(secret[0])
        elif what == "delete_password":
            del self.entries[entry]
        return self.entries[entry].hex() if entry in self.entries else None


@pytest.fixture
def keyring() -> FakeKeyring:
    return FakeKeyring()


@pytest.fixture
def plain(folder: Path, keyring: FakeKeyring) -> ProfileStore:
    """With a plain profile that has something of everything, a crash's left-overs too."""
    store = ProfileStore(folder / "data", cost=CHEAP, keyring=keyring)
    filled(store)
    store.look("Filled", "#123456", PICTURE)
    return store


@pytest.fixture
def store(plain: ProfileStore) -> ProfileStore:
    """The same, encrypted with `WORDS`."""
    plain.encrypt("Filled", WORDS)
    return plain


def home(store: ProfileStore) -> Path:
    (found,) = (path for path in store.directory.iterdir() if path.is_dir())
    return found


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def traces(folder: Path, *more: bytes) -> list[str]:
    """Files that hold something of what was told, in any of the ways it may be written, or its trits."""
    needles = {form for text in TOLD for form in (text.encode(), text.encode("utf-16-le"), text.lower().encode())}
    for number in range(1, 12):
        payload = new_entry(number).payload
        needles |= {payload[40:90], base64.b64encode(payload[:90])[20:60]}
    for entry in (4, 8, 10):
        needles |= {array.tobytes()[:256] for name, array in state(entry).items() if name in ("keys", "accumulators")}
    needles |= {PICTURE[20:60], *more}
    return [name for name, data in files_of(folder).items() if any(one and one in data for one in needles)]


def refused(code: ErrorCode) -> Any:
    def check(error: EngineError) -> bool:
        return error.code is code and bool(error.message) and bool(error.hint)

    return pytest.raises(EngineError, check=check)


# ---------------------------------------------------------------------------------------------- what stays


def survey(store: ProfileStore, access: str | None, name: str = "Filled") -> dict[str, Any]:
    with store.open(name, IDENTITY, access) as profile:
        loaded = profile.load_state()
        assert loaded.notices == []
        assert profile.take_notices() == []
        record = profile.record
        return {
            "look": (record.name, record.colour, record.picture),
            "messages": [profile.every_version(one.id) for one in profile.conversations()],
            "conversations": profile.conversations(),
            "entries": list(profile.entries()),
            "state": (loaded.last_entry, same(loaded.arrays, state(loaded.last_entry))),
            "found": [profile.search(word) for word in ("zuzu", "歯医者", "is")],
            "next": profile.next_entry_id(),
            "identity": profile.bound_identity(),
        }


def test_nothing_is_lost_by_encrypting_and_nothing_by_decrypting(plain: ProfileStore) -> None:
    before = survey(plain, None)
    plain.encrypt("Filled", WORDS)
    assert survey(plain, WORDS) == before
    plain.decrypt("Filled", WORDS)
    assert survey(plain, None) == before
    (record,) = plain.list()
    assert (record.encrypted, record.colour, record.picture) == (False, "#123456", PICTURE)


def test_an_encrypted_profile_is_worked_with_as_a_plain_one(store: ProfileStore) -> None:
    with store.open("Filled", IDENTITY, WORDS) as profile:
        told = profile.append_message(profile.create_conversation("More").id, "user", "It barks.")
        learn(profile, 12, told.id)
        profile.save_snapshot(state(12), 12)
        assert profile.delete_entries([2], said=True)[0][0].id == 2
        assert [hit.message for hit in profile.search("barks")] == [told.id]
    with store.open("Filled", IDENTITY, WORDS) as profile:
        assert profile.load_state().last_entry == 0, "every state held the second lesson"
        assert [entry.id for entry in profile.entries()] == [1, *range(3, 13)]


def test_the_traces_are_found_in_a_plain_profile(plain: ProfileStore, folder: Path) -> None:
    """Else the next test would prove nothing."""
    assert {name.rsplit("/", 1)[-1].rsplit(".", 1)[-1] for name in traces(folder)} == {"sqlite3", "safetensors"}


def test_nothing_plain_remains(plain: ProfileStore, folder: Path) -> None:
    """Not beside it, not in a log, a state, an export or a copy: what was told, learned, drawn or named."""
    crashed = home(plain) / "profile.sqlite3-wal.damaged"
    crashed.write_bytes((home(plain) / "profile.sqlite3").read_bytes())
    left = home(plain) / "snapshots" / "00000001-0123456789abcdef.safetensors.damaged"
    left.write_bytes(state(4)["keys"].tobytes())
    plain.encrypt("Filled", WORDS)
    assert traces(folder) == []
    with plain.open("Filled", IDENTITY, WORDS) as profile:
        learn(profile, 11)
        profile.save_snapshot(state(10), 10)
        profile.export(folder / "file.techo")
        assert traces(folder) == [], "while it is open, with its log"
        plain.duplicate("Filled", "Twin", open_here=True, access=profile.key)
    plain.import_file(folder / "file.techo", "Back", IDENTITY, accept, passphrase=WORDS)
    plain.change_passphrase("Filled", WORDS, "other")
    assert traces(folder) == []
    assert len(plain.list()) == 3
    assert all(record.encrypted for record in plain.list())


def test_a_locked_profile_shows_its_name_and_nothing_else(store: ProfileStore) -> None:
    (record,) = store.list()
    assert (record.name, record.encrypted, record.remembered, record.problem) == ("Filled", True, False, "")
    assert (record.created, record.colour, record.picture) == ("", "", b"")


def test_the_files_are_private(store: ProfileStore) -> None:
    if os.name == "nt":
        pytest.skip("Windows has other permissions")
    for path in home(store).rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_an_older_techo_refuses_it_and_leaves_it_alone(store: ProfileStore) -> None:
    """It knows no `vault`: what it would find is a profile of a newer one."""
    from engine.store.database import read_version

    before = files_of(home(store))
    with_old = ProfileStore(store.directory.parent)
    record = with_old._record  # the plain way, as it was before
    path = home(store) / "profile.sqlite3"
    found = with_old._read(home(store).name, path, "rw")
    assert "newer Techo (format 2.0" in found.problem
    assert record(home(store).name).encrypted
    with Files().connect(path) as connection, refused(ErrorCode.STATE_NEWER):
        read_version(connection, path)
    connection.close()
    assert files_of(home(store)) == before


# ---------------------------------------------------------------------------------------------- passphrases


def test_without_the_passphrase_nothing_is_done(store: ProfileStore, folder: Path) -> None:
    before = files_of(home(store))
    acts: tuple[Callable[[str | None], object], ...] = (
        lambda access: store.open("Filled", IDENTITY, access),
        lambda access: store.rename("Filled", "Other", access),
        lambda access: store.look("Filled", "#000000", None, access),
        lambda access: store.duplicate("Filled", "Other", access=access),
        lambda access: store.change_passphrase("Filled", access, "new"),
        lambda access: store.remember("Filled", access, True),
        lambda access: store.decrypt("Filled", access),
    )
    for act in acts:
        for access, code in (
            (None, ErrorCode.PROFILE_LOCKED),
            (WORDS.upper(), ErrorCode.WRONG_PASSPHRASE),
            ("", ErrorCode.PASSPHRASE_REFUSED),
        ):
            with refused(code):
                act(access)
    assert files_of(home(store)) == before
    assert len(store.list()) == 1


def test_letters_that_a_keyboard_composes_otherwise_are_the_same(plain: ProfileStore) -> None:
    plain.encrypt("Filled", "caf\u00e9 が")
    assert survey(plain, "cafe\u0301 か\u3099")["look"][0] == "Filled"


@pytest.mark.parametrize("bad", ["", "x" * 1025, "\ud800"])
def test_a_passphrase_that_is_none_is_refused(plain: ProfileStore, bad: str) -> None:
    before = survey(plain, None)
    with refused(ErrorCode.PASSPHRASE_REFUSED):
        plain.encrypt("Filled", bad)
    assert survey(plain, None) == before
    plain.encrypt("Filled", "a")  # how strong it is, is the user's to say
    with refused(ErrorCode.PASSPHRASE_REFUSED):
        plain.change_passphrase("Filled", "a", bad)
    assert survey(plain, "a") == before


def test_another_passphrase_opens_it_and_the_old_one_does_not(store: ProfileStore) -> None:
    before = survey(store, WORDS)
    vault = (home(store) / "vault.sqlite3").read_bytes()
    store.change_passphrase("Filled", WORDS, "new")
    assert (home(store) / "vault.sqlite3").read_bytes() == vault, "what was said is not written anew"
    with refused(ErrorCode.WRONG_PASSPHRASE):
        store.open("Filled", IDENTITY, WORDS)
    assert survey(store, "new") == before
    for name in ("profile.key", "profile.key.copy"):  # nor does what is left of the file
        other = "profile.key.copy" if name == "profile.key" else "profile.key"
        (home(store) / other).unlink()
        with refused(ErrorCode.WRONG_PASSPHRASE):
            store.open("Filled", IDENTITY, WORDS)
        store.open("Filled", IDENTITY, "new").close()
        assert (home(store) / name).read_bytes() == (home(store) / other).read_bytes(), "both are there again"


def test_it_can_be_changed_while_it_is_open(store: ProfileStore) -> None:
    with store.open("Filled", IDENTITY, WORDS) as profile:
        store.change_passphrase("Filled", WORDS, "new")
        store.rename("Filled", "Renamed", profile.key)
        assert profile.record.name == "Renamed"
    assert survey(store, "new", "Renamed")["look"][0] == "Renamed"


def test_what_is_encrypted_is_not_encrypted_again_nor_what_is_plain_decrypted(plain: ProfileStore) -> None:
    acts: tuple[Callable[[], object], ...] = (
        lambda: plain.decrypt("Filled", "x"),
        lambda: plain.change_passphrase("Filled", "x", "y"),
        lambda: plain.remember("Filled", "x", True),
    )
    for act in acts:
        with refused(ErrorCode.PROFILE_PROTECTION):
            act()
    plain.encrypt("Filled", "x")
    with refused(ErrorCode.PROFILE_PROTECTION):
        plain.encrypt("Filled", "x")


def test_an_open_profile_is_not_encrypted_under_somebodys_hands(plain: ProfileStore) -> None:
    with plain.open("Filled", IDENTITY), refused(ErrorCode.PROFILE_IN_USE):
        plain.encrypt("Filled", WORDS)


def test_a_file_cannot_demand_gigabytes() -> None:
    """The bounds are checked before anything is computed; within them the cost is what the file says."""
    content = keys.new_file("X", keys.passphrase_slot(DataKey.new(), "a", CHEAP))
    data = json.loads(msgspec.json.encode(content))
    for field, value in (("memory", 64 * 2**30), ("passes", 10_000), ("memory", 0), ("passes", 0), ("memory", 2**70)):
        hostile = json.dumps({**data, "passphrase": {**data["passphrase"], field: value}}).encode()
        mac = b"0" * 64
        assert keys._parse(b"\n".join([hostile, mac, keys._check(hostile, mac), b""])) is None
    with pytest.raises(ValueError, match="out of bounds"):
        passphrase.derive("a", bytes(16), Cost(1, 2**31))


def test_the_key_is_never_shown() -> None:
    key = DataKey.new()
    assert key._secret.hex()[:8] not in repr(key) + str(key)
    assert key.derive("a") != key.derive("b")


# ---------------------------------------------------------------------------------------------- the keyring


def test_the_keyring_opens_it_when_it_is_told_to(store: ProfileStore, keyring: FakeKeyring) -> None:
    store.remember("Filled", WORDS, True)
    assert store.list()[0].remembered
    assert len(keyring.entries) == 1
    assert WORDS.encode() not in b"".join(keyring.entries.values())
    before = survey(store, None)
    store.change_passphrase("Filled", None, "new")
    assert survey(store, None) == survey(store, "new") == before
    store.remember("Filled", "new", False)
    assert (keyring.entries, store.list()[0].remembered) == ({}, False)
    with refused(ErrorCode.PROFILE_LOCKED):
        store.open("Filled", IDENTITY)


def test_a_secret_that_was_kept_opens_nothing_later(store: ProfileStore, keyring: FakeKeyring) -> None:
    store.remember("Filled", WORDS, True)
    kept = dict(keyring.entries)
    store.remember("Filled", WORDS, True)
    assert keyring.entries.keys().isdisjoint(kept)
    keyring.entries = {entry: next(iter(kept.values())) for entry in keyring.entries}
    with refused(ErrorCode.PROFILE_LOCKED):
        store.open("Filled", IDENTITY)
    survey(store, WORDS)


def test_without_a_keyring_the_passphrase_is_asked_for(store: ProfileStore, keyring: FakeKeyring) -> None:
    keyring.broken = True
    before = files_of(home(store))
    with refused(ErrorCode.KEYRING_MISSING):
        store.remember("Filled", WORDS, True)
    assert files_of(home(store)) == before
    keyring.broken = False
    store.remember("Filled", WORDS, True)
    keyring.broken = True
    with refused(ErrorCode.PROFILE_LOCKED):
        store.open("Filled", IDENTITY)
    store.decrypt("Filled", WORDS)  # even though the secret stays behind: it opens nothing
    survey(store, None)


def test_deleting_a_profile_takes_its_secret_along(store: ProfileStore, keyring: FakeKeyring) -> None:
    store.remember("Filled", WORDS, True)
    store.delete("Filled")  # needs no passphrase: nor does removing its folder
    assert (keyring.entries, store.list()) == ({}, [])


def test_this_computer_has_no_safe_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the real one says it: a backend that would keep the secret in a plain file is none."""
    import keyring as system
    from keyring.backends.fail import Keyring as Failing

    monkeypatch.setattr(system, "get_keyring", Failing)
    acts: tuple[Callable[[], object], ...] = (
        lambda: Keyring().get("x"),
        lambda: Keyring().set("x", b"s"),
        lambda: Keyring().delete("x"),
    )
    for act in acts:
        with refused(ErrorCode.KEYRING_MISSING):
            act()


# ---------------------------------------------------------------------------------------------- tampering


def places(data: bytes, many: int, seed: int) -> Iterator[int]:
    chosen = random.Random(seed)
    yield from sorted({0, 15, 16, 60, 63, len(data) - 1, *(chosen.randrange(len(data)) for _ in range(many))})


@pytest.mark.parametrize("name", ["profile.key", "profile.key.copy"])
def test_one_damaged_key_file_is_no_loss(store: ProfileStore, name: str) -> None:
    before = survey(store, WORDS)
    path = home(store) / name
    whole = path.read_bytes()
    for at in places(whole, 12, 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        with store.open("Filled", IDENTITY, WORDS) as profile:
            notices = profile.take_notices()
        assert bool(notices) is (name == "profile.key")
        assert path.read_bytes() == whole, "right again"
    for left in (b"", whole[: len(whole) // 2], whole + b"x"):
        path.write_bytes(left)
        store.open("Filled", IDENTITY, WORDS).close()
        assert path.read_bytes() == whole
    assert survey(store, WORDS) == before


def test_any_byte_of_both_key_files_is_tampering_and_not_a_wrong_passphrase(store: ProfileStore) -> None:
    paths = [home(store) / name for name in ("profile.key", "profile.key.copy")]
    whole = paths[0].read_bytes()
    for at in places(whole, 40, 2):
        for path in paths:
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x01]) + whole[at + 1 :])
        (record,) = store.list()
        assert "changed or is damaged" in record.problem
        with refused(ErrorCode.STATE_TAMPERED):
            store.open(record.name, IDENTITY, WORDS)
    for path in paths:
        path.write_bytes(whole)
    survey(store, WORDS)


def test_who_rewrites_the_key_file_with_its_check_is_found_out_too(store: ProfileStore) -> None:
    for path in (home(store) / "profile.key", home(store) / "profile.key.copy"):
        line, mac, _ = path.read_bytes().splitlines()
        line = line.replace(b'"Filled"', b'"Filed!"')
        path.write_bytes(b"\n".join([line, mac, keys._check(line, mac), b""]))
    assert store.list()[0].name == "Filed!"
    with refused(ErrorCode.STATE_TAMPERED):
        store.open("Filed!", IDENTITY, WORDS)


def test_a_newer_key_file_is_refused(store: ProfileStore) -> None:
    for path in (home(store) / "profile.key", home(store) / "profile.key.copy"):
        line, mac, _ = path.read_bytes().splitlines()
        line = line.replace(b'"version":"1.0"', b'"version":"2.0"')
        path.write_bytes(b"\n".join([line, mac, keys._check(line, mac), b""]))
    with refused(ErrorCode.STATE_NEWER):
        store.open("Filled", IDENTITY, WORDS)
    assert "newer Techo" in store.list()[0].problem


@pytest.mark.parametrize("closed", ["sealed", "crashed"])
def test_any_byte_of_the_database_is_tampering(store: ProfileStore, closed: str) -> None:
    path = home(store) / "vault.sqlite3"
    whole = path.read_bytes()
    if closed == "crashed":
        (home(store) / "vault.seal").unlink()
    seal = home(store) / "vault.seal"
    line = seal.read_bytes() if seal.exists() else None
    for at in places(whole, 25, 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        with refused(ErrorCode.STATE_TAMPERED):
            store.open("Filled", IDENTITY, WORDS)
        path.write_bytes(whole)
        if line is not None:
            seal.write_bytes(line)
    for cut in (len(whole) - 1, len(whole) - 4096, 4096, 100):
        path.write_bytes(whole[:cut])
        with refused(ErrorCode.STATE_TAMPERED):
            store.open("Filled", IDENTITY, WORDS)
    path.write_bytes(whole)
    survey(store, WORDS)


def test_an_older_page_that_was_put_back_is_told_of(store: ProfileStore) -> None:
    """Each page holds by itself; the seal knows that they do not belong together."""
    path = home(store) / "vault.sqlite3"
    old = path.read_bytes()
    with store.open("Filled", IDENTITY, WORDS) as profile:
        profile.append_message(1, "user", "newer")
    path.write_bytes(old)
    with store.open("Filled", IDENTITY, WORDS) as profile:
        (notice,) = profile.take_notices()
        assert "was changed on disk while the profile was closed" in notice


def test_a_damaged_state_gives_way_to_the_journal(store: ProfileStore) -> None:
    (path,) = (home(store) / "vault").iterdir()
    whole = path.read_bytes()
    for at in places(whole, 6, 4):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        spare = copy(store.directory.parent, store.directory.parent.with_name(f"copy-{at}"))
        with ProfileStore(spare).open("Filled", IDENTITY, WORDS) as profile:
            loaded = profile.load_state()
            assert loaded.last_entry == 0
            assert "set aside" in " ".join(loaded.notices)
        path.write_bytes(whole)


def test_damage_that_is_found_on_the_way_is_told_with_its_reason(plain: ProfileStore) -> None:
    def told(act: Callable[[Callable[[Remark], None]], object]) -> list[Reason]:
        folder = next(iter(home(plain).glob("vault")), home(plain) / "snapshots")
        newest = max(folder.glob("*.safetensors"))
        newest.write_bytes(newest.read_bytes()[:-1] + b"?")
        heard: list[Remark] = []
        act(heard.append)
        return [remark.because.reason for remark in heard]

    damaged = [Reason.SNAPSHOT_SET_ASIDE]
    assert told(lambda notice: plain.encrypt("Filled", WORDS, notice)) == damaged
    with plain.open("Filled", IDENTITY, WORDS) as profile:
        profile.save_snapshot(state(10), 10)
    assert told(lambda notice: plain.decrypt("Filled", WORDS, notice)) == damaged


def test_what_was_said_is_counted_while_it_is_encrypted(plain: ProfileStore) -> None:
    with plain.open("Filled", IDENTITY) as profile:
        before = profile.characters()
    plain.encrypt("Filled", WORDS)
    with plain.open("Filled", IDENTITY, WORDS) as profile:
        assert profile.characters() == before > 0
        chat = profile.create_conversation("More").id
        profile.append_message(chat, "user", "And a cat.")
        assert profile.characters() == before + 10
        profile.delete_conversation(chat)
        profile.purge_deleted()
        assert profile.characters() == before


def test_a_damaged_placeholder_changes_nothing(store: ProfileStore) -> None:
    before = survey(store, WORDS)
    path = home(store) / "profile.sqlite3"
    whole = path.read_bytes()
    assert whole == switching.placeholder()
    for at in (0, 60, 61, 62, 63, 68, 100, 5000):
        for other in (0x01, 0x03, 0xFF):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ other]) + whole[at + 1 :])
            assert survey(store, WORDS) == before
    for left in (b"", whole[:100], whole * 2):
        path.write_bytes(left)
        assert survey(store, WORDS) == before
        assert path.read_bytes() == whole
    path.unlink()
    assert survey(store, WORDS) == before


# ---------------------------------------------------------------------------------------------- exports


@pytest.fixture
def export(store: ProfileStore, folder: Path) -> Path:
    with store.open("Filled", IDENTITY, WORDS) as profile:
        profile.export(folder / "file.techo")
    return folder / "file.techo"


def test_an_export_is_encrypted_and_comes_back_encrypted(store: ProfileStore, export: Path) -> None:
    before = survey(store, WORDS)
    for access, code in ((None, ErrorCode.PROFILE_LOCKED), ("no", ErrorCode.WRONG_PASSPHRASE)):
        with refused(code):
            store.import_file(export, "Back", IDENTITY, accept, passphrase=access)
    assert len(store.list()) == 1
    store.change_passphrase("Filled", WORDS, "new")
    assert store.import_file(export, "Back", IDENTITY, accept, passphrase=WORDS).encrypted
    after = survey(store, WORDS, "Back")
    for same_as_before in ("messages", "entries", "state", "found", "next", "identity"):
        assert after[same_as_before] == before[same_as_before], same_as_before
    assert after["look"] == ("Back", "#123456", PICTURE)


def test_any_byte_of_an_export_is_found_out(store: ProfileStore, export: Path) -> None:
    whole = export.read_bytes()
    found = {ErrorCode.IMPORT_REFUSED: 0, ErrorCode.WRONG_PASSPHRASE: 0}
    for at in places(whole, 60, 5):
        export.write_bytes(whole[:at] + bytes([whole[at] ^ 0x04]) + whole[at + 1 :])
        try:
            store.import_file(export, "Back", IDENTITY, accept, passphrase=WORDS)
        except EngineError as error:
            found[error.code] = found.get(error.code, 0) + bool(error.hint)
        else:  # bytes of the zip container that mean nothing: a date, a flag, an extra attribute
            assert survey(store, WORDS, "Back")["state"][1]
            store.delete("Back")
        assert len(store.list()) == 1
    assert found[ErrorCode.IMPORT_REFUSED] > 40


def test_an_older_techo_is_told_that_the_export_is_newer(export: Path) -> None:
    import zipfile

    with zipfile.ZipFile(export) as container:
        manifest = json.loads(container.read("manifest.json"))
        assert (manifest["format"], manifest["version"]) == ("techo-profile", "2.0")
        assert set(manifest) == {"format", "version", "key", "manifest"}
        assert set(container.namelist()) == {
            *("manifest.json", "conversations.jsonl", "messages.jsonl", "journal.jsonl", "state.safetensors")
        }


def test_an_export_that_lies_is_refused_though_its_passphrase_is_right(
    store: ProfileStore, folder: Path, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Members that unpack to more than they say, or are not what they are called."""
    from engine.store import archive

    real = archive._packed

    def bomb(chunks: Any) -> Iterator[bytes]:
        return real([*chunks, b"\n" * 50_000_000])

    monkeypatch.setattr(archive, "_packed", bomb)
    with store.open("Filled", IDENTITY, WORDS) as profile:
        profile.export(folder / "bomb.techo")
    with refused(ErrorCode.IMPORT_REFUSED):
        store.import_file(folder / "bomb.techo", "Back", IDENTITY, accept, passphrase=WORDS)


# ---------------------------------------------------------------------------------------------- sealed streams


@pytest.mark.parametrize("length", [0, 1, 65535, 65536, 65537, 200_000])
def test_a_stream_comes_back_as_it_was(length: int, tmp_path: Path) -> None:
    key, data = DataKey.new(), random.Random(length).randbytes(length)
    stream = b"".join(sealed.seal(key, "x", [data[:7], memoryview(data)[7:]]))
    assert len(stream) == sealed.size(length)
    assert sealed.plain_size(len(stream)) == length
    assert sealed.unseal(key, "x", stream, tmp_path) == data
    with refused(ErrorCode.STATE_TAMPERED):
        sealed.unseal(key, "y", stream, tmp_path)
    with refused(ErrorCode.STATE_TAMPERED):
        sealed.unseal(DataKey.new(), "x", stream, tmp_path)
    for bad in (stream[:-1], stream + b"\0", stream[: sealed._HEAD], b"", stream[:40] + stream[41:]):
        with refused(ErrorCode.STATE_TAMPERED):
            sealed.unseal(key, "x", bad, tmp_path)


def test_blocks_cannot_be_cut_off_doubled_or_exchanged(tmp_path: Path) -> None:
    key = DataKey.new()
    step = sealed.BLOCK + 17
    stream = b"".join(sealed.seal(key, "x", [bytes(3 * sealed.BLOCK + 5)]))
    head, blocks = stream[: sealed._HEAD], [stream[at : at + step] for at in range(sealed._HEAD, len(stream), step)]
    for order in ([0, 1, 2], [1, 0, 2, 3], [0, 0, 1, 2, 3], [0, 2, 3], [3]):
        with refused(ErrorCode.STATE_TAMPERED):
            sealed.unseal(key, "x", head + b"".join(blocks[number] for number in order), tmp_path)


def test_names_of_states_say_nothing(store: ProfileStore, plain: ProfileStore) -> None:
    (path,) = (home(store) / "vault").iterdir()
    assert re.fullmatch(r"\d{8}-[0-9a-f]{16}\.safetensors", path.name)
    with store.open("Filled", IDENTITY, WORDS) as profile:
        (record,) = profile.snapshots()
    assert record.digest.removeprefix("blake2b:")[:16] not in path.name


# ---------------------------------------------------------------------------------------------- golden files


DATA = Path(__file__).resolve().parents[2] / "data"
GOLDEN = "golden ひみつ"


def test_an_encrypted_profile_of_format_2_0_opens(folder: Path) -> None:
    """`profile-2.0` was written by the first Techo that encrypts."""
    store = ProfileStore(folder / "data")
    store.directory.mkdir(parents=True, mode=0o700)
    copy(DATA / "profile-2.0", store.directory / "0123456789abcdef")
    (record,) = store.list()
    assert (record.name, record.encrypted, record.problem) == ("Filled", True, "")
    with refused(ErrorCode.WRONG_PASSPHRASE):
        store.open("Filled", IDENTITY, "golden")
    found = survey(store, GOLDEN)
    assert found["look"] == ("Filled", "#123456", PICTURE)
    assert found["state"] == (8, True)
    assert [entry.payload for entry in found["entries"]] == [new_entry(number).payload for number in range(1, 11)]
    assert [len(messages) for messages in found["messages"]] == [2, 3]
    with store.open("Filled", IDENTITY, GOLDEN) as profile:
        assert profile.draft() == "not sent yet"
        assert not profile.conversation(2).learns


@pytest.mark.parametrize(("name", "access"), [("export-1.3.techo", None), ("export-2.0.techo", GOLDEN)])
def test_exports_of_formats_1_3_and_2_0_are_imported(folder: Path, name: str, access: str | None) -> None:
    store = ProfileStore(folder / "data", cost=CHEAP)
    record = store.import_file(DATA / name, "Filled", IDENTITY, accept, passphrase=access)
    assert record.encrypted is (access is not None)
    found = survey(store, access)
    assert found["look"] == ("Filled", "#123456", PICTURE)
    assert found["state"] == (8, True)
    assert [entry.id for entry in found["entries"]] == list(range(1, 11))


def test_a_profile_of_format_1_3_opens_and_stays_plain(folder: Path) -> None:
    store = ProfileStore(folder / "data", cost=CHEAP)
    place = store.directory / store.create("Filled").id
    (place / "profile.sqlite3").write_bytes((DATA / "profile-1.3.sqlite3").read_bytes())
    (place / "profile.seal").unlink(missing_ok=True)
    with store.open("Filled", IDENTITY) as profile:
        assert [entry.id for entry in profile.entries()] == list(range(1, 11))
        assert profile.load_state().last_entry == 0, "its states are not here"
    assert not store.list()[0].encrypted


def test_a_newer_profile_or_export_than_2_x_is_refused(store: ProfileStore, export: Path, folder: Path) -> None:
    import zipfile

    newer = folder / "newer.techo"
    with zipfile.ZipFile(export) as old, zipfile.ZipFile(newer, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'"version": "2.0"', b'"version": "3.0"'))
    with refused(ErrorCode.STATE_NEWER):
        store.import_file(newer, "Back", IDENTITY, accept, passphrase=WORDS)


# ---------------------------------------------------------------------------------------------- drafts


def test_a_draft_is_kept_with_the_profile_and_goes_with_it(plain: ProfileStore, folder: Path) -> None:
    words = "My dog is called Zuzu."
    with plain.open("Filled", IDENTITY) as profile:
        assert profile.draft() == ""
        profile.keep_draft(words)
        assert profile.draft() == words
    plain.encrypt("Filled", WORDS)
    assert traces(folder) == []
    with plain.open("Filled", IDENTITY, WORDS) as profile:
        assert profile.draft() == words
        profile.keep_draft("lesson-3-text \ud800")
    assert traces(folder) == []
    plain.decrypt("Filled", WORDS)
    with plain.open("Filled", IDENTITY) as profile:
        assert profile.draft().startswith("lesson-3-text")
        profile.keep_draft("  ")
        assert profile.draft() == ""
        assert not list(home(plain).glob("*.draft"))
