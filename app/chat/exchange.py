"""Saying something and hearing the reply: the running turn, and what becomes of it when the engine dies.

What was said is in one of four places, and never in none:

- *waiting*: the engine is not up; it is sent as soon as it is.
- *sending*: on its way. If the engine dies now, the transcript on disk decides after the restart: found there, it was
  accepted; not found, it goes back into the input box. It is not sent again unasked: it may be what killed the engine.
- *accepted* (`turn.accepted`): on disk. If the engine dies now, the part of the reply that was seen stays on screen
  and another reply is offered.
- *answered*: message and reply are on disk.

Another reply, an edited message and going on with a reply are turns as well. What they take the place of on screen is
kept until they have begun: when they fail before that, it is shown again, and an edited text is still being edited.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from app import errors
from app.chat.transcript import UNFINISHED, ChatItem, ItemState, Transcript, finish_state
from app.engine_process import Condition, EngineProcess
from engine.protocol import (
    ConversationList,
    ConversationMessages,
    ErrorBody,
    JournalList,
    JournalPage,
    MessageId,
    MessageList,
    Sampling,
    TurnAccepted,
    TurnAgain,
    TurnAnswer,
    TurnAsk,
    TurnContinue,
    TurnDelta,
    TurnDone,
    TurnLearned,
    TurnMessage,
    TurnSend,
    TurnStarted,
)

FLUSH_MS: Final = 30
"""Deltas are gathered at least this long before the bubble is laid out again."""
FLUSH_SHARE: Final = 0.1
"""Part of the time that drawing the stream may take: the engine needs the processor more than the window does."""
RECALLED_SHOWN: Final = 3
AGAIN_TEMPERATURE: Final = 0.8
"""Of another reply: greedily the same words would come again. What the memory knows by heart stays as it is."""


class Kind(Enum):
    """What a turn does."""

    SEND = "send"
    EDIT = "edit"
    AGAIN = "again"
    CONTINUE = "continue"


@dataclass
class _Turn:
    """The one turn that runs."""

    transcript: Transcript
    user: ChatItem
    kind: Kind = Kind.SEND
    reply: ChatItem | None = None
    place: int = 0
    """Of the first item that another version replaces, and `replaced`: what stood there and after it."""
    replaced: list[ChatItem] = field(default_factory=list)
    stood: tuple[str, ItemState] = ("", ItemState.DONE)
    """Of a reply that goes on: what it was before."""
    number: int | None = None
    """The engine's own number for it, known once accepted."""
    last_message: int = 0
    """Highest message id of the transcript before this turn."""
    known: frozenset[int] = frozenset()
    """Conversations there were before this turn."""
    gathered: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        """Whether what was said is on disk."""
        return self.reply is not None

    @property
    def began(self) -> bool:
        """Whether anything has come of it."""
        return self.reply is not None and self.reply.text != self.stood[0]


