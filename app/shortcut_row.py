"""The key for everywhere, on the page of settings: chosen with the desktop's own dialog, or how else to have one."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app import theme
from app.global_shortcut import GlobalShortcut
from app.paths import RESOURCES
from app.settings import WindowSettings


def command(data_dir: Path, usual: Path) -> str:
    """What a desktop has to run to bring this window forward: a second start."""
    program = sys.executable if getattr(sys, "frozen", False) else str(RESOURCES.parent / "techo")
    words = [program] if data_dir == usual else [program, "--data-dir", str(data_dir)]
    return shlex.join(words)


class ShortcutRow(QWidget):
    """A button where the desktop gives keys to programs, and otherwise the command to give one to."""

    def __init__(self, shortcut: GlobalShortcut, settings: WindowSettings, starts: str) -> None:
        super().__init__()
        self._shortcut = shortcut
        self._settings = settings
        self.button = QPushButton()
        self.note = theme.named(QLabel(wordWrap=True), "stateNote")
        self.command = QLineEdit(starts, readOnly=True)
        self.command.setCursorPosition(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for part in (self.button, self.note, self.command):
            column.addWidget(part)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self._on_button)
        shortcut.changed.connect(self.retranslate)
        self.retranslate()
        shortcut.look()

    def retranslate(self) -> None:
        """Set all words, as the key stands."""
        state, key = self._shortcut.state, self._shortcut.key
        none = state in ("none", "unknown")
        self.button.setVisible(not none)
        self.command.setVisible(none)
        self.button.setEnabled(state != "asking")
        self.button.setText(self.tr("Give the key back") if state == "bound" else self.tr("Choose a key…"))
        self.button.setAccessibleName(self.button.text())
        self.command.setAccessibleName(self.tr("Command that brings Techo forward"))
        self.note.setText(
            {
                "available": self.tr("Brings Techo forward from any program."),
                "asking": self.tr("Your desktop asks you for the key now."),
                "refused": self.tr("No key was chosen."),
                "bound": self.tr("{key} brings Techo forward from any program.").format(key=key or self.tr("A key")),
            }.get(state, self.tr("To bring Techo forward from any program, give this command a key in your system:"))
        )

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _on_button(self) -> None:
        wanted = self._shortcut.state != "bound"
        self._settings.global_shortcut = wanted
        self._settings.save()
        if wanted:
            self._shortcut.bind(self.tr("Bring Techo forward"))
        else:
            self._shortcut.let_go()
