"""Full-text search: what is found, how it is shown, and an index that is always what the messages are."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest

from engine.store import Profile, ProfileStore
from engine.store.search import LENGTH, fold
from tests.engine.store.samples import IDENTITY, unseal

TEXTS = {
    1: "My dog is called Zuzu.",
    2: "明日は歯医者の予約があります。",
    3: "The DENTIST is Dr Okafor; her number is 417-88.",
    4: "ＵＳＢメモリを机の引き出しに入れた",
    5: "İstanbul was Straße, ΟΔΟΣ and Café",
    6: "100 % of \"quotes\" and 'apostrophes', under_score AND NEAR(x) * ^",
    7: "a\x00hidden",
    8: "ねこ の なまえ は みそ",
}


@pytest.fixture
def spoken(profile: Profile) -> Profile:
    conversation = profile.create_conversation("talk")
    for number, text in TEXTS.items():
        assert profile.append_message(conversation.id, "user" if number % 2 else "assistant", text).id == number
    return profile


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("zuzu", [1]),
        ("uz", [1]),
        ("alle", [1]),
        ("dog zuzu", [1]),
        ("zuzu  dog", [1]),
        ("dog dentist", []),
        ("is", [3, 1]),
        ("dentist", [3]),
        ("Dr Okafor", [3]),
        ("417-88", [3]),
        ("歯医者", [2]),
        ("歯", [2]),
        ("予約", [2]),
        ("歯医者　予約", [2]),
        ("歯医者の予約", [2]),
        ("医者歯", []),
        ("usb", [4]),
        ("ＵＳＢ", [4]),
        ("ﾒﾓﾘ", [4]),
        ("めもり", [4]),
        ("ネコ", [8]),
        ("ナマエ", [8]),
        ("istanbul", []),
        ("stanbul", [5]),
        ("STRASSE", []),
        ("straße", [5]),
        ("οδος", [5]),
        ("ΟΔΟΣ", [5]),
        ("CAFÉ", [5]),
        ("é", [5]),
        ("100 %", [6]),
        ("%", [6]),
        ("_", [6]),
        ('"quotes"', [6]),
        ('"', [6]),
        ("NEAR(x)", [6]),
        ("*", [6]),
        ("AND", [6, 5]),
        ("en", [7, 3]),
        ("\x00", []),
        ("", []),
        ("   ", []),
        ("x" * 5000, []),
        ("\ud83d", []),
    ],
)
def test_what_is_found(spoken: Profile, query: str, found: list[int]) -> None:
    assert [hit.message for hit in spoken.search(query)] == found


def test_a_hit_says_where_and_shows_the_words(spoken: Profile) -> None:
    (hit,) = spoken.search("number okafor")
    assert (hit.conversation, hit.title, hit.message, hit.role) == (1, "talk", 3, "user")
    assert hit.created == spoken.messages(1)[2].created
    assert [hit.snippet[begin:end] for begin, end in hit.marks] == ["Okafor", "number"]


def test_long_messages_are_shown_around_the_word(profile: Profile) -> None:
    conversation = profile.create_conversation("talk")
    profile.append_message(
        conversation.id, "user", "before " * 300 + "\n\n The needle,\tand Needle again. " + "after " * 300
    )
    (hit,) = profile.search("needle")
    assert len(hit.snippet) <= LENGTH + 2
    assert hit.snippet.startswith("…before ")
    assert hit.snippet.endswith(" after…")
    assert "The needle, and Needle again." in hit.snippet
    assert [hit.snippet[begin:end] for begin, end in hit.marks] == ["needle", "Needle"]
    profile.append_message(conversation.id, "user", "x" * 5000 + "y" * 400 + "x" * 5000)
    (hit,) = profile.search("y" * 400)
    assert hit.snippet.count("y") == 400


def test_overlapping_words_are_one_mark(profile: Profile) -> None:
    conversation = profile.create_conversation("talk")
    profile.append_message(conversation.id, "user", "a🙂 banana")
    (hit,) = profile.search("anan nana 🙂")
    assert [hit.snippet[begin:end] for begin, end in hit.marks] == ["🙂", "anana"]


def test_folding_keeps_every_place(profile: Profile) -> None:
    for text in ("", "İİ ẞ ŉ ǰ", "Σας ΣΑΣ", "ﬃ", "ABC"):
        assert len(fold(text)) == len(text)


def test_what_the_system_was_told_is_not_searched(profile: Profile) -> None:
    conversation = profile.create_conversation("talk")
    profile.append_message(conversation.id, "system", "Be brief.")
    assert profile.search("brief") == []


def test_newest_first_in_pages(profile: Profile) -> None:
    conversation = profile.create_conversation("talk")
    for number in range(300):
        profile.append_message(conversation.id, "user", f"word number {number}" if number % 3 else "other")
    for query in ("number", "nu"):
        seen: list[int] = []
        before = None
        while hits := profile.search(query, 70, before):
            seen += [hit.message for hit in hits]
            before = seen[-1]
        assert seen == [number + 1 for number in reversed(range(300)) if number % 3]
    assert profile.search("number", 0) == []
    assert profile.search("number", 5, -7) == []
    assert len(profile.search("number", 5, 2**80)) == 5


def test_a_reply_is_found_as_it_grows(profile: Profile) -> None:
    conversation = profile.create_conversation("talk")
    reply = profile.append_message(conversation.id, "assistant", "Kanga", None)
    profile.update_message(reply.id, "Kangaroo", None)
    assert len(profile.search("kangaroo")) == 1
    profile.update_message(reply.id, "Wombat", "stop")
    assert profile.search("kanga") == []
    assert len(profile.search("wombat")) == 1


def test_the_index_is_exact_after_any_history(profile: Profile) -> None:
    """Every trigram of every message is found, and none that is gone (FTS5's own check compares the rest)."""
    dice = random.Random(3)
    alphabet = "abcdeあいう🙂 "
    conversations = [profile.create_conversation(str(number)).id for number in range(4)]
    texts: dict[int, str] = {}
    owner: dict[int, int] = {}
    for _ in range(400):
        text = "".join(dice.choice(alphabet) for _ in range(dice.randint(0, 30)))
        act = dice.random()
        if act < 0.6 or not texts:
            conversation = dice.choice(conversations)
            message = profile.append_message(conversation, "user", text).id
            owner[message] = conversation
            texts[message] = text
        elif act < 0.9:
            message = dice.choice(list(texts))
            profile.update_message(message, text, None)
            texts[message] = text
        elif len(conversations) > 1 and act > 0.98:
            gone = conversations.pop(dice.randrange(len(conversations)))
            profile.delete_conversation(gone)
            profile.purge_deleted()
            texts = {message: text for message, text in texts.items() if owner[message] != gone}
            conversations.append(profile.create_conversation("new").id)
    with profile._database.transaction("check"):
        profile._database.run("INSERT INTO message_text (message_text, rank) VALUES ('integrity-check', 1)")
    for _ in range(200):
        word = "".join(dice.choice(alphabet.strip()) for _ in range(dice.randint(1, 4)))
        expected = [message for message, text in texts.items() if word in text]
        assert [hit.message for hit in profile.search(word, 1000)] == sorted(expected, reverse=True), word


def test_a_damaged_index_is_made_anew_and_nobody_is_kept_from_speaking(store: ProfileStore) -> None:
    record = store.create("Test")
    with store.open("Test", IDENTITY) as profile:
        conversation = profile.create_conversation("talk")
        profile.append_message(conversation.id, "user", "My dog is called Zuzu.")
    unseal(store.directory / record.id)
    with closing(sqlite3.connect(store.directory / record.id / "profile.sqlite3", isolation_level=None)) as connection:
        connection.execute("UPDATE message_text_data SET block = x'ffffffffffffffffffff'")
    with store.open("Test", IDENTITY) as profile:
        assert profile.append_message(conversation.id, "user", "Zuzu is three.").id == 2
        assert [hit.message for hit in profile.search("zuzu")] == [2, 1]
        (notice,) = profile.take_notices()
        assert "made anew" in notice
