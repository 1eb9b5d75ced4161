"""The engine's side of the pipe.

    pipe.py     lines in and out, bounded
    logs.py     the log: stderr and a rotating file, without personal content
    service.py  what each method does
    server.py   `Server`: reader thread, queue, one worker; dispatch, cancel, shutdown

One request, traced through: the reader thread takes a line off stdin and checks that it is a request. `turn.cancel`
and `engine.status` it answers itself, at once. Everything else goes into the queue. The worker (the main thread) takes
it out, converts the params to the type that `protocol.METHODS` names, calls the service, and writes the answer. The
worker alone touches the backbone, the fast weights and the profile.
"""

from __future__ import annotations

from engine.server.pipe import LineReader, LineWriter
from engine.server.server import Server
from engine.server.service import Service

__all__ = ["LineReader", "LineWriter", "Server", "Service"]
