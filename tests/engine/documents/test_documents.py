"""A file to passages: the formats, the encodings, and everything that a file can be instead."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.documents import markdown, plain, reader
from engine.documents.decoding import decode
from engine.documents.extract import MOST_BYTES, MOST_PASSAGES
from engine.documents.passages import LONGEST, Block, passages, units
from engine.documents.reader import Document, read_document
from engine.errors import Cancelled, DocumentError, ErrorCode
from tests.engine.documents.pdf_bytes import locked, pdf

PAGE = ["The boat is called Sirkka.", "Its berth is number 22 at the north pier."]
NOTES = """\
---
tags: [garden]
---
# The allotment

We rent **plot 37** from the [Hillside Growers](notes.md). The rent is 84 euros a year,
due on 1 March. Dr. Nowak is the chairman; his number is 555-0147.

## Tools

- The key hangs behind the blue door.
- The mower belongs to Ottilie.

Things to buy:

* two bags of compost
* copper tape

Done.

| Day | Who waters |
|---|---|
| Monday | Jonas |
| Thursday | |

```
ssh garden
```
<b>not</b> shown: <i>tags</i>

Aunt Rut: 040 555 12
Uncle Pim: 040 555 77
"""


def never() -> bool:
    return False


def read(path: Path) -> Document:
    return read_document(path, never, lambda done, count: None)


def refused(path: Path) -> DocumentError:
    with pytest.raises(DocumentError) as error:
        read(path)
    assert error.value.hint, "what to do about it"
    return error.value


# ---------------------------------------------------------------------------------------------- formats


def test_markdown_becomes_sentences_under_their_headings() -> None:
    assert list(passages(markdown.blocks(NOTES))) == [
        "The allotment: We rent plot 37 from the Hillside Growers.",
        "The allotment: The rent is 84 euros a year, due on 1 March.",
        "The allotment: Dr. Nowak is the chairman; his number is 555-0147.",
        "Tools: The key hangs behind the blue door.",
        "Tools: The mower belongs to Ottilie.",
        "Things to buy: two bags of compost",
        "Things to buy: copper tape",
        "Tools: Done.",
        "Tools: Day: Monday, Who waters: Jonas",
        "Tools: Day: Thursday",
        "Tools: ssh garden",
        "Tools: not shown: tags",
        "Tools: Aunt Rut: 040 555 12",
        "Tools: Uncle Pim: 040 555 77",
    ]


def test_plain_text_joins_wrapped_lines_and_keeps_lists_apart() -> None:
    text = (
        "The ferry to the island leaves at half past seven in the morn-\ning and takes forty minutes. Bring cash.\n\n"
        "Aunt Rut: 040 555 12\nUncle Pim: 040 555 77\n\n"
        "To pack:\n- wool socks\n- the red torch\n\n----\n"
    )
    assert list(passages(plain.blocks(text))) == [
        "The ferry to the island leaves at half past seven in the morning and takes forty minutes. Bring cash.",
        "Aunt Rut: 040 555 12",
        "Uncle Pim: 040 555 77",
        "To pack: wool socks",
        "To pack: the red torch",
    ]


def test_japanese_sentences_end_without_a_space() -> None:
    text = "妹の名前は葵です。港で働いています。彼女は毎朝七時に家を出て、自転車で港まで行きます。\n"
    assert list(passages(plain.blocks(text))) == [
        "妹の名前は葵です。",
        "港で働いています。",
        "彼女は毎朝七時に家を出て、自転車で港まで行きます。",
    ]


@given(st.lists(st.tuples(st.text(max_size=400), st.text(max_size=90)), max_size=6))
@settings(max_examples=200, deadline=None)
def test_no_passage_is_too_long_or_empty(parts: list[tuple[str, str]]) -> None:
    for passage in passages(Block(text, heading) for text, heading in parts):
        assert 0 < units(passage) <= LONGEST
        assert any(letter.isalnum() for letter in passage)
        assert passage.isprintable()


@given(st.text(max_size=600))
@settings(max_examples=200, deadline=None)
def test_every_text_is_read_as_text_and_as_markdown(text: str) -> None:
    for blocks in (plain.blocks, markdown.blocks):
        assert all(units(passage) <= LONGEST for passage in passages(blocks(text)))


def test_the_words_of_a_long_sentence_all_stay() -> None:
    words = [f"word{number}" for number in range(100)]
    found = list(passages([Block(" ".join(words), "List")]))
    assert [word for passage in found for word in passage.removeprefix("List: ").split()] == words


# ---------------------------------------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Caf\u00e9 Z\u00fcrich, 5 \u20ac", "utf-8"),
        ("Caf\u00e9 Z\u00fcrich, 5 \u20ac", "utf-8-sig"),
        ("Caf\u00e9 Z\u00fcrich, 5 \u20ac", "utf-16"),
        ("Caf\u00e9 Z\u00fcrich, 5 \u20ac", "utf-16-le"),
        ("Caf\u00e9 Z\u00fcrich, 5 \u20ac", "utf-16-be"),
        ("Caf\u00e9 Z\u00fcrich, 5 \u20ac", "utf-32"),
        ("Caf\u00e9 Z\u00fcrich, \u00c4pfel f\u00fcr \u00d6rjan", "latin-1"),
        ("\u201cCaf\u00e9\u201d \u2013 5 \u20ac", "cp1252"),
        ("\u59b9\u306f\u6e2f\u3067\u50cd\u3044\u3066\u3044\u307e\u3059\u3002", "cp932"),
        ("\u59b9\u306f\u6e2f\u3067\u50cd\u3044\u3066\u3044\u307e\u3059\u3002", "euc_jp"),
        ("\u59b9\u306f\u6e2f\u3067\u50cd\u3044\u3066\u3044\u307e\u3059\u3002", "iso2022_jp"),
        ("\u59b9\u306f\u6e2f\u3067\u50cd\u3044\u3066\u3044\u307e\u3059\u3002", "utf-16"),
        ("", "utf-8"),
    ],
)
def test_the_encoding_is_told_from_the_bytes(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_line_ends_become_one_kind_and_a_cut_letter_does_no_harm() -> None:
    assert decode(b"a\r\nb\rc\nd") == "a\nb\nc\nd"
    assert decode("Z\u00fcrich caf\u00e9".encode()[:-1]) == "Z\u00fcrich caf"


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_text_or_are_refused(data: bytes) -> None:
    codes = []
    try:
        assert isinstance(decode(data), str)
    except DocumentError as error:
        codes.append(error.code)
    assert codes in ([], [ErrorCode.DOCUMENT_KIND])


# ---------------------------------------------------------------------------------------------- files


def test_a_pdf_is_read_page_by_page(tmp_path: Path) -> None:
    path = tmp_path / "Boat Notes.PDF"
    path.write_bytes(
        pdf([[*PAGE, "Boat notes 1"], ["The engine takes diesel.", "Boat notes 2"], ["X.", "Boat notes 3"]])
    )
    pages = []
    document = read_document(path, never, lambda done, count: pages.append((done, count)))
    assert document == Document(
        "Boat Notes.PDF",
        [*PAGE, "The engine takes diesel.", "X."],
    ), "a running title is no text"
    assert pages == [(0, 3), (1, 3), (2, 3)]


def test_a_pdf_that_is_only_locked_against_changes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(locked(pdf([PAGE]), "", "owner"))
    assert "Sirkka" in read(path).passages[0]
    path.write_bytes(locked(pdf([PAGE]), "secret", "owner"))
    assert refused(path).code is ErrorCode.DOCUMENT_ENCRYPTED


def test_a_page_that_unpacks_to_far_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pdf"
    path.write_bytes(pdf([["A" * 150_000_000]], packed=True))
    assert path.stat().st_size < 1_000_000
    assert refused(path).code in (ErrorCode.DOCUMENT_DAMAGED, ErrorCode.DOCUMENT_TOO_LARGE)
    path.write_bytes(pdf([PAGE], packed=True))
    assert read(path).passages == PAGE


def test_pdfs_without_text_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([[], []], picture=True))
    error = refused(path)
    assert (error.code, "OCR" in error.hint) == (ErrorCode.DOCUMENT_IMAGES, True)
    path.write_bytes(pdf([[]]))
    assert refused(path).code is ErrorCode.DOCUMENT_EMPTY
    path.write_bytes(pdf([PAGE])[:300])
    assert refused(path).code in (ErrorCode.DOCUMENT_DAMAGED, ErrorCode.DOCUMENT_EMPTY)
    path.write_bytes(b"%PDF-1.7\n" + os.urandom(5000))
    assert refused(path).code is ErrorCode.DOCUMENT_DAMAGED
    path.write_bytes(b"MZ\0\0")
    assert refused(path).code is ErrorCode.DOCUMENT_DAMAGED


def test_a_damaged_byte_costs_a_page_at_most_or_is_refused(tmp_path: Path) -> None:
    """A sample of places: each run is a process of its own."""
    whole = pdf([PAGE, ["The engine takes diesel."]])
    path = tmp_path / "a.pdf"
    for place in range(0, len(whole), len(whole) // 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x15]) + whole[place + 1 :])
        codes = []
        try:
            assert read(path).passages
        except DocumentError as error:
            codes.append(error.code)
        assert all(1501 <= code < 1600 for code in codes)


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_what_is_no_document_is_refused_with_a_hint(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert refused(path).code is ErrorCode.DOCUMENT_NOT_FOUND
    path.write_bytes(b"")
    assert refused(path).code is ErrorCode.DOCUMENT_EMPTY
    path.write_text("\n* \n---\n   \n")
    assert refused(path).code is ErrorCode.DOCUMENT_EMPTY
    path.write_bytes(bytes(range(256)) * 40)
    assert refused(path).code is ErrorCode.DOCUMENT_KIND
    with path.open("wb") as file:
        file.truncate(MOST_BYTES["text"] + 1)
    assert refused(path).code is ErrorCode.DOCUMENT_TOO_LARGE
    path.write_text("\n\n".join(f"Line {number} says something of its own." for number in range(MOST_PASSAGES + 1)))
    assert refused(path).code is ErrorCode.DOCUMENT_TOO_LARGE


def test_folders_pipes_and_other_kinds_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder.txt"
    folder.mkdir()
    assert refused(folder).code is ErrorCode.DOCUMENT_KIND
    other = tmp_path / "a.docx"
    other.write_bytes(b"PK")
    assert "Markdown" in refused(other).hint
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.txt")
        assert refused(tmp_path / "pipe.txt").code is ErrorCode.DOCUMENT_KIND


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Hello.")
    path.chmod(0)
    assert refused(path).code is ErrorCode.DOCUMENT_NOT_FOUND


# ---------------------------------------------------------------------------------------------- the child process


def child(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_child_that_dies_or_lies_costs_the_document_only(tmp_path: Path) -> None:
    for code in ("import os; os._exit(9)", "print('nonsense')", 'print(\'{"type": "done"}\')'):
        with pytest.raises(DocumentError) as error:
            read_document(tmp_path / "a.pdf", never, lambda done, count: None, child(code))
        assert error.value.code is ErrorCode.DOCUMENT_DAMAGED


def test_a_child_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "STALLED", 0.3)
    with pytest.raises(DocumentError) as error:
        read_document(tmp_path / "a.pdf", never, lambda done, count: None, child("import time; time.sleep(60)"))
    assert error.value.code is ErrorCode.DOCUMENT_TOO_LARGE


def test_a_reading_can_be_stopped_in_the_middle_of_a_page(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(Cancelled):
        read_document(
            tmp_path / "a.pdf",
            lambda: time.monotonic() - began > 0.3,
            lambda done, count: None,
            child("import time; time.sleep(60)"),
        )
    assert time.monotonic() - began < 10


@pytest.mark.skipif(sys.platform != "linux", reason="the bound on memory is the system's")
def test_the_child_has_bounded_memory(tmp_path: Path) -> None:
    code = (
        "import sys; from engine.documents import __main__ as m; m.extract = lambda *_: bytearray(2 * m.MEMORY);"
        "sys.argv = ['', 'x']; m.main()"
    )
    with pytest.raises(DocumentError) as error:
        read_document(tmp_path / "a.pdf", never, lambda done, count: None, child(code))
    assert error.value.code is ErrorCode.DOCUMENT_TOO_LARGE
    assert "memory" in error.value.message
