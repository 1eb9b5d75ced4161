"""The icon in the system tray, where the platform has one, and the choice to stay there when the window is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from app import theme
from app.actions import action
from app.waking import bring_to_front

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from app.settings import WindowSettings

SAID_MS = 6_000
"""How long the tray says where the window went."""


class Tray(QObject):
    """The icon with its menu. It does nothing until `show`, which is for after the first paint.

    Args:
        window: whose actions the menu repeats.
        settings: whether closing the window keeps Techo running.
    """

    def __init__(self, window: MainWindow, settings: WindowSettings) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._told = False
        self.leaving = False
        """The person asked for the end: the next close is one."""
        self.icon: QSystemTrayIcon | None = None
        self.menu = QMenu(window)
        self.show_action = action(self, self._show_window)
        self.new_action = action(self, lambda: self._begin(window.new_action))
        self.temporary_action = action(self, lambda: self._begin(window.temporary_action))
        self.quit_action = action(self, window.quit)
        self.menu.addActions([self.show_action, self.new_action, self.temporary_action])
        self.menu.addSeparator()
        self.menu.addAction(self.quit_action)
        self.retranslate()

    @staticmethod
    def available() -> bool:
        """Whether the platform has a tray now; it may come and go with the desktop's shell."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def retranslate(self) -> None:
        """Set all words."""
        self.menu.setTitle(self.tr("Techo"))
        self.show_action.setText(self.tr("&Show Techo"))
        self.new_action.setText(self.tr("&New chat"))
        self.temporary_action.setText(self.tr("New &temporary chat"))
        self.quit_action.setText(self.tr("&Quit"))
        if self.icon is not None:
            self.icon.setToolTip(self.tr("Techo"))

    def show(self) -> None:
        """Put the icon there, unless there is no tray."""
        if self.icon is not None or not self.available():
            return
        self.icon = QSystemTrayIcon(theme.app_icon(), self)
        self.icon.setToolTip(self.tr("Techo"))
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._on_activated)
        self.icon.messageClicked.connect(self._show_window)
        self.icon.show()

    def keeps_window(self) -> bool:
        """Whether a close of the window only hides it: chosen, possible, and not the end of the session."""
        app = QGuiApplication.instance()
        ending = isinstance(app, QGuiApplication) and app.isSavingSession()
        if self.leaving or ending or not self._settings.close_to_tray or self.icon is None or not self.available():
            return False
        if not self._told:
            self._told = True
            words = self.tr("Techo is still here. To end it, choose Quit in this menu.")
            self.icon.showMessage(self.tr("Techo"), words, self.icon.icon(), SAID_MS)
        return True

    def _show_window(self) -> None:
        bring_to_front(self._window)

    def _begin(self, action: QAction) -> None:
        self._show_window()
        action.trigger()

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == QSystemTrayIcon.ActivationReason.Trigger:
            self._show_window()
