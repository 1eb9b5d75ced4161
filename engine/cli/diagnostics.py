"""`techo diagnostics`: what somebody who helps has to know, without anything that is the person's own.

It starts no engine, so that it works when nothing else does. Everything in the report is a number, a version, a digest,
or a word of Techo's own: what comes from a file is taken by an allow-list (`_SETTINGS`, `_CODES`, names of exception
types), so that a text which finds its way into a log or a settings file still does not find its way into the report.
Names of profiles, titles, paths and addresses are not read at all; profiles are numbered.
"""

from __future__ import annotations

import configparser
import os
import platform
import re
import shutil
import sys
from argparse import Namespace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from engine.cli.connection import data_dir
from engine.cli.console import EXIT_OK, Console
from engine.errors import EngineError, ErrorCode, StoreError
from engine.protocol import PROTOCOL_VERSION

Facts = dict[str, Any]
"""Words, numbers, or more of these."""

DISTRIBUTIONS: Final = (
    "techo", "llama-cpp-python", "numpy", "msgspec", "safetensors", "sqlite-utils", "pyside6-essentials",
)  # fmt: skip
LAST_ERRORS: Final = 20
_LOG_BYTES: Final = 64 * 1024
"""From the end of the log; what is older helps nobody."""
_LINE: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ \[\d+\] (INFO|WARNING|ERROR|CRITICAL) (engine[\w.]*):")
_CODES: Final = re.compile(rf"\b({'|'.join(code.name for code in ErrorCode)})\b")
_EXCEPTION: Final = re.compile(r"(?:builtins|engine[\w.]*|sqlite3|msgspec|json\.decoder|safetensors\w*)\.(\w{1,60})")
_SETTINGS: Final = {
    "window/language": r"system|en|ja",
    "window/theme": r"[a-z-]{1,20}",
    "window/font_percent": r"\d{1,3}",
    "window/memory_panel": r"true|false",
    "window/close_to_tray": r"true|false",
    "window/tour_seen": r"true|false",
}
"""Keys of the window's settings that may be told, and what their values look like."""
_HEADER: Final = 100
"""Bytes of an SQLite file's header ("The SQLite Database File Format", section 1.3)."""


def diagnostics(options: Namespace, console: Console) -> int:
    """Prints the report, and writes it to --out when that is given."""
    facts = collect(data_dir(options), chosen=options.data_dir is not None)
    text = as_text(facts)
    if options.out is not None:
        write(options.out, text, overwrite=options.overwrite)
    console.result({"facts": facts, "text": text}, text)
    if options.out is not None:
        console.note(f"\ntecho: this is all of it, and it stands in {options.out} now.")
    return EXIT_OK


