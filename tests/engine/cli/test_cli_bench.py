"""The parts of the benchmark that are arithmetic: the supply of turns, the pieces of text, growth, the table."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from engine.cli.bench import bench_text
from engine.cli.benchmark.growth import SETTLED, growth_of, pieces_of
from engine.cli.benchmark.lab import CONTROL_FILE, SAMPLE_TEXT, Supply, default_facts, existing
from engine.cli.evaluation.episodes import EpisodeError, load_episodes
from engine.protocol import MemoryStats

SMALL = CONTROL_FILE.parent / "small.jsonl"


def test_supply_begins_with_the_turns_as_they_stand() -> None:
    told = [text for episode in load_episodes(SMALL) for text in episode.tellings()]
    assert [exchange.user for exchange in islice(Supply.load(SMALL).turns(), len(told))] == told


def test_supply_never_ends_and_never_repeats() -> None:
    turns = [exchange.user for exchange in islice(Supply.load(SMALL).turns(), 400)]
    assert len(turns) == 400
    assert len(set(turns)) == 400


def test_supply_is_the_same_for_the_same_seed() -> None:
    def turns(seed: int) -> list[str]:
        return [exchange.user for exchange in islice(Supply.load(SMALL, seed).turns(), 100)]

    assert turns(1) == turns(1)
    assert turns(1) != turns(2)


def test_supply_knows_which_turn_tells_which_fact() -> None:
    supply = Supply.load(SMALL)
    turns = list(islice(supply.turns(), 20))
    assert supply.facts
    for fact in supply.facts:
        assert any(answer in turns[fact.telling].user for answer in fact.question.answers)


def test_files_that_come_with_the_source_are_there() -> None:
    assert default_facts().is_file()
    assert CONTROL_FILE.is_file()
    assert len(pieces_of(SAMPLE_TEXT.read_text("utf-8"))) >= 8


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(EpisodeError, match=r"no file .*nowhere\.txt"):
        existing(tmp_path / "nowhere.txt", SAMPLE_TEXT, "--text")


def test_pieces_have_an_opening_and_a_measured_rest() -> None:
    text = " = Title = \n\nToo short. Really.\n\nA first sentence. " + "word " * 300
    assert pieces_of(text, words=100) == [("A first sentence.", " ".join(["word"] * 100))]


def test_growth_counts_from_the_settled_size() -> None:
    sizes = [(25, 1), (SETTLED, 100), (75, 130), (100, 110)]
    assert growth_of(sizes) == {"settled": 100, "end": 110, "growth": 10, "peak_growth": 30}
    assert growth_of([(25, 1)])["growth"] is None


def test_table_has_a_line_for_every_figure() -> None:
    stats = MemoryStats(
        state_bytes=20_000_000,
        snapshot_bytes=20_001_000,
        neurons=131_072,
        neurons_used=2_468,
        turns=100,
        turns_used=5,
        turns_learned=5,
        turns_recycled=0,
    )
    side = {"with_memory": 95.0, "without_memory": 100.0, "ratio": 0.95, "tokens": 640, "memory_tokens": 12}
    results = {
        "speed": {
            "decode": {"recalling": side, "plain": side, "both": side},
            "learn": {"read": 0.1, "write": 0.01, "ratio": 0.1, "turns": 20, "tokens": 30.0},
            "first_token": 0.2,
            "start": {"ready": 0.9, "first_token": 1.1},
        },
        "memory": {
            "turns": 300,
            "rss": {"settled": 300_000_000, "end": 300_500_000, "growth": 500_000, "peak_growth": 900_000},
            "snapshot_sizes": [20_001_000],
            "state_bytes": [20_000_000],
            "seconds": {"first": 0.1, "last": 0.1},
            "stats": stats,
            "perplexity": {
                "with_memory": 20.1,
                "without_memory": 20.0,
                "ratio": 1.005,
                "tokens": 1000,
                "pieces": 9,
                "text": "sample.txt",
                "turns_told": 300,
                "full": False,
                "stats": stats,
            },
        },
        "controls": {
            "full": True,
            "stats": stats,
            "asked": 61,
            "right_with": 43,
            "right_without": 44,
            "changed": 3,
            "lost": ["What do bees make?"],
            "gained": [],
            "turns_told": 300,
        },
        "kills": {
            "kills": 5,
            "stages": {"while reading": 2, "while replying": 3},
            "failed_restarts": [],
            "lost_messages": [],
            "lost_entries": [],
            "recall_checks": 20,
            "recall_lost": [],
            "sent": 10,
            "learned": 110,
            "notices": [],
            "restart_seconds": 0.9,
        },
    }
    text = bench_text(results)
    for expected in ("0.950", "<= 0.15", "+0.50 MB", "1.0050", "43 / 44 of 61", "do bees make?", "2 while reading"):
        assert expected in text
    assert "1000 tokens, after 300 turns)" in text
    assert "memory / none (after 300 turns, then filled up)" in text
    assert text.count("2,468 of 131,072, 5 of 100") == 3, "of the turns told, the perplexity, the controls"
