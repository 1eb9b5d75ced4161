"""A whole scripted conversation, with a loss of power or a failing disk somewhere in it: nothing promised is lost.

Samples here; every operation: `python -m tests.benchmarks.safety power` and `... faults`.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.server.service import _Loaded
from tests.engine.server import crash_check, power_driver, power_loss
from tests.engine.server.power_loss import MODES, Disk, Operation

pytestmark = pytest.mark.timeout(600)
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@pytest.fixture(scope="module")
def loaded() -> Iterator[_Loaded]:
    """The real model with a small memory."""
    made = power_driver.load()
    yield made
    made.backbone.close()


@pytest.fixture
def newborn(loaded: _Loaded) -> crash_check.Newborn:
    return crash_check.Newborn(loaded.newborn, loaded.identity)


# ---------------------------------------------------------------------------------------------- the model of the disk


def _left(tmp_path: Path, disk: Disk, mode: str, seed: int = 1) -> dict[str, bytes]:
    disk.image(tmp_path / "image", mode, random.Random(seed))
    return {path.name: path.read_bytes() for path in (tmp_path / "image").rglob("*") if path.is_file()}


def _disk(tmp_path: Path, *operations: Operation) -> Disk:
    """A disk with these operations done, their paths below `tmp_path`."""
    disk = Disk(tmp_path)
    for done in operations:
        target = str(tmp_path / done.target) if done.target else ""
        disk.do(replace(done, path=str(tmp_path / done.path) if done.path else str(tmp_path), target=target))
    return disk


def test_what_was_synced_is_there_after_a_loss_of_power(tmp_path: Path) -> None:
    disk = _disk(
        tmp_path,
        Operation("create", "a"),
        Operation("write", "a", data=b"one", number=-1),
        Operation("sync", "a"),
        Operation("sync", ""),
        Operation("write", "a", data=b"two", number=-1),
        Operation("create", "b"),
        Operation("rename", "a", target="c"),
    )
    assert _left(tmp_path, disk, "killed") == {"c": b"onetwo", "b": b""}
    assert _left(tmp_path, disk, "dropped") == {"a": b"one"}
    for mode in MODES:
        for seed in range(40):
            left = _left(tmp_path, disk, mode, seed)
            (kept,) = {"a", "c"} & left.keys()
            assert left[kept].startswith(b"one")
    assert {len(_left(tmp_path, disk, "torn", seed)) for seed in range(40)} == {1, 2}
    disk.do(Operation("sync", str(tmp_path)))
    assert _left(tmp_path, disk, "dropped") == {"c": b"one", "b": b""}


def test_unsynced_sectors_are_there_missing_or_noise(tmp_path: Path) -> None:
    disk = _disk(tmp_path, Operation("create", "a"), Operation("sync", ""), Operation("write", "a", data=b"x" * 512))
    kinds = {bytes(_left(tmp_path, disk, "garbled", seed)["a"]) for seed in range(60)}
    assert {b"", b"x" * 512} < kinds
    assert len(kinds) > 3


@needs_strace
def test_a_trace_is_read_as_it_happened(tmp_path: Path) -> None:
    import subprocess
    import sys

    root = tmp_path / "root"
    root.mkdir()
    script = (
        "import os, sys; from pathlib import Path; r = Path(sys.argv[1]); (r / 'd').mkdir();"
        "f = os.open(r / 'd' / 'a b\\n', os.O_RDWR | os.O_CREAT, 0o600); os.write(f, b'\\0\"x');"
        "os.pwrite(f, b'y', 1); os.fsync(f); os.ftruncate(f, 2); os.write(1, b'said');"
        "(r / 'd' / 'a b\\n').rename(r / 'c'); (r / 'c').unlink(); (r / 'd').rmdir()"
    )
    command = [*power_loss.strace(tmp_path / "trace"), sys.executable, "-c", script, str(root)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    found = [
        (done.call, done.path.removeprefix(str(root)), done.data, done.number)
        for done in (power_loss.operations(tmp_path / "trace", root))
    ]
    assert found == [
        ("mkdir", "/d", b"", 0),
        ("create", "/d/a b\n", b"", 0),
        ("write", "/d/a b\n", b'\0"x', -1),
        ("write", "/d/a b\n", b"y", 1),
        ("sync", "/d/a b\n", b"", 0),
        ("cut", "/d/a b\n", b"", 2),
        ("say", power_loss.STDOUT, b"said", 0),
        ("rename", "/d/a b\n", b"", 0),
        ("remove", "/c", b"", 0),
        ("remove", "/d", b"", 0),
    ]


# ---------------------------------------------------------------------------------------------- whole conversations


@needs_strace
def test_no_loss_of_power_loses_what_was_promised(tmp_path: Path, newborn: crash_check.Newborn) -> None:
    report = crash_check.power_losses(tmp_path, newborn, sample=12)
    assert report.losses == []
    assert report.crashes == dict.fromkeys(MODES, 12)
    assert report.operations > 1000


@needs_strace
def test_a_disk_that_lies_about_syncing_would_be_found_out(
    tmp_path: Path, newborn: crash_check.Newborn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check can fail: without the syncs, a loss of power does lose things."""
    do = Disk.do
    monkeypatch.setattr(Disk, "do", lambda self, done: do(self, done) if done.call != "sync" else None)
    report = crash_check.power_losses(tmp_path, newborn, sample=8)
    assert any(loss.startswith("dropped") for loss in report.losses)
    assert not any(loss.startswith("killed") for loss in report.losses)


def test_no_failing_disk_and_no_death_loses_what_was_promised(tmp_path: Path, loaded: _Loaded) -> None:
    report = crash_check.faults(tmp_path, loaded, sample=1)
    assert report.losses == []
    assert report.crashes == dict.fromkeys(crash_check.FAULTS, len(power_driver.SCRIPT))
    assert report.operations > 500
