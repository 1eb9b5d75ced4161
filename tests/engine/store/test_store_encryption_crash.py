"""Encrypting, decrypting, another passphrase, another name: whatever operation fails, the profile opens, old or new."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import EngineError, ErrorCode
from engine.store import ProfileStore
from engine.store.passphrase import CHEAP
from tests.engine.store.faults import Died, FaultyFiles
from tests.engine.store.samples import IDENTITY, copy, filled, learn, names, state
from tests.engine.store.test_store_encryption import files_of, home, survey, traces

pytestmark = pytest.mark.timeout(600)
OLD, NEW = "old words", "new words"
ENCRYPTED = ["lock", "profile.key", "profile.key.copy", "profile.sqlite3", "vault", "vault.seal", "vault.sqlite3"]
PLAIN = ["lock", "profile.seal", "profile.sqlite3", "snapshots"]

Act = Callable[[ProfileStore], object]


def _encrypt(store: ProfileStore) -> object:
    return store.encrypt("Filled", NEW)


def _decrypt(store: ProfileStore) -> None:
    store.decrypt("Filled", OLD)


def _change(store: ProfileStore) -> None:
    store.change_passphrase("Filled", OLD, NEW)


def _rename(store: ProfileStore) -> object:
    return store.rename("Filled", "Renamed", OLD)


def _work(store: ProfileStore) -> object:
    with store.open("Filled", IDENTITY, OLD) as profile:
        profile.append_message(1, "user", "new message")
        learn(profile, 11)
        profile.save_snapshot(state(10), 10)
        return profile.delete_entries([11])


@pytest.fixture
def template(folder: Path) -> Path:
    filled(ProfileStore(folder / "template" / "data"))
    return folder / "template"


def _openings(folder: Path) -> list[tuple[str, str | None]]:
    """Every way in: the name, and the passphrase (None: it is plain)."""
    store = ProfileStore(folder / "data")
    (record,) = store.list()
    assert record.problem == ""
    ways: list[tuple[str, str | None]] = []
    for access in (OLD, NEW) if record.encrypted else (None,):
        try:
            store.open(record.name, IDENTITY, access).close()
        except EngineError as error:
            if error.code is not ErrorCode.WRONG_PASSPHRASE:
                raise
        else:
            ways.append((record.name, access))
    return ways


def _settled(folder: Path) -> dict[str, object]:
    """What the profile holds; and after it was opened nothing is left over, nor anything plain if it is encrypted."""
    store = ProfileStore(folder / "data", cost=CHEAP)
    ((name, access),) = _openings(folder)
    found = survey(store, access, name)
    found.pop("look")
    assert names(home(store)) == (PLAIN if access is None else ENCRYPTED)
    if access is not None:
        assert traces(folder / "data") == []
    with store.open(name, IDENTITY, access) as profile:
        profile.append_message(profile.create_conversation("after").id, "user", "it serves on")
    return found


def _run(folder: Path, act: Act, files: FaultyFiles) -> str:
    store = ProfileStore(folder / "data", files=files, cost=CHEAP)
    try:
        act(store)
    except EngineError as error:
        files._at = None
        return "refused" if error.message and error.hint else "refused without a word"
    except Died:
        copy(folder, folder.with_name(folder.name + "-crashed"))
        return "died"
    finally:
        files.bury()
    return "done"


@pytest.mark.parametrize("dies", [False, True], ids=["fails", "dies"])
@pytest.mark.parametrize("act", [_encrypt, _decrypt, _change, _rename, _work])
def test_old_or_new_and_never_neither(template: Path, folder: Path, act: Act, dies: bool) -> None:
    if act is not _encrypt:
        ProfileStore(template / "data", cost=CHEAP).encrypt("Filled", OLD)
    before = _openings(copy(template, folder / "old"))
    counting = FaultyFiles()
    assert _run(copy(template, folder / "count"), act, counting) == "done"
    after = _openings(folder / "count")
    contents = [_settled(folder / "old"), _settled(folder / "count")]
    assert (before != after) is (act is not _work)
    operations = counting.count
    ends = set()
    for at in range(0, operations, 1 if operations < 80 else 3):
        run = copy(template, folder / f"run-{at}")
        end = _run(run, act, FaultyFiles(at, None if dies else errno.ENOSPC))
        ends.add(end)
        crashed = run.with_name(run.name + "-crashed")
        left = crashed if end == "died" else run
        assert _openings(left) in (before, after), f"operation {at}: neither the old way in nor the new one"
        if end == "done":
            assert _openings(left) == after, f"operation {at}: acknowledged and lost"
        if act is _work:
            _settled(left)
        else:
            assert _settled(left) in contents, f"operation {at}: something was lost"
        shutil.rmtree(run)
        shutil.rmtree(crashed, ignore_errors=True)
    assert ends <= {"done", "died" if dies else "refused"}
    assert ("died" if dies else "refused") in ends


def test_a_full_disk_leaves_it_plain(template: Path, folder: Path) -> None:
    """From the first write on nothing fits any more."""
    before = files_of(template / "data")
    for at in (9, 12, 20, 31):
        run = copy(template, folder / f"full-{at}")
        assert _run(run, _encrypt, FaultyFiles(at, errno.ENOSPC, lasting=True)) == "refused"
        assert _openings(run) == [("Filled", None)]
        _settled(run)
    assert files_of(template / "data") == before
