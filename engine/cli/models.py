"""`techo models` lists the catalogue; `inspect FILE.gguf` checks a file; `download URL` fetches and checks one."""

from __future__ import annotations

import shutil
import threading
from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from engine.cli.connection import data_dir
from engine.cli.console import EXIT_OK, Console, bytes_text, table
from engine.models.catalogue import CatalogueModel, load_catalogue
from engine.models.header import ModelFile, read_header
from engine.models.planner import cache_bytes
from engine.models.wording import gb, mb, tokens


def list_models(options: Namespace, console: Console) -> int:
    """The catalogue."""
    catalogue = load_catalogue()
    rows = [
        [
            model.id,
            model.family,
            f"{model.parameters / 1e9:.2f}",
            tokens(model.shape.context) if not model.shape.recurrent else "any",
            f"{gb(model.weights(model.quantizations[0]).file)} {model.quantizations[0]}",
            model.licence,
            ", ".join(model.languages[:5]) + (", ..." if len(model.languages) > 5 else ""),
        ]
        for model in catalogue.models
    ]
    text = table(["model", "family", "billions", "context", "size", "licence", "languages"], rows)
    text += "\n\n`techo plan` says which of them fit here; `techo plan --model NAME` tells more of one."
    console.result({"models": [_catalogue_object(model) for model in catalogue.models]}, text)
    return EXIT_OK


def inspect(options: Namespace, console: Console) -> int:
    """The header check of one file."""
    model = read_header(options.file)
    console.result(_file_object(model), _file_text(model))
    return EXIT_OK


def download_file(options: Namespace, console: Console) -> int:
    """Downloads a model. The downloader is imported here and nowhere else: nothing but this opens the network."""
    from engine.models.download import CancelToken, Progress, download, file_name

    target = options.to if options.to is not None else data_dir(options) / "models" / file_name(options.url)
    width = 0
    cancel = CancelToken()
    if options.progress:
        _cancel_at_end_of_input(console, cancel.cancel)

    def tell(step: Progress) -> None:
        nonlocal width
        if options.progress:
            console.line({"progress": asdict(step) | {"free": shutil.disk_usage(target.parent).free}})
            return
        if not console.stderr.isatty() or console.as_json:
            return
        line = f"{step.phase} {bytes_text(step.done)}"
        line += f" of {bytes_text(step.total)} ({step.done / step.total:.0%})" if step.total else ""
        line += f", {bytes_text(round(step.rate))}/s" if step.rate else ""
        console.stderr.write(f"\r{line.ljust(width)}")
        console.stderr.flush()
        width = len(line)

    try:
        path = download(
            options.url,
            target,
            sha256=options.sha256,
            size=options.size,
            progress=tell,
            cancel=cancel,
            accept=read_header,
        )
    finally:
        if width:
            console.stderr.write("\n")
    model = read_header(path)
    console.result(_file_object(model), _file_text(model))
    return EXIT_OK


def _cancel_at_end_of_input(console: Console, cancel: Callable[[], None]) -> None:
    """Whoever started this lets go of it, or has died: not on every platform could it send a signal."""

    def wait() -> None:
        while console.stdin.read(4096):
            pass
        cancel()

    threading.Thread(target=wait, name="end of input", daemon=True).start()


def _catalogue_object(model: CatalogueModel) -> dict[str, Any]:
    return {
        "id": model.id,
        "name": model.name,
        "family": model.family,
        "repository": model.repository,
        "files_repository": model.files_repository,
        "licence": model.licence,
        "languages": list(model.languages),
        "note": model.note,
        "note_ja": model.note_ja,
        "embedded": model.embedded,
        "runs_here": model.runs_here,
        "parameters": model.parameters,
        "architecture": model.shape.architecture,
        "layers": model.shape.layers,
        "width": model.shape.width,
        "context": model.shape.context,
        "quantizations": [
            {
                "name": quantization,
                "bits": round(model.weights(quantization).bits, 3),
                "file_bytes": model.weights(quantization).file,
            }
            for quantization in model.quantizations
        ],
        "files": [
            {"quantization": file.quantization, "name": file.name, "size": file.size, "sha256": file.sha256}
            for file in model.files
        ],
    }


def _file_object(model: ModelFile) -> dict[str, Any]:
    shape = model.shape
    return {
        "file": str(model.path),
        "file_bytes": model.size,
        "gguf_version": model.version,
        "name": model.name,
        "licence": model.licence,
        "architecture": shape.architecture,
        "quantization": model.quantization,
        "bits": round(model.bits, 3),
        "mix": [
            {"format": name, "tensors": count, "weights": weights, "bytes": size}
            for name, count, weights, size in model.mix
        ],
        "parameters": model.parameters,
        "layers": shape.layers,
        "width": shape.width,
        "feed_forward": shape.feed_forward,
        "heads": shape.heads,
        "kv": [
            None if layer is None else {"key": layer.key, "value": layer.value, "window": layer.window}
            for layer in shape.kv
        ],
        "state_bytes": shape.state_bytes,
        "experts": shape.experts,
        "experts_used": shape.experts_used,
        "vocabulary": shape.vocabulary,
        "context": shape.context,
        "tokenizer": model.tokenizer.model,
        "tokenizer_pre": model.tokenizer.pre,
        "chat_template": model.tokenizer.chat_template,
    }


def _file_text(model: ModelFile) -> str:
    shape = model.shape
    rows = [
        ("file", f"{model.path} ({bytes_text(model.size)}, GGUF version {model.version})"),
        ("name", model.name),
        ("licence", model.licence or "not said"),
        ("architecture", shape.architecture),
        ("parameters", f"{model.parameters:,}"),
        ("quantization", f"{model.quantization}, {model.bits:.2f} bits a weight"),
        (
            "formats",
            "; ".join(
                f"{name}: {count:,} tensor{'' if count == 1 else 's'}, {bytes_text(size)}"
                for name, count, _, size in model.mix
            ),
        ),
        ("layers", f"{shape.layers}, width {shape.width:,}, feed-forward {shape.feed_forward:,}"),
        ("attention", _attention(model)),
        ("experts", f"{shape.experts_used} of {shape.experts} a token" if shape.experts else "none"),
        ("context", f"{tokens(shape.context)} tokens" if shape.context else "not said"),
        ("memory", _memory(model)),
        ("tokenizer", f"{model.tokenizer.model or 'not said'}, {shape.vocabulary:,} tokens"),
        ("chat template", "there" if model.tokenizer.chat_template else "missing: it may be a base model"),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in rows) + "\n\nThe header is sound."


def _attention(model: ModelFile) -> str:
    shape = model.shape
    if shape.recurrent:
        return "none: a recurrent model"
    kept = [layer for layer in shape.kv if layer is not None]
    windows = sorted({layer.window for layer in kept if layer.window is not None})
    text = f"{shape.heads} heads, {max(layer.key for layer in kept):,} key and "
    text += f"{max(layer.value for layer in kept):,} value numbers a token and layer"
    if windows:
        count = sum(layer.window is not None for layer in kept)
        text += f"; {count} of {len(kept)} layers look back {', '.join(f'{size:,}' for size in windows)} tokens"
    return text


def _memory(model: ModelFile) -> str:
    shape = model.shape
    if shape.recurrent:
        return f"a state of {mb(shape.state_bytes)} for a conversation of any length"
    state = f", and a state of {mb(shape.state_bytes)}" if shape.state_bytes else ""
    return f"{gb(cache_bytes(shape, 8192))} of KV cache for 8k tokens (f16){state}"
