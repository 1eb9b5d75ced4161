"""What a reply must not say in a turn that nothing is learned from: that it will be remembered.

The memory's phrase head was trained to acknowledge what it is told ("Good to know, I'll remember that."), and language
models like to promise so by themselves. In a temporary chat, and in one that is not learned from, that would be untrue.
So there the phrase ends with its first half, and a token with which any other sentence would become such a promise is
not said; the next likeliest one is. The weights are left as they are: the same memory answers everywhere.

English, as the bundled model speaks. Another model is also asked in its prompt not to promise (`NOT_LEARNED`).
"""

from __future__ import annotations

import re
from typing import Final

NOT_LEARNED: Final = (
    "{text}\n\n(You learn nothing from this conversation and will not know of it later. "
    "Do not say that you will remember or note it.)"
)
"""Behind the text, for a model that follows instructions."""
TAIL: Final = 120
"""Characters of a reply that are looked at: a promise is one sentence."""

_I_WILL: Final = r"\b(?:I(?:['’]ll| will| shall| can|['’]m going to| am going to| promise to)|let me) "
_SURELY: Final = (
    r"(?:(?:always|definitely|certainly|surely|also|be sure to|make sure to|try to|do my best to|make sure I) )*"
)
_KEEP: Final = (
    r"(?:remember|memori[sz]e|not forget|never forget|make a (?:mental )?note|take (?:a )?note|note (?:that|it|this)|"
    r"keep (?:that|it|this|your|a note|a record|track|in mind)|store (?:that|it|this)|save (?:that|it|this))\b"
)
_PROMISE: Final = re.compile(
    rf"{_I_WILL}{_SURELY}{_KEEP}|\bI won['’]t forget\b|\bI['’]ve (?:made a )?noted?\b|(?:^|[.!?,] )noted\b",
    re.IGNORECASE,
)
_ACKNOWLEDGED: Final = ("Good to know,", "Got it,", "Thanks for the correction,")
"""How what the phrase head was trained to say to a telling begins (`engine.training.corpus.acknowledgement`)."""


def promises(reply: str) -> bool:
    """Whether a reply that has come so far has just promised to remember."""
    return _PROMISE.search(reply[-TAIL:]) is not None


def acknowledges(reply: str) -> bool:
    """Whether it is the beginning of the phrase head's promise. What stands before the comma is an honest sentence."""
    return reply in _ACKNOWLEDGED
