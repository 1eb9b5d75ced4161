"""The settings: each takes effect at once, and is there again after the next start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from app import appearance, fonts, language, palettes, theme
from app.main_window import MainWindow
from app.settings import WindowSettings
from app.settings_dialog import SettingsDialog
from app.shortcut_row import ShortcutRow
from tests.app.acting import dialog, press, say, settle
from tests.app.conftest import MakeWindow


def opened(qtbot: QtBot, window: MainWindow) -> SettingsDialog:
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    QTest.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    return dialog(qtbot, SettingsDialog)


def choose(box: QComboBox, value: str) -> None:
    """With the keyboard, as long as it takes."""
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    while box.currentData() != value:
        before = box.currentIndex()
        QTest.keyClick(box, Qt.Key.Key_Down)
        assert box.currentIndex() != before, f"there is no {value}"


def test_the_language_is_switched_at_once_and_kept(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    box = opened(qtbot, window)
    choose(box.language_box, "ja")
    qtbot.waitUntil(lambda: window.new_action.text() == "新しいチャット(&N)")
    qtbot.waitUntil(lambda: box.windowTitle() == "設定" and box.close_button.text() == "閉じる")
    assert [box.language_box.itemText(row) for row in range(3)] == ["システムに合わせる", "English", "日本語"]
    assert box.language_box.currentData() == "ja"
    press(qtbot, box, "閉じる")
    assert WindowSettings(tmp_path / "data").language == "ja"


def test_a_theme_is_on_at_once_whatever_the_system_has(
    qtbot: QtBot, make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    box = opened(qtbot, window)
    for name, colors in palettes.THEMES.items():
        choose(box.theme_box, name)
        assert theme.current() is colors
        assert window.palette().color(window.foregroundRole()).name() == colors.ink
        picture = window.grab().toImage()
        spot = window.chat.viewport().mapTo(window, window.chat.viewport().rect().bottomLeft())
        assert picture.pixelColor(spot.x() + 2, spot.y() - 4).name() == colors.paper
    choose(box.theme_box, theme.SYSTEM)
    monkeypatch.setattr(theme, "system_theme", lambda _: palettes.DARK)
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.current() is palettes.DARK
    choose(box.theme_box, "light")
    app.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.current() is palettes.LIGHT


def test_the_system_s_theme_comes_back_where_only_its_palette_tells(qapp: QApplication) -> None:
    before = theme.system_theme(qapp)
    for name in palettes.THEMES:
        theme.choose(qapp, name, 100)
        theme.choose(qapp, theme.SYSTEM, 100)
        assert theme.current() is before


def test_high_contrast_is_on_when_the_system_asks_for_it(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    class Accessibility:
        def contrastPreference(self) -> Qt.ContrastPreference:
            return Qt.ContrastPreference.HighContrast

    class Hints:
        def accessibility(self) -> Accessibility:
            return Accessibility()

    monkeypatch.setattr(type(qapp), "styleHints", lambda *_: Hints(), raising=False)
    assert theme.system_theme(qapp) is palettes.HIGH_CONTRAST


def test_the_size_of_text_changes_everywhere(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso, and she is as old as the hills.")
    parts: dict[str, Callable[[], float]] = {
        "message": lambda: window.chat.bubbles()[0].text.document().defaultFont().pointSizeF(),
        "input": lambda: window.composer.edit.document().defaultFont().pointSizeF(),
        "figure": lambda: window.panel.neurons.fontInfo().pointSizeF(),
        "menu": lambda: window.menuBar().fontInfo().pointSizeF(),
        "list": lambda: window.sidebar.list.fontInfo().pointSizeF(),
    }
    before = {name: size() for name, size in parts.items()}
    height = window.chat.bubbles()[0].height()
    box = opened(qtbot, window)
    box.size_slider.setFocus()
    for _ in range(4):
        QTest.keyClick(box.size_slider, Qt.Key.Key_Right)
    assert box.size_note.text() == "140 %"
    settle(window)
    for name, size in parts.items():
        assert size() == pytest.approx(1.4 * before[name], rel=0.08), name
    assert window.chat.bubbles()[0].height() > 1.2 * height
    for _ in range(20):
        QTest.keyClick(box.size_slider, Qt.Key.Key_Left)
    assert theme.percent() == fonts.SMALLEST
    assert WindowSettings(tmp_path / "data").font_percent == fonts.SMALLEST


def test_the_memory_panel_is_the_same_setting_as_in_the_menu(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path
) -> None:
    window = make_window()
    box = opened(qtbot, window)
    assert box.panel_box.isChecked()
    QTest.keyClick(box.panel_box, Qt.Key.Key_Space)
    assert not window.panel.isVisible()
    assert not window.memory_menu.panel.isChecked()
    assert not WindowSettings(tmp_path / "data").memory_panel


@pytest.mark.parametrize(
    ("content", "percent"),
    [
        ("[window]\nlanguage=xx\ntheme=pink\nfont_percent=9999\n", fonts.LARGEST),
        ("[window]\nfont_percent=-3\n", 100),
        ("[window]\nfont_percent=1\nlanguage=\ntheme=@Invalid()\n", fonts.SMALLEST),
        ("\x00\x01not an ini file", 100),
    ],
)
def test_a_settings_file_that_was_spoilt_by_hand_spoils_no_start(
    qapp: QApplication, tmp_path: Path, content: str, percent: int
) -> None:
    (tmp_path / "window.ini").write_text(content)
    settings = WindowSettings(tmp_path)
    appearance.apply(settings)
    assert theme.percent() == percent
    assert language.current() == language.of_the_system()
    assert theme.current() is theme.system_theme(qapp)


def test_the_dialog_shows_what_is_kept(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.settings.language, window.settings.theme, window.settings.font_percent = "en", "contrast", 120
    box = opened(qtbot, window)
    assert (box.language_box.currentData(), box.theme_box.currentData()) == ("en", "contrast")
    assert box.size_note.text() == "120 %"
    assert window.settings_action.shortcut() == QKeySequence("Ctrl+,")
    QTest.keyClick(box, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not box.isVisible())


def test_without_a_japanese_font_it_says_what_to_install(
    qtbot: QtBot, make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window()
    box = opened(qtbot, window)
    assert box.font_note.isVisible() == (fonts.japanese() is None)
    box.close()
    monkeypatch.setattr(fonts, "japanese", lambda: None)
    row = ShortcutRow(window.global_shortcut, window.settings, "techo")
    again = SettingsDialog(window, window.settings, window.memory_menu.panel, row)
    again.open()
    assert again.font_note.isVisible()
    assert "Noto Sans CJK" in again.font_note.text()
    again.close()