def write(path: Path, text: str, *, overwrite: bool) -> None:
    """Writes the report to a file that only its owner can read.

    Raises:
        StoreError: it is there already, or cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if overwrite else os.O_EXCL), 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except FileExistsError:
        raise StoreError(f"{path} is there already.", "Choose another name, or add --overwrite.") from None
    except OSError as error:
        reason = (error.strerror or "it cannot be written").lower()
        raise StoreError(f"{path}: {reason}.", "Check the folder and its rights, or choose another one.") from None


def collect(folder: Path, *, chosen: bool) -> Facts:
    """All of it.

    Args:
        folder: the data folder.
        chosen: it was named on the command line.
    """
    return {
        "report": {"made": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), "protocol": PROTOCOL_VERSION},
        "versions": _versions(),
        "machine": _machine(folder),
        "models": _models(folder),
        "data folder": _folder(folder, chosen=chosen),
        "profiles": _profiles(folder),
        "settings": _settings(folder),
        "last errors": last_errors(folder),
    }


def as_text(facts: Facts) -> str:
    """A heading a section, below it a line a fact."""
    lines = ["Techo: diagnostics. Nothing that was said or learned is in here, no name and no title."]
    for heading, section in facts.items():
        lines += ["", heading]
        rows = section.items() if isinstance(section, dict) else enumerate(section, 1)
        lines += [f"  {str(name).ljust(20)} {_words(value)}" for name, value in rows] or ["  none"]
    return "\n".join(lines)


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(found)}" for name, found in value.items())
    if isinstance(value, list | tuple):
        return " ".join(map(_words, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "unknown" if value is None else str(value)


# ---------------------------------------------------------------------------------------------- the parts


def _versions() -> Facts:
    found: Facts = {name: _version(name) for name in DISTRIBUTIONS}
    found["python"] = platform.python_version()
    found["bundle"] = bool(getattr(sys, "frozen", False))
    return found


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _machine(folder: Path) -> Facts:
    from engine.models.hardware import detect

    machine = detect()
    found: Facts = {
        "system": platform.system(),
        # Only its number: a kernel may be named by whoever built it.
        "release": (re.match(r"[\d.]+", platform.release()) or [None])[0],
        "architecture": machine.architecture,
        "processor": machine.processor or None,
        "cores": machine.cores,
        "usable cores": machine.usable_cores,
        "instruction sets": list(machine.features),
        "RAM bytes": machine.ram,
        "RAM available": machine.ram_available,
        "graphics": [f"{gpu.name} ({gpu.memory} bytes)" for gpu in machine.gpus],
    }
    if folder.exists():
        found["disk free"] = shutil.disk_usage(folder).free
    return found


def _models(folder: Path) -> Facts:
    from engine.models.digest import file_digest
    from engine.models.locate import find_bundled_model, find_default_model, find_memory_weights

    def of(find: Any) -> Facts | str:
        try:
            path: Path = find()
            return {"bytes": path.stat().st_size, "digest": file_digest(path, folder if folder.exists() else None)}
        except EngineError as error:
            return error.code.name
        except OSError as error:
            return type(error).__name__

    return {
        "bundled model": of(find_bundled_model),
        "default model": of(find_default_model),
        "memory weights": of(find_memory_weights),
        "another one chosen": _raw_settings(folder).get("models/chosen", "") not in ("", '""'),
    }


def _folder(folder: Path, *, chosen: bool) -> Facts:
    from engine.store import default_data_dir

    default = default_data_dir()
    return {
        "place": "the user's data folder" if not chosen or folder == default else "chosen with --data-dir",
        "there": folder.is_dir(),
        "log files": _sizes(folder / "logs", "*.log*"),
        "model files": _sizes(folder / "models", "*.gguf"),
    }


def _sizes(folder: Path, pattern: str) -> Facts:
    sizes = [_size(path) for path in folder.glob(pattern)] if folder.is_dir() else []
    return {"files": len(sizes), "bytes": sum(sizes)}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # gone meanwhile
        return 0


def _profiles(folder: Path) -> list[Facts]:
    """By age of their folders, which tells nothing of their names."""
    place = folder / "profiles"
    folders = [path for path in place.iterdir() if (path / "profile.sqlite3").is_file()] if place.is_dir() else []
    return [
        {
            "format": _format(path / "profile.sqlite3"),
            "database": _size(path / "profile.sqlite3"),
            "write-ahead log": _size(path / "profile.sqlite3-wal"),
            "snapshots": _sizes(path / "snapshots", "*.safetensors"),
        }
        for path in sorted(folders, key=lambda path: (_age(path), path.name))
    ]


def _age(path: Path) -> float:
    try:
        return path.stat().st_ctime
    except OSError:
        return 0.0


def _format(database: Path) -> str | None:
    """`user_version` from the header (bytes 60 to 63, big-endian), without opening what an engine may have open."""
    try:
        with database.open("rb") as file:
            header = file.read(_HEADER)
    except OSError:
        return None
    if len(header) < _HEADER or not header.startswith(b"SQLite format 3\0"):
        return "damaged"
    number = int.from_bytes(header[60:64], "big")
    return f"{number >> 16}.{number & 0xFFFF}"


def _raw_settings(folder: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=(";",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string((folder / "window.ini").read_text(encoding="utf-8", errors="replace"))
    except (OSError, configparser.Error):
        return {}
    return {f"{section}/{key}": value for section in parser.sections() for key, value in parser[section].items()}


def _settings(folder: Path) -> Facts:
    found = _raw_settings(folder)
    told = {
        key.partition("/")[2].replace("_", " "): found[key]
        for key, shape in _SETTINGS.items()
        if key in found and re.fullmatch(shape, found[key])
    }
    added = found.get("models/files", "")
    return {**told, "model files added": 0 if added in ("", "@Invalid()") else added.count(",") + 1}


def last_errors(folder: Path) -> list[str]:
    """When, where in the engine, and which: the code, or the type of an exception. Never its words."""
    log = folder / "logs" / "engine.log"
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LOG_BYTES))
            lines = file.read(_LOG_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    found: list[tuple[str, str, str, list[str]]] = []
    for line in lines:
        head = _LINE.match(line)
        if head is not None:
            codes = _CODES.findall(line[head.end() :])
            found.append((head[1], head[2], head[3], [str(code) for code in codes]))
        elif found and (kind := _EXCEPTION.fullmatch(line.strip())) is not None:
            found[-1][3].append(kind[1])
    told = [(*rest, what) for *rest, what in found if what or rest[1] != "INFO"]
    return [f"{when} {level} {where} {' '.join(what)}".rstrip() for when, level, where, what in told[-LAST_ERRORS:]]
