"""The downloader against a real server that stalls, cuts, lies, changes the file and redirects."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.errors import Cancelled, DownloadError, ErrorCode
from engine.models import download as module
from engine.models.download import CancelToken, Policy, Progress, download, file_name

from .file_server import FileServer, Handler, answer, cut, honest, serving, stall

BODY = bytes(range(256)) * 4096
SHA = hashlib.sha256(BODY).hexdigest()
QUICK = Policy(timeout=0.4, attempts=3, worth=1 << 30, pause=0.01, leave_free=0)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving(BODY) as running:
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "models" / "model.gguf"


def left_over(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def ranges(server: FileServer) -> list[str | None]:
    return [asked.get("Range") for asked in server.asked]


# ---------------------------------------------------------------------------------------------- all well


def test_a_file_arrives_complete_and_nothing_else_is_left(server: FileServer, target: Path) -> None:
    seen: list[Progress] = []
    assert download(server.url, target, sha256=SHA, size=len(BODY), progress=seen.append, policy=QUICK) == target
    assert target.read_bytes() == BODY
    assert left_over(target) == ["model.gguf"]
    assert [step.phase for step in seen if step.phase != "receiving"][:1] == ["connecting"]
    assert seen[-1] == Progress("checking", len(BODY), len(BODY))
    assert server.asked[0]["Accept-Encoding"] == "identity"
    assert server.asked[0]["path"] == "/models/a%20model.gguf"


def test_nobody_else_may_read_it(server: FileServer, target: Path) -> None:
    download(server.url, target, policy=QUICK)
    if os.name == "posix":
        assert target.stat().st_mode & 0o077 == 0


def test_an_empty_file_is_a_file(target: Path) -> None:
    with serving(b"") as server:
        download(server.url, target, policy=QUICK)
    assert target.read_bytes() == b""


def test_chunks_without_a_length(server: FileServer, target: Path) -> None:
    def chunked(handler: Handler) -> None:
        handler.head(200, Transfer_Encoding="chunked")
        for start in range(0, len(BODY), 100_000):
            piece = BODY[start : start + 100_000]
            handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        handler.wfile.write(b"0\r\n\r\n")

    server.script = [chunked]
    download(server.url, target, policy=QUICK)
    assert target.read_bytes() == BODY


def test_a_server_that_keeps_the_connection_open_at_the_end(server: FileServer, target: Path) -> None:
    server.script = [stall(len(BODY))]
    begun = time.monotonic()
    download(server.url, target, policy=Policy(timeout=20, pause=0.01, leave_free=0))
    assert time.monotonic() - begun < 10
    assert len(server.asked) == 1


# ---------------------------------------------------------------------------------------------- resume


@pytest.mark.parametrize("break_off", [cut, stall])
def test_a_broken_connection_is_taken_up_where_it_broke(server: FileServer, target: Path, break_off: type) -> None:
    server.script = [break_off(300_000), break_off(200_000)]
    download(server.url, target, sha256=SHA, policy=QUICK)
    assert target.read_bytes() == BODY
    assert ranges(server) == [None, "bytes=300000-", "bytes=500000-"]
    assert {asked.get("If-Range") for asked in server.asked[1:]} == {'"v1"'}


def test_a_later_try_goes_on(server: FileServer, target: Path) -> None:
    server.script = [cut(300_000), cut(0), cut(0)]
    with pytest.raises(DownloadError, match="broke off 3 times") as caught:
        download(server.url, target, policy=QUICK)
    assert "kept" in caught.value.hint
    assert caught.value.code is ErrorCode.DOWNLOAD_FAILED
    assert not target.exists()
    assert left_over(target) == ["model.gguf.part", "model.gguf.part.json"]
    download(server.url, target, policy=QUICK)
    assert target.read_bytes() == BODY
    assert ranges(server)[-1] == "bytes=300000-"
    assert left_over(target) == ["model.gguf"]


def test_progress_resets_the_count_of_failures(server: FileServer, target: Path) -> None:
    server.script = [cut(100_000)] * 8
    download(server.url, target, policy=Policy(timeout=1, attempts=2, worth=50_000, pause=0.01, leave_free=0))
    assert target.read_bytes() == BODY


def test_last_modified_serves_where_there_is_no_strong_etag(server: FileServer, target: Path) -> None:
    server.etag, server.modified = None, "Fri, 27 Nov 2026 03:00:00 GMT"
    server.script = [answer(200, BODY[:1000], Content_Length=len(BODY), ETag='W/"weak"', Last_Modified=server.modified)]
    download(server.url, target, policy=QUICK)
    assert target.read_bytes() == BODY
    assert server.asked[1]["If-Range"] == server.modified


def test_without_a_validator_and_without_a_checksum_it_begins_anew(server: FileServer, target: Path) -> None:
    server.etag = None
    server.script = [cut(300_000), cut(0), cut(0)]
    with pytest.raises(DownloadError):
        download(server.url, target, policy=QUICK)
    server.asked.clear()
    download(server.url, target, policy=QUICK)
    assert ranges(server) == [None]
    assert target.read_bytes() == BODY


def test_a_server_without_ranges_sends_all_of_it_again(server: FileServer, target: Path) -> None:
    server.script = [cut(300_000), answer(200, BODY, ETag='"v1"')]
    download(server.url, target, sha256=SHA, policy=QUICK)
    assert target.read_bytes() == BODY


def test_a_file_that_changed_in_between_is_fetched_anew(server: FileServer, target: Path) -> None:
    other = bytes(reversed(BODY)) + b"and more"

    def changes(handler: Handler) -> None:
        cut(300_000)(handler)
        server.body, server.etag = other, '"v2"'

    server.script = [changes]
    download(server.url, target, policy=QUICK)
    assert target.read_bytes() == other


@pytest.mark.parametrize(
    "fields",
    [
        {"ETag": '"v2"', "Content_Range": f"bytes 300000-{len(BODY) - 1}/{len(BODY)}"},
        {"ETag": '"v1"', "Content_Range": f"bytes 300000-{len(BODY)}/{len(BODY) + 1}"},
        {"ETag": '"v1"', "Content_Range": f"bytes 0-{len(BODY) - 1}/{len(BODY)}"},
        {"ETag": '"v1"', "Content_Range": "bytes 300000-*/*"},
        {"ETag": '"v1"'},
    ],
)
def test_a_part_of_something_else_is_not_glued_on(server: FileServer, target: Path, fields: dict[str, str]) -> None:
    server.script = [cut(300_000), answer(206, b"x" * (len(BODY) - 300_000), **fields)]
    download(server.url, target, policy=QUICK)
    assert target.read_bytes() == BODY
    assert ranges(server)[-1] is None


def test_what_was_not_surely_on_the_disk_is_fetched_again(server: FileServer, target: Path) -> None:
    server.script = [cut(300_000), cut(0), cut(0)]
    with pytest.raises(DownloadError):
        download(server.url, target, policy=QUICK)
    part = target.with_name("model.gguf.part")
    with part.open("ab") as file:  # as after a power cut: longer than what was synced
        file.write(b"\0" * 5000)
    download(server.url, target, policy=QUICK)
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"done": "many"}', b"\xff", b'{"url": 3, "done": -1}'])
def test_a_damaged_note_costs_only_the_part(server: FileServer, target: Path, damage: bytes) -> None:
    target.parent.mkdir()
    target.with_name("model.gguf.part").write_bytes(b"y" * 1000)
    target.with_name("model.gguf.part.json").write_bytes(damage)
    download(server.url, target, policy=QUICK)
    assert target.read_bytes() == BODY


def test_another_address_does_not_go_on_with_it(server: FileServer, target: Path) -> None:
    server.script = [cut(300_000), cut(0), cut(0)]
    with pytest.raises(DownloadError):
        download(server.url, target, policy=QUICK)
    server.asked.clear()
    download(server.url + "?other", target, policy=QUICK)
    assert ranges(server) == [None]


@pytest.mark.parametrize("length_known", [True, False])
def test_all_was_there_but_the_name(server: FileServer, target: Path, length_known: bool) -> None:
    """A crash between the last byte and the rename."""
    server.script = [cut(300_000), cut(0), cut(0)]
    with pytest.raises(DownloadError):
        download(server.url, target, policy=QUICK)
    target.with_name("model.gguf.part").write_bytes(BODY)
    note = target.with_name("model.gguf.part.json")
    noted = json.loads(note.read_text()) | {"done": len(BODY)}
    note.write_text(json.dumps(noted if length_known else noted | {"total": None}))
    server.asked.clear()
    download(server.url, target, policy=QUICK)
    assert target.read_bytes() == BODY
    assert ranges(server) == ([] if length_known else [f"bytes={len(BODY)}-"]), "416 says that nothing is missing"


# ---------------------------------------------------------------------------------------------- lies


def test_a_wrong_checksum_removes_what_came(server: FileServer, target: Path) -> None:
    with pytest.raises(DownloadError, match="checksum is") as caught:
        download(server.url, target, sha256="0" * 64, policy=QUICK)
    assert "removed" in caught.value.message
    assert left_over(target) == []


def test_a_file_of_another_size_is_refused_before_it_comes(server: FileServer, target: Path) -> None:
    with pytest.raises(DownloadError, match="offers a file of"):
        download(server.url, target, size=len(BODY) + 1, policy=QUICK)
    assert not target.exists()


def test_more_than_was_asked_for_is_cut_off(server: FileServer, target: Path) -> None:
    def endless(handler: Handler) -> None:
        handler.head(200, Transfer_Encoding="chunked", ETag='"v1"')
        for _ in range(1000):
            handler.wfile.write(b"10000\r\n" + b"z" * 0x10000 + b"\r\n")

    server.script = [endless]
    with pytest.raises(DownloadError, match="sends more than"):
        download(server.url, target, size=len(BODY), policy=QUICK)
    assert left_over(target) == [], "nothing that a next try could take for the file"


def test_bytes_behind_the_announced_length_are_not_taken(server: FileServer, target: Path) -> None:
    server.script = [answer(200, BODY + b"and more", Content_Length=len(BODY), ETag='"v1"')]
    download(server.url, target, policy=QUICK)
    assert target.read_bytes() == BODY


def test_an_announced_length_that_never_comes(server: FileServer, target: Path) -> None:
    server.script = [answer(200, b"short", Content_Length=1 << 20)] * 3
    with pytest.raises(DownloadError, match="cut after 5 of"):
        download(server.url, target, policy=QUICK)


def test_a_length_beyond_all_measure(server: FileServer, target: Path) -> None:
    server.script = [answer(200, b"", Content_Length=1 << 60)]
    with pytest.raises(DownloadError, match="which no model has"):
        download(server.url, target, policy=QUICK)


def test_an_answer_without_an_end_is_refused_unless_there_is_a_checksum(server: FileServer, target: Path) -> None:
    server.script = [answer(200, BODY, Content_Length=None)]
    with pytest.raises(DownloadError, match="does not say how long"):
        download(server.url, target, policy=QUICK)
    server.script = [answer(200, BODY, Content_Length=None)]
    download(server.url, target, sha256=SHA, policy=QUICK)
    assert target.read_bytes() == BODY


def test_a_compressed_answer_is_refused(server: FileServer, target: Path) -> None:
    server.script = [answer(200, b"x", Content_Encoding="gzip")]
    with pytest.raises(DownloadError, match="compresses"):
        download(server.url, target, policy=QUICK)


def test_an_answer_that_is_no_http(server: FileServer, target: Path) -> None:
    def noise(handler: Handler) -> None:
        handler.wfile.write(b"\x00\x01 what?\r\n\r\n")

    server.script = [noise] * 3
    with pytest.raises(DownloadError, match="makes no sense"):
        download(server.url, target, policy=QUICK)


def test_a_trickle_counts_as_a_stall(server: FileServer, target: Path) -> None:
    def trickle(handler: Handler) -> None:
        handler.head(200, Content_Length=len(BODY), ETag='"v1"')
        for _ in range(100):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.02)

    server.script = [trickle] * 2
    slow = Policy(timeout=5, slowest=1000, slow_seconds=0.2, attempts=2, pause=0.01, leave_free=0)
    begun = time.monotonic()
    with pytest.raises(DownloadError, match="almost nothing"):
        download(server.url, target, policy=slow)
    assert time.monotonic() - begun < 4


# ---------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(("status", "word"), [(404, "address"), (403, "public"), (401, "public"), (410, "removed")])
def test_a_refusal_is_final(server: FileServer, target: Path, status: int, word: str) -> None:
    server.script = [answer(status)]
    with pytest.raises(DownloadError, match=str(status)) as caught:
        download(server.url, target, policy=QUICK)
    assert word in caught.value.hint
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_trouble_is_tried_again(server: FileServer, target: Path, status: int) -> None:
    server.script = [answer(status, Retry_After=0), answer(status)]
    download(server.url, target, policy=QUICK)
    assert target.read_bytes() == BODY
    assert len(server.asked) == 3


def test_what_a_server_asks_to_wait_is_capped(server: FileServer, target: Path) -> None:
    server.script = [answer(503, Retry_After=99_999)]
    begun = time.monotonic()
    download(server.url, target, policy=Policy(timeout=5, longest_pause=0.1, leave_free=0))
    assert time.monotonic() - begun < 5


def test_redirects_are_followed(server: FileServer, target: Path) -> None:
    server.script = [answer(302, Location="/elsewhere/file"), answer(307, Location="again?x=1")]
    download(server.url, target, policy=QUICK)
    assert [asked["path"] for asked in server.asked] == [
        "/models/a%20model.gguf",
        "/elsewhere/file",
        "/elsewhere/again?x=1",
    ]
    assert target.read_bytes() == BODY


def test_redirects_without_end(server: FileServer, target: Path) -> None:
    server.script = [answer(302, Location="/round")] * 20
    with pytest.raises(DownloadError, match="without end"):
        download(server.url, target, policy=QUICK)


@pytest.mark.parametrize("place", [None, "file:///etc/passwd", "ftp://127.0.0.1/x", "http://user:word@127.0.0.1/"])
def test_redirects_to_no_file(server: FileServer, target: Path, place: str | None) -> None:
    server.script = [answer(302, Location=place)]
    with pytest.raises(DownloadError):
        download(server.url, target, policy=QUICK)


def test_a_redirect_out_of_https_is_refused(target: Path) -> None:
    work = module._Download("https://a.example/x", target, None, None, lambda _: None, CancelToken(), QUICK)
    with pytest.raises(DownloadError, match="unprotected"):
        work._redirected("https://a.example/x", "http://a.example/x")
    assert work._redirected("https://a.example/x/y", "../z") == "https://a.example/z"
    assert work._redirected("http://a.example/x", "https://a.example/x") == "https://a.example/x"


class Tls(NamedTuple):
    certificate: Path
    key: Path


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """A certificate that nobody vouches for."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not there to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    made = Tls(folder / "certificate.pem", folder / "key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return made


