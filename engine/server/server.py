"""The server: a reader thread, a queue, and one worker that owns the backbone, the fast weights and the profile."""

from __future__ import annotations

import logging
import queue
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import psutil

from engine.errors import EngineError, ErrorCode, ProtocolError
from engine.protocol import (
    MAX_LINE,
    METHODS,
    Cancelling,
    EngineState,
    EngineStatus,
    ErrorBody,
    Notification,
    Ok,
    Request,
    StateChanged,
    Struct,
    TurnAccepted,
)
from engine.server.pipe import TOO_LONG, LineReader, LineWriter
from engine.server.service import Call, Options, Service

logger = logging.getLogger(__name__)

MAX_WAITING: Final = 256
"""Requests that may wait for the worker; more get BUSY."""

_TURNS: Final = frozenset(
    {
        "turn.send",
        "turn.again",
        "turn.continue",
        "turn.ask",
        "turn.feed",
        "memory.recollect",
        "memory.relearn",
        "memory.compare",
        "memory.read",
        "bench.perplexity",
    }
)
"""Methods that `turn.cancel` stops."""
_LONG: Final = _TURNS | {
    "profile.create",
    "profile.open",
    "profile.delete",
    "profile.duplicate",
    "profile.encrypt",
    "profile.decrypt",
    "profile.passphrase",
    "memory.confirm",
    "memory.forget",
    "memory.back",
    "memory.reset",
    "memory.export",
    "memory.import",
}
"""Methods during which the engine says that it is busy."""
_EXPECTED: Final = frozenset(
    {ErrorCode.NOT_CONFIRMED, ErrorCode.CANCELLED, ErrorCode.NOT_INITIALIZED, ErrorCode.PROFILE_LOCKED}
)
"""Refusals that belong to the ordinary course of things: the log is not about them."""
_BEFORE_INITIALIZE: Final = frozenset({"initialize", "shutdown", "engine.status"})


@dataclass
class _Work:
    """A request on its way to the worker."""

    request: Request
    arrived: float = field(default_factory=time.perf_counter)
    cancelled: bool = False
    conversation: object = None
    """Of a turn: what it is in, as the request named it, or as it was made for it."""


