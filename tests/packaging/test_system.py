"""What is missing from the operating system is found, and named with the command that installs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from launcher import system
from launcher.show import Progress, Runner, SetupError
from tests.packaging.conftest import SITE

LDD = """\
\tlinux-vdso.so.1 (0x00007ffd)
\tlibEGL.so.1 => not found
\tlibxcb-cursor.so.0 => not found
\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f)
/somewhere/libqxcb.so:
\tlibEGL.so.1 => not found
\tlibodd.so.9 => not found
"""

BASIC = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "ld-linux-x86-64.so.2"}
"""Of the C library: where these are missing, nothing runs."""


def test_ldd_output_is_read_once_each() -> None:
    assert system.parse_ldd(LDD) == ["libEGL.so.1", "libxcb-cursor.so.0", "libodd.so.9"]


def test_on_debian_every_library_is_named_with_its_package_and_the_command() -> None:
    message, hint = system.describe_missing(["libEGL.so.1", "libxcb-cursor.so.0"], "debian")
    assert "libEGL.so.1   (package libegl1)" in message
    assert "libxcb-cursor.so.0   (package libxcb-cursor0)" in message
    assert hint == "Install them with:  sudo apt-get install libegl1 libxcb-cursor0"


def test_an_unknown_library_is_not_dropped() -> None:
    message, hint = system.describe_missing(["libodd.so.9"], "debian")
    assert "libodd.so.9" in message
    assert "apt-file search" in hint


def test_two_libraries_of_one_package_are_installed_once() -> None:
    assert system.packages_for(["libglib-2.0.so.0", "libgthread-2.0.so.0"], "debian") == ["libglib2.0-0"]


def test_dnf_and_zypper_are_asked_by_capability() -> None:
    _, hint = system.describe_missing(["libEGL.so.1"], "fedora")
    assert hint == "Install them with:  sudo dnf install 'libEGL.so.1()(64bit)'"


@pytest.mark.parametrize(
    ("text", "kin"),
    [
        ("ID=debian\n", "debian"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', "debian"),
        ("ID=rocky\nID_LIKE='rhel centos fedora'\n", "fedora"),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "suse"),
        ("ID=arch\n", "arch"),
        ("ID=void\n", "other"),
        ("NAME='unbalanced\n", "other"),
    ],
)
def test_families(text: str, kin: str) -> None:
    assert system.family(system.parse_os_release(text), "linux") == kin


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux libraries")
def test_a_library_that_is_gone_is_found_missing(tmp_path: Path) -> None:
    """With a real library that needs a real library."""
    compiler = system.find_compiler(os.environ)
    assert compiler is not None
    (tmp_path / "a.cpp").write_text("int a() { return 1; }\n", encoding="utf-8")
    (tmp_path / "b.cpp").write_text("int a(); int b() { return a(); }\n", encoding="utf-8")
    run = [compiler, "-shared", "-fPIC"]
    subprocess.run([*run, "a.cpp", "-o", "libtechoa.so", "-Wl,-soname,libtechoa.so.1"], cwd=tmp_path, check=True)
    subprocess.run([*run, "b.cpp", "./libtechoa.so", "-o", "libb.so", "-Wl,-rpath,$ORIGIN"], cwd=tmp_path, check=True)
    (tmp_path / "libtechoa.so").rename(tmp_path / "libtechoa.so.1")
    assert system.missing_libraries([tmp_path / "libb.so"]) == []
    (tmp_path / "libtechoa.so.1").unlink()
    assert system.missing_libraries([tmp_path / "libb.so"]) == ["libtechoa.so.1"]


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("objdump") is None, reason="reads Linux libraries")
def test_the_table_knows_every_library_that_qt_asks_for() -> None:
    """A new Qt that leans on another library fails here, not on somebody's bare machine."""
    files = [file for file in system.qt_files(SITE / "PySide6", {"WAYLAND_DISPLAY": "wayland-0"}) if file.is_file()]
    assert len(files) >= 10
    run = subprocess.run(["objdump", "-p", *files], capture_output=True, text=True, check=True)
    needed = {line.split()[1] for line in run.stdout.splitlines() if line.strip().startswith("NEEDED")}
    outside = {name for name in needed if not name.startswith(("libQt6", "libicu", "libshiboken", "libpyside"))}
    assert outside - BASIC - set(system.DEBIAN_LIBRARIES) == set()
    assert {"libEGL.so.1", "libxcb-cursor.so.0"} <= outside


def test_the_wayland_plugin_is_asked_about_only_under_wayland(tmp_path: Path) -> None:
    without = system.qt_files(tmp_path, {})
    within = system.qt_files(tmp_path, {"WAYLAND_DISPLAY": "wayland-0"})
    assert {path.name for path in within} - {path.name for path in without} == {
        "libQt6WaylandClient.so.6",
        "libqwayland.so",
    }


def test_a_compiler_counts_only_when_it_compiles(tmp_path: Path) -> None:
    real = system.find_compiler(os.environ)
    assert real is not None
    assert system.find_compiler({"PATH": str(tmp_path)}) is None
    stub = tmp_path / "g++"  # as macOS ships one before its developer tools are there
    stub.write_text("#!/bin/sh\necho 'note: no developer tools were found' >&2\nexit 1\n", encoding="utf-8")
    stub.chmod(0o755)
    assert system.find_compiler({"PATH": str(tmp_path)}) is None
    assert system.find_compiler({"PATH": str(tmp_path), "CXX": "no-such-compiler"}) is None


def test_without_a_compiler_the_command_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, progress: Progress, runner: Runner
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(SetupError) as caught:
        system.need_compiler("debian", progress, runner)
    assert "C++ compiler" in caught.value.message
    assert caught.value.hint == "Install one with:  sudo apt-get install g++"
