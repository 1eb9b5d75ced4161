"""What can be done with one message: by the buttons under it, by its menu, by keys while it has the focus."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from app import theme
from app.chat.copying import CopyButton

if TYPE_CHECKING:
    from app.chat.bubble import Bubble
    from app.chat.view import ChatView

BUTTON: Final = QSize(26, 22)


class MessageButtons(QWidget):
    """The buttons that come with the mouse: copy, edit or another reply, more.

    For the mouse alone: with the keyboard, the message's menu has the same.
    """

    WIDTH: Final = 3 * BUTTON.width() + 2 * 2

    def __init__(self, text: Callable[[], str], *, user: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._user = user
        self.copy = CopyButton(text)
        self.change = self._button()
        """Edit what the person said, or ask for another reply."""
        self.more = self._button()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        parts = [self.copy, self.change, self.more]
        for part in reversed(parts) if user else parts:
            row.addWidget(part)
        self.setFixedWidth(self.WIDTH)
        self.restyle()

    def offer(self, *, change: bool, more: bool, room: int) -> None:
        """Show those that can be used; where there is no room for all, the one that leads to the others."""
        narrow = room < self.WIDTH and more
        self.copy.setVisible(not narrow)
        self.change.setVisible(change and not narrow)
        self.more.setVisible(more)
        self.setFixedWidth(BUTTON.width() if narrow else self.WIDTH)

    def _button(self) -> QToolButton:
        button = QToolButton()
        button.setProperty("flat", True)
        button.setFixedSize(BUTTON)
        button.setIconSize(QSize(16, 16))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    def restyle(self) -> None:
        """Set pictures and words."""
        colors = theme.current()
        self.copy.restyle()
        self.change.setIcon(theme.icon("pencil" if self._user else "again", colors.soft))
        self.more.setIcon(theme.icon("more", colors.soft))
        change = self.tr("Edit the message") if self._user else self.tr("Another reply")
        for button, name in ((self.change, change), (self.more, self.tr("More"))):
            button.setAccessibleName(name)
            button.setToolTip(name)


class MessageActions(QObject):
    """The actions of all messages of a view; their keys mean the message that has the focus."""

    def __init__(self, view: ChatView) -> None:
        super().__init__(view)
        self._view = view
        self._of: Bubble | None = None
        self.copy_selection = self._action(self._copy_selection)
        self.copy = self._action(self._copy)
        self.edit = self._action(lambda bubble: bubble.begin_edit(), QKeySequence(Qt.Key.Key_F2))
        self.again = self._action(lambda bubble: view.again_asked.emit(bubble.item))
        self.go_on = self._action(lambda bubble: view.more_asked.emit(bubble.item))
        self.back = self._action(lambda bubble: bubble.flipper.step(-1), QKeySequence("Alt+Left"))
        self.forward = self._action(lambda bubble: bubble.flipper.step(1), QKeySequence("Alt+Right"))
        self.delete = self._action(
            lambda bubble: view.delete_asked.emit(bubble.item), QKeySequence(QKeySequence.StandardKey.Delete)
        )
        self.undo = QAction(self)
        self.undo.setShortcut(QKeySequence(QKeySequence.StandardKey.Undo))
        self.undo.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.undo.triggered.connect(view.undo_asked)
        view.addAction(self.undo)
        self.menu = QMenu(view)
        self.menu.aboutToHide.connect(self._on_closed)
        self.retranslate()

    def _action(self, act: Callable[[Bubble], object], key: QKeySequence | None = None) -> QAction:
        action = QAction(self)
        action.triggered.connect(lambda: self._do(action, act))
        if key is not None:
            action.setShortcut(key)
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._view.addAction(action)
        return action

    def retranslate(self) -> None:
        """Set all words."""
        self.copy_selection.setText(self.tr("Copy the selection"))
        self.copy.setText(self.tr("Copy the message"))
        self.edit.setText(self.tr("Edit the message"))
        self.again.setText(self.tr("Another reply"))
        self.go_on.setText(self.tr("Continue the reply"))
        self.back.setText(self.tr("Previous version"))
        self.forward.setText(self.tr("Next version"))
        self.delete.setText(self.tr("Delete the message"))
        self.undo.setText(self.tr("Undo deleting"))

    def possible(self, bubble: Bubble) -> list[list[QAction]]:
        """What can be done with this message now, in groups."""
        copying = [self.copy_selection] if bubble.text.textCursor().hasSelection() else []
        copying += [self.copy] if bubble.item.text else []
        changing = [
            action
            for action, can in (
                (self.edit, bubble.can_edit),
                (self.again, bubble.can_ask_again),
                (self.go_on, bubble.can_go_on),
            )
            if can
        ]
        steps = ((self.back, -1), (self.forward, 1)) if bubble.item.versions else ()
        flipping = [action for action, step in steps if bubble.flipper.can_step(step)]
        deleting = [self.delete] if bubble.can_delete else []
        return [group for group in (copying + changing, flipping, deleting) if group]

    def pop_up(self, bubble: Bubble, place: QPoint) -> None:
        """Open the menu of a message at a place on the screen."""
        self._of = bubble
        self.menu.clear()
        for group in self.possible(bubble):
            if self.menu.actions():
                self.menu.addSeparator()
            self.menu.addActions(group)
        self.menu.popup(place)

    def _do(self, action: QAction, act: Callable[[Bubble], object]) -> None:
        bubble = self._of or self._view.focused_bubble()
        if bubble is not None and not bubble.editing and any(action in group for group in self.possible(bubble)):
            act(bubble)

    def _on_closed(self) -> None:
        # The action that was chosen fires after the menu has been hidden.
        QTimer.singleShot(0, self, self._forget)

    def close(self) -> None:
        """The messages are drawn anew: a menu would speak of one that is gone."""
        self.menu.hide()
        self._of = None

    def _forget(self) -> None:
        if not self.menu.isVisible():
            self._of = None

    @staticmethod
    def _copy(bubble: Bubble) -> None:
        QGuiApplication.clipboard().setText(bubble.item.text)

    @staticmethod
    def _copy_selection(bubble: Bubble) -> None:
        bubble.text.copy()
