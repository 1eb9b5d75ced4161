"""A person at the window, as a script: types, sends, scrolls, searches, opens pages, switches profiles, over and over.

Each step is a short action in a turn of the event loop of its own, so that the watchdog sees what a person would feel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from app.main_window import MainWindow
from tests.benchmarks.watchdog import Watchdog

FRAME: Final = 1 / 60
Step = tuple[str, float]
"""What is being done from now on, and the seconds until the next step."""
PATIENCE: Final = 60.0
"""Seconds that something may take to happen."""


def until(doing: str, ready: Callable[[], bool]) -> Iterator[Step]:
    """Wait for something."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing came of it: {doing}")
        yield doing, 0.02


def typed(widget: QWidget, text: str) -> Iterator[Step]:
    """One key after the other."""
    for letter in text:
        QTest.keyClicks(widget, letter)
        yield "typing", 0.03


def said(window: MainWindow, text: str) -> Iterator[Step]:
    """A message, and its reply to the end."""
    yield from typed(window.composer.edit, text)
    QTest.keyClick(window.composer.edit, Qt.Key.Key_Return)
    yield "sending", 0.05
    yield from until("a reply streams in", lambda: not window.partner.exchange.running)


def wheel(window: MainWindow, pixels: int, frames: int) -> Iterator[Step]:
    """The conversation, with a wheel that reports `pixels` a frame."""
    port = window.chat.viewport()
    middle = QPointF(port.rect().center())
    for _ in range(frames):
        event = QWheelEvent(
            middle,
            QPointF(port.mapToGlobal(port.rect().center())),
            QPoint(0, pixels),
            QPoint(0, pixels),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(port, event)
        yield "scrolling", FRAME


def page(window: MainWindow, name: str, show: Callable[[], object]) -> Iterator[Step]:
    """Open a page, look at it, close it."""

    def dialogs() -> list[QDialog]:
        return [found for found in window.findChildren(QDialog) if found.isVisible()]

    show()
    yield f"opening {name}", 0.6
    yield from until(f"opening {name}", lambda: bool(dialogs()))
    for found in dialogs():
        found.close()
    yield f"closing {name}", 0.2


def searched(window: MainWindow, word: str) -> Iterator[Step]:
    """A word in all chats, and to its first hit."""
    window.conversations.search_action.trigger()
    yield "searching", 0.05
    yield from typed(window.sidebar.search, word)
    hits = window.sidebar.results.hits
    yield from until("searching", lambda: hits.count() > 0)
    QTest.keyClick(window.sidebar.search, Qt.Key.Key_Down)
    yield "choosing a hit", 0.1
    QTest.keyClick(hits, Qt.Key.Key_Return)
    yield "going to a hit", 0.8
    QTest.keyClick(window.sidebar.search, Qt.Key.Key_Escape)
    yield "leaving the search", 0.1


def switched(window: MainWindow, name: str) -> Iterator[Step]:
    """To another profile, made when it does not exist."""
    partner = window.partner
    if any(profile.name == name for profile in partner.profiles):
        partner.switch_profile(name)
    else:
        partner.create_profile(name)
    yield "switching the profile", 0.05
    open_now = lambda: partner.profile is not None and partner.profile.name == name  # noqa: E731
    yield from until("switching the profile", open_now)
    yield "switching the profile", 0.3


def round_of(window: MainWindow, home: str, long_one: int, word: str, stream: str) -> Iterator[Step]:
    """Everything once.

    Args:
        window: open, with the profile `home`.
        home: a profile.
        long_one: a long conversation in it.
        word: that stands in it.
        stream: what to say to get a long reply.
    """
    exchange = window.partner.exchange
    exchange.show_conversation(long_one)
    yield "opening the long chat", 0.5
    yield from wheel(window, 120, 90)
    yield from wheel(window, -120, 60)
    window.chat.go_to_end()
    yield "going to the end", 0.2
    yield from said(window, stream)
    yield from said(window, "Thank you.")
    yield from searched(window, word)
    yield from wheel(window, -120, 45)
    window.new_action.trigger()
    yield "a new chat", 0.2
    yield from said(window, "My cat is called Miso.")
    window.memory_menu.panel.toggle()
    yield "the memory panel", 0.2
    window.memory_menu.panel.toggle()
    yield "the memory panel", 0.2
    yield from page(window, "the journal", window.memory_menu.show_journal)
    yield from page(window, "the settings", window.settings_action.trigger)
    yield from page(window, "the shortcuts", window.shortcuts_action.trigger)
    yield from page(window, "the models", window.models_action.trigger)
    yield from page(window, "the about box", window.about_action.trigger)
    yield from switched(window, "Somebody else")
    yield from said(window, "Hello.")
    yield from switched(window, home)


@dataclass
class Act:
    """Runs steps until they are over; `error` is what one of them raised."""

    steps: Iterator[Step]
    watchdog: Watchdog
    error: BaseException | None = None

    def run(self) -> None:
        """To the end."""
        loop = QEventLoop()

        def act() -> None:
            try:
                self.watchdog.doing, pause = next(self.steps)
            except StopIteration:
                loop.quit()
                return
            except BaseException as error:
                self.error = error
                loop.quit()
                return
            QTimer.singleShot(int(pause * 1000), loop, act)

        self.watchdog.start()
        QTimer.singleShot(0, loop, act)
        loop.exec()
        self.watchdog.stop()
        if self.error is not None:
            raise self.error


def frames_of_scrolling(window: MainWindow, pixels: int, frames: int) -> list[float]:
    """Own seconds of each frame, from the wheel to the painted picture."""
    from tests.benchmarks.watchdog import waited

    found: list[float] = []
    steps = wheel(window, pixels, frames)
    while True:
        begun = (time.perf_counter(), waited())
        if next(steps, None) is None:
            return found
        QApplication.processEvents()
        window.chat.viewport().repaint()
        found.append((time.perf_counter() - begun[0]) - (waited() - begun[1]))
        time.sleep(0.004)


def scripted_command(root: Path, folder: Path) -> list[str]:
    """The scripted engine on a data folder."""
    import sys

    return [sys.executable, "-P", str(root / "tests" / "app" / "scripted_engine.py"), str(folder)]
