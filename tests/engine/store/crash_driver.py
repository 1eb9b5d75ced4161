"""Runs a worker that talks and learns without pause, kills it with SIGKILL at a random moment, and looks what is left.

    python tests/engine/store/crash_driver.py FOLDER ROUNDS

The worker acknowledges each commit on a pipe after the call has returned; whatever was acknowledged must be found.
A process of its own (and single-threaded), so that forking a worker costs milliseconds. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from engine.store import ProfileStore
from tests.engine.store.samples import IDENTITY, new_entry, same, state


def work(folder: Path, acknowledge: int) -> None:
    """The worker: a message, a lesson, now and then a snapshot; for ever."""
    with ProfileStore(folder).open("Test", IDENTITY) as profile:
        loaded = profile.load_state()
        assert loaded.notices == [], loaded.notices
        conversation = profile.create_conversation("talk")
        while True:
            number = profile.next_entry_id()
            message = profile.append_message(conversation.id, "user", f"message {number} " * (number % 50))
            os.write(acknowledge, b"m%d\n" % message.id)
            reply = profile.append_message(conversation.id, "assistant", "", None)
            for length in (10, 20):
                profile.update_message(reply.id, "reply " * length, None)
            profile.update_message(reply.id, "reply " * 30, "stop")
            os.write(acknowledge, b"r%d\n" % reply.id)
            profile.append_entry(new_entry(number, message.id))
            os.write(acknowledge, b"e%d\n" % number)
            if number % 5 == 0:
                profile.save_snapshot(state(number, neurons=20_000), number)
                os.write(acknowledge, b"s%d\n" % number)


def main() -> None:
    folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
    dice = random.Random(7)
    store = ProfileStore(folder)
    store.create("Test")
    acknowledged: dict[str, set[int]] = {"m": set(), "r": set(), "e": set(), "s": set()}
    killed = lost = 0
    for _ in range(rounds):
        reader, writer = os.pipe()
        worker = os.fork()
        if worker == 0:
            try:
                os.close(reader)
                work(folder, writer)
            finally:
                os._exit(3)
        os.close(writer)
        # A number of commits rather than a time: it is in the middle of work also on a machine that is busy.
        data, commits = b"", dice.randint(1, 24)
        while data.count(b"\n") < commits and (chunk := os.read(reader, 65536)):
            data += chunk
        time.sleep(dice.uniform(0, 0.006))
        os.kill(worker, signal.SIGKILL)
        _, status = os.waitpid(worker, 0)
        killed += os.WIFSIGNALED(status)
        while chunk := os.read(reader, 65536):
            data += chunk
        os.close(reader)
        for line in data.decode().split():
            acknowledged[line[0]].add(int(line[1:]))
        lost += check(store, acknowledged)
    report = {"rounds": rounds, "killed": killed, "lost": lost}
    report |= {"entries": len(acknowledged["e"]), "snapshots": len(acknowledged["s"])}
    print(json.dumps(report))


def check(store: ProfileStore, acknowledged: dict[str, set[int]]) -> int:
    """Opens what is left; returns how much of what was acknowledged is missing."""
    with store.open("Test", IDENTITY) as profile:
        loaded = profile.load_state()
        assert loaded.notices == [], loaded.notices
        if loaded.arrays is not None:
            assert same(loaded.arrays, state(loaded.last_entry, neurons=20_000))
        entries = {entry.id: entry for entry in profile.entries()}
        assert sorted(entries) == list(range(1, len(entries) + 1))
        assert all(entry.payload == new_entry(number).payload for number, entry in entries.items())
        messages = {
            message.id: message
            for conversation in profile.conversations()
            for message in profile.messages(conversation.id)
        }
        unfinished = [message for message in messages.values() if (message.role, message.finish) == ("assistant", None)]
        assert len(unfinished) <= 1
        for message in unfinished:
            profile.update_message(message.id, message.content, "cancelled")
        missing = len(acknowledged["e"] - entries.keys()) + len(acknowledged["m"] - messages.keys())
        missing += sum(1 for number in acknowledged["r"] if messages[number].content != "reply " * 30)
        return missing + (max(acknowledged["s"], default=0) > loaded.last_entry)


if __name__ == "__main__":
    main()
