"""The `notes` arm: what a text notebook would give. BM25 over the raw user turns, the best few in the prompt.

The reference that the memory has to beat, so it is worded as well as we could: the notes come before the question, in
the order in which they were told, as things the user said.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.cli.evaluation.scoring import normalise


def _terms(text: str) -> list[str]:
    """What BM25 looks for: words; where there are no spaces, the grams that the memory's own address is made of."""
    from engine.bit_ttt.lexicon import words  # brings numpy, as rank-bm25 does below
    from engine.bit_ttt.unspaced import is_unspaced

    return words(text) if is_unspaced(text) else normalise(text).split()


class Notebook:
    """BM25 (Okapi, k1 = 1.5, b = 0.75, as in rank-bm25) over the user turns of an episode."""

    def __init__(self, tellings: Sequence[str]) -> None:
        # Imported here: rank-bm25 brings numpy, which no other command needs.
        from rank_bm25 import BM25Okapi

        self._tellings = list(tellings)
        words = [_terms(telling) or [""] for telling in self._tellings]
        self._index = BM25Okapi(words) if words else None

    def best(self, question: str, k: int) -> list[int]:
        """Indices of the `k` best turns, in the order of telling; turns that share no word with the question never."""
        words = _terms(question)
        if self._index is None or not words or k <= 0:
            return []
        scores = self._index.get_scores(words)
        asked = set(words)
        candidates = [index for index, telling in enumerate(self._tellings) if asked & set(_terms(telling))]
        # Best score first; among equals the newer telling.
        candidates.sort(key=lambda index: (-float(scores[index]), -index))
        return sorted(candidates[:k])

    def prompt(self, question: str, k: int) -> str:
        """The question with its notes in front; the bare question when no note fits."""
        chosen = [self._tellings[index] for index in self.best(question, k)]
        if not chosen:
            return question
        from engine.bit_ttt.unspaced import is_unspaced

        if is_unspaced(question):
            # As the memory's own reminder (`engine.turn.recollection`) has it.
            return "メモ：\n" + "\n".join(f"・{' '.join(note.split())}" for note in chosen) + f"\n質問：{question}"
        notes = "\n".join(f"- {' '.join(note.split())}" for note in chosen)
        # Of five wordings tried with SmolLM2-135M on natural-dev.jsonl none was better than this one (20 of 40 right;
        # the others 13 to 20; the right note is among three in 35 of 40).
        return f"Notes:\n{notes}\n\nQuestion: {question}"
