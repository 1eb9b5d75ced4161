"""The episode format: what is accepted, and what is said about what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli.evaluation.episodes import EpisodeError, Exchange, Session, Turn, load_episodes
from engine.cli.evaluation.scoring import normalise

DATA = Path(__file__).resolve().parents[2] / "data"


def turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def episode(**changes: Any) -> dict[str, Any]:
    good: dict[str, Any] = {
        "id": "e1",
        "sessions": [{"turns": [turn("user", "My cat is Miso."), turn("assistant", "Nice.")]}],
        "questions": [{"q": "My cat?", "answers": ["Miso"], "kind": "fact"}],
    }
    return {**good, **changes}


def write(folder: Path, *lines: str) -> Path:
    path = folder / "episodes.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_reads_a_good_file(tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps(episode()), "", "   ", json.dumps(episode(id=7, extra={"ignored": True})))
    episodes = load_episodes(path)
    assert [one.id for one in episodes] == ["e1", "7"]
    assert episodes[0].sessions[0].turns[1] == Turn("assistant", "Nice.")
    assert episodes[0].questions[0].answers == ("Miso",)


def test_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "episodes.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(episode()).encode())
    assert load_episodes(path)[0].id == "e1"


def test_numbers_and_single_values_stand_for_texts(tmp_path: Path) -> None:
    question = {"q": "Code?", "answers": [3052, "x"], "kind": "update", "stale": "7719"}
    found = load_episodes(write(tmp_path, json.dumps(episode(questions=[question]))))[0].questions[0]
    assert found.answers == ("3052", "x")
    assert found.stale == ("7719",)


def test_a_choice_has_options(tmp_path: Path) -> None:
    question = {"q": "Dinner?", "answers": ["Tofu."], "kind": "choice", "options": ["Tofu.", "Ham."]}
    found = load_episodes(write(tmp_path, json.dumps(episode(questions=[question]))))[0].questions[0]
    assert found.options == ("Tofu.", "Ham.")
    assert not found.is_recall


def test_limit_stops_before_later_lines(tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps(episode()), "not json at all")
    assert len(load_episodes(path, limit=1)) == 1
    with pytest.raises(EpisodeError, match="line 2"):
        load_episodes(path)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (episode(id=None), '"id"'),
        (episode(id=True), '"id"'),
        (episode(id=""), '"id"'),
        (episode(sessions=None), '"sessions" is missing'),
        (episode(sessions={}), '"sessions" is not a list'),
        (episode(sessions=[[]]), "sessions[0] is not an object"),
        (episode(sessions=[{"turns": [{"role": "user"}]}]), '"content" is missing'),
        (episode(sessions=[{"turns": [turn("user", " ")]}]), '"content" is empty'),
        (episode(sessions=[{"turns": [turn("human", "x")]}]), '"role" is "human"'),
        (episode(sessions=[{"turns": [turn("user", "x"), {"role": "user", "content": 3}]}]), "turns[1]"),
        (episode(questions=[]), '"questions" is empty'),
        (episode(questions=[{"answers": ["x"], "kind": "fact"}]), '"q" is missing'),
        (episode(questions=[{"q": "?", "answers": ["x"], "kind": "facts"}]), '"kind" is "facts"'),
        (episode(questions=[{"q": "?", "answers": [], "kind": "fact"}]), '"answers" holds nothing'),
        (episode(questions=[{"q": "?", "answers": ["..."], "kind": "control"}]), '"answers" holds nothing'),
        (episode(questions=[{"q": "?", "answers": [["x"]], "kind": "fact"}]), "list of texts"),
        (episode(questions=[{"q": "?", "answers": ["x"], "kind": "choice"}]), '"options" must be two'),
        (episode(questions=[{"q": "?", "answers": ["x"], "kind": "choice", "options": ["x", "x"]}]), '"options" must'),
        (episode(questions=[{"q": "?", "answers": ["x"], "kind": "choice", "options": ["x", " "]}]), '"options" must'),
        (episode(questions=[{"q": "?", "answers": ["z"], "kind": "choice", "options": ["x", "y"]}]), '"answers" must'),
        (
            episode(questions=[{"q": "?", "answers": ["x", "y"], "kind": "choice", "options": ["x", "y"]}]),
            '"answers" must',
        ),
        (episode(questions=[{"q": "?", "answers": ["x"], "kind": "update", "stale": {}}]), "list of texts"),
    ],
)
def test_says_what_is_wrong_and_where(tmp_path: Path, record: dict[str, Any], said: str) -> None:
    path = write(tmp_path, json.dumps(episode(id="first")), "", json.dumps(record))
    with pytest.raises(EpisodeError) as caught:
        load_episodes(path)
    assert "line 3" in caught.value.message
    assert said in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("line", ["{", "[]", '"text"', "NaN", "nonsense"])
def test_lines_that_are_no_objects(tmp_path: Path, line: str) -> None:
    with pytest.raises(EpisodeError, match="line 1"):
        load_episodes(write(tmp_path, line))


def test_same_id_twice(tmp_path: Path) -> None:
    with pytest.raises(EpisodeError, match=r"line 2.*stands on line 1"):
        load_episodes(write(tmp_path, json.dumps(episode()), json.dumps(episode())))


def test_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "episodes.jsonl"
    path.write_bytes(json.dumps(episode()).encode() + b"\n\xff\xfe\n")
    with pytest.raises(EpisodeError, match=r"line 2.*UTF-8"):
        load_episodes(path)


def test_missing_and_empty_files(tmp_path: Path) -> None:
    with pytest.raises(EpisodeError, match="cannot be read"):
        load_episodes(tmp_path / "nowhere.jsonl")
    with pytest.raises(EpisodeError, match="no episode"):
        load_episodes(write(tmp_path, ""))


def test_exchanges_pair_user_and_reply() -> None:
    session = Session(
        (
            Turn("assistant", "Hello, I greet first."),
            Turn("user", "a"),
            Turn("user", "b"),
            Turn("assistant", "one"),
            Turn("assistant", "two"),
            Turn("user", "c"),
        )
    )
    assert session.exchanges() == [Exchange("a", None), Exchange("b", "one\ntwo"), Exchange("c", None)]


@pytest.mark.parametrize("path", sorted(DATA.glob("*.jsonl")), ids=lambda path: path.name)
def test_every_shipped_episode_file_is_valid(path: Path) -> None:
    assert load_episodes(path)


def test_control_questions_are_enough() -> None:
    (found,) = load_episodes(DATA / "control.jsonl")
    assert len(found.questions) >= 60
    assert {question.kind for question in found.questions} == {"control"}
    assert len({question.q for question in found.questions}) == len(found.questions)


def test_control_questions_were_not_trained_on() -> None:
    (found,) = load_episodes(DATA / "control.jsonl")
    trivia = DATA.parents[1] / "engine" / "training" / "data" / "trivia.jsonl"
    trained = {normalise(json.loads(line)["q"]) for line in trivia.read_text("utf-8").splitlines()}
    assert trained
    assert not trained & {normalise(question.q) for question in found.questions}
