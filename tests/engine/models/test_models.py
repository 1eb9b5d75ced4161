"""Where the model is, and its digest."""

from __future__ import annotations

import json
import os
from hashlib import blake2b
from importlib import metadata
from pathlib import Path

import pytest

from engine.errors import BackboneError, ErrorCode
from engine.models import DEFAULT_MODEL, file_digest, find_default_model, find_memory_weights
from engine.models.digest import CACHE_NAME
from engine.models.locate import require_model

from . import gguf_bytes as raw


def test_finds_the_installed_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TECHO_MODEL", raising=False)
    assert find_default_model().name == DEFAULT_MODEL


def test_the_environment_chooses_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "other.gguf"
    monkeypatch.setenv("TECHO_MODEL", str(path))
    with pytest.raises(BackboneError, match=r"other\.gguf") as caught:
        find_default_model()
    assert caught.value.code is ErrorCode.BACKBONE_MISSING
    path.write_bytes(b"no model")
    with pytest.raises(BackboneError, match="not a GGUF file") as caught:
        find_default_model()
    assert caught.value.code is ErrorCode.MODEL_REFUSED
    path.write_bytes(raw.model())
    assert find_default_model() == path


def test_a_chosen_model_is_looked_at_before_llama_sees_it(tmp_path: Path) -> None:
    """llama.cpp aborts on a negative epsilon: the engine would die and die again."""
    path = tmp_path / "hostile.gguf"
    path.write_bytes(raw.model({"llama.attention.layer_norm_rms_epsilon": -1.0}))
    with pytest.raises(BackboneError, match="epsilon") as caught:
        require_model(path)
    assert caught.value.code is ErrorCode.MODEL_REFUSED


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.delenv("TECHO_MODEL", raising=False)
    monkeypatch.setattr(metadata, "distribution", absent)
    with pytest.raises(BackboneError) as caught:
        find_default_model()
    assert caught.value.code is ErrorCode.BACKBONE_MISSING
    assert "./techo" in caught.value.hint


def test_the_memory_weights_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    monkeypatch.setenv("TECHO_MEMORY", str(path))
    with pytest.raises(BackboneError, match="missing") as caught:
        find_memory_weights()
    assert caught.value.code is ErrorCode.BACKBONE_MISSING
    path.touch()
    assert find_memory_weights() == path


def test_the_digest_is_kept_until_the_file_changes(tmp_path: Path) -> None:
    path, cache = tmp_path / "m.gguf", tmp_path / "data"
    path.write_bytes(b"one")
    expected = "blake2b:" + blake2b(b"one", digest_size=20).hexdigest()
    assert file_digest(path) == file_digest(path, cache) == expected
    known = json.loads((cache / CACHE_NAME).read_text())
    assert list(known.values()) == [expected]
    (cache / CACHE_NAME).write_text(json.dumps(dict.fromkeys(known, "blake2b:kept")))
    assert file_digest(path, cache) == "blake2b:kept", "not hashed again"
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert file_digest(path, cache) == "blake2b:" + blake2b(b"two", digest_size=20).hexdigest()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"x": 1}', b"\xff\xfe"])
def test_a_damaged_cache_costs_only_time(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"one")
    (tmp_path / CACHE_NAME).write_bytes(damage)
    assert file_digest(path, tmp_path) == file_digest(path)


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"one")
    (tmp_path / "file").write_text("not a folder")
    assert file_digest(path, tmp_path / "file") == file_digest(path)
