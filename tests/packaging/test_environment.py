"""Half made environments and half installed packages are found and mended; whole ones are left alone."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import shutil
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from launcher import environment as env
from launcher.places import Places
from launcher.show import Runner, SetupError
from tests.packaging.conftest import ROOT, SITE, make_venv

LOCKS = sorted(path.stem for path in (ROOT / "packaging" / "lock").glob("*.txt"))


# ------------------------------------------------------------------------------------------ environments


def test_no_environment(places: Places) -> None:
    assert env.inspect(places) is None


def test_an_environment_whose_making_was_interrupted_is_not_taken(places: Places, runner: Runner) -> None:
    """`venv` writes pyvenv.cfg and the interpreter first and pip last."""
    make_venv(places.venv)
    assert (places.venv / "pyvenv.cfg").is_file()
    assert places.python.exists()
    assert env.inspect(places) is None
    (places.venv / "half.txt").touch()
    made = env.make(places, runner)
    assert env.inspect(places) == made
    assert not (places.venv / "half.txt").exists()


def test_an_environment_whose_python_is_gone_is_not_taken(places: Places) -> None:
    make_venv(places.venv)
    places.python.unlink()
    places.python.symlink_to("/usr/bin/no-such-python")
    assert env.inspect(places) is None


def test_an_environment_that_somebody_made_by_hand_is_adopted(
    places: Places, shared_venv: env.Environment, tmp_path: Path
) -> None:
    by_hand = dataclasses.replace(places, root=shared_venv.python.parent.parent.parent)
    found = env.inspect(by_hand)
    assert found is not None
    assert found.version == shared_venv.version
    assert found.site == shared_venv.site


def test_a_copied_environment_is_not_taken(places: Places, shared_venv: env.Environment) -> None:
    """Its interpreter works, but belongs to the environment it was copied from."""
    places.venv.mkdir(parents=True)
    shutil.copy(shared_venv.python.parent.parent / "pyvenv.cfg", places.venv)
    (places.venv / "bin").mkdir()
    places.python.write_text(f'#!/bin/sh\nexec "{shared_venv.python}" "$@"\n', encoding="utf-8")
    places.python.chmod(0o755)
    assert env.inspect(places) is None


# ------------------------------------------------------------------------------------------ locks


def test_pins_are_read_and_anything_else_is_refused() -> None:
    assert env.parse_lock("# a comment\nPySide6_Essentials==6.1 # why\n\ntorch==2.13.0\n") == {
        "pyside6-essentials": "6.1",
        "torch": "2.13.0",
    }
    for line in ("numpy>=2", "numpy", "-r other.txt", "numpy==", "git+https==1"):
        with pytest.raises(ValueError, match="not a pin"):
            env.parse_lock(line)


def locked(*names: str) -> dict[str, str]:
    """The pins of some lock files."""
    return {
        name: version
        for lock in names
        for name, version in env.parse_lock((ROOT / "packaging" / "lock" / f"{lock}.txt").read_text("utf-8")).items()
    }


def test_no_two_locks_disagree() -> None:
    seen: dict[str, str] = {}
    for lock in LOCKS:
        for name, version in locked(lock).items():
            assert seen.setdefault(name, version) == version, name


@pytest.mark.parametrize(
    ("group", "locks"),
    [
        ("", ["core", "llama"]),
        ("dev", ["core", "llama", "dev"]),
        ("train", ["core", "llama", "train"]),
        ("bundle", ["core", "llama", "bundle"]),
    ],
)
def test_the_locks_fulfil_pyproject(group: str, locks: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"]
    if group:
        wanted = project["project"]["optional-dependencies"][group]
    pins = locked(*locks)
    for text in [*wanted, *project["build-system"]["requires"]]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(Version(pins[env.normal(requirement.name)])), text


@pytest.mark.parametrize("locks", [["core", "llama"], ["core", "llama", "dev"]])
def test_the_locks_are_complete(locks: list[str]) -> None:
    """They are installed without looking at dependencies, so every dependency must be in them."""
    pins = locked(*locks)
    for name in pins:
        for text in metadata.requires(name) or ():
            requirement = Requirement(text)
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
                continue
            needed = env.normal(requirement.name)
            if needed == "pip":
                continue  # of sqlite-utils, for a command of its own; every environment has it
            assert needed in pins, f"{name} needs {needed}"
            assert requirement.specifier.contains(Version(pins[needed])), f"{name} needs {text}"


# ------------------------------------------------------------------------------------------ packages


def make_wheel(folder: Path, name: str, version: str, body: str) -> Path:
    """A small real wheel."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": body,
        f"{name}/data.txt": "data " * 100,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for file, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        record += f"{file},sha256={digest},{len(text.encode())}\n"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**files, f"{info}/RECORD": record + f"{info}/RECORD,,\n"}.items():
            archive.writestr(file, text)
    return path


