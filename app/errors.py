"""The few error codes of the engine that the window reacts to.

The numbers are part of the pipe's protocol (`engine.errors.ErrorCode`) and never reused, so they are repeated here:
`app` knows `engine.protocol` and nothing else of the engine. Every other code is only shown, message and hint.
"""

from __future__ import annotations

from typing import Final

from engine.protocol import ErrorBody

PROFILE_NOT_FOUND: Final = 1201
CONVERSATION_NOT_FOUND: Final = 1206
NOT_CONFIRMED: Final = 1306
ENGINE_GONE: Final = 1401
"""Never sent by the engine: the client's own word for "it died before it answered"."""


def is_about_profile(error: ErrorBody) -> bool:
    """Whether another profile could still be opened: profile (12xx) and state (13xx) errors."""
    return 1200 <= error.code < 1400
