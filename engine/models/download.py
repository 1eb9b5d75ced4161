"""Downloads one file that the user asked for. The only module of Techo that opens the network.

Nothing that starts with the engine or the window imports it (a contract in pyproject.toml); it is imported when a
download was asked for, and talks to the one address that was given and to where that redirects.

The guarantee: `target` appears complete and checked, or not at all. What has arrived stands in `target.part`, with
`target.part.json` beside it: which file that is a part of (address, ETag, Last-Modified, length) and how much of it is
surely on the disk. The next try goes on from there, when the server confirms that the file is still the same one
(`If-Range`, RFC 9110 section 13.1.5) and sends exactly the rest; else it begins anew. Its limits: without a checksum
from somebody trusted the file is only as good as the server, and a server that changes a file without changing its ETag
is noticed by the checksum alone.

Nothing a server says is believed: lengths are checked against what comes, what is more than announced or than the disk
can take is cut off, stalls and trickles end the connection, redirects from https to http are refused, and so are
compressed answers.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, NoReturn

import filelock

from engine.errors import Cancelled, DownloadError
from engine.reasons import Reason, because

CHUNK: Final = 1 << 18
MAX_BYTES: Final = 1 << 42
MAX_REDIRECTS: Final = 8
SYNC_EVERY: Final = 64 << 20
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_KEPT: Final = "What has arrived is kept: start the download again to go on from there."
_ADDRESS: Final = because(Reason.DOWNLOAD_ADDRESS)
_SIDE_LIMIT: Final = 1 << 16
_URL_MARKS: Final = "%/?:@!$&'()*+,;=-._~"


@dataclass(frozen=True)
class Policy:
    """How patient a download is.

    Attributes:
        timeout: Seconds without a byte, or for making a connection, after which the connection is given up.
        slowest: Bytes a second under which, over `slow_seconds`, a connection counts as stalled.
        slow_seconds: See above.
        attempts: Connections in a row that may fail without `worth` bytes of progress.
        worth: Bytes after which a failed connection does not count.
        pause: Seconds before the second attempt; doubled before each further one, at most `longest_pause`.
        longest_pause: See above; also caps what a server asks for with Retry-After.
        leave_free: Bytes of disk that are left alone.
    """

    timeout: float = 30.0
    slowest: float = 512.0
    slow_seconds: float = 60.0
    attempts: int = 6
    worth: int = 1 << 20
    pause: float = 1.0
    longest_pause: float = 60.0
    leave_free: int = 512 << 20


@dataclass(frozen=True)
class Progress:
    """Where a download is.

    Attributes:
        phase: "connecting", "receiving", "waiting" (before another attempt) or "checking".
        done: Bytes received, or checked.
        total: Bytes of the whole file; None while unknown.
        rate: Bytes a second of this connection; 0.0 while unknown.
    """

    phase: str
    done: int
    total: int | None
    rate: float = 0.0


class CancelToken:
    """Cancels a download from another thread, at once: a connection that waits for bytes is shut down."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def cancel(self) -> None:
        """Ends the download; `download` raises `Cancelled`. A second call does nothing."""
        self._event.set()
        with self._lock:
            if self._socket is not None:
                # The plain socket's own method: TLS's would pull the layer away under the thread that is reading.
                with suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._event.is_set()

    def check(self) -> None:
        """Raises `Cancelled` after `cancel`."""
        if self.cancelled:
            raise Cancelled("The download was cancelled.", _KEPT)

    def wait(self, seconds: float) -> None:
        """Waits, unless it is cancelled meanwhile."""
        self._event.wait(seconds)
        self.check()

    def watch(self, connected: socket.socket | None) -> None:
        """Which connection to shut down; None for none."""
        with self._lock:
            self._socket = connected
        self.check()


