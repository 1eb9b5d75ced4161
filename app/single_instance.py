"""One window a data folder: a second start brings the first window to the front and ends.

Who holds the lock in the data folder is the first; the kernel lets go of it when that process ends, however it ends.
The first listens on a local socket (a named pipe on Windows), which only its user may open; its name comes from the
user and the data folder, so that another folder is another window. There is no port.

What comes through the socket is one short line of JSON. Anything else is logged and dropped, with its connection alone:
it may come from any program of the same user. The most that a line can do is what the user does by starting Techo.
"""

from __future__ import annotations

import getpass
import logging
import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable
from enum import Enum
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from PySide6.QtCore import QObject, QTimer

if TYPE_CHECKING:
    # Loaded when it is needed: a first start only needs it after its window is on screen.
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

log = logging.getLogger(__name__)

LOCK_NAME: Final = "window.lock"
MAX_LINE: Final = 2048
"""Bytes that a connection may send before it is dropped."""
MAX_CALLERS: Final = 8
"""Connections at once; more wait until one of them is gone."""
CALLER_SECONDS: Final = 3.0
"""How long a connection may take to say what it wants."""
PATIENCE_SECONDS: Final = 20.0
"""How long a second start waits for the first window: it may still be opening, or just be committing its last turn."""
_PAUSE: Final = 0.1
_ANSWER: Final = b"raised\n"


class Wake(msgspec.Struct, forbid_unknown_fields=True, tag_field="techo", tag="wake 1"):
    """What a second start asks of the first window.

    Attributes:
        profile: to be opened, as its `--profile` says.
        chat: to be begun.
        token: with which a Wayland compositor lets a program take the focus; it was given to the second start.
    """

    profile: str | None = None
    token: str = ""
    chat: Literal["", "new", "temporary"] = ""


class Claim(Enum):
    """What came of a start."""

    FIRST = "first"
    """Nobody else has this data folder open: go on."""
    RAISED = "raised"
    """Another window has it, and is in front now."""
    UNANSWERED = "unanswered"
    """Another process has it, and does not answer."""


