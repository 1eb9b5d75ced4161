"""The whole meta-training on a small world of random features: it must learn, resume, and export what it learned."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from engine.bit_ttt.slow_weights import SlowWeights  # noqa: E402
from engine.training.cache import Reply, Turn  # noqa: E402
from engine.training.dataset import Dataset, draw  # noqa: E402
from engine.training.export import export  # noqa: E402
from engine.training.features import save  # noqa: E402
from engine.training.meta import train  # noqa: E402
from engine.training.values import scene_of, split_of  # noqa: E402

WIDTH, VOCABULARY = 576, 400
PIECES = [b"<end>"] * 3 + [f" word{i}".encode() for i in range(3, VOCABULARY)]


class World:
    """Every kind has a token of its own, which its tellings and questions share: there is something to learn."""

    def __init__(self) -> None:
        self.rng = random.Random(4)
        generator = torch.Generator().manual_seed(4)
        self.embedding = torch.randn(VOCABULARY, WIDTH, generator=generator)
        self.turns: list[Turn] = []
        self.replies: list[Reply] = []

    def turn(self, tokens: list[int], value: tuple[int, int] = (0, 0), kind: str = "") -> int:
        features = self.embedding[[*tokens, 2]][:, None].repeat(1, 2, 1)
        text = b"".join(PIECES[t] for t in tokens).decode()
        self.turns.append(Turn(text, tokens, features, value, kind, "", False))
        return len(self.turns) - 1

    def reply(self, question: int, answers: int, type_: str, target: list[int], is_value: list[bool]) -> None:
        inputs = [self.turns[question].tokens[-1], *target[:-1]]
        features = self.embedding[inputs][:, None].repeat(1, 3, 1)
        lm = torch.tensor([[-9.0, 5.0, -1.0]]).repeat(len(target), 1)
        self.replies.append(Reply(question, answers, type_, features, inputs, target, is_value, lm))

    def fact(self, kind: str, own: int) -> None:
        value = self.rng.randrange(200, 390)
        told = self.turn([own, 10, 11, value, 12], (3, 4), kind)
        self.reply(self.turn([13, own, 14]), told, "fact", [value, 2], [True, False])
        if self.rng.random() < 0.5:
            self.reply(self.turn([15, own, 16]), -1, "near", [20, 21, 2], [False] * 3)

    def save(self, out: Path) -> Path:
        save(out, {"turns": self.turns, "replies": self.replies})
        self.turns, self.replies = [], []
        return out


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder, world = tmp_path_factory.mktemp("caches"), World()
    for number in range(100):
        for _ in range(3):
            world.fact(f"kind{number}", 30 + number)
    for i in range(80):
        question = world.turn([17, 18, 300 + i, 19])
        world.reply(question, -1, "general", [22, 23], [False] * 2)
        world.reply(question, -1, "told", [24, 2], [False] * 2)
    alone = world.save(folder / "alone.pt")
    for number in range(12):
        for slot in "abc":
            for _ in range(2):
                world.fact(f"scene{number}~{slot}", 140 + number)
    return Dataset([alone], [world.save(folder / "scenes.pt")], world.embedding, PIECES, phrases=16)


def test_the_facts_of_a_scene_are_of_one_split_and_told_one_at_a_time(data: Dataset) -> None:
    for kinds, split in ((data.train, "train"), (data.dev, "dev"), (data.test, "test")):
        assert {split_of(kind) for kind in kinds} <= {split}
    scenes = {scene_of(kind) for kind in data.train} - {""}
    assert len(scenes) > 5
    assert not any(scene_of(kind) for kind in data.alone)
    batch = draw(data, data.train, random.Random(1), 60, 10, 10, 60)
    told = {data.turns[turn].kind for turn in batch.turns if scene_of(data.turns[turn].kind)}
    assert told
    assert len(told) == len({scene_of(kind) for kind in told})


def test_training_learns_goes_on_where_it_stopped_and_its_weights_run(data: Dataset, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    log, whole, halves = tmp_path / "log.jsonl", tmp_path / "whole.pt", tmp_path / "halves.pt"
    model = train(data, whole, steps=12, facts=40, log=log)
    line = json.loads(log.read_text())
    assert math.isfinite(line["loss"])
    assert line["authored"]["first_turn"] == 1.0
    assert line["authored"]["exact"] > 0.5
    train(data, halves, steps=12, facts=40, until=5)
    assert torch.load(halves, weights_only=True)["step"] == 5
    again = train(data, halves, steps=12, facts=40, resume=halves)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, msg=name)

    out = tmp_path / "weights.safetensors"
    export(
        model, data.standard, data.idf, data.phrases,
        taps=["embd", "l_out-1", "l_out-2", "l_out-3"], vocabulary=VOCABULARY, backbone="blake2b:none", out=out,
    )  # fmt: skip
    slow = SlowWeights.load(out)
    turn = data.turns[0]
    rows = data.embedding[[*turn.tokens, 2]].numpy()
    assert slow.encode(rows, rows, rows).keys.shape == (len(turn.tokens), 256)
