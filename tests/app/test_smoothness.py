"""The window does not keep a person waiting: a short session of `tests/benchmarks/window.py`, in ratios.

Tests share their machine, so no absolute time is asserted: the longest turns of the event loop are compared with a
fixed piece of work that is done in the same minute on the same machine. The benchmark has the absolute figures.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QTextDocument
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app import palettes
from app.chat.markdown import to_html
from app.main_window import MainWindow
from app.warming import warm_up
from tests.app.acting import items
from tests.app.conftest import MakeWindow
from tests.benchmarks.watchdog import Watchdog, quantile, waited
from tests.benchmarks.window_data import ANSWERED, write_profile
from tests.benchmarks.window_session import Act, frames_of_scrolling, round_of

pytestmark = pytest.mark.alone

WORD = "lighthouse"
MESSAGES = 3_000


def unit() -> float:
    """Own seconds of a fixed piece of work as the window does it: some 2.5 ms on a quiet machine."""
    found = []
    for _ in range(9):
        begun = (time.perf_counter(), waited())
        document = QTextDocument()
        document.setHtml(to_html("\n\n".join(ANSWERED * 2), palettes.LIGHT))
        document.setTextWidth(600)
        document.size()
        found.append((time.perf_counter() - begun[0]) - (waited() - begun[1]))
    return quantile(found, 0.5)


@pytest.fixture
def window(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> tuple[MainWindow, int]:
    number = write_profile(tmp_path / "data", "Mika", MESSAGES, word=WORD)
    made = make_window()
    made.partner.exchange.show_conversation(number)
    qtbot.waitUntil(lambda: len(items(made)) == MESSAGES, timeout=20_000)
    warm_up(made)  # As the start of the window does.
    qtbot.wait(1_000)
    return made, number


def test_the_watchdog_sees_a_stall_and_who_is_to_blame(qtbot: QtBot) -> None:
    watchdog = Watchdog()
    watchdog.start()
    QTest.qWait(60)
    watchdog.doing = "sleeping"
    QTimer.singleShot(0, lambda: time.sleep(0.2))
    QTest.qWait(300)
    watchdog.stop()
    seconds, doing = watchdog.stalls(0.15)[0]
    assert doing == "sleeping"
    assert 0.15 < seconds < 2


def test_frames_of_a_long_chat(window: tuple[MainWindow, int]) -> None:
    chat = window[0].chat
    before = unit()
    frames = frames_of_scrolling(window[0], 120, 300)
    work = (before + unit()) / 2
    assert chat.bubbles()[-1].item is not items(window[0])[-1]  # It did scroll, and far.
    assert len(chat.bubbles()) < 80
    # A frame lasts 16.7 ms, the work above 2.5: a frame that costs more than ten times the work would be missed.
    assert quantile(frames, 0.95) < 10 * work


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_session_without_stalls(window: tuple[MainWindow, int]) -> None:
    main, number = window
    watchdog = Watchdog()
    before = unit()
    Act(round_of(main, "Mika", number, WORD, "/long 0.004"), watchdog).run()
    work = (before + unit()) / 2
    assert len(watchdog.turns) > 500
    # 50 ms are twenty times the work. One turn in a thousand may be the machine's.
    stalls = watchdog.stalls(max(0.050, 20 * work))
    assert len(stalls) <= len(watchdog.turns) / 1000 + 1, stalls[:10]
