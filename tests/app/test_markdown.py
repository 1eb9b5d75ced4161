"""Replies as rich text: structure and colours for Qt, and nothing that is fetched or run."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QTextCursor
from pytestqt.qtbot import QtBot

from app import palettes
from app.chat.bubble import BubbleText
from app.chat.markdown import MAX_HIGHLIGHTED, to_html


def html(text: str) -> str:
    return to_html(text, palettes.LIGHT)


def test_structure() -> None:
    shown = html("# Head\n\n**bold** *it* ~~gone~~ `code`\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    for part in ("Head", "<strong>bold</strong>", "<em>it</em>", "<s>gone</s>", "<li>one</li>", "<td>1</td>"):
        assert part in shown


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "<img src=x onerror=y>", "a <b>b</b>", "<!-- c -->", "<style>*{}</style>"]
)
def test_raw_html_is_shown_as_text(qtbot: QtBot, text: str) -> None:
    label = BubbleText()
    qtbot.addWidget(label)
    label.show_html(html(text))
    assert label.toPlainText() == text


@pytest.mark.parametrize("text", ["417.", "12)", "#", "-"])
def test_an_answer_that_looks_like_a_marker_is_shown(qtbot: QtBot, text: str) -> None:
    label = BubbleText()
    qtbot.addWidget(label)
    label.show_html(html(text))
    assert label.toPlainText() == text


@pytest.mark.parametrize("address", ["https://example.org/a.png", "file:///etc/passwd", "data:image/png;base64,AAAA"])
def test_pictures_are_never_pictures(address: str) -> None:
    shown = html(f"![a cat]({address})")
    assert "<img" not in shown
    assert "cat" in shown
    assert ("href" in shown) == address.startswith("https")


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "vbscript:x", "JaVaScRiPt:x"])
def test_links_that_run_or_read_are_no_links(address: str) -> None:
    assert "href" not in html(f"[click]({address})")


def test_code_is_coloured_for_the_theme_that_is_on() -> None:
    text = "```python\ndef f(x): return x + 1\n```"
    light, dark = to_html(text, palettes.LIGHT), to_html(text, palettes.DARK)
    assert palettes.LIGHT.code in light
    assert palettes.DARK.code in dark
    assert light.count("color:") > 2
    assert light != dark


@pytest.mark.parametrize("fence", ["```\n<a> & b\n```", "```nosuchlanguage\n<a> & b\n```", "    <a> & b"])
def test_code_without_a_known_language_is_plain_and_escaped(fence: str) -> None:
    assert "&lt;a&gt; &amp; b" in html(fence)


def test_a_very_long_code_block_is_not_coloured() -> None:
    body = "x = 1\n" * (MAX_HIGHLIGHTED // 6 + 1)
    assert "<span" not in html(f"```python\n{body}```")


@pytest.mark.parametrize("text", ["```python\nx = ", "**bo", "| a |\n|--", "[link](http", "`", "> "])
def test_an_unfinished_reply_is_rendered_as_far_as_it_goes(text: str) -> None:
    assert html(text) is not None


def test_line_breaks_of_a_small_model_stay() -> None:
    assert "<br" in html("one\ntwo")


def test_a_bubble_loads_nothing(qtbot: QtBot) -> None:
    label = BubbleText()
    qtbot.addWidget(label)
    assert label.loadResource(2, "file:///etc/passwd") is None
    assert not label.openLinks()


def test_a_selection_survives_the_stream(qtbot: QtBot) -> None:
    label = BubbleText()
    qtbot.addWidget(label)
    label.show_html(html("The cat is called Miso"))
    cursor = label.textCursor()
    cursor.setPosition(4)
    cursor.setPosition(7, QTextCursor.MoveMode.KeepAnchor)
    label.setTextCursor(cursor)
    label.show_html(html("The cat is called Miso and she is three"))
    assert label.textCursor().selectedText() == "cat"


def test_a_bubble_is_as_large_as_its_text(qtbot: QtBot) -> None:
    label = BubbleText()
    qtbot.addWidget(label)
    label.show_plain("Hi")
    label.fit(500)
    small = label.size()
    label.show_plain("word " * 200)
    label.fit(500)
    assert small.width() < 100
    assert label.width() <= 501
    assert label.height() > 5 * small.height()
    assert label.document().size().height() <= label.height()
