"""`techo memory stats | journal | forget | reset | export | import`."""

from __future__ import annotations

from argparse import Namespace

from engine.cli.connection import connect
from engine.cli.console import EXIT_OK, Console, bytes_text, table
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    Confirm,
    EntryId,
    Exported,
    FilePath,
    Forgotten,
    JournalEntry,
    JournalList,
    JournalPage,
    MemoryImport,
    MemoryStats,
    ProfileInfo,
)


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


def journal_text(entries: list[JournalEntry]) -> str:
    """The journal as a table; long turns are cut to one line."""
    if not entries:
        return "Nothing has been learned yet."
    rows = [
        [str(entry.id), entry.created[:16].replace("T", " "), f"{entry.surprise:.2f}", _one_line(entry.text, 90)]
        for entry in entries
    ]
    return table(["entry", "learned", "surprise", "what you said"], rows)


def journal(options: Namespace, console: Console) -> int:
    """The learned turns, newest first."""
    with connect(options, console) as engine:
        page = JournalPage(limit=options.limit, before=options.before)
        found = engine.call("memory.journal", page, JournalList)
    console.result({"entries": found.entries}, journal_text(found.entries))
    return EXIT_OK


def forget(options: Namespace, console: Console) -> int:
    """Forgets one learned turn exactly."""
    with connect(options, console) as engine:
        gone = engine.call("memory.forget", EntryId(entry=options.entry), Forgotten)
    console.result(gone, f"Forgot entry {gone.entry}: {_one_line(gone.text, 200)}")
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
        try:
            done = engine.call("memory.export", target, Exported)
        except EngineError as error:
            if options.file.exists() and not options.overwrite:
                error.hint = "Choose another name, or add --overwrite."
            raise
    console.result(done, f"Wrote {done.path} ({bytes_text(done.bytes)}).")
    return EXIT_OK


def import_file(options: Namespace, console: Console) -> int:
    """Makes a new profile from an exported file, after the engine has checked all of it."""
    with connect(options, console, open_profile=False) as engine:
        source = MemoryImport(path=str(options.file.absolute()), name=options.name)
        profile = engine.call("memory.import", source, ProfileInfo)
    console.result(profile, f'Imported as the profile "{profile.name}".')
    return EXIT_OK


def _one_line(text: str, width: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"
