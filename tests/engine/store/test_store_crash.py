"""The disk fails, or the process dies, at the n-th operation of everything the store does - for every n.

The invariant: afterwards there is the old state or the new one, never a third, nothing acknowledged is lost, and the
store serves on. And the plain truth of it: `kill -9` in the middle of real work, a few dozen times.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from engine.errors import EngineError
from engine.store import Profile, ProfileStore
from tests.engine.store.faults import Died, FaultyFiles
from tests.engine.store.samples import IDENTITY, accept, copy, filled, names, new_entry, same, state
from tests.engine.store.test_store_looks import PICTURE

_ROOT = Path(__file__).parents[3]

Act = Callable[[ProfileStore, Profile], None]


def _snapshot(store: ProfileStore, profile: Profile) -> None:
    profile.save_snapshot(state(10), 10)


def _learn(store: ProfileStore, profile: Profile) -> None:
    profile.append_entry(new_entry(11))


def _forget_late(store: ProfileStore, profile: Profile) -> None:
    profile.delete_entries([7])


def _forget_what_was_said(store: ProfileStore, profile: Profile) -> None:
    assert profile.delete_entries([1, 9], said=True)[1] == 2


def _reset(store: ProfileStore, profile: Profile) -> None:
    profile.reset()


def _say(store: ProfileStore, profile: Profile) -> None:
    profile.append_message(1, "user", "new message")


def _reply(store: ProfileStore, profile: Profile) -> None:
    profile.update_message(5, "partial reply", "stop")


def _export(store: ProfileStore, profile: Profile) -> None:
    profile.export(store.directory.parent.parent / "file.techo", overwrite=True)


def _rename(store: ProfileStore, profile: Profile) -> None:
    store.rename("Filled", "Renamed")


def _create(store: ProfileStore, profile: Profile) -> None:
    store.create("New")


def _delete_conversation(store: ProfileStore, profile: Profile) -> None:
    profile.delete_conversation(2)
    profile.purge_deleted()


def _delete(store: ProfileStore, profile: Profile) -> None:
    profile.close()
    store.delete("Filled")


def _import(store: ProfileStore, profile: Profile) -> None:
    store.import_file(store.directory.parent.parent / "source.techo", "New", IDENTITY, accept)


def _duplicate(store: ProfileStore, profile: Profile) -> None:
    store.duplicate("Filled", "New", open_here=True)


def _look(store: ProfileStore, profile: Profile) -> None:
    store.look("Filled", "#102030", PICTURE)


def _go_back(store: ProfileStore, profile: Profile) -> None:
    profile.delete_entries(profile.entries_since(3), said=True)


def _stop_learning(store: ProfileStore, profile: Profile) -> None:
    profile.learn_from_conversation(2, False)


def _survey(folder: Path) -> dict[str, Any]:
    """Everything that can be read after a restart, and proof that it can be worked with."""
    store = ProfileStore(folder / "data")
    looks = [(record.name, record.problem, record.colour, record.picture) for record in store.list()]
    found: dict[str, Any] = {"profiles": looks}
    for name, *_ in looks:
        with store.open(name, IDENTITY) as profile:
            loaded = profile.load_state()
            assert loaded.notices == []
            if loaded.arrays is not None:
                assert same(loaded.arrays, state(loaded.last_entry))
            found[name] = {
                "found": [hit.message for hit in profile.search("a", 100)],
                "messages": [profile.messages(conversation.id) for conversation in profile.conversations()],
                "learns": [conversation.learns for conversation in profile.conversations()],
                "entries": list(profile.entries()),
                "last_entry": loaded.last_entry,
            }
            if name != "New":
                assert profile.append_entry(new_entry(profile.next_entry_id())) >= 11
                profile.append_message(profile.create_conversation("after").id, "user", "it serves on")
            assert not list(profile.directory.glob("snapshots/.*"))
    left = names(store.directory)
    assert len(left) == len(found["profiles"]) + 1, left  # the profiles and .lock: nothing is left over
    export = folder / "file.techo"
    if export.exists():
        ProfileStore(folder / "elsewhere").import_file(export, "Copy", IDENTITY, accept)
        found["export"] = True
    return found


def _strip(found: dict[str, Any]) -> dict[str, Any]:
    """Without dates, which differ from run to run."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [plain(inner) for inner in value]
        if hasattr(value, "__dataclass_fields__"):
            return {name: getattr(value, name) for name in value.__dataclass_fields__ if name != "created"}
        return value

    stripped = plain(found)
    assert isinstance(stripped, dict)
    return stripped


