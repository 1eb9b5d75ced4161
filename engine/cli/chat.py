"""`techo say`, `techo again`, `techo continue` and `techo chat`: one turn, or many, in the terminal."""

from __future__ import annotations

import contextlib
import signal
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

from engine.cli.arguments import AGAIN_TEMPERATURE
from engine.cli.connection import Connection, Event, connect
from engine.cli.console import EXIT_INTERRUPTED, EXIT_OK, Console, UsageError, learned_text
from engine.cli.memory import forgotten_text, journal_text, stats_text
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    Forget,
    Forgotten,
    JournalList,
    JournalPage,
    MemoryStats,
    Sampling,
    TurnAgain,
    TurnContinue,
    TurnDelta,
    TurnDone,
    TurnSend,
)

_HELP: Final = """\
/help          this list
/memory        what the memory holds
/journal       the latest learned turns
/forget ID     forget a learned turn exactly
/new           begin a new conversation
/again         another reply to what you said last; the first one is kept
/continue      more of a reply that was stopped or too long
/edit TEXT     what you said last, in other words; the old ones are kept
/quit          leave (also Ctrl-D)
Ctrl-C stops a reply. To say something that begins with /, begin with a space."""


def sampling(options: Namespace) -> Sampling:
    """The sampling that the command line asks for."""
    return Sampling(temperature=options.temperature, seed=options.seed, max_tokens=options.max_tokens)


