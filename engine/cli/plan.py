"""`techo plan`: which models fit this machine, or an imagined one, how to load them, and why.

Starts no engine and loads no model: figures only. The one exception is a machine with a graphics card, where llama.cpp
is asked whether it was built for one.
"""

from __future__ import annotations

import textwrap
from argparse import Namespace
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from engine.cli.connection import data_dir
from engine.cli.console import EXIT_OK, Console, UsageError, bytes_text, table
from engine.models.catalogue import CatalogueModel, load_catalogue
from engine.models.hardware import GIB, Machine, detect, imagine
from engine.models.header import read_header
from engine.models.plan import Fit, Plan
from engine.models.planner import plan as plan_model
from engine.models.shape import ModelShape
from engine.models.weights import BASE, Weights
from engine.models.wording import gb, pace, tokens

WIDTH: Final = 110
_KNOBS: Final = ("n_gpu_layers", "n_ctx", "n_batch", "n_threads", "type_k", "type_v", "flash_attn")


@dataclass(frozen=True)
class _Row:
    """One model in one quantization, planned."""

    model: CatalogueModel
    quantization: str
    weights: Weights
    plan: Plan


def plan(options: Namespace, console: Console) -> int:
    """The three set-ups and what else fits; or one model in detail."""
    machine, notes = _machine(options)
    if options.model is not None:
        return _one_model(options, console, machine, notes)
    catalogue = load_catalogue()
    setups = [
        (setup, [_row(model, quantization, machine, options.context) for model, quantization in setup.choices])
        for setup in catalogue.setups
    ]
    if options.all:
        others = [
            _row(model, quantization, machine, options.context)
            for model in catalogue.models
            for quantization in model.quantizations
        ]
    else:
        others = [row for model in catalogue.models if (row := _other(model, machine, options.context)) is not None]
    value = {
        "machine": machine_object(machine),
        "notes": notes,
        "setups": [
            {
                "rank": setup.rank,
                "title": setup.title,
                "title_ja": setup.title_ja,
                "expect": setup.expect,
                "choices": [_object(row) for row in rows],
            }
            for setup, rows in setups
        ],
        "models": [_object(row) for row in others],
    }
    lines = [machine_text(machine), *notes, "", "The three set-ups"]
    lines.append(
        table(
            ["rank", "model", "quantization", "size", "what to expect"],
            [
                [
                    f"{setup.rank} {setup.title}" if index == 0 else "",
                    row.model.name,
                    row.quantization,
                    gb(row.weights.file),
                    row.plan.summary,
                ]
                for setup, rows in setups
                for index, row in enumerate(rows)
            ],
        )
    )
    lines += ["", "Why"]
    lines += [f"{setup.rank}  " + _wrapped(" ".join(rows[0].plan.why), "    ") for setup, rows in setups]
    mentioned = {row.model.id for _, rows in setups for row in rows}
    if options.all:
        lines += ["", "The whole catalogue", _models_table(others)]
    elif rest := [row for row in others if row.model.id not in mentioned]:
        lines += ["", "Other models that fit (the best quantization of each)", _models_table(rest)]
    lines += ["", "`techo plan --model NAME` tells more of one; speeds are estimates from memory bandwidth."]
    console.result(value, "\n".join(lines))
    return EXIT_OK


def _one_model(options: Namespace, console: Console, machine: Machine, notes: list[str]) -> int:
    path = Path(options.model).expanduser()
    if path.suffix.lower() == ".gguf" or path.is_file():
        return _one_file(options, console, machine, notes, path)
    model = load_catalogue().find(options.model)
    wanted = model.quantizations
    if options.quantization is not None:
        wanted = (_quantization(options.quantization),)
    rows = [_row(model, quantization, machine, options.context) for quantization in wanted]
    value = {"machine": machine_object(machine), "notes": notes, "models": [_object(row) for row in rows]}
    best = next((row for row in rows if row.plan.fit is not Fit.NO), rows[0])
    lines = [machine_text(machine), *notes, "", f"{model.name}  ({model.licence}; {', '.join(model.languages)})"]
    lines += [model.note] if model.note else []
    lines += ["", _quantizations_table(rows), "", f"{best.quantization}: " + _wrapped(" ".join(best.plan.why), "  ")]
    lines += ["", _settings(best.plan)]
    console.result(value, "\n".join(lines))
    return EXIT_OK


