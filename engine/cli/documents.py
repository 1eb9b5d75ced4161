"""`techo memory read`: documents are read and learned."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import msgspec

from engine.cli.chat import ctrl_c_cancels
from engine.cli.connection import Connection, connect
from engine.cli.console import EXIT_ERROR, EXIT_INTERRUPTED, EXIT_OK, Console
from engine.errors import EngineError, ErrorCode
from engine.protocol import DocumentRead, Reading


def read(options: Namespace, console: Console) -> int:
    """Reads the files one after the other. One that cannot be read is named, and the others are read all the same."""
    results: list[dict[str, Any]] = []
    lines: list[str] = []
    status = EXIT_OK
    with connect(options, console, create=True) as engine, ctrl_c_cancels(engine) as pressed:
        for path in options.files:
            if pressed():
                status = EXIT_INTERRUPTED
                break
            try:
                done = _read(engine, console, path)
            except EngineError as error:
                if error.code == ErrorCode.ENGINE_GONE:
                    raise
                status = status or EXIT_ERROR
                results.append({"name": path.name, "error": error.fields()})
                if not console.as_json:
                    console.note(
                        f"techo: {path.name}: {error.message}" + (f"\n       {error.hint}" if error.hint else "")
                    )
                continue
            results.append(msgspec.to_builtins(done))
            lines.append(read_text(done))
            if done.cancelled:
                status = EXIT_INTERRUPTED
                break
    console.result({"documents": results}, "\n".join(lines))
    return status


def _read(engine: Connection, console: Console, path: Path) -> DocumentRead:
    live = console.stderr.isatty()

    def show(reading: Reading) -> None:
        if live:
            what = "page" if reading.phase == "pages" else "passage"
            console.stderr.write(f"\r\x1b[K{reading.name}: {what} {reading.done:,} of {reading.count:,}")
            console.stderr.flush()

    try:
        return engine.read(path, show)
    finally:
        if live:
            console.stderr.write("\r\x1b[K")
            console.stderr.flush()


def read_text(done: DocumentRead) -> str:
    """What became of a document, in a sentence or two."""
    if done.cancelled and not done.passages:
        return f"{done.name} was not read: it was stopped."
    if done.cancelled:
        text = f"Stopped: {done.learned + done.known + done.idle:,} of {_passages(done.passages)} of {done.name} read"
    else:
        text = f"Read {done.name}"
    text += f": {_passages(done.learned)} learned"
    if done.known:
        text += f", {done.known:,} known before"
    if done.idle:
        text += f", {done.idle:,} with nothing to learn"
    if done.unreadable:
        text += f". {'1 page' if done.unreadable == 1 else f'{done.unreadable:,} pages'} could not be read"
    return text + "."


def _passages(count: int) -> str:
    return "1 passage" if count == 1 else f"{count:,} passages"
