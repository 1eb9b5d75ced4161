"""The command line's way to the engine: `engine.client` with the command line's options and typed events."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import msgspec

from engine.cli.arguments import DEFAULT_PROFILE
from engine.cli.console import Console
from engine.cli.passphrases import unlocked
from engine.client import EngineClient
from engine.errors import EngineError
from engine.protocol import (
    ConversationExport,
    DocumentRead,
    Exported,
    FilePath,
    Initialized,
    MemoryRead,
    Reading,
    Struct,
    TurnAccepted,
    TurnAgain,
    TurnContinue,
    TurnDelta,
    TurnDone,
    TurnFeed,
    TurnLearned,
    TurnSend,
)

Result = TypeVar("Result", bound=Struct)
Event = TurnAccepted | TurnDelta | TurnLearned
"""What the engine tells while a turn runs."""

_EVENTS: Final[dict[str, type[Event]]] = {
    "turn.accepted": TurnAccepted,
    "turn.delta": TurnDelta,
    "turn.learned": TurnLearned,
}


class Connection:
    """A running engine process. As a context manager it lets the engine commit and exit at the end."""

    def __init__(self, client: EngineClient, initialized: Initialized) -> None:
        self._client = client
        self.initialized: Final = initialized

    @property
    def pid(self) -> int:
        """Of the engine process."""
        return self._client.process.pid

    def call(
        self,
        method: str,
        params: Struct | None,
        result: type[Result],
        *,
        listen: Callable[[str, dict[str, Any]], None] | None = None,
    ) -> Result:
        """One request and its answer; an engine's refusal is raised as the `EngineError` that it is.

        `listen` gets the notifications that come meanwhile.
        """
        return self._client.call(method, params, result, listen=listen)

    def turn(
        self, request: TurnSend | TurnAgain | TurnContinue, listen: Callable[[Event], None] | None = None
    ) -> TurnDone:
        """One turn; `listen` gets its events as they come."""

        def typed(method: str, params: dict[str, Any]) -> None:
            kind = _EVENTS.get(method)
            if listen is not None and kind is not None:
                listen(msgspec.convert(params, kind))

        return self._client.turn(request, listen=typed)

    def read(self, path: Path, listen: Callable[[Reading], None]) -> DocumentRead:
        """Has a document read and learned; `listen` gets the progress."""

        def typed(method: str, params: dict[str, Any]) -> None:
            if method == "memory.reading":
                listen(msgspec.convert(params, Reading))

        # The engine is another process with a folder of its own: a relative name has to be made absolute here.
        return self._client.call("memory.read", MemoryRead(path=str(path.absolute())), DocumentRead, listen=typed)

    def feed(self, request: TurnFeed) -> TurnDone:
        """One turn whose reply is known already."""
        return self._client.call("turn.feed", request, TurnDone)

    def cancel(self) -> None:
        """Stops the running turn at its next token."""
        self._client.cancel()

    def close(self) -> None:
        """Lets the engine commit and exit, and waits until it has."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True)
class Engines:
    """How engine processes are started.

    Attributes:
        data_dir: folder of the profiles.
        threads: of each process; None for the engine's choice.
        arguments: more of its command line, such as another model.
    """

    data_dir: Path
    threads: int | None = None
    arguments: tuple[str, ...] = ()

    def open(
        self,
        profile: str | None,
        *,
        create: bool = True,
        unlock: Callable[[Callable[[str | None], Initialized]], Initialized] = lambda start: start(None),
    ) -> Connection:
        """Starts an engine process and opens a profile, if one is named; `unlock` as for `EngineClient.start`."""
        options = () if self.threads is None else ("--threads", str(self.threads))
        options = (*options, *self.arguments)
        return Connection(*EngineClient.start(self.data_dir, profile, create=create, options=options, unlock=unlock))


def data_dir(options: Namespace) -> Path:
    """Where the profiles are: --data-dir, else the user's data folder."""
    if options.data_dir is not None:
        return Path(options.data_dir).absolute()
    from engine.store import default_data_dir

    return default_data_dir()


def connect(options: Namespace, console: Console, *, open_profile: bool = True, create: bool = False) -> Connection:
    """Starts an engine as the command line asks for it.

    Args:
        options: the parsed command line.
        console: gets the engine's notices.
        open_profile: open --profile (else none).
        create: make the named profile when it is missing. The default profile is always made.
    """
    name = (options.profile or DEFAULT_PROFILE) if open_profile else None
    engines = Engines(data_dir(options), options.threads)

    def unlock(start: Callable[[str | None], Initialized]) -> Initialized:
        return unlocked(options, console, f"the profile {name}", start)

    engine = engines.open(name, create=create or name == DEFAULT_PROFILE, unlock=unlock)
    for notice in engine.initialized.notices:
        console.note(f"techo: {notice.message}")
    return engine


def written(engine: Connection, method: str, asked: ConversationExport | FilePath) -> Exported:
    """Has the engine write a file; one that is there already is named with the option that replaces it."""
    try:
        return engine.call(method, asked, Exported)
    except EngineError as error:
        if not asked.overwrite and Path(asked.path).exists():
            error.hint = "Choose another name, or add --overwrite."
        raise
