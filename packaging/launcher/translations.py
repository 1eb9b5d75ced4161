"""`./techo translate`: the texts of `app/` into Qt Linguist's .ts files, and those into the .qm files the window loads.

The .ts files are edited with Qt Linguist (`pyside6-linguist`) or by hand. Texts that are gone from the source are
dropped; new ones are marked as unfinished, and a test fails until they are translated. For English there are only the
texts with plural forms: all others are the source.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "resources" / "translations"
LANGUAGES: Final[Mapping[str, tuple[str, ...]]] = {"ja": (), "en": ("-pluralonly",)}
"""Language code -> more options for lupdate."""


def tool(name: str) -> str:
    """Path of one of the Qt tools that come with PySide6."""
    import PySide6

    suffix = ".exe" if sys.platform == "win32" else ""
    return os.fspath(Path(next(iter(PySide6.__path__))) / f"{name}{suffix}")


def extract(folder: Path) -> None:
    """Bring `folder`/techo_*.ts up to date with the source, keeping the translations there are."""
    sources = sorted(os.fspath(path.relative_to(ROOT)) for path in (ROOT / "app").rglob("*.py"))
    for language, options in LANGUAGES.items():
        target = os.fspath(folder / f"techo_{language}.ts")
        common = ["-silent", "-no-obsolete", "-locations", "none", "-source-language", "en_US"]
        languages = ["-target-language", language]
        command = [tool("lupdate"), *common, *languages, *options, *sources, "-ts", target]
        subprocess.run(command, cwd=ROOT, check=True)


def compile_all(folder: Path, target: Path) -> None:
    """Compile `folder`/techo_*.ts into `target`/techo_*.qm.

    A window that is open has these mapped into its memory, so they are replaced and never written to.
    """
    for language in LANGUAGES:
        source, compiled = folder / f"techo_{language}.ts", target / f"techo_{language}.qm"
        fresh = compiled.with_suffix(".qm.new")
        subprocess.run([tool("lrelease"), "-silent", os.fspath(source), "-qm", os.fspath(fresh)], check=True)
        fresh.replace(compiled)


if __name__ == "__main__":
    extract(FOLDER)
    compile_all(FOLDER, FOLDER)
