"""`./techo` itself: the real script, run from everywhere, in a checkout whose programs tell how they were called.

The set-up behind it is replaced by one that takes no time; its own parts are tested beside this file.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.cli.arguments import build_parser
from tests.packaging.conftest import ROOT, clean_environment, make_venv

TELL = """
import json, os, sys
print(json.dumps({"program": PROGRAM, "arguments": sys.argv[1:], "folder": os.getcwd(), "path": sys.path,
                  "python": sys.executable, "safe": sys.flags.safe_path, "pythonpath": os.environ.get("PYTHONPATH")}))
sys.exit(int(os.environ.get("TELL_STATUS", "0")))
"""

SET_UP = """
import os, sys
from pathlib import Path
root, *goals = sys.argv[1:]
with open(os.environ["SET_UP_CALLS"], "a") as calls:
    calls.write(" ".join(goals) + "\\n")
status = int(os.environ.get("SET_UP_STATUS", "0"))
if status == 0:
    state = Path(root, ".venv", ".techo")
    state.mkdir(exist_ok=True)
    reached = {"core", *goals}
    (state / "reached").write_text(" ".join(sorted(reached)) + "\\n")
sys.exit(status)
"""


@dataclass
class Checkout:
    """A copy of the launcher in a folder with a blank and an umlaut in its name."""

    root: Path
    calls: Path

    def run(
        self,
        *arguments: str,
        cwd: Path | None = None,
        program: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        ours = clean_environment(SET_UP_CALLS=str(self.calls))
        return subprocess.run(
            [program or self.root / "techo", *arguments],
            env={**ours, **(environment or {})},
            cwd=cwd or self.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    def told(
        self, *arguments: str, cwd: Path | None = None, program: str = "", environment: Mapping[str, str] | None = None
    ) -> Mapping[str, object]:
        """What the program that was started says about itself."""
        run = self.run(*arguments, cwd=cwd, program=program, environment=environment)
        assert run.returncode == 0, run.stderr
        said: Mapping[str, object] = json.loads(run.stdout)
        return said

    def set_ups(self) -> list[str]:
        """The goals of every set-up so far."""
        return self.calls.read_text(encoding="utf-8").splitlines() if self.calls.exists() else []


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: it holds a real virtual environment."""
    root = tmp_path_factory.mktemp("launcher") / "Techo prüft"
    shutil.copytree(ROOT / "packaging", root / "packaging", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "techo", root)
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / "packaging" / "launcher" / "__main__.py").write_text(SET_UP, encoding="utf-8")
    for package, module in (("app", "app"), ("engine/cli", "engine.cli"), ("engine/training", "engine.training")):
        (root / package).mkdir(parents=True)
        (root / package / "__init__.py").touch()
        (root / package / "__main__.py").write_text(f"PROGRAM = {module!r}\n{TELL}", encoding="utf-8")
    for folder, name in (("launcher", "checks"), ("launcher", "translations"), ("bundle", "build")):
        program = root / "packaging" / folder / f"{name}.py"
        program.write_text(f"PROGRAM = {name!r}\n{TELL}", encoding="utf-8")
    make_venv(root / ".venv")
    site = next((root / ".venv" / "lib").glob("python*/site-packages"))
    (site / "techo.pth").write_text(f"{root}\n", encoding="utf-8")
    return root


@pytest.fixture
def checkout(template: Path, tmp_path: Path) -> Checkout:
    """Nothing is set up yet."""
    shutil.rmtree(template / ".venv" / ".techo", ignore_errors=True)
    shutil.copy(ROOT / "pyproject.toml", template)
    return Checkout(template, tmp_path / "calls")


# ------------------------------------------------------------------------------------------ who gets what


