"""The engine dies at every awkward moment: it is said, it is started again, and nothing that was said is lost."""

from __future__ import annotations

import psutil
import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.chat.transcript import ItemState
from app.engine_process import Condition
from app.main_window import MainWindow
from tests.app.acting import items, say, texts, type_and_send
from tests.app.conftest import MakeWindow


def settle(qtbot: QtBot, window: MainWindow, deaths: list[str]) -> None:
    """Wait until the engine died, is up again, and what was open has been looked up."""
    qtbot.waitUntil(lambda: len(deaths) > 0, timeout=10_000)
    qtbot.waitUntil(lambda: window.partner.engine.condition is Condition.READY, timeout=20_000)
    qtbot.waitUntil(lambda: not window.partner.exchange.running, timeout=10_000)
    qtbot.waitUntil(lambda: window.partner.engine.unanswered == 0, timeout=10_000)
    qtbot.wait(20)


def deaths_of(window: MainWindow) -> list[str]:
    deaths: list[str] = []
    window.partner.engine.gone.connect(deaths.append)
    return deaths


def said(window: MainWindow) -> list[str]:
    return [text for role, text in texts(window) if role == "user"]


def test_the_state_line_says_so(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    lines: list[str] = []
    window.partner.engine.condition_changed.connect(lambda _: lines.append(window.status.text.text()))
    psutil.Process(window.partner.engine.pid).kill()
    qtbot.waitUntil(lambda: bool(lines) and window.status.text.text() == "Ready", timeout=20_000)
    assert "stopped unexpectedly" in lines[0]
    assert "starting again" in lines[1]


def test_death_while_replying_keeps_what_was_seen_and_offers_another_reply(
    qtbot: QtBot, make_window: MakeWindow
) -> None:
    window = make_window()
    deaths = deaths_of(window)
    say(qtbot, window, "Before.")
    type_and_send(qtbot, window, "/die")
    settle(qtbot, window, deaths)
    assert said(window) == ["Before.", "/die"]
    reply = items(window)[-1]
    assert reply.state is ItemState.INTERRUPTED
    assert reply.text.startswith("I will **remember**")
    bubble = window.chat.bubbles()[-1]
    assert bubble.more_button.isVisible()
    window.messages.again.trigger()
    qtbot.waitUntil(lambda: not window.partner.exchange.running)
    assert said(window) == ["Before.", "/die"]  # not said a second time
    assert items(window)[-1].text == "Another reply (2)."
    assert items(window)[-1].versions == [reply.message, items(window)[-1].message]


def test_death_after_a_partial_save_shows_the_longer_of_both(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    deaths = deaths_of(window)
    type_and_send(qtbot, window, "/die-saved")
    settle(qtbot, window, deaths)
    assert said(window) == ["/die-saved"]
    assert len(items(window)) == 2
    assert items(window)[1].text == "I will **remember** that "
    assert items(window)[1].state is ItemState.INTERRUPTED


@pytest.mark.parametrize("first", [True, False])
def test_a_text_that_never_reached_the_disk_comes_back_into_the_input_box(
    qtbot: QtBot, make_window: MakeWindow, first: bool
) -> None:
    window = make_window()
    deaths = deaths_of(window)
    if not first:
        say(qtbot, window, "Before.")
    type_and_send(qtbot, window, "/die-unsaved precious words")
    settle(qtbot, window, deaths)
    assert window.composer.text == "/die-unsaved precious words"
    assert said(window) == ([] if first else ["Before."])


@pytest.mark.parametrize("first", [True, False])
def test_a_text_that_reached_the_disk_unnoticed_is_found_there_and_not_doubled(
    qtbot: QtBot, make_window: MakeWindow, first: bool
) -> None:
    window = make_window()
    deaths = deaths_of(window)
    if not first:
        say(qtbot, window, "Before.")
    type_and_send(qtbot, window, "/die-unsaid")
    settle(qtbot, window, deaths)
    assert window.composer.text == ""
    assert said(window)[-1] == "/die-unsaid"
    assert len(said(window)) == (1 if first else 2)
    assert items(window)[-1].state is ItemState.INTERRUPTED
    assert window.chat.bubbles()[-1].question == "/die-unsaid"


def test_what_is_typed_during_the_accident_stays(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    deaths = deaths_of(window)
    type_and_send(qtbot, window, "/die-unsaved one")
    QTest.keyClicks(window.composer.edit, "two")
    settle(qtbot, window, deaths)
    assert window.composer.text == "/die-unsaved one\n\ntwo"


def test_the_conversation_goes_on_after_a_restart(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    deaths = deaths_of(window)
    say(qtbot, window, "Before.")
    conversation = window.partner.exchange.current.conversation
    psutil.Process(window.partner.engine.pid).kill()
    settle(qtbot, window, deaths)
    say(qtbot, window, "After.")
    assert window.partner.exchange.current.conversation == conversation
    assert said(window) == ["Before.", "After."]


def test_giving_up_returns_the_text_and_offers_a_button(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window("--die-at-start", wait=False)
    type_and_send(qtbot, window, "Anyone?")
    qtbot.waitUntil(lambda: window.partner.engine.condition is Condition.GIVEN_UP, timeout=30_000)
    assert window.composer.text == "Anyone?"
    assert window.status.text.text() == "The engine keeps stopping."
    assert window.status.button.isVisible()
    window.status.button.click()
    assert window.partner.engine.condition is Condition.STARTING


def test_a_missing_model_is_explained(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window("--no-model", wait=False)
    qtbot.waitUntil(lambda: bool(window.notices.notices()), timeout=20_000)
    notice = window.notices.notices()[0]
    assert (notice.message, notice.hint) == ("The language model was not found.", "Run ./techo once to set it up.")
    assert window.status.button.isVisible()


def test_closing_keeps_an_unsent_text_for_the_next_start(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    QTest.keyClicks(window.composer.edit, "half a thou")
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.close()
    again = make_window(profile=None)
    assert again.composer.text == "half a thou"


@pytest.mark.parametrize("option", ["--slow-start=1", "--no-model", "--die-at-start"])
def test_closing_before_a_profile_is_open_keeps_what_was_said_for_the_first_one(
    qtbot: QtBot, make_window: MakeWindow, option: str
) -> None:
    window = make_window(option, wait=False)
    ended = (Condition.STARTING if "slow" in option else Condition.REFUSED, Condition.GIVEN_UP)
    qtbot.waitUntil(lambda: window.partner.engine.condition in ended, timeout=30_000)
    type_and_send(qtbot, window, "precious words")
    for _ in range(2):  # Also over a second start that comes no further.
        with qtbot.waitSignal(window.closed, timeout=10_000):
            window.close()
        window = make_window("--no-model", wait=False)
        assert window.composer.text == "precious words"
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.close()
    window = make_window()
    assert window.composer.text == "precious words"
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.close()
    other = make_window(profile="Work")
    assert other.composer.text == ""


def test_closing_in_the_middle_of_a_reply_keeps_both_sides(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    type_and_send(qtbot, window, "/long 0.02")
    qtbot.waitUntil(lambda: len(items(window)) == 2 and bool(items(window)[1].text))
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.close()
    assert not window.isVisible()
    again = make_window(profile=None)
    assert again.composer.text == ""
    qtbot.waitUntil(lambda: len(again.sidebar.list.titled()) == 1)
    again.sidebar.list.itemClicked.emit(again.sidebar.list.titled()[0])
    qtbot.waitUntil(lambda: len(items(again)) == 2)
    assert items(again)[1].state is ItemState.STOPPED
    assert items(again)[1].text.startswith("word")


def test_a_reply_stopped_before_its_first_word_is_not_called_interrupted_later(
    qtbot: QtBot, make_window: MakeWindow
) -> None:
    window = make_window()
    type_and_send(qtbot, window, "/ponder")
    qtbot.waitUntil(lambda: len(items(window)) == 2)
    window.composer.button.click()
    qtbot.waitUntil(lambda: not window.partner.exchange.running)
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.close()
    again = make_window(profile=None)
    qtbot.waitUntil(lambda: len(again.sidebar.list.titled()) == 1)
    again.sidebar.list.itemClicked.emit(again.sidebar.list.titled()[0])
    qtbot.waitUntil(lambda: len(items(again)) == 2)
    assert items(again)[1].state is ItemState.STOPPED
    assert not again.chat.bubbles()[1].again_button.isVisible()
