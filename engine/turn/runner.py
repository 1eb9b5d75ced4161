"""Runs a turn: read -> generate -> write.

    said      the user's message is on disk; `turn.accepted`
    read      the backbone reads the prompt; its layer outputs become keys and addresses; a few learned turns are picked
    generate  each token from the backbone's and the memory's scores; `turn.delta`
    write     the reply is on disk; the inner loop; the lesson is on disk; `turn.learned`

A turn that is stopped is learned all the same: what the user said was said. Learning belongs to what the user said, not
to a reply: another reply, or more of one, is no second lesson. An edited message is another turn and is learned; what
its old version had taught is forgotten exactly, before the reply, so that the memory speaks for what is meant now. Both
versions stay in the transcript. Going back to the old one teaches nothing by itself.

In a conversation that is not learned from (`conversation.learn`) none of this changes the memory; it is read all the
same.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.backbone import Backbone, Features, Prefill
from engine.bit_ttt import Memory, Part, Reading, Recall, Told
from engine.bit_ttt.unspaced import asks, is_unspaced
from engine.errors import Cancelled, EngineError, ErrorCode, ProtocolError
from engine.protocol import (
    MAX_SAID,
    DocumentRead,
    ErrorBody,
    FinishReason,
    Learned,
    Notice,
    Perplexity,
    PerplexityOf,
    Sampling,
    Struct,
    TurnAccepted,
    TurnAgain,
    TurnAnswer,
    TurnAsk,
    TurnContinue,
    TurnDelta,
    TurnDone,
    TurnFeed,
    TurnLearned,
    TurnMessage,
    TurnSend,
    TurnStarted,
    Usage,
)
from engine.reasons import Reason, because
from engine.session import Session, nothing_learned
from engine.store import MessageRecord, title_of
from engine.turn.document import DocumentReading, Tell
from engine.turn.promises import NOT_LEARNED, acknowledges, promises
from engine.turn.prompt import Prompt, PromptBuilder
from engine.turn.recollection import in_words, quoted, reminded
from engine.turn.reply import Kept, Reply
from engine.turn.sampling import Sampler
from engine.turn.second_look import SecondReader

logger = logging.getLogger(__name__)

Notify = Callable[[str, Struct], None]
"""Sends a notification: its method and params."""

RECOLLECTION_TOKENS: Final = 40
"""Tokens of a recollection at most: a sentence or two."""
MISMATCH: Final = -6.9
"""Log-share that the model keeps where a scored text ends a word otherwise than the memory is sure to (one in a
thousand), so that one such word does not rule out a whole text."""
_SHORT: Final = 512
"""A stopped turn is still learned when its text has at most so many tokens: reading it takes a moment."""


@dataclass
class _Turn:
    """What one turn has come to."""

    prompts: list[Prompt]
    taught: list[int] = field(default_factory=list)
    """Journal ids of what this same turn has taught before. It is no memory of anything."""
    begun: bool = False
    """The reply has a beginning already, so it may be at its end."""
    unlearned: bool = False
    """Nothing of this turn is or was learned: the reply must not promise to remember it."""
    speech: Callable[[str, bool], list[Prompt]] | None = None
    """Of another model that does the talking: what it reads, given a recollection, and whether it is `unlearned`."""
    parts: list[Part] = field(default_factory=list)
    prefill: Prefill | None = None
    generated: int = 0
    memory_tokens: int = 0
    recalled: set[int] = field(default_factory=set)
    computed: int = 0
    cached: int = 0
    read_seconds: float = 0.0
    first_token_seconds: float = 0.0
    generate_seconds: float = 0.0
    write_seconds: float = 0.0

    @property
    def last_token(self) -> int:
        return self.prompts[-1].tokens[-1]

    def usage(self) -> Usage:
        return Usage(
            prompt_tokens=self.computed,
            cached_tokens=self.cached,
            generated_tokens=self.generated,
            read_seconds=self.read_seconds,
            first_token_seconds=self.first_token_seconds,
            generate_seconds=self.generate_seconds,
            write_seconds=self.write_seconds,
            memory_tokens=self.memory_tokens,
        )


class TurnRunner:
    """Owns the backbone while a turn runs. Not thread-safe; `cancelled` may be answered by another thread's flag."""

    def __init__(
        self,
        backbone: Backbone,
        notify: Notify,
        speaker: Backbone | None = None,
        second: SecondReader | None = None,
    ) -> None:
        """Makes a runner.

        Args:
            backbone: The model that the memory's weights were trained for.
            notify: Sends notifications.
            speaker: Another model that does the talking. `backbone` is its hippocampus then: it reads the same
                conversation, learns, and recalls in words, which go into the speaker's prompt.
            second: Reads once more what the memory is about to speak from; None: it speaks at first sight.
        """
        self._backbone = backbone
        self._second = second
        self._speaker = speaker
        self._notify = notify
        self._prompts = PromptBuilder(backbone)
        self._speech = None if speaker is None else PromptBuilder(speaker)

    def clear(self) -> None:
        """Empties the KV window: another profile is opened, or something that was said is to be forgotten."""
        self._backbone.clear()
        self._prompts.forget_conversations()
        if self._speaker is not None and self._speech is not None:
            self._speaker.clear()
            self._speech.forget_conversations()

    # ------------------------------------------------------------------------------------------ turns

    def send(
        self, session: Session, asked: TurnSend, number: int, cancelled: Callable[[], bool], arrived: float
    ) -> TurnDone:
        """One turn with a generated reply.

        Args:
            session: The open profile.
            asked: The request.
            number: The turn's number, for the notifications.
            cancelled: Whether to stop; read before each token.
            arrived: When the request came, in `time.perf_counter` seconds.

        Raises:
            EngineError: When it is raised after `turn.accepted`, the message and the reply so far are on disk.
        """
        Sampler(asked.sampling)  # refuses what cannot be before anything is kept
        if asked.learn or asked.recall:
            session.memory  # noqa: B018 - so does this
        text = _checked(asked.text)
        limit = asked.sampling.max_tokens
        old = None if asked.edits is None else _editable(session, asked)
        if asked.history is not None:
            earlier = None
        else:
            earlier = _earlier(session, asked.conversation) if old is None else session.profile.path(old.parent or 0)
        conversation = asked.conversation if old is None else old.conversation
        learn = asked.learn and (asked.learns if conversation is None else _learns(session, conversation))
        turn = self._turn(earlier, asked.history, text, limit)
        said = self._accept(session, asked.conversation, text, number, old, learns=asked.learns)
        forgotten = self._unlearn(session, old.id) if old is not None and learn else []
        reply = Reply(self._sender(number), Kept(session.profile, said.conversation, said.id))
        done = self._reply(session, turn, asked, said, reply, number, cancelled, arrived, learn=learn)
        done.forgotten = forgotten
        return done

    def again(
        self, session: Session, asked: TurnAgain, number: int, cancelled: Callable[[], bool], arrived: float
    ) -> TurnDone:
        """Another reply to a message of the user. Arguments as for `send`."""
        said = _answered(session, asked.message)
        replies = session.profile.replies(said.id)
        limit = asked.sampling.max_tokens
        earlier = session.profile.path(said.parent or 0)
        turn = self._turn(earlier, None, said.content, limit)
        turn.taught = session.profile.learned_from(said.id)
        self._notify("turn.accepted", TurnAccepted(turn=number, conversation=said.conversation, message=said.id))
        reply = Reply(self._sender(number), Kept(session.profile, said.conversation, said.id, bool(replies)))
        learn = asked.learn and _learns(session, said.conversation) and not _came_to_learning(turn, replies)
        return self._reply(session, turn, asked, said, reply, number, cancelled, arrived, learn=learn)

    def go_on(
        self, session: Session, asked: TurnContinue, number: int, cancelled: Callable[[], bool], arrived: float
    ) -> TurnDone:
        """More of a reply that has not come to its end. Arguments as for `send`."""
        begun = session.profile.message(asked.message)
        if begun.role != "assistant" or begun.finish == "stop":
            raise ProtocolError(
                f"Message {begun.id} is no reply that could go on.",
                "Name a reply that was stopped, interrupted or reached its length limit.",
                code=ErrorCode.INVALID_PARAMS,
            )
        if session.profile.goes_on(begun.id):
            raise ProtocolError(
                "Only the last reply can go on.",
                "Ask for another reply instead: it begins a branch of its own.",
                code=ErrorCode.INVALID_PARAMS,
            )
        said = _answered(session, begun.id)
        session.profile.show_message(begun.id)
        limit = asked.sampling.max_tokens
        earlier = session.profile.path(said.parent or 0)
        turn = self._turn(earlier, None, said.content, limit, begun.content)
        turn.taught, turn.begun = session.profile.learned_from(said.id), bool(begun.content)
        self._notify("turn.accepted", TurnAccepted(turn=number, conversation=said.conversation, message=said.id))
        kept = Kept(session.profile, said.conversation, said.id)
        reply = Reply(self._sender(number), kept, (begun.id, begun.content))
        replies = session.profile.replies(said.id)
        learn = asked.learn and _learns(session, said.conversation) and not _came_to_learning(turn, replies)
        return self._reply(session, turn, asked, said, reply, number, cancelled, arrived, learn=learn)

    def _reply(
        self,
        session: Session,
        turn: _Turn,
        asked: TurnSend | TurnAgain | TurnContinue,
        said: MessageRecord,
        reply: Reply,
        number: int,
        cancelled: Callable[[], bool],
        arrived: float,
        *,
        learn: bool,
    ) -> TurnDone:
        """Generates the reply to `said` and keeps it; `learn`: then learns what was said."""
        memory = session.memory if learn or asked.recall else None
        turn.unlearned = not learn and not turn.taught
        sampling = asked.sampling
        try:
            finish = self._answer(turn, memory, sampling, reply, cancelled, arrived, recall=asked.recall)
        except BaseException:
            reply.break_off()
            raise
        reply.finish(finish)
        return TurnDone(
            conversation=said.conversation,
            user_message=said.id,
            reply_message=reply.message,
            reply=reply.text,
            finish=finish,
            learned=self._learn(session, turn, said.content, said.id, number) if learn else None,
            recalled=sorted(turn.recalled),
            usage=turn.usage(),
        )

    def ask(
        self, session: Session, asked: TurnAsk, number: int, cancelled: Callable[[], bool], arrived: float
    ) -> TurnAnswer:
        """One turn of a temporary chat: the memory is read, nothing is kept or learned. Arguments as for `send`."""
        Sampler(asked.sampling)  # refuses what cannot be before anything begins
        memory = session.memory if asked.recall else None
        limit = asked.sampling.max_tokens
        turn = self._turn(None, asked.history, _checked(asked.text), limit)
        turn.unlearned = True
        self._notify("turn.started", TurnStarted(turn=number))
        reply = Reply(self._sender(number))
        finish = self._answer(turn, memory, asked.sampling, reply, cancelled, arrived, recall=asked.recall)
        return TurnAnswer(reply=reply.text, finish=finish, recalled=sorted(turn.recalled), usage=turn.usage())

    def feed(self, session: Session, given: TurnFeed, number: int, cancelled: Callable[[], bool]) -> TurnDone:
        """One turn whose reply is known: both messages are stored, the user's is read and learned."""
        learn = given.learn and (given.conversation is None or _learns(session, given.conversation))
        memory = session.memory if learn else None
        text = _checked(given.user)
        turn = _Turn(self._prompts.build(_earlier(session, given.conversation), text, max_tokens=0))
        said = self._accept(session, given.conversation, text, number)
        conversation, message = said.conversation, said.id
        reply_message = None
        if given.assistant is not None:
            reply = session.profile.append_message(conversation, "assistant", given.assistant, "stop", message)
            reply_message = reply.id
        finish: FinishReason = "stop"
        learned = None
        if learn:
            try:
                self._read(turn, memory, cancelled, answer=False)
            except Cancelled:
                finish = "cancelled"
            learned = self._learn(session, turn, text, message, number)
        return TurnDone(
            conversation=conversation,
            user_message=message,
            reply_message=reply_message,
            reply=given.assistant or "",
            finish=finish,
            learned=learned,
            recalled=[],
            usage=turn.usage(),
        )

    def encode(self, memory: Memory, text: str) -> Part:
        """A turn's words by themselves, as the memory's writer encodes them. A text of several parts: its last."""
        return self.parts(memory, text, None)[-1]

    def parts(self, memory: Memory, text: str, cancelled: Callable[[], bool] | None) -> list[Part]:
        """The same with all parts, mostly one.

        Raises:
            Cancelled: It was stopped.
        """
        turn = _Turn(self._prompts.alone(text))
        self._read(turn, memory, cancelled, answer=False)
        return turn.parts

    def read(self, session: Session, path: Path, cancelled: Callable[[], bool], tell: Tell) -> DocumentRead:
        """Has a document read and learned; see `DocumentReading`."""
        read = DocumentReading(session, lambda text: self.parts(session.memory, text, cancelled), cancelled, tell)
        return read.run(path)

    def recollect(self, memory: Memory, question: str, cancelled: Callable[[], bool]) -> tuple[str, dict[int, float]]:
        """What the memory says to a question with nothing before it -> its words, and the turns that fired.

        Each of these with its score, how well it answers the question.

        Raises:
            Cancelled: It was stopped.
        """
        turn = _Turn(self._prompts.alone(_checked(question)))
        self._read(turn, memory, cancelled)
        if is_unspaced(question):
            told = memory.recite(turn.parts)[:1]
            return "".join(one.text for one in told), {one.entry: one.coverage for one in told}
        recall = memory.recall(turn.parts)
        if not recall.entries:
            return "", {}
        words, greedy = Reply(lambda _: None), Sampling(max_tokens=RECOLLECTION_TOKENS)
        finish = self._generate(turn, self._backbone, memory, recall, greedy, words, cancelled, 0.0)
        if finish == "cancelled":
            raise Cancelled("The question was stopped.")
        scores = dict(zip(recall.entries, recall.scores, strict=True))
        return words.text, {entry: float(scores[entry]) for entry in turn.recalled}

    def _turn(
        self,
        earlier: list[MessageRecord] | None,
        history: Sequence[TurnMessage] | None,
        text: str,
        limit: int,
        begun: str = "",
    ) -> _Turn:
        """A turn after the stored messages `earlier`, or (None) after those of `history`; `begun`: of the reply."""

        def prompts(builder: PromptBuilder, text: str, begun: str = begun) -> list[Prompt]:
            if earlier is None:
                return builder.build_from(history or [], text, max_tokens=limit)
            if begun:
                return builder.build_further(earlier, text, begun, max_tokens=limit)
            return builder.build(earlier, text, max_tokens=limit)

        speech = self._speech
        if speech is None:
            return _Turn(prompts(self._prompts, text))
        # What is recalled answers what was asked, however far the other model has come with its reply.
        asked = prompts(self._prompts, text, "")

        def spoken(recollection: str, unlearned: bool) -> list[Prompt]:
            told = reminded(text, recollection)
            return prompts(speech, NOT_LEARNED.format(text=told) if unlearned else told)

        return _Turn(asked, speech=spoken)

    def _sender(self, number: int) -> Callable[[str], None]:
        return lambda piece: self._notify("turn.delta", TurnDelta(turn=number, text=piece))

    def _accept(
        self,
        session: Session,
        conversation: int | None,
        text: str,
        number: int,
        old: MessageRecord | None = None,
        *,
        learns: bool = True,
    ) -> MessageRecord:
        """Commits what the user said (beside `old`, when that was edited), and says so."""
        if old is not None:
            said = session.profile.append_message(old.conversation, "user", text, parent=old.parent)
        else:
            if conversation is None:
                conversation = session.profile.create_conversation(title_of(text), learns=learns).id
            said = session.profile.append_message(conversation, "user", text)
        self._notify("turn.accepted", TurnAccepted(turn=number, conversation=said.conversation, message=said.id))
        return said

    def _unlearn(self, session: Session, message: int) -> list[int]:
        """Forgets what the old version of an edited message had taught; a full disk costs that, not the turn."""
        entries = session.profile.learned_from(message)
        if not entries:
            return []
        try:
            session.forget(entries)
        except EngineError as error:
            logger.warning("an old version was not forgotten: %s", type(error).__name__)
            self._notify(
                "engine.notice",
                Notice(
                    message=f"What the old version had taught was not forgotten. {error.message}",
                    hint=error.hint,
                    reason=Reason.OLD_VERSION_KEPT,
                    error=ErrorBody(**error.fields()),
                ),
            )
            return []
        return entries

    def perplexity(self, memory: Memory | None, asked: PerplexityOf, cancelled: Callable[[], bool]) -> Perplexity:
        """How likely `text` is as a reply to `prompt`, token by token on the path that generation takes."""
        tokens = self._backbone.tokenize(asked.text)
        if not tokens:
            raise ProtocolError("There is no text to score.", code=ErrorCode.INVALID_PARAMS)
        if asked.history:
            turn = _Turn(self._prompts.build_from(asked.history, asked.prompt, max_tokens=len(tokens)))
        else:
            turn = _Turn(self._prompts.alone(asked.prompt))
        self._read(turn, memory, cancelled)
        assert turn.prefill is not None
        recall = memory.recall(turn.parts) if memory is not None and turn.parts else None
        total = 0.0
        logits, taps, before = turn.prefill.logits, turn.prefill.last, turn.last_token
        for place, token in enumerate(tokens):
            if cancelled():
                raise Cancelled("The measurement was stopped.")
            scores = logits
            if memory is not None and recall is not None:
                read, recall = self._read_memory(turn, memory, recall, before, taps, logits)
                scores = read.scores
            if scores[token] == -np.inf:
                # The memory says a word that it has begun to its end. The text ends it otherwise.
                total += MISMATCH + log_probability(logits, token)
            else:
                total += log_probability(scores, token)
            if place + 1 < len(tokens):
                step = self._backbone.decode(token, tapped=recall is not None)
                logits, taps, before = step.logits, step.taps, token
        return Perplexity(log_likelihood=total, tokens=len(tokens))

    # ------------------------------------------------------------------------------------------ read

    def _read(
        self, turn: _Turn, memory: Memory | None, cancelled: Callable[[], bool] | None, *, answer: bool = True
    ) -> None:
        """The backbone over the prompt, and the writer over the user's text. Without `answer`, up to its end only."""
        for prompt in turn.prompts:
            start, end = prompt.text
            began = time.perf_counter()
            # One token more than the text: the writer closes a turn with the control token after it.
            turn.prefill = self._backbone.prefill(
                prompt.tokens if answer else prompt.tokens[: end + 1],
                keep=prompt.keep,
                need=(start, end + 1) if memory is not None else None,
                cancelled=cancelled,
            )
            turn.read_seconds += time.perf_counter() - began
            turn.computed += turn.prefill.computed
            turn.cached += turn.prefill.cached
            if memory is not None:
                began = time.perf_counter()
                turn.parts += memory.encode(prompt.tokens[start:end], turn.prefill.taps)
                turn.write_seconds += time.perf_counter() - began

    # ------------------------------------------------------------------------------------------ generate

    def _answer(
        self,
        turn: _Turn,
        memory: Memory | None,
        sampling: Sampling,
        reply: Reply,
        cancelled: Callable[[], bool],
        arrived: float,
        *,
        recall: bool,
    ) -> FinishReason:
        """Reads the turn and generates the reply; `recall`: with what the memory holds."""
        try:
            if turn.speech is None or memory is not None:
                self._read(turn, memory, cancelled)
            called_up: Recall | None = None
            told: list[Told] = []
            unread = False
            if memory is not None and recall and turn.parts:
                unread = is_unspaced(turn.parts[-1].text)
                if unread:
                    told = memory.recite(turn.parts, turn.taught)
                else:
                    called_up = memory.recall(turn.parts, turn.taught)
            if turn.speech is not None:
                return self._speak(turn, turn.speech, memory, called_up, told, sampling, reply, cancelled, arrived)
            if unread and asks(turn.parts[-1].text) and quoted(told).startswith(reply.text):
                return self._recite(turn, told, sampling, reply, cancelled, arrived)
        except Cancelled:
            logger.debug("a turn was stopped while it was read")
            return "cancelled"
        return self._generate(turn, self._backbone, memory, called_up, sampling, reply, cancelled, arrived)

    def _speak(
        self,
        turn: _Turn,
        speech: Callable[[str, bool], list[Prompt]],
        memory: Memory | None,
        recall: Recall | None,
        told: Sequence[Told],
        sampling: Sampling,
        reply: Reply,
        cancelled: Callable[[], bool],
        arrived: float,
    ) -> FinishReason:
        """The hippocampus recalls in words, then the speaker answers with them in its prompt.

        `told`: what it recites where its reader cannot read.

        Raises:
            Cancelled: While the speaker read its prompt.
        """
        assert self._speaker is not None
        recollection = in_words(told)
        turn.recalled.update(one.entry for one in told)
        if memory is not None and recall is not None and recall.entries:
            inner = _Turn(turn.prompts, prefill=turn.prefill)
            words = Reply(lambda _: None)
            greedy = Sampling(max_tokens=RECOLLECTION_TOKENS)
            self._generate(inner, self._backbone, memory, recall, greedy, words, cancelled, arrived)
            turn.read_seconds += inner.generate_seconds
            if inner.recalled:
                recollection = words.text
                turn.recalled, turn.memory_tokens = inner.recalled, inner.memory_tokens
        # Of a text longer than the window the speaker reads the end, which asks.
        spoken = _Turn(speech(recollection, turn.unlearned)[-1:], begun=turn.begun, unlearned=turn.unlearned)
        began = time.perf_counter()
        prompt = spoken.prompts[0]
        spoken.prefill = self._speaker.prefill(prompt.tokens, keep=prompt.keep, cancelled=cancelled)
        turn.read_seconds += time.perf_counter() - began
        turn.computed += spoken.prefill.computed
        turn.cached += spoken.prefill.cached
        finish = self._generate(spoken, self._speaker, None, None, sampling, reply, cancelled, arrived)
        turn.generated = spoken.generated
        turn.first_token_seconds, turn.generate_seconds = spoken.first_token_seconds, spoken.generate_seconds
        return finish

    def _recite(
        self,
        turn: _Turn,
        told: Sequence[Told],
        sampling: Sampling,
        reply: Reply,
        cancelled: Callable[[], bool],
        arrived: float,
    ) -> FinishReason:
        """The reply is what was told, out of the fast weights: the model that talks has no words for it."""
        turn.recalled.update(one.entry for one in told[:1])
        began = time.perf_counter()
        turn.first_token_seconds = began - arrived
        rest = quoted(told)[len(reply.text) :]
        try:
            for token in self._backbone.tokenize(rest):
                if cancelled():
                    return "cancelled"
                reply.add(self._backbone.piece(token))
                turn.generated += 1
                turn.memory_tokens += 1
                if turn.generated >= sampling.max_tokens:
                    return "length"
            return "stop"
        finally:
            turn.generate_seconds = time.perf_counter() - began

    def _generate(
        self,
        turn: _Turn,
        backbone: Backbone,
        memory: Memory | None,
        recall: Recall | None,
        sampling: Sampling,
        reply: Reply,
        cancelled: Callable[[], bool],
        arrived: float,
    ) -> FinishReason:
        """Token by token until the model ends, the limit is reached, or the user stops."""
        assert turn.prefill is not None
        sampler = Sampler(sampling)
        reading = memory if recall is not None else None
        logits, taps, before = turn.prefill.logits, turn.prefill.last, turn.last_token
        unread: list[int] = []
        began = time.perf_counter()
        try:
            while True:
                scores: Any = logits
                recalling = False
                if reading is not None and recall is not None:
                    read, recall = self._read_memory(turn, reading, recall, before, taps, logits)
                    if read.active:
                        scores = read.scores
                        turn.memory_tokens += 1
                        turn.recalled.update(read.entries)
                        recalling = read.outspoken
                token = sampler.pick(scores, likeliest=recalling)
                while _forbidden(turn, backbone, reply, token):
                    scores = scores.copy()
                    scores[token] = -np.inf
                    token = sampler.pick(scores, likeliest=recalling)
                if cancelled():
                    return "cancelled"
                if turn.generated == 0:
                    began = time.perf_counter()
                    turn.first_token_seconds = began - arrived
                if backbone.is_end(token):
                    return "stop"
                if turn.unlearned and recalling and acknowledges(_with(reply, backbone, token)):
                    reply.add(b".")
                    return "stop"
                turn.generated += 1
                sampler.said(token)
                reply.add(backbone.piece(token))
                if turn.generated >= sampling.max_tokens:
                    return "length"
                before = token
                unread.append(token)
                if recall is not None and recall.finishes(token):
                    # The memory says the rest of the word, and asks nothing of the backbone before its end.
                    continue
                step = backbone.decode(*unread, tapped=reading is not None)
                logits, taps = step.logits, step.taps
                unread.clear()
        finally:
            turn.generate_seconds = time.perf_counter() - began

    def _read_memory(
        self, turn: _Turn, memory: Memory, recall: Recall, before: int, taps: Features, logits: NDArray[np.float32]
    ) -> tuple[Reading, Recall]:
        """What the memory says after `before`; the first time that it would speak, the second look comes first."""
        read = memory.read(recall, before, taps, logits)
        if not read.worth_a_look or recall.looked or self._second is None:
            return read, recall
        prompt = turn.prompts[-1]
        look = self._second.look(prompt.tokens[slice(*prompt.text)], recall)
        recall = memory.look_closer(recall, look)
        return memory.read(recall, before, taps, logits), recall

    # ------------------------------------------------------------------------------------------ write

    def _learn(self, session: Session, turn: _Turn, text: str, message: int, number: int) -> Learned | None:
        """Commits what the turn taught. A full disk costs the lesson, not the turn: a notice says so."""
        try:
            if not turn.parts and turn.prefill is None:
                self._read_stopped(session.memory, turn, text)
            lessons = []
            for part in turn.parts:
                lesson = session.learn(part, message)
                turn.write_seconds += lesson.seconds
                if lesson.learned.entry is not None:
                    lessons.append(lesson.learned)
                    self._notify("turn.learned", TurnLearned(turn=number, learned=lesson.learned))
        except EngineError as error:
            logger.warning("turn %d was not learned: %s", number, type(error).__name__)
            self._notify(
                "engine.notice",
                Notice(
                    message=f"This turn was not learned. {error.message}",
                    hint=error.hint,
                    reason=Reason.NOT_LEARNED,
                    error=ErrorBody(**error.fields()),
                ),
            )
            return None
        return _together(lessons)

    def _read_stopped(self, memory: Memory, turn: _Turn, text: str) -> None:
        """The user stopped the reply before the prompt was read. The message was said all the same: learn it."""
        alone = self._prompts.alone(text)
        if len(alone) > 1 or len(alone[0].tokens) > _SHORT:
            return
        turn.prompts = alone
        self._read(turn, memory, None, answer=False)


