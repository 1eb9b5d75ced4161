"""The diagnostics report has what helps, and nothing that is the person's: whatever lies in the data folder."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from engine.cli import main
from engine.cli.diagnostics import as_text, collect, last_errors
from engine.errors import ErrorCode
from engine.models import find_bundled_model
from engine.models.digest import file_digest
from tests.engine.cli.conftest import Run

TOLD = "My sister Brunhilde keeps the piccolo in Ouagadougou."
TITLE = "Zanzibar itinerary"
PROFILE = "Kunigunde"
PRIVATE = ("brunhilde", "piccolo", "ouagadougou", "zanzibar", "itinerary", "kunigunde", "xanthippe", "/home/")


def assert_discreet(text: str, *more: str) -> None:
    found = [word for word in (*PRIVATE, *map(str.lower, more)) if word in text.lower()]
    assert found == []


def test_nothing_that_was_told_is_in_it(techo: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert techo("profile", "create", PROFILE)[0] == 0
    assert techo("say", TOLD, "--profile", PROFILE, "--max-tokens", "4")[0] == 0
    assert techo("conversation", "rename", "1", TITLE, "--profile", PROFILE)[0] == 0
    assert techo("conversation", "export", "99", str(tmp_path / "x.md"), "--profile", PROFILE)[0] == 1
    out = tmp_path / "report.txt"
    capsys.readouterr()
    assert main(["diagnostics", "--out", str(out), "--data-dir", str(tmp_path / "data")]) == 0
    shown = capsys.readouterr().out
    assert out.read_text(encoding="utf-8") == shown  # What is shown is what is saved.
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert_discreet(shown, str(tmp_path), *tmp_path.parts[-2:])
    model = find_bundled_model()
    for part in (file_digest(model), str(model.stat().st_size), "llama-cpp-python", "CONVERSATION_NOT_FOUND"):
        assert part in shown
    assert "snapshots files 1" in shown

    capsys.readouterr()
    assert main(["diagnostics", "--out", str(out), "--data-dir", str(tmp_path / "data")]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert main(["diagnostics", "--out", str(out), "--overwrite", "--data-dir", str(tmp_path / "data")]) == 0


def test_what_strayed_into_log_settings_and_names_is_not_told(tmp_path: Path) -> None:
    data = tmp_path / "Xanthippe"
    (data / "logs").mkdir(parents=True)
    (data / "models").mkdir()
    (data / "models" / "Xanthippe.gguf").write_bytes(b"GGUF")
    (data / "profiles" / "Kunigunde").mkdir(parents=True)
    (data / "profiles" / "Kunigunde" / "profile.sqlite3").write_bytes(b"Brunhilde")
    (data / "logs" / "engine.log").write_text(
        f"2026-01-02 03:04:05,678 [12] WARNING engine.turn.runner: {TOLD} STORAGE_FAILED /home/xanthippe\n"
        f"2026-01-02 03:04:06,678 [12] ERROR engine.server.server: turn.send failed {TOLD}\n"
        '  File "/home/xanthippe/techo/engine/x.py", line 3, in Brunhilde\n'
        "builtins.KeyError\n"
        f"{TOLD}\n"
        "Brunhilde\n"
        "2026-01-02 03:04:07,678 [12] INFO engine.session: Kunigunde is open\n"
        "2026-01-02 03:04:08,678 [12] WARNING xanthippe.brunhilde: hello\n",
        encoding="utf-8",
    )
    (data / "window.ini").write_text(
        f"[profile]\nlast=Kunigunde\n[draft]\nid1={TOLD}\n[models]\nchosen=/home/xanthippe/Brunhilde.gguf\n"
        "files=/home/xanthippe/a.gguf, /home/xanthippe/b.gguf\n"
        "[window]\nlanguage=ja\ntheme=Zanzibar Itinerary\nfont_percent=120\nmemory_panel=false\n",
        encoding="utf-8",
    )
    facts = collect(data, chosen=True)
    assert_discreet(as_text(facts))
    assert facts["last errors"] == [
        "2026-01-02 03:04:05 WARNING engine.turn.runner STORAGE_FAILED",
        "2026-01-02 03:04:06 ERROR engine.server.server KeyError",
    ]
    settings = {"language": "ja", "font percent": "120", "memory panel": "false", "model files added": 2}
    assert facts["settings"] == settings
    assert facts["models"]["another one chosen"] is True
    assert facts["profiles"][0]["format"] == "damaged"
    assert facts["data folder"]["model files"] == {"files": 1, "bytes": 4}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"no section=1\n", b"[window\n"])
def test_files_that_make_no_sense_are_no_obstacle(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "engine.log").write_bytes(content)
    (tmp_path / "window.ini").write_bytes(content)
    assert "settings" in as_text(collect(tmp_path, chosen=True))


def test_without_a_model_and_a_folder_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECHO_MODEL", str(tmp_path / "xanthippe.gguf"))
    facts = collect(tmp_path / "nothing", chosen=True)
    assert facts["models"]["default model"] == ErrorCode.BACKBONE_MISSING.name
    assert facts["data folder"]["there"] is False
    assert_discreet(as_text(facts))
    assert not (tmp_path / "nothing").exists()  # Looking changes nothing.


def test_only_the_last_errors_of_a_long_log(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    lines = [
        f"2026-01-02 03:{n // 60:02}:{n % 60:02},000 [1] WARNING engine.session: STATE_DAMAGED {'x' * 100}"
        for n in range(3000)
    ]
    (tmp_path / "logs" / "engine.log").write_text("\n".join(lines), encoding="utf-8")
    found = last_errors(tmp_path)
    assert len(found) == 20
    assert found[-1].startswith("2026-01-02 03:49:59")


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnostics", "--out", str(tmp_path / "no" / "r.txt"), "--data-dir", str(tmp_path)]) == 1
    assert str(tmp_path / "no" / "r.txt") in capsys.readouterr().err
