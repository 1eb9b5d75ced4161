"""Profiles as pictures: a disc in the profile's colour with its initial, or with the picture that was chosen for it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QImage, QImageReader, QPainter, QPainterPath, QPen, QPixmap

from app import theme
from app.language import QT_TRANSLATE_NOOP, translate
from engine.protocol import ProfileInfo

SWATCHES: Final = (
    ("#2d5480", QT_TRANSLATE_NOOP("Avatars", "Indigo")),
    ("#2f6b68", QT_TRANSLATE_NOOP("Avatars", "Teal")),
    ("#4b6b2c", QT_TRANSLATE_NOOP("Avatars", "Moss")),
    ("#7a4e2d", QT_TRANSLATE_NOOP("Avatars", "Chestnut")),
    ("#8a3b32", QT_TRANSLATE_NOOP("Avatars", "Vermilion")),
    ("#a3446b", QT_TRANSLATE_NOOP("Avatars", "Plum blossom")),
    ("#6b3f6e", QT_TRANSLATE_NOOP("Avatars", "Violet")),
    ("#4f5a66", QT_TRANSLATE_NOOP("Avatars", "Slate")),
)
"""Those that are offered, the engine's defaults among them; the white initial can be read on each."""
UNKNOWN: Final = "#67655f"
"""Of a profile that cannot be read."""
SIDE: Final = 96
"""Pixels of a picture's width and height; the engine takes no more."""
MOST_FILE: Final = 64 * 1024 * 1024
"""Bytes of a picture's file: a photograph of any camera."""
MOST_PIXELS: Final = 200_000_000
KINDS: Final = frozenset((b"png", b"jpeg", b"jpg", b"gif", b"bmp", b"webp", b"tiff", b"heic"))
"""Formats that hold pixels and nothing that could name another file; of these, what this Qt can read."""


class PictureRefused(Exception):
    """Says why a file cannot become a picture, in the language of the window."""


def read_picture(path: Path) -> bytes:
    """A picture of any size from a file, as the small PNG that a profile keeps; nothing else of the file goes with it.

    Raises:
        PictureRefused: it is none, or one that is too large.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise PictureRefused(
            translate("Avatars", "The file cannot be read: {reason}.").format(reason=error.strerror)
        ) from error
    if size > MOST_FILE:
        raise PictureRefused(translate("Avatars", "The picture is too large."))
    reader = QImageReader(str(path))
    reader.setDecideFormatFromContent(True)
    if bytes(reader.format().data()) not in KINDS:
        raise PictureRefused(translate("Avatars", "That is no picture that Techo can read."))
    whole = reader.size()
    if whole.isValid():
        if whole.width() * whole.height() > MOST_PIXELS:
            raise PictureRefused(translate("Avatars", "The picture is too large."))
        # A photograph is read at a fraction of its size, which takes a fraction of the memory.
        wanted = whole.scaled(QSize(4 * SIDE, 4 * SIDE), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
        if wanted.width() < whole.width():
            reader.setScaledSize(wanted)
    reader.setAutoTransform(True)
    image = reader.read()
    if image.isNull():
        raise PictureRefused(translate("Avatars", "The picture is damaged."))
    return fitted(image)


def fitted(image: QImage) -> bytes:
    """The middle of a picture, as the PNG that a profile keeps."""
    side = min(image.width(), image.height())
    middle = image.copy((image.width() - side) // 2, (image.height() - side) // 2, side, side)
    mode = Qt.TransformationMode.SmoothTransformation
    middle = middle.scaled(SIDE, SIDE, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
    # On a new image: texts, places and colour profiles of the old one stay behind.
    clear = middle.hasAlphaChannel()
    plain = QImage(SIDE, SIDE, QImage.Format.Format_ARGB32 if clear else QImage.Format.Format_RGB32)
    plain.fill(Qt.GlobalColor.transparent)
    painter = QPainter(plain)
    painter.drawImage(QPointF(0, 0), middle)
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    plain.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(data.data())


@lru_cache(maxsize=64)
def _decoded(picture: bytes) -> QImage:
    image = QImage()
    image.loadFromData(picture, "PNG")
    return image


def ink_on(colour: QColor) -> QColor:
    """White, or black where that can be read better (a colour of one's own may be light)."""
    return QColor("#ffffff") if _luminance(colour) < 0.3 else QColor("#16181b")


def _luminance(colour: QColor) -> float:
    """Relative luminance (WCAG 2)."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())


def draw(painter: QPainter, area: QRectF, name: str, colour: str, picture: bytes) -> None:
    """A disc in `area`: the picture, or the initial of the name."""
    ground = QColor(colour)
    if not ground.isValid():
        ground = QColor(UNKNOWN)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawEllipse(area)
    image = _decoded(picture) if picture else QImage()
    if not image.isNull():
        disc = QPainterPath()
        disc.addEllipse(area)
        painter.setClipPath(disc)
        painter.drawImage(area, image)
    else:
        font = QFont(painter.font())
        font.setPixelSize(max(1, int(area.height() / 2)))
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(ink_on(ground))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, name[:1].upper())
    painter.restore()


def disc(name: str, colour: str, picture: bytes, size: int, ratio: float) -> QPixmap:
    """The disc by itself, sharp for a screen with `ratio` pixels to the point."""
    pixmap = QPixmap(QSize(size, size) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw(painter, QRectF(0, 0, size, size), name, colour, picture)
    painter.end()
    return pixmap


def avatar(profile: ProfileInfo, size: int, ratio: float) -> QPixmap:
    """A profile's disc."""
    return disc(profile.name, profile.colour, profile.picture, size, ratio)


def icon(profile: ProfileInfo, size: int, *, ring: bool = False) -> QIcon:
    """The disc for menus; `ring`: around the one that is open."""
    result = QIcon()
    for ratio in (1, 2):
        pixmap = QPixmap(QSize(size, size) * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        gap = 3.0 if ring else 1.0
        area = QRectF(0, 0, size, size)
        draw(painter, area.adjusted(gap, gap, -gap, -gap), profile.name, profile.colour, profile.picture)
        if ring:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.current().ink), 1.6))
            painter.drawEllipse(area.adjusted(0.8, 0.8, -0.8, -0.8))
        painter.end()
        result.addPixmap(pixmap)
    return result


def window_icon(profile: ProfileInfo | None) -> QIcon:
    """The notebook, with the profile's disc on it: two open windows can be told apart."""
    plain = theme.app_icon()
    if profile is None:
        return plain
    result = QIcon()
    for size in (16, 24, 32, 48, 64, 128):
        pixmap = plain.pixmap(QSize(size, size), 1.0)
        painter = QPainter(pixmap)
        part = size * 0.56
        draw(painter, QRectF(size - part, size - part, part, part), profile.name, profile.colour, profile.picture)
        painter.end()
        result.addPixmap(pixmap)
    return result
