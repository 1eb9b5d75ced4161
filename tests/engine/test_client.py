"""The blocking client, against scripted children: what a front end sees when things go wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.client import EngineClient, engine_command
from engine.errors import EngineError, ErrorCode, ProtocolError
from engine.protocol import EngineStatus

STATUS = '{"jsonrpc":"2.0","id":1,"result":{"state":"ready","rss_bytes":1,"profile":null}}'


def child(script: str) -> EngineClient:
    return EngineClient([sys.executable, "-c", f"import sys, time\nsys.stdin.readline()\n{script}"])


def test_notifications_are_handed_on_while_waiting() -> None:
    say = """print('{"method":"engine.state","params":{"state":"busy"}}')\nprint('{"id":9,"result":{}}')"""
    heard: list[tuple[str, object]] = []
    with child(f"{say}\nprint('{STATUS}', flush=True)\nsys.stdin.read()") as engine:
        status = engine.call("engine.status", None, EngineStatus, listen=lambda m, p: heard.append((m, p)), timeout=30)
    assert status.state == "ready"
    assert heard == [("engine.state", {"state": "busy"})]


def test_an_error_keeps_its_code_and_hint() -> None:
    error = '{"id":1,"error":{"code":1204,"message":"In use.","hint":"Close it."}}'
    with child(f"print('{error}', flush=True)\nsys.stdin.read()") as engine, pytest.raises(EngineError) as refused:
        engine.call("engine.status", None, EngineStatus, timeout=30)
    assert (refused.value.code, refused.value.message, refused.value.hint) == (
        ErrorCode.PROFILE_IN_USE,
        "In use.",
        "Close it.",
    )


@pytest.mark.parametrize("script", ["", 'sys.stdout.write(\'{"id":1,"resu\')', "sys.exit(3)"])
def test_an_engine_that_ends_is_gone(script: str) -> None:
    engine = child(script)
    for _ in range(2):
        with pytest.raises(EngineError) as refused:
            engine.call("engine.status", None, EngineStatus, timeout=30)
        assert refused.value.code is ErrorCode.ENGINE_GONE
    assert engine.close() == (3 if "exit" in script else 0)


def test_garbage_is_said_to_be_garbage() -> None:
    with child("print('hello', flush=True)\nsys.stdin.read()") as engine, pytest.raises(ProtocolError):
        engine.call("engine.status", None, EngineStatus, timeout=30)


def test_waiting_has_an_end() -> None:
    engine = child("sys.stdin.read()")
    with pytest.raises(TimeoutError):
        engine.call("engine.status", None, EngineStatus, timeout=0.2)
    assert engine.close() == 0


def test_an_engine_that_does_not_end_is_killed() -> None:
    engine = child("time.sleep(100)")
    engine.send("engine.status")
    assert engine.close(timeout=0.3) != 0


def test_the_current_folder_cannot_shadow_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-P`: a file `json.py` or `engine.py` where the user happens to stand is not run."""
    (tmp_path / "engine.py").write_text("print('shadow')")
    (tmp_path / "json.py").write_text("print('shadow')")
    monkeypatch.chdir(tmp_path)
    with EngineClient(engine_command(tmp_path / "data")) as engine:
        assert engine.call("engine.status", None, EngineStatus, timeout=60).state == "starting"
