"""Changing the learned state of a profile that no engine has open: for experiments on profiles of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from engine.errors import StateError
from engine.store import Arrays, Profile, ProfileStore, StateIdentity

_NOBODY: Final = StateIdentity(backbone="", memory="")


def change_state(data_dir: Path, name: str, change: Callable[[Arrays, Profile], Arrays]) -> None:
    """Saves what `change` makes of a profile's fast weights as its newest snapshot; its journal stays as it is.

    Raises:
        StateError: the profile has no snapshot; it has learned nothing.
    """
    store = ProfileStore(data_dir)
    with store.open(name, _NOBODY) as profile:
        identity = profile.bound_identity()
    if identity is None:
        raise StateError(f"The profile {name} has learned nothing.", "Tell it something first.")
    with store.open(name, identity) as profile:
        state = profile.load_state()
        if state.arrays is None:
            raise StateError(f"The profile {name} has no snapshot.", "Open and close it once; that saves one.")
        profile.save_snapshot(change(dict(state.arrays), profile), state.last_entry)
