"""Episode files from anywhere: read, or refused with the file and the line."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.cli.evaluation.episodes import EpisodeError, load_episodes

_NAMES: Final = ("id", "sessions", "questions", "turns", "role", "content", "q", "answers", "kind", "user", "lang")
_VALUES: Final = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(_NAMES)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4)),
    max_leaves=12,
)
_TURN: Final = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant"]) | _VALUES, "content": st.text(max_size=9) | _VALUES}
)
_SESSION: Final = st.fixed_dictionaries({"turns": st.lists(_TURN, max_size=3) | _VALUES})
_QUESTION: Final = st.fixed_dictionaries(
    {
        "q": st.text(max_size=9) | _VALUES,
        "answers": st.lists(st.text(max_size=5), max_size=2) | _VALUES,
        "kind": st.sampled_from(["fact", "control"]) | _VALUES,
    }
)
_EPISODE: Final = st.fixed_dictionaries(
    {
        "id": st.text(max_size=4) | _VALUES,
        "sessions": st.lists(st.fixed_dictionaries({"turns": st.lists(_TURN, max_size=3) | _VALUES}), max_size=2)
        | _VALUES,
        "questions": st.lists(_QUESTION, max_size=2) | _VALUES,
    }
)
files: Final = st.one_of(
    st.binary(max_size=200),
    st.lists(_EPISODE | _VALUES, max_size=3).map(lambda lines: "\n".join(map(json.dumps, lines)).encode()),
    st.integers(1, 100_000).map(lambda depth: b"[" * depth),
    st.integers(1, 100_000).map(lambda digits: b'{"id": ' + b"9" * digits + b"}"),
)


def survives(path: Path, content: bytes) -> None:
    """Read, or refused with a word."""
    path.write_bytes(content)
    with suppress(EpisodeError):
        load_episodes(path)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(content=files)
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    survives(tmp_path_factory.getbasetemp() / "hostile.jsonl", content)


@pytest.mark.parametrize("content", [b"\0" * 1_000_000, b"{" * 1_000_000, b'{"id": "' + b"x" * 10_000_000 + b'"}'])
def test_large_nonsense_is_refused_quickly(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "large.jsonl"
    path.write_bytes(content)
    began = time.process_time()
    with pytest.raises(EpisodeError) as refused:
        load_episodes(path)
    assert time.process_time() - began < 5
    assert len(refused.value.message) < 2_000
