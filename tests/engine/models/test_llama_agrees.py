"""The planner's arithmetic beside what the installed llama.cpp says that it allocates."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from llama_cpp import GGML_TYPE_Q8_0, Llama

from engine.backbone.native import redirect_log
from engine.models.header import read_header
from engine.models.planner import buffer_bytes, cache_bytes, host_bytes

MIB = 1 << 20


@contextmanager
def loaded(caplog: pytest.LogCaptureFixture, path: Path, **options: Any) -> Iterator[dict[str, float]]:
    """Loads a model; gives the last figure of each "... size = N MiB" that llama.cpp logs, in MiB."""
    redirect_log()
    caplog.set_level(logging.DEBUG, logger="engine.llama")
    caplog.clear()
    model = Llama(str(path), n_threads=1, n_threads_batch=1, verbose=True, **options)
    try:
        lines = [record.getMessage() for record in caplog.records]
        yield {
            name: float(size)
            for line in lines
            for name, size in re.findall(
                r"CPU\S* +(KV buffer|RS buffer|compute buffer|model buffer) size = +([\d.]+) MiB", line
            )
        }
    finally:
        model.close()


@pytest.mark.parametrize("context", [512, 2048])
@pytest.mark.parametrize("cache", ["f16", "q8_0"])
def test_the_bundled_model(model_path: Path, caplog: pytest.LogCaptureFixture, context: int, cache: str) -> None:
    model = read_header(model_path)
    kind = {} if cache == "f16" else {"type_k": GGML_TYPE_Q8_0, "type_v": GGML_TYPE_Q8_0}
    with loaded(caplog, model_path, n_ctx=context, n_batch=512, flash_attn=True, **kind) as said:
        assert said["KV buffer"] == pytest.approx(cache_bytes(model.shape, context, cache) / MIB, abs=0.01)
        planned = (buffer_bytes(model.shape) + host_bytes(model.shape, context)) / MIB
        assert 0.9 * planned < said["compute buffer"] < 1.03 * planned
        weights = model.weights()
        assert said["model buffer"] == pytest.approx((weights.file - weights.header) / MIB, abs=0.1)
