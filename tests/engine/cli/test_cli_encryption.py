"""Passphrases on the command line: asked for, read from standard input, and never an argument."""

from __future__ import annotations

import getpass
import io
import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.cli.console import Console, UsageError
from engine.cli.passphrases import ask, ask_new, unlocked
from engine.cli.profiles import _window_keeps_draft
from engine.errors import ErrorCode, ProfileError
from engine.store import ProfileStore
from engine.store.passphrase import CHEAP
from tests.engine.cli.conftest import FEW, Spawn

WORDS = "Passphrase ひみつ"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """With the encrypted profile "default"."""
    store = ProfileStore(tmp_path / "data", cost=CHEAP)
    store.create("default")
    store.encrypt("default", WORDS)
    return tmp_path / "data"


class Techo:
    """Runs commands with these lines on standard input."""

    def __init__(self, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._data, self._monkeypatch, self._capsys = data, monkeypatch, capsys

    def __call__(self, *arguments: str, lines: str | None = None) -> tuple[int, Any]:
        self._capsys.readouterr()
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(lines or ""))
        more = [] if lines is None else ["--passphrase-stdin"]
        status = main([*arguments, "--json", *more, *FEW, "--data-dir", str(self._data)])
        return status, json.loads(self._capsys.readouterr().out)


