"""Pictures of the memory: its ternary keys, the surprise of turn after turn, its size beside that of a KV cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app import theme
from app.plain import tip
from engine.protocol import SURPRISES, Neuron

PITCH: Final = 4
"""Pixels from one trit to the next."""
ROWS: Final = 20
"""Trits shown of each key: the first ones. All 256 would make a picture of noise, and a tall one."""
FAINT: Final = 0.35
"""Opacity of a trit of -1 beside one of +1."""
PLOT_HEIGHT: Final = 44


class TritPicture(QWidget):
    """Some neurons of the fast weights: a column each, +1 dark, -1 light, 0 empty."""

    def __init__(self, *, fired: bool, parent: QWidget | None = None) -> None:
        """`fired`: in the colour of what is said rather than in that of what is learned."""
        super().__init__(parent)
        self._fired = fired
        self._neurons: list[Neuron] = []
        self.setFixedHeight(ROWS * PITCH)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        theme.changes().changed.connect(self.update)

    @property
    def neurons(self) -> list[Neuron]:
        """What is shown."""
        return self._neurons

    def set_neurons(self, neurons: Sequence[Neuron]) -> None:
        """Show these, as many as there is room for."""
        self._neurons = list(neurons)
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as it gets."""
        return QSize(0, ROWS * PITCH)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the trits."""
        colors = theme.current()
        strong = QColor(colors.accent if self._fired else colors.memory)
        weak = QColor(strong)
        weak.setAlphaF(FAINT)
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        for column, neuron in enumerate(self._neurons[: self.width() // PITCH]):
            for row, trit in enumerate(neuron.key[:ROWS]):
                if trit != "0":
                    cell = QRectF(column * PITCH, row * PITCH, PITCH - 1, PITCH - 1)
                    painter.fillRect(cell, strong if trit == "+" else weak)
        painter.end()

    def event(self, event: QEvent) -> bool:
        """The word under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            column = event.pos().x() // PITCH
            word = self._neurons[column].text.strip() if 0 <= column < len(self._neurons) else ""
            if word:
                QToolTip.showText(event.globalPos(), tip(word), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)


class SurprisePlot(QWidget):
    """A bar for each of the newest learned turns, the newest on the right; the higher, the more was new."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._surprises: list[float] = []
        self.setFixedHeight(PLOT_HEIGHT)
        theme.changes().changed.connect(self.update)

    @property
    def surprises(self) -> list[float]:
        """0 to 1 each, oldest first."""
        return self._surprises

    def set_surprises(self, surprises: Sequence[float]) -> None:
        """0 to 1 each, oldest first."""
        self._surprises = list(surprises)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the bars over a line of no surprise."""
        colors = theme.current()
        painter = QPainter(self)
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), QColor(colors.track))
        pitch = self.width() / SURPRISES
        left = self.width() - pitch * len(self._surprises)
        for place, surprise in enumerate(self._surprises):
            height = max(2.0, surprise * (self.height() - 2))
            newest = place == len(self._surprises) - 1
            color = QColor(colors.memory)
            color.setAlphaF(1.0 if newest else 0.55)
            painter.fillRect(QRectF(left + place * pitch, self.height() - height, max(1.0, pitch - 1), height), color)
        painter.end()


class SizePlot(QWidget):
    """The memory's size, which stays, beside what a KV cache of the same talk would have grown to by now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._memory = self._cache = 0
        self.setFixedHeight(PLOT_HEIGHT)
        theme.changes().changed.connect(self.update)

    def set_sizes(self, memory: int, cache: int) -> None:
        """Bytes."""
        self._memory, self._cache = memory, cache
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the level line over the rising one."""
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = max(self._memory, self._cache, 1)

        def height(size: int) -> float:
            return self.height() - 2 - (self.height() - 4) * size / top

        corners = [
            QPointF(0, self.height()),
            QPointF(self.width(), height(self._cache)),
            QPointF(self.width(), self.height()),
        ]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.track))
        painter.drawPolygon(QPolygonF(corners))
        painter.setPen(QPen(QColor(colors.memory), 2))
        painter.drawLine(QPointF(0, height(self._memory)), QPointF(self.width(), height(self._memory)))
        painter.end()
