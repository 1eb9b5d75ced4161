"""A memory of another model: the way on is offered, and nothing is lost by not taking it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from app import language
from tests.app.acting import dialog, press, words_of
from tests.app.conftest import MakeWindow


def messages(window: object) -> list[str]:
    """What the notices say."""
    return [bar.message for bar in window.notices.notices()]  # type: ignore[attr-defined]


def test_enter_learns_anew(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window("--other-model")
    box = dialog(qtbot, QMessageBox)
    assert "Mika" in box.text()
    assert "another language model" in words_of(box)
    with qtbot.waitSignal(window.partner.was_relearned, timeout=10_000):
        QTest.keyClick(box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: messages(window) == ["Learned 0 turns anew."])


def test_not_now_leaves_a_notice_with_the_same_button(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window("--other-model")
    press(qtbot, dialog(qtbot, QMessageBox), "Not now")
    (bar,) = window.notices.notices()
    assert bar.tone == "error"
    assert "another language model" in bar.message
    assert bar.button is not None
    assert bar.button.text() == "Learn anew"
    with qtbot.waitSignal(window.partner.was_relearned, timeout=10_000):
        bar.button.click()


def test_the_offer_goes_with_its_profile(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window("--other-model")
    box = dialog(qtbot, QMessageBox)
    window.partner.create_profile("Aino")
    qtbot.waitUntil(lambda: window.partner.profile is not None and window.partner.profile.name == "Aino")
    qtbot.waitUntil(lambda: not isValid(box), timeout=5_000)
    assert messages(window) == []


def test_it_is_offered_in_japanese(qtbot: QtBot, make_window: MakeWindow) -> None:
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance()
    assert app is not None
    language.use(app, "ja")
    make_window("--other-model")
    box = dialog(qtbot, QMessageBox)
    assert "別の言語モデル" in words_of(box)
    assert not any(word in words_of(box) for word in ("journal", "another", "Learn"))
