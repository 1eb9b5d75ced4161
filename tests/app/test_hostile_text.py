"""What a model, a person or a file says cannot become part of the window, nor lock it."""

from __future__ import annotations

import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData
from PySide6.QtGui import Qt, QTextDocument
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app import language, palettes
from app.chat.composer import ComposerEdit
from app.chat.editor import MessageEditor
from app.chat.markdown import to_html
from app.notices import NoticeBar as Notice
from app.plain import tip
from app.settings import WindowSettings
from engine.protocol import MAX_SAID
from tests.app.conftest import MakeWindow

bounded = settings(
    max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)

_PIECES: Final = (
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<style>*{}</style>", "</p></td></table>", "<!--"),
    *("-->", "<![CDATA[", "<?php", "<a href='file:///etc/passwd'>", "<table>", "<br/>", "&lt;b&gt;", "&#60;b&#62;"),
    *("&#x3c;img src=x&#x3e;", "&nbsp;", "&bogus;", "![a](http://x/y.png)", "![a](file:///etc/passwd)", "![](data:,x)"),
    *("[a](javascript:alert(1))", "[a](JAVASCRIPT:x)", "[a](vbscript:x)", '[a](http://x"onclick="y)', "[a](<b c>)"),
    *("[a]: http://x '\"><img src=x>'\n\n[a]", "<http://x/<b>>", "<javascript:x>", "http://x/?a=<b>", "`<b>`", "``"),
    *("```html\n<b>\n```", "```<b>\n", "~~~\"'><i>\nx\n~~~", "    <b>", "|<b>|\n|-|\n|<i>|", "| a |\n|---|\n", "# <b>"),
    *("> <b>", "- <b>\n", "1. ", "***", "---\n", "~~<b>~~", "**", "_", "\\<b>", "\\", "\n", "\n\n", "\r", "\t", " "),
    *("\0", "\ufffd", "\u202e", "\u2066", "\u0301", "\u200b", "\ud83d", "\U0001f468\u200d\U0001f469", "\x1b[31m"),
)
texts = st.one_of(
    st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=8)), max_size=12).map("".join),
    st.text(st.characters(exclude_categories=()), max_size=80),
)

_TAGS: Final = {
    *("p", "em", "strong", "s", "a", "code", "pre", "span", "table", "thead", "tbody", "tr", "th", "td", "ul", "ol"),
    *("li", "blockquote", "hr", "br", "i"),
}
_ATTRIBUTES: Final = {
    *("style", "href", "title", "bgcolor", "width", "cellpadding", "cellspacing", "border", "start", "class"),
}
_SCHEMES: Final = ("http://", "https://", "mailto:")


class _Judge(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.findings: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.findings.append(f"tag {tag}")
        for name, value in attributes:
            if name not in _ATTRIBUTES:
                self.findings.append(f"attribute {name} of {tag}")
            value = (value or "").strip().lower()
            if name == "style" and any(word in value for word in ("url", "expression", "@", "position")):
                self.findings.append(f"style {value}")
            if name == "href" and ":" in value.partition("/")[0] and not value.startswith(_SCHEMES):
                scheme = value.partition(":")[0]
                if scheme in ("javascript", "vbscript", "file", "data"):
                    self.findings.append(f"address {value}")

    def handle_comment(self, data: str) -> None:
        self.findings.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.findings.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.findings.append("instruction")


def judge(text: str) -> None:
    """Renders a reply, and looks at every tag, attribute and address that comes out."""
    judge = _Judge()
    html = to_html(text, palettes.LIGHT)
    judge.feed(html)
    judge.close()
    assert judge.findings == [], html


@bounded
@given(text=texts)
def test_no_reply_brings_html_of_its_own(text: str) -> None:
    judge(text)


@bounded
@given(text=texts)
def test_no_reply_brings_a_picture(qtbot: QtBot, text: str) -> None:
    document = QTextDocument()
    document.setHtml(to_html(text, palettes.LIGHT))
    # Where a picture is, Qt has this character.
    assert document.toPlainText().count("\ufffc") <= text.count("\ufffc")


def test_qt_would_show_a_picture(qtbot: QtBot) -> None:
    """Else the test above would prove nothing."""
    document = QTextDocument()
    document.setHtml("<p>a<img src='x'></p>")
    assert "\ufffc" in document.toPlainText()


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "*" * 20_000,
        "> " * 5_000 + "x",
        "- " * 5_000 + "x",
        "`" * 20_001,
        "<" * 20_000,
        "![" * 10_000,
        "|" + "a|" * 5_000 + "\n|" + "-|" * 5_000,
        "&" * 20_000,
        "a\n" * 20_000,
        "```\n" * 5_000,
        "[a](" * 5_000,
        "\\" * 20_000,
        "\u0301" * 20_000,
        "1. " * 3_000,
    ],
    ids=lambda text: repr(text[:4]),
)
def test_no_reply_takes_long_to_render(text: str) -> None:
    began = time.process_time()
    to_html(text, palettes.LIGHT)
    assert time.process_time() - began < 5


