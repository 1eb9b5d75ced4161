"""Reproduces the shipped memory weights from nothing.

    ./techo train --corpora ../shared/data --work build/training

unpacks nothing and downloads nothing: `--corpora` is the folder with the unpacked corpora (self_instruct,
gpteacher_roleplay, topical_chat, sgd, synthetic_persona_chat) and `authored/`. Features are cached under `--work`, so
an interrupted run goes on where it stopped. Writes the weights, a log of JSON lines, and prints the final table.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

import torch

from engine.models import file_digest
from engine.models.locate import find_default_model
from engine.training.backbone import TorchBackbone
from engine.training.cache import CacheBuilder
from engine.training.corpus import (
    OWN_DATA,
    authored_facts,
    filler_turns,
    general_prompts,
    personas,
    templated_facts,
    trivia,
)
from engine.training.dataset import Dataset
from engine.training.export import export
from engine.training.meta import train

TAPS = ["embd", "l_out-13", "l_out-25", "l_out-29"]
REPLIES_TO_TELLING = ("That sounds", "Thanks for", "I'm glad", "Got it", "That's great", "Nice! How")
SHIPPED = Path(__file__).parents[2] / "resources" / "memory" / "smollm2-135m-instruct.safetensors"


def build_caches(model: Path, corpora: Path, work: Path, seed: int) -> list[Path]:
    """Backbone features of every source, computed once."""
    sources = ("general", "talk", "authored", "authored-own", "templated")
    paths = [work / f"{name}.pt" for name in sources]
    if all(path.exists() for path in paths):
        return paths
    builder = CacheBuilder(model, personas(corpora)[:3000], seed=seed)
    for name, path in zip(sources, paths, strict=True):
        if path.exists():
            continue
        if name == "general":
            builder.general(general_prompts(corpora, 700, seed) + trivia(90, seed) * 2, path)
        elif name == "talk":
            rng = random.Random(seed)
            told = [fact.tell for fact in authored_facts(corpora / "authored", 1, seed + 5)]
            said = rng.sample(told, 500) + filler_turns(corpora, 500, seed)
            builder.general([(text, rng.choice(REPLIES_TO_TELLING)) for text in said], path)
        elif name == "authored":
            builder.facts(authored_facts(corpora / "authored", 6, seed), 0.34, path)
        elif name == "authored-own":
            builder.facts(authored_facts(OWN_DATA / "authored", 5, seed), 0.34, path)
        else:
            builder.facts(templated_facts(8, seed), 0.2, path)
    return paths


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="techo train", description=__doc__.split("\n\n")[0])
    parser.add_argument("--corpora", type=Path, required=True, help="folder with the unpacked corpora and authored/")
    parser.add_argument("--work", type=Path, default=Path("build/training"), help="caches, checkpoint, log")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="the weights file to write")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--facts", type=int, default=140, help="facts in one memory while training")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args(arguments)
    torch.set_num_threads(args.threads)
    model = find_default_model()
    paths = build_caches(model, args.corpora, args.work, args.seed)
    embedding = TorchBackbone(model).embedding
    data = Dataset(paths, embedding)
    checkpoint = args.work / "checkpoint.pt"
    trained = train(
        data,
        checkpoint,
        steps=args.steps,
        seed=args.seed,
        rate=args.rate,
        facts=args.facts,
        resume=checkpoint if checkpoint.exists() else None,
        log=args.work / "log.jsonl",
    )
    export(
        trained,
        data.standard,
        data.idf,
        data.phrases,
        taps=TAPS,
        vocabulary=len(embedding),
        backbone=file_digest(model),
        out=args.out,
    )
    print(f"wrote {args.out} ({args.out.stat().st_size / 1e6:.2f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
