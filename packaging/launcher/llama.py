"""llama-cpp-python: compiled from source for this computer, once a user; proven by a smoke test before it is trusted.

Wheels are kept in the user's cache, keyed by everything they depend on, so that a second checkout compiles nothing. A
build lies in a fixed folder until it is done: interrupted after two minutes, it goes on from there.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from launcher import cpu, system
from launcher.environment import (
    Environment,
    base_python,
    faults,
    pip_install,
    pip_note,
    read_lock,
    remove,
)
from launcher.places import Places
from launcher.show import CommandFailed, Progress, Runner, SetupError, describe_status, duration, excerpt

NAME: Final = "llama-cpp-python"

HOOK: Final = "techo_hook.cmake"
HOOK_TEXT: Final = (
    "# Included before llama.cpp's own project(): its command-line helpers are half of the compile, and unused.\n"
    "set(LLAMA_BUILD_COMMON OFF)\n"
)
HOOK_ARGUMENT: Final = f"-DCMAKE_PROJECT_llama.cpp_INCLUDE_BEFORE={HOOK}"

UNFIT: Final = "UNFIT"
"""In place of a wheel that died of an illegal instruction, so that it is not compiled again."""


@dataclass(frozen=True)
class Recipe:
    """One way to compile llama.cpp."""

    version: str
    cmake_args: str

    @property
    def key(self) -> str:
        """Folder name in the cache: version, and a digest of all else that the wheel depends on."""
        parts = [self.version, self.cmake_args, cpu.machine(), sys.platform, *platform.libc_ver()]
        return f"{self.version}-{hashlib.blake2b(json.dumps(parts).encode(), digest_size=6).hexdigest()}"


def recipes(version: str, features: frozenset[str], machine: str, asked: str = "") -> list[Recipe]:
    """What to try, in order: this processor's features, then the architecture's baseline.

    `asked` is the user's own CMAKE_ARGS; they come last and so have the last word.
    """
    wanted = (cpu.flags_for(features, machine), cpu.flags_for(frozenset(), machine))
    made = [Recipe(version, " ".join(filter(None, (flags, HOOK_ARGUMENT, asked.strip())))) for flags in wanted]
    return list(dict.fromkeys(made))


# ------------------------------------------------------------------------------------------ the cache


def cached(places: Places, recipe: Recipe) -> Path | None:
    """The wheel of a recipe, if it was compiled before and is whole. A damaged one is removed."""
    for wheel in sorted((places.wheels / recipe.key).glob("*.whl")):
        try:
            with zipfile.ZipFile(wheel) as archive:
                if archive.testzip() is None:
                    return wheel
        except (OSError, zipfile.BadZipFile):
            pass
        wheel.unlink(missing_ok=True)
    return None


def is_unfit(places: Places, recipe: Recipe) -> bool:
    """Whether this recipe's wheel is known not to run here."""
    return (places.wheels / recipe.key / UNFIT).exists()


def mark_unfit(places: Places, recipe: Recipe, why: str) -> None:
    """Forgets a recipe's wheel and remembers why."""
    folder = places.wheels / recipe.key
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / UNFIT).write_text(why + "\n", encoding="utf-8")


def keep_wheel(places: Places, recipe: Recipe, wheel: Path) -> Path:
    """Moves a finished wheel into the cache: complete or not at all."""
    folder = places.wheels / recipe.key
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "flags.txt").write_text(recipe.cmake_args + "\n", encoding="utf-8")
    target = folder / wheel.name
    partial = folder / (wheel.name + ".partial")
    shutil.copyfile(wheel, partial)
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    return target


# ------------------------------------------------------------------------------------------ compiling


