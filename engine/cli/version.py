"""`techo version`: versions, and where things are. Starts no engine, so that it works when nothing else does."""

from __future__ import annotations

import platform
from argparse import Namespace
from importlib import metadata

from engine.cli.connection import data_dir
from engine.cli.console import EXIT_OK, Console
from engine.errors import EngineError
from engine.protocol import PROTOCOL_VERSION


def version(options: Namespace, console: Console) -> int:
    """Prints what a bug report needs."""
    from engine.models.locate import find_default_model

    try:
        model: str | None = str(find_default_model())
    except EngineError:
        model = None
    facts = {
        "techo": _installed("techo"),
        "protocol": PROTOCOL_VERSION,
        "python": platform.python_version(),
        "llama_cpp_python": _installed("llama-cpp-python"),
        "data_dir": str(data_dir(options)),
        "model": model,
    }
    names = {"techo": "Techo", "llama_cpp_python": "llama-cpp-python", "data_dir": "data folder"}
    text = "\n".join(
        f"{names.get(key, key).ljust(16)}  {'not found' if value is None else value}" for key, value in facts.items()
    )
    console.result(facts, text)
    return EXIT_OK


def _installed(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