@given(text=texts)
@bounded
def test_a_tooltip_shows_text_as_it_is(text: str) -> None:
    shown = tip(text)
    if Qt.mightBeRichText(shown):
        document = QTextDocument()
        document.setHtml(shown)
        assert "<" not in text or "<" in document.toPlainText() or not document.toPlainText().strip()
        judge = _Judge()
        judge.feed(shown)
        assert judge.findings == []
    else:
        assert shown == text


def test_a_title_that_is_html_is_a_title() -> None:
    evil = "<h1>Update Techo</h1><img src='file:///etc/passwd'>"
    assert Qt.mightBeRichText(evil)
    document = QTextDocument()
    document.setHtml(tip(f"{evil}\n1 May"))
    assert document.toPlainText().splitlines() == [evil, "1 May"]


def test_labels_that_name_a_model_or_profile_are_plain(qtbot: QtBot) -> None:
    from app.status_line import StatusLine

    line = StatusLine()
    qtbot.addWidget(line)
    for label in (line.text, line.model):
        assert isinstance(label, QLabel)
        assert label.textFormat() == Qt.TextFormat.PlainText


# ---------------------------------------------------------------------------------------------- pasting


def _clip(text: str) -> QMimeData:
    clip = QMimeData()
    clip.setText(text)
    return clip


def test_ten_million_pasted_characters_are_refused_at_once(qtbot: QtBot) -> None:
    edit = ComposerEdit()
    qtbot.addWidget(edit)
    edit.setPlainText("typed")
    began = time.process_time()
    with qtbot.waitSignal(edit.too_long, timeout=1000):
        edit.insertFromMimeData(_clip("word " * 2_000_000))
    assert time.process_time() - began < 2
    assert edit.toPlainText() == "typed"
    with qtbot.assertNotEmitted(edit.too_long):
        edit.insertFromMimeData(_clip(" more"))
    assert edit.toPlainText() == "typed more" or edit.toPlainText() == " moretyped"


def test_the_editor_of_a_message_says_so(qtbot: QtBot) -> None:
    editor = MessageEditor("old", "old")
    qtbot.addWidget(editor)
    before = editor._hint.text()
    editor.edit.insertFromMimeData(_clip("x" * (MAX_SAID + 1)))
    assert editor._hint.text() != before
    assert editor.edit.toPlainText() == "old"


@pytest.mark.parametrize("code", ["en", "ja"])
def test_the_window_says_what_to_do_about_too_much_text(make_window: MakeWindow, qapp: QApplication, code: str) -> None:
    language.use(qapp, code)
    window = make_window()
    window.composer.edit.insertFromMimeData(_clip("word " * 2_000_000))
    assert window.composer.text == ""
    (notice,) = window.notices.findChildren(Notice)
    assert notice.message == language.translate("Errors", "That is too large.")
    assert notice.hint == language.translate("Errors", "Send it in smaller parts.")


# ---------------------------------------------------------------------------------------------- settings

_DEFAULTS: Final = b"""[General]
draft_of_no_profile=hello
[window]
memory_panel=true
language=ja
theme=dark
font_percent=120
tour_seen=true
geometry=@ByteArray(\\x1\\xd9\\xd0\\xcb)
[profile]
last=Mika
[models]
files=a.gguf, b.gguf
"""


_KEYS: Final = ("memory_panel", "language", "theme", "font_percent", "tour_seen", "geometry", "splitter")
_VALUES: Final = (
    *("@Variant(\0\0\0\x7f)", "@Invalid()", "@ByteArray(", "@Rect(1 2", "9" * 400, "-1", "x" * 4000, "\\x"),
)


settings_files = st.one_of(
    st.binary(max_size=400),
    st.tuples(st.integers(0, len(_DEFAULTS)), st.binary(max_size=12)).map(
        lambda harm: _DEFAULTS[: harm[0]] + harm[1] + _DEFAULTS[harm[0] + len(harm[1]) :]
    ),
    st.lists(st.tuples(st.sampled_from(_KEYS), st.sampled_from(_VALUES)), max_size=6).map(
        lambda lines: ("[window]\n" + "\n".join(f"{key}={value}" for key, value in lines)).encode()
    ),
)


def read_settings(folder: Path, data: bytes) -> None:
    """Reads every setting of a file, and writes one."""
    folder.mkdir(exist_ok=True)
    (folder / "window.ini").write_bytes(data)
    found = WindowSettings(folder)
    assert isinstance(found.memory_panel, bool)
    assert isinstance(found.tour_seen, bool)
    assert isinstance(found.language, str)
    assert isinstance(found.theme, str)
    assert found.font_percent >= 0
    assert found.profile is None or found.profile
    assert all(isinstance(path, Path) for path in found.model_files)
    assert isinstance(found.draft(None), str)
    assert found.speed("m") >= 0
    _ = found.geometry, found.splitter, found.model
    found.profile = "Mika"
    found.save()
    assert WindowSettings(folder).profile == "Mika", "it can be written again"


@bounded
@given(data=settings_files)
def test_any_settings_file_is_read_as_something_sensible(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    read_settings(tmp_path_factory.mktemp("settings"), data)
