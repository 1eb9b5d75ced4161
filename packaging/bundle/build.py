"""`./techo bundle DIR`: the bundle for the system this runs on, in DIR/techo; what it does not need stays out.

Beside the program a Linux bundle has a folder `share` as distributions and desktops expect it: desktop entry, icons,
AppStream metadata. The llama.cpp in it is the one that was compiled for this computer, so the bundle is for processors
with the same instruction sets.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
HERE: Final = Path(__file__).resolve().parent
APP_ID: Final = "techo.techo.Techo"
USAGE: Final = "usage: ./techo bundle DIR      (DIR/techo is made anew; DIR/work keeps what speeds the next build up)"


def freeze(target: Path) -> Path:
    """Runs PyInstaller -> the bundle's folder."""
    options: list[str | Path] = [
        "--noconfirm",
        "--log-level",
        "WARN",
        "--distpath",
        target,
        "--workpath",
        target / "work",
    ]
    command = [sys.executable, "-P", "-m", "PyInstaller", *options, HERE / "techo.spec"]
    # The checkout comes first, also where Techo is installed from another one.
    environment = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
    subprocess.run(command, check=True, env=environment, cwd=target)
    return target / "techo"


def add_share(bundle: Path) -> None:
    """What a Linux desktop wants to know, in the folders of the XDG specifications."""
    share = bundle / "share"
    places = {
        HERE / f"{APP_ID}.desktop": share / "applications",
        HERE / f"{APP_ID}.metainfo.xml": share / "metainfo",
    }
    for source, folder in places.items():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder)
    for picture in (HERE / "icons").glob("techo-*.png"):
        size = picture.stem.removeprefix("techo-")
        folder = share / "icons" / "hicolor" / f"{size}x{size}" / "apps"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, folder / f"{APP_ID}.png")
    folder = share / "icons" / "hicolor" / "scalable" / "apps"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "resources" / "icons" / "techo.svg", folder / f"{APP_ID}.svg")


def strip_python(bundle: Path) -> None:
    """A Python that was compiled by its user carries its symbols, three quarters of the file; nobody reads them here.

    Nothing else is stripped: the libraries of numpy and Qt were patched after they were linked, and may not survive it.
    """
    tool = shutil.which("strip")
    for library in (bundle / "_internal").glob("libpython*.so*"):
        if tool is not None and not library.is_symlink():
            subprocess.run([tool, "--strip-unneeded", library], check=True)


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; links count nothing."""
    if path.is_symlink():
        return 0
    if path.is_file():
        return path.stat().st_size
    return sum(found.stat().st_size for found in path.rglob("*") if found.is_file() and not found.is_symlink())


def table(bundle: Path) -> str:
    """What takes the room, largest first."""
    parts = {path.name: size(path) for path in (bundle / "_internal").iterdir()}
    rows = sorted(parts.items(), key=lambda row: -row[1])
    shown = [row for row in rows if row[1] >= 1_000_000]
    rest = sum(parts.values()) - sum(count for _, count in shown)
    lines = [f"{count / 1e6:8.1f} MB  {name}" for name, count in [*shown, (f"{len(rows) - len(shown)} others", rest)]]
    return "\n".join([*lines, f"{size(bundle) / 1e6:8.1f} MB  {bundle}"])


def answers(bundle: Path) -> None:
    """The bundle starts and knows its own parts; what a conversation is like, the tests and a person see."""
    program = bundle / ("techo-cli.exe" if sys.platform == "win32" else "techo")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run([program, "version"], check=True, env=environment, cwd=bundle)


def main(arguments: list[str]) -> int:
    """Exit status: 0 done, 1 PyInstaller or the bundle failed, 2 wrong command line."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(USAGE, file=sys.stderr)
        return 2
    target = Path(arguments[0]).absolute()
    if target.is_relative_to(ROOT) and not target.is_relative_to(ROOT / "dist"):
        print(f"{target} is in the checkout; choose a folder elsewhere, or {ROOT / 'dist'}.", file=sys.stderr)
        return 2
    target.mkdir(parents=True, exist_ok=True)
    try:
        bundle = freeze(target)
        if sys.platform == "linux":
            strip_python(bundle)
            add_share(bundle)
        answers(bundle)
    except subprocess.CalledProcessError as error:
        print(
            f"The bundle could not be made: {Path(error.cmd[0]).name} ended with {error.returncode}.", file=sys.stderr
        )
        return 1
    print(table(bundle))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
