"""The icon in the system tray. The tests' platform has no tray, so that it has one is what they pretend."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from app.engine_process import Condition
from app.main_window import MainWindow
from app.settings import WindowSettings
from app.settings_dialog import SettingsDialog
from app.tray import Tray
from tests.app.acting import dialog, items, say
from tests.app.conftest import MakeWindow


@pytest.fixture
def tray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tray, "available", staticmethod(lambda: True))


def stays(window: MainWindow) -> MainWindow:
    window.settings.close_to_tray = True
    return window


def test_without_a_tray_there_is_no_icon_and_no_choice(qtbot: QtBot, make_window: MakeWindow) -> None:
    assert not Tray.available()  # Qt's own answer on this platform.
    window = stays(make_window())
    assert window.tray.icon is None
    window.settings_action.trigger()
    settings = dialog(qtbot, SettingsDialog)
    assert not settings.tray_box.isVisible()
    settings.close()
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.close()


def temporary(window: MainWindow) -> bool:
    return window.partner.exchange.current.temporary


@pytest.mark.usefixtures("tray")
def test_closing_ends_techo_unless_it_was_chosen_otherwise(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    assert not window.settings.close_to_tray
    assert window.tray.icon is not None
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.close()


@pytest.mark.usefixtures("tray")
def test_chosen_in_the_settings_it_stays_and_comes_back_as_it_was(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path
) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    window.settings_action.trigger()
    settings = dialog(qtbot, SettingsDialog)
    assert settings.tray_box.isVisible()
    assert not settings.tray_box.isChecked()
    QTest.mouseClick(settings.tray_box, Qt.MouseButton.LeftButton, pos=settings.tray_box.rect().center())
    if not settings.tray_box.isChecked():  # A style may take only clicks on the box itself.
        QTest.keyClick(settings.tray_box, Qt.Key.Key_Space)
    settings.close()
    assert WindowSettings(tmp_path / "data").close_to_tray

    QTest.keyClicks(window.composer.edit, "not sent yet")
    window.close()
    assert not window.isVisible()
    assert window.partner.engine.condition is Condition.READY
    assert WindowSettings(tmp_path / "data").draft(window.partner.profile.id if window.partner.profile else "") != ""

    assert window.tray.icon is not None
    window.tray.icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    assert window.isVisible()
    assert window.composer.text == "not sent yet"
    assert items(window)[0].text == "My cat is called Miso."


@pytest.mark.usefixtures("tray")
def test_what_the_menu_of_the_tray_does(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = stays(make_window())
    say(qtbot, window, "My cat is called Miso.")
    window.close()
    assert not window.isVisible()
    window.tray.temporary_action.trigger()
    assert window.isVisible()
    assert temporary(window)
    window.close()
    window.tray.new_action.trigger()
    assert window.isVisible()
    assert not temporary(window)
    assert items(window) == []
    window.close()
    window.tray.show_action.trigger()
    assert window.isVisible()
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.tray.quit_action.trigger()
    assert window.partner.engine.condition is Condition.STOPPED


@pytest.mark.usefixtures("tray")
def test_quit_quits_also_where_closing_does_not(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = stays(make_window())
    with qtbot.waitSignal(window.closed, timeout=10_000):
        QTest.keyClick(window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)


@pytest.mark.usefixtures("tray")
def test_the_end_of_the_session_is_an_end(
    qtbot: QtBot, make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = stays(make_window())
    monkeypatch.setattr(QApplication, "isSavingSession", lambda _: True)
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.close()


def test_a_tray_that_went_away_keeps_nothing(
    qtbot: QtBot, make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tray, "available", staticmethod(lambda: True))
    window = stays(make_window())
    assert window.tray.icon is not None
    monkeypatch.setattr(Tray, "available", staticmethod(lambda: False))
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.close()


def test_the_menu_speaks_the_language_of_the_window(make_window: MakeWindow, qapp: QApplication) -> None:
    from app import language

    window = make_window(wait=False)
    language.use(qapp, "ja")
    QApplication.processEvents()
    words = [action.text() for action in window.tray.menu.actions() if not action.isSeparator()]
    assert all(any(ord(letter) > 0x3000 for letter in text) for text in words), words
