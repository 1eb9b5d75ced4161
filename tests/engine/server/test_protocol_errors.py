"""Whatever comes down the pipe, the engine answers as the protocol says and goes on serving."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.client import EngineClient
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    MAX_LINE,
    METHODS,
    PROTOCOL_VERSION,
    EngineStatus,
    Initialize,
    Initialized,
    Ok,
    PerplexityOf,
    ProfileList,
    Request,
)
from engine.server.service import Options, Service

WAIT = 60.0


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineClient]:
    """Initialized, without a profile."""
    client, _ = EngineClient.start(tmp_path_factory.mktemp("data"), options=("--threads", "1"))
    yield client
    assert client.close() == 0


def status(engine: EngineClient) -> EngineStatus:
    return engine.call("engine.status", None, EngineStatus, timeout=WAIT)


def error_of(engine: EngineClient) -> dict[str, Any]:
    """The next answer, which must be an error."""
    while True:
        message = engine.receive(WAIT)
        if "method" not in message:
            assert message["jsonrpc"] == "2.0"
            assert message["error"]["message"]
            return message


def test_every_method_is_served(engine: EngineClient, tmp_path: Path) -> None:
    """The contract: nothing in METHODS is unknown to the engine, and nothing else is served."""
    service = Service(Options(tmp_path), lambda method, params: None)
    assert set(service.handlers) | {"shutdown", "turn.cancel", "engine.status"} == set(METHODS)
    for method in METHODS:
        if method == "shutdown":
            continue  # see test_life
        engine.send(method)
        while "method" in (answer := engine.receive(WAIT)):
            pass
        code = answer.get("error", {}).get("code")
        # Known, though with nothing given and nothing open there is little it could do.
        expected = (None, ErrorCode.INVALID_PARAMS, ErrorCode.NO_PROFILE, ErrorCode.INVALID_REQUEST)
        assert code in expected, (method, answer)


@pytest.mark.parametrize(
    ("line", "code", "identifier"),
    [
        (b"hello", ErrorCode.PARSE_ERROR, None),
        (b'{"id": 1, "method": "engine.status"', ErrorCode.PARSE_ERROR, None),
        (b'{"id": 1, "method": "\xff\xfe"}', ErrorCode.PARSE_ERROR, None),
        (b'{"params": ' + b'{"a":' * 100_000, ErrorCode.PARSE_ERROR, None),
        (b"[" * 100_000, ErrorCode.INVALID_REQUEST, None),
        (b"\x00\x01\x02", ErrorCode.PARSE_ERROR, None),
        (b"[1, 2, 3]", ErrorCode.INVALID_REQUEST, None),
        (b"42", ErrorCode.INVALID_REQUEST, None),
        (b"null", ErrorCode.INVALID_REQUEST, None),
        (b'{"id": "x"}', ErrorCode.INVALID_REQUEST, "x"),
        (b'{"id": 5, "method": 7}', ErrorCode.INVALID_REQUEST, 5),
        (b'{"id": 6, "method": "engine.status", "params": [1]}', ErrorCode.INVALID_REQUEST, 6),
        (b'{"id": {}, "method": "engine.status"}', ErrorCode.INVALID_REQUEST, None),
        (b'{"id": 7, "method": "no.such"}', ErrorCode.METHOD_NOT_FOUND, 7),
        (b'{"id": 8, "method": ""}', ErrorCode.METHOD_NOT_FOUND, 8),
        (b'{"id": 9, "method": "__init__"}', ErrorCode.METHOD_NOT_FOUND, 9),
        (b'{"id": 10, "method": "turn.send"}', ErrorCode.INVALID_PARAMS, 10),
        (b'{"id": 11, "method": "turn.send", "params": {"text": 3}}', ErrorCode.INVALID_PARAMS, 11),
        (b'{"id": 12, "method": "memory.forget", "params": {"entry": 1.5}}', ErrorCode.INVALID_PARAMS, 12),
        (b'{"id": 13, "method": "memory.stats"}', ErrorCode.NO_PROFILE, 13),
        (b'{"id": 14, "method": "turn.send", "params": {"text": "Hi"}}', ErrorCode.NO_PROFILE, 14),
        (b'{"id": 15, "method": "profile.open", "params": {"name": "nobody"}}', ErrorCode.PROFILE_NOT_FOUND, 15),
        (b'{"id": 16, "method": "profile.open", "params": {"name": "../../etc"}}', ErrorCode.PROFILE_NOT_FOUND, 16),
        (b'{"id": 17, "method": "profile.create", "params": {"name": ""}}', ErrorCode.PROFILE_NAME, 17),
        (b'{"id": 18, "method": "initialize", "params": {"protocol": 2}}', ErrorCode.INVALID_REQUEST, 18),
    ],
)
def test_bad_messages_get_an_error_and_the_engine_goes_on(
    engine: EngineClient, line: bytes, code: ErrorCode, identifier: int | str | None
) -> None:
    engine.write(line)
    answer = error_of(engine)
    assert (answer["error"]["code"], answer["id"]) == (code, identifier), answer
    # The worker answers first, then it says that it is free.
    end = time.monotonic() + WAIT
    while status(engine).state != "ready" and time.monotonic() < end:
        time.sleep(0.02)
    assert status(engine).state == "ready"


def test_invalid_params_say_what_is_wrong(engine: EngineClient) -> None:
    engine.write(b'{"id": 1, "method": "bench.perplexity", "params": {"prompt": "a", "text": 5}}')
    assert "`str`" in (message := error_of(engine)["error"]["message"])
    assert "bench.perplexity" in message
    assert "text" in message


def test_unknown_fields_are_ignored(engine: EngineClient) -> None:
    engine.write(b'{"jsonrpc": "2.0", "id": 1, "method": "profile.list", "params": {"new": 1}, "later": true}')
    assert engine.wait_for(1, timeout=WAIT)["result"] == {"profiles": [], "current": None}


def test_notifications_get_no_answer(engine: EngineClient) -> None:
    engine.write(b'{"method": "no.such"}')
    engine.write(b'{"method": "profile.list"}')
    engine.write(b'{"method": "turn.cancel"}')
    engine.write(b"\n   \n")
    identifier = engine.send("profile.list")
    assert engine.receive(WAIT)["id"] == identifier


def test_an_oversized_line_is_skipped(engine: EngineClient) -> None:
    engine.write(b'{"id": 1, "method": "turn.send", "params": {"text": "' + b"x" * MAX_LINE + b'"}}')
    answer = error_of(engine)
    assert (answer["error"]["code"], answer["id"]) == (ErrorCode.TOO_LARGE, None)
    before = status(engine).rss_bytes
    for _ in range(3):
        engine.write(b"x" * (MAX_LINE + 1))
        assert error_of(engine)["error"]["code"] == ErrorCode.TOO_LARGE
    assert status(engine).rss_bytes < before + 2 * MAX_LINE


def test_too_many_waiting_requests_are_refused(engine: EngineClient) -> None:
    """While the worker is busy the queue has an end; what was taken is answered, in order."""
    long = engine.send("bench.perplexity", PerplexityOf(prompt="Hi", text="word " * 2000, recall=False))
    flood = [engine.send("profile.list") for _ in range(600)]
    answers: dict[Any, dict[str, Any]] = {}
    engine.write(Request(method="turn.cancel"))
    while len(answers) < 601:
        message = engine.receive(WAIT)
        if "method" not in message:
            answers[message["id"]] = message
    assert answers[long]["error"]["code"] == ErrorCode.CANCELLED
    refused = [i for i in flood if "error" in answers[i]]
    assert {answers[i]["error"]["code"] for i in refused} == {ErrorCode.BUSY}
    served = [i for i in answers if i not in refused]
    assert served == sorted(served)
    assert len(refused) >= 600 - 257


def test_order_of_messages(bare_engine: Callable[..., EngineClient]) -> None:
    """`initialize` comes first, once, and speaks our version."""
    engine = bare_engine()
    assert status(engine).state == "starting"
    for method in METHODS:
        if method in ("initialize", "shutdown", "engine.status"):
            continue
        with pytest.raises(EngineError) as refused:
            engine.wait_for(engine.send(method), timeout=WAIT)
        assert refused.value.code is ErrorCode.NOT_INITIALIZED, method
    with pytest.raises(EngineError) as wrong:
        engine.call("initialize", Initialize(protocol=99), Initialized, timeout=WAIT)
    assert wrong.value.code is ErrorCode.PROTOCOL_VERSION
    assert "99" in wrong.value.message
    assert str(PROTOCOL_VERSION) in wrong.value.message
    hello = engine.call("initialize", Initialize(protocol=PROTOCOL_VERSION), Initialized, timeout=WAIT)
    assert (hello.protocol, hello.profile, hello.notices) == (PROTOCOL_VERSION, None, [])
    assert hello.backbone.window == 2048
    assert engine.receive(WAIT) == {"jsonrpc": "2.0", "method": "engine.state", "params": {"state": "ready"}}
    assert engine.call("profile.list", None, ProfileList, timeout=WAIT).profiles == []
    assert engine.call("shutdown", None, Ok, timeout=WAIT).ok
    assert engine.process.wait(WAIT) == 0


@pytest.mark.parametrize("option", ["--model", "--memory"])
def test_a_missing_file_is_said_and_can_be_mended(
    bare_engine: Callable[..., EngineClient], tmp_path: Path, option: str
) -> None:
    engine = bare_engine(option, str(tmp_path / "missing"))
    hello = Initialize(protocol=PROTOCOL_VERSION, profile="Mika")
    with pytest.raises(EngineError, match="missing") as refused:
        engine.call("initialize", hello, Initialized, timeout=WAIT)
    assert refused.value.code is ErrorCode.BACKBONE_MISSING
    assert refused.value.hint
    assert status(engine).state == "starting"
    (tmp_path / "missing").write_bytes(b"nonsense")
    with pytest.raises(EngineError) as refused:
        engine.call("initialize", hello, Initialized, timeout=WAIT)
    assert refused.value.code is (ErrorCode.MODEL_REFUSED if option == "--model" else ErrorCode.BACKBONE_FAILED)
    assert engine.close() == 0
