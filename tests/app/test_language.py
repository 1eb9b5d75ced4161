"""Languages: what the files hold, what is chosen, and that every word on screen follows at once."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app import errors, fonts, language
from app.main_window import MainWindow
from engine.errors import ErrorCode
from engine.protocol import ErrorBody, Notice
from engine.reasons import Reason
from tests.app.acting import dialog, say, words_of
from tests.app.conftest import MakeWindow

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
PLACE = re.compile(r"\{\w+\}|%L?n")


def messages(code: str) -> Iterator[tuple[str, str, list[str]]]:
    """Context, source and translations of all that a file holds."""
    for context in ET.parse(language.TRANSLATIONS / f"techo_{code}.ts").getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            assert translation is not None
            assert translation.get("type") is None, f"not finished: {message.findtext('source')}"
            forms = [form.text or "" for form in translation.iter("numerusform")] or [translation.text or ""]
            yield context.findtext("name", ""), message.findtext("source", ""), forms


def test_every_text_has_a_japanese_translation_with_the_same_places() -> None:
    for context, source, (translation,) in messages("ja"):
        assert translation.strip(), (context, source)
        assert sorted(PLACE.findall(source)) == sorted(PLACE.findall(translation)), (context, source)
        if re.search(r"[a-z]{3,}", PLACE.sub("", source).replace("Techo", "")):
            assert JAPANESE.search(translation), (context, source)
        assert source.endswith("…") == translation.endswith("…"), (context, source)
        assert ("&" in source) == ("&" in translation), (context, source)


def test_english_has_both_plural_forms() -> None:
    for context, source, forms in messages("en"):
        assert len(forms) == 2, (context, source)
        assert forms[1] == source, (context, source)
        assert all("%Ln" in form for form in forms), (context, source)


def test_plurals(qapp: QApplication) -> None:
    def words(number: int) -> str:
        return language.translate("ProfileMenu", "%Ln conversations", "", number)

    assert (words(1), words(2), words(1200)) == ("1 conversation", "2 conversations", "1,200 conversations")
    language.use(qapp, "ja")
    assert (words(1), words(1200)) == ("会話 1 件", "会話 1,200 件")


@pytest.mark.parametrize(
    ("wanted", "spoken"),
    [
        (["ja-JP", "en"], "ja"),
        (["ja_JP"], "ja"),
        (["de-DE", "ja-JP"], "ja"),
        (["en-GB"], "en"),
        (["de"], "en"),
        ([], "en"),
    ],
)
def test_the_system_s_language_is_the_first_that_techo_speaks(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, wanted: list[str], spoken: str
) -> None:
    monkeypatch.setattr(QLocale, "uiLanguages", lambda _: wanted)
    language.use(qapp, language.SYSTEM)
    assert language.current() == spoken


def test_an_unknown_choice_in_the_settings_file_is_the_system_s(qapp: QApplication) -> None:
    language.use(qapp, "klingon")
    assert language.current() == language.of_the_system()


def test_numbers_and_dates_follow_the_language(qapp: QApplication) -> None:
    language.use(qapp, "ja")
    assert QLocale().language() == QLocale.Language.Japanese
    language.use(qapp, "en")
    assert QLocale().language() == QLocale.Language.English


def test_qt_s_own_words_are_translated_too(qapp: QApplication) -> None:
    language.use(qapp, "ja")
    assert JAPANESE.search(language.translate("QFileDialog", "File &name:"))
    language.use(qapp, "en")
    assert language.translate("QFileDialog", "File &name:") == "File &name:"


@pytest.mark.parametrize("content", [None, b"", b"no translation"])
def test_a_missing_or_damaged_file_is_named_and_english_is_spoken(
    qapp: QApplication,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    content: bytes | None,
) -> None:
    if content is not None:
        (tmp_path / "techo_ja.qm").write_bytes(content)
    monkeypatch.setattr(language, "TRANSLATIONS", tmp_path)
    language.use(qapp, "ja")
    assert language.current() == "en"
    assert language.translate("Sidebar", "Untitled") == "Untitled"
    assert "techo_ja.qm is missing or damaged" in caplog.text
    monkeypatch.undo()
    language.use(qapp, "en")


# ------------------------------------------------------------------------------------------ on screen


def shown(window: QWidget) -> list[str]:
    """All words on screen."""
    labels: list[QLabel | QAbstractButton] = [*window.findChildren(QLabel), *window.findChildren(QAbstractButton)]
    texts = [label.text() for label in labels if label.isVisible()]
    return [text for text in texts if re.search(r"[A-Za-z]{2}|[\u3040-\u9fff]", text)]


def not_japanese(window: MainWindow) -> list[str]:
    """Words on screen that are in no Japanese, apart from names and what the conversation itself holds."""
    free = {"Scripted", " Mika", "23.0 MB", *window.panel.words}
    return [text for text in shown(window) if not JAPANESE.search(text) and text not in free]


def test_another_language_is_spoken_at_once_everywhere_and_back(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    say(qtbot, window, "My cat is called Miso.")
    say(qtbot, window, "My dog is called Momo.")
    window._on_failed(ErrorBody(code=1204, message="The profile “Work” is open elsewhere.", hint="Close it."))
    window._on_reset()
    window.panel.set_learned(None)
    say(qtbot, window, "What is it called?")
    qtbot.waitUntil(lambda: not window.partner.engine.unanswered and window.status.text.text() == "Ready")
    before = shown(window)
    app = QApplication.instance()
    assert app is not None
    language.use(app, "ja")
    qtbot.waitUntil(lambda: not_japanese(window) == [])
    assert window.composer.edit.placeholderText() == "話しかけるか、質問してください…"
    assert [menu.text() for menu in window.menuBar().actions()] == [
        "チャット(&C)",
        "プロファイル(&P)",
        "記憶(&M)",
        "ヘルプ(&H)",
    ]
    for menu in (window.chat_menu, window.profile_menu.menu, window.memory_menu.menu, window.help_menu):
        entries = [a.text() for a in menu.actions() if a.text() and a.data() is None]
        assert [text for text in entries if not JAPANESE.search(text)] == []
    names = [w.accessibleName() for w in window.findChildren(QWidget) if w.isVisible() and w.accessibleName()]
    assert [name for name in names if not JAPANESE.search(name) and name != "Mika"] == []
    language.use(app, "en")
    qtbot.waitUntil(lambda: shown(window) == before)


def test_a_new_window_begins_in_the_language_that_was_chosen(qtbot: QtBot, make_window: MakeWindow) -> None:
    app = QApplication.instance()
    assert app is not None
    language.use(app, "ja")
    window = make_window()
    assert window.new_action.text() == "新しいチャット(&N)"
    assert not_japanese(window) == []


def test_what_would_be_lost_is_counted_in_japanese_too(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    for text in ("My cat is called Miso.", "My dog is called Momo."):
        say(qtbot, window, text)
    qtbot.waitUntil(lambda: window.panel.turns.text() == "2")
    app = QApplication.instance()
    assert app is not None
    language.use(app, "ja")
    for action, losses in (
        (window.memory_menu.reset, "覚えた発言 2 件を忘れます。会話は残ります。"),
        (window.profile_menu.delete, "覚えた発言 2 件と会話 1 件が失われます。"),
    ):
        action.trigger()
        box = dialog(qtbot, QMessageBox)
        assert losses in words_of(box)
        assert re.search(r"[A-Za-z]{3}", words_of(box).replace("Mika", "")) is None
        box.close()
        qtbot.waitUntil(lambda box=box: not box.isVisible())  # type: ignore[misc]


def test_japanese_text_gets_a_japanese_font(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    base = qapp.font()
    monkeypatch.setattr(fonts, "japanese", lambda: "Noto Sans CJK JP")
    own = fonts.sized(base, 100).families()
    assert own[-1] == "Noto Sans CJK JP"
    assert len(own) == 2
    language.use(qapp, "ja")
    assert fonts.sized(base, 100).families() == own[::-1]
    monkeypatch.setattr(fonts, "japanese", lambda: None)
    assert fonts.sized(base, 150).families() == base.families()


# ------------------------------------------------------------------------------------------ the engine's words


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_error_of_the_engine_is_explained_in_japanese(qapp: QApplication, code: ErrorCode) -> None:
    error = ErrorBody(code=int(code), message="Profile Work is open in process 99.", hint="Close it.")
    assert (errors.message(error), errors.hint(error)) == (error.message, error.hint)
    language.use(qapp, "ja")
    assert JAPANESE.search(errors.message(error))
    assert error.message not in errors.message(error)
    if code is not ErrorCode.ENGINE_GONE:
        assert errors.hint(error).endswith("エンジンの説明（英語）: Profile Work is open in process 99. Close it.")


def test_an_error_without_an_explanation_is_shown_as_it_is(qapp: QApplication) -> None:
    language.use(qapp, "ja")
    error = ErrorBody(code=9999, message="Something newer.", hint="Do something.")
    assert errors.message(error) == "Something newer."
    assert "Do something." in errors.hint(error)


def test_a_notice_of_the_engine_says_whose_words_it_holds(qapp: QApplication) -> None:
    notice = Notice(message="A snapshot was set aside.", hint="")
    assert (errors.notice_message(notice), errors.notice_hint(notice)) == (notice.message, "")
    language.use(qapp, "ja")
    assert JAPANESE.search(errors.notice_message(notice))
    assert errors.notice_hint(notice) == "エンジンの説明（英語）: A snapshot was set aside."


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_of_the_engine_has_words_in_both_languages(qapp: QApplication, reason: Reason) -> None:
    values: dict[str, str | int] = {"path": "/home/mika/x", "name": "Work", "other": "Home", "aside": "x.damaged"}
    values |= {"file": "x.gguf", "model": "m", "format": "9.0", "character": "U+0007", "have": "3.1", "need": "3.9"}
    values["package"] = "SQLCipher"
    values |= dict.fromkeys(
        ["entry", "message", "found", "seconds", "length", "most", "part", "parts", "failures", "status", "pages"], 1234
    )
    values |= dict.fromkeys(["bytes", "most_bytes", "need_bytes", "free_bytes"], 20_700_000)
    error = ErrorBody(code=1304, message="In its own words.", hint="Do it.", reason=reason, values=values)
    notice = Notice(message="In its own words.", hint="Do it.", reason=reason, values=values)
    for code in ("en", "ja"):
        language.use(qapp, code)
        for what, todo in (
            (errors.message(error), errors.hint(error)),
            (errors.notice_message(notice), errors.notice_hint(notice)),
        ):
            assert what
            assert "own words" not in what + todo
            assert "{" not in what + todo
            for said in filter(None, (what, todo)):
                assert bool(JAPANESE.search(said)) == (code == "ja"), said


def test_figures_in_a_reason_are_written_as_people_write_them(qapp: QApplication) -> None:
    language.use(qapp, "en")
    error = ErrorBody(
        code=1106, message="", reason="download.room", values={"need_bytes": 7_500_000_000, "free_bytes": 9}
    )
    assert "7.5 GB" in errors.message(error)
    long = ErrorBody(code=1003, message="", reason="text.long", values={"length": 200_001, "most": 200_000})
    assert "200,001 characters" in errors.message(long)


def test_a_notice_says_what_made_it_so(qapp: QApplication) -> None:
    full = ErrorBody(code=1304, message="x", reason="disk.full", values={"path": "/data"})
    notice = Notice(message="This turn was not learned. x", reason="turn.not-learned", error=full)
    language.use(qapp, "en")
    assert errors.notice_message(notice) == "This turn was not learned. The disk is full (/data)."
    assert errors.notice_hint(notice).startswith("Free some space")
    language.use(qapp, "ja")
    assert errors.notice_message(notice) == "この発言は学習できませんでした。 ディスクの空きがありません（/data）。"


def test_a_reason_that_is_not_known_has_the_words_of_the_engine(qapp: QApplication) -> None:
    language.use(qapp, "ja")
    newer = ErrorBody(code=1304, message="Melted.", hint="Cool it.", reason="disk.melted")
    assert errors.hint(newer).endswith("エンジンの説明（英語）: Melted. Cool it.")
    bare = ErrorBody(code=1304, message="Full.", reason="disk.full")  # without what belongs in the words
    assert "Full." in errors.hint(bare)
