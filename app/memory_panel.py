"""The gauge of the memory: how large it is (always the same), how full, and what the last turn taught."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QEvent, QLocale, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QLayout, QLayoutItem, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app import figures, theme
from app.language import translate
from app.memory_plots import SizePlot, SurprisePlot, TritPicture
from engine.protocol import Learned, MemoryPicture, MemoryStats, Neuron

WORDS_SHOWN: Final = 24
WORDS_JOINED: Final = 32
"""Longest word that pieces are joined to."""


class Bar(QWidget):
    """How much of a whole is in use. Anything above zero shows at least a dot."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part = 0.0
        self.setFixedHeight(8)
        theme.changes().changed.connect(self.update)

    @property
    def part(self) -> float:
        """0 to 1."""
        return self._part

    def set_part(self, part: float) -> None:
        """Set how much is in use, 0 to 1."""
        self._part = min(1.0, max(0.0, part))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw track and filling."""
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.track))
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        if self._part > 0:
            painter.setBrush(QColor(colors.memory))
            painter.drawRoundedRect(QRectF(0, 0, max(8.0, self.width() * self._part), self.height()), 4, 4)
        painter.end()


class FlowLayout(QLayout):
    """Children side by side, as many in a line as fit."""

    def __init__(self, parent: QWidget | None = None, gap: int = 6) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Qt's interface."""
        self._items.append(item)

    def count(self) -> int:
        """Qt's interface."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Qt's interface: None past the end."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Qt's interface: None past the end."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def hasHeightForWidth(self) -> bool:
        """Narrower means higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of all lines at this width."""
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Place the children."""
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        """As small as may be."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """The largest child."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        x, y, line = rect.x(), rect.y(), 0
        for item in self._items:
            hint = item.sizeHint()
            width = min(hint.width(), rect.width())
            if x > rect.x() and x + width > rect.x() + rect.width():
                x, y, line = rect.x(), y + line + self._gap, 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), QSize(width, hint.height())))
            x += width + self._gap
            line = max(line, hint.height())
        return y + line - rect.y()


def join_pieces(tokens: Iterable[str]) -> list[str]:
    """Words from the token texts that were written: a piece without a space before it belongs to the word before.

    Only some tokens of a turn are written, so that now and then two neighbours are joined that were none; this is for
    display alone.
    """
    words: list[str] = []
    for token in tokens:
        text = token.strip()
        if not text:
            words.append("")
            continue
        starts = token[:1].isspace() or not words or not words[-1]
        if starts or not text[:1].isalnum() or not words[-1][-1:].isalnum() or len(words[-1]) >= WORDS_JOINED:
            words.append(text)
        else:
            words[-1] += text
    kept: dict[str, None] = {}
    for word in words:
        if any(letter.isalnum() for letter in word):
            kept.setdefault(word)
    return list(kept)


def surprise_text(surprise: float) -> str:
    """A surprise of 0 to 1 in per cent, and in a word."""
    percent = QLocale().toString(100 * surprise, "f", 0)
    text = translate("MemoryPanel", "Surprise {percent} %: {word}")
    return text.format(percent=percent, word=surprise_word(surprise))


def surprise_word(surprise: float) -> str:
    """A word for a surprise of 0 (known by heart) to 1 (all new)."""
    if surprise >= 0.75:
        return translate("MemoryPanel", "all new")
    if surprise >= 0.4:
        return translate("MemoryPanel", "partly new")
    return translate("MemoryPanel", "mostly known")


class _Card(QFrame):
    """A group of the panel."""

    def __init__(self, *parts: QWidget | QLayout) -> None:
        super().__init__()
        self.setObjectName("card")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(8)
        for part in parts:
            if isinstance(part, QWidget):
                column.addWidget(part)
            else:
                column.addLayout(part)


