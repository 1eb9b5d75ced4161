"""The engine process: `python -P -m engine --data-dir DIR`. A front end starts it and talks to it over stdin, stdout.

Native libraries print to file descriptor 1 as they please, so the pipe is taken away from there first, before any of
them is loaded. End of file on stdin, SIGTERM and the message `shutdown` end the process with everything committed.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

# Small matrices beside a running llama.cpp: a second BLAS thread would only wait for the first, spinning.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_variable, "1")
# numpy asks for huge pages; each would count as 2 MB with its first touched byte, and the process would grow in steps.
os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")


def take_pipe() -> tuple[int, int]:
    """Moves stdin and stdout out of everybody's way -> the descriptors to read from and to write to.

    Afterwards descriptor 0 is empty and descriptor 1 is stderr.
    """
    incoming, outgoing = os.dup(0), os.dup(1)
    with Path(os.devnull).open("r+b") as nothing:
        os.dup2(nothing.fileno(), 0)
        try:
            os.dup2(2, 1)
        except OSError:  # started without stderr
            os.dup2(nothing.fileno(), 1)
            os.dup2(nothing.fileno(), 2)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(incoming, os.O_BINARY)
        msvcrt.setmode(outgoing, os.O_BINARY)
    sys.stdout = sys.stderr
    return incoming, outgoing


def main() -> int:
    """Runs the engine until its front end is gone."""
    parser = argparse.ArgumentParser(
        prog="python -P -m engine", description="Techo's engine. Speaks JSON-RPC on stdin."
    )
    parser.add_argument("--data-dir", type=Path, required=True, help="folder of the profiles and the log")
    parser.add_argument("--model", type=Path, help="GGUF file of the language model (default: the bundled one)")
    parser.add_argument("--memory", type=Path, help="trained weights of the memory (default: the bundled ones)")
    parser.add_argument("--window", type=int, default=2048, help="tokens in the KV window (default: %(default)s)")
    parser.add_argument("--threads", type=int, help="CPU threads (default: one a CPU, four at most)")
    arguments = parser.parse_args()

    incoming, outgoing = take_pipe()
    from engine.protocol import MAX_LINE
    from engine.server.logs import set_up_logging
    from engine.server.pipe import LineReader, LineWriter
    from engine.server.server import Server
    from engine.server.service import Options

    data_dir: Path = arguments.data_dir.absolute()
    set_up_logging(data_dir)
    options = Options(data_dir, arguments.model, arguments.memory, arguments.window, arguments.threads)
    writer = LineWriter(outgoing)
    server = Server(options, LineReader(incoming, MAX_LINE), writer)
    writer.on_gone = server.stop
    # Ctrl-C in a terminal reaches the whole process group; the front end decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _number, _frame: server.stop())
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
