"""A full memory, without telling turns for an hour.

Told turns are learned again and again until no free neuron or turn slot is left. What is written are the real write
sets of real turns, from the profile's journal: real keys, codes, salience and semantic addresses. Two things differ
from telling so many turns:

- The *lexical* addresses are made up. With their own ones the inner loop would take the turns for heard again, and
  strengthen them in place. So in each round all of them have their trits at other places, by one random permutation: as
  many trits set as before, but they stand for no word, and match a question by chance alone.
- The same few hundred semantic addresses and keys come again in every round, so a question that is close to one of the
  turns in meaning is close to all its copies.

The copies are younger than all that was told. The last one is cut where the neurons end. They are no entries of the
journal: the profile is for asking only, and nothing may be told to it afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.bit_ttt import TurnWrite
from engine.bit_ttt.codes import Codebook
from engine.bit_ttt.fast_weights import FREE, ONE_SHOT
from engine.bit_ttt.trits import pack, unpack
from engine.cli.offline import change_state
from engine.store import Arrays, Profile


def fill_profile(data_dir: Path, name: str, vocabulary: int, seed: int) -> None:
    """Fills the memory of a profile that has learned something and that no engine has open.

    Args:
        data_dir: holds the profile.
        name: of the profile.
        vocabulary: tokens of the language model.
        seed: of the permutations.
    """

    def fill(arrays: Arrays, profile: Profile) -> Arrays:
        writes = [TurnWrite.from_bytes(entry.payload) for entry in profile.entries()]
        return filled_up(arrays, writes, Codebook(vocabulary), seed)

    change_state(data_dir, name, fill)


def filled_up(arrays: Arrays, writes: Sequence[TurnWrite], codebook: Codebook, seed: int) -> Arrays:
    """The state after `FastWeights.learn` of the writes, round after round, until something has run out.

    All at once on the arrays: one by one it would take minutes, most of them spent on finding out that a turn is new.
    """
    state = {name: np.array(array) for name, array in arrays.items()}
    slots, neurons = np.flatnonzero(state["entry"] == FREE), np.flatnonzero(state["owner"] == FREE)
    of_slot = np.arange(len(slots)) % len(writes)
    sizes = np.array([len(write.tokens) for write in writes])
    begins = np.cumsum(sizes[of_slot]) - sizes[of_slot]
    count = int(np.count_nonzero(begins < len(neurons)))  # turns that still find a free neuron
    slots, of_slot, begins = slots[:count], of_slot[:count], begins[:count]

    rng = np.random.default_rng(seed)
    lexical = unpack(np.stack([write.lexical for write in writes]))
    for start in range(0, count, len(writes)):
        turns = slots[start : start + len(writes)]
        state["lexical"][turns] = pack(lexical[: len(turns), rng.permutation(lexical.shape[1])])
    state["semantic"][slots] = np.stack([write.semantic for write in writes])[of_slot]
    state["entry"][slots] = state["entry"].max() + 1 + np.arange(count)

    # Which token, of those of all writes in a row, each neuron learns.
    shift = np.repeat((np.cumsum(sizes) - sizes)[of_slot] - begins, sizes[of_slot])[: len(neurons)]
    of_neuron = shift + np.arange(len(shift))
    neurons = neurons[: len(shift)]
    tokens = np.concatenate([write.tokens for write in writes])[of_neuron]
    state["keys"][neurons] = np.concatenate([write.keys for write in writes])[of_neuron]
    state["accumulators"][neurons] = ONE_SHOT * codebook.codes[tokens]
    state["salience"][neurons] = np.concatenate([write.salience for write in writes])[of_neuron]
    state["owner"][neurons] = np.repeat(slots, sizes[of_slot])[: len(neurons)]
    return state
