"""`./techo test` runs every check, also after a failed one, and fails when one failed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from launcher import checks
from launcher.checks import Check
from tests.packaging.conftest import ROOT


def test_the_checks_of_test_and_lint() -> None:
    test = checks.checks("test", ["-k", "name"])
    assert [check.name for check in test] == [
        "ruff check",
        "ruff format",
        "mypy --strict",
        "import contracts",
        "pytest",
    ]
    assert test[-1].command[-3:] == ("pytest", "-k", "name")
    assert checks.checks("lint", []) == test[:-1]


def test_a_failed_check_does_not_hide_the_next(capfd: pytest.CaptureFixture[str]) -> None:
    listed = [
        Check("first", (sys.executable, "-c", "print('one'); raise SystemExit(3)")),
        Check("second", (sys.executable, "-c", "import os; print('two in', os.getcwd())")),
    ]
    results = checks.run_all(listed, dict(os.environ))
    assert [status for _, status, _ in results] == [3, 0]
    out = capfd.readouterr().out
    assert out.index("one") < out.index("two")
    assert f"two in {ROOT}" in out
    lines = checks.summary(results).splitlines()
    assert lines[-2].startswith("FAILED  first")
    assert lines[-1].startswith("ok      second")


@pytest.mark.parametrize(("statuses", "status"), [((0, 0), 0), ((0, 1), 1), ((2, 0), 1), ((-9, 0), 1), ((5, 0), 1)])
def test_the_exit_status(monkeypatch: pytest.MonkeyPatch, statuses: tuple[int, ...], status: int) -> None:
    monkeypatch.setattr(checks, "run_all", lambda *_: [(Check("a", ()), number, 0.1) for number in statuses])
    assert checks.main(["test"]) == status


@pytest.mark.parametrize("arguments", [["lint", "-k", "x"], ["tests"]])
def test_a_wrong_command_line(arguments: list[str]) -> None:
    assert checks.main(arguments) == 2


def test_ci_runs_the_same_command() -> None:
    """From wherever it is started; a wrong option must come back as a failure."""
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "exec ./techo test" in text
    subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=True)
    subprocess.run(["sh", "-n", ROOT / "techo"], check=True)
    subprocess.run(["sh", "-n", ROOT / "packaging" / "bootstrap.sh"], check=True)
