"""What a GGUF header says about the model in it: the facts a person wants to see, and the shape the planner needs.

`read_header` refuses what Techo cannot talk to, with the reason: encoders, adapters, image readers, vocabularies, one
part of several; and headers that contradict themselves.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from engine.errors import ModelFileError
from engine.models.formats import FILE_TYPES
from engine.models.gguf import ArrayValue, Container, Tensor, TextValue, Value, read_container
from engine.models.shape import (
    PURE_RECURRENT,
    RECURRENT_AND_ATTENTION,
    KvLayer,
    ModelShape,
    mamba_scratch,
    mamba_state,
    rwkv_scratch,
    rwkv_state,
    short_convolution_state,
    windows_of,
)
from engine.models.weights import CPU_ONLY, Weights
from engine.reasons import Reason, because

MAX_LAYERS: Final = 1024
MAX_WIDTH: Final = 1 << 20
MAX_CONTEXT: Final = 1 << 31
_BLOCK_NAME: Final = re.compile(r"blk\.(\d{1,9})\.")

_NO_PARTNERS: Final = {
    "bert": "an encoder for search, not a model that writes",
    "nomic-bert": "an encoder for search, not a model that writes",
    "nomic-bert-moe": "an encoder for search, not a model that writes",
    "jina-bert-v2": "an encoder for search, not a model that writes",
    "jina-bert-v3": "an encoder for search, not a model that writes",
    "neo-bert": "an encoder for search, not a model that writes",
    "modern-bert": "an encoder for search, not a model that writes",
    "gemma-embedding": "an encoder for search, not a model that writes",
    "t5encoder": "an encoder, not a model that writes",
    "clip": "the image reader of another model",
    "wavtokenizer-dec": "a decoder of sound",
    "bitnet-b1.58": "a file for BitNet.cpp, which llama.cpp cannot run",
    "bitnet-25": "a file for BitNet.cpp or ik_llama.cpp, which llama.cpp cannot run",
}
_WHOLE: Final = "Choose the GGUF file of a whole language model."
_NO_MODELS: Final = {
    "adapter": "a LoRA adapter: a change to another model, not a model",
    "mmproj": "the image reader of another model",
    "imatrix": "an importance matrix, made for quantizing",
    "vocab": "a vocabulary without weights",
}


@dataclass(frozen=True)
class Tokenizer:
    """What the header says about the tokenizer. `model` is its kind ("gpt2" is byte-pair encoding)."""

    model: str
    pre: str
    tokens: int
    chat_template: bool


@dataclass(frozen=True)
class ModelFile:
    """A GGUF file that was checked, in a person's terms.

    Attributes:
        path: The file.
        size: Its bytes.
        version: GGUF version.
        name: The model's name as the file gives it, or the file's own.
        licence: As the file names it; empty when it does not.
        quantization: The mixture the quantizer was asked for ("Q4_K_M"); the commonest format when it is not said.
        mix: Formats by the bytes they take, largest first: (name, tensors, weights, bytes).
        parameters: Weights of all tensors.
        shape: The figures of the architecture.
        tokenizer: The tokenizer.
        embedding_bytes: The embedding table, which llama.cpp leaves in RAM.
        layer_bytes: Bytes of each layer.
        layer_read: Bytes of each layer that a token reads (fewer than all where there are experts).
        output_bytes: Output matrix and the rest behind the layers; the embedding table again where they are one.
        shared_bytes: The part of `output_bytes` that is the embedding table; 0 where the output is a matrix of its own.
    """

    path: Path
    size: int
    version: int
    name: str
    licence: str
    quantization: str
    mix: tuple[tuple[str, int, int, int], ...]
    parameters: int
    shape: ModelShape
    tokenizer: Tokenizer
    embedding_bytes: int
    layer_bytes: tuple[int, ...]
    layer_read: tuple[int, ...]
    output_bytes: int
    shared_bytes: int

    @property
    def bits(self) -> float:
        """Bits a weight, over all tensors."""
        return 8 * sum(row[3] for row in self.mix) / self.parameters

    def weights(self) -> Weights:
        """Its bytes by where they are needed, from the file's own records."""
        total = sum(row[3] for row in self.mix)
        book = sum(row[3] for row in self.mix if row[0].startswith("IQ"))
        ternary = sum(row[3] for row in self.mix if row[0] in CPU_ONLY)
        return Weights(
            parameters=self.parameters,
            embedding=self.embedding_bytes,
            layers=self.layer_bytes,
            read=self.layer_read,
            output=self.output_bytes,
            shared=self.shared_bytes,
            header=self.size - total,
            slow_on_cpu=2 * book > total,
            cpu_only=3 * ternary > total,
        )


