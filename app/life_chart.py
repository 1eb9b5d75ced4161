"""The life of a memory as bars: how much was learned when, and the moment one looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QDate, QEvent, QLocale, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from app import theme
from engine.protocol import Timeline

SPANS: Final = (1, 7, 30, 91, 365)
"""Days that one bar may stand for."""
NARROWEST: Final = 7.0
"""Pixels of a bar with the gap beside it."""
WIDEST: Final = 34.0
GAP: Final = 2.0
AXIS: Final = 22
"""Pixels below the bars, for the dates."""
TOP: Final = 8


@dataclass(frozen=True)
class Bar:
    """Some days in a row."""

    first: QDate
    final: QDate
    lessons: int
    last: int
    """The last lesson learned by the end of them."""


def bars(life: Timeline, today: QDate, width: float) -> list[Bar]:
    """The whole life in bars that fit, from the first day on which something was learned.

    A day in the future (clocks jump) makes the life so much longer: its lessons have to be somewhere.
    """
    days = [(QDate.fromString(day.day, Qt.DateFormat.ISODate), day) for day in life.days]
    days = [(date, day) for date, day in days if date.isValid()]
    if not days:
        return []
    first, end = days[0][0], max(today, days[-1][0])
    length = first.daysTo(end) + 1
    span = next((span for span in SPANS if -(-length // span) * NARROWEST <= width), SPANS[-1])
    count = -(-length // span)
    lessons, last = [0] * count, [0] * count
    for date, day in days:
        place = first.daysTo(date) // span
        lessons[place] += day.lessons
        last[place] = max(last[place], day.last)
    found = []
    highest = 0
    for place in range(count):
        highest = max(highest, last[place])
        start = first.addDays(place * span)
        found.append(Bar(start, min(start.addDays(span - 1), end), lessons[place], highest))
    return found


class LifeChart(QWidget):
    """Bars to be clicked, or gone through with the arrow keys. What is after the moment stands there washed out."""

    chosen = Signal(int)
    """The last lesson that was learned by then; 0 for birth."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(112)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._life: Timeline | None = None
        self._moment = 0
        theme.changes().changed.connect(self.update)

    def set_life(self, life: Timeline) -> None:
        """What to show."""
        self._life = life
        self.update()

    def set_moment(self, moment: int) -> None:
        """The last lesson that is kept."""
        self._moment = moment
        self.update()

    def bars(self) -> list[Bar]:
        """What is on screen."""
        return [] if self._life is None else bars(self._life, QDate.currentDate(), self.width())

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(480, 128)

    # ------------------------------------------------------------------------------------------ choosing

    def _step(self, count: int) -> float:
        return min(WIDEST, self.width() / max(1, count))

    def _bar_at(self, x: float) -> Bar | None:
        found = self.bars()
        place = int(x / self._step(len(found)))
        return found[place] if 0 <= place < len(found) else None

    def _choose(self, moment: int) -> None:
        if moment != self._moment:
            self.set_moment(moment)
            self.chosen.emit(moment)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """To the end of the days that were clicked."""
        bar = self._bar_at(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and bar is not None:
            self._choose(bar.last)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The moment follows the pointer while it is held down."""
        bar = self._bar_at(event.position().x())
        if event.buttons() & Qt.MouseButton.LeftButton and bar is not None:
            self._choose(bar.last)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right: to the day before or after on which something was learned."""
        moments = sorted({0, *(bar.last for bar in self.bars())})
        keys = {
            Qt.Key.Key_Left: [moment for moment in moments if moment < self._moment][-1:],
            Qt.Key.Key_Right: [moment for moment in moments if moment > self._moment][:1],
            Qt.Key.Key_Home: moments[:1],
            Qt.Key.Key_End: moments[-1:],
        }
        if event.key() not in keys:
            super().keyPressEvent(event)
        elif wanted := keys[Qt.Key(event.key())]:
            self._choose(wanted[0])

    def event(self, event: QEvent) -> bool:
        """A tooltip for each bar."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            bar = self._bar_at(event.pos().x())
            if bar is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self._about(bar), self)
            return True
        return super().event(event)

    def _about(self, bar: Bar) -> str:
        begin, end = (QLocale().toString(day, QLocale.FormatType.ShortFormat) for day in (bar.first, bar.final))
        when = begin if bar.first == bar.final else f"{begin} – {end}"
        lessons = self.tr("%Ln lessons", "", bar.lessons)
        return f"{when}\n{lessons}"

    # ------------------------------------------------------------------------------------------ drawing

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show it."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show it no more."""
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Bars, the line of the moment, the first and the last date."""
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        found = self.bars()
        ground = self.height() - AXIS
        painter.setPen(QPen(QColor(colors.line), 1))
        painter.drawLine(QPointF(0, ground + 0.5), QPointF(self.width(), ground + 0.5))
        if found:
            self._paint_bars(painter, found, ground)
            self._paint_dates(painter, found, ground)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colors.accent), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.end()

    def _paint_bars(self, painter: QPainter, found: list[Bar], ground: int) -> None:
        colors = theme.current()
        most = max(bar.lessons for bar in found) or 1
        step = self._step(len(found))
        width = max(2.0, step - GAP)
        painter.setPen(Qt.PenStyle.NoPen)
        before, edge = 0, 0.0
        for place, bar in enumerate(found):
            height = max(3.0, (ground - TOP) * bar.lessons / most) if bar.lessons else 0.0
            area = QRectF(place * step + GAP / 2, ground - height, width, height)
            lost = bar.last > self._moment
            painter.setBrush(QColor(colors.track if lost else colors.memory))
            painter.drawRoundedRect(area, 2, 2)
            if lost and before < self._moment:  # The moment is within these days.
                area.setTop(area.center().y())
                painter.setBrush(QColor(colors.memory))
                painter.drawRoundedRect(area, 2, 2)
            if before < self._moment:
                edge = (place + 1) * step
            before = bar.last
        if self._moment < found[-1].last:
            painter.setPen(QPen(QColor(colors.warning), 2))
            edge = min(max(edge, 1.0), self.width() - 1.0)
            painter.drawLine(QPointF(edge, 2), QPointF(edge, ground))

    def _paint_dates(self, painter: QPainter, found: list[Bar], ground: int) -> None:
        painter.setPen(QColor(theme.current().soft))
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 0.85)
        painter.setFont(font)
        end = self._step(len(found)) * len(found)
        begin, now = (
            QLocale().toString(day, QLocale.FormatType.ShortFormat) for day in (found[0].first, found[-1].final)
        )
        metrics = painter.fontMetrics()
        line = QRectF(0, ground + 2, self.width(), AXIS - 2)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, begin)
        if end > metrics.horizontalAdvance(begin) + metrics.horizontalAdvance(now) + 24:
            line.setRight(end)
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, now)