class _Broken(Exception):
    """A connection that failed in a way another one may not. `pause` is what the server asked for, in seconds."""

    def __init__(self, why: str, pause: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.pause = pause


class _StartAnew(Exception):
    """What has arrived belongs to another version of the file."""


def file_name(url: str) -> str:
    """A harmless file name for an address: its last part, letters and digits only, never a path.

    Raises:
        DownloadError: the address is none, or ends in no name.
    """
    last = urllib.parse.unquote(_parsed(url).path).replace("\\", "/").rpartition("/")[2]
    name = re.sub(r"[^\w.+-]+", "_", last).lstrip(".")[:200]
    if not name:
        raise DownloadError(
            f"The address {url} names no file.", "Give the address of the file itself.", because=_ADDRESS
        )
    return name


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    size: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: CancelToken | None = None,
    accept: Callable[[Path], object] | None = None,
    policy: Policy | None = None,
) -> Path:
    """Downloads `url` to `target`, going on from an earlier try where possible.

    Args:
        url: http or https address of the file.
        target: Where it goes; its folder is made. Must not exist.
        sha256: Its checksum in hexadecimal, when known.
        size: Its bytes, when known.
        progress: Called from this thread, ten times a second at most.
        cancel: Ends the download from another thread.
        accept: Looks at the complete file before it gets its name, and raises to refuse it.
        policy: How patient to be.

    Returns:
        `target`.

    Raises:
        DownloadError: it did not succeed; the message says whether what arrived was kept.
        Cancelled: it was cancelled; what arrived was kept.
    """
    if sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise DownloadError(
            "The checksum is no SHA-256: 64 hexadecimal digits.",
            "Check it, or leave it out.",
            because=because(Reason.DOWNLOAD_CHECKSUM_FORM),
        )
    _parsed(url)
    work = _Download(
        url, target, sha256, size, progress or (lambda _: None), cancel or CancelToken(), policy or Policy()
    )
    with _disk(target), work.alone():
        if target.exists():
            raise DownloadError(
                f"{target} is there already.",
                "Choose another name, or remove that file first.",
                because=because(Reason.DOWNLOAD_EXISTS, path=str(target)),
            )
        work.receive()
        work.verify(accept)
        work.finish()
    return target


