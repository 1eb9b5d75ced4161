"""The tree of a conversation: which message follows on which, and which branch of it is shown. Arithmetic only.

Each message names the one that it follows on, its *parent*, which is older than it; 0 is the parent of what begins the
conversation. Messages with the same parent are *versions* of each other: replies to one message, or wordings of one
message. A *branch* goes from a beginning to a *leaf*, on which nothing follows; one leaf says which branch is shown.

A parent that cannot be (an older Techo wrote none; a byte on the disk was flipped) is replaced by the message before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

START: Final = 0
"""Parent of a message that begins the conversation."""


class Tree:
    """The messages of one conversation that are not deleted, by their ids.

    Args:
        rows: id and parent of each message, ids ascending.
        leaf: where the shown branch ends; None, or one that is not there: with the newest message.
    """

    def __init__(self, rows: Iterable[tuple[int, int | None]], leaf: int | None = None) -> None:
        self._parents: dict[int, int] = {}
        self._children: dict[int, list[int]] = {START: []}
        before = START
        for identifier, parent in rows:
            if parent not in self._children:  # also one that is newer: those are not in there yet
                parent = before
            self._parents[identifier] = parent
            self._children[parent].append(identifier)
            self._children[identifier] = []
            before = identifier
        self.leaf = before if leaf not in self._parents else self.newest(leaf)
        """The last message of the shown branch; 0 when there is none."""

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._parents

    def __len__(self) -> int:
        return len(self._parents)

    def parent(self, identifier: int) -> int:
        """What a message follows on; 0: nothing."""
        return self._parents[identifier]

    def children(self, identifier: int) -> list[int]:
        """What follows on a message (0: what begins the conversation), oldest first."""
        return self._children[identifier]

    def versions(self, identifier: int) -> list[int]:
        """All versions of a message, itself among them, oldest first."""
        return self._children[self._parents[identifier]]

    def path(self, identifier: int) -> list[int]:
        """The branch from its beginning to this message."""
        found = []
        while identifier != START:
            found.append(identifier)
            identifier = self._parents[identifier]
        return found[::-1]

    def newest(self, identifier: int) -> int:
        """The leaf below a message (or below 0) that is reached by always taking the newest version."""
        while below := self._children[identifier]:
            identifier = below[-1]
        return identifier

    def below(self, identifier: int) -> list[int]:
        """A message and everything that hangs on it, ascending."""
        found, waiting = [], [identifier]
        while waiting:
            found.append(here := waiting.pop())
            waiting += self._children[here]
        return sorted(found)

    def beside(self, identifier: int) -> int:
        """The leaf to show when this message, with everything that hangs on it, is gone: of the version next to it."""
        versions = self.versions(identifier)
        place = versions.index(identifier)
        others = versions[:place][::-1] + versions[place + 1 :]
        return self.newest(others[0]) if others else self._parents[identifier]
