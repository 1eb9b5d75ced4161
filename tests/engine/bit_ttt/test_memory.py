"""The whole memory over the real backbone: what is picked for a question, and what it does to the scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.backbone import Backbone, Prefill
from engine.bit_ttt import Memory, Part
from engine.bit_ttt.rereader import SecondLook
from engine.bit_ttt.slow_weights import Query
from engine.protocol import TurnMessage

TOLD = (
    "My cat is called Miso.",
    "My sister's dentist is Dr. Okafor.",
    "I park my bike at spot 417.",
    "My brother's dentist is Dr. Lindqvist.",
)


def read(backbone: Backbone, memory: Memory, text: str) -> tuple[list[Part], Prefill]:
    prompt = backbone.render([TurnMessage(role="user", content=text)])
    start, end = prompt.spans[0]
    prefill = backbone.prefill(prompt.tokens, need=(start, end + 1))
    return memory.encode(prompt.tokens[start:end], prefill.taps), prefill


@pytest.fixture
def told(backbone: Backbone, newborn: Memory) -> Memory:
    memory = newborn.with_state(None)
    for entry, text in enumerate(TOLD, 1):
        (part,), _ = read(backbone, memory, text)
        memory.learn(memory.write(part), entry)
    return memory


@pytest.mark.parametrize(
    ("question", "entry"),
    [("What is my cat called?", 1), ("Who is my sister's dentist?", 2), ("Who is my brother's dentist?", 4)],
)
def test_the_turn_that_answers_is_picked_first(backbone: Backbone, told: Memory, question: str, entry: int) -> None:
    parts, _ = read(backbone, told, question)
    recall = told.recall(parts)
    assert recall.entries == sorted(recall.entries)  # oldest first
    assert recall.entries[int(np.argmax(recall.scores))] == entry
    assert recall.best_address == pytest.approx(float(recall.scores.max()))


def test_a_word_that_no_turn_holds_is_missed(backbone: Backbone, told: Memory) -> None:
    here, _ = read(backbone, told, "Who is my sister's dentist?")
    elsewhere, _ = read(backbone, told, "Who is Zalika's dentist?")
    assert told.recall(here).lacking < told.recall(elsewhere).lacking
    assert told.recall(here).coverage > told.recall(elsewhere).coverage


def test_without_anything_learned_no_value_is_said(backbone: Backbone, newborn: Memory) -> None:
    parts, prefill = read(backbone, newborn, "What is my cat called?")
    recall = newborn.recall(parts)
    reading = newborn.read(recall, 2, prefill.last, prefill.logits)
    assert recall.empty
    assert recall.lacking > 0
    assert reading.gate[1] == 0
    assert reading.entries == []
    assert np.isfinite(reading.scores).all()


def test_fused_scores_are_log_probabilities(backbone: Backbone, told: Memory) -> None:
    parts, prefill = read(backbone, told, "What is my cat called?")
    reading = told.read(told.recall(parts), 2, prefill.last, prefill.logits)
    assert reading.active
    assert reading.gate.sum() == pytest.approx(1, abs=1e-5)
    assert np.exp(reading.scores.astype(np.float64)).sum() == pytest.approx(1, abs=1e-3)


def test_a_silent_memory_is_silent_whatever_is_found(
    backbone: Backbone, told: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no match could make it speak, none is looked for; where one could, the gate is that of the best match."""
    searched: list[str] = []
    wanted = told.slow.wanted

    def spied(query: Query) -> NDArray[np.int8]:
        searched.append(asked)
        return wanted(query)

    for asked in ("What is my cat called?", "Write a poem about the sea.", "What is the capital of France?"):
        parts, prefill = read(backbone, told, asked)
        recall = told.recall(parts)
        monkeypatch.setattr(told.slow, "wanted", spied)
        reading = told.read(recall, 2, prefill.last, prefill.logits)
        monkeypatch.setattr(told.slow, "wanted", wanted)
        everything = told.read(replace(recall, closest=1e3), 2, prefill.last, prefill.logits)
        assert reading.active == everything.active
        assert np.array_equal(reading.scores, everything.scores)
    assert "What is my cat called?" in searched
    assert len(searched) < 3


def test_a_second_look_decides_where_the_answer_is(backbone: Backbone, told: Memory) -> None:
    parts, _ = read(backbone, told, "What is my cat called?")
    recall = told.recall(parts)
    bike = recall.entries.index(3)
    (place,) = np.flatnonzero((recall.of_turn == bike) & (recall.tokens == backbone.tokenize(" spot")[0]))
    start = np.full(len(recall.tokens), -9, dtype=np.float32)
    start[place] = 12
    closer = told.look_closer(recall, SecondLook(start, start))
    assert closer.looked
    assert not recall.looked
    assert int(np.argmax(closer.bias)) == place != int(np.argmax(recall.bias))
    assert closer.entries == recall.entries
    assert np.array_equal(closer.opinion, recall.opinion), "no doubt where an answer was found"


def test_a_second_look_that_finds_nothing_holds_the_memory_back(backbone: Backbone, told: Memory) -> None:
    parts, prefill = read(backbone, told, "What is my cat called?")
    recall = told.recall(parts)
    before = told.read(recall, 2, prefill.last, prefill.logits)
    assert before.worth_a_look
    shares = []
    for told_odds in (5.0, -2.0, -8.0, -30.0):
        start = np.full(len(recall.tokens), told_odds, dtype=np.float32)
        shares.append(
            told.read(told.look_closer(recall, SecondLook(start, start)), 2, prefill.last, prefill.logits).gate[1]
        )
    assert shares[0] == pytest.approx(before.gate[1])
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] < 0.1 * shares[0]
