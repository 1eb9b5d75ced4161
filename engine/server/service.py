"""What each method of the protocol does. The worker's; nothing in here knows of pipes or threads.

llama.cpp is loaded by `Service.load`, not by importing this module, so that an engine whose llama.cpp is broken can
still say so on the pipe.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import engine.protocol as p
from engine.bit_ttt import Memory, SlowWeights
from engine.errors import BackboneError, EngineError, ErrorCode, ProfileError, ProtocolError, StateError, StoreError
from engine.models import file_digest, find_bundled_model, find_default_model, find_gram_weights, find_memory_weights
from engine.models.locate import find_rereader, require_model, require_weights
from engine.reasons import Reason, Remark, because
from engine.server import timeline
from engine.server.protection import Protection
from engine.session import ImportCheck, Session
from engine.store import (
    UNDO_SECONDS,
    Access,
    ConversationRecord,
    HitRecord,
    JournalRecord,
    MessageRecord,
    Profile,
    ProfileRecord,
    ProfileStore,
    Speakers,
    StateIdentity,
)
from engine.store.names import name_key
from engine.store.records import clean_title, stamp

if TYPE_CHECKING:
    from engine.backbone import Backbone
    from engine.turn import TurnRunner

logger = logging.getLogger(__name__)

HIPPOCAMPUS_WINDOW: Final = 2048
"""Tokens in the KV window of the memory's own model when another one talks: a turn, and what led to it."""
MAX_QUERY: Final = 1_000
"""Characters of a search at most."""

Notify = Callable[[str, p.Struct], None]


@dataclass(frozen=True)
class Options:
    """How an engine process is started.

    Attributes:
        data_dir: Holds the profiles, the log and the digest cache.
        model: The GGUF file of the language model that talks; None for the default model.
        memory: The memory's trained weights; None for those that ship.
        window: Tokens in the KV window.
        threads: CPU threads of the backbone; None to choose.
    """

    data_dir: Path
    model: Path | None = None
    memory: Path | None = None
    window: int = 2048
    threads: int | None = None


@dataclass(frozen=True)
class Call:
    """One request being served: when it arrived (`time.perf_counter`), and whether it is to stop."""

    arrived: float
    cancelled: Callable[[], bool]


@dataclass(frozen=True)
class _Loaded:
    """What takes long to load and lives as long as the process."""

    backbone: Backbone
    speaker: Backbone | None
    runner: TurnRunner
    newborn: Memory
    identity: StateIdentity
    opened: ExitStack


