"""The catalogue that ships is sound, and one that is not is refused with the place and the reason."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from engine.errors import CatalogueError, ErrorCode
from engine.models.catalogue import FAMILIES, PATH, Catalogue, load_catalogue
from engine.models.header import read_header

GOOD = """
version = 1
[[setup]]
rank = "松"
title = "best"
title_ja = "最良"
expect = "much"
choices = [["tiny", "Q8_0"]]
[[model]]
id = "tiny"
name = "Tiny 1"
family = "small"
repository = "someone/tiny"
licence = "MIT"
languages = ["en"]
shape = "transformer"
architecture = "llama"
parameters = 1_189_120
layers = 2
width = 256
feed_forward = 512
heads = 4
kv_heads = 2
vocabulary = 32
context = 512
tied = true
quantizations = ["Q8_0", "Q4_K_M"]
"""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def load(tmp_path: Path, text: str) -> Catalogue:
    path = tmp_path / "catalogue.toml"
    path.write_text(text, encoding="utf-8")
    return load_catalogue(path)


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(CatalogueError) as caught:
        load(tmp_path, text)
    assert caught.value.code is ErrorCode.CATALOGUE_INVALID
    assert caught.value.hint
    return caught.value.message


# ---------------------------------------------------------------------------------------------- the one that ships


def test_it_has_what_was_asked_for(catalogue: Catalogue) -> None:
    names = " ".join(model.name for model in catalogue.models)
    for wanted in (
        *("Mistral Nemo", "Qwen2.5 7B", "Gemma 2 9B", "Llama 3.3 70B"),
        *("BitNet b1.58 2B4T", "Falcon-E", "Falcon3", "Mamba", "RWKV"),
        *("MobileLLM", "Phi-3 mini", "SmolLM2 135M", "SmolLM2 360M", "SmolLM2 1.7B"),
    ):
        assert wanted in names
    assert {model.family for model in catalogue.models} == set(FAMILIES)
    assert [setup.rank for setup in catalogue.setups] == ["松", "竹", "梅"]
    for model in catalogue.models:
        if model.family == "ternary":
            assert model.quantizations == ("TQ2_0", "TQ1_0")
        if model.family == "recurrent":
            assert model.shape.recurrent
            assert model.shape.state_bytes > 0


def test_parameters_are_those_that_were_published(catalogue: Catalogue) -> None:
    for model in catalogue.models:
        assert model.blueprint.parameters == pytest.approx(model.parameters, rel=0.002), model.id


def test_it_names_no_host() -> None:
    text = PATH.read_text(encoding="utf-8")
    assert not re.search(r"https?://|www\.|huggingface", text)


def test_the_embedded_model_is_the_one_that_is_installed(catalogue: Catalogue, model_path: Path) -> None:
    (embedded,) = [model for model in catalogue.models if model.embedded]
    (known,) = embedded.files
    assert known.name == model_path.name
    assert known.size == model_path.stat().st_size
    with model_path.open("rb") as file:
        assert known.sha256 == hashlib.file_digest(file, "sha256").hexdigest()
    shape = read_header(model_path).shape
    assert shape == embedded.shape
    assert read_header(model_path).quantization == known.quantization


def test_no_file_of_others_has_an_invented_checksum(catalogue: Catalogue) -> None:
    assert not [model.id for model in catalogue.models if model.files and not model.embedded]


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("qwen2.5-7b", "qwen2.5-7b"),
        ("Qwen2.5 7B", "qwen2.5-7b"),
        ("QWEN2.5 7B INSTRUCT", "qwen2.5-7b"),
        ("nemo", "mistral-nemo-12b"),
        ("70b", "llama-3.3-70b"),
    ],
)
def test_finding_a_model(catalogue: Catalogue, name: str, identifier: str) -> None:
    assert catalogue.find(name).id == identifier


def test_finding_several_or_none(catalogue: Catalogue) -> None:
    with pytest.raises(CatalogueError, match=r"smollm2-135m, smollm2-360m, smollm2-1\.7b"):
        catalogue.find("smollm2")
    with pytest.raises(CatalogueError, match="no model") as caught:
        catalogue.find("gpt-5")
    assert "techo models" in caught.value.hint
    with pytest.raises(CatalogueError, match="no model"):
        catalogue.find(" ")


# ---------------------------------------------------------------------------------------------- other ones


def test_a_small_one(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD)
    assert found.models[0].shape.layers == 2
    assert found.models[0].files_repository is None
    assert found.setups[0].choices == ((found.models[0], "Q8_0"),)


def test_what_is_not_known_is_unknown(tmp_path: Path) -> None:
    text = GOOD + '[[model.file]]\nquantization = "Q8_0"\nname = "a.gguf"\n'
    (known,) = load(tmp_path, text).models[0].files
    assert (known.size, known.sha256) == (None, None)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("version = 1", "version = 2", "newer"),
        ("version = 1", "", "'version' is missing"),
        ("version = 1", "version = 1\nextra = 2", "'extra' is not known"),
        ('id = "tiny"', 'id = "Tiny!"', "'Tiny!'"),
        ('id = "tiny"', "", "'id' is missing"),
        ('name = "Tiny 1"', "name = 1", "name is not a text"),
        ('name = "Tiny 1"', 'name = " "', "name is empty"),
        ('family = "small"', 'family = "large"', "'large' is none of"),
        ('repository = "someone/tiny"', 'repository = "https://a.example/tiny"', "repository is"),
        ('languages = ["en"]', "languages = []", "languages is not a list"),
        ('languages = ["en"]', 'languages = ["en", "en"]', "twice"),
        ('languages = ["en"]', 'languages = "en"', "languages is not a list"),
        ('shape = "transformer"', 'shape = "ellipse"', "'ellipse'"),
        ("parameters = 1_189_120", "parameters = 2_000_000", "make 1,189,120"),
        ("parameters = 1_189_120", "parameters = true", "whole number"),
        ("layers = 2", "layers = 0", "layers is 0"),
        ("layers = 2", "layers = 2.0", "layers is not a whole number"),
        ("layers = 2", "layers = 2\nlayer = 2", "'layer' is not known"),
        ("kv_heads = 2", "kv_heads = 3", "cannot share"),
        ("kv_heads = 2", "kv_heads = 8", "kv_heads is 8"),
        ("tied = true", "tied = 1", "true or false"),
        ('["Q8_0", "Q4_K_M"]', '["Q8_0", "Q9_X"]', "'Q9_X' is not known"),
        ('[["tiny", "Q8_0"]]', '[["huge", "Q8_0"]]', "no model 'huge'"),
        ('[["tiny", "Q8_0"]]', '[["tiny", "Q6_K"]]', "no quantization 'Q6_K'"),
        ('[["tiny", "Q8_0"]]', '[["tiny"]]', "pair"),
        ('[["tiny", "Q8_0"]]', "[]", "no choices"),
        ('rank = "松"', "", "'rank' is missing"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, word: str) -> None:
    assert GOOD.count(old) == 1
    assert word in refused(tmp_path, GOOD.replace(old, new))


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ('quantization = "Q6_K"\nname = "a"', "none of the model's"),
        ('quantization = "Q8_0"\nname = "a"\nsize = 0', "size is 0"),
        ('quantization = "Q8_0"\nname = "a"\nsha256 = "abc"', "sha256 is"),
        ('quantization = "Q8_0"\nname = "a"\nmd5 = "abc"', "'md5' is not known"),
    ],
)
def test_wrong_files(tmp_path: Path, field: str, word: str) -> None:
    assert word in refused(tmp_path, GOOD + f"[[model.file]]\n{field}\n")


def test_a_model_twice(tmp_path: Path) -> None:
    again = GOOD[GOOD.index("[[model]]") :]
    assert "tiny twice" in refused(tmp_path, GOOD + again)


@pytest.mark.parametrize("content", [b"version = ", b"\xff\xfe", b"version = 1\nversion = 2", b"a = " + b"[" * 5000])
def test_what_is_no_toml(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "catalogue.toml"
    path.write_bytes(content)
    with pytest.raises(CatalogueError, match="no TOML"):
        load_catalogue(path)


def test_missing_or_far_too_large(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be read"):
        load_catalogue(tmp_path / "nowhere.toml")
    path = tmp_path / "catalogue.toml"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(CatalogueError, match="larger than"):
        load_catalogue(path)
