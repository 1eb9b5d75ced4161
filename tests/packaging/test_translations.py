"""The translation files are those of this source: nothing is missing, nothing is left over, nothing is older."""

from __future__ import annotations

import ast
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from launcher import translations


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in translations.FOLDER.glob("*.ts"):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_the_texts_are_those_of_the_source(folder: Path) -> None:
    translations.extract(folder)
    for name in translations.LANGUAGES:
        kept, now = (place / f"techo_{name}.ts" for place in (translations.FOLDER, folder))
        assert now.read_text(encoding="utf-8") == kept.read_text(encoding="utf-8"), "run ./techo translate"


def test_the_compiled_files_are_those_of_the_texts(folder: Path) -> None:
    translations.compile_all(folder, folder)
    for name in translations.LANGUAGES:
        kept, now = (place / f"techo_{name}.qm" for place in (translations.FOLDER, folder))
        assert now.read_bytes() == kept.read_bytes(), "run ./techo translate"


def test_a_new_text_is_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(translations.ROOT / "app", root / "app", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(translations, "ROOT", root)
    path = root / "app" / "search.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('self.tr("Searching…")', 'self.tr("Looking…")'), encoding="utf-8")
    translations.extract(folder)
    now = (folder / "techo_ja.ts").read_text(encoding="utf-8")
    assert "<source>Looking…</source>" in now
    assert "<source>Searching…</source>" not in now
    assert 'type="unfinished"' in now


def counted() -> set[str]:
    """Every text of the source with a number in it that has plural forms, found without lupdate."""
    return {
        node.value
        for path in (translations.ROOT / "app").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and ("%Ln" in node.value or "%n" in node.value)
    }


@pytest.mark.parametrize("language", list(translations.LANGUAGES))
def test_every_text_with_a_number_has_its_plural_forms(language: str) -> None:
    """lupdate says nothing where it cannot read a call's number, and then "1 turns" stands in the window."""
    texts = counted()
    assert len(texts) > 20
    forms: dict[str, list[str]] = {}
    for message in ET.parse(translations.FOLDER / f"techo_{language}.ts").iter("message"):
        if message.get("numerus") == "yes":
            forms[message.findtext("source", "")] = [form.text or "" for form in message.iter("numerusform")]
    assert texts <= set(forms), "a plural form is missing: is the call written so that lupdate can read it?"
    for text in texts:
        assert len(forms[text]) == (2 if language == "en" else 1), text
        assert all(form.strip() for form in forms[text]), text
        assert any("%Ln" in form or "%n" in form for form in forms[text]), text
