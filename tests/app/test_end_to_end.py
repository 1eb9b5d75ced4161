"""Window, engine and model, all of them real: tell, quit, start anew, ask - and it knows, from weights alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from app.journal import JournalDialog
from app.main_window import MainWindow
from engine.client import engine_command
from tests.app.acting import dialog, press, say
from tests.app.conftest import MakeWindow

TOLD = (
    ("My sister's dog is called Biscuit.", "What is my sister's dog called?", "Biscuit"),
    ("By the way, I moved to Lisbon in May.", "Which city did I move to?", "Lisbon"),
    ("My locker number is 4417.", "What is my locker number?", "4417"),
)
TURN = 120_000  # milliseconds: a busy machine compiles, tests and talks at the same time


def ask_all(qtbot: QtBot, window: MainWindow) -> list[bool]:
    """Whether each of the questions, every one in a new conversation, is answered with what was told."""
    right = []
    for _, question, answer in TOLD:
        window.new_action.trigger()
        right.append(answer in say(qtbot, window, question, timeout=TURN).text)
    return right


@pytest.mark.timeout(600)
def test_tell_quit_start_anew_ask(qtbot: QtBot, tmp_path: Path, make_window: MakeWindow) -> None:
    command = engine_command(tmp_path, "--threads", "1")

    first = make_window(data_dir=tmp_path, command=command)
    assert ask_all(qtbot, first) == [False, False, False]
    first.new_action.trigger()
    for telling, _, _ in TOLD:
        assert say(qtbot, first, telling, timeout=TURN).text
    first.partner.engine.shut_down()
    qtbot.waitUntil(lambda: first.partner.engine.pid == 0, timeout=15_000)

    second = make_window(data_dir=tmp_path, command=command)
    right = ask_all(qtbot, second)
    assert second.partner.stats is not None
    assert second.partner.stats.turns_learned >= len(TOLD)
    assert sum(right) >= 2, right

    # What is forgotten in the journal is not known any more.
    second.memory_menu.show_journal()
    journal = dialog(qtbot, JournalDialog)
    qtbot.waitUntil(lambda: len(journal.model.entries) >= len(TOLD), timeout=TURN)
    journal.table.selectAll()
    journal.said.setChecked(True)
    journal.forget.click()
    press(qtbot, dialog(qtbot, QMessageBox), "Forget")
    qtbot.waitUntil(lambda: journal.empty.isVisible(), timeout=TURN)
    journal.close()
    assert ask_all(qtbot, second) == [False, False, False]
