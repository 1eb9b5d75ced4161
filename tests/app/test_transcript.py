"""What is on disk and what only the screen knows become one conversation."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from app.chat.transcript import ChatItem, ItemState, Transcript, finish_state
from engine.protocol import FinishReason, Learned, Message, Role


def message(number: int, role: Role, content: str, finish: FinishReason | None = None) -> Message:
    return Message(id=number, conversation=1, role=role, content=content, created="", finish=finish)


def shown(transcript: Transcript) -> list[tuple[str, str, ItemState]]:
    return [(item.role, item.text, item.state) for item in transcript.items]


def test_how_a_reply_ended() -> None:
    states = [finish_state(finish) for finish in ("stop", "cancelled", "length", None)]
    assert states == [ItemState.DONE, ItemState.STOPPED, ItemState.CUT_OFF, ItemState.INTERRUPTED]


def test_loading(qtbot: QtBot) -> None:
    assert [Transcript(1).loaded, Transcript().loaded] == [False, True]
    transcript = Transcript(1)
    with qtbot.waitSignal(transcript.reset):
        transcript.load([message(1, "system", "s"), message(2, "user", "a"), message(3, "assistant", "b", "stop")])
    assert transcript.loaded
    assert transcript.last_message() == 3
    assert shown(transcript) == [("user", "a", ItemState.DONE), ("assistant", "b", ItemState.DONE)]


def test_a_question_without_an_answer_on_disk_is_shown_as_interrupted() -> None:
    transcript = Transcript(1)
    transcript.load([message(2, "user", "a")])
    assert shown(transcript)[-1] == ("assistant", "", ItemState.INTERRUPTED)


def test_a_reply_seen_further_than_it_was_saved_stays_as_seen() -> None:
    transcript = Transcript(1)
    transcript.append(ChatItem("user", "a", message=2))
    transcript.append(ChatItem("assistant", "one two three", ItemState.INTERRUPTED, answers=2))
    transcript.load([message(2, "user", "a"), message(3, "assistant", "one two")])
    assert shown(transcript) == [
        ("user", "a", ItemState.DONE),
        ("assistant", "one two three", ItemState.INTERRUPTED),
    ]
    transcript.load([message(2, "user", "a")])
    assert len(transcript.items) == 2


@pytest.mark.parametrize("finish", [None, "cancelled"])
def test_a_reply_that_was_seen_to_break_off_is_interrupted_whatever_the_disk_says(finish: FinishReason | None) -> None:
    transcript = Transcript(1)
    transcript.append(ChatItem("user", "a", message=2))
    transcript.append(ChatItem("assistant", "one two three", ItemState.INTERRUPTED, answers=2))
    for _ in range(2):  # The second time it has its id from the disk.
        transcript.load([message(2, "user", "a"), message(3, "assistant", "one two", finish)])
        assert shown(transcript)[1:] == [("assistant", "one two three", ItemState.INTERRUPTED)]


def test_a_reply_that_was_stopped_before_it_began_is_not_called_interrupted() -> None:
    transcript = Transcript(1)
    transcript.append(ChatItem("user", "a", message=2))
    transcript.append(ChatItem("assistant", "", ItemState.STOPPED, answers=2))
    transcript.load([message(2, "user", "a")])
    assert shown(transcript)[1:] == [("assistant", "", ItemState.STOPPED)]


def test_a_reply_that_the_disk_holds_whole_wins_over_the_piece_that_was_seen() -> None:
    transcript = Transcript(1)
    transcript.append(ChatItem("user", "a", message=2))
    transcript.append(ChatItem("assistant", "one", ItemState.INTERRUPTED, answers=2))
    transcript.load([message(2, "user", "a"), message(3, "assistant", "one two", "stop")])
    assert shown(transcript)[-1] == ("assistant", "one two", ItemState.DONE)


def test_an_interrupted_reply_that_was_never_saved_stays_under_its_question() -> None:
    transcript = Transcript(1)
    transcript.append(ChatItem("user", "a", message=2))
    transcript.append(ChatItem("assistant", "one", ItemState.INTERRUPTED, answers=2))
    transcript.load([message(2, "user", "a"), message(4, "user", "b"), message(5, "assistant", "c", "stop")])
    assert [item.text for item in transcript.items] == ["a", "one", "b", "c"]


def test_marks_stay_with_their_messages() -> None:
    transcript = Transcript(1)
    learned = Learned(entry=1, surprise=1, recruited=1, strengthened=0, overwritten=0, recycled=0, tokens=[])
    transcript.append(ChatItem("user", "a", message=2, learned=learned))
    transcript.append(ChatItem("assistant", "b", message=3, memory_tokens=2, recalled=[1]))
    transcript.load([message(2, "user", "a"), message(3, "assistant", "b", "stop")])
    assert transcript.items[0].learned is learned
    assert transcript.items[1].from_memory


def test_a_text_that_waits_stays_last() -> None:
    transcript = Transcript(1)
    transcript.append(ChatItem("user", "waiting", ItemState.WAITING))
    transcript.load([message(2, "user", "a"), message(3, "assistant", "b", "stop")])
    assert [item.text for item in transcript.items] == ["a", "b", "waiting"]
