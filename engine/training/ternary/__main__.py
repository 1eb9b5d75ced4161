"""Makes the ternary backbone, a command a stage; each picks up what the one before left in `--work`.

    python -m engine.training.ternary text --corpora DIR        the corpora as tokens
    python -m engine.training.ternary write                     text of the teacher's own
    python -m engine.training.ternary blocks                    block by block
    python -m engine.training.ternary distill [--minutes M]     end to end; resumes
    python -m engine.training.ternary export --out X.gguf       the model

Runs on the CPU in bfloat16 and, unchanged, on a GPU.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

from engine.training.ternary.blockwise import BlockwiseOptions, train_blocks
from engine.training.ternary.distill import (
    EVALUATION_WINDOW,
    Distillation,
    DistillOptions,
    Divergence,
    mixture,
    perplexity,
)
from engine.training.ternary.export import pack, ternary_tensors, unpack, write_gguf
from engine.training.ternary.llama import Llama, grow, load_teacher
from engine.training.ternary.teacher import write
from engine.training.ternary.text import shards, windows

EVALUATED = 64
"""Windows of each measured text that are looked at while training."""


class Workshop:
    """Model files, device and options that all stages share."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.work: Path = args.work
        self.work.mkdir(parents=True, exist_ok=True)
        self.device = torch.device(args.device or ("cuda" if torch.cuda.is_available() else "cpu"))
        if self.device.type == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = True
        if args.threads:
            torch.set_num_threads(args.threads)
        torch.manual_seed(args.seed)

    @property
    def model(self) -> Path:
        """The teacher's GGUF."""
        if self.args.model:
            return Path(self.args.model)
        from engine.models.locate import find_default_model

        return find_default_model()

    def teacher(self) -> Llama:
        """The float model, on the device."""
        return load_teacher(self.model).to(self.device)

    def compiled(self, *models: Llama) -> None:
        """Compiles the blocks where that pays: on a GPU, once for all blocks of a model."""
        if self.device.type == "cuda":
            for model in models:
                for block in model.blocks:
                    block.compile(dynamic=False)
            Divergence.chunk = torch.compile(Divergence.chunk, dynamic=False)

    def tokens(self, name: str) -> np.ndarray:
        """A token stream of the stage `text`."""
        with np.load(self.work / "text.npz", allow_pickle=False) as file:
            return np.asarray(file[name])

    def windows(self, name: str, length: int, most: int | None = None) -> torch.Tensor:
        """(n, length) windows of a token stream, on the device, spread over it."""
        rows = windows(self.tokens(name), length)
        return (rows if most is None else rows[:: max(1, len(rows) // most)][:most]).to(self.device)

    def measured(self) -> dict[str, torch.Tensor]:
        """The windows whose perplexity is logged."""
        return {name: self.windows(name, EVALUATION_WINDOW, EVALUATED) for name in ("dialogue", "wikitext")}


def text(shop: Workshop) -> None:
    """The corpora as tokens."""
    from engine.training.tokenizer import Tokenizer

    streams = shards(shop.args.corpora, Tokenizer(shop.model), shop.args.seed)
    np.savez(shop.work / "text.npz", **streams)  # type: ignore[arg-type]


def write_text(shop: Workshop) -> None:
    """Text of the teacher's own."""
    teacher, args = shop.teacher(), shop.args
    openings = torch.from_numpy(shop.tokens("openings").astype(np.int64))
    rows = torch.randperm(len(openings), generator=torch.Generator().manual_seed(args.seed))
    written = []
    began = time.monotonic()
    for round_ in range(args.rounds):
        chosen = rows[torch.arange(round_ * args.sequences, (round_ + 1) * args.sequences) % len(rows)]
        written.append(write(teacher, openings[chosen].to(shop.device), args.length, seed=args.seed + round_).cpu())
        count = sum(part.numel() for part in written)
        print(f"{count} tokens, {time.monotonic() - began:.1f} s", flush=True)
    np.save(shop.work / "written.npy", torch.cat(written).numpy().astype(np.uint16))


def blocks(shop: Workshop) -> None:
    """Block by block."""
    args, teacher = shop.args, shop.teacher()
    student = grow(teacher).to(shop.device)
    began = time.monotonic()
    ids = shop.windows("train", args.length, args.sequences)
    options = BlockwiseOptions(steps=args.block_steps, batch=args.batch, rate=args.block_rate, seed=args.seed)
    losses = train_blocks(teacher, student, ids, options)
    print(f"blocks, {time.monotonic() - began:.1f} s:", " ".join(f"{loss:.3f}" for loss in losses), flush=True)
    for name, rows in shop.measured().items():
        print(
            f"perplexity, {name}: {perplexity(student, rows):.2f} (teacher {perplexity(teacher, rows):.2f})", flush=True
        )
    torch.save(student.state_dict(), shop.work / "blocks.pt")


def distill(shop: Workshop) -> None:
    """End to end."""
    args, teacher = shop.args, shop.teacher()
    student = Llama(teacher.shape.padded(), teacher.embedding, ternary=True).to(shop.device)
    began = time.monotonic()
    student.load_state_dict(torch.load(shop.work / "blocks.pt", weights_only=True, map_location=shop.device))
    sources = [(shop.windows("train", args.length), 1.0)]
    own = shop.work / "written.npy"
    if own.exists():
        rows = torch.from_numpy(np.load(own).astype(np.int32))[:, : args.length].to(shop.device)
        sources = [(sources[0][0], 1.0 - args.own_share), (rows, args.own_share)]
    shop.compiled(teacher, student)
    options = DistillOptions(
        steps=args.steps, batch=args.batch, rate=args.rate, norm_rate=2 * args.rate, save_every=args.save_every
    )
    training = Distillation(teacher, student, options)
    checkpoint = shop.work / "distill.pt"
    if checkpoint.exists():
        training.load(checkpoint)
    training.run(
        mixture(sources, args.batch, args.seed),
        shop.measured(),
        checkpoint=checkpoint,
        log=shop.work / "log.jsonl",
        deadline=began + 60 * args.minutes if args.minutes else None,
    )
    if args.pack:
        print(*pack(ternary_tensors(student), args.pack), sep="\n")


def export(shop: Workshop) -> None:
    """The model."""
    args, teacher = shop.args, shop.teacher()
    student = Llama(teacher.shape.padded(), teacher.embedding, ternary=True).to(shop.device)
    if args.packed:
        packed = unpack(sorted(args.packed.glob("ternary-*.npz")))
        student.load_state_dict({name: torch.from_numpy(array) for name, array in packed.items()})
    else:
        saved = torch.load(shop.work / "distill.pt", weights_only=True, map_location=shop.device)
        student.load_state_dict(saved["student"])
    with torch.no_grad():
        read = torch.cat([student(rows) for rows in torch.split(shop.windows("train", EVALUATION_WINDOW, 32), 8)])
    importance = np.zeros(student.shape.width, dtype=np.float32)
    importance[: student.shape.real] = read.float().pow(2).mean((0, 1)).cpu().numpy()
    write_gguf(
        ternary_tensors(student),
        student.shape,
        shop.model,
        args.out,
        type_=args.type,
        embedding=args.embedding,
        importance=importance,
    )
    print(f"wrote {args.out} ({args.out.stat().st_size / 1e6:.1f} MB)")


STAGES = {"text": text, "write": write_text, "blocks": blocks, "distill": distill, "export": export}


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="techo train ternary", description=__doc__.split("\n\n")[0])
    parser.add_argument("stages", nargs="+", choices=STAGES, help="in this order")
    parser.add_argument("--corpora", type=Path, help="folder with the unpacked corpora and authored/")
    parser.add_argument("--work", type=Path, default=Path("build/ternary"))
    parser.add_argument("--model", type=Path, help="the teacher; by default the embedded model")
    parser.add_argument("--device", help="by default a GPU where there is one")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--length", type=int, default=512, help="tokens of a sequence")
    parser.add_argument("--batch", type=int, default=16, help="sequences of a step")
    parser.add_argument("--sequences", type=int, default=800, help="write: at once; blocks: to learn from")
    parser.add_argument("--rounds", type=int, default=1, help="write: so often")
    parser.add_argument("--block-steps", type=int, default=80)
    parser.add_argument("--block-rate", type=float, default=6e-4)
    parser.add_argument("--steps", type=int, default=2000, help="distill: to this step")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--own-share", type=float, default=0.5, help="distill: share of the teacher's own text")
    parser.add_argument("--minutes", type=float, help="distill: the time there is; the rate falls to its end")
    parser.add_argument("--save-every", type=int, default=500)
    parser.add_argument("--pack", type=Path, help="distill: also write the result in small files to this folder")
    parser.add_argument("--packed", type=Path, help="export: from such a folder instead of the checkpoint")
    parser.add_argument("--out", type=Path, default=Path("bit-ttt-smollm2-135m.gguf"))
    parser.add_argument("--type", choices=("TQ1_0", "TQ2_0", "mixed"), default="mixed")
    parser.add_argument("--embedding", default="Q4_K", help="type of the embedding in the file")
    args = parser.parse_args(arguments)
    if "text" in args.stages and not args.corpora:
        parser.error("text needs --corpora")
    shop = Workshop(args)
    for stage in args.stages:
        STAGES[stage](shop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
