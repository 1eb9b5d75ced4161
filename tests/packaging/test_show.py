"""Progress on a terminal and in a file; children that leave nothing behind."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from launcher import show
from launcher.show import CommandFailed, Progress, Runner
from tests.packaging.conftest import ROOT, clean_environment


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_durations() -> None:
    assert [show.duration(seconds) for seconds in (0.04, 9.96, 34.4, 59.6, 130.0)] == [
        "0.0 s",
        "10.0 s",
        "34 s",
        "1 min 0 s",
        "2 min 10 s",
    ]


def test_in_a_file_each_step_is_one_line(progress: Progress) -> None:
    assert isinstance(progress.out, io.StringIO)
    progress.begin("Python packages")
    progress.note("downloading numpy")
    progress.done("installed 3")
    assert progress.out.getvalue() == "[1/3] Python packages: installed 3 (0.0 s)\n"


def test_in_a_file_a_long_step_gives_signs_of_life(progress: Progress, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(progress.out, io.StringIO)
    monkeypatch.setattr(show, "HEARTBEAT", 0.05)
    progress.begin("llama.cpp")
    time.sleep(0.06)
    progress.note("46 of 83 compiled")
    assert progress.out.getvalue() == "[1/3] llama.cpp ... 0.1 s, 46 of 83 compiled\n"


def test_on_a_terminal_the_running_line_is_redrawn_and_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    ours, theirs = pty.openpty()
    with open(theirs, "w", encoding="utf-8") as out:  # noqa: PTH123 - a file descriptor
        progress = Progress(3, out)
        progress.begin("llama.cpp")
        time.sleep(0.11)
        progress.note("compiling " + "x" * 200)
        progress.done("compiled")
        written = ""
        while "compiled (" not in written:
            written += os.read(ours, 65536).decode()
    os.close(ours)
    drawn = [line for line in written.replace("\r\n", "").split("\r\x1b[K") if line]
    assert all(len(line) <= 39 for line in drawn)
    assert any(line.endswith("…") for line in drawn)
    assert drawn[-1].startswith("[1/3] llama.cpp: compiled (")


def test_output_goes_to_the_log_and_notes_to_the_progress(runner: Runner) -> None:
    seen: list[str] = []
    runner.run(["sh", "-c", "echo one; printf 'two\\rthree\\n'; echo four >&2; printf five"], note=seen.append)
    assert seen == ["one", "two", "three", "four", "five"]
    log = runner.log.read_text(encoding="utf-8")
    assert log.startswith("\n$ sh -c")
    assert log.endswith("one\ntwo\nthree\nfour\nfive\n")


def test_a_failure_carries_its_last_lines(runner: Runner) -> None:
    with pytest.raises(CommandFailed) as caught:
        runner.run(["sh", "-c", "echo before; echo 'OSError: disk on fire'; exit 3"])
    assert caught.value.status == 3
    assert show.excerpt(caught.value.tail) == "    OSError: disk on fire"
    assert str(caught.value) == "sh ended with exit status 3"


def test_a_failure_that_names_no_error_shows_its_end(runner: Runner) -> None:
    with pytest.raises(CommandFailed) as caught:
        runner.run(["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do echo line $i; done; kill -ILL $$"])
    assert caught.value.status == -signal.SIGILL
    assert "signal SIGILL" in str(caught.value)
    assert show.excerpt(caught.value.tail).splitlines()[-1] == "    line 10"


def test_a_missing_program_is_named(runner: Runner) -> None:
    with pytest.raises(show.SetupError, match="no-such-program-at-all"):
        runner.run(["no-such-program-at-all"])


SCRIPT = """
import sys
from pathlib import Path
from launcher.__main__ import _stop
from launcher.show import Progress, Runner
import signal
signal.signal(signal.SIGTERM, _stop)
runner = Runner(Progress(1, sys.stderr), Path(sys.argv[1]) / "log")
try:
    runner.run(["sh", "-c", "sleep 300 & echo $! $$ > " + sys.argv[1] + "/pids; echo started; wait"])
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_takes_the_children_and_their_children_along(tmp_path: Path, number: signal.Signals) -> None:
    ours = subprocess.Popen(
        [sys.executable, "-P", "-c", SCRIPT, str(tmp_path)],
        env=clean_environment(PYTHONPATH=str(ROOT / "packaging")),
        # A test run in the background may have been told to ignore SIGINT; a person's terminal has not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    pids = tmp_path / "pids"
    until = time.monotonic() + 60
    while not (pids.is_file() and pids.read_text(encoding="utf-8").endswith("\n")):
        assert time.monotonic() < until
        assert ours.poll() is None
        time.sleep(0.02)
    children = [int(word) for word in pids.read_text(encoding="utf-8").split()]
    assert all(alive(pid) for pid in children)
    ours.send_signal(number)
    assert ours.wait(timeout=60) == 130
    until = time.monotonic() + 10
    while any(alive(pid) for pid in children):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_child_that_will_not_listen_is_killed() -> None:
    child = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo on; while :; do sleep 0.1; done"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == b"on\n"
        show.end_group(child, patience=0.3)
    assert child.returncode == -signal.SIGKILL
