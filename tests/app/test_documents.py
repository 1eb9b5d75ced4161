"""A person drops documents on the window, watches them being read, stops that, and has them forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app import language
from app.chat.transcript import ItemState
from app.documents.drops import dropped_documents, readable
from app.engine_process import Condition
from app.journal import Column, JournalDialog
from app.main_window import MainWindow
from tests.app.acting import dialog, items, press, say, texts, words_of
from tests.app.conftest import MakeWindow

LINES = ("The boat is called Sirkka.", "Its berth is number 22.", "Mirela has the spare key.")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.md"
    path.write_text("\n".join(LINES))
    return path


class Drag:
    """Files that are held over a widget, as the system tells of them."""

    def __init__(self, target: QWidget, paths: list[Path]) -> None:
        self._target = target
        self._data = QMimeData()
        self._data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])

    def enter(self) -> bool:
        """Whether the widget wants them."""
        entering = QDragEnterEvent(QPoint(20, 20), Qt.DropAction.CopyAction, self._data, *_NOTHING_ELSE)
        QApplication.sendEvent(self._target, entering)
        return entering.isAccepted()

    def leave(self) -> None:
        QApplication.sendEvent(self._target, QDragLeaveEvent())

    def let_go(self) -> None:
        event = QDropEvent(QPointF(20, 20), Qt.DropAction.CopyAction, self._data, *_NOTHING_ELSE)
        QApplication.sendEvent(self._target, event)
        assert event.isAccepted()


_NOTHING_ELSE = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)


def drop(window: MainWindow, *paths: Path) -> None:
    drag = Drag(window, list(paths))
    assert drag.enter()
    drag.let_go()


def came_to_end(qtbot: QtBot, window: MainWindow) -> list[str]:
    """What the notices say when all is read."""
    qtbot.waitUntil(lambda: not window.documents.reading, timeout=20_000)
    return [bar.message for bar in window.notices.notices()]


def learned(window: MainWindow, qtbot: QtBot) -> int:
    qtbot.waitUntil(lambda: window.partner.engine.condition is Condition.READY, timeout=5_000)
    qtbot.waitUntil(lambda: not window.partner.engine.unanswered, timeout=5_000)
    assert window.partner.stats is not None
    return window.partner.stats.turns_learned


def test_a_file_is_held_over_the_window_dropped_read_and_shown(
    qtbot: QtBot, make_window: MakeWindow, notes: Path
) -> None:
    window = make_window()
    say(qtbot, window, "Hello.")
    sheet = window.documents.sheet
    for inner in (window.composer.edit.viewport(), window.chat.bubbles()[0].text.viewport(), window.chat.viewport()):
        assert Drag(inner, [notes]).enter(), "what lies under the mouse passes it on to the window"
        assert sheet.isVisible()
        Drag(window, [notes]).leave()
        assert not sheet.isVisible()
    drag = Drag(window, [notes])
    assert drag.enter()
    assert sheet.isVisible()
    assert sheet.words == "Drop to have it read and learned"
    assert sheet.geometry().contains(window.chat.geometry().center())
    drag.leave()
    assert not sheet.isVisible()
    assert drag.enter()
    drag.let_go()
    assert not sheet.isVisible()
    assert window.documents.row.isVisible()
    assert window.documents.row.text.text() == "Reading “notes.md”"
    assert came_to_end(qtbot, window) == ["Read “notes.md”: 3 passages learned."]
    assert not window.documents.row.isVisible()
    assert learned(window, qtbot) == 4
    assert [found.title for found in window.partner.conversations] == ["notes.md", "Hello."]
    assert len(texts(window)) == 2, "the chat on screen is as it was"
    button = window.notices.notices()[0].button
    assert button is not None
    assert button.text() == "Show it"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(items(window)) == 3, timeout=5_000)
    assert texts(window) == [("user", line) for line in LINES]
    assert {item.state for item in items(window)} == {ItemState.DONE}, "nothing waits for an answer"
    reply = say(qtbot, window, "What is the boat called?")
    assert reply.text
    assert len(items(window)) == 5


def test_the_progress_is_shown_and_cancel_keeps_what_was_learned(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path
) -> None:
    path = tmp_path / "long.txt"
    path.write_text("\n".join(["/slow", *(f"Box {number} is on shelf {number * 3}." for number in range(50))]))
    window = make_window()
    drop(window, path)
    row = window.documents.row
    qtbot.waitUntil(lambda: row.bar.value() >= 3, timeout=10_000)
    assert row.bar.maximum() == 51
    assert row.count.text() == f"passage {row.bar.value() + 1} of 51"
    QTest.mouseClick(row.cancel, Qt.MouseButton.LeftButton)
    assert row.text.text() == "Stopping…"
    assert not row.cancel.isEnabled()
    (said,) = came_to_end(qtbot, window)
    count = learned(window, qtbot)
    assert 3 <= count < 51
    assert said == f"Stopped reading “long.txt”: {count} passages learned."
    assert "Drop the file again" in window.notices.notices()[0].hint
    say(qtbot, window, "Hello.")
    assert learned(window, qtbot) == count + 1, "what is said afterwards is not stopped"


def test_several_files_are_read_one_after_the_other(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path, notes: Path
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("Tea is in the tin.")
    picture = tmp_path / "scan.pdf"
    picture.write_bytes(b"%PDF-1.4")
    window = make_window()
    drop(window, notes, picture, other, notes)
    assert window.documents.row.text.text() == "Reading “notes.md”, then 2 more"
    failed, done = came_to_end(qtbot, window)
    assert failed == "“scan.pdf” was not read. This PDF holds pictures of pages only, and no text."
    assert done == "Read 2 documents: 4 passages learned."
    assert window.notices.notices()[1].hint == "notes.md: 3 passages learned.\nother.txt: 1 passage learned."
    assert learned(window, qtbot) == 4


def test_a_file_that_is_known_says_so(qtbot: QtBot, make_window: MakeWindow, notes: Path) -> None:
    window = make_window()
    drop(window, notes)
    came_to_end(qtbot, window)
    drop(window, notes)
    assert came_to_end(qtbot, window)[-1] == "“notes.md” is known already, word for word."
    notes.write_text("\n".join([*LINES, "The engine takes diesel."]))
    drop(window, notes)
    assert came_to_end(qtbot, window)[-1] == "Read “notes.md”: 1 passage learned."
    assert window.notices.notices()[-1].hint == "3 passages were known already."


def test_folders_and_other_kinds_are_refused_kindly(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path, notes: Path
) -> None:
    window = make_window()
    drag = Drag(window, [tmp_path])
    assert drag.enter()
    assert window.documents.sheet.words == "This cannot be read"
    drag.let_go()
    notice = window.notices.notices()[-1]
    assert notice.message == f"“{tmp_path.name}” cannot be read."
    assert "drop the files in it" in notice.hint
    drop(window, tmp_path, tmp_path / "a.docx", notes)
    assert came_to_end(qtbot, window)[-2:] == ["2 of these cannot be read.", "Read “notes.md”: 3 passages learned."]
    text = QMimeData()
    text.setText("no file")
    entering = QDragEnterEvent(QPoint(20, 20), Qt.DropAction.CopyAction, text, *_NOTHING_ELSE)
    QApplication.sendEvent(window, entering)
    assert not window.documents.sheet.isVisible()


def test_a_temporary_chat_learns_nothing(qtbot: QtBot, make_window: MakeWindow, notes: Path) -> None:
    window = make_window()
    window.temporary_action.trigger()
    drag = Drag(window, [notes])
    assert drag.enter()
    assert window.documents.sheet.words == "A temporary chat learns nothing"
    drag.let_go()
    assert not window.documents.reading
    assert window.notices.notices()[0].message == "A temporary chat learns nothing, so nothing was read."
    assert not window.composer.attach.isEnabled()
    window.new_action.trigger()
    assert window.composer.attach.isEnabled()
    assert learned(window, qtbot) == 0


def test_files_are_chosen_with_the_button_and_the_keyboard(qtbot: QtBot, make_window: MakeWindow, notes: Path) -> None:
    window = make_window()
    QTest.keyClick(window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    by_key = dialog(qtbot, QFileDialog)
    closed: list[bool] = []
    by_key.destroyed.connect(lambda: closed.append(True))
    by_key.reject()
    qtbot.waitUntil(lambda: bool(closed), timeout=5_000)
    QTest.mouseClick(window.composer.attach, Qt.MouseButton.LeftButton)
    chooser = dialog(qtbot, QFileDialog)
    assert "*.pdf" in chooser.nameFilters()[0]
    chooser.filesSelected.emit([str(notes)])
    chooser.reject()
    assert came_to_end(qtbot, window) == ["Read “notes.md”: 3 passages learned."]


def test_a_file_waits_for_the_end_of_a_reply(qtbot: QtBot, make_window: MakeWindow, notes: Path) -> None:
    window = make_window()
    QTest.keyClicks(window.composer.edit, "/long 0.005")
    QTest.keyClick(window.composer.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(items(window)[-1].text) and items(window)[-1].role == "assistant", timeout=10_000)
    drop(window, notes)
    assert window.documents.reading
    assert not window.documents.row.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert came_to_end(qtbot, window) == ["Read “notes.md”: 3 passages learned."]
    assert items(window)[1].state is ItemState.STOPPED


def test_the_engine_dies_while_it_reads(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_text("One thing.\n/die")
    window = make_window()
    drop(window, path)
    assert came_to_end(qtbot, window)[0].startswith("“bad.txt” was not read. The engine stopped")
    qtbot.waitUntil(lambda: window.partner.engine.condition is Condition.READY, timeout=20_000)
    qtbot.waitUntil(lambda: [c.title for c in window.partner.conversations] == ["bad.txt"], timeout=5_000)
    assert learned(window, qtbot) == 1, "what was learned by then"


def test_another_profile_ends_the_reading(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("\n".join(["/slow", *(f"Box {number}." for number in range(200))]))
    window = make_window()
    drop(window, path)
    qtbot.waitUntil(lambda: window.documents.row.bar.value() >= 2, timeout=10_000)
    window.partner.create_profile("Other")
    qtbot.waitUntil(
        lambda: window.partner.profile is not None and window.partner.profile.name == "Other", timeout=10_000
    )
    assert came_to_end(qtbot, window)[0].startswith("Stopped reading")
    assert learned(window, qtbot) == 0


def test_the_journal_names_the_document_and_forgets_all_of_it(
    qtbot: QtBot, make_window: MakeWindow, notes: Path
) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    window.memory_menu.show_journal()
    journal = dialog(qtbot, JournalDialog)
    qtbot.waitUntil(lambda: len(journal.model.entries) == 1, timeout=5_000)
    assert journal.table.isColumnHidden(Column.SOURCE)
    drop(window, notes)
    came_to_end(qtbot, window)
    qtbot.waitUntil(lambda: len(journal.model.entries) == 4, timeout=5_000)
    assert not journal.table.isColumnHidden(Column.SOURCE)
    model = journal.model
    sources = [model.data(model.index(row, Column.SOURCE)) for row in range(4)]
    assert sources == ["notes.md"] * 3 + [""]
    assert not journal.forget_document.isVisible()
    journal.table.selectRow(3)
    assert not journal.forget_document.isVisible(), "that was said"
    journal.table.selectRow(1)
    assert journal.forget_document.text() == "Forget all of “notes.md”…"
    journal.said.setChecked(True)
    QTest.mouseClick(journal.forget_document, Qt.MouseButton.LeftButton)
    box = dialog(qtbot, QMessageBox)
    assert "Forget all 3 passages of “notes.md”?" in words_of(box)
    press(qtbot, box, "Forget")
    qtbot.waitUntil(lambda: [entry.text for entry in model.entries] == ["My cat is called Miso."], timeout=5_000)
    qtbot.waitUntil(
        lambda: [found.title for found in window.partner.conversations] == ["My cat is called Miso."], timeout=5_000
    )


def test_every_word_has_a_japanese_one(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path, notes: Path) -> None:
    app = QApplication.instance()
    assert app is not None
    language.use(app, "ja")
    window = make_window()
    drop(window, notes)
    assert window.documents.row.text.text() == "「notes.md」を読んでいます"
    assert came_to_end(qtbot, window) == ["「notes.md」を読みました。3 件の内容を覚えました。"]
    language.use(app, "en")
    bar = window.notices.notices()[0]
    qtbot.waitUntil(lambda: bar.message == "Read “notes.md”: 3 passages learned.", timeout=5_000)


def test_what_counts_as_a_document(tmp_path: Path) -> None:
    (tmp_path / "folder.md").mkdir()
    assert readable(tmp_path / "A.PDF")
    assert not readable(tmp_path / "folder.md")
    assert not readable(tmp_path / "a.docx")
    urls = [QUrl.fromLocalFile("/a/b.gguf"), QUrl.fromLocalFile("/a/b.txt"), QUrl("file://host.invalid/c.txt")]
    assert dropped_documents([*urls[:2], QUrl("mailto:x")]) == [Path("/a/b.txt")]
