"""Has a document read and learned: each passage a message that nobody answers, and a lesson of its own.

Each passage is committed by itself, message and lesson, as a turn is: a reading of minutes that is stopped, or that a
crash ends, keeps what it has learned (all or nothing would throw minutes away, and hold back what a person could ask
about already). What was kept is a list of ordinary lessons: each can be forgotten, and all of them together. Reading
the file once more goes on where it was left, since what is known word for word is not learned twice.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from engine.bit_ttt import Part
from engine.documents import Document, read_document
from engine.errors import Cancelled, EngineError
from engine.protocol import DocumentRead
from engine.session import Session
from engine.store.records import clean_title

Tell = Callable[[Literal["pages", "passages"], int, int], None]
"""Takes the phase, how much of it is done, and how much there is."""

_PAGE: Final = 10_000
"""Journal entries looked at at once."""


class DocumentReading:
    """One reading of one file."""

    def __init__(
        self, session: Session, parts: Callable[[str], list[Part]], cancelled: Callable[[], bool], tell: Tell
    ) -> None:
        """Prepares it.

        Args:
            session: The open profile.
            parts: A passage's words by themselves, as the memory's writer encodes them; may raise Cancelled.
            cancelled: Whether to stop.
            tell: Gets the progress.
        """
        self._session = session
        self._parts = parts
        self._cancelled = cancelled
        self._tell = tell
        self._conversation: int | None = None
        self._messages: dict[str, int] = {}
        """Passages that are in the conversation already: of an earlier reading."""
        self._learned = self._known = self._idle = 0

    def run(self, path: Path) -> DocumentRead:
        """Reads and learns the file.

        Raises:
            DocumentError: It cannot be read; nothing was learned.
            EngineError: The disk refused; what was learned by then stays.
        """
        document = Document(path.name, [])
        stopped = False
        try:
            document = read_document(path, self._cancelled, lambda done, count: self._tell("pages", done, count))
            self._find(document)
            self._learn_all(document)
        except Cancelled:
            stopped = True
        except EngineError as error:
            if self._learned:
                error.hint = f"{error.hint} {self._learned} of {len(document.passages)} passages are learned.".strip()
            raise
        return DocumentRead(
            name=document.name,
            conversation=self._conversation,
            passages=len(document.passages),
            learned=self._learned,
            known=self._known,
            idle=self._idle,
            unreadable=document.unreadable,
            cancelled=stopped,
            stats=self._session.stats(),
        )

    def _find(self, document: Document) -> None:
        """An earlier reading: a document of this name that holds one of these passages."""
        title = clean_title(document.name)
        for conversation in self._session.profile.conversations():
            if conversation.title == title:
                found = self._session.profile.passages(conversation.id)
                if not found.keys().isdisjoint(document.passages):
                    self._conversation, self._messages = conversation.id, found
                    return

    def _learn_all(self, document: Document) -> None:
        known = self._known_words()
        count = len(document.passages)
        for done, passage in enumerate(document.passages):
            self._tell("passages", done, count)
            if self._cancelled():
                raise Cancelled("Reading was stopped.")
            if _words(passage) in known:
                self._known += 1
                continue
            parts = self._parts(passage)
            if all(_words(part.text) in known for part in parts):
                self._known += 1
                continue
            self._learn(document.name, passage, [part for part in parts if _words(part.text) not in known])
        self._tell("passages", count, count)

    def _learn(self, name: str, passage: str, parts: list[Part]) -> None:
        profile = self._session.profile
        message = self._messages.get(passage)
        if message is None:
            if self._conversation is None:
                self._conversation = profile.create_conversation(name).id
            message = profile.append_message(self._conversation, "user", passage, "stop").id
        lessons = [self._session.learn(part, message).learned for part in parts]
        if any(lesson.entry is not None for lesson in lessons):
            self._learned += 1
        else:
            self._idle += 1

    def _known_words(self) -> set[str]:
        """The words of every lesson in force."""
        words: set[str] = set()
        before: int | None = None
        while page := self._session.profile.journal(_PAGE, before):
            words |= {_words(entry.text) for entry in page}
            before = page[-1].id
        return words


def _words(text: str) -> str:
    return " ".join(text.split())
