"""Every control of the window and of every dialog: named, reached by Tab in the order of reading, not cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QSplitter,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app import appearance
from app.command_palette import CommandPalette
from app.dialogs import NameDialog
from app.engine_process import Condition
from app.knowledge import KnowledgeDialog
from app.looks import LookDialog
from app.main_window import MainWindow
from app.models.page import ModelsPage
from app.settings_dialog import SettingsDialog
from app.shortcuts import ShortcutSheet
from app.timeline import TimelineDialog
from engine.protocol import ErrorBody
from tests.app.acting import dialog, say, settle, type_and_send
from tests.app.conftest import MakeWindow

LOOKS = [(language, percent) for language in ("en", "ja") for percent in (100, 140)]
DIALOGS: dict[str, tuple[type[QDialog], Callable[[MainWindow], None]]] = {
    "settings": (SettingsDialog, lambda window: window.settings_action.trigger()),
    "palette": (CommandPalette, lambda window: window.palette_action.trigger()),
    "shortcuts": (ShortcutSheet, lambda window: window.shortcuts_action.trigger()),
    "about": (QMessageBox, lambda window: window.about_action.trigger()),
    "new profile": (NameDialog, lambda window: window.profile_menu.new.trigger()),
    "looks": (LookDialog, lambda window: window.profile_menu.look.trigger()),
    "duplicate profile": (NameDialog, lambda window: window.profile_menu.duplicate.trigger()),
    "timeline": (TimelineDialog, lambda window: window.memory_menu.timeline.trigger()),
    "rename profile": (NameDialog, lambda window: window.profile_menu.rename.trigger()),
    "delete profile": (QMessageBox, lambda window: window.profile_menu.delete.trigger()),
    "models": (ModelsPage, lambda window: window.models_action.trigger()),
    "knowledge": (KnowledgeDialog, lambda window: window.memory_menu.knowledge.trigger()),
    "learn anew": (QMessageBox, lambda window: window.memory_menu.relearn.trigger()),
    "reset": (QMessageBox, lambda window: window.memory_menu.reset.trigger()),
}


def dress(window: MainWindow, language: str, percent: int, theme: str = "light") -> None:
    """As the settings dialog does it."""
    window.settings.language, window.settings.font_percent, window.settings.theme = language, percent, theme
    appearance.apply(window.settings)
    settle(window)


def filled(qtbot: QtBot, window: MainWindow) -> None:
    """Something of everything: messages, marks, an unanswered one with its button, notices with and without one."""
    say(qtbot, window, "My cat is called Miso.")
    say(qtbot, window, "What is my cat called?")
    window.panel.set_learned(window.chat.bubbles()[0].item.learned)
    type_and_send(qtbot, window, "/die")
    qtbot.waitUntil(lambda: window.chat.bubbles()[-1].more_button.isVisible(), timeout=20_000)
    engine = window.partner.engine
    qtbot.waitUntil(lambda: engine.condition is Condition.READY and not engine.unanswered, timeout=20_000)
    window._on_failed(ErrorBody(code=1204, message="The profile “Work” is open elsewhere.", hint="Close it there."))
    window.notices.say("Imported.").add_action("Open it", lambda: None)
    QTest.keyClicks(window.composer.edit, "A draft")
    settle(window)


def controls(top: QWidget) -> list[QWidget]:
    """What Tab has to reach."""
    found = top.findChildren(QWidget)
    return [
        widget
        for widget in found
        if widget.isVisible()
        and widget.isEnabled()
        and widget.window() is top
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.focusProxy() is None
    ]


def name_of(widget: QWidget) -> str:
    """What a screen reader says, as Qt tells it."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return str(interface.text(QAccessible.Text.Name))


def described(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName()} “{name_of(widget)}”"


def nameless(top: QWidget) -> list[str]:
    focusable = [
        widget
        for widget in top.findChildren(QWidget)
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not (isinstance(widget, QLabel) and not widget.text())
    ]
    return [
        described(widget)
        for widget in focusable
        if not name_of(widget).strip() and not widget.objectName().startswith("qt_") and widget.focusProxy() is None
    ]


