"""How the window looks: the theme that is on, by the system or by choice, and the style sheet made from it."""

from __future__ import annotations

import re
from dataclasses import asdict
from functools import lru_cache
from typing import Final, TypeVar

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QWidget

from app import fonts
from app.palettes import DARK, HIGH_CONTRAST, LIGHT, THEMES, Theme
from app.paths import RESOURCES

W = TypeVar("W", bound=QWidget)
SYSTEM: Final = "system"
TEXT: Final = 1.06
"""What is said and typed, as a multiple of the size of everything else."""


class _Active(QObject):
    """Which theme is on, and who wants to know."""

    changed = Signal()
    theme = LIGHT
    choice = SYSTEM
    percent = 100
    font = QFont()
    """The system's, before any resizing."""
    palette: QPalette | None = None
    """The system's, before any of ours was put in its place."""


@lru_cache(maxsize=1)
def _active() -> _Active:
    return _Active()


def current() -> Theme:
    """The theme that is on."""
    return _active().theme


def percent() -> int:
    """Size of the text, in per cent of the system's."""
    return _active().percent


def changes() -> _Active:
    """Its `changed` signal fires after another theme was applied."""
    return _active()


def named(widget: W, name: str) -> W:
    """`widget` under the name by which the style sheet knows it."""
    widget.setObjectName(name)
    return widget


def em() -> float:
    """Size of ordinary text, in points."""
    size = QApplication.font().pointSizeF()
    return size if size > 0 else 10.0


def text_font(widget: QWidget) -> QFont:
    """The font of what is said and typed."""
    font = QFont(QApplication.font(widget))
    font.setPointSizeF(em() * TEXT)
    return font


def system_theme(app: QGuiApplication) -> Theme:
    """What the system asks for: high contrast, light or dark; where it does not say, as its palette looks."""
    hints = app.styleHints()
    accessibility = hints.accessibility()
    if accessibility.contrastPreference() == Qt.ContrastPreference.HighContrast:
        return HIGH_CONTRAST
    scheme = hints.colorScheme()
    if scheme == Qt.ColorScheme.Unknown:
        palette = _active().palette or app.palette()
        return DARK if palette.color(QPalette.ColorRole.Window).lightnessF() < 0.5 else LIGHT
    return DARK if scheme == Qt.ColorScheme.Dark else LIGHT


def install(app: QApplication, choice: str = SYSTEM, percent: int = 100) -> None:
    """Apply the theme that was chosen; as long as it is the system's, follow that one when it changes."""
    app.setStyle("Fusion")
    _active().font = app.font()
    _active().palette = app.palette()
    # Kept: with the hints' last Python reference the signal's sender would go, too.
    hints = app.styleHints()
    accessibility = hints.accessibility()
    hints.colorSchemeChanged.connect(lambda _: _follow(app))
    accessibility.contrastPreferenceChanged.connect(lambda _: _follow(app))
    choose(app, choice, percent)


def choose(app: QApplication, choice: str, percent: int) -> None:
    """Another theme or size of text, at once.

    Args:
        app: the application.
        choice: a key of `THEMES`; anything else means the system's.
        percent: of the system's font size, kept within what the window is made for.
    """
    active = _active()
    active.choice = choice
    active.percent = min(fonts.LARGEST, max(fonts.SMALLEST, percent))
    theme = THEMES.get(choice)
    # The frame of the window and the system's own dialogs go with it, where the platform can.
    if theme is None:
        app.styleHints().unsetColorScheme()
    else:
        app.styleHints().setColorScheme(Qt.ColorScheme.Light if theme is LIGHT else Qt.ColorScheme.Dark)
    apply(app, theme or system_theme(app))


def _follow(app: QApplication) -> None:
    if _active().choice not in THEMES:
        apply(app, system_theme(app))


def apply(app: QApplication, theme: Theme) -> None:
    """Put a theme on the whole application."""
    active = _active()
    active.theme = theme
    app.setFont(fonts.sized(active.font, active.percent))
    app.setPalette(palette(theme))
    app.setStyleSheet(style_sheet(theme))
    active.changed.emit()


def palette(theme: Theme) -> QPalette:
    """For everything that the style sheet does not reach: dialogs, file choosers, selection, links."""
    role = QPalette.ColorRole
    colors = {
        role.Window: theme.side,
        role.WindowText: theme.ink,
        role.Base: theme.raised,
        role.AlternateBase: theme.paper,
        role.Text: theme.ink,
        role.Button: theme.side,
        role.ButtonText: theme.ink,
        role.BrightText: theme.warning,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.ink,
        role.PlaceholderText: theme.soft,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.accent_ink,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.Accent: theme.accent,
    }
    result = QPalette(QColor(theme.side))
    for key, value in colors.items():
        result.setColor(key, QColor(value))
    for key in (role.WindowText, role.Text, role.ButtonText):
        faded = QColor(theme.soft)
        faded.setAlphaF(0.6)
        result.setColor(QPalette.ColorGroup.Disabled, key, faded)
    return result


def style_sheet(theme: Theme) -> str:
    """`resources/styles/techo.qss` with `@name` replaced by this theme's colours, and sizes in `em` by points."""
    folder = RESOURCES / "styles"
    source = (folder / "techo.qss").read_text(encoding="utf-8")
    if theme is HIGH_CONTRAST:
        source += (folder / "contrast.qss").read_text(encoding="utf-8")
    # Qt draws pictures of a style sheet as they are, so there are two of each: for light and for dark grounds.
    tick, arrow = ("white" if QColor(ink).lightnessF() > 0.5 else "black" for ink in (theme.accent_ink, theme.ink))
    colors = {**asdict(theme), "styles": folder.as_posix(), "tick": tick, "arrow": arrow}
    source = re.sub(r"@([a-z_]+)", lambda found: colors[found.group(1)], source)
    return re.sub(r"([\d.]+)em\b", lambda found: f"{float(found.group(1)) * em():.2f}pt", source)


@lru_cache(maxsize=64)
def icon(name: str, color: str, disabled: str | None = None) -> QIcon:
    """An icon of resources/icons with `currentColor` filled in, drawn sharp for every scale of screen."""
    result = QIcon()
    states = [(QIcon.Mode.Normal, color)] + ([(QIcon.Mode.Disabled, disabled)] if disabled else [])
    source = (RESOURCES / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    for mode, tint in states:
        renderer = QSvgRenderer(QByteArray(source.replace("currentColor", tint).encode()))
        for size in (16, 20, 24, 32, 48, 64):
            result.addPixmap(_draw(renderer, QSize(size, size)), mode)
    return result


@lru_cache(maxsize=1)
def app_icon() -> QIcon:
    """The notebook."""
    result = QIcon()
    renderer = QSvgRenderer(str(RESOURCES / "icons" / "techo.svg"))
    for size in (16, 24, 32, 48, 64, 128, 256):
        result.addPixmap(_draw(renderer, QSize(size, size)))
    return result


def _draw(renderer: QSvgRenderer, size: QSize) -> QPixmap:
    pixmap = QPixmap(size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, size.width(), size.height()))
    painter.end()
    return pixmap