class Exchange(QObject):
    """All open transcripts, the one on screen, and the turn that runs."""

    shown = Signal(object)
    """Transcript: another one is on screen."""
    running_changed = Signal(bool)
    accepted = Signal(int, str)
    """Conversation id and text: a message is on disk."""
    first_delta = Signal()
    settled = Signal()
    """A turn came to its end: gauge and conversation list are out of date."""
    learned = Signal(object)
    """Learned or None: what the last turn taught."""
    recalled = Signal(list)
    """Journal ids: the learned turns that fired for the last reply."""
    text_returned = Signal(str)
    """A text that could not be sent goes back into the input box."""
    measured = Signal(object)
    """Usage of a turn that came to its end."""
    failed = Signal(object)
    """ErrorBody"""

    def __init__(self, engine: EngineProcess, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._open: dict[int, Transcript] = {}
        self._known: frozenset[int] = frozenset()
        self.current = Transcript(parent=self)
        self._turn: _Turn | None = None
        self._doubtful: _Turn | None = None
        self.switching = 0
        """Requests on their way that change the profile: what was said now, in the old one, would arrive in the new."""
        self._flush_timer = QTimer(self, singleShot=True, interval=FLUSH_MS)
        self._flush_timer.timeout.connect(self._flush)
        engine.said.connect(self._on_said)
        engine.gone.connect(self._on_gone)
        engine.condition_changed.connect(self._on_condition)

    # ------------------------------------------------------------------------------------------ what is shown

    @property
    def running(self) -> bool:
        """Whether a turn runs or waits."""
        return self._turn is not None or self._doubtful is not None

    @property
    def unsent(self) -> str:
        """What was written and is not known to be on disk: a text on its way, messages that are being edited."""
        turn = self._turn or self._doubtful
        texts = [] if turn is None or turn.accepted else [turn.user.text]
        if not self.current.temporary:
            drafts = [item.draft for item in self.current.items if item.draft and item.draft != item.text]
            texts += [draft for draft in drafts if draft.strip()]
        return "\n\n".join(texts)

    def new_chat(self, *, temporary: bool = False) -> None:
        """Put an empty transcript on screen. What is said in a temporary one is neither kept nor learned."""
        current = self.current
        if current.conversation is None and not current.items and current.temporary == temporary:
            self.shown.emit(current)
            return
        self._show(Transcript(temporary=temporary, parent=self))

    def show_conversation(self, conversation: int) -> None:
        """Put an earlier conversation on screen; it is fetched when it was not open yet."""
        transcript = self._open.get(conversation)
        if transcript is None:
            transcript = self._open[conversation] = Transcript(conversation, self)
        self._show(transcript)
        if not transcript.loaded:
            self._fetch(transcript)

    def show_message(self, conversation: int, message: int) -> None:
        """Put an earlier conversation on screen, on a branch with this message."""
        transcript = self._open.get(conversation)
        if transcript is None:
            transcript = self._open[conversation] = Transcript(conversation, self)
        there = transcript.loaded and any(item.message == message for item in transcript.items)
        if not there and not self.running:
            transcript.loaded = False
        self._show(transcript)
        if not transcript.loaded:
            self._fetch(transcript, None if self.running else message)

    def show_version(self, message: int) -> bool:
        """Another version of a message in the conversation on screen. False while a turn runs."""
        if self.running or self.switching or not self._engine.up:
            return False
        self._flip(self.current, message)
        return True

    def learns(self, conversation: int) -> bool:
        """What was wished for a conversation when it was begun here: whether it is learned from."""
        transcript = self._open.get(conversation)
        return transcript is None or transcript.learns

    def reload(self) -> None:
        """Read the conversation on screen again."""
        self._fetch(self.current)

    def drop(self, conversation: int) -> None:
        """A conversation was deleted: off the screen with it, and read anew should it ever come back."""
        self._open.pop(conversation, None)
        if self.current.conversation == conversation:
            self._show(Transcript(parent=self))

    def set_known(self, conversations: list[int]) -> None:
        """The conversations that are on disk now."""
        self._known = frozenset(conversations)

    def forget_all(self) -> None:
        """Another profile was opened, or none: nothing of the old one stays on screen."""
        for turn in (self._turn, self._doubtful):
            if turn is not None and not turn.accepted:
                self._give_back(turn)
        self._open.clear()
        self._known = frozenset()
        self._show(Transcript(parent=self))

    def forget_entries(self, entries: Sequence[int], *, reload: bool) -> None:
        """Learned turns were forgotten: their marks go. `reload`: messages are gone from the disk as well."""
        for transcript in {*self._open.values(), self.current}:
            transcript.unlearn(entries)
            if reload:
                transcript.loaded = transcript.conversation is None
        if reload and self.current.conversation is not None:
            self._fetch(self.current)

    def _show(self, transcript: Transcript) -> None:
        old, self.current = self.current, transcript
        self.shown.emit(transcript)
        in_use = {id(turn.transcript) for turn in (self._turn, self._doubtful) if turn is not None}
        if old is not transcript and id(old) not in in_use and old not in self._open.values():
            old.deleteLater()

    def _fetch(self, transcript: Transcript, wanted: int | None = None) -> None:
        """Read a conversation from the disk: the branch that is shown; if `wanted` is not in it, one that has it."""
        conversation = transcript.conversation
        if conversation is None:
            return

        def done(answer: MessageList) -> None:
            if wanted is None or any(message.id == wanted for message in answer.messages):
                transcript.load(answer.messages)
            else:
                self._flip(transcript, wanted, answer)

        def failed(error: ErrorBody) -> None:
            if error.code == errors.CONVERSATION_NOT_FOUND:
                # Forgotten as a whole.
                self._open.pop(conversation, None)
                if transcript is self.current:
                    self._show(Transcript(parent=self))
            else:
                self._report(error)

        params = ConversationMessages(conversation=conversation)
        self._engine.request("conversation.messages", params, MessageList, done, failed)

    def _flip(self, transcript: Transcript, message: int, otherwise: MessageList | None = None) -> None:
        """Show the newest branch with a message from now on; `otherwise`: if it is not there any more."""

        def done(answer: MessageList) -> None:
            transcript.load(answer.messages)
            self.settled.emit()  # The title may be another one.

        def failed(error: ErrorBody) -> None:
            if error.code != errors.MESSAGE_NOT_FOUND:
                self._report(error)
            if otherwise is not None:
                transcript.load(otherwise.messages)
            elif error.code == errors.MESSAGE_NOT_FOUND:
                self._fetch(transcript)

        self._engine.request("message.show", MessageId(message=message), MessageList, done, failed)

    # ------------------------------------------------------------------------------------------ one turn

    def send(self, text: str) -> bool:
        """Say `text` in the conversation on screen. False, and not taken, while a turn runs or the profile changes."""
        if self.running or self.switching or not text.strip():
            return False
        user = ChatItem("user", text, ItemState.WAITING)
        self._turn = _Turn(self.current, user, last_message=self.current.last_message(), known=self._known)
        self.current.append(user)
        self.running_changed.emit(True)
        if self._engine.up:
            self._dispatch(self._turn)
        return True

    def edit(self, item: ChatItem, text: str) -> bool:
        """Say `text` instead of `item`, which is kept as a version.

        False, and not taken, while a turn runs, the profile changes or the engine is down, and in a temporary chat.
        """
        transcript = self.current
        if not self._can_change(item) or item.role != "user" or not text.strip():
            return False
        item.draft = None
        place = transcript.items.index(item)
        user = ChatItem("user", text, ItemState.WAITING, versions=item.all_versions)
        turn = _Turn(transcript, user, Kind.EDIT, place=place, last_message=transcript.last_message())
        turn.known = self._known
        turn.replaced = transcript.cut(place)
        self._turn = turn
        transcript.append(user)
        self.running_changed.emit(True)
        self._dispatch(turn)
        return True

    def regenerate(self, item: ChatItem) -> bool:
        """Another reply instead of `item`, which is kept as a version. False as for `edit`."""
        transcript = self.current
        place = transcript.items.index(item) if item in transcript.items else 0
        user = transcript.items[place - 1] if place else None
        if user is None or user.role != "user" or item.role != "assistant" or not self._can_change(user):
            return False
        reply = ChatItem("assistant", "", ItemState.STREAMING, answers=user.message, versions=item.all_versions)
        turn = _Turn(transcript, user, Kind.AGAIN, reply, place=place)
        turn.replaced = transcript.cut(place)
        self._turn = turn
        transcript.append(reply)
        self.running_changed.emit(True)
        assert user.message is not None
        again = TurnAgain(message=user.message, sampling=Sampling(temperature=AGAIN_TEMPERATURE))
        self._engine.request("turn.again", again, TurnDone, self._on_done, self._on_failed)
        return True

    def go_on(self, item: ChatItem) -> bool:
        """More of the last reply, which was stopped, interrupted or too long. False as for `edit`."""
        transcript = self.current
        if not self._can_change(item) or item.state not in UNFINISHED or item is not transcript.items[-1]:
            return False
        user = transcript.items[-2] if len(transcript.items) > 1 else item
        turn = _Turn(transcript, user, Kind.CONTINUE, item, stood=(item.text, item.state))
        self._turn = turn
        item.state = ItemState.STREAMING
        transcript.touch(item)
        self.running_changed.emit(True)
        assert item.message is not None
        more = TurnContinue(message=item.message)
        self._engine.request("turn.continue", more, TurnDone, self._on_done, self._on_failed)
        return True

    def _can_change(self, item: ChatItem) -> bool:
        busy = self.running or self.switching or not self._engine.up
        return not busy and not self.current.temporary and item.saved and item in self.current.items

    def stop(self) -> None:
        """Stop the running turn; what was generated stays. A text that was not sent yet comes back."""
        turn = self._turn
        if turn is None:
            return
        if turn.user.state is ItemState.WAITING:
            self._give_back(turn)
        else:
            self._engine.cancel_turn()

    def resume(self) -> None:
        """The engine is up and has a profile (again): settle what was open when it died, then send what waits."""
        if self._doubtful is not None and self._doubtful.transcript.temporary:
            self._give_back(self._doubtful)  # It cannot be on disk.
        elif self._doubtful is not None:
            self._look_for(self._doubtful)
        elif self.current.conversation is not None:
            self._fetch(self.current)
        for transcript in self._open.values():
            if transcript is not self.current:
                transcript.loaded = False
        if self._turn is not None and self._turn.user.state is ItemState.WAITING:
            self._dispatch(self._turn)

    def _dispatch(self, turn: _Turn) -> None:
        turn.user.state = ItemState.SENDING
        turn.transcript.touch(turn.user)
        if turn.transcript.temporary:
            history = [TurnMessage(role=i.role, content=i.text) for i in turn.transcript.items if i is not turn.user]
            ask = TurnAsk(text=turn.user.text, history=history)
            self._engine.request("turn.ask", ask, TurnAnswer, self._on_answer, self._on_failed)
            return
        edits = turn.replaced[0].message if turn.kind is Kind.EDIT else None
        params = TurnSend(
            text=turn.user.text,
            conversation=turn.transcript.conversation,
            edits=edits,
            learns=turn.transcript.learns,
        )
        self._engine.request("turn.send", params, TurnDone, self._on_done, self._on_failed)

    def _on_said(self, message: object) -> None:
        turn = self._turn
        if turn is None:
            return
        if isinstance(message, TurnAccepted) and not turn.accepted:
            self._on_accepted(turn, message)
        elif isinstance(message, TurnAccepted) and turn.number is None:
            turn.number = message.turn
        elif isinstance(message, TurnStarted) and not turn.accepted:
            self._begin_reply(turn, message.turn, None)
        elif isinstance(message, TurnDelta) and message.turn == turn.number:
            turn.gathered.append(message.text)
            if not self._flush_timer.isActive():
                self._flush_timer.start()
        elif isinstance(message, TurnLearned) and message.turn == turn.number:
            turn.user.learned = message.learned
            turn.transcript.touch(turn.user)
            self.learned.emit(message.learned)

    def _on_accepted(self, turn: _Turn, message: TurnAccepted) -> None:
        turn.transcript.conversation = message.conversation
        turn.transcript.loaded = True
        self._open[message.conversation] = turn.transcript
        self._begin_reply(turn, message.turn, message.message)
        self.accepted.emit(message.conversation, turn.user.text)

    @staticmethod
    def _begin_reply(turn: _Turn, number: int, message: int | None) -> None:
        turn.number = number
        turn.user.message = message
        turn.user.state = ItemState.DONE
        if turn.kind is Kind.EDIT and message is not None:
            turn.user.versions = [*turn.user.versions, message]
        turn.transcript.touch(turn.user)
        turn.reply = turn.transcript.append(ChatItem("assistant", "", ItemState.STREAMING, answers=message))

    def _flush(self) -> None:
        turn = self._turn
        if turn is None or turn.reply is None or not turn.gathered:
            return
        first = not turn.began
        turn.reply.text += "".join(turn.gathered)
        turn.gathered.clear()
        began = time.thread_time()
        turn.transcript.touch(turn.reply)
        self._flush_timer.setInterval(max(FLUSH_MS, int((time.thread_time() - began) * 1000 / FLUSH_SHARE)))
        if first:
            self.first_delta.emit()

    def _on_done(self, answer: TurnDone) -> None:
        turn = self._turn
        if turn is None:
            return
        if not turn.accepted:  # The notification was lost or late; the answer says the same.
            accepted = TurnAccepted(turn=0, conversation=answer.conversation, message=answer.user_message)
            self._on_accepted(turn, accepted)
        if turn.reply is None:
            return
        if turn.kind is Kind.AGAIN and answer.reply_message is None:
            self._flush_timer.stop()
            self._turn = None
            turn.transcript.put_back(turn.place, turn.replaced)  # Stopped before its first word.
            self.running_changed.emit(False)
            return
        turn.reply.message = answer.reply_message
        if turn.kind is Kind.AGAIN and turn.reply.versions and answer.reply_message is not None:
            turn.reply.versions = [*turn.reply.versions, answer.reply_message]
        if answer.learned is not None or turn.kind in (Kind.SEND, Kind.EDIT):
            turn.user.learned = answer.learned
            self.learned.emit(answer.learned)
        self._end(turn, turn.reply, answer)
        if answer.forgotten:
            self.forget_entries(answer.forgotten, reload=False)
        self.settled.emit()

    def _on_answer(self, answer: TurnAnswer) -> None:
        """The end of a turn that is not kept."""
        turn = self._turn
        if turn is None:
            return
        if turn.reply is None:
            self._begin_reply(turn, 0, None)
        if turn.reply is not None:
            self.learned.emit(None)
            self._end(turn, turn.reply, answer)
            self.settled.emit()

    def _end(self, turn: _Turn, reply: ChatItem, answer: TurnDone | TurnAnswer) -> None:
        self._flush_timer.stop()
        reply.text = answer.reply
        reply.state = finish_state(answer.finish)
        went_on = turn.kind is Kind.CONTINUE
        reply.recalled = [*reply.recalled, *answer.recalled] if went_on else answer.recalled
        reply.memory_tokens = answer.usage.memory_tokens + (reply.memory_tokens if went_on else 0)
        self._turn = None
        self.measured.emit(answer.usage)
        self.recalled.emit(answer.recalled)
        turn.transcript.touch(turn.user)
        turn.transcript.touch(reply)
        self.running_changed.emit(False)
        if reply.from_memory:
            for entry in answer.recalled[:RECALLED_SHOWN]:
                self._name_recalled(turn.transcript, reply, entry)

    def _name_recalled(self, transcript: Transcript, reply: ChatItem, entry: int) -> None:
        """Fetch the text of a learned turn that fired, for the tooltip of the mark."""

        def done(answer: JournalList) -> None:
            texts = [found.text for found in answer.entries if found.id == entry]
            still_open = transcript in (self.current, *self._open.values())  # else it was deleted in the meantime
            if texts and still_open:
                reply.recalled_texts += texts
                transcript.touch(reply)

        page = JournalPage(limit=1, before=entry + 1)
        self._engine.request("memory.journal", page, JournalList, done, lambda _: None)

    def _on_failed(self, error: ErrorBody) -> None:
        if error.code == errors.ENGINE_GONE:
            return  # `gone` follows, and decides.
        turn = self._turn
        if turn is None:
            return
        if turn.reply is None:
            self._give_back(turn)
        else:
            self._flush()
            self._turn = None
            self._interrupt(turn)
            self.running_changed.emit(False)
            if turn.kind is Kind.AGAIN and turn.began:
                self._fetch(turn.transcript)  # What there is of it has got its number.
        self.failed.emit(error)
        self.settled.emit()

    # ------------------------------------------------------------------------------------------ accidents

    def _on_gone(self, _how: str) -> None:
        turn = self._turn
        if turn is None or turn.user.state is ItemState.WAITING:
            return
        self._flush()
        self._turn = None
        if turn.accepted:
            self._interrupt(turn)
            self.running_changed.emit(False)
        else:
            self._doubtful = turn

    def _on_condition(self, condition: Condition) -> None:
        if condition in (Condition.GIVEN_UP, Condition.REFUSED):
            for turn in (self._turn, self._doubtful):
                if turn is not None:
                    self._give_back(turn)

    def _interrupt(self, turn: _Turn) -> None:
        if turn.reply is None:
            return
        if turn.kind is Kind.AGAIN and not turn.began:
            turn.transcript.put_back(turn.place, turn.replaced)
            return
        turn.reply.state = turn.stood[1] if turn.kind is Kind.CONTINUE and not turn.began else ItemState.INTERRUPTED
        turn.transcript.touch(turn.reply)

    def _give_back(self, turn: _Turn) -> None:
        """The text was never accepted: off the screen with it, and back to where it was typed."""
        self._turn = self._doubtful = None
        if turn.kind is Kind.EDIT:
            turn.replaced[0].draft = turn.user.text
            turn.transcript.put_back(turn.place, turn.replaced)
            self.running_changed.emit(False)
            return
        turn.transcript.remove(turn.user)
        self.running_changed.emit(False)
        self.text_returned.emit(turn.user.text)

    def _look_for(self, turn: _Turn) -> None:
        """The engine died between taking a text and saying that it is on disk. The disk knows."""
        if turn.transcript.conversation is not None:
            self._compare(turn, turn.transcript.conversation)
            return

        def done(answer: ConversationList) -> None:
            new = [found.id for found in answer.conversations if found.id not in turn.known]
            if new:
                self._compare(turn, max(new))
            else:
                self._give_back(turn)

        self._engine.request("conversation.list", None, ConversationList, done, self._still_doubtful)

    def _compare(self, turn: _Turn, conversation: int) -> None:
        def done(answer: MessageList) -> None:
            new = [m for m in answer.messages if m.role == "user" and m.id > turn.last_message]
            if not new or new[-1].content != turn.user.text:
                self._give_back(turn)
                if turn.transcript.conversation is not None:
                    turn.transcript.load(answer.messages)
                return
            self._doubtful = None
            turn.transcript.conversation = conversation
            self._open[conversation] = turn.transcript
            turn.transcript.items.remove(turn.user)
            turn.transcript.load(answer.messages)
            self.accepted.emit(conversation, turn.user.text)
            self.running_changed.emit(False)

        params = ConversationMessages(conversation=conversation)
        self._engine.request("conversation.messages", params, MessageList, done, self._still_doubtful)

    def _still_doubtful(self, error: ErrorBody) -> None:
        turn = self._doubtful
        if error.code != errors.ENGINE_GONE and turn is not None:
            self._give_back(turn)
            self.failed.emit(error)

    def _report(self, error: ErrorBody) -> None:
        if error.code != errors.ENGINE_GONE:
            self.failed.emit(error)