# ---------------------------------------------------------------------------------------------- helpers


def _forbidden(turn: _Turn, backbone: Backbone, reply: Reply, token: int) -> bool:
    """An empty reply is none, and nobody promises to remember what is not learned."""
    if backbone.is_end(token):
        return turn.generated == 0 and not turn.begun
    return turn.unlearned and promises(_with(reply, backbone, token))


def _with(reply: Reply, backbone: Backbone, token: int) -> str:
    return (reply.text + backbone.piece(token).decode("utf-8", "ignore")).lstrip()


def log_probability(scores: NDArray[np.float32], token: int) -> float:
    """Of `token`, by (V,) logits or log-probabilities."""
    peak = float(scores.max())
    return float(scores[token]) - peak - float(np.log(np.exp(scores - peak).sum(dtype=np.float64)))


def _checked(text: str) -> str:
    if not text.strip():
        raise ProtocolError("The message is empty.", "Write something.", code=ErrorCode.INVALID_PARAMS)
    if len(text) > MAX_SAID:
        raise ProtocolError(
            f"The message is too long: {len(text):,} characters of {MAX_SAID:,} at most.",
            "Send it in parts.",
            code=ErrorCode.TOO_LARGE,
            because=because(Reason.TEXT_LONG, length=len(text), most=MAX_SAID),
        )
    return text


