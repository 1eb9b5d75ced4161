"""What is forgotten or deleted is gone from the disk, profiles know nothing of each other, and nobody calls out."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from engine.client import EngineClient, engine_command
from engine.protocol import (
    PROTOCOL_VERSION,
    Exported,
    FilePath,
    Forget,
    Forgotten,
    Initialize,
    Initialized,
    Ok,
    ProfileName,
    ProfileOpened,
    Sampling,
    TurnAnswer,
    TurnAsk,
    TurnDone,
    TurnFeed,
    TurnMessage,
    TurnSend,
)
from tests.engine.conftest import StartEngine

pytestmark = pytest.mark.timeout(600)
WAIT: Final = 110.0
ROOT: Final = Path(__file__).resolve().parents[3]
SECRETS: Final = ("Quillonberry", "Zanzarelli", "4471-Okapi", "ひみつのことば")


def feed(engine: EngineClient, text: str) -> TurnDone:
    return engine.call("turn.feed", TurnFeed(user=text, assistant=f"I see: {text}"), TurnDone, timeout=WAIT)


def greedy(engine: EngineClient, text: str) -> tuple[str, list[int]]:
    asked = TurnSend(text=text, sampling=Sampling(max_tokens=12), learn=False)
    done = engine.turn(asked, timeout=WAIT)
    return done.reply, done.recalled


def traces(folder: Path, *needles: bytes | str) -> list[str]:
    """The files below `folder` that hold one of the needles, in UTF-8, UTF-16, JSON's escapes, or in a file's name."""
    wanted: set[bytes] = set()
    for needle in needles:
        if isinstance(needle, bytes):
            wanted.add(needle)
            continue
        wanted |= {needle.encode(), needle.lower().encode(), needle.encode("utf-16-le"), needle.encode("utf-16-be")}
        wanted.add(needle.encode("unicode_escape"))
    found = []
    for path in folder.rglob("*"):
        name = os.fsencode(path.name)
        data = path.read_bytes() if path.is_file() else b""
        if any(one in data or one in name for one in wanted):
            found.append(str(path.relative_to(folder)))
    return found


def written_trits(data_dir: Path) -> list[bytes]:
    """The write sets in the journal: the trits that a telling became."""
    import sqlite3
    from contextlib import closing

    found = []
    for path in data_dir.glob("profiles/*/profile.sqlite3"):
        with closing(sqlite3.connect(path)) as connection:
            found += [row[0] for row in connection.execute("SELECT payload FROM entry")]
    # A stretch in the middle: heads are alike in every write set.
    return [payload[len(payload) // 2 :][:48] for payload in found]


def tell_secrets(engine: EngineClient) -> list[TurnDone]:
    return [feed(engine, f"My secret word is {secret}.") for secret in SECRETS]


def test_the_search_for_traces_finds_them(start_engine: StartEngine, tmp_path: Path) -> None:
    """Else the tests below would prove nothing."""
    engine, _ = start_engine()
    tell_secrets(engine)
    engine.close()
    for secret in SECRETS:
        assert traces(tmp_path / "data", secret)
    trits = written_trits(tmp_path / "data")
    assert len(trits) == len(SECRETS)
    assert all(traces(tmp_path / "data", one) for one in trits)


def test_nothing_of_a_deleted_profile_remains(start_engine: StartEngine, tmp_path: Path) -> None:
    """Not its words, not its name, not its trits: in no file, no free page, no log."""
    engine, _ = start_engine("Ottilie-Unique")
    tell_secrets(engine)
    engine.call("profile.create", ProfileName(name="Other"), ProfileOpened, timeout=WAIT)
    trits = written_trits(tmp_path / "data")
    assert len(trits) == len(SECRETS)
    engine.call("profile.delete", ProfileName(name="Ottilie-Unique", confirm=True), Ok, timeout=WAIT)
    assert traces(tmp_path / "data", *SECRETS, *trits, "Ottilie-Unique") == [], "while the engine runs on"
    engine.close()
    assert traces(tmp_path / "data", *SECRETS, *trits, "Ottilie-Unique") == []


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "after more was said"])
def test_forgotten_words_are_gone_from_the_disk(start_engine: StartEngine, tmp_path: Path, at_once: bool) -> None:
    engine, _ = start_engine()
    told = tell_secrets(engine)
    entries = [done.learned.entry for done in told if done.learned is not None and done.learned.entry is not None]
    assert len(entries) == len(SECRETS)
    if not at_once:
        engine.close()
        engine, _ = start_engine()
        for number in range(6):
            feed(engine, f"My locker number {number} is 73{number}9.")
    trits = [trit for trit, secret in zip(written_trits(tmp_path / "data"), SECRETS, strict=False) if secret]
    forgotten = engine.call("memory.forget", Forget(entries=entries, said=True), Forgotten, timeout=WAIT)
    assert forgotten.messages == 2 * len(SECRETS)
    assert traces(tmp_path / "data", *SECRETS, *trits) == [], "while the engine runs on"
    engine.close()
    assert traces(tmp_path / "data", *SECRETS, *trits) == []


def test_a_temporary_chat_leaves_no_trace(start_engine: StartEngine, tmp_path: Path) -> None:
    engine, _ = start_engine()
    feed(engine, "My cat is called Miso.")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "data" / "profiles").rglob("*.sqlite3*")}
    history = [TurnMessage(role="user", content=SECRETS[1]), TurnMessage(role="assistant", content="I see.")]
    for secret in SECRETS:
        asked = TurnAsk(text=f"My secret word is {secret}.", history=history, sampling=Sampling(max_tokens=4))
        assert engine.call("turn.ask", asked, TurnAnswer, timeout=WAIT).reply
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert traces(tmp_path, *SECRETS) == []
    engine.close()
    assert traces(tmp_path, *SECRETS) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_everything_that_the_engine_writes_is_private(start_engine: StartEngine, tmp_path: Path) -> None:
    """Whatever the umask."""
    old = os.umask(0)
    try:
        engine, _ = start_engine()
        tell_secrets(engine)
        engine.call("memory.export", FilePath(path=str(tmp_path / "mine.techo")), Exported, timeout=WAIT)
        during = sorted((tmp_path / "data").rglob("*"))
        for path in [*during, tmp_path / "mine.techo"]:
            mode = stat.S_IMODE(path.stat().st_mode)
            assert mode & 0o077 == 0, f"{path}: {mode:o}"
        engine.close()
    finally:
        os.umask(old)
    for path in [tmp_path / "data", *sorted((tmp_path / "data").rglob("*"))]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), f"{path}: {mode:o}"


QUESTIONS: Final = ("What is my secret word?", "What is my cat called?", "Hello there!")


def test_a_profile_answers_the_same_whether_or_not_there_is_another(start_engine: StartEngine, tmp_path: Path) -> None:
    """Greedy decoding, letter for letter: alone, beside another profile, and after talking in that one."""
    alone, _ = start_engine("B", data_dir=tmp_path / "alone")
    feed(alone, "My cat is called Miso.")
    wanted = [greedy(alone, question) for question in QUESTIONS]
    alone.close()

    both, _ = start_engine("A", data_dir=tmp_path / "both")
    tell_secrets(both)
    feed(both, "My cat is called Bruno.")
    both.call("profile.create", ProfileName(name="B"), ProfileOpened, timeout=WAIT)
    feed(both, "My cat is called Miso.")
    assert [greedy(both, question) for question in QUESTIONS] == wanted
    both.call("profile.open", ProfileName(name="A"), ProfileOpened, timeout=WAIT)
    in_a = [greedy(both, question) for question in QUESTIONS]
    assert in_a != wanted, "the other profile does know other things"
    both.call("profile.open", ProfileName(name="B"), ProfileOpened, timeout=WAIT)
    assert [greedy(both, question) for question in QUESTIONS] == wanted


# ---------------------------------------------------------------------------------------------- no network

_SOCKET: Final = re.compile(r"^\d+ +(socket|connect|bind|listen|accept4?|sendto|sendmsg)\((.*)$")


def session(client: EngineClient) -> None:
    """Something of everything."""
    client.call("initialize", Initialize(protocol=PROTOCOL_VERSION, profile="Mika"), Initialized, timeout=WAIT)
    done = client.turn(TurnSend(text="My cat is called Miso.", sampling=Sampling(max_tokens=4)), timeout=WAIT)
    assert done.reply
    greedy(client, "What is my cat called?")
    client.call("profile.create", ProfileName(name="Noa"), ProfileOpened, timeout=WAIT)


def sockets_of(pid: int) -> list[str]:
    targets = (str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir())
    return [target for target in targets if target.startswith("socket:")]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no /proc here")
def test_the_engine_holds_no_socket(start_engine: StartEngine) -> None:
    engine, _ = start_engine(None)
    engine.call("profile.create", ProfileName(name="Mika"), ProfileOpened, timeout=WAIT)
    greedy(engine, "Hello!")
    assert sockets_of(engine.process.pid) == []


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_the_engine_opens_no_socket(tmp_path: Path) -> None:
    """Traced from its first instruction to its last, with every process it starts."""
    trace = tmp_path / "trace.txt"
    command = ["strace", "-f", "-e", "trace=%network", "-o", str(trace), *engine_command(tmp_path / "data")]
    with EngineClient([*command, "--threads", "1"]) as client:
        session(client)
    calls = [line for line in trace.read_text().splitlines() if _SOCKET.match(line)]
    assert calls == []
    assert "exited with 0" in trace.read_text(), "the trace is a whole one"


def _unshared() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _unshared(), reason="no network namespaces here")
def test_the_engine_needs_no_network(tmp_path: Path) -> None:
    """In a namespace without a single interface that is up."""
    command = engine_command(tmp_path / "data", "--threads", "1")
    with EngineClient(["unshare", "-rn", *command]) as client:
        session(client)
