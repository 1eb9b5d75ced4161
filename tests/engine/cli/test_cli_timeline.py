"""Going back, duplicating, looks and conversations that are not learned from: the commands, with the real engine."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import datetime
from pathlib import Path

import pytest

from engine.cli.arguments import _point
from engine.cli.timeline import comparison_text, timeline_text
from engine.errors import ErrorCode
from engine.protocol import Comparison, JournalEntry, MemoryStats, Timeline, TimelineDay
from tests.engine.cli.conftest import Run
from tests.engine.store.test_store_looks import PICTURE


@pytest.mark.timeout(240)
def test_a_memory_goes_back_and_now_is_kept(techo: Run) -> None:
    for text in ("My cat is called Miso.", "My boat is called Petrel.", "My dentist is Dr. Okafor."):
        assert techo("say", text, "--max-tokens", "4")[0] == 0
    status, life = techo("memory", "timeline")
    assert (status, life["lessons"], life["newest"], life["forgotten"]) == (0, 3, 3, 0)
    status, error = techo("memory", "back", "--to", "1")
    assert (status, error["error"]["code"]) == (3, ErrorCode.NOT_CONFIRMED)
    assert "2 lessons" in error["error"]["message"]
    status, done = techo("memory", "back", "--to", "1", "--keep", "Before", "--said", "--yes")
    assert (status, done["entries"], done["messages"]) == (0, [2, 3], 4)
    assert [e["text"] for e in techo("memory", "journal")[1]["entries"]] == ["My cat is called Miso."]
    assert len(techo("memory", "journal", "--profile", "Before")[1]["entries"]) == 3
    tomorrow = "2999-01-01"
    status, error = techo("memory", "back", "--to", tomorrow, "--yes")
    assert (status, error["error"]["code"]) == (1, ErrorCode.ENTRY_NOT_FOUND)
    status, done = techo("memory", "back", "--to", "2001-01-01", "--yes")
    assert (status, done["entry"], done["entries"]) == (0, 0, [1])


def test_profiles_are_duplicated_and_look_different(techo: Run, tmp_path: Path) -> None:
    techo("profile", "create", "Work")
    status, twin = techo("profile", "duplicate", "Work", "Experiment")
    assert (status, twin["name"]) == (0, "Experiment")
    assert techo("profile", "duplicate", "Work", "experiment")[1]["error"]["code"] == ErrorCode.PROFILE_EXISTS
    picture = tmp_path / "face.png"
    picture.write_bytes(PICTURE)
    status, changed = techo("profile", "look", "Work", "--colour", "#2F6B68", "--picture", str(picture))
    assert (status, changed["colour"], bool(changed["picture"])) == (0, "#2f6b68", True)
    assert techo("profile", "look", "Work", "--no-picture")[1]["picture"] == ""
    assert techo("profile", "look", "Work")[0] == 2
    status, error = techo("profile", "look", "Work", "--colour", "green")
    assert (status, error["error"]["code"]) == (1, ErrorCode.PROFILE_LOOK)
    picture.write_bytes(b"GIF89a" * 100)
    assert techo("profile", "look", "Work", "--picture", str(picture))[1]["error"]["code"] == ErrorCode.PROFILE_LOOK
    assert techo("profile", "look", "Work", "--picture", str(tmp_path / "none.png"))[0] == 1


@pytest.mark.timeout(240)
def test_a_conversation_is_not_learned_from(techo: Run) -> None:
    status, done = techo("say", "My cat is called Miso.", "--no-learn", "--max-tokens", "4")
    assert (status, done["learned"]) == (0, None)
    (found,) = techo("conversation", "list")[1]["conversations"]
    assert found["learns"] is False
    said = techo("say", "My boat is called Petrel.", "--conversation", str(found["id"]), "--max-tokens", "4")[1]
    assert said["learned"] is None
    assert techo("conversation", "learn", str(found["id"]), "on")[1]["learns"] is True
    said = techo("say", "My boat is called Petrel.", "--conversation", str(found["id"]), "--max-tokens", "4")[1]
    assert said["learned"]["entry"] == 1
    assert techo("conversation", "learn", str(found["id"]), "off")[1]["learns"] is False
    assert techo("conversation", "learn", str(found["id"]), "maybe")[0] == 2


def test_points_in_time() -> None:
    assert _point("12") == (12, None)
    entry, day = _point("2026-01-31")
    assert entry is None
    assert day is not None
    assert datetime.fromisoformat(day).isoformat()[:19] == "2026-01-31T23:59:59", "the end of that day"
    _, moment = _point("2026-01-31T18:00")
    assert moment is not None
    assert moment.startswith("2026-01-31T18:00:00")
    with pytest.raises(ArgumentTypeError):
        _point("last week")


def test_in_words() -> None:
    day = TimelineDay(day="2026-01-31", lessons=10, last=12)
    life = Timeline(born="2026-01-01T00:00:00Z", days=[day, TimelineDay(day="2026-02-01", lessons=1, last=13)],
                    lessons=11, newest=13, forgotten=2)  # fmt: skip
    text = timeline_text(life)
    assert "2026-01-31       10" in text
    assert "Made on 2026-01-01. 11 lessons known now; 2 forgotten." in text
    assert "Nothing has been learned" in timeline_text(
        Timeline(born="2026-01-01", days=[], lessons=0, newest=0, forgotten=0)
    )
    gauge = MemoryStats(
        state_bytes=1, snapshot_bytes=1, neurons=100, neurons_used=30, turns=10, turns_used=3, turns_learned=3,
        turns_recycled=0,
    )  # fmt: skip
    lost = JournalEntry(
        id=4, created="", message=None, text="My boat\nis called Petrel.", surprise=1, recruited=1, strengthened=0,
        overwritten=0, recycled=0,
    )  # fmt: skip
    found = Comparison(entry=3, then=gauge, now=gauge, lost=3, first=[lost], messages=0, forgotten=1)
    text = comparison_text(found)
    assert "4  My boat is called Petrel." in text
    assert "and 2 more" in text
    assert "1 lesson from before that moment had been forgotten" in text
