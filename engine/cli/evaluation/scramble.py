"""The control arm `scrambled`: the same learned numbers, dealt out anew, so that nothing means anything any more.

Every array of ternary weights (addresses, keys, codes: those with rows) has its used rows shuffled among themselves,
each array by itself. Sizes, norms and the number of neurons in use stay as they were; what answered to what is lost. If
such a memory scored better than none, the score would not come from what was learned.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import StateError
from engine.store import ProfileStore, StateIdentity

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NOBODY = StateIdentity(backbone="", memory="")


def shuffled(arrays: dict[str, NDArray[Any]], seed: int) -> dict[str, NDArray[Any]]:
    """A copy of a state in which the used rows of every array with rows have changed places."""
    rng = np.random.default_rng(seed)
    result = {}
    for name in sorted(arrays):  # in a fixed order: the same seed, the same shuffle
        array = np.array(arrays[name])
        if array.ndim > 1:
            used = np.flatnonzero(array.reshape(len(array), -1).any(axis=1))
            array[used] = array[rng.permutation(used)]
        result[name] = array
    return result


def scramble_profile(data_dir: Path, name: str, seed: int) -> None:
    """Shuffles the newest snapshot of a profile that no engine has open.

    Raises:
        StateError: the profile has no snapshot; it has learned nothing.
    """
    store = ProfileStore(data_dir)
    with store.open(name, _NOBODY) as profile:
        identity = profile.bound_identity()
    if identity is None:
        raise StateError(f"The profile {name} has learned nothing that could be scrambled.")
    with store.open(name, identity) as profile:
        state = profile.load_state()
        if state.arrays is None:
            raise StateError(f"The profile {name} has no snapshot that could be scrambled.")
        profile.save_snapshot(shuffled(dict(state.arrays), seed), state.last_entry)
