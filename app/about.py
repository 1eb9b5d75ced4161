"""What Techo is, which parts it is made of and under which licences, what it holds, where its files are."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from PySide6.QtCore import QSize, Qt, qVersion
from PySide6.QtWidgets import QMessageBox, QWidget

from app import figures, theme
from app.language import translate
from engine.protocol import Initialized, MemoryStats


def techo_version() -> str:
    """Of the installed distribution."""
    try:
        return version("techo")
    except PackageNotFoundError:
        return translate("About", "a working copy")


def show_about(
    window: QWidget, data_dir: Path, engine: Initialized | None, stats: MemoryStats | None = None
) -> QMessageBox:
    """Open the about box; it does not block. `stats`: of the open profile."""
    lines = [
        translate(
            "About", "A notebook that grows: a local assistant that learns from you, in its weights, as you talk."
        ),
        "",
        translate("About", "Version: {version}").format(version=techo_version()),
        translate("About", "Qt: {version}").format(version=qVersion()),
    ]
    if engine is not None:
        lines += [
            translate("About", "Engine: {version}").format(version=engine.engine),
            translate("About", "Language model: {name}").format(name=engine.backbone.name),
            translate("About", "Its fingerprint: {digest}").format(digest=engine.backbone.digest[:24] + "…"),
        ]
    if stats is not None:
        text = translate("About", "Memory: {size}, {used} of {total} neurons in use, lessons: {lessons}")
        used, total, lessons = map(figures.number, (stats.neurons_used, stats.neurons, stats.turns_learned))
        lines.append(text.format(size=figures.size(stats.state_bytes), used=used, total=total, lessons=lessons))
    lines += [
        translate("About", "Your files: {folder}").format(folder=data_dir),
        "",
        translate(
            "About",
            "Licence: Apache 2.0. Made with Qt for Python (LGPL 3), llama.cpp (MIT), numpy (BSD) and other free "
            "software; the bundled model SmolLM2 is under Apache 2.0. All parts and licences: packaging/sbom.cdx.json.",
        ),
        "",
        translate("About", "Nothing leaves this computer: no account, no telemetry, no network."),
    ]
    box = QMessageBox(QMessageBox.Icon.NoIcon, translate("About", "About Techo"), "Techo 手帳", parent=window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIconPixmap(theme.app_icon().pixmap(QSize(64, 64), window.devicePixelRatioF()))
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    box.setInformativeText("\n".join(lines))
    close = box.addButton(translate("Dialogs", "Close"), QMessageBox.ButtonRole.RejectRole)
    close.setAccessibleName(close.text())
    box.setDefaultButton(close)
    box.open()
    return box
