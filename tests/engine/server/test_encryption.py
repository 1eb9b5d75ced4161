"""Encrypted profiles as a front end has them: a real engine process, the real model, a real conversation."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from engine.client import EngineClient, engine_command
from engine.errors import EngineError, ErrorCode
from engine.protocol import (
    PROTOCOL_VERSION,
    Draft,
    Exported,
    FilePath,
    Initialize,
    Initialized,
    JournalList,
    JournalPage,
    MemoryImport,
    Notice,
    Ok,
    ProfileDuplicate,
    ProfileEncrypt,
    ProfileInfo,
    ProfileList,
    ProfileLook,
    ProfileName,
    ProfileOpened,
    ProfilePassphrase,
    ProfileRemember,
    ProfileRename,
    Request,
)
from engine.reasons import Reason
from engine.store import ProfileStore
from engine.store.passphrase import CHEAP
from tests.engine.conftest import StartEngine
from tests.engine.server.test_isolation import QUESTIONS, SECRETS, feed, greedy, tell_secrets, traces, written_trits

pytestmark = pytest.mark.timeout(600)
WAIT: Final = 110.0
WORDS: Final = "Passphrase-4711 ひみつ"


def refusal(act: Callable[[], object]) -> ErrorCode:
    with pytest.raises(EngineError) as caught:
        act()
    assert caught.value.hint
    return caught.value.code


def unlocked(data_dir: Path, passphrase: str | None, profile: str = "Mika") -> EngineClient:
    client = EngineClient([*engine_command(data_dir), "--threads", "1"])
    hello = Initialize(protocol=PROTOCOL_VERSION, profile=profile, passphrase=passphrase)
    try:
        client.call("initialize", hello, Initialized, timeout=WAIT)
    except BaseException:
        client.close()
        raise
    return client


def encrypted(data_dir: Path, name: str = "Mika") -> None:
    """By the store's own hand, with a passphrase that is cheap to try: the file says so, and the engine reads it."""
    ProfileStore(data_dir, cost=CHEAP).encrypt(name, WORDS)


def test_a_life_with_a_passphrase(start_engine: StartEngine, tmp_path: Path) -> None:
    """Told, encrypted while open, recalled, locked, opened by a new process; and no word of it in any file."""
    data = tmp_path / "data"
    engine, _ = start_engine()
    tell_secrets(engine)
    feed(engine, "My cat is called Miso.")
    wanted = [greedy(engine, question) for question in QUESTIONS]
    trits = written_trits(data)
    assert len(trits) == len(SECRETS) + 1
    info = engine.call("profile.encrypt", ProfileEncrypt(name="Mika", passphrase=WORDS), ProfileInfo, timeout=WAIT)
    assert (info.encrypted, info.locked, info.remembered) == (True, False, False)
    assert info.created, "it is open again"
    assert [greedy(engine, question) for question in QUESTIONS] == wanted
    assert traces(data, *SECRETS, *trits) == [], "while the engine runs on"
    engine.call("memory.export", FilePath(path=str(tmp_path / "mine.techo")), Exported, timeout=WAIT)
    engine.call("profile.draft", Draft(text=f"Also, {SECRETS[0]} is"), Draft, timeout=WAIT)
    engine.call("profile.lock", None, Ok, timeout=WAIT)
    assert refusal(lambda: greedy(engine, "Hello?")) is ErrorCode.NO_PROFILE
    (listed,) = engine.call("profile.list", None, ProfileList, timeout=WAIT).profiles
    assert (listed.name, listed.locked, listed.created, listed.colour) == ("Mika", True, "", "")
    engine.close()
    assert traces(tmp_path, *SECRETS, *trits, WORDS, "Passphrase-4711") == []

    encrypted_anew = unlocked(data, WORDS)
    assert [greedy(encrypted_anew, question) for question in QUESTIONS] == wanted
    assert encrypted_anew.call("profile.draft", Draft(text=""), Draft, timeout=WAIT).text == f"Also, {SECRETS[0]} is"
    assert len(encrypted_anew.call("memory.journal", JournalPage(), JournalList, timeout=WAIT).entries) == 5
    asked = ProfileName(name="Mika", passphrase="no")
    assert refusal(lambda: encrypted_anew.call("profile.decrypt", asked, ProfileInfo, timeout=WAIT)) is (
        ErrorCode.WRONG_PASSPHRASE
    )
    asked.passphrase = WORDS
    info = encrypted_anew.call("profile.decrypt", asked, ProfileInfo, timeout=WAIT)
    assert (info.encrypted, info.locked) == (False, False)
    assert [greedy(encrypted_anew, question) for question in QUESTIONS] == wanted
    encrypted_anew.close()
    assert traces(data, *SECRETS) != []


