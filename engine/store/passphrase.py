"""From a passphrase to a key: Argon2id (RFC 9106), as libsodium computes it.

What it costs stands in the file beside the salt, so that it can be raised later. It is bounded: a file that comes from
somewhere else must not demand gigabytes or minutes of whoever types a passphrase.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from types import ModuleType
from typing import Final

from engine.errors import EngineError, ErrorCode, ProfileError, StoreError
from engine.reasons import Because, Reason, because

SALT: Final = 16
KEY: Final = 32
LONGEST: Final = 1024
"""Characters of a passphrase at most."""
MOST_PASSES: Final = 4
MOST_MEMORY: Final = 1024 * 1024 * 1024
LEAST_MEMORY: Final = 8 * 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """What trying one passphrase costs, whoever tries.

    Attributes:
        passes: Over the memory.
        memory: In bytes.
    """

    passes: int = 3
    memory: int = 64 * 1024 * 1024

    @property
    def is_bearable(self) -> bool:
        """Whether it is within the bounds."""
        return 1 <= self.passes <= MOST_PASSES and LEAST_MEMORY <= self.memory <= MOST_MEMORY


DEFAULT: Final = Cost()
"""RFC 9106's choice for computers with little memory (three passes, 64 MiB), in one lane: all that libsodium has."""
CHEAP: Final = Cost(1, LEAST_MEMORY)
"""For tests, which hand it to a `ProfileStore`. What is opened costs what its file says, so that a real engine process
is quick with a profile that was made so; nothing on a command line or in the environment makes a passphrase cheap."""


def clean(passphrase: str) -> str:
    """The passphrase in the form that the key is made from: however a keyboard composes its letters, it is the same.

    Raises:
        ProfileError: PASSPHRASE_REFUSED, when it is empty, too long, or not text.
    """
    composed = unicodedata.normalize("NFC", passphrase)
    if not composed:
        hint = "Type at least one character; a few words that only you know are good."
        raise _refused("is empty", hint, because(Reason.PASSPHRASE_EMPTY))
    if len(composed) > LONGEST:
        why = because(Reason.PASSPHRASE_LONG, most=LONGEST)
        raise _refused(f"has more than {LONGEST:,} characters", "Choose a shorter one.", why)
    try:
        composed.encode()
    except UnicodeEncodeError:
        raise _refused("holds half a character", "Type it anew.", because(Reason.PASSPHRASE_HALF)) from None
    return composed


def derive(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    """The key: `KEY` bytes.

    Args:
        passphrase: As it was typed.
        salt: `SALT` bytes.
        cost: Within the bounds.

    Raises:
        ProfileError: PASSPHRASE_REFUSED.
        StoreError: The computer has not as much memory.
    """
    if not cost.is_bearable:
        raise ValueError(f"{cost} is out of bounds")
    sodium = bindings()
    words = clean(passphrase).encode()
    try:
        key: bytes = sodium.crypto_pwhash_alg(
            KEY, words, salt, cost.passes, cost.memory, sodium.crypto_pwhash_ALG_ARGON2ID13
        )
    except (sodium_error(), MemoryError) as error:
        raise StoreError(
            f"There is not enough memory to try the passphrase ({cost.memory // 2**20:,} MiB are needed).",
            "Close other programs and try again. Nothing was changed.",
            because=because(Reason.PASSPHRASE_MEMORY, need_bytes=cost.memory),
        ) from error
    return key


def bindings() -> ModuleType:
    """Libsodium. Loaded by whoever has something encrypted, and by nobody else.

    Raises:
        EngineError: ENCRYPTION_MISSING.
    """
    try:
        from nacl import bindings as sodium
    except (ImportError, OSError) as error:
        raise missing("PyNaCl") from error
    module: ModuleType = sodium
    return module


def sodium_error() -> type[Exception]:
    """What libsodium's bindings raise when something does not hold."""
    from nacl.exceptions import CryptoError

    kind: type[Exception] = CryptoError
    return kind


def missing(package: str) -> EngineError:
    """What encryption needs is not installed."""
    return EngineError(
        f"{package}, which encrypted profiles need, is not installed or does not work.",
        "Run ./techo to set it up again. Nothing was changed.",
        code=ErrorCode.ENCRYPTION_MISSING,
        because=because(Reason.ENCRYPTION_MISSING, package=package),
    )


def _refused(what: str, hint: str, why: Because) -> ProfileError:
    return ProfileError(f"The passphrase {what}.", hint, code=ErrorCode.PASSPHRASE_REFUSED, because=why)
