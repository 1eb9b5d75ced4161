"""Results files: reading them back, tabulating them again, going on with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.cli.evaluate import load_rows, parse_arms
from engine.cli.evaluation.arms import ARMS, transcript_of
from engine.cli.evaluation.episodes import EpisodeError, Session, Turn

DATA = Path(__file__).resolve().parents[2] / "data"


def row(arm: str, right: bool, index: int = 0) -> dict[str, Any]:
    return {
        "episode": "e",
        "q": "?",
        "kind": "fact",
        "arm": arm,
        "output": "x",
        "right": right,
        "stale": False,
        "index": index,
    }


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return path


def test_compare_tabulates_several_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = write(tmp_path / "memory.jsonl", row("memory", True), row("memory", True, 1))
    other = write(tmp_path / "notes.jsonl", row("notes", True), row("notes", False, 1))
    assert main(["evaluate", "--compare", str(one), str(other), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["arms"]["memory"]["recall"] == 1.0
    assert summary["arms"]["notes"]["recall"] == 0.5
    assert summary["ratios"] == {"memory/notes": 2.0}
    assert main(["evaluate", "--compare", str(one), str(other)]) == 0
    assert "memory/notes: 2.00" in capsys.readouterr().out


def test_rows_that_are_no_results_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", row("memory", True), {"id": "e1"})
    with pytest.raises(EpisodeError, match="line 2"):
        load_rows(path)


def test_finished_results_need_no_engine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--resume on a complete file asks nothing, so it answers at once and leaves the file as it is."""
    episodes = tmp_path / "episodes.jsonl"
    question = {"q": "?", "answers": ["x"], "kind": "fact"}
    episodes.write_text(json.dumps({"id": "e", "sessions": [], "questions": [question]}) + "\n")
    out = write(tmp_path / "r.jsonl", row("none", True))
    complete = out.read_bytes()
    with out.open("ab") as stream:
        stream.write(b'{"episode": "e", "q": "torn')
    assert main(["evaluate", str(episodes), "--arm", "none", "--out", str(out), "--resume", "--json"]) == 0
    assert out.read_bytes() == complete
    assert json.loads(capsys.readouterr().out)["arms"]["none"]["right"] == 1


def test_arms_are_parsed_without_repetition() -> None:
    assert parse_arms("memory, none,memory") == ["memory", "none"]
    assert parse_arms(",".join(ARMS)) == list(ARMS)


def test_transcript_needs_every_reply() -> None:
    whole = Session((Turn("user", "a"), Turn("assistant", "b")))
    messages = transcript_of([whole, whole])
    assert messages is not None
    assert [(message.role, message.content) for message in messages] == [("user", "a"), ("assistant", "b")] * 2
    assert transcript_of([whole, Session((Turn("user", "c"),))]) is None
