"""The command line: the same engine as the window's, for scripts and for machines without a display.

Only the grammar is loaded at first; the module of a command is imported when it is called, so that `techo --help` and
mistyped commands answer at once.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from engine.cli.arguments import build_parser
from engine.cli.console import EXIT_ERROR, EXIT_INTERRUPTED, Console, exit_status
from engine.errors import EngineError, ErrorCode, StoreError

if TYPE_CHECKING:
    from argparse import Namespace


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: the arguments without the program's name; the process's own when None.

    Returns:
        The exit status: 0 done, 1 error, 2 usage, 3 not confirmed, 130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    # The grammar may be what is wrong, so --json is looked for by hand until it has been parsed.
    console = Console(as_json="--json" in arguments)
    try:
        with _polite_termination():
            options = build_parser().parse_args(arguments)
            console.as_json = options.json
            return _command(options.run)(options, console)
    except EngineError as error:
        console.error(error)
        return exit_status(error)
    except KeyboardInterrupt:
        console.note("\ntecho: interrupted.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone (`techo ... | head`): no more output, also none at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    except (OSError, UnicodeError) as error:
        console.error(_in_words(error))
        return EXIT_ERROR
    except SystemExit as leaving:  # --help, and SIGTERM
        return leaving.code if isinstance(leaving.code, int) else 0


@contextlib.contextmanager
def _polite_termination() -> Iterator[None]:
    """SIGTERM becomes an exception: temporary profiles are removed, the engine is told to commit and exit."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set signal handlers
        return

    def terminated(signum: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + signum)

    before = signal.signal(signal.SIGTERM, terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _in_words(error: OSError | UnicodeError) -> EngineError:
    """What the system or the encoding of a text refused, where no command had a better word for it."""
    if isinstance(error, UnicodeError):
        return EngineError(
            f"A text is not UTF-8, or cannot be shown here: {error}.",
            "Give Techo UTF-8 text (`iconv` converts other encodings), in a locale that is UTF-8 too.",
            code=ErrorCode.INVALID_PARAMS,
        )
    named = f"{error.filename}: " if error.filename else ""
    return StoreError(
        f"The system refused: {named}{error.strerror or error}.",
        "Check the name, the rights, and whether the disk has room; then try again.",
    )


def _command(name: str) -> Callable[[Namespace, Console], int]:
    module, function = name.split(":")
    command: Callable[[Namespace, Console], int] = getattr(importlib.import_module(module), function)
    return command
