"""How an action is made: by whom it is owned, what it does, with which keys. Its words come with the language."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

Keys = str | QKeySequence.StandardKey
"""`Ctrl+M`, or what the platform has for it."""


def action(owner: QObject, slot: object = None, *keys: Keys, checkable: bool = False) -> QAction:
    """An action without words yet.

    Args:
        owner: lives as long as the action does.
        slot: called when it is triggered (with whether it is checked, if it takes that); None: nobody yet.
        keys: its shortcuts, the one that is shown first.
        checkable: it is a switch.
    """
    made = QAction(owner, checkable=checkable)
    if slot is not None:
        made.triggered.connect(slot)
    if keys:
        made.setShortcuts([QKeySequence(key) for key in keys])
    return made
