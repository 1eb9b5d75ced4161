"""A GGUF file as F16: the same weights, tokenizer and metadata, nothing quantised any more.

Matrices are dequantised and rounded to F16, vectors stay F32, as llama.cpp's own converter leaves them. The rounding
is far below what the quantisation before it has cost (11 bits of mantissa against 4 bits a weight).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.cli.console import UsageError

FILE_TYPE_F16: Final = 1
"""`LLAMA_FTYPE_MOSTLY_F16`."""
_WRITTEN_BY_GGUF: Final = frozenset(("GGUF.version", "GGUF.tensor_count", "GGUF.kv_count", "general.architecture"))


def write_f16(source: Path, out: Path) -> None:
    """Writes `source` as F16 to `out`.

    Raises:
        UsageError: the package `gguf` is not installed.
    """
    gguf = _package()
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(out, str(reader.fields["general.architecture"].contents()))
    for key, field in reader.fields.items():
        if key in _WRITTEN_BY_GGUF:
            continue
        kind = field.types[0]
        of = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        value = FILE_TYPE_F16 if key == "general.file_type" else field.contents()
        writer.add_key_value(key, value, kind, sub_type=of)
    for tensor in reader.tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type)
        writer.add_tensor(tensor.name, np.asarray(values, np.float16 if values.ndim > 1 else np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _package() -> Any:
    try:
        import gguf
    except ImportError:
        raise UsageError(
            "The F16 model is made with the package gguf, which is not installed.",
            "Install Techo's extra `dev` or `train`, or leave the model out with --without-f16.",
        ) from None
    return gguf
