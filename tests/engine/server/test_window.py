"""Talk that is longer than the KV window, in a small one."""

from __future__ import annotations

from engine.protocol import (
    ConversationMessages,
    JournalList,
    JournalPage,
    MemoryStats,
    MessageList,
    Perplexity,
    PerplexityOf,
    Sampling,
    TurnSend,
)
from tests.engine.conftest import StartEngine

WAIT = 110.0


def test_everything_goes_on_past_the_windows_end(start_engine: StartEngine) -> None:
    engine, hello = start_engine("Mika", "--window", "160")
    assert hello.backbone.window == 160

    # A reply longer than the window: it slides while generating.
    endless = Sampling(max_tokens=160, temperature=2.0, top_k=200, top_p=1.0, seed=3)
    done = engine.turn(TurnSend(text="Tell me a story without an end.", sampling=endless), timeout=WAIT)
    assert done.usage.generated_tokens == 160
    conversation = done.conversation

    # A conversation longer than the window: old messages leave the prompt and stay in the transcript.
    short = Sampling(max_tokens=8)
    cached = []
    for place in range(8):
        text = f"Number {place} is a fine number, and I like it very much."
        done = engine.turn(TurnSend(text=text, conversation=conversation, sampling=short), timeout=WAIT)
        cached.append(done.usage.cached_tokens)
        assert done.usage.cached_tokens + done.usage.prompt_tokens <= 160
        assert done.reply
    listed = engine.call(
        "conversation.messages", ConversationMessages(conversation=conversation), MessageList, timeout=WAIT
    )
    assert len(listed.messages) == 18
    assert sum(count > 50 for count in cached) >= 4, f"most turns reuse what the window holds: {cached}"

    # A message longer than the window: all of it is learned, in parts, and it is answered.
    before = engine.call("memory.stats", None, MemoryStats, timeout=WAIT).turns_learned
    names = ("Ada", "Bela", "Cato", "Dora", "Egon", "Fritz", "Gerda", "Hugo", "Ines", "Jonas")
    text = " ".join(f"My friend {name} has a red house in the town of {name}burg and a dog." for name in names)
    done = engine.turn(TurnSend(text=text, sampling=short), timeout=WAIT)
    assert done.usage.prompt_tokens > 160
    assert done.learned is not None
    after = engine.call("memory.stats", None, MemoryStats, timeout=WAIT).turns_learned
    assert after - before >= 2
    entries = engine.call("memory.journal", JournalPage(limit=after - before), JournalList, timeout=WAIT).entries
    learned = " ".join(entry.text for entry in reversed(entries))
    assert learned.split() == text.split()
    assert {entry.message for entry in entries} == {done.user_message}

    # A text longer than the window can be scored.
    scored = engine.call("bench.perplexity", PerplexityOf(prompt="Hi", text="good day " * 80), Perplexity, timeout=WAIT)
    assert scored.tokens > 160
    assert scored.log_likelihood < 0