def _earlier(session: Session, conversation: int | None) -> list[MessageRecord]:
    return [] if conversation is None else session.profile.messages(conversation)


def _learns(session: Session, conversation: int) -> bool:
    """Whether what is said in a conversation is to be learned."""
    return session.profile.conversation(conversation).learns


def _editable(session: Session, asked: TurnSend) -> MessageRecord:
    """The message of the user that `asked` edits."""
    assert asked.edits is not None
    old = session.profile.message(asked.edits)
    if old.role != "user":
        raise ProtocolError(
            f"Message {old.id} was not said by you.", "Ask for another reply instead.", code=ErrorCode.INVALID_PARAMS
        )
    if asked.conversation not in (None, old.conversation):
        raise ProtocolError(
            f"Message {old.id} is not in conversation {asked.conversation}.",
            "Leave the conversation out: it is the message's.",
            code=ErrorCode.INVALID_PARAMS,
        )
    return old


def _answered(session: Session, message: int) -> MessageRecord:
    """The message of the user that this one answers, or is."""
    found = session.profile.message(message)
    if found.role == "assistant" and found.parent:
        found = session.profile.message(found.parent)
    if found.role != "user":
        raise ProtocolError(
            f"Message {message} answers nothing that you said.", "Choose another.", code=ErrorCode.INVALID_PARAMS
        )
    return found


def _came_to_learning(turn: _Turn, replies: Sequence[MessageRecord]) -> bool:
    """Whether a turn was learned, or was not to be, or was and is forgotten: learning follows on the end of a reply."""
    return bool(turn.taught) or any(reply.finish is not None for reply in replies)


def _together(lessons: Sequence[Learned]) -> Learned:
    """A long turn is learned in parts, an entry each; the whole is known by its last entry."""
    if not lessons:
        return nothing_learned()
    weights = [max(len(lesson.tokens), 1) for lesson in lessons]
    return Learned(
        entry=lessons[-1].entry,
        surprise=sum(w * lesson.surprise for w, lesson in zip(weights, lessons, strict=True)) / sum(weights),
        recruited=sum(lesson.recruited for lesson in lessons),
        strengthened=sum(lesson.strengthened for lesson in lessons),
        overwritten=sum(lesson.overwritten for lesson in lessons),
        recycled=sum(lesson.recycled for lesson in lessons),
        tokens=[token for lesson in lessons for token in lesson.tokens],
    )