class Service:
    """The engine without its pipe: one backbone, at most one open profile."""

    def __init__(self, options: Options, notify: Notify) -> None:
        """Loads nothing yet. `notify` sends a notification."""
        self._options = options
        self._notify = notify
        self._store = ProfileStore(options.data_dir)
        self._loaded: _Loaded | None = None
        self._session: Session | None = None
        self._turns = 0
        self._tidy_at: float | None = None  # time.monotonic
        self.profile_name: str | None = None
        """Of the open profile. Another thread may read it."""
        self._protection = protection = Protection(self)
        self.handlers: Final[dict[str, Callable[[Any, Call], p.Struct]]] = {
            "initialize": self._initialize,
            "profile.list": self._profile_list,
            "profile.create": self._profile_create,
            "profile.open": self._profile_open,
            "profile.rename": self._profile_rename,
            "profile.duplicate": self._profile_duplicate,
            "profile.look": self._profile_look,
            "profile.delete": self._profile_delete,
            "profile.encrypt": protection.encrypt,
            "profile.decrypt": protection.decrypt,
            "profile.passphrase": protection.change,
            "profile.remember": protection.remember,
            "profile.lock": protection.lock,
            "profile.draft": protection.draft,
            "conversation.list": self._conversation_list,
            "conversation.messages": self._conversation_messages,
            "conversation.rename": self._conversation_rename,
            "conversation.pin": self._conversation_pin,
            "conversation.learn": self._conversation_learn,
            "conversation.delete": self._conversation_delete,
            "conversation.restore": self._conversation_restore,
            "conversation.search": self._conversation_search,
            "conversation.export": self._conversation_export,
            "message.show": self._message_show,
            "message.delete": self._message_delete,
            "message.restore": self._message_restore,
            "turn.send": self._turn_send,
            "turn.again": self._turn_again,
            "turn.continue": self._turn_continue,
            "turn.ask": self._turn_ask,
            "turn.feed": self._turn_feed,
            "memory.stats": self._memory_stats,
            "memory.picture": self._memory_picture,
            "memory.journal": self._memory_journal,
            "memory.recollect": self._memory_recollect,
            "memory.confirm": self._memory_confirm,
            "memory.forget": self._memory_forget,
            "memory.relearn": self._memory_relearn,
            "memory.timeline": self._memory_timeline,
            "memory.compare": self._memory_compare,
            "memory.back": self._memory_back,
            "memory.read": self._memory_read,
            "memory.reset": self._memory_reset,
            "memory.export": self._memory_export,
            "memory.import": self._memory_import,
            "bench.perplexity": self._perplexity,
        }

    # ------------------------------------------------------------------------------------------ life

    def load(self) -> None:
        """Loads the backbone and the memory's weights; does nothing when they are loaded.

        Raises:
            BackboneError: A file is missing or of the wrong kind, or llama.cpp does not work.
        """
        if self._loaded is not None:
            return
        try:
            from engine.backbone import Backbone
            from engine.turn import SecondReader, TurnRunner
        except (ImportError, OSError, RuntimeError) as error:
            logger.exception("llama.cpp cannot be loaded")
            raise BackboneError(
                "llama.cpp, which runs the language model, cannot be loaded.",
                "Run ./techo to set it up again.",
                because=because(Reason.LLAMA_BROKEN),
            ) from error
        options = self._options
        talks = find_default_model() if options.model is None else require_model(options.model)
        digest = file_digest(talks, options.data_dir)
        weights = find_memory_weights(digest) if options.memory is None else require_weights(options.memory)
        try:
            slow = SlowWeights.load(weights, find_gram_weights())
        except (ValueError, KeyError, OSError) as error:
            raise BackboneError(
                f"The memory's weights {weights.name} cannot be read.",
                "Install Techo again, or choose another file.",
                because=because(Reason.WEIGHTS_UNREADABLE, file=weights.name),
            ) from error
        remembers = talks if digest == slow.backbone else self._hippocampus(talks, slow, weights.name)
        with ExitStack() as opened:
            backbone = opened.enter_context(
                closing(
                    Backbone(
                        remembers,
                        window=options.window if remembers == talks else min(options.window, HIPPOCAMPUS_WINDOW),
                        threads=options.threads,
                        taps=slow.taps,
                        digest_cache=options.data_dir,
                    )
                )
            )
            speaker = second = None
            if remembers != talks:
                speaker = Backbone(talks, window=options.window, threads=options.threads, digest_cache=options.data_dir)
                opened.enter_context(closing(speaker))
            rereader = find_rereader(weights)
            if rereader is not None:
                second = opened.enter_context(closing(SecondReader(backbone, rereader)))
            newborn = Memory.born(slow, backbone.pieces())
            runner = TurnRunner(backbone, self._notify, speaker, second)
            identity = StateIdentity(backbone=backbone.info.digest, memory=slow.digest)
            self._loaded = _Loaded(backbone, speaker, runner, newborn, identity, opened.pop_all())

    def _hippocampus(self, talks: Path, slow: SlowWeights, weights: str) -> Path:
        """The bundled model, which remembers where the memory's weights were not trained for the one that talks.

        Raises:
            BackboneError: They were not trained for the bundled one either.
        """
        bundled = find_bundled_model()
        if file_digest(bundled, self._options.data_dir) != slow.backbone:
            raise BackboneError(
                f"The memory's weights {weights} were not trained for the language model {talks.stem}, nor for the "
                "bundled one.",
                "Use the memory's weights that ship with Techo, or those that were trained for this model.",
                because=because(Reason.WEIGHTS_FOREIGN, file=weights, model=talks.stem),
            )
        return bundled

    def take_notices(self) -> list[p.Notice]:
        """What a person should know and was not told yet."""
        return [] if self._session is None else notices(self._session.take_notices())

    @property
    def tidy_in(self) -> float | None:
        """Seconds until `tidy` has something to do; None when there is nothing."""
        return None if self._tidy_at is None else max(self._tidy_at - time.monotonic(), 0.0)

    def tidy(self) -> None:
        """Erases what is deleted and can no longer be brought back. To be called now and then; never fails."""
        if self._tidy_at is None or self._tidy_at > time.monotonic():
            return
        self._tidy_at = None
        if self._session is None:
            return
        profile = self._session.profile
        try:
            # A second less: what was deleted at the beginning of this time must not wait for the end of another.
            profile.purge_deleted(keep=UNDO_SECONDS - 1)
            left = profile.deleted()
        except EngineError as error:  # hidden they are; closing the profile tries again
            logger.warning("what was deleted is not erased: %s", error.code.name)
            left = 1
        if left:
            self._tidy_at = time.monotonic() + UNDO_SECONDS

    def close(self) -> None:
        """Commits and closes the profile, frees the model."""
        try:
            self.leave()
        finally:
            loaded, self._loaded = self._loaded, None
            if loaded is not None:
                loaded.opened.close()

    @property
    def _ready(self) -> _Loaded:
        if self._loaded is None:
            raise BackboneError("The language model is not loaded.", "Start Techo again.")
        return self._loaded

    @property
    def _open(self) -> Session:
        if self._session is None:
            raise ProfileError("No profile is open.", "Choose a profile, or create one.", code=ErrorCode.NO_PROFILE)
        return self._session

    def _initialize(self, asked: p.Initialize, _call: Call) -> p.Initialized:
        if asked.protocol != p.PROTOCOL_VERSION:
            raise ProtocolError(
                f"The front end speaks version {asked.protocol} of the protocol, the engine version "
                f"{p.PROTOCOL_VERSION}.",
                "Install the front end and the engine of the same Techo.",
                code=ErrorCode.PROTOCOL_VERSION,
            )
        self.load()
        found: list[p.Notice] = []
        if asked.profile is not None:
            if asked.create and not self._exists(asked.profile):
                self._refuse_to_replace(asked.profile)
                self._store.create(asked.profile)
            found = notices(self.enter(asked.profile, asked.passphrase))
        return p.Initialized(
            protocol=p.PROTOCOL_VERSION,
            engine=_version(),
            backbone=(self._ready.speaker or self._ready.backbone).info,
            profile=None if self._session is None else self._shown(self._session.profile.record),
            notices=found,
            hippocampus=None if self._ready.speaker is None else self._ready.backbone.info,
        )

    # ------------------------------------------------------------------------------------------ profiles

    @property
    def store(self) -> ProfileStore:
        """The profiles."""
        return self._store

    @property
    def session(self) -> Session:
        """The open profile, or NO_PROFILE."""
        return self._open

    def notice(self, remark: Remark) -> None:
        """Tells the person something."""
        self._notify("engine.notice", *notices([remark]))

    def enter(self, name: str, access: Access = None) -> list[Remark]:
        """Opens a profile in place of the open one, which stays open when this fails -> notices."""
        if self._session is not None and name_key(self._session.profile.record.name) == name_key(name):
            return []
        loaded = self._ready
        profile = self._store.open(name, loaded.identity, access)
        try:
            session = Session(profile, loaded.newborn, self._text_of)
        except BaseException:
            profile.close()
            raise
        self.leave()
        self._session = session
        self._tidy_at = time.monotonic() + UNDO_SECONDS if profile.deleted() else None
        self.profile_name = session.profile.record.name
        return session.take_notices()

    def leave(self) -> None:
        """Closes the open one, if there is one."""
        session, self._session, self.profile_name = self._session, None, None
        if self._loaded is not None:
            self._loaded.runner.clear()
        if session is not None:
            session.close()

    def _text_of(self, tokens: Any) -> str:
        return self._ready.backbone.detokenize(tokens).decode("utf-8", "replace")

    def _exists(self, name: str) -> bool:
        return any(name_key(record.name) == name_key(name) for record in self._store.list())

    def _refuse_to_replace(self, name: str) -> None:
        """A profile that cannot be read may be the missing one: an empty one in its place would look like amnesia.

        Raises:
            StateError: STATE_DAMAGED.
        """
        for record in self._store.suspects():
            if record.problem:
                raise StateError(
                    f"There is no profile {name.strip()[:80]}, and {record.name} cannot be opened: {record.problem}",
                    "If that is the one you mean, bring it back from an exported file (techo memory import FILE --name "
                    "NAME). To begin anew, make a profile yourself (techo profile create NAME).",
                    because=because(Reason.PROFILE_UNREADABLE, name=name.strip()[:80], other=record.name),
                )
            raise StateError(
                f"There is no profile {name.strip()[:80]}, and the file of {record.name} was changed on disk while "
                "Techo was closed (a failing disk, or another program); its name may have been another.",
                f"Open {record.name} and see whether it is the one you mean. To begin anew, make a profile yourself "
                "(techo profile create NAME).",
                because=because(Reason.PROFILE_CHANGED, name=name.strip()[:80], other=record.name),
            )

    def _profile_list(self, _asked: None, _call: Call) -> p.ProfileList:
        return p.ProfileList(profiles=[self._shown(record) for record in self._store.list()], current=self.profile_name)

    def _shown(self, record: ProfileRecord) -> p.ProfileInfo:
        """As the list has it; of an encrypted one more can be told while it is open here."""
        here = self._session is not None and self._session.profile.directory.name == record.id
        if record.encrypted and here and self._session is not None:
            return _profile(self._session.profile.record, locked=False)
        return _profile(record, locked=record.encrypted)

    def shown(self, name: str) -> p.ProfileInfo:
        """A profile as the list has it."""
        found = [record for record in self._store.list() if name_key(record.name) == name_key(name)]
        if not found:
            raise _no_profile(name)
        return self._shown(found[0])

    def _profile_create(self, asked: p.ProfileName, call: Call) -> p.ProfileOpened:
        self._store.create(asked.name)
        return self._profile_open(asked, call)

    def _profile_open(self, asked: p.ProfileName, _call: Call) -> p.ProfileOpened:
        found = notices(self.enter(asked.name, asked.passphrase))
        return p.ProfileOpened(profile=self._shown(self._open.profile.record), notices=found)

    def _profile_rename(self, asked: p.ProfileRename, _call: Call) -> p.Ok:
        self._store.rename(asked.name, asked.new_name, self._protection.access(asked.name, asked.passphrase))
        if self._session is not None:
            self.profile_name = self._session.profile.record.name
        return p.Ok()

    def _profile_duplicate(self, asked: p.ProfileDuplicate, _call: Call) -> p.ProfileInfo:
        here = self.is_open(asked.name)
        access = self._protection.access(asked.name, asked.passphrase)
        twin = self._store.duplicate(asked.name, asked.new_name, open_here=here, notice=self.notice, access=access)
        return self._shown(twin)

    def _profile_look(self, asked: p.ProfileLook, _call: Call) -> p.ProfileInfo:
        access = self._protection.access(asked.name, asked.passphrase)
        return self._shown(self._store.look(asked.name, asked.colour, asked.picture, access))

    def is_open(self, name: str) -> bool:
        """Whether the open profile is this one."""
        return self.profile_name is not None and name_key(self.profile_name) == name_key(name)

    def _profile_delete(self, asked: p.ProfileName, _call: Call) -> p.Ok:
        if not self._exists(asked.name):
            raise _no_profile(asked.name)
        current = self.is_open(asked.name)
        if not asked.confirm:
            what = "all its conversations and everything it has learned"
            if current:
                counts = self._open.profile.counts()
                what = f"{_count(counts.conversations, 'conversation')} and {_count(counts.entries, 'learned turn')}"
            raise _not_confirmed(f"Deleting the profile {asked.name.strip()[:80]} loses {what}, for good.")
        if current:
            self.leave()
        self._store.delete(asked.name)
        return p.Ok()

    # ------------------------------------------------------------------------------------------ conversations

    def _conversation_list(self, _asked: None, _call: Call) -> p.ConversationList:
        return p.ConversationList(
            conversations=[_conversation(record) for record in self._open.profile.conversations()]
        )

    def _conversation_messages(self, asked: p.ConversationMessages, _call: Call) -> p.MessageList:
        profile = self._open.profile
        found = profile.every_version(asked.conversation) if asked.every else profile.messages(asked.conversation)
        return p.MessageList(messages=[_message(record) for record in found])

    def _conversation_rename(self, asked: p.ConversationRename, _call: Call) -> p.Conversation:
        if not clean_title(asked.title):
            raise ProtocolError("The title is empty.", "Write something.", code=ErrorCode.INVALID_PARAMS)
        return _conversation(self._open.profile.rename_conversation(asked.conversation, asked.title))

    def _conversation_pin(self, asked: p.ConversationPin, _call: Call) -> p.Conversation:
        return _conversation(self._open.profile.pin_conversation(asked.conversation, asked.pinned))

    def _conversation_learn(self, asked: p.ConversationLearn, _call: Call) -> p.Conversation:
        return _conversation(self._open.profile.learn_from_conversation(asked.conversation, asked.learn))

    def _conversation_delete(self, asked: p.ConversationId, _call: Call) -> p.ConversationDeleted:
        record = self._open.profile.delete_conversation(asked.conversation)
        self._tidy_later()
        return p.ConversationDeleted(
            conversation=record.id, title=record.title, messages=record.messages, undo_seconds=UNDO_SECONDS
        )

    def _conversation_restore(self, asked: p.ConversationId, _call: Call) -> p.Conversation:
        return _conversation(self._open.profile.restore_conversation(asked.conversation))

    def _tidy_later(self) -> None:
        if self._tidy_at is None:
            self._tidy_at = time.monotonic() + UNDO_SECONDS

    def _conversation_export(self, asked: p.ConversationExport, _call: Call) -> p.Exported:
        path = _path(asked.path)
        speakers = Speakers(clean_title(asked.you) or "You", clean_title(asked.techo) or "Techo")
        size = self._open.profile.export_conversation(
            asked.conversation, path, asked.format, speakers=speakers, overwrite=asked.overwrite
        )
        if self._open.profile.key is not None:
            words = f"What was written to {path.name} is not encrypted: whoever gets that file can read it."
            self.notice(Remark(words, because(Reason.EXPORT_PLAIN, file=path.name)))
        return p.Exported(path=str(path), bytes=size)

    def _message_show(self, asked: p.MessageId, _call: Call) -> p.MessageList:
        return p.MessageList(messages=[_message(record) for record in self._open.profile.show_message(asked.message)])

    def _message_delete(self, asked: p.MessageId, _call: Call) -> p.MessageDeleted:
        gone = self._open.profile.delete_message(asked.message)
        self._tidy_later()
        return p.MessageDeleted(
            message=gone.id,
            conversation=gone.conversation,
            title=gone.title,
            messages=gone.messages,
            whole=gone.whole,
            undo_seconds=UNDO_SECONDS,
        )

    def _message_restore(self, asked: p.MessageId, _call: Call) -> p.Conversation:
        return _conversation(self._open.profile.restore_message(asked.message))

    def _conversation_search(self, asked: p.ConversationSearch, _call: Call) -> p.HitList:
        if asked.limit < 1:
            raise ProtocolError("limit must be 1 or more.", code=ErrorCode.INVALID_PARAMS)
        if len(asked.query) > MAX_QUERY:
            raise ProtocolError(
                f"The search is too long: {len(asked.query):,} characters of {MAX_QUERY:,} at most.",
                "Search for a few of the words.",
                code=ErrorCode.INVALID_PARAMS,
            )
        limit = min(asked.limit, 1_000)
        found = self._open.profile.search(asked.query, limit + 1, asked.before)
        return p.HitList(hits=[_hit(record) for record in found[:limit]], more=len(found) > limit)

    # ------------------------------------------------------------------------------------------ turns

    def _turn_send(self, asked: p.TurnSend, call: Call) -> p.TurnDone:
        session, number = self._begin_turn()
        return self._ready.runner.send(session, asked, number, call.cancelled, call.arrived)

    def _turn_again(self, asked: p.TurnAgain, call: Call) -> p.TurnDone:
        session, number = self._begin_turn()
        return self._ready.runner.again(session, asked, number, call.cancelled, call.arrived)

    def _turn_continue(self, asked: p.TurnContinue, call: Call) -> p.TurnDone:
        session, number = self._begin_turn()
        return self._ready.runner.go_on(session, asked, number, call.cancelled, call.arrived)

    def _turn_ask(self, asked: p.TurnAsk, call: Call) -> p.TurnAnswer:
        session, number = self._begin_turn()
        return self._ready.runner.ask(session, asked, number, call.cancelled, call.arrived)

    def _turn_feed(self, asked: p.TurnFeed, call: Call) -> p.TurnDone:
        session, number = self._begin_turn()
        return self._ready.runner.feed(session, asked, number, call.cancelled)

    def _begin_turn(self) -> tuple[Session, int]:
        """The open profile, and the turn's number. Without a profile no number is used up."""
        session = self._open
        self._turns += 1
        return session, self._turns

    def _perplexity(self, asked: p.PerplexityOf, call: Call) -> p.Perplexity:
        memory = self._open.memory if asked.recall else None
        return self._ready.runner.perplexity(memory, asked, call.cancelled)

    # ------------------------------------------------------------------------------------------ memory

    def _memory_stats(self, _asked: None, _call: Call) -> p.MemoryStats:
        return self._open.stats()

    def _memory_picture(self, asked: p.PictureOf, _call: Call) -> p.MemoryPicture:
        session = self._open
        written = []
        for entry in asked.entries[: p.PICTURED]:
            tokens, keys = session.memory.fast.written_by(entry)
            signs = ["".join("-0+"[trit + 1] for trit in key) for key in keys]
            neurons = [p.Neuron(text=self._text_of([token]), key=key) for token, key in zip(tokens, signs, strict=True)]
            written.append(p.Written(entry=entry, neurons=neurons))
        newest = session.profile.journal(p.SURPRISES)
        talking = self._ready.speaker or self._ready.backbone
        cache = session.profile.characters() // p.CHARACTERS * talking.info.cache
        return p.MemoryPicture(
            written=written, surprises=[entry.surprise for entry in reversed(newest)], cache_bytes=cache
        )

    def _memory_journal(self, asked: p.JournalPage, _call: Call) -> p.JournalList:
        if asked.limit < 1:
            raise ProtocolError("limit must be 1 or more.", code=ErrorCode.INVALID_PARAMS)
        since, until = (None if moment is None else _moment(moment) for moment in (asked.since, asked.until))
        profile = self._open.profile
        limit, words = min(asked.limit, 10_000), asked.words.split()
        entries = profile.journal(limit, asked.before, words, since, until, asked.document)
        return p.JournalList(entries=_entries(profile, entries))

    def _memory_recollect(self, asked: p.Recollect, call: Call) -> p.Recollection:
        session = self._open
        text, scores = self._ready.runner.recollect(session.memory, asked.question, call.cancelled)
        entries = _entries(session.profile, [session.profile.entry(entry) for entry in scores])
        recalled = [p.Recalled(entry=entry, score=scores[entry.id]) for entry in entries]
        recalled.sort(key=lambda one: -one.score)
        return p.Recollection(text=text if recalled else "", recalled=recalled)

    def _memory_confirm(self, asked: p.ConfirmEntry, _call: Call) -> p.Learned:
        return self._open.confirm(asked.entry)

    def _memory_forget(self, asked: p.Forget, _call: Call) -> p.Forgotten:
        if not asked.entries:
            raise ProtocolError("There is nothing to forget.", "Name learned turns.", code=ErrorCode.INVALID_PARAMS)
        wanted = self._open.with_repeats(asked.entries) if asked.repeats else asked.entries
        entries, messages = self._open.forget(wanted, said=asked.said)
        if messages:
            self._ready.runner.clear()  # the KV window may hold them still
        return p.Forgotten(entries=[_entry(record) for record in entries], messages=messages, stats=self._open.stats())

    def _memory_relearn(self, _asked: None, call: Call) -> p.Relearned:
        loaded, session = self._ready, self._open
        turns = session.relearn(lambda text: loaded.runner.encode(loaded.newborn, text), call.cancelled)
        return p.Relearned(turns=turns, stats=session.stats())

    def _memory_timeline(self, _asked: None, _call: Call) -> p.Timeline:
        return timeline.timeline(self._open)

    def _memory_compare(self, asked: p.Moment, call: Call) -> p.Comparison:
        return timeline.compare(self._open, self._moment(asked), call.cancelled)

    def _memory_back(self, asked: p.GoBack, _call: Call) -> p.WentBack:
        session, entry = self._open, self._moment(asked)
        if not asked.confirm and session.profile.entries_since(entry):
            raise _not_confirmed(timeline.losses(session, entry))
        gone = timeline.go_back(session, entry, said=asked.said)
        if gone.messages:
            self._ready.runner.clear()  # the KV window may hold them still
        return gone

    def _moment(self, asked: p.Moment | p.GoBack) -> int:
        """The last lesson that is kept."""
        if (asked.entry is None) == (asked.date is None):
            raise ProtocolError("A moment is a learned turn or a date: one of them.", code=ErrorCode.INVALID_PARAMS)
        profile = self._open.profile
        if asked.date is not None:
            return profile.moment(_moment(asked.date))
        return profile.entry(asked.entry).id if asked.entry else 0

    def _memory_read(self, asked: p.MemoryRead, call: Call) -> p.DocumentRead:
        session = self._open
        session.memory  # noqa: B018 - a refused state is said before the file is opened
        path = _path(asked.path)

        def tell(phase: Literal["pages", "passages"], done: int, count: int) -> None:
            self._notify("memory.reading", p.Reading(name=path.name, phase=phase, done=done, count=count))

        return self._ready.runner.read(session, path, call.cancelled, tell)

    def _memory_reset(self, asked: p.Confirm, _call: Call) -> p.MemoryStats:
        session = self._open
        if not asked.confirm:
            count = session.profile.entry_count()
            raise _not_confirmed(
                f"Resetting the memory of {session.profile.record.name} forgets {_count(count, 'learned turn')}, for "
                "good. Its conversations stay."
            )
        session.reset()
        return session.stats()

    def _memory_export(self, asked: p.FilePath, _call: Call) -> p.Exported:
        path = _path(asked.path)
        return p.Exported(path=str(path), bytes=self._open.export(path, overwrite=asked.overwrite))

    def _memory_import(self, asked: p.MemoryImport, _call: Call) -> p.ProfileInfo:
        loaded = self._ready
        check = ImportCheck(loaded.newborn)
        record = self._store.import_file(
            _path(asked.path), asked.name, loaded.identity, check.arrays, check.payload, asked.passphrase
        )
        return self._shown(record)


