"""Profiles: switch, make, rename, delete; reset, export and import of their memories."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from app.dialogs import NameDialog, free_name
from app.main_window import MainWindow
from tests.app.acting import dialog, items, press, say, type_and_send, words_of
from tests.app.conftest import MakeWindow
from tests.app.scripted_engine import REPLY


def names(window: MainWindow) -> list[str]:
    return [profile.name for profile in window.partner.profiles]


def entry(window: MainWindow, name: str) -> QAction:
    return next(action for action in window.profile_menu.menu.actions() if action.data() == name)


def open_profile(window: MainWindow) -> str | None:
    return None if window.partner.profile is None else window.partner.profile.name


def make_profile(qtbot: QtBot, window: MainWindow, name: str) -> None:
    window.profile_menu.new.trigger()
    box = dialog(qtbot, NameDialog)
    QTest.keyClicks(box.edit, name)
    QTest.keyClick(box.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: open_profile(window) == name and name in names(window))
    qtbot.waitUntil(lambda: window.panel.turns.text() == "0")


def test_making_and_switching(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "Mika's secret.")
    make_profile(qtbot, window, "Work")
    assert items(window) == []
    assert window.sidebar.list.titled() == []
    assert window.panel.words == []
    assert window.windowTitle() == "Work - Techo"
    assert entry(window, "Work").isChecked()
    entry(window, "Mika").trigger()
    qtbot.waitUntil(lambda: open_profile(window) == "Mika")
    qtbot.waitUntil(lambda: len(window.sidebar.list.titled()) == 1 and window.panel.turns.text() == "1")
    assert "Mika" in window.sidebar.profile_button.accessibleName()


def test_each_profile_keeps_its_own_draft(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    QTest.keyClicks(window.composer.edit, "for Mika")
    make_profile(qtbot, window, "Work")
    assert window.composer.text == ""
    entry(window, "Mika").trigger()
    qtbot.waitUntil(lambda: open_profile(window) == "Mika")
    assert window.composer.text == "for Mika"


def test_switching_stops_a_running_turn(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    make_profile(qtbot, window, "Work")
    QTest.keyClicks(window.composer.edit, "/long 0.02")
    QTest.keyClick(window.composer.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(items(window)) == 2)
    entry(window, "Mika").trigger()
    qtbot.waitUntil(lambda: open_profile(window) == "Mika" and not window.partner.exchange.running)
    assert items(window) == []


def test_what_is_said_while_another_profile_opens_stays_with_the_old_one(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path
) -> None:
    window = make_window()
    make_profile(qtbot, window, "Work")
    say(qtbot, window, "Work's first.")
    entry(window, "Mika").trigger()
    type_and_send(qtbot, window, "Work's second.")
    assert window.composer.text == "Work's second."
    qtbot.waitUntil(lambda: open_profile(window) == "Mika" and not window.partner.exchange.running)
    assert window.composer.text == ""
    say(qtbot, window, "Mika's own.")
    assert [item.text for item in items(window) if item.role == "user"] == ["Mika's own."]
    entry(window, "Work").trigger()
    qtbot.waitUntil(lambda: open_profile(window) == "Work")
    assert window.composer.text == "Work's second."


def test_between_two_switches_nothing_is_taken(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    make_profile(qtbot, window, "Work")
    make_profile(qtbot, window, "Home")
    partner, taken = window.partner, dict[str, bool]()
    partner.profile_changed.connect(lambda profile: taken.update({profile.name: partner.exchange.send("Hello.")}))
    entry(window, "Work").trigger()
    entry(window, "Mika").trigger()
    qtbot.waitUntil(lambda: len(taken) == 2 and not partner.exchange.running)
    assert taken == {"Work": False, "Mika": True}


def test_a_profile_that_does_not_open_leaves_the_old_one_listening(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window("--in-use", "Locked")
    window.partner.create_profile("Mika")
    window.partner.switch_profile("Locked")
    qtbot.waitUntil(lambda: len(window.notices.notices()) == 2)
    assert say(qtbot, window, "Still here?").text == REPLY


def test_what_is_said_while_its_profile_is_deleted_goes_to_no_other(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    make_profile(qtbot, window, "Work")
    window.partner.delete_profile("Work")
    type_and_send(qtbot, window, "Work's last.")
    qtbot.waitUntil(lambda: open_profile(window) == "Mika")
    assert window.composer.text == ""
    assert say(qtbot, window, "Mika's own.").text == REPLY


def test_closing_while_another_profile_opens_keeps_both_drafts(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    make_profile(qtbot, window, "Work")
    QTest.keyClicks(window.composer.edit, "for Work")
    entry(window, "Mika").trigger()
    qtbot.waitUntil(lambda: open_profile(window) == "Mika")
    QTest.keyClicks(window.composer.edit, "for Mika")
    entry(window, "Work").trigger()
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.close()
    again = make_window(profile="Mika")
    assert again.composer.text == "for Mika"
    entry(again, "Work").trigger()
    qtbot.waitUntil(lambda: open_profile(again) == "Work")
    assert again.composer.text == "for Work"


def test_a_name_that_is_taken_or_empty_is_not_accepted(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.profile_menu.new.trigger()
    box = dialog(qtbot, NameDialog)
    assert not box.ok.isEnabled()
    QTest.keyClicks(box.edit, "mika")
    assert not box.ok.isEnabled()
    assert "already" in box.note.text()
    QTest.keyClicks(box.edit, " Two")
    assert box.ok.isEnabled()
    box.reject()
    assert names(window) == ["Mika"]


def test_renaming_goes_with_the_profile_through_a_crash(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.profile_menu.rename.trigger()
    box = dialog(qtbot, NameDialog)
    box.edit.setText("Mika Two")
    press(qtbot, box, "Rename")
    qtbot.waitUntil(lambda: names(window) == ["Mika Two"])
    assert window.windowTitle() == "Mika Two - Techo"
    assert window.partner.engine.profile == "Mika Two"


def test_deleting_names_what_is_lost_and_asks_first(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    make_profile(qtbot, window, "Work")
    say(qtbot, window, "The budget is 400.")
    window.profile_menu.delete.trigger()
    box = dialog(qtbot, QMessageBox)
    assert "“Work”" in words_of(box)
    assert "1 learned turns and 1 conversations" in words_of(box)
    press(qtbot, box, "Cancel")
    qtbot.wait(50)
    assert names(window) == ["Mika", "Work"]
    window.profile_menu.delete.trigger()
    press(qtbot, dialog(qtbot, QMessageBox), "Delete the profile")
    qtbot.waitUntil(lambda: names(window) == ["Mika"] and open_profile(window) == "Mika")
    assert items(window) == []


def test_enter_at_a_question_that_destroys_is_a_no(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.profile_menu.delete.trigger()
    box = dialog(qtbot, QMessageBox)
    QTest.keyClick(box, Qt.Key.Key_Return)
    qtbot.wait(50)
    assert names(window) == ["Mika"]
    assert open_profile(window) == "Mika"


def test_deleting_the_last_profile_leaves_a_fresh_one(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.profile_menu.delete.trigger()
    press(qtbot, dialog(qtbot, QMessageBox), "Delete the profile")
    qtbot.waitUntil(lambda: names(window) == ["default"] and open_profile(window) == "default")


def test_a_profile_that_is_open_elsewhere_is_explained_and_another_can_be_chosen(
    qtbot: QtBot, make_window: MakeWindow
) -> None:
    first = make_window()
    make_profile(qtbot, first, "Work")
    with qtbot.waitSignal(first.closed, timeout=10_000):
        first.close()
    window = make_window("--in-use", "Mika", profile="Mika", wait=False)
    qtbot.waitUntil(lambda: bool(window.notices.notices()), timeout=20_000)
    assert "open elsewhere" in window.notices.notices()[0].message
    qtbot.waitUntil(lambda: names(window) == ["Mika", "Work"])
    assert open_profile(window) is None
    entry(window, "Work").trigger()
    qtbot.waitUntil(lambda: open_profile(window) == "Work")


def test_a_last_profile_that_is_gone_gives_way_to_another(qtbot: QtBot, make_window: MakeWindow) -> None:
    first = make_window()
    with qtbot.waitSignal(first.closed, timeout=10_000):
        first.close()
    first.settings.profile = "Deleted"
    first.settings.save()
    window = make_window(profile=None)
    assert open_profile(window) == "Mika"
    assert window.notices.notices() == []


# ------------------------------------------------------------------------------------------ memory


def test_reset_names_what_is_lost_and_asks_first(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    qtbot.waitUntil(lambda: window.panel.turns.text() == "1")
    window.memory_menu.reset.trigger()
    box = dialog(qtbot, QMessageBox)
    assert "1 learned turns" in words_of(box)
    press(qtbot, box, "Cancel")
    qtbot.wait(50)
    assert window.panel.turns.text() == "1"
    window.memory_menu.reset.trigger()
    press(qtbot, dialog(qtbot, QMessageBox), "Reset the memory")
    qtbot.waitUntil(lambda: window.panel.turns.text() == "0")
    assert window.panel.words == []
    assert len(items(window)) == 2


def export(qtbot: QtBot, window: MainWindow, path: Path) -> None:
    window.memory_menu.export.trigger()
    box = dialog(qtbot, QFileDialog)
    assert box.testOption(QFileDialog.Option.DontConfirmOverwrite) is False
    box.selectFile(str(path))
    box.fileSelected.emit(str(path))
    box.close()
    qtbot.waitUntil(lambda: bool(window.notices.notices()))


def test_export_and_import_under_a_new_name(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    path = tmp_path / "techo-Mika-2026-01-02.techo"
    export(qtbot, window, path)
    assert path.exists()
    assert str(path) in window.notices.notices()[-1].message
    window.memory_menu.bring.trigger()
    box = dialog(qtbot, QFileDialog)
    box.fileSelected.emit(str(path))
    box.close()
    ask = dialog(qtbot, NameDialog)
    assert ask.name == "Mika 2"
    press(qtbot, ask, "Import")
    qtbot.waitUntil(lambda: names(window) == ["Mika", "Mika 2"])
    assert open_profile(window) == "Mika"
    notice = window.notices.notices()[-1]
    assert notice.message == "Imported as “Mika 2”."
    assert notice.button is not None
    notice.button.click()
    qtbot.waitUntil(lambda: open_profile(window) == "Mika 2" and window.panel.turns.text() == "1")


def test_a_file_that_is_refused_is_explained(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    path = tmp_path / "photo.techo"
    path.write_bytes(b"\x89PNG")
    window.partner.import_file(path, "Photo")
    qtbot.waitUntil(lambda: bool(window.notices.notices()))
    notice = window.notices.notices()[0]
    assert (notice.tone, notice.message) == ("error", "This is no Techo file.")
    assert "Choose a file" in notice.hint
    assert names(window) == ["Mika"]


def test_free_names() -> None:
    assert free_name("Mika", {"Work"}) == "Mika"
    assert free_name("Mika", {"mika", "Mika 2"}) == "Mika 3"