def secure(server: FileServer, tls: Tls) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server.url.replace("http:", "https:")


def test_a_certificate_nobody_vouches_for_is_refused(server: FileServer, target: Path, tls: Tls) -> None:
    with pytest.raises(DownloadError, match="certificate"):
        download(secure(server, tls), target, policy=QUICK)
    assert server.asked == []


def test_over_tls_with_a_trusted_certificate(
    server: FileServer, target: Path, tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.certificate))
    server.script = [cut(300_000)]
    download(secure(server, tls), target, sha256=SHA, policy=QUICK)
    assert target.read_bytes() == BODY
    server.script = [answer(302, Location=server.url)]
    with pytest.raises(DownloadError, match="unprotected"):
        download(server.url.replace("http:", "https:"), target.with_name("other"), policy=QUICK)


@pytest.mark.parametrize(
    "url",
    ["", "model.gguf", "file:///etc/passwd", "ftp://a.example/x", "http://", "http://a.example:x/", "http://a b/",
     "http://a.example/\r\nHost: b", "https://user:word@a.example/x", "http://[::1/"],
)  # fmt: skip
def test_what_is_no_address(target: Path, url: str) -> None:
    with pytest.raises(DownloadError):
        download(url, target, policy=QUICK)


def test_what_is_no_checksum(server: FileServer, target: Path) -> None:
    with pytest.raises(DownloadError, match="SHA-256"):
        download(server.url, target, sha256="abc", policy=QUICK)


