"""The system's keyring, for a person who wants a profile to open on this computer without its passphrase.

It is asked only for profiles that say they are remembered, and never for the passphrase: what it keeps is a random
secret that opens the profile's key (`keys.KeyringSlot`), and that opens nothing once the slot is gone. On Linux it is
reached through the session bus, on macOS it is the keychain, on Windows the credential locker.
"""

from __future__ import annotations

from typing import Any, Final

from engine.errors import EngineError, ErrorCode
from engine.reasons import Because, Reason, because

SERVICE: Final = "techo"


class Keyring:
    """The system's own. Tests put another one in its place."""

    def get(self, entry: str) -> bytes | None:
        """The secret of an entry; None: it has none.

        Raises:
            EngineError: KEYRING_MISSING.
        """
        text = self._ask("get_password", SERVICE, entry)
        try:
            return None if text is None else bytes.fromhex(text)
        except (ValueError, TypeError):
            return None

    def set(self, entry: str, secret: bytes) -> None:
        """Keeps a secret. Errors as for `get`."""
        self._ask("set_password", SERVICE, entry, secret.hex())

    def delete(self, entry: str) -> None:
        """Drops an entry; one that is not there is fine. Errors as for `get`."""
        if self.get(entry) is not None:
            self._ask("delete_password", SERVICE, entry)

    def _ask(self, what: str, *arguments: str) -> Any:
        try:
            import keyring
        except Exception as error:
            raise _missing("the package keyring does not work here", because(Reason.KEYRING_FAILED)) from error
        try:
            backend = keyring.get_keyring()
            if backend.priority < 1:  # none at all, or one that writes the secret into a plain file
                raise _missing("this computer has none that is safe", because(Reason.KEYRING_NONE))
            return getattr(backend, what)(*arguments)
        except EngineError:
            raise
        except Exception as error:  # every system's keyring has errors of its own
            raise _missing(type(error).__name__, because(Reason.KEYRING_FAILED)) from error


def _missing(detail: str, why: Because) -> EngineError:
    return EngineError(
        f"The system's keyring cannot be used: {detail}.",
        "Unlock the keyring and try again, or go on with the passphrase. The profile is as it was.",
        code=ErrorCode.KEYRING_MISSING,
        because=why,
    )
