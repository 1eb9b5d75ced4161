"""The bundle's parts, without building one: its executable's words, icons, desktop entry, metadata, recipe."""

from __future__ import annotations

import ast
import configparser
import os
import re
import struct
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.__main__ import DESKTOP_ID, parse_arguments
from bundle import build, entry, icons

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "packaging" / "bundle"
JAPANESE = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.mark.parametrize(
    ("line", "module", "passed"),
    [
        ("", "app", ""),
        ("--profile chat --new-chat", "app", "--profile chat --new-chat"),
        ("--data-dir memory", "app", "--data-dir memory"),
        ("say hello", "engine.cli", "say hello"),
        ("--profile app --json memory stats", "engine.cli", "--profile app --json memory stats"),
        ("help", "engine.cli", "--help"),
        ("help say", "engine.cli", "say --help"),
        ("--version", "engine.cli", "version"),
        ("-P -m engine --data-dir x", "engine", "--data-dir x"),
        ("-P -m engine.cli --json --data-dir x plan", "engine.cli", "--json --data-dir x plan"),
    ],
)
def test_who_is_meant(line: str, module: str, passed: str) -> None:
    assert entry.chosen(line.split()) == (module, passed.split())


@pytest.mark.parametrize("line", ["-P -m os", "-P -m", "-P -m engine.training"])
def test_it_is_no_python_for_everything(line: str) -> None:
    with pytest.raises(SystemExit, match="no such module"):
        entry.chosen(line.split())


def test_the_children_are_started_in_words_that_the_executable_knows(tmp_path: Path) -> None:
    from app.engine_process import engine_command
    from app.models.command import cli_command
    from engine import client

    commands = {
        "engine": [engine_command(tmp_path), client.engine_command(tmp_path)],
        "engine.cli": [cli_command(tmp_path, ["plan"])],
    }
    for module, found in commands.items():
        for command in found:
            assert command[0] == sys.executable
            assert entry.chosen(command[1:])[0] == module


def test_the_executable_s_script_runs(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-P", HERE / "entry.py", "profile", "list", "--json", "--data-dir", tmp_path],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == '{"profiles": []}'


# ------------------------------------------------------------------------------------------ icons


def side(png: bytes) -> int:
    """Pixels of a square PNG."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    assert width == height
    return int(width)


def test_the_icons_are_whole() -> None:
    for size in icons.SIZES:
        assert side((icons.FOLDER / f"techo-{size}.png").read_bytes()) == size
    ico = (icons.FOLDER / "techo.ico").read_bytes()
    kind, count = struct.unpack_from("<2xHH", ico)
    assert (kind, count) == (1, len(icons.ICO_SIZES))
    for place, size in enumerate(icons.ICO_SIZES):
        width, *_, length, offset = struct.unpack_from("<BBBBHHII", ico, 6 + 16 * place)
        assert width == size % 256
        assert side(ico[offset : offset + length]) == size
    icns = (icons.FOLDER / "techo.icns").read_bytes()
    assert icns[:4] == b"icns"
    assert struct.unpack(">I", icns[4:8])[0] == len(icns)
    place, found = 8, {}
    while place < len(icns):
        kind_of, length = icns[place : place + 4], struct.unpack(">I", icns[place + 4 : place + 8])[0]
        found[kind_of] = side(icns[place + 8 : place + length])
        place += length
    assert found == dict(icons.ICNS_TYPES)


def test_the_icons_are_the_drawing(qapp: object, tmp_path: Path) -> None:
    from PySide6.QtGui import QImage

    icons.make(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in icons.FOLDER.iterdir()}
    now, kept = (QImage(str(folder / "techo-64.png")) for folder in (tmp_path, icons.FOLDER))
    far = sum(
        abs(now.pixelColor(x, y).lightness() - kept.pixelColor(x, y).lightness()) > 40
        for x in range(64)
        for y in range(64)
    )
    assert far < 40, "run packaging/bundle/icons.py"  # Another Qt may smooth an edge differently.


# ------------------------------------------------------------------------------------------ desktop


def test_the_desktop_entry() -> None:
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(HERE / f"{DESKTOP_ID}.desktop", encoding="utf-8")
    assert build.APP_ID == DESKTOP_ID
    main = parser["Desktop Entry"]
    assert (main["Type"], main["Exec"], main["Icon"]) == ("Application", "techo", DESKTOP_ID)
    actions = main["Actions"].strip(";").split(";")
    sections = [main, *(parser[f"Desktop Action {action}"] for action in actions)]
    for section in sections:
        assert section["Name[ja]"]
        program, *options = section["Exec"].split()
        assert program == "techo"
        parse_arguments(options)
    assert parse_arguments(sections[2]["Exec"].split()[1:]).chat == "temporary"


def test_the_metadata_for_software_centres() -> None:
    text = (HERE / f"{DESKTOP_ID}.metainfo.xml").read_text(encoding="utf-8")
    assert not re.search(r"\w+://", text), "no host is named"
    root = ElementTree.fromstring(text)
    assert root.tag == "component"
    assert root.get("type") == "desktop-application"
    assert root.findtext("id") == DESKTOP_ID
    assert root.findtext("launchable") == f"{DESKTOP_ID}.desktop"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert root.findtext("project_license") == project["license"]
    release = root.find("releases/release")
    assert release is not None
    assert release.get("version") == project["version"]
    for path in ("name", "summary", "description/p", "description/ul/li", "keywords/keyword"):
        languages = {found.get(JAPANESE) for found in root.findall(path)}
        assert {None, "ja"} <= languages, path


# ------------------------------------------------------------------------------------------ recipe


def test_the_recipe_names_what_is_there() -> None:
    recipe = ast.parse((HERE / "techo.spec").read_text(encoding="utf-8"))
    words = {node.value for node in ast.walk(recipe) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert {"torch", "PySide6.QtQuick", "engine.training"} <= words
    folders = {path.name for path in (ROOT / "resources").iterdir() if path.is_dir()} - {"screenshots"}
    named = {word.removeprefix("resources/") for word in words}
    assert folders <= named, "every folder of resources goes in, but the pictures for the README"


def test_a_wrong_command_line_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main([]) == 2
    assert "usage" in capsys.readouterr().err
    assert build.main([str(ROOT / "app")]) == 2
    assert "checkout" in capsys.readouterr().err


def test_the_sizes_add_up(tmp_path: Path) -> None:
    inside = tmp_path / "_internal"
    (inside / "Qt").mkdir(parents=True)
    (inside / "Qt" / "lib.so").write_bytes(b"x" * 2_000_000)
    (inside / "link.so").symlink_to("Qt/lib.so")
    (inside / "small").write_bytes(b"x" * 10_000)
    assert build.size(tmp_path) == 2_010_000
    assert "2.0 MB  Qt" in build.table(tmp_path)
