"""The catalogue of models: `resources/models/catalogue.toml`, read and checked.

A catalogue is data that people edit, so every line of it is checked and what is wrong is said with the model's name and
the field's: unknown fields, missing ones, figures out of range, layers and widths that do not add up to the published
number of parameters, set-ups that name models that are not there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NoReturn

from engine.errors import CatalogueError
from engine.models.shape import (
    KvLayer,
    ModelShape,
    mamba_scratch,
    mamba_state,
    rwkv_scratch,
    rwkv_state,
    windows_of,
)
from engine.models.weights import BASE, Blueprint, Matrix, Weights, size_in

VERSION: Final = 1
MAX_BYTES: Final = 4 << 20
PATH: Final = Path(__file__).resolve().parents[2] / "resources" / "models" / "catalogue.toml"
FAMILIES: Final = ("balanced", "giant", "ternary", "small", "recurrent")
SEVENTY_LAYERS: Final = 80
"""llama.cpp takes a Llama of 80 layers for the 70B class (`LLM_TYPE_70B`)."""

_TOLERANCE: Final = 0.02
_HINT: Final = "Correct that line of the catalogue, or install Techo again."
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_IDENTIFIER: Final = re.compile(r"[a-z0-9][a-z0-9.-]*")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class KnownFile:
    """A file whose size or checksum is known. None is "unknown"."""

    quantization: str
    name: str
    size: int | None
    sha256: str | None


@dataclass(frozen=True)
class CatalogueModel:
    """One model of the catalogue.

    Attributes:
        id: What one types.
        name: What one reads.
        family: One of `FAMILIES`.
        repository: Where the model is published, "owner/name".
        files_repository: Where GGUF files of it are; None where none is known.
        licence: Its licence.
        languages: ISO 639-1 codes.
        note: What else one should know, in English.
        note_ja: The same in Japanese.
        embedded: Whether it comes with Techo.
        runs_here: Whether llama.cpp can run it.
        parameters: As published.
        shape: Figures for the planner.
        blueprint: Its matrices.
        quantizations: Those worth having, the recommended one first.
        files: What is known of single files.
    """

    id: str
    name: str
    family: str
    repository: str
    files_repository: str | None
    licence: str
    languages: tuple[str, ...]
    note: str
    note_ja: str
    embedded: bool
    runs_here: bool
    parameters: int
    shape: ModelShape
    blueprint: Blueprint
    quantizations: tuple[str, ...]
    files: tuple[KnownFile, ...]

    def weights(self, quantization: str) -> Weights:
        """Its bytes in a quantization (any that `weights.BASE` knows); the file's where its size is known."""
        computed = size_in(self.blueprint, quantization)
        for file in self.files:
            if file.quantization == quantization and file.size is not None:
                return replace(computed, header=file.size - (computed.file - computed.header))
        return computed


@dataclass(frozen=True)
class SetUp:
    """One of the three set-ups.

    Attributes:
        rank: 松, 竹 or 梅.
        title: What it is for, in English.
        title_ja: The same in Japanese.
        expect: What its owner says to expect of it on 8 GB of VRAM and 32 GB of RAM.
        choices: Models with a quantization each, the first choice first.
    """

    rank: str
    title: str
    title_ja: str
    expect: str
    choices: tuple[tuple[CatalogueModel, str], ...]


@dataclass(frozen=True)
class Catalogue:
    """All of it, in the file's order."""

    models: tuple[CatalogueModel, ...]
    setups: tuple[SetUp, ...]

    def find(self, name: str) -> CatalogueModel:
        """The model of that id or name; upper and lower case do not matter, nor what is left out if it stays clear.

        Raises:
            CatalogueError: there is none, or several fit.
        """
        wanted = _key(name)
        exact = [model for model in self.models if wanted in (_key(model.id), _key(model.name))]
        near = [model for model in self.models if wanted and (wanted in _key(model.id) or wanted in _key(model.name))]
        found = exact or near
        if len(found) == 1:
            return found[0]
        if found:
            raise CatalogueError(
                f'"{name}" may be {", ".join(model.id for model in found)}.', "Name one of them in full."
            )
        raise CatalogueError(
            f'The catalogue has no model "{name}".',
            "`techo models` lists what it has; a GGUF file is named by its path.",
        )


