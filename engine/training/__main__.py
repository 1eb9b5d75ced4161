"""Reproduces the shipped memory weights from nothing.

    ./techo train --corpora ../shared/data --work build/training

unpacks nothing and downloads nothing: `--corpora` is the folder with the unpacked corpora (self_instruct,
gpteacher_roleplay, topical_chat, sgd, synthetic_persona_chat, wikitext2) and `authored/`. Features are cached under
`--work`, so an interrupted run goes on where it stopped. Writes the weights and a log of JSON lines, the last of which
holds the final figures.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import torch

from engine.models import file_digest
from engine.models.locate import MEMORY_WEIGHTS, RESOURCES, find_default_model
from engine.training.backbone import TorchBackbone
from engine.training.cache import Source, SourceBuilder
from engine.training.corpus import (
    OWN_DATA,
    FactText,
    authored_facts,
    facts_of_others,
    filler_turns,
    general_prompts,
    personas,
    prose,
    scene_facts,
    templated_facts,
    trivia,
)
from engine.training.dataset import Dataset
from engine.training.export import export
from engine.training.features import TAPS, Extractor, save
from engine.training.meta import Trainer, measure, train
from engine.training.tokenizer import Tokenizer
from engine.training.values import split_of

REPLIES_TO_TALK = ("That sounds", "Thanks for", "I'm glad", "Got it", "That's great", "Nice! How")
SHIPPED = RESOURCES / "memory" / MEMORY_WEIGHTS


def sources(corpora: Path, seed: int) -> dict[str, Callable[[SourceBuilder, str], Source]]:
    """What makes each source of the training set, by name; the scenes last."""
    own = ("authored", "voices", "lives", "fields", "occasions")
    folders = (corpora / "authored", *(OWN_DATA / name for name in own))

    def talk() -> list[tuple[str, str]]:
        rng = random.Random(seed)
        return [(text, rng.choice(REPLIES_TO_TALK)) for text in filler_turns(corpora, 700, seed)]

    def tellings() -> list[FactText]:
        rng = random.Random(f"{seed}:tellings")
        own = [fact for folder in folders for fact in authored_facts(folder, 4, seed + 5)]
        told = [fact for fact in own if split_of(fact.kind) == "train"]
        templated = [fact for fact in templated_facts(3, seed + 5) if split_of(fact.kind) == "train"]
        return rng.sample(told, 700) + rng.sample(templated, 300) + rng.sample(list(others(folders)), 300)

    def others(folders: Sequence[Path]) -> Iterator[FactText]:
        return chain.from_iterable(facts_of_others(folder, 5, seed) for folder in folders)

    return {
        "general": lambda to, name: to.general(general_prompts(corpora, 700, seed) + trivia(), name),
        "prose": lambda to, name: to.general(prose(corpora, 400, seed), name, positions=48),
        "talk": lambda to, name: to.general(talk(), name),
        "told": lambda to, name: to.told(tellings(), name),
        "authored": lambda to, name: to.facts(authored_facts(folders[0], 12, seed), 0.25, name),
        "authored-own": lambda to, name: to.facts(authored_facts(folders[1], 12, seed), 0.25, name),
        "authored-voices": lambda to, name: to.facts(authored_facts(folders[2], 12, seed), 0.25, name),
        "authored-lives": lambda to, name: to.facts(authored_facts(folders[3], 12, seed), 0.25, name),
        "authored-fields": lambda to, name: to.facts(authored_facts(folders[4], 6, seed), 0.0, name),
        "authored-occasions": lambda to, name: to.facts(authored_facts(folders[5], 6, seed), 0.0, name),
        "others": lambda to, name: to.facts(others(folders[:2]), 0.5, name),
        "others-voices": lambda to, name: to.facts(others(folders[2:3]), 0.5, name),
        "others-lives": lambda to, name: to.facts(others(folders[3:4]), 0.5, name),
        "others-fields": lambda to, name: to.facts(others(folders[4:5]), 0.5, name),
        "others-occasions": lambda to, name: to.facts(others(folders[5:]), 0.5, name),
        "templated": lambda to, name: to.facts(templated_facts(24, seed), 0.15, name),
        "scenes": lambda to, name: to.facts(scene_facts(OWN_DATA / "scenes", seed), 0.0, name),
    }


def build_caches(model: Path, corpora: Path, work: Path, seed: int) -> list[Path]:
    """Backbone features of every source, computed once."""
    makers = sources(corpora, seed)
    paths = {name: work / f"{name}.pt" for name in makers}
    if not all(path.exists() for path in paths.values()):
        builder = SourceBuilder(model, personas(corpora)[:3000], seed=seed)
        extractor = Extractor(TorchBackbone(model), builder.setting.template)
        for name, path in paths.items():
            if not path.exists():
                source = makers[name](builder, name)
                print(f"{name}: {len(source.turns)} turns, {len(source.replies)} replies", flush=True)
                turns, replies = source.read(extractor)
                save(path, {"turns": turns, "replies": replies})
    return list(paths.values())


def build_jobs(model: Path, corpora: Path, out: Path, seed: int) -> list[Path]:
    """The sources' tokens without features, to be read on another machine; what they share lies beside them."""
    builder = SourceBuilder(model, personas(corpora)[:3000], seed=seed)
    builder.setting.save(out / "setting.json.xz")
    paths = []
    for name, make in sources(corpora, seed).items():
        source = make(builder, name)
        paths.append(out / f"{name}.json.xz")
        source.save(paths[-1])
        print(f"{name}: {len(source.turns)} turns, {paths[-1].stat().st_size / 1e6:.2f} MB", flush=True)
    return paths


def final_table(final: dict[str, dict[str, float]]) -> str:
    """Teacher-forced figures for the kinds held out for testing, all of a source in one memory."""
    columns = ("facts", "exact", "first_turn", "in_candidates", "false_memory", "abstained")
    rows = [f"{source:12}" + "".join(f"{row[name]:>15}" for name in columns) for source, row in final.items()]
    return "\n".join(["held out    " + "".join(f"{name:>15}" for name in columns), *rows])


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="techo train", description=__doc__.split("\n\n")[0])
    parser.add_argument("--corpora", type=Path, required=True, help="folder with the unpacked corpora and authored/")
    parser.add_argument("--work", type=Path, default=Path("build/training"), help="caches, checkpoint, log")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="the weights file to write")
    parser.add_argument("--steps", type=int, default=1400)
    parser.add_argument("--until", type=int, default=1200, help="stop after this step; the rate falls for --steps")
    parser.add_argument("--rate", type=float, default=8e-4)
    parser.add_argument("--facts", type=int, default=150, help="facts in one memory while training")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args(arguments)
    torch.set_num_threads(args.threads)
    model = find_default_model()
    paths = build_caches(model, args.corpora, args.work, args.seed)
    embedding = TorchBackbone(model).embedding
    data = Dataset(paths[:-1], paths[-1:], embedding, Tokenizer(model).pieces)
    checkpoint = args.work / "checkpoint.pt"
    trained = train(
        data,
        checkpoint,
        steps=args.steps,
        until=args.until,
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
    final = measure(Trainer(trained, data), data.test)
    with (args.work / "log.jsonl").open("a") as log:
        log.write(json.dumps({"held out": final}) + "\n")
    print(final_table(final))
    print(f"wrote {args.out} ({args.out.stat().st_size / 1e6:.2f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
