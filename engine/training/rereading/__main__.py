"""Reproduces the shipped rereader from nothing.

    python -m engine.training.rereading --corpora ../shared/data --work build/rereading

An hour on two CPU cores. A checkpoint is written every fifty steps, from which an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from engine.bit_ttt import SlowWeights
from engine.models import file_digest, find_memory_weights
from engine.models.locate import MEMORY_WEIGHTS, RESOURCES, find_bundled_model
from engine.training.backbone import Prefix
from engine.training.cache import ACKNOWLEDGEMENTS, SYSTEM_PROMPT
from engine.training.corpus import personas
from engine.training.features import ASSISTANT, END, USER
from engine.training.rereading.model import AdaptedBackbone, Rereading
from engine.training.rereading.questions import Asker, Question, shuffled
from engine.training.tokenizer import Tokenizer

SHIPPED: Final = (RESOURCES / "memory" / "rereader" / MEMORY_WEIGHTS).with_suffix("")
OPENING: Final = "You told me:"
QUESTION_TOKENS: Final = 80
WARM_UP, LEAST_RATE = 40, 0.05
HEAD_RATE: Final = 1.5
"""Times the adapter's learning rate."""


class Trainer:
    """One training, from a checkpoint on or from nothing."""

    def __init__(self, model: Path, corpora: Path, *, seed: int, batch: int) -> None:
        """Reads the data and the backbone.

        Args:
            model: the backbone's GGUF.
            corpora: the unpacked corpora.
            seed: of everything random.
            batch: about how many tokens a step reads.
        """
        torch.manual_seed(seed)
        self.tokenizer = Tokenizer(model)
        lexicon = SlowWeights.load(find_memory_weights()).lexicon
        self.training, self.held_out = (
            Asker(self.tokenizer, lexicon, corpora, split, seed).questions() for split in ("train", "dev")
        )
        self.model = Rereading(AdaptedBackbone(model))
        self._rng, self._batch = random.Random(seed), batch
        self._prefixes = self._contexts(corpora)
        special, plain = self.tokenizer.special, self.tokenizer.plain
        self._before, self._behind = special(USER), special(END + ASSISTANT) + plain(OPENING)

    def _contexts(self, corpora: Path) -> list[Prefix]:
        """What stands before a question: the system prompt, alone (half of the time) or with some talk."""
        special, plain, rng = self.tokenizer.special, self.tokenizer.plain, random.Random(3)
        talk = personas(corpora)
        system = special(f"<|im_start|>system\n{SYSTEM_PROMPT}{END}")
        contexts = [system]
        for _ in range(8):
            context = list(system)
            for _ in range(rng.randint(1, 3)):
                context += special(USER) + plain(rng.choice(talk)) + special(END + ASSISTANT)
                context += plain(rng.choice(ACKNOWLEDGEMENTS)) + special(END)
            contexts.append(context)
        backbone = self.model.backbone
        # Copies, because what inference mode has made cannot be part of a graph with gradients.
        return [[(k.clone(), v.clone()) for k, v in backbone.prefix(context)] for context in contexts]

    def _read(self, questions: Sequence[Question], prefix: Prefix) -> tuple[torch.Tensor, torch.Tensor]:
        asked = [
            [*self._before, *self.tokenizer.plain(question.text)[-QUESTION_TOKENS:], *self._behind]
            for question in questions
        ]
        start, end = self.model(asked, [question.told for question in questions], prefix)
        return start, end

    def _batches(self) -> Iterator[list[Question]]:
        """For ever: each question once, in batches of about equal length, in no order; then all of them again."""
        while True:
            weighed = [(question.size * self._rng.uniform(0.85, 1.15), question) for question in self.training]
            batches: list[list[Question]] = [[]]
            longest = 0
            for _, question in sorted(weighed, key=lambda pair: pair[0]):
                longest = max(longest, question.size)
                if (len(batches[-1]) + 1) * longest > self._batch:
                    batches.append([])
                    longest = question.size
                batches[-1].append(question)
            self._rng.shuffle(batches)
            yield from batches

    def train(self, steps: int, rate: float, checkpoint: Path, log: Path) -> None:
        """Runs to `steps`, from the checkpoint on if there is one."""
        model, rng = self.model, self._rng
        groups = [{"params": list(model.adapter.parameters()), "times": 1.0}]
        groups.append({"params": list(model.head.parameters()), "times": HEAD_RATE})
        optimizer = torch.optim.AdamW(groups, lr=rate, weight_decay=0.01, betas=(0.9, 0.98))
        done = 0
        if checkpoint.exists():
            saved = torch.load(checkpoint, weights_only=True)
            model.load_state_dict(saved["model"])
            optimizer.load_state_dict(saved["optimizer"])
            done = saved["step"]
        began, average = time.monotonic(), math.nan
        for step, batch in enumerate(itertools.islice(self._batches(), steps), 1):
            if step <= done:
                continue
            wave = 0.5 * (1 + math.cos(math.pi * step / steps))
            for group in optimizer.param_groups:
                group["lr"] = group["times"] * rate * min(1, step / WARM_UP) * (LEAST_RATE + (1 - LEAST_RATE) * wave)
            model.train()
            questions = [shuffled(question, rng) for question in batch]
            start, end = self._read(questions, self._prefixes[0] if rng.random() < 0.5 else rng.choice(self._prefixes))
            loss = model.loss(start, end, questions)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            value = loss.item()
            average = value if math.isnan(average) else 0.97 * average + 0.03 * value
            if step % 20 == 0:
                _note(log, {"step": step, "loss": round(average, 3), "seconds": round(time.monotonic() - began)})
            if step % 50 == 0 or step == steps:
                saved = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
                torch.save(saved, checkpoint.with_suffix(".tmp"))
                checkpoint.with_suffix(".tmp").replace(checkpoint)

    @torch.no_grad()
    def measure(self, most: int) -> dict[str, Any]:
        """Figures for the kinds held out to develop with, over `most` of their questions.

        Of questions that are answered: how many were, in which the right turn is first, and its right beginning; of
        these tokens alone the right beginning, the right end behind it. Of all: how many are taken for answered.
        """
        self.model.eval()
        found: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(6, dtype=int))
        margins: dict[str, list[float]] = defaultdict(list)
        questions = self.held_out[:most]
        for first in range(0, len(questions), 16):
            some = questions[first : first + 16]
            start, end = self._read(some, self._prefixes[0])
            for row, question in enumerate(some):
                best = float(start[row].max() - self.model.head.none)
                margins[question.kind].append(best)
                turn, place = divmod(int(start[row].argmax()), start.shape[2])
                counts = [1, 0, 0, 0, 0, best > 0]
                if question.answer is not None:
                    right, begin, after = question.answer
                    own = int(start[row, right].argmax()) == begin
                    ends = begin + int(end[row, right, begin : begin + 24].argmax()) == after - 1
                    counts[1:5] = [turn == right, (turn, place) == (right, begin), own, ends]
                found[f"{question.source}/{question.kind}"] += np.array(counts, dtype=int)
        told = np.array(margins["fact"])
        apart = {
            kind: round(float((told[:, None] > np.array(margins[kind])[None]).mean()), 3)
            for kind in ("near", "general")
            if margins[kind]
        }
        columns = ("asked", "turn", "begins", "begins in it", "ends", "taken for told")
        rows = {name: dict(zip(columns, counts.tolist(), strict=True)) for name, counts in sorted(found.items())}
        return {"held out": rows, "told from untold (AUC)": apart}


def _note(log: Path, line: dict[str, Any]) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m engine.training.rereading", description=__doc__.split("\n\n")[0])
    parser.add_argument("--corpora", type=Path, required=True, help="folder with the unpacked corpora and authored/")
    parser.add_argument("--work", type=Path, default=Path("build/rereading"), help="checkpoint, log")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="the files to write, without their suffix")
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=2048, help="tokens a step")
    parser.add_argument("--measured", type=int, default=1200, help="questions of the final table")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="two a core: PyTorch takes one by itself")
    args = parser.parse_args(arguments)
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    model = find_bundled_model()
    trainer = Trainer(model, args.corpora, seed=args.seed, batch=args.batch)
    print(f"{len(trainer.training)} questions to train on, {len(trainer.held_out)} of kinds held out", flush=True)
    trainer.train(args.steps, args.rate, args.work / "checkpoint.pt", args.work / "log.jsonl")
    trainer.model.export(args.out, backbone=file_digest(model), opening=OPENING)
    _note(args.work / "log.jsonl", trainer.measure(args.measured))
    return 0


if __name__ == "__main__":
    sys.exit(main())
