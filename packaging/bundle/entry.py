"""The bundle's executable: the window, the command line, and the engine that either of them starts.

Techo starts its children in the words `PYTHON -P -m MODULE ...` (`app/engine_process.py`, `engine/client.py`). In a
bundle there is no Python but this executable, so it understands these words too, for Techo's own modules and no others.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

MODULES: Final = ("app", "engine", "engine.cli", "engine.documents")
"""What `-m` may name."""
VALUED: Final = ("--profile", "--data-dir", "--threads", "--model")
"""Options common to all commands that take a value."""
CLI_EXECUTABLE: Final = "techo-cli.exe"
"""On Windows only a program of its own kind has a console, and pipes to its parent."""

USAGE: Final = """\
Techo: a personal assistant on your own computer that learns what you tell it, in its weights.

  techo                  open the window
  techo COMMAND ...      the command line; `techo chat --help` and so on tell more

"""


def chosen(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The module to run, and its arguments.

    Args:
        arguments: of this executable, without its own name.

    Raises:
        SystemExit: `-m` names what is no module of Techo's.
    """
    words = list(arguments)
    if words[:2] == ["-P", "-m"]:
        module = words[2] if len(words) > 2 else ""
        if module not in MODULES:
            raise SystemExit(f"techo: no such module: {module!r}")
        return module, words[3:]
    if not words:
        return "app", words
    if words[0] == "help":
        return "engine.cli", [*words[1:], "--help"]
    if words[0] in ("-V", "--version"):
        return "engine.cli", ["version"]
    return ("engine.cli" if words[0] in ("-h", "--help") or _has_command(words) else "app"), words


def _has_command(words: Sequence[str]) -> bool:
    """Whether a word stands there that is no option and no option's value: the window takes none."""
    value = False
    for word in words:
        if value:
            value = False
        elif word in VALUED:
            value = True
        elif not word.startswith("-"):
            return True
    return False


def main() -> None:
    """Run what was asked for; never returns, as a module run with `-m` does not."""
    module, arguments = chosen(sys.argv[1:])
    if sys.platform == "win32":
        beside = Path(sys.executable).with_name(CLI_EXECUTABLE)
        sys.executable = os.fspath(beside if beside.exists() else sys.executable)
    if arguments[:1] in (["-h"], ["--help"]) and module == "engine.cli":
        print(USAGE, end="")
    sys.argv = [sys.argv[0], *arguments]
    runpy.run_module(f"{module}.__main__", run_name="__main__", alter_sys=False)


if __name__ == "__main__":
    main()
