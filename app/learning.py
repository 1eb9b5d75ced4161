"""Whether Techo learns from the chat on screen: a switch for each conversation, kept on disk with it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.actions import action
from app.chat.composer import Composer
from app.chat.transcript import Transcript
from app.conversation_list import ConversationList
from app.partner import Partner
from engine.protocol import Conversation, ConversationLearn, ErrorBody


class LearnSwitch(QObject):
    """Keeps the menu, the input box and the list of chats in step with what the engine keeps.

    A chat that nothing was said in yet is known to the window alone; the switch goes to the engine with its first
    message. A temporary chat has none: it is never learned from.
    """

    changed = Signal()
    """The chat on screen is another one, or its switch stands otherwise."""

    def __init__(self, partner: Partner, composer: Composer, chats: ConversationList, window: QWidget) -> None:
        super().__init__(window)
        self._partner = partner
        self._composer = composer
        self.action = action(self, self.set_current, "Ctrl+Shift+L", checkable=True)
        composer.learn_asked.connect(self.set_current)
        chats.learn_asked.connect(self.set)
        partner.exchange.shown.connect(lambda _: self.show())
        partner.exchange.accepted.connect(lambda *_: self.show())
        partner.conversations_changed.connect(lambda _: self.show())
        self.retranslate()

    def retranslate(self) -> None:
        """Set all words."""
        self.action.setText(self.tr("&Learn from this chat"))

    @property
    def _current(self) -> Transcript:
        return self._partner.exchange.current

    @property
    def learns(self) -> bool:
        """Whether what is said in the chat on screen is learned."""
        current = self._current
        known = next((found for found in self._partner.conversations if found.id == current.conversation), None)
        return not current.temporary and (current.learns if known is None else known.learns)

    def show(self) -> None:
        """Put the state on screen."""
        self.action.setEnabled(not self._current.temporary)
        self.action.setChecked(self.learns)
        self._composer.set_learning(self.learns, possible=not self._current.temporary)
        self.changed.emit()

    def set_current(self, learn: bool) -> None:
        """Learn from the chat on screen, or no longer."""
        current = self._current
        if current.conversation is not None:
            self.set(current.conversation, learn)
        elif not self._partner.exchange.running:
            current.learns = learn
            self.show()
        else:
            self.show()  # Its first message is on its way, and said already which it is.

    def set(self, conversation: int, learn: bool) -> None:
        """Learn from a conversation, or no longer."""

        def done(changed: Conversation) -> None:
            known = self._partner.conversations
            self._partner.replace_conversations([changed if one.id == changed.id else one for one in known])

        def failed(error: ErrorBody) -> None:
            self.show()  # What is true again.
            self._partner.failed.emit(error)

        asked = ConversationLearn(conversation=conversation, learn=learn)
        self._partner.engine.request("conversation.learn", asked, Conversation, done, failed)