def by_tab(qtbot: QtBot, top: QWidget, start: QWidget, key: Qt.Key = Qt.Key.Key_Tab) -> list[QWidget]:
    """Press Tab until it comes back to where it began."""
    top.activateWindow()
    start.setFocus()
    qtbot.waitUntil(start.hasFocus)
    visited: list[QWidget] = []
    for _ in range(200):
        focused = QApplication.focusWidget()
        assert focused is not None, f"the focus is lost after {visited}"
        if visited and focused is visited[0]:
            return visited
        assert focused not in visited, f"{described(focused)} comes twice"
        visited.append(focused)
        QTest.keyClick(focused, key)
    raise AssertionError("Tab never comes back")


def place(widget: QWidget) -> QRect:
    return QRect(widget.mapTo(widget.window(), QPoint(0, 0)), widget.size())


def before(first: QRect, second: QRect) -> bool:
    """Whether somebody who reads line by line comes to `first` first: above, or in the same line and to the left."""
    if first.contains(second) or second.contains(first):
        return first.contains(second)
    overlap = min(first.bottom(), second.bottom()) - max(first.top(), second.top())
    if overlap > 0:
        return first.left() < second.left()
    return first.top() < second.top()


def columns(top: QWidget) -> list[QWidget]:
    """Parts that are read one after the other."""
    splitter: QSplitter | None = top.findChild(QSplitter)
    parts = [] if splitter is None else [splitter.widget(i) for i in range(splitter.count())]
    return [part for part in parts if part is not None]


def column_of(widget: QWidget) -> int:
    parts = columns(widget.window())
    return next((i for i, part in enumerate(parts) if part is widget or part.isAncestorOf(widget)), len(parts))


def check_order(qtbot: QtBot, top: QWidget) -> list[QWidget]:
    wanted = controls(top)
    assert wanted
    start = min(wanted, key=lambda w: (column_of(w), place(w).top(), place(w).left()))
    visited = by_tab(qtbot, top, start)
    assert {described(w) for w in visited} == {described(w) for w in wanted}
    assert len(visited) == len(wanted)
    for first, second in pairwise(visited):
        if column_of(first) != column_of(second):
            assert column_of(first) < column_of(second), (described(first), described(second))
        else:
            assert before(place(first), place(second)), (described(first), described(second))
    assert by_tab(qtbot, top, start, Qt.Key.Key_Backtab) == [visited[0], *visited[:0:-1]]
    return visited


def cut_off(top: QWidget) -> Iterator[str]:
    """What shows less than it should: text that does not fit its widget, widgets that stand out of their parent."""
    for widget in [top, *top.findChildren(QWidget)]:
        if not widget.isVisible() or widget.window() is not top.window():
            continue
        need = None
        if isinstance(widget, QLabel) and widget.text():
            need = widget.minimumSizeHint()
            if widget.wordWrap():
                need.setHeight(widget.heightForWidth(widget.width()))
        elif (isinstance(widget, QAbstractButton) and widget.text()) or isinstance(widget, QComboBox):
            need = widget.sizeHint()
        elif isinstance(widget, QPlainTextEdit) and not widget.toPlainText():
            room = QRect(0, 0, widget.viewport().width(), 10_000)
            need = widget.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, widget.placeholderText()).size()
        if need is None:
            continue
        room_for_it = widget.viewport() if isinstance(widget, QPlainTextEdit) else widget
        if room_for_it.width() < need.width() or room_for_it.height() < need.height():
            yield f"{described(widget)}: {widget.size()} instead of {need}"
        seen = widget.visibleRegion().boundingRect()
        if not seen.isEmpty() and seen.width() < widget.width():
            yield f"{described(widget)}: {seen.width()} of {widget.width()} pixels can be seen"


def settles_uncut(qtbot: QtBot, top: QWidget) -> None:
    """Layouts take some turns of the event loop; after that, nothing may be cut off."""

    def uncut() -> None:
        assert list(cut_off(top)) == []

    qtbot.waitUntil(uncut, timeout=10_000)


