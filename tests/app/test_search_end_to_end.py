"""Search and delete with the real engine and the real store behind the window: found in Japanese, gone for good."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from engine.client import engine_command
from engine.store import ProfileStore, StateIdentity
from tests.app.acting import compose, texts
from tests.app.conftest import MakeWindow

NOBODY = StateIdentity("blake2b:00", "blake2b:00")
"""Nothing has been learned in the profile, so its conversations belong to no weights yet."""


def titles(window: MainWindow) -> list[str]:
    return [item.text() for item in window.sidebar.list.titled()]


@pytest.mark.timeout(300)
def test_search_delete_undo_delete_quit(qtbot: QtBot, tmp_path: Path, make_window: MakeWindow) -> None:
    store = ProfileStore(tmp_path)
    store.create("Mika")
    with store.open("Mika", NOBODY) as profile:
        long = profile.create_conversation("The harbour")
        for number in range(120):
            profile.append_message(long.id, "user", "鑰匙藏在罐裡" if number == 9 else f"Day {number} at the harbour.")
            profile.append_message(long.id, "assistant", "I see.", "stop")
        other = profile.create_conversation("予定")
        profile.append_message(other.id, "user", "明日は歯医者の予約があります。")
        profile.append_message(other.id, "assistant", "わかりました。", "stop")
    window = make_window(data_dir=tmp_path, command=engine_command(tmp_path, "--threads", "1"))
    qtbot.waitUntil(lambda: titles(window) == ["予定", "The harbour"])

    hits = window.sidebar.results.hits
    for query, conversation in (("予約", other.id), ("藏在罐", long.id)):
        window.sidebar.search.clear()
        compose(window.sidebar.search, "", query)
        qtbot.waitUntil(lambda query=query: [hit.words for hit in hits.found()] == [[query]], timeout=20_000)  # type: ignore[misc]
        assert hits.found()[0].conversation == conversation
    QTest.keyClick(window.sidebar.search, Qt.Key.Key_Return)
    qtbot.waitUntil(window.chat._glow.isVisible, timeout=20_000)
    assert ("user", "鑰匙藏在罐裡") in texts(window)
    assert len(texts(window)) < 60

    window.sidebar.search.clear()
    for undo in (True, False):
        window.sidebar.list.setFocus()
        window.sidebar.list.setCurrentItem(window.sidebar.list.titled()[1])
        QTest.keyClick(window.sidebar.list, Qt.Key.Key_Delete)
        qtbot.waitUntil(lambda: titles(window) == ["予定"], timeout=20_000)
        qtbot.waitUntil(lambda: len(window.notices.notices()) == 1)
        button = window.notices.notices()[0].button
        assert button is not None
        if undo:
            button.click()
            qtbot.waitUntil(lambda: titles(window) == ["予定", "The harbour"], timeout=20_000)
            qtbot.waitUntil(
                lambda: texts(window)[-2:] == [("user", "Day 119 at the harbour."), ("assistant", "I see.")]
            )
    with qtbot.waitSignal(window.closed, timeout=20_000):
        window.close()
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert "歯医者".encode() in on_disk
    for character in "鑰匙藏在罐裡":
        assert character.encode() not in on_disk
