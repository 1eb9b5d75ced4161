"""What do you know about me? Asked of the real memory, answered by a person: right, wrong, forget."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app import knowledge
from app.knowledge import THEMES, Card, KnowledgeDialog
from app.main_window import MainWindow
from engine.client import engine_command
from engine.protocol import JournalList, JournalPage, TurnDone, TurnFeed
from tests.app.acting import dialog, press, say, unexpected
from tests.app.conftest import MakeWindow

WAIT = 100_000  # milliseconds


def click(button: QPushButton) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def opened(qtbot: QtBot, window: MainWindow) -> KnowledgeDialog:
    QTest.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    shown = dialog(qtbot, KnowledgeDialog)
    qtbot.waitUntil(lambda: not shown.running, timeout=WAIT)
    return shown


def feed(qtbot: QtBot, window: MainWindow, text: str) -> None:
    answers: list[TurnDone] = []
    window.partner.engine.request("turn.feed", TurnFeed(user=text), TurnDone, answers.append, unexpected)
    qtbot.waitUntil(lambda: bool(answers), timeout=WAIT)


def journal(qtbot: QtBot, window: MainWindow) -> list[str]:
    pages: list[JournalList] = []
    window.partner.journal(JournalPage(), pages.append)
    qtbot.waitUntil(lambda: bool(pages), timeout=WAIT)
    return [entry.text for entry in pages[0].entries]


def by_text(shown: KnowledgeDialog, text: str) -> Card:
    return next(card for card in shown.cards.values() if card.item.entry.text == text)


@pytest.mark.timeout(400)
def test_the_real_memory_is_asked_and_answered(
    qtbot: QtBot, tmp_path: Path, make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("What is my cat called?", "What is my job?", "What am I allergic to?")
    picked = [(theme, question) for theme, question in knowledge.QUESTIONS if question in asked]
    assert len(picked) == 3
    monkeypatch.setattr(knowledge, "QUESTIONS", tuple(picked))
    window = make_window(data_dir=tmp_path, command=engine_command(tmp_path, "--threads", "1"))
    cat, job, nuts = "We have a cat, her name is Miso.", "My job is repairing pianos.", "I'm allergic to peanuts."
    for text in (cat, job, nuts):
        feed(qtbot, window, text)
    before = len(window.partner.conversations)
    shown = opened(qtbot, window)
    assert {card.item.entry.text for card in shown.cards.values()} == {cat, job, nuts}
    card = by_text(shown, cat)
    assert "Miso" in card.answer.text()
    assert cat in card.said.text()
    assert THEMES[card.item.theme][0] == "Pets"
    assert len(journal(qtbot, window)) == 3, "asking leaves no trace"
    assert len(window.partner.conversations) == before

    click(card.yes)
    qtbot.waitUntil(lambda: card.done == "confirmed", timeout=WAIT)
    assert card.state.text() == "Strengthened"
    assert journal(qtbot, window).count(cat) == 2

    card = by_text(shown, job)
    click(card.no)
    assert card.edit.text() == job
    assert not card.tell.isEnabled(), "that is what was said"
    card.edit.selectAll()
    QTest.keyClicks(card.edit, "My job is repairing violins.")
    QTest.keyClick(card.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: card.done == "corrected", timeout=WAIT)
    assert journal(qtbot, window)[0] == "My job is repairing violins."

    for text in (cat, nuts):
        click(by_text(shown, text).gone)
        press(qtbot, dialog(qtbot, QMessageBox), "Forget")
        qtbot.waitUntil(lambda text=text: text not in journal(qtbot, window), timeout=WAIT)  # type: ignore[misc]
    assert [card.item.entry.text for card in shown.cards.values()] == ["My job is repairing violins."]

    click(shown.button)
    qtbot.waitUntil(lambda: not shown.running, timeout=WAIT)
    assert ["violins" in card.answer.text() for card in shown.cards.values()] == [True]
    shown.close()


def test_it_can_be_stopped_and_asked_again(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window("--slow-search", "0.2")
    say(qtbot, window, "My cat is called Miso.")
    say(qtbot, window, "My locker has the number 417.")
    window.memory_menu.knowledge.trigger()
    shown = dialog(qtbot, KnowledgeDialog)
    qtbot.waitUntil(lambda: shown.bar.value() > 0, timeout=WAIT)
    assert shown.button.text() == "Stop"
    click(shown.button)
    asked = shown.bar.value()
    assert not shown.running
    QTest.qWait(500)
    assert shown.bar.value() == asked, "no more questions"
    assert shown.button.text() == "Ask again"
    shown.close()


def test_nothing_told_nothing_known(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    shown = opened(qtbot, window)
    assert shown.note.text() == "Nothing came to mind."
    assert not any(section.isVisible() for section in shown.sections)
    say(qtbot, window, "My cat is called Miso.")
    click(shown.button)
    qtbot.waitUntil(lambda: not shown.running, timeout=WAIT)
    (card,) = shown.cards.values()
    assert card.answer.text() == "Miso."
    assert shown.note.text().startswith("1 of 1 learned turns came to mind.")

    # Forgotten elsewhere, it goes from here as well.
    window.partner.forget([card.item.entry.id], said=False)
    qtbot.waitUntil(lambda: not shown.cards, timeout=WAIT)
    shown.close()


def test_no_correction_while_a_turn_runs(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    shown = opened(qtbot, window)
    (card,) = shown.cards.values()
    QTest.keyClicks(window.composer.edit, "/ponder")
    with qtbot.waitSignal(window.partner.exchange.accepted, timeout=WAIT):  # What is not begun cannot be stopped here.
        QTest.keyClick(window.composer.edit, Qt.Key.Key_Return)
    click(card.no)
    card.edit.setText("My cat is called Momo.")
    click(card.tell)
    assert shown.note.text() == "Wait until the reply is finished."
    assert card.tell.isEnabled()
    window.partner.exchange.stop()
    qtbot.waitUntil(lambda: not window.partner.exchange.running, timeout=WAIT)
    click(card.tell)
    qtbot.waitUntil(lambda: card.done == "corrected", timeout=WAIT)
    shown.close()
