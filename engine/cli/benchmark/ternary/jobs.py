"""Starts the child process that does a job (see `worker`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from engine.cli.benchmark.ternary.contenders import Contender
from engine.errors import BackboneError

_ROOT: Final = Path(__file__).resolve().parents[4]


def run_job(task: str, one: Contender, threads: int | None, **arguments: Any) -> dict[str, Any]:
    """One job in a process of its own -> its result.

    Args:
        task: one of `worker.TASKS`.
        one: the model.
        threads: None for the engine's choice.
        arguments: of the task, as JSON can carry them.

    Raises:
        BackboneError: the model cannot be loaded or run, or the process died.
    """
    environment = dict(os.environ)
    known = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = str(_ROOT) if not known else os.pathsep.join((str(_ROOT), known))
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[variable] = "1"  # as in the engine: a second BLAS thread would only wait for llama.cpp's
    done = subprocess.run(
        [sys.executable, "-P", "-m", "engine.cli.benchmark.ternary.worker"],
        input=json.dumps({"task": task, "model": str(one.path), "threads": threads, **arguments}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        check=False,
    )
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise BackboneError(f"The measurement of {task} with {one.path.name} failed: {last[0]}.")
    result: dict[str, Any] = json.loads(done.stdout)
    if "refused" in result:
        raise BackboneError(result["refused"], result["hint"] or "")
    return result
