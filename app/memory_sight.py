"""Asks the engine for what there is to see of the memory, whenever it has changed or spoken."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.memory_panel import MemoryPanel
from app.partner import Partner
from engine.protocol import PICTURED, ErrorBody, Learned, MemoryPicture, MemoryStats, PictureOf, ProfileInfo


class MemorySight(QObject):
    """Which learned turns fired for the last answer, which one the last turn wrote, and their neurons."""

    def __init__(self, partner: Partner, panel: MemoryPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._partner, self._panel = partner, panel
        self._fired: list[int] = []
        self._written: int | None = None
        partner.profile_changed.connect(self._on_profile)
        partner.exchange.running_changed.connect(self._on_running)
        partner.exchange.recalled.connect(self._on_recalled)
        partner.exchange.learned.connect(self._on_learned)
        partner.stats_changed.connect(self._look)

    def _on_profile(self, _profile: ProfileInfo | None) -> None:
        self._fired, self._written = [], None

    def _on_running(self, running: bool) -> None:
        if running:
            self._fired, self._written = [], None

    def _on_recalled(self, entries: list[int]) -> None:
        self._fired = entries[: PICTURED - 1]

    def _on_learned(self, learned: Learned | None) -> None:
        self._written = None if learned is None else learned.entry

    def _look(self, _stats: MemoryStats) -> None:
        fired, written = list(self._fired), self._written
        wanted = fired if written is None else [*fired, written]

        def done(answer: MemoryPicture) -> None:
            neurons = {turn.entry: turn.neurons for turn in answer.written}
            self._panel.set_picture(
                answer,
                fired=[neuron for entry in fired for neuron in neurons.get(entry, [])],
                written=[] if written is None else neurons.get(written, []),
            )

        self._partner.engine.request("memory.picture", PictureOf(entries=wanted), MemoryPicture, done, _nothing)


def _nothing(_error: ErrorBody) -> None:
    """The figures beside it say what is wrong; a picture less is no news."""
