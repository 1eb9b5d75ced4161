"""The codes of the last errors that the window met, for the diagnostics report."""

from __future__ import annotations

import time
from collections import deque
from typing import Final

from PySide6.QtCore import QObject

from app import errors
from app.partner import Partner
from engine.protocol import ErrorBody

REMEMBERED: Final = 20
"""Errors whose codes are kept."""


class Incidents(QObject):
    """The codes of the last errors that this window met, and when. Not their words: those may quote anything."""

    def __init__(self, partner: Partner, parent: QObject) -> None:
        super().__init__(parent)
        self._codes: deque[tuple[float, int]] = deque(maxlen=REMEMBERED)
        for signal in (partner.failed, partner.exchange.failed):
            signal.connect(self._note)
        partner.engine.gone.connect(lambda _how: self._add(errors.ENGINE_GONE))

    def lines(self) -> list[str]:
        """One a line, oldest first."""
        return [f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(when))} {code}" for when, code in self._codes]

    def _note(self, error: ErrorBody) -> None:
        self._add(error.code)

    def _add(self, code: int) -> None:
        self._codes.append((time.time(), code))