# ---------------------------------------------------------------------------------------------- records to messages


def _profile(record: ProfileRecord, *, locked: bool) -> p.ProfileInfo:
    return p.ProfileInfo(
        id=record.id,
        name=record.name,
        created=record.created,
        problem=record.problem,
        colour=record.colour,
        picture=record.picture,
        encrypted=record.encrypted,
        locked=locked,
        remembered=record.remembered,
    )


def _conversation(record: ConversationRecord) -> p.Conversation:
    return p.Conversation(
        id=record.id,
        title=record.title,
        created=record.created,
        updated=record.updated,
        messages=record.messages,
        pinned=record.pinned,
        learns=record.learns,
    )


def _hit(record: HitRecord) -> p.Hit:
    return p.Hit(
        conversation=record.conversation,
        title=record.title,
        message=record.message,
        role=record.role,  # type: ignore[arg-type]
        created=record.created,
        snippet=record.snippet,
        marks=list(record.marks),
    )


def _message(record: MessageRecord) -> p.Message:
    # The store keeps the protocol's roles and reasons, and checks them; their type there is plain text.
    return p.Message(
        id=record.id,
        conversation=record.conversation,
        role=record.role,  # type: ignore[arg-type]
        content=record.content,
        created=record.created,
        finish=record.finish,  # type: ignore[arg-type]
        parent=record.parent or 0,
        versions=list(record.versions),
    )


