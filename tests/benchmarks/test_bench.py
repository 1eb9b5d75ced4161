"""Promises in ratios, measured through `techo bench` on the real engine. Slow: `-m "not slow"` leaves them out.

Absolute times belong to a machine; the ratios must hold on every one. The bounds here are looser than the figures in
the README, since CI's machines are busy: they catch a regression, they do not replace a measurement.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from tests.benchmarks import encryption

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

Bench = dict[str, Any]


def bench(capsys: pytest.CaptureFixture[str], *arguments: str) -> Bench:
    status = main(["bench", *arguments, "--threads", "1", "--json"])
    result: Bench = json.loads(capsys.readouterr().out)
    assert status == 0, result
    return result


@pytest.mark.alone
def test_speed_with_the_memory(capsys: pytest.CaptureFixture[str]) -> None:
    found = bench(capsys, "speed", "--fill", "40", "--rounds", "1")["speed"]
    assert found["decode"]["both"]["ratio"] >= 0.75
    assert found["learn"]["ratio"] <= 0.30
    assert found["learn"]["turns"] >= 20


def test_nothing_grows(capsys: pytest.CaptureFixture[str]) -> None:
    found = bench(capsys, "memory", "--turns", "150")["memory"]
    assert found["rss"]["growth"] < 4_000_000
    assert len(found["snapshot_sizes"]) == 1
    assert len(found["state_bytes"]) == 1
    assert found["state_bytes"][0] <= 24_000_000
    assert found["stats"]["turns_learned"] > 100
    assert 0.98 < found["perplexity"]["ratio"] < 1.02


def test_nothing_is_lost_to_kill_9(capsys: pytest.CaptureFixture[str]) -> None:
    found = bench(capsys, "kills", "--kills", "6", "--fill", "16")["kills"]
    assert found["kills"] == 6
    assert found["sent"] >= 6
    for loss in ("failed_restarts", "lost_messages", "lost_entries", "recall_lost"):
        assert found[loss] == []


def test_a_long_life_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    found = bench(capsys, "soak", "--turns", "320")["soak"]
    assert found["turns"] == 320
    assert found["done"]["turns forgotten"] > 200
    assert min(found["done"][what] for what in ("restarts", "kills", "profile switches", "exports and imports")) >= 1
    for trouble in ("changed", "notices", "integrity", "left"):
        assert found[trouble] == []
    assert found["right"] >= found["probes"] // 2
    # Forgetting and importing hold a second state of 20 MB for a time, and the first round has done neither.
    assert found["rss"]["most"] < found["rss"]["first"] + 50_000_000
    assert found["files"]["last"] < 1.5 * found["files"]["first"]
    assert found["snapshots"]["least"] == found["snapshots"]["most"]
    assert found["descriptors"]["last"] <= found["descriptors"]["first"] + 1
    assert found["threads"]["last"] <= found["threads"]["first"] + 1


def test_controls_survive_the_memory(capsys: pytest.CaptureFixture[str]) -> None:
    found = bench(capsys, "controls", "--fill", "60")["controls"]
    assert found["right_without"] >= 30
    assert found["right_with"] >= found["right_without"] - 1


def test_an_encrypted_profile_is_not_much_slower(tmp_path: Path) -> None:
    """Ratios of processor time: encrypting is the library's work, and must not become ours."""
    found = encryption.run(tmp_path, 2)["steps"]
    for step in ("a message", "a learned turn", "load the state", "save the state", "search", "export"):
        assert found[step][2] < 6, step
    assert found["folder, bytes"][2] < 1.05
    assert found["export file, bytes"][2] < 1.05
