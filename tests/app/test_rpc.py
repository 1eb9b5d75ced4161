"""Framing: whatever the pipe delivers becomes messages, or is named as garbled; nothing raises."""

from __future__ import annotations

import json

import msgspec
import pytest

from app.rpc import Answer, Garbled, LineBuffer, Said, decode_line, encode_request
from engine.protocol import Notification, ProfileName, Request, Response, TurnDelta


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_lines_are_the_same_however_the_pipe_cuts_them(step: int) -> None:
    stream = "α\n\nβγ\nδ".encode()
    buffer = LineBuffer()
    lines = [line for at in range(0, len(stream), step) for line in buffer.feed(stream[at : at + step])]
    assert lines == ["α".encode(), b"", "βγ".encode()]
    assert list(buffer.feed(b"\n")) == ["δ".encode()]


@pytest.mark.parametrize("step", [1, 4, 1000])
def test_a_line_over_the_limit_is_skipped_and_the_next_one_is_read(step: int) -> None:
    stream = b"short\n" + b"x" * 50 + b"\nafter\n"
    buffer = LineBuffer(limit=10)
    lines = [line for at in range(0, len(stream), step) for line in buffer.feed(stream[at : at + step])]
    assert lines == [b"short", b"after"]
    assert buffer.skipped == 1


def test_a_request_is_one_line_that_the_protocol_reads_back() -> None:
    line = encode_request(7, "profile.open", ProfileName(name="Mika\nand more"))
    assert line.count(b"\n") == 1
    request = msgspec.json.decode(line, type=Request)
    assert (request.id, request.method, request.params["name"]) == (7, "profile.open", "Mika\nand more")


def test_answers_and_notifications_are_told_apart() -> None:
    answer = decode_line(msgspec.json.encode(Response(id=3, result={"ok": True})))
    assert isinstance(answer, Answer)
    assert (answer.id, json.loads(answer.result), answer.error) == (3, {"ok": True}, None)
    said = decode_line(msgspec.json.encode(Notification(method="turn.delta", params=TurnDelta(turn=1, text="é"))))
    assert isinstance(said, Said)
    assert said.params == TurnDelta(turn=1, text="é")


def test_what_a_newer_engine_says_is_ignored() -> None:
    assert decode_line(b'{"jsonrpc":"2.0","method":"engine.news","params":{"x":1}}') is None
    said = decode_line(b'{"jsonrpc":"2.0","method":"turn.delta","params":{"turn":1,"text":"a","new_field":[]}}')
    assert isinstance(said, Said)


@pytest.mark.parametrize(
    "line",
    [
        b"no json",
        b"[]",
        b"\xff\xfe",
        b'{"jsonrpc":"2.0","id":"seven","result":1}',
        b'{"jsonrpc":"2.0","method":"turn.delta","params":{"turn":"seven"}}',
        b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}',
        b'{"jsonrpc":"2.0","id":1,"error":"not an object"}',
    ],
)
def test_a_garbled_line_is_named_and_does_not_raise(line: bytes) -> None:
    assert isinstance(decode_line(line), Garbled)
