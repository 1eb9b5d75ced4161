"""What a profile may be called, and when two names are the same name.

A name is kept as it was typed (NFC, trimmed). Two names are the same when they differ only in letter case or in the
Unicode spelling of a character: "Zoë", "ZOË" and "Zoe" + combining diaeresis are one name. The comparison is Unicode's
canonical caseless matching (The Unicode Standard, 3.13, D145).
"""

from __future__ import annotations

import unicodedata
from typing import Final

from engine.errors import ErrorCode, ProfileError
from engine.reasons import Reason, because

MAX_NAME: Final = 64
"""Characters (code points after NFC)."""

_JOINERS: Final = "\u200c\u200d"
"""Needed inside words of some scripts and inside emoji; every other invisible format character is refused, because it
serves only to make two names look alike or to turn the text around."""


def clean_name(name: str) -> str:
    """The name as it is kept.

    Raises:
        ProfileError: PROFILE_NAME, with what is wrong.
    """
    cleaned = unicodedata.normalize("NFC", name).strip()
    hint = f"Use 1 to {MAX_NAME} letters, digits or signs, in any script, without line breaks or control characters."
    if not cleaned:
        why = because(Reason.NAME_MISSING)
        raise ProfileError("A profile needs a name.", hint, code=ErrorCode.PROFILE_NAME, because=why)
    if len(cleaned) > MAX_NAME:
        raise ProfileError(
            f"The profile name is too long: {len(cleaned)} characters of {MAX_NAME} at most.",
            hint,
            code=ErrorCode.PROFILE_NAME,
            because=because(Reason.NAME_LONG, length=len(cleaned), most=MAX_NAME),
        )
    for character in cleaned:
        category = unicodedata.category(character)
        # Cc control, Cs half of a surrogate pair, Zl/Zp line and paragraph separators, Cf invisible format characters
        if category in ("Cc", "Cs", "Zl", "Zp") or (category == "Cf" and character not in _JOINERS):
            raise ProfileError(
                f"The profile name holds a character that cannot be seen (U+{ord(character):04X}).",
                hint,
                code=ErrorCode.PROFILE_NAME,
                because=because(Reason.NAME_CHARACTER, character=f"U+{ord(character):04X}"),
            )
    if not any(unicodedata.category(character)[0] in "LNPS" for character in cleaned):
        why = because(Reason.NAME_INVISIBLE)
        raise ProfileError(
            "The profile name holds nothing that can be seen.", hint, code=ErrorCode.PROFILE_NAME, because=why
        )
    return cleaned


def name_key(name: str) -> str:
    """Equal for two names that count as the same."""
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", name.strip()).casefold())
    return unicodedata.normalize("NFD", folded)
