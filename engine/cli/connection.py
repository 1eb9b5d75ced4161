"""The command line's side of the pipe: starts the engine as a child and speaks `engine.protocol` with it, blocking."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import msgspec

from engine.cli.arguments import DEFAULT_PROFILE
from engine.cli.console import Console
from engine.errors import EngineError, ErrorCode, ProtocolError
from engine.protocol import (
    MAX_LINE,
    PROTOCOL_VERSION,
    Initialize,
    Initialized,
    Ok,
    Request,
    Struct,
    TurnAccepted,
    TurnDelta,
    TurnDone,
    TurnFeed,
    TurnLearned,
    TurnSend,
)

Result = TypeVar("Result", bound=Struct)
Listener = Callable[[Any], None]
"""Called with TurnAccepted, TurnDelta and TurnLearned while a turn runs."""

_EVENTS: Final[dict[str, type[Struct]]] = {
    "turn.accepted": TurnAccepted,
    "turn.delta": TurnDelta,
    "turn.learned": TurnLearned,
}


class Connection:
    """A running engine process. As a context manager it asks the engine to commit and exit at the end."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._last_id = 0
        self.initialized: Initialized

    @classmethod
    def start(cls, data_dir: Path, profile: str | None, *, create: bool = True) -> Self:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "engine", "--data-dir", str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self = cls(process)
        try:
            hello = Initialize(protocol=PROTOCOL_VERSION, client="techo-cli", profile=profile, create=create)
            self.initialized = self.call("initialize", hello, Initialized)
        except BaseException:
            self.close()
            raise
        return self

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def call(self, method: str, params: Struct | None, result: type[Result], listen: Listener | None = None) -> Result:
        self._last_id += 1
        request = Request(method=method, params=msgspec.to_builtins(params) if params is not None else {}, id=self._last_id)
        self._write(request)
        while True:
            message = self._read()
            if "method" in message:
                kind = _EVENTS.get(message["method"])
                if listen is not None and kind is not None:
                    listen(msgspec.convert(message["params"], kind))
            elif message.get("id") == self._last_id:
                if message.get("error") is not None:
                    error = message["error"]
                    raise EngineError(error["message"], error.get("hint", ""), code=ErrorCode(error["code"]))
                return msgspec.convert(message["result"], result)

    def turn(self, request: TurnSend, listen: Listener | None = None) -> TurnDone:
        return self.call("turn.send", request, TurnDone, listen)

    def feed(self, request: TurnFeed) -> TurnDone:
        return self.call("turn.feed", request, TurnDone)

    def cancel(self) -> None:
        """Stops the running turn; safe to call from a signal handler."""
        self._write(Request(method="turn.cancel"))

    def close(self) -> None:
        if self.alive:
            try:
                self.call("shutdown", None, Ok)
            except EngineError:
                pass
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    pass
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, request: Request) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode(request) + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            raise _gone() from None

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        try:
            line = self._process.stdout.readline(MAX_LINE + 2)
        except (OSError, ValueError):
            raise _gone() from None
        if not line.endswith(b"\n"):
            raise _gone()
        try:
            message: dict[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise ProtocolError(f"The engine sent something that is no message: {error}") from None
        return message


def _gone() -> EngineError:
    return EngineError("The engine has stopped.", "Try again; nothing that was said is lost.", code=ErrorCode.ENGINE_GONE)


def data_dir(options: Namespace) -> Path:
    """Where the profiles are: --data-dir, else the user's data folder."""
    if options.data_dir is not None:
        return Path(options.data_dir).absolute()
    from engine.store import default_data_dir

    return default_data_dir()


def connect(options: Namespace, console: Console, *, open_profile: bool = True, create: bool = False) -> Connection:
    """Starts an engine as the command line asks for it.

    Args:
        open_profile: open --profile (else none).
        create: make the named profile when it is missing. The default profile is always made.
    """
    name = (options.profile or DEFAULT_PROFILE) if open_profile else None
    engine = Connection.start(data_dir(options), name, create=create or name == DEFAULT_PROFILE)
    for notice in engine.initialized.notices:
        console.note(f"techo: {notice}")
    return engine
