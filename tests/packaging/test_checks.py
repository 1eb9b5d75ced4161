"""`./techo test` runs every check, also after a failed one, and fails when one failed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from launcher import checks
from launcher.checks import Check
from tests.packaging.conftest import ROOT


def test_the_checks_of_test_and_lint() -> None:
    lint = checks.checks("lint", [])
    assert [check.name for check in lint] == ["ruff check", "ruff format", "import contracts", "mypy --strict"]
    test = checks.checks("test", [])
    assert test[:-2] == lint
    assert [check.name for check in test[-2:]] == ["pytest", "pytest, alone"]
    assert checks.checks("test", ["-k", "name"])[:-1] == lint
    assert checks.checks("test", ["-k", "name"])[-1].command[-3:] == ("pytest", "-k", "name")


def test_the_two_runs_leave_no_test_out_and_run_none_twice() -> None:
    shared, alone = (check.command for check in checks.checks("test", [])[-2:])
    assert shared[shared.index("-m", 3) + 1] == f"not {alone[alone.index('-m', 3) + 1]}"
    assert "-n" in shared
    assert "-n" not in alone
    for command in (shared, alone):
        assert not [argument for argument in command if argument.startswith("tests")]


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


def test_a_check_runs_beside_the_next_and_not_beside_the_one_after(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    wait = f"import pathlib, time\nwhile not pathlib.Path({str(begun)!r}).exists(): time.sleep(0.01)\n"
    touch = "pathlib.Path({!r}).touch()\n"
    listed = [
        # The first ends only once the second has begun.
        Check("mypy", (sys.executable, "-c", wait + touch.format(str(ended)) + "1 / 0"), beside=True),
        Check("tests", (sys.executable, "-c", "import pathlib\n" + touch.format(str(begun)) + "print('tested')")),
        Check("alone", (sys.executable, "-c", f"import os; raise SystemExit(not os.path.exists({str(ended)!r}))")),
    ]
    results = checks.run_all(listed, dict(os.environ))
    assert [(check.name, status) for check, status, _ in results] == [("mypy", 1), ("tests", 0), ("alone", 0)]
    out = capfd.readouterr().out
    assert out.index("tested") < out.index("── mypy") < out.index("ZeroDivisionError") < out.index("── alone")


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