def test_nobody_answers(target: Path) -> None:
    with serving(b"") as gone:
        url = gone.url
    with pytest.raises(DownloadError, match="does not answer"):
        download(url, target, policy=QUICK)


def test_a_file_that_is_there_is_left_alone(server: FileServer, target: Path) -> None:
    target.parent.mkdir()
    target.write_text("precious")
    with pytest.raises(DownloadError, match="there already"):
        download(server.url, target, policy=QUICK)
    assert target.read_text() == "precious"
    assert server.asked == []


def test_a_file_that_is_not_accepted_is_removed(server: FileServer, target: Path) -> None:
    def refuse(path: Path) -> None:
        assert path.read_bytes() == BODY
        raise ValueError("no model")

    with pytest.raises(ValueError, match="no model"):
        download(server.url, target, accept=refuse, policy=QUICK)
    assert left_over(target) == []


def test_a_second_download_of_the_same_file_waits_outside(server: FileServer, target: Path) -> None:
    server.script = [stall(1000)]
    token, caught = CancelToken(), []

    def first() -> None:
        try:
            download(server.url, target, cancel=token, policy=Policy(timeout=20, leave_free=0))
        except Cancelled as error:
            caught.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    while not server.asked:
        time.sleep(0.01)
    with pytest.raises(DownloadError, match="already"):
        download(server.url, target, policy=QUICK)
    token.cancel()
    thread.join(5)
    assert caught


