"""Makes packaging/bundle/icons from resources/icons/techo.svg: PNG in the usual sizes, .ico, .icns.

`python -P packaging/bundle/icons.py`, after the drawing has changed. Qt draws; the two containers are a header with PNG
files behind it.

Sources: ICO with PNG inside, "ICO file format" (Windows Vista and later); ICNS, "Apple Icon Image format".
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ROOT: Final = Path(__file__).resolve().parents[2]
DRAWING: Final = ROOT / "resources" / "icons" / "techo.svg"
FOLDER: Final = Path(__file__).resolve().parent / "icons"
NAME: Final = "techo"
SIZES: Final = (16, 24, 32, 48, 64, 128, 256, 512)
"""Pixels: the folders of the hicolor icon theme."""
ICO_SIZES: Final = (16, 24, 32, 48, 64, 256)
ICNS_TYPES: Final[Mapping[bytes, int]] = {
    b"ic11": 32, b"ic12": 64, b"ic07": 128, b"ic13": 256, b"ic08": 256, b"ic14": 512, b"ic09": 512, b"ic10": 1024,
}  # fmt: skip
"""Kinds of entries that hold a PNG, and its pixels; the first two are 16 and 32 points on a fine screen."""


def draw(size: int) -> bytes:
    """The drawing as a PNG of `size` x `size` pixels with transparency."""
    renderer = QSvgRenderer(os.fspath(DRAWING))
    if not renderer.isValid():
        raise SystemExit(f"{DRAWING} is no drawing")
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(data.data())


def ico(pictures: Mapping[int, bytes]) -> bytes:
    """PNG files by size -> an .ico file."""
    head = struct.pack("<HHH", 0, 1, len(pictures))
    place = len(head) + 16 * len(pictures)
    for size, png in pictures.items():
        side = size % 256  # 0 stands for 256
        head += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(png), place)
        place += len(png)
    return head + b"".join(pictures.values())


def icns(pictures: Mapping[bytes, bytes]) -> bytes:
    """PNG files by type -> an .icns file. Lengths count their own eight bytes of header."""
    body = b"".join(kind + struct.pack(">I", len(png) + 8) + png for kind, png in pictures.items())
    return b"icns" + struct.pack(">I", len(body) + 8) + body


def make(folder: Path) -> list[Path]:
    """Write all of them -> the files."""
    app = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {size: draw(size) for size in {*SIZES, *ICO_SIZES, *ICNS_TYPES.values()}}
    files = {f"{NAME}-{size}.png": drawn[size] for size in SIZES}
    files[f"{NAME}.ico"] = ico({size: drawn[size] for size in ICO_SIZES})
    files[f"{NAME}.icns"] = icns({kind: drawn[size] for kind, size in ICNS_TYPES.items()})
    for name, data in files.items():
        (folder / name).write_bytes(data)
    del app
    return [folder / name for name in files]


if __name__ == "__main__":
    for made in make(FOLDER):
        print(f"{made.stat().st_size:>8}  {made.relative_to(ROOT)}")
