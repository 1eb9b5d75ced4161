"""Every file of a profile, damaged byte by byte: noticed, set aside, told; never another state without a word.

A sample here; every byte of every file: `python -m tests.benchmarks.safety corruption`.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import ErrorCode, StateError
from engine.store import ProfileStore
from engine.store.log import ASIDE, UNTOLD
from tests.engine.store import corruption
from tests.engine.store.samples import IDENTITY, OTHER_BACKBONE, copy, filled, learn, names, unseal

pytestmark = pytest.mark.timeout(600)
SAMPLE = 150


@pytest.mark.parametrize("make", [corruption.closed_profile, corruption.crashed_profile])
def test_no_flipped_or_missing_byte_goes_unnoticed(folder: Path, make: corruption.Make) -> None:
    (folder / "template").mkdir()
    tally = corruption.run(make(folder / "template"), folder / "scratch", SAMPLE)
    assert tally.losses == []
    assert sum(tally.flipped.values()) > 2 * SAMPLE
    assert sum(tally.cut.values()) > SAMPLE // 8
    assert {"refused", "told"} <= tally.verdicts.keys()


def _closed(store: ProfileStore) -> Path:
    filled(store)
    (record,) = store.list()
    return store.directory / record.id


def _flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


# ---------------------------------------------------------------------------------------------- the seal


def test_a_closed_profile_is_sealed_and_an_open_one_is_not(store: ProfileStore) -> None:
    folder = _closed(store)
    seal = folder / "profile.seal"
    assert seal.read_text().startswith(f"techo-seal 1 {(folder / 'profile.sqlite3').stat().st_size} blake2b:")
    with store.open("Filled", IDENTITY) as profile:
        assert not seal.exists()
        assert profile.take_notices() == []
    assert seal.exists()
    store.rename("Filled", "Renamed")
    assert seal.exists()
    with store.open("Renamed", IDENTITY) as profile:
        assert profile.take_notices() == [], "renaming a closed profile seals it anew"


def test_a_flipped_letter_in_a_title_is_told(store: ProfileStore) -> None:
    """No row's digest covers it, and the database is sound."""
    folder = _closed(store)
    path = folder / "profile.sqlite3"
    _flip(path, path.read_bytes().index(b"About the dog"))
    with store.open("Filled", IDENTITY) as profile:
        (notice,) = profile.take_notices()
        assert "changed on disk" in notice
        assert "Every message and every learned turn is as it was" in notice
        assert [entry.id for entry in profile.entries()] == list(range(1, 11))
    with store.open("Filled", IDENTITY) as profile:
        assert profile.take_notices() == [], "it is told once"


def test_a_changed_message_is_named(store: ProfileStore) -> None:
    folder = _closed(store)
    path = folder / "profile.sqlite3"
    _flip(path, path.read_bytes().index(b"My dog is called Zuzu"))
    with store.open("Filled", IDENTITY) as profile:
        damaged, summary = profile.take_notices()
        assert "Message 2 was damaged" in damaged
        assert "1 messages or learned turns" in summary
        assert [hit.message for hit in profile.search("zuzu")] == [2], "the search index is made anew"


def test_an_index_that_is_not_its_tables_is_made_anew(store: ProfileStore) -> None:
    folder = _closed(store)
    listed = "type, name, tbl_name, rootpage, sql"
    name = "WHERE name = 'conversation_activity'"

    def edit(sql: str, *values: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(folder / "profile.sqlite3", isolation_level=None)) as connection:
            connection.execute("PRAGMA writable_schema = ON")
            return connection.execute(sql, values).fetchall()

    (row,) = edit(f"SELECT {listed} FROM sqlite_master {name}")
    edit(f"DELETE FROM sqlite_master {name}")
    edit("UPDATE conversation SET activity = activity + 10")
    edit(f"INSERT INTO sqlite_master ({listed}) VALUES (?, ?, ?, ?, ?)", *row)
    with store.open("Filled", IDENTITY) as profile:
        assert profile._database.value("PRAGMA integrity_check") == "ok"
        assert len(profile.take_notices()) == 1


def test_a_changed_schema_is_damage(store: ProfileStore) -> None:
    folder = _closed(store)
    with closing(sqlite3.connect(folder / "profile.sqlite3", isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, '''length''', '''lengtx''') WHERE name = 'message'"
        )
    with pytest.raises(StateError, match="schema") as caught:
        store.open("Filled", IDENTITY)
    assert caught.value.code == ErrorCode.STATE_DAMAGED


def test_a_damaged_seal_says_nothing(store: ProfileStore) -> None:
    folder = _closed(store)
    _flip(folder / "profile.seal", 40)
    with store.open("Filled", IDENTITY) as profile:
        assert profile.take_notices() == []


