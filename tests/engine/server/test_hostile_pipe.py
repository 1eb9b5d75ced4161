"""The pipe, fuzzed against a real engine process. Longer: `python -m tests.benchmarks.safety hostile`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    MAX_SAID,
    ConversationId,
    ConversationList,
    ConversationSearch,
    HitList,
    JournalList,
    JournalPage,
    MessageList,
    TurnDone,
    TurnFeed,
)
from tests.engine.server import hostile

pytestmark = pytest.mark.timeout(600)

bounded = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hostile.Target]:
    made = hostile.Target(tmp_path_factory.mktemp("hostile"))
    yield made
    made.close()


@bounded
@given(line=hostile.noise)
def test_nonsense_is_answered_or_passed_over(target: hostile.Target, line: bytes) -> None:
    target.try_(line)


@bounded
@given(call=hostile.calls)
def test_every_method_takes_or_refuses_anything(target: hostile.Target, call: tuple[str, Any]) -> None:
    target.call(*call)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[hostile.Target]:
    made = hostile.Target(tmp_path)
    yield made
    made.close()


def test_every_unicode_trap_is_kept_as_it_was_said(own: hostile.Target) -> None:
    """Said, learned, searched, read back. (Halves of surrogate pairs are no text: such a message is refused.)"""
    whole = [trap for trap in hostile.TRAPS if not any("\ud800" <= letter <= "\udfff" for letter in trap)]
    for trap in hostile.TRAPS:
        text = f"My word is {trap} today."
        line = {"id": hostile.TRIED, "method": "turn.feed", "params": {"user": text, "assistant": text}}
        own.try_(json.dumps(line).encode(), hostile.TRIED)
    call = own.engine.call
    said = []
    for talk in call("conversation.list", None, ConversationList, timeout=hostile.WAIT).conversations:
        asked = ConversationId(conversation=talk.id)
        user, reply = call("conversation.messages", asked, MessageList, timeout=hostile.WAIT).messages
        assert user.content == reply.content
        said.append(user.content)
        assert talk.title.isprintable()
    assert sorted(said) == sorted(f"My word is {trap} today." for trap in whole)
    journal = call("memory.journal", JournalPage(limit=1000), JournalList, timeout=hostile.WAIT).entries
    assert {entry.message for entry in journal} <= set(range(1, 2 * len(said) + 1))
    for trap in whole:
        call("conversation.search", ConversationSearch(query=trap), HitList, timeout=hostile.WAIT)


def test_ten_million_characters_are_refused_at_once(own: hostile.Target) -> None:
    before = own.status().rss_bytes
    began = time.monotonic()
    for method in ("turn.send", "turn.ask", "memory.recollect"):
        name = "question" if method == "memory.recollect" else "text"
        line = json.dumps({"id": 9, "method": method, "params": {name: "word " * 2_000_000}}).encode()
        own.engine.write(line)
        with pytest.raises(EngineError, match=r"10,000,000 characters of 200,000") as refused:
            own.engine.wait_for(9, timeout=hostile.WAIT)
        assert refused.value.code == ErrorCode.TOO_LARGE
    assert time.monotonic() - began < 30
    assert own.status().rss_bytes - before < hostile.GROWTH
    asked = TurnFeed(user="x" * (MAX_SAID + 1))
    with pytest.raises(EngineError) as refused:
        own.engine.call("turn.feed", asked, TurnDone, timeout=hostile.WAIT)
    assert refused.value.code == ErrorCode.TOO_LARGE
