"""The engine as a child: every way it can fail to start, die, babble or hang, and what the client makes of it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from app.engine_process import Condition, EngineProcess, engine_command
from engine.protocol import ErrorBody, MemoryStats, Notice, Ok, ProfileList, TurnDone, TurnSend
from tests.app.acting import unexpected
from tests.app.conftest import QUICK, MakeEngine


def follow(engine: EngineProcess) -> list[Condition]:
    seen: list[Condition] = []
    engine.condition_changed.connect(seen.append)
    return seen


def start(qtbot: QtBot, engine: EngineProcess) -> None:
    with qtbot.waitSignal(engine.initialized, timeout=20_000):
        engine.start()


def test_it_starts_in_the_folder_it_is_told_without_the_current_one_in_the_path(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "engine", "--data-dir", str(tmp_path)]
    assert engine_command(tmp_path) == command


def test_states_from_start_to_end(qtbot: QtBot, make_engine: MakeEngine, tmp_path: Path) -> None:
    engine = make_engine()
    seen = follow(engine)
    start(qtbot, engine)
    answers: list[MemoryStats] = []
    engine.request("memory.stats", None, MemoryStats, answers.append, unexpected)
    qtbot.waitUntil(lambda: bool(answers) and engine.condition is Condition.READY)
    with qtbot.waitSignal(engine.stopped, timeout=10_000):
        engine.shut_down()
    assert seen == [
        Condition.STARTING,
        Condition.READY,
        Condition.BUSY,
        Condition.READY,
        Condition.STOPPING,
        Condition.STOPPED,
    ]
    assert json.loads((tmp_path / "engine/scripted.json").read_text())["closed_politely"]


def test_answers_find_their_questions(qtbot: QtBot, make_engine: MakeEngine) -> None:
    engine = make_engine()
    start(qtbot, engine)
    got: list[object] = []
    engine.request("profile.list", None, ProfileList, got.append, got.append)
    engine.request("memory.stats", None, MemoryStats, got.append, got.append)
    engine.request("turn.send", TurnSend(text="/fail"), TurnDone, got.append, got.append)
    assert got == []
    qtbot.waitUntil(lambda: len(got) == 3)
    assert [type(answer) for answer in got] == [ProfileList, MemoryStats, ErrorBody]
    error = got[2]
    assert isinstance(error, ErrorBody)
    assert error.hint == "Start the engine again."


def test_asking_for_the_wrong_type_is_a_bug_and_says_so(make_engine: MakeEngine) -> None:
    with pytest.raises(TypeError, match=r"memory\.stats"):
        make_engine().request("memory.stats", None, Ok, print, print)


def test_requests_to_an_engine_that_is_not_there_fail_but_not_at_once(qtbot: QtBot, make_engine: MakeEngine) -> None:
    engine = make_engine()
    errors: list[ErrorBody] = []
    engine.request("memory.stats", None, MemoryStats, unexpected, errors.append)
    assert errors == []
    qtbot.waitUntil(lambda: len(errors) == 1)
    assert errors[0].code == 1401


def test_a_kill_fails_what_was_asked_and_starts_it_again(qtbot: QtBot, make_engine: MakeEngine) -> None:
    engine = make_engine()
    start(qtbot, engine)
    seen = follow(engine)
    errors: list[ErrorBody] = []
    engine.request("turn.send", TurnSend(text="/long 0.05"), TurnDone, unexpected, errors.append)
    qtbot.waitUntil(lambda: engine.condition is Condition.BUSY)
    ends: list[str] = []
    engine.gone.connect(ends.append)
    with qtbot.waitSignal(engine.initialized, timeout=20_000):
        psutil.Process(engine.pid).kill()
    assert ends == ["it was killed by signal 9"]
    assert [error.code for error in errors] == [1401]
    assert seen[-3:] == [Condition.CRASHED, Condition.RESTARTING, Condition.READY]
    answers: list[MemoryStats] = []
    engine.request("memory.stats", None, MemoryStats, answers.append, unexpected)
    qtbot.waitUntil(lambda: len(answers) == 1)


def test_it_gives_up_after_repeated_deaths_and_begins_anew_when_told(qtbot: QtBot, make_engine: MakeEngine) -> None:
    engine = make_engine("--die-at-start")
    seen = follow(engine)
    engine.start()
    qtbot.waitUntil(lambda: engine.condition is Condition.GIVEN_UP, timeout=30_000)
    assert seen.count(Condition.CRASHED) == len(QUICK) + 1
    assert "cannot go on" in engine.last_words
    seen.clear()
    engine.start_again()
    assert engine.condition is Condition.STARTING
    qtbot.waitUntil(lambda: engine.condition is Condition.GIVEN_UP, timeout=30_000)


def test_a_program_that_is_not_there_counts_as_a_death(qtbot: QtBot, make_engine: MakeEngine) -> None:
    engine = make_engine(command=["/nonexistent/python"])
    engine.start()
    qtbot.waitUntil(lambda: engine.condition is Condition.GIVEN_UP, timeout=10_000)


def test_an_engine_that_cannot_begin_says_why_and_is_not_restarted(qtbot: QtBot, make_engine: MakeEngine) -> None:
    engine = make_engine("--no-model")
    with qtbot.waitSignal(engine.refused, timeout=20_000) as refused:
        engine.start()
    assert refused.args is not None
    assert (refused.args[0].code, engine.condition) == (1101, Condition.REFUSED)
    with qtbot.waitSignal(engine.refused, timeout=10_000):
        engine.start_again()


def test_a_profile_that_cannot_be_opened_leaves_an_engine_without_profile(
    qtbot: QtBot, make_engine: MakeEngine
) -> None:
    engine = make_engine("--in-use", "Mika")
    refusals: list[ErrorBody] = []
    engine.refused.connect(refusals.append)
    with qtbot.waitSignal(engine.initialized, timeout=20_000) as signal:
        engine.start()
    assert signal.args is not None
    assert signal.args[0].profile is None
    assert [error.code for error in refusals] == [1204]
    assert engine.up


def test_babble_on_the_pipe_is_ignored(qtbot: QtBot, make_engine: MakeEngine) -> None:
    engine = make_engine()
    start(qtbot, engine)
    done: list[TurnDone] = []
    engine.request("turn.send", TurnSend(text="/garble"), TurnDone, done.append, unexpected)
    qtbot.waitUntil(lambda: len(done) == 1)
    assert done[0].reply.startswith("I will")


def test_notices_are_passed_on(qtbot: QtBot, make_engine: MakeEngine) -> None:
    engine = make_engine("--notice")
    with qtbot.waitSignal(engine.initialized, timeout=20_000) as answer:
        engine.start()
    assert answer.args is not None
    assert [notice.message for notice in answer.args[0].notices] == ["A damaged snapshot was set aside."]
    heard: list[Notice] = []
    engine.notice.connect(heard.append)
    engine._take(b'{"jsonrpc":"2.0","method":"engine.notice","params":{"message":"The disk is nearly full."}}')
    assert heard == [Notice(message="The disk is nearly full.")]


def test_closing_while_it_starts_ends_it(qtbot: QtBot, make_engine: MakeEngine) -> None:
    engine = make_engine("--slow-start", "0.5")
    engine.start()
    qtbot.waitUntil(lambda: engine.pid > 0)
    with qtbot.waitSignal(engine.stopped, timeout=10_000):
        engine.shut_down()
    assert engine.condition is Condition.STOPPED


def test_closing_stops_a_turn_and_lets_the_engine_commit(qtbot: QtBot, make_engine: MakeEngine, tmp_path: Path) -> None:
    engine = make_engine()
    start(qtbot, engine)
    said: list[object] = []
    engine.said.connect(said.append)
    engine.request("turn.send", TurnSend(text="/long 0.05"), TurnDone, lambda _: None, lambda _: None)
    qtbot.waitUntil(lambda: len(said) > 3)
    with qtbot.waitSignal(engine.stopped, timeout=10_000):
        engine.shut_down()
    data = json.loads((tmp_path / "engine/scripted.json").read_text())
    messages = next(iter(data["profiles"]["Mika"]["conversations"].values()))
    assert data["closed_politely"]
    assert messages[-1]["finish"] == "cancelled"


def test_one_that_will_not_end_is_killed_after_its_grace(qtbot: QtBot, make_engine: MakeEngine) -> None:
    engine = make_engine("--linger", "60", grace=0.3)
    start(qtbot, engine)
    began = time.monotonic()
    with qtbot.waitSignal(engine.stopped, timeout=10_000):
        engine.shut_down()
    assert 0.2 < time.monotonic() - began < 8


def test_closing_an_engine_that_never_ran_still_reports(qtbot: QtBot, make_engine: MakeEngine) -> None:
    engine = make_engine()
    with qtbot.waitSignal(engine.stopped, timeout=2_000):
        engine.shut_down()
