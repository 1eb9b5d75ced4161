"""The safety figures of the README, remade: `python -m tests.benchmarks.safety PART`, from the root of the checkout.

    corruption   every file of a profile, bytes flipped and cut off: all of them, or a sample (--sample)
    power        a whole conversation with the real model, traced; a loss of power before every operation, or a sample
    faults       the same conversation; at every operation, or a sample a step, the disk fails or the process dies
    hostile      hostile messages to a real engine, import files, GGUF headers, episodes, Markdown, settings
    encryption   what an encrypted profile costs beside a plain one (prints a table, too)

Prints one JSON object; the exit status is 1 when anything was lost.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from engine.errors import EngineError, ModelFileError
from engine.models.header import read_header
from engine.store import ProfileStore
from tests.benchmarks import encryption
from tests.engine.models import gguf_bytes
from tests.engine.server import crash_check, hostile, power_driver
from tests.engine.store import corruption, samples


def main() -> int:
    """Runs the part that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.safety", description=__doc__.partition("\n")[0])
    parts = parser.add_subparsers(dest="part", required=True)
    part = parts.add_parser("corruption", help="flip and cut bytes in every file of a profile")
    part.add_argument("--sample", type=int, help="bytes a file (default: every one)")
    part.add_argument("--state", choices=("closed", "crashed"), default="closed", help="how the profile was left")
    part.set_defaults(run=_corruption)
    part = parts.add_parser("power", help="lose power in the middle of a conversation (needs strace)")
    part.add_argument("--sample", type=int, help="moments (default: before every operation)")
    part.set_defaults(run=_power)
    part = parts.add_parser("faults", help="have the disk fail, or the process die, in the middle of a conversation")
    part.add_argument("--sample", type=int, help="operations a step (default: every one)")
    part.set_defaults(run=_faults)
    part = parts.add_parser("hostile", help="feed what nobody should have to read")
    part.add_argument("--examples", type=int, default=1000, help="of each kind (default: %(default)s)")
    part.set_defaults(run=_hostile)
    part = parts.add_parser("encryption", help="the same work in a plain and in an encrypted profile")
    part.add_argument("--rounds", type=int, default=15, help="of everything; the median counts (default: %(default)s)")
    part.set_defaults(run=_encryption)
    for part in parts.choices.values():
        part.add_argument("--seed", type=int, default=7)
        part.add_argument("--folder", type=Path, help="where to work (default: in memory, where there is room)")
    options = parser.parse_args()
    memory = Path("/dev/shm")
    place = options.folder or (memory if memory.is_dir() else None)
    with tempfile.TemporaryDirectory(prefix="techo-safety-", dir=place) as folder:
        report: dict[str, Any] = options.run(Path(folder), options)
    print(json.dumps(report, indent=1))
    return 1 if report["losses"] else 0


def _corruption(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    make = corruption.closed_profile if options.state == "closed" else corruption.crashed_profile
    (folder / "template").mkdir()
    return corruption.run(make(folder / "template"), folder / "scratch", options.sample, options.seed).report()


def _power(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    loaded = power_driver.load()
    newborn = crash_check.Newborn(loaded.newborn, loaded.identity)
    return crash_check.power_losses(folder, newborn, options.sample, options.seed).as_json()


def _faults(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    return crash_check.faults(folder, power_driver.load(), options.sample, options.seed).as_json()


def _encryption(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    report = encryption.run(folder, options.rounds)
    print(encryption.table(report))
    return report


def _hostile(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Inputs of each kind, from the same strategies as the tests, but other ones."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from tests.app import test_hostile_text
    from tests.engine.cli import test_cli_hostile

    target = hostile.Target(folder)
    archive = _Archive(folder / "archive")
    header = folder / "x.gguf"
    sample = gguf_bytes.model({"tokenizer.chat_template": "x" * 500, "x.numbers": gguf_bytes.array("i32", range(50))})
    kinds: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], None]]] = {
        "lines of nonsense": (hostile.noise, target.try_),
        "calls": (hostile.calls, lambda call: target.call(*call)),
        "import files": (_harmed(archive.data), archive.try_),
        "GGUF headers": (_harmed(sample), lambda data: _read_header(header, data)),
        "episode files": (
            test_cli_hostile.files,
            lambda data: test_cli_hostile.survives(folder / "episodes.jsonl", data),
        ),
        "replies": (test_hostile_text.texts, test_hostile_text.judge),
        "settings files": (
            test_hostile_text.settings_files,
            lambda data: test_hostile_text.read_settings(folder / "settings", data),
        ),
    }
    report: dict[str, Any] = {"inputs": {}, "losses": []}
    for name, (strategy, act) in kinds.items():
        report["inputs"][name] = _fuzz(strategy, act, options.examples, options.seed, report["losses"], name)
    try:
        target.close()
    except hostile.Finding as finding:
        report["losses"].append(str(finding))
    report["in all"] = sum(report["inputs"].values())
    return report


def _fuzz(
    strategy: st.SearchStrategy[Any],
    act: Callable[[Any], None],
    examples: int,
    seed_: int,
    losses: list[str],
    name: str,
) -> int:
    tried = 0

    @seed(seed_)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def try_(value: Any) -> None:
        nonlocal tried
        tried += 1
        act(value)

    try:
        try_()
    except Exception as finding:
        losses.append(f"{name}: {type(finding).__name__}: {str(finding)[:500]}")
    return tried


def _harmed(data: bytes) -> st.SearchStrategy[bytes]:
    """A good file with bytes changed, cut out, or put in."""
    places = st.integers(0, len(data))
    flips = st.lists(st.tuples(places, st.integers(1, 255)), min_size=1, max_size=6)
    splices = st.tuples(places, places, st.binary(max_size=40))

    def flip(changes: list[tuple[int, int]]) -> bytes:
        harmed = bytearray(data)
        for place, mask in changes:
            harmed[place % len(harmed)] ^= mask
        return bytes(harmed)

    return st.one_of(
        flips.map(flip),
        splices.map(lambda cut: data[: min(cut[:2])] + cut[2] + data[max(cut[:2]) :]),
        st.binary(max_size=300).map(lambda noise: data[:8] + noise),
    )


def _read_header(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with suppress(ModelFileError):
        read_header(path)


class _Archive:
    """An export, and a store that imports what became of it."""

    def __init__(self, folder: Path) -> None:
        self._store = ProfileStore(folder / "data")
        samples.filled(self._store)
        self._path = folder / "harmed.techo"
        with self._store.open("Filled", samples.IDENTITY) as profile:
            profile.export(folder / "good.techo")
        self.data = (folder / "good.techo").read_bytes()

    def try_(self, data: bytes) -> None:
        self._path.write_bytes(data)
        try:
            self._store.import_file(self._path, "Imported", samples.IDENTITY, samples.accept)
        except EngineError:
            pass
        else:
            with self._store.open("Imported", samples.IDENTITY) as profile:
                if profile.load_state().last_entry != 8 or len(list(profile.entries())) != 10:
                    raise AssertionError("another profile came in")
            self._store.delete("Imported")
        left = sorted(path.name for path in self._store.directory.iterdir())
        if len(left) != 2:
            raise AssertionError(f"left behind: {left}")


if __name__ == "__main__":
    sys.exit(main())
