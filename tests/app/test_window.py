"""The window itself: what it remembers, what it says to a screen reader, its colours, notices, about box."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt, QTranslator, Signal
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QLineEdit, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app import palettes, paths, theme
from app.main_window import MainWindow
from app.notices import MOST, NoticeArea
from tests.app.acting import dialog, say, words_of
from tests.app.conftest import MakeWindow


class Emitter(QObject):
    signal = Signal(int)


def test_signals_cost_no_references() -> None:
    """PySide6 6.12.0 loses a reference to True with every emit, and ends Python 3.11 after some hundreds."""
    emitter = Emitter()
    emitter.signal.connect(lambda _: None)
    before = sys.getrefcount(True)
    for number in range(50):
        emitter.signal.emit(number)
    assert abs(sys.getrefcount(True) - before) < 25


def test_geometry_and_panel_are_remembered_in_the_data_folder(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path
) -> None:
    window = make_window()
    window.memory_menu.panel.setChecked(False)
    assert not window.panel.isVisible()
    qtbot.waitUntil(lambda: window.minimumWidth() < 700)
    window.resize(730, 590)
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.close()
    assert (tmp_path / "data/window.ini").exists()
    again = make_window(wait=False)
    assert (again.width(), again.height()) == (730, 590)
    assert not again.panel.isVisible()


def test_every_control_has_a_name_for_a_screen_reader(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    window.notices.say("Something", "happened").add_action("Do it", lambda: None)
    nameless = [
        f"{type(widget).__name__} {widget.objectName()}"
        for widget in window.findChildren(QWidget)
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not widget.objectName().startswith("qt_")
        and not widget.accessibleName()
        and not (isinstance(widget, QAbstractButton | QLabel | QLineEdit) and widget.text())
    ]
    assert nameless == []


@pytest.mark.parametrize(
    "action", ["settings_action", "shortcuts_action", "models_action", "diagnostics_action", "about_action", "journal"]
)
def test_every_control_of_a_page_has_a_name_and_the_keyboard_reaches_them(
    qtbot: QtBot, make_window: MakeWindow, action: str
) -> None:
    window = make_window()
    getattr(window.memory_menu if action == "journal" else window, action).trigger()
    page = dialog(qtbot, QDialog)
    qtbot.wait(100)
    controls = [
        widget
        for widget in page.findChildren(QWidget)
        if widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not widget.objectName().startswith("qt_")
    ]
    assert controls
    named = [widget.accessibleName() or getattr(widget, "text", lambda: "")() for widget in controls]
    assert all(named), [type(widget).__name__ for widget, name in zip(controls, named, strict=True) if not name]
    page.activateWindow()
    controls[0].setFocus()
    reached = set()
    for _ in range(4 * len(controls) + 8):
        if (focus := QApplication.focusWidget()) is None:
            break
        reached.add(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    missed = [type(widget).__name__ for widget in controls if widget not in reached and widget.focusProxy() is None]
    assert missed == []
    page.close()


def test_tab_leads_from_the_input_box_to_the_list_and_back(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.activateWindow()
    window.composer.edit.setFocus()
    qtbot.waitUntil(window.composer.edit.hasFocus)
    visited = []
    for _ in range(20):
        focused = QApplication.focusWidget()
        if focused is None or focused in visited:
            break
        visited.append(focused)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert window.composer.edit in visited
    assert window.sidebar.list in visited
    assert window.sidebar.new_button in visited


def luminance(color: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    value = QColor(color)
    return 0.2126 * linear(value.redF()) + 0.7152 * linear(value.greenF()) + 0.0722 * linear(value.blueF())


@pytest.mark.parametrize("colors", palettes.THEMES.values(), ids=lambda colors: colors.name)
def test_text_can_be_read_on_its_ground(colors: palettes.Theme) -> None:
    least = 7 if colors is palettes.HIGH_CONTRAST else 4.5
    pairs = [
        *((colors.ink, ground) for ground in (colors.paper, colors.side, colors.raised, colors.said, colors.chosen)),
        *((colors.ink, ground) for ground in (colors.hover, colors.code)),
        *((colors.soft, ground) for ground in (colors.paper, colors.side, colors.raised)),
        *((colors.soft, ground) for ground in (colors.chosen, colors.warning_ground)),
        (colors.accent_ink, colors.accent),
        (colors.accent, colors.paper),
        (colors.accent, colors.side),
        (colors.memory, colors.memory_ground),
        (colors.paper, colors.warning),
        (colors.ink, colors.warning_ground),
    ]
    for text, ground in pairs:
        high, low = sorted((luminance(text), luminance(ground)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= least, (text, ground)


@pytest.mark.parametrize("colors", palettes.THEMES.values(), ids=lambda colors: colors.name)
def test_the_style_sheet_leaves_no_colour_open(colors: palettes.Theme) -> None:
    sheet = theme.style_sheet(colors)
    assert "@" not in sheet
    assert colors.accent in sheet


def test_every_icon_draws_something() -> None:
    for path in (paths.RESOURCES / "icons").glob("*.svg"):
        image = theme.icon(path.stem, "#ff0000").pixmap(32, 32).toImage()
        assert any(image.pixelColor(x, y).alpha() for x in range(32) for y in range(32)), path.name


def test_notices_do_not_pile_up(qtbot: QtBot) -> None:
    area = NoticeArea()
    qtbot.addWidget(area)
    for number in range(MOST + 3):
        area.say(f"notice {number}")
    area.say("notice 5")
    assert [bar.message for bar in area.notices()] == ["notice 3", "notice 4", "notice 5"]
    for bar in area.notices():
        bar.dismiss()
    assert not area.isVisible()


def test_the_engine_s_notices_are_shown(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window("--notice")
    assert window.notices.notices()[0].message == "A damaged snapshot was set aside."


def test_about(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    window.about_action.trigger()
    box = dialog(qtbot, QMessageBox)
    for part in ("Scripted", str(tmp_path), "no telemetry"):
        assert part in words_of(box)
    box.close()


class Shouting(QTranslator):
    """A translation of everything, to see what is not translated."""

    def isEmpty(self) -> bool:
        return False

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str:
        return "«" + text


def test_another_language_takes_effect_at_once(qtbot: QtBot, make_window: MakeWindow) -> None:
    window: MainWindow = make_window()
    say(qtbot, window, "My cat is called Miso.")
    app = QApplication.instance()
    assert app is not None
    shouting = Shouting()
    app.installTranslator(shouting)
    try:
        QApplication.processEvents()
        QApplication.sendEvent(window, QEvent(QEvent.Type.LanguageChange))
        labels: list[QLabel | QAbstractButton] = [
            *window.findChildren(QLabel),
            *window.findChildren(QAbstractButton),
        ]
        shown = [label.text() for label in labels if label.isVisible() and any(map(str.isalpha, label.text()))]
        free = {"Miso", "is", "a", "cat", "Scripted", " Mika", "23.0 MB"}
        assert [text for text in shown if not text.startswith("«") and text not in free] == []
        menus = [action.text() for action in window.menuBar().actions()]
        assert all(text.startswith("«") for text in menus)
    finally:
        app.removeTranslator(shouting)
        QApplication.processEvents()


def test_the_panel_pictures_what_fired_and_what_was_written(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    qtbot.waitUntil(lambda: len(window.panel.written.neurons) == 5)
    assert window.panel.fired.neurons == []
    say(qtbot, window, "What is my cat called?")
    qtbot.waitUntil(lambda: len(window.panel.fired.neurons) == 5)
    assert window.panel.surprises.surprises == [0.81], "the question taught nothing"
    assert window.panel.size_plot.isVisibleTo(window.panel)
