"""A second start raises the first window: two real processes, and whatever else may knock at the socket."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.engine_process import Condition
from app.single_instance import MAX_LINE, Claim, SingleInstance, Wake, address
from app.waking import wake_window
from tests.app.acting import items, say
from tests.app.conftest import ROOT, MakeWindow
from tests.app.test_main import start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the tests knock with Unix sockets")

Open = Callable[..., SingleInstance]


@pytest.fixture
def heard() -> list[Wake]:
    return []


@pytest.fixture
def runtime() -> Iterator[Path]:
    """Where the sockets stand. Not below `tmp_path`: a socket's path has room for about a hundred bytes."""
    with tempfile.TemporaryDirectory(prefix="techo-run-") as folder:
        yield Path(folder)


@pytest.fixture
def make(
    qapp: object, tmp_path: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch, heard: list[Wake]
) -> Iterator[Open]:
    """Instances as processes make them; `listening` ones write down what they hear."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    made: list[SingleInstance] = []

    def make(folder: Path = tmp_path, *, listening: bool = False) -> SingleInstance:
        instance = SingleInstance(folder)
        made.append(instance)
        if listening:
            assert instance.try_lock()

            def hear(wake: Wake) -> bool:
                heard.append(wake)
                return True

            instance.listen(hear)
        return instance

    yield make
    for instance in made:
        instance.close()


def second_start(tmp_path: Path, code: str = "print(instance.call(Wake(profile='Mika', chat='new')).value)") -> str:
    """Another process with the same folder; the event loop of this one has to go on meanwhile."""
    script = (
        "import sys; from pathlib import Path; from PySide6.QtCore import QCoreApplication; "
        "from app.single_instance import SingleInstance, Wake; app = QCoreApplication([]); "
        f"instance = SingleInstance(Path({str(tmp_path)!r})); {code}"
    )
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None:
        QTest.qWait(20)
    return process.communicate()[0].strip()


def knock(path: str, data: bytes) -> bytes:
    """Send bytes as any program of this user could -> what came back until the end of the connection."""
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(path)
        caller.setblocking(False)
        answer = b""
        sent = 0
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            QTest.qWait(10)
            try:
                if sent < len(data):
                    sent += caller.send(data[sent:])
                    continue
                got = caller.recv(4096)
            except BlockingIOError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                return answer
            if not got:
                return answer
            answer += got
    raise AssertionError("the connection was kept open")


def test_the_second_is_heard_and_learns_that_it_is_the_second(make: Open, tmp_path: Path, heard: list[Wake]) -> None:
    make(listening=True)
    assert second_start(tmp_path) == Claim.RAISED.value
    assert heard == [Wake(profile="Mika", chat="new")]


def test_another_folder_is_another_window(make: Open, tmp_path: Path) -> None:
    make(listening=True)
    (tmp_path / "other").mkdir()
    assert make(tmp_path / "other").try_lock()
    assert address(tmp_path) != address(tmp_path / "other")


def test_a_folder_by_another_name_is_the_same_window(make: Open, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    make(tmp_path / "real", listening=True)
    assert not make(tmp_path / "link").try_lock()
    assert address(tmp_path / "real") == address(tmp_path / "link")


def test_the_socket_is_its_user_s_alone(make: Open) -> None:
    instance = make(listening=True)
    found = Path(instance.address).lstat()
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) & 0o077 == 0


def test_what_a_killed_window_left_behind_is_in_nobody_s_way(make: Open, tmp_path: Path, heard: list[Wake]) -> None:
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(address(tmp_path))  # Closed without being removed, as a kill leaves it.
    stale.close()
    assert make().call(Wake(), patience=5) is Claim.FIRST
    make_first = make(tmp_path / ".")
    assert not make_first.try_lock()


def test_the_first_listens_where_a_dead_socket_stands(make: Open, tmp_path: Path, heard: list[Wake]) -> None:
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(address(tmp_path))
    stale.close()
    make(listening=True)
    assert second_start(tmp_path) == Claim.RAISED.value


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\xff\xfe" * 100 + b"\n",
        b"{" * 1000 + b"\n",
        b'{"techo": "wake 1", "profile": 3}\n',
        b'{"techo": "wake 1", "run": "rm"}\n',
        b'{"techo": "wake 2"}\n',
        b"x" * (MAX_LINE + 1),
        b"x" * 1_000_000,
        b'{"techo": "wake 1"',
    ],
)
def test_hostile_bytes_change_nothing(
    make: Open, tmp_path: Path, heard: list[Wake], data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    instance = make(listening=True)
    assert knock(instance.address, data) == b""
    assert heard == []
    assert second_start(tmp_path) == Claim.RAISED.value
    assert len(heard) == 1


def test_many_callers_that_say_nothing_do_not_keep_the_second_out(
    make: Open, tmp_path: Path, heard: list[Wake]
) -> None:
    instance = make(listening=True)
    silent = []
    for _ in range(12):
        caller = socket.socket(socket.AF_UNIX)
        caller.setblocking(False)
        try:
            caller.connect(instance.address)
        except BlockingIOError:
            caller.close()
            break
        silent.append(caller)
    assert len(silent) > 4
    assert second_start(tmp_path) == Claim.RAISED.value
    for caller in silent:
        caller.close()


def test_whoever_holds_the_lock_and_says_nothing_is_reported(make: Open, tmp_path: Path) -> None:
    assert make().try_lock()
    assert make().call(Wake(), patience=0.5) is Claim.UNANSWERED


def test_the_next_start_waits_for_a_closing_window(make: Open, tmp_path: Path) -> None:
    first = make()
    assert first.try_lock()
    first.listen(lambda _: False)  # It is closing: it does not come to the front any more.
    script = "import time; print('asking', flush=True); print(instance.call(Wake()).value)"
    process = subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-c",
            "from pathlib import Path; from PySide6.QtCore import QCoreApplication; "
            "from app.single_instance import SingleInstance, Wake; app = QCoreApplication([]); "
            f"instance = SingleInstance(Path({str(tmp_path)!r})); {script}",
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "asking"
    QTest.qWait(700)
    assert process.poll() is None
    first.close()
    assert process.communicate(timeout=20)[0].strip() == Claim.FIRST.value


def test_a_file_of_somebody_else_s_is_not_talked_to(make: Open, tmp_path: Path) -> None:
    instance = make()
    Path(instance.address).touch()  # No socket at all.
    assert instance.call(Wake(), patience=1) is Claim.FIRST


def test_a_wake_brings_the_window_back_and_begins_a_chat(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    window.showMinimized()
    assert wake_window(window, Wake(chat="temporary"))
    assert window.isVisible()
    assert not window.windowState() & Qt.WindowState.WindowMinimized
    assert window.partner.exchange.current.temporary
    assert items(window) == []
    assert wake_window(window, Wake(profile="Aiko"))
    qtbot.waitUntil(lambda: window.partner.profile is not None and window.partner.profile.name == "Aiko")
    qtbot.waitUntil(lambda: len(window.partner.profiles) == 2)
    assert wake_window(window, Wake(profile="Mika"))
    qtbot.waitUntil(lambda: window.partner.profile is not None and window.partner.profile.name == "Mika")


def test_a_closing_window_does_not_come_back(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.close()
        assert window.partner.engine.condition is Condition.STOPPING
        assert not wake_window(window, Wake())
    assert not window.isVisible()


@pytest.mark.timeout(240)
def test_two_real_starts(tmp_path: Path, runtime: Path) -> None:
    """`python -P -m app` twice: the second ends at once and well, the first goes on; after its end there is a third."""
    common = {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(runtime)}
    first = start("--data-dir", tmp_path / "data", **common)
    try:
        deadline = time.monotonic() + 90
        while not any(runtime.iterdir()):
            assert first.poll() is None
            assert time.monotonic() < deadline, "the first window does not listen"
            time.sleep(0.1)
        second = start("--data-dir", tmp_path / "data", "--new-chat", **common)
        out, complaint = second.communicate(timeout=60)
        assert (second.returncode, out, complaint) == (0, "", "")
        assert first.poll() is None
        first.send_signal(signal.SIGTERM)
        # While it commits, a third start waits, and then is the first.
        third = start("--data-dir", tmp_path / "data", **common)
        assert first.wait(timeout=60) == 0
        try:
            deadline = time.monotonic() + 90
            while not any(runtime.iterdir()):
                assert third.poll() is None
                assert time.monotonic() < deadline, "the third window does not listen"
                time.sleep(0.1)
        finally:
            third.send_signal(signal.SIGTERM)
            assert third.wait(timeout=60) == 0
            third.communicate()
    finally:
        first.kill()
        first.communicate()
