"""What one conversation looks like on screen: a list of items, and signals when it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from PySide6.QtCore import QObject, Signal

from engine.protocol import Learned, Message, Role


class ItemState(Enum):
    """Where a message stands."""

    DONE = "done"
    WAITING = "waiting"
    """Said, but the engine is not up yet: nothing has been sent."""
    SENDING = "sending"
    """Sent, not yet acknowledged as being on disk."""
    STREAMING = "streaming"
    STOPPED = "stopped"
    """The person stopped the reply."""
    CUT_OFF = "cut off"
    """The reply reached the length limit."""
    INTERRUPTED = "interrupted"
    """The engine ended before the reply did."""


UNFINISHED = (ItemState.STOPPED, ItemState.CUT_OFF, ItemState.INTERRUPTED)
"""Of a reply that can go on."""


@dataclass(eq=False)
class ChatItem:
    """One message as it is shown. Compared by identity."""

    role: Role
    text: str
    state: ItemState = ItemState.DONE
    message: int | None = None
    """Id in the profile's database; None as long as it is not on disk."""
    answers: int | None = None
    """Of a reply: id of the user's message it answers, as long as the reply itself is not on disk."""
    learned: Learned | None = None
    """What this (user's) message taught."""
    memory_tokens: int = 0
    """Tokens of this reply in which the memory had a say."""
    recalled: list[int] = field(default_factory=list)
    """Journal ids of the learned turns that fired for this reply."""
    recalled_texts: list[str] = field(default_factory=list)
    """The texts of some of them, for the tooltip."""
    versions: list[int] = field(default_factory=list)
    """Ids of all versions of this message, itself among them, oldest first; empty when it is the only one."""
    draft: str | None = None
    """What this message is being changed into; None: nobody edits it."""

    @property
    def saved(self) -> bool:
        """Whether it is on disk, and nothing is being done with it."""
        return self.message is not None and self.state not in (
            ItemState.WAITING,
            ItemState.SENDING,
            ItemState.STREAMING,
        )

    @property
    def all_versions(self) -> list[int]:
        """Ids of all its versions, also when it is the only one."""
        return self.versions or ([] if self.message is None else [self.message])

    @property
    def from_memory(self) -> bool:
        """Whether the memory had a say in this reply."""
        return self.memory_tokens > 0


_FINISH_STATES = {"stop": ItemState.DONE, "cancelled": ItemState.STOPPED, "length": ItemState.CUT_OFF}


def finish_state(finish: str | None) -> ItemState:
    """A reply on disk without a finish reason was never finished."""
    return ItemState.INTERRUPTED if finish is None else _FINISH_STATES.get(finish, ItemState.DONE)


