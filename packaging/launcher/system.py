"""What must come from the operating system: a C++ compiler, Python's venv module, the libraries Qt is linked with.

Each missing thing is named together with the command that installs it. As root on Debian, Ubuntu and their kin, set-up
runs that command itself.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from launcher.show import CommandFailed, Progress, Runner, SetupError, excerpt

DEBIAN_LIBRARIES: Final = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libOpenGL.so.0": "libopengl0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
    "libbrotlidec.so.1": "libbrotli1",
    "libstdc++.so.6": "libstdc++6",
    "libgomp.so.1": "libgomp1",
    "libgcc_s.so.1": "libgcc-s1",
    "libatomic.so.1": "libatomic1",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinput.so.0": "libxcb-xinput0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
"""The Debian package of each library (soname) that Qt's own libraries and llama.cpp's lean on."""

QT_LIBRARIES: Final = (
    "Qt/lib/libQt6Core.so.6",
    "Qt/lib/libQt6Gui.so.6",
    "Qt/lib/libQt6Widgets.so.6",
    "Qt/lib/libQt6DBus.so.6",
    "Qt/lib/libQt6Svg.so.6",
    "Qt/plugins/platforms/libqoffscreen.so",
    "Qt/plugins/imageformats/libqsvg.so",
    "Qt/plugins/platforminputcontexts/libibusplatforminputcontextplugin.so",
    "Qt/plugins/platforminputcontexts/libcomposeplatforminputcontextplugin.so",
)
QT_X11: Final = ("Qt/lib/libQt6XcbQpa.so.6", "Qt/plugins/platforms/libqxcb.so")
QT_WAYLAND: Final = ("Qt/lib/libQt6WaylandClient.so.6", "Qt/plugins/platforms/libqwayland.so")

_PROGRAM: Final = "#include <string>\n#include <thread>\nint main() { return std::string().size() > 0; }\n"


# ------------------------------------------------------------------------------------------ the system


def parse_os_release(text: str) -> dict[str, str]:
    """/etc/os-release as a dictionary."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, sign, value = line.strip().partition("=")
        if sign and not key.startswith("#"):
            try:
                found[key] = "".join(shlex.split(value))
            except ValueError:  # an unbalanced quote: the value as it stands
                found[key] = value
    return found


def family(os_release: Mapping[str, str], platform: str = sys.platform) -> str:
    """`debian`, `fedora`, `suse`, `arch`, `macos` or `other`: whose package manager is spoken."""
    if platform == "darwin":
        return "macos"
    names = [os_release.get("ID", ""), *os_release.get("ID_LIKE", "").split()]
    kin = {"ubuntu": "debian", "rhel": "fedora", "centos": "fedora", "opensuse": "suse", "sles": "suse"}
    for name in names:
        known = kin.get(name, name)
        if known in {"debian", "fedora", "suse", "arch"}:
            return known
    return "other"