def load_catalogue(path: Path = PATH) -> Catalogue:
    """Reads and checks the catalogue.

    Raises:
        CatalogueError: it is missing, no TOML, or something in it cannot be.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CatalogueError(f"The catalogue of models {path} cannot be read: {reason}.", _HINT) from error
    if len(raw) > MAX_BYTES:
        raise CatalogueError(f"The catalogue of models {path} is larger than {MAX_BYTES:,} bytes.", _HINT)
    try:
        tables = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise CatalogueError(f"The catalogue of models {path} is no TOML: {error}.", _HINT) from error
    return _catalogue(tables)


def _catalogue(tables: Mapping[str, Any]) -> Catalogue:
    top = _Fields("the catalogue", tables)
    if top.integer("version", 1, 1 << 30) > VERSION:
        raise CatalogueError("The catalogue of models is newer than this Techo.", "Update Techo.")
    models: dict[str, CatalogueModel] = {}
    for number, table in enumerate(top.tables("model"), 1):
        model = _model(number, table)
        if model.id in models:
            raise CatalogueError(f"The catalogue has the model {model.id} twice.", _HINT)
        models[model.id] = model
    setups = tuple(_setup(number, table, models) for number, table in enumerate(top.tables("setup"), 1))
    top.end()
    return Catalogue(tuple(models.values()), setups)


def _key(text: str) -> str:
    return re.sub(r"[\s_]+", "-", text.strip().lower())


class _Fields:
    """The fields of one table. Each is asked for once; what nobody asked for is a mistake in the file."""

    def __init__(self, whose: str, table: object) -> None:
        self.whose = whose
        if not isinstance(table, dict):
            self.refuse("it is not a table")
        self._table: dict[str, Any] = dict(table)

    def refuse(self, what: str) -> NoReturn:
        raise CatalogueError(f"The catalogue of models, {self.whose}: {what}.", _HINT)

    def end(self) -> None:
        if self._table:
            self.refuse(f"the field {sorted(self._table)[0]!r} is not known")

    def has(self, name: str) -> bool:
        return name in self._table

    def _take(self, name: str, kind: type, what: str) -> Any:
        if name not in self._table:
            self.refuse(f"the field {name!r} is missing")
        value = self._table.pop(name)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.refuse(f"{name} is not {what}")
        return value

    def text(self, name: str, default: str | None = None, pattern: re.Pattern[str] | None = None) -> str:
        if default is not None and not self.has(name):
            return default
        value: str = self._take(name, str, "a text")
        if not value.strip():
            self.refuse(f"{name} is empty")
        if pattern is not None and not pattern.fullmatch(value):
            self.refuse(f"{name} is {value!r}, which is not of the form that it must have")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        return bool(self._take(name, bool, "true or false")) if self.has(name) else default

    def integer(self, name: str, least: int, most: int, default: int | None = None) -> int:
        if default is not None and not self.has(name):
            return default
        value: int = self._take(name, int, "a whole number")
        if not least <= value <= most:
            self.refuse(f"{name} is {value:,}; between {least:,} and {most:,} is possible")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        values = self._take(name, list, "a list")
        if not values or not all(isinstance(value, str) and value for value in values):
            self.refuse(f"{name} is not a list of texts")
        if len(set(values)) != len(values):
            self.refuse(f"{name} names something twice")
        return tuple(values)

    def integers(self, name: str, count: int, most: int) -> tuple[int, ...]:
        values = self._take(name, list, "a list")
        if len(values) != count or not all(type(value) is int and 0 < value <= most for value in values):
            self.refuse(f"{name} is not a list of {count} whole numbers")
        return tuple(values)

    def tables(self, name: str) -> list[Any]:
        return list(self._take(name, list, "a list of tables")) if self.has(name) else []


def _model(number: int, table: object) -> CatalogueModel:
    fields = _Fields(f"model {number}", table)
    identifier = fields.text("id", pattern=_IDENTIFIER)
    fields.whose = identifier
    name = fields.text("name")
    family = fields.text("family")
    if family not in FAMILIES:
        fields.refuse(f"the family {family!r} is none of {', '.join(FAMILIES)}")
    repository = fields.text("repository", pattern=_REPOSITORY)
    files_repository = fields.text("files", pattern=_REPOSITORY) if fields.has("files") else None
    licence = fields.text("licence")
    languages = fields.texts("languages")
    note, note_ja = fields.text("note", ""), fields.text("note_ja", "")
    embedded = fields.flag("embedded", default=False)
    runs_here = fields.flag("runs_here", default=True)
    parameters = fields.integer("parameters", 1, 1 << 50)
    quantizations = fields.texts("quantizations")
    for quantization in quantizations:
        if quantization not in BASE:
            fields.refuse(f"the quantization {quantization!r} is not known")
    files = tuple(_file(fields.whose, one, quantizations) for one in fields.tables("file"))
    shape, blueprint = _figures(fields)
    fields.end()
    counted = blueprint.parameters
    if abs(counted - parameters) > _TOLERANCE * parameters:
        fields.refuse(f"its layers and widths make {counted:,} parameters, and it claims {parameters:,}")
    return CatalogueModel(
        identifier, name, family, repository, files_repository, licence, languages, note, note_ja, embedded, runs_here,
        parameters, shape, blueprint, quantizations, files,
    )  # fmt: skip


def _file(whose: str, table: object, quantizations: tuple[str, ...]) -> KnownFile:
    fields = _Fields(f"{whose}, file", table)
    quantization = fields.text("quantization")
    if quantization not in quantizations:
        fields.refuse(f"the quantization {quantization!r} is none of the model's")
    found = KnownFile(
        quantization,
        fields.text("name"),
        fields.integer("size", 1, 1 << 50) if fields.has("size") else None,
        fields.text("sha256", pattern=_SHA256) if fields.has("sha256") else None,
    )
    fields.end()
    return found


def _setup(number: int, table: object, models: Mapping[str, CatalogueModel]) -> SetUp:
    fields = _Fields(f"set-up {number}", table)
    rank = fields.text("rank")
    title, title_ja, expect = fields.text("title"), fields.text("title_ja"), fields.text("expect")
    choices = []
    for choice in fields.tables("choices"):
        if not isinstance(choice, list) or len(choice) != 2:
            fields.refuse("a choice is not a pair of a model and a quantization")
        identifier, quantization = choice
        if identifier not in models:
            fields.refuse(f"there is no model {identifier!r}")
        if quantization not in models[identifier].quantizations:
            fields.refuse(f"{identifier} has no quantization {quantization!r}")
        choices.append((models[identifier], str(quantization)))
    if not choices:
        fields.refuse("it has no choices")
    fields.end()
    return SetUp(rank, title, title_ja, expect, tuple(choices))


# ---------------------------------------------------------------------------------------------- shapes

_WIDEST: Final = 1 << 20


def _figures(fields: _Fields) -> tuple[ModelShape, Blueprint]:
    kind = fields.text("shape")
    build = {"transformer": _transformer, "mamba": _mamba, "rwkv7": _rwkv7}.get(kind)
    if build is None:
        fields.refuse(f"the shape {kind!r} is not known")
    return build(fields, _Common(fields))


class _Common:
    """What every shape has."""

    def __init__(self, fields: _Fields) -> None:
        self.architecture = fields.text("architecture")
        self.layers = fields.integer("layers", 1, 1024)
        self.width = fields.integer("width", 1, _WIDEST)
        self.vocabulary = fields.integer("vocabulary", 1, 1 << 24)
        self.context = fields.integer("context", 1, 1 << 31)
        self.tied = fields.flag("tied", default=False)

    def blueprint(self, layer: tuple[Matrix, ...], share: int = 1, *, seventy: bool = False) -> Blueprint:
        table = Matrix("embedding", self.width, self.vocabulary)
        output = None if self.tied else Matrix("output", self.width, self.vocabulary)
        return Blueprint(table, output, self.layers, layer, share, seventy)

    def shape(
        self, *, feed_forward: int, heads: int, kv: tuple[KvLayer | None, ...], state: int, scratch: int = 0
    ) -> ModelShape:
        return ModelShape(
            self.architecture, self.layers, self.width, feed_forward, self.vocabulary, self.context, heads, kv,
            (state,) * self.layers, scratch,
        )  # fmt: skip


def _transformer(fields: _Fields, common: _Common) -> tuple[ModelShape, Blueprint]:
    width = common.width
    inner = fields.integer("feed_forward", 1, _WIDEST)
    heads = fields.integer("heads", 1, _WIDEST)
    kv_heads = fields.integer("kv_heads", 1, heads)
    if heads % kv_heads:
        fields.refuse(f"{heads} heads cannot share {kv_heads} KV heads evenly")
    size = fields.integer("head_size", 1, _WIDEST, width // heads)
    norms = fields.integer("norms", 1, 16, 2)
    window = fields.integer("window", 1, 1 << 31) if fields.has("window") else 0
    queries, keys = heads * size, kv_heads * size
    bias = queries + 2 * keys if fields.flag("qkv_bias", default=False) else 0
    if fields.flag("fused", default=False):
        attention: tuple[Matrix, ...] = (Matrix("qkv", width, queries + 2 * keys),)
        feed: tuple[Matrix, ...] = (Matrix("up", width, 2 * inner),)
    else:
        attention = (Matrix("q", width, queries), Matrix("k", width, keys), Matrix("v", width, keys))
        feed = (Matrix("gate", width, inner), Matrix("up", width, inner))
    rest = (Matrix("o", queries, width), Matrix("down", inner, width), Matrix("plain", norms * width + bias, 1))
    seventy = common.architecture == "llama" and common.layers == SEVENTY_LAYERS
    blueprint = common.blueprint((*attention, *feed, *rest), heads // kv_heads, seventy=seventy)
    windows = windows_of(common.architecture, window, common.layers, None)
    kv = tuple(KvLayer(keys, keys, one) for one in windows)
    return common.shape(feed_forward=inner, heads=heads, kv=kv, state=0), blueprint


def _mamba(fields: _Fields, common: _Common) -> tuple[ModelShape, Blueprint]:
    inner = fields.integer("inner", 1, _WIDEST)
    state = fields.integer("state", 1, 4096)
    kernel = fields.integer("kernel", 1, 64)
    rank = fields.integer("step_rank", 1, _WIDEST)
    layer = (
        Matrix("other", common.width, 2 * inner),  # in
        Matrix("other", inner, rank + 2 * state),  # x: the step and the two selective projections
        Matrix("other", rank, inner),  # dt
        Matrix("other", inner, common.width),  # out
        Matrix("plain", inner * (kernel + state + 3) + common.width, 1),  # convolution, A, D, two biases, norm
    )
    shape = common.shape(
        feed_forward=0,
        heads=0,
        kv=(None,) * common.layers,
        state=mamba_state(inner, state, kernel),
        scratch=mamba_scratch(inner),
    )
    return shape, common.blueprint(layer)


def _rwkv7(fields: _Fields, common: _Common) -> tuple[ModelShape, Blueprint]:
    width = common.width
    inner = fields.integer("feed_forward", 1, _WIDEST)
    head = fields.integer("head_size", 1, width)
    ranks = fields.integers("ranks", 4, width)
    layer = (
        *(Matrix("other", width, width) for _ in range(4)),  # receptance, key, value, output
        Matrix("other", width, inner),
        Matrix("other", inner, width),
        Matrix("half", 2 * sum(ranks), width),  # the low-rank pairs, which are never quantized
        Matrix("plain", 20 * width, 1),  # mixes, biases, norms
    )
    shape = common.shape(
        feed_forward=inner,
        heads=0,
        kv=(None,) * common.layers,
        state=rwkv_state(width, head),
        scratch=rwkv_scratch(width),
    )
    return shape, common.blueprint(layer)
