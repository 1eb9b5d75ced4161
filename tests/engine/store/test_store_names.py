"""Profile names: what is kept, what is refused, and when two are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ErrorCode, ProfileError
from engine.store.names import MAX_NAME, clean_name, name_key


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Anna ", "Anna"),
        ("\u3000田中 花子\n", "田中 花子"),
        ("Zoe\u0308", "Zoë"),
        ("a" * 64, "a" * 64),
        ("👩\u200d🔬", "👩\u200d🔬"),
        (".", "."),
        ("../../etc", "../../etc"),  # a name is never a path
    ],
)
def test_a_name_is_trimmed_and_composed(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "\u3000",
        "a" * 65,
        "a\nb",
        "a\x00b",
        "a\x7fb",
        "a\u0085b",
        "\ud800",
        "a\u2028b",
        "abc\u202eexe",
        "a\u200bb",
        "\u200d",
    ],
)
def test_a_name_that_cannot_be_told_apart_or_shown_is_refused(typed: str) -> None:
    with pytest.raises(ProfileError) as caught:
        clean_name(typed)
    assert caught.value.code == ErrorCode.PROFILE_NAME
    assert caught.value.hint


@pytest.mark.parametrize(
    ("one", "other"), [("Anna", "ANNA"), ("Zoë", "zoe\u0308"), ("Straße", "STRASSE"), (" x", "X ")]
)
def test_names_that_differ_in_case_or_spelling_are_the_same(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("はな", "ハナ"), ("Anna", "Anna 2"), ("か", "が")])
def test_names_that_a_person_tells_apart_are_different(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@given(st.text(max_size=80))
def test_any_text_is_either_kept_for_good_or_refused(typed: str) -> None:
    """Cleaning twice changes nothing, and a kept name is within the limits."""
    try:
        kept = clean_name(typed)
    except ProfileError:
        return
    assert clean_name(kept) == kept
    assert 1 <= len(kept) <= MAX_NAME
    assert name_key(kept) == name_key(typed)
