"""Which font, and how large.

Japanese and Chinese share code points that look different in each; left to itself, the system may fall back to a
Chinese font for Japanese text. So a Japanese font is named: first when the window speaks Japanese, or else after the
system's own, for what is said in Japanese.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PySide6.QtGui import QFont, QFontDatabase, QFontInfo

from app import language

LARGEST: Final = 160
SMALLEST: Final = 80
STEP: Final = 10
"""Per cent of the system's font size."""
JAPANESE: Final = (
    "Hiragino Sans",
    "Yu Gothic UI",
    "Meiryo UI",
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "BIZ UDPGothic",
    "IPAexGothic",
    "IPAPGothic",
    "TakaoPGothic",
    "VL PGothic",
)
"""Those of the systems first: what a person is used to read."""


@lru_cache(maxsize=1)
def japanese() -> str | None:
    """The Japanese font of this computer; None when it has none."""
    there = QFontDatabase.families(QFontDatabase.WritingSystem.Japanese)
    return next((name for name in JAPANESE if name in there), there[0] if there else None)


def sized(base: QFont, percent: int) -> QFont:
    """The application's font: `base` is the system's."""
    font = QFont(base)
    if base.pointSizeF() > 0:
        font.setPointSizeF(base.pointSizeF() * percent / 100)
    name = japanese()
    if name is not None:
        # By its real name: an alias such as "Sans Serif" would lose to any font that is there.
        own = QFontInfo(base).family()
        font.setFamilies([name, own] if language.current() == "ja" else [own, name])
    return font
