"""The command palette: found by a few letters, done with Enter, and never while an input method composes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from app import language
from app.command_palette import Command, CommandPalette, found
from app.main_window import MainWindow
from tests.app.acting import compose, dialog, say
from tests.app.conftest import MakeWindow


def palette(qtbot: QtBot, window: MainWindow) -> CommandPalette:
    """Opened with its keys."""
    window.activateWindow()
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(window, Qt.Key.Key_P, modifiers)
    return dialog(qtbot, CommandPalette)


def titles(opened: CommandPalette) -> list[str]:
    """What is listed."""
    return [command.title for command in opened.listed()]


def test_it_lists_what_can_be_done_now(qtbot: QtBot, make_window: MakeWindow) -> None:
    opened = palette(qtbot, make_window())
    assert {"New chat", "Settings", "Keyboard shortcuts", "Show the memory panel"} <= set(titles(opened))
    assert "Stop the reply" not in titles(opened), "there is none"
    switches = {command.title: command.on for command in opened.listed()}
    assert switches["Show the memory panel"]
    opened.reject()


def test_typing_and_enter_do_it(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    opened = palette(qtbot, window)
    QTest.keyClicks(opened.box, "temp")
    assert titles(opened)[0] == "New temporary chat"
    QTest.keyClick(opened.box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.partner.exchange.current.temporary)


def test_the_arrows_move_and_go_around(qtbot: QtBot, make_window: MakeWindow) -> None:
    opened = palette(qtbot, make_window())
    last = opened.list.count() - 1
    QTest.keyClick(opened.box, Qt.Key.Key_Up)
    assert opened.list.currentRow() == last
    QTest.keyClick(opened.box, Qt.Key.Key_Down)
    QTest.keyClick(opened.box, Qt.Key.Key_PageDown)
    assert 0 < opened.list.currentRow() < last
    QTest.keyClick(opened.box, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not isValid(opened))


def test_a_chat_is_gone_to(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    wanted = window.partner.exchange.current.conversation
    window.new_action.trigger()
    qtbot.waitUntil(lambda: bool(window.partner.conversations))
    opened = palette(qtbot, window)
    QTest.keyClicks(opened.box, "miso")
    QTest.mouseClick(
        opened.list.viewport(),
        Qt.MouseButton.LeftButton,
        pos=opened.list.visualItemRect(opened.list.item(0)).center(),
    )
    qtbot.waitUntil(lambda: window.partner.exchange.current.conversation == wanted)


def test_what_an_input_method_composes_runs_nothing(qtbot: QtBot, make_window: MakeWindow) -> None:
    language.use(QApplication.instance(), "ja")  # type: ignore[arg-type]
    window = make_window()
    opened = palette(qtbot, window)
    compose(opened.box, "せってい")
    assert opened.isVisible()
    compose(opened.box, "", "設定")
    assert titles(opened) == ["設定"]
    opened.reject()


def test_nothing_fits(qtbot: QtBot, make_window: MakeWindow) -> None:
    opened = palette(qtbot, make_window())
    QTest.keyClicks(opened.box, "qqqq")
    assert titles(opened) == []
    assert opened.note.isVisible()
    QTest.keyClick(opened.box, Qt.Key.Key_Return)
    assert opened.isVisible()
    opened.reject()


def test_the_order() -> None:
    def command(title: str) -> Command:
        return Command(title, "Chat", lambda: None)

    commands = [command("Open a chat"), command("Chat export"), command("ﾁｬｯﾄ"), command("Other")]
    assert [one.title for one in found(commands, "chat ex")] == ["Chat export"]
    assert [one.title for one in found(commands, "ch")][:2] == ["Chat export", "Open a chat"]
    assert [one.title for one in found(commands, "チャット")] == ["ﾁｬｯﾄ"]
    assert found(commands, "") == commands
