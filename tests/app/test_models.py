"""The models page, as a person uses it: real files, real checks, a real download from a server that misbehaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app.engine_process import Condition
from app.main_window import MainWindow
from app.models.page import ModelsPage
from app.settings import WindowSettings
from engine.models import find_bundled_model
from tests.app.acting import dialog, press, say
from tests.app.conftest import MakeWindow
from tests.engine.models import gguf_bytes
from tests.engine.models.file_server import FileServer, cut, serving, stall

SLOW = 60_000  # milliseconds: each look at a file is a process of its own, on a busy machine


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A local server that offers a small model."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving(gguf_bytes.model()) as server:
        yield server


def model_file(path: Path, **metadata: object) -> Path:
    path.write_bytes(gguf_bytes.model(dict(metadata)))
    return path


def drop(target: QWidget, paths: list[Path]) -> None:
    """What the system sends when files are let go of over a widget; a widget that does not want them passes them on."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    place, copy = QPoint(20, 20), Qt.DropAction.CopyAction
    entering = QDragEnterEvent(place, copy, data, buttons, keys)
    QApplication.sendEvent(target, entering)
    if entering.isAccepted():
        QApplication.sendEvent(target, QDropEvent(QPointF(place), copy, data, buttons, keys))


def settled(qtbot: QtBot, window: MainWindow, page: ModelsPage) -> None:
    """The catalogue has come, and no file waits for a look."""
    models = window.models
    qtbot.waitUntil(lambda: models.catalogue is not None and models.plans is not None, timeout=SLOW)
    qtbot.waitUntil(lambda: models._looking is None and not models._waiting, timeout=SLOW)


def names(page: ModelsPage) -> list[str]:
    return [page.list.item(place).text() for place in range(page.list.count())]


def facts(page: ModelsPage) -> str:
    grid = page.details.facts
    items = [grid.itemAt(place) for place in range(grid.count())]
    return " | ".join(item.widget().text() for item in items if item is not None)  # type: ignore[union-attr]