def address(data_dir: Path) -> str:
    """Where the window of this user and data folder listens: a path, or on Windows the name of a pipe."""
    user = getpass.getuser() if sys.platform == "win32" else str(os.getuid())
    name = blake2b(f"{user}\0{data_dir.resolve()}".encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
    if sys.platform == "win32":
        return f"techo-{name}"
    # A socket's path has room for about a hundred bytes: too few for a data folder of any depth.
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    folder = Path(runtime) if runtime.startswith("/") and os.access(runtime, os.W_OK) else Path(tempfile.gettempdir())
    return str(folder / f"techo-{user}-{name}")


class SingleInstance(QObject):
    """The lock of one data folder, and the socket beside it.

    Args:
        data_dir: exists.
        parent: the application.
    """

    def __init__(self, data_dir: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        import filelock

        self._address = address(data_dir)
        self._lock = filelock.FileLock(data_dir / LOCK_NAME, mode=0o600)
        self._server: QLocalServer | None = None
        self._wake: Callable[[Wake], bool] = lambda _: False
        self._callers: set[_Caller] = set()

    @property
    def address(self) -> str:
        """Of the socket."""
        return self._address

    def try_lock(self) -> bool:
        """Whether this process is the first. On a file system without locks every process is."""
        import filelock

        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout:
            return False
        except (OSError, NotImplementedError) as error:
            log.warning("whether another window has this folder cannot be told: %s", type(error).__name__)
        return True

    def call(self, wake: Wake, patience: float = PATIENCE_SECONDS) -> Claim:
        """Wake the first window, or become it, should it end meanwhile. Blocks: there is no window here yet."""
        deadline = time.monotonic() + patience
        while True:
            if self._ask(wake):
                return Claim.RAISED
            if self.try_lock():
                return Claim.FIRST
            if time.monotonic() > deadline:
                return Claim.UNANSWERED
            time.sleep(_PAUSE)

    def _ask(self, wake: Wake) -> bool:
        from PySide6.QtNetwork import QLocalSocket

        if not self._is_ours():
            return False
        socket = QLocalSocket()
        socket.connectToServer(self._address)
        milliseconds = int(CALLER_SECONDS * 1000)
        if not socket.waitForConnected(milliseconds):
            return False
        socket.write(msgspec.json.encode(wake) + b"\n")
        answer = b""
        while not answer.endswith(b"\n") and len(answer) <= len(_ANSWER) and socket.waitForReadyRead(milliseconds):
            answer += bytes(socket.readAll().data())
        socket.abort()
        return answer == _ANSWER

    def _is_ours(self) -> bool:
        """In a folder for everybody's temporary files somebody else could have put a socket under this name."""
        if sys.platform == "win32":
            return True
        try:
            found = os.lstat(self._address)
        except OSError:
            return False
        return stat.S_ISSOCK(found.st_mode) and found.st_uid == os.getuid()

    # ------------------------------------------------------------------------------------------ the first

    def listen(self, wake: Callable[[Wake], bool]) -> None:
        """From now on second starts are heard. To be called by the first alone.

        Args:
            wake: brings the window to the front; False when it is closing, and the caller should wait for its end.
        """
        from PySide6.QtNetwork import QLocalServer

        self._wake = wake
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.setMaxPendingConnections(MAX_CALLERS)
        server.newConnection.connect(self._take)
        # This process has the lock: whatever stands under the name was left by one that is gone.
        QLocalServer.removeServer(self._address)
        if not server.listen(self._address):
            log.warning("a second start will not find this window: %s", server.errorString())
            server.deleteLater()
            return
        self._server = server

    def close(self) -> None:
        """Hear nobody any more, and let another process be the first."""
        for caller in list(self._callers):
            caller.drop()
        if self._server is not None:
            self._server.close()
            self._server.deleteLater()
            self._server = None
        self._lock.release()

    def _take(self) -> None:
        while self._server is not None and len(self._callers) < MAX_CALLERS and self._server.hasPendingConnections():
            caller = _Caller(self._server.nextPendingConnection(), self._wake, self._gone)
            self._callers.add(caller)
            caller.read()

    def _gone(self, caller: _Caller) -> None:
        self._callers.discard(caller)
        self._take()


class _Caller:
    """One connection: a line, an answer, the end."""

    def __init__(self, socket: QLocalSocket, wake: Callable[[Wake], bool], gone: Callable[[_Caller], None]) -> None:
        self._socket = socket
        self._wake = wake
        self._gone = gone
        self._bytes = b""
        self._timer = QTimer(socket, singleShot=True, interval=int(CALLER_SECONDS * 1000))
        self._timer.timeout.connect(self.drop)
        self._timer.start()
        socket.readyRead.connect(self.read)
        socket.disconnected.connect(self._end)

    def read(self) -> None:
        """Take what has come; answer, or drop the connection, as soon as it is clear which."""
        self._bytes += bytes(self._socket.read(MAX_LINE + 1 - len(self._bytes)).data())
        line, newline, _ = self._bytes.partition(b"\n")
        if not newline:
            if len(self._bytes) > MAX_LINE:
                log.warning("somebody sent more than a line to the window; dropped")
                self.drop()
            return
        self._socket.readyRead.disconnect(self.read)
        try:
            wake = msgspec.json.decode(line, type=Wake)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            log.warning("somebody sent what is not Techo's to the window; dropped")
            self.drop()
            return
        if self._wake(wake):
            self._socket.write(_ANSWER)
            self._socket.flush()
        self._socket.disconnectFromServer()

    def drop(self) -> None:
        """End it now."""
        self._socket.abort()

    def _end(self) -> None:
        self._timer.stop()
        self._socket.deleteLater()
        self._gone(self)
