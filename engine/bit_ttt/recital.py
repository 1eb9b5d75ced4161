"""What the memory has to say where its reader cannot read: the told turns themselves, out of the fast weights.

The second stage of a read looks, token by token, for what comes next in a reply; the reader that does so was trained on
text with spaces. For the scripts without (`unspaced`) the first stage picks the turns by their grams, and the tokens
that their neurons hold are recited from the first to the last. A model that knows the language answers from that; a
model that does not can still say it as it was told.

    score of a turn = sum over the question's grams that it holds of their weights

A turn that is about somebody else counts less, and one that a newer turn has taken over from is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bit_ttt.fast_weights import FREE, FastWeights
from engine.bit_ttt.lexicon import Lexicon, holds, words
from engine.bit_ttt.persons import persons
from engine.bit_ttt.tokens import SpaceTable
from engine.bit_ttt.trits import Planes, match
from engine.bit_ttt.unspaced import RUN

SHORTLIST: Final = 64
"""Turns, by popcount over all addresses, whose grams are looked at one by one."""
READ: Final = 12
"""Of these, turns that are read."""
RECITED: Final = 4
"""Of these, turns that are recited at most."""
ENOUGH: Final = 0.24
"""Share of the question's grams, by weight, that a turn must hold to be an answer to it."""
BESIDE: Final = 0.5
"""Share of the best turn's score from which another turn is recited as well."""
SOMEBODY_ELSE: Final = 0.3
"""Factor of a turn about others than the one who is asked for."""
NOBODY: Final = 0.7
"""Factor of a turn that names nobody, when the question does."""
SAME_TOPIC: Final = 0.8
"""Share of what a turn holds of the question that another one must hold as well to be about the same."""
RIVAL: Final = 0.45
"""Share of the older turn's score from which a newer one that speaks of a change takes over from it."""
_CHANGE: Final = re.compile(
    "変わ|変え|変更|移っ|移し|移動|になっ|なりまし|なった|に決ま|に決め|決定|やっぱ|延期|延長|訂正|間違|じゃなく|ではなく"
    "|新しい|今は|今度は|引っ越|買い替|乗り換|異動|上げ|下げ|に直し|取り消|キャンセル"
)
"""Words in which a change is told."""
_ONCE: Final = re.compile("以前|前は|前の|昔|もともと|元々|最初|かつて")
"""Words in which what was before is asked for."""


@dataclass(frozen=True)
class Told:
    """One turn as the fast weights hold it.

    Attributes:
        entry: its journal id.
        text: its kept sentences.
        coverage: the share of the question's grams, by weight, that it holds, after the factors above.
    """

    entry: int
    text: str
    coverage: float


def recite(
    fast: FastWeights, lexicon: Lexicon, spaces: SpaceTable, question: str, address: Planes, without: Sequence[int] = ()
) -> list[Told]:
    """The turns that answer a question, best first; none when nothing told does.

    Args:
        fast: the fast weights.
        lexicon: of the slow weights.
        spaces: the pieces of the tokens.
        question: its text.
        address: (2, L) its packed lexical address.
        without: journal ids that are left aside: what this same turn has taught before.
    """
    weights = {word: weight for word in words(question) if (weight := lexicon.weight(word))}
    used = np.flatnonzero(fast.entry != FREE)
    if without:
        used = used[~np.isin(fast.entry[used], np.asarray(without))]
    if len(used) == 0 or not weights:
        return []
    nearest = np.argsort(-match(fast.lexical[used], address), kind="stable")[:SHORTLIST]
    short = used[nearest]
    present = np.stack([holds(fast.lexical[short], lexicon.code(word)) for word in weights])  # (w, n)
    by_word = np.array(list(weights.values()), dtype=np.float32) / np.float32(sum(weights.values()))
    coverage = by_word @ present
    # Among equals the newest.
    best = np.lexsort((-fast.entry[short], -coverage))[:READ]
    found = [_Found(*_told(fast, spaces, int(short[i])), float(coverage[i]), present[:, i]) for i in best]
    found = _about(question, found, by_word, list(weights))
    if not _ONCE.search(question):
        found = _newest(found, by_word)
    enough = max(ENOUGH, BESIDE * found[0].coverage) if found else ENOUGH
    return [Told(one.entry, one.text, one.coverage) for one in found if one.coverage >= enough][:RECITED]


@dataclass(frozen=True)
class _Found:
    entry: int
    text: str
    coverage: float
    present: NDArray[np.bool_]
    """(w,) which of the question's grams the turn holds."""


def _told(fast: FastWeights, spaces: SpaceTable, slot: int) -> tuple[int, str]:
    """Journal id and words of a turn, from its neurons. A gap in the tokens becomes a space."""
    tokens = fast.codebook.decode(fast.code_trits(fast.neurons_of(slot)))
    text = b"".join(spaces.pieces[token] for token in tokens).decode("utf-8", "replace")
    return int(fast.entry[slot]), " ".join(text.split())


def _about(question: str, found: Sequence[_Found], by_word: NDArray[np.float32], names: Sequence[str]) -> list[_Found]:
    """The turns, best first, less of those that are about somebody else than the question."""
    asked = persons(question)
    if not asked:
        return list(found)
    # A turn that calls her by another name holds what the question calls her.
    named = np.array([bool(RUN.match(name)) and bool(persons(name) & asked) for name in names])
    judged = []
    for one in found:
        about = persons(one.text)
        coverage = one.coverage
        if about & asked:
            coverage += float(by_word @ (named & ~one.present))
        elif about:
            coverage *= SOMEBODY_ELSE
        else:
            coverage *= NOBODY
        judged.append(_Found(one.entry, one.text, coverage, one.present))
    return sorted(judged, key=lambda one: (-one.coverage, -one.entry))


def _newest(found: Sequence[_Found], by_word: NDArray[np.float32]) -> list[_Found]:
    """The turns without those that a newer one has taken over from; what takes over comes first."""
    kept = list(found)
    for older in found:
        for newer in sorted(kept, key=lambda one: -one.entry):
            if newer.entry <= older.entry or older not in kept:
                continue
            both = float(by_word @ (older.present & newer.present))
            fewer = min(float(by_word @ older.present), float(by_word @ newer.present))
            if fewer == 0 or both < SAME_TOPIC * fewer or not _CHANGE.search(newer.text):
                continue
            if newer.coverage >= RIVAL * older.coverage and older.coverage >= RIVAL * newer.coverage:
                place = min(kept.index(older), kept.index(newer))
                kept.remove(newer)
                kept.insert(place, newer)
                kept.remove(older)
    return kept
