"""One open profile: the facade over transcript, journal and snapshots, and the holder of the profile's lock.

What is promised, and after which step:

    append_message, update_message   has returned: the text survives a crash and a loss of power
    append_entry                     has returned: the lesson does (replay brings it back)
    save_snapshot                    has returned: the next opening starts from it; before that, from the one before
    delete_conversation,             has returned: nothing shows it any more; it can be restored until it is purged
      delete_message
    purge_deleted                    has returned: its messages are gone from the profile's folder, as below
    delete_entries, reset            has returned: the text, the write set and every state that held them are gone
                                     from the profile's folder (or a notice says what is not yet); after a crash
                                     they are forgotten or all still there

Not promised: a change whose call had not returned may or may not be there. A disk that loses what it said was synced.
Copies that the file system or the drive keeps of freed blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.errors import StoreError
from engine.reasons import Because, Reason, Remark, because
from engine.store import (
    archive,
    conversation_file,
    drafts,
    keys,
    log,
    looks,
    seal,
    snapshots,
    switching,
    tally,
    timeline,
)
from engine.store.conversation_file import Kind, Speakers
from engine.store.database import Database, place
from engine.store.files import FileLock, Files, disk_errors, make_folders
from engine.store.journal import Journal, bound_identity
from engine.store.keys import DataKey, KeyFile
from engine.store.records import (
    Arrays,
    Clock,
    ConversationRecord,
    Counts,
    DeletedMessage,
    DocumentRecord,
    EntryRecord,
    HitRecord,
    JournalRecord,
    LoadedState,
    MessageRecord,
    NewEntry,
    ProfileRecord,
    SnapshotRecord,
    StateIdentity,
)
from engine.store.snapshots import Snapshots, check_identity
from engine.store.timeline import DayRecord
from engine.store.transcript import UNDO_SECONDS, Transcript


class Profile:
    """An open profile. One at a time in all processes: whoever has it holds its lock. Close it, or use `with`.

    Every method raises `StoreError` when the disk refuses; what was committed before stays as it is.
    """

    def __init__(
        self,
        files: Files,
        folder: Path,
        identity: StateIdentity,
        lock: FileLock,
        clock: Clock,
        store: Path,
        key: DataKey | None = None,
    ) -> None:
        """Opens the profile in `folder`; `lock` is held and now belongs to the profile (also when this fails).

        `key`: of an encrypted one.
        """
        self.directory = folder
        self.identity = identity
        self._files = files
        self._lock = lock
        self._store = store
        self._closed = False
        self._notices: list[Remark] = []
        self._key = key
        path = place(folder, key)
        try:
            sealed = seal.holds(files, folder, path, key)
            seal.break_(files, folder, key)
            log.set_aside_if_damaged(files, path)
            self._database = Database(files, folder, clock, sealed=sealed, key=key)
        except BaseException:
            lock.release()
            raise
        self._transcript = Transcript(self._database, self._notice)
        try:
            self._journal = Journal(self._database, self._notice)
            states = snapshots.place(folder, key)
            with disk_errors("open the profile", folder):
                make_folders(files, states)
            self._snapshots = Snapshots(files, states, self._database, self._notice, key)
            self._snapshots.clean()
            self._settle_protection()
            with suppress(StoreError):  # read in the same order without it
                self._transcript.settle()
            if sealed is False:
                self._look_through()
            damaged_log = log.take_notice(files, path)
            if damaged_log is not None:
                self.tell(damaged_log)
            # What a crash left marked. Not the last seconds: whoever deleted it may still be looking at "Undo".
            with suppress(StoreError):  # no room on the disk: the next opening tries again
                self.purge_deleted(keep=UNDO_SECONDS)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Purges what is marked as deleted, closes the database, lets go of the lock. A second call does nothing."""
        if not self._closed:
            self._closed = True
            try:
                try:
                    with suppress(StoreError):  # hidden already; the next opening tries again
                        self._transcript.purge()
                finally:
                    self._database.close()
                if self._database.is_alone():
                    seal.close(self._files, self.directory, self._database.path, self._key)
            finally:
                self._lock.release()

    def _settle_protection(self) -> None:
        """What a crash left of an encryption, a decryption or a change of name, now that what counts has been opened.

        Of an encrypted profile the name is that of its key file: a list of profiles has no other.
        """
        switching.tidy(self._files, self.directory, self._key is not None, self.tell)
        if self._key is None:
            return
        name = self.key_file().name
        if name != self._database.value("SELECT name FROM profile"):
            with self._database.transaction("repair the profile"):
                self._database.run("UPDATE profile SET name = ?", (name,))

    @property
    def key(self) -> DataKey | None:
        """What an encrypted profile is encrypted with; None: it is plain."""
        return self._key

    def key_file(self) -> KeyFile:
        """How an encrypted profile is opened, as it stands on the disk now.

        Raises:
            StateError: STATE_TAMPERED.
        """
        assert self._key is not None, "a plain profile"
        content, data = keys.read(self._files, self.directory)
        keys.require_untouched(self._key, data, self.directory)
        return content

    def draft(self) -> str:
        """What stood in the input box when it was last kept; empty: nothing."""
        return drafts.read(self._files, self.directory, self._key)

    def keep_draft(self, text: str) -> None:
        """Keeps what stands in the input box; durable on return."""
        drafts.write(self._files, self.directory, self._key, text)

    def _look_through(self) -> None:
        """The file is not the one that was closed: everything that can be checked is, and a person is told."""
        self._transcript.verify()
        self._journal.verify()
        found = len(self._notices)
        what = (
            f"{found} messages or learned turns are damaged; each is named."
            if found
            else "Every message and every learned turn is as it was."
        )
        self._notice(
            "The profile's database was changed on disk while the profile was closed (a failing disk, or another "
            f"program). It was looked through. {what} Titles, dates and the order of chats cannot be checked. Export "
            "the profile to another disk, and have this one checked.",
            because(Reason.DATABASE_CHANGED_DAMAGED, found=found) if found else because(Reason.DATABASE_CHANGED),
        )

    @property
    def record(self) -> ProfileRecord:
        """Id, name and looks (as they are now: they can be changed while it is open) and date."""
        name, created, colour, picture = self._database.row("SELECT name, created, colour, picture FROM profile")
        shown = looks.read(name, colour, picture)
        encrypted, remembered = self._key is not None, False
        if encrypted:
            with suppress(StoreError):  # damaged while it is open: whoever needs more of it says so
                remembered = self.key_file().keyring is not None
        return ProfileRecord(self.directory.name, name, created, "", *shown, encrypted, remembered)

    def counts(self) -> Counts:
        """How much there is of everything."""
        row = self._database.row(
            "SELECT (SELECT count(*) FROM conversation WHERE deleted IS NULL), (SELECT count(*) FROM message "
            "WHERE deleted IS NULL AND conversation NOT IN (SELECT id FROM conversation WHERE deleted IS NOT NULL)), "
            "(SELECT count(*) FROM entry WHERE damaged = 0), (SELECT count(*) FROM snapshot)"
        )
        return Counts(*row)

    def characters(self) -> int:
        """How much was said in all, by the person and in reply."""
        return tally.characters(self._database)

    def take_notices(self) -> list[Remark]:
        """What a person should know and has not been told yet, such as a row that was set aside as damaged."""
        notices, self._notices = self._notices, []
        return notices

    def tell(self, remark: Remark) -> None:
        """Adds to the notices."""
        if remark not in self._notices:
            self._notices.append(remark)

    def _notice(self, text: str, why: Because) -> None:
        self.tell(Remark(text, why))

    # ------------------------------------------------------------------------------------------ transcript

    def create_conversation(self, title: str, *, learns: bool = True) -> ConversationRecord:
        """Begins a conversation; `learns`: what is said in it is to be learned."""
        return self._transcript.create(title, learns=learns)

    def conversations(self) -> list[ConversationRecord]:
        """All conversations, the one that changed last first."""
        return self._transcript.all()

    def conversation(self, identifier: int) -> ConversationRecord:
        """One conversation, or CONVERSATION_NOT_FOUND."""
        return self._transcript.get(identifier)

    def rename_conversation(self, identifier: int, title: str) -> ConversationRecord:
        """Gives a conversation another title."""
        return self._transcript.rename(identifier, title)

    def pin_conversation(self, identifier: int, pinned: bool) -> ConversationRecord:
        """Keeps a conversation at the top of the list, or no longer."""
        return self._transcript.pin(identifier, pinned)

    def learn_from_conversation(self, identifier: int, learns: bool) -> ConversationRecord:
        """Whether what is said in a conversation from now on is to be learned; what was learned stays."""
        return self._transcript.set_learns(identifier, learns)

    def delete_conversation(self, identifier: int) -> ConversationRecord:
        """Deletes a conversation with its messages -> what it was. Lessons learned from it stay (see `delete_entries`).

        Until `purge_deleted`, which closing the profile does as well, `restore_conversation` brings it back.
        """
        return self._transcript.delete(identifier)

    def restore_conversation(self, identifier: int) -> ConversationRecord:
        """Undoes a deletion; CONVERSATION_NOT_FOUND when it has been purged."""
        return self._transcript.undelete(identifier)

    def deleted(self) -> int:
        """How many conversations, and messages by themselves, are deleted and not purged yet."""
        return self._transcript.deleted()

    def purge_deleted(self, keep: float = 0.0) -> None:
        """Removes what is deleted for good, but not what was deleted in the last `keep` seconds."""
        if self._transcript.purge(keep):
            self._scrub()

    def search(self, query: str, limit: int = 50, before: int | None = None) -> list[HitRecord]:
        """The newest messages (older than message `before`) that contain every word of `query`, newest first."""
        return self._transcript.search(query, limit, before)

    def append_message(
        self, conversation: int, role: str, content: str, finish: str | None = None, parent: int | None = None
    ) -> MessageRecord:
        """Adds a message on what it follows on (None: the last message that is shown); durable on return."""
        return self._transcript.append(conversation, role, content, finish, parent)

    def update_message(self, identifier: int, content: str, finish: str | None) -> MessageRecord:
        """Replaces the text of a reply that is being generated; durable on return."""
        return self._transcript.update(identifier, content, finish)

    def messages(self, conversation: int) -> list[MessageRecord]:
        """The messages of the branch that is shown, oldest first."""
        return self._transcript.messages(conversation)

    def every_version(self, conversation: int) -> list[MessageRecord]:
        """All messages of a conversation, in the order in which they were said."""
        return self._transcript.every_version(conversation)

    def message(self, identifier: int) -> MessageRecord:
        """One message, or MESSAGE_NOT_FOUND."""
        return self._transcript.message(identifier)

    def passages(self, conversation: int) -> dict[str, int]:
        """The passages of a document that are in a conversation, and the ids of their messages."""
        return self._transcript.passages(conversation)

    def documents(self, messages: Sequence[int]) -> dict[int, DocumentRecord]:
        """Of those messages that are passages of a document: which one."""
        return self._transcript.documents(messages)

    def path(self, identifier: int) -> list[MessageRecord]:
        """The branch from its beginning to this message, shown or not; empty for 0."""
        return self._transcript.path(identifier)

    def replies(self, identifier: int) -> list[MessageRecord]:
        """Techo's replies to a message, all versions, oldest first."""
        return self._transcript.replies(identifier)

    def goes_on(self, identifier: int) -> bool:
        """Whether anything follows on a message."""
        return self._transcript.goes_on(identifier)

    def show_message(self, identifier: int) -> list[MessageRecord]:
        """Shows the newest branch that goes through a message; durable on return."""
        return self._transcript.show(identifier)

    def delete_message(self, identifier: int) -> DeletedMessage:
        """Deletes a message with everything that hangs on it -> what went. Lessons stay (see `delete_entries`).

        Until `purge_deleted`, which closing the profile does as well, `restore_message` brings it back.
        """
        return self._transcript.delete_message(identifier)

    def restore_message(self, identifier: int) -> ConversationRecord:
        """Undoes `delete_message` -> its conversation; MESSAGE_NOT_FOUND when it has been purged."""
        return self._transcript.undelete_message(identifier)

    # ------------------------------------------------------------------------------------------ journal

    def next_entry_id(self) -> int:
        """The id that the next learned turn gets."""
        return self._journal.next_id()

    def append_entry(self, entry: NewEntry) -> int:
        """Commits a learned turn and returns its id (`next_entry_id` as it was before). Durable on return.

        Raises:
            StateError: STATE_MISMATCH, when the profile has learned with other weights.
        """
        check_identity(self._database, self.identity)
        return self._journal.append(entry, self.identity)

    def entries(self, after: int = 0) -> Iterator[EntryRecord]:
        """Learned turns with their payload, ascending. A damaged one is left out, and a notice names it."""
        return self._journal.entries(after)

    def journal(
        self,
        limit: int = 100,
        before: int | None = None,
        words: Sequence[str] = (),
        since: str | None = None,
        until: str | None = None,
        document: int | None = None,
    ) -> list[JournalRecord]:
        """The newest learned turns older than `before`, newest first; see `Journal.page`."""
        return self._journal.page(limit, before, words, since, until, document)

    def entry(self, identifier: int) -> JournalRecord:
        """One learned turn, or ENTRY_NOT_FOUND."""
        return self._journal.get(identifier)

    def learned_from(self, message: int) -> list[int]:
        """The ids of the learned turns that come from a message."""
        return self._journal.learned_from(message)

    def entry_count(self) -> int:
        """Learned turns in force."""
        return self._journal.count()

    def timeline(self) -> list[DayRecord]:
        """The days on which something was learned that is still known, oldest first."""
        return timeline.days(self._database)

    def moment(self, until: str) -> int:
        """The last entry that was learned by a moment as `stamp` writes it; 0 when none was."""
        return timeline.moment(self._database, until)

    def entries_since(self, entry: int) -> list[int]:
        """Ids of all entries after this one, ascending, damaged ones too."""
        return timeline.since(self._database, entry)

    def entries_upto(self, entry: int) -> int:
        """How many entries up to this one are in force."""
        return timeline.upto(self._database, entry)

    def told_since(self, entry: int) -> int:
        """How many messages the entries after this one were learned from, with the replies to them."""
        return timeline.told_since(self._database, entry)

    def delete_entries(self, identifiers: Sequence[int], *, said: bool = False) -> tuple[list[JournalRecord], int]:
        """Forgets learned turns: texts, write sets and, in the same commit, every snapshot that holds one of them.

        The fast weights in memory are the caller's: it rebuilds them by replay (`load_state`, `entries`).

        Args:
            identifiers: Journal ids, at least one.
            said: Whether the messages that they were learned from go as well, with the replies to them.

        Returns:
            The entries, in the order asked for, and how many messages went.

        Raises:
            StoreError: ENTRY_NOT_FOUND, when one of them is not there; then nothing is forgotten.
        """

        def delete() -> tuple[list[JournalRecord], int, list[Path]]:
            with self._database.transaction("forget what was learned"):
                records = [self._journal.get(identifier) for identifier in dict.fromkeys(identifiers)]
                for record in records:
                    self._database.run("DELETE FROM entry WHERE id = ?", (record.id,))
                files = self._snapshots.drop_rows(min(record.id for record in records))
                told = [r.message for r in records if r.message is not None and not self._transcript.buried(r.message)]
                self._transcript.drop_buried()
                return records, self._transcript.erase(told) if said else 0, files

        records, messages, files = self._transcript.healing(delete)
        self._snapshots.remove(files)
        self._scrub()
        return records, messages

    def reset(self) -> None:
        """Drops all that was learned, and nothing that was said. The state is then free for any backbone."""
        with self._database.transaction("reset the learned state"):
            self._database.run("DELETE FROM entry")
            self._transcript.drop_buried()
            self._database.run("UPDATE profile SET backbone = NULL, memory = NULL")
            files = self._snapshots.drop_rows(0)
        self._snapshots.remove(files)
        self._scrub()

    def relearn(self, entries: Sequence[EntryRecord]) -> None:
        """Puts lessons made with the weights of this opening in the place of the same lessons made with others.

        All or nothing: afterwards the state belongs to these weights, whatever it belonged to before.

        Args:
            entries: Every entry in force, with its id, words and moment, and the new figures and payload.
        """
        with self._database.transaction("keep what was learned anew"):
            for entry in entries:
                self._database.run("DELETE FROM entry WHERE id = ?", (entry.id,))
                self._journal.restore(entry)
            self._database.run(
                "UPDATE profile SET backbone = ?, memory = ?", (self.identity.backbone, self.identity.memory)
            )
            files = self._snapshots.drop_rows(0)
        self._snapshots.remove(files)

    def _scrub(self) -> None:
        if not log.remove_aside(self._files, self._database.path):
            self._notice(
                "A damaged log that was set aside may still hold what was forgotten. Remove it by hand.",
                because(Reason.LOG_NOT_REMOVED),
            )
        if not self._database.scrub():
            self._notice(
                "What was forgotten is no longer used, but a copy stays in the database's log until the profile is "
                "closed and the disk has room.",
                because(Reason.LOG_NOT_EMPTIED),
            )

    # ------------------------------------------------------------------------------------------ state

    def load_state(self, upto: int | None = None) -> LoadedState:
        """Where replay starts: the newest snapshot that is whole, or birth. Then come `entries(after=last_entry)`.

        `upto`: only a snapshot that holds no entry after this one.

        Damaged snapshots and entries are set aside and named in the notices; nothing is reset.

        Raises:
            StateError: STATE_MISMATCH when the state belongs to other weights, STATE_NEWER when a newer Techo saved it.
        """
        self._mend_identity()
        check_identity(self._database, self.identity)
        saved = len(self._snapshots.all())
        state = self._snapshots.load(self.identity, upto)
        last_entry = 0 if state is None else state.last_entry
        set_aside = saved - len(self._snapshots.all())
        self._journal.verify(last_entry)
        notices = self.take_notices()
        if set_aside:
            notices.append(
                Remark(
                    "The memory is rebuilt from the journal of learned turns, from the beginning.",
                    because(Reason.REBUILT),
                )
                if state is None
                else Remark(
                    f"The memory is rebuilt from the state after learned turn {last_entry} and the journal since.",
                    because(Reason.REBUILT_AFTER, entry=last_entry),
                )
            )
        return LoadedState(None if state is None else state.arrays, last_entry, notices)

    def _mend_identity(self) -> None:
        """Whom the state belongs to stands in each snapshot as well, under a digest: a flipped byte gives way to it."""
        bound = bound_identity(self._database)
        if bound is None or bound == self.identity or not self._snapshots.belong_to(self.identity):
            return
        with self._database.transaction("repair the profile"):
            self._database.run(
                "UPDATE profile SET backbone = ?, memory = ?", (self.identity.backbone, self.identity.memory)
            )
        self._notice(
            "Which model the learned state belongs to was damaged on disk. It was put right from the saved state.",
            because(Reason.IDENTITY_MENDED),
        )

    def bound_identity(self) -> StateIdentity | None:
        """What the learned state belongs to; None while nothing was learned."""
        return bound_identity(self._database)

    def save_snapshot(self, arrays: Arrays, last_entry: int) -> Path:
        """Saves the fast weights as they are after `last_entry`. The newest two snapshots are kept.

        Raises:
            StateError: STATE_MISMATCH, when the profile has learned with other weights.
        """
        check_identity(self._database, self.identity)
        return self._snapshots.save(arrays, last_entry, self.identity, self.next_entry_id())

    def snapshots(self) -> list[SnapshotRecord]:
        """Newest first."""
        return self._snapshots.all()

    def discard_snapshots(self, from_entry: int) -> None:
        """Drops the snapshots that hold `from_entry` or later ones (`delete_entries` does so by itself)."""
        with self._database.transaction("discard saved states"):
            files = self._snapshots.drop_rows(from_entry)
        self._snapshots.remove(files)

    # ------------------------------------------------------------------------------------------ export

    def export(self, path: Path, overwrite: bool = False) -> int:
        """Writes the whole profile to one file; returns its size. After a crash it is there in full or not at all.

        That of an encrypted profile opens with the same passphrase. An existing file is refused unless `overwrite`.
        """
        path = path.absolute()
        self._refuse_place(path, overwrite)
        # In one transaction: the file shows one moment.
        with self._database.transaction("export the profile"):
            bound = bound_identity(self._database)
            source = archive.Source(
                profile=self.record,
                created=self._database.now(),
                identity=bound,
                state=None if bound is None else self._snapshots.load(bound),
                transcript=self._transcript,
                journal=self._journal,
                key=self._key,
                slot=None if self._key is None else self.key_file().passphrase,
            )
            return archive.write(self._files, path, source)

    def export_conversation(
        self, identifier: int, path: Path, kind: Kind, *, speakers: Speakers, overwrite: bool = False
    ) -> int:
        """Writes one conversation to a file for people or other programs; returns its size. As safe as `export`.

        Raises:
            StoreError: CONVERSATION_NOT_FOUND; the file exists already, or the disk refuses.
        """
        path = path.absolute()
        self._refuse_place(path, overwrite)
        with self._database.transaction("export the conversation"):
            conversation = self.conversation(identifier)
            shown = self.messages(identifier)
            if kind == "markdown":
                text = conversation_file.to_markdown(conversation, shown, speakers)
            else:
                everything = self.every_version(identifier)
                ids = [message.id for message in shown]
                text = conversation_file.to_json(conversation, everything, ids, self._database.now())
        return conversation_file.write(self._files, path, text)

    def _refuse_place(self, path: Path, overwrite: bool) -> None:
        with disk_errors("export", path):
            folder = path.parent.resolve()
            if self._store == folder or self._store in folder.parents:
                raise StoreError(
                    f"Could not export to {path}: that is inside Techo's own folder.",
                    "Choose another folder.",
                    because=because(Reason.EXPORT_INSIDE, path=str(path)),
                )
            if not overwrite and self._files.stat(path) is not None:
                raise StoreError(
                    f"Could not export: {path} exists already.",
                    "Choose another name, or allow overwriting it.",
                    because=because(Reason.EXPORT_EXISTS, path=str(path)),
                )
