"""What a disk holds after a loss of power at any moment: from a trace of a process's system calls.

The real process runs under strace, SQLite's own writes included. The model of the disk is the pessimistic one that
SQLite's tests use: what was written to a file is safe when the file was synced, what was created, renamed or removed in
a folder is safe when the folder was synced; of everything else anything may be left.

    killed   the process died; the system lives on and writes everything
    dropped  nothing is left of what was not synced
    torn     of what was not synced, a beginning is left, of each file another one; cut at a sector
    garbled  of what was not synced, each sector is there, missing, or noise
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

MODES: Final = ("killed", "dropped", "torn", "garbled")
SECTOR: Final = 512
CALLS: Final = (
    "openat,write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir"
)


def strace(output: Path) -> list[str]:
    """The beginning of a command line that traces what comes after it."""
    return ["strace", "-f", "-y", "-xx", "-s", "100000000", "-e", f"trace={CALLS}", "-o", str(output)]


@dataclass(frozen=True)
class Operation:
    """One system call that succeeded. `data`: what was written; `number`: offset (-1: at the end) or length."""

    call: str
    path: str
    target: str = ""
    data: bytes = b""
    number: int = 0


_LINE: Final = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+)")
_PAUSED: Final = re.compile(r"^(\d+) +(.*) <unfinished \.\.\.>$")
_RESUMED: Final = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")
_TEXT: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"|<((?:\\x[0-9a-f]{2})*)>')
STDOUT: Final = "<stdout>"


def operations(trace: Path, root: Path) -> Iterator[Operation]:
    """The changes below `root`, and what was written to standard output, in order."""
    paused: dict[str, str] = {}
    with trace.open(encoding="ascii") as file:
        for line in file:
            line = line.rstrip("\n")
            if found := _PAUSED.match(line):
                paused[found[1]] = f"{found[1]} {found[2]}"
                continue
            if found := _RESUMED.match(line):
                line = paused.pop(found[1]) + found[2]
            if (found := _LINE.match(line)) and int(found[4]) >= 0:
                yield from _operation(found[2], found[3], int(found[4]), str(root))


def _operation(call: str, arguments: str, result: int, root: str) -> Iterator[Operation]:
    texts = [bytes.fromhex((a or b).replace("\\x", "")) for a, b in _TEXT.findall(arguments)]
    plain = [part.strip() for part in _TEXT.sub("", arguments).split(",")]
    if call == "write" and arguments.startswith("1<"):
        yield Operation("say", STDOUT, data=texts[1])
        return
    # Of the calls with a folder's descriptor the paths are absolute all the same: nothing here changes folders.
    paths = [text.decode() for text in texts if text.startswith(b"/")]
    inside = [path for path in paths if path.startswith(root)]
    if not inside:
        return
    if call == "openat":
        if "O_CREAT" in arguments:
            yield Operation("create", inside[-1])
        if "O_TRUNC" in arguments:
            yield Operation("cut", inside[-1])
    elif call == "write":
        yield Operation("write", inside[0], data=texts[1][:result], number=-1)
    elif call == "pwrite64":
        yield Operation("write", inside[0], data=texts[1][:result], number=int(plain[-1]))
    elif call in ("fsync", "fdatasync"):
        yield Operation("sync", inside[0])
    elif call == "ftruncate":
        yield Operation("cut", inside[0], number=int(plain[-1]))
    elif call.startswith("rename"):
        yield Operation("rename", inside[-2], target=inside[-1])
    elif call in ("unlink", "rmdir") or call == "unlinkat":
        yield Operation("remove", inside[-1])
    elif call.startswith("mkdir"):
        yield Operation("mkdir", inside[-1])


@dataclass
class _File:
    """A file: as it was when it was last synced, and what happened to it since."""

    safe: bytes = b""
    now: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, bytes | None]] = field(default_factory=list)
    """(offset, data), or (length, None) for a cut."""

    def write(self, offset: int, data: bytes) -> None:
        offset = len(self.now) if offset < 0 else offset
        self.since.append((offset, data))
        _apply(self.now, offset, data)

    def cut(self, length: int) -> None:
        self.since.append((length, None))
        _apply(self.now, length, None)

    def sync(self) -> None:
        self.safe, self.since = bytes(self.now), []

    def after(self, mode: str, dice: random.Random) -> bytes:
        if mode == "killed" or not self.since:
            return bytes(self.now)
        data = bytearray(self.safe)
        if mode == "torn":
            kept = self.since[: dice.randint(0, len(self.since))]
            for place, (offset, change) in enumerate(kept):
                if change is not None and place == len(kept) - 1:
                    change = change[: dice.randint(0, len(change) // SECTOR + 1) * SECTOR]
                _apply(data, offset, change)
        elif mode == "garbled":
            for offset, change in self.since:
                if change is None:
                    if dice.random() < 0.5:
                        _apply(data, offset, None)
                    continue
                for start in range(0, len(change), SECTOR):
                    part = change[start : start + SECTOR]
                    fate = dice.randrange(3)
                    if fate:
                        _apply(data, offset + start, part if fate == 1 else dice.randbytes(len(part)))
        return bytes(data)


def _apply(data: bytearray, offset: int, change: bytes | None) -> None:
    if change is None:
        if offset < len(data):
            del data[offset:]
        else:
            data.extend(bytes(offset - len(data)))
        return
    if offset > len(data):
        data.extend(bytes(offset - len(data)))
    data[offset : offset + len(change)] = change


Entry = _File | None
"""What a name stands for: a file, or (None) a folder."""


class Disk:
    """What is on the disk, as the living system sees it and as it would be after a loss of power."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._safe: dict[str, Entry] = {self._root: None}
        self._now: dict[str, Entry] = {self._root: None}
        self._pending: list[tuple[Operation, Entry]] = []

    def do(self, operation: Operation) -> None:
        """One more operation."""
        entry = self._now.get(operation.path)
        if operation.call == "create":
            if operation.path not in self._now:
                self._now[operation.path] = made = _File()
                self._pending.append((operation, made))
        elif operation.call == "write" and entry is not None:
            entry.write(operation.number, operation.data)
        elif operation.call == "cut" and entry is not None:
            entry.cut(operation.number)
        elif operation.call == "sync":
            if entry is not None:
                entry.sync()
            else:
                self._sync_folder(operation.path)
        elif operation.call in ("mkdir", "rename", "remove"):
            _rename_or_remove(self._now, operation, None)
            self._pending.append((operation, None))

    def _sync_folder(self, folder: str) -> None:
        left = []
        for operation, made in self._pending:
            places = {str(Path(path).parent) for path in (operation.path, operation.target) if path}
            if folder in places:
                _rename_or_remove(self._safe, operation, made)
            else:
                left.append((operation, made))
        self._pending = left

    def image(self, target: Path, mode: str, dice: random.Random) -> None:
        """Writes what is left at this moment to the folder `target`."""
        if target.exists():
            shutil.rmtree(target)
        names = dict(self._now)
        if mode != "killed":
            names = dict(self._safe)
            # A journalling file system keeps the order of such changes: a beginning of them is left.
            count = 0 if mode == "dropped" else dice.randint(0, len(self._pending))
            for operation, made in self._pending[:count]:
                _rename_or_remove(names, operation, made)
        for path in sorted(names):
            place = target / Path(path).relative_to(self._root)
            entry = names[path]
            if not place.parent.is_dir() and path != self._root:
                continue  # its folder is not there
            if entry is None:
                place.mkdir(mode=0o700, parents=path == self._root)
            elif not path.endswith("-shm"):  # mapped memory: nothing in it survives
                place.write_bytes(entry.after(mode, dice))


def _rename_or_remove(names: dict[str, Entry], operation: Operation, file: _File | None) -> None:
    path = operation.path
    if operation.call == "create":
        names[path] = file
    elif operation.call == "mkdir":
        names[path] = None
    elif operation.call == "remove":
        names.pop(path, None)
    elif path in names:
        for name in [name for name in names if name == path or name.startswith(path + "/")]:
            names[operation.target + name[len(path) :]] = names.pop(name)
