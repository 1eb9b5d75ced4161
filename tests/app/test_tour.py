"""The tour of the first run: three cards beside what they speak of, shown once, skipped with one key."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app import appearance, language
from app.main_window import MainWindow
from app.settings import WindowSettings
from app.tour import Tour
from tests.app.acting import items, settle, type_and_send
from tests.app.conftest import MakeWindow
from tests.app.test_controls import LOOKS, nameless, settles_uncut


def toured(qtbot: QtBot, window: MainWindow) -> Tour:
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    window.first_run()
    settle(window)
    assert window.tour is not None
    return window.tour


def card(window: MainWindow) -> Tour | None:
    return window.tour


def press(widget: QWidget, key: Qt.Key) -> None:
    QTest.keyClick(widget.window().focusWidget(), key)
    QTest.qWait(20)


def test_it_is_gone_through_with_enter_and_shown_only_once(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    tour = toured(qtbot, window)
    titles = []
    for place in range(3):
        assert tour.place == place
        titles.append(tour.title.text())
        press(window, Qt.Key.Key_Return)
    assert titles == ["Tell me something", "What was learned", "Everything stays here"]
    assert card(window) is None
    assert window.composer.edit.hasFocus()
    window.first_run()
    assert card(window) is None
    assert WindowSettings(window._data_dir).tour_seen
    type_and_send(qtbot, window, "Hello.")
    qtbot.waitUntil(lambda: len(items(window)) == 2)


def test_esc_skips_it_and_help_shows_it_again(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    toured(qtbot, window)
    press(window, Qt.Key.Key_Escape)
    assert card(window) is None
    assert window.settings.tour_seen
    window.tour_action.trigger()
    again = card(window)
    assert again is not None
    QTest.mouseClick(again.skip_button, Qt.MouseButton.LeftButton)
    assert card(window) is None


def test_esc_is_the_tour_s_also_while_a_reply_could_be_stopped(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    type_and_send(qtbot, window, "/long 0.02")
    qtbot.waitUntil(lambda: len(items(window)) == 2)
    toured(qtbot, window)
    press(window, Qt.Key.Key_Escape)
    assert card(window) is None
    assert window.partner.exchange.running
    window.partner.exchange.stop()
    qtbot.waitUntil(lambda: not window.partner.exchange.running)


def test_arrows_and_tab_stay_on_the_card(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    tour = toured(qtbot, window)
    press(window, Qt.Key.Key_Left)
    assert tour.place == 0
    press(window, Qt.Key.Key_Right)
    assert tour.place == 1
    visited = []
    for _ in range(4):
        visited.append(window.focusWidget())
        press(window, Qt.Key.Key_Tab)
    assert visited == [tour.next_button, tour.skip_button, tour.back_button, tour.next_button]
    tour.next_button.setFocus()
    press(window, Qt.Key.Key_Backtab)
    assert window.focusWidget() is tour.back_button
    press(window, Qt.Key.Key_Space)
    assert tour.place == 0


def test_nothing_below_can_be_clicked(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    tour = toured(qtbot, window)
    spot = window.sidebar.new_button.mapTo(window, window.sidebar.new_button.rect().center())
    assert window.childAt(spot) is tour


def test_the_memory_panel_comes_for_the_tour_and_goes_again(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.memory_menu.panel.setChecked(False)
    tour = toured(qtbot, window)
    tour.go_on()
    settle(window)
    assert window.panel.isVisible()
    tour.end()
    assert not window.panel.isVisible()
    assert not window.memory_menu.panel.isChecked()


def stands_beside(window: MainWindow, tour: Tour, anchor: QWidget) -> bool:
    part = QRect(anchor.mapTo(window, QPoint(0, 0)), anchor.size())
    card = tour.card.geometry()
    return tour.size() == window.size() and window.rect().contains(card) and not card.intersects(part)


@pytest.mark.parametrize(("spoken", "percent"), LOOKS)
def test_each_card_stands_beside_its_part_and_shows_all_its_words(
    qtbot: QtBot, make_window: MakeWindow, spoken: str, percent: int
) -> None:
    window = make_window()
    window.settings.language, window.settings.font_percent, window.settings.theme = spoken, percent, "light"
    appearance.apply(window.settings)
    settle(window)
    window.resize(10, 10)
    tour = toured(qtbot, window)
    for anchor in (window.composer, window.panel, window.sidebar.profile_button):
        for size in ((10, 10), (1400, 900)):
            window.resize(*size)
            qtbot.waitUntil(lambda part=anchor: stands_beside(window, tour, part), timeout=10_000)  # type: ignore[misc]
            settles_uncut(qtbot, tour.card)
            assert stands_beside(window, tour, anchor)
        assert nameless(tour) == []
        tour.go_on()


def test_it_follows_the_language(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    tour = toured(qtbot, window)
    app = QApplication.instance()
    assert app is not None
    language.use(app, "ja")
    qtbot.waitUntil(lambda: tour.title.text() == "話してみてください" and tour.next_button.text() == "次へ")
    assert "話してみてください" in tour.next_button.accessibleDescription()
    entry = next(action for action in window.findChildren(QAction) if action is window.tour_action)
    qtbot.waitUntil(lambda: entry.text() == "画面の案内(&T)")
