"""The set of profiles: create, rename, delete, open; and what other processes may do meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import ErrorCode, ProfileError, StoreError
from engine.store import Profile, ProfileRecord, ProfileStore, default_data_dir
from engine.store.looks import default_colour
from tests.engine.store.samples import IDENTITY, filled, names, same, state

_ROOT = Path(__file__).parents[3]


def test_the_default_folder_is_the_users_own() -> None:
    assert default_data_dir().is_absolute()
    assert default_data_dir().name == "techo"


def test_an_empty_store_makes_nothing(folder: Path) -> None:
    store = ProfileStore(folder / "data")
    assert store.list() == []
    with pytest.raises(ProfileError) as caught:
        store.open("Anna", IDENTITY)
    assert caught.value.code == ErrorCode.PROFILE_NOT_FOUND
    assert not (folder / "data").exists()


def test_profiles_are_listed_by_name_and_found_in_any_case(store: ProfileStore) -> None:
    created = [store.create(name) for name in ("berta", " Anna ", "花子")]
    assert [record.name for record in store.list()] == ["Anna", "berta", "花子"]
    assert sorted(record.id for record in store.list()) == sorted(record.id for record in created)
    with store.open("ANNA", IDENTITY) as profile:
        assert profile.record == created[1]
        assert profile.directory == store.directory / created[1].id


def test_a_name_is_taken_once(store: ProfileStore) -> None:
    store.create("Zoë")
    for name in ("Zoë", " zoë", "ZOE\u0308"):
        with pytest.raises(ProfileError) as caught:
            store.create(name)
        assert caught.value.code == ErrorCode.PROFILE_EXISTS
    with pytest.raises(ProfileError) as caught:
        store.create(" \t")
    assert caught.value.code == ErrorCode.PROFILE_NAME
    assert len(store.list()) == 1


def test_renaming(store: ProfileStore) -> None:
    store.create("Anna")
    store.create("Berta")
    with store.open("Anna", IDENTITY) as profile:  # also while it is open
        renamed = store.rename("anna", "  ANNA-Lena ")
        assert profile.record == renamed
        assert renamed.name == "ANNA-Lena"
        profile.create_conversation("goes on")
    assert store.rename("anna-lena", "Anna-Lena").name == "Anna-Lena"
    with pytest.raises(ProfileError) as caught:
        store.rename("Anna-Lena", "BERTA")
    assert caught.value.code == ErrorCode.PROFILE_EXISTS
    with pytest.raises(ProfileError) as caught:
        store.rename("Anna", "Carla")
    assert caught.value.code == ErrorCode.PROFILE_NOT_FOUND
    assert [record.name for record in store.list()] == ["Anna-Lena", "Berta"]


def test_a_deleted_profile_is_gone(store: ProfileStore) -> None:
    filled(store, "Kept")
    filled(store, "Gone")
    (gone,) = (record for record in store.list() if record.name == "Gone")
    (store.directory / gone.id / "snapshots" / "stray").mkdir()
    store.delete("gone")
    assert [record.name for record in store.list()] == ["Kept"]
    assert names(store.directory) == sorted([".lock", store.list()[0].id])
    with pytest.raises(ProfileError) as caught:
        store.delete("Gone")
    assert caught.value.code == ErrorCode.PROFILE_NOT_FOUND
    with store.open("Kept", IDENTITY) as profile:
        assert same(profile.load_state().arrays, state(8))


def test_an_open_profile_is_open_once(store: ProfileStore, profile: Profile) -> None:
    for act in (lambda: store.open("Test", IDENTITY), lambda: store.delete("Test")):
        with pytest.raises(ProfileError) as caught:
            act()
        assert caught.value.code == ErrorCode.PROFILE_IN_USE
        assert caught.value.hint
    assert [record.name for record in store.list()] == ["Test"]
    profile.close()
    profile.close()
    with store.open("Test", IDENTITY):
        pass
    store.delete("Test")


_HOLDER = """
import sys
from pathlib import Path
from engine.store import ProfileStore, StateIdentity
profile = ProfileStore(Path(sys.argv[1])).open("Test", StateIdentity("a", "b"))
conversation = profile.create_conversation("from the other process")
print("open", flush=True)
sys.stdin.read()
"""


def _child(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        cwd=_ROOT,
    )


def test_a_profile_open_in_another_process_is_in_use_until_that_dies(store: ProfileStore) -> None:
    store.create("Test")
    with _child(_HOLDER, str(store.directory.parent)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        try:
            for act in (lambda: store.open("Test", IDENTITY), lambda: store.delete("Test")):
                with pytest.raises(ProfileError) as caught:
                    act()
                assert caught.value.code == ErrorCode.PROFILE_IN_USE
            assert [record.name for record in store.list()] == ["Test"]
            assert store.rename("Test", "Renamed").name == "Renamed"
            store.create("Another")
        finally:
            holder.kill()
    with store.open("Renamed", IDENTITY) as profile:
        assert [found.title for found in profile.conversations()] == ["from the other process"]


_WITHOUT_RIGHTS = """
import os, sys
from pathlib import Path
from engine.errors import EngineError
from engine.store import NewEntry, ProfileStore, StateIdentity
import sqlite_utils  # before the rights are given up
store = ProfileStore(Path(sys.argv[1]))
if os.getuid() == 0:
    os.setuid(65534)