def _run(folder: Path, files: FaultyFiles, act: Act, at: int | None) -> str:
    """Opens the profile, arms the fault, acts; returns how it ended."""
    store = ProfileStore(folder / "data", files=files)
    profile = store.open("Filled", IDENTITY)
    files._at = None if at is None else files.count + at
    files.count_from = files.count
    try:
        act(store, profile)
        profile.close()
    except EngineError as error:
        files._at = None
        profile.close()
        return "refused" if error.message and error.hint else "refused without a word"
    except Died:
        # What the crash left, before this (living) process closes SQLite's files in an orderly way.
        copy(folder, folder.with_name(folder.name + "-crashed"))
        return "died"
    finally:
        files.bury()
    return "done"


@pytest.fixture
def template(folder: Path) -> Path:
    """A data folder with a filled profile and an export of it, to be copied for each run."""
    store = ProfileStore(folder / "template" / "data")
    filled(store)
    with store.open("Filled", IDENTITY) as profile:
        profile.export(folder / "template" / "source.techo")
    return folder / "template"


@pytest.mark.parametrize("dies", [False, True], ids=["fails", "dies"])
@pytest.mark.parametrize(
    "act",
    [
        *(_snapshot, _learn, _forget_late, _forget_what_was_said, _reset, _say, _reply, _delete_conversation),
        *(_export, _rename, _create, _delete, _import, _duplicate, _look, _go_back, _stop_learning),
    ],
)
def test_old_or_new_whatever_operation_fails(template: Path, folder: Path, act: Act, dies: bool) -> None:
    old = _strip(_survey(copy(template, folder / "old")))
    counting = FaultyFiles()
    assert _run(copy(template, folder / "count"), counting, act, None) == "done"
    new = _strip(_survey(folder / "count"))
    operations = counting.count - counting.count_from
    assert operations >= 2
    ends = set()
    for at in range(operations):
        run = copy(template, folder / f"run-{at}")
        end = _run(run, FaultyFiles(error=None if dies else errno.ENOSPC), act, at)
        ends.add(end)
        crashed = run.with_name(run.name + "-crashed")
        found = _strip(_survey(crashed if end == "died" else run))
        assert found in (old, new), f"operation {at}: a third state"
        # What was acknowledged is there. (A failure that only delays cleaning up is not one of the act.)
        if end == "done":
            assert found == new, f"operation {at}: acknowledged and lost"
        shutil.rmtree(run)
        shutil.rmtree(crashed, ignore_errors=True)
    assert ends <= {"done", "died" if dies else "refused"}
    assert ("died" if dies else "refused") in ends


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_kill_9_in_the_middle_of_work(folder: Path) -> None:
    """40 times: nothing that was acknowledged is missing, every state is whole, every restart opens."""
    driver = Path(__file__).with_name("crash_driver.py")
    with suppress(FileNotFoundError):
        (folder / "killed").rmdir()
    done = subprocess.run(
        [sys.executable, str(driver), str(folder / "killed"), "40"],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        cwd=_ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["rounds"] == 40
    assert report["lost"] == 0
    assert report["entries"] >= 40  # it really was in the middle of work
    assert report["snapshots"] >= 10
    assert report["killed"] >= 35
