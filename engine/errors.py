"""The engine's one tree of exceptions.

Every error that can reach a person carries three things: a stable number for programs (`code`), a sentence
saying what happened (`message`) and a sentence saying what to do about it (`hint`). Where the number alone does not say
as much as the sentence, the reason with its values (`because`) does, for a front end in another language.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from engine.reasons import Because


class ErrorCode(IntEnum):
    """Numbers on the pipe. The first five are JSON-RPC 2.0's own; the rest are Techo's and never reused."""

    PARSE_ERROR = -32700
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMS = -32602
    INTERNAL_ERROR = -32603

    NOT_INITIALIZED = 1001
    PROTOCOL_VERSION = 1002
    TOO_LARGE = 1003
    BUSY = 1004
    CANCELLED = 1005

    BACKBONE_MISSING = 1101
    BACKBONE_FAILED = 1102
    PROMPT_TOO_LONG = 1103
    MODEL_REFUSED = 1104
    CATALOGUE_INVALID = 1105
    DOWNLOAD_FAILED = 1106

    PROFILE_NOT_FOUND = 1201
    PROFILE_EXISTS = 1202
    PROFILE_NAME = 1203
    PROFILE_IN_USE = 1204
    NO_PROFILE = 1205
    CONVERSATION_NOT_FOUND = 1206
    ENTRY_NOT_FOUND = 1207
    MESSAGE_NOT_FOUND = 1208
    PROFILE_LOOK = 1209
    PROFILE_LOCKED = 1210
    WRONG_PASSPHRASE = 1211
    PASSPHRASE_REFUSED = 1212
    KEYRING_MISSING = 1213
    PROFILE_PROTECTION = 1214

    STATE_MISMATCH = 1301
    STATE_DAMAGED = 1302
    STATE_NEWER = 1303
    STORAGE_FAILED = 1304
    IMPORT_REFUSED = 1305
    NOT_CONFIRMED = 1306
    STATE_TAMPERED = 1307
    ENCRYPTION_MISSING = 1308

    ENGINE_GONE = 1401

    DOCUMENT_NOT_FOUND = 1501
    DOCUMENT_KIND = 1502
    DOCUMENT_EMPTY = 1503
    DOCUMENT_IMAGES = 1504
    DOCUMENT_ENCRYPTED = 1505
    DOCUMENT_DAMAGED = 1506
    DOCUMENT_TOO_LARGE = 1507


class EngineError(Exception):
    """Base of every error the engine raises on purpose. An exception outside this tree is a bug."""

    code: ErrorCode = ErrorCode.INTERNAL_ERROR

    def __init__(
        self, message: str, hint: str = "", *, code: ErrorCode | None = None, because: Because | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.because = because
        if code is not None:
            self.code = code

    def fields(self) -> dict[str, Any]:
        """As it goes over a pipe, or out with `--json`."""
        told = {"code": int(self.code), "message": self.message, "hint": self.hint}
        if self.because is None:
            return told
        return told | {"reason": str(self.because.reason), "values": dict(self.because.values)}


class ProtocolError(EngineError):
    """A message on the pipe that is malformed, unknown, too large or out of order."""

    code = ErrorCode.INVALID_REQUEST


class BackboneError(EngineError):
    """The language model could not be loaded or could not compute."""

    code = ErrorCode.BACKBONE_FAILED


class ModelFileError(BackboneError):
    """A model file that is damaged, incomplete, hostile, or of a kind that Techo cannot use; it was not loaded."""

    code = ErrorCode.MODEL_REFUSED


class CatalogueError(EngineError):
    """The catalogue of models is missing or says something that cannot be."""

    code = ErrorCode.CATALOGUE_INVALID


class DownloadError(EngineError):
    """A download that did not succeed; what arrived is kept for the next try unless the message says otherwise."""

    code = ErrorCode.DOWNLOAD_FAILED


class Cancelled(EngineError):
    """The user stopped it (a turn, a download); what was there by then is kept."""

    code = ErrorCode.CANCELLED


class StoreError(EngineError):
    """The disk, a file or the database is not as it should be."""

    code = ErrorCode.STORAGE_FAILED


class ProfileError(StoreError):
    """A profile is missing, exists already, is badly named or is open elsewhere."""

    code = ErrorCode.PROFILE_NOT_FOUND


class StateError(StoreError):
    """Learned state that is damaged, newer than this engine, or belongs to another backbone or memory."""

    code = ErrorCode.STATE_DAMAGED


class ImportRefused(StoreError):
    """A file offered for import failed its checks; nothing was changed."""

    code = ErrorCode.IMPORT_REFUSED


class DocumentError(EngineError):
    """A document that a person wants to have read and that cannot be; nothing of it was learned."""

    code = ErrorCode.DOCUMENT_DAMAGED
