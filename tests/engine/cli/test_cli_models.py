"""`techo plan` and `techo models`: what is printed, for people and for programs."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.cli import main
from engine.cli.console import columns_of, table
from engine.errors import ErrorCode
from engine.models.download import Policy
from engine.models.hardware import GIB, Gpu, Machine
from tests.engine.models.file_server import FileServer, cut, serving, stall

from .conftest import Run

Show = Callable[..., str]


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Show:
    """Runs a command that must succeed, and gives what it printed."""

    def run(*arguments: str) -> str:
        capsys.readouterr()
        assert main([*arguments, "--data-dir", str(tmp_path / "data")]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out

    return run


def rows(text: str, head: str) -> list[str]:
    """The lines of the table whose first line starts with `head`."""
    lines = text.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith(head))
    end = next((index for index in range(start, len(lines)) if not lines[index]), len(lines))
    return lines[start + 1 : end]


# ---------------------------------------------------------------------------------------------- plan


def test_the_three_set_ups_of_the_mission(show: Show) -> None:
    text = show("plan", "--vram", "8", "--ram", "32")
    assert text.startswith("An imagined computer: 8 GB of VRAM, 32 GB of RAM.")
    pine, *bamboo, plum, plum2 = rows(text, "rank ")
    assert pine.startswith("松 balanced best ")
    for part in ("Mistral Nemo 12B", "Q4_K_M", "7.5 GB", "just fits", "8k-16k tokens comfortable"):
        assert part in pine
    assert bamboo[0].startswith("竹 fast and clever")
    for line, parts in zip(
        bamboo,
        [("Qwen2.5 7B", "Q5_K_M", "5.4 GB", "32k"), ("Qwen2.5 7B", "Q6_K", "6.3 GB", "32k"), ("Gemma 2 9B", "Q5_K_M")],
        strict=True,
    ):
        assert all(part in line for part in parts), line
    assert plum.startswith("梅 the giant")
    for line, quantization, size in ((plum, "IQ2_XS", "21.1 GB"), (plum2, "IQ3_XXS", "27.5 GB")):
        for part in ("Llama 3.3 70B", quantization, size, "the rest in RAM", "a few characters a second"):
            assert part in line, line
    assert "goes to RAM and slows it down" in " ".join(text.split())


def test_other_models_that_fit_come_after_them(show: Show) -> None:
    found = rows(show("plan", "--vram", "8", "--ram", "32"), "model ")
    text = "\n".join(found)
    for name in (
        "SmolLM2 135M",
        "Phi-3 mini",
        "Falcon-E 3B",
        "Falcon Mamba",
        "RWKV-7",
        "BitNet b1.58 2B4T *",
    ):
        assert name in text
    assert "any length of conversation" in text
    assert "Mistral Nemo" not in text, "named above already"
    small = rows(show("plan", "--vram", "0", "--ram", "4"), "model ")
    assert any("SmolLM2 135M" in line for line in small)
    assert not any("Llama 3.1 8B" in line for line in small)


def test_columns_stand_under_each_other_in_spite_of_wide_letters(show: Show) -> None:
    text = show("plan", "--vram", "8", "--ram", "32")
    head = next(line for line in text.splitlines() if line.startswith("rank "))
    for line in rows(text, "rank "):
        before = line[: line.index(" GB")]
        assert columns_of(before) - columns_of(before.rsplit(None, 1)[-1]) == head.index("size"), line


def test_wide_letters_take_two_columns() -> None:
    assert [columns_of(text) for text in ("abc", "松", "手帳 a", "が", "e\u0301")] == [3, 2, 6, 2, 1]
    assert table(["a", "b"], [["松", "x"], ["pine", "y"]]).splitlines() == ["a     b", "松    x", "pine  y"]


def test_the_plan_for_a_program(techo: Run) -> None:
    status, found = techo("plan", "--vram", "8", "--ram", "32")
    assert status == 0
    assert found["machine"]["imagined"] is True
    assert found["machine"]["ram"] == 32 * GIB
    pine, bamboo, plum = found["setups"]
    assert [setup["rank"] for setup in (pine, bamboo, plum)] == ["松", "竹", "梅"]
    best = pine["choices"][0]
    assert best["settings"]["n_gpu_layers"] == best["gpu_layers"] + 1
    assert best["comfortable"] == [8192, 16_384]
    assert best["gpu_bytes"] <= best["gpu_budget"]
    assert best["tokens_per_second"][0] < best["tokens_per_second"][1]
    assert plum["choices"][0]["fit"] == "split"
    assert {model["id"] for model in found["models"]} > {"smollm2-135m", "rwkv7-2.9b"}


def test_this_machine(show: Show, techo: Run) -> None:
    assert show("plan").startswith("This computer: ")
    _, found = techo("plan")
    assert found["machine"]["imagined"] is False
    assert found["machine"]["usable_cores"] >= 1
    embedded = next(model for model in found["models"] if model["id"] == "smollm2-135m")
    assert embedded["settings"]["n_threads"] == found["machine"]["usable_cores"]


def test_only_a_card_is_imagined_in_this_machine(techo: Run) -> None:
    _, here = techo("plan")
    _, found = techo("plan", "--vram", "8")
    assert found["machine"]["ram"] == pytest.approx(here["machine"]["ram"], abs=GIB / 2)


def test_a_card_that_this_llama_cpp_cannot_use(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(
        ram=32 * GIB, gpus=(Gpu("NVIDIA GeForce RTX 4060", "nvidia", 8 * GIB),), other_gpus=("Radeon 780M",)
    )
    monkeypatch.setattr("engine.cli.plan.detect", lambda _folder: machine)
    monkeypatch.setattr("engine.cli.plan._built_for_gpus", lambda: False)
    text = show("plan")
    assert "built without GPU support" in text
    assert "`techo plan --vram 8 --ram 32`" in text
    assert "Radeon 780M" in text
    assert "layers on the GPU" not in text
    monkeypatch.setattr("engine.cli.plan._built_for_gpus", lambda: True)
    assert "39 of 40 layers on the GPU" in show("plan")


def test_whether_llama_cpp_can_use_a_card_is_asked_of_itself() -> None:
    from engine.backbone.native import gpu_offload
    from engine.cli.plan import _built_for_gpus

    assert _built_for_gpus() is gpu_offload()


def test_one_model_in_detail(show: Show) -> None:
    text = show("plan", "--vram", "8", "--ram", "32", "--model", "qwen2.5-7b", "--context", "16384")
    found = rows(text, "quantization ")
    assert [line.split()[0] for line in found] == ["Q5_K_M", "Q6_K", "Q4_K_M", "Q8_0", "IQ4_XS", "Q3_K_M"]
    assert all("16k" in line for line in found)
    assert "Settings: n_gpu_layers=29, n_ctx=16384, n_batch=512" in text
    one = show("plan", "--vram", "8", "--ram", "32", "--model", "70b", "--quantization", "q4_k_m")
    assert len(rows(one, "quantization ")) == 1
    assert "does not fit" in one


def test_a_file_in_detail(show: Show, techo: Run, model_path: Path) -> None:
    text = show("plan", "--vram", "0", "--ram", "8", "--model", str(model_path))
    assert "Q4_1" in text
    assert "135 million weights at 5.74 bits are 98 MB." in " ".join(text.split())
    _, found = techo("plan", "--vram", "0", "--ram", "8", "--model", str(model_path))
    (model,) = found["models"]
    assert model["file_bytes"] == model_path.stat().st_size
    assert model["fit"] == "ram"


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["plan", "--model", "gpt-5"], ErrorCode.CATALOGUE_INVALID, "no model"),
        (["plan", "--model", "smollm2"], ErrorCode.CATALOGUE_INVALID, "may be"),
        (["plan", "--model", "nowhere.gguf"], ErrorCode.MODEL_REFUSED, "cannot be read"),
        (["models", "inspect", "nowhere.gguf"], ErrorCode.MODEL_REFUSED, "cannot be read"),
    ],
)
def test_errors(techo: Run, arguments: list[str], code: ErrorCode, word: str) -> None:
    status, found = techo(*arguments)
    assert status == 1
    assert found["error"]["code"] == code
    assert word in found["error"]["message"]
    assert found["error"]["hint"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "--vram", "much"],
        ["plan", "--vram", "-1"],
        ["plan", "--ram", "nan"],
        ["plan", "--context", "0"],
        ["plan", "--model", "70b", "--quantization", "Q9"],
        ["models", "inspect"],
        ["models", "frobnicate"],
    ],
    ids=" ".join,
)
def test_wrong_usage(techo: Run, arguments: list[str]) -> None:
    status, found = techo(*arguments)
    assert status == 2
    assert found["error"]["code"] == ErrorCode.INVALID_PARAMS


# ---------------------------------------------------------------------------------------------- models


def test_the_list(show: Show, techo: Run) -> None:
    found = rows(show("models"), "model ")
    _, listed = techo("models")
    assert [line.split()[0] for line in found] == [model["id"] for model in listed["models"]]
    embedded = next(model for model in listed["models"] if model["embedded"])
    assert embedded["files"][0]["sha256"]
    assert all(quantization["file_bytes"] > 0 for model in listed["models"] for quantization in model["quantizations"])


def test_inspecting_the_bundled_file(show: Show, techo: Run, model_path: Path) -> None:
    text = show("models", "inspect", str(model_path))
    for part in ("134,515,008", "Q4_1, 5.74 bits", "Q4_1: 210 tensors", "8k tokens", "chat template  there", "sound"):
        assert part in text
    _, found = techo("models", "inspect", str(model_path))
    assert found["parameters"] == 134_515_008
    assert found["kv"] == [{"key": 192, "value": 192, "window": None}] * 30
    assert sum(row["bytes"] for row in found["mix"]) < found["file_bytes"]


def test_inspecting_a_damaged_file(techo: Run, tmp_path: Path, model_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    with model_path.open("rb") as file:
        damaged.write_bytes(file.read(50_000_000))
    status, found = techo("models", "inspect", str(damaged))
    assert status == 1
    assert "48,362,432 bytes too early" in found["error"]["message"]
    assert "resumed" in found["error"]["hint"]


def test_neither_starts_an_engine_nor_loads_a_model(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom engine.cli import main\n"
        "main(['plan', '--vram', '8', '--ram', '32', '--json']); main(['models', '--json'])\n"
        "print([name for name in ('llama_cpp', 'engine.backbone', 'engine.models.download') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    *lines, loaded = done.stdout.strip().splitlines()
    assert [sorted(json.loads(line))[0] for line in lines] == ["machine", "models"]
    assert loaded == "[]"


# ---------------------------------------------------------------------------------------------- download


@pytest.fixture
def offered(model_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A local server that offers the bundled model."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving(model_path.read_bytes()) as server:
        yield server


def test_a_download_is_checked_and_kept_with_the_data(techo: Run, offered: FileServer, tmp_path: Path) -> None:
    status, found = techo("models", "download", offered.url)
    assert status == 0
    assert Path(found["file"]) == tmp_path / "data" / "models" / "a_model.gguf"
    assert Path(found["file"]).stat().st_size == found["file_bytes"] == len(offered.body)
    assert found["parameters"] == 134_515_008
    status, again = techo("models", "download", offered.url)
    assert status == 1
    assert "there already" in again["error"]["message"]


def test_a_download_to_a_chosen_place(show: Show, offered: FileServer, tmp_path: Path) -> None:
    target = tmp_path / "chosen.gguf"
    checksum = hashlib.sha256(offered.body).hexdigest()
    text = show("models", "download", offered.url, "--to", str(target), "--sha256", checksum)
    assert str(target) in text
    assert target.read_bytes() == offered.body


def test_what_is_no_model_does_not_stay(techo: Run, offered: FileServer, tmp_path: Path) -> None:
    offered.body = b"<!DOCTYPE html><html>please log in</html>"
    status, found = techo("models", "download", offered.url)
    assert status == 1
    assert "web page" in found["error"]["message"]
    assert list((tmp_path / "data" / "models").iterdir()) == []


def test_a_broken_download_says_that_it_can_go_on(
    techo: Run, offered: FileServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("engine.models.download.Policy", lambda: Policy(attempts=1, leave_free=0))
    offered.script = [cut(1_000_000)]
    status, found = techo("models", "download", offered.url)
    assert status == 1
    assert "kept" in found["error"]["hint"]
    status, found = techo("models", "download", offered.url)
    assert status == 0
    assert offered.asked[-1]["Range"] == "bytes=1000000-"


def test_progress_for_a_program(offered: FileServer, tmp_path: Path) -> None:
    """As the window reads it: lines until the result. Letting go of standard input cancels; the next try goes on."""
    command = [sys.executable, "-P", "-m", "engine.cli", "--json", "--data-dir", str(tmp_path), "models", "download"]
    command += [offered.url, "--progress", "--size", str(len(offered.body))]
    pipe = subprocess.PIPE
    offered.script = [cut(2_000_000), stall(10)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        lines = (json.loads(line) for line in child.stdout)
        received = next(line for line in lines if line["progress"]["done"] > 0)["progress"]
        assert received["phase"] == "waiting"
        assert received["total"] == len(offered.body)
        assert received["free"] > 0
        child.stdin.close()
        last = list(lines)[-1]
    assert child.returncode == 1
    assert last["error"]["code"] == ErrorCode.CANCELLED
    offered.release.set()

    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as child:
        assert child.stdout is not None
        found = [json.loads(line) for line in child.stdout]
    assert child.returncode == 0
    assert found[0]["progress"]["done"] > 0, "what had arrived was kept"
    assert Path(found[-1]["file"]).stat().st_size == len(offered.body)


def test_the_whole_catalogue_is_planned(techo: Run) -> None:
    status, found = techo("plan", "--all", "--vram", "8", "--ram", "32")
    assert status == 0
    _, catalogue = techo("models")
    listed = [(model["id"], one["name"]) for model in catalogue["models"] for one in model["quantizations"]]
    assert [(row["id"], row["quantization"]) for row in found["models"]] == listed
    fits = {row["fit"] for row in found["models"]}
    assert {"gpu", "split", "no"} <= fits
    assert {row["tight"] for row in found["models"] if row["fit"] == "gpu"} == {True, False}
    assert not any(row["tight"] for row in found["models"] if row["fit"] == "no")