class Server:
    """Serves one front end until it is gone.

    Guarantees: every request with an id that was read is answered, unless the engine is told to stop first; whatever
    a message holds, the engine goes on serving; end of file, SIGTERM and `shutdown` all end in a committed profile.
    """

    def __init__(self, options: Options, reader: LineReader, writer: LineWriter) -> None:
        self._reader = reader
        self._writer = writer
        # SimpleQueue, because the signal handler puts into it while the main thread may be inside `get`.
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._service = Service(options, self._notify)
        self._state: EngineState = "starting"
        self._initialized = False
        self._stopping = False
        self._lock = threading.Lock()
        self._turns: list[_Work] = []  # waiting or running turns, under the lock
        self._serving: _Work | None = None  # the worker's
        self._process = psutil.Process()

    # ------------------------------------------------------------------------------------------ life

    def run(self) -> None:
        """Serves until the front end is gone, or asks for the end. The profile is committed and closed then."""
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        try:
            self._load_early()
            while not self._stopping:
                self._service.tidy()
                try:
                    work = self._queue.get(timeout=self._service.tidy_in)
                except queue.Empty:
                    continue
                if work is None:
                    break
                self._serve(work)
        finally:
            self._state = "stopping"
            self._service.close()

    def stop(self) -> None:
        """Ends `run`; a running turn stops at its next token. May be called from a signal handler: takes no lock."""
        self._stopping = True
        self._queue.put(None)

    def _load_early(self) -> None:
        """Loads while the front end still starts. What goes wrong is said when it asks to initialize."""
        try:
            self._service.load()
        except EngineError as error:
            logger.warning("not loaded: %s", error.code.name)
        except Exception:
            logger.exception("not loaded")

    # ------------------------------------------------------------------------------------------ reader thread

    def _read(self) -> None:
        try:
            self._reader.run(self._take)
        except Exception:
            logger.exception("the reader has stopped")
        self.stop()

    def _take(self, line: bytes) -> None:
        try:
            request = _parse(line)
        except ProtocolError as error:
            self._fail(_id_of(line) if error.code is ErrorCode.INVALID_REQUEST else None, error)
            return
        if request.method == "turn.cancel":
            self._answer_at_once(request, self._cancel)
        elif request.method == "engine.status":
            self._answer_at_once(request, self._status)
        elif self._queue.qsize() >= MAX_WAITING:
            self._fail(
                request.id,
                ProtocolError("Too many requests are waiting.", "Wait for answers first.", code=ErrorCode.BUSY),
            )
        else:
            work = _Work(request)
            work.conversation = request.params.get("conversation")
            if request.method in _TURNS:
                with self._lock:
                    self._turns.append(work)
            elif request.method == "conversation.delete":
                self._cancel_in(work.conversation)
            self._queue.put(work)

    def _answer_at_once(self, request: Request, method: Any) -> None:
        try:
            self._require_initialized(request.method)
            self._succeed(request.id, method())
        except EngineError as error:
            self._fail(request.id, error)

    def _cancel(self) -> Cancelling:
        """Stops the running turn, and those that wait: the person who stops means what was sent before."""
        with self._lock:
            for work in self._turns:
                work.cancelled = True
            return Cancelling(cancelling=bool(self._turns))

    def _cancel_in(self, conversation: object) -> None:
        """Nobody wants the reply in a conversation that is being deleted, and the deletion waits for its end."""
        with self._lock:
            for work in self._turns:
                if conversation is not None and work.conversation == conversation:
                    work.cancelled = True

    def _status(self) -> EngineStatus:
        return EngineStatus(
            state=self._state, rss_bytes=self._process.memory_info().rss, profile=self._service.profile_name
        )

    # ------------------------------------------------------------------------------------------ worker

    def _serve(self, work: _Work) -> None:
        request = work.request
        self._serving = work
        busy = request.method in _LONG and self._initialized
        if busy:
            self._enter("busy")
        try:
            result = self._call(work)
        except EngineError as error:
            if error.code not in _EXPECTED:
                logger.info("%s refused: %s", request.method if request.method in METHODS else "?", error.code.name)
            self._fail(request.id, error)
        except Exception as error:
            logger.exception("%s failed", request.method if request.method in METHODS else "a request")
            self._fail(
                request.id,
                EngineError(
                    f"The engine met an error it did not expect ({type(error).__name__}).",
                    "What was said is saved. The log in Techo's data folder tells more.",
                ),
            )
        else:
            self._succeed(request.id, result)
        finally:
            self._serving = None
            with self._lock:
                if work in self._turns:
                    self._turns.remove(work)
            for notice in self._service.take_notices():
                self._notify("engine.notice", notice)
            if self._initialized and self._state != "ready" and not self._stopping:
                self._enter("ready")

    def _call(self, work: _Work) -> Struct:
        method, params = work.request.method, work.request.params
        if method not in METHODS:
            raise ProtocolError(f"There is no method {method[:80]!r}.", code=ErrorCode.METHOD_NOT_FOUND)
        self._require_initialized(method)
        if method == "shutdown":
            return self._shut_down()
        if method == "initialize" and self._initialized:
            raise ProtocolError("The engine is initialized already.", code=ErrorCode.INVALID_REQUEST)
        kind = METHODS[method][0]
        try:
            asked = None if kind is None else msgspec.convert(params, kind)
        except msgspec.ValidationError as error:
            raise ProtocolError(f"{method}: {error}.", code=ErrorCode.INVALID_PARAMS) from None
        call = Call(work.arrived, lambda: work.cancelled or self._stopping)
        result = self._service.handlers[method](asked, call)
        if method == "initialize":
            self._initialized = True
        return result

    def _shut_down(self) -> Ok:
        """Commits before the answer: when it arrives, everything is on disk."""
        self._stopping = True
        self._enter("stopping")
        self._service.close()
        return Ok()

    def _require_initialized(self, method: str) -> None:
        if not self._initialized and method not in _BEFORE_INITIALIZE:
            raise ProtocolError(
                "The engine is not initialized.", "Send initialize first.", code=ErrorCode.NOT_INITIALIZED
            )

    # ------------------------------------------------------------------------------------------ out

    def _enter(self, state: EngineState) -> None:
        self._state = state
        self._notify("engine.state", StateChanged(state=state))

    def _notify(self, method: str, params: Struct) -> None:
        if isinstance(params, TurnAccepted) and self._serving is not None:
            with self._lock:
                self._serving.conversation = params.conversation
        self._writer.write(msgspec.json.encode(Notification(method=method, params=params)))

    def _succeed(self, identifier: int | str | None, result: Struct) -> None:
        if identifier is None:
            return
        line = msgspec.json.encode({"jsonrpc": "2.0", "id": identifier, "result": result})
        if len(line) > MAX_LINE:
            self._fail(
                identifier,
                ProtocolError(
                    f"The answer is too large for one message: {len(line):,} bytes.",
                    "Ask for less at once.",
                    code=ErrorCode.TOO_LARGE,
                ),
            )
            return
        self._writer.write(line)

    def _fail(self, identifier: int | str | None, error: EngineError) -> None:
        """Answers with an error. What cannot be told from garbage is answered with id null."""
        nameless = error.code in (ErrorCode.PARSE_ERROR, ErrorCode.INVALID_REQUEST, ErrorCode.TOO_LARGE)
        if identifier is None and not nameless:
            return  # a notification gets no answer
        body = ErrorBody(**error.fields())
        self._writer.write(msgspec.json.encode({"jsonrpc": "2.0", "id": identifier, "error": body}))


_requests: Final = msgspec.json.Decoder(Request)


def _parse(line: bytes) -> Request:
    """A line to a request.

    Raises:
        ProtocolError: TOO_LARGE, PARSE_ERROR or INVALID_REQUEST.
    """
    if line == TOO_LONG:
        raise ProtocolError(
            f"A message was longer than {MAX_LINE:,} bytes and was skipped.",
            "Send less at once.",
            code=ErrorCode.TOO_LARGE,
        )
    try:
        return _requests.decode(line)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"That is no request: {error}.", code=ErrorCode.INVALID_REQUEST) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = str(error) if isinstance(error, msgspec.DecodeError) else type(error).__name__
        raise ProtocolError(f"That is no JSON: {reason}.", code=ErrorCode.PARSE_ERROR) from None


class _Named(msgspec.Struct):
    id: int | str | None = None


def _id_of(line: bytes) -> int | str | None:
    """The id of JSON that is no request, if it has one."""
    try:
        return msgspec.json.decode(line, type=_Named).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
