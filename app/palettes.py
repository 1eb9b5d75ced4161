"""The colours, as data.

Paper, ink, indigo for what the person says, moss green for what the memory does, vermilion for warnings. Each pair of
text and ground has a contrast of at least 4.5, and of at least 7 in high contrast (a test measures it).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


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
HIGH_CONTRAST: Final = Theme(
    name="contrast",
    paper="#000000",
    side="#000000",
    raised="#0a0a0a",
    line="#c8c8c8",
    ink="#ffffff",
    soft="#e0e0e0",
    hover="#333333",
    chosen="#003a70",
    accent="#ffd84a",
    accent_ink="#000000",
    said="#10294a",
    code="#000000",
    memory="#9df08c",
    memory_ground="#0d2a0d",
    warning="#ffb0a0",
    warning_ground="#3a0d06",
    track="#4d4d4d",
    highlighter="monokai",
)
THEMES: Final = {theme.name: theme for theme in (LIGHT, DARK, HIGH_CONTRAST)}
