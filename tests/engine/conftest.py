"""The real model and the memory's weights: loaded once, small window, one thread; and real engine processes."""

from __future__ import annotations

import os

# As in the engine process; must be set before numpy is first imported.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

from collections.abc import Callable, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402

from engine.backbone import Backbone  # noqa: E402
from engine.bit_ttt import Memory, SlowWeights  # noqa: E402
from engine.client import EngineClient, engine_command  # noqa: E402
from engine.models import find_default_model, find_gram_weights, find_memory_weights  # noqa: E402
from engine.protocol import Initialized  # noqa: E402
from engine.store import StateIdentity  # noqa: E402

WINDOW = 256

StartEngine = Callable[..., tuple[EngineClient, Initialized]]
"""(profile, *options, data_dir=...) -> a running, initialized engine."""


@pytest.fixture(scope="session")
def model_path() -> Path:
    return find_default_model()


@pytest.fixture(scope="session")
def slow() -> SlowWeights:
    return SlowWeights.load(find_memory_weights(), find_gram_weights())


@pytest.fixture(scope="session")
def loaded(model_path: Path, slow: SlowWeights) -> Iterator[Backbone]:
    backbone = Backbone(model_path, window=WINDOW, threads=1, taps=slow.taps)
    yield backbone
    backbone.close()


@pytest.fixture
def backbone(loaded: Backbone) -> Backbone:
    """The real model with an empty window of 256 tokens."""
    loaded.clear()
    return loaded


@pytest.fixture(scope="session")
def newborn(loaded: Backbone, slow: SlowWeights) -> Memory:
    """A memory that has learned nothing. Never learn with it: take `newborn.with_state(None)`."""
    return Memory.born(slow, loaded.pieces())


@pytest.fixture(scope="session")
def identity(loaded: Backbone, slow: SlowWeights) -> StateIdentity:
    return StateIdentity(backbone=loaded.info.digest, memory=slow.digest)


@pytest.fixture
def start_engine(tmp_path: Path) -> Iterator[StartEngine]:
    """Starts real engine processes; at the end they are closed, and must have had nothing to complain about."""
    started: list[EngineClient] = []
    complaints = tmp_path / "stderr.txt"

    def start(
        profile: str | None = "Mika", *options: str, data_dir: Path | None = None
    ) -> tuple[EngineClient, Initialized]:
        with complaints.open("ab") as stderr:
            client, hello = EngineClient.start(
                data_dir or tmp_path / "data", profile, options=("--threads", "1", *options), stderr=stderr
            )
        started.append(client)
        return client, hello

    yield start
    for client in started:
        client.close()
    if complaints.exists():
        assert complaints.read_text(encoding="utf-8") == ""


@pytest.fixture
def bare_engine(tmp_path: Path) -> Iterator[Callable[..., EngineClient]]:
    """Starts real engine processes that nobody has initialized yet. Their warnings are the test's business."""
    started: list[EngineClient] = []

    def start(*options: str) -> EngineClient:
        client = EngineClient(engine_command(tmp_path / "data", "--threads", "1", *options))
        started.append(client)
        return client

    yield start
    for client in started:
        client.close()
