"""One turn: read -> generate -> write.

    prompt.py     what of a conversation goes into the KV window
    sampling.py   scores to a token
    reply.py      tokens to whole characters, and the reply kept on disk while it grows
    second_look.py  the recalled turns read once more, before the memory speaks
    runner.py     `TurnRunner`: a turn sent, a turn fed, a text scored

Knows the backbone, the memory and the session; the server knows it.
"""

from __future__ import annotations

from engine.turn.prompt import SYSTEM_PROMPT
from engine.turn.runner import TurnRunner
from engine.turn.second_look import SecondReader

__all__ = ["SYSTEM_PROMPT", "SecondReader", "TurnRunner"]
