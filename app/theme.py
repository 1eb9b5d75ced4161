"""Colours, light and dark by the system's palette, and the style sheet made from them.

Paper, ink, indigo for what the person says, moss green for what the memory does, vermilion for warnings. Each pair of
text and ground has a contrast of at least 4.5 (a test measures it).
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QWidget

W = TypeVar("W", bound=QWidget)
RESOURCES: Final = Path(__file__).resolve().parent.parent / "resources"


@dataclass(frozen=True)
class Theme:
    """One set of colours, as `#rrggbb`."""

    name: str
    paper: str
    """Ground of the conversation."""
    side: str
    """Ground of the sidebar, the memory panel, the status bar."""
    raised: str
    """Cards, the input box, menus."""
    line: str
    ink: str
    soft: str
    """Secondary text."""
    hover: str
    chosen: str
    accent: str
    accent_ink: str
    """Text on `accent`."""
    said: str
    """Bubble of the person."""
    code: str
    """Ground of code."""
    memory: str
    memory_ground: str
    warning: str
    warning_ground: str
    track: str
    """The empty part of a gauge."""
    highlighter: str
    """Name of the pygments style."""


LIGHT: Final = Theme(
    name="light",
    paper="#fcfbf8",
    side="#f3f0e9",
    raised="#ffffff",
    line="#e2ddd2",
    ink="#24262b",
    soft="#67655f",
    hover="#e9e5dc",
    chosen="#dfe7f0",
    accent="#2d5480",
    accent_ink="#ffffff",
    said="#e4ebf3",
    code="#f4f1ea",
    memory="#4b6b2c",
    memory_ground="#e8eedd",
    warning="#a5361f",
    warning_ground="#f8e6e0",
    track="#e3ded3",
    highlighter="xcode",
)
DARK: Final = Theme(
    name="dark",
    paper="#1e2023",
    side="#17191b",
    raised="#282b2f",
    line="#363a3f",
    ink="#e7e4dd",
    soft="#a3a19a",
    hover="#26292d",
    chosen="#2a3644",
    accent="#8ab4e2",
    accent_ink="#10202f",
    said="#2b3a4b",
    code="#15171a",
    memory="#a9c77f",
    memory_ground="#2b3424",
    warning="#ec9681",
    warning_ground="#3d2722",
    track="#383c41",
    highlighter="github-dark",
)


class _Active(QObject):
    """Which theme is on, and who wants to know."""

    changed = Signal()
    theme = LIGHT


@lru_cache(maxsize=1)
def _active() -> _Active:
    return _Active()


def current() -> Theme:
    """The theme that is on."""
    return _active().theme


def changes() -> _Active:
    """Its `changed` signal fires after another theme was applied."""
    return _active()


def named(widget: W, name: str) -> W:
    """`widget` under the name by which the style sheet knows it."""
    widget.setObjectName(name)
    return widget


def system_theme(app: QGuiApplication) -> Theme:
    """Light or dark, as the system says; where it does not say, as its palette looks."""
    scheme = app.styleHints().colorScheme()
    if scheme == Qt.ColorScheme.Unknown:
        return DARK if app.palette().color(QPalette.ColorRole.Window).lightnessF() < 0.5 else LIGHT
    return DARK if scheme == Qt.ColorScheme.Dark else LIGHT


def install(app: QApplication) -> None:
    """Apply the system's theme, and follow it when it changes."""
    app.setStyle("Fusion")
    apply(app, system_theme(app))
    app.styleHints().colorSchemeChanged.connect(lambda _: apply(app, system_theme(app)))


def apply(app: QApplication, theme: Theme) -> None:
    """Put a theme on the whole application."""
    active = _active()
    active.theme = theme
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
    """`resources/styles/techo.qss` with `@name` replaced by this theme's colours."""
    source = (RESOURCES / "styles" / "techo.qss").read_text(encoding="utf-8")
    colors = asdict(theme)
    return re.sub(r"@([a-z_]+)", lambda found: colors[found.group(1)], source)


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
