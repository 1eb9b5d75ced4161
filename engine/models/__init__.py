"""Where the backbone's file and the memory weights are, and which file it is (its digest)."""

from __future__ import annotations

from engine.models.digest import file_digest
from engine.models.locate import (
    DEFAULT_MODEL,
    find_bundled_model,
    find_default_model,
    find_gram_weights,
    find_memory_weights,
)

__all__ = [
    "DEFAULT_MODEL",
    "file_digest",
    "find_bundled_model",
    "find_default_model",
    "find_gram_weights",
    "find_memory_weights",
]
