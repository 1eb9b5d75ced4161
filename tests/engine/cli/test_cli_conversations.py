"""What a search prints for people."""

from __future__ import annotations

from engine.cli.conversations import _hits_text, messages_text
from engine.protocol import Hit, HitList, Message

HIT = Hit(
    conversation=3,
    title="Teeth",
    message=7,
    role="assistant",
    created="2026-02-03T04:05:06.789Z",
    snippet="Dr Okafor is your dentist.",
    marks=[(3, 9), (18, 25)],
)


def test_a_hit_names_its_conversation_and_who_spoke() -> None:
    assert _hits_text(HitList(hits=[HIT], more=False), coloured=False) == (
        "conversation 3, message 7, 2026-02-03 04:05: Teeth\n    Techo: Dr Okafor is your dentist."
    )


def test_a_terminal_shows_the_words_in_bold() -> None:
    text = _hits_text(HitList(hits=[HIT], more=False), coloured=True)
    assert text.endswith("Techo: Dr \x1b[1mOkafor\x1b[0m is your \x1b[1mdentist\x1b[0m.")


def test_more_hits_and_none() -> None:
    assert "--before 7" in _hits_text(HitList(hits=[HIT], more=True), coloured=False)
    assert _hits_text(HitList(hits=[], more=False), coloured=False) == "Nothing was found."


def test_a_message_says_which_version_it_is() -> None:
    said = Message(id=1, conversation=3, role="user", content="Hm?", created="2026-02-03T04:05:06.789Z")
    reply = Message(
        id=5, conversation=3, role="assistant", content="Yes.", created="2026-02-03T04:06:06.789Z", versions=[2, 5]
    )
    assert messages_text([said, reply]) == (
        "message 1, 2026-02-03 04:05, you:\nHm?\n\nmessage 5, 2026-02-03 04:06, Techo, version 2 of 2 (2, 5):\nYes."
    )
    assert messages_text([]) == "Nothing has been said here."
