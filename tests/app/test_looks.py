"""Profiles with a colour and a picture, and duplicates: chosen in the window, shown wherever the profile is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QRect, Qt, QTimer, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QIcon, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QToolButton
from pytestqt.qtbot import QtBot

from app import avatars
from app.avatars import SIDE, SWATCHES, PictureRefused, fitted, ink_on, read_picture
from app.dialogs import NameDialog
from app.looks import LookDialog
from app.main_window import MainWindow
from engine.protocol import ProfileInfo
from engine.store.looks import COLOURS, MAX_SIDE, check_picture
from tests.app.acting import dialog, press, say, texts
from tests.app.conftest import MakeWindow
from tests.app.test_profiles import entry, names, open_profile


def photograph(folder: Path, name: str = "photo.jpg", size: tuple[int, int] = (640, 480)) -> Path:
    """Red, with a green stripe at the left that the middle does not show; with words that are nobody's business."""
    image = QImage(*size, QImage.Format.Format_RGB32)
    image.fill(QColor("#c02020"))
    for x in range(40):
        for y in range(size[1]):
            image.setPixelColor(x, y, QColor("#00ff00"))
    image.setText("Author", "Mika at home")
    path = folder / name
    assert image.save(str(path))
    return path


def middle(icon: QIcon, size: int) -> QColor:
    image = icon.pixmap(size, size).toImage()
    return image.pixelColor(image.width() // 2, image.height() // 2)


def look(qtbot: QtBot, window: MainWindow) -> LookDialog:
    window.profile_menu.look.trigger()
    return dialog(qtbot, LookDialog)


def swatch(box: LookDialog, colour: str) -> QToolButton:
    return next(b for b in box.findChildren(QToolButton) if b.property("colour") == colour)


def test_what_the_window_makes_of_any_picture_is_what_the_engine_takes(tmp_path: Path) -> None:
    assert SIDE == MAX_SIDE
    for name in ("photo.jpg", "photo.png", "photo.bmp"):
        data = read_picture(photograph(tmp_path, name))
        assert check_picture(data) == data
        assert b"Mika" not in data
        image = QImage.fromData(data)
        assert (image.width(), image.height()) == (SIDE, SIDE)
        assert image.pixelColor(0, 48).red() > 150, "the middle of it"
    noise = QImage(bytes((i * i * 31 + i) % 256 for i in range(200 * 200 * 4)), 200, 200, QImage.Format.Format_ARGB32)
    for image in (noise, noise.convertToFormat(QImage.Format.Format_RGB32), noise.copy(0, 0, 1, 200)):
        assert check_picture(fitted(image))
    clear = QImage(10, 10, QImage.Format.Format_ARGB32)
    clear.fill(Qt.GlobalColor.transparent)
    assert QImage.fromData(fitted(clear)).pixelColor(5, 5).alpha() == 0, "what is clear stays clear"


def test_files_that_are_no_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = photograph(tmp_path)
    text = tmp_path / "text.png"
    text.write_text("not a picture")
    drawing = tmp_path / "drawing.svg"
    drawing.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    )
    cut = tmp_path / "cut.png"
    cut.write_bytes(photograph(tmp_path, "whole.png").read_bytes()[:200])
    for path in (text, drawing, cut, tmp_path / "missing.png", tmp_path):
        with pytest.raises(PictureRefused) as caught:
            read_picture(path)
        assert str(caught.value)
    monkeypatch.setattr(avatars, "MOST_PIXELS", 1000)
    with pytest.raises(PictureRefused, match="too large"):
        read_picture(photo)
    monkeypatch.setattr(avatars, "MOST_FILE", 10)
    with pytest.raises(PictureRefused, match="too large"):
        read_picture(photo)


def test_the_engines_colours_are_offered_and_initials_can_be_read() -> None:
    assert {colour for colour, _ in SWATCHES} == set(COLOURS)
    assert ink_on(QColor("#2d5480")) == QColor("#ffffff")
    assert ink_on(QColor("#ffe066")).lightnessF() < 0.2
    unreadable = ProfileInfo(id="1", name="unreadable-1", created="", problem="damaged")
    assert not avatars.avatar(unreadable, 28, 1.0).isNull()


