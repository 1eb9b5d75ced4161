"""Asking for passphrases: on the terminal without showing them, or on standard input where a program calls.

Never on the command line or in the environment, where other programs can read them.
"""

from __future__ import annotations

import getpass
import warnings
from argparse import Namespace
from collections.abc import Callable
from typing import Final, TypeVar

from engine.cli.console import Console, UsageError
from engine.errors import EngineError, ErrorCode

TRIES: Final = 3
LOST: Final = "Keep it well: a lost passphrase cannot be recovered, and nothing of the profile without it."

Answer = TypeVar("Answer")


def ask(options: Namespace, console: Console, prompt: str) -> str | None:
    """What is typed (or, with --passphrase-stdin, the next line); None: there is nobody to ask.

    Raises:
        UsageError: Standard input has no further line.
    """
    if options.passphrase_stdin:
        line = console.stdin.readline()
        if not line:
            raise UsageError("There is no passphrase on standard input.", "Write it there, one line for each.")
        return line.removesuffix("\n").removesuffix("\r")
    if not console.interactive:
        return None
    with warnings.catch_warnings():
        # Where the terminal cannot hide what is typed, it is not asked for at all.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(f"{prompt}: ", console.stderr)
        except getpass.GetPassWarning:
            return None


def ask_new(options: Namespace, console: Console, prompt: str) -> str:
    """A passphrase that is given: on the terminal twice, since nobody sees what was typed.

    Raises:
        UsageError: There is nobody to ask, or the two differ.
    """
    first = ask(options, console, prompt)
    if first is None:
        raise UsageError("A passphrase is needed.", "Call it from a terminal, or add --passphrase-stdin.")
    if not options.passphrase_stdin and ask(options, console, "The same once more") != first:
        raise UsageError("The two passphrases differ.", "Nothing was changed. Try again.")
    return first


def unlocked(
    options: Namespace, console: Console, what: str, act: Callable[[str | None], Answer], *, known: bool = True
) -> Answer:
    """Does something with a profile or a file, and asks for the passphrase if it is locked.

    Args:
        options: the parsed command line.
        console: where a person is asked.
        what: is locked: "the profile Mika".
        act: what is done; called with the passphrase, first without one.
        known: a passphrase that has opened the profile in this command is not asked for again.
    """
    passphrase = getattr(options, "typed", None) if known else None
    for tried in range(TRIES + 1):
        try:
            done = act(passphrase)
        except EngineError as error:
            wrong = error.code is ErrorCode.WRONG_PASSPHRASE and console.interactive and not options.passphrase_stdin
            if tried == TRIES or not (error.code is ErrorCode.PROFILE_LOCKED or wrong):
                raise
            if wrong:
                console.note(f"techo: {error.message}")
            passphrase = ask(options, console, f"Passphrase of {what}")
            if passphrase is None:
                error.hint = "Call it from a terminal, or add --passphrase-stdin."
                raise
        else:
            if known:
                options.typed = passphrase
            return done
    raise AssertionError("unreachable")
