"""Documents over the pipe, with a real engine process: read, asked about, forgotten, killed in the middle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.client import EngineClient
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    ConversationMessages,
    DocumentRead,
    Forget,
    Forgotten,
    JournalList,
    JournalPage,
    MemoryRead,
    MessageList,
    Sampling,
    TurnAnswer,
    TurnAsk,
    TurnDone,
    TurnFeed,
)
from engine.store import Arrays, ProfileStore, StateIdentity
from tests.engine.conftest import StartEngine
from tests.engine.documents.pdf_bytes import pdf

WAIT = 110.0
PAGE = ("The boat is called Sirkka.", "Its berth is number 22 at the north pier.", "Mirela has the spare key.")
QUESTION = TurnAsk(text="What is the boat called?", sampling=Sampling(max_tokens=8))

Heard = list[tuple[str, dict[str, Any]]]


def read(engine: EngineClient, path: Path, heard: Heard | None = None) -> DocumentRead:
    return engine.call(
        "memory.read",
        MemoryRead(path=str(path)),
        DocumentRead,
        listen=None if heard is None else lambda method, params: heard.append((method, params)),
        timeout=WAIT,
    )


def journal(engine: EngineClient, document: int | None = None) -> JournalList:
    return engine.call("memory.journal", JournalPage(document=document), JournalList, timeout=WAIT)


def learned_state(folder: Path, identity: StateIdentity) -> Arrays:
    """The newest snapshot of a profile that no engine has open."""
    with ProfileStore(folder).open("Mika", identity) as profile:
        arrays = profile.load_state().arrays
        assert arrays is not None
        return arrays


def test_a_document_is_read_known_after_a_restart_and_forgotten_without_a_trace(
    start_engine: StartEngine, tmp_path: Path, identity: StateIdentity
) -> None:
    path = tmp_path / "boat.pdf"
    path.write_bytes(pdf([PAGE]))
    engine, _ = start_engine("Mika")
    engine.call("turn.feed", TurnFeed(user="We have a cat, her name is Miso."), TurnDone, timeout=WAIT)
    assert "Sirkka" not in engine.call("turn.ask", QUESTION, TurnAnswer, timeout=WAIT).reply
    engine.close()
    before = learned_state(tmp_path / "data", identity)

    engine, _ = start_engine("Mika")
    heard: Heard = []
    done = read(engine, path, heard)
    assert (done.name, done.passages, done.learned, done.cancelled) == ("boat.pdf", 3, 3, False)
    readings = [params for method, params in heard if method == "memory.reading"]
    assert readings[0] == {"name": "boat.pdf", "phase": "pages", "done": 0, "count": 1}
    assert readings[-1] == {"name": "boat.pdf", "phase": "passages", "done": 3, "count": 3}
    assert [params["state"] for method, params in heard if method == "engine.state"][-1] == "busy"
    entries = journal(engine).entries
    assert [(entry.text, entry.source) for entry in reversed(entries)] == [
        ("We have a cat, her name is Miso.", ""),
        *[(line, "boat.pdf") for line in PAGE],
    ]
    assert {entry.document for entry in entries[:3]} == {done.conversation}
    engine.close()

    engine, _ = start_engine("Mika")
    answer = engine.call("turn.ask", QUESTION, TurnAnswer, timeout=WAIT)
    assert "Sirkka" in answer.reply
    assert answer.recalled == [2]
    document = [entry.id for entry in journal(engine, done.conversation).entries]
    assert document == [4, 3, 2]
    gone = engine.call("memory.forget", Forget(entries=document, said=True), Forgotten, timeout=WAIT)
    assert (gone.messages, gone.stats.turns_learned) == (3, 1)
    assert "Sirkka" not in engine.call("turn.ask", QUESTION, TurnAnswer, timeout=WAIT).reply
    engine.close()
    after = learned_state(tmp_path / "data", identity)
    assert after.keys() == before.keys()
    assert all(np.array_equal(after[name], before[name]) for name in before)
    folder = next((tmp_path / "data" / "profiles").iterdir())
    for file in folder.rglob("*"):
        assert not file.is_file() or b"Sirkka" not in file.read_bytes(), file


def test_it_is_stopped_between_passages_and_goes_on_after_a_crash(start_engine: StartEngine, tmp_path: Path) -> None:
    path = tmp_path / "stock.txt"
    path.write_text("\n".join(f"Shelf {number} holds the box with the mark {number * 37}." for number in range(60)))
    engine, _ = start_engine("Mika")
    identifier = engine.send("memory.read", MemoryRead(path=str(path)))
    passed = 0
    while passed < 3:
        message = engine.receive(WAIT)
        passed += message.get("method") == "memory.reading"
    engine.cancel()
    result = engine.wait_for(identifier, timeout=WAIT)["result"]
    assert result["cancelled"] is True
    assert 2 <= result["learned"] < 60
    stopped = len(journal(engine).entries)
    assert stopped == result["learned"]

    engine.send("memory.read", MemoryRead(path=str(path)))
    passed = 0
    while passed < stopped + 4:
        message = engine.receive(WAIT)
        passed += message.get("method") == "memory.reading"
    engine.kill()

    engine, hello = start_engine("Mika")
    assert hello.notices == []
    kept = journal(engine).entries
    assert stopped < len(kept) < 60
    assert len({entry.text for entry in kept}) == len(kept)
    rest = read(engine, path)
    assert (rest.known, rest.learned) == (len(kept), 60 - len(kept))
    assert rest.conversation is not None
    asked = ConversationMessages(conversation=rest.conversation)
    said = engine.call("conversation.messages", asked, MessageList, timeout=WAIT).messages
    assert [message.content for message in said] == path.read_text().split("\n"), "all of it, in order, once"
    engine.close()


def test_what_cannot_be_read_is_refused_and_the_engine_goes_on(start_engine: StartEngine, tmp_path: Path) -> None:
    engine, _ = start_engine("Mika")
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4\n" + b"\0" * 100)
    for path, code in (
        (str(tmp_path / "nothing.txt"), ErrorCode.DOCUMENT_NOT_FOUND),
        (str(tmp_path), ErrorCode.DOCUMENT_KIND),
        (str(tmp_path / "bad.pdf"), ErrorCode.DOCUMENT_DAMAGED),
        ("", ErrorCode.INVALID_PARAMS),
        ("a\0b.txt", ErrorCode.INVALID_PARAMS),
    ):
        with pytest.raises(EngineError) as refused:
            engine.call("memory.read", MemoryRead(path=path), DocumentRead, timeout=WAIT)
        assert (refused.value.code, bool(refused.value.hint)) == (code, True)
    assert journal(engine).entries == []
    engine.close()
