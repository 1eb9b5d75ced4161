"""Window, engine and model, all of them real: a correction in the bubble is what is known, also after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from engine.client import engine_command
from tests.app.acting import items, say
from tests.app.conftest import MakeWindow

TURN = 120_000  # milliseconds: a busy machine compiles, tests and talks at the same time
TOLD = "My locker number is 4417."
MEANT = "My locker number is 2093."
QUESTION = "What is my locker number?"


def settled(qtbot: QtBot, window: MainWindow) -> None:
    exchange = window.partner.exchange
    qtbot.waitUntil(lambda: not exchange.running and window.partner.engine.unanswered == 0, timeout=TURN)


@pytest.mark.timeout(600)
def test_tell_ask_for_another_reply_correct_and_ask_elsewhere(
    qtbot: QtBot, tmp_path: Path, make_window: MakeWindow
) -> None:
    command = engine_command(tmp_path, "--threads", "1")
    first = make_window(data_dir=tmp_path, command=command)
    reply = say(qtbot, first, TOLD, timeout=TURN)
    first.messages.again.trigger()
    settled(qtbot, first)
    assert len(items(first)[1].versions) == 2
    assert first.partner.stats is not None
    assert first.partner.stats.turns_learned == 1

    bubble = first.chat.bubbles()[0]
    bubble.begin_edit()
    assert bubble.editor is not None
    bubble.editor.edit.setPlainText(MEANT)
    QTest.keyClick(bubble.editor.edit, Qt.Key.Key_Return)
    settled(qtbot, first)
    assert first.partner.stats.turns_learned == 1  # the old version is forgotten, the new one learned
    conversation = first.partner.exchange.current.conversation
    assert conversation is not None
    first.new_action.trigger()
    assert "2093" in say(qtbot, first, QUESTION, timeout=TURN).text
    first.partner.engine.shut_down()
    qtbot.waitUntil(lambda: first.partner.engine.pid == 0, timeout=15_000)

    second = make_window(data_dir=tmp_path, command=command)
    second.partner.exchange.show_conversation(conversation)
    qtbot.waitUntil(lambda: [item.text for item in items(second)][:1] == [MEANT], timeout=TURN)
    second.chat.bubbles()[0].flipper.step(-1)
    settled(qtbot, second)
    assert items(second)[0].text == TOLD
    second.chat.bubbles()[1].flipper.step(-1)
    settled(qtbot, second)
    assert [item.text for item in items(second)] == [TOLD, reply.text]
    second.new_action.trigger()
    answer = say(qtbot, second, QUESTION, timeout=TURN).text
    assert "2093" in answer
    assert "4417" not in answer
