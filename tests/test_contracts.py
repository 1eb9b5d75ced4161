"""The import contracts in pyproject.toml hold, and each of them notices when it is broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINT = "from importlinter.cli import lint_imports_command as run; run()"


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Runs import-linter over a checkout."""
    return subprocess.run(
        [sys.executable, "-P", "-c", LINT, "--no-cache"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources that may be spoilt."""
    root = tmp_path_factory.mktemp("contracts")
    for package in ("app", "engine"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__", "data", "*.jsonl"))
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def test_the_contracts_hold() -> None:
    run = lint(ROOT)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("app/__init__.py", "import engine.store", "app knows engine.protocol and nothing else of the engine"),
        ("app/rpc.py", "import engine.errors", "app knows engine.protocol and nothing else of the engine"),
        ("engine/protocol.py", "import engine.errors", "engine.protocol needs nothing but msgspec"),
        ("engine/server/__init__.py", "import PySide6.QtCore", "engine knows neither Qt nor app"),
        ("engine/turn/__init__.py", "import app", "engine knows neither Qt nor app"),
        ("engine/store/__init__.py", "import engine.bit_ttt", "engine: front ends -> server"),
        ("engine/bit_ttt/__init__.py", "import engine.backbone", "engine: front ends -> server"),
        ("engine/newcomer.py", "VALUE = 1", "engine: front ends -> server"),
        ("engine/store/__init__.py", "import engine.protocol", "engine.bit_ttt and engine.store know nobody"),
        ("engine/bit_ttt/__init__.py", "import sqlite3", "engine.bit_ttt is arithmetic"),
        ("engine/session.py", "import torch", "torch lives in engine.training alone"),
        ("engine/turn/__init__.py", "import llama_cpp", "llama_cpp is imported by engine.backbone"),
        ("engine/store/__init__.py", "import pickle", "nobody unpickles, and nobody but engine.models.download"),
        ("app/__init__.py", "import urllib.request", "nobody unpickles, and nobody but engine.models.download"),
        ("engine/models/catalogue.py", "import http.client", "nobody unpickles, and nobody but engine.models.download"),
        ("engine/models/download.py", "import pickle", "nobody unpickles, and nobody but engine.models.download"),
        ("engine/server/__init__.py", "import engine.models.download", "engine.models.download is reached from"),
        ("engine/models/__init__.py", "import engine.models.download", "engine.models.download is reached from"),
    ],
)
def test_a_broken_contract_is_noticed(copy: Path, module: str, line: str, contract: str) -> None:
    path = copy / module
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.write_text((before or "") + f"\n{line}\n", encoding="utf-8")
    try:
        run = lint(copy)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before, encoding="utf-8")
    assert run.returncode == 1
    kept_or_broken = {text.rpartition(" ")[0]: text.rpartition(" ")[2] for text in run.stdout.splitlines()}
    broken = [name for name, verdict in kept_or_broken.items() if verdict == "BROKEN"]
    assert any(name.startswith(contract) for name in broken) or contract in run.stdout.partition("Broken contracts")[2]
