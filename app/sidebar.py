"""The left side: whose notebook is open, a new chat, the earlier ones, and a search over all of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from app import theme
from app.avatars import avatar
from app.conversation_list import ConversationList
from app.search import SearchBox, SearchResults
from engine.protocol import Conversation, HitList, ProfileInfo


class Sidebar(QWidget):
    """Profile button, "New chat", search box; beneath them the conversations, or the hits of a search."""

    new_chat = Signal()
    chosen = Signal(int)
    """Conversation id"""
    hit_chosen = Signal(object)
    """Found: a message to go to, or a conversation"""
    renamed = Signal(int, str)
    """Conversation id and its new title"""
    pin_asked = Signal(int)
    delete_asked = Signal(int)
    search_asked = Signal(str, object)
    """See `SearchResults.asked`."""
    search_left = Signal()
    """Escape in the search box."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self._profile: ProfileInfo | None = None

        self.profile_button = theme.named(QToolButton(), "profileButton")
        self.profile_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.profile_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.profile_button.setIconSize(QSize(28, 28))
        self.profile_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.new_button = theme.named(QPushButton(), "newChat")
        self.new_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.new_button.clicked.connect(self.new_chat)
        self.search = SearchBox()
        self.list = ConversationList()
        self.results = SearchResults(self.search)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.list)
        self._pages.addWidget(self.results)

        self.list.chosen.connect(self.chosen)
        self.list.renamed.connect(self.renamed)
        self.list.pin_asked.connect(self.pin_asked)
        self.list.delete_asked.connect(self.delete_asked)
        self.search.textChanged.connect(self._on_search)
        self.search.left.connect(self.search_left)
        self.results.asked.connect(self.search_asked)
        self.results.chosen.connect(self.hit_chosen)

        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(10)
        for part in (self.profile_button, self.new_button, self.search):
            column.addWidget(part)
        column.addWidget(self._pages, 1)
        theme.changes().changed.connect(self._restyle)
        self.retranslate()
        self._restyle()

    def set_profile_menu(self, menu: QMenu) -> None:
        """What the profile button opens."""
        self.profile_button.setMenu(menu)

    def set_profile(self, profile: ProfileInfo | None) -> None:
        """Whose notebook is open. In another one nothing is searched yet."""
        if (None if profile is None else profile.id) != (None if self._profile is None else self._profile.id):
            self.search.clear()
        self._profile = profile
        name = self.tr("No profile") if profile is None else profile.name
        shown = self.profile_button.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, 150)
        self.profile_button.setText(f" {shown.replace('&', '&&')}")
        self.profile_button.setAccessibleName(self.tr("Profile: {name}").format(name=name))
        self.profile_button.setToolTip(self.tr("Switch, make, change or delete profiles"))
        if profile is None:
            self.profile_button.setIcon(theme.icon("memory", theme.current().soft))
        else:
            self.profile_button.setIcon(avatar(profile, 28, self.devicePixelRatioF()))

    def set_conversations(self, conversations: Sequence[Conversation]) -> None:
        """All there are, newest first."""
        self.list.set_conversations(conversations)
        self.results.set_conversations(conversations)

    def set_current(self, conversation: int | None) -> None:
        """Which conversation is on screen."""
        self.list.set_shown(conversation)

    def show_hits(self, query: str, before: int | None, answer: HitList | None) -> None:
        """The engine's answer to `search_asked`."""
        self.results.show_answer(query, before, answer)

    def start_search(self) -> None:
        """The keyboard goes to the search box."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def retranslate(self) -> None:
        """Set all words."""
        self.new_button.setText(self.tr("New chat"))
        self.new_button.setAccessibleName(self.tr("New chat"))
        self.search.retranslate()
        self.list.retranslate()
        self.results.retranslate()
        self.set_profile(self._profile)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _on_search(self) -> None:
        self._pages.setCurrentWidget(self.results if self.results.query else self.list)

    def _restyle(self) -> None:
        self.new_button.setIcon(theme.icon("new-chat", theme.current().ink))
        self.set_profile(self._profile)
