"""What encryption costs: the same work in a plain profile and in an encrypted one, in turns, medians side by side.

The store alone, without a language model: what is measured here is added to turns that take seconds. The time is that
of the processor: other work on the machine, and its disk, do not count.
"""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.store import Arrays, NewEntry, ProfileStore
from engine.store.passphrase import DEFAULT, derive
from tests.engine.store import samples

WORDS: Final = "a passphrase"
TURNS: Final = 1000
PAYLOAD: Final = 3000
"""Bytes of a write set, about as many as a sentence makes."""
STATE: Final = 20_700_000
"""Bytes of the fast weights."""


def run(folder: Path, rounds: int) -> dict[str, Any]:
    """Milliseconds of processor time by step: plain, encrypted, and the ratio of the two.

    Args:
        folder: to work in.
        rounds: of everything; the median counts.
    """
    stores = {"plain": ProfileStore(folder / "plain"), "encrypted": ProfileStore(folder / "encrypted")}
    fast = _state()
    for kind, store in stores.items():
        _fill(store, fast)
        if kind == "encrypted":
            store.encrypt("P", WORDS)
    keys = {"plain": None, "encrypted": stores["encrypted"]._unlock(stores["encrypted"]._find("P"), WORDS)}
    times: dict[str, dict[str, list[float]]] = {}

    def measure(step: str, kind: str, act: Callable[[], Any], times_: int = 1) -> Any:
        began = time.process_time()
        for _ in range(times_):
            done = act()
        times.setdefault(step, {}).setdefault(kind, []).append((time.process_time() - began) * 1000 / times_)
        return done

    for number in range(rounds):
        for kind, store in stores.items():
            key, file = keys[kind], folder / f"{kind}.techo"
            profile = measure("open", kind, lambda: store.open("P", samples.IDENTITY, key))  # noqa: B023
            measure("load the state", kind, profile.load_state)
            talk = profile.create_conversation("talk").id
            measure("a message", kind, lambda: profile.append_message(talk, "user", "It is raining."), 20)  # noqa: B023
            measure("a learned turn", kind, lambda: profile.append_entry(_entry(0)), 20)  # noqa: B023
            measure("read 1,000 learned turns", kind, lambda: list(profile.entries()))  # noqa: B023
            measure("search", kind, lambda: profile.search("number 77"), 5)  # noqa: B023
            last = profile.next_entry_id() - 1
            measure("save the state", kind, lambda: profile.save_snapshot(fast, last))  # noqa: B023
            measure("export", kind, lambda: profile.export(file, overwrite=True))  # noqa: B023
            measure("close", kind, profile.close)
            if number == 0:
                times["export file, bytes"] = {**times.get("export file, bytes", {}), kind: [file.stat().st_size]}
    began = time.process_time()
    derive(WORDS, bytes(16), DEFAULT)
    report: dict[str, Any] = {"steps": {}, "passphrase, ms": round((time.process_time() - began) * 1000), "losses": []}
    for step, found in times.items():
        plain, encrypted = (statistics.median(found[kind]) for kind in ("plain", "encrypted"))
        report["steps"][step] = [round(plain, 2), round(encrypted, 2), round(encrypted / plain, 2)]
    for store in stores.values():
        report["steps"].setdefault("folder, bytes", []).append(_bytes(store.directory))
    sizes = report["steps"]["folder, bytes"]
    sizes.append(round(sizes[1] / sizes[0], 2))
    return report


def table(report: dict[str, Any]) -> str:
    """The figures for a README."""
    lines = ["| what | plain | encrypted | ratio |", "|---|---|---|---|"]
    for step, (plain, encrypted, ratio) in report["steps"].items():
        unit = "" if step.endswith("bytes") else " ms"
        lines.append(f"| {step} | {plain:,}{unit} | {encrypted:,}{unit} | {ratio} |")
    lines.append(f"| the passphrase, once an opening | - | {report['passphrase, ms']:,} ms | - |")
    return "\n".join(lines)


def _fill(store: ProfileStore, fast: Arrays) -> None:
    store.create("P")
    with store.open("P", samples.IDENTITY) as profile:
        talk = profile.create_conversation("before").id
        for number in range(TURNS):
            told = profile.append_message(talk, "user", f"My locker number {number} is in the hall on the left.")
            profile.append_entry(_entry(number, told.id))
        profile.save_snapshot(fast, TURNS)


def _entry(number: int, message: int | None = None) -> NewEntry:
    payload = hashlib.shake_256(b"%d" % number).digest(PAYLOAD)
    return NewEntry(message, f"My locker number {number} is in the hall on the left.", 1.5, 5, 1, 2, 3, payload)


def _state() -> Arrays:
    random = np.random.default_rng(7)
    return {"keys": random.integers(0, 2**63, STATE // 8, dtype=np.uint64)}


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
