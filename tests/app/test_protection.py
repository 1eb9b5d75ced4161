"""Profiles with a passphrase in the window: protecting, locking, unlocking, and what must not be left in its files."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from app.command_palette import commands_of
from app.main_window import MainWindow
from app.passphrase_dialogs import PassphraseDialog
from engine.protocol import ErrorBody
from tests.app.acting import dialog, items, press, say
from tests.app.conftest import MakeWindow
from tests.app.test_profiles import entry, make_profile, names, open_profile

WORDS = "Passphrase 4711"


def fill(qtbot: QtBot, button: str, *typed: str) -> PassphraseDialog:
    box = dialog(qtbot, PassphraseDialog)
    for field, text in zip(box.fields, typed, strict=True):
        field.clear()
        QTest.keyClicks(field, text)
    press(qtbot, box, button)
    return box


def gone() -> bool:
    return not [w for w in QApplication.topLevelWidgets() if isinstance(w, PassphraseDialog) and w.isVisible()]


def protect(qtbot: QtBot, window: MainWindow) -> None:
    window.protection.protect.trigger()
    fill(qtbot, "Protect", WORDS, WORDS)
    qtbot.waitUntil(gone)
    qtbot.waitUntil(lambda: window.partner.profile is not None and window.partner.profile.encrypted)


def said(window: MainWindow) -> str:
    return " ".join(bar.message for bar in window.notices.notices())


def kept(window: MainWindow) -> str | None:
    return window.partner.engine.passphrase


def on_disk(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "scripted.json"]
    return "".join(path.read_bytes().decode("utf-8", "replace") for path in files)


def test_protecting_locking_unlocking(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    protection = window.protection
    assert protection.protect.isVisible()
    assert not protection.menu.menuAction().isVisible()
    assert "Lock now" not in {command.title for command in commands_of(window.profile_menu.menu)}
    protect(qtbot, window)
    assert "Lock now" in {command.title for command in commands_of(window.profile_menu.menu)}
    assert len(items(window)) == 2, "what is on screen stays"
    assert not protection.protect.isVisible()
    assert protection.menu.menuAction().isVisible()
    assert "protected now" in said(window)
    QTest.keyClicks(window.composer.edit, "a secret draft")
    protection.lock.trigger()
    qtbot.waitUntil(lambda: open_profile(window) is None)
    assert (items(window), window.composer.text, window.sidebar.list.titled()) == ([], "", [])
    box = fill(qtbot, "Unlock", "wrong")
    qtbot.waitUntil(lambda: "not the passphrase" in box.note.text())
    assert box.isVisible()
    assert box.fields[0].selectedText() == "wrong"
    fill(qtbot, "Unlock", WORDS)
    qtbot.waitUntil(gone)
    qtbot.waitUntil(lambda: open_profile(window) == "Mika" and window.composer.text == "a secret draft")
    qtbot.waitUntil(lambda: len(window.sidebar.list.titled()) == 1)
    window.close()
    qtbot.waitUntil(lambda: not window.partner.engine.pid)
    assert "secret draft" not in on_disk(tmp_path)
    assert WORDS not in on_disk(tmp_path)


def test_a_new_start_asks_and_nothing_opens_without_an_answer(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    make_profile(qtbot, window, "Other")
    protect(qtbot, window)
    QTest.keyClicks(window.composer.edit, "not sent")
    window.close()
    qtbot.waitUntil(lambda: not window.partner.engine.pid)

    again = make_window(profile="Other", wait=False)
    qtbot.waitUntil(lambda: not gone(), timeout=30_000)  # an engine has to start first
    box = dialog(qtbot, PassphraseDialog)
    assert open_profile(again) is None
    press(qtbot, box, "Cancel")
    qtbot.waitUntil(lambda: "“Other” is locked" in said(again))
    assert open_profile(again) is None, "and no other profile instead"
    qtbot.waitUntil(lambda: names(again) == ["Mika", "Other"])
    assert entry(again, "Other").text() == "Other (locked)"
    entry(again, "Mika").trigger()
    qtbot.waitUntil(lambda: open_profile(again) == "Mika")
    entry(again, "Other").trigger()
    box = dialog(qtbot, PassphraseDialog)
    assert open_profile(again) == "Mika", "until the passphrase is right the other one stays open"
    QTest.keyClick(box, Qt.Key.Key_Escape)
    qtbot.waitUntil(gone)
    assert open_profile(again) == "Mika"
    say(qtbot, again, "It goes on.")
    entry(again, "Other").trigger()
    fill(qtbot, "Unlock", WORDS)
    qtbot.waitUntil(lambda: open_profile(again) == "Other" and again.composer.text == "not sent")
    entry(again, "Mika").trigger()
    qtbot.waitUntil(lambda: open_profile(again) == "Mika")
    assert again.composer.text == ""
    assert kept(again) is None


def test_an_engine_that_is_started_again_need_not_ask(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    protect(qtbot, window)
    say(qtbot, window, "Before.")
    engine = window.partner.engine
    assert engine._process is not None
    before = engine.pid
    engine._process.kill()
    qtbot.waitUntil(lambda: engine.up and engine.pid not in (0, before), timeout=10_000)
    qtbot.waitUntil(lambda: open_profile(window) == "Mika")
    assert gone()
    say(qtbot, window, "After.")


def test_the_fields_must_agree_and_must_not_be_empty(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.protection.protect.trigger()
    box = dialog(qtbot, PassphraseDialog)
    assert not box.ok.isEnabled()
    assert all(field.echoMode() is QLineEdit.EchoMode.Password for field in box.fields)
    QTest.keyClicks(box.fields[0], "a")
    assert not box.ok.isEnabled()
    QTest.keyClicks(box.fields[1], "b")
    assert not box.ok.isEnabled()
    assert "not the same" in box.note.text()
    QTest.keyClick(box.fields[1], Qt.Key.Key_Backspace)
    QTest.keyClicks(box.fields[1], "a")
    assert box.ok.isEnabled(), "how strong it is, is the user's to say"
    box.show_typed.click()
    assert all(field.echoMode() is QLineEdit.EchoMode.Normal for field in box.fields)
    box.reject()
    assert window.partner.profile is not None
    assert not window.partner.profile.encrypted


def test_while_the_engine_is_at_it_the_dialog_stays(qtbot: QtBot, make_window: MakeWindow) -> None:
    asked: list[list[str]] = []
    box = PassphraseDialog(
        make_window(), title="T", text="x", labels=["Passphrase"], yes="Go", then=lambda typed, _: asked.append(typed)
    )
    box.open()
    QTest.keyClicks(box.fields[0], "a")
    press(qtbot, box, "Go")
    QTest.keyClick(box, Qt.Key.Key_Escape)
    box.close()
    box.accept()
    assert box.isVisible()
    assert asked == [["a"]]
    box.failed(ErrorBody(code=1401, message="gone"))
    box.reject()
    assert gone()


def test_a_refusal_is_said_in_the_dialog(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.protection.protect.trigger()
    box = fill(qtbot, "Protect", "too weak for the disk", "too weak for the disk")
    qtbot.waitUntil(lambda: "disk is full" in box.note.text())
    assert box.ok.isEnabled()
    box.reject()
    assert window.protection.protect.isVisible()


def test_another_passphrase_and_none(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    protect(qtbot, window)
    protection = window.protection
    protection.change.trigger()
    box = fill(qtbot, "Change", "wrong", "new", "new")
    qtbot.waitUntil(lambda: "not the passphrase" in box.note.text())
    fill(qtbot, "Change", WORDS, "new", "new")
    qtbot.waitUntil(gone)
    assert kept(window) == "new"
    protection.remove.trigger()
    box = fill(qtbot, "Remove", WORDS)
    qtbot.waitUntil(lambda: "not the passphrase" in box.note.text())
    fill(qtbot, "Remove", "new")
    qtbot.waitUntil(gone)
    assert protection.protect.isVisible()
    assert kept(window) is None
    assert "no longer protected" in said(window)


@pytest.mark.parametrize("missing", [False, True], ids=["a keyring", "none"])
def test_remembering(qtbot: QtBot, make_window: MakeWindow, missing: bool) -> None:
    window = make_window(*(["--no-keyring"] if missing else []))
    protect(qtbot, window)
    action = window.protection.remember
    assert not action.isChecked()
    action.trigger()
    if missing:
        qtbot.waitUntil(lambda: "keyring" in said(window))
        assert not action.isChecked()
        return
    qtbot.waitUntil(lambda: window.partner.profile is not None and window.partner.profile.remembered)
    assert action.isChecked()
    window.close()
    qtbot.waitUntil(lambda: not window.partner.engine.pid)
    again = make_window()
    assert open_profile(again) == "Mika"
    assert gone()


def test_importing_what_is_encrypted(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    say(qtbot, window, "Mika's secret.")
    protect(qtbot, window)
    window.partner.export(tmp_path / "mine.techo")
    qtbot.waitUntil(lambda: "Exported" in said(window))
    window.partner.import_file(tmp_path / "mine.techo", "Photo")
    box = fill(qtbot, "Import", "wrong")
    qtbot.waitUntil(lambda: "not the passphrase" in box.note.text() or "encrypted" in box.note.text())
    fill(qtbot, "Import", WORDS)
    qtbot.waitUntil(lambda: "Photo" in names(window))
    assert gone()
