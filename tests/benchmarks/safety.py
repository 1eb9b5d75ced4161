"""The safety figures of the README, remade: `python -m tests.benchmarks.safety PART`, from the root of the checkout.

    corruption   every file of a profile, bytes flipped and cut off: all of them, or a sample (--sample)
    power        a whole conversation with the real model, traced; a loss of power before every operation, or a sample
    faults       the same conversation; at every operation, or a sample a step, the disk fails or the process dies

Prints one JSON object; the exit status is 1 when anything was lost.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.engine.server import crash_check, power_driver
from tests.engine.store import corruption


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


if __name__ == "__main__":
    sys.exit(main())
