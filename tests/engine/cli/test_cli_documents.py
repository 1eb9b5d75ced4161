"""`techo memory read`, with the real engine process and the real model."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from engine.cli.documents import read_text
from engine.cli.memory import journal_text
from engine.errors import ErrorCode
from engine.protocol import DocumentRead, JournalEntry, MemoryStats

Techo = Callable[..., tuple[int, Any]]
Spawn = Callable[..., "Popen[str]"]

STATS = MemoryStats(
    state_bytes=1,
    snapshot_bytes=0,
    neurons=1,
    neurons_used=0,
    turns=1,
    turns_used=0,
    turns_learned=0,
    turns_recycled=0,
)


def done(**fields: Any) -> DocumentRead:
    usual: dict[str, Any] = {"passages": 14, "learned": 14, "known": 0, "idle": 0, "unreadable": 0, "cancelled": False}
    return DocumentRead(name="notes.md", conversation=1, stats=STATS, **(usual | fields))


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "Read notes.md: 14 passages learned."),
        ({"passages": 1, "learned": 1}, "Read notes.md: 1 passage learned."),
        (
            {"learned": 11, "known": 2, "idle": 1, "unreadable": 1},
            "Read notes.md: 11 passages learned, 2 known before, 1 with nothing to learn. 1 page could not be read.",
        ),
        ({"learned": 5, "cancelled": True}, "Stopped: 5 of 14 passages of notes.md read: 5 passages learned."),
        ({"passages": 0, "learned": 0, "cancelled": True}, "notes.md was not read: it was stopped."),
    ],
)
def test_what_became_of_a_document_in_words(fields: dict[str, Any], text: str) -> None:
    assert read_text(done(**fields)) == text


def test_the_journal_names_the_document() -> None:
    entry = JournalEntry(
        id=1,
        created="2026-01-02T03:04:05.678Z",
        message=1,
        text="The boat is called Sirkka.",
        surprise=1.0,
        recruited=1,
        strengthened=0,
        overwritten=0,
        recycled=0,
        source="notes.md",
        document=1,
    )
    assert journal_text([entry]).endswith("The boat is called Sirkka.  (from notes.md)")


def test_documents_are_read_listed_and_forgotten(techo: Techo, tmp_path: Path) -> None:
    notes, other = tmp_path / "notes.md", tmp_path / "other.txt"
    notes.write_text("# Boat\n\nThe boat is called Sirkka.\n\nMirela has the spare key.\n")
    other.write_text("The tea is in the tin.")
    status, answer = techo("memory", "read", str(notes), str(tmp_path / "missing.txt"), str(other))
    assert status == 1, "one of them was not read"
    first, missing, second = answer["documents"]
    assert (first["name"], first["learned"], second["learned"]) == ("notes.md", 2, 1)
    assert (missing["name"], missing["error"]["code"]) == ("missing.txt", ErrorCode.DOCUMENT_NOT_FOUND)
    assert missing["error"]["hint"]
    status, answer = techo("memory", "read", str(notes))
    assert (status, answer["documents"][0]["known"]) == (0, 2)
    entries = techo("memory", "journal")[1]["entries"]
    assert [entry["source"] for entry in entries] == ["other.txt", "notes.md", "notes.md"]
    status, asked = techo("memory", "forget", "--document", "notes.md")
    assert (status, "2 learned turns" in asked["error"]["message"]) == (3, True)
    status, gone = techo("memory", "forget", "--document", str(notes), "--said", "--yes")
    assert (status, len(gone["entries"]), gone["messages"]) == (0, 2, 2)
    assert [entry["source"] for entry in techo("memory", "journal")[1]["entries"]] == ["other.txt"]
    assert techo("memory", "forget", "--document", "notes.md", "--yes")[0] == 1
    assert techo("memory", "forget", "1", "--document", "notes.md")[0] == 2


def test_ctrl_c_stops_the_reading_and_keeps_what_was_learned(spawn: Spawn, techo: Techo, tmp_path: Path) -> None:
    path = tmp_path / "stock.txt"
    path.write_text("\n".join(f"Shelf {number} holds the box with the mark {number * 37}." for number in range(300)))
    reading = spawn("memory", "read", str(path), "--json")
    database = tmp_path / "data"
    deadline = time.monotonic() + 60
    while not list(database.rglob("profile.sqlite3-wal")) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(4)
    reading.send_signal(signal.SIGINT)
    out, _ = reading.communicate(timeout=100)
    (answer,) = json.loads(out)["documents"]
    assert (reading.returncode, answer["cancelled"]) == (130, True)
    assert answer["learned"] < 300
    assert len(techo("memory", "journal", "--limit", "1000")[1]["entries"]) == answer["learned"]
