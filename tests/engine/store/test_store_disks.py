"""Real disks that refuse: a full one, a read-only one, one that belongs to somebody else; and clocks that jump."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import EngineError, ErrorCode, StoreError
from engine.store import ProfileStore
from tests.engine.store.samples import IDENTITY, filled, new_entry, state

SIZE = 1_500_000


def _mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte and a half."""
    place = tmp_path / "disk"
    place.mkdir()
    if sys.platform != "linux" or not _mount("-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)):
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_fills_up_loses_nothing_and_goes_on_when_there_is_room(disk: Path) -> None:
    """It is filled to the last byte by somebody else, in the middle of a talk, with ever less room."""
    store = ProfileStore(disk / "data")
    filled(store)
    said: dict[int, str] = {}
    learned: set[int] = set()
    refused: list[StoreError] = []
    with store.open("Filled", IDENTITY) as profile:
        talk = profile.create_conversation("talk")
        ballast = disk / "ballast"
        for round_ in range(12):
            with ballast.open("ab", buffering=0) as file:
                try:
                    while file.write(b"x" * 4096):
                        pass
                except OSError:
                    pass
            os.truncate(ballast, max(ballast.stat().st_size - round_ * 4096, 0))
            for number in range(8):
                try:
                    text = f"{round_}-{number} " + "word " * 400
                    said[profile.append_message(talk.id, "user", text).id] = text
                    learned.add(profile.append_entry(new_entry(profile.next_entry_id())))
                    profile.save_snapshot(state(profile.next_entry_id() - 1, 2_000), profile.next_entry_id() - 1)
                except StoreError as error:
                    refused.append(error)
            assert {message.id for message in profile.messages(talk.id)} == said.keys()
        assert len(refused) > 12
        assert all("full" in error.message and "Free some space" in error.hint for error in refused), refused
        with pytest.raises(StoreError):
            profile.export(disk / "export.techo")
        assert not (disk / "export.techo").exists()
    # Still full: everything can be read.
    with store.open("Filled", IDENTITY) as profile:
        assert {message.id: message.content for message in profile.messages(talk.id)} == said
        assert learned <= {entry.id for entry in profile.entries()}
        assert profile.load_state().notices == []
    ballast.unlink()
    with store.open("Filled", IDENTITY) as profile:
        profile.append_message(talk.id, "user", "there is room again")
        profile.export(disk / "export.techo")
        assert len(profile.messages(talk.id)) == len(said) + 1


def test_a_profile_on_a_read_only_disk_is_named_and_left_alone(disk: Path) -> None:
    store = ProfileStore(disk / "data")
    filled(store)
    assert _mount("-o", "remount,ro", str(disk))
    assert [(record.name, record.problem) for record in store.list()] == [("Filled", "")]
    for act in (lambda: store.open("Filled", IDENTITY), lambda: store.create("New"), lambda: store.delete("Filled")):
        with pytest.raises(StoreError) as refused:
            act()
        assert refused.value.hint
        assert "read-only" in refused.value.message or "written" in refused.value.message
    assert _mount("-o", "remount,rw", str(disk))
    with store.open("Filled", IDENTITY) as profile:
        assert profile.load_state().notices == []
        assert len(list(profile.entries())) == 10


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no such users here")
def test_a_folder_of_somebody_else_is_refused_with_a_word(folder: Path) -> None:
    """As root this becomes nobody for a moment; as anybody else the folder is closed to ourselves."""
    store = ProfileStore(folder / "data")
    filled(store)
    folder.chmod(0o755)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    else:
        (folder / "data").chmod(0)
    try:
        for act in (store.list, lambda: store.open("Filled", IDENTITY), lambda: store.create("New")):
            with pytest.raises(EngineError) as refused:
                act()
            assert refused.value.code == ErrorCode.STORAGE_FAILED
            assert "permission" in refused.value.message
            assert refused.value.hint
    finally:
        if root:
            os.seteuid(0)
        else:
            (folder / "data").chmod(0o700)
    with store.open("Filled", IDENTITY) as profile:
        assert len(list(profile.entries())) == 10


def test_a_clock_that_jumps_changes_no_order_and_keeps_what_can_be_undone(folder: Path) -> None:
    moments = [datetime(2026, 5, 1, tzinfo=UTC)]
    store = ProfileStore(folder / "data", clock=lambda: moments[-1])
    store.create("Test")
    with store.open("Test", IDENTITY) as profile:
        talk = profile.create_conversation("talk")
        for jump in (timedelta(days=3), timedelta(days=-400), timedelta(seconds=-1), timedelta(days=20_000)):
            moments.append(moments[-1] + jump)
            profile.append_message(talk.id, "user", f"said after {jump}")
            profile.append_entry(new_entry(profile.next_entry_id()))
            profile.save_snapshot(state(profile.next_entry_id() - 1), profile.next_entry_id() - 1)
        assert [message.id for message in profile.messages(talk.id)] == [1, 2, 3, 4]
        gone = profile.create_conversation("deleted by mistake")
        profile.delete_conversation(gone.id)
        profile.purge_deleted(keep=30)
        profile.restore_conversation(gone.id)
    moments.append(moments[0])
    with store.open("Test", IDENTITY) as profile:
        loaded = profile.load_state()
        assert (loaded.last_entry, loaded.notices) == (4, [])
        assert [entry.id for entry in profile.entries()] == [1, 2, 3, 4]
        assert [found.title for found in profile.conversations()] == ["deleted by mistake", "talk"]
