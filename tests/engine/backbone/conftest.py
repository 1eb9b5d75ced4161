from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.backbone import Backbone

TAPS = ("embd", "l_out-13", "l_out-25", "l_out-29")


@pytest.fixture(scope="session")
def loaded(model_path: Path) -> Iterator[Backbone]:
    backbone = Backbone(model_path, window=256, threads=1, taps=TAPS)
    yield backbone
    backbone.close()


@pytest.fixture
def backbone(loaded: Backbone) -> Backbone:
    """The real model with an empty window of 256 tokens."""
    loaded.clear()
    return loaded