@pytest.mark.parametrize(
    ("arguments", "program", "passed", "goals"),
    [
        ([], "app", [], "core window"),
        (["--quit-after-first-paint"], "app", ["--quit-after-first-paint"], "core window"),
        (["--profile", "Aiko"], "app", ["--profile", "Aiko"], "core window"),
        (["chat"], "engine.cli", ["chat"], "core"),
        (["say", "Miso's  cat; & co.", ""], "engine.cli", ["say", "Miso's  cat; & co.", ""], "core"),
        (["memory", "stats", "--json"], "engine.cli", ["memory", "stats", "--json"], "core"),
        (["no-such-command"], "engine.cli", ["no-such-command"], "core"),
        (["train", "--seed", "1"], "engine.training", ["--seed", "1"], "core train"),
        (["test", "-k", "a or b"], "checks", ["test", "-k", "a or b"], "core window dev train"),
        (["lint"], "checks", ["lint"], "core window dev train"),
        (["translate"], "translations", [], "core window"),
        (["bundle", "/tmp/a b"], "build", ["/tmp/a b"], "core window bundle"),
    ],
)
def test_each_command_reaches_its_program(
    checkout: Checkout, arguments: list[str], program: str, passed: list[str], goals: str
) -> None:
    told = checkout.told(*arguments, environment={"DISPLAY": ":7"})
    assert told["program"] == program
    assert told["arguments"] == passed
    assert told["python"] == str(checkout.root / ".venv" / "bin" / "python")
    assert checkout.set_ups() == [goals]


@pytest.mark.parametrize(
    ("line", "program", "goals"),
    [
        ("--json memory stats", "engine.cli", "core"),
        ("--profile chat --data-dir bench --threads 2 say hello", "engine.cli", "core"),
        ("--profile=chat --json chat", "engine.cli", "core"),
        ("--profile chat --data-dir memory", "app", "core window"),
    ],
)
def test_options_may_stand_before_the_command(checkout: Checkout, line: str, program: str, goals: str) -> None:
    told = checkout.told(*line.split(), environment={"DISPLAY": ":7"})
    assert (told["program"], told["arguments"], checkout.set_ups()) == (program, line.split(), [goals])


def test_every_command_is_known_behind_an_option(checkout: Checkout) -> None:
    """The script repeats the names of the grammar."""
    names = build_parser().format_help().partition("commands:")[2]
    commands = re.findall(r"^    (\w+) ", names, re.MULTILINE)
    assert "bench" in commands
    for command in commands:
        assert checkout.told("--json", command)["program"] == "engine.cli", command


def test_an_installation_adds_no_second_techo() -> None:
    """A `techo` of pip's could only be the command line: without arguments it would open no window."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "scripts" not in project


def test_the_exit_status_is_the_program_s(checkout: Checkout) -> None:
    assert checkout.run("say", "x", environment={"TELL_STATUS": "3"}).returncode == 3


def test_setup_only_sets_up(checkout: Checkout) -> None:
    run = checkout.run("setup")
    assert (run.returncode, run.stdout, checkout.set_ups()) == (0, "", ["core"])
    assert checkout.run("setup", "now").returncode == 2


def test_the_folder_it_is_called_from_stays_and_cannot_shadow_the_program(checkout: Checkout, tmp_path: Path) -> None:
    """A file named engine.py or json.py there must not be imported."""
    for name in ("engine.py", "app.py", "json.py", "launcher.py"):
        (tmp_path / name).write_text("raise SystemExit('shadowed')\n", encoding="utf-8")
    told = checkout.told("chat", cwd=tmp_path, environment={"PYTHONPATH": str(tmp_path)})
    assert told["folder"] == str(tmp_path)
    assert told["safe"] is True
    assert told["pythonpath"] is None
    assert str(tmp_path) not in str(told["path"])


def test_through_links_and_relative_paths(checkout: Checkout, tmp_path: Path) -> None:
    elsewhere = tmp_path / "bin dir"
    elsewhere.mkdir()
    (elsewhere / "techo").symlink_to(checkout.root / "techo")
    (elsewhere / "second").symlink_to("techo")
    (tmp_path / "folder").symlink_to(checkout.root)
    for program in (f"{elsewhere}/techo", f"{elsewhere}/second", f"{tmp_path}/folder/techo", "./techo", "../techo"):
        told = checkout.told("chat", cwd=checkout.root / "app" if ".." in program else checkout.root, program=program)
        assert told["python"] == str(checkout.root / ".venv" / "bin" / "python")
    run = subprocess.run(
        ["techo", "chat"],
        env=clean_environment(PATH=f"{elsewhere}:{os.environ['PATH']}", SET_UP_CALLS=str(checkout.calls)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(run.stdout)["program"] == "engine.cli"
    assert checkout.set_ups() == ["core"]


# ------------------------------------------------------------------------------------------ the stamp


def test_the_second_start_goes_straight_on(checkout: Checkout) -> None:
    for _ in range(3):
        checkout.told("chat")
    assert checkout.set_ups() == ["core"]


def test_each_goal_has_its_own_stamp(checkout: Checkout) -> None:
    checkout.told("chat")
    checkout.told(environment={"DISPLAY": ":7"})
    checkout.told("train")
    checkout.told("chat")
    checkout.told(environment={"DISPLAY": ":7"})
    assert checkout.set_ups() == ["core", "core window", "core train"]


@pytest.mark.parametrize(
    "changed", ["pyproject.toml", "packaging/lock/core.txt", "packaging/launcher/cpu.py", ".venv/.techo/core.stamp"]
)
def test_a_change_in_what_set_up_depends_on_sets_up_again(checkout: Checkout, changed: str) -> None:
    checkout.told("chat")
    path = checkout.root / changed
    before = path.read_bytes()
    path.write_bytes(before + b"# changed\n" if changed[0] != "." else b"")
    try:
        checkout.told("chat")
        checkout.told("chat")
        assert checkout.set_ups() == ["core", "core"]
    finally:
        path.write_bytes(before)


def test_another_interpreter_sets_up_again(checkout: Checkout, tmp_path: Path) -> None:
    """As when the system's Python was upgraded under the environment."""
    checkout.told("chat")
    python = checkout.root / ".venv" / "bin" / "python"
    before = python.readlink()
    copy = tmp_path / "python"
    copy.symlink_to("/bin/sh")
    python.unlink()
    python.symlink_to(copy)
    try:
        checkout.run("chat")
        assert checkout.set_ups() == ["core", "core"]
    finally:
        python.unlink()
        python.symlink_to(before)


