"""A change of model or of weights: the journal is learned anew, and what was told is known again."""

from __future__ import annotations

import pytest

from engine.errors import EngineError, ErrorCode
from engine.models.locate import RESOURCES, find_bundled_model
from engine.protocol import (
    JournalList,
    JournalPage,
    MemoryStats,
    Relearned,
    Sampling,
    TurnAnswer,
    TurnAsk,
    TurnDone,
    TurnFeed,
)
from tests.engine.conftest import StartEngine

WAIT = 110.0
TERNARY = RESOURCES / "models" / "bit-ttt-smollm2-135m.gguf"
QUESTION = TurnAsk(text="What is my cat called?", sampling=Sampling(max_tokens=8))
TOLD = ("My locker at the pool is number 417.", "We have a cat, her name is Miso.", "I take the 7:42 train to work.")


@pytest.mark.timeout(300)
def test_the_ternary_model_has_a_memory_of_its_own_and_takes_over_a_profile(start_engine: StartEngine) -> None:
    engine, _ = start_engine("Mika")
    for text in TOLD:
        engine.call("turn.feed", TurnFeed(user=text), TurnDone, timeout=WAIT)
    before = engine.call("memory.journal", JournalPage(), JournalList, timeout=WAIT).entries
    engine.close()

    engine, hello = start_engine("Mika", "--model", str(TERNARY))
    assert hello.hippocampus is None, "it remembers by itself"
    assert any("techo memory relearn" in notice.message for notice in hello.notices)
    with pytest.raises(EngineError) as refused:
        engine.call("memory.stats", None, MemoryStats, timeout=WAIT)
    assert refused.value.code is ErrorCode.STATE_MISMATCH
    done = engine.call("memory.relearn", None, Relearned, timeout=WAIT)
    assert (done.turns, done.stats.turns_learned) == (3, 3)
    after = engine.call("memory.journal", JournalPage(), JournalList, timeout=WAIT).entries
    assert [(e.id, e.text, e.created) for e in after] == [(e.id, e.text, e.created) for e in before]
    assert "Miso" in engine.call("turn.ask", QUESTION, TurnAnswer, timeout=WAIT).reply
    engine.close()

    engine, hello = start_engine("Mika", "--model", str(TERNARY))
    assert hello.notices == []
    assert "Miso" in engine.call("turn.ask", QUESTION, TurnAnswer, timeout=WAIT).reply
    engine.close()

    engine, _ = start_engine("Mika", "--model", str(find_bundled_model()))
    engine.call("memory.relearn", None, Relearned, timeout=WAIT)
    assert "Miso" in engine.call("turn.ask", QUESTION, TurnAnswer, timeout=WAIT).reply
    engine.close()