def read_header(path: Path) -> ModelFile:
    """Reads the header of a model file.

    Raises:
        ModelFileError: the file is damaged, hostile, incomplete, or nothing Techo can talk to.
    """
    return _Facts(read_container(path)).model()


class _Facts:
    """Asks the metadata of one file, and refuses answers that cannot be."""

    def __init__(self, container: Container) -> None:
        self._file = container
        self._metadata = container.metadata
        self._architecture = self._text("general.architecture")

    def model(self) -> ModelFile:
        self._check_kind()
        self._check_fractions()
        shape = self._shape()
        layers = shape.layers
        whole, read = [0] * layers, [0.0] * layers
        embedding = output = before = 0
        tied = True
        share = shape.experts_used / shape.experts if shape.experts else 1.0
        for tensor in self._file.tensors:
            block = _BLOCK_NAME.match(tensor.name)
            if block is not None:
                layer = int(block[1])
                if layer >= layers:
                    self._refuse(f"the tensor {tensor.name} belongs to layer {layer}, and there are {layers} of them")
                whole[layer] += tensor.size
                read[layer] += tensor.size * (share if "_exps" in tensor.name else 1.0)
            elif tensor.name.startswith(("token_embd", "per_layer_token_embd")):
                embedding += tensor.size
                before += tensor.size if tensor.name == "token_embd.weight" else 0
            else:
                output += tensor.size
                tied = tied and tensor.name != "output.weight"
        return ModelFile(
            path=self._file.path,
            size=self._file.size,
            version=self._file.version,
            name=self._text("general.name") or self._file.path.stem,
            licence=self._text("general.license"),
            quantization=self._quantization(),
            mix=_mix(self._file.tensors),
            parameters=sum(tensor.weights for tensor in self._file.tensors),
            shape=shape,
            tokenizer=self._tokenizer(),
            embedding_bytes=embedding,
            layer_bytes=tuple(whole),
            layer_read=tuple(round(size) for size in read),
            output_bytes=output + (before if tied else 0),
            shared_bytes=before if tied else 0,
        )

    # ------------------------------------------------------------------------------------------ kind

    def _check_kind(self) -> None:
        kind = self._text("general.type")
        if kind in _NO_MODELS:
            self._refuse(f"this is {_NO_MODELS[kind]}", _WHOLE, Reason.MODEL_NO_PARTNER)
        if not self._architecture:
            self._refuse("it does not say which architecture it has (general.architecture)")
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", self._architecture):
            self._refuse("the name of its architecture is none")
        if self._architecture in _NO_PARTNERS:
            what = f"this is {_NO_PARTNERS[self._architecture]}"
            self._refuse(what, "Choose the GGUF file of a language model.", Reason.MODEL_NO_PARTNER)
        parts = self._number("split.count", 1, 1 << 16, optional=True)
        if parts > 1:
            part = self._number("split.no", 0, 1 << 16, optional=True) + 1
            self._refuse(
                f"this is part {part} of {parts} of a model",
                "Join the parts with llama.cpp's `llama-gguf-split --merge`, and choose the joined file.",
                Reason.MODEL_PART,
                part=part,
                parts=parts,
            )
        if not self._file.tensors:
            self._refuse("this is a vocabulary without weights", _WHOLE, Reason.MODEL_NO_WEIGHTS)

    def _check_fractions(self) -> None:
        """llama.cpp does not look at these before it computes with them: with a negative epsilon the process aborts."""
        for key, value in self._metadata.items():
            if not isinstance(value, float) or not key.startswith(f"{self._architecture}."):
                continue
            if not math.isfinite(value):
                self._refuse(f"{key} is {value}, which is no number to compute with")
            if key.endswith("epsilon") and not 0.0 <= value <= 1.0:
                self._refuse(f"{key} is {value:g}; between 0 and 1 is possible")
            if key.endswith(("rope.freq_base", "rope.freq_base_swa")) and value <= 0.0:
                self._refuse(f"{key} is {value:g}; it must be above 0")

    def _quantization(self) -> str:
        number = self._metadata.get("general.file_type")
        if isinstance(number, int) and number in FILE_TYPES:
            return FILE_TYPES[number]
        return _mix(self._file.tensors)[0][0]

    def _tokenizer(self) -> Tokenizer:
        tokens = self._metadata.get("tokenizer.ggml.tokens")
        template = self._metadata.get("tokenizer.chat_template")
        return Tokenizer(
            self._text("tokenizer.ggml.model"),
            self._text("tokenizer.ggml.pre"),
            tokens.count if isinstance(tokens, ArrayValue) else 0,
            isinstance(template, TextValue) or (isinstance(template, str) and bool(template.strip())),
        )

    # ------------------------------------------------------------------------------------------ shape

    def _shape(self) -> ModelShape:
        layers = self._own("block_count", 1, MAX_LAYERS)
        width = self._own("embedding_length", 1, MAX_WIDTH)
        heads = self._by_layer("attention.head_count", layers, 0)
        kv_heads = self._by_layer("attention.head_count_kv", layers, None) or heads
        recurrent = self._recurrent_layers(layers, kv_heads)
        experts = self._own("expert_count", 0, MAX_WIDTH, optional=True)
        used = self._own("expert_used_count", 0, MAX_WIDTH, optional=True)
        if experts and not 1 <= used <= experts:
            self._refuse(f"of {experts} experts it uses {used}")
        return ModelShape(
            architecture=self._architecture,
            layers=layers,
            width=width,
            feed_forward=max(self._by_layer("feed_forward_length", layers, 0) or [0]),
            vocabulary=self._vocabulary(width),
            context=self._own("context_length", 0, MAX_CONTEXT, optional=True),
            heads=max(heads),
            kv=self._kv(layers, width, heads, kv_heads, recurrent),
            states=tuple(self._state(width) if layer in recurrent else 0 for layer in range(layers)),
            scratch=self._scratch(width) if recurrent else 0,
            experts=experts,
            experts_used=used if experts else 0,
        )

    def _vocabulary(self, width: int) -> int:
        table = next((tensor for tensor in self._file.tensors if tensor.name == "token_embd.weight"), None)
        if table is None:
            self._refuse("it has no embedding table (token_embd.weight)")
        if len(table.shape) != 2 or table.shape[0] != width:
            self._refuse(f"its embedding table is {table.shape[0]:,} wide, and the header says {width:,}")
        tokens = self._metadata.get("tokenizer.ggml.tokens")
        if isinstance(tokens, ArrayValue) and tokens.count != table.shape[1]:
            self._refuse(f"its tokenizer has {tokens.count:,} tokens and its embedding table {table.shape[1]:,}")
        return table.shape[1]

    def _kv(
        self, layers: int, width: int, heads: list[int], kv_heads: list[int], recurrent: frozenset[int]
    ) -> tuple[KvLayer | None, ...]:
        if self._architecture in PURE_RECURRENT or not any(heads):
            return (None,) * layers
        typical = max(heads)
        key = self._own("attention.key_length", 0, MAX_WIDTH, optional=True) or width // typical
        value = self._own("attention.value_length", 0, MAX_WIDTH, optional=True) or width // typical
        # Multi-head latent attention: one compressed row a token, of which the values are a part.
        if self._own("attention.key_length_mla", 0, MAX_WIDTH, optional=True):
            value = 0
        windows = self._windows(layers)
        both = self._architecture in RECURRENT_AND_ATTENTION
        return tuple(
            KvLayer(kv_heads[layer] * key, kv_heads[layer] * value, windows[layer])
            if kv_heads[layer] and (both or layer not in recurrent)
            else None
            for layer in range(layers)
        )

    def _windows(self, layers: int) -> list[int | None]:
        size = self._own("attention.sliding_window", 0, MAX_CONTEXT, optional=True)
        stated = self._metadata.get(f"{self._architecture}.attention.sliding_window_pattern")
        pattern = None
        if isinstance(stated, ArrayValue):
            if stated.count != layers or len(stated.values) != layers:
                self._refuse(f"its sliding window pattern has {stated.count:,} entries for {layers} layers")
            pattern = [bool(one) for one in stated.values]
        return windows_of(self._architecture, size, layers, pattern)

    def _recurrent_layers(self, layers: int, kv_heads: list[int]) -> frozenset[int]:
        every = frozenset(range(layers))
        if self._architecture in PURE_RECURRENT or self._architecture in RECURRENT_AND_ATTENTION:
            return every
        if not any(self._has(name) for name in ("ssm.state_size", "shortconv.l_cache", "wkv.head_size")):
            return frozenset()
        interval = self._own("full_attention_interval", 0, MAX_LAYERS, optional=True)
        if interval:
            return frozenset(layer for layer in every if (layer + 1) % interval)
        return frozenset(layer for layer in every if kv_heads[layer] == 0)

    def _state(self, width: int) -> int:
        if self._has("wkv.head_size"):
            head = self._own("wkv.head_size", 1, MAX_WIDTH)
            shifts = self._own("token_shift_count", 0, 16, optional=True) or 2
            return rwkv_state(width, head, shifts)
        if self._has("shortconv.l_cache"):
            return short_convolution_state(width, self._own("shortconv.l_cache", 1, MAX_WIDTH))
        return mamba_state(
            self._own("ssm.inner_size", 1, MAX_WIDTH),
            self._own("ssm.state_size", 1, MAX_WIDTH),
            self._own("ssm.conv_kernel", 1, 1024),
            self._own("ssm.group_count", 0, MAX_WIDTH, optional=True),
        )

    def _scratch(self, width: int) -> int:
        if self._has("ssm.inner_size"):
            return mamba_scratch(self._own("ssm.inner_size", 1, MAX_WIDTH))
        return rwkv_scratch(width)

    # ------------------------------------------------------------------------------------------ asking

    def _has(self, name: str) -> bool:
        return f"{self._architecture}.{name}" in self._metadata

    def _text(self, key: str) -> str:
        value = self._metadata.get(key)
        return " ".join(value.split()) if isinstance(value, str) else ""

    def _own(self, name: str, least: int, most: int, *, optional: bool = False) -> int:
        return self._number(f"{self._architecture}.{name}", least, most, optional=optional)

    def _number(self, key: str, least: int, most: int, *, optional: bool = False) -> int:
        value = self._metadata.get(key)
        if value is None:
            if optional:
                return 0
            self._refuse(f"the header does not say {key}")
        return self._within(key, value, least, most)

    def _within(self, key: str, value: Value, least: int, most: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self._refuse(f"{key} is {_short(value)}; between {least:,} and {most:,} is possible")
        return value

    def _by_layer(self, name: str, layers: int, default: int | None) -> list[int]:
        """A figure that is given once, or layer by layer. Empty when it is not given and there is no default."""
        key = f"{self._architecture}.{name}"
        value = self._metadata.get(key)
        if value is None:
            return [] if default is None else [default] * layers
        if not isinstance(value, ArrayValue):
            return [self._within(key, value, 0, MAX_WIDTH)] * layers
        if value.count != layers or len(value.values) != layers:
            self._refuse(f"{key} has {value.count:,} entries for {layers} layers")
        return [self._within(key, one, 0, MAX_WIDTH) for one in value.values]

    def _refuse(
        self,
        what: str,
        hint: str = "Download it again, or choose another file.",
        reason: Reason = Reason.MODEL_DAMAGED,
        **values: str | int,
    ) -> NoReturn:
        path = self._file.path
        raise ModelFileError(f"{path}: {what}.", hint, because=because(reason, path=str(path), **values))


def _short(value: Value) -> str:
    if isinstance(value, ArrayValue):
        return f"an array of {value.count:,}"
    if isinstance(value, TextValue):
        return f"a text of {value.length:,} bytes"
    return repr(value)[:80]


def _mix(tensors: tuple[Tensor, ...]) -> tuple[tuple[str, int, int, int], ...]:
    count: Counter[str] = Counter()
    weights: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for tensor in tensors:
        count[tensor.format.name] += 1
        weights[tensor.format.name] += tensor.weights
        size[tensor.format.name] += tensor.size
    return tuple((name, count[name], weights[name], size[name]) for name, _ in size.most_common())