def test_without_the_passphrase_the_engine_says_what_it_needs(start_engine: StartEngine, tmp_path: Path) -> None:
    data = tmp_path / "data"
    engine, _ = start_engine()
    feed(engine, "My cat is called Miso.")
    engine.call("profile.create", ProfileName(name="Open"), ProfileOpened, timeout=WAIT)
    engine.close()
    encrypted(data)
    client = EngineClient([*engine_command(data), "--threads", "1"])

    def initialize(passphrase: str | None) -> Initialized:
        hello = Initialize(protocol=PROTOCOL_VERSION, profile="Mika", passphrase=passphrase)
        return client.call("initialize", hello, Initialized, timeout=WAIT)

    def each(method: str, make: Callable[[str | None], Any], kind: type[Any]) -> None:
        for passphrase, code in ((None, ErrorCode.PROFILE_LOCKED), ("no", ErrorCode.WRONG_PASSPHRASE)):
            asked = make(passphrase)
            assert refusal(partial(client.call, method, asked, kind, timeout=WAIT)) is code, method

    with client:
        assert refusal(lambda: initialize(None)) is ErrorCode.PROFILE_LOCKED
        assert refusal(lambda: initialize("no")) is ErrorCode.WRONG_PASSPHRASE
        hello = Initialize(protocol=PROTOCOL_VERSION, profile="Open")
        assert client.call("initialize", hello, Initialized, timeout=WAIT).profile is not None
        each("profile.open", lambda p: ProfileName(name="Mika", passphrase=p), ProfileOpened)
        each("profile.rename", lambda p: ProfileRename(name="Mika", new_name="X", passphrase=p), Ok)
        each("profile.look", lambda p: ProfileLook(name="Mika", colour="#000000", passphrase=p), ProfileInfo)
        each("profile.duplicate", lambda p: ProfileDuplicate(name="Mika", new_name="X", passphrase=p), ProfileInfo)
        each("profile.decrypt", lambda p: ProfileName(name="Mika", passphrase=p), ProfileInfo)
        each("profile.remember", lambda p: ProfileRemember(name="Mika", remember=True, passphrase=p), ProfileInfo)
        change = ProfilePassphrase(name="Mika", passphrase="no", new_passphrase="x")
        assert refusal(lambda: client.call("profile.passphrase", change, ProfileInfo, timeout=WAIT)) is (
            ErrorCode.WRONG_PASSPHRASE
        )
        assert client.call("profile.list", None, ProfileList, timeout=WAIT).current == "Open", "it stays open"
        opened = client.call("profile.open", ProfileName(name="Mika", passphrase=WORDS), ProfileOpened, timeout=WAIT)
        assert opened.profile.encrypted
        # Open it needs none of it, except where the passphrase itself is at stake.
        client.call("profile.rename", ProfileRename(name="Mika", new_name="Mia"), Ok, timeout=WAIT)
        looked = client.call("profile.look", ProfileLook(name="Mia", colour="#010203"), ProfileInfo, timeout=WAIT)
        assert (looked.colour, looked.locked) == ("#010203", False)
        twin = client.call("profile.duplicate", ProfileDuplicate(name="Mia", new_name="B"), ProfileInfo, timeout=WAIT)
        assert twin.locked
        assert refusal(lambda: client.call("profile.decrypt", ProfileName(name="Mia"), ProfileInfo, timeout=WAIT)) is (
            ErrorCode.PROFILE_LOCKED
        )
        path = str(tmp_path / "mine.techo")
        client.call("memory.export", FilePath(path=path), Exported, timeout=WAIT)
        each("memory.import", lambda p: MemoryImport(path=path, name="X", passphrase=p), ProfileInfo)


