"""The student as a GGUF that plain llama.cpp opens: ternary blocks, the teacher's embedding, tokenizer and template."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter, dequantize
from gguf.quants import quantize as encode

from engine.training.ternary.llama import NORMS, PROJECTIONS, Llama, Shape
from engine.training.ternary.quantizer import quantize

FILE_TYPES = {"F16": 1, "TQ1_0": 36, "TQ2_0": 37, "mixed": 36}
"""llama.cpp's `llama_ftype` numbers. `mixed`: the matrices of `FAST` in TQ2_0, which is faster, the others in TQ1_0,
which is smaller."""
FAST = ("ffn_gate", "ffn_down")
PART = 15_000_000
"""Bytes of a part of `pack`, at most."""


@torch.no_grad()
def ternary_tensors(student: Llama) -> dict[str, np.ndarray]:
    """The tensors of the blocks by their GGUF names, float32: what the forward pass computes with."""
    tensors = {"output_norm.weight": student.output_norm.weight.cpu().numpy()}
    for i, block in enumerate(student.blocks):
        for name in PROJECTIONS:
            weight = getattr(block, name).weight
            trits, scale = quantize(weight)
            tensors[f"blk.{i}.{name}.weight"] = (trits * scale).view_as(weight).cpu().numpy()
        for name in NORMS:
            tensors[f"blk.{i}.{name}.weight"] = getattr(block, name).weight.cpu().numpy()
    return tensors


def pack(tensors: Mapping[str, np.ndarray], folder: Path) -> list[Path]:
    """The tensors in numbered .npz files of at most `PART` bytes, matrices as TQ1_0 blocks: for a slow way home."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    part: dict[str, np.ndarray] = {}

    def close() -> None:
        paths.append(folder / f"ternary-{len(paths)}.npz")
        np.savez(paths[-1], **part)  # type: ignore[arg-type]
        part.clear()

    for name, tensor in tensors.items():
        small = encode(tensor, GGMLQuantizationType.TQ1_0) if tensor.ndim == 2 else tensor.astype(np.float32)
        if part and sum(array.nbytes for array in part.values()) + small.nbytes > PART:
            close()
        part[name] = small
    close()
    return paths


def unpack(paths: list[Path]) -> dict[str, np.ndarray]:
    """What `pack` was given."""
    tensors: dict[str, np.ndarray] = {}
    for path in paths:
        with np.load(path, allow_pickle=False) as part:
            for name in part.files:
                array = part[name]
                ternary = array.dtype == np.uint8
                tensors[name] = dequantize(array, GGMLQuantizationType.TQ1_0) if ternary else array
    return tensors


def write_gguf(
    tensors: Mapping[str, np.ndarray],
    shape: Shape,
    teacher: Path,
    out: Path,
    *,
    type_: str = "TQ2_0",
    embedding: str = "Q6_K",
    importance: np.ndarray | None = None,
    name: str = "Bit-TTT SmolLM2-135M",
) -> None:
    """Writes the model.

    Args:
        tensors: of `ternary_tensors`.
        shape: the student's.
        teacher: the GGUF it was distilled from: gives the embedding, the tokenizer, the chat template.
        out: the file to write.
        type_: `TQ1_0` (1.69 bits a weight), `TQ2_0` (2.06, faster), `mixed` or `F16`, to compare with.
        embedding: type of the token embedding, which is the output head too.
        importance: (width,) mean square of what each of the embedding's columns is multiplied with in the head; the K
            types are then rounded where it matters least.
        name: `general.name`.
    """
    reader = GGUFReader(teacher)
    writer = GGUFWriter(out, "llama")
    writer.add_name(name)
    writer.add_description(
        f"Ternary weights (-1, 0, 1) distilled from {teacher.stem}; see the model card in Techo's resources."
    )
    writer.add_license("apache-2.0")
    writer.add_quantization_version(2)
    writer.add_file_type(FILE_TYPES[type_])
    writer.add_block_count(shape.layers)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(shape.eps)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(int(reader.fields["llama.context_length"].contents()))
    for key, field in reader.fields.items():
        if key.startswith("tokenizer."):
            of = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
            writer.add_key_value(key, field.contents(), field.types[0], sub_type=of)
    for tensor in reader.tensors:
        if tensor.name == "token_embd.weight":
            table = np.array(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
            wide = np.zeros((len(table), shape.width), dtype=np.float32)
            wide[:, : table.shape[1]] = table
            kind = GGMLQuantizationType[embedding]
            writer.add_tensor(tensor.name, _encode(wide, kind, importance), raw_dtype=kind)
    for tensor_name, array in tensors.items():
        if array.ndim == 2:
            fast = type_ == "mixed" and tensor_name.split(".")[2] in FAST
            kind = GGMLQuantizationType[type_ if type_ != "mixed" else "TQ2_0" if fast else "TQ1_0"]
            writer.add_tensor(tensor_name, encode(array, kind), raw_dtype=kind)
        else:
            writer.add_tensor(tensor_name, array.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _encode(rows: np.ndarray, kind: GGMLQuantizationType, importance: np.ndarray | None) -> np.ndarray:
    """Rows in one of llama.cpp's types; by its own code where gguf-py cannot, as for the K types."""
    try:
        return np.asarray(encode(rows, kind))
    except NotImplementedError:
        pass
    import llama_cpp.llama_cpp as llama_library
    from gguf import GGML_QUANT_SIZES

    folder = Path(str(llama_library.__file__)).parent / "lib"
    library = ctypes.CDLL(str(next(iter(sorted(folder.glob("*ggml-base.*"))))))
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    library.ggml_quantize_chunk.argtypes = [
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_int64,
        ctypes.c_int64,
        ctypes.c_int64,
        ctypes.c_void_p,
    ]
    block, size = GGML_QUANT_SIZES[kind]
    rows = np.ascontiguousarray(rows, dtype=np.float32)
    out = np.zeros((rows.shape[0], rows.shape[1] // block * size), dtype=np.uint8)
    weights = None if importance is None else np.ascontiguousarray(importance, dtype=np.float32)
    done = library.ggml_quantize_chunk(
        int(kind), rows.ctypes.data, out.ctypes.data, 0, *rows.shape, None if weights is None else weights.ctypes.data
    )
    if done != out.nbytes:
        raise ValueError(f"ggml wrote {done} bytes of {kind.name} instead of {out.nbytes}.")
    return out
