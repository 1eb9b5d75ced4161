"""Saying something and hearing the reply: the running turn, and what becomes of it when the engine dies.

What was said is in one of four places, and never in none:

- *waiting*: the engine is not up; it is sent as soon as it is.
- *sending*: on its way. If the engine dies now, the transcript on disk decides after the restart: found there, it was
  accepted; not found, it goes back into the input box. It is not sent again unasked: it may be what killed the engine.
- *accepted* (`turn.accepted`): on disk. If the engine dies now, the part of the reply that was seen stays on screen
  and sending the text again is offered.
- *answered*: message and reply are on disk.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from app import errors
from app.chat.transcript import ChatItem, ItemState, Transcript, finish_state
from app.engine_process import Condition, EngineProcess
from engine.protocol import (
    ConversationId,
    ConversationList,
    ErrorBody,
    JournalList,
    JournalPage,
    MessageList,
    TurnAccepted,
    TurnAnswer,
    TurnAsk,
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


@dataclass
class _Turn:
    """The one turn that runs."""

    transcript: Transcript
    user: ChatItem
    reply: ChatItem | None = None
    number: int | None = None
    """The engine's own number for it, known once accepted."""
    last_message: int = 0
    """Highest message id of the transcript before this turn."""
    known: frozenset[int] = frozenset()
    """Conversations there were before this turn."""
    gathered: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        return self.reply is not None


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
        """The text that is not known to be on disk, if there is one."""
        turn = self._turn or self._doubtful
        return "" if turn is None or turn.accepted else turn.user.text

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

    def _fetch(self, transcript: Transcript) -> None:
        if transcript.conversation is None:
            return
        params = ConversationId(conversation=transcript.conversation)

        def done(answer: MessageList) -> None:
            transcript.load(answer.messages)

        def failed(error: ErrorBody) -> None:
            if error.code == errors.CONVERSATION_NOT_FOUND:
                # Forgotten as a whole.
                self._open.pop(params.conversation, None)
                if transcript is self.current:
                    self._show(Transcript(parent=self))
            else:
                self._report(error)

        self._engine.request("conversation.messages", params, MessageList, done, failed)

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
        params = TurnSend(text=turn.user.text, conversation=turn.transcript.conversation)
        self._engine.request("turn.send", params, TurnDone, self._on_done, self._on_failed)

    def _on_said(self, message: object) -> None:
        turn = self._turn
        if turn is None:
            return
        if isinstance(message, TurnAccepted) and not turn.accepted:
            self._on_accepted(turn, message)
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
        turn.transcript.touch(turn.user)
        turn.reply = turn.transcript.append(ChatItem("assistant", "", ItemState.STREAMING, answers=message))

    def _flush(self) -> None:
        turn = self._turn
        if turn is None or turn.reply is None or not turn.gathered:
            return
        first = not turn.reply.text
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
        turn.reply.message = answer.reply_message
        turn.user.learned = answer.learned
        self._end(turn, turn.reply, answer)
        self.learned.emit(answer.learned)
        self.settled.emit()

    def _on_answer(self, answer: TurnAnswer) -> None:
        """The end of a turn that is not kept."""
        turn = self._turn
        if turn is None:
            return
        if turn.reply is None:
            self._begin_reply(turn, 0, None)
        if turn.reply is not None:
            self._end(turn, turn.reply, answer)

    def _end(self, turn: _Turn, reply: ChatItem, answer: TurnDone | TurnAnswer) -> None:
        self._flush_timer.stop()
        reply.text = answer.reply
        reply.state = finish_state(answer.finish)
        reply.recalled = answer.recalled
        reply.memory_tokens = answer.usage.memory_tokens
        self._turn = None
        self.measured.emit(answer.usage)
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
        if turn.reply is not None:
            turn.reply.state = ItemState.INTERRUPTED
            turn.transcript.touch(turn.reply)

    def _give_back(self, turn: _Turn) -> None:
        """The text was never accepted: off the screen with it, and back into the input box."""
        self._turn = self._doubtful = None
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

        params = ConversationId(conversation=conversation)
        self._engine.request("conversation.messages", params, MessageList, done, self._still_doubtful)

    def _still_doubtful(self, error: ErrorBody) -> None:
        turn = self._doubtful
        if error.code != errors.ENGINE_GONE and turn is not None:
            self._give_back(turn)
            self.failed.emit(error)

    def _report(self, error: ErrorBody) -> None:
        if error.code != errors.ENGINE_GONE:
            self.failed.emit(error)
