"""Window and engine, both real: a face for the profile, a chat that teaches nothing, back to an earlier memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from app.avatars import read_picture
from app.timeline import TimelineDialog
from engine.client import engine_command
from tests.app.acting import dialog, items, press, say
from tests.app.conftest import MakeWindow
from tests.app.test_looks import photograph
from tests.app.test_profiles import names, open_profile

TURN = 120_000  # milliseconds


@pytest.mark.timeout(600)
def test_a_face_a_silent_chat_and_the_way_back(qtbot: QtBot, tmp_path: Path, make_window: MakeWindow) -> None:
    data = tmp_path / "profiles"
    command = engine_command(data, "--threads", "1")
    window = make_window(data_dir=data, command=command)
    partner = window.partner
    picture = read_picture(photograph(tmp_path))
    partner.set_look("Mika", "#6b3f6e", picture)
    say(qtbot, window, "My cat is called Miso.", timeout=TURN)
    window.new_action.trigger()
    QTest.mouseClick(window.composer.learn_button, Qt.MouseButton.LeftButton)
    say(qtbot, window, "My locker is number 4417.", timeout=TURN)
    assert items(window)[0].learned is None
    assert "Miso" in say(qtbot, window, "What is my cat called?", timeout=TURN).text, "the memory is read all the same"
    window.new_action.trigger()
    say(qtbot, window, "My boat is called Petrel.", timeout=TURN)
    qtbot.waitUntil(lambda: window.panel.turns.text() == "2", timeout=TURN)

    window.memory_menu.timeline.trigger()
    life = dialog(qtbot, TimelineDialog)
    qtbot.waitUntil(lambda: [e.text for e in life.model.entries][-1:] == ["My cat is called Miso."], timeout=TURN)
    life.table.selectRow(1)
    qtbot.waitUntil(lambda: life._found is not None and life._found.lost == 1, timeout=TURN)
    assert "Petrel" in life.lost.text()
    QTest.mouseClick(life.back, Qt.MouseButton.LeftButton)
    press(qtbot, dialog(qtbot, QMessageBox), "Go back")
    qtbot.waitUntil(lambda: window.panel.turns.text() == "1" and len(names(window)) == 2, timeout=TURN)
    life.close()
    window.new_action.trigger()
    assert "Petrel" not in say(qtbot, window, "What is my boat called?", timeout=TURN).text
    partner.engine.shut_down()
    qtbot.waitUntil(lambda: partner.engine.pid == 0, timeout=15_000)

    again = make_window(data_dir=data, command=command)
    profile = again.partner.profile
    assert profile is not None
    assert (profile.colour, profile.picture) == ("#6b3f6e", picture)
    qtbot.waitUntil(lambda: sorted(found.learns for found in again.partner.conversations) == [False, True, True, True])
    kept = next(name for name in names(again) if name != "Mika")
    again.partner.switch_profile(kept)
    qtbot.waitUntil(lambda: open_profile(again) == kept and again.panel.turns.text() == "2", timeout=TURN)
    again.new_action.trigger()
    assert "Petrel" in say(qtbot, again, "What is my boat called?", timeout=TURN).text, "the way back"
