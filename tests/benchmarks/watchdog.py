"""Watches an event loop: how long each of its turns kept everything else waiting.

A heartbeat is due every few milliseconds; a gap between two of them is a turn in which nothing else could be done.
Other programs on the machine make gaps, too. The kernel knows for how long a thread was ready and had to wait for
a processor (Linux: /proc/thread-self/schedstat, second field, nanoseconds), and that is taken off: what is left is time
that this program spent, computing or waiting for something.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer

BEAT_MS: Final = 4
STALL: Final = 0.050
"""Seconds: what a person begins to feel."""
_SCHEDULE: Final = Path("/proc/thread-self/schedstat")


def waited() -> float:
    """Seconds for which this thread was ready and got no processor; 0 where the system does not say."""
    try:
        return int(_SCHEDULE.read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


class Watchdog(QObject):
    """Notes every turn of the event loop that took longer than a heartbeat, and what was being done then."""

    def __init__(self) -> None:
        super().__init__()
        self.doing = ""
        """Set by whoever acts."""
        self.turns: list[tuple[float, str]] = []
        """Seconds, and what was being done."""
        self._timer = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._last = (0.0, 0.0)

    def start(self) -> None:
        """From now on."""
        self._last = (time.perf_counter(), waited())
        self._timer.start()

    def stop(self) -> None:
        """No more."""
        self._timer.stop()

    def _beat(self) -> None:
        now = (time.perf_counter(), waited())
        own = (now[0] - self._last[0]) - (now[1] - self._last[1]) - BEAT_MS / 1000
        self._last = now
        self.turns.append((max(0.0, own), self.doing))

    def stalls(self, limit: float = STALL) -> list[tuple[float, str]]:
        """Turns that took longer than `limit` seconds, longest first."""
        return sorted((turn for turn in self.turns if turn[0] > limit), reverse=True)


def quantile(values: list[float], part: float) -> float:
    """The smallest of `values` that `part` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0
