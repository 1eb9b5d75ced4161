"""The text notebook that the memory is compared with."""

from __future__ import annotations

from engine.cli.evaluation.notes import Notebook

TOLD = [
    "My cat is called Brumble.",
    "I work as a bookbinder in Tallinn.",
    "My dentist is Dr Okafor.",
    "It rained all day.",
    "My sister Odile plays the bassoon.",
]


def test_finds_the_turn_that_tells() -> None:
    notebook = Notebook(TOLD)
    assert notebook.best("Who is my dentist?", 1) == [2]
    assert notebook.best("What does my sister play?", 1) == [4]


def test_chosen_notes_stand_in_the_order_of_telling() -> None:
    chosen = Notebook(TOLD).best("Is the dentist of my sister called Okafor?", 3)
    assert len(chosen) == 3
    assert chosen == sorted(chosen)


def test_turns_without_a_common_word_are_never_notes() -> None:
    assert Notebook(TOLD).best("Zebra?", 3) == []
    assert Notebook(TOLD).prompt("Zebra?", 3) == "Zebra?"
    assert Notebook(TOLD).best("?!", 3) == []


def test_japanese_notes_are_found_by_their_grams() -> None:
    told = ["今日は寒いですね。", "うちのインコはピースケっていうんです。", "明日は会議です。"]
    assert Notebook(told).best("インコの名前は何ですか？", 1) == [1]
    assert Notebook(told).prompt("インコの名前は？", 1) == f"メモ：\n・{told[1]}\n質問：インコの名前は？"


def test_empty_notebook() -> None:
    assert Notebook([]).prompt("Who is my dentist?", 3) == "Who is my dentist?"


def test_prompt_holds_notes_and_question_once() -> None:
    prompt = Notebook(TOLD).prompt("Who is my dentist?", 2)
    assert prompt.count("Okafor") == 1
    assert prompt.count("Who is my dentist?") == 1
    assert "Tallinn" not in prompt