def _label(name: str, *, wrap: bool = False) -> QLabel:
    label = theme.named(QLabel(wordWrap=wrap), name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


class MemoryPanel(QWidget):
    """Size, filling, last lesson."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("memoryPanel")
        self._stats: MemoryStats | None = None
        self._learned: Learned | None = None
        self._learning = True
        self._left_out = False
        """The last turn was said where nothing is learned."""
        self._spoke = False
        """Whether a turn has ended since the profile was opened."""
        self.title = _label("panelTitle")
        self.neurons_caption = _label("caption", wrap=True)
        self.neurons = _label("figure")
        self.neurons_bar = Bar()
        self.neurons_note = _label("figureNote", wrap=True)
        self.size_caption = _label("caption", wrap=True)
        self.state_size = _label("figure")
        self.size_note = _label("figureNote", wrap=True)
        self.turns_caption = _label("caption", wrap=True)
        self.turns = _label("figure")
        self.turns_note = _label("figureNote", wrap=True)
        self.lesson_caption = _label("caption", wrap=True)
        self.lesson_note = _label("figureNote", wrap=True)
        self.surprise_bar = Bar()
        self.surprise_note = _label("figureNote", wrap=True)
        self.weights_caption = _label("caption", wrap=True)
        self.fired_note = _label("figureNote", wrap=True)
        self.fired = TritPicture(fired=True)
        self.written_note = _label("figureNote", wrap=True)
        self.written = TritPicture(fired=False)
        self.surprises_caption = _label("caption", wrap=True)
        self.surprises = SurprisePlot()
        self.surprises_note = _label("figureNote", wrap=True)
        self.size_plot = SizePlot()
        self.cache_note = _label("figureNote", wrap=True)
        self._picture: MemoryPicture | None = None
        self._words = QWidget()
        self._flow = FlowLayout(self._words)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self._words.setSizePolicy(policy)

        inside = theme.named(QWidget(), "memoryPanel")
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.title)
        column.addWidget(
            _Card(self.lesson_caption, self.lesson_note, self._words, self.surprise_bar, self.surprise_note)
        )
        self._weights = _Card(self.weights_caption, self.fired_note, self.fired, self.written_note, self.written)
        column.addWidget(self._weights)
        self._surprises = _Card(self.surprises_caption, self.surprises, self.surprises_note)
        column.addWidget(self._surprises)
        column.addWidget(_Card(self.neurons_caption, self.neurons, self.neurons_bar, self.neurons_note))
        column.addWidget(_Card(self.turns_caption, self.turns, self.turns_note))
        column.addWidget(_Card(self.size_caption, self.state_size, self.size_note, self.size_plot, self.cache_note))
        column.addStretch()
        scroll = theme.named(QScrollArea(), "memoryScroll")
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll = scroll
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        self.retranslate()

    # ------------------------------------------------------------------------------------------ figures

    def clear(self) -> None:
        """Another profile, or none: the figures of the old one go."""
        self._stats, self._learned, self._spoke, self._left_out = None, None, False, False
        self._picture = None
        self.fired.set_neurons([])
        self.written.set_neurons([])
        self._show()

    def set_stats(self, stats: MemoryStats) -> None:
        """The gauge."""
        self._stats = stats
        self._show()

    def set_learning(self, learning: bool) -> None:
        """Whether what is said in the chat on screen is learned."""
        self._learning = learning
        self._show()

    def set_learned(self, learned: Learned | None) -> None:
        """What the last turn taught; None: it was not to be learned."""
        self._learned = learned
        self._left_out = learned is None and not self._learning
        self._spoke = True
        self._show()

    def set_picture(self, picture: MemoryPicture, fired: list[Neuron], written: list[Neuron]) -> None:
        """What there is to see; of the neurons those that fired for the last answer, and those the last turn wrote."""
        self._picture = picture
        self.fired.set_neurons(fired)
        self.written.set_neurons(written)
        self._show_picture()

    @property
    def words(self) -> list[str]:
        """The words of the last lesson, as shown."""
        items = (self._flow.itemAt(place) for place in range(self._flow.count()))
        labels = (item.widget() for item in items if item is not None)
        return [label.text() for label in labels if isinstance(label, QLabel)]

    def _show(self) -> None:
        self._show_stats()
        self._show_lesson()
        self._show_picture()

    def _show_stats(self) -> None:
        stats = self._stats
        number = QLocale().toString
        if stats is None:
            for label in (self.neurons, self.turns, self.state_size):
                label.setText("–")
            for label in (self.neurons_note, self.turns_note, self.size_note):
                label.clear()
            self.neurons_bar.set_part(0)
            return
        self.neurons.setText(number(stats.neurons_used))
        self.neurons_bar.set_part(stats.neurons_used / max(1, stats.neurons))
        percent = 100 * stats.neurons_used / max(1, stats.neurons)
        if 0 < percent < 0.1:
            note = self.tr("of {total} neurons, less than 0.1 %").format(total=number(stats.neurons))
        else:
            part = QLocale().toString(percent, "f", 1)
            note = self.tr("of {total} neurons, {part} %").format(total=number(stats.neurons), part=part)
        self.neurons_note.setText(note)
        self.neurons_bar.setAccessibleName(self.neurons_caption.text())
        self.neurons_bar.setAccessibleDescription(f"{self.neurons.text()} {note}")
        self.turns.setText(number(stats.turns_learned))
        places = self.tr("{used} of {total} places taken").format(
            used=number(stats.turns_used), total=number(stats.turns)
        )
        if stats.turns_recycled:
            places += "\n" + self.tr("%Ln oldest made room", "", stats.turns_recycled)
        self.turns_note.setText(places)
        self.state_size.setText(figures.size(stats.state_bytes))
        disk = self.tr("Fixed from birth: it does not grow.")
        if stats.snapshot_bytes:
            size = figures.size(stats.snapshot_bytes)
            disk += "\n" + self.tr("{size} in the newest snapshot on disk").format(size=size)
        self.size_note.setText(disk)

    def _show_lesson(self) -> None:
        learned = self._learned
        while (item := self._flow.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        taught = learned is not None and learned.entry is not None
        self._words.setVisible(taught)
        self.surprise_bar.setVisible(taught)
        self.surprise_note.setVisible(taught)
        self.lesson_note.setVisible(not taught)
        if learned is None or not taught:
            if learned is None and (self._left_out or not self._learning):
                note = self.tr("Techo is not learning from this chat.")
            elif self._spoke:
                note = self.tr("Nothing new: all of it was known, or not worth keeping.")
            else:
                note = self.tr("Nothing yet in this session.")
            self.lesson_note.setText(note)
            return
        words = join_pieces(learned.tokens)
        shown = words[:WORDS_SHOWN]
        if len(words) > len(shown):
            shown.append(self.tr("+%Ln more", "", len(words) - len(shown)))
        for word in shown:
            label = _label("word")
            label.setText(word)
            self._flow.addWidget(label)
        self._words.setAccessibleName(self.tr("Words learned"))
        self._words.setAccessibleDescription(", ".join(shown))
        self.surprise_bar.set_part(learned.surprise)
        text = surprise_text(learned.surprise)
        changed = self.tr(
            "%Ln neurons recruited, {stronger} strengthened, {rewritten} rewritten", "", learned.recruited
        )
        changed = changed.format(
            stronger=QLocale().toString(learned.strengthened), rewritten=QLocale().toString(learned.overwritten)
        )
        self.surprise_note.setText(f"{text}\n{changed}")
        self.surprise_bar.setAccessibleName(text)
        self._words.updateGeometry()

    def _show_picture(self) -> None:
        picture, stats = self._picture, self._stats
        fired, written = self.fired.neurons, self.written.neurons
        for neurons, shown, label, text in (
            (fired, self.fired, self.fired_note, self.tr("%Ln neurons fired for the answer", "", len(fired))),
            (written, self.written, self.written_note, self.tr("%Ln neurons written by the turn", "", len(written))),
        ):
            shown.setVisible(bool(neurons))
            label.setVisible(bool(neurons))
            label.setText(text)
            shown.setAccessibleName(text)
            shown.setAccessibleDescription(" ".join(join_pieces(neuron.text for neuron in neurons)))
        self._weights.setVisible(bool(fired or written))
        surprises = [] if picture is None else picture.surprises
        self._surprises.setVisible(len(surprises) > 1)
        self.surprises.set_surprises(surprises)
        note = self.tr("The last %Ln turns learned; the newest on the right.", "", len(surprises))
        self.surprises_note.setText(note)
        self.surprises.setAccessibleName(self.surprises_caption.text())
        self.surprises.setAccessibleDescription(note)
        cache = 0 if picture is None or stats is None else picture.cache_bytes
        self.size_plot.setVisible(cache > 0)
        self.cache_note.setVisible(cache > 0)
        if stats is not None and cache:
            note = self.tr("A KV cache of the same talk would take about {size}, and grow.").format(
                size=figures.size(cache)
            )
            self.size_plot.set_sizes(stats.state_bytes, cache)
            self.size_plot.setAccessibleName(self.size_caption.text())
            self.size_plot.setAccessibleDescription(note)
            self.cache_note.setText(note)

    # ------------------------------------------------------------------------------------------ words

    def retranslate(self) -> None:
        """Set all words."""
        self.setAccessibleName(self.tr("Memory"))
        self._scroll.setAccessibleName(self.tr("Memory"))
        self.title.setText(self.tr("Memory"))
        self.lesson_caption.setText(self.tr("LEARNED FROM THE LAST TURN"))
        self.weights_caption.setText(self.tr("FAST WEIGHTS"))
        self.surprises_caption.setText(self.tr("SURPRISE, TURN BY TURN"))
        self.neurons_caption.setText(self.tr("NEURONS IN USE"))
        self.turns_caption.setText(self.tr("TURNS LEARNED"))
        self.size_caption.setText(self.tr("SIZE OF THE MEMORY"))
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
