"""A talk in Japanese with a real engine: told, the process ends, asked in another."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from engine.client import EngineClient
from engine.protocol import (
    Forget,
    Forgotten,
    JournalList,
    JournalPage,
    Recollect,
    Recollection,
    Sampling,
    TurnAnswer,
    TurnAsk,
    TurnDone,
    TurnFeed,
)
from tests.engine.conftest import StartEngine

WAIT = 110.0
TOLD = (
    "うちの犬、マロンっていうんだけど、昨日は一日じゅう寝てた。",
    "ジムのロッカーは４１６番を使ってる。",
    "来週の打ち合わせは木曜の１４時からです。",
    "今日は寒いね。",
    "打ち合わせ、金曜の１１時に変わりました。",
    "夕飯は何がいいと思う？",
)
SPEAKER = os.environ.get("TECHO_TEST_JAPANESE_MODEL")
"""A GGUF file of a model that knows Japanese: none ships with Techo."""


def ask(engine: EngineClient, text: str, tokens: int = 96) -> TurnAnswer:
    question = TurnAsk(text=text, sampling=Sampling(temperature=0.0, max_tokens=tokens))
    return engine.call("turn.ask", question, TurnAnswer, timeout=WAIT)


def tell(engine: EngineClient) -> None:
    for text in TOLD:
        engine.call("turn.feed", TurnFeed(user=text), TurnDone, timeout=WAIT)


@pytest.mark.timeout(300)
def test_what_was_told_in_japanese_is_said_in_japanese(start_engine: StartEngine) -> None:
    engine, _ = start_engine()
    tell(engine)
    learned = engine.call("memory.journal", JournalPage(), JournalList, timeout=WAIT).entries
    assert [entry.text for entry in reversed(learned)] == list(TOLD[:5]), "the question teaches nothing"
    engine.close()

    engine, _ = start_engine()
    dog = ask(engine, "うちの犬の名前、覚えてる？")
    assert dog.reply == "前に「うちの犬、マロンっていうんだけど、昨日は一日じゅう寝てた」と聞きました。"
    assert (dog.recalled, dog.finish) == ([1], "stop")
    assert dog.usage.memory_tokens == dog.usage.generated_tokens > 0
    assert "４１６番" in ask(engine, "ロッカーの番号は何番でしたか？").reply
    meeting = ask(engine, "来週の打ち合わせは何曜日の何時から？").reply
    assert "金曜の１１時" in meeting
    assert "木曜" not in meeting
    cut = ask(engine, "うちの犬の名前は？", 8)
    assert (cut.finish, cut.usage.generated_tokens) == ("length", 8)
    assert dog.reply.startswith(cut.reply.rstrip("\ufffd"))
    nothing = ask(engine, "日本の首都はどこですか？")
    assert (nothing.recalled, nothing.reply) == ([], "それについて聞いたことは、まだありません。")
    assert ask(engine, "What is my dog called?", 4).reply

    found = engine.call("memory.recollect", Recollect(question="犬の名前は？"), Recollection, timeout=WAIT)
    assert found.text == TOLD[0]
    assert [one.entry.id for one in found.recalled] == [1]
    engine.call("memory.forget", Forget(entries=[1]), Forgotten, timeout=WAIT)
    assert "マロン" not in ask(engine, "うちの犬の名前、覚えてる？").reply


@pytest.mark.timeout(300)
@pytest.mark.skipif(SPEAKER is None, reason="TECHO_TEST_JAPANESE_MODEL names no model that knows Japanese")
def test_a_model_that_knows_japanese_answers_from_it(start_engine: StartEngine, tmp_path: Path) -> None:
    engine, _ = start_engine()
    tell(engine)
    engine.close()
    assert SPEAKER is not None
    # Not `start_engine`: what llama.cpp has to say about somebody else's file is not ours.
    engine, hello = EngineClient.start(tmp_path / "data", "Mika", options=("--threads", "1", "--model", SPEAKER))
    try:
        assert hello.backbone.path == SPEAKER
        answer = ask(engine, "うちの犬の名前、覚えてる？")
        assert "マロン" in answer.reply
        assert answer.recalled == [1]
        assert "416" in unicodedata.normalize("NFKC", ask(engine, "ロッカーの番号は何番でしたか？").reply)
        assert ask(engine, "日本の首都はどこですか？").recalled == []
    finally:
        engine.close()
