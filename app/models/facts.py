"""What the command line says of models, machines and files, typed. Unknown fields are ignored."""

from __future__ import annotations

import msgspec

from engine.protocol import ErrorBody


class KnownFile(msgspec.Struct):
    """A published file; None is "unknown"."""

    quantization: str
    name: str
    size: int | None = None
    sha256: str | None = None


class CatalogueEntry(msgspec.Struct):
    """A model of the catalogue (`techo models`)."""

    id: str
    name: str
    family: str
    repository: str
    licence: str
    architecture: str
    parameters: int
    layers: int
    context: int
    languages: list[str]
    files_repository: str | None = None
    note: str = ""
    note_ja: str = ""
    embedded: bool = False
    runs_here: bool = True
    files: list[KnownFile] = []


class Catalogue(msgspec.Struct):
    """All of it, in its order."""

    models: list[CatalogueEntry]


class Planned(msgspec.Struct):
    """One model in one quantization on one machine. Bytes, tokens, tokens a second."""

    name: str
    quantization: str
    fit: str
    tight: bool
    bits: float
    file_bytes: int
    layers: int
    gpu_layers: int
    gpu_bytes: int
    ram_bytes: int
    gpu_budget: int
    ram_budget: int | None
    cache_bytes: int
    context: int
    comfortable: tuple[int, int]
    tokens_per_second: tuple[float, float]
    id: str = ""


class Gpu(msgspec.Struct):
    """A graphics card."""

    name: str
    memory: int


class Machine(msgspec.Struct):
    """This computer."""

    ram: int | None = None
    ram_available: int | None = None
    cores: int | None = None
    processor: str | None = None
    gpus: list[Gpu] = []
    disk_free: int | None = None


class SetUp(msgspec.Struct):
    """One of the three set-ups."""

    rank: str
    title: str
    title_ja: str
    choices: list[Planned]


class Plans(msgspec.Struct):
    """`techo plan`: the machine, the set-ups, and models on it."""

    machine: Machine
    models: list[Planned]
    setups: list[SetUp] = []


class FileFacts(msgspec.Struct):
    """A checked file (`techo models inspect`)."""

    file: str
    file_bytes: int
    name: str
    licence: str
    architecture: str
    quantization: str
    bits: float
    parameters: int
    layers: int
    context: int
    chat_template: bool


class Progress(msgspec.Struct):
    """Where a download is: bytes, and bytes a second. `total` None: not known yet."""

    phase: str
    done: int
    total: int | None
    rate: float
    free: int


class Line(msgspec.Struct):
    """One line of a command: progress, an error, or (neither) its result."""

    progress: Progress | None = None
    error: ErrorBody | None = None
