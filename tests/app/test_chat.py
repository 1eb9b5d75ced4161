"""Talking in the window: streaming, stopping, earlier chats, scrolling, and an event loop that is never held up."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import palettes, theme
from app.chat.bubble import Bubble
from app.chat.transcript import ChatItem, ItemState, Transcript
from app.chat.view import FIRST_SHOWN, ChatView
from app.conversation_list import CONVERSATION, ConversationList
from app.main_window import MainWindow
from tests.app.acting import items, say, texts, type_and_send
from tests.app.conftest import MakeWindow

REPLY = "I will remember that for you."


def rows(view: ConversationList) -> list[str]:
    return [item.text() for item in view.titled()]


def current(view: ConversationList) -> str | None:
    return None if view.currentItem() is None else view.currentItem().text()


def test_a_turn_from_enter_to_the_gauge(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    assert window.chat.greeting.isVisible()
    reply = say(qtbot, window, "My cat is called Miso.")
    assert reply.state is ItemState.DONE
    assert texts(window) == [("user", "My cat is called Miso."), ("assistant", REPLY)]
    assert not window.chat.greeting.isVisible()
    assert window.composer.text == ""
    assert window.panel.words == ["Miso", "is", "a", "cat"]
    qtbot.waitUntil(lambda: window.panel.neurons.text() == "34")
    assert rows(window.sidebar.list) == ["My cat is called Miso."]
    assert current(window.sidebar.list) == "My cat is called Miso."
    assert window.status.text.text() == "Ready"


def test_marks_say_what_was_noted_and_what_came_from_memory(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    plain = say(qtbot, window, "And she is three.")
    reply = say(qtbot, window, "What is my cat called?")
    assert reply.from_memory
    assert not plain.from_memory
    qtbot.waitUntil(lambda: bool(reply.recalled_texts))
    told, _, _, unmarked, asked, answered = window.chat.bubbles()
    assert told.mark.text() == "✓ noted"
    assert answered.mark.text() == "✦ from memory"
    assert "“My cat is called Miso.”" in answered.mark.toolTip()
    assert asked.mark.isHidden()
    assert unmarked.mark.isHidden()


def test_the_reply_streams(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    lengths: list[int] = []
    type_and_send(qtbot, window, "/long 0.005")
    assert window.status.text.text() == "Reading…"
    exchange = window.partner.exchange
    qtbot.waitUntil(lambda: len(items(window)) == 2)
    exchange.current.changed.connect(lambda item: lengths.append(len(item.text)))
    qtbot.waitUntil(lambda: window.status.text.text() == "Answering…")
    qtbot.waitUntil(lambda: not exchange.running, timeout=20_000)
    growing = sorted(set(lengths))
    assert len(growing) > 10
    assert growing[-1] >= len("word " * 400) - 1
    # Deltas come every 5 ms; they are gathered, so that far fewer layouts happen than tokens arrive.
    assert len(growing) < 200


def test_stop_keeps_what_was_said(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    type_and_send(qtbot, window, "/long 0.02")
    qtbot.waitUntil(lambda: len(items(window)) == 2 and bool(items(window)[1].text))
    assert window.composer.button.accessibleName() == "Stop the reply"
    window.composer.button.click()
    qtbot.waitUntil(lambda: not window.partner.exchange.running)
    reply = items(window)[1]
    assert reply.state is ItemState.STOPPED
    assert 0 < len(reply.text) < 2000
    assert window.composer.button.accessibleName() == "Send the message"


def test_escape_stops_too(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    type_and_send(qtbot, window, "/long 0.02")
    qtbot.waitUntil(lambda: len(items(window)) == 2)
    window.stop_action.trigger()
    qtbot.waitUntil(lambda: not window.partner.exchange.running)
    assert items(window)[1].state is ItemState.STOPPED


def test_the_next_message_can_be_typed_while_a_turn_runs_but_waits_for_it(
    qtbot: QtBot, make_window: MakeWindow
) -> None:
    window = make_window()
    type_and_send(qtbot, window, "/long 0.005")
    type_and_send(qtbot, window, "patience")
    assert window.composer.text == "patience"
    qtbot.waitUntil(lambda: not window.partner.exchange.running, timeout=20_000)
    assert window.composer.text == "patience"
    assert len(items(window)) == 2


def test_new_chat_and_back(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "First things first.")
    window.sidebar.new_button.click()
    assert items(window) == []
    assert window.sidebar.list.currentRow() == -1
    say(qtbot, window, "Second thoughts.")
    qtbot.waitUntil(lambda: rows(window.sidebar.list) == ["Second thoughts.", "First things first."])
    window.sidebar.list.itemClicked.emit(window.sidebar.list.titled()[1])
    assert texts(window)[0] == ("user", "First things first.")
    assert current(window.sidebar.list) == "First things first."


def test_earlier_chats_are_read_from_disk_after_a_new_start(qtbot: QtBot, make_window: MakeWindow) -> None:
    first = make_window()
    say(qtbot, first, "Keep this.")
    with qtbot.waitSignal(first.closed, timeout=10_000):
        first.close()
    second = make_window(profile=None)
    assert second.partner.profile is not None
    assert second.partner.profile.name == "Mika"
    assert items(second) == []
    qtbot.waitUntil(lambda: rows(second.sidebar.list) == ["Keep this."])
    second.sidebar.chosen.emit(int(second.sidebar.list.titled()[0].data(CONVERSATION)))
    qtbot.waitUntil(lambda: texts(second) == [("user", "Keep this."), ("assistant", REPLY)])


def test_a_turn_goes_on_while_another_chat_is_looked_at(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "Older.")
    window.partner.exchange.new_chat()
    type_and_send(qtbot, window, "/long 0.005")
    qtbot.waitUntil(lambda: len(items(window)) == 2)
    running = window.partner.exchange.current
    window.sidebar.list.itemClicked.emit(window.sidebar.list.titled()[1])
    assert texts(window)[0] == ("user", "Older.")
    qtbot.waitUntil(lambda: not window.partner.exchange.running, timeout=20_000)
    assert texts(window)[0] == ("user", "Older.")
    assert running.conversation is not None
    window.partner.exchange.show_conversation(running.conversation)
    assert len(texts(window)[1][1]) >= 1999


def test_an_error_in_a_turn_is_shown_with_its_hint(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "/fail please")
    notice = window.notices.notices()[-1]
    assert (notice.message, notice.hint) == ("The model could not compute.", "Start the engine again.")
    assert notice.tone == "error"
    assert items(window)[0].text == "/fail please"
    assert items(window)[1].state is ItemState.INTERRUPTED


def test_what_is_said_while_the_engine_starts_is_sent_when_it_is_up(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window("--slow-start", "0.6", wait=False)
    type_and_send(qtbot, window, "Too early?")
    assert items(window)[0].state is ItemState.WAITING
    assert window.composer.text == ""
    qtbot.waitUntil(lambda: len(items(window)) == 2 and not window.partner.exchange.running, timeout=20_000)
    assert texts(window)[1] == ("assistant", REPLY)


def test_a_waiting_text_can_be_taken_back(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window("--slow-start", "1", wait=False)
    type_and_send(qtbot, window, "Wait")
    window.composer.button.click()
    assert items(window) == []
    assert window.composer.text == "Wait"


def test_markdown_in_a_reply(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "/markdown")
    shown = texts(window)[1][1]
    assert "Title" in shown
    assert "#" not in shown
    assert "<b>not bold</b>" in shown


# ------------------------------------------------------------------------------------------ scrolling


@pytest.fixture
def long_view(qtbot: QtBot) -> tuple[ChatView, Transcript]:
    view = ChatView()
    qtbot.addWidget(view)
    view.resize(600, 400)
    view.show()
    transcript = Transcript(1)
    for number in range(200):
        role = "user" if number % 2 == 0 else "assistant"
        transcript.items.append(ChatItem(role, f"message {number} " * 12))  # type: ignore[arg-type]
    view.show_transcript(transcript)
    qtbot.waitUntil(lambda: view.verticalScrollBar().maximum() > 0)
    return view, transcript


def test_a_long_chat_opens_at_its_end_and_draws_little(long_view: tuple[ChatView, Transcript]) -> None:
    view, transcript = long_view
    assert len(view.bubbles()) <= FIRST_SHOWN + 16
    assert view.bubbles()[-1].item is transcript.items[-1]
    assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()


def test_earlier_messages_appear_when_scrolling_up_and_the_text_does_not_jump(
    qtbot: QtBot, long_view: tuple[ChatView, Transcript]
) -> None:
    view, _ = long_view
    bar = view.verticalScrollBar()
    qtbot.wait(100)
    bar.setValue(60)
    anchor = view.bubbles()[0]
    place = anchor.mapTo(view.viewport(), anchor.rect().topLeft()).y()
    qtbot.waitUntil(lambda: view.bubbles()[0] is not anchor)
    qtbot.wait(50)
    assert abs(anchor.mapTo(view.viewport(), anchor.rect().topLeft()).y() - place) <= 2


def test_of_a_long_chat_only_what_is_near_is_drawn(qtbot: QtBot, long_view: tuple[ChatView, Transcript]) -> None:
    """From its end to its beginning and back: no gap, no more widgets than at first, and the end is found again."""
    view, transcript = long_view
    bar = view.verticalScrollBar()
    most = 0
    for step, goal in ((-150, transcript.items[0]), (150, transcript.items[-1])):
        for _ in range(2_000):
            if any(bubble.item is goal for bubble in view.bubbles()):
                break
            bar.setValue(bar.value() + step)
            QApplication.processEvents()
            most = max(most, len(view.bubbles()))
        shown = [bubble.item for bubble in view.bubbles()]
        assert goal in shown
        place = transcript.items.index(shown[0])
        assert shown == transcript.items[place : place + len(shown)]
    assert most < 60
    assert len(view.findChildren(Bubble)) < 80  # What was taken down is gone, not only out of sight.
    view.go_to_end()
    reply = transcript.append(ChatItem("assistant", "The newest of all."))
    assert view.bubbles()[-1].item is reply


def test_what_is_being_changed_is_not_taken_down(qtbot: QtBot, long_view: tuple[ChatView, Transcript]) -> None:
    view, transcript = long_view
    item = transcript.items[-2]
    item.message = 5
    bubble = view.bubble_of(item)
    assert bubble is not None
    bubble.begin_edit()
    bar = view.verticalScrollBar()
    for _ in range(100):
        bar.setValue(bar.value() - 150)
        QApplication.processEvents()
    assert view.bubble_of(item) is bubble
    assert bubble.editing


def test_the_view_follows_the_stream_only_while_the_reader_is_at_the_end(
    qtbot: QtBot, long_view: tuple[ChatView, Transcript]
) -> None:
    view, transcript = long_view
    bar = view.verticalScrollBar()
    reply = transcript.append(ChatItem("assistant", "", ItemState.STREAMING))

    def stream() -> None:
        reply.text += "more words " * 30
        transcript.touch(reply)
        qtbot.wait(30)

    stream()
    assert bar.value() == bar.maximum()
    assert view.jump.isHidden()
    bar.setValue(bar.maximum() - 300)
    qtbot.wait(100)
    read = next(bubble for bubble in view.bubbles() if bubble.y() >= bar.value())
    place = read.mapTo(view.viewport(), read.rect().topLeft()).y()
    stream()
    assert read.mapTo(view.viewport(), read.rect().topLeft()).y() == place
    assert view.jump.isVisible()
    view.jump.click()
    stream()
    assert bar.value() == bar.maximum()


def test_another_theme_repaints_what_is_drawn(qtbot: QtBot, make_window: MakeWindow) -> None:

    window = make_window()
    say(qtbot, window, "/markdown")
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    try:
        theme.apply(app, palettes.DARK)
        assert palettes.DARK.code in window.chat.bubbles()[1].text.toHtml()
        assert window.palette().color(window.foregroundRole()).name() == palettes.DARK.ink
    finally:
        theme.apply(app, palettes.LIGHT)
    assert palettes.LIGHT.code in window.chat.bubbles()[1].text.toHtml()


# ------------------------------------------------------------------------------------------ the event loop


class Watchdog:
    """Ticks every few milliseconds and keeps the longest silence between two ticks."""

    def __init__(self, window: MainWindow) -> None:
        self.wall = 0.0
        self.cpu = 0.0
        self.ticks = 0
        self._last = (time.monotonic(), time.thread_time())
        self._timer = QTimer(window, interval=5)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = (time.monotonic(), time.thread_time())
        self.wall = max(self.wall, now[0] - self._last[0])
        self.cpu = max(self.cpu, now[1] - self._last[1])
        self._last = now
        self.ticks += 1


@pytest.mark.alone
def test_nothing_holds_the_window_up_while_turns_stream_and_the_engine_dies(
    qtbot: QtBot, make_window: MakeWindow
) -> None:
    window = make_window()
    say(qtbot, window, "/markdown first, so that everything is loaded")
    qtbot.wait(50)
    dog = Watchdog(window)
    say(qtbot, window, "/long 0.003")
    say(qtbot, window, "/markdown")
    say(qtbot, window, "/die in the middle")
    qtbot.waitUntil(lambda: window.partner.engine.up, timeout=20_000)
    say(qtbot, window, "Still here?")
    assert dog.ticks > 100
    # The work of one turn of the loop, whatever else this machine is busy with; and no waiting of any kind.
    assert dog.cpu < 0.05
    assert dog.wall < 0.5


def test_a_temporary_chat_is_gone_when_it_is_left(make_window: MakeWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    QTest.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert window.chat.greeting.isVisible()
    assert window.composer.property("temporary") is True
    assert say(qtbot, window, "first secret").text == "Before: "
    assert say(qtbot, window, "second secret").text == "Before: first secret / Before: "
    assert len(window.partner.conversations) == 1
    assert [bubble.mark.text() for bubble in window.chat.bubbles()] == [""] * 4
    QTest.keyClicks(window.composer.edit, "third secret, not sent")
    window.partner.exchange.show_conversation(window.partner.conversations[0].id)
    qtbot.waitUntil(lambda: len(texts(window)) == 2, timeout=5_000)
    assert window.composer.property("temporary") is False
    window.partner.exchange.new_chat(temporary=True)
    assert texts(window) == []
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.close()
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"Miso" in on_disk
    assert b"secret" not in on_disk
