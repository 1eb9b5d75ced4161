"""The shortcut sheet holds exactly the shortcuts there are."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu
from pytestqt.qtbot import QtBot

from app import language
from app.main_window import MainWindow
from app.shortcuts import Group, ShortcutSheet, group_of, plain
from tests.app.acting import dialog, items
from tests.app.conftest import MakeWindow

F1 = (Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier)
SLASH = (Qt.Key.Key_Slash, Qt.KeyboardModifier.ControlModifier)


def opened(qtbot: QtBot, window: MainWindow, keys: tuple[Qt.Key, Qt.KeyboardModifier] = F1) -> ShortcutSheet:
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    QTest.keyClick(window, *keys)
    return dialog(qtbot, ShortcutSheet)


def words(sheet: ShortcutSheet) -> list[str]:
    return [label.text() for label in sheet.findChildren(QLabel)]


@pytest.mark.parametrize("keys", [F1, SLASH])
def test_every_action_with_a_shortcut_is_on_the_sheet(
    qtbot: QtBot, make_window: MakeWindow, keys: tuple[Qt.Key, Qt.KeyboardModifier]
) -> None:
    window = make_window()
    sheet = opened(qtbot, window, keys)
    shown = words(sheet)
    actions = [action for action in window.findChildren(QAction) if action.shortcuts()]
    assert len(actions) >= 5
    for action in actions:
        assert plain(action.text()) in shown
        for key in action.shortcuts():
            assert key.toString(QKeySequence.SequenceFormat.NativeText) in shown
    assert "Shift+Enter" in shown


def test_a_new_shortcut_appears_and_one_that_is_gone_disappears(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    extra = QMenu("More", window)
    entry = extra.addAction("&Find a word…")
    entry.setShortcut(QKeySequence("Ctrl+Shift+F"))
    window.chat_menu.addMenu(extra)
    window.new_action.setShortcuts([])
    shown = words(opened(qtbot, window))
    assert "Find a word" in shown
    assert "Ctrl+Shift+F" in shown
    assert "New chat" not in shown


def test_it_is_japanese_in_japanese(qtbot: QtBot, make_window: MakeWindow) -> None:
    app = QApplication.instance()
    assert app is not None
    language.use(app, "ja")
    shown = words(opened(qtbot, make_window()))
    assert "新しいチャット" in shown
    assert "メッセージを送信" in shown


def test_the_keys_of_the_input_box_do_what_the_sheet_says(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    edit = window.composer.edit
    (send, (enter,)), (newline, (shift_enter,)) = window.composer.keys()
    assert (send, newline) == ("Send the message", "Break the line")
    QTest.keyClicks(edit, "one")
    QTest.keySequence(edit, shift_enter)
    assert window.composer.text == "one\n"
    QTest.keyClicks(edit, "two")
    QTest.keySequence(edit, enter)
    qtbot.waitUntil(lambda: not window.partner.exchange.running and len(items(window)) == 2)
    assert items(window)[0].text == "one\ntwo"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("&New chat…", "New chat"),
        ("新しいチャット(&N)…", "新しいチャット"),
        ("A && B", "A & B"),
        ("", ""),
    ],
)
def test_mnemonics_are_left_out(text: str, words: str) -> None:
    assert plain(text) == words


def test_a_menu_without_shortcuts_has_no_heading(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    assert group_of(window.profile_menu.menu).rows == []
    sheet = ShortcutSheet(window, [group_of(window.profile_menu.menu), Group("Else", [("Do", [QKeySequence("F9")])])])
    sheet.open()
    assert words(sheet) == ["Else", "Do", "F9"]
    sheet.close()