@contextmanager
def _disk(target: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # somebody who was told of the progress has gone
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            full = because(Reason.DOWNLOAD_FULL)
            raise DownloadError("The disk became full.", f"Free some space. {_KEPT}", because=full) from error
        reason = (error.strerror or str(error)).lower()
        raise DownloadError(
            f"{target} cannot be written: {reason}.",
            "Check the folder, and who may write there.",
            because=because(Reason.DOWNLOAD_DISK, path=str(target)),
        ) from error


def _parsed(url: str) -> urllib.parse.SplitResult:
    try:
        parts = urllib.parse.urlsplit(url)
        bad = parts.scheme not in ("http", "https") or not parts.hostname or (parts.port or 1) < 1
    except ValueError:
        bad = True
    if bad or re.search(r"[\x00-\x20\x7f]", url):
        raise DownloadError(f"{url!r} is no http or https address.", "Copy the file's address anew.", because=_ADDRESS)
    if parts.username is not None or parts.password is not None:
        raise DownloadError(
            "The address holds a user name or password.", "Only public files are downloaded.", because=_ADDRESS
        )
    return parts


class _Download:
    """One download: the part file, its note, and the connections."""

    def __init__(
        self,
        url: str,
        target: Path,
        sha256: str | None,
        size: int | None,
        progress: Callable[[Progress], None],
        cancel: CancelToken,
        policy: Policy,
    ) -> None:
        self._url = url
        self._target = target
        self._sha256 = sha256.lower() if sha256 else None
        self._size = size
        self._tell = progress
        self._cancel = cancel
        self._policy = policy
        self._part = target.with_name(target.name + ".part")
        self._side = target.with_name(target.name + ".part.json")
        self._etag: str | None = None
        self._modified: str | None = None
        self._total = size
        self._told = 0.0

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps a second download of the same file out."""
        self._target.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(self._target.with_name(self._target.name + ".part.lock"))
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise DownloadError(
                f"{self._target.name} is being downloaded already.",
                "Wait for it, or cancel it.",
                because=because(Reason.DOWNLOAD_TWICE, file=self._target.name),
            ) from None
        try:
            yield
        finally:
            with suppress(OSError):  # before it is released: afterwards it may be somebody else's
                Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()

    # ------------------------------------------------------------------------------------------ receiving

    def receive(self) -> None:
        """Connects as often as it takes, until the part file is complete."""
        done = self._resume()
        failures = 0
        while True:
            self._say("connecting", done, force=True)
            before = done
            try:
                done = self._connection(done)
                return
            except _StartAnew:
                failures += 1
                done = self._discard()
                broken = _Broken("the file on the server changed again and again")
            except _Broken as error:
                done = self._surely()
                failures = 1 if done - before >= self._policy.worth else failures + 1
                broken = error
            if failures >= self._policy.attempts:
                raise DownloadError(
                    f"The download broke off {failures} times in a row, at last because {broken.why}.",
                    f"Check the network and try again later. {_KEPT}",
                    because=because(Reason.DOWNLOAD_BROKEN, failures=failures),
                )
            pause = self._policy.pause * 2 ** (failures - 1) if broken.pause is None else broken.pause
            self._say("waiting", done, force=True)
            self._cancel.wait(min(pause, self._policy.longest_pause))

    def _connection(self, done: int) -> int:
        """One connection; returns when the file is complete."""
        if self._total is not None and done == self._total:
            return done
        connection = None
        try:
            connection, answer = self._ask(done)
            done, announced = self._judge(answer, done)
            if announced and done == self._total:
                return done
            return self._copy(answer, done, announced=announced)
        finally:
            self._cancel_quietly()
            if connection is not None:
                connection.close()

    def _cancel_quietly(self) -> None:
        with suppress(Cancelled):
            self._cancel.watch(None)

    @contextmanager
    def _network(self) -> Iterator[None]:
        """What the network refuses inside the block: `_Broken`, or a word that another try would not help."""
        try:
            yield
        except TimeoutError as error:
            self._cancel.check()
            raise _Broken(f"nothing came for {self._policy.timeout:g} seconds") from error
        except ssl.SSLCertVerificationError as error:
            raise DownloadError(
                f"The server's certificate is not valid: {error.verify_message}.",
                "Somebody may be listening in. Check this computer's clock, or try another network.",
                because=because(Reason.DOWNLOAD_CERTIFICATE),
            ) from error
        except (http.client.HTTPException, OSError) as error:
            self._cancel.check()  # a connection that was shut down on purpose looks broken too
            raise _Broken(_in_words(error)) from error

    def _ask(self, done: int) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Asks for the file from byte `done` on, through redirects."""
        url = self._url
        for _ in range(MAX_REDIRECTS + 1):
            connection, path, extra = _connect_to(url, self._policy.timeout)
            try:
                with self._network():
                    connection.connect()
                    self._cancel.watch(connection.sock)
                    connection.request("GET", path, headers={**self._headers(done), **extra})
                    answer = connection.getresponse()
            except BaseException:
                connection.close()
                raise
            if answer.status not in _REDIRECTS:
                return connection, answer
            place = answer.getheader("Location")
            connection.close()
            url = self._redirected(url, place)
        raise DownloadError(
            "The server sends from one address to the next without end.",
            "Try another address.",
            because=because(Reason.DOWNLOAD_REDIRECTED),
        )

    def _headers(self, done: int) -> dict[str, str]:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Techo", "Connection": "close"}
        if done:
            headers["Range"] = f"bytes={done}-"
            validator = self._etag or self._modified
            if validator is not None:
                headers["If-Range"] = validator
        return headers

    def _redirected(self, url: str, place: str | None) -> str:
        if not place:
            raise DownloadError(
                "The server sends to another address without naming it.",
                "Try another address.",
                because=because(Reason.DOWNLOAD_REDIRECTED),
            )
        after = urllib.parse.urljoin(url, place)
        if urllib.parse.urlsplit(url).scheme == "https" and _parsed(after).scheme != "https":
            raise DownloadError(
                "The server sends from a protected address (https) to an unprotected one (http); that is refused.",
                "Look for the file in another place.",
                because=because(Reason.DOWNLOAD_UNPROTECTED),
            )
        _parsed(after)
        return after

    def _judge(self, answer: http.client.HTTPResponse, done: int) -> tuple[int, bool]:
        """Checks the answer's head -> (the byte that its body begins at, whether it says how long the file is).

        Raises:
            _StartAnew: what is there is of another version.
        """
        status = answer.status
        if status == 416:
            # We asked for what comes after the end: all is there, or the file became shorter.
            found = re.fullmatch(r"bytes \*/(\d{1,20})", answer.getheader("Content-Range") or "")
            if found and int(found[1]) == done and self._same(answer):
                self._announced(done)
                return done, True
            raise _StartAnew
        if status not in (200, 206):
            self._refused(answer)
        if (answer.getheader("Content-Encoding") or "identity").lower() != "identity":
            raise DownloadError(
                "The server compresses the file, which was not asked for.",
                "Try another address.",
                because=because(Reason.DOWNLOAD_OTHER_FILE),
            )
        if status == 206:
            total: int | None = self._range(answer, done)
            if done and (not self._same(answer) or self._total not in (None, total)):
                raise _StartAnew
            self._announced(total)
        else:
            # The whole file: the server knows no ranges, or has another version by now.
            length = answer.getheader("Content-Length") or ""
            total = int(length) if re.fullmatch(r"\d{1,20}", length) else None
            self._check_end(answer, total)
            self._announced(total)
            self._discard()
            done = 0
            self._announced(total)
            self._remember(answer)
        self._room(done)
        return done, total is not None

    def _check_end(self, answer: http.client.HTTPResponse, total: int | None) -> None:
        """Refuses an answer of which nobody could tell whether it came to its end."""
        chunked = "chunked" in (answer.getheader("Transfer-Encoding") or "").lower()
        if total is None and not chunked and self._size is None and self._sha256 is None:
            raise DownloadError(
                "The server does not say how long the file is, so nobody could tell whether all of it came.",
                "Give its checksum (SHA-256), or look for another source.",
                because=because(Reason.DOWNLOAD_NO_LENGTH),
            )

    def _range(self, answer: http.client.HTTPResponse, done: int) -> int:
        found = re.fullmatch(r"bytes (\d{1,20})-(\d{1,20})/(\d{1,20})", answer.getheader("Content-Range") or "")
        if not found or int(found[1]) != done or not done <= int(found[2]) < int(found[3]):
            if done:
                raise _StartAnew
            raise _Broken("the server answered with a part that was not asked for")
        return int(found[3])

    def _same(self, answer: http.client.HTTPResponse) -> bool:
        etag, modified = _strong(answer.getheader("ETag")), answer.getheader("Last-Modified")
        if self._etag is not None and etag is not None:
            return etag == self._etag
        return self._modified is None or modified is None or modified == self._modified

    def _announced(self, total: int | None) -> None:
        if self._size is not None and total is not None and total != self._size:
            raise DownloadError(
                f"The server offers a file of {total:,} bytes; the one that was asked for has {self._size:,}.",
                "It is another file, or a damaged one. Look for another source.",
                because=because(Reason.DOWNLOAD_OTHER_FILE),
            )
        if total is not None and total > MAX_BYTES:
            raise DownloadError(
                f"The server announces {total:,} bytes, which no model has.",
                "Try another address.",
                because=because(Reason.DOWNLOAD_OTHER_FILE),
            )
        self._total = self._size if total is None else total

    def _room(self, done: int) -> None:
        """Whether the rest has room on the disk."""
        free = shutil.disk_usage(self._target.parent).free
        need = 0 if self._total is None else self._total - done
        if free - self._policy.leave_free < need:
            raise DownloadError(
                f"There is not enough room: {need:,} bytes are to come, {free:,} are free, and "
                f"{self._policy.leave_free:,} of them are left alone.",
                f"Free some space, or choose a folder on another disk. {_KEPT}",
                because=because(Reason.DOWNLOAD_ROOM, need_bytes=need, free_bytes=free),
            )

    def _refused(self, answer: http.client.HTTPResponse) -> NoReturn:
        status, reason = answer.status, answer.reason or http.client.responses.get(answer.status, "")
        if status in _PASSING:
            after = answer.getheader("Retry-After") or ""
            pause = float(after) if re.fullmatch(r"\d{1,6}", after) else None
            raise _Broken(f"the server said {status} {reason}".rstrip(), pause)
        hint = {
            401: "The file is not public. Look for another source.",
            403: "The file is not public, or its licence has to be accepted there first.",
            404: "Check the address; the file may have moved.",
            410: "The file was removed. Look for another source.",
        }.get(status, "Check the address.")
        why = {
            401: Reason.DOWNLOAD_NOT_PUBLIC,
            403: Reason.DOWNLOAD_NOT_PUBLIC,
            404: Reason.DOWNLOAD_GONE,
            410: Reason.DOWNLOAD_GONE,
        }.get(status, Reason.DOWNLOAD_REFUSED)
        words = f"The server refused: {status} {reason}".rstrip() + "."
        raise DownloadError(words, hint, because=because(why, status=status))

    def _copy(self, answer: http.client.HTTPResponse, done: int, *, announced: bool) -> int:
        """Writes the body to the part file from byte `done` on."""
        limit = MAX_BYTES if self._total is None else self._total
        begun = mark = time.monotonic()
        start = mark_done = synced = done
        too_much = False
        with self._open_part(done) as file:
            try:
                while not (announced and done == limit):
                    with self._network():
                        # One receive at a time: `read` would wait for the whole chunk, however slowly it trickles.
                        data = answer.read1(min(CHUNK, limit - done) if announced else CHUNK)
                    self._cancel.check()
                    if not data:
                        break
                    too_much = done + len(data) > limit
                    if too_much:
                        break
                    file.write(data)
                    done += len(data)
                    now = time.monotonic()
                    if done - synced >= SYNC_EVERY:
                        synced = self._sync(file, done)
                        self._room(done)
                    if now - mark >= self._policy.slow_seconds:
                        if done - mark_done < self._policy.slowest * (now - mark):
                            raise _Broken("the server sent almost nothing")
                        mark, mark_done = now, done
                    self._say("receiving", done, rate=(done - start) / max(now - begun, 1e-3))
            finally:
                self._sync(file, done)
        if too_much:
            self._discard()
            raise DownloadError(
                f"The server sends more than the {limit:,} bytes that the file has; what came was removed.",
                "It is another file, or a hostile server. Look for another source.",
                because=because(Reason.DOWNLOAD_OTHER_FILE),
            )
        if self._total is not None and done < self._total:
            raise _Broken(f"the connection was cut after {done:,} of {self._total:,} bytes")
        self._total = done
        self._note(done)
        self._say("receiving", done, force=True)
        return done

    # ------------------------------------------------------------------------------------------ part file

    def _open_part(self, done: int) -> BinaryIO:
        descriptor = os.open(self._part, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        file = os.fdopen(descriptor, "r+b")
        file.truncate(done)
        file.seek(done)
        return file

    def _sync(self, file: BinaryIO, done: int) -> int:
        file.flush()
        os.fsync(file.fileno())
        self._note(done)
        return done

    def _note(self, done: int) -> None:
        """Writes down what the part file is a part of, and how much of it is surely there."""
        text = json.dumps(
            {
                "url": self._url,
                "etag": self._etag,
                "modified": self._modified,
                "total": self._total,
                "sha256": self._sha256,
                "done": done,
            }
        )
        temporary = self._side.with_name(self._side.name + ".tmp")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(self._side)

    def _noted(self) -> dict[str, object]:
        try:
            with self._side.open("rb") as file:
                found = json.loads(file.read(_SIDE_LIMIT))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _surely(self) -> int:
        """Bytes of the part file that are surely of this file and on the disk."""
        noted = self._noted().get("done")
        try:
            there = self._part.stat().st_size
        except OSError:
            return 0
        return min(noted, there) if isinstance(noted, int) and noted > 0 else 0

    def _resume(self) -> int:
        """Takes up an earlier try of the same address and checksum."""
        noted = self._noted()
        etag, modified, total = noted.get("etag"), noted.get("modified"), noted.get("total")
        same = noted.get("url") == self._url and noted.get("sha256") == self._sha256
        if self._size is not None and total not in (None, self._size):
            same = False
        self._etag = etag if isinstance(etag, str) else None
        self._modified = modified if isinstance(modified, str) else None
        # Without a validator only a checksum can tell whether two halves belong together.
        if not same or (self._etag is None and self._modified is None and self._sha256 is None):
            return self._discard()
        if isinstance(total, int):
            self._total = total
        return self._surely()

    def _discard(self) -> int:
        self._part.unlink(missing_ok=True)
        self._side.unlink(missing_ok=True)
        self._etag = self._modified = None
        self._total = self._size
        return 0

    def _remember(self, answer: http.client.HTTPResponse) -> None:
        self._etag = _strong(answer.getheader("ETag"))
        self._modified = _one_line(answer.getheader("Last-Modified"))
        self._open_part(0).close()
        self._note(0)

    # ------------------------------------------------------------------------------------------ the end

    def verify(self, accept: Callable[[Path], object] | None) -> None:
        """Checks length and checksum of what is on the disk; removes it when it is not the file."""
        size = self._part.stat().st_size
        if self._sha256 is not None:
            state = hashlib.sha256()
            with self._part.open("rb") as file:
                done = 0
                while block := file.read(1 << 20):
                    self._cancel.check()
                    state.update(block)
                    done += len(block)
                    self._say("checking", done)
            if state.hexdigest() != self._sha256:
                self._discard()
                raise DownloadError(
                    f"The file's checksum is {state.hexdigest()} instead of {self._sha256}; it was removed.",
                    "It was damaged on the way, or is another file. Download it again, or from another source.",
                    because=because(Reason.DOWNLOAD_CHECKSUM),
                )
        self._say("checking", size, force=True)
        if accept is not None:
            try:
                accept(self._part)
            except BaseException:
                self._discard()
                raise

    def finish(self) -> None:
        """Gives the file its name."""
        self._part.replace(self._target)
        self._side.unlink(missing_ok=True)
        if hasattr(os, "O_DIRECTORY"):
            descriptor = os.open(self._target.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                with suppress(OSError):  # not every file system can
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _say(self, phase: str, done: int, *, rate: float = 0.0, force: bool = False) -> None:
        now = time.monotonic()
        if force or now - self._told >= 0.1:
            self._told = now
            self._tell(Progress(phase, done, self._total, rate))


def _connect_to(url: str, timeout: float) -> tuple[http.client.HTTPConnection, str, dict[str, str]]:
    """A connection for `url`, through the proxy that the system names for it -> (connection, path, headers)."""
    parts = _parsed(url)
    host = parts.hostname or ""
    # What stands in an address already stays; letters beyond ASCII are put into percent signs.
    path = urllib.parse.quote(urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, "")), safe=_URL_MARKS)
    proxy = None if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get(parts.scheme)
    secure = parts.scheme == "https"
    if proxy is None:
        if secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, parts.port, timeout=timeout, context=context), path, {}
        return http.client.HTTPConnection(host, parts.port, timeout=timeout), path, {}
    through = urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    headers: dict[str, str] = {}
    if through.username is not None:
        secret = f"{urllib.parse.unquote(through.username)}:{urllib.parse.unquote(through.password or '')}"
        headers["Proxy-Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode("ascii")
    if not secure:
        return http.client.HTTPConnection(through.hostname or "", through.port, timeout=timeout), url, headers
    tunnel = http.client.HTTPSConnection(
        through.hostname or "", through.port, timeout=timeout, context=ssl.create_default_context()
    )
    tunnel.set_tunnel(host, parts.port or 443, headers)
    return tunnel, path, {}


def _strong(etag: str | None) -> str | None:
    """The ETag, unless it is weak: a weak one does not promise the same bytes."""
    etag = _one_line(etag)
    return None if etag is None or etag.startswith("W/") else etag


def _one_line(text: str | None) -> str | None:
    return text if text is not None and len(text) <= 1024 and text.isprintable() else None


def _in_words(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "the server's name is not known"
    if isinstance(error, ConnectionRefusedError):
        return "the server does not answer"
    if isinstance(error, http.client.HTTPException):
        return f"the server's answer makes no sense ({type(error).__name__})"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
