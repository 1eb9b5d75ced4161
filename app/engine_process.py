"""The engine as a child process: start, talk, notice its death, start it again.

Nothing here ever waits: QProcess reports, and the event loop goes on. The guarantees:

- Every request is answered exactly once, by the engine or with ENGINE_GONE when it dies first.
- A dead engine is started again after a growing pause and opens the same profile; after `len(BACKOFF)` deaths
  without a calm minute between them it stays down until `start_again()`.
- A chosen model that cannot be loaded, or that kills the engine while it starts, is given up for the default one.
- `shut_down()` asks politely (cancel, shutdown, end of file) and kills only after `GRACE_SECONDS`.

What it says in the engine's stead is English, as the engine's own words are: `app.errors` translates both.

A limit: a request that was on its way when the engine died may or may not have been carried out; whoever sent it has
to look (see `app.chat.exchange`).
"""

from __future__ import annotations

import logging
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from app import errors
from app.rpc import Answer, Garbled, LineBuffer, Said, decode_line, encode_request
from engine.protocol import (
    METHODS,
    PROTOCOL_VERSION,
    Cancelling,
    ErrorBody,
    Initialize,
    Initialized,
    Notice,
    Ok,
    StateChanged,
    Struct,
)

log = logging.getLogger(__name__)

BACKOFF: Final = (0.2, 1.0, 2.0, 5.0, 10.0)
"""Seconds to wait before the first, second, ... restart; after that the engine stays down."""
CALM_SECONDS: Final = 60.0
"""An engine that was up this long has its earlier deaths forgiven."""
GRACE_SECONDS: Final = 10.0
"""What a closing engine gets to commit and write its snapshot."""
STDERR_LINES: Final = 40

R = TypeVar("R", bound=Struct)


