"""Whether the log that a crash left beside the database (SQLite's WAL) is whole.

When SQLite opens a log with a damaged byte in it, it uses what stands before that byte and silently drops every commit
behind it; of a damaged first block it drops all. So the log is looked at before SQLite sees it, and one that is not
whole is set aside as a copy and told of. SQLite's file formats: https://www.sqlite.org/fileformat2.html#walformat and
https://www.sqlite.org/walformat.html (the index in shared memory, `-shm`). An encrypted database has the same log, its
checksums are those of the encrypted pages.

What a crash leaves is not damage: an unfinished frame at the end, frames of a transaction without its commit, and
behind them frames of an earlier use of the file (with other salts). After a loss of power the end of the log may be
torn; that is told as well, since nobody can know whether it had been promised. The index knows how many frames were
committed before a process died, so that a log which was cut off behind a whole commit is noticed, too. After a loss of
power it may not: such a log cannot be told from one that ended there.
"""

from __future__ import annotations

import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from engine.reasons import Reason, Remark, because
from engine.store.files import Files, disk_errors, write_atomically

SUFFIX: Final = "-wal"
ASIDE: Final = "-wal.damaged"
UNTOLD: Final = "-wal.damaged.new"
"""One that nobody was told of yet: a list of profiles may come before the opening."""
_HEADER: Final = struct.Struct(">8I")  # magic, version, page size, checkpoints, salts, checksum
_FRAME: Final = struct.Struct(">6I")  # page, pages after the commit (else 0), salts, checksum
_MAGIC: Final = 0x377F0682  # the lowest bit: checksums are of big-endian words
_VERSION: Final = 3_007_000
_INDEX: Final = 48
_MOST: Final = 256 * 1024 * 1024


def is_there(files: Files, database: Path) -> bool:
    """Whether there is a log with anything in it: of an open profile, or left by a crash."""
    found = files.stat(database.with_name(database.name + SUFFIX))
    return found is not None and found.st_size > 0


def set_aside_if_damaged(files: Files, database: Path) -> None:
    """Copies a log that is not whole to a file beside it. To be called by whoever holds the profile's lock.

    The log itself stays: what SQLite can still use of it, it uses.
    """
    path = database.with_name(database.name + SUFFIX)
    with disk_errors("read the log of the newest changes", path):
        found = files.stat(path)
        if found is None or not _HEADER.size < found.st_size <= _MOST:
            return
        with files.open_read(path) as file:
            data = file.read()
        if not _is_whole(data, _committed(files, database)):
            aside = database.with_name(database.name + UNTOLD)
            write_atomically(files, aside, [data], len(data))


def take_notice(files: Files, database: Path) -> Remark | None:
    """What a person should know of a log that was set aside and was not told of yet; None: there is none."""
    untold = database.with_name(database.name + UNTOLD)
    aside = database.with_name(database.name + ASIDE)
    with disk_errors("set the damaged log aside", aside):
        if files.stat(untold) is None:
            return None
        files.rename(untold, aside)
        files.sync_folder(aside.parent)
    return Remark(
        "The log of the newest changes was damaged on disk when Techo last ended (a failing disk, or a loss of power): "
        "what was said or learned last may be missing. Look at the end of your newest chat, and tell Techo again what "
        f"is not there. A copy of the damaged log was set aside as {aside.name}.",
        because(Reason.LOG_DAMAGED, aside=aside.name),
    )


def remove_aside(files: Files, database: Path) -> bool:
    """Removes a log that was set aside, since it may hold what is being forgotten -> whether none is left."""
    with suppress(OSError):
        for suffix in (ASIDE, UNTOLD):
            aside = database.with_name(database.name + suffix)
            if files.stat(aside) is not None:
                files.remove_file(aside)
                files.sync_folder(aside.parent)
        return True
    return False


def _is_whole(data: bytes, committed: tuple[bytes, int] | None) -> bool:
    magic, version, page, _, salt1, salt2, *stated = _HEADER.unpack_from(data)
    big = magic == _MAGIC | 1
    if magic & ~1 != _MAGIC or version != _VERSION or page < 512 or page > 65_536 or page & (page - 1):
        return False
    check = _checksum(data[:24], (0, 0), big)
    if list(check) != stated:
        return False
    step = _FRAME.size + page
    known = committed is not None and committed[0] == data[16:24]
    whole = 0  # frames up to the first one that is not
    bad = ended = False
    for number in range((len(data) - _HEADER.size) // step):
        start = _HEADER.size + number * step
        *_, first, second, check1, check2 = _FRAME.unpack_from(data, start)
        if (first, second) != (salt1, salt2):
            ended = True  # unless frames of this use of the file go on behind it
            continue
        if bad or ended:
            return False
        check = _checksum(data[start : start + 8], check, big)
        check = _checksum(data[start + _FRAME.size : start + step], check, big)
        if check == (check1, check2):
            whole = number + 1
        else:
            bad = True
    if not known or committed is None:
        return not bad
    # A process that died between the two halves of a frame leaves it bad, the last one, and not committed.
    return whole >= committed[1]


def _checksum(data: bytes, before: tuple[int, int], big: bool) -> tuple[int, int]:
    first, second = before
    words = struct.unpack(f"{'>' if big else '<'}{len(data) // 4}I", data)
    for place in range(0, len(words), 2):
        first = (first + words[place] + second) & 0xFFFFFFFF
        second = (second + words[place + 1] + first) & 0xFFFFFFFF
    return first, second


def _committed(files: Files, database: Path) -> tuple[bytes, int] | None:
    """The log's salts and its committed frames, as the index of a process that died knows them; None: it does not."""
    path = database.with_name(database.name + "-shm")
    if files.stat(path) is None:
        return None
    with files.open_read(path) as file:
        data = file.read(2 * _INDEX)
    header = data[:_INDEX]
    if len(data) < 2 * _INDEX or header != data[_INDEX:]:
        return None
    big = sys.byteorder == "big"
    order = ">" if big else "<"
    if struct.unpack_from(order + "2I", header, 40) != _checksum(header[:40], (0, 0), big):
        return None
    (frames,) = struct.unpack_from(order + "I", header, 16)
    return header[32:40], frames
