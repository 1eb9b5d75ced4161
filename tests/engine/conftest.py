"""The real model for the engine's tests: loaded once, small window, one thread."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.models import find_default_model



@pytest.fixture(scope="session")
def model_path() -> Path:
    return find_default_model()
