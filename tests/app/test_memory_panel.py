"""The gauge: what the figures say, and how pieces become words."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.memory_panel import WORDS_SHOWN, MemoryPanel, join_pieces, surprise_word
from app.memory_plots import TritPicture
from engine.protocol import Learned, MemoryPicture, MemoryStats, Neuron


@pytest.fixture
def panel(qtbot: QtBot) -> MemoryPanel:
    made = MemoryPanel()
    qtbot.addWidget(made)
    made.resize(270, 700)
    made.show()
    return made


def stats(used: int = 1024, snapshot: int = 0, recycled: int = 0) -> MemoryStats:
    return MemoryStats(
        state_bytes=23_200_000,
        snapshot_bytes=snapshot,
        neurons=131_072,
        neurons_used=used,
        turns=8192,
        turns_used=40,
        turns_learned=41,
        turns_recycled=recycled,
    )


def lesson(tokens: list[str], surprise: float = 0.8, entry: int | None = 3) -> Learned:
    return Learned(
        entry=entry, surprise=surprise, recruited=9, strengthened=2, overwritten=1, recycled=0, tokens=tokens
    )


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ([" Mi", "so"], ["Miso"]),
        (["My", " cat", " B", "isc", "uit", "."], ["My", "cat", "Biscuit"]),
        ([" a", " a", " b"], ["a", "b"]),
        (["\n", "x"], ["x"]),
        ([",", " ", "!"], []),
        (["日", "本", "語"], ["日本語"]),
        ([" 4", "2"], ["42"]),
    ],
)
def test_pieces_become_words(tokens: list[str], words: list[str]) -> None:
    assert join_pieces(tokens) == words


def test_it_says_how_full_and_how_large(panel: MemoryPanel) -> None:
    panel.set_stats(stats(snapshot=22_000_000, recycled=1))
    assert panel.neurons.text().replace(",", "") == "1024"
    assert "0.8 %" in panel.neurons_note.text()
    assert panel.neurons_bar.part == pytest.approx(1024 / 131_072)
    assert panel.turns.text() == "41"
    assert "1 oldest made room" in panel.turns_note.text()
    assert panel.state_size.text() == "23.2 MB"
    assert "22.0 MB" in panel.size_note.text()


def test_it_shows_what_the_last_turn_taught(panel: MemoryPanel) -> None:
    assert panel.lesson_note.text() == "Nothing yet in this session."
    panel.set_learned(lesson([" Mi", "so", " cat"]))
    assert panel.words == ["Miso", "cat"]
    assert "Surprise 80 %: all new" in panel.surprise_note.text()
    assert "9 neurons recruited" in panel.surprise_note.text()
    assert panel.surprise_bar.part == pytest.approx(0.8)


@pytest.mark.parametrize("nothing", [None, lesson([], 0.0, entry=None)])
def test_a_turn_that_taught_nothing_says_so(panel: MemoryPanel, nothing: Learned | None) -> None:
    panel.set_learned(lesson([" cat"]))
    panel.set_learned(nothing)
    assert panel.words == []
    assert not panel.surprise_bar.isVisible()
    assert "Nothing new" in panel.lesson_note.text()


def test_many_words_are_cut_short(panel: MemoryPanel) -> None:
    panel.set_learned(lesson([f" word{number}" for number in range(WORDS_SHOWN + 5)]))
    assert len(panel.words) == WORDS_SHOWN + 1
    assert panel.words[-1] == "+5 more"


def test_words_stay_inside_a_narrow_panel(qtbot: QtBot, panel: MemoryPanel) -> None:
    panel.set_learned(lesson([f" longerword{number}" for number in range(12)]))
    panel.resize(240, 700)
    qtbot.wait(50)
    labels = [child for child in panel.findChildren(QWidget, "word") if child.isVisible()]
    assert len(labels) == 12
    holder = labels[0].parentWidget()
    assert holder is not None
    assert all(holder.rect().contains(label.geometry()) for label in labels)


def test_clearing_leaves_nothing_of_another_profile(panel: MemoryPanel) -> None:
    panel.set_stats(stats())
    panel.set_learned(lesson([" secret"]))
    panel.clear()
    assert panel.words == []
    assert panel.neurons.text() == "–"
    assert panel.neurons_note.text() == ""


@pytest.mark.parametrize(("surprise", "word"), [(1.0, "all new"), (0.5, "partly new"), (0.1, "mostly known")])
def test_surprise_has_a_word(panel: MemoryPanel, surprise: float, word: str) -> None:
    assert surprise_word(surprise) == word


NEURONS = [Neuron(text=" Mi", key="+-0" * 80), Neuron(text="so", key="0+-" * 80)]


def test_what_fired_and_what_was_written_is_seen(panel: MemoryPanel) -> None:
    panel.set_stats(stats())
    assert not panel.fired.isVisible()
    panel.set_picture(MemoryPicture(written=[], surprises=[1.0, 0.4], cache_bytes=46_000_000), NEURONS, NEURONS[:1])
    assert panel.fired_note.text() == "2 neurons fired for the answer"
    assert panel.written_note.text() == "1 neuron written by the turn"
    assert panel.fired.accessibleDescription() == "Miso"
    assert panel.surprises.surprises == [1.0, 0.4]
    assert "46.0 MB" in panel.cache_note.text()
    panel.clear()
    assert not panel.fired.isVisible()
    assert not panel.size_plot.isVisible()


def test_a_trit_is_dark_light_or_nothing(qtbot: QtBot) -> None:
    picture = TritPicture(fired=True)
    qtbot.addWidget(picture)
    picture.resize(40, picture.height())
    picture.set_neurons([Neuron(text="a", key="+-0" * 80)])
    drawn = picture.grab().toImage()
    plus, minus, zero, beside = (drawn.pixelColor(x, y).getRgb() for x, y in ((1, 1), (1, 5), (1, 9), (9, 1)))
    assert zero == beside, "nothing is drawn for a zero, and nothing beside the last neuron"
    assert len({plus, minus, zero}) == 3


@pytest.mark.parametrize("surprise", [0.0, 1.0])
def test_a_surprise_has_a_bar(panel: MemoryPanel, surprise: float) -> None:
    panel.set_picture(MemoryPicture(written=[], surprises=[0.5, surprise], cache_bytes=0), [], [])
    plot = panel.surprises
    drawn = plot.grab().toImage()
    ground = drawn.pixelColor(0, 2)
    top = next(y for y in range(drawn.height()) if drawn.pixelColor(drawn.width() - 3, y) != ground)
    assert (top < 4) == (surprise == 1.0)
