"""The process: the pipe is out of reach of whoever prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import ctypes, os, sys
from engine.__main__ import take_pipe
incoming, outgoing = take_pipe()
print("python prints")
os.write(1, b"native code prints\\n")
os.system("echo a child prints")
os.write(outgoing, b"got: " + os.read(incoming, 100))
assert os.read(0, 1) == b"", "stdin is empty for everybody else"
"""


def run(*arguments: str, said: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-P", *arguments], input=said, capture_output=True, env=environment, timeout=60, check=False
    )


def test_prints_do_not_reach_the_pipe() -> None:
    done = run("-c", SCRIPT, said=b"hello")
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"got: hello"
    for text in (b"python prints", b"native code prints", b"a child prints"):
        assert text in done.stderr


def test_a_process_without_a_front_end_ends_at_once(tmp_path: Path) -> None:
    done = run("-m", "engine", "--data-dir", str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_wrong_arguments_are_explained() -> None:
    done = run("-m", "engine")
    assert done.returncode == 2
    assert b"--data-dir" in done.stderr
    assert done.stdout == b""