# ------------------------------------------------------------------------------------------ the window


def test_every_control_of_the_window_has_a_name(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    filled(qtbot, window)
    assert nameless(window) == []
    assert [a.text() for a in window.menuBar().actions() if not a.text()] == []


def test_tab_visits_each_control_of_the_window_once_in_the_order_of_reading(
    qtbot: QtBot, make_window: MakeWindow
) -> None:
    window = make_window()
    filled(qtbot, window)
    visited = check_order(qtbot, window)
    bar = window.notices.notices()[-1]
    again = window.chat.bubbles()[-1].more_button
    parts = [window.sidebar.profile_button, window.sidebar.list, bar.button, again, window.composer.edit]
    assert [part for part in visited if part in parts] == parts


def test_tab_goes_on_from_a_message_that_was_clicked(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    filled(qtbot, window)
    window.activateWindow()
    last = window.chat.bubbles()[-1]
    last.text.setFocus()
    qtbot.waitUntil(last.text.hasFocus)
    QTest.keyClick(last.text, Qt.Key.Key_Tab)
    assert last.more_button.hasFocus()


def test_a_notice_dismissed_with_the_keyboard_gives_the_focus_to_the_input_box(
    qtbot: QtBot, make_window: MakeWindow
) -> None:
    window = make_window()
    window.activateWindow()
    bar = window.notices.say("Something", "happened")
    cross = next(button for button in bar.findChildren(QAbstractButton) if button.isVisible())
    cross.setFocus()
    qtbot.waitUntil(cross.hasFocus)
    QTest.keyClick(cross, Qt.Key.Key_Space)
    qtbot.waitUntil(window.composer.edit.hasFocus)


@pytest.mark.parametrize(("language", "percent"), LOOKS)
def test_nothing_is_cut_off_in_the_smallest_window(
    qtbot: QtBot, make_window: MakeWindow, language: str, percent: int
) -> None:
    window = make_window()
    dress(window, language, percent)
    window.resize(10, 10)
    settles_uncut(qtbot, window)
    filled(qtbot, window)
    settles_uncut(qtbot, window)
    assert window.menuBar().sizeHint().width() <= window.menuBar().width()
    for condition in Condition:
        window.status.set_condition(condition)
        settles_uncut(qtbot, window)
    assert window.width() <= 900
    assert window.height() <= 600


def test_a_long_name_of_a_profile_is_not_cut_off(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window(profile="Wolfeschlegelsteinhausenbergerdorff, the whole family of it")
    window.resize(10, 10)
    settles_uncut(qtbot, window)


def test_another_size_and_language_need_no_new_window(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    filled(qtbot, window)
    window.resize(10, 10)
    for language, percent in LOOKS:
        for theme in ("dark", "contrast"):
            dress(window, language, percent, theme)
            settles_uncut(qtbot, window)


# ------------------------------------------------------------------------------------------ the dialogs


@pytest.mark.parametrize(("language", "percent"), LOOKS)
@pytest.mark.parametrize("name", DIALOGS)
def test_every_dialog(qtbot: QtBot, make_window: MakeWindow, name: str, language: str, percent: int) -> None:
    window = make_window()
    dress(window, language, percent)
    window.resize(10, 10)
    kind, show = DIALOGS[name]
    show(window)
    box = dialog(qtbot, kind)
    settle(box)
    assert nameless(box) == []
    settles_uncut(qtbot, box)
    check_order(qtbot, box)
    focused = box.focusWidget()
    assert focused is not None
    box.close()
    qtbot.waitUntil(lambda: not box.isVisible())


def test_the_file_dialogs_speak_japanese(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    dress(window, "ja", 100)
    for action in (window.memory_menu.export, window.memory_menu.bring, window.documents.action):
        action.trigger()
        box = dialog(qtbot, QFileDialog)
        labels = [label.text() for label in box.findChildren(QLabel) if label.isVisible() and label.text()]
        assert labels
        assert [text for text in labels if text.isascii()] == []
        box.close()
        qtbot.waitUntil(lambda box=box: not box.isVisible())  # type: ignore[misc]
