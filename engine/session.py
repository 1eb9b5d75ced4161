"""One open profile: journal, snapshots and fast weights kept in step.

The rule that everything here follows: **the fast weights in memory are those that the disk gives back.** A lesson is
first worked into the fast weights (that tells what it changed), then committed to the journal; when the commit fails,
the fast weights are rebuilt from the disk, so that nothing is remembered today that is gone tomorrow. The state after
any set of entries is the replay of exactly these entries in order, by integers alone; forgetting is therefore deleting
an entry and replaying the rest.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.bit_ttt import LearnReport, Memory, Part, TurnWrite
from engine.errors import Cancelled, EngineError, ErrorCode, StateError, StoreError
from engine.protocol import Learned, MemoryStats
from engine.reasons import Reason, Remark, because
from engine.store import JournalRecord, NewEntry, Profile

logger = logging.getLogger(__name__)

SNAPSHOT_EVERY: Final = 128
"""Journal entries between two snapshots; also the most that an opening has to replay after a crash."""


MOST_REPEATS: Final = 10_000
"""Entries that are looked through for a text's repetitions."""


class Lesson(NamedTuple):
    """One learned turn, and the seconds of the inner loop without the commit."""

    learned: Learned
    seconds: float


class Session:
    """An open profile with its fast weights. One worker owns it.

    A profile whose state belongs to other weights, is newer than this engine or cannot be read opens all the same: its
    conversations can be read, it can be exported, and its memory reset. Everything that needs the fast weights raises
    the reason.
    """

    def __init__(self, profile: Profile, newborn: Memory, text_of: Callable[[Sequence[int]], str]) -> None:
        """Brings the fast weights up to date: newest good snapshot, then the journal since.

        Args:
            profile: Open, with its lock; now belongs to the session.
            newborn: A memory that has learned nothing, with the slow weights to use.
            text_of: Tokens to text, for display.

        Raises:
            StoreError: The disk refused. The profile is then still the caller's to close.
        """
        self.profile: Final = profile
        self.notices: list[Remark] = []
        """What a person should know about this opening."""
        self._newborn = newborn
        self._text_of = text_of
        self._memory: Memory | None = None
        self._refused: EngineError | None = None
        self._last_entry = 0
        self._unsaved = 0
        self._compared: tuple[int, MemoryStats] | None = None
        """The moment that was last replayed; learning more does not change it, forgetting may."""
        self._open_memory()
        self.notices += profile.take_notices()

    # ------------------------------------------------------------------------------------------ the fast weights

    @property
    def memory(self) -> Memory:
        """The fast weights as they are on disk.

        Raises:
            StateError: The state was refused when the profile was opened.
            StoreError: It had to be read again after a failed commit, and the disk refused.
        """
        if self._refused is not None:
            raise self._refused
        if self._memory is None:
            self._rebuild()
        assert self._memory is not None
        return self._memory

    def _open_memory(self) -> None:
        try:
            self._rebuild()
        except StateError as error:
            self._refused = error
            words = f"{error.message} {error.hint}".strip()
            self.notices.append(Remark(words, because(Reason.STATE_REFUSED), error))

    def _rebuild(self) -> None:
        """State = newest good snapshot + replay of the journal after it."""
        self._memory = None  # not two sets of fast weights at once
        self._compared = None
        loaded = self.profile.load_state()
        self.notices += loaded.notices
        memory = restored(self._newborn, loaded.arrays)
        last, count = loaded.last_entry, 0
        for entry in self.profile.entries(after=last):
            memory.learn(parsed(entry.payload, entry.id), entry.id)
            last, count = entry.id, count + 1
        self._memory, self._last_entry, self._unsaved = memory, last, count

    def learn(self, part: Part, message: int | None) -> Lesson:
        """The inner loop on one turn (or part of a long one), committed when this returns.

        Args:
            part: As the writer encoded it.
            message: The transcript's message that it comes from.
        """
        began = time.perf_counter()
        write = self.memory.write(part)
        if not write:
            return Lesson(nothing_learned(), time.perf_counter() - began)
        return self._learn(write, part.text, message, began)

    def confirm(self, entry: int) -> Learned:
        """Hears a learned turn again, in the very same words: its neurons are strengthened, and it is the newest now.

        That is an entry of its own: forgetting it takes the confirmation back.

        Raises:
            StoreError: ENTRY_NOT_FOUND.
            StateError: The entry cannot be read.
        """
        known = self.profile.entry(entry)
        found = next((record for record in self.profile.entries(after=entry - 1) if record.id == entry), None)
        if found is None:
            raise StateError(
                f"The learned turn {entry} is damaged.",
                f"Forget it (techo memory forget {entry}), and tell it anew.",
                because=because(Reason.ENTRY_DAMAGED, entry=entry),
            )
        return self._learn(parsed(found.payload, entry), known.text, known.message, time.perf_counter()).learned

    def _learn(self, write: TurnWrite, text: str, message: int | None, began: float) -> Lesson:
        """The inner loop on a write set that is not empty, committed when this returns."""
        memory = self.memory
        entry = self.profile.next_entry_id()
        report = memory.learn(write, entry)
        seconds = time.perf_counter() - began
        try:
            committed = self.profile.append_entry(
                NewEntry(
                    message=message,
                    text=text,
                    surprise=report.surprise,
                    recruited=report.recruited,
                    strengthened=report.strengthened,
                    overwritten=report.overwritten,
                    recycled=report.recycled,
                    payload=write.to_bytes(),
                )
            )
        except BaseException:
            self._memory = None  # read again from disk at the next use
            raise
        assert committed == entry, "the journal's numbers and the memory's have come apart"
        self._last_entry, self._unsaved = entry, self._unsaved + 1
        if self._unsaved >= SNAPSHOT_EVERY:
            self._try_snapshot()
        return Lesson(self._learned(entry, report), seconds)

    def _learned(self, entry: int, report: LearnReport) -> Learned:
        return Learned(
            entry=entry,
            surprise=report.surprise,
            recruited=report.recruited,
            strengthened=report.strengthened,
            overwritten=report.overwritten,
            recycled=report.recycled,
            tokens=[self._text_of([token]) for token in report.tokens],
        )

    def with_repeats(self, entries: Sequence[int]) -> list[int]:
        """The same entries and all others of the very same words."""
        found = dict.fromkeys(entries)
        for entry in entries:
            text = self.profile.entry(entry).text
            alike = self.profile.journal(MOST_REPEATS, words=text.split()[:8])
            found |= dict.fromkeys(record.id for record in alike if record.text == text)
        return list(found)

    def forget(self, entries: Sequence[int], *, said: bool = False) -> tuple[list[JournalRecord], int]:
        """Forgets learned turns: afterwards the state is that of a memory which never learned them.

        Args:
            entries: Journal ids, at least one.
            said: Whether the messages that they were learned from go as well, with the replies to them.

        Returns:
            The entries, and how many messages went.

        Raises:
            StoreError: ENTRY_NOT_FOUND (nothing is forgotten then), or the disk refused.
        """
        if self._refused is not None and self._refused.code != ErrorCode.STATE_DAMAGED:
            raise self._refused
        gone = self.profile.delete_entries(entries, said=said)
        self._rebuild()
        self._refused = None
        self._try_snapshot()
        return gone

    def go_back(self, entry: int, *, said: bool = False) -> tuple[list[JournalRecord], int]:
        """Forgets everything that was learned after this entry: the state is the one that these lessons had led to.

        Arguments and errors as for `forget`; 0 goes back to birth. What was forgotten since then stays forgotten.

        Raises:
            StoreError: ENTRY_NOT_FOUND, when nothing was learned after it.
        """
        gone = self.profile.entries_since(entry)
        if not gone:
            raise StoreError(
                "Nothing was learned after that moment.",
                "Choose an earlier one (techo memory timeline).",
                code=ErrorCode.ENTRY_NOT_FOUND,
                because=because(Reason.NOTHING_SINCE),
            )
        return self.forget(gone, said=said)

    def stats_after(self, entry: int, cancelled: Callable[[], bool]) -> MemoryStats:
        """The gauge as it stood after this entry: the lessons up to it are replayed in a memory beside this one.

        Args:
            entry: Journal id, or 0 for birth.
            cancelled: Asked before each lesson.

        Raises:
            Cancelled: It was stopped.
        """
        if self._compared is not None and self._compared[0] == entry:
            return self._compared[1]
        loaded = self.profile.load_state(upto=entry)
        self.notices += loaded.notices
        memory = restored(self._newborn, loaded.arrays)
        for record in self.profile.entries(after=loaded.last_entry):
            if record.id > entry:
                break
            if cancelled():
                raise Cancelled("Comparing was stopped.")
            memory.learn(parsed(record.payload, record.id), record.id)
        stats = _gauge(memory, learned=self.profile.entries_upto(entry), snapshot=0)
        self._compared = entry, stats
        return stats

    def relearn(self, read: Callable[[str], Part], cancelled: Callable[[], bool]) -> int:
        """Learns the whole journal anew with the weights of today: the way on after a change of model or of version.

        The same turns in the same order, under the same numbers; what they were worth is weighed again. All or
        nothing: until the last one is read, the profile is what it was.

        Args:
            read: A turn's words, as the writer of today encodes them.
            cancelled: Asked before each turn.

        Returns:
            How many turns were learned.

        Raises:
            Cancelled: Nothing was changed.
            StateError: The state is newer than this engine: what it says cannot be judged.
        """
        if self._refused is not None and self._refused.code != ErrorCode.STATE_MISMATCH:
            raise self._refused
        memory = restored(self._newborn, None)
        anew = []
        for entry in self.profile.entries():
            if cancelled():
                raise Cancelled("Learning anew was stopped. Nothing was changed.")
            write = memory.write(read(entry.text))
            report = memory.learn(write, entry.id)
            anew.append(
                replace(
                    entry,
                    surprise=report.surprise,
                    recruited=report.recruited,
                    strengthened=report.strengthened,
                    overwritten=report.overwritten,
                    recycled=report.recycled,
                    payload=write.to_bytes(),
                )
            )
        self.profile.relearn(anew)
        self._refused = None
        self._rebuild()
        self._try_snapshot()
        return len(anew)

    def reset(self) -> None:
        """Forgets everything that was learned and nothing that was said; also clears a refused state."""
        self.profile.reset()
        self._refused = None
        self._rebuild()

    def stats(self) -> MemoryStats:
        """The gauge."""
        snapshots = self.profile.snapshots()
        newest = snapshots[0].bytes if snapshots else 0
        return _gauge(self.memory, learned=self.profile.entry_count(), snapshot=newest)

    # ------------------------------------------------------------------------------------------ disk

    def _try_snapshot(self) -> None:
        """Saves a snapshot. Without it nothing is lost: the journal has everything, and opening takes longer."""
        if self._memory is None or self._last_entry == 0:
            return
        try:
            self.profile.save_snapshot(self._memory.fast.arrays(), self._last_entry)
        except EngineError as error:
            logger.warning("no snapshot: %s", error.message)
            words = f"The memory's state could not be saved; its journal is complete. {error.message}"
            self.notices.append(Remark(words, because(Reason.STATE_NOT_SAVED), error))
        else:
            self._unsaved = 0

    def export(self, path: Path, *, overwrite: bool) -> int:
        """Writes the whole profile to one file; its size in bytes."""
        if self._refused is None and self._unsaved:
            self._try_snapshot()
        return self.profile.export(path, overwrite)

    def take_notices(self) -> list[Remark]:
        """What a person should know and was not told yet."""
        self.notices.extend(self.profile.take_notices())
        taken = list(self.notices)
        self.notices.clear()
        return taken

    def close(self) -> None:
        """Saves a snapshot if anything was learned since the last one, and lets go of the profile."""
        try:
            if self._unsaved:
                self._try_snapshot()
        finally:
            self._memory = None
            self.profile.close()


