"""The diagnostics report in the window: read before it is saved, and without anything of the person's."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from app import language
from app.diagnostics import DiagnosticsDialog
from app.main_window import MainWindow
from engine.protocol import ErrorBody
from tests.app.acting import dialog, press, say
from tests.app.conftest import MakeWindow

TOLD = "My sister Brunhilde keeps the piccolo in Ouagadougou."
PRIVATE = ("brunhilde", "piccolo", "ouagadougou", "kunigunde", "zanzibar", "i will", "/home/")


def opened(qtbot: QtBot, window: MainWindow) -> DiagnosticsDialog:
    window.diagnostics_action.trigger()
    report = dialog(qtbot, DiagnosticsDialog)
    qtbot.waitUntil(report.save_button.isEnabled, timeout=60_000)
    return report


def test_it_is_shown_copied_and_saved_and_holds_nothing_personal(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path
) -> None:
    window = make_window(profile="Kunigunde")
    say(qtbot, window, TOLD)
    window.conversations.rename(window.partner.conversations[0].id, "Zanzibar")
    qtbot.waitUntil(lambda: window.partner.conversations[0].title == "Zanzibar")
    QTest.keyClicks(window.composer.edit, "a draft about Brunhilde")
    window.partner.failed.emit(ErrorBody(code=1304, message=f"{TOLD} is full"))
    report = opened(qtbot, window)
    shown = report.text.toPlainText()
    for part in ("llama-cpp-python", "blake2b:", "platform             offscreen", " 1304", "protocol             2"):
        assert part in shown
    assert [word for word in (*PRIVATE, str(tmp_path).lower()) if word in shown.lower()] == []

    press(qtbot, report, "Copy")
    assert QApplication.clipboard().text() == shown

    press(qtbot, report, "Save…")
    chooser = dialog(qtbot, QFileDialog)
    target = tmp_path / "report.txt"
    chooser.fileSelected.emit(str(target))
    chooser.close()
    assert target.read_text(encoding="utf-8") == shown
    assert str(target) in report.note.text()

    report.save(str(tmp_path / "nowhere" / "report.txt"))
    assert "could not be saved" in report.note.text()
    report.close()


def test_by_the_keyboard_and_in_japanese(qtbot: QtBot, make_window: MakeWindow, qapp: QApplication) -> None:
    window = make_window()
    language.use(qapp, "ja")
    report = opened(qtbot, window)
    assert report.windowTitle() == "診断レポート"
    assert "llama-cpp-python" in report.text.toPlainText()
    QTest.keySequence(report, QKeySequence.StandardKey.Cancel)
    qtbot.waitUntil(lambda: not window.findChildren(DiagnosticsDialog))


def test_closed_while_it_is_made(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.diagnostics_action.trigger()
    report = dialog(qtbot, DiagnosticsDialog)
    assert not report.save_button.isEnabled()
    QTest.keyClick(report, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(DiagnosticsDialog))
    QTest.qWait(1500)  # The command ends, and nobody minds.
    assert opened(qtbot, window).text.toPlainText()