# ---------------------------------------------------------------------------------------------- cancel, disk


def test_cancelling_ends_a_connection_that_waits(server: FileServer, target: Path) -> None:
    server.script = [stall(300_000)]
    token = CancelToken()
    threading.Timer(0.3, token.cancel).start()
    begun = time.monotonic()
    with pytest.raises(Cancelled) as caught:
        download(server.url, target, cancel=token, policy=Policy(timeout=20, leave_free=0))
    assert time.monotonic() - begun < 5
    assert "kept" in caught.value.hint
    download(server.url, target, policy=QUICK)
    assert ranges(server)[-1] == "bytes=300000-"
    assert target.read_bytes() == BODY


def test_cancelling_ends_a_pause(server: FileServer, target: Path) -> None:
    server.script = [answer(503)]
    token = CancelToken()

    def watch(step: Progress) -> None:
        if step.phase == "waiting":
            token.cancel()

    begun = time.monotonic()
    with pytest.raises(Cancelled):
        download(server.url, target, cancel=token, progress=watch, policy=Policy(pause=30, leave_free=0))
    assert time.monotonic() - begun < 5


def test_cancelled_before_it_began(server: FileServer, target: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        download(server.url, target, cancel=token, policy=QUICK)
    assert server.asked == []


def test_a_progress_callback_that_fails_keeps_what_came(server: FileServer, target: Path) -> None:
    def fail(step: Progress) -> None:
        if step.phase == "receiving":
            raise RuntimeError("the window is gone")

    with pytest.raises(RuntimeError):
        download(server.url, target, progress=fail, policy=QUICK)
    download(server.url, target, policy=QUICK)
    assert target.read_bytes() == BODY


def test_too_little_room_is_said_before_anything_comes(server: FileServer, target: Path) -> None:
    huge = shutil.disk_usage(target.parent.parent).free
    with pytest.raises(DownloadError, match="not enough room") as caught:
        download(server.url, target, policy=Policy(timeout=1, leave_free=huge))
    assert f"{len(BODY):,} bytes are to come" in caught.value.message


def test_the_room_is_watched_while_it_comes(server: FileServer, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SYNC_EVERY", 200_000)
    free = [10**12, 10**12, 0]
    usage = shutil.disk_usage

    def less_and_less(path: Path) -> object:
        return usage(path)._replace(free=free.pop(0) if len(free) > 1 else free[0])

    monkeypatch.setattr(shutil, "disk_usage", less_and_less)
    with pytest.raises(DownloadError, match="not enough room"):
        download(server.url, target, policy=QUICK)
    monkeypatch.undo()
    download(server.url, target, policy=QUICK)
    assert ranges(server)[-1] not in (None, "bytes=0-")
    assert target.read_bytes() == BODY


def test_a_full_disk_keeps_what_came(server: FileServer, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync
    calls = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DownloadError, match="disk became full") as caught:
        download(server.url, target, policy=QUICK)
    assert "kept" in caught.value.hint
    monkeypatch.undo()
    download(server.url, target, policy=QUICK)
    assert target.read_bytes() == BODY


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(server: FileServer, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DownloadError, match="cannot be written"):
        download(server.url, tmp_path / "x" / "m.gguf", policy=QUICK)


def test_a_folder_that_is_a_file(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DownloadError, match="cannot be written"):
        download(server.url, tmp_path / "file" / "m.gguf", policy=QUICK)


# ---------------------------------------------------------------------------------------------- the rest


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.example/b/model.Q4_K_M.gguf?download=true", "model.Q4_K_M.gguf"),
        ("https://a.example/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "passwd"),
        ("https://a.example/a%5C..%5Cb.gguf", "b.gguf"),
        ("https://a.example/.hidden.gguf", "hidden.gguf"),
        ("https://a.example/a:b|c*.gguf", "a_b_c_.gguf"),
    ],
)
def test_names_of_files_are_harmless(url: str, name: str) -> None:
    assert file_name(url) == name


def test_an_address_without_a_name() -> None:
    with pytest.raises(DownloadError, match="names no file"):
        file_name("https://a.example/")


def test_a_proxy_is_asked_where_the_system_names_one(
    server: FileServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://me:secret@127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("no_proxy", "")
    server.script = [honest]
    download("http://files.example/m.gguf", target, policy=QUICK)
    assert target.read_bytes() == BODY
    assert server.asked[0]["path"] == "http://files.example/m.gguf"
    assert server.asked[0]["Proxy-Authorization"] == "Basic bWU6c2VjcmV0"


def test_the_engine_starts_without_it() -> None:
    code = (
        "import sys, engine.models, engine.server.server, engine.server.service, engine.cli.plan\n"
        "print([name for name in ('engine.models.download', 'http.client', 'ssl') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
