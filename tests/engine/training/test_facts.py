"""Facts and episodes: well formed, deterministic, and with nothing of the test split in training."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from engine.training.episodes import Episode, Recipe, build, main
from engine.training.facts import (
    RELATIONS,
    SELF,
    Fact,
    Kind,
    authored,
    chat_lists,
    check_kind,
    kind_named,
    load_kinds,
    phrasings,
    render,
    sample_authored,
    sample_fact,
    sample_update,
)
from engine.training.values import DATA, WEEKDAYS, Split, draw, draw_value, held_out, is_closed, split_of

LISTS = ("tell", "ask", "answer", "update", "aside")


def samples(split: Split, count: int, seed: int = 5) -> list[Fact]:
    rng = Random(seed)
    kinds = [kind for kind in load_kinds() if split_of(kind.kind) in {"train", split}]
    return [sample_fact(rng, rng.choice(kinds), split) for _ in range(count)]


def texts(kind: Kind, name: str) -> tuple[str, ...]:
    value = getattr(kind, name)
    assert isinstance(value, tuple)
    return value


def test_enough_kinds_and_phrasings() -> None:
    kinds = load_kinds()
    assert len(kinds) >= 200
    assert len({kind.kind for kind in kinds}) == len(kinds)
    assert len({kind.theme for kind in kinds}) >= 19
    for kind in kinds:
        assert min(len(kind.tell), len(kind.ask), len(kind.answer)) >= 6, kind.kind
        assert min(len(kind.update), len(kind.aside)) >= 2, kind.kind
        short = [text for text in kind.answer if len(text.replace("{v}", "").split()) <= 4]
        assert len(short) >= 2, kind.kind
        for name in LISTS:
            assert len(set(texts(kind, name))) == len(texts(kind, name)), f"{kind.kind}: {name} repeats itself"


def test_no_two_kinds_share_a_question() -> None:
    asks = Counter(ask.casefold() for kind in load_kinds() for ask in kind.ask)
    assert [ask for ask, count in asks.items() if count > 1] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [("tell", "{My} number is 7."), ("tell", "{v}, {v} and {my}."), ("ask", "Is {my} number {v}?"),
     ("tell", "The number is {v}."), ("ask", "What is the number?"), ("answer", "{Your} {nam} is {v}.")],
)  # fmt: skip
def test_malformed_phrasings_are_refused(name: str, text: str) -> None:
    kind = kind_named("locker_number")
    broken = {field: texts(kind, field) for field in LISTS} | {name: (text,)}
    with pytest.raises(ValueError, match=f"malformed {name}"):
        check_kind(Kind("k", "numbers", "number:1:9", True, **broken))


def test_one_kind_in_ten_is_held_out() -> None:
    share = sum(held_out(kind.kind) for kind in load_kinds()) / len(load_kinds())
    assert 0.06 <= share <= 0.14


def test_some_kinds_are_kept_to_develop_with() -> None:
    share = sum(split_of(kind.kind) == "dev" for kind in load_kinds()) / len(load_kinds())
    assert 0.04 <= share <= 0.1
    developing = {fact.kind for fact in build(Random(3), "e", Recipe(60, "dev")).facts}
    assert {split_of(kind) for kind in developing} == {"dev"}


def test_phrasings_are_split_without_overlap() -> None:
    for kind in load_kinds():
        other: Split = "dev" if split_of(kind.kind) == "dev" else "test"
        for name in LISTS:
            train, test = (set(phrasings(kind.kind, texts(kind, name), split)) for split in ("train", other))
            assert test
            assert not train & test
            assert train | test == set(texts(kind, name))
            # Both of two updates may be held out: training then corrects with the shared phrases alone.
            if name in ("tell", "ask", "answer") or split_of(kind.kind) != "train":
                assert bool(train) == (split_of(kind.kind) == "train"), f"{kind.kind}: {name}"


def test_training_draws_nothing_held_out() -> None:
    seen: set[str] = set()
    for fact in samples("train", 1500):
        assert split_of(fact.kind) == "train"
        assert is_closed(kind_named(fact.kind).value) or not held_out(fact.value), fact
        if fact.subject != SELF and not fact.subject.startswith("my "):
            assert not held_out(fact.subject)
        seen |= {fact.tell, fact.ask, fact.answer, *fact.near}
        assert all(split_of(kind) == "train" for kind, _ in fact.near_of)
    for fact in samples("test", 800, seed=6):
        assert is_closed(kind_named(fact.kind).value) or held_out(fact.value), fact
        assert fact.tell not in seen
        assert fact.ask not in seen


def test_every_kind_has_several_values_in_both_splits() -> None:
    rng = Random(0)
    for spec in {kind.value for kind in load_kinds()}:
        for split in ("train", "test"):
            assert len({draw_value(rng, spec, split) for _ in range(30)}) >= 2, spec


def test_a_held_out_kind_is_refused_in_training() -> None:
    kind = next(kind for kind in load_kinds() if held_out(kind.kind))
    with pytest.raises(ValueError, match="held out"):
        sample_fact(Random(0), kind, "train")


def test_same_seed_same_facts() -> None:
    assert samples("train", 200, seed=9) == samples("train", 200, seed=9)
    assert samples("train", 200, seed=9) != samples("train", 200, seed=10)


def test_value_stands_once_and_is_not_given_away() -> None:
    for fact in samples("train", 1200, seed=11):
        assert fact.tell.count(fact.value) == 1
        assert fact.answer.count(fact.value) == 1
        assert fact.value.casefold() not in fact.ask.casefold()
        assert len(fact.near) == len(fact.near_of) == 2
        assert fact.ask not in fact.near
        assert fact.pair not in fact.near_of


def test_updates_change_the_value_and_keep_the_pair() -> None:
    rng = Random(3)
    for fact in samples("train", 300, seed=12):
        update = sample_update(rng, fact, "train")
        assert update.pair == fact.pair
        assert update.update_of == fact.value
        assert fact.value.casefold() not in update.value.casefold()


def test_grammar_of_rendered_texts() -> None:
    for fact in samples("train", 1500, seed=13) + samples("test", 600, seed=14):
        for text in (fact.tell, fact.ask, fact.answer, *fact.near):
            assert not re.search(r"[{}]|'s's|\bmy my\b|\byour your\b|\byour's\b|\bmy's\b|  ", text), text
            assert not re.search(r"\ba [aeio][a-z]{2}", text.replace(" a one", "")), text
        assert not re.search(r"\b[Mm]y\b", fact.answer), fact.answer
        assert fact.answer[0].isupper() or not fact.answer[0].isalpha() or fact.answer.startswith(fact.value)


@pytest.mark.parametrize(
    ("subject", "told", "answered"),
    [(SELF, "My cat is 4.", "Your cat is 4."), ("my boss", "My boss's cat is 4.", "Your boss's cat is 4."),
     ("Zalika", "Zalika's cat is 4.", "Zalika's cat is 4.")],
)  # fmt: skip
def test_possessives(subject: str, told: str, answered: str) -> None:
    assert render("{My} cat is {v}.", subject, "4") == told
    assert render("{Your} cat is {v}.", subject, "4") == answered


def test_article_follows_the_value() -> None:
    assert render("It's a {v}.", SELF, "Orbita 7") == "It's an Orbita 7."
    assert render("It's a {v}.", SELF, "ukulele") == "It's a ukulele."


def test_named_friend_may_be_introduced() -> None:
    assert render("{My} cat is {v}.", "Zalika", "4", introduce=True) == "My friend Zalika's cat is 4."


def test_closed_classes_are_shared() -> None:
    assert {draw_value(Random(i), "weekday", "train") for i in range(200)} == set(WEEKDAYS)
    assert {draw_value(Random(i), "weekday", "test") for i in range(200)} == set(WEEKDAYS)


def test_unknown_spec_is_refused() -> None:
    with pytest.raises(KeyError, match="no values named"):
        draw(Random(0), "nonsense:1")


def write_authored(path: Path) -> Path:
    good = {"kind": "bee_box", "tell": ["Box {v} hums.", "no value", "{v} {v}"], "update": ["Now box {v}."],
            "ask": ["Which box hums?", "Is it {v}?"], "answer": ["Box {v}.", "It."], "near": ["Which box is mine?"],
            "values": ["A3", "B7", "A3"]}  # fmt: skip
    empty = good | {"kind": "nothing_left", "tell": ["no value"]}
    path.write_text(json.dumps(good) + "\n\n" + json.dumps(empty) + "\n", encoding="utf-8")
    return path


def test_authored_skips_malformed_phrasings(tmp_path: Path) -> None:
    kinds = authored(write_authored(tmp_path / "a.jsonl"))
    assert [kind.kind for kind in kinds] == ["bee_box"]
    assert kinds[0].tell == ("Box {v} hums.",)
    assert kinds[0].ask == ("Which box hums?",)
    assert kinds[0].answer == ("Box {v}.",)
    assert kinds[0].values == ("A3", "B7")


def test_our_own_hand_written_kinds_are_whole() -> None:
    names: list[str] = []
    for path in sorted(DATA.glob("authored/*.jsonl")) + sorted(DATA.glob("voices/*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        kinds = authored(path)
        names += [kind.kind for kind in kinds]
        assert len(kinds) == len(lines), path
        for kind in kinds:
            assert len(kind.tell) >= 5, kind.kind
            assert len(kind.ask) >= 4, kind.kind
            assert kind.update, kind.kind
            assert kind.near, kind.kind
            assert len(kind.values) >= 10, kind.kind
    assert len(names) == len(set(names)) >= 700


def test_authored_facts_follow_the_split(tmp_path: Path) -> None:
    kind = authored(write_authored(tmp_path / "a.jsonl"))[0]
    assert not held_out(kind.kind)
    fact = sample_authored(Random(0), kind, "test")
    assert fact.tell == f"Box {fact.value} hums."
    assert sample_authored(Random(0), kind, "test", update_of="A3").value == "B7"
    with pytest.raises(ValueError, match="nothing to draw"):  # its only phrasings are kept for testing
        sample_authored(Random(0), kind, "train")


def episode(facts: int, split: Split, seed: int = 1) -> Episode:
    return build(Random(seed), "e", Recipe(facts=facts, split=split))


@pytest.mark.parametrize(("facts", "split"), [(1, "test"), (30, "train"), (100, "test"), (600, "test")])
def test_episode_is_unambiguous(facts: int, split: Split) -> None:
    made = episode(facts, split)
    questions = [question["q"].casefold() for question in made.questions]
    assert len(set(questions)) == len(questions)
    told = {fact.pair for fact in made.facts}
    assert len(told) == facts
    for question in made.questions:
        pair = (question["topic"], question["subject"])
        assert (pair in told) == (question["kind"] != "abstain")
    kinds = Counter(question["kind"] for question in made.questions)
    assert kinds["update"] == round(facts * 0.2)
    assert kinds["fact"] == facts - kinds["update"]
    assert kinds["abstain"] == round(facts * 0.1)


def test_answers_are_what_was_told_last() -> None:
    made = episode(100, "test")
    users = [text for turns in made.sessions for role, text in turns if role == "user"]
    for question in made.questions:
        if question["kind"] == "abstain":
            assert question["answers"] == []
            continue
        (answer,) = question["answers"]
        assert answer in users[question["turn"]]
        assert answer.casefold() not in question["q"].casefold()
        for stale in question.get("stale", []):
            assert stale != answer
            earlier = [number for number, text in enumerate(users) if stale in text]
            assert min(earlier) < question["turn"]


def test_large_test_episode_says_what_it_borrows() -> None:
    small, large = episode(100, "test"), episode(1000, "test")
    assert small.counts["facts_of_training_kinds"] == 0
    borrowed = [fact for fact in large.facts if not held_out(fact.kind) and fact.update_of is None]
    assert large.counts["facts_of_training_kinds"] == len(borrowed) > 0


def test_sessions_are_short_and_alternate() -> None:
    for turns in episode(60, "train").sessions:
        assert 2 <= len(turns) <= 20
        assert [role for role, _ in turns] == ["user", "assistant"] * (len(turns) // 2)
        assert all(text in chat_lists()["acknowledge"] for role, text in turns if role == "assistant")


def test_too_many_facts_are_refused() -> None:
    with pytest.raises(ValueError, match="facts wanted"):
        episode(50_000, "test")


def test_command_writes_the_same_file_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    for path in (first, second):
        assert main(["--facts", "20", "--episodes", "2", "--seed", "4", "--out", str(path)]) == 0
    assert first.read_bytes() == second.read_bytes()
    lines = [json.loads(line) for line in first.read_text(encoding="utf-8").splitlines()]
    assert len({line["id"] for line in lines}) == 2
    assert set(lines[0]) == {"id", "sessions", "questions"}
    assert '"facts": 20' in capsys.readouterr().out


def test_relations_are_distinct() -> None:
    assert len(set(RELATIONS)) == len(RELATIONS) >= 26
