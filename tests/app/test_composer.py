"""The input box: Enter sends, Shift+Enter breaks the line, and Enter never sends while an input method composes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.chat.composer import MAX_LINES, Composer
from tests.app.acting import compose

Key = Qt.Key


@pytest.fixture
def composer(qtbot: QtBot) -> Composer:
    box = Composer()
    qtbot.addWidget(box)
    box.resize(500, 60)
    box.show()
    box.edit.setFocus()
    return box


@pytest.fixture
def sent(composer: Composer) -> list[str]:
    texts: list[str] = []
    composer.sent.connect(texts.append)
    return texts


@pytest.mark.parametrize("key", [Key.Key_Return, Key.Key_Enter])
def test_enter_sends(qtbot: QtBot, composer: Composer, sent: list[str], key: Qt.Key) -> None:
    QTest.keyClicks(composer.edit, "hello ")
    QTest.keyClick(composer.edit, key)
    assert sent == ["hello"]


def test_shift_enter_breaks_the_line(qtbot: QtBot, composer: Composer, sent: list[str]) -> None:
    QTest.keyClicks(composer.edit, "one")
    QTest.keyClick(composer.edit, Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(composer.edit, "two")
    assert (composer.text, sent) == ("one\ntwo", [])


def test_enter_belongs_to_the_input_method_while_it_composes(qtbot: QtBot, composer: Composer, sent: list[str]) -> None:
    compose(composer.edit, "にほん")
    assert composer.edit.composing
    QTest.keyClick(composer.edit, Key.Key_Return)
    compose(composer.edit, "日本")
    QTest.keyClick(composer.edit, Key.Key_Enter)
    assert (sent, composer.text) == ([], "")


def test_the_enter_that_accepts_a_composition_does_not_send(qtbot: QtBot, composer: Composer, sent: list[str]) -> None:
    compose(composer.edit, "にほん")
    compose(composer.edit, "", commit="日本")
    # Some platforms deliver the accepting key as well, in the same turn of the event loop.
    for kind in (QKeyEvent.Type.KeyPress, QKeyEvent.Type.KeyRelease):
        QApplication.sendEvent(composer.edit, QKeyEvent(kind, Key.Key_Return, Qt.KeyboardModifier.NoModifier))
    assert (sent, composer.text) == ([], "日本")
    qtbot.wait(20)
    QTest.keyClick(composer.edit, Key.Key_Return)
    assert sent == ["日本"]


def test_a_cancelled_composition_gives_enter_back(qtbot: QtBot, composer: Composer, sent: list[str]) -> None:
    QTest.keyClicks(composer.edit, "ok")
    compose(composer.edit, "に")
    compose(composer.edit, "")
    qtbot.wait(20)
    QTest.keyClick(composer.edit, Key.Key_Return)
    assert sent == ["ok"]


def test_text_committed_without_composing_does_not_hold_enter_back(
    qtbot: QtBot, composer: Composer, sent: list[str]
) -> None:
    compose(composer.edit, "", commit="pasted by a keyboard on screen")
    QTest.keyClick(composer.edit, Key.Key_Return)
    assert sent == ["pasted by a keyboard on screen"]


def test_a_held_down_enter_sends_once(composer: Composer, sent: list[str]) -> None:
    composer.edit.setPlainText("once")
    for repeat in (False, True, True):
        event = QKeyEvent(QKeyEvent.Type.KeyPress, Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r", repeat, 1)
        QApplication.sendEvent(composer.edit, event)
    assert sent == ["once"]


def test_nothing_is_sent_when_there_is_nothing_to_say(qtbot: QtBot, composer: Composer, sent: list[str]) -> None:
    QTest.keyClicks(composer.edit, "   ")
    QTest.keyClick(composer.edit, Key.Key_Return)
    assert sent == []
    assert not composer.button.isEnabled()


def test_the_button_stops_while_a_turn_runs_and_enter_waits(qtbot: QtBot, composer: Composer, sent: list[str]) -> None:
    composer.set_running(True)
    QTest.keyClicks(composer.edit, "next")
    QTest.keyClick(composer.edit, Key.Key_Return)
    assert (sent, composer.text) == ([], "next")
    assert composer.button.accessibleName() == "Stop the reply"
    with qtbot.waitSignal(composer.stopped, timeout=500):
        QTest.mouseClick(composer.button, Qt.MouseButton.LeftButton)
    composer.set_running(False)
    QTest.mouseClick(composer.button, Qt.MouseButton.LeftButton)
    assert sent == ["next"]


def test_it_grows_with_its_text_but_not_without_end(qtbot: QtBot, composer: Composer) -> None:
    one = composer.edit.height()
    composer.edit.setPlainText("a\nb\nc")
    three = composer.edit.height()
    composer.edit.setPlainText("x\n" * 100)
    assert one < three < composer.edit.height() <= one * (MAX_LINES + 1)
    composer.clear()
    assert composer.edit.height() == one


def test_a_returned_text_stands_before_what_was_typed_since(composer: Composer) -> None:
    composer.give_back("lost")
    assert composer.text == "lost"
    composer.give_back("earlier")
    assert composer.text == "earlier\n\nlost"


def test_rich_text_is_pasted_as_text(composer: Composer) -> None:
    data = QMimeData()
    data.setHtml("<b>bold</b>")
    data.setText("bold")
    composer.edit.insertFromMimeData(data)
    assert composer.text == "bold"