# ---------------------------------------------------------------------------------------------- validation


def restored(newborn: Memory, arrays: Mapping[str, NDArray[Any]] | None) -> Memory:
    """Fast weights from saved arrays; None: from birth.

    Raises:
        StateError: STATE_DAMAGED, when they are not the state of such a memory.
    """
    try:
        memory = newborn.with_state(arrays)
        # A newly born memory is zeros that the system has not given any room yet. Taking it now, all of it, is what
        # makes memory use flat from the first turn on.
        for array in memory.fast.arrays().values():
            array[...] = array.copy()
        return memory
    except ValueError as error:
        raise StateError(
            f"The memory's saved state cannot be used: {error}.", "Restore the profile from an exported file."
        ) from error


def parsed(payload: bytes, entry: int) -> TurnWrite:
    """A journal entry's write set.

    Raises:
        StateError: STATE_DAMAGED.
    """
    try:
        return TurnWrite.from_bytes(payload)
    except ValueError as error:
        raise StateError(
            f"The learned turn {entry} cannot be read: {error}.",
            f"Forget it (techo memory forget {entry}).",
            because=because(Reason.ENTRY_DAMAGED, entry=entry),
        ) from error


def _gauge(memory: Memory, *, learned: int, snapshot: int) -> MemoryStats:
    stats = memory.stats()
    return MemoryStats(
        state_bytes=stats.state_bytes,
        snapshot_bytes=snapshot,
        neurons=stats.neurons,
        neurons_used=stats.neurons_used,
        turns=stats.turns,
        turns_used=stats.turns_used,
        turns_learned=learned,
        turns_recycled=stats.turns_recycled,
    )


class ImportCheck:
    """Tries an imported state on for size, so that a file that would break a session is refused while it is a file."""

    def __init__(self, newborn: Memory) -> None:
        self._newborn = newborn
        self._scratch: Memory | None = None
        self._entry = int(np.iinfo(np.int32).max) // 2  # beyond every journal id in the arrays

    def arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Raises ValueError when the arrays are not the state of such a memory."""
        self._newborn.with_state(arrays)

    def payload(self, payload: bytes) -> None:
        """Raises ValueError when the inner loop cannot take this write set."""
        write = TurnWrite.from_bytes(payload)
        if self._scratch is None:
            self._scratch = self._newborn.with_state(None)
        self._entry += 1
        try:
            self._scratch.learn(write, self._entry)
        except Exception as error:
            raise ValueError(f"the memory cannot learn it ({type(error).__name__})") from error


def nothing_learned() -> Learned:
    """A turn in which nothing was worth writing."""
    return Learned(entry=None, surprise=0.0, recruited=0, strengthened=0, overwritten=0, recycled=0, tokens=[])