def test_a_colour_is_chosen_and_stays(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    box = look(qtbot, window)
    assert swatch(box, "#2d5480").isChecked()
    QTest.mouseClick(swatch(box, "#8a3b32"), Qt.MouseButton.LeftButton)
    assert window.partner.profile is not None
    assert window.partner.profile.colour == "#2d5480", "nothing is changed before Save"
    press(qtbot, box, "Save")
    qtbot.waitUntil(lambda: entry(window, "Mika").icon().pixmap(20).toImage().pixelColor(5, 10) == QColor("#8a3b32"))
    edge = window.sidebar.profile_button.icon().pixmap(28, 28).toImage().pixelColor(4, 14)
    assert edge == QColor("#8a3b32")
    badge = window.windowIcon().pixmap(64, 64).toImage().pixelColor(33, 46)
    assert badge == QColor("#8a3b32"), "the window's own icon tells the profiles apart"
    window.partner.rename_profile("Mika", "Noah")
    qtbot.waitUntil(lambda: open_profile(window) == "Noah" and names(window) == ["Noah"])
    assert window.partner.profile.colour == "#8a3b32"


def test_a_picture_is_chosen_dropped_and_taken_away(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    box = look(qtbot, window)
    assert not box.remove.isEnabled()
    QTest.mouseClick(box.choose, Qt.MouseButton.LeftButton)
    chooser = dialog(qtbot, QFileDialog)
    chooser.fileSelected.emit(str(photograph(tmp_path)))
    chooser.reject()
    assert box.picture
    press(qtbot, box, "Save")
    qtbot.waitUntil(lambda: middle(window.sidebar.profile_button.icon(), 28).red() > 150)
    qtbot.waitUntil(lambda: middle(entry(window, "Mika").icon(), 20).red() > 150)

    box = look(qtbot, window)
    kept = box.picture
    drop(box, tmp_path / "nothing.txt")
    assert box.picture == kept
    assert "cannot" in box.note.text()
    drop(box, photograph(tmp_path, "second.png"))
    assert box.picture
    QTest.mouseClick(box.remove, Qt.MouseButton.LeftButton)
    assert not box.remove.isEnabled()
    press(qtbot, box, "Save")
    qtbot.waitUntil(lambda: middle(window.sidebar.profile_button.icon(), 28).red() != middle_red(kept))
    assert window.partner.profile is not None
    qtbot.waitUntil(lambda: window.partner.profile.picture == b"")  # type: ignore[union-attr]


def middle_red(picture: bytes) -> int:
    return QImage.fromData(picture).pixelColor(48, 48).red()


def drop(box: LookDialog, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    actions, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(box, QDragEnterEvent(QPoint(9, 9), actions, data, buttons, keys))
    QApplication.sendEvent(box, QDropEvent(QPoint(9, 9), actions, data, buttons, keys))


def test_changing_ones_mind_changes_nothing(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    box = look(qtbot, window)
    QTest.mouseClick(swatch(box, "#8a3b32"), Qt.MouseButton.LeftButton)
    press(qtbot, box, "Cancel")
    qtbot.wait(150)
    assert window.partner.profile is not None
    assert window.partner.profile.colour == "#2d5480"


def test_two_clicks_switch(qtbot: QtBot, make_window: MakeWindow) -> None:
    """The button with the face, then the other face: both real clicks."""
    window = make_window()
    window.partner.create_profile("Noah")
    qtbot.waitUntil(lambda: open_profile(window) == "Noah" and len(names(window)) == 2)
    menu = window.profile_menu.menu
    button = window.sidebar.profile_button
    clicked: list[bool] = []

    def second() -> None:
        place: QRect = menu.actionGeometry(entry(window, "Mika"))
        clicked.append(True)
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place.center())

    menu.aboutToShow.connect(lambda: QTimer.singleShot(100, second))
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: open_profile(window) == "Mika", timeout=10_000)
    assert clicked == [True]


def test_a_profile_is_duplicated(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    window.profile_menu.duplicate.trigger()
    box = dialog(qtbot, NameDialog)
    assert box.edit.text() == "Mika (copy)"
    box.edit.clear()
    QTest.keyClicks(box.edit, "Mika")
    assert not box.ok.isEnabled(), "that name is taken"
    box.edit.clear()
    QTest.keyClicks(box.edit, "Twin")
    press(qtbot, box, "Duplicate")
    qtbot.waitUntil(lambda: names(window) == ["Mika", "Twin"])
    assert open_profile(window) == "Mika", "the open one stays open"
    (bar,) = window.notices.notices()
    assert "Twin" in bar.message
    assert bar.button is not None
    QTest.mouseClick(bar.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: open_profile(window) == "Twin" and len(window.partner.conversations) == 1)
    window.partner.exchange.show_conversation(window.partner.conversations[0].id)
    qtbot.waitUntil(lambda: ("user", "My cat is called Miso.") in texts(window))