class Transcript(QObject):
    """The items of one conversation. `conversation` is None until the engine has put its first message on disk."""

    appended = Signal(object)
    """ChatItem"""
    changed = Signal(object)
    """ChatItem"""
    removed = Signal(object)
    """ChatItem"""
    reset = Signal()
    """The whole list is another one."""

    def __init__(
        self, conversation: int | None = None, parent: QObject | None = None, *, temporary: bool = False
    ) -> None:
        super().__init__(parent)
        self.conversation = conversation
        self.temporary = temporary
        """Nothing of it goes to the disk, nothing is learned: it is gone when another one is shown."""
        self.learns = True
        """Of a chat that is not on disk yet: whether it is to be learned from."""
        self.items: list[ChatItem] = []
        self.loaded = conversation is None
        """Whether `items` holds what is on disk."""
        self._seen: dict[int, ChatItem] = {}
        """Messages that were shown before and are not now, with their marks and drafts: other versions."""

    def append(self, item: ChatItem) -> ChatItem:
        """Add an item at the end."""
        self.items.append(item)
        self.appended.emit(item)
        return item

    def touch(self, item: ChatItem) -> None:
        """Say that `item` was changed in place."""
        if item in self.items:
            self.changed.emit(item)

    def remove(self, item: ChatItem) -> None:
        """Take an item out again (a message that never reached the engine)."""
        if item in self.items:
            self.items.remove(item)
            self.removed.emit(item)

    def cut(self, place: int) -> list[ChatItem]:
        """Take the items from `place` on away, to go on there with another version -> what was there."""
        old, self.items = self.items[place:], self.items[:place]
        self._remember(old)
        self.reset.emit()
        return old

    def put_back(self, place: int, old: Sequence[ChatItem]) -> None:
        """Nothing came of the other version: what `cut` took away takes the place of what is there now."""
        self.items = [*self.items[:place], *old]
        self.reset.emit()

    def _remember(self, items: Sequence[ChatItem]) -> None:
        self._seen |= {item.message: item for item in items if item.message is not None}

    def unlearn(self, entries: Sequence[int]) -> None:
        """Take the marks of learned turns away that were forgotten."""
        gone = set(entries)
        for item in (*self.items, *self._seen.values()):
            if item.learned is not None and item.learned.entry in gone:
                item.learned = None
                self.touch(item)

    def last_message(self) -> int:
        """Highest message id that is known to be on disk; 0 when there is none."""
        return max((item.message for item in self.items if item.message is not None), default=0)

    def load(self, messages: Sequence[Message]) -> None:
        """Take over what is on disk, keeping what only the screen knows.

        A reply whose end the engine did not live to see stays interrupted, and as long as it was on screen; the marks
        (what was learned, what was recalled) stay with their messages. Items that are not on disk stay at the end.
        """
        self._remember(self.items)
        known = self._seen
        unsaved = [item for item in self.items if item.message is None]
        items: list[ChatItem] = []
        for message in messages:
            if message.role == "system":
                continue
            state = finish_state(message.finish) if message.role == "assistant" else ItemState.DONE
            item = ChatItem(message.role, message.content, state, message.id, versions=message.versions)
            if (old := known.get(message.id)) is not None:
                item.learned, item.recalled = old.learned, old.recalled
                item.memory_tokens, item.recalled_texts = old.memory_tokens, old.recalled_texts
                item.draft = old.draft
                self._keep_seen(old, item)
            items.append(item)
        for item in unsaved:
            if item.role == "assistant":
                self._settle(item, items)
        # Only now: a reply that the screen knows of was perhaps stopped, not interrupted. A passage of a document is a
        # message of the person with a finish, and waits for none.
        passages = {message.id for message in messages if message.role == "user" and message.finish is not None}
        if items and items[-1].role == "user" and items[-1].message not in passages:
            items.append(ChatItem("assistant", "", ItemState.INTERRUPTED, answers=items[-1].message))
        self.items = items + [item for item in unsaved if item.role == "user"]
        self.loaded = True
        self.reset.emit()

    @classmethod
    def _settle(cls, item: ChatItem, items: list[ChatItem]) -> None:
        """Find the place of a reply that had no id among the items from disk."""
        place = next(
            (i for i, said in enumerate(items) if said.message is not None and said.message == item.answers), None
        )
        if place is None:
            return  # What it answered is not there any more.
        saved = items[place + 1] if place + 1 < len(items) else None
        if saved is not None and saved.message in item.versions:
            return  # It was to be another version of this one, and nothing of it was saved.
        if saved is None or saved.role != "assistant":
            items.insert(place + 1, item)
        else:
            cls._keep_seen(item, saved)

    @staticmethod
    def _keep_seen(seen: ChatItem, saved: ChatItem) -> None:
        """The engine died during the reply `seen`: so it stays, unless the disk holds the end of it."""
        if seen.state is ItemState.INTERRUPTED and saved.state in (ItemState.INTERRUPTED, ItemState.STOPPED):
            saved.state = ItemState.INTERRUPTED
            if seen.text.startswith(saved.text):
                saved.text = seen.text
