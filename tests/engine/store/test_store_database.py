"""One profile's database: settings, versions, damage."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import ErrorCode, StateError, StoreError
from engine.store import Profile, ProfileStore
from engine.store.database import CHECK_BYTES, MAJOR, MINOR, _index_needs_trust
from engine.store.looks import default_colour
from tests.engine.store.samples import IDENTITY, filled, learn

DATA = Path(__file__).parents[2] / "data"


def _path(store: ProfileStore) -> Path:
    (record,) = store.list()
    return store.directory / record.id / "profile.sqlite3"


def _edit(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()


def test_commits_are_synced_and_deletions_are_overwritten(profile: Profile) -> None:
    database = profile._database
    settings = {
        name: database.value(f"PRAGMA {name}")
        for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "cache_size", "mmap_size")
    }
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "cache_size": -512,
        "mmap_size": 0,
    }


def test_everything_on_disk_is_private(store: ProfileStore) -> None:
    filled(store)
    with store.open("Filled", IDENTITY) as profile:
        profile.create_conversation("keeps the log open")
        found = sorted(store.directory.rglob("*"))
        assert len(found) > 5
        for path in found:
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_schema_is_recorded_with_its_version(profile: Profile) -> None:
    database = profile._database
    assert database.value("PRAGMA user_version") == MAJOR << 16 | MINOR
    assert database.rows("SELECT migration_set, name FROM _sqlite_migrations") == [
        ("techo.profile", "1.0 profile, conversations, messages, journal, snapshots"),
        ("techo.profile", "1.1 pinned and deleted conversations, full-text search"),
        ("techo.profile", "1.2 versions of messages, deleted messages"),
        ("techo.profile", "1.3 colours and pictures of profiles, conversations that are not learned from"),
    ]


def test_a_profile_of_format_1_0_is_brought_up_to_date(store: ProfileStore) -> None:
    """`profile-1.0.sqlite3` was written by the last Techo of that format."""
    record = store.create("Old")
    shutil.copy(DATA / "profile-1.0.sqlite3", store.directory / record.id / "profile.sqlite3")
    with store.open("Golden", IDENTITY) as profile:
        assert profile._database.value("PRAGMA user_version") == MAJOR << 16 | MINOR
        assert [(found.title, found.pinned) for found in profile.conversations()] == [
            ("予定", False),
            ("About the dog", False),
        ]
        assert [hit.message for hit in profile.search("zuzu")] == [2]
        assert [hit.message for hit in profile.search("歯医者")] == [4]
        assert [entry.id for entry in profile.entries()] == [1, 2, 3]
        profile.pin_conversation(1, True)
        profile.delete_conversation(2)
    with store.open("Golden", IDENTITY) as profile:
        assert [(found.title, found.pinned) for found in profile.conversations()] == [("About the dog", True)]
        assert profile.search("歯医者") == []
        assert profile.take_notices() == []


def test_a_profile_of_format_1_1_is_brought_up_to_date(store: ProfileStore) -> None:
    """`profile-1.1.sqlite3` was written by the last Techo of that format: no message had a second version."""
    record = store.create("Old")
    shutil.copy(DATA / "profile-1.1.sqlite3", store.directory / record.id / "profile.sqlite3")
    with store.open("Golden", IDENTITY) as profile:
        assert profile._database.value("PRAGMA user_version") == MAJOR << 16 | MINOR
        assert [(found.title, found.pinned) for found in profile.conversations()] == [
            ("About the dog", True),
            ("予定", False),
        ]
        assert [(said.id, said.parent, said.versions) for said in profile.messages(1)] == [
            (1, 0, ()),
            (2, 1, ()),
            (3, 2, ()),
            (6, 3, ()),
            (7, 6, ()),
        ]
        assert [entry.message for entry in profile.entries()] == [2, 2, 2]
        again = profile.append_message(1, "assistant", "A dog and a cat.", "stop", parent=6)
        assert again.versions == (7, again.id)
    with store.open("Golden", IDENTITY) as profile:
        assert [said.id for said in profile.messages(1)] == [1, 2, 3, 6, again.id]
        assert profile.take_notices() == []


def test_a_profile_of_format_1_2_is_brought_up_to_date(store: ProfileStore) -> None:
    """`profile-1.2.sqlite3` was written by the last Techo of that format: every conversation was learned from then."""
    record = store.create("Old")
    shutil.copy(DATA / "profile-1.2.sqlite3", store.directory / record.id / "profile.sqlite3")
    (before,) = store.list()
    assert (before.name, before.problem, before.colour, before.picture) == ("Golden", "", default_colour("Golden"), b"")
    with store.open("Golden", IDENTITY) as profile:
        assert profile._database.value("PRAGMA user_version") == MAJOR << 16 | MINOR
        assert [(found.title, found.pinned, found.learns) for found in profile.conversations()] == [
            ("予定", False, True),
            ("About the dog", True, True),
        ]
        assert [said.id for said in profile.messages(1)] == [1, 2]
        assert [entry.id for entry in profile.entries()] == [1, 3, 4]
        assert profile.record.colour == before.colour
        profile.learn_from_conversation(2, False)
    store.look("Golden", "#ABCDEF", None)
    with store.open("Golden", IDENTITY) as profile:
        assert [found.learns for found in profile.conversations()] == [False, True]
        assert profile.record.colour == "#abcdef"
        assert profile.take_notices() == []


def test_what_an_older_techo_adds_follows_on_what_was_said_before(store: ProfileStore) -> None:
    """It opens a file of 1.2, too, and knows nothing of parents: the next opening puts its messages in their place."""
    store.create("Test")
    with store.open("Test", IDENTITY) as profile:
        profile.create_conversation("talk")
        said = profile.append_message(1, "user", "One.")
        first = profile.append_message(1, "assistant", "Two.", "stop")
        second = profile.append_message(1, "assistant", "Or two.", "stop", parent=said.id)
        profile.show_message(first.id)
        database = profile._database
        with database.transaction("write as 1.1 does"):
            for identifier, role in ((10, "user"), (11, "assistant")):
                database.run(
                    "INSERT INTO message (id, conversation, role, created, finish, digest, content) "
                    "VALUES (?, 1, ?, '', NULL, x'', 'later')",
                    (identifier, role),
                )
        assert [message.id for message in profile.messages(1)] == [said.id, first.id]
    with store.open("Test", IDENTITY) as profile:
        assert [(said.id, said.parent) for said in profile.messages(1)] == [
            (said.id, 0),
            (second.id, said.id),
            (10, second.id),
            (11, 10),
        ]
        assert profile._database.value("SELECT count(*) FROM message WHERE parent IS NULL") == 0


def test_a_newer_minor_version_is_opened(store: ProfileStore) -> None:
    """Minor versions only add: an added column must not be in the way."""
    filled(store)
    _edit(_path(store), f"PRAGMA user_version = {MAJOR << 16 | MINOR + 3}", "ALTER TABLE message ADD COLUMN mood TEXT")
    with store.open("Filled", IDENTITY) as profile:
        conversation = profile.conversations()[0]
        profile.append_message(conversation.id, "user", "hello")
        assert profile.load_state().last_entry == 8


def test_a_newer_major_version_is_refused_and_left_alone(store: ProfileStore) -> None:
    filled(store)
    path = _path(store)
    _edit(path, f"PRAGMA user_version = {(MAJOR + 1) << 16}")
    before = path.read_bytes()
    with pytest.raises(StateError) as caught:
        store.open("Filled", IDENTITY)
    assert caught.value.code == ErrorCode.STATE_NEWER
    assert "Update Techo" in caught.value.hint
    (record,) = store.list()
    assert (record.name, bool(record.problem)) == ("Filled", True)
    assert path.read_bytes() == before


def test_a_foreign_database_is_refused(store: ProfileStore) -> None:
    filled(store)
    _edit(_path(store), "PRAGMA application_id = 7")
    (record,) = store.list()
    assert "not a Techo profile" in record.problem
    with pytest.raises(StateError):
        store.open(record.name, IDENTITY)


@pytest.mark.parametrize("harm", ["garbled", "cut", "empty", "inside"])
def test_a_damaged_database_is_named_and_left_alone(store: ProfileStore, harm: str) -> None:
    """Never a silent reset: the file stays as it was found, and the message names it."""
    filled(store)
    path = _path(store)
    data = path.read_bytes()
    harmed = {
        "garbled": b"\xff" * 4096 + data[4096:],
        "cut": data[: len(data) // 2],
        "empty": b"",
        "inside": data[:8192] + b"\x99" * (len(data) - 8192),
    }[harm]
    path.write_bytes(harmed)
    (record,) = store.list()
    with pytest.raises(StateError) as caught:
        store.open(record.name, IDENTITY)
    assert caught.value.code == ErrorCode.STATE_DAMAGED
    assert str(path) in caught.value.message
    assert "import" in caught.value.hint
    assert path.read_bytes() == harmed
    store.delete(record.name)  # a person can still get rid of it
    assert store.list() == []


def test_a_missing_database_is_told(store: ProfileStore) -> None:
    filled(store)
    _path(store).unlink()
    (record,) = store.list()
    assert record.problem
    with pytest.raises(StoreError, match="cannot be opened"):
        store.open(record.name, IDENTITY)
    assert list((store.directory / record.id).glob("*.sqlite3")) == []


def test_a_full_disk_keeps_what_was_saved_and_the_profile_works_on(profile: Profile) -> None:
    conversation = profile.create_conversation("talk")
    learn(profile, 3)
    kept = profile.append_message(conversation.id, "user", "kept")
    database = profile._database
    pages = database.value("PRAGMA page_count")
    database.value(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError) as caught:
        profile.append_message(conversation.id, "user", "x" * 100_000)
    assert (caught.value.code, "full" in caught.value.message) == (ErrorCode.STORAGE_FAILED, True)
    assert "Free some space" in caught.value.hint
    assert profile.messages(conversation.id) == [kept]
    database.value("PRAGMA max_page_count = 100000")
    again = profile.append_message(conversation.id, "user", "x" * 100_000)
    assert profile.messages(conversation.id) == [kept, again]
    assert [entry.id for entry in profile.entries()] == [1, 2, 3]


def test_nested_transactions_commit_or_vanish_together(profile: Profile) -> None:
    database = profile._database

    def fail() -> None:
        with database.transaction("try"):
            profile.create_conversation("one")
            with database.transaction("try"):
                profile.create_conversation("two")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert profile.conversations() == []
    profile.create_conversation("three")
    assert [found.title for found in profile.conversations()] == ["three"]


def test_the_structure_of_usual_profiles_is_checked_at_the_opening() -> None:
    """10,000 learned turns of 2 kB each are about 28 MB."""
    assert CHECK_BYTES >= 28 * 1024 * 1024


def test_an_sqlite_without_the_index_is_refused_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    class Poor(sqlite3.Connection):
        def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
            if sql.startswith("CREATE VIRTUAL TABLE"):
                raise sqlite3.OperationalError("no such tokenizer: trigram")
            return super().execute(sql)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **more: connect(path, factory=Poor, **more))
    with pytest.raises(StoreError, match="no such tokenizer") as caught:
        _index_needs_trust.__wrapped__()
    assert sqlite3.sqlite_version in caught.value.message
    assert "3.34" in caught.value.hint