def _one_file(options: Namespace, console: Console, machine: Machine, notes: list[str], path: Path) -> int:
    if options.quantization is not None:
        raise UsageError(f"{path.name} is in one quantization already.", "Leave out --quantization for a file.")
    model = read_header(path)
    planned = plan_model(model.shape, model.weights(), machine, options.context)
    value = {
        "machine": machine_object(machine),
        "notes": notes,
        "models": [
            {"file": str(path), "name": model.name, "quantization": model.quantization}
            | plan_object(planned, model.shape, model.weights())
        ],
    }
    lines = [machine_text(machine), *notes, "", f"{model.name}  {model.quantization}  ({path.name})"]
    lines += [planned.summary, "", _wrapped(" ".join(planned.why), ""), "", _settings(planned)]
    console.result(value, "\n".join(lines))
    return EXIT_OK


# ---------------------------------------------------------------------------------------------- machine


def _machine(options: Namespace) -> tuple[Machine, list[str]]:
    """The machine to plan for, and what else should be said about it."""
    here = detect(data_dir(options))
    if options.vram is not None or options.ram is not None:
        ram = options.ram
        if ram is None:
            if here.ram is None:
                raise UsageError("How much RAM this machine has is not known.", "Add --ram GB.")
            ram = round(here.ram / GIB)
        return imagine(vram=options.vram or 0.0, ram=ram), []
    notes = [f"{name}: the size of its memory is not known, so it is left out." for name in here.other_gpus]
    if here.gpus and not _built_for_gpus():
        memory = sum(gpu.memory for gpu in here.gpus)
        notes.append(
            "This llama.cpp was built without GPU support, so the plan is for the processor alone; "
            f"`techo plan --vram {memory / GIB:.0f} --ram {(here.ram or 0) / GIB:.0f}` shows what the card could do."
        )
        return replace(here, gpus=()), notes
    return here, notes


def _built_for_gpus() -> bool:
    try:
        from engine.backbone.native import gpu_offload
    except (ImportError, OSError, RuntimeError):
        return False
    return gpu_offload()


def machine_text(machine: Machine) -> str:
    """The machine in a few lines."""
    cards = ", ".join(f"{gpu.name} with {gpu.memory / GIB:.1f} GB" for gpu in machine.gpus) or "no graphics card to use"
    if machine.imagined:
        vram = sum(gpu.memory for gpu in machine.gpus) / GIB
        return f"An imagined computer: {vram:g} GB of VRAM, {(machine.ram or 0) / GIB:g} GB of RAM."
    ram = "RAM unknown" if machine.ram is None else f"{machine.ram / GIB:.1f} GB of RAM"
    if machine.ram_available is not None:
        ram += f" ({machine.ram_available / GIB:.1f} GB free)"
    cores = "" if machine.cores is None else f", {machine.cores} cores"
    if machine.usable_cores is not None and machine.usable_cores != machine.cores:
        cores += f" ({machine.usable_cores} usable)"
    features = f"  {', '.join(machine.features)}" if machine.features else ""
    disk = "" if machine.disk_free is None else f"\n  {bytes_text(machine.disk_free)} free on the disk"
    processor = machine.processor or machine.architecture or "unknown processor"
    return f"This computer: {ram}; {cards}\n  {processor}{cores}{disk}\n{features}".rstrip()


