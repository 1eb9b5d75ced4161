"""`techo memory stats | journal | forget | relearn | reset | export | import`."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Final

from engine.cli.connection import Connection, connect, written
from engine.cli.console import EXIT_OK, Console, UsageError, bytes_text, counted, table
from engine.cli.passphrases import unlocked
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    Confirm,
    ConfirmEntry,
    FilePath,
    Forget,
    Forgotten,
    JournalEntry,
    JournalList,
    JournalPage,
    Learned,
    MemoryImport,
    MemoryStats,
    ProfileInfo,
    Relearned,
)

_PAGE: Final = 1000
"""Entries asked for at once."""


def stats_text(stats: MemoryStats) -> str:
    """The gauge in words."""
    share = 100 * stats.neurons_used / stats.neurons if stats.neurons else 0.0
    rows = [
        ["turns learned", f"{stats.turns_learned:,}"],
        ["neurons in use", f"{stats.neurons_used:,} of {stats.neurons:,} ({share:.1f} %)"],
        ["turn addresses in use", f"{stats.turns_used:,} of {stats.turns:,}"],
        ["turns recycled", f"{stats.turns_recycled:,}"],
        ["size of the memory", f"{bytes_text(stats.state_bytes)} (does not grow)"],
        ["newest snapshot", bytes_text(stats.snapshot_bytes) if stats.snapshot_bytes else "none yet"],
    ]
    width = max(len(row[0]) for row in rows)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in rows)


def stats(options: Namespace, console: Console) -> int:
    """Size and use of the memory."""
    with connect(options, console) as engine:
        found = engine.call("memory.stats", None, MemoryStats)
    console.result(found, stats_text(found))
    return EXIT_OK


def journal_text(entries: list[JournalEntry], empty: str = "") -> str:
    """The journal as a table; long turns are cut to one line. `empty`: what to say when there is none."""
    if not entries:
        return empty or "Nothing has been learned yet."
    rows = [
        [
            str(entry.id),
            entry.created[:16].replace("T", " "),
            f"{entry.surprise:.2f}",
            _one_line(entry.text, 90) + (f"  (from {_one_line(entry.source, 40)})" if entry.source else ""),
        ]
        for entry in entries
    ]
    return table(["entry", "learned", "surprise", "what you said"], rows)


def journal(options: Namespace, console: Console) -> int:
    """The learned turns, newest first."""
    with connect(options, console) as engine:
        page = _page(options, options.limit, options.before)
        found = engine.call("memory.journal", page, JournalList)
    empty = "No learned turn is like that." if _narrowed(options) else ""
    console.result({"entries": found.entries}, journal_text(found.entries, empty))
    return EXIT_OK


def forget(options: Namespace, console: Console) -> int:
    """Forgets learned turns exactly: those named, the last one, or all that hold some words or are of some time."""
    some = _narrowed(options) or options.document is not None
    if not (options.entries or options.last or some):
        raise UsageError(
            "There is nothing to forget.",
            "Name entries (techo memory journal), or use --last, --words, --since, --until, --document.",
        )
    if bool(options.entries) + options.last + some > 1:
        raise UsageError("Name entries, or --last, or --document, --words, --since and --until: one of the three.")
    with connect(options, console) as engine:
        chosen = options.entries or [entry.id for entry in _chosen(engine, options, console)]
        if not chosen:
            raise EngineError(
                "No learned turn is like that.", "See techo memory journal.", code=ErrorCode.ENTRY_NOT_FOUND
            )
        gone = engine.call(
            "memory.forget", Forget(entries=chosen, said=options.said, repeats=options.repeats), Forgotten
        )
    console.result(gone, forgotten_text(gone))
    return EXIT_OK


def confirm(options: Namespace, console: Console) -> int:
    """Has a learned turn heard again, in its own words."""
    with connect(options, console) as engine:
        learned = engine.call("memory.confirm", ConfirmEntry(entry=options.entry), Learned)
    console.result(learned, f"Entry {learned.entry}: {learned.strengthened} neurons strengthened.")
    return EXIT_OK


def _chosen(engine: Connection, options: Namespace, console: Console) -> list[JournalEntry]:
    """The last lesson; or all that the options narrow it down to, after the person has seen them and said yes."""
    if options.last:
        return engine.call("memory.journal", JournalPage(limit=1), JournalList).entries
    found: list[JournalEntry] = []
    while True:
        page = _page(options, _PAGE, found[-1].id if found else None)
        more = engine.call("memory.journal", page, JournalList).entries
        found += more
        if len(more) < _PAGE:
            break
    if options.document is not None:
        name = Path(options.document).name
        found = [entry for entry in found if entry.source == name]
    if found:
        if console.interactive and not options.yes:
            console.note(journal_text(found))
        turns = counted(len(found), "learned turn")
        console.confirm(f"This forgets {turns}, for good.", yes=options.yes)
    return found


def _page(options: Namespace, limit: int, before: int | None) -> JournalPage:
    return JournalPage(limit=limit, before=before, words=options.words, since=options.since, until=options.until)


def _narrowed(options: Namespace) -> bool:
    return bool(options.words.strip() or options.since or options.until)


def forgotten_text(gone: Forgotten) -> str:
    """What was removed where."""
    lines = [f"Forgot entry {entry.id}: {_one_line(entry.text, 160)}" for entry in gone.entries]
    where = "the weights and the journal"
    if gone.messages:
        messages = counted(gone.messages, "message")
        lines.append(f"Gone from {where}, and {messages} from the conversations.")
    else:
        lines.append(f"Gone from {where}. What was said is still in the conversations.")
    return "\n".join(lines)


def relearn(options: Namespace, console: Console) -> int:
    """Learns the journal anew, after a change of model or of Techo's version."""
    with connect(options, console) as engine:
        done = engine.call("memory.relearn", None, Relearned)
    turns = "1 turn" if done.turns == 1 else f"{done.turns:,} turns"
    console.result(done, f"Learned {turns} anew.")
    return EXIT_OK


def reset(options: Namespace, console: Console) -> int:
    """Empties the memory. The engine itself says what would be lost, and that is what the user is asked."""
    with connect(options, console) as engine:
        try:
            after = engine.call("memory.reset", Confirm(confirm=options.yes), MemoryStats)
        except EngineError as error:
            if error.code != ErrorCode.NOT_CONFIRMED:
                raise
            console.confirm(error.message, yes=False)
            after = engine.call("memory.reset", Confirm(confirm=True), MemoryStats)
    console.result(after, "The memory is empty. The conversations are still there.")
    return EXIT_OK


def export(options: Namespace, console: Console) -> int:
    """Writes the profile to one file."""
    with connect(options, console) as engine:
        # The engine is another process with a folder of its own: a relative name has to be made absolute here.
        target = FilePath(path=str(options.file.absolute()), overwrite=options.overwrite)
        done = written(engine, "memory.export", target)
    console.result(done, f"Wrote {done.path} ({bytes_text(done.bytes)}).")
    return EXIT_OK


def import_file(options: Namespace, console: Console) -> int:
    """Makes a new profile from an exported file, after the engine has checked all of it."""
    with connect(options, console, open_profile=False) as engine:
        source = MemoryImport(path=str(options.file.absolute()), name=options.name)

        def bring(typed: str | None) -> ProfileInfo:
            source.passphrase = typed
            return engine.call("memory.import", source, ProfileInfo)

        profile = unlocked(options, console, str(options.file), bring)
    console.result(profile, f'Imported as the profile "{profile.name}".')
    return EXIT_OK


def _one_line(text: str, width: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"
