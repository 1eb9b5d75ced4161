"""Joules, as Intel's and AMD's processors count them (RAPL), through Linux's powercap files.

Virtual machines seldom have them, and reading them needs a privilege since CVE-2020-8694.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

POWERCAP: Final = Path("/sys/class/powercap")


class Rapl:
    """The packages' energy counters.

    Attributes:
        reason: why they cannot be read; None when they can.
    """

    def __init__(self, folder: Path = POWERCAP) -> None:
        # A package is `intel-rapl:0`; what has a second number is a part of it and counted in it.
        self._counters = sorted(folder.glob("*-rapl:[0-9]*/energy_uj"))
        self._counters = [path for path in self._counters if path.parent.name.count(":") == 1]
        self.reason: str | None = None if self._counters else f"{folder} has no RAPL counter"
        self.joules()

    def joules(self) -> float | None:
        """Joules since some moment, all packages together; None where they cannot be read.

        The counter starts again from nothing every few minutes to hours: a difference may come out negative.
        """
        if self.reason is not None:
            return None
        try:
            return sum(int(path.read_text()) for path in self._counters) / 1e6
        except OSError as error:
            self.reason = f"{error.filename} cannot be read: {(error.strerror or str(error)).lower()}"
            return None
