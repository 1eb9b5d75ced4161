"""What a person does with the messages of a conversation: versions, another reply, deleting and undo, export."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from PySide6.QtCore import QDir, QObject, QStandardPaths, QTimer
from PySide6.QtWidgets import QFileDialog, QWidget

from app import errors
from app.actions import action
from app.chat.exchange import Exchange
from app.chat.transcript import ChatItem
from app.chat.view import ChatView
from app.conversations import OF_PROFILE, UNDO_SHOWN
from app.notices import NoticeArea
from app.partner import Partner
from engine.protocol import (
    Conversation,
    ConversationExport,
    ErrorBody,
    Exported,
    MessageDeleted,
    MessageId,
)

NAME_LENGTH: Final = 60
"""Characters of a title in a file name at most."""


class Messages(QObject):
    """Stands between the conversation on screen and the engine. Its actions mean the last message they can."""

    def __init__(self, partner: Partner, chat: ChatView, notices: NoticeArea, window: QWidget) -> None:
        super().__init__(window)
        self._partner = partner
        self._chat = chat
        self._notices = notices
        self._window = window
        exchange = partner.exchange
        self.edit = action(self, self._edit_last, "Ctrl+Shift+E")
        self.again = action(self, self._again_last, "Ctrl+R")
        self.go_on = action(self, self._go_on_last, "Ctrl+Shift+R")
        self.earlier = action(self, lambda: chat.step(-1), "Alt+Up")
        self.later = action(self, lambda: chat.step(1), "Alt+Down")
        self.export = action(self, self._export_shown, "Ctrl+Shift+S")
        chat.again_asked.connect(exchange.regenerate)
        chat.more_asked.connect(exchange.go_on)
        chat.edited.connect(self._edit)
        chat.version_asked.connect(self._flip)
        chat.delete_asked.connect(self._delete)
        exchange.running_changed.connect(self._on_running)
        self.retranslate()

    def retranslate(self) -> None:
        """Set all words."""
        self.edit.setText(self.tr("E&dit your last message"))
        self.again.setText(self.tr("&Another reply"))
        self.go_on.setText(self.tr("C&ontinue the reply"))
        self.earlier.setText(self.tr("&Previous message"))
        self.later.setText(self.tr("Ne&xt message"))
        self.export.setText(self.tr("Expo&rt the chat…"))

    def _on_running(self, running: bool) -> None:
        self._chat.set_busy(running)
        for one in (self.edit, self.again, self.go_on):
            one.setEnabled(not running)

    @property
    def _exchange(self) -> Exchange:
        return self._partner.exchange

    def _last(self, role: str) -> ChatItem | None:
        return next((item for item in reversed(self._exchange.current.items) if item.role == role), None)

    # ------------------------------------------------------------------------------------------ turns and versions

    def _edit_last(self) -> None:
        item = self._last("user")
        if item is None:
            return
        self._chat.go_to_end()
        bubble = self._chat.bubble_of(item)
        if bubble is not None:
            bubble.begin_edit()

    def _edit(self, item: ChatItem, text: str) -> None:
        if self._exchange.edit(item, text):
            self._chat.left.emit()

    def _again_last(self) -> None:
        if (item := self._last("assistant")) is not None:
            self._exchange.regenerate(item)

    def _go_on_last(self) -> None:
        if (item := self._last("assistant")) is not None:
            self._exchange.go_on(item)

    def _flip(self, message: int) -> None:
        if not self._exchange.show_version(message):
            self._chat.stay()

    # ------------------------------------------------------------------------------------------ deleting

    def _delete(self, item: ChatItem) -> None:
        """Take a message away, with what hangs on it; for some seconds that can be undone."""
        if item.message is None or self._exchange.running:
            return
        partner = self._partner
        profile = "" if partner.profile is None else partner.profile.id

        def done(gone: MessageDeleted) -> None:
            if gone.whole:
                partner.exchange.drop(gone.conversation)
            elif partner.exchange.current.conversation == gone.conversation:
                partner.exchange.reload()
            partner.refresh()
            if partner.profile is not None and partner.profile.id == profile:
                self._offer_undo(gone, profile)

        def failed(error: ErrorBody) -> None:
            if error.code == errors.MESSAGE_NOT_FOUND:
                partner.exchange.reload()
            partner.failed.emit(error)

        partner.engine.request("message.delete", MessageId(message=item.message), MessageDeleted, done, failed)

    def _offer_undo(self, gone: MessageDeleted, profile: str) -> None:
        def words() -> str:
            if gone.whole:
                return self.tr("“{title}” was deleted.").format(title=gone.title)
            return self.tr("%Ln messages were deleted.", "", gone.messages)

        bar = self._notices.say(words, lambda: self.tr("What Techo learned from it stays learned."))
        bar.add_action(lambda: self.tr("Undo"), lambda: self._undo(gone.message))
        QTimer.singleShot(int(min(UNDO_SHOWN, gone.undo_seconds) * 1000), bar, bar.dismiss)
        bar.setProperty(OF_PROFILE, profile)

    def _undo(self, message: int) -> None:
        partner = self._partner

        def done(found: Conversation) -> None:
            partner.refresh()
            partner.exchange.show_message(found.id, message)

        params = MessageId(message=message)
        partner.engine.request("message.restore", params, Conversation, done, partner.failed.emit)

    # ------------------------------------------------------------------------------------------ export

    def _export_shown(self) -> None:
        conversation = self._exchange.current.conversation
        if conversation is not None:
            self.ask_export(conversation)

    def ask_export(self, conversation: int) -> None:
        """Choose a file, and write the conversation to it. The dialog asks before it replaces one."""
        title = next((found.title for found in self._partner.conversations if found.id == conversation), "")
        name = re.sub(r"[^\w.-]+", "-", title)[:NAME_LENGTH].strip("-.") or self.tr("chat")
        places = QStandardPaths.standardLocations(QStandardPaths.StandardLocation.DocumentsLocation)
        folder = places[0] if places and QDir(places[0]).exists() else QDir.homePath()
        dialog = QFileDialog(self._window, self.tr("Export the chat"), folder)
        markdown = self.tr("Markdown: what is shown (*.md)")
        everything = self.tr("JSON: every version (*.json)")
        dialog.setNameFilters([markdown, everything])
        # Qt's own Japanese lacks these.
        dialog.setLabelText(QFileDialog.DialogLabel.LookIn, self.tr("Folder:"))
        dialog.setLabelText(QFileDialog.DialogLabel.FileType, self.tr("Kind of file:"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setDefaultSuffix("md")
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix("json" if chosen == everything else "md"))
        dialog.selectFile(name)
        dialog.fileSelected.connect(lambda path: self._export(conversation, Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _export(self, conversation: int, path: Path) -> None:
        params = ConversationExport(
            conversation=conversation,
            path=str(path),
            format="json" if path.suffix.lower() == ".json" else "markdown",
            overwrite=True,
            you=self.tr("You"),
        )
        partner = self._partner
        partner.engine.request("conversation.export", params, Exported, partner.exported.emit, partner.failed.emit)
