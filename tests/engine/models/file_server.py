"""A real HTTP server for the tests of the downloader: honest by default, and able to misbehave in one way at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the server's behaviour."""

    protocol_version = "HTTP/1.1"
    server: FileServer

    def do_GET(self) -> None:
        self.close_connection = True
        self.server.asked.append(dict(self.headers.items()) | {"path": self.path})
        with suppress(BrokenPipeError, ConnectionResetError):  # the client has seen enough
            self.server.next_behaviour()(self)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""

    def head(self, status: int, **fields: str | int | None) -> None:
        """Status line and header fields; underscores become hyphens."""
        self.send_response(status)
        for name, value in fields.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    @property
    def start(self) -> int:
        """The byte that was asked for first."""
        asked = self.headers.get("Range")
        return int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0


class FileServer(ThreadingHTTPServer):
    """Serves one file. Behaviours in `script` are used up one a request; after them it is honest."""

    daemon_threads = True

    def __init__(self, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = body
        self.etag: str | None = '"v1"'
        self.modified: str | None = None
        self.script: list[Behaviour] = []
        self.asked: list[dict[str, str]] = []
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/models/a%20model.gguf"

    def next_behaviour(self) -> Behaviour:
        return self.script.pop(0) if self.script else honest

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is what these tests are about."""


def honest(handler: Handler) -> None:
    """What RFC 9110 says: ranges, If-Range, ETag."""
    server = handler.server
    validator = handler.headers.get("If-Range")
    valid = validator is None or validator in (server.etag, server.modified)
    start = handler.start if valid else 0
    fields: dict[str, str | int | None] = {"ETag": server.etag, "Last_Modified": server.modified}
    if start >= len(server.body) > 0:
        handler.head(416, Content_Range=f"bytes */{len(server.body)}", Content_Length=0, **fields)
        return
    if start:
        fields["Content_Range"] = f"bytes {start}-{len(server.body) - 1}/{len(server.body)}"
    handler.head(206 if start else 200, Content_Length=len(server.body) - start, **fields)
    handler.wfile.write(server.body[start:])


def cut(after: int) -> Behaviour:
    """Announces all of it, and closes the connection after so many bytes of the answer."""

    def behave(handler: Handler) -> None:
        body, start = handler.server.body, handler.start
        fields: dict[str, str | int | None] = {"ETag": handler.server.etag, "Content_Length": len(body) - start}
        if start:
            fields["Content_Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        handler.head(206 if start else 200, **fields)
        handler.wfile.write(body[start : start + after])

    return behave


def stall(after: int) -> Behaviour:
    """Sends so many bytes and then nothing, with the connection open."""

    def behave(handler: Handler) -> None:
        cut(after)(handler)
        handler.wfile.flush()
        handler.server.release.wait(20)

    return behave


def answer(status: int, body: bytes = b"", **fields: str | int | None) -> Behaviour:
    """A fixed answer; Content-Length is added unless it is given (None leaves it out)."""

    def behave(handler: Handler) -> None:
        handler.head(status, **({"Content_Length": len(body)} | fields))
        handler.wfile.write(body)

    return behave


@contextmanager
def serving(body: bytes) -> Iterator[FileServer]:
    """A running server."""
    server = FileServer(body)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
