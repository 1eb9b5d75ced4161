"""Everything the window asks of the engine beside the turns: profiles, conversations, the memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from msgspec import structs
from PySide6.QtCore import QObject, Signal

from app import errors
from app.chat.exchange import Exchange
from app.engine_process import EngineProcess
from engine.protocol import (
    Comparison,
    Confirm,
    ConfirmEntry,
    Conversation,
    ConversationList,
    ErrorBody,
    Exported,
    FilePath,
    Forget,
    Forgotten,
    GoBack,
    Initialized,
    JournalList,
    JournalPage,
    Learned,
    MemoryImport,
    MemoryStats,
    Moment,
    Notice,
    Ok,
    ProfileDuplicate,
    ProfileInfo,
    ProfileList,
    ProfileLook,
    ProfileName,
    ProfileOpened,
    ProfileRename,
    Recollect,
    Recollection,
    Relearned,
    Timeline,
    TurnDone,
    TurnFeed,
    WentBack,
)

DEFAULT_PROFILE: Final = "default"
"""The same as the command line's."""
TITLE_LENGTH: Final = 60


class Partner(QObject):
    """The engine as the window sees it: one open profile, its conversations, its memory.

    Args:
        engine: not started yet.
        profile: what to open; made when it does not exist. None: `last`, or else whatever there is.
        last: the profile that was open last time; it may have been deleted since.
    """

    profile_changed = Signal(object)
    """ProfileInfo, or None when no profile is open."""
    profiles_changed = Signal(object)
    """list[ProfileInfo]"""
    conversations_changed = Signal(object)
    """list[Conversation], newest first."""
    stats_changed = Signal(object)
    """MemoryStats"""
    initialized = Signal(object)
    """Initialized"""
    notice = Signal(object)
    """Notice: something a person should read."""
    failed = Signal(object)
    """ErrorBody"""
    exported = Signal(object)
    """Exported"""
    imported = Signal(object)
    """ProfileInfo"""
    duplicated = Signal(object)
    """ProfileInfo"""
    deleted = Signal(str)
    """Name of a profile that is gone."""
    was_reset = Signal()
    was_relearned = Signal(int)
    went_back = Signal(object, str)
    """WentBack, and the name of the profile that holds what was before; empty: none."""
    locked = Signal(str, object)
    """Name of a profile that was to be opened and needs a passphrase, and ErrorBody."""
    import_locked = Signal(object, str)
    """Path of a file that needs a passphrase, and the name of the profile that is to be made of it."""
    leaving = Signal()
    """Another profile is about to be opened."""
    documents_read = Signal()
    """Documents were read, some of them perhaps learned."""
    forgot = Signal(object)
    """Forgotten: learned turns are gone."""

    def __init__(
        self, engine: EngineProcess, profile: str | None, last: str | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.engine = engine
        self.exchange = Exchange(engine, self)
        self.profile: ProfileInfo | None = None
        self.profiles: list[ProfileInfo] = []
        self.conversations: list[Conversation] = []
        self.stats: MemoryStats | None = None
        self.about: Initialized | None = None
        self._any_profile = profile is None
        engine.profile = profile or last or DEFAULT_PROFILE
        engine.create_profile = profile is not None or last is None
        engine.initialized.connect(self._on_initialized)
        engine.refused.connect(self._on_refused)
        engine.notice.connect(self.notice)
        self.exchange.accepted.connect(self._on_accepted)
        self.exchange.settled.connect(self.refresh)

    # ------------------------------------------------------------------------------------------ beginning

    def _on_initialized(self, answer: Initialized) -> None:
        self.about = answer
        self.initialized.emit(answer)
        if answer.profile is not None:
            self._opened(answer.profile)
            self.refresh_profiles()
        else:
            self._close_profile()
            self.engine.request("profile.list", None, ProfileList, self._choose, self._quiet)
        self._pass_on(answer.notices)

    def _pass_on(self, notices: list[Notice]) -> None:
        for notice in notices:
            self.notice.emit(notice)

    def _choose(self, answer: ProfileList) -> None:
        """The wanted profile could not be opened. When it is simply not there any more, take another one."""
        self._list(answer)
        if not self._any_profile:
            return
        self._any_profile = False
        if answer.profiles:
            self.switch_profile(answer.profiles[0].name)
        else:
            self.create_profile(DEFAULT_PROFILE)

    def _on_refused(self, error: ErrorBody) -> None:
        if error.code == errors.PROFILE_NOT_FOUND and self._any_profile:
            return
        self._any_profile = False
        if errors.is_locked(error):
            self.locked.emit(self.engine.refused_profile, error)
        else:
            self.failed.emit(error)

    def _opened(self, profile: ProfileInfo) -> None:
        another = self.profile is not None and self.profile.id != profile.id
        self.profile = profile
        self._any_profile = False
        self.engine.profile = profile.name
        self.engine.create_profile = False
        if another:
            self.exchange.forget_all()
        self.profile_changed.emit(profile)
        self.refresh()
        self.exchange.resume()

    def _close_profile(self) -> None:
        self.profile = None
        self.stats = None
        self.conversations = []
        self.exchange.forget_all()
        self.profile_changed.emit(None)
        self.conversations_changed.emit([])

    # ------------------------------------------------------------------------------------------ what is there

    def refresh(self) -> None:
        """Ask for the conversation list and the gauge."""
        if self.engine.up and self.profile is not None:
            self.engine.request("conversation.list", None, ConversationList, self._take_conversations, self._quiet)
            self.engine.request("memory.stats", None, MemoryStats, self._take_stats, self._quiet)

    def refresh_profiles(self) -> None:
        """Ask for the profile list."""
        self.engine.request("profile.list", None, ProfileList, self._list, self._quiet)

    def _take_conversations(self, answer: ConversationList) -> None:
        self.replace_conversations(answer.conversations)

    def replace_conversations(self, conversations: list[Conversation]) -> None:
        """These are the conversations there are now."""
        self.conversations = conversations
        self.exchange.set_known([found.id for found in conversations])
        self.conversations_changed.emit(conversations)

    def _take_stats(self, stats: MemoryStats) -> None:
        self.stats = stats
        self.stats_changed.emit(stats)

    def _list(self, answer: ProfileList) -> None:
        self.profiles = answer.profiles
        self.profiles_changed.emit(self.profiles)

    def _on_accepted(self, conversation: int, text: str) -> None:
        """A new conversation stands in the list at once; the engine's own list follows when the turn is over."""
        if any(found.id == conversation for found in self.conversations):
            return
        title = " ".join(text.split())[:TITLE_LENGTH]
        learns = self.exchange.learns(conversation)
        new = Conversation(id=conversation, title=title, created="", updated="", messages=1, learns=learns)
        self.conversations = [new, *self.conversations]
        self.conversations_changed.emit(self.conversations)

    # ------------------------------------------------------------------------------------------ profiles

    def switch_profile(self, name: str) -> None:
        """Open another profile. A running turn is stopped first; what it generated is kept."""
        if self.profile is not None and self.profile.name == name:
            return
        self._leave_profile()

        def failed(error: ErrorBody) -> None:
            self._on_not_opened(error, name)

        self.engine.request("profile.open", ProfileName(name=name), ProfileOpened, self._on_opened, failed)

    def unlock(
        self, name: str, passphrase: str, done: Callable[[], None], refused: Callable[[ErrorBody], None]
    ) -> None:
        """Open a profile with its passphrase. What goes wrong is said to `refused` alone."""
        self._leave_profile()

        def opened(answer: ProfileOpened) -> None:
            done()
            self._on_opened(answer, passphrase)

        def failed(error: ErrorBody) -> None:
            self.exchange.switching -= 1
            refused(error)

        asked = ProfileName(name=name, passphrase=passphrase)
        self.engine.request("profile.open", asked, ProfileOpened, opened, failed)

    def lock(self, then: Callable[[], object]) -> None:
        """Close the open profile."""
        self._leave_profile()

        def locked(_: Ok) -> None:
            self.exchange.switching -= 1
            self.engine.profile = self.engine.passphrase = None
            self._close_profile()
            self.refresh_profiles()
            then()

        def failed(error: ErrorBody) -> None:
            self.exchange.switching -= 1
            self._report(error)

        self.engine.request("profile.lock", None, Ok, locked, failed)

    def replace_profile(self, profile: ProfileInfo, passphrase: str | None) -> None:
        """The open profile is protected otherwise now; nothing else of it has changed."""
        self.engine.passphrase = passphrase
        self.profile = profile
        self.profile_changed.emit(profile)
        self.refresh_profiles()

    def create_profile(self, name: str) -> None:
        """Make a profile and open it."""
        self._leave_profile()
        self.engine.request(
            "profile.create", ProfileName(name=name), ProfileOpened, self._on_opened, self._on_not_opened
        )

    def rename_profile(self, name: str, new_name: str) -> None:
        """Give a profile another name."""

        def done(_: Ok) -> None:
            if self.profile is not None and self.profile.name == name:
                self.profile = structs.replace(self.profile, name=new_name)
                self.engine.profile = new_name
                self.profile_changed.emit(self.profile)
            self.refresh_profiles()

        self.engine.request("profile.rename", ProfileRename(name=name, new_name=new_name), Ok, done, self._report)

    def duplicate_profile(self, name: str, new_name: str, then: Callable[[ProfileInfo], None] | None = None) -> None:
        """Make a new profile that holds what another does. The open one stays open. `then`: instead of saying so."""

        def done(twin: ProfileInfo) -> None:
            self.refresh_profiles()
            (then or self.duplicated.emit)(twin)

        asked = ProfileDuplicate(name=name, new_name=new_name)
        self.engine.request("profile.duplicate", asked, ProfileInfo, done, self._report)

    def set_look(self, name: str, colour: str, picture: bytes) -> None:
        """Give a profile a colour and a picture (a small PNG; empty: none)."""

        def done(changed: ProfileInfo) -> None:
            if self.profile is not None and self.profile.id == changed.id:
                self.profile = changed
                self.profile_changed.emit(changed)
            self.refresh_profiles()

        asked = ProfileLook(name=name, colour=colour, picture=picture)
        self.engine.request("profile.look", asked, ProfileInfo, done, self._report)

    def ask_to_delete(self, name: str, ask: Callable[[str], None]) -> None:
        """Have the engine name what deleting would lose; `ask` gets its words. Nothing is deleted yet."""
        self._expect_refusal("profile.delete", ProfileName(name=name), Ok, ask)

    def delete_profile(self, name: str) -> None:
        """Delete a profile with everything in it. After the open one, another is opened (or made)."""
        current = self.profile is not None and self.profile.name == name
        if current:
            self._leave_profile()

        def done(_: Ok) -> None:
            self.deleted.emit(name)
            if current:
                self.exchange.switching -= 1
                self._any_profile = True
                self.engine.profile = None
                self._close_profile()
                self.engine.request("profile.list", None, ProfileList, self._choose, self._quiet)
            else:
                self.refresh_profiles()

        def failed(error: ErrorBody) -> None:
            if current:
                self.exchange.switching -= 1
            self._report(error)

        self.engine.request("profile.delete", ProfileName(name=name, confirm=True), Ok, done, failed)

    def _leave_profile(self) -> None:
        """Before a request that ends with another profile. Its answer, whichever, counts `switching` down again."""
        self.leaving.emit()
        if self.exchange.running:
            self.exchange.stop()
        self.exchange.switching += 1

    def _on_opened(self, answer: ProfileOpened, passphrase: str | None = None) -> None:
        self.exchange.switching -= 1
        self.engine.passphrase = passphrase
        self._opened(answer.profile)
        self._pass_on(answer.notices)
        self.refresh_profiles()

    def _on_not_opened(self, error: ErrorBody, name: str = "") -> None:
        """The engine may have closed the old profile before the new one failed: ask what is open."""
        self.exchange.switching -= 1
        if errors.is_locked(error):
            self.locked.emit(name, error)
        else:
            self._report(error)
        if error.code == errors.ENGINE_GONE:
            return

        def done(answer: ProfileList) -> None:
            self._list(answer)
            if self.profile is not None and answer.current not in (self.profile.name, self.profile.id):
                self.engine.profile = None
                self._close_profile()

        self.engine.request("profile.list", None, ProfileList, done, self._quiet)

    # ------------------------------------------------------------------------------------------ memory

    def ask_to_reset(self, ask: Callable[[str], None]) -> None:
        """Have the engine name what a reset would lose; `ask` gets its words. Nothing is reset yet."""
        self._expect_refusal("memory.reset", Confirm(), MemoryStats, ask)

    def reset_memory(self) -> None:
        """Forget everything that was learned. Conversations stay."""

        def done(stats: MemoryStats) -> None:
            self._take_stats(stats)
            self.was_reset.emit()

        self.engine.request("memory.reset", Confirm(confirm=True), MemoryStats, done, self._report)

    def relearn(self) -> None:
        """Have the journal learned anew with the model of today."""

        def done(answer: Relearned) -> None:
            self._take_stats(answer.stats)
            self.was_relearned.emit(answer.turns)

        self.engine.request("memory.relearn", None, Relearned, done, self._report)

    def journal(self, page: JournalPage, done: Callable[[JournalList], None]) -> None:
        """Ask for a page of the learned turns."""
        self.engine.request("memory.journal", page, JournalList, done, self._quiet)

    def recollect(self, question: str, done: Callable[[Recollection], None], failed: Callable[[], None]) -> None:
        """Ask the memory itself. What goes wrong is said, and `failed` is called."""

        def refused(error: ErrorBody) -> None:
            failed()
            if error.code != errors.CANCELLED:  # whoever stopped a reply knows of it
                self._quiet(error)

        self.engine.request("memory.recollect", Recollect(question=question), Recollection, done, refused)

    def confirm(self, entry: int, done: Callable[[Learned], None], failed: Callable[[], None]) -> None:
        """Have a learned turn heard again, which strengthens it."""

        def heard(learned: Learned) -> None:
            done(learned)
            self.refresh()

        def refused(error: ErrorBody) -> None:
            failed()
            self._report(error)

        self.engine.request("memory.confirm", ConfirmEntry(entry=entry), Learned, heard, refused)

    def tell(
        self,
        text: str,
        conversation: int | None,
        done: Callable[[int, Learned | None], None],
        failed: Callable[[], None],
    ) -> bool:
        """Say something beside the conversation on screen, without a reply; `done` gets the conversation it is in.

        False, and not said, while a turn runs: its notifications could be taken for this one's.
        """
        if self.exchange.running or self.exchange.switching:
            return False
        self.exchange.switching += 1

        def told(answer: TurnDone) -> None:
            self.exchange.switching -= 1
            done(answer.conversation, answer.learned)
            self.refresh()

        def refused(error: ErrorBody) -> None:
            self.exchange.switching -= 1
            failed()
            self._report(error)

        self.engine.request("turn.feed", TurnFeed(user=text, conversation=conversation), TurnDone, told, refused)
        return True

    def forget(self, entries: Sequence[int], *, said: bool, repeats: bool = False) -> None:
        """Forget learned turns exactly.

        Args:
            entries: their journal ids.
            said: their messages go out of the conversations as well.
            repeats: all other turns of the very same words as well.
        """

        def done(gone: Forgotten) -> None:
            self._take_stats(gone.stats)
            self.exchange.forget_entries([entry.id for entry in gone.entries], reload=gone.messages > 0)
            self.refresh()
            self.forgot.emit(gone)

        asked = Forget(entries=list(entries), said=said, repeats=repeats)
        self.engine.request("memory.forget", asked, Forgotten, done, self._report)

    def timeline(self, done: Callable[[Timeline], None]) -> None:
        """Ask for the life of the memory."""
        self.engine.request("memory.timeline", None, Timeline, done, self._quiet)

    def compare(self, entry: int, done: Callable[[Comparison], None]) -> None:
        """Ask for the memory after lesson `entry` (0: at birth) beside that of now."""

        def refused(error: ErrorBody) -> None:
            if error.code not in (errors.ENTRY_NOT_FOUND, errors.CANCELLED):  # forgotten or stopped meanwhile
                self._quiet(error)

        self.engine.request("memory.compare", Moment(entry=entry), Comparison, done, refused)

    def go_back(self, entry: int, *, said: bool, keep: str) -> None:
        """Forget everything that was learned after lesson `entry`.

        Args:
            entry: the last lesson that is kept, 0 for none.
            said: the messages go out of the conversations as well.
            keep: name of a profile that is to hold what is there now; empty: none. Without it nothing is forgotten.
        """
        if self.profile is None:
            return

        def done(gone: WentBack) -> None:
            self._take_stats(gone.stats)
            self.exchange.forget_entries(gone.entries, reload=gone.messages > 0)
            self.refresh()
            self.went_back.emit(gone, keep)

        def go(_: ProfileInfo | None = None) -> None:
            asked = GoBack(entry=entry, said=said, confirm=True)
            self.engine.request("memory.back", asked, WentBack, done, self._report)

        if keep:
            self.duplicate_profile(self.profile.name, keep, go)
        else:
            go()

    def export(self, path: Path) -> None:
        """Write the profile to one file. Who calls has asked whether an existing file may be replaced."""
        params = FilePath(path=str(path), overwrite=True)
        self.engine.request("memory.export", params, Exported, self.exported.emit, self._report)

    def import_file(
        self,
        path: Path,
        name: str,
        passphrase: str | None = None,
        then: Callable[[], None] = lambda: None,
        refused: Callable[[ErrorBody], None] | None = None,
    ) -> None:
        """Make a new profile from an exported file. The open one stays open.

        With a `passphrase`, what goes wrong is said to `refused`; without one, one may be asked for.
        """

        def done(profile: ProfileInfo) -> None:
            then()
            self.refresh_profiles()
            self.imported.emit(profile)

        def failed(error: ErrorBody) -> None:
            if refused is not None:
                refused(error)
            elif errors.is_locked(error):
                self.import_locked.emit(path, name)
            else:
                self._report(error)

        asked = MemoryImport(path=str(path), name=name, passphrase=passphrase)
        self.engine.request("memory.import", asked, ProfileInfo, done, failed)

    def _expect_refusal(
        self,
        method: str,
        params: ProfileName | Confirm,
        kind: type[Ok | MemoryStats],
        ask: Callable[[str], None],
    ) -> None:
        """Without `confirm` nothing happens, and NOT_CONFIRMED says what would be lost."""

        def failed(error: ErrorBody) -> None:
            if error.code == errors.NOT_CONFIRMED:
                ask(error.message)
            else:
                self._report(error)

        self.engine.request(method, params, kind, lambda _: self.refresh(), failed)

    def _report(self, error: ErrorBody) -> None:
        self.failed.emit(error)

    def _quiet(self, error: ErrorBody) -> None:
        """For what nobody asked for: of its death the engine state line speaks already."""
        if error.code != errors.ENGINE_GONE:
            self.failed.emit(error)
