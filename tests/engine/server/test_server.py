"""The server around a service that fails: an error nobody expected is answered, logged discreetly, and survived."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ErrorCode
from engine.protocol import PROTOCOL_VERSION, BackboneInfo, Initialized
from engine.server.logs import DiscreetFormatter
from engine.server.pipe import LineReader, LineWriter
from engine.server.server import Server
from engine.server.service import Call, Options

SECRET = "what the user said"


class Harness:
    """A server in a thread, over real pipes. `initialize` succeeds without a model; `profile.list` fails."""

    def __init__(self, folder: Path) -> None:
        reading, self._to_server = os.pipe()
        from_server, writing = os.pipe()
        self.server = Server(Options(folder), LineReader(reading, 1000), LineWriter(writing))
        service = self.server._service
        info = BackboneInfo(name="none", digest="", layers=0, width=0, vocabulary=0, window=0, cache=0)
        hello = Initialized(protocol=PROTOCOL_VERSION, engine="", backbone=info, profile=None, notices=[])

        def fail(_asked: Any, _call: Call) -> Any:
            raise KeyError(SECRET)

        service.handlers["initialize"] = lambda asked, call: hello
        service.handlers["profile.list"] = fail
        service.load = lambda: None  # type: ignore[method-assign]
        self._output = os.fdopen(from_server, "rb")
        self._ends = (reading, writing)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    def say(self, **message: Any) -> None:
        os.write(self._to_server, json.dumps(message).encode() + b"\n")

    def hear(self, identifier: int) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = json.loads(self._output.readline())
            if message.get("id") == identifier:
                return message

    def close(self) -> None:
        os.close(self._to_server)
        self.thread.join(10)
        assert not self.thread.is_alive()
        self._output.close()
        for end in self._ends:
            os.close(end)


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = Harness(tmp_path)
    yield made
    made.close()


def test_an_unexpected_error_is_answered_and_survived(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    harness.say(id=1, method="initialize", params={"protocol": PROTOCOL_VERSION})
    assert "result" in harness.hear(1)
    for identifier in (2, 3):
        harness.say(id=identifier, method="profile.list")
        error = harness.hear(identifier)["error"]
        assert error["code"] == ErrorCode.INTERNAL_ERROR
        assert "KeyError" in error["message"]
        assert error["hint"]
        assert SECRET not in json.dumps(error)
    records = [record for record in caplog.records if record.exc_info]
    assert len(records) == 2
    text = DiscreetFormatter("%(message)s").format(records[0])
    assert "KeyError" in text
    assert "in fail" in text, "where it happened"
    assert SECRET not in text


def test_stop_ends_an_idle_server(harness: Harness) -> None:
    harness.say(id=1, method="engine.status")
    assert harness.hear(1)["result"]["state"] == "starting"
    harness.server.stop()
    harness.thread.join(10)
    assert not harness.thread.is_alive()


def test_the_discreet_formatter_shows_causes_without_their_words() -> None:
    try:
        try:
            raise ValueError(SECRET)
        except ValueError as error:
            raise RuntimeError(SECRET) from error
    except RuntimeError as error:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "it failed", None, (type(error), error, None))
        text = DiscreetFormatter("%(message)s").format(record)
    assert "RuntimeError" in text
    assert "ValueError" in text
    assert SECRET not in text
