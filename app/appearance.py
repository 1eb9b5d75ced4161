"""Language, theme and size of text as the settings have them, put on the whole application."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QApplication

from app import language, theme

if TYPE_CHECKING:
    from app.settings import WindowSettings


def install(app: QApplication, settings: WindowSettings) -> None:
    """To be called once, before the window is made."""
    language.use(app, settings.language)
    theme.install(app, settings.theme, settings.font_percent)


def apply(settings: WindowSettings) -> None:
    """The settings changed: everything follows at once."""
    app = cast(QApplication, QApplication.instance())
    language.use(app, settings.language)
    theme.choose(app, settings.theme, settings.font_percent)  # After the language, which decides about the font.
