"""What the window remembers between two starts, in `window.ini` in the data folder: nothing is kept elsewhere."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings


class WindowSettings:
    """Geometry, the last profile, and the drafts that were not sent: one for each profile, one from before any."""

    def __init__(self, data_dir: Path) -> None:
        self._settings = QSettings(str(data_dir / "window.ini"), QSettings.Format.IniFormat)

    @property
    def geometry(self) -> QByteArray | None:
        """As `QWidget.saveGeometry` gave it."""
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._settings.setValue("window/geometry", value)

    @property
    def splitter(self) -> QByteArray | None:
        """As `QSplitter.saveState` gave it."""
        return self._bytes("window/splitter")

    @splitter.setter
    def splitter(self, value: QByteArray) -> None:
        self._settings.setValue("window/splitter", value)

    @property
    def memory_panel(self) -> bool:
        """Whether the memory panel is shown."""
        return self._settings.value("window/memory_panel", True, type=bool) is not False

    @memory_panel.setter
    def memory_panel(self, value: bool) -> None:
        self._settings.setValue("window/memory_panel", value)

    @property
    def profile(self) -> str | None:
        """Name of the profile that was open last."""
        value = self._settings.value("profile/last")
        return value if isinstance(value, str) and value else None

    @profile.setter
    def profile(self, name: str) -> None:
        self._settings.setValue("profile/last", name)

    def draft(self, profile_id: str | None) -> str:
        """What stood in the input box when this profile was last left. None: when no profile was open."""
        value = self._settings.value(_draft_key(profile_id), "")
        return value if isinstance(value, str) else ""

    def set_draft(self, profile_id: str | None, text: str) -> None:
        """Keep a draft, or drop it when there is nothing to keep."""
        if text.strip():
            self._settings.setValue(_draft_key(profile_id), text)
        else:
            self._settings.remove(_draft_key(profile_id))

    def save(self) -> None:
        """Write the file now."""
        self._settings.sync()

    def _bytes(self, key: str) -> QByteArray | None:
        value = self._settings.value(key)
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None


def _draft_key(profile_id: str | None) -> str:
    return "draft_of_no_profile" if profile_id is None else f"draft/{profile_id}"