class Shelf:
    """Two packages on a shelf, installed into the shared environment by the real pip, without any network."""

    def __init__(self, environment: env.Environment, runner: Runner, folder: Path) -> None:
        self.environment = environment
        self.runner = runner
        self.folder = folder
        self.pins = {"techo-alpha": "1.0", "techo-beta": "2.0"}
        self.asked: list[list[str]] = []
        for name, version in (("techo_alpha", "1.0"), ("techo_beta", "2.0"), ("techo_beta", "1.9")):
            make_wheel(folder, name, version, f"VERSION = '{version}'\n")

    @property
    def site(self) -> Path:
        return self.environment.site[0]

    def install(self, wanted: list[str]) -> None:
        self.asked.append(wanted)
        options: list[str | Path] = ["--no-index", "--find-links", self.folder, "--no-deps", "--force-reinstall"]
        env.pip_install(self.runner, self.environment.python, [*options, *wanted], "The packages")

    def mend(self) -> list[str]:
        return env.bring_in_line(self.runner, self.environment, self.pins, self.install, "The packages")

    def faults(self) -> dict[str, str]:
        return env.faults(self.environment.site, self.pins)


@pytest.fixture
def shelf(shared_venv: env.Environment, runner: Runner, tmp_path: Path) -> Shelf:
    """Both packages installed and whole."""
    shelf = Shelf(shared_venv, runner, tmp_path / "wheels")
    shelf.mend()
    assert shelf.faults() == {}
    shelf.asked.clear()
    return shelf


def test_whole_packages_are_left_alone(shelf: Shelf) -> None:
    assert shelf.mend() == []
    assert shelf.asked == []


def test_only_what_is_broken_is_installed_again(shelf: Shelf) -> None:
    (shelf.site / "techo_alpha" / "data.txt").write_text("cut sho", encoding="utf-8")
    assert shelf.faults() == {"techo-alpha": "has a damaged techo_alpha/data.txt"}
    assert shelf.mend() == ["techo-alpha"]
    assert shelf.asked == [["techo-alpha==1.0"]]
    assert (shelf.site / "techo_alpha" / "data.txt").read_text(encoding="utf-8") == "data " * 100


def test_a_lost_file_is_noticed(shelf: Shelf) -> None:
    (shelf.site / "techo_beta" / "__init__.py").unlink()
    assert shelf.faults() == {"techo-beta": "lacks techo_beta/__init__.py"}
    assert shelf.mend() == ["techo-beta"]


def test_an_installation_cut_off_before_its_record_is_mended(shelf: Shelf) -> None:
    """pip refuses to uninstall such a package; set-up puts it in place all the same."""
    (shelf.site / "techo_alpha-1.0.dist-info" / "RECORD").unlink()
    assert shelf.faults() == {"techo-alpha": "was only half installed"}
    assert shelf.mend() == ["techo-alpha"]


def test_a_package_that_is_there_twice_is_mended(shelf: Shelf) -> None:
    """As an interrupted upgrade leaves it, along with the folders that pip had moved aside."""
    old = shelf.site / "techo_beta-1.9.dist-info"
    old.mkdir()
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: techo-beta\nVersion: 1.9\n", encoding="utf-8")
    aside = shelf.site / "~echo_beta"
    aside.mkdir()
    assert shelf.faults() == {"techo-beta": "is installed twice"}
    assert shelf.mend() == ["techo-beta"]
    assert not old.exists()
    assert not aside.exists()


def test_another_version_is_replaced(shelf: Shelf) -> None:
    shelf.install(["techo-beta==1.9"])
    assert shelf.faults() == {"techo-beta": "is 1.9, not 2.0"}
    assert shelf.mend() == ["techo-beta"]


def test_a_local_version_fits_its_public_pin(tmp_path: Path) -> None:
    info = tmp_path / "torch-2.13.0+cpu.dist-info"
    info.mkdir()
    (info / "RECORD").write_text(f"{info.name}/RECORD,,\n", encoding="utf-8")
    assert env.faults([tmp_path], {"torch": "2.13.0"}) == {}
    assert env.faults([tmp_path], {"torch": "2.13"}) == {"torch": "is 2.13.0+cpu, not 2.13"}


def test_what_pip_cannot_get_is_said_with_the_log(shelf: Shelf) -> None:
    shelf.pins["techo-gamma"] = "1.0"
    with pytest.raises(SetupError) as caught:
        shelf.mend()
    assert "techo-gamma" in caught.value.message
    assert str(shelf.runner.log) in caught.value.hint
    assert "No matching distribution" in shelf.runner.log.read_text(encoding="utf-8")


def test_our_own_environment_is_whole() -> None:
    """Byte code that some wheels bring along, scripts and the like raise no false alarm."""
    assert env.faults([SITE], locked("core", "dev", "llama", "model")) == {}


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("Collecting numpy==2.4.6", "collecting numpy==2.4.6"),
        ("  Downloading numpy-2.4.6-cp311-manylinux.whl (16.4 MB)", "downloading numpy-2.4.6-cp311-manylinux.whl"),
        ("Installing collected packages: numpy, shiboken6", "unpacking"),
        ("WARNING: Location 'file:///x/' is ignored: it is neither a file nor a directory.", None),
    ],
)
def test_notes_of_pip(line: str, note: str | None) -> None:
    assert env.pip_note(line) == note
