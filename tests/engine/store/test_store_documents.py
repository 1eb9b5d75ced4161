"""A document whose chat is deleted: its words are gone, its name stays for as long as something is known from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import ErrorCode, StoreError
from engine.store import Profile, ProfileStore
from tests.engine.store.samples import IDENTITY, new_entry

NAME = "orchard-notes.md"
WORDS = ("The quince by the wall is from 1931.", "The pear needs a mate, the Conference.")


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    return ProfileStore(tmp_path)


@pytest.fixture
def profile(store: ProfileStore) -> Iterator[Profile]:
    store.create("Mika")
    with store.open("Mika", IDENTITY) as opened:
        yield opened


def read(profile: Profile) -> tuple[int, list[int], list[int]]:
    """The conversation of a document with two passages, its messages, and what was learned from them."""
    conversation = profile.create_conversation(NAME).id
    messages = [profile.append_message(conversation, "user", words, "stop").id for words in WORDS]
    entries = [profile.append_entry(new_entry(profile.next_entry_id(), message)) for message in messages]
    return conversation, messages, entries


def names(profile: Profile, messages: list[int]) -> set[str]:
    return {found.name for found in profile.documents(messages).values()}


def in_file(profile: Profile, words: str) -> bool:
    return any(words.encode() in file.read_bytes() for file in profile.directory.rglob("*") if file.is_file())


def test_its_name_outlives_its_chat(store: ProfileStore, profile: Profile) -> None:
    conversation, messages, entries = read(profile)
    profile.delete_conversation(conversation)
    assert names(profile, messages) == {NAME}, "while it can be brought back"
    profile.purge_deleted()
    assert names(profile, messages) == {NAME}
    assert [record.id for record in profile.journal(10, document=conversation)] == entries[::-1]
    assert not any(in_file(profile, words) for words in WORDS)
    assert profile.conversations() == []
    assert profile.search("quince") == []
    assert (profile.deleted(), profile.counts().messages) == (0, 0)
    with pytest.raises(StoreError) as gone:
        profile.restore_conversation(conversation)
    assert gone.value.code is ErrorCode.CONVERSATION_NOT_FOUND
    profile.close()
    with store.open("Mika", IDENTITY) as again:
        assert names(again, messages) == {NAME}
        assert again.load_state().notices == []


@pytest.mark.parametrize("said", [False, True])
def test_it_goes_with_the_last_of_what_was_learned(profile: Profile, said: bool) -> None:
    conversation, messages, entries = read(profile)
    profile.delete_conversation(conversation)
    profile.purge_deleted()
    _, taken = profile.delete_entries(entries[:1], said=said)
    assert (taken, names(profile, messages)) == (0, {NAME})
    profile.delete_entries(entries[1:], said=said)
    assert names(profile, messages) == set()
    assert not in_file(profile, NAME)


def test_a_reset_takes_it_too(profile: Profile) -> None:
    conversation, messages, _ = read(profile)
    profile.delete_conversation(conversation)
    profile.purge_deleted()
    profile.reset()
    assert names(profile, messages) == set()
    assert not in_file(profile, NAME)


def test_only_documents_are_kept_by_name(profile: Profile) -> None:
    chat = profile.create_conversation("About the dog").id
    said = profile.append_message(chat, "user", "Our dog is called Otso.").id
    profile.append_entry(new_entry(profile.next_entry_id(), said))
    profile.append_entry(new_entry(profile.next_entry_id(), None))
    unlearned = profile.create_conversation("empty.txt").id
    profile.append_message(unlearned, "user", "Nothing of this was learned.", "stop")
    for conversation in (chat, unlearned):
        profile.delete_conversation(conversation)
    profile.purge_deleted()
    for words in ("About the dog", "Otso", "empty.txt", "Nothing of this"):
        assert not in_file(profile, words)
