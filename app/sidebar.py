"""The left side: whose notebook is open, a new chat, and the earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QDateTime, QEvent, QLocale, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from engine.protocol import Conversation, ProfileInfo

CONVERSATION: Final = Qt.ItemDataRole.UserRole
AVATARS: Final = ("#2d5480", "#7a4e2d", "#4b6b2c", "#6b3f6e", "#2f6b68", "#8a3b32")
"""Grounds of the profile's initial; each carries white text."""


def avatar(profile: ProfileInfo, size: int, ratio: float) -> QPixmap:
    """A disc with the profile's initial, in a colour that belongs to its id."""
    pixmap = QPixmap(QSize(size, size) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(AVATARS[sum(profile.id.encode()) % len(AVATARS)]))
    painter.drawEllipse(0, 0, size, size)
    font = QFont(painter.font())
    font.setPixelSize(size // 2)
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QColor("#ffffff"))
    painter.drawText(0, 0, size, size, Qt.AlignmentFlag.AlignCenter, profile.name[:1].upper())
    painter.end()
    return pixmap


class Sidebar(QWidget):
    """Profile button, "New chat", conversation list."""

    new_chat = Signal()
    chosen = Signal(int)
    """Conversation id"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self._profile: ProfileInfo | None = None
        self._conversations: list[Conversation] = []
        self._current: int | None = None

        self.profile_button = theme.named(QToolButton(), "profileButton")
        self.profile_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.profile_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.profile_button.setIconSize(QSize(28, 28))
        self.profile_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.new_button = theme.named(QPushButton(), "newChat")
        self.new_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.new_button.clicked.connect(self.new_chat)
        self._caption = theme.named(QLabel(), "caption")
        self.list = theme.named(QListWidget(), "conversations")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setUniformItemSizes(True)
        self.list.itemClicked.connect(self._on_item)
        self.list.itemActivated.connect(self._on_item)

        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(10)
        column.addWidget(self.profile_button)
        column.addWidget(self.new_button)
        column.addSpacing(6)
        column.addWidget(self._caption)
        column.addWidget(self.list, 1)
        theme.changes().changed.connect(self._restyle)
        self.retranslate()
        self._restyle()

    def set_profile_menu(self, menu: QMenu) -> None:
        """What the profile button opens."""
        self.profile_button.setMenu(menu)

    def set_profile(self, profile: ProfileInfo | None) -> None:
        """Whose notebook is open."""
        self._profile = profile
        name = self.tr("No profile") if profile is None else profile.name
        shown = self.profile_button.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, 150)
        self.profile_button.setText(f" {shown.replace('&', '&&')}")
        self.profile_button.setAccessibleName(self.tr("Profile: {name}").format(name=name))
        self.profile_button.setToolTip(self.tr("Switch, make, rename or delete profiles"))
        if profile is None:
            self.profile_button.setIcon(theme.icon("memory", theme.current().soft))
        else:
            self.profile_button.setIcon(avatar(profile, 28, self.devicePixelRatioF()))

    def set_conversations(self, conversations: Sequence[Conversation]) -> None:
        """The list, newest first."""
        self._conversations = list(conversations)
        self.list.clear()
        for conversation in conversations:
            title = conversation.title or self.tr("Untitled")
            item = QListWidgetItem(title)
            item.setData(CONVERSATION, conversation.id)
            item.setToolTip(f"{title}\n{_local_time(conversation.updated)}".strip())
            self.list.addItem(item)
        self._caption.setVisible(bool(conversations))
        self.set_current(self._current)

    def set_current(self, conversation: int | None) -> None:
        """Which conversation is on screen."""
        self._current = conversation
        for row in range(self.list.count()):
            if self.list.item(row).data(CONVERSATION) == conversation:
                self.list.setCurrentRow(row)
                return
        self.list.setCurrentRow(-1)
        self.list.clearSelection()

    def retranslate(self) -> None:
        """Set all words."""
        self.new_button.setText(self.tr("New chat"))
        self.new_button.setAccessibleName(self.tr("New chat"))
        self._caption.setText(self.tr("EARLIER CHATS"))
        self.list.setAccessibleName(self.tr("Earlier chats"))
        self.set_profile(self._profile)
        self.set_conversations(self._conversations)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _on_item(self, item: QListWidgetItem) -> None:
        self.chosen.emit(int(item.data(CONVERSATION)))

    def _restyle(self) -> None:
        self.new_button.setIcon(theme.icon("new-chat", theme.current().ink))
        self.set_profile(self._profile)


def _local_time(iso: str) -> str:
    moment = QDateTime.fromString(iso, Qt.DateFormat.ISODate)
    if not moment.isValid():
        return ""
    return QLocale().toString(moment.toLocalTime(), QLocale.FormatType.ShortFormat)
