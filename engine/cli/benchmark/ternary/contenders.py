"""Which models are compared."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.bit_ttt import SlowWeights
from engine.cli.benchmark.ternary.floats import write_f16
from engine.cli.connection import Engines
from engine.cli.console import UsageError
from engine.models import file_digest, find_default_model, find_memory_weights
from engine.models.locate import require_model, require_weights

TERNARY: Final = "ternary"
REFERENCE: Final = "q4_1"
FLOAT: Final = "f16"


@dataclass(frozen=True)
class Contender:
    """A model file; `memory` are the weights of the memory trained for it, None where there are none."""

    name: str
    path: Path
    memory: Path | None = None

    def engines(self, data_dir: Path, threads: int | None) -> Engines:
        """Engine processes with this model and its memory."""
        return Engines(data_dir, threads, ("--model", str(self.path), "--memory", str(self.memory)))


def contenders(options: Namespace, folder: Path) -> list[Contender]:
    """The ternary model, the Q4_1 model it was distilled from, and that one's F16 form, which is made in `folder`.

    The F16 model has the shape of the Q4_1 one (576 wide), not the padded one of the ternary model (768 wide).

    Raises:
        UsageError: files are not named, or the memory's weights are another model's.
        BackboneError: a file is missing.
    """
    if options.ternary is None or options.memory is None:
        raise UsageError(
            "The ternary model and its memory's weights are needed.",
            "Name them: --ternary FILE.gguf --memory FILE.safetensors",
        )
    chosen = [
        Contender(TERNARY, require_model(options.ternary.absolute()), require_weights(options.memory.absolute())),
        Contender(
            REFERENCE,
            require_model((options.reference or find_default_model()).absolute()),
            require_weights((options.reference_memory or find_memory_weights()).absolute()),
        ),
    ]
    for one in chosen:
        _check_memory(one)
    if not options.without_f16:
        made = folder / f"{chosen[1].path.stem}.F16.gguf"
        write_f16(chosen[1].path, made)
        chosen.append(Contender(FLOAT, made))
    return chosen


def _check_memory(one: Contender) -> None:
    # Better found out now than an hour into the run.
    assert one.memory is not None
    try:
        trained_for = SlowWeights.load(one.memory).backbone
    except (ValueError, KeyError) as error:
        raise UsageError(f"{one.memory} holds no weights of the memory: {error}.") from None
    if trained_for != file_digest(one.path):
        raise UsageError(
            f"The memory's weights {one.memory.name} were not trained for {one.path.name}.",
            f"They name the backbone {trained_for}; name those that belong to this file.",
        )
