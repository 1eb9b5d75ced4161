"""Snapshots of an open profile: the newest good one is used, the others are named; nothing is ever reset."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import ErrorCode, StateError, StoreError
from engine.store import Profile, ProfileStore
from engine.store.tensors import encode
from tests.engine.store.faults import FaultyFiles
from tests.engine.store.samples import IDENTITY, OTHER_BACKBONE, OTHER_MEMORY, filled, learn, names, same, state


def _files(profile: Profile) -> list[str]:
    return names(profile.directory / "snapshots")


def test_a_new_profile_starts_from_birth(profile: Profile) -> None:
    loaded = profile.load_state()
    assert (loaded.arrays, loaded.last_entry, loaded.notices) == (None, 0, [])
    assert profile.snapshots() == []


def test_the_newest_snapshot_and_the_journal_after_it(store: ProfileStore) -> None:
    filled(store)
    with store.open("Filled", IDENTITY) as profile:
        loaded = profile.load_state()
        assert (loaded.last_entry, loaded.notices) == (8, [])
        assert same(loaded.arrays, state(8))
        assert [entry.id for entry in profile.entries(after=loaded.last_entry)] == [9, 10]


def test_the_newest_two_are_kept(profile: Profile) -> None:
    learn(profile, 5)
    paths = [profile.save_snapshot(state(number), number) for number in range(1, 6)]
    assert _files(profile) == sorted(path.name for path in paths[-2:])
    assert [found.last_entry for found in profile.snapshots()] == [5, 4]
    assert [found.bytes for found in profile.snapshots()] == [path.stat().st_size for path in reversed(paths[-2:])]


def test_a_snapshot_cannot_hold_what_was_not_learned(profile: Profile) -> None:
    learn(profile, 2)
    for last_entry in (-1, 3):
        with pytest.raises(ValueError):
            profile.save_snapshot(state(1), last_entry)
    assert _files(profile) == []


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 4
    path.write_bytes(data)


@pytest.mark.parametrize("harm", ["flip", "flip header", "cut", "empty", "gone", "swapped"])
def test_a_damaged_snapshot_is_set_aside_and_the_older_one_used(store: ProfileStore, harm: str) -> None:
    filled(store)
    with store.open("Filled", IDENTITY) as profile:
        newest, older = (profile.directory / "snapshots" / found.file for found in profile.snapshots())
    if harm == "gone":
        newest.unlink()
    elif harm == "cut":
        os.truncate(newest, newest.stat().st_size - 1)
    elif harm == "empty":
        os.truncate(newest, 0)
    elif harm == "swapped":  # whole in itself, but not the one that was saved there
        newest.write_bytes(older.read_bytes())
    else:
        _flip(newest, 100 if harm == "flip header" else -5)
    with store.open("Filled", IDENTITY) as profile:
        loaded = profile.load_state()
        assert loaded.last_entry == 4
        assert same(loaded.arrays, state(4))
        assert len(loaded.notices) == 2
        assert newest.name in loaded.notices[0]
        assert "after learned turn 4" in loaded.notices[1]
        assert [entry.id for entry in profile.entries(after=4)] == list(range(5, 11))
        aside = [] if harm == "gone" else [newest.name + ".damaged"]
        assert _files(profile) == sorted([older.name, *aside])
        learn(profile, 11)
        profile.save_snapshot(state(11), 11)
    with store.open("Filled", IDENTITY) as profile:
        loaded = profile.load_state()
        assert (loaded.last_entry, loaded.notices) == (11, [])
        profile.reset()
        assert _files(profile) == []


def test_all_damaged_means_replay_from_birth_and_saying_so(store: ProfileStore) -> None:
    filled(store)
    with store.open("Filled", IDENTITY) as profile:
        for found in profile.snapshots():
            _flip(profile.directory / "snapshots" / found.file, -1)
        loaded = profile.load_state()
        assert (loaded.arrays, loaded.last_entry) == (None, 0)
        assert len(loaded.notices) == 3
        assert "from the beginning" in loaded.notices[2]
        assert len(list(profile.entries())) == 10
        assert len(_files(profile)) == 2
        assert all(name.endswith(".damaged") for name in _files(profile))


@pytest.mark.parametrize(
    ("identity", "part", "other"),
    [(OTHER_BACKBONE, "language model", "memory weights"), (OTHER_MEMORY, "memory weights", "language")],
)
def test_other_weights_are_refused_and_nothing_changes(
    store: ProfileStore, identity: object, part: str, other: str
) -> None:
    filled(store)
    assert identity in (OTHER_BACKBONE, OTHER_MEMORY)
    with store.open("Filled", OTHER_BACKBONE if identity == OTHER_BACKBONE else OTHER_MEMORY) as profile:
        with pytest.raises(StateError) as caught:
            profile.load_state()
        assert caught.value.code == ErrorCode.STATE_MISMATCH
        assert part in caught.value.message
        assert other not in caught.value.message
        assert "relearn" in caught.value.hint
        assert profile.counts().entries == 10
    with store.open("Filled", IDENTITY) as profile:
        assert same(profile.load_state().arrays, state(8))


def test_an_unlearned_profile_fits_any_weights(store: ProfileStore, profile: Profile) -> None:
    profile.create_conversation("talk")
    profile.close()
    with store.open("Test", OTHER_BACKBONE) as other:
        assert other.load_state().arrays is None
        assert other.bound_identity() is None


def test_a_newer_snapshot_is_refused_not_set_aside(store: ProfileStore) -> None:
    filled(store)
    with store.open("Filled", IDENTITY) as profile:
        path = profile.directory / "snapshots" / profile.snapshots()[0].file
        path.write_bytes(path.read_bytes().replace(b"techo-state 1.0", b"techo-state 2.0"))
        with pytest.raises(StateError) as caught:
            profile.load_state()
        assert caught.value.code == ErrorCode.STATE_NEWER
        assert path.exists()
        assert len(profile.snapshots()) == 2


def test_files_that_no_row_names_are_never_used(store: ProfileStore) -> None:
    """What a crash (or a forget that was interrupted) left is removed; files of other kinds are left alone."""
    filled(store)
    with store.open("Filled", IDENTITY) as profile:
        folder = profile.directory / "snapshots"
        good = _files(profile)
    encoded = encode(state(10), IDENTITY, 10)
    (folder / f"00000099-{'a' * 16}.safetensors").write_bytes(b"".join(bytes(chunk) for chunk in encoded.chunks))
    (folder / f".00000100-{'a' * 16}.safetensors.0badcafe.tmp").write_bytes(b"half")
    (folder / "notes.txt").write_text("a person's own")
    with store.open("Filled", IDENTITY) as profile:
        assert _files(profile) == [*good, "notes.txt"]
        assert profile.load_state().last_entry == 8


def test_discarding_snapshots(store: ProfileStore) -> None:
    filled(store)
    with store.open("Filled", IDENTITY) as profile:
        profile.discard_snapshots(9)
        assert [found.last_entry for found in profile.snapshots()] == [8, 4]
        profile.discard_snapshots(8)
        assert [found.last_entry for found in profile.snapshots()] == [4]
        assert len(_files(profile)) == 1
        assert same(profile.load_state().arrays, state(4))


def test_a_reset_drops_lessons_and_states_and_nothing_that_was_said(store: ProfileStore) -> None:
    filled(store)
    with store.open("Filled", IDENTITY) as profile:
        said = [profile.messages(found.id) for found in profile.conversations()]
        profile.reset()
        assert [profile.messages(found.id) for found in profile.conversations()] == said
        assert (profile.counts().entries, profile.counts().snapshots, profile.journal()) == (0, 0, [])
        assert profile.load_state().arrays is None
        assert _files(profile) == []
        on_disk = b"".join(path.read_bytes() for path in profile.directory.rglob("*") if path.is_file())
        assert b"lesson-" not in on_disk
        assert b"Zuzu" in on_disk


def test_a_reset_gives_the_space_back(store: ProfileStore, profile: Profile) -> None:
    with profile._database.transaction("fill"):
        learn(profile, 2000)
    profile.close()
    path = profile.directory / "profile.sqlite3"
    full = path.stat().st_size
    with store.open("Test", IDENTITY) as again:
        again.reset()
    assert path.stat().st_size < full / 5


def test_a_snapshot_that_cannot_be_written_changes_nothing(folder: Path) -> None:
    filled(ProfileStore(folder / "data"))
    files = FaultyFiles()
    with ProfileStore(folder / "data", files=files).open("Filled", IDENTITY) as profile:
        before = _files(profile)
        files._at = files.count + 2
        with pytest.raises(StoreError) as caught:
            profile.save_snapshot(state(10), 10)
        assert "disk is full" in caught.value.message
        assert _files(profile) == before
        assert profile.load_state().last_entry == 8
        profile.save_snapshot(state(10), 10)
        assert profile.load_state().last_entry == 10


def test_what_cannot_be_removed_is_told(folder: Path) -> None:
    """Forgetting that leaves a file behind must not be silent."""
    filled(ProfileStore(folder / "data"))

    class Stubborn(FaultyFiles):
        def remove_file(self, path: Path) -> None:
            if path.suffix == ".safetensors":
                raise PermissionError(13, "Permission denied", str(path))
            super().remove_file(path)

    with ProfileStore(folder / "data", files=Stubborn()).open("Filled", IDENTITY) as profile:
        newest = profile.snapshots()[0].file
        profile.delete_entries([7])
        assert [found.last_entry for found in profile.snapshots()] == [4]
        (notice,) = profile.take_notices()
        assert newest in notice
        assert "by hand" in notice
    with ProfileStore(folder / "data").open("Filled", IDENTITY) as profile:
        assert newest not in _files(profile)  # tried again at the next opening