def test_the_catalogue_and_what_fits_here(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    QTest.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    page = dialog(qtbot, ModelsPage)
    settled(qtbot, window, page)
    shown = names(page)
    assert shown[:3] == ["On this computer", "Techo's own model", "Bit-TTT SmolLM2-135M"]
    assert shown[3:5] == ["Three set-ups", "松 Mistral Nemo 12B Instruct"]
    assert {"Ternary (1.58 bits)", "Small", "Recurrent", "More"} <= set(shown)
    assert not page.details.use.isEnabled(), "it is in use"
    assert "llama" in facts(page)
    assert "Q4_1" in facts(page)
    page.list.choose("entry:梅:llama-3.3-70b:IQ3_XXS")
    details = page.details
    assert details.note.text().startswith("梅 the giant")
    assert not details.use.isVisible()
    assert details.quantization.count() > 2
    assert details.quantization.currentData() == "IQ3_XXS"
    assert details.plan is not None
    if details.plan.fit == "no":
        assert details.badge.text() == "Too large"
        assert "more than this computer can give" in details.why.text()
    assert "bartowski/Llama-3.3-70B-Instruct-GGUF" in details.source.text()
    assert not details.get.isEnabled(), "no address yet"
    page.close()


def test_a_file_is_dropped_checked_used_and_remembered(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    path = model_file(tmp_path / "tiny.gguf")
    window = make_window()
    drop(window, [tmp_path / "notes.doc"])
    assert window._models_page is None, "no model file, no page"
    drop(window, [path])
    page = dialog(qtbot, ModelsPage)
    settled(qtbot, window, page)
    assert page.list.row_chosen is not None
    assert page.list.row_chosen.path == path
    assert page.details.title.text() == "Tiny"
    assert "512 tokens" in facts(page)
    assert "by recollection" in page.details.memory.text()
    QTest.mouseClick(page.details.use, Qt.MouseButton.LeftButton)
    engine = window.partner.engine
    qtbot.waitUntil(lambda: window.status.model.text() == "tiny", timeout=20_000)
    qtbot.waitUntil(lambda: engine.condition is Condition.READY, timeout=20_000)
    assert page.details.use.text() == "In use"
    assert "2,048 tokens" in facts(page)
    assert say(qtbot, window, "Hello.").text
    assert WindowSettings(tmp_path / "data").model == path
    page.close()

    again = make_window(wait=False)
    qtbot.waitUntil(lambda: again.status.model.text() == "tiny", timeout=20_000)
    assert again.models.chosen == path
    again.models.remove(path)
    qtbot.waitUntil(lambda: again.status.model.text() == "Scripted", timeout=20_000)
    assert path.exists(), "it stays where it is"
    assert WindowSettings(tmp_path / "data").model is None


def test_a_hostile_file_is_refused_in_words(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    bad = model_file(tmp_path / "bad.gguf", **{"llama.attention.layer_norm_rms_epsilon": -1.0})
    cut_short = tmp_path / "short.gguf"
    cut_short.write_bytes(gguf_bytes.model()[:-2000])
    window = make_window()
    page = window.show_models()
    drop(page, [bad, cut_short])
    settled(qtbot, window, page)
    for path, word in ((bad, "says of itself cannot be"), (cut_short, "cut off")):
        page.list.choose(str(path))
        assert word in page.details.refusal.text()
        assert page.details.refusal.isVisible()
        assert not page.details.use.isEnabled()
    page.close()


@pytest.mark.parametrize("name", ["refused", "crashing"])
def test_a_model_that_cannot_be_loaded_gives_way_to_the_own_one(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path, name: str
) -> None:
    """Whether the engine says so or dies of it; what was said is still there."""
    path = model_file(tmp_path / f"{name}.gguf")
    window = make_window()
    assert say(qtbot, window, "Hello.").text
    window.models.use(path)
    qtbot.waitUntil(lambda: bool(window.notices.notices()), timeout=20_000)
    engine = window.partner.engine
    qtbot.waitUntil(lambda: engine.condition is Condition.READY, timeout=20_000)
    (notice,) = window.notices.notices()
    assert notice.message == f"“{name}” could not be loaded, so Techo's own model talks again."
    assert notice.hint
    assert window.models.chosen is None
    assert WindowSettings(tmp_path / "data").model is None
    assert [item.role for item in window.partner.exchange.current.items] == ["user", "assistant"]
    assert say(qtbot, window, "Still here?").text


def test_a_model_can_be_changed_while_it_talks(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    QTest.keyClicks(window.composer.edit, "/ponder")
    QTest.keyClick(window.composer.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.partner.exchange.running, timeout=5_000)
    window.models.use(model_file(tmp_path / "tiny.gguf"))
    assert window.partner.engine.condition is Condition.SWITCHING
    qtbot.waitUntil(lambda: window.status.model.text() == "tiny", timeout=20_000)
    qtbot.waitUntil(lambda: not window.partner.exchange.running, timeout=20_000)
    assert not window.notices.notices()


def test_a_download_breaks_off_goes_on_and_arrives(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path, offered: FileServer
) -> None:
    window = make_window()
    page = window.show_models()
    settled(qtbot, window, page)
    page.list.choose("entry::smollm2-360m:")
    details = page.details
    assert "free on the disk" in details.room.text()
    offered.script = [cut(1000), stall(10)]
    QTest.keyClicks(details.address, offered.url)
    QTest.mouseClick(details.get, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.models.progress is not None and window.models.progress.done >= 1000, timeout=SLOW)
    assert page.strip.isVisible()
    assert "free on the disk" in page.strip_text.text()
    assert not details.get.isEnabled(), "one at a time"
    QTest.mouseClick(page.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.models.busy, timeout=SLOW)
    offered.release.set()
    assert "What has arrived is kept" in page.strip_text.text()
    page.close()
    qtbot.waitUntil(lambda: window._models_page is None, timeout=5_000)

    page = window.show_models()
    assert page.list.choose(f"part:{offered.url}")
    assert page.details.get.text() == "Go on downloading"
    QTest.mouseClick(page.details.get, Qt.MouseButton.LeftButton)
    target = window.models.folder / "a_model.gguf"
    qtbot.waitUntil(lambda: not window.models.busy and target.exists(), timeout=SLOW)
    assert target.read_bytes() == offered.body
    assert any("Range" in asked for asked in offered.asked), "it went on"
    settled(qtbot, window, page)
    assert page.list.row_chosen is not None
    assert page.list.row_chosen.path == target
    assert not page.strip.isVisible()
    assert "has arrived" in window.notices.notices()[0].message

    QTest.mouseClick(page.details.remove, Qt.MouseButton.LeftButton)
    press(qtbot, dialog(qtbot, QMessageBox), "Delete")
    qtbot.waitUntil(lambda: not target.exists(), timeout=5_000)
    page.close()


def test_a_wrong_checksum_is_said(qtbot: QtBot, make_window: MakeWindow, offered: FileServer) -> None:
    window = make_window()
    page = window.show_models()
    settled(qtbot, window, page)
    page.list.choose("entry::smollm2-360m:")
    QTest.keyClicks(page.details.address, offered.url)
    QTest.keyClicks(page.details.checksum, "0" * 64)
    QTest.keyClick(page.details.address, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.models.busy, timeout=5_000)
    qtbot.waitUntil(lambda: not window.models.busy, timeout=SLOW)
    assert "checksum" in page.strip_text.text()
    assert page.again.isVisible()
    assert list(window.models.folder.glob("*.gguf")) == []
    page.close()


def test_the_measured_speed_is_shown(qtbot: QtBot, make_window: MakeWindow) -> None:
    from tests.app.scripted_engine import USAGE

    window = make_window()
    usage = type(USAGE)(**{**{name: getattr(USAGE, name) for name in USAGE.__struct_fields__},
                           "generated_tokens": 41, "generate_seconds": 2.0})  # fmt: skip
    window.partner.exchange.measured.emit(usage)
    page = window.show_models()
    settled(qtbot, window, page)
    assert "20.0 tokens a second, measured" in facts(page)
    page.close()


def test_the_bundled_file_is_itself_checked(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.models.add(find_bundled_model())
    page = window.show_models()
    page.show_file(find_bundled_model())
    settled(qtbot, window, page)
    assert "135M" in facts(page)
    page.close()