@pytest.fixture
def techo(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Techo:
    return Techo(data, monkeypatch, capsys)


@pytest.mark.timeout(300)
def test_a_locked_profile_from_the_command_line(techo: Techo, tmp_path: Path) -> None:
    (listed,) = techo("profile", "list")[1]["profiles"]
    assert (listed["name"], listed["locked"], listed["created"]) == ("default", True, "")
    status, error = techo("memory", "stats")
    assert (status, error["error"]["code"]) == (1, ErrorCode.PROFILE_LOCKED)
    assert "--passphrase-stdin" in error["error"]["hint"]
    assert techo("memory", "stats", lines="no\n")[1]["error"]["code"] == ErrorCode.WRONG_PASSPHRASE
    assert techo("memory", "stats", lines="\n")[1]["error"]["code"] == ErrorCode.PASSPHRASE_REFUSED
    assert techo("memory", "stats", lines=f"{WORDS}\r\n")[0] == 0
    status, said = techo("say", "My cat is called Miso.", "--max-tokens", "2", lines=f"{WORDS}\n")
    assert (status, said["learned"]["entry"]) == (0, 1)
    export = str(tmp_path / "mine.techo")
    assert techo("memory", "export", export, lines=WORDS)[0] == 0
    assert techo("memory", "import", export, "--name", "B")[1]["error"]["code"] == ErrorCode.PROFILE_LOCKED
    assert techo("profile", "rename", "default", "Mika", lines=WORDS)[0] == 0
    assert techo("profile", "duplicate", "Mika", "Twin", lines=WORDS)[1]["locked"] is True
    assert techo("profile", "look", "Mika", "--colour", "#010203", lines=WORDS)[0] == 0
    assert techo("profile", "decrypt", "Mika", lines="no")[1]["error"]["code"] == ErrorCode.WRONG_PASSPHRASE
    status, plain = techo("profile", "decrypt", "Mika", lines=WORDS)
    assert (status, plain["encrypted"], plain["colour"]) == (0, False, "#010203")
    assert techo("memory", "stats", "--profile", "Mika")[1]["turns_learned"] == 1
    assert techo("profile", "delete", "Twin", "--yes")[0] == 0


@pytest.mark.timeout(300)
def test_encrypting_and_another_passphrase(techo: Techo, data: Path) -> None:
    """At the real cost of a passphrase."""
    ProfileStore(data).create("Plain")
    assert techo("profile", "encrypt", "Plain")[0] == 2, "nobody to ask"
    assert techo("profile", "encrypt", "Plain", lines="")[0] == 2, "no line"
    assert techo("profile", "encrypt", "Plain", lines="\n")[1]["error"]["code"] == ErrorCode.PASSPHRASE_REFUSED
    status, done = techo("profile", "encrypt", "Plain", lines="one\n")
    assert (status, done["encrypted"], done["locked"]) == (0, True, True)
    assert techo("profile", "encrypt", "Plain", lines="x\n")[1]["error"]["code"] == ErrorCode.PROFILE_PROTECTION
    assert techo("profile", "passphrase", "Plain", lines="no\ntwo\n")[1]["error"]["code"] == (
        ErrorCode.WRONG_PASSPHRASE
    )
    assert techo("profile", "passphrase", "Plain", lines="one\ntwo\n")[0] == 0
    store = ProfileStore(data)
    store.decrypt("Plain", "two")
    assert [record.encrypted for record in store.list()] == [True, False]


@pytest.mark.timeout(300)
def test_a_passphrase_on_standard_input_leaves_the_rest_for_the_chat(data: Path, spawn: Spawn) -> None:
    chat = spawn("chat", "--passphrase-stdin", "--json", "--max-tokens", "2")
    out, err = chat.communicate(f"{WORDS}\nMy cat is called Miso.\n", timeout=200)
    assert chat.returncode == 0, err
    turns = [json.loads(line) for line in out.splitlines()]
    assert [turn["learned"]["entry"] for turn in turns] == [1]
    assert WORDS not in out + err


def test_a_draft_in_the_windows_settings_is_told_of(tmp_path: Path) -> None:
    """As Qt writes them."""
    settings = tmp_path / "window.ini"
    assert not _window_keeps_draft(settings, "0123456789abcdef")
    settings.write_text("[draft]\n0123456789abcdef=My secret is\n\n[profile]\nlast=Mika\n")
    assert _window_keeps_draft(settings, "0123456789abcdef")
    assert not _window_keeps_draft(settings, "fedcba9876543210")


def test_the_list_says_which_are_locked(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ProfileStore(data).create("Plain")
    assert main(["profile", "list", *FEW, "--data-dir", str(data)]) == 0
    head, locked, plain = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "state", "created", "id"]
    assert locked.split()[:2] == ["default", "locked"]
    assert "locked" not in plain


# ---------------------------------------------------------------------------------------------- at a terminal


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a person types, one after the other."""
    answers: list[str] = []
    monkeypatch.setattr(getpass, "getpass", lambda prompt, stream: answers.pop(0))
    return answers


def at_terminal() -> tuple[Namespace, Console]:
    return Namespace(passphrase_stdin=False), Console(stdin=Terminal(), stdout=Terminal(), stderr=Terminal())


def test_it_is_asked_for_until_it_is_right_and_not_for_ever(typed: list[str]) -> None:
    options, console = at_terminal()
    tried: list[str | None] = []

    def act(passphrase: str | None) -> str:
        tried.append(passphrase)
        if passphrase is None:
            raise ProfileError("locked", "a hint", code=ErrorCode.PROFILE_LOCKED)
        if passphrase != "right":
            raise ProfileError("wrong", "a hint", code=ErrorCode.WRONG_PASSPHRASE)
        return "done"

    typed += ["no", "right"]
    assert unlocked(options, console, "the profile X", act) == "done"
    assert tried == [None, "no", "right"]
    assert unlocked(options, console, "the profile X", act) == "done", "an engine that is started again"
    assert tried[3:] == ["right"]
    typed += ["a", "b", "c", "d"]
    with pytest.raises(ProfileError, match="wrong"):
        unlocked(*at_terminal(), "the profile X", act)
    assert typed == ["d"]


def test_a_new_one_is_typed_twice(typed: list[str]) -> None:
    typed += ["one", "one", "one", "two"]
    assert ask_new(*at_terminal(), "New") == "one"
    with pytest.raises(UsageError, match="differ"):
        ask_new(*at_terminal(), "New")


def test_a_terminal_that_would_show_it_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    import warnings

    def shown(prompt: str, stream: object) -> str:
        warnings.warn("Can not control echo on the terminal.", getpass.GetPassWarning, stacklevel=2)
        return "shown"

    monkeypatch.setattr(getpass, "getpass", shown)
    assert ask(*at_terminal(), "Passphrase") is None


def test_no_command_takes_a_passphrase_as_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("encrypt", "decrypt", "passphrase", "remember"):
        assert main(["profile", command, "--help"]) == 0
        printed = capsys.readouterr().out
        assert "--passphrase-stdin" in printed
        assert "--passphrase " not in printed.replace("--passphrase-stdin", "")