def machine_object(machine: Machine) -> dict[str, Any]:
    """The machine for a program: bytes and names."""
    return {
        "imagined": machine.imagined,
        "ram": machine.ram,
        "ram_available": machine.ram_available,
        "cores": machine.cores,
        "usable_cores": machine.usable_cores,
        "processor": machine.processor,
        "architecture": machine.architecture,
        "features": list(machine.features),
        "gpus": [
            {"name": gpu.name, "maker": gpu.maker, "memory": gpu.memory, "free": gpu.free, "unified": gpu.unified}
            for gpu in machine.gpus
        ],
        "other_gpus": list(machine.other_gpus),
        "disk_free": machine.disk_free,
    }


# ---------------------------------------------------------------------------------------------- rows


def _row(model: CatalogueModel, quantization: str, machine: Machine, context: int | None) -> _Row:
    weights = model.weights(quantization)
    return _Row(model, quantization, weights, plan_model(model.shape, weights, machine, context))


def _other(model: CatalogueModel, machine: Machine, context: int | None) -> _Row | None:
    """The model in the first of its quantizations that is best placed (GPU, else split or RAM); None if none fits."""
    rows = [_row(model, quantization, machine, context) for quantization in model.quantizations]
    for wanted in ({Fit.GPU}, {Fit.SPLIT, Fit.RAM}, {Fit.UNKNOWN}):
        for row in rows:
            if row.plan.fit in wanted:
                return row
    return None


def _quantization(text: str) -> str:
    for known in BASE:
        if known.lower() == text.strip().lower():
            return known
    raise UsageError(f'There is no quantization "{text}".', f"Known are: {', '.join(BASE)}.")


def _models_table(rows: Iterable[_Row]) -> str:
    return table(
        ["model", "family", "quantization", "size", "what to expect"],
        [
            [
                row.model.name + ("" if row.model.runs_here else " *"),
                row.model.family,
                row.quantization,
                gb(row.weights.file),
                row.plan.summary,
            ]
            for row in rows
        ],
    ) + ("\n* llama.cpp cannot run its published file." if any(not row.model.runs_here for row in rows) else "")


def _quantizations_table(rows: Iterable[_Row]) -> str:
    return table(
        ["quantization", "bits", "size", "on the GPU", "in RAM", "layers", "context", "tokens/s", "what to expect"],
        [
            [
                row.quantization,
                f"{row.weights.bits:.2f}",
                gb(row.weights.file),
                gb(row.plan.need.gpu) if row.plan.need.output else "-",
                gb(row.plan.need.ram),
                f"{row.plan.need.layers}/{row.model.shape.layers}",
                tokens(row.plan.context),
                f"{pace(row.plan.speed[0])}-{pace(row.plan.speed[1])}" if row.plan.fit is not Fit.NO else "-",
                row.plan.summary,
            ]
            for row in rows
        ],
    )


def _settings(planned: Plan) -> str:
    return "Settings: " + ", ".join(f"{knob}={planned.settings[knob]}" for knob in _KNOBS)


def _object(row: _Row) -> dict[str, Any]:
    return {"id": row.model.id, "name": row.model.name, "quantization": row.quantization} | plan_object(
        row.plan, row.model.shape, row.weights
    )


def plan_object(planned: Plan, shape: ModelShape, weights: Weights) -> dict[str, Any]:
    """A plan for a program: bytes, tokens, tokens a second."""
    need = planned.need
    return {
        "parameters": weights.parameters,
        "bits": round(weights.bits, 3),
        "file_bytes": weights.file,
        "fit": planned.fit.value,
        "tight": planned.tight,
        "layers": shape.layers,
        "gpu_layers": need.layers,
        "gpu_bytes": need.gpu,
        "ram_bytes": need.ram,
        "gpu_budget": planned.gpu_budget,
        "ram_budget": planned.ram_budget,
        "cache_bytes": need.cache,
        "cache_type": planned.cache_type,
        "context": planned.context,
        "comfortable": list(planned.comfortable),
        "tokens_per_second": [round(speed, 2) for speed in planned.speed],
        "settings": planned.settings,
        "summary": planned.summary,
        "why": list(planned.why),
    }


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent)