def parallel_jobs() -> int:
    """Compilers at a time: a processor and about a gigabyte of memory for each."""
    processors = len(os.sched_getaffinity(0)) if sys.platform == "linux" else (os.cpu_count() or 1)
    try:
        match = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"))
    except OSError:
        match = None
    return max(1, min(processors, int(match[1]) // 2**20)) if match else processors


def compile_note(line: str) -> str | None:
    """`46 of 83 compiled`, from ninja's `[46/83]`."""
    match = re.match(r"\s*\[(\d+)/(\d+)\]", line)
    return f"{match[1]} of {match[2]} compiled" if match else pip_note(line)


@contextlib.contextmanager
def locked(path: Path, progress: Progress, runner: Runner, waiting: str) -> Iterator[None]:
    """Holds `path` (flock); children inherit it. Says `waiting` while somebody else holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                progress.note(waiting)
                time.sleep(0.3)
        runner.keep.append(file.fileno())
        try:
            yield
        finally:
            runner.keep.remove(file.fileno())


def build(places: Places, recipe: Recipe, progress: Progress, runner: Runner) -> Path:
    """Compiles the wheel of a recipe (or goes on with it, or waits for the checkout that is at it).

    Raises:
        CommandFailed: the compiler or pip failed.
    """
    work = places.builds / recipe.key
    waiting = "another checkout is compiling it; waiting"
    with locked(places.builds / f"{recipe.key}.lock", progress, runner, waiting):
        wheel = cached(places, recipe)
        if wheel is not None:
            return wheel
        tools = _tools(places, work, runner)
        source = _source(recipe, work, tools, runner)
        environment = {
            **os.environ,
            "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "CMAKE_ARGS": recipe.cmake_args,
            "CMAKE_GENERATOR": "Ninja",
            "CMAKE_BUILD_PARALLEL_LEVEL": str(parallel_jobs()),
        }
        remove(work / "dist")
        runner.run(
            [
                *(tools / "python", "-m", "pip", "wheel", "--verbose", "--disable-pip-version-check", "--no-input"),
                *("--no-deps", "--no-build-isolation", "--no-cache-dir"),
                *("--config-settings", f"build-dir={work / 'objects'}", "--wheel-dir", work / "dist", source),
            ],
            note=compile_note,
            env=environment,
        )
        kept = keep_wheel(places, recipe, next((work / "dist").glob("*.whl")))
        shutil.rmtree(work, ignore_errors=True)
        return kept


def discard_build(places: Places, recipe: Recipe) -> None:
    """Removes a build that was begun here but whose wheel came from elsewhere, unless somebody is at it."""
    lock = places.builds / f"{recipe.key}.lock"
    if not lock.exists():
        return
    with lock.open("a") as file, contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(places.builds / recipe.key, ignore_errors=True)


def _tools(places: Places, work: Path, runner: Runner) -> Path:
    """The bin folder of an environment with cmake and ninja; at a fixed path, so that a build can go on with them."""
    folder = work / "tools"
    python = folder / "bin" / "python"
    done = folder / "done"
    if not done.is_file():
        runner.run([base_python(), "-m", "venv", "--clear", folder])
        runner.run(
            [
                *(python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"),
                *("--no-deps", "-r", places.requirements / "build.txt"),
            ],
            note=pip_note,
        )
        done.touch()
    return folder / "bin"


def _source(recipe: Recipe, work: Path, tools: Path, runner: Runner) -> Path:
    """The unpacked sources; complete or not there."""
    source = work / "source"
    if source.is_dir():
        return source
    download = work / "download"
    remove(download)
    environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    runner.run(
        [
            *(tools / "python", "-m", "pip", "download", "--disable-pip-version-check", "--no-input"),
            *("--progress-bar", "off", "--no-deps", "--no-build-isolation", "--no-binary", NAME),
            *("--dest", download, f"{NAME}=={recipe.version}"),
        ],
        note=pip_note,
        env=environment,
    )
    unpacked = work / "unpacked"
    remove(unpacked)
    archive = next(download.glob("*.tar.gz"))
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(unpacked, filter="data")
        else:  # a Python 3.11 before 3.11.4
            tar.extractall(unpacked)
    inner = next(path for path in unpacked.iterdir() if path.is_dir())
    (inner / "vendor" / "llama.cpp" / HOOK).write_text(HOOK_TEXT, encoding="utf-8")
    inner.rename(source)
    remove(unpacked)
    remove(download)
    return source


# ------------------------------------------------------------------------------------------ proof


@dataclass(frozen=True)
class Verdict:
    """What the smoke test said."""

    works: bool
    reason: str = ""
    illegal_instruction: bool = False


def smoke_test(environment: Environment, model: Path, runner: Runner) -> Verdict:
    """Loads the model and decodes a few tokens, in a process of its own."""
    script = Path(__file__).with_name("smoke.py")
    try:
        run = subprocess.run(
            [environment.python, "-P", script, model],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=600,  # seconds; it takes one or two, but not on a machine that is busy with ten other things
        )
    except subprocess.TimeoutExpired:
        return Verdict(False, "it took longer than ten minutes")
    runner.record(f"\n$ smoke test: {describe_status(run.returncode)}\n{run.stdout}{run.stderr}")
    if run.returncode == 0:
        return Verdict(True)
    last = run.stderr.strip().splitlines()[-1:] or [""]
    return Verdict(
        False,
        f"{describe_status(run.returncode)}{': ' + last[0] if last[0] else ''}",
        illegal_instruction=run.returncode == -4,
    )


def proof_of(environment: Environment, features: frozenset[str]) -> str:
    """What a passed smoke test holds for: this very installation on a processor with these features."""
    digest = hashlib.blake2b(digest_size=16)
    for folder in environment.site:
        for record in sorted(folder.glob("llama_cpp_python-*.dist-info/RECORD")):
            digest.update(record.read_bytes())
    digest.update(" ".join(sorted(features)).encode())
    return digest.hexdigest()


def must_compile(places: Places, environment: Environment | None) -> bool:
    """Whether a wheel will have to be compiled: none is installed and none is in the cache."""
    pins = read_lock(places, "llama")
    if environment is not None and not faults(environment.site, pins):
        return False
    wanted = recipes(pins[NAME], cpu.detect_features(), cpu.machine(), os.environ.get("CMAKE_ARGS", ""))
    return all(cached(places, recipe) is None for recipe in wanted)


def ensure(places: Places, environment: Environment, model: Path, kin: str, progress: Progress, runner: Runner) -> str:
    """Makes sure of a llama-cpp-python that works here; returns what was done, in words.

    Raises:
        SetupError: it cannot be had.
    """
    pins = read_lock(places, "llama")
    features = cpu.detect_features()
    proof = places.state / "llama"
    reason = ""
    if not faults(environment.site, pins):
        if proof.is_file() and proof.read_text(encoding="utf-8").strip() == proof_of(environment, features):
            return "there, and it works"
        progress.note("trying it out")
        _need_libraries(environment, kin, progress, runner)
        verdict = smoke_test(environment, model, runner)
        if verdict.works:
            _write_proof(places, environment, features)
            return "there; tried out, it works"
        reason = verdict.reason
        progress.say(f"      The installed llama.cpp does not work here ({reason}); replacing it.")
        remove(proof)

    for recipe in recipes(pins[NAME], features, cpu.machine(), os.environ.get("CMAKE_ARGS", "")):
        if is_unfit(places, recipe):
            continue
        wheel, origin = _wheel(places, recipe, kin, progress, runner)
        pip_install(
            runner, environment.python, ["--no-deps", "--no-index", "--force-reinstall", wheel], "llama-cpp-python"
        )
        left = faults(environment.site, pins)
        if left:
            raise SetupError(f"llama-cpp-python {left[NAME]} after its installation.", f"Full log: {runner.log}")
        progress.note("trying it out")
        _need_libraries(environment, kin, progress, runner)
        verdict = smoke_test(environment, model, runner)
        if verdict.works:
            _write_proof(places, environment, features)
            return f"{origin}; tried out, it works"
        reason = verdict.reason
        if verdict.illegal_instruction:
            mark_unfit(places, recipe, reason)
        else:
            remove(wheel)
        progress.say(f"      llama.cpp, compiled with {recipe.cmake_args}, does not work here ({reason}).")
    raise SetupError(
        f"llama.cpp was compiled, but does not work on this computer ({reason}).",
        f"Please report this with the log {runner.log}. After a change of compiler:  rm -r {places.wheels}",
    )


def _write_proof(places: Places, environment: Environment, features: frozenset[str]) -> None:
    places.state.mkdir(parents=True, exist_ok=True)
    (places.state / "llama").write_text(proof_of(environment, features) + "\n", encoding="utf-8")


def _need_libraries(environment: Environment, kin: str, progress: Progress, runner: Runner) -> None:
    """The libraries that the compiled code is linked with (OpenMP's, of a wheel from the cache)."""
    files = [file for folder in environment.site for file in (folder / "llama_cpp" / "lib").glob("*.so*")]
    missing = system.missing_libraries(files)
    packages = system.packages_for(missing, kin)
    if missing and packages and system.installs_itself(kin):
        system.apt_install(packages, progress, runner)
        missing = system.missing_libraries(files)
    if missing:
        raise SetupError(*system.describe_missing(missing, kin, whose="llama.cpp"))


def _wheel(places: Places, recipe: Recipe, kin: str, progress: Progress, runner: Runner) -> tuple[Path, str]:
    wheel = cached(places, recipe)
    if wheel is not None:
        discard_build(places, recipe)
        return wheel, "taken from the cache"
    compiler = system.need_compiler(kin, progress, runner)
    begun = progress.elapsed()
    try:
        wheel = build(places, recipe, progress, runner)
    except CommandFailed as error:
        raise SetupError(
            f"llama.cpp could not be compiled:\n{excerpt(error.tail)}",
            f"The compiler is {compiler}; the full log is {runner.log}. Run the same command again to go on from here.",
        ) from error
    return wheel, f"compiled in {duration(progress.elapsed() - begun)}"
