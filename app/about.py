"""What Techo is, which parts it is made of, where its files are."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSize, Qt, qVersion
from PySide6.QtWidgets import QMessageBox, QWidget

from app import theme
from engine.protocol import Initialized


def _tr(text: str) -> str:
    return QCoreApplication.translate("About", text)


def techo_version() -> str:
    """Of the installed distribution."""
    try:
        return version("techo")
    except PackageNotFoundError:
        return _tr("a working copy")


def show_about(window: QWidget, data_dir: Path, engine: Initialized | None) -> QMessageBox:
    """Open the about box; it does not block."""
    lines = [
        QCoreApplication.translate(
            "About", "A notebook that grows: a local assistant that learns from you, in its weights, as you talk."
        ),
        "",
        _tr("Version: {version}").format(version=techo_version()),
        _tr("Qt: {version}").format(version=qVersion()),
    ]
    if engine is not None:
        lines += [
            _tr("Engine: {version}").format(version=engine.engine),
            _tr("Language model: {name}").format(name=engine.backbone.name),
            _tr("Its fingerprint: {digest}").format(digest=engine.backbone.digest[:24] + "…"),
        ]
    lines += [
        _tr("Your files: {folder}").format(folder=data_dir),
        "",
        _tr("Nothing leaves this computer: no account, no telemetry, no network."),
    ]
    box = QMessageBox(QMessageBox.Icon.NoIcon, _tr("About Techo"), "Techo 手帳", parent=window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIconPixmap(theme.app_icon().pixmap(QSize(64, 64), window.devicePixelRatioF()))
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    box.setInformativeText("\n".join(lines))
    close = box.addButton(_tr("Close"), QMessageBox.ButtonRole.RejectRole)
    close.setAccessibleName(close.text())
    box.setDefaultButton(close)
    box.open()
    return box
