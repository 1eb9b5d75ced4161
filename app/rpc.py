"""Framing and typing of the pipe's messages: bytes in, message structs out. Pure, without Qt or processes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from engine.protocol import (
    MAX_LINE,
    ErrorBody,
    Notice,
    Reading,
    Request,
    StateChanged,
    Struct,
    TurnAccepted,
    TurnDelta,
    TurnLearned,
    TurnStarted,
)

NOTIFICATIONS: Final[dict[str, type[Struct]]] = {
    "engine.state": StateChanged,
    "engine.notice": Notice,
    "turn.accepted": TurnAccepted,
    "turn.started": TurnStarted,
    "turn.delta": TurnDelta,
    "turn.learned": TurnLearned,
    "memory.reading": Reading,
}
"""What the engine says without being asked. Others are ignored: a newer engine may say more."""


@dataclass(frozen=True)
class Answer:
    """The answer to request `id`: `error`, or else `result`, still encoded."""

    id: int
    result: bytes
    error: ErrorBody | None


@dataclass(frozen=True)
class Said:
    """A notification, decoded to its own type."""

    method: str
    params: Struct


@dataclass(frozen=True)
class Garbled:
    """A line that is no message of the protocol; `reason` is for the log."""

    reason: str


Incoming = Answer | Said | Garbled | None


class _Envelope(msgspec.Struct):
    method: str | None = None
    params: msgspec.Raw = msgspec.Raw(b"{}")
    id: int | str | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: ErrorBody | None = None


_envelopes = msgspec.json.Decoder(_Envelope)


class LineBuffer:
    """Cuts a byte stream into lines. A line over `limit` bytes is skipped to its end and counted in `skipped`."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._skipping = False
        self.skipped = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Complete lines in `data` and what was kept from before, without their newlines."""
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            if self._skipping:
                self._skipping = False
            elif len(self._rest) + end - start > self._limit:
                self.skipped += 1
            elif self._rest:
                yield bytes(self._rest) + data[start:end]
            else:
                yield data[start:end]
            self._rest.clear()
            start = end + 1
        if not self._skipping:
            self._rest += data[start:]
            if len(self._rest) > self._limit:
                self._rest.clear()
                self._skipping = True
                self.skipped += 1


def encode_request(request_id: int, method: str, params: Struct | None) -> bytes:
    """One line for the engine's stdin."""
    fields: dict[str, Any] = {} if params is None else msgspec.to_builtins(params)
    return msgspec.json.encode(Request(method=method, params=fields, id=request_id)) + b"\n"


def decode_line(line: bytes) -> Incoming:
    """One line of the engine's stdout; None when there is nothing to do (blank line, unknown notification)."""
    if not line.strip():
        return None
    try:
        envelope = _envelopes.decode(line)
        if envelope.method is not None:
            kind = NOTIFICATIONS.get(envelope.method)
            if kind is None:
                return None
            return Said(envelope.method, msgspec.json.decode(bytes(envelope.params), type=kind))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return Garbled(str(error))
    if isinstance(envelope.id, int):
        return Answer(envelope.id, bytes(envelope.result), envelope.error)
    if envelope.error is not None:
        return Garbled(f"the engine could not read a request: {envelope.error.message}")
    return Garbled("an answer without a number")
