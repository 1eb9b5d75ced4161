"""The grammar of the command line, and what is printed when it is wrong."""

from __future__ import annotations

import importlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import main
from engine.cli.arguments import build_parser
from engine.cli.console import Console, NotConfirmed, UsageError, bytes_text, learned_text, table
from engine.errors import ErrorCode
from engine.protocol import Learned

COMMANDS = [
    ["chat"],
    ["say", "x"],
    ["profile", "list"],
    ["profile", "create", "a"],
    ["profile", "rename", "a", "b"],
    ["profile", "delete", "a"],
    ["conversation", "list"],
    ["conversation", "rename", "1", "a"],
    ["conversation", "pin", "1"],
    ["conversation", "delete", "1"],
    ["conversation", "search", "a"],
    ["memory", "stats"],
    ["memory", "journal"],
    ["memory", "forget", "1"],
    ["memory", "confirm", "1"],
    ["memory", "reset"],
    ["memory", "export", "f"],
    ["memory", "import", "f", "--name", "n"],
    ["models"],
    ["models", "inspect", "f.gguf"],
    ["models", "download", "url"],
    ["plan"],
    ["evaluate", "f.jsonl"],
    ["bench"],
    ["version"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_takes_the_common_options_before_and_after(command: list[str]) -> None:
    common = ["--json", "--profile", "p", "--data-dir", "d"]
    for arguments in ([*common, *command], [*command, *common]):
        options = build_parser().parse_args(arguments)
        assert options.json is True
        assert options.profile == "p"
        assert options.data_dir == Path("d")
    plain = build_parser().parse_args(command)
    assert (plain.json, plain.profile, plain.data_dir) == (False, None, None)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_names_a_function_that_exists(command: list[str]) -> None:
    module, function = build_parser().parse_args(command).run.split(":")
    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("command", [["--help"], *[[*command[:2], "--help"] for command in COMMANDS]], ids=" ".join)
def test_help_exits_with_0(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    if command[0] in ("say", "evaluate", "chat", "bench", "version"):
        command = [command[0], "--help"]
    assert main(command) == 0
    assert "usage: techo" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    ["--help", "chat", "say", "profile", "conversation", "memory", "models", "plan", "evaluate", "bench"],
)
def test_help_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([command] if command == "--help" else [command, "--help"])
    assert "examples:\n  techo " in capsys.readouterr().out.replace("  printf", "  techo printf")


def test_top_level_help_documents_the_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    text = capsys.readouterr().out
    assert "exit status" in text
    assert "130" in text


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["frobnicate"],
        ["say"],
        ["say", "x", "--temperature", "-1"],
        ["say", "x", "--temperature", "warm"],
        ["say", "x", "--max-tokens", "0"],
        ["say", "x", "--conversation", "first"],
        ["memory"],
        ["memory", "forget", "none"],
        ["memory", "import", "file"],
        ["profile", "rename", "a"],
        ["evaluate"],
        ["evaluate", "f.jsonl", "--arm", "magic"],
        ["evaluate", "f.jsonl", "--arm", ","],
        ["evaluate", "f.jsonl", "--resume"],
        ["evaluate", "f.jsonl", "--compare", "x"],
        ["bench", "everything"],
        ["bench", "kills", "--kills", "-3"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("techo: ")
    assert main([*arguments, "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == ErrorCode.INVALID_PARAMS
    assert error["message"]


def test_empty_text_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["say", "  "]) == 2
    assert "nothing to say" in capsys.readouterr().err


def test_input_that_is_not_utf8_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for as_json in ([], ["--json"]):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9"), encoding="utf-8"))
        assert main(["say", "-", *as_json]) == 1
        captured = capsys.readouterr()
        if as_json:
            error = json.loads(captured.out)["error"]
            assert error["code"] == ErrorCode.INVALID_PARAMS
            assert "iconv" in error["hint"]
        else:
            assert captured.err.startswith("techo: A text is not UTF-8")
            assert "iconv" in captured.err


def test_a_text_for_the_perplexity_that_is_not_utf8_is_found_before_anything_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "latin.txt"
    text.write_bytes(b"caf\xe9. " * 100)
    assert main(["bench", "memory", "--turns", "1", "--text", str(text), "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert str(text) in error["message"]
    assert "UTF-8" in error["message"]
    assert "--text" in error["hint"]


def test_bench_makes_its_data_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "folder"
    arguments = ["bench", "memory", "--facts", str(tmp_path / "nowhere.jsonl"), "--data-dir", str(folder)]
    assert main(arguments) == 1
    assert "There is no file" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_what_the_system_refuses_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.touch()
    assert main(["bench", "memory", "--data-dir", str(file), "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == ErrorCode.STORAGE_FAILED
    assert str(file) in error["message"]
    assert error["hint"]


def test_unreadable_episodes_are_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path / "nowhere.jsonl"), "--json"]) == 1
    assert "cannot be read" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_invalid_episodes_leave_earlier_results_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": "x"}\n')
    out = tmp_path / "out.jsonl"
    out.write_text("precious\n")
    assert main(["evaluate", str(bad), "--out", str(out)]) == 1
    assert out.read_text() == "precious\n"
    assert "line 1" in capsys.readouterr().err


def test_help_loads_no_heavy_module() -> None:
    heavy = ("numpy", "llama_cpp", "torch", "PySide6", "rank_bm25", "engine.store")
    code = (
        "import sys\nfrom engine.cli import main\nmain(['--help'])\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_json_error_has_code_message_and_hint() -> None:
    out, err = io.StringIO(), io.StringIO()
    Console(as_json=True, stdout=out, stderr=err).error(UsageError("Wrong.", "Do it right."))
    assert json.loads(out.getvalue()) == {"error": {"code": -32602, "message": "Wrong.", "hint": "Do it right."}}
    assert err.getvalue() == ""


def test_plain_error_is_on_stderr() -> None:
    out, err = io.StringIO(), io.StringIO()
    Console(stdout=out, stderr=err).error(UsageError("Wrong.", "Do it right."))
    assert out.getvalue() == ""
    assert err.getvalue() == "techo: Wrong.\n       Do it right.\n"


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "goes_ahead"), [("yes\n", True), ("Y\n", True), ("no\n", False), ("", False)])
def test_confirming_on_a_terminal(answer: str, goes_ahead: bool) -> None:
    screen = Terminal()
    console = Console(stdin=Terminal(answer), stdout=io.StringIO(), stderr=screen)
    if goes_ahead:
        console.confirm("12 turns will be lost.", yes=False)
    else:
        with pytest.raises(NotConfirmed):
            console.confirm("12 turns will be lost.", yes=False)
    assert "12 turns will be lost." in screen.getvalue()


def test_without_a_terminal_only_yes_confirms() -> None:
    console = Console(stdin=io.StringIO("yes\n"), stdout=io.StringIO(), stderr=io.StringIO())
    console.confirm("Lost.", yes=True)
    with pytest.raises(NotConfirmed, match="Lost") as caught:
        console.confirm("Lost.", yes=False)
    assert "--yes" in caught.value.hint


def test_table_aligns_numbers_to_the_right() -> None:
    assert table(["arm", "right"], [["memory", "9"], ["none", "10"]]).splitlines() == [
        "arm     right",
        "memory      9",
        "none       10",
    ]


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (999, "999 bytes"), (18_900_000, "18.9 MB"), (2_500_000_000, "2.5 GB")]
)
def test_sizes_for_people(count: int, text: str) -> None:
    assert bytes_text(count) == text


def test_learned_in_words() -> None:
    assert learned_text(None) == "nothing new to learn"
    learned = Learned(entry=3, surprise=0.5, recruited=4, strengthened=0, overwritten=1, recycled=0, tokens=["a"])
    assert learned_text(learned) == "learned as entry 3: surprise 0.50, 4 new neurons, 1 overwritten"
