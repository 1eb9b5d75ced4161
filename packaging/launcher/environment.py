"""The virtual environment and the Python packages in it, made and mended to match the lock files."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher.places import Places
from launcher.show import CommandFailed, Runner, SetupError, excerpt

_ASK = """
import json, sys, sysconfig
import pip
print(json.dumps({
    "version": sys.version_info[:3], "pip": pip.__version__,
    "purelib": sysconfig.get_path("purelib"), "platlib": sysconfig.get_path("platlib"), "prefix": sys.prefix,
}))
"""


@dataclass(frozen=True)
class Environment:
    """A virtual environment that works: it has a Python that is new enough, and pip."""

    python: Path
    version: tuple[int, int, int]
    site: tuple[Path, ...]
    """Its site-packages folders (one, or two where 64-bit packages live apart)."""


def inspect(places: Places) -> Environment | None:
    """The checkout's environment, whoever made it; None when it is missing, half made or too old."""
    if not (places.venv / "pyvenv.cfg").is_file():
        return None
    try:
        run = subprocess.run([places.python, "-I", "-c", _ASK], capture_output=True, text=True, check=False, timeout=60)
        said = json.loads(run.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None
    version = (int(said["version"][0]), int(said["version"][1]), int(said["version"][2]))
    if run.returncode != 0 or version < (3, 11, 0) or Path(said["prefix"]).resolve() != places.venv.resolve():
        return None
    site = tuple(dict.fromkeys((Path(said["purelib"]), Path(said["platlib"]))))
    return Environment(python=places.python, version=version, site=site)


def make(places: Places, runner: Runner) -> Environment:
    """Makes the environment, in place of whatever half of one lies there.

    Raises:
        SetupError: it could not be made.
    """
    try:
        runner.run([base_python(), "-m", "venv", "--clear", places.venv])
    except CommandFailed as error:
        raise SetupError(
            f"The virtual environment could not be made:\n{excerpt(error.tail)}",
            f"Remove the folder {places.venv} and try again (full log: {runner.log}).",
        ) from error
    made = inspect(places)
    if made is None:
        raise SetupError(
            f"The virtual environment in {places.venv} was made, but its Python does not run.",
            "Name another Python:  TECHO_PYTHON=/path/to/python3 ./techo",
        )
    return made


def base_python() -> str:
    """The interpreter under our own, should we ourselves run in an environment (which may be the broken one)."""
    return str(getattr(sys, "_base_executable", "") or sys.executable)


# ------------------------------------------------------------------------------------------ locks


def normal(name: str) -> str:
    """A distribution's name as all its spellings share it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parse_lock(text: str) -> dict[str, str]:
    """`name==version` lines; anything else but a comment is an error."""
    pins: dict[str, str] = {}
    for line in text.splitlines():
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        name, sign, version = entry.partition("==")
        if not sign or not version or not re.fullmatch(r"[A-Za-z0-9._-]+", name):
            raise ValueError(f"not a pin: {line!r}")
        pins[normal(name)] = version.strip()
    return pins


def read_lock(places: Places, name: str) -> dict[str, str]:
    """The pins of packaging/lock/NAME.txt."""
    return parse_lock((places.requirements / f"{name}.txt").read_text(encoding="utf-8"))


# ------------------------------------------------------------------------------------------ what is installed


def installed(site: Iterable[Path]) -> dict[str, list[tuple[str, Path]]]:
    """Version and record folder of everything that pip put into `site`, by name.

    From the folders' names: reading a hundred metadata files would take longer than all the rest.
    """
    found: dict[str, list[tuple[str, Path]]] = {}
    for folder in site:
        for path in sorted(folder.glob("*.dist-info")):
            name, _, version = path.name.removesuffix(".dist-info").rpartition("-")
            found.setdefault(normal(name), []).append((version, path))
    return found


def check_record(folder: Path) -> str | None:
    """Why an installed distribution is not whole: a listed file is missing or has another size. None when it is."""
    try:
        record = (folder / "RECORD").read_text(encoding="utf-8")
    except OSError:
        record = ""
    if not record:
        return "was only half installed"
    base = f"{folder.parent}/"
    for name, *_, size in csv.reader(io.StringIO(record)):
        # The record itself is listed without a size; byte code (some wheels ship it) and launch scripts are made anew
        # by whoever installs.
        if not size or name.endswith(".pyc") or name.startswith("../"):
            continue
        try:
            found = os.stat(name if name.startswith("/") else base + name).st_size  # noqa: PTH116 - thousands of files
        except OSError:
            return f"lacks {name}"
        if found != int(size):
            return f"has a damaged {name}"
    return None


def faults(site: Iterable[Path], pins: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with each pinned distribution: missing, another version, half installed. Empty when all is well.

    A local version (`2.13.0+cpu`) fits the pin of its public part, as it does for pip.
    """
    there = installed(site)
    wrong: dict[str, str] = {}
    for name, wanted in pins.items():
        found = there.get(name, [])
        if not found:
            wrong[name] = "is missing"
        elif len(found) > 1:
            wrong[name] = "is installed twice"
        else:
            version, folder = found[0]
            if wanted not in (version, version.partition("+")[0]):
                wrong[name] = f"is {version}, not {wanted}"
            elif reason := check_record(folder):
                wrong[name] = reason
    return wrong


def sweep(site: Iterable[Path], names: Iterable[str]) -> None:
    """Removes the records of broken installations, which pip would refuse to uninstall, and pip's own leftovers."""
    folders = list(site)
    for folder in folders:
        for path in folder.glob("~*"):
            remove(path)
    there = installed(folders)
    for name in names:
        found = there.get(name, [])
        for _, path in found:
            if len(found) > 1 or not (path / "RECORD").is_file():
                remove(path)


def remove(path: Path) -> None:
    """Removes a file or a folder with all it holds."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# ------------------------------------------------------------------------------------------ pip


def pip_note(line: str) -> str | None:
    """The few words of pip's output that tell how far it is."""
    match = re.match(
        r"\s*(Collecting|Downloading|Using cached|Processing|Installing collected packages|Building)\b", line
    )
    if match is None:
        return None
    if match[1] == "Installing collected packages":
        return "unpacking"
    words = line.split()
    subject = words[-1] if match[1] != "Downloading" else words[1].rpartition("/")[2]
    return f"{match[1].lower()} {subject.rpartition('/')[2]}"


def pip_install(runner: Runner, python: Path, arguments: Iterable[str | Path], what: str) -> None:
    """`pip install`, quiet, its words in the log.

    Raises:
        SetupError: pip failed.
    """
    command: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar",
        "off",
    ]
    try:
        runner.run([*command, *arguments], note=pip_note)
    except CommandFailed as error:
        raise SetupError(
            f"{what} could not be installed:\n{excerpt(error.tail)}",
            "Is the network there, and is there room on the disk? Run the same command again to go on "
            f"from here (full log: {runner.log}).",
        ) from error


