"""What was told in Japanese comes back out of the fast weights, to the letter, and the right turn of many."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.backbone import Backbone
from engine.bit_ttt import Memory
from engine.bit_ttt.memory import MAX_PART
from engine.bit_ttt.unspaced import sentences, tells
from engine.cli.evaluation.episodes import load_episodes
from tests.benchmarks.japanese import DATA, ask, parts_of, rank, tell


def said(backbone: Backbone, memory: Memory, question: str) -> list[str]:
    return [told.text for told in ask(backbone, memory, question)]


@pytest.fixture
def memory(newborn: Memory) -> Memory:
    return newborn.with_state(None)


def test_what_was_told_comes_back_to_the_letter(loaded: Backbone, memory: Memory) -> None:
    told = "車は紺色のスバルで、ナンバーは「品川 502 な 38-14」。ＡＢの㈱鯨🐋、髙島屋も行ったよ！"
    tell(loaded, memory, "今日は寒いね。", told)
    assert said(loaded, memory, "車のナンバーは？") == [told]


@settings(deadline=None, max_examples=30)
@given(text=st.text(st.sampled_from("あいうアイウ犬猫鰯𠮷ー、。１2Aｱ髙 "), min_size=1, max_size=60))
def test_every_sentence_that_tells_survives(loaded: Backbone, newborn: Memory, text: str) -> None:
    memory = newborn.with_state(None)
    text = f"鯨尺の話、{text}"
    tell(loaded, memory, text)
    told = "".join(text[start:end] for start, end in sentences(text) if tells(text[start:end]))
    found = said(loaded, memory, "鯨尺の話は？")
    assert "".join(found).replace(" ", "") == "".join(told.split())


def test_a_long_message_is_kept_whole(loaded: Backbone, memory: Memory) -> None:
    """SmolLM2 takes two tokens a character: far more of them are kept than of a turn with spaces."""
    message = "".join(
        f"{place}番目の鯉の名前は{name}です。" for place, name in enumerate("松竹梅桜菊藤桐萩楓柳樫楠椿橘榊欅")
    )
    parts = parts_of(loaded, memory, message)
    assert len(parts) > 1
    assert all(len(memory.write(part).tokens) == len(part.tokens) <= MAX_PART for part in parts)
    assert "".join(part.text for part in parts) == message, "and no character is cut in two"
    unbroken = "鯉" * 300
    assert "".join(part.text for part in parts_of(loaded, memory, unbroken)) == unbroken


def test_questions_are_not_learned(loaded: Backbone, memory: Memory) -> None:
    (part,) = parts_of(loaded, memory, "鍵は植木鉢の下。どう思う？")
    pieces = [memory.spaces.pieces[token] for token in memory.write(part).tokens]
    assert b"".join(pieces).decode().strip() == "鍵は植木鉢の下。"
    assert not memory.write(parts_of(loaded, memory, "合鍵はどこだっけ？")[0])


def test_the_newest_takes_over(loaded: Backbone, memory: Memory) -> None:
    tell(loaded, memory, "来週の打ち合わせは木曜の14時からです。", "打ち合わせ、金曜の11時に変わりました。")
    assert said(loaded, memory, "打ち合わせは何曜日？") == ["打ち合わせ、金曜の11時に変わりました。"]
    before = said(loaded, memory, "打ち合わせは以前は何曜日だった？")
    assert any("木曜" in text for text in before), "what was before can be asked for"


def test_nobody_is_given_what_belongs_to_somebody_else(loaded: Backbone, memory: Memory) -> None:
    tell(loaded, memory, "おばあちゃんの誕生日は8月3日。", "猫の名前は虎太郎にした！")
    assert said(loaded, memory, "祖母の誕生日は？") == ["おばあちゃんの誕生日は8月3日。"]
    assert said(loaded, memory, "祖父の誕生日は？") == []
    assert said(loaded, memory, "日本の首都はどこですか？") == []


def test_a_turn_is_no_memory_of_itself(loaded: Backbone, memory: Memory) -> None:
    tell(loaded, memory, "猫の名前は虎太郎にした！")
    question = parts_of(loaded, memory, "猫の名前は？")
    assert memory.recite(question)
    assert memory.recite(question, without=[1]) == []


def test_facts_of_two_persons_stay_apart(loaded: Backbone, memory: Memory) -> None:
    """They share most of their tokens: one must not overwrite the other as a correction of it."""
    tell(loaded, memory, "父の誕生日は3月2日です。", "母の誕生日は3月2日です。", "父の誕生日は3月2日です。")
    assert memory.stats().turns_used == 2
    assert said(loaded, memory, "母の誕生日は？")[0] == "母の誕生日は3月2日です。"


def test_with_spaces_nothing_is_recited(loaded: Backbone, memory: Memory) -> None:
    tell(loaded, memory, "猫の名前は虎太郎にした！")
    assert memory.recite(parts_of(loaded, memory, "What is my cat called?")) == []


LEAST = {"japanese-tuning": 0.9, "japanese": 0.6}


@pytest.mark.parametrize("name", LEAST)
def test_of_a_life_the_right_turn_is_found(loaded: Backbone, memory: Memory, name: str) -> None:
    """README has the figures; this keeps them from falling."""
    found = rank(loaded, memory, load_episodes(DATA / f"{name}.jsonl")[0])
    assert found.first >= LEAST[name] * found.asked
    assert found.kept > 0.85 * found.turns
    assert found.letters == found.kept
