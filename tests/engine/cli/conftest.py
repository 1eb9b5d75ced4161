"""Running the command line: in this process (quick), or as a process of its own (signals, pipes)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from engine.cli import main

ROOT = Path(__file__).resolve().parents[3]
FEW = ("--threads", "1")
"""Tests share their machine: an engine whose threads wait for each other in vain is slow beyond measure."""


class Run(Protocol):
    """Runs a command in this process against the test's data folder: exit status and JSON."""

    def __call__(self, *arguments: str) -> tuple[int, Any]: ...


@pytest.fixture
def techo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        status = main([*arguments, "--json", *FEW, "--data-dir", str(tmp_path / "data")])
        printed = capsys.readouterr().out
        return status, json.loads(printed) if printed else None

    return run


Spawn = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def spawn(tmp_path: Path) -> Spawn:
    """Starts a command as a process of its own, with pipes."""

    def start(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "engine.cli", *arguments, *FEW, "--data-dir", str(tmp_path / "data")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
        )

    return start
