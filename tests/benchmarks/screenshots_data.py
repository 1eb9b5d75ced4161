"""What stands in the screenshots: three weeks with Techo, told to the real model and answered by it.

Greedy decoding, so the same words lead to the same replies; only the dates are those of the day on which it is made.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from engine.backbone import Backbone
from engine.bit_ttt import Memory, SlowWeights
from engine.models import file_digest, find_default_model, find_memory_weights
from engine.protocol import Sampling, TurnSend
from engine.session import Session
from engine.store import ProfileStore, StateIdentity
from engine.turn import TurnRunner

NAME: Final = "Mika"
OTHERS: Final = (("Work", "#7a5c1e"), ("Family", "#2f6b4f"))
DOCUMENT: Final = "allotment-rules.md"
TALKS: Final[tuple[tuple[int, str, tuple[str, ...]], ...]] = (
    (20, "", ("We have a cat, her name is Miso.", "My sister Aino works at the harbour office.")),
    (16, "The pool on Thursdays", ("By the way, my locker at the pool is number 417.",)),
    (12, "", ("My brother Eero plays the cello.", "I'm allergic to hazelnuts.")),
    (8, "Moving house", ("Our new landlord is called Mr. Okafor.", "The rent is due on the 3rd of each month.")),
    (5, "", ("My flight to Porto leaves on 12 May.", "The hotel in Porto is called Casa Azul.")),
    (3, DOCUMENT, ()),
    (1, "", ("My favourite tea is genmaicha.",)),
)
"""Days ago, a title (empty: that of the first message), and what was said."""
RULES: Final = """# Allotment rules

The gate code of the allotment is 5930.

## Water

The water is turned off on the last Sunday of October.

## Neighbours

The plot beside ours belongs to Mrs. Lindqvist.
"""
ASKED: Final = ("What is my cat called?", "Where does Aino work?", "Which locker do I have at the swimming pool?")
"""At the real window, while the pictures are taken."""


class Clock:
    """Set to the day that is being told."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        """A minute later with each look."""
        self.now += timedelta(seconds=20)
        return self.now

    def go_to(self, days_ago: int) -> None:
        """An evening."""
        today = datetime.now(UTC).replace(hour=17, minute=30, second=0, microsecond=0)
        self.now = today - timedelta(days=days_ago)


def tell(folder: Path) -> None:
    """Makes the profile."""
    model = find_default_model()
    digest = file_digest(model, folder)
    slow = SlowWeights.load(find_memory_weights(digest))
    backbone = Backbone(model, window=2048, threads=1, taps=slow.taps, digest_cache=folder)  # the same sums anywhere
    clock = Clock()
    clock.go_to(21)
    store = ProfileStore(folder, clock=clock)
    for name in (*(name for name, _ in OTHERS), NAME):
        store.create(name)
    for name, colour in OTHERS:
        store.look(name, colour, None)
    store.look(NAME, "#2d5480", None)
    session = Session(
        store.open(NAME, StateIdentity(backbone.info.digest, slow.digest)),
        Memory.born(slow, backbone.pieces()),
        lambda tokens: backbone.detokenize(tokens).decode("utf-8", "replace"),
    )
    runner = TurnRunner(backbone, lambda method, params: None)
    file = folder / DOCUMENT
    file.write_text(RULES, encoding="utf-8")
    try:
        for days, title, texts in TALKS:
            clock.go_to(days)
            if title == DOCUMENT:
                runner.read(session, file, lambda: False, lambda phase, done, count: None)
                continue
            conversation = None
            for text in texts:
                asked = TurnSend(text=text, conversation=conversation, sampling=Sampling(max_tokens=48))
                conversation = runner.send(session, asked, 1, lambda: False, 0.0).conversation
            if title and conversation is not None:
                session.profile.rename_conversation(conversation, title)
        pinned = next(found for found in session.profile.conversations() if found.title == "Moving house")
        session.profile.pin_conversation(pinned.id, True)
    finally:
        session.close()
        backbone.close()
