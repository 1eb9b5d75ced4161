"""What the window remembers between two starts, in `window.ini` in the data folder: nothing is kept elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings


class WindowSettings:
    """How the window looks and speaks, the last profile, and the drafts: one for each profile, one from before any."""

    def __init__(self, data_dir: Path) -> None:
        path = data_dir / "window.ini"
        # Drafts are in it. Qt would let everybody read it, but it keeps the permissions of a file that is there.
        with suppress(OSError):
            path.touch(mode=0o600)
            path.chmod(0o600)
        self._settings = QSettings(str(path), QSettings.Format.IniFormat)

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
    def language(self) -> str:
        """`system`, or the code of a language."""
        return self._text("window/language", "system")

    @language.setter
    def language(self, value: str) -> None:
        self._settings.setValue("window/language", value)

    @property
    def theme(self) -> str:
        """`system`, or the name of a theme."""
        return self._text("window/theme", "system")

    @theme.setter
    def theme(self, value: str) -> None:
        self._settings.setValue("window/theme", value)

    @property
    def font_percent(self) -> int:
        """Size of the text, in per cent of the system's. Who uses it sees to its limits: the file can be edited."""
        text = self._text("window/font_percent", "100")
        return int(text) if text.isascii() and text.isdigit() else 100

    @font_percent.setter
    def font_percent(self, value: int) -> None:
        self._settings.setValue("window/font_percent", str(value))

    @property
    def global_shortcut(self) -> bool:
        """Whether a key that the desktop keeps brings the window forward."""
        return self._settings.value("window/global_shortcut", False, type=bool) is True

    @global_shortcut.setter
    def global_shortcut(self, value: bool) -> None:
        self._settings.setValue("window/global_shortcut", value)

    @property
    def tour_seen(self) -> bool:
        """Whether the tour of the first run was shown."""
        return self._settings.value("window/tour_seen", False, type=bool) is True

    @tour_seen.setter
    def tour_seen(self, value: bool) -> None:
        self._settings.setValue("window/tour_seen", value)

    @property
    def close_to_tray(self) -> bool:
        """Whether closing the window leaves Techo in the system tray, where there is one."""
        return self._settings.value("window/close_to_tray", False, type=bool) is True

    @close_to_tray.setter
    def close_to_tray(self, value: bool) -> None:
        self._settings.setValue("window/close_to_tray", value)

    @property
    def profile(self) -> str | None:
        """Name of the profile that was open last."""
        value = self._settings.value("profile/last")
        return value if isinstance(value, str) and value else None

    @profile.setter
    def profile(self, name: str) -> None:
        self._settings.setValue("profile/last", name)

    @property
    def model(self) -> Path | None:
        """The language model that was chosen; None for the default one."""
        text = self._text("models/chosen", "")
        return Path(text) if text else None

    @model.setter
    def model(self, value: Path | None) -> None:
        self._settings.setValue("models/chosen", "" if value is None else str(value))

    @property
    def model_files(self) -> list[Path]:
        """Model files that were added, wherever they are."""
        value = self._settings.value("models/files", [])
        found = [value] if isinstance(value, str) else value  # a list of one comes back as a text
        return [Path(one) for one in found if isinstance(one, str) and one] if isinstance(found, list) else []

    @model_files.setter
    def model_files(self, files: Sequence[Path]) -> None:
        self._settings.setValue("models/files", [str(file) for file in files])

    def speed(self, model: str) -> float:
        """Tokens a second that a model was measured with; 0 when it never was."""
        value = self._settings.value(_speed_key(model), 0.0)
        try:
            return max(0.0, float(value))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return 0.0

    def set_speed(self, model: str, speed: float) -> None:
        """Keep a measurement."""
        self._settings.setValue(_speed_key(model), round(speed, 2))

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

    def _text(self, key: str, default: str) -> str:
        value = self._settings.value(key, default)
        return value if isinstance(value, str) and value else default

    def _bytes(self, key: str) -> QByteArray | None:
        value = self._settings.value(key)
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None


def _speed_key(model: str) -> str:
    """A path has slashes, which would be groups."""
    return f"model_speed/{blake2b(model.encode(), digest_size=8).hexdigest()}"


def _draft_key(profile_id: str | None) -> str:
    return "draft_of_no_profile" if profile_id is None else f"draft/{profile_id}"