def bring_in_line(
    runner: Runner,
    environment: Environment,
    pins: Mapping[str, str],
    install: Callable[[list[str]], None],
    what: str,
) -> list[str]:
    """Installs those of `pins` that are missing, of another version or broken; returns their names.

    Raises:
        SetupError: something is still wrong afterwards.
    """
    wrong = faults(environment.site, pins)
    if not wrong:
        return []
    runner.record("\n".join(f"{name} {reason}" for name, reason in wrong.items()))
    sweep(environment.site, wrong)
    install([f"{name}=={pins[name]}" for name in wrong])
    left = faults(environment.site, pins)
    if left:
        named = "\n".join(f"    {name} {reason}" for name, reason in left.items())
        raise SetupError(
            f"{what}: after the installation something is still wrong:\n{named}",
            f"Remove the folder {environment.python.parent.parent} and try again (full log: {runner.log}).",
        )
    return list(wrong)


# ------------------------------------------------------------------------------------------ Techo itself


def project_key(places: Places) -> str:
    """What an editable installation depends on: where the checkout is, and what pyproject.toml says."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(str(places.root).encode("utf-8", "surrogateescape") + b"\0")
    digest.update((places.root / "pyproject.toml").read_bytes())
    return digest.hexdigest()


def project_version(places: Places) -> str:
    """The version in pyproject.toml."""
    return str(tomllib.loads((places.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def techo_in_place(places: Places, environment: Environment) -> bool:
    """Whether `app` and `engine` are importable from this checkout, as this pyproject.toml describes them."""
    note = places.state / "editable"
    if not note.is_file() or note.read_text(encoding="utf-8").strip() != project_key(places):
        return False
    return not faults(environment.site, {"techo": project_version(places)})


def install_techo(places: Places, environment: Environment, runner: Runner) -> None:
    """Makes `app` and `engine` importable from the checkout (an editable installation; nothing is downloaded).

    Raises:
        SetupError: pip failed.
    """
    sweep(environment.site, ["techo"])
    pip_install(
        runner, environment.python, ["--no-deps", "--no-build-isolation", "--editable", places.root], "Techo itself"
    )
    places.state.mkdir(parents=True, exist_ok=True)
    (places.state / "editable").write_text(project_key(places) + "\n", encoding="utf-8")


def compile_sources(places: Places, environment: Environment) -> None:
    """Byte-compiles our own modules, so that the first window opens as fast as the second. A failure does no harm."""
    subprocess.run(
        [environment.python, "-m", "compileall", "-q", "-j", "1", places.root / "app", places.root / "engine"],
        capture_output=True,
        check=False,
    )
