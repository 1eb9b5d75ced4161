"""Lines over descriptors."""

from __future__ import annotations

import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.server.pipe import TOO_LONG, LineReader, LineWriter


def lines_of(chunks: list[bytes], limit: int = 10) -> list[bytes]:
    reading, writing = os.pipe()
    taken: list[bytes] = []
    thread = threading.Thread(target=LineReader(reading, limit).run, args=(taken.append,))
    thread.start()
    for chunk in chunks:
        os.write(writing, chunk)
    os.close(writing)
    thread.join(10)
    os.close(reading)
    assert not thread.is_alive()
    return taken


def test_lines_come_whole_however_they_arrive() -> None:
    assert lines_of([b"on", b"e\ntw", b"o\n", b"\n  \nthree\nunfinished"]) == [b"one", b"two", b"three"]


def test_a_long_line_is_skipped_to_its_end() -> None:
    assert lines_of([b"a\n", b"x" * 11 + b"\n", b"b\n"]) == [b"a", TOO_LONG, b"b"]
    assert lines_of([b"x" * 10 + b"\n"]) == [b"x" * 10]
    assert lines_of([b"x" * 5000, b"y" * 5000, b"\nb\n"]) == [TOO_LONG, b"b"]


def test_a_long_line_takes_no_memory() -> None:
    reader = LineReader(-1, 100)
    for _ in range(1000):
        reader._extend(b"x" * 65536)
    assert len(reader._pending) == 0


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=12).map(lambda b: b.replace(b"\r", b"z")), max_size=12),
)
def test_equals_splitting_the_whole(chunks: list[bytes]) -> None:
    *whole, _unfinished = b"".join(chunks).split(b"\n")
    expected = [TOO_LONG if len(line) > 10 else line for line in whole if len(line) > 10 or line.strip()]
    assert lines_of(chunks) == expected


def test_writing_to_a_front_end_that_is_gone() -> None:
    reading, writing = os.pipe()
    told: list[str] = []
    writer = LineWriter(writing)
    writer.on_gone = lambda: told.append("gone")
    writer.write(b"hello")
    assert os.read(reading, 100) == b"hello\n"
    os.close(reading)
    writer.write(b"into the void")
    writer.write(b"again")
    assert told == ["gone"]
    os.close(writing)


def test_a_large_line_arrives_whole(recwarn: pytest.WarningsRecorder) -> None:
    reading, writing = os.pipe()
    line = bytes(range(32, 127)) * 20_000
    thread = threading.Thread(target=LineWriter(writing).write, args=(line,))
    thread.start()
    taken: list[bytes] = []
    reader = LineReader(reading, len(line))
    second = threading.Thread(target=reader.run, args=(taken.append,))
    second.start()
    thread.join(10)
    os.close(writing)
    second.join(10)
    os.close(reading)
    assert taken == [line]
