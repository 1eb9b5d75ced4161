"""From rows to figures and tables."""

from __future__ import annotations

from typing import Any

from engine.cli.evaluation.report import report_text, summarise


def row(arm: str, kind: str, right: bool, **more: Any) -> dict[str, Any]:
    return {
        "episode": "e",
        "q": "?",
        "kind": kind,
        "arm": arm,
        "output": "",
        "right": right,
        "stale": False,
        **more,
    }


def test_counts_by_kind() -> None:
    rows = [
        row("memory", "fact", True),
        row("memory", "fact", False),
        row("memory", "update", True, stale=True),
        row("memory", "abstain", True, invented=True),
        row("memory", "control", False),
    ]
    kinds = summarise(rows)["arms"]["memory"]["kinds"]
    assert kinds["fact"] == {
        "asked": 2, "right": 1, "stale": 0, "invented": 0, "rate": 0.5, "interval": (0.0, 1.0)
    }  # fmt: skip
    assert kinds["update"]["stale"] == 1
    assert kinds["abstain"]["invented"] == 1
    assert list(kinds) == ["fact", "update", "abstain", "control"]


def test_recall_is_facts_and_updates_only() -> None:
    rows = [row("memory", "fact", True), row("memory", "update", False), row("memory", "control", True)]
    figures = summarise(rows)["arms"]["memory"]
    assert figures["recall"] == 0.5
    assert (figures["right"], figures["asked"]) == (1, 2)


def test_ratio_of_memory_to_every_other_arm() -> None:
    rows = [row("memory", "fact", True)] * 3 + [row("memory", "fact", False)]
    rows += [row("context", "fact", True), row("context", "fact", False), row("none", "fact", False)]
    ratios = summarise(rows)["ratios"]
    assert ratios == {"memory/none": None, "memory/context": 1.5}


def test_no_ratio_without_memory_or_recall_questions() -> None:
    assert summarise([row("none", "fact", True)])["ratios"] == {}
    assert summarise([row("memory", "control", True), row("none", "control", True)])["ratios"] == {}


def test_seconds_are_means_over_episodes_and_questions() -> None:
    rows = [
        row("memory", "fact", True, episode="a", feed_seconds=0.1, seconds=1.0),
        row("memory", "fact", True, episode="a", feed_seconds=0.1, seconds=2.0),
        row("memory", "fact", True, episode="b", feed_seconds=0.3, seconds=3.0),
    ]
    assert summarise(rows)["arms"]["memory"]["seconds"] == {"feed": 0.2, "ask": 2.0}


def test_held_is_the_largest_of_any_episode() -> None:
    rows = [
        row("memory", "fact", True, facts=10, told=20, neurons_used=100, neurons=1000, turns_learned=18),
        row("memory", "fact", True, facts=40, told=56, neurons_used=90, neurons=1000, turns_learned=17),
    ]
    figures = summarise(rows)["arms"]["memory"]
    assert (figures["facts"], figures["told"], figures["neurons_used"], figures["turns_learned"]) == (40, 56, 100, 18)


def test_oldest_first_needs_fifty_located_facts() -> None:
    rows = [row("memory", "fact", index >= 30, age=index, told=60) for index in range(60)]
    assert summarise(rows[:49])["arms"]["memory"]["ages"] is None
    ages = summarise(rows)["arms"]["memory"]["ages"]
    assert [(part["right"], part["asked"]) for part in ages] == [(0, 6)] * 5 + [(6, 6)] * 5
    text = report_text(summarise(rows))
    assert "oldest tenth" in text
    assert text.index("oldest tenth") < text.index("newest tenth")


def test_rows_that_were_not_located_are_left_out_of_the_ages() -> None:
    rows = [row("memory", "fact", True, age=None, told=60)] * 60
    assert summarise(rows)["arms"]["memory"]["ages"] is None


def test_text_has_a_line_for_each_arm_and_kind() -> None:
    rows = [row("memory", "fact", True), row("none", "fact", False), row("none", "abstain", True)]
    lines = report_text(summarise(rows)).splitlines()
    assert any(line.split()[:4] == ["memory", "fact", "1", "1"] for line in lines)
    assert any(line.split()[:4] == ["none", "abstain", "1", "1"] for line in lines)


def test_text_shows_intervals_and_what_the_memory_gains() -> None:
    rows = [row("memory", "fact", index < 9, index=index) for index in range(10)]
    rows += [row("context", "fact", index < 3, index=index) for index in range(10)]
    rows += [row(arm, "choice", arm == "memory", index=index) for arm in ("memory", "none") for index in range(10, 18)]
    summary = summarise(rows)
    assert summary["arms"]["memory"]["recall_interval"] == summary["arms"]["memory"]["kinds"]["fact"]["interval"]
    assert summary["comparisons"]["recall"]["memory/context"]["difference"] == 0.6
    text = report_text(summary)
    assert "0.900 [0.700, 1.000]" in " ".join(text.split())
    lines = text.splitlines()
    assert any(line.startswith("recall, memory/context: 3.00 [") for line in lines)
    assert any(line.startswith("choice, memory/none: the other arm has none right; +100.0 points") for line in lines)


def test_rows_of_older_results_without_extras_are_enough() -> None:
    bare = {"episode": "e", "q": "?", "kind": "fact", "arm": "mine", "output": "", "right": True, "stale": False}
    assert summarise([bare])["arms"]["mine"]["recall"] == 1.0
    assert "mine" in report_text(summarise([bare]))