def test_whom_the_state_belongs_to_is_put_right_from_a_snapshot(store: ProfileStore) -> None:
    folder = _closed(store)
    unseal(folder)
    with closing(sqlite3.connect(folder / "profile.sqlite3", isolation_level=None)) as connection:
        connection.execute("UPDATE profile SET backbone = ?", (OTHER_BACKBONE.backbone,))
    with store.open("Filled", IDENTITY) as profile:
        loaded = profile.load_state()
        assert loaded.last_entry == 8
        assert "put right" in loaded.notices[0]


def test_a_name_that_was_damaged_makes_no_empty_profile(store: ProfileStore) -> None:
    folder = _closed(store)
    assert store.suspects() == ()
    path = folder / "profile.sqlite3"
    _flip(path, path.read_bytes().index(b"Filled"))
    assert [record.name for record in store.suspects()] == ["Gilled"]


# ---------------------------------------------------------------------------------------------- the log


@pytest.fixture
def crashed(folder: Path) -> Path:
    """A profile folder whose newest commits are in the log."""
    (folder / "template").mkdir()
    data = corruption.crashed_profile(folder / "template") / "data"
    (profile,) = (path for path in (data / "profiles").iterdir() if path.is_dir())
    return profile


def test_a_log_that_a_crash_left_is_used_without_a_word(crashed: Path) -> None:
    with ProfileStore(crashed.parent.parent).open("Filled", IDENTITY) as profile:
        assert profile.load_state().notices == []
        assert [entry.id for entry in profile.entries()] == list(range(1, 14))


@pytest.mark.parametrize("place", [3, 20, 40, 60, 5000, -5000, -1])
@pytest.mark.parametrize("listed", [False, True], ids=["opened", "listed first"])
def test_a_damaged_log_is_set_aside_and_told_once(crashed: Path, place: int, listed: bool) -> None:
    store = ProfileStore(crashed.parent.parent)
    path = crashed / "profile.sqlite3-wal"
    _flip(path, place)
    damaged = path.read_bytes()
    if listed:
        assert [record.problem for record in store.list()] == [""]
    with store.open("Filled", IDENTITY) as profile:
        loaded = profile.load_state()
        (notice,) = [text for text in loaded.notices if "may be missing" in text]
        aside = crashed / f"profile.sqlite3{ASIDE}"
        assert aside.name in notice
        assert aside.read_bytes() == damaged
        assert aside.stat().st_mode & 0o777 == 0o600
        learn(profile, profile.next_entry_id())
    with store.open("Filled", IDENTITY) as profile:
        assert profile.load_state().notices == []
        profile.delete_entries([1])
        assert not aside.exists(), "it may hold what is being forgotten"
        assert not (crashed / f"profile.sqlite3{UNTOLD}").exists()


def test_a_log_cut_behind_a_commit_is_noticed_while_the_index_of_the_dead_process_is_there(crashed: Path) -> None:
    path = crashed / "profile.sqlite3-wal"
    page = 24 + 4096
    whole = (path.stat().st_size - 32) // page
    os.truncate(path, 32 + (whole - 1) * page)
    copy(crashed.parent.parent, crashed.parent.parent.with_name("again"))
    with ProfileStore(crashed.parent.parent).open("Filled", IDENTITY) as profile:
        assert len([text for text in profile.load_state().notices if "may be missing" in text]) == 1
    # Without it the log looks like one that was never finished: the last change counts as not made.
    again = crashed.parent.parent.with_name("again") / "profiles" / crashed.name
    (again / "profile.sqlite3-shm").unlink()
    with ProfileStore(again.parent.parent).open("Filled", IDENTITY) as profile:
        assert profile.load_state().notices == []


def test_a_frame_that_a_dying_process_left_half_written_is_no_damage(crashed: Path) -> None:
    """Its header is new, its page is what stood there before; it was never committed."""
    path = crashed / "profile.sqlite3-wal"
    data = path.read_bytes()
    salts = data[16:24]
    half = (7).to_bytes(4, "big") + (20).to_bytes(4, "big") + salts + bytes(8) + b"old page" * 512
    path.write_bytes(data + half)
    with ProfileStore(crashed.parent.parent).open("Filled", IDENTITY) as profile:
        assert profile.load_state().notices == []
        assert [entry.id for entry in profile.entries()] == list(range(1, 14))


def test_the_log_of_an_open_profile_is_nobody_elses_business(store: ProfileStore) -> None:
    filled(store)
    with store.open("Filled", IDENTITY) as profile:
        learn(profile, 12)
        other = ProfileStore(store.directory.parent)
        assert [record.name for record in other.list()] == ["Filled"]
        assert not [name for name in names(profile.directory) if "damaged" in name]
