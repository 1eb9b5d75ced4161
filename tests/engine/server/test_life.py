"""How an engine ends, and what is there afterwards."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.client import EngineClient
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    PROTOCOL_VERSION,
    Confirm,
    ConversationId,
    ConversationList,
    EngineStatus,
    Exported,
    FilePath,
    Forget,
    Forgotten,
    Initialize,
    Initialized,
    JournalList,
    JournalPage,
    MemoryImport,
    MemoryStats,
    Message,
    MessageList,
    Ok,
    ProfileInfo,
    ProfileList,
    ProfileName,
    ProfileOpened,
    ProfileRename,
    Sampling,
    TurnDone,
    TurnFeed,
    TurnSend,
)
from tests.engine.conftest import StartEngine

WAIT = 110.0
LONG = Sampling(max_tokens=400, temperature=0.8, seed=1)


def feed(engine: EngineClient, text: str, answer: str | None = None, conversation: int | None = None) -> TurnDone:
    asked = TurnFeed(user=text, assistant=answer, conversation=conversation)
    return engine.call("turn.feed", asked, TurnDone, timeout=WAIT)


def stats(engine: EngineClient) -> MemoryStats:
    return engine.call("memory.stats", None, MemoryStats, timeout=WAIT)


def messages(engine: EngineClient, conversation: int) -> list[Message]:
    asked = ConversationId(conversation=conversation)
    return engine.call("conversation.messages", asked, MessageList, timeout=WAIT).messages


def journal(engine: EngineClient) -> list[str]:
    return [entry.text for entry in engine.call("memory.journal", JournalPage(), JournalList, timeout=WAIT).entries]


def begin_turn(engine: EngineClient, text: str, deltas: int) -> tuple[dict[str, Any], str]:
    """Starts a long turn and waits for some of its text -> turn.accepted, the text so far."""
    engine.send("turn.send", TurnSend(text=text, sampling=LONG))
    accepted: dict[str, Any] = {}
    pieces: list[str] = []
    while len(pieces) < deltas:
        message = engine.receive(WAIT)
        if message["method"] == "turn.accepted":
            accepted = message["params"]
        elif message["method"] == "turn.delta":
            pieces.append(message["params"]["text"])
    return accepted, "".join(pieces)


def end_of_file(engine: EngineClient) -> None:
    assert engine.process.stdin is not None
    engine.process.stdin.close()


def terminate(engine: EngineClient) -> None:
    engine.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("end", [end_of_file, terminate])
def test_an_engine_that_is_left_commits_and_exits(
    start_engine: StartEngine, end: Callable[[EngineClient], None]
) -> None:
    """In the middle of a turn: the message, the reply so far and the lesson are there; exit code 0."""
    engine, _ = start_engine()
    accepted, heard = begin_turn(engine, "My parrot is called Quillon. Tell me a long story about it.", 4)
    end(engine)
    assert engine.process.wait(WAIT) == 0
    again, hello = start_engine()
    assert hello.notices == []
    said, reply = messages(again, accepted["conversation"])
    assert (said.id, said.role) == (accepted["message"], "user")
    assert reply.finish == "cancelled"
    assert reply.content.startswith(heard)
    assert stats(again).snapshot_bytes > 0
    assert journal(again) == ["My parrot is called Quillon. Tell me a long story about it."]


def test_a_killed_engine_loses_nothing_that_was_accepted(start_engine: StartEngine) -> None:
    engine, _ = start_engine()
    feed(engine, "My sister is called Lena.")
    before = stats(engine)
    accepted, heard = begin_turn(engine, "Tell me a long story about a dragon.", 5)
    engine.kill()
    again, hello = start_engine()
    assert hello.notices == []
    said, *reply = messages(again, accepted["conversation"])
    assert said.content == "Tell me a long story about a dragon."
    assert [message.finish for message in reply] == [None], "cut off by the crash, not stopped by the person"
    assert heard.startswith(reply[0].content)
    assert reply[0].content
    assert journal(again) == ["My sister is called Lena."]
    after = stats(again)
    assert (after.neurons_used, after.turns_used) == (before.neurons_used, before.turns_used)
    done = again.turn(TurnSend(text="Go on.", conversation=accepted["conversation"], sampling=Sampling(max_tokens=4)))
    assert done.reply


def test_a_front_end_that_does_not_listen_any_more(start_engine: StartEngine, tmp_path: Path) -> None:
    """The front end has died with a turn running; only its end of stdout tells. The engine commits and exits."""
    reading, writing = os.pipe()
    engine, _ = start_engine(None)
    command = list(psutil.Process(engine.process.pid).cmdline())
    engine.close()
    import subprocess

    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=writing, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        os.close(writing)
        assert process.stdin is not None
        hello = b'{"id": 1, "method": "initialize", "params": {"protocol": 2, "profile": "Mika"}}\n'
        turn = b'{"id": 2, "method": "turn.send", "params": {"text": "Tell me a long story about rain."}}\n'
        process.stdin.write(hello + turn)
        process.stdin.flush()
        seen = b""
        while b"turn.delta" not in seen:
            seen += os.read(reading, 65536)
        os.close(reading)
        assert process.wait(WAIT) == 0
    again, _ = start_engine()
    assert [message.finish for message in messages(again, 1)] == [None, "cancelled"]


def test_shutdown_commits_before_it_answers(start_engine: StartEngine) -> None:
    engine, _ = start_engine()
    feed(engine, "My boat is called Petrel.")
    assert stats(engine).snapshot_bytes == 0
    assert engine.call("shutdown", None, Ok, timeout=WAIT).ok
    assert engine.process.wait(WAIT) == 0
    again, _ = start_engine()
    assert stats(again).snapshot_bytes > 0
    assert stats(again).turns_used == 1


def test_profiles(start_engine: StartEngine, tmp_path: Path) -> None:
    """Create, switch, rename, delete, export, import: each profile has its own chats and its own memory."""
    engine, hello = start_engine("Mika")
    assert hello.profile is not None
    mika = feed(engine, "My cat is called Miso.")
    used = stats(engine).neurons_used
    assert used > 0

    opened = engine.call("profile.create", ProfileName(name="Noa"), ProfileOpened, timeout=WAIT)
    assert opened.profile.name == "Noa"
    assert stats(engine).neurons_used == 0
    with pytest.raises(EngineError) as refused:
        messages(engine, mika.conversation)
    assert refused.value.code is ErrorCode.CONVERSATION_NOT_FOUND
    noa = feed(engine, "My dog is called Bruno.")
    assert noa.usage.cached_tokens == 0, "nothing of the other profile's talk is left in the window"

    for name, code in (("mika", ErrorCode.PROFILE_EXISTS), ("Noa", ErrorCode.PROFILE_EXISTS)):
        with pytest.raises(EngineError) as refused:
            engine.call("profile.create", ProfileName(name=name), ProfileOpened, timeout=WAIT)
        assert refused.value.code is code
    with pytest.raises(EngineError) as refused:
        engine.call("profile.open", ProfileName(name="Nobody"), ProfileOpened, timeout=WAIT)
    assert refused.value.code is ErrorCode.PROFILE_NOT_FOUND
    assert journal(engine) == ["My dog is called Bruno."], "the open profile stays open when another cannot be opened"

    engine.call("profile.rename", ProfileRename(name="Noa", new_name="Noah"), Ok, timeout=WAIT)
    listed = engine.call("profile.list", None, ProfileList, timeout=WAIT)
    assert ([profile.name for profile in listed.profiles], listed.current) == (["Mika", "Noah"], "Noah")
    assert engine.call("engine.status", None, EngineStatus, timeout=WAIT).profile == "Noah"

    # The same profile is not opened by two engines.
    other, _ = start_engine(None)
    with pytest.raises(EngineError) as refused:
        other.call("profile.open", ProfileName(name="Noah"), ProfileOpened, timeout=WAIT)
    assert refused.value.code is ErrorCode.PROFILE_IN_USE
    other.close()

    engine.call("profile.open", ProfileName(name="MIKA"), ProfileOpened, timeout=WAIT)
    assert stats(engine).neurons_used == used
    path = tmp_path / "mika.techo"
    exported = engine.call("memory.export", FilePath(path=str(path)), Exported, timeout=WAIT)
    assert exported.bytes == path.stat().st_size
    with pytest.raises(EngineError):
        engine.call("memory.export", FilePath(path=str(path)), Exported, timeout=WAIT)
    made = engine.call("memory.import", MemoryImport(path=str(path), name="Copy"), ProfileInfo, timeout=WAIT)
    assert made.name == "Copy"
    engine.call("profile.open", ProfileName(name="Copy"), ProfileOpened, timeout=WAIT)
    assert stats(engine).neurons_used == used
    assert journal(engine) == ["My cat is called Miso."]

    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(EngineError) as refused:
        engine.call("memory.import", MemoryImport(path=str(path), name="Bad"), ProfileInfo, timeout=WAIT)
    assert refused.value.code is ErrorCode.IMPORT_REFUSED

    with pytest.raises(EngineError, match="1 learned turn") as refused:
        engine.call("profile.delete", ProfileName(name="Copy"), Ok, timeout=WAIT)
    assert refused.value.code is ErrorCode.NOT_CONFIRMED
    engine.call("profile.delete", ProfileName(name="Copy", confirm=True), Ok, timeout=WAIT)
    listed = engine.call("profile.list", None, ProfileList, timeout=WAIT)
    assert ([profile.name for profile in listed.profiles], listed.current) == (["Mika", "Noah"], None)
    with pytest.raises(EngineError) as refused:
        stats(engine)
    assert refused.value.code is ErrorCode.NO_PROFILE


def test_forgetting_and_resetting(start_engine: StartEngine) -> None:
    engine, _ = start_engine()
    first = feed(engine, "My cat is called Miso.").learned
    assert first is not None
    assert first.entry is not None
    alone = stats(engine)
    second = feed(engine, "My boat is called Petrel.").learned
    assert second is not None
    assert second.entry is not None
    forgotten = engine.call("memory.forget", Forget(entries=[second.entry]), Forgotten, timeout=WAIT)
    assert [entry.text for entry in forgotten.entries] == ["My boat is called Petrel."]
    assert (forgotten.stats.neurons_used, forgotten.messages) == (alone.neurons_used, 0)
    assert journal(engine) == ["My cat is called Miso."]
    for gone in ([second.entry], [first.entry, second.entry]):
        with pytest.raises(EngineError) as refused:
            engine.call("memory.forget", Forget(entries=gone), Forgotten, timeout=WAIT)
        assert refused.value.code is ErrorCode.ENTRY_NOT_FOUND
    assert journal(engine) == ["My cat is called Miso."], "all of them or none"
    with pytest.raises(EngineError) as refused:
        engine.call("memory.forget", Forget(entries=[]), Forgotten, timeout=WAIT)
    assert refused.value.code is ErrorCode.INVALID_PARAMS
    with pytest.raises(EngineError) as refused:
        engine.call("memory.forget", Forget(entries=[second.entry]), Forgotten, timeout=WAIT)
    assert refused.value.code is ErrorCode.ENTRY_NOT_FOUND
    with pytest.raises(EngineError, match="1 learned turn") as refused:
        engine.call("memory.reset", Confirm(), MemoryStats, timeout=WAIT)
    assert refused.value.code is ErrorCode.NOT_CONFIRMED
    assert stats(engine).turns_learned == 1
    reset = engine.call("memory.reset", Confirm(confirm=True), MemoryStats, timeout=WAIT)
    assert (reset.turns_learned, reset.neurons_used) == (0, 0)
    assert messages(engine, 1), "what was said stays"


def test_everything_about_a_word_can_be_forgotten_also_what_was_said(start_engine: StartEngine, tmp_path: Path) -> None:
    engine, _ = start_engine()
    moved = feed(engine, "I moved to Lisbon in May.", "Lisbon! How nice.")
    feed(engine, "My cat is called Miso.", "A lovely name.", conversation=moved.conversation)
    other = feed(engine, "In LISBON my street is Rua Aurea.", "I see.")
    early = engine.call("memory.journal", JournalPage(until="2001-01-01T00:00:00+02:00"), JournalList, timeout=WAIT)
    late = engine.call("memory.journal", JournalPage(since="2001-01-01"), JournalList, timeout=WAIT)
    assert (len(early.entries), len(late.entries)) == (0, 3)
    with pytest.raises(EngineError) as refused:
        engine.call("memory.journal", JournalPage(since="yesterday"), JournalList, timeout=WAIT)
    assert refused.value.code is ErrorCode.INVALID_PARAMS
    found = engine.call("memory.journal", JournalPage(words="lisbon"), JournalList, timeout=WAIT)
    assert [entry.text[:9] for entry in found.entries] == ["In LISBON", "I moved t"]
    assert engine.call("memory.journal", JournalPage(words="lisbon miso"), JournalList, timeout=WAIT).entries == []

    gone = engine.call(
        "memory.forget", Forget(entries=[e.id for e in found.entries], said=True), Forgotten, timeout=WAIT
    )
    assert (len(gone.entries), gone.messages) == (2, 4)
    assert journal(engine) == ["My cat is called Miso."]
    left = engine.call("conversation.list", None, ConversationList, timeout=WAIT).conversations
    assert [(one.id, one.title) for one in left] == [(moved.conversation, "My cat is called Miso.")]
    assert other.conversation != moved.conversation
    assert [message.content for message in messages(engine, moved.conversation)] == [
        "My cat is called Miso.", "A lovely name.",
    ]  # fmt: skip
    engine.close()
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()).lower()
    assert b"miso" in on_disk
    assert b"lisbon" not in on_disk
    assert b"aurea" not in on_disk


def test_state_of_other_weights_is_refused_and_kept(
    start_engine: StartEngine, bare_engine: Callable[..., EngineClient], tmp_path: Path
) -> None:
    """Other memory weights: the profile opens with a clear word, its chats can be read; nothing is reset by itself."""
    from engine.models import find_memory_weights

    engine, _ = start_engine()
    learned = feed(engine, "My cat is called Miso.")
    engine.close()
    # The same tensors in a file with another digest: a field more in the header.
    data = find_memory_weights().read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = data[8 : 8 + size].rstrip().replace(b'"__metadata__":{', b'"__metadata__":{"edition":"two",', 1)
    assert len(header) > size - 8
    weights = tmp_path / "other.safetensors"
    header += b" " * (-len(header) % 8)
    weights.write_bytes(len(header).to_bytes(8, "little") + header + data[8 + size :])

    other = bare_engine("--memory", str(weights))
    hello = Initialize(protocol=PROTOCOL_VERSION, profile="Mika")
    answer = other.call("initialize", hello, Initialized, timeout=WAIT)
    assert any("another memory weights" in notice.message for notice in answer.notices)
    assert messages(other, learned.conversation)[0].content == "My cat is called Miso."
    for method, params in (("memory.stats", None), ("turn.send", TurnSend(text="Hi"))):
        with pytest.raises(EngineError) as refused:
            other.wait_for(other.send(method, params), timeout=WAIT)
        assert refused.value.code is ErrorCode.STATE_MISMATCH
        assert refused.value.hint
    assert len(messages(other, learned.conversation)) == 1
    assert other.close() == 0
    again, hello_again = start_engine()
    assert hello_again.notices == []
    assert journal(again) == ["My cat is called Miso."]
    assert stats(again).turns_used == 1


def test_the_log_holds_nothing_that_was_said(start_engine: StartEngine, tmp_path: Path) -> None:
    engine, _ = start_engine()
    secret = "Xylophanes"
    engine.turn(TurnSend(text=f"My cat is called {secret}.", sampling=Sampling(max_tokens=4)), timeout=WAIT)
    engine.write(b'{"id": 7, "method": "turn.send", "params": {"text": "' + secret.encode() + b'", "learn": 7}}')
    with pytest.raises(EngineError):
        engine.wait_for(7, timeout=WAIT)
    engine.close()
    logs = list((tmp_path / "data" / "logs").iterdir())
    assert logs
    for path in logs:
        assert secret not in path.read_text(encoding="utf-8")
        if os.name == "posix":
            assert path.stat().st_mode & 0o077 == 0
