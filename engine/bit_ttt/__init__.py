"""The Bit-TTT memory layer: ternary slow weights, ternary fast weights trained while they are used. numpy only.

`memory.Memory` is what the rest of the engine sees; `fast_weights` is the learned state and its inner loop,
`slow_weights` the trained writer and reader, `lexicon`, `codes`, `trits` the parts they are made of, `reference` the
same rules written plainly; `unspaced`, `persons` and `recital` are what Japanese needs.
"""

from engine.bit_ttt.fast_weights import FastConfig, FastStats, FastWeights, LearnReport
from engine.bit_ttt.memory import Memory, Part, Reading, Recall
from engine.bit_ttt.recital import Told
from engine.bit_ttt.slow_weights import SlowWeights
from engine.bit_ttt.write_set import TurnWrite

__all__ = [
    "FastConfig",
    "FastStats",
    "FastWeights",
    "LearnReport",
    "Memory",
    "Part",
    "Reading",
    "Recall",
    "SlowWeights",
    "Told",
    "TurnWrite",
]
