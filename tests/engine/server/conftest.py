"""An engine for a whole module: starting one for each test would take most of the time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.client import EngineClient


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineClient]:
    client, _ = EngineClient.start(tmp_path_factory.mktemp("data"), "Mika", options=("--threads", "1"))
    yield client
    assert client.close() == 0
