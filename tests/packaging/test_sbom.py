"""The bill of materials is that of the lock files, with a licence for everything."""

from __future__ import annotations

import json
import re
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from launcher import sbom


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sbom.FILE.read_text("utf-8"))
    return found


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def test_it_holds_what_is_locked_and_nothing_else(bill: dict[str, Any]) -> None:
    listed = {one["name"]: one["version"] for one in bill["components"] if one["type"] == "library"}
    assert listed == {name: version for name, (version, _) in sbom.pins().items()}, (
        "make it anew: PYTHONPATH=packaging .venv/bin/python -m launcher.sbom"
    )
    assert len(listed) > 50


def test_everything_has_a_licence_that_allows_what_techo_does(bill: dict[str, Any]) -> None:
    """What runs is Apache-2.0 code with libraries that may be passed on with it; GPL alone is not among them."""
    for one in [*bill["components"], bill["metadata"]["component"]]:
        (named,) = one["licenses"]
        expression = named["expression"]
        assert re.fullmatch(r"[A-Za-z0-9.+-]+( (OR|AND|WITH) [A-Za-z0-9.+-]+)*", expression), one
        if one.get("scope") == "required":
            assert not re.match(r"A?GPL", expression), one


def test_it_is_cyclonedx(bill: dict[str, Any]) -> None:
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    refs = [one["bom-ref"] for one in bill["components"]]
    assert len(set(refs)) == len(refs)
    assert set(bill["dependencies"][0]["dependsOn"]) <= set(refs)
    for one in bill["components"]:
        if one["type"] == "library":
            assert one["purl"] == f"pkg:pypi/{one['name']}@{one['version']}"


def test_the_files_of_the_models_are_those_that_are_listed(bill: dict[str, Any]) -> None:
    listed = {one["bom-ref"] for one in bill["components"] if one["type"] == "machine-learning-model"}
    there = {
        path.relative_to(sbom.ROOT).as_posix()
        for folder in ("models", "memory")
        for path in (sbom.ROOT / "resources" / folder).rglob("*")
        if path.suffix in (".gguf", ".safetensors", ".txt")
    }
    assert listed == there


def test_making_it_anew_changes_nothing() -> None:
    missing = [name for name in sbom.pins() if name not in sbom._NOT_INSTALLED and not _installed(name)]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")
    assert sbom.text(sbom.make()) == sbom.FILE.read_text("utf-8")


def test_an_unknown_licence_is_no_licence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(sbom.Unknown, match="not installed"):
        sbom.licence("no-such-package-of-techo")
    about = Message()
    about["License"] = "see the web site"
    monkeypatch.setattr(metadata, "metadata", lambda name: about)
    with pytest.raises(sbom.Unknown, match="see the web site"):
        sbom.licence("click")


def test_the_licence_texts_of_what_runs_are_collected() -> None:
    found = "".join(sbom.licence_texts())
    for name in ("numpy", "msgspec", "markdown-it-py", "jinja2"):
        assert f"\n{name} " in found
    assert "WITHOUT WARRANTY" in found
    assert "pytest" not in found.partition("WITHOUT WARRANTY")[0]


def test_the_lock_names_one_version_of_each_package() -> None:
    for path in (sbom.ROOT / "packaging" / "lock").glob("*.txt"):
        for line in path.read_text("utf-8").splitlines():
            assert not line.strip() or line.startswith("#") or sbom._PIN.fullmatch(line.partition("#")[0].strip()), line
    assert Path(sbom.FILE).stat().st_size < 100_000
