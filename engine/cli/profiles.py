"""`techo profile list | create | duplicate | look | rename | delete`."""

from __future__ import annotations

from argparse import Namespace
from typing import Final

from engine.cli.connection import connect
from engine.cli.console import EXIT_OK, Console, UsageError, table
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    Ok,
    ProfileDuplicate,
    ProfileInfo,
    ProfileList,
    ProfileLook,
    ProfileName,
    ProfileOpened,
    ProfileRename,
)

MOST_READ: Final = 1024 * 1024
"""Bytes of a picture's file at most. The engine refuses far smaller ones, and says why."""


def list_profiles(options: Namespace, console: Console) -> int:
    """Every profile there is."""
    with connect(options, console, open_profile=False) as engine:
        found = engine.call("profile.list", None, ProfileList)
    rows = [[profile.name, _day(profile.created), profile.id] for profile in found.profiles]
    text = table(["name", "created", "id"], rows) if rows else "No profile yet. The first `techo say` makes one."
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
        made = engine.call("profile.duplicate", asked, ProfileInfo)
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
        changed = engine.call("profile.look", asked, ProfileInfo)
    console.result(changed, f'The profile "{changed.name}" looks different now.')
    return EXIT_OK


def rename(options: Namespace, console: Console) -> int:
    """Another name for a profile; nothing else of it changes."""
    with connect(options, console, open_profile=False) as engine:
        engine.call("profile.rename", ProfileRename(name=options.name, new_name=options.new_name), Ok)
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


def _day(created: str) -> str:
    return created[:16].replace("T", " ")
