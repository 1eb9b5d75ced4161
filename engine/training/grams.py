"""Counts the gram weights of Japanese: how much each gram of an unspaced text tells (`engine.bit_ttt.unspaced`).

    PYTHONPATH=. python -m engine.training.grams DIALOGUES.jsonl > resources/memory/japanese-grams.txt

Over the sentences of everyday dialogue (real_persona_chat_ja): the inverse document frequency, less where a gram is
mostly found in questions ("どこ", "だっけ"): what only asks should not be looked for in what was told.
"""

from __future__ import annotations

import json
import math
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Final

from engine.bit_ttt.lexicon import words
from engine.bit_ttt.unspaced import RUN, UNLISTED, asks, sentences

QUESTIONING: Final = 0.5
"""Power of the ratio by which a gram's share of statements falls short of its share of questions."""
EVERY: Final = 4
"""Of the dialogues every fourth is counted: 100,000 utterances give the same weights but for a few by one."""
_HEAD: Final = """\
# Weights of the grams of Japanese, 0 (says nothing) to 9; what is not listed weighs 10. Counted by
# engine/training/grams.py over the dialogues of RealPersonaChat (Yamashita et al. 2023, nu-dialogue/real-persona-chat,
# CC BY-SA 4.0); this table is under CC BY-SA 4.0 as well.
"""


def weigh(texts: Iterable[str]) -> dict[str, int]:
    """Gram -> weight, for those below `UNLISTED`."""
    seen: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
    total = {False: 1, True: 1}
    for text in texts:
        folded = unicodedata.normalize("NFKC", text)
        for start, end in sentences(folded):
            kind = asks(folded[start:end])
            total[kind] += 1
            seen[kind].update(word for word in words(folded[start:end]) if RUN.match(word))
    told, asked = seen[False], seen[True]
    weights = {}
    for gram in told | asked:
        share, ratio = (told[gram] + 1) / total[False], (asked[gram] + 1) / total[True]
        weight = max(0, round(-math.log(share) + QUESTIONING * min(0.0, math.log(share / ratio))))
        if weight < UNLISTED:
            weights[gram] = weight
    return weights


def main(path: Path) -> None:
    """Prints the table."""
    with path.open(encoding="utf-8") as lines:
        weights = weigh(text for line in islice(lines, 0, None, EVERY) for _, text in json.loads(line)["t"])
    print(_HEAD, end="")
    for weight in range(UNLISTED):
        listed = sorted(gram for gram, found in weights.items() if found == weight)
        if listed:
            print(weight, *listed)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