def system_family() -> str:
    """The family of this machine."""
    try:
        text = Path("/etc/os-release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    return family(parse_os_release(text))


def installs_itself(kin: str) -> bool:
    """Whether set-up may and can install system packages: root on a Debian."""
    return kin == "debian" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install_command(kin: str, packages: Sequence[str]) -> str:
    """What a person types to install `packages` (already named in the family's own way)."""
    words = " ".join(packages)
    return {
        "debian": f"sudo apt-get install {words}",
        "fedora": f"sudo dnf install {words}",
        "suse": f"sudo zypper install {words}",
        "arch": f"sudo pacman -S {words}",
        "macos": "xcode-select --install",
    }.get(kin, f"(with your system's package manager) {words}")


def apt_install(packages: Sequence[str], progress: Progress, runner: Runner) -> None:
    """Installs Debian packages, after mending what an interrupted dpkg left behind.

    Raises:
        SetupError: apt did not install them.
    """
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    wait = ["-o", "DPkg::Lock::Timeout=300"]
    progress.note(f"apt-get: {' '.join(packages)}")

    def note(line: str) -> str | None:
        return f"apt-get: {line}" if line.startswith(("Get:", "Unpacking", "Setting up")) else None

    try:
        if any(Path("/var/lib/dpkg/updates").glob("*")):
            runner.run(["dpkg", "--configure", "-a"], env=environment)
        try:
            runner.run(["apt-get", *wait, "-q", "update"], env=environment, note=note)
        except CommandFailed:
            progress.note("apt-get update failed; trying with the lists that are there")
        runner.run(
            ["apt-get", *wait, "-q", "-y", "--no-install-recommends", "install", *packages],
            env=environment,
            note=note,
        )
    except CommandFailed as error:
        raise SetupError(
            f"apt-get could not install {' '.join(packages)}.\n{excerpt(error.tail)}",
            f"Run  apt-get update && apt-get install {' '.join(packages)}  and look at what it says "
            f"(full log: {runner.log}).",
        ) from error


# ------------------------------------------------------------------------------------------ compiler, venv


def find_compiler(environment: Mapping[str, str]) -> str | None:
    """A C++ compiler that really compiles and links a program; None when there is none.

    A name on the PATH is not enough: macOS ships a stub, and Debian's g++ without libc6-dev has no headers.
    """
    candidates = [environment.get("CXX", ""), "c++", "g++", "clang++"]
    for name in candidates:
        words = shlex.split(name)
        if not words or shutil.which(words[0], path=environment.get("PATH")) is None:
            continue
        command = [*words, "-std=c++17", "-x", "c++", "-", "-o", "/dev/null"]
        try:
            run = subprocess.run(
                command, input=_PROGRAM, text=True, capture_output=True, check=False, timeout=120, env=dict(environment)
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if run.returncode == 0:
            return name
    return None


COMPILER_PACKAGES: Final = {
    "debian": ["g++"],
    "fedora": ["gcc-c++"],
    "suse": ["gcc-c++"],
    "arch": ["base-devel"],
    "macos": [],
}


def need_compiler(kin: str, progress: Progress, runner: Runner) -> str:
    """Makes sure of a C++ compiler; returns its name.

    Raises:
        SetupError: there is none, with the command that installs one.
    """
    compiler = find_compiler(os.environ)
    if compiler is None and installs_itself(kin):
        apt_install(COMPILER_PACKAGES["debian"], progress, runner)
        compiler = find_compiler(os.environ)
    if compiler is None:
        raise SetupError(
            "A C++ compiler is needed, because llama.cpp is compiled for this computer; none was found that works.",
            f"Install one with:  {install_command(kin, COMPILER_PACKAGES.get(kin, ['g++']))}",
        )
    return compiler


def need_venv(kin: str, progress: Progress, runner: Runner) -> None:
    """Makes sure that this Python can make virtual environments with pip (Debian packs that apart).

    Raises:
        SetupError: it cannot, with the command that installs what is missing.
    """
    check = [sys.executable, "-c", "import venv, ensurepip, ctypes, sqlite3, ssl"]
    run = subprocess.run(check, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if installs_itself(kin):
        apt_install([package], progress, runner)
        run = subprocess.run(check, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        reason = run.stderr.strip().splitlines()[-1] if run.stderr.strip() else "no reason given"
        hint = install_command(kin, [package]) if kin == "debian" else "a complete Python 3.11 or newer"
        raise SetupError(
            f"{sys.executable} lacks a part of Python's standard library ({reason}).", f"Install it with:  {hint}"
        )


# ------------------------------------------------------------------------------------------ libraries


def parse_ldd(text: str) -> list[str]:
    """The libraries that `ldd` did not find, in its order."""
    return list(dict.fromkeys(re.findall(r"^\s*(\S+)\s+=>\s+not found", text, re.M)))


def missing_libraries(files: Iterable[Path]) -> list[str]:
    """Sonames that `files` need and this system does not have. Empty where there is no `ldd` to ask."""
    there = [os.fspath(path) for path in files if path.is_file()]
    ldd = shutil.which("ldd")
    if not there or ldd is None or sys.platform == "darwin":
        return []
    run = subprocess.run(
        [ldd, *there], capture_output=True, text=True, check=False, timeout=60, env={**os.environ, "LC_ALL": "C"}
    )
    return parse_ldd(run.stdout)


def qt_files(pyside: Path, environment: Mapping[str, str]) -> list[Path]:
    """Those of Qt's files that the window needs in this session: X11's always, Wayland's where Wayland runs."""
    names = [*QT_LIBRARIES, *QT_X11, *(QT_WAYLAND if environment.get("WAYLAND_DISPLAY") else ())]
    return [pyside / name for name in names]


def packages_for(libraries: Sequence[str], kin: str, *, wide: bool = sys.maxsize > 2**32) -> list[str]:
    """What to install for `libraries`. dnf and zypper know a library by its capability, so they need no table."""
    if kin == "debian":
        return list(dict.fromkeys(DEBIAN_LIBRARIES[name] for name in libraries if name in DEBIAN_LIBRARIES))
    if kin in {"fedora", "suse"}:
        return [f"'{name}()({'64bit' if wide else ''})'" for name in libraries]
    return []


def describe_missing(libraries: Sequence[str], kin: str, *, whose: str = "The window") -> tuple[str, str]:
    """Message and hint that name every missing library and how to get it."""
    lines = []
    for name in libraries:
        package = DEBIAN_LIBRARIES.get(name) if kin == "debian" else None
        lines.append(f"    {name}" + (f"   (package {package})" if package else ""))
    message = f"{whose} needs system libraries that are missing:\n" + "\n".join(lines)
    packages = packages_for(libraries, kin)
    unknown = [name for name in libraries if kin == "debian" and name not in DEBIAN_LIBRARIES]
    hints = []
    if packages:
        hints.append(f"Install them with:  {install_command(kin, packages)}")
    else:
        hints.append("Install them with your system's package manager.")
    if unknown:
        hints.append(f"To find the package of {', '.join(unknown)}:  apt-file search NAME")
    return message, "\n".join(hints)
