"""The journal: a person finds what was learned, and has it forgotten."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from app.journal import PAGE, Column, JournalDialog, JournalModel, day_and_time, first_moment
from app.main_window import MainWindow
from engine.protocol import JournalEntry, JournalList, JournalPage
from tests.app.acting import dialog, press, say, texts, words_of
from tests.app.conftest import MakeWindow


def opened(qtbot: QtBot, window: MainWindow, entries: int) -> JournalDialog:
    """Ctrl+J."""
    QTest.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    found = dialog(qtbot, JournalDialog)
    qtbot.waitUntil(lambda: len(found.model.entries) == entries, timeout=5_000)
    return found


def shown(journal: JournalDialog) -> list[str]:
    model = journal.model
    return [model.data(model.index(row, Column.TEXT)) for row in range(model.rowCount())]


@pytest.fixture
def window(make_window: MakeWindow, qtbot: QtBot) -> MainWindow:
    made = make_window()
    for text in ("My cat is called Miso.", "My train leaves at 7:40.", "My boat is called Petrel."):
        say(qtbot, made, text)
    return made


def test_what_was_learned_is_listed_and_found_while_typing(window: MainWindow, qtbot: QtBot) -> None:
    journal = opened(qtbot, window, 3)
    assert shown(journal) == ["My boat is called Petrel.", "My train leaves at 7:40.", "My cat is called Miso."]
    assert not journal.forget.isEnabled()
    QTest.keyClicks(journal.words, "CALLED petrel")
    qtbot.waitUntil(lambda: shown(journal) == ["My boat is called Petrel."], timeout=5_000)
    assert not journal.undo.isEnabled(), "the last lesson is perhaps not on the list"
    QTest.keyClicks(journal.words, "zzz")
    qtbot.waitUntil(lambda: shown(journal) == [], timeout=5_000)
    assert journal.empty.isVisible()
    journal.words.clear()
    qtbot.waitUntil(lambda: len(shown(journal)) == 3, timeout=5_000)
    journal.span.setCurrentIndex(1)
    qtbot.waitUntil(lambda: shown(journal) == [], timeout=5_000)  # the scripted engine learned it long ago
    window.memory_menu.show_journal()
    assert dialog(qtbot, JournalDialog) is journal, "one journal, brought to the front"


def test_forgetting_takes_the_mark_away_and_leaves_the_conversation(window: MainWindow, qtbot: QtBot) -> None:
    journal = opened(qtbot, window, 3)
    assert [bubble.mark.text() for bubble in window.chat.bubbles()][::2] == ["✓ noted"] * 3
    journal.table.selectRow(1)
    assert "1" in journal.forget.text()
    QTest.mouseClick(journal.forget, Qt.MouseButton.LeftButton)
    box = dialog(qtbot, QMessageBox)
    assert "My train leaves at 7:40." in words_of(box)
    assert "stay in the conversations" in words_of(box)
    press(qtbot, box, "Forget")
    qtbot.waitUntil(lambda: len(shown(journal)) == 2, timeout=5_000)
    assert [bubble.mark.text() for bubble in window.chat.bubbles()][::2] == ["✓ noted", "", "✓ noted"]
    assert len(texts(window)) == 6
    qtbot.waitUntil(lambda: window.panel.turns.text() == "2", timeout=5_000)


def test_forgetting_with_what_was_said(window: MainWindow, qtbot: QtBot) -> None:
    journal = opened(qtbot, window, 3)
    journal.table.selectAll()
    journal.said.setChecked(True)
    QTest.mouseClick(journal.forget, Qt.MouseButton.LeftButton)
    box = dialog(qtbot, QMessageBox)
    assert "3 learned turns" in words_of(box)
    press(qtbot, box, "Forget")
    qtbot.waitUntil(lambda: journal.empty.isVisible(), timeout=5_000)
    qtbot.waitUntil(lambda: texts(window) == [], timeout=5_000)
    qtbot.waitUntil(lambda: window.partner.conversations == [], timeout=5_000)
    assert say(qtbot, window, "Hello again").text, "and it goes on"


def test_changing_ones_mind_forgets_nothing(window: MainWindow, qtbot: QtBot) -> None:
    journal = opened(qtbot, window, 3)
    journal.table.selectAll()
    QTest.mouseClick(journal.forget, Qt.MouseButton.LeftButton)
    press(qtbot, dialog(qtbot, QMessageBox), "Cancel")
    journal.search()
    qtbot.wait(200)
    assert len(shown(journal)) == 3


def test_the_last_lesson_is_undone(window: MainWindow, qtbot: QtBot) -> None:
    journal = opened(qtbot, window, 3)
    QTest.mouseClick(journal.undo, Qt.MouseButton.LeftButton)
    box = dialog(qtbot, QMessageBox)
    assert "Petrel" in words_of(box)
    press(qtbot, box, "Forget")
    qtbot.waitUntil(lambda: shown(journal)[0] == "My train leaves at 7:40.", timeout=5_000)


def test_it_follows_what_is_said_and_who_listens(window: MainWindow, qtbot: QtBot) -> None:
    journal = opened(qtbot, window, 3)
    say(qtbot, window, "My sister is called Wren.")
    qtbot.waitUntil(lambda: shown(journal)[0] == "My sister is called Wren.", timeout=5_000)
    window.partner.create_profile("Noah")
    qtbot.waitUntil(lambda: shown(journal) == [], timeout=5_000)


def test_closed_it_hears_no_more(window: MainWindow, qtbot: QtBot) -> None:
    """Closed with a question under way; then everything happens that it would have followed."""
    page = opened(qtbot, window, 3)
    page.search()
    page.close()
    say(qtbot, window, "My dog is called Zuzu.")
    window.partner.go_back(0, said=False, keep="")
    window.partner.create_profile("Noah")
    qtbot.waitUntil(lambda: window.partner.profile is not None and window.partner.profile.name == "Noah")
    window.partner.reset_memory()
    qtbot.wait(200)  # an exception in the event loop fails the test
    assert window.partner.stats is not None
    assert window.partner.stats.turns_learned == 0


def entry(number: int) -> JournalEntry:
    return JournalEntry(
        id=number, created="2026-01-02T03:04:05.000Z", message=None, text=f"entry {number}", surprise=0.5,
        recruited=1, strengthened=2, overwritten=3, recycled=0,
    )  # fmt: skip


def test_a_long_journal_comes_in_pages_and_late_answers_are_dropped(qtbot: QtBot) -> None:
    asked: list[tuple[JournalPage, object]] = []
    model = JournalModel(lambda page, done: asked.append((page, done)))

    def answer(place: int, count: int, newest: int) -> None:
        asked[place][1](JournalList(entries=[entry(newest - i) for i in range(count)]))  # type: ignore[operator]

    model.search("", None)
    answer(0, PAGE, 1000)
    assert (model.rowCount(), model.canFetchMore()) == (PAGE, True)
    model.fetchMore()
    model.fetchMore()
    assert len(asked) == 2, "one page at a time"
    assert asked[1][0].before == 1000 - PAGE + 1
    answer(1, 3, 1000 - PAGE)
    assert (model.rowCount(), model.canFetchMore()) == (PAGE + 3, False)
    model.search("a", None)
    model.search("ab", None)
    answer(2, 5, 50)
    assert model.rowCount() == PAGE + 3, "the answer to an earlier search"
    answer(3, 2, 20)
    assert model.rowCount() == 2
    assert "2 strengthened" in model.data(model.index(0, Column.SURPRISE), Qt.ItemDataRole.ToolTipRole)


def test_days(monkeypatch: pytest.MonkeyPatch) -> None:
    assert first_moment(None) is None
    today, week = first_moment(1), first_moment(7)
    assert today is not None
    assert week is not None
    assert week < today
    assert today.endswith("Z")
    before = QLocale()
    QLocale.setDefault(QLocale("en_GB"))
    try:
        assert day_and_time("2026-01-02T12:04:05.000Z").startswith("02/01/2026 ")
        assert day_and_time("not a moment") == "not a moment"
    finally:
        QLocale.setDefault(before)


def test_a_closed_journal_minds_no_other_profile(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.memory_menu.show_journal()
    dialog(qtbot, JournalDialog).close()
    qtbot.waitUntil(lambda: not window.findChildren(JournalDialog))
    window.partner.create_profile("Aiko")  # An exception in a slot fails the test.
    qtbot.waitUntil(lambda: window.partner.profile is not None and window.partner.profile.name == "Aiko")
