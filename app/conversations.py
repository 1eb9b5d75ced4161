"""What a person does with conversations as a whole: rename, pin, delete and undo that, search, go to what was found."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QWidget

from app import errors
from app.actions import action
from app.chat.view import ChatView
from app.notices import NoticeArea
from app.partner import Partner
from app.search import Found
from app.sidebar import Sidebar
from engine.protocol import (
    Conversation,
    ConversationDeleted,
    ConversationId,
    ConversationPin,
    ConversationRename,
    ConversationSearch,
    ErrorBody,
    HitList,
    ProfileInfo,
)

UNDO_SHOWN: Final = 12.0
"""Seconds for which a deletion offers to be undone; the engine keeps it somewhat longer."""

OF_PROFILE: Final = "undoIn"
"""Property of a notice that offers to undo: the id of the profile in which."""


class Conversations(QObject):
    """Stands between the sidebar, the engine and the conversation on screen."""

    def __init__(
        self, partner: Partner, sidebar: Sidebar, chat: ChatView, notices: NoticeArea, window: QWidget
    ) -> None:
        super().__init__(window)
        self._partner = partner
        self._sidebar = sidebar
        self._chat = chat
        self._notices = notices
        self.search_action = action(self, sidebar.start_search, QKeySequence.StandardKey.Find, "Ctrl+K")
        sidebar.chosen.connect(partner.exchange.show_conversation)
        sidebar.hit_chosen.connect(self._go_to)
        sidebar.renamed.connect(self.rename)
        sidebar.pin_asked.connect(self.pin)
        sidebar.delete_asked.connect(self.delete)
        sidebar.list.undo_asked.connect(self._undo_last)
        chat.undo_asked.connect(self._undo_last)
        sidebar.search_asked.connect(self._search)
        partner.conversations_changed.connect(sidebar.set_conversations)
        partner.profile_changed.connect(self._on_profile)
        self.retranslate()

    def retranslate(self) -> None:
        """Set all words."""
        self.search_action.setText(self.tr("&Search chats"))

    # ------------------------------------------------------------------------------------------ changes

    def rename(self, conversation: int, title: str) -> None:
        """Give a conversation another title."""
        params = ConversationRename(conversation=conversation, title=title)
        self._request("conversation.rename", params)

    def pin(self, conversation: int) -> None:
        """Keep a conversation at the top, or no longer."""
        known = self._known(conversation)
        if known is not None:
            self._request("conversation.pin", ConversationPin(conversation=conversation, pinned=not known.pinned))

    def _request(self, method: str, params: ConversationRename | ConversationPin) -> None:
        def failed(error: ErrorBody) -> None:
            self._partner.refresh()  # The list shows what is true again.
            self._partner.failed.emit(error)

        self._partner.engine.request(method, params, Conversation, self._take, failed)

    def _take(self, changed: Conversation) -> None:
        self._partner.replace_conversations(
            [changed if found.id == changed.id else found for found in self._partner.conversations]
        )

    def _known(self, conversation: int) -> Conversation | None:
        return next((found for found in self._partner.conversations if found.id == conversation), None)

    # ------------------------------------------------------------------------------------------ deleting

    def delete(self, conversation: int) -> None:
        """Take a conversation away; for some seconds that can be undone. A reply that grows in it is stopped."""
        if self._known(conversation) is None:
            return
        partner = self._partner
        was_shown = partner.exchange.current.conversation == conversation
        profile = "" if partner.profile is None else partner.profile.id

        def done(gone: ConversationDeleted) -> None:
            at_keyboard = self._sidebar.list.hasFocus()
            partner.exchange.drop(conversation)
            if at_keyboard:
                self._sidebar.list.setFocus()
            partner.replace_conversations([found for found in partner.conversations if found.id != conversation])
            partner.refresh()
            if partner.profile is not None and partner.profile.id == profile:
                self._offer_undo(gone, profile, was_shown)

        def failed(error: ErrorBody) -> None:
            partner.refresh()
            partner.failed.emit(error)

        params = ConversationId(conversation=conversation)
        partner.engine.request("conversation.delete", params, ConversationDeleted, done, failed)

    def _offer_undo(self, gone: ConversationDeleted, profile: str, was_shown: bool) -> None:
        bar = self._notices.say(
            lambda: self.tr("“{title}” was deleted.").format(title=gone.title or self.tr("Untitled")),
            lambda: self.tr("What Techo learned from it stays learned."),
        )
        bar.add_action(lambda: self.tr("Undo"), lambda: self._undo(gone.conversation, was_shown))
        QTimer.singleShot(int(min(UNDO_SHOWN, gone.undo_seconds) * 1000), bar, bar.dismiss)
        bar.setProperty(OF_PROFILE, profile)

    def _on_profile(self, profile: ProfileInfo | None) -> None:
        """In another profile there is nothing to bring back."""
        for bar in self._notices.notices():
            of_profile = bar.property(OF_PROFILE)
            if of_profile and (profile is None or profile.id != of_profile):
                bar.dismiss()

    def _undo_last(self) -> None:
        """As if the newest offer to undo had been taken."""
        for bar in reversed(self._notices.notices()):
            if bar.property(OF_PROFILE) and bar.button is not None:
                bar.button.click()
                return

    def _undo(self, conversation: int, show: bool) -> None:
        partner = self._partner

        def done(_: Conversation) -> None:
            partner.refresh()
            if show:
                partner.exchange.show_conversation(conversation)

        params = ConversationId(conversation=conversation)
        partner.engine.request("conversation.restore", params, Conversation, done, partner.failed.emit)

    # ------------------------------------------------------------------------------------------ searching

    def _search(self, query: str, before: int | None) -> None:
        def done(answer: HitList) -> None:
            self._sidebar.show_hits(query, before, answer)

        def failed(error: ErrorBody) -> None:
            self._sidebar.show_hits(query, before, None)
            if error.code != errors.ENGINE_GONE:
                self._partner.failed.emit(error)

        params = ConversationSearch(query=query, before=before)
        self._partner.engine.request("conversation.search", params, HitList, done, failed)

    def _go_to(self, found: Found) -> None:
        """To the message; the keyboard stays at the hits, to go to the next one."""
        focus = QApplication.focusWidget()
        if found.message is None:
            self._partner.exchange.show_conversation(found.conversation)
        else:
            self._partner.exchange.show_message(found.conversation, found.message)
            self._chat.show_message(found.message, found.words)
        if focus is not None and self._sidebar.isAncestorOf(focus):
            focus.setFocus()
