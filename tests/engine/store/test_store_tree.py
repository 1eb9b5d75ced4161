"""Versions of messages: the tree itself, and what the store does with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ErrorCode, StoreError
from engine.store import Profile, ProfileStore
from engine.store.tree import Tree
from tests.engine.store.samples import IDENTITY, learn

#   1 - 2 - 3 - 6
#       |   ` - 7
#       ` - 5          4 and 8 begin the conversation as well
ROWS = [(1, 0), (2, 1), (3, 2), (4, 0), (5, 2), (6, 3), (7, 3), (8, 0)]


def test_the_ways_through_a_tree() -> None:
    tree = Tree(ROWS, 6)
    assert tree.leaf == 6
    assert tree.path(6) == [1, 2, 3, 6]
    assert tree.versions(6) == [6, 7]
    assert tree.versions(1) == [1, 4, 8]
    assert tree.newest(1) == 5
    assert tree.newest(3) == 7
    assert tree.newest(0) == 8
    assert tree.below(2) == [2, 3, 5, 6, 7]
    assert [tree.beside(place) for place in (6, 7, 5, 3, 1, 4, 8, 2)] == [7, 6, 7, 5, 4, 5, 4, 1]


@pytest.mark.parametrize(("leaf", "shown"), [(None, 8), (99, 8), (0, 8), (3, 7), (1, 5), (7, 7)])
def test_the_branch_that_is_shown_always_ends_where_nothing_follows(leaf: int | None, shown: int) -> None:
    assert Tree(ROWS, leaf).leaf == shown


def test_an_empty_tree() -> None:
    tree = Tree([], 3)
    assert (tree.leaf, len(tree), tree.path(tree.leaf)) == (0, 0, [])


@given(st.lists(st.integers(-1, 60) | st.none(), max_size=40), st.none() | st.integers(-1, 60))
def test_whatever_is_on_the_disk_every_message_can_be_reached(parents: list[int | None], leaf: int | None) -> None:
    """Parents that cannot be (newer ones, ones that are not there, itself) neither lose a message nor make a circle."""
    ids = range(1, len(parents) + 1)
    tree = Tree(zip(ids, parents, strict=True), leaf)
    assert tree.below(0)[1:] == list(ids)
    for identifier in ids:
        path = tree.path(identifier)
        assert path == sorted(set(path))
        assert path[-1] == identifier
        assert identifier in tree.path(tree.newest(identifier))
        assert identifier in tree.versions(identifier)


# ---------------------------------------------------------------------------------------------- in the store


def shown(profile: Profile, conversation: int = 1) -> list[str]:
    return [message.content for message in profile.messages(conversation)]


def talk(profile: Profile) -> None:
    """`My dog is Zuzu.` (1) - `Hm.` (2), with a second reply `Nice!` (3) - `And a cat.` (4) - `Two!` (5)."""
    profile.create_conversation("My dog is Zuzu.")
    profile.append_message(1, "user", "My dog is Zuzu.")
    profile.append_message(1, "assistant", "Hm.", "stop")
    profile.append_message(1, "assistant", "Nice!", "stop", parent=1)
    profile.append_message(1, "user", "And a cat.")
    profile.append_message(1, "assistant", "Two!", "stop")


def test_another_reply_keeps_the_first_one(profile: Profile) -> None:
    talk(profile)
    assert shown(profile) == ["My dog is Zuzu.", "Nice!", "And a cat.", "Two!"]
    assert [message.versions for message in profile.messages(1)] == [(), (2, 3), (), ()]
    assert [message.content for message in profile.show_message(2)] == ["My dog is Zuzu.", "Hm."]
    profile.append_message(1, "user", "Why?")
    assert shown(profile) == ["My dog is Zuzu.", "Hm.", "Why?"]
    assert [message.content for message in profile.show_message(3)] == shown(profile)
    assert shown(profile)[-1] == "Two!"
    assert [message.content for message in profile.path(6)] == ["My dog is Zuzu.", "Hm.", "Why?"]
    assert profile.path(0) == []
    assert len(profile.every_version(1)) == profile.conversation(1).messages == 6


def test_what_is_shown_survives_a_restart(store: ProfileStore) -> None:
    store.create("Test")
    with store.open("Test", IDENTITY) as profile:
        talk(profile)
        profile.show_message(2)
    with store.open("Test", IDENTITY) as profile:
        assert shown(profile) == ["My dog is Zuzu.", "Hm."]


def test_the_title_follows_the_first_message_that_is_shown(profile: Profile) -> None:
    talk(profile)
    profile.append_message(1, "user", "My dog is Susu.", parent=0)
    assert profile.conversation(1).title == "My dog is Susu."
    profile.show_message(1)
    assert profile.conversation(1).title == "My dog is Zuzu."
    profile.rename_conversation(1, "The dog")
    profile.show_message(6)
    assert profile.conversation(1).title == "The dog"


def test_a_message_is_deleted_with_what_hangs_on_it_and_comes_back(profile: Profile) -> None:
    talk(profile)
    before = profile.every_version(1)
    gone = profile.delete_message(3)
    assert (gone.conversation, gone.messages, gone.whole) == (1, 3, False)
    assert shown(profile) == ["My dog is Zuzu.", "Hm."]
    assert profile.messages(1)[1].versions == ()
    assert profile.search("two!") == profile.search("and a cat") == []
    assert profile.deleted() == 1
    assert profile.counts().messages == profile.conversation(1).messages == 2
    profile.append_message(1, "user", "Why?")
    assert shown(profile) == ["My dog is Zuzu.", "Hm.", "Why?"]
    assert profile.restore_message(3).messages == 6
    assert profile.restore_message(3).messages == 6  # a second time changes nothing
    assert shown(profile) == ["My dog is Zuzu.", "Nice!", "And a cat.", "Two!"]
    assert [message for message in profile.every_version(1) if message.id <= 5] == before
    assert [hit.message for hit in profile.search("two!")] == [5]


def test_two_deletions_are_undone_one_by_one(profile: Profile) -> None:
    talk(profile)
    assert profile.delete_message(5).messages == 1
    assert shown(profile) == ["My dog is Zuzu.", "Nice!", "And a cat."]
    assert profile.delete_message(3).messages == 2
    assert profile.deleted() == 2
    with pytest.raises(StoreError) as caught:
        profile.restore_message(5)  # what it hangs on is not there
    assert caught.value.code == ErrorCode.MESSAGE_NOT_FOUND
    profile.restore_message(3)
    assert shown(profile) == ["My dog is Zuzu.", "Nice!", "And a cat."]
    profile.restore_message(5)
    assert shown(profile)[-1] == "Two!"
    assert profile.deleted() == 0


def test_with_its_last_message_a_conversation_goes_and_comes_back(profile: Profile) -> None:
    talk(profile)
    gone = profile.delete_message(1)
    assert (gone.messages, gone.whole, gone.title) == (5, True, "My dog is Zuzu.")
    assert profile.conversations() == []
    assert profile.restore_message(1).title == "My dog is Zuzu."
    assert shown(profile)[-1] == "Two!"


def test_what_was_deleted_is_purged(store: ProfileStore) -> None:
    store.create("Test")
    with store.open("Test", IDENTITY) as profile:
        talk(profile)
        learn(profile, 1, message=4)
        profile.delete_message(4)
        profile.purge_deleted(keep=30.0)
        assert profile.restore_message(4).messages == 5
        profile.delete_message(4)
        profile.purge_deleted()
        with pytest.raises(StoreError) as caught:
            profile.restore_message(4)
        assert caught.value.code == ErrorCode.MESSAGE_NOT_FOUND
        assert [entry.message for entry in profile.entries()] == [None]  # what was learned stays learned
        profile.delete_message(3)
    for path in store.directory.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(words in data for words in (b"And a cat.", b"Two!", b"Nice!")), path
    with store.open("Test", IDENTITY) as profile:
        assert shown(profile) == ["My dog is Zuzu.", "Hm."]


def test_what_is_forgotten_leaves_no_gap(profile: Profile) -> None:
    """All replies to what was said go with it; what came after follows on what came before."""
    talk(profile)
    profile.show_message(2)
    profile.append_message(1, "user", "Why?")
    learn(profile, 1, message=1)
    assert profile.delete_entries([1], said=True)[1] == 3
    assert shown(profile) == ["Why?"]
    assert [message.versions for message in profile.messages(1)] == [(4, 6)]
    assert [message.content for message in profile.show_message(4)] == ["And a cat.", "Two!"]
    assert profile.conversation(1).title == "And a cat."


@pytest.mark.parametrize(
    "act",
    [
        lambda profile: profile.message(99),
        lambda profile: profile.path(99),
        lambda profile: profile.show_message(2**70),
        lambda profile: profile.delete_message(0),
        lambda profile: profile.restore_message(-1),
        lambda profile: profile.update_message(99, "x", None),
        lambda profile: profile.append_message(1, "user", "x", parent=99),
        lambda profile: profile.append_message(2, "user", "x", parent=1),
    ],
)
def test_a_message_that_is_not_there(profile: Profile, act: object) -> None:
    talk(profile)
    profile.create_conversation("another")
    with pytest.raises(StoreError) as caught:
        act(profile)  # type: ignore[operator]
    assert caught.value.code == ErrorCode.MESSAGE_NOT_FOUND
    assert caught.value.hint