class Condition(Enum):
    """What the person is told about the engine."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"
    REFUSED = "refused"
    """It runs, but could not begin: no model, for example."""
    CRASHED = "crashed"
    RESTARTING = "restarting"
    GIVEN_UP = "given up"
    SWITCHING = "switching"
    """It ends politely, to be started with another model."""
    STOPPING = "stopping"


UP: Final = (Condition.READY, Condition.BUSY)


def engine_command(data_dir: Path) -> list[str]:
    """`-P` keeps the current folder out of the import path, where it could shadow the engine."""
    return [sys.executable, "-P", "-m", "engine", "--data-dir", str(data_dir)]


class _Pending:
    """A request that waits for its answer."""

    def __init__(
        self, kind: type[Struct], done: Callable[[Any], None], failed: Callable[[ErrorBody], None], method: str
    ) -> None:
        self.kind = kind
        self.done = done
        self.failed = failed
        self.method = method


class EngineProcess(QObject):
    """One engine, kept alive. `profile` and `model` are what the next (re)start opens (None: the default model).

    Args:
        command: program and arguments of the engine.
        environment: variables set for it on top of this process's own.
        backoff: see `BACKOFF`.
    """

    condition_changed = Signal(object)
    """Condition"""
    initialized = Signal(object)
    """Initialized: the engine answered and opened a profile (or none)."""
    refused = Signal(object)
    """ErrorBody of a failed initialize."""
    model_refused = Signal(object, object)
    """Path and ErrorBody: this model could not be used. The engine is being started with the default one."""
    gone = Signal(str)
    """It died; the text says how. All pending requests have been failed before."""
    said = Signal(object)
    """A notification of a turn: TurnAccepted, TurnStarted, TurnDelta, TurnLearned; or Reading, of a document."""
    notice = Signal(object)
    """Notice"""
    stopped = Signal()
    """After `shut_down()`: the process is gone."""

    def __init__(
        self,
        command: Sequence[str],
        parent: QObject | None = None,
        *,
        environment: dict[str, str] | None = None,
        backoff: Sequence[float] = BACKOFF,
        grace: float = GRACE_SECONDS,
    ) -> None:
        super().__init__(parent)
        self._command = list(command)
        self._environment = dict(environment or {})
        self._backoff = tuple(backoff)
        self.profile: str | None = None
        self.create_profile = False
        self.passphrase: str | None = None
        """Of the open profile, so that a (re)start need not ask for it again. Gone when it is locked."""
        self.refused_profile = ""
        self.model: Path | None = None
        self._condition = Condition.STOPPED
        self._process: QProcess | None = None
        self._lines = LineBuffer()
        self._pending: dict[int, _Pending] = {}
        self._next_id = 1
        self._deaths = 0
        self._up_since = 0.0
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._restart_timer = QTimer(self, singleShot=True)
        self._restart_timer.timeout.connect(self._launch)
        self._grace_timer = QTimer(self, singleShot=True, interval=int(grace * 1000))
        self._grace_timer.timeout.connect(self._kill)

    # ------------------------------------------------------------------------------------------ what it is

    @property
    def condition(self) -> Condition:
        """What the engine is doing right now."""
        return self._condition

    @property
    def up(self) -> bool:
        """Whether requests are taken."""
        return self._condition in UP

    @property
    def unanswered(self) -> int:
        """Requests that wait for their answer."""
        return len(self._pending)

    @property
    def last_words(self) -> str:
        """The end of what the engine wrote to stderr."""
        return "\n".join(self._stderr)

    @property
    def pid(self) -> int:
        """Process id; 0 when it does not run."""
        return 0 if self._process is None else self._process.processId()

    # ------------------------------------------------------------------------------------------ orders

    def start(self) -> None:
        """Start the engine, unless it runs already."""
        if self._process is None and self._condition is not Condition.STOPPING:
            self._launch()

    def start_again(self) -> None:
        """After it gave up or refused: begin anew, with its deaths forgiven."""
        self._deaths = 0
        self._restart_timer.stop()
        if self._process is None:
            self._launch()
        elif self._condition is Condition.REFUSED:
            self._initialize()

    def use_model(self, model: Path | None) -> None:
        """Start anew with this model. What runs is stopped politely; what was said is kept."""
        self.model = model
        self._deaths = 0
        self._restart_timer.stop()
        if self._condition in (Condition.STOPPED, Condition.STOPPING):
            return
        if self._process is None:
            self._launch()
            return
        if self.up:
            self.cancel_turn()
            self._send("shutdown", None, Ok, lambda _: None, lambda _: None)
        self._set_condition(Condition.SWITCHING)
        self._process.closeWriteChannel()
        self._grace_timer.start()

    def request(
        self,
        method: str,
        params: Struct | None,
        kind: type[R],
        done: Callable[[R], None],
        failed: Callable[[ErrorBody], None],
    ) -> None:
        """Ask the engine. Exactly one of `done` and `failed` is called, never before this returns."""
        if METHODS[method][1] is not kind:
            raise TypeError(f"{method} is answered with {METHODS[method][1].__name__}, not {kind.__name__}")
        if not self.up:
            body = ErrorBody(code=errors.ENGINE_GONE, message="The engine is not running.")
            QTimer.singleShot(0, self, lambda: failed(body))
            return
        self._send(method, params, kind, done, failed)

    def cancel_turn(self) -> None:
        """Stop the running turn at its next token. Answered at once by the engine, also while it is busy."""
        if self.up:
            self._send("turn.cancel", None, Cancelling, lambda _: None, lambda _: None)

    def shut_down(self) -> None:
        """Let the engine finish: cancel, shutdown, end of file. `stopped` follows, also when none was running."""
        if self._condition is Condition.STOPPING:
            return
        was_up = self.up
        self._restart_timer.stop()
        if self._process is None:
            self._set_condition(Condition.STOPPED)
            QTimer.singleShot(0, self, self.stopped.emit)
            return
        if was_up:
            self.cancel_turn()
            self._send("shutdown", None, Ok, lambda _: None, lambda _: None)
        self._set_condition(Condition.STOPPING)
        self._process.closeWriteChannel()
        self._grace_timer.start()

    # ------------------------------------------------------------------------------------------ the process

    def _launch(self) -> None:
        self._lines = LineBuffer()
        self._stderr.clear()
        process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        for name, value in self._environment.items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        if sys.platform != "win32":
            # A Ctrl+C in the terminal, or its closing, is the window's business; the engine then gets end of file.
            parameters = QProcess.UnixProcessParameters()
            parameters.flags = QProcess.UnixProcessFlag.CreateNewSession
            process.setUnixProcessParameters(parameters)
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_stderr)
        process.started.connect(self._initialize)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        self._set_condition(Condition.RESTARTING if self._deaths else Condition.STARTING)
        chosen = [] if self.model is None else ["--model", str(self.model)]
        process.start(self._command[0], [*self._command[1:], *chosen])

    def _initialize(self) -> None:
        params = Initialize(
            protocol=PROTOCOL_VERSION,
            client="techo-window",
            profile=self.profile,
            create=self.create_profile,
            passphrase=self.passphrase,
        )
        if self._condition is Condition.REFUSED:
            self._set_condition(Condition.STARTING)
        self._send("initialize", params, Initialized, self._on_initialized, self._on_refused)

    def _on_initialized(self, answer: Initialized) -> None:
        if self._condition in (Condition.STOPPING, Condition.SWITCHING):
            return
        self._up_since = time.monotonic()
        self._set_condition(Condition.READY)
        self.initialized.emit(answer)

    def _on_refused(self, error: ErrorBody) -> None:
        if error.code == errors.ENGINE_GONE or self._condition in (Condition.STOPPING, Condition.SWITCHING):
            return
        if self.model is not None and errors.is_about_model(error):
            self._give_up_model(self.model, error)
            return
        if self.profile is not None and errors.is_about_profile(error):
            # The engine is well, this profile is not: begin without one, so that another can be chosen.
            self.refused_profile = self.profile
            self.profile = self.passphrase = None
            self._initialize()
        else:
            self._set_condition(Condition.REFUSED)
        self.refused.emit(error)

    def _give_up_model(self, model: Path, error: ErrorBody) -> None:
        self.use_model(None)
        self.model_refused.emit(model, error)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._stderr.append(self._process.errorString())
            self._ended("it could not be started")

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read_stderr()
        self._read()
        if status == QProcess.ExitStatus.CrashExit:
            self._ended(f"it was killed by signal {code}")
        else:
            self._ended(f"it ended with exit code {code}")

    def _ended(self, how: str) -> None:
        if self._process is None:
            return
        self._process.deleteLater()
        self._process = None
        self._grace_timer.stop()
        closing = self._condition is Condition.STOPPING
        switching = self._condition is Condition.SWITCHING
        refused = self._condition is Condition.REFUSED
        unanswered = bool(self._pending)
        self._fail_pending()
        if closing:
            self._set_condition(Condition.STOPPED)
            self.stopped.emit()
            return
        if switching:
            if unanswered:
                self.gone.emit(how)
            self._up_since = 0.0
            self._launch()
            return
        if refused:
            return  # It said why it could not begin and then left: nothing crashed, and the button stays.
        log.warning("the engine is gone: %s\n%s", how, self.last_words)
        if self._up_since and time.monotonic() - self._up_since > CALM_SECONDS:
            self._deaths = 0
        began = self._up_since > 0.0
        self._up_since = 0.0
        self._deaths += 1
        self._set_condition(Condition.CRASHED)
        self.gone.emit(how)
        if self.model is not None and not began:
            message = f"The engine ended while it loaded the model: {how}."
            self._give_up_model(self.model, ErrorBody(code=errors.BACKBONE_FAILED, message=message))
            return
        if self._deaths > len(self._backoff):
            self._set_condition(Condition.GIVEN_UP)
        else:
            self._restart_timer.start(int(self._backoff[self._deaths - 1] * 1000))

    def _kill(self) -> None:
        if self._process is not None:
            log.warning("the engine did not end in time and is killed")
            self._process.kill()

    # ------------------------------------------------------------------------------------------ the pipe

    def _send(
        self,
        method: str,
        params: Struct | None,
        kind: type[R],
        done: Callable[[R], None],
        failed: Callable[[ErrorBody], None],
    ) -> None:
        process = self._process
        if process is None:
            return
        self._pending[self._next_id] = _Pending(kind, done, failed, method)
        process.write(encode_request(self._next_id, method, params))
        self._next_id += 1

    def _read(self) -> None:
        if self._process is None:
            return
        for line in self._lines.feed(bytes(self._process.readAllStandardOutput().data())):
            self._take(line)

    def _take(self, line: bytes) -> None:
        message = decode_line(line)
        if isinstance(message, Answer):
            self._answer(message)
        elif isinstance(message, Garbled):
            log.warning("a line from the engine was not understood: %s", message.reason)
        elif isinstance(message, Said):
            if isinstance(message.params, StateChanged):
                self._on_state(message.params)
            elif isinstance(message.params, Notice):
                self.notice.emit(message.params)
            else:
                self.said.emit(message.params)

    def _answer(self, answer: Answer) -> None:
        pending = self._pending.pop(answer.id, None)
        if pending is None:
            log.warning("an answer to request %d, which nobody asked", answer.id)
            return
        if answer.error is not None:
            pending.failed(answer.error)
            return
        try:
            result = msgspec.json.decode(answer.result, type=pending.kind)
        except msgspec.MsgspecError as error:
            log.warning("the answer to %s was not understood: %s", pending.method, error)
            message = f"The engine's answer to “{pending.method}” was not understood."
            pending.failed(ErrorBody(code=-32603, message=message, hint=str(error)))
            return
        pending.done(result)

    def _on_state(self, changed: StateChanged) -> None:
        # Before initialize is answered the engine is starting whatever it says; a closing one stays closing.
        if self.up and changed.state in ("ready", "busy"):
            self._set_condition(Condition(changed.state))

    def _read_stderr(self) -> None:
        if self._process is None:
            return
        text = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        for line in text.splitlines():
            self._stderr.append(line)
            log.debug("engine: %s", line)

    def _fail_pending(self) -> None:
        pending, self._pending = self._pending, {}
        body = ErrorBody(code=errors.ENGINE_GONE, message="The engine stopped before it answered.")
        for request in pending.values():
            request.failed(body)

    def _set_condition(self, condition: Condition) -> None:
        if condition is not self._condition:
            self._condition = condition
            self.condition_changed.emit(condition)
