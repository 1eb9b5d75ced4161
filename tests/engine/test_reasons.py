"""Every sentence for a person says why it is said, and what belongs in the words for it.

The source itself is read: a remark without a reason would only be found when somebody saw English words in a Japanese
window.
"""

from __future__ import annotations

import ast
import string
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from app import reasons as words
from engine.documents.lines import Failed
from engine.errors import EngineError, ErrorCode, StoreError
from engine.protocol import ErrorBody, Notice
from engine.reasons import Reason, Remark, because, recognised

ENGINE = Path(__file__).resolve().parents[2] / "engine"
CHOSEN = {
    **{reason: {"path"} for reason in Reason if reason.name.startswith("DISK_")},
    **{reason: {"status"} for reason in (Reason.DOWNLOAD_REFUSED, Reason.DOWNLOAD_NOT_PUBLIC, Reason.DOWNLOAD_GONE)},
    **{reason: set() for reason in Reason if reason.name.startswith("OTHER_M")},
    Reason.MODEL_DAMAGED: {"path"},
    Reason.NOT_LEARNED: set(),
    Reason.OLD_VERSION_KEPT: set(),
}
"""Those that are not written at the call that gives them, with what they come with there."""


@lru_cache
def calls() -> list[tuple[Path, ast.Call]]:
    """Every call in the engine's source."""
    return [
        (path, node)
        for path in sorted(ENGINE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]


def name_of(call: ast.Call) -> str:
    """`because` of `because(...)`, `refuse` of `cursor.refuse(...)`."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@lru_cache
def given() -> dict[str, list[set[str]]]:
    """Of each reason, what it comes with wherever it is given."""
    found: dict[str, list[set[str]]] = defaultdict(list)
    for _, call in calls():
        name = name_of(call)
        if name not in ("because", "refuse", "_refuse"):
            continue
        for node in (node for argument in call.args for node in ast.walk(argument)):
            if not (isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "Reason"):
                continue
            values = {keyword.arg or "" for keyword in call.keywords}
            found[node.attr].append(values if name == "because" else values | {"path"})
    return found


def placeholders(text: str) -> set[str]:
    """What stands in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("reason", list(Reason))
def test_the_window_has_words_for_every_reason_that_name_only_what_it_comes_with(reason: Reason) -> None:
    what, todo = words._WORDS[reason.value]
    assert what
    comes_with = [CHOSEN[reason]] if reason in CHOSEN else given()[reason.name]
    assert comes_with, "nobody gives this reason"
    for values in comes_with:
        assert placeholders(what) | placeholders(todo) <= values


def test_the_window_has_no_words_for_what_the_engine_never_says() -> None:
    assert set(words._WORDS) == {reason.value for reason in Reason}


def test_every_remark_and_notice_gives_its_reason() -> None:
    bare = []
    for path, call in calls():
        name, keywords = name_of(call), {keyword.arg for keyword in call.keywords}
        where = f"{path.relative_to(ENGINE)}:{call.lineno}"
        if name == "Notice" and "reason" not in keywords:
            bare.append(where)
        if name in ("Remark", "_notice") and len(call.args) < 2:
            bare.append(where)
    assert bare == []


def test_a_reason_goes_over_the_pipe_and_comes_back() -> None:
    error = StoreError("Full.", "Free some.", because=because(Reason.DISK_FULL, path="/x"))
    body = msgspec.json.decode(msgspec.json.encode(ErrorBody(**cast(Any, error.fields()))), type=ErrorBody)
    assert (body.code, body.message, body.hint) == (ErrorCode.STORAGE_FAILED, "Full.", "Free some.")
    assert recognised(body.reason, body.values) == error.because
    failed = msgspec.json.decode(msgspec.json.encode(Failed(**cast(Any, error.fields()))), type=Failed)
    assert (failed.reason, failed.values) == ("disk.full", {"path": "/x"})
    assert recognised("something.newer", {}) is None
    assert "reason" not in EngineError("Odd.").fields()


def test_a_remark_is_its_sentence() -> None:
    error = StoreError("Full.")
    remark = Remark("Not saved. Full.", because(Reason.STATE_NOT_SAVED), error)
    assert remark == "Not saved. Full."
    assert (remark.because.reason, remark.error) == (Reason.STATE_NOT_SAVED, error)
    assert Notice(message=remark, reason=remark.because.reason).reason == "state.not-saved"
