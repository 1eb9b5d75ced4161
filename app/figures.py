"""Figures as people write them, in the window's language."""

from __future__ import annotations

from PySide6.QtCore import QLocale


def size(count: float) -> str:
    """Bytes, in powers of ten as files are listed: "20.7 MB"."""
    return QLocale().formattedDataSize(int(count), 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def number(value: float, digits: int = 0) -> str:
    """A number with its digits grouped."""
    return QLocale().toString(float(value), "f", digits)
