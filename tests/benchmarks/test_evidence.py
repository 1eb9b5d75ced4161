"""The converters' rules, on small corpora of the real ones' shapes; the switches; the table; the transcripts.

Whatever a rule lets through becomes a published figure: what it must not let through is tried as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.bit_ttt import Memory, memory
from engine.bit_ttt.slow_weights import SlowWeights
from engine.cli.evaluation.episodes import Episode, Question, Session, Turn, load_episodes
from engine.models.locate import find_memory_weights
from engine.training.values import split_of
from tests.benchmarks.evidence import __main__ as command
from tests.benchmarks.evidence.ablation import ARMS, ablation_text, chosen_questions
from tests.benchmarks.evidence.figures import HEAD, lines
from tests.benchmarks.evidence.making import Draft, alternating, in_sessions, sample, wordings
from tests.benchmarks.evidence.sets import babi, msc, own, personabench, prefeval, realtalk
from tests.benchmarks.evidence.switches import SWITCHES
from tests.benchmarks.evidence.transcripts import outcome, page


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


# ---------------------------------------------------------------------------------------------- making


def test_a_sample_is_spread_over_episodes_and_the_same_for_a_seed() -> None:
    drafts = [Draft(str(n), [], [{"q": f"{n}-{i}"} for i in range(n)]) for n in range(6)]
    taken = sample(drafts, 3, 6, seed=1)
    assert len(taken) == 3
    sizes = [len(record["questions"]) for record in taken]
    assert sum(sizes) == 6 or sizes == [len(drafts[int(record["id"])].questions) for record in taken]
    assert "0" not in [record["id"] for record in sample(drafts, 6, 99, seed=2)], "nothing to ask, so nothing to tell"
    assert sample(drafts, 3, 6, seed=1) == taken
    assert any(sample(drafts, 3, 6, seed=seed) != taken for seed in range(2, 6))


def test_neighbours_of_one_speaker_are_one_turn_and_every_turn_has_a_reply() -> None:
    messages = [("assistant", "Hi"), ("user", "a"), ("user", "b  c"), ("assistant", "d"), ("user", " "), ("user", "e")]
    assert alternating(messages) == [("user", "a\nb c"), ("assistant", "d"), ("user", "e"), ("assistant", "I see.")]
    assert in_sessions([("a", "b"), ("c", "d"), ("e", "f")], 2)[1] == [("user", "e"), ("assistant", "f")]


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("the drums", ["the drums", "drums"]),
        ("three", ["three", "3"]),
        ("12", ["12"]),
        ("2", ["2", "two"]),
        ("Theodora", ["Theodora"]),
    ],
)
def test_what_counts_as_the_same_answer(value: str, accepted: list[str]) -> None:
    assert wordings(value) == accepted


# ---------------------------------------------------------------------------------------------- sets


@pytest.mark.parametrize(
    ("sentence", "asked"),
    [
        ("I live in New York.", ("Where do I live?", "New York")),
        ("My favorite food is chili.", ("What is my favorite food?", "chili")),
        ("I have a parrot named Tasha.", ("What is the name of my parrot?", "Tasha")),
        ("I have two dogs.", ("How many dogs do I have?", "two")),
        ("My dad is a farmer.", ("What does my dad do?", "farmer")),
        ("My dad is a vegan.", None),
        ("I live in the country.", None),
        ("My favorite food is pizza and pasta.", None),
        ("I like dogs.", None),
        ("I have a dog named Rex and a cat.", None),
    ],
)
def test_msc_asks_for_what_a_sentence_says(sentence: str, asked: tuple[str, str] | None) -> None:
    assert msc.question_of(sentence) == asked


def test_msc_keeps_what_was_said_and_is_not_contradicted(tmp_path: Path) -> None:
    def turn(who: str, text: str, persona: str = "") -> dict[str, str]:
        return {"id": who, "text": text, "persona_text": persona, "convai2_id": "test_1"}

    first = [
        turn("bot_0", "Hi, I'm in Florida and have two dogs.", "I live in Florida. I have two dogs."),
        turn("bot_1", "Nice.", "I have two dogs."),
        turn("bot_0", "My mom nurses people.", "My mom is a nurse."),
    ]
    later = [turn("bot_0", "Oregon is home now. I drive a Jeep!", "I live in Oregon. I drive a Jeep.")]
    for session, turns in enumerate((first, later, later, later), start=1):
        path = tmp_path / "msc" / "msc_personasummary" / f"session_{session}" / "test.txt"
        write(path, json.dumps({"dialog": turns}) + "\n")
    (draft,) = msc.msc(tmp_path, 1)
    asked = {question["q"]: question["answers"] for question in draft.questions}
    # Two places to live contradict each other, and "nurse" is the annotator's word, not the user's.
    assert asked == {"How many dogs do I have?": ["two", "2"], "What do I drive?": ["Jeep"]}
    assert [len(turns) for turns in draft.sessions] == [4, 2, 2, 2]


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("What did Kevin buy with his sister?", "What did I buy with my sister?"),
        ("How long did Kevin rest when he had the flu?", "How long did I rest when I had the flu?"),
        ("Where is Kevin planning to go?", "Where am I planning to go?"),
        ("What is Kevin's sport?", "What is my sport?"),
        ("What did Kevin and Paola cook?", "What did Kevin and Paola cook?"),
        ("Why was Kevin sad after Kevin left?", "Why was Kevin sad after Kevin left?"),
        ("Where does Paola work?", "Where does Paola work?"),
    ],
)
def test_realtalk_asks_in_the_first_person_where_the_rule_can(question: str, asked: str) -> None:
    assert realtalk.first_person(question, ("Kevin",)) == asked


def test_realtalk_keeps_what_one_person_said_to_the_letter(tmp_path: Path) -> None:
    def message(place: str, who: str, text: str) -> dict[str, str]:
        return {"dia_id": place, "speaker": who, "clean_text": text}

    chat = {
        "session_1": [message("D1:1", "Ann", "Hello"), message("D1:2", "Kevin", "I made macarons.")],
        "session_2": [message("D2:1", "Kevin", "Off to Athens today"), message("D2:2", "Ann", "I love Athens")],
        "session_1_date_time": "1.1.2024",
        "qa": [
            {"question": "What did Kevin make?", "answer": "Macarons.", "evidence": ["D1:2"], "category": 1},
            {"question": "When did Kevin go?", "answer": "2 January 2024", "evidence": ["D2:1"], "category": 2},
            {"question": "Where do both go?", "answer": "Athens", "evidence": ["D2:1", "D2:2"], "category": 1},
            {"question": "Is Kevin off?", "answer": "yes", "evidence": ["D2:1"], "category": 3},
            {"question": "Where is Kevin off to?", "answer": "Athens", "evidence": ["D9:9"], "category": 1},
        ],
    }
    write(tmp_path / "realtalk" / "Chat_1_Kevin_Ann.json", chat)
    kevin = next(draft for draft in realtalk.realtalk(tmp_path, 1) if draft.name.endswith("Kevin"))
    assert [question["q"] for question in kevin.questions] == ["What did I make?"]
    assert kevin.sessions[1] == [("user", "Off to Athens today"), ("assistant", "I love Athens")]


def test_personabench_keeps_answers_in_the_users_own_words(tmp_path: Path) -> None:
    def talk(segment: str, day: str, *said: tuple[str, str]) -> dict[str, Any]:
        return {
            "segment_id": segment,
            "time": f"2024/Oct/{day}/09:14 AM",
            "conversation": [{"role": role, "content": text} for role, text in said],
        }

    def qa(number: str, question: str, answer: Any, kind: str = "Basic information", old: Any = None) -> Any:
        return {"q_id": number, "question": question, "answer": answer, "type": kind, "outdated_value": old}

    friend = {
        "Conversations": [
            talk("s2", "16", ("Jo", "I gave up matcha, it's green tea now. Swimming too!"), ("Sam", "Fine")),
            talk("s1", "14", ("Sam", "You studied at Harvard?"), ("Jo", "Yes, history.")),
        ]
    }
    ask = "which term can better describe my personality? please choose between A: Rude or B: Kind. Answer with"
    questions = [
        qa("1", "What did I study?", "History"),
        qa("2", "Where did I study?", "Harvard"),
        qa("3", "What are my drinks?", ["green tea", "merlot"], "Preference", ["matcha"]),
        qa("4", f"{ask} the letter.", "B", "Subjective"),
        qa("5", "which term? choose 5 options from A: ...", "A,B", "Subjective"),
        qa("6", "Am I employed? E.g., Employed ...", "Swimming"),
    ]
    sources = {"1": {"x": ["s1"]}, "2": {"x": ["s1"]}, "3": {"x": ["s2"]}, "6": {"x": ["s2"]}}
    for community in personabench.COMMUNITIES:
        root = tmp_path / "personabench" / community
        write(root / "eval_info_all.json", [{"Name": "Jo", "Eval_Info": {"qa": questions}}])
        given = [{"q_id": number, "segment_id": segments} for number, segments in sources.items()]
        write(root / "qa_gt_context_all_noise_0.0.json", given)
        write(root / "noise_0.0" / "conversation_data_all.json", [{"Name": "Jo", "Data": [friend]}])
        write(root / "noise_0.0" / "user_ai_interaction_data_all.json", [{"Name": "Jo", "Data": []}])
    draft = next(iter(personabench.personabench(tmp_path, 1)))
    assert draft.sessions[0] == [("user", "Yes, history."), ("assistant", "I see.")], "in order of time"
    assert draft.questions == [
        {"q": "What did I study?", "answers": ["History"], "kind": "fact"},
        {"q": "What are my drinks?", "answers": ["green tea"], "kind": "update", "stale": ["matcha"]},
        {
            "q": "Which word describes my personality?",
            "answers": ["Kind"],
            "kind": "choice",
            "options": ["Rude", "Kind"],
        },
        {"q": "Am I employed?", "answers": ["Swimming"], "kind": "fact"},
    ]


def preference(name: str) -> dict[str, Any]:
    return {
        "preference": f"I avoid {name}.",
        "question": f"What about {name}?",
        "classification_task_options": [f"No {name}.", "b", "c", "d"],
        "conversation": {
            "query": "Lunch?",
            "assistant_options": "1. a 2. b",
            "user_selection": "a, please.",
            "assistant_acknowledgment": "Right.",
        },
    }


def test_prefeval_is_one_preference_a_topic_and_the_right_reply_has_no_place(tmp_path: Path) -> None:
    folder = tmp_path / "prefeval" / "mcq_options"
    for topic in ("food", "games"):
        write(folder / f"{topic}.json", [preference(f"{topic}{n}") for n in range(20)])
    write(folder / "games copy.json", [preference("nothing")])
    drafts = list(prefeval.prefeval(tmp_path, 1))
    assert [len(draft.questions) for draft in drafts[:20]] == [2] * 20
    assert {draft.questions[0]["kind"] for draft in drafts[:20]} == {"choice"}
    for draft in drafts[:20]:
        told = [turns[0][1] for turns in draft.sessions]
        assert {text.split()[2][:4] for text in told} == {"food", "game"}
        for question in draft.questions:
            topic = question["q"].split()[-1].rstrip("?")
            assert f"I avoid {topic}." in told
            assert question["answers"] == [f"No {topic}."]
    places = [
        question["options"].index(question["answers"][0]) for draft in drafts[:20] for question in draft.questions
    ]
    assert len(set(places)) == 4
    implicit = tmp_path / "prefeval" / "implicit_preference" / "choice-based"
    write(implicit / "food.json", [preference(f"food{n}") for n in range(20)])
    shown = next(iter(prefeval.prefeval_implicit(tmp_path, 1)))
    assert [role for role, _ in shown.sessions[0]] == ["user", "assistant", "user", "assistant"]
    assert "I avoid" not in json.dumps(shown.sessions), "it shows in the choice alone"
    assert shown.questions[0]["answers"][0].startswith("No food")


STORY = """\
1 Mary is in the school.
2 Bill went to the kitchen.
3 Is Bill in the bedroom? \tno\t2
4 Mary went to the garden.
5 Where is Mary? \tgarden\t4
1 Fred took the milk.
2 Fred went to the office.
3 Where is the milk? \toffice\t1 2
1 Fred took the milk.
2 How many objects is Fred carrying? \tone\t1
"""


def test_babi_asks_the_last_question_of_a_story(tmp_path: Path) -> None:
    write(tmp_path / "babi" / "all_shuffled_test.txt", STORY)
    (one,) = babi.babi_1(tmp_path, 1)
    assert one.questions == [{"q": "Where is Mary?", "answers": ["garden"], "kind": "update", "stale": ["school"]}]
    assert [text for role, text in one.sessions[0] if role == "user"][-1] == "Mary went to the garden."
    assert len(one.sessions[0]) == 6, "three statements, no question among them"
    (two,) = babi.babi_2(tmp_path, 1)
    assert two.questions[0]["answers"] == ["office"]


def test_own_kinds_are_of_the_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = [f"It is a fine day, number {n}." for n in range(500)]
    monkeypatch.setattr(own, "filler_turns", lambda corpora, count, seed: chat[:count])
    (tmp_path / "authored").mkdir()
    (draft,) = own.authored(tmp_path, 1)
    facts = [question for question in draft.questions if question["kind"] == "fact"]
    tellings = [text for turns in draft.sessions for role, text in turns if role == "user"]
    assert len(tellings) == own.CHAT + len(facts)
    assert all(any(question["answers"][0] in text for text in tellings) for question in facts)
    assert len(draft.questions) - len(facts) == len(facts) // 4
    (scenes,) = own.scenes(tmp_path, 1)
    told = " ".join(text for turns in scenes.sessions for role, text in turns if role == "user")
    assert "{" not in told
    assert all(told.count(question["answers"][0]) for question in scenes.questions)
    assert split_of("anything~a") == split_of("anything~b"), "a scene is of one split"


def test_the_command_writes_what_evaluate_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "babi" / "all_shuffled_test.txt", STORY)
    out = tmp_path / "out" / "babi.jsonl"
    assert command.main(["make", "babi-1", "--corpora", str(tmp_path), "--out", str(out)]) == 0
    assert "1 questions in 1 episodes can be asked" in capsys.readouterr().out
    assert load_episodes(out)[0].questions[0].kind == "update"
    assert command.main(["make", "msc", "--corpora", str(tmp_path), "--out", str(out)]) == 1
    assert "unpack" in capsys.readouterr().err
    assert command.main(["figures", "--corpora", str(tmp_path), "--work", str(tmp_path), "--sets", "msx"]) == 1
    assert "no set msx" in capsys.readouterr().err


def test_answers_to_other_questions_are_not_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "babi" / "all_shuffled_test.txt", STORY)
    episodes, out = tmp_path / "babi.jsonl", tmp_path / "ablation.jsonl"
    assert command.main(["make", "babi-1", "--corpora", str(tmp_path), "--out", str(episodes)]) == 0
    write(out, json.dumps(answer("shipped", 0, True, q="Where is the milk?")) + "\n")
    assert command.main(["ablate", str(episodes), "--out", str(out)]) == 1
    assert "other questions" in capsys.readouterr().err
    assert command.main(["ablate", str(episodes), "--out", str(out), "--arms", "shipped,magic"]) == 1
    assert "no arm magic" in capsys.readouterr().err


# ---------------------------------------------------------------------------------------------- ablation


@pytest.fixture
def thrown(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], SlowWeights]:
    """Throws a switch and loads the shipped weights under it; afterwards everything is as it was."""
    monkeypatch.setattr(memory, "CAUTION", memory.CAUTION)
    for name in ("__init__", "_gate", "_probe", "_words", "recall"):
        monkeypatch.setattr(Memory, name, getattr(Memory, name))
    monkeypatch.setattr(SlowWeights, "load", SlowWeights.__dict__["load"])
    monkeypatch.setattr(SlowWeights, "succession", SlowWeights.succession)

    def throw(name: str) -> SlowWeights:
        SWITCHES[name].throw()
        # Those of the ternary model: in the others nearness is off anyway.
        return SlowWeights.load(find_memory_weights().with_name("bit-ttt-smollm2-135m.safetensors"))

    return throw


def test_every_switch_changes_something_and_the_weights_keep_their_name(thrown: Callable[[str], SlowWeights]) -> None:
    shipped = thrown("shipped")
    assert shipped.nearness.any()
    bare = thrown("no-nearness")
    assert not bare.nearness.any()
    assert bare.digest == shipped.digest, "or the profile would not open"
    mixed = thrown("scrambled-reader")
    assert not np.array_equal(mixed.r["query"].weight, shipped.r["query"].weight)
    assert np.array_equal(np.sort(mixed.r["query"].weight, axis=0), np.sort(shipped.r["query"].weight, axis=0))


def test_switches_of_the_gate(thrown: Callable[[str], SlowWeights]) -> None:
    opinion = np.array([0.0, 1.0, 5.0], dtype=np.float32)
    pieces = [bytes([place]) for place in range(256)]
    gated = Memory.born(thrown("no-phrases"), pieces)._gate(opinion, np.zeros(1, dtype=np.float32))
    assert gated[2] == 0
    assert gated.sum() == pytest.approx(1)
    thrown("constant-gate")
    constant = Memory.born(thrown("no-evidence"), pieces)
    assert constant._gate(opinion, np.zeros(1, dtype=np.float32)).tolist() == [0.5, 0.5, 0.0]
    assert float(memory.CAUTION) == 0
    assert not constant.slow.gate_evidence.any()


def test_a_raw_address_has_neither_probes_nor_weights(thrown: Callable[[str], SlowWeights]) -> None:
    raw = Memory.born(thrown("lexical-only"), [bytes([place]) for place in range(256)])
    assert raw._semantic_weight == 0
    assert raw._probe(None, [np.zeros(1, dtype=np.intp)] * 3).tolist() == [0, 0, 0]  # type: ignore[arg-type]


def answer(arm: str, index: int, right: bool, kind: str = "fact", **more: Any) -> dict[str, Any]:
    row = {"episode": "e", "index": index, "q": "?", "kind": kind, "arm": arm, "output": "", "right": right}
    return {**row, "stale": False, "answers": [], **more}


def test_the_table_compares_with_what_ships() -> None:
    rows = [answer("shipped", n, n < 8) for n in range(10)] + [answer("no-nearness", n, n < 6) for n in range(10)]
    rows += [answer("shipped", 10, True, "control"), answer("no-nearness", 10, False, "control")]
    rows[0] |= {"output": "It is Miso.", "answers": ["Miso"]}
    rows[10] |= {"output": "The cat that I told you of in spring is Miso.", "answers": ["Miso"]}
    shipped, bare = ablation_text(rows).splitlines()[2:]
    assert [line.split(" | ")[-4] for line in (shipped, bare)] == ["1", "0"], "said late is not said shortly"
    assert "8 of 10" in shipped
    assert "-20 (" in bare
    assert bare.endswith("| 0 of 1 |")
    assert set(ARMS) > set(SWITCHES)


def test_questions_of_every_sort_are_drawn_by_seed() -> None:
    questions = [Question(str(n), ("a",), "fact") for n in range(9)] + [Question("x", (), "abstain")]
    episode = Episode("e", (), tuple(questions))
    chosen = chosen_questions(episode, 4, 2, 3, seed=1)
    assert [question.kind for question in chosen] == ["fact"] * 4 + ["abstain"] + ["control"] * 3
    assert chosen == chosen_questions(episode, 4, 2, 3, seed=1)
    assert chosen != chosen_questions(episode, 4, 2, 3, seed=2)


def test_the_table_of_sets_has_a_line_for_recall_and_one_for_choices(tmp_path: Path) -> None:
    rows = [answer("memory", n, n < 3) for n in range(4)] + [answer("context", n, n < 1) for n in range(4)]
    rows += [answer("none", n, False) for n in range(4)] + [answer("memory", 9, True, "abstain")]
    rows += [answer(arm, n, arm == "memory", "choice") for arm in ("memory", "none") for n in (5, 6)]
    path = tmp_path / "msc.results.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    recall, choice = (dict(zip(HEAD, line, strict=True)) for line in lines("msc", path))
    assert (recall["set"], recall["questions"], recall["memory"], recall["context"]) == ("msc", "4", "0.75", "0.25")
    assert recall["memory / context"].startswith("3.00 (")
    assert recall["points above none"].startswith("+75 (")
    assert recall["never told"] == "1 of 1 left alone"
    assert (choice["set"], choice["questions"], choice["memory"], choice["none"]) == (
        "msc, choice",
        "2",
        "1.00",
        "0.00",
    )


def test_finished_figures_are_tabulated_without_an_engine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "babi" / "all_shuffled_test.txt", STORY)
    arguments = ["figures", "--corpora", str(tmp_path), "--work", str(tmp_path), "--sets", "babi-1", "--arms", "none"]
    done = {**answer("none", 0, True, "update"), "episode": "babi-1-0"}
    write(tmp_path / "babi-1.results.jsonl", json.dumps(done) + "\n")
    assert command.main(arguments) == 0
    assert "| babi-1 | 1 | 1 | 1.00 |" in capsys.readouterr().out


# ---------------------------------------------------------------------------------------------- transcripts


def test_the_page_shows_the_first_of_each_outcome() -> None:
    session = Session((Turn("user", "My cat is Miso."), Turn("user", "I take the 6:42 train."), Turn("user", "Hm.")))
    cat, train = Question("My cat?", ("Miso",), "fact"), Question("Which train?", ("6:42",), "fact")
    episode = Episode("e", (session,), (cat, train, Question("My dog?", (), "abstain")))
    rows = [
        answer("memory", 0, True, q="My cat?", output="Miso!", answers=["Miso"]),
        answer("memory", 1, False, q="Which train?", output="It's Miso.", answers=["6:42"]),
        answer("memory", 2, False, q="Which train?", output="I don't know.", answers=["6:42"]),
        answer("memory", 3, False, q="Which train?", output="The red one.", answers=["6:42"]),
        answer("memory", 4, True, "abstain", q="My dog?", output="You haven't told me."),
        answer("memory", 5, True, q="My cat?", output="It is Miso.", answers=["Miso"]),
        answer("memory", 6, True, "choice", output="x"),
    ]
    told = ["Miso", "6:42"]
    assert [outcome(row, told) for row in rows[:5]] == ["right", "other", "declined", "wrong", "left alone"]
    text = page(rows, {"e": episode}, 1)
    assert "## Recalled (2, the first 1)" in text
    assert "told (3 turns before the end): My cat is Miso." in text
    assert "answered: Miso!" in text
    assert "It is Miso." not in text
    assert "wanted: 6:42" in text
