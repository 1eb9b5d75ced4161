"""What a second start, the system tray or the desktop's menu ask of the window that is open."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from app.engine_process import Condition

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from app.single_instance import Wake

TOKEN_VARIABLE: Final = "XDG_ACTIVATION_TOKEN"
"""Where Qt looks for the right to take the focus on Wayland."""
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,512}")


def bring_to_front(window: QWidget, token: str = "") -> None:
    """Show the window above all others. Where the system does not let a program take the focus, it says so itself."""
    if _TOKEN.fullmatch(token):
        os.environ[TOKEN_VARIABLE] = token
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.raise_()
    window.activateWindow()
    QApplication.alert(window)


def wake_window(window: MainWindow, wake: Wake) -> bool:
    """Do what was asked. False when the window is closing: whoever asked becomes the first, once it is gone."""
    if window.partner.engine.condition in (Condition.STOPPING, Condition.STOPPED):
        return False
    bring_to_front(window, wake.token)
    if wake.profile is not None:
        _open_profile(window, wake.profile)
    if wake.chat == "new":
        window.new_action.trigger()
    elif wake.chat == "temporary":
        window.temporary_action.trigger()
    return True


def _open_profile(window: MainWindow, name: str) -> None:
    """As at a start of its own: made when it does not exist."""
    partner = window.partner
    if any(profile.name == name for profile in partner.profiles):
        partner.switch_profile(name)
    elif partner.profile is None or partner.profile.name != name:
        partner.create_profile(name)
