"""The line under a message that has versions: ‹ 2/3 ›."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from app import theme


class Flipper(QWidget):
    """Goes from one version of a message to the next. Not there at all when there is one version only."""

    asked = Signal(int)
    """Id of the version to show."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._versions: list[int] = []
        self._place = 0
        self._busy = False
        self.back = self._button(-1)
        self.label = theme.named(QLabel(alignment=Qt.AlignmentFlag.AlignCenter), "stateNote")
        self.forward = self._button(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for part in (self.back, self.label, self.forward):
            row.addWidget(part)
        self.restyle()
        self.hide()

    def _button(self, step: int) -> QToolButton:
        button = QToolButton()
        button.setProperty("flat", True)
        button.setFixedSize(QSize(24, 22))
        button.setIconSize(QSize(16, 16))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.step(step))
        return button

    def show_versions(self, versions: Sequence[int], shown: int | None) -> None:
        """Which versions there are, and which of them is shown (None: one that is not on disk yet, behind them)."""
        self._versions = list(versions)
        self._place = self._versions.index(shown) if shown in self._versions else len(self._versions)
        self._update()

    def set_busy(self, busy: bool) -> None:
        """While a reply is written, the branch stays as it is."""
        self._busy = busy
        self._update()

    def can_step(self, step: int) -> bool:
        """Whether there is a version before (-1) or after (1) the one that is shown."""
        return not self._busy and 0 <= self._place + step < len(self._versions)

    def step(self, step: int) -> None:
        """Ask for the version before (-1) or after (1)."""
        if self.can_step(step):
            self.asked.emit(self._versions[self._place + step])

    def restyle(self) -> None:
        """Set pictures and words."""
        colors = theme.current()
        self.back.setIcon(theme.icon("left", colors.ink, colors.track))
        self.forward.setIcon(theme.icon("right", colors.ink, colors.track))
        for button, name in ((self.back, self.tr("Previous version")), (self.forward, self.tr("Next version"))):
            button.setAccessibleName(name)
            button.setToolTip(name)
        self._update()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.restyle()
        super().changeEvent(event)

    def _update(self) -> None:
        count = max(len(self._versions), self._place + 1)
        self.label.setText(f"{self._place + 1}/{count}")
        self.label.setAccessibleName(self.tr("Version {place} of {count}").format(place=self._place + 1, count=count))
        self.back.setEnabled(self.can_step(-1))
        self.forward.setEnabled(self.can_step(1))
        self.setVisible(count > 1)
