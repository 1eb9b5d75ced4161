"""Scripts without spaces: what their grams are, and which of their sentences tell something."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bit_ttt.persons import persons
from engine.bit_ttt.unspaced import asks, grams, is_unspaced, parse_weights, sentences, tells


@pytest.mark.parametrize(
    "text", ["犬を飼ってる。", "Wi-Fiの合言葉はmomijiです", "我养了一只猫。", "ﾈｺ", "ANA 1087便で羽田を出る"]
)
def test_a_text_without_spaces_is_known(text: str) -> None:
    assert is_unspaced(text)


@pytest.mark.parametrize("text", ["My cat is called 虎太郎.", "", "417 !?", "Привет", "저는 서울에 살아요"])
def test_a_text_with_spaces_stays_one(text: str) -> None:
    assert not is_unspaced(text)


def test_grams_are_han_and_neighbours_of_one_script() -> None:
    assert list(grams("犬の名前")) == ["犬", "名", "前", "名前"]
    assert list(grams("引っ越した")) == ["引", "越", "した"]
    assert list(grams("ピースケ")) == ["ピー", "ース", "スケ"]
    assert list(grams("ね")) == ["ね"]


@settings(deadline=None)
@given(st.text(max_size=60))
def test_sentences_are_the_whole_text(text: str) -> None:
    assert "".join(text[start:end] for start, end in sentences(text)) == text


@pytest.mark.parametrize(
    "sentence",
    [
        "何時から？",
        "どこでしたっけ。",
        "覚えていますか。",
        "教えてください。",
        "名前を教えて",
        "雨かな？",
        "行くの?",
        "わかるか。",
    ],
)
def test_what_asks_does_not_tell(sentence: str) -> None:
    assert asks(sentence)
    assert not tells(sentence)


@pytest.mark.parametrize("sentence", ["家賃は九万円。", "ここは静か", "確か。", "歌うことかな。", "7731"])
def test_what_tells_does_not_ask(sentence: str) -> None:
    assert tells(sentence)


def test_marks_alone_tell_nothing() -> None:
    assert not tells("……！")


def test_weights_are_read_from_lines() -> None:
    assert parse_weights("# a comment\n1 です ます\n\n9 額縁 # rare\n") == {"です": 1, "ます": 1, "額縁": 9}


@pytest.mark.parametrize("text", ["です 1", "10 です", "-1 です", "1.5 です"])
def test_another_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="gram weights"):
        parse_weights(text)


def test_somebody_has_several_names() -> None:
    assert persons("祖母の誕生日") == persons("おばあちゃんの誕生日")
    assert not persons("祖母") & persons("母"), "a grandmother is no mother"
    assert not persons("大丈夫、夫婦で行くよ。")
    assert len(persons("妹の旦那")) == 2
