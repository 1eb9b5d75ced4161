"""A blocking client: starts the engine as a child and talks with it. For the command line, scripts and tests.

A thread reads what the engine says, so that waiting can have a time limit and `cancel` can be sent meanwhile.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, TypeVar

import msgspec

from engine.errors import EngineError, ErrorCode, ProtocolError
from engine.protocol import (
    METHODS,
    PROTOCOL_VERSION,
    Initialize,
    Initialized,
    Request,
    Struct,
    TurnAgain,
    TurnContinue,
    TurnDone,
    TurnSend,
)
from engine.reasons import recognised

Listener = Callable[[str, dict[str, Any]], None]
"""Takes a notification: its method and params."""

Result = TypeVar("Result", bound=Struct)

_GRACE: Final = 30.0
"""Seconds an engine gets to commit and exit before it is killed."""


def engine_command(data_dir: Path, *options: str) -> list[str]:
    """The command that starts an engine with this Python."""
    return [sys.executable, "-P", "-m", "engine", "--data-dir", str(data_dir), *options]


class EngineClient:
    """One engine process. As a context manager it lets the engine commit and exit at the end.

    Every call raises `EngineError` with the engine's own code, message and hint when the engine refuses, and with
    ENGINE_GONE when it has ended.
    """

    def __init__(self, command: Sequence[str], *, stderr: int | IO[bytes] | None = subprocess.DEVNULL) -> None:
        """Starts the process; `initialize` is the caller's (or see `start`)."""
        environment = dict(os.environ)
        # `-P` keeps the current folder from shadowing the engine; this makes sure that the child runs this very engine,
        # installed or not.
        here = str(Path(__file__).resolve().parents[1])
        known = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = here if not known else os.pathsep.join((here, known))
        self.process: Final = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment,
            start_new_session=True,  # Ctrl-C in the terminal is ours to translate
        )
        self._messages: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._last_id = 0
        self._write_lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="engine-pipe", daemon=True)
        self._reader.start()

    @classmethod
    def start(
        cls,
        data_dir: Path,
        profile: str | None = None,
        *,
        create: bool = True,
        options: Sequence[str] = (),
        stderr: int | IO[bytes] | None = subprocess.DEVNULL,
        unlock: Callable[[Callable[[str | None], Initialized]], Initialized] = lambda start: start(None),
    ) -> tuple[Self, Initialized]:
        """Starts an engine and initializes it.

        Args:
            data_dir: Folder of the profiles.
            profile: To open; None for none.
            create: Make the profile when it is missing.
            options: More arguments of the engine process.
            stderr: Where its stderr goes.
            unlock: Is handed what initializes the engine with a passphrase, and may call it more than once.
        """
        client = cls(engine_command(data_dir, *options), stderr=stderr)
        return client, client.initialize(profile, create=create, unlock=unlock)

    def initialize(
        self,
        profile: str | None,
        *,
        create: bool = True,
        unlock: Callable[[Callable[[str | None], Initialized]], Initialized] = lambda start: start(None),
    ) -> Initialized:
        """The first call of an engine; where it fails the engine is ended. Arguments as for `start`."""

        def begin(passphrase: str | None) -> Initialized:
            hello = Initialize(
                protocol=PROTOCOL_VERSION,
                client="techo-python",
                profile=profile,
                create=create,
                passphrase=passphrase,
            )
            return self.call("initialize", hello, Initialized)

        try:
            return unlock(begin)
        except BaseException:
            self.close()
            raise

    # ------------------------------------------------------------------------------------------ calls

    def call(
        self,
        method: str,
        params: Struct | None,
        kind: type[Result],
        *,
        listen: Listener | None = None,
        timeout: float | None = None,
    ) -> Result:
        """Sends a request and waits for its answer.

        Args:
            method: One of `protocol.METHODS`.
            params: Of the method's type.
            kind: The result's type.
            listen: Gets the notifications that come meanwhile.
            timeout: Seconds to wait; None for as long as the engine lives.
        """
        assert METHODS[method][1] is kind, f"{method} answers with {METHODS[method][1].__name__}"
        identifier = self.send(method, params)
        message = self.wait_for(identifier, listen=listen, timeout=timeout)
        return msgspec.convert(message["result"], kind)

    def turn(
        self,
        request: TurnSend | TurnAgain | TurnContinue,
        *,
        listen: Listener | None = None,
        timeout: float | None = None,
    ) -> TurnDone:
        """One turn with a generated reply."""
        method = {TurnSend: "turn.send", TurnAgain: "turn.again", TurnContinue: "turn.continue"}[type(request)]
        return self.call(method, request, TurnDone, listen=listen, timeout=timeout)

    def cancel(self) -> None:
        """Stops the running turn at its next token. Safe from other threads and signal handlers."""
        self.write(Request(method="turn.cancel"))

    def send(self, method: str, params: Struct | None = None) -> int:
        """Sends a request without waiting -> its id."""
        self._last_id += 1
        fields = {} if params is None else msgspec.to_builtins(params)
        self.write(Request(method=method, params=fields, id=self._last_id))
        return self._last_id

    def write(self, message: Request | bytes) -> None:
        """Writes one message, or the bytes of one line."""
        line = message if isinstance(message, bytes) else msgspec.json.encode(message)
        assert self.process.stdin is not None
        try:
            with self._write_lock:
                self.process.stdin.write(line + b"\n")
                self.process.stdin.flush()
        except (OSError, ValueError):
            raise _gone() from None

    def receive(self, timeout: float | None = None) -> dict[str, Any]:
        """The next message, whatever it is.

        Raises:
            TimeoutError: Nothing came in time.
        """
        try:
            line = self._messages.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"the engine said nothing for {timeout} seconds") from None
        if line is None:
            self._messages.put(None)  # for the next who asks
            raise _gone()
        try:
            return msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise ProtocolError(f"The engine said something that is no message: {error}.") from None

    def wait_for(
        self, identifier: int | str | None, *, listen: Listener | None = None, timeout: float | None = None
    ) -> dict[str, Any]:
        """Waits for the answer to a request; raises when it is an error."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            message = self.receive(None if deadline is None else max(deadline - time.monotonic(), 0.001))
            if "method" in message:
                if listen is not None:
                    listen(message["method"], message["params"])
            elif message.get("id") == identifier:
                error = message.get("error")
                if error is not None:
                    raise EngineError(
                        error["message"],
                        error.get("hint", ""),
                        code=ErrorCode(error["code"]),
                        because=recognised(error.get("reason", ""), error.get("values", {})),
                    )
                return message

    # ------------------------------------------------------------------------------------------ end

    def close(self, timeout: float = _GRACE) -> int:
        """Closes the pipe: the engine commits and exits -> its exit code (negative: it was killed)."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with self._write_lock, suppress(OSError):
            self.process.stdin.close()
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self._reader.join(timeout)
        self.process.stdout.close()
        return code

    def kill(self) -> None:
        """Ends the process without warning, as a crash does."""
        self.process.kill()
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with suppress(OSError, ValueError):
            for line in self.process.stdout:
                if line.endswith(b"\n"):  # else the engine died in the middle of it
                    self._messages.put(line)
        self._messages.put(None)


def _gone() -> EngineError:
    return EngineError(
        "The engine has stopped.", "Start it again; nothing that was said is lost.", code=ErrorCode.ENGINE_GONE
    )