for act in (store.list, lambda: store.create("New"), lambda: store.open("Test", StateIdentity("a", "b")),
            lambda: store.delete("Test")):
    try:
        print("done", act())
    except EngineError as error:
        print("refused", int(error.code), error.message, "|", error.hint)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_folder_that_cannot_be_written_to(folder: Path) -> None:
    """Reading the list still works; everything else says what is wrong, and nothing is changed."""
    folder.chmod(0o755)
    store = ProfileStore(folder / "data")
    store.create("Test")
    for path in [store.directory.parent, *store.directory.parent.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    with _child(_WITHOUT_RIGHTS, str(folder / "data")) as child:
        output, _ = child.communicate(timeout=60)
    for path in [store.directory.parent, *store.directory.parent.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    lines = output.splitlines()
    assert lines[0].startswith("done [ProfileRecord(")
    assert "name='Test'" in lines[0]
    assert len(lines) == 4
    for line in lines[1:]:
        assert line.startswith("refused 1304 Could not ")
        assert "permission was denied" in line
        assert len(line.split("|")[1]) > 10
    assert [record.name for record in store.list()] == ["Test"]


def test_one_unreadable_profile_hides_no_other(store: ProfileStore) -> None:
    store.create("Good")
    bad = store.create("Bad")
    path = store.directory / bad.id / "profile.sqlite3"
    path.write_bytes(b"not a database" * 1000)
    listed = store.list()
    assert [record.name for record in listed] == ["Good", f"unreadable-{bad.id}"]
    assert "damaged" in listed[1].problem
    with store.open("Good", IDENTITY):
        pass
    store.create("Bad")  # its name is free again, since nobody can read it
    store.delete(f"unreadable-{bad.id}")
    assert [record.name for record in store.list()] == ["Bad", "Good"]


def test_left_overs_of_crashes_are_removed(store: ProfileStore) -> None:
    kept = store.create("Kept")
    shutil.copytree(store.directory / kept.id, store.directory / ".trash-0123456789abcdef")
    shutil.copytree(store.directory / kept.id, store.directory / ".new-0123456789abcdef")
    (store.directory / ".new-0000000000000000").mkdir()
    (store.directory / "somebody's notes").mkdir()
    assert [record.name for record in store.list()] == ["Kept"]
    assert names(store.directory) == sorted([".lock", kept.id, "somebody's notes"])


def test_a_folder_that_is_being_filled_is_left_alone(store: ProfileStore) -> None:
    store.create("Kept")
    with store._building("Growing") as folder:
        assert [record.name for record in store.list()] == ["Kept"]
        assert folder.exists()
        shutil.copytree(store.directory / store.list()[0].id, folder, dirs_exist_ok=True)
    assert len(store.list()) == 2


def test_a_store_that_is_busy_says_so(store: ProfileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.create("Kept")
    monkeypatch.setattr("engine.store.profiles._WAIT", 0.1)
    with store._exclusive():
        assert [record.name for record in store.list()] == ["Kept"]  # looking is always possible
        with pytest.raises(StoreError, match="Another Techo") as caught:
            ProfileStore(store.directory.parent).create("New")
        assert caught.value.hint


def test_records_are_plain(store: ProfileStore) -> None:
    record = store.create("Anna")
    assert record == ProfileRecord(record.id, "Anna", record.created, "", default_colour("Anna"))
    assert len(record.id) == 16