def test_a_moved_checkout_sets_up_again(checkout: Checkout) -> None:
    checkout.told("chat")
    moved = checkout.root.with_name("moved")
    checkout.root.rename(moved)
    try:
        dataclass_copy = Checkout(moved, checkout.calls)
        dataclass_copy.run("chat")
        assert checkout.set_ups() == ["core", "core"]
    finally:
        moved.rename(checkout.root)


def test_a_set_up_that_failed_is_not_stamped_and_nothing_is_started(checkout: Checkout) -> None:
    run = checkout.run("chat", environment={"SET_UP_STATUS": "4"})
    assert (run.returncode, run.stdout) == (4, "")
    run = checkout.run("chat", environment={"SET_UP_STATUS": "130"})
    assert (run.returncode, run.stdout) == (130, "")
    assert checkout.told("chat")["program"] == "engine.cli"
    assert checkout.set_ups() == ["core", "core", "core"]


def test_what_was_reached_along_the_way_is_stamped_too(checkout: Checkout) -> None:
    """Only what was reached: here the window's libraries were found while setting up for the chat."""
    main = checkout.root / "packaging" / "launcher" / "__main__.py"
    before = main.read_text(encoding="utf-8")
    main.write_text(before.replace('{"core", *goals}', '{"core", "window"}'), encoding="utf-8")
    try:
        checkout.told("chat")
        checkout.told(environment={"DISPLAY": ":7"})
        assert checkout.set_ups() == ["core"]
    finally:
        main.write_text(before, encoding="utf-8")


def test_a_ready_start_costs_milliseconds(checkout: Checkout) -> None:
    """Processor time, so that a busy machine does not count; the program itself is replaced by one that just ends."""
    checkout.told("chat")
    python = checkout.root / ".venv" / "bin" / "python"
    before = python.readlink()
    quick = checkout.root / ".venv" / "bin" / "quick"
    quick.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    quick.chmod(0o755)
    environment = clean_environment(SET_UP_CALLS=str(checkout.calls))
    python.unlink()
    python.symlink_to(quick)
    try:
        assert checkout.run("chat").returncode == 0  # stamps with the new interpreter
        calls = checkout.set_ups()
        spent = []
        for _ in range(10):
            child = subprocess.Popen([checkout.root / "techo", "chat"], env=environment)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            assert child.returncode == 0
            spent.append(usage.ru_utime + usage.ru_stime)
        assert checkout.set_ups() == calls
        assert min(spent) < 0.03
    finally:
        python.unlink()
        python.symlink_to(before)