@contextlib.contextmanager
def ctrl_c_cancels(engine: Connection) -> Iterator[Callable[[], bool]]:
    """While inside, the first Ctrl-C stops the running turn; a second one interrupts the program as usual.

    Yields a function that says whether Ctrl-C was pressed.
    """
    pressed = False

    def stop(signum: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        # In a thread of its own: this handler may have interrupted the very write to the engine that it would wait for.
        threading.Thread(target=engine.cancel, daemon=True).start()

    if threading.current_thread() is not threading.main_thread():
        yield lambda: pressed  # signals reach the main thread only
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _turn(engine: Connection, console: Console, request: TurnSend | TurnAgain | TurnContinue) -> tuple[TurnDone, bool]:
    """One turn, streamed to the console. Says also whether Ctrl-C stopped it."""

    def show(event: Event) -> None:
        if isinstance(event, TurnDelta):
            console.stream(event.text)

    with ctrl_c_cancels(engine) as pressed:
        done = engine.turn(request, show)
        stopped = pressed()
    console.stream("\n")
    return done, stopped


def _request(options: Namespace, text: str, conversation: int | None, edits: int | None = None) -> TurnSend:
    return TurnSend(
        text=text,
        conversation=conversation,
        edits=edits,
        sampling=sampling(options),
        learn=not options.no_learn,
        learns=not options.no_learn,
        recall=not options.no_recall,
    )


def say(options: Namespace, console: Console) -> int:
    """One turn."""
    text = console.stdin.read().strip() if options.text == "-" else options.text
    if not text.strip():
        raise UsageError("There is nothing to say.", 'Write it in quotes: techo say "My cat is called Miso."')
    with connect(options, console, create=True) as engine:
        done, stopped = _turn(engine, console, _request(options, text, options.conversation, options.edit))
    if console.as_json:
        console.result(done, "")
    elif not options.no_learn:
        console.dim(f"[{_learned(done)}]")
    return EXIT_INTERRUPTED if stopped else EXIT_OK


def again(options: Namespace, console: Console) -> int:
    """Another reply to what was said before."""
    return _reply(options, console, _again(options, options.message))


def go_on(options: Namespace, console: Console) -> int:
    """More of a reply."""
    return _reply(options, console, _go_on(options, options.message))


def _reply(options: Namespace, console: Console, request: TurnAgain | TurnContinue) -> int:
    with connect(options, console) as engine:
        done, stopped = _turn(engine, console, request)
    if console.as_json:
        console.result(done, "")
    return EXIT_INTERRUPTED if stopped else EXIT_OK


def _again(options: Namespace, message: int) -> TurnAgain:
    return TurnAgain(
        message=message, sampling=sampling(options), learn=not options.no_learn, recall=not options.no_recall
    )


def _go_on(options: Namespace, message: int) -> TurnContinue:
    return TurnContinue(
        message=message, sampling=sampling(options), learn=not options.no_learn, recall=not options.no_recall
    )


def _learned(done: TurnDone) -> str:
    forgotten = f"; entry {', '.join(map(str, done.forgotten))} of the old version forgotten" if done.forgotten else ""
    return learned_text(done.learned) + forgotten


def chat(options: Namespace, console: Console) -> int:
    """A conversation, line by line, until the end of the input."""
    talking = console.interactive and not console.as_json
    if talking:
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 - line editing and history for input()
    talk = _Chat(options, console, connect(options, console, create=True), talking)
    try:
        return talk.run()
    finally:
        talk.close()


class _Chat:
    """The state of one `techo chat`."""

    def __init__(self, options: Namespace, console: Console, engine: Connection, talking: bool) -> None:
        self._options = options
        self._console = console
        self._engine = engine
        self._talking = talking
        self._conversation: int | None = options.conversation
        self._last: TurnDone | None = None
        self._failed = False

    def close(self) -> None:
        """Lets the engine commit and exit."""
        self._engine.close()

    def run(self) -> int:
        if self._talking:
            info = self._engine.initialized
            self._console.note(
                f"Techo, {info.backbone.name}, profile "
                f'"{info.profile.name if info.profile else ""}". /help lists commands, Ctrl-D leaves.'
            )
        while True:
            try:
                line = self._read()
            except KeyboardInterrupt:
                if not self._talking:
                    raise
                self._console.note("\n(Ctrl-D leaves)")
                continue
            if line is None or line.strip() == "/quit":
                break
            if line.strip():
                self._line(line)
        if self._talking:
            self._console.note("")
        return 1 if self._failed else EXIT_OK

    def _read(self) -> str | None:
        """The next line, None at the end of the input."""
        if self._talking:
            try:
                return input("> ")
            except EOFError:
                return None
        line = self._console.stdin.readline()
        return line.rstrip("\r\n") if line else None

    def _line(self, line: str) -> None:
        """One line of input. An error ends the turn, not the conversation; a dead engine is started again."""
        try:
            if line.startswith("/"):
                self._command(line)
                return
            self._turn(_request(self._options, line.strip(), self._conversation))
        except EngineError as error:
            self._failed = not self._talking
            self._console.error(error)
            if error.code == ErrorCode.ENGINE_GONE:
                self._engine.close()
                self._engine = connect(self._options, self._console, create=True)
                self._console.note("techo: the engine was started again; what had been said is kept.")

    def _turn(self, request: TurnSend | TurnAgain | TurnContinue) -> None:
        done, _ = _turn(self._engine, self._console, request)
        self._conversation, self._last = done.conversation, done
        if self._console.as_json:
            self._console.result(done, "")
        elif not self._options.no_learn and isinstance(request, TurnSend):
            self._console.dim(f"[{_learned(done)}]")

    def _said_last(self, command: str) -> TurnDone:
        if self._last is None:
            raise UsageError(f"{command} needs something that was said before.", "Say something first.")
        return self._last

    def _command(self, line: str) -> None:
        name, _, rest = line.strip().partition(" ")
        if name == "/help":
            self._console.note(_HELP)
        elif name == "/memory":
            stats = self._engine.call("memory.stats", None, MemoryStats)
            self._console.result(stats, stats_text(stats))
        elif name == "/journal":
            found = self._engine.call("memory.journal", JournalPage(limit=10), JournalList)
            self._console.result({"entries": found.entries}, journal_text(found.entries))
        elif name == "/forget":
            if not rest.strip().isdecimal():
                raise UsageError("/forget needs the number of an entry.", "/journal shows them.")
            gone = self._engine.call("memory.forget", Forget(entries=[int(rest)]), Forgotten)
            self._console.result(gone, forgotten_text(gone))
        elif name == "/new":
            self._conversation = self._last = None
            self._console.note("A new conversation.")
        elif name == "/again":
            request = _again(self._options, self._said_last(name).user_message)
            # Greedily the same words would come again.
            request.sampling.temperature = request.sampling.temperature or AGAIN_TEMPERATURE
            self._turn(request)
        elif name == "/continue":
            last = self._said_last(name)
            if last.reply_message is None:
                raise UsageError("There is no reply to go on with.", "/again asks for one.")
            self._turn(_go_on(self._options, last.reply_message))
        elif name == "/edit":
            last = self._said_last(name)
            if not rest.strip():
                raise UsageError("/edit needs the new words.", "/edit My cat is called Miso.")
            self._turn(_request(self._options, rest.strip(), last.conversation, last.user_message))
        else:
            raise UsageError(f"There is no command {name}.", "/help lists the commands.")
