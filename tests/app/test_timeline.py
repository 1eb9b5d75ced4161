"""The life of the memory: a person looks at a moment, sees what would be lost, and goes back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QDate, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from app.life_chart import Bar, bars
from app.main_window import MainWindow
from app.timeline import TimelineDialog
from engine.protocol import Timeline, TimelineDay
from tests.app.acting import dialog, press, say, texts, words_of
from tests.app.conftest import MakeWindow
from tests.app.test_profiles import names, open_profile

TOLD = (
    "My cat is called Miso.",
    "My train leaves at 7:40.",
    "My boat is called Petrel.",
    "My sister is called Wren.",
    "My locker is number 417.",
)


def opened(qtbot: QtBot, window: MainWindow) -> TimelineDialog:
    """Ctrl+Shift+T."""
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(window, Qt.Key.Key_T, keys)
    found = dialog(qtbot, TimelineDialog)
    qtbot.waitUntil(lambda: found._found is not None and len(found.model.entries) > 0, timeout=5_000)
    return found


def compared(qtbot: QtBot, life: TimelineDialog) -> None:
    qtbot.waitUntil(lambda: life._found is not None and life._found.entry == life.moment, timeout=5_000)


def figures(life: TimelineDialog) -> list[str]:
    return [value.text() for value in (*life.lessons.values, *life.neurons.values)]


@pytest.fixture
def window(make_window: MakeWindow, qtbot: QtBot) -> MainWindow:
    made = make_window("--forgotten", "3")
    for text in TOLD:
        say(qtbot, made, text)
    return made


def test_now_there_is_nothing_to_go_back_from(window: MainWindow, qtbot: QtBot) -> None:
    life = opened(qtbot, window)
    assert life.then.text() == "Now"
    assert "5 lessons" in life.summary.text()
    assert "3 days" in life.summary.text()
    assert "3 were forgotten" in life.summary.text()
    assert not life.back.isEnabled()
    assert figures(life) == ["5", "5", "170", "170"]
    window.memory_menu.show_timeline()
    assert dialog(qtbot, TimelineDialog) is life, "one, brought to the front"


def test_a_lesson_is_chosen_and_what_came_since_is_named(window: MainWindow, qtbot: QtBot) -> None:
    life = opened(qtbot, window)
    row = life.table.visualRect(life.model.index(3, 1))  # the second lesson
    QTest.mouseClick(life.table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, row.center())
    compared(qtbot, life)
    assert figures(life) == ["2", "5", "68", "170"]
    assert [life.is_lost(number) for number in range(5)] == [True, True, True, False, False]
    assert "3 lessons since" in life.lost.text()
    assert "My boat is called Petrel." in life.lost.text()
    assert "and 1 more" in life.lost.text()
    assert "3 earlier lessons" in life.gone.text()
    assert life.back.isEnabled()


def test_days_are_chosen_by_click_and_by_key(window: MainWindow, qtbot: QtBot) -> None:
    life = opened(qtbot, window)
    ids = sorted(entry.id for entry in life.model.entries)
    assert [bar.lessons for bar in life.chart.bars()] == [1, 2, 2]
    step = life.chart._step(3)
    QTest.mouseClick(life.chart, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(int(step * 1.5), 40))
    assert life.moment == ids[2]
    life.chart.setFocus()
    QTest.keyClick(life.chart, Qt.Key.Key_Left)
    assert life.moment == ids[0]
    QTest.keyClick(life.chart, Qt.Key.Key_Left)
    assert life.moment == 0
    assert life.then.text() == "At its beginning"
    QTest.keyClick(life.chart, Qt.Key.Key_End)
    assert life.then.text() == "Now"
    for place, kept in ((1, 3), (2, 0), (4, 0), (0, 5)):
        life._on_when(place)
        assert sum(number <= life.moment for number in ids) == kept, life.when.itemText(place)


def test_going_back_keeps_now_as_a_profile(window: MainWindow, qtbot: QtBot) -> None:
    life = opened(qtbot, window)
    life.table.selectRow(3)
    compared(qtbot, life)
    QTest.mouseClick(life.back, Qt.MouseButton.LeftButton)
    box = dialog(qtbot, QMessageBox)
    said = words_of(box)
    assert "Forget 3 lessons" in said
    assert "My sister is called Wren." in said
    assert "stay in the conversations" in said
    assert "3 earlier lessons have been forgotten" in said
    assert "kept as the profile “Mika, " in said
    assert box.defaultButton().text() == "Cancel"
    press(qtbot, box, "Go back")
    qtbot.waitUntil(lambda: len(life.model.entries) == 2, timeout=5_000)
    assert [bubble.mark.text() for bubble in window.chat.bubbles()][::2] == ["✓ noted"] * 2 + [""] * 3
    assert len(texts(window)) == 10, "the messages stay"
    qtbot.waitUntil(lambda: window.panel.turns.text() == "2")
    qtbot.waitUntil(lambda: life.then.text() == "Now" and figures(life)[:2] == ["2", "2"], timeout=5_000)
    qtbot.waitUntil(lambda: len(names(window)) == 2)
    bar = window.notices.notices()[-1]
    assert "3 lessons are forgotten" in bar.message
    assert bar.button is not None
    QTest.mouseClick(bar.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: (open_profile(window) or "").startswith("Mika, "))
    qtbot.waitUntil(lambda: window.panel.turns.text() == "5", timeout=5_000)  # the way back


def test_going_back_with_the_messages_and_without_a_copy(window: MainWindow, qtbot: QtBot) -> None:
    life = opened(qtbot, window)
    life.choose(0)
    compared(qtbot, life)
    life.keep.setChecked(False)
    life.said.setChecked(True)
    life.ask_to_go_back()
    box = dialog(qtbot, QMessageBox)
    assert "cannot be undone" in words_of(box)
    assert "10 messages are taken out" in words_of(box)
    press(qtbot, box, "Go back")
    qtbot.waitUntil(lambda: life.model.entries == [], timeout=5_000)
    qtbot.waitUntil(lambda: texts(window) == [], timeout=5_000)
    assert names(window) == ["Mika"]
    qtbot.waitUntil(lambda: "Nothing learned yet" in life.summary.text(), timeout=5_000)
    assert not life.back.isEnabled()


def test_changing_ones_mind_forgets_nothing(window: MainWindow, qtbot: QtBot) -> None:
    life = opened(qtbot, window)
    life.table.selectRow(2)
    compared(qtbot, life)
    QTest.mouseClick(life.back, Qt.MouseButton.LeftButton)
    press(qtbot, dialog(qtbot, QMessageBox), "Cancel")
    qtbot.wait(200)
    assert len(life.model.entries) == 5
    assert names(window) == ["Mika"]


def test_without_the_copy_that_was_wished_nothing_is_forgotten(window: MainWindow, qtbot: QtBot) -> None:
    window.partner.go_back(0, said=False, keep="refuse this")
    qtbot.waitUntil(lambda: len(window.notices.notices()) == 1)
    assert "disk is full" in window.notices.notices()[0].message
    window.partner.refresh()
    qtbot.wait(200)
    assert window.panel.turns.text() == "5"


def test_it_follows_what_is_said_and_who_listens(window: MainWindow, qtbot: QtBot) -> None:
    life = opened(qtbot, window)
    life.table.selectRow(1)
    compared(qtbot, life)
    moment = life.moment
    say(qtbot, window, "My dog is called Zuzu.")
    qtbot.waitUntil(lambda: len(life.model.entries) == 6, timeout=5_000)
    assert life.moment == moment, "the moment that was chosen stays"
    qtbot.waitUntil(lambda: "2 lessons since" in life.lost.text(), timeout=5_000)
    window.partner.create_profile("Noah")
    qtbot.waitUntil(lambda: life.model.entries == [] and life.then.text() == "Now", timeout=5_000)


def test_closed_it_hears_no_more(window: MainWindow, qtbot: QtBot) -> None:
    """Closed with a question under way; then everything happens that it would have followed."""
    page = opened(qtbot, window)
    page.refresh()
    page.close()
    say(qtbot, window, "My dog is called Zuzu.")
    window.partner.go_back(0, said=False, keep="")
    window.partner.create_profile("Noah")
    qtbot.waitUntil(lambda: window.partner.profile is not None and window.partner.profile.name == "Noah")
    window.partner.reset_memory()
    qtbot.wait(200)  # an exception in the event loop fails the test
    assert window.partner.stats is not None
    assert window.partner.stats.turns_learned == 0


def lived(*days: tuple[str, int, int]) -> Timeline:
    made = [TimelineDay(day=day, lessons=lessons, last=last) for day, lessons, last in days]
    return Timeline(born="2026-01-01T00:00:00Z", days=made, lessons=1, newest=1, forgotten=0)


def test_bars() -> None:
    today = QDate(2026, 1, 10)
    assert bars(lived(), today, 500) == []
    assert bars(lived(("no day", 1, 1)), today, 500) == []
    found = bars(lived(("2026-01-08", 2, 3), ("2026-01-10", 1, 4)), today, 500)
    assert found == [
        Bar(QDate(2026, 1, 8), QDate(2026, 1, 8), 2, 3),
        Bar(QDate(2026, 1, 9), QDate(2026, 1, 9), 0, 3),
        Bar(QDate(2026, 1, 10), QDate(2026, 1, 10), 1, 4),
    ]
    year = bars(lived(("2025-01-10", 2, 3), ("2026-01-10", 1, 4)), today, 500)
    assert len(year) == 53, "a year in weeks"
    assert (year[0].lessons, year[0].first.daysTo(year[0].final)) == (2, 6)
    assert year[-1].last == 4
    jumped = bars(lived(("2026-01-08", 2, 9), ("2026-02-08", 1, 4)), today, 500)
    assert (jumped[-1].final, jumped[-1].last) == (QDate(2026, 2, 8), 9), "a clock that was ahead"