# ------------------------------------------------------------------------------------------ words


def test_help_before_set_up_installs_nothing(checkout: Checkout) -> None:
    for argument in ("--help", "-h", "help"):
        run = checkout.run(argument)
        assert run.returncode == 0
        assert "./techo test" in run.stdout
    assert checkout.set_ups() == []


def test_help_after_set_up_is_the_command_line_s(checkout: Checkout) -> None:
    checkout.told("chat")
    assert checkout.told("--help")["arguments"] == ["--help"]
    assert checkout.told("help", "memory")["arguments"] == ["memory", "--help"]


def test_version(checkout: Checkout) -> None:
    run = checkout.run("--version")
    assert (run.returncode, run.stdout) == (0, "techo 0.1.0\n")
    assert checkout.set_ups() == []


@pytest.mark.skipif(sys.platform != "linux", reason="macOS always has a display")
def test_without_a_display_the_chat_is_offered_before_anything_is_installed(checkout: Checkout) -> None:
    run = checkout.run()
    assert run.returncode == 2
    assert run.stdout == ""
    assert "no display" in run.stderr
    assert "./techo chat" in run.stderr
    assert checkout.set_ups() == []


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"])
def test_any_kind_of_display_will_do(checkout: Checkout, name: str) -> None:
    assert checkout.told(environment={name: "x"})["program"] == "app"


# ------------------------------------------------------------------------------------------ Python


def tools(folder: Path) -> Path:
    """A folder with what the launcher needs of a system, and no Python."""
    folder.mkdir()
    for name in ("sh", "cat", "cksum", "uname", "grep", "readlink", "sed", "id", "mktemp", "rm", "mv"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return folder


def fake_python(folder: Path, name: str, version: str) -> Path:
    """A Python that is too old, as far as the launcher can see."""
    path = folder / name
    path.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && {{ echo "Python {version}"; exit 0; }}\nexit 1\n', encoding="utf-8"
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(checkout: Checkout, tmp_path: Path) -> Checkout:
    """The same checkout without its environment."""
    bare = Checkout(tmp_path / "bare", checkout.calls)
    shutil.copytree(checkout.root, bare.root, ignore=shutil.ignore_patterns(".venv"))
    return bare


def test_without_python_the_command_that_installs_it_is_named(bare: Checkout, tmp_path: Path) -> None:
    run = bare.run("chat", environment={"PATH": str(tools(tmp_path / "tools"))})
    assert run.returncode == 4
    assert run.stdout == ""
    assert "Techo needs Python 3.11 or newer." in run.stderr
    assert "Install it with:" in run.stderr
    assert "TECHO_PYTHON=" in run.stderr


def test_a_python_that_is_too_old_is_named(bare: Checkout, tmp_path: Path) -> None:
    folder = tools(tmp_path / "tools")
    fake_python(folder, "python3", "3.9.2")
    run = bare.run("chat", environment={"PATH": str(folder)})
    assert run.returncode == 4
    assert "found Python 3.9.2" in run.stderr


def test_a_newer_python_beside_an_old_one_is_found(bare: Checkout, tmp_path: Path) -> None:
    folder = tools(tmp_path / "tools")
    fake_python(folder, "python3", "3.9.2")
    (folder / "python3.12").symlink_to(os.path.realpath(sys.executable))
    (bare.root / ".venv").mkdir()
    run = bare.run("setup", environment={"PATH": str(folder)})
    assert run.returncode == 0, run.stderr
    assert bare.set_ups() == ["core"]


def test_the_python_that_was_asked_for_is_taken_or_nothing(bare: Checkout, tmp_path: Path) -> None:
    old = fake_python(tmp_path, "old", "3.8.0")
    run = bare.run("chat", environment={"TECHO_PYTHON": str(old)})
    assert run.returncode == 4
    assert f"TECHO_PYTHON is {old}" in run.stderr
    assert bare.set_ups() == []
