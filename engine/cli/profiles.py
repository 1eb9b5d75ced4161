"""`techo profile list | create | duplicate | look | rename | delete | encrypt | decrypt | passphrase | remember`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.cli.connection import Connection, connect, data_dir
from engine.cli.console import EXIT_OK, Console, UsageError, table
from engine.cli.passphrases import LOST, ask, ask_new, unlocked
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    Notice,
    Ok,
    ProfileDuplicate,
    ProfileEncrypt,
    ProfileInfo,
    ProfileList,
    ProfileLook,
    ProfileName,
    ProfileOpened,
    ProfilePassphrase,
    ProfileRemember,
    ProfileRename,
)

MOST_READ: Final = 1024 * 1024
"""Bytes of a picture's file at most. The engine refuses far smaller ones, and says why."""


def list_profiles(options: Namespace, console: Console) -> int:
    """Every profile there is."""
    with connect(options, console, open_profile=False) as engine:
        found = engine.call("profile.list", None, ProfileList)
    rows = [[profile.name, _state(profile), _day(profile.created), profile.id] for profile in found.profiles]
    head = ["name", "state", "created", "id"]
    text = table(head, rows) if rows else "No profile yet. The first `techo say` makes one."
    for profile in found.profiles:
        if profile.problem:
            text += f"\n\n{profile.name} cannot be opened: {profile.problem}"
    console.result({"profiles": found.profiles}, text)
    return EXIT_OK


def create(options: Namespace, console: Console) -> int:
    """A new profile."""
    with connect(options, console, open_profile=False) as engine:
        opened = engine.call("profile.create", ProfileName(name=options.name), ProfileOpened)
    console.result(opened.profile, f'Created the profile "{opened.profile.name}".')
    return EXIT_OK


def duplicate(options: Namespace, console: Console) -> int:
    """A new profile that holds all that another one does."""
    with connect(options, console, open_profile=False) as engine:
        asked = ProfileDuplicate(name=options.name, new_name=options.new_name)
        made = _unlocking(options, console, engine, "profile.duplicate", asked, ProfileInfo)
    console.result(made, f'The profile "{made.name}" holds now what "{options.name}" does.')
    return EXIT_OK


def look(options: Namespace, console: Console) -> int:
    """Another colour or picture."""
    if options.colour is None and options.picture is None and not options.no_picture:
        raise UsageError("There is nothing to change.", "Add --colour, --picture or --no-picture.")
    picture = b"" if options.no_picture else None
    if options.picture is not None:
        with options.picture.open("rb") as file:
            picture = file.read(MOST_READ)
    with connect(options, console, open_profile=False) as engine:
        asked = ProfileLook(name=options.name, colour=options.colour, picture=picture)
        changed = _unlocking(options, console, engine, "profile.look", asked, ProfileInfo)
    console.result(changed, f'The profile "{changed.name}" looks different now.')
    return EXIT_OK


def rename(options: Namespace, console: Console) -> int:
    """Another name for a profile; nothing else of it changes."""
    with connect(options, console, open_profile=False) as engine:
        asked = ProfileRename(name=options.name, new_name=options.new_name)
        _unlocking(options, console, engine, "profile.rename", asked, Ok)
    console.result(
        {"ok": True, "name": options.new_name}, f'The profile "{options.name}" is called "{options.new_name}" now.'
    )
    return EXIT_OK


def delete(options: Namespace, console: Console) -> int:
    """Deletes a profile. The engine itself says what would be lost, and that is what the user is asked."""
    with connect(options, console, open_profile=False) as engine:
        try:
            engine.call("profile.delete", ProfileName(name=options.name, confirm=options.yes), Ok)
        except EngineError as error:
            if error.code != ErrorCode.NOT_CONFIRMED:
                raise
            console.confirm(error.message, yes=False)
            engine.call("profile.delete", ProfileName(name=options.name, confirm=True), Ok)
    console.result({"ok": True, "name": options.name}, f'Deleted the profile "{options.name}".')
    return EXIT_OK


def encrypt(options: Namespace, console: Console) -> int:
    """Encrypts a profile with a passphrase."""
    with connect(options, console, open_profile=False) as engine:
        console.dim(LOST)
        passphrase = ask_new(options, console, f"Passphrase for the profile {options.name}")
        asked = ProfileEncrypt(name=options.name, passphrase=passphrase, remember=options.remember)
        done = engine.call("profile.encrypt", asked, ProfileInfo, listen=_notices(console))
    if _window_keeps_draft(data_dir(options) / "window.ini", done.id):
        console.note(
            "techo: The window still keeps, unencrypted, what was typed there for this profile and not sent. Open the "
            "profile in the window once: it goes to the profile then."
        )
    console.result(done, f'The profile "{done.name}" is encrypted now. {LOST}')
    return EXIT_OK


def decrypt(options: Namespace, console: Console) -> int:
    """Makes an encrypted profile a plain one."""
    with connect(options, console, open_profile=False) as engine:
        asked = ProfileName(name=options.name)
        done: ProfileInfo = _unlocking(options, console, engine, "profile.decrypt", asked, ProfileInfo)
    console.result(done, f'The profile "{done.name}" is no longer encrypted.')
    return EXIT_OK


def passphrase(options: Namespace, console: Console) -> int:
    """Another passphrase. The old one is asked for even where the keyring knows the profile."""
    with connect(options, console, open_profile=False) as engine:
        old = ask(options, console, f"Passphrase of the profile {options.name}")
        if old is None:
            raise UsageError("The passphrase is needed.", "Call it from a terminal, or add --passphrase-stdin.")
        new = ask_new(options, console, "New passphrase")
        asked = ProfilePassphrase(name=options.name, passphrase=old, new_passphrase=new)
        done = engine.call("profile.passphrase", asked, ProfileInfo)
    console.result(done, f'The profile "{done.name}" has another passphrase now. {LOST}')
    return EXIT_OK


def remember(options: Namespace, console: Console) -> int:
    """Has the system's keyring open an encrypted profile, or no longer."""
    with connect(options, console, open_profile=False) as engine:
        asked = ProfileRemember(name=options.name, remember=options.state == "on")
        done: ProfileInfo = _unlocking(options, console, engine, "profile.remember", asked, ProfileInfo)
    told = "opens on this computer without its passphrase" if done.remembered else "asks for its passphrase again"
    console.result(done, f'The profile "{done.name}" {told}.')
    return EXIT_OK


def _window_keeps_draft(settings: Path, profile: str) -> bool:
    """Whether the window's settings hold an unsent text of this profile; they are the window's own to change."""
    try:
        lines = settings.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(line.startswith(f"{profile}=") for line in lines)


def _unlocking(
    options: Namespace,
    console: Console,
    engine: Connection,
    method: str,
    asked: ProfileName | ProfileRename | ProfileDuplicate | ProfileLook | ProfileRemember,
    kind: type[Any],
) -> Any:
    """A call about one profile; if that is locked, the passphrase is asked for."""

    def call(typed: str | None) -> Any:
        asked.passphrase = typed
        return engine.call(method, asked, kind, listen=_notices(console))

    return unlocked(options, console, f"the profile {asked.name}", call)


def _notices(console: Console) -> Callable[[str, dict[str, Any]], None]:
    def listen(method: str, params: dict[str, Any]) -> None:
        if method == "engine.notice":
            console.note(f"techo: {msgspec.convert(params, Notice).message}")

    return listen


def _state(profile: ProfileInfo) -> str:
    return "locked" if profile.locked else "encrypted" if profile.encrypted else ""


def _day(created: str) -> str:
    return created[:16].replace("T", " ")
