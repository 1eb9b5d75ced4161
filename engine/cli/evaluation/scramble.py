"""The control arm `scrambled`: the same learned numbers, dealt out anew, so that nothing means anything any more.

Every array of ternary weights (addresses, keys, codes: those with rows) has its used rows shuffled among themselves,
each array by itself. Sizes, norms and the number of neurons in use stay as they were; what answered to what is lost. If
such a memory scored better than none, the score would not come from what was learned.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.cli.offline import change_state

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    change_state(data_dir, name, lambda arrays, _: shuffled(arrays, seed))
