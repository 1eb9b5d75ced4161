"""The second look with the weights that ship: what it finds, when it is taken, and what it costs nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from engine.backbone import Backbone
from engine.bit_ttt import Memory, Recall, SlowWeights
from engine.bit_ttt.rereader import Rereader, SecondLook
from engine.errors import BackboneError
from engine.models import find_memory_weights
from engine.models.locate import find_rereader
from engine.turn import SecondReader, TurnRunner

TOLD = (
    "My sister Noor takes the 7:40 train and Dele takes the 8:05 one.",
    "I keep the spare key under the blue pot.",
    "My dentist is Dr. Okafor and my vet is Dr. Lindqvist.",
)


class Counted(SecondReader):
    """Counts its looks."""

    looks = 0

    def look(self, question: Sequence[int], recall: Recall) -> SecondLook:
        self.looks += 1
        return super().look(question, recall)


@pytest.fixture(scope="module")
def second(loaded: Backbone) -> Iterator[Counted]:
    weights = find_rereader(find_memory_weights())
    assert weights is not None
    reader = Counted(loaded, weights)
    yield reader
    reader.close()


@pytest.fixture
def runner(backbone: Backbone, second: Counted) -> TurnRunner:
    second.looks = 0
    return TurnRunner(backbone, lambda method, params: None, second=second)


@pytest.fixture
def told(runner: TurnRunner, newborn: Memory) -> Memory:
    memory = newborn.with_state(None)
    for entry, text in enumerate(TOLD, 1):
        memory.learn(memory.write(runner.encode(memory, text)), entry)
    return memory


def test_goes_with_the_memory_weights_that_ship(slow: SlowWeights, loaded: Backbone) -> None:
    weights = find_rereader(find_memory_weights())
    assert weights is not None
    assert Rereader.load(weights).backbone == slow.backbone == loaded.info.digest
    assert find_rereader(weights) is None, "weights of somebody's own have none"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which train does Dele take?", "8:05"),
        ("Who is my dentist?", "Dr. Okafor"),
        ("Where is the spare key?", "under the blue pot"),
        ("What is the name of my vet?", "Dr. Lindqvist"),
    ],
)
def test_finds_the_value_that_is_asked_for(
    runner: TurnRunner, second: Counted, told: Memory, backbone: Backbone, question: str, answer: str
) -> None:
    recall = told.recall([runner.encode(told, question)])
    look = second.look(backbone.tokenize(question), recall)
    assert look.told > 0
    best = int(np.argmax(look.start))
    end = best + int(np.argmax(look.end[best : best + 12])) + 1
    assert answer in backbone.detokenize(recall.tokens[best:end].tolist()).decode()
    assert end - best < len(backbone.tokenize(answer)) + 3, "that and no more"


def test_tells_what_was_not_told_from_what_was(
    runner: TurnRunner, second: Counted, told: Memory, backbone: Backbone
) -> None:
    def odds(question: str) -> float:
        recall = told.recall([runner.encode(told, question)])
        return second.look(backbone.tokenize(question), recall).told

    answered = [odds("Which train does Dele take?"), odds("Where is the spare key?")]
    never = [odds("What colour is Dele's car?"), odds("How many moons has Mars?"), odds("When was my dentist born?")]
    assert min(answered) > max(never)


def test_is_taken_once_and_only_for_what_was_told(runner: TurnRunner, second: Counted, told: Memory) -> None:
    words, fired = runner.recollect(told, "Where is the spare key?", lambda: False)
    assert "blue pot" in words
    assert 2 in fired
    assert second.looks == 1
    for text in ("What is the capital of France?", "Good morning!", "I bought a green tent on Monday."):
        runner.recollect(told, text, lambda: False)
    assert second.looks == 1


def test_weights_that_cannot_be_read_are_refused(loaded: Backbone, tmp_path_factory: pytest.TempPathFactory) -> None:
    broken = tmp_path_factory.mktemp("broken") / "w.safetensors"
    broken.write_bytes(b"nothing of use")
    with pytest.raises(BackboneError, match=r"w\.safetensors"):
        SecondReader(loaded, broken)