def _entries(profile: Profile, records: Sequence[JournalRecord]) -> list[p.JournalEntry]:
    """With the documents that they are from."""
    documents = profile.documents([record.message for record in records if record.message is not None])
    entries = [_entry(record) for record in records]
    for entry in entries:
        if entry.message in documents:
            entry.source, entry.document = documents[entry.message].name, documents[entry.message].conversation
    return entries


def _entry(record: JournalRecord) -> p.JournalEntry:
    return p.JournalEntry(
        id=record.id,
        created=record.created,
        message=record.message,
        text=record.text,
        surprise=record.surprise,
        recruited=record.recruited,
        strengthened=record.strengthened,
        overwritten=record.overwritten,
        recycled=record.recycled,
    )


def _moment(text: str) -> str:
    """Any ISO 8601 moment as the store writes it, so that the two compare as texts."""
    try:
        moment = datetime.fromisoformat(text)
        return stamp(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise ProtocolError(
            f"{text[:80]!r} is not a moment.", "Write it as 2026-01-31T18:00:00Z.", code=ErrorCode.INVALID_PARAMS
        ) from None


def notices(remarks: Iterable[Remark]) -> list[p.Notice]:
    """Remarks as they go over the pipe."""
    return [
        p.Notice(
            message=str(remark),
            reason=remark.because.reason,
            values=dict(remark.because.values),
            error=None if remark.error is None else p.ErrorBody(**remark.error.fields()),
        )
        for remark in remarks
    ]


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise StoreError("That is no file name.", "Choose a file.", code=ErrorCode.INVALID_PARAMS)
    return Path(text).expanduser().absolute()


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _no_profile(name: str) -> ProfileError:
    return ProfileError(
        f"There is no profile {name.strip()[:80]}.",
        "See the list of profiles.",
        code=ErrorCode.PROFILE_NOT_FOUND,
        because=because(Reason.NO_PROFILE, name=name.strip()[:80]),
    )


def _not_confirmed(message: str) -> EngineError:
    return EngineError(message, "Ask for it again with confirm to go on.", code=ErrorCode.NOT_CONFIRMED)


def _version() -> str:
    try:
        return metadata.version("techo")
    except metadata.PackageNotFoundError:  # a checkout that was not installed
        return "unknown"