def test_no_keyring_is_said_and_nothing_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer without one, as keyring's own setting for it has it."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    data = tmp_path / "data"
    ProfileStore(data).create("Mika")
    encrypted(data)
    with unlocked(data, WORDS) as client:
        asked = ProfileRemember(name="Mika", remember=True)
        assert refusal(lambda: client.call("profile.remember", asked, ProfileInfo, timeout=WAIT)) is (
            ErrorCode.KEYRING_MISSING
        )
        assert not client.call("profile.list", None, ProfileList, timeout=WAIT).profiles[0].remembered


def test_encrypted_without_a_keyring_a_notice_says_what_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    data = tmp_path / "data"
    ProfileStore(data).create("Mika")
    told: list[Notice] = []

    def listen(method: str, params: dict[str, Any]) -> None:
        if method == "engine.notice":
            told.append(msgspec.convert(params, Notice))

    client, _ = EngineClient.start(data, "Mika", options=("--threads", "1"))
    with client:
        asked = ProfileEncrypt(name="Mika", passphrase=WORDS, remember=True)
        info = client.call("profile.encrypt", asked, ProfileInfo, timeout=WAIT, listen=listen)
        assert (info.encrypted, info.locked, info.remembered) == (True, False, False)
        (notice,) = told
        assert (notice.reason, notice.error and notice.error.reason) == (Reason.NOT_REMEMBERED, Reason.KEYRING_NONE)


def test_a_passphrase_is_in_no_log_and_no_argument(tmp_path: Path) -> None:
    """Also when it comes in a message that is wrong, or when the disk refuses; nor does anything here print it."""
    data = tmp_path / "data"
    ProfileStore(data).create("Mika")
    encrypted(data)
    with (tmp_path / "stderr.txt").open("wb") as stderr:
        client = EngineClient([*engine_command(data), "--threads", "1"], stderr=stderr)
        with client:
            hello = {"protocol": PROTOCOL_VERSION, "profile": "Mika", "passphrase": [WORDS]}
            for params in (hello, {**hello, "passphrase": WORDS + "?"}, {**hello, "passphrase": WORDS}):
                client.write(Request(method="initialize", params=params, id=7))
                client.receive(WAIT)
            client.write(b'{"id": 8, "method": "profile.open", "params": {"passphrase": "' + WORDS.encode() + b'"')
            client.receive(WAIT)
            if Path("/proc/self/environ").exists():
                about = Path(f"/proc/{client.process.pid}")
                assert WORDS.encode() not in (about / "cmdline").read_bytes() + (about / "environ").read_bytes()
    assert traces(tmp_path, WORDS, "Passphrase-4711") == []
    for message in (
        Request(method="initialize", params={"passphrase": WORDS}),
        Initialize(protocol=1, passphrase=WORDS),
        ProfileName(name="Mika", passphrase=WORDS),
        ProfileEncrypt(name="Mika", passphrase=WORDS),
        ProfilePassphrase(name="Mika", passphrase=WORDS, new_passphrase=WORDS),
        MemoryImport(path="x", name="y", passphrase=WORDS),
    ):
        assert WORDS not in repr(message) + str(message)


def test_the_engine_reaches_for_no_keyring_unless_it_is_told_to(tmp_path: Path) -> None:
    """An encrypted profile opens without a single socket: nothing of the keyring is even loaded."""
    data = tmp_path / "data"
    ProfileStore(data).create("Mika")
    encrypted(data)
    with unlocked(data, WORDS) as client:
        if not Path("/proc/self/maps").exists():
            pytest.skip("no /proc here")
        targets = [str(link.readlink()) for link in Path(f"/proc/{client.process.pid}/fd").iterdir()]
        assert not [target for target in targets if target.startswith("socket:")]
        assert "cryptography" not in Path(f"/proc/{client.process.pid}/maps").read_text()
    assert os.environ.get("PYTHON_KEYRING_BACKEND") is None
