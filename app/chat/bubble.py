"""One message on screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from itertools import zip_longest
from math import ceil
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDesktopServices,
    QEnterEvent,
    QTextCharFormat,
    QTextCursor,
    QTextFrame,
    QTextOption,
    QTextTable,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTextBrowser,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.chat.copying import CopyButton
from app.chat.editor import MessageEditor
from app.chat.flipper import Flipper
from app.chat.message_actions import BUTTON, MessageButtons
from app.chat.transcript import UNFINISHED, ChatItem, ItemState

OPENED: Final = ("http", "https", "mailto")
"""Kinds of links that a click opens, outside of Techo."""
USER_WIDTH: Final = 0.78
"""Widest bubble of the person, as a part of the column."""
EDITOR_WIDTH: Final = 0.92
"""The box in which it is changed."""
CODE_PADDING: Final = 10
"""Pixels of ground around code, as `app.chat.markdown` has them."""
LINE_HEIGHT: Final = 128
"""Per cent."""
MARKS: Final = 200
"""Words marked in one message at most."""


_FLIPPER, _MARK, _NOTE, _MORE, _AGAIN, _BUTTONS = range(6)
"""Order of what stands below a message."""


class BubbleText(QTextBrowser):
    """Text that is as large as what it holds: selectable, never scrolling, never loading anything."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setOpenLinks(False)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # The message has one.
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.document().setIndentWidth(22)
        self.document().setUndoRedoEnabled(False)
        self.anchorClicked.connect(self._open)
        self._first_mark = 0

    def show_plain(self, text: str) -> None:
        """Exactly what was typed."""
        self.show_html(f'<p style="white-space:pre-wrap">{escape(text, quote=False)}</p>')

    def show_html(self, html: str) -> None:
        """Replace the content, keeping the selection where the text before it stayed the same."""
        cursor = self.textCursor()
        anchor, position = cursor.anchor(), cursor.position()
        self.document().setDefaultStyleSheet(_document_style())
        self.setHtml(html)
        self._trim()
        end = self.document().characterCount() - 1
        if anchor != position and max(anchor, position) <= end:
            cursor = self.textCursor()
            cursor.setPosition(anchor)
            cursor.setPosition(position, QTextCursor.MoveMode.KeepAnchor)
            self.setTextCursor(cursor)

    def fit(self, width: int, *, hug: bool = True) -> None:
        """Take the height of the text at `width`; with `hug` no wider than the text needs."""
        document = self.document()
        document.setTextWidth(width)
        wanted = min(width, ceil(document.idealWidth()) + 1) if hug else width
        if wanted < width:
            document.setTextWidth(wanted)
        self.setFixedSize(QSize(wanted, ceil(document.size().height())))

    def mark(self, words: Sequence[str]) -> None:
        """Show each of these words as if it were selected."""
        colors = theme.current()
        form = QTextCharFormat()
        form.setBackground(QColor(colors.accent))
        form.setForeground(QColor(colors.accent_ink))
        marks: list[QTextEdit.ExtraSelection] = []
        for word in words:
            cursor = self.document().find(word)
            while not cursor.isNull() and len(marks) < MARKS:
                mark = QTextEdit.ExtraSelection()
                mark.cursor, mark.format = cursor, form
                marks.append(mark)
                cursor = self.document().find(word, cursor)
        self.setExtraSelections(marks)
        self._first_mark = min((self.cursorRect(mark.cursor).top() for mark in marks), default=0)

    def first_mark(self) -> int:
        """Pixels from the top to the first marked word; 0 without one."""
        return self._first_mark

    def code_tops(self) -> list[int]:
        """How far down each block of code begins, in the order of the text: tables of one cell, without a border."""
        layout = self.document().documentLayout()
        blocks = [
            table.cellAt(0, 0).firstCursorPosition().block() for table in _code_tables(self.document().rootFrame())
        ]
        return [int(layout.blockBoundingRect(block).top()) for block in blocks]

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """Nothing is ever loaded, neither from the network nor from the disk."""
        return None

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The conversation scrolls, not the bubble."""
        event.ignore()

    def _trim(self) -> None:
        """No air before the first and after the last paragraph: the bubble has its own."""
        for block, side in ((self.document().begin(), "top"), (self.document().lastBlock(), "bottom")):
            form = block.blockFormat()
            if side == "top" and form.topMargin():
                form.setTopMargin(0)
            elif side == "bottom" and form.bottomMargin():
                form.setBottomMargin(0)
            else:
                continue
            QTextCursor(block).setBlockFormat(form)

    @staticmethod
    def _open(url: QUrl) -> None:
        if url.scheme().lower() in OPENED:
            QDesktopServices.openUrl(url)


def _code_tables(frame: QTextFrame) -> list[QTextTable]:
    found: list[QTextTable] = []
    for child in frame.childFrames():
        if isinstance(child, QTextTable) and child.rows() == child.columns() == 1 and not child.format().border():
            found.append(child)
        else:
            found += _code_tables(child)
    return found


def _document_style() -> str:
    colors = theme.current()
    return (
        f"p,li,pre{{line-height:{LINE_HEIGHT}%}}p{{margin-top:0;margin-bottom:9px}}"
        f"a{{color:{colors.accent}}}blockquote{{color:{colors.soft};margin-left:14px}}"
    )


class Bubble(QWidget):
    """A message with its marks: the text, and beneath it what there is to say about it, and to do with it.

    Args:
        item: the message.
        question: the text that it answers.
        temporary: it is in a temporary chat: there are no versions of what is kept nowhere.
        parent: the column.
    """

    again = Signal(object)
    """ChatItem: the person wants another reply in its place."""
    more = Signal(object)
    """ChatItem: the reply is to go on."""
    edited = Signal(object, str)
    """ChatItem, and what it is to say instead."""
    flipped = Signal(object, int)
    """This bubble, and the id of the version to show in its place."""
    menu_asked = Signal(object, object)
    """This bubble, and where on the screen: QPoint."""
    left = Signal()
    """The editor was left."""

    def __init__(
        self, item: ChatItem, question: str = "", *, temporary: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.item = item
        self.question = question
        self._temporary = temporary
        self._busy = False
        self._last = False
        self._editor: MessageEditor | None = None
        self._width = 0
        self._drawn: tuple[str, str] | None = None
        self._dots = 0
        self._hovered = False
        user = item.role == "user"

        self.text = BubbleText()
        self.text.setFont(theme.text_font(self.text))
        self._frame = theme.named(QFrame(), "bubble")
        self._frame.setProperty("role", item.role)
        inside = QHBoxLayout(self._frame)
        inside.setContentsMargins(*((16, 10, 16, 10) if user else (0, 2, 0, 2)))
        inside.addWidget(self.text)

        self.mark = theme.named(QLabel(), "mark")
        self.mark.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._note = theme.named(QLabel(), "stateNote")
        self._code_buttons: list[CopyButton] = []
        self._below = QHBoxLayout()
        self._below.setContentsMargins(6 if user else 0, 0, 6, 0)
        self._below.setSpacing(8)
        # From the side on which the message stands to the middle.
        self._below.setDirection(QHBoxLayout.Direction.RightToLeft if user else QHBoxLayout.Direction.LeftToRight)
        self._below.addStrut(BUTTON.height())  # What is below must not jump when the mouse comes.
        self._below.addStretch()
        self._placed: dict[int, QWidget] = {}
        self._place(_MARK, self.mark)
        self._place(_NOTE, self._note)

        side = Qt.AlignmentFlag.AlignRight if user else Qt.AlignmentFlag.AlignLeft
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._frame, 0, side)
        column.addSpacing(5)
        column.addLayout(self._below)
        self._column = column

        self._dots_timer = QTimer(self, interval=400)
        self._dots_timer.timeout.connect(self._draw_dots)
        self.update_item()
        if item.draft is not None:
            self.begin_edit()

    # ------------------------------------------------------------------------------------------ what stands below
    # Made when it is needed: of most messages it never is, and a long conversation has many.

    def _place(self, rank: int, widget: QWidget) -> QWidget:
        self._below.insertWidget(sum(other < rank for other in self._placed), widget)
        self._placed[rank] = widget
        return widget

    def _link(self, rank: int, act: Callable[[], None]) -> QPushButton:
        button = self._placed.get(rank)
        if not isinstance(button, QPushButton):
            button = QPushButton(self)
            button.hide()
            button.setProperty("link", True)
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(act)
            self._place(rank, button)
        return button

    @property
    def more_button(self) -> QPushButton:
        """Lets the reply go on."""
        return self._link(_MORE, lambda: self.more.emit(self.item))

    @property
    def again_button(self) -> QPushButton:
        """Asks for another reply in the place of one that broke off."""
        return self._link(_AGAIN, lambda: self.again.emit(self.item))

    @property
    def flipper(self) -> Flipper:
        """Goes from version to version."""
        flipper = self._placed.get(_FLIPPER)
        if not isinstance(flipper, Flipper):
            flipper = Flipper(self)
            flipper.asked.connect(lambda message: self.flipped.emit(self, message))
            self._place(_FLIPPER, flipper)
        return flipper

    @property
    def buttons(self) -> MessageButtons:
        """What comes with the mouse."""
        buttons = self._placed.get(_BUTTONS)
        if not isinstance(buttons, MessageButtons):
            user = self.item.role == "user"
            buttons = MessageButtons(lambda: self.item.text, user=user, parent=self)
            buttons.hide()
            buttons.change.clicked.connect(self.begin_edit if user else lambda: self.again.emit(self.item))
            buttons.more.clicked.connect(self._open_menu)
            self._place(_BUTTONS, buttons)
        return buttons

    @property
    def copy_button(self) -> CopyButton:
        """Copies the message."""
        return self.buttons.copy

    # ------------------------------------------------------------------------------------------ what can be done

    @property
    def _free(self) -> bool:
        return not self._busy and not self._temporary

    @property
    def can_edit(self) -> bool:
        """Whether the person may say it differently."""
        return self._free and self.item.role == "user" and self.item.saved

    @property
    def can_ask_again(self) -> bool:
        """Whether another reply may take its place."""
        done = self.item.saved or self.item.state is ItemState.INTERRUPTED
        return self._free and self.item.role == "assistant" and bool(self.question) and done

    @property
    def can_go_on(self) -> bool:
        """Whether the reply may go on."""
        return self._free and self._last and self.item.saved and self.item.state in UNFINISHED and bool(self.item.text)

    @property
    def can_delete(self) -> bool:
        """Whether it may be deleted."""
        return self._free and self.item.saved

    @property
    def editing(self) -> bool:
        """Whether it is being changed."""
        return self._editor is not None

    @property
    def editor(self) -> MessageEditor | None:
        """The box in which it is being changed."""
        return self._editor

    def set_last(self, last: bool) -> None:
        """Whether it is the last message."""
        if last != self._last:
            self._last = last
            self._draw_marks()

    def set_busy(self, busy: bool) -> None:
        """Whether a reply is being written: until it has come to its end, the branch stays as it is."""
        if busy == self._busy:
            return
        self._busy = busy
        self._draw_marks()
        self._place_copying()

    def begin_edit(self) -> None:
        """A box in the place of the message, with what it says."""
        if self._editor is None and (self.can_edit or self.item.draft is not None):
            draft = self.item.text if self.item.draft is None else self.item.draft
            self._editor = editor = MessageEditor(self.item.text, draft)
            editor.sent.connect(lambda text: self.edited.emit(self.item, text))
            editor.left.connect(self.end_edit)
            editor.changed.connect(self._keep_draft)
            self._column.insertWidget(0, editor, 0, Qt.AlignmentFlag.AlignRight)
            self._frame.hide()
            self._fit()
            self._place_copying()
        if self._editor is not None:
            self._editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def end_edit(self) -> None:
        """The message as it was."""
        editor, self._editor = self._editor, None
        if editor is None:
            return
        self.item.draft = None
        self._column.removeWidget(editor)
        editor.hide()
        editor.deleteLater()
        self._frame.show()
        self._place_copying()
        self.left.emit()

    def _keep_draft(self, text: str) -> None:
        self.item.draft = text

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with it; for a key, below its first line."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        place = self.text.mapToGlobal(QPoint(0, self.text.fontMetrics().height())) if by_key else event.globalPos()
        if not self.editing:
            self.menu_asked.emit(self, place)

    def _open_menu(self) -> None:
        button = self.buttons.more
        self.menu_asked.emit(self, button.mapToGlobal(QPoint(0, button.height())))

    # ------------------------------------------------------------------------------------------ drawing

    def update_item(self) -> None:
        """The item changed: show it as it is now."""
        item = self.item
        thinking = item.state is ItemState.STREAMING and not item.text
        if thinking != self._dots_timer.isActive():
            if thinking:
                self._dots_timer.start()
                self._draw_dots()
            else:
                self._dots_timer.stop()
        if not thinking:
            self._draw_text()
        self._draw_marks()

    def mark_words(self, words: Sequence[str]) -> None:
        """Let these words stand out, wherever they are in the text; without any, none."""
        self.text.mark(words)

    def word_place(self) -> int:
        """How far beneath the top of the bubble the first marked word stands, in pixels."""
        return self.text.mapTo(self, QPoint(0, self.text.first_mark())).y()

    def frame_rect(self) -> QRect:
        """Where in this widget the message itself stands; with some air around an answer, which has no ground."""
        rect = self._frame.geometry()
        return rect if self.item.role == "user" else rect.adjusted(-4, 0, 4, 0)

    def restyle(self) -> None:
        """Another theme is on, or another size of text."""
        self.text.setFont(theme.text_font(self.text))
        for button in (*self._placed.values(), *self._code_buttons):
            if isinstance(button, MessageButtons | Flipper | CopyButton):
                button.restyle()
        if self._editor is not None:
            self._editor.edit.restyle()
        self._drawn = None
        self.update_item()

    def fit(self, width: int) -> None:
        """The column is `width` wide."""
        self._width = width
        self._fit()

    def _fit(self) -> None:
        if self._width:
            user = self.item.role == "user"
            self.text.fit(int(self._width * USER_WIDTH) - 32 if user else self._width, hug=user)
            if self._editor is not None:
                self._editor.setFixedWidth(int(self._width * EDITOR_WIDTH))
            self._fit_note()
            self._place_copying()

    def enterEvent(self, event: QEnterEvent) -> None:
        """The mouse is here."""
        super().enterEvent(event)
        self._hovered = True
        self._place_copying()

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse is gone."""
        super().leaveEvent(event)
        self._hovered = False
        self._place_copying()

    def _place_copying(self) -> None:
        """Buttons to copy the message, and each block of code in it, as long as the mouse is on it."""
        item = self.item
        shown = self._hovered and bool(item.text) and not self.editing
        if shown or _BUTTONS in self._placed:
            self.buttons.setVisible(shown)
            self.buttons.offer(change=self.can_edit or self.can_ask_again, more=self.can_delete, room=self._room())
        tops = self.text.code_tops() if shown and item.role == "assistant" else []
        while len(self._code_buttons) < len(tops):
            place = len(self._code_buttons)
            self._code_buttons.append(CopyButton(partial(self._code, place), code=True, parent=self.text))
        for button, top in zip_longest(self._code_buttons, tops):
            button.setVisible(top is not None)
            if top is not None:  # In the corner of its ground, which is as wide as the message.
                button.move(self.text.width() - button.width() - 4, top - CODE_PADDING + 4)
                button.raise_()

    def _code(self, place: int) -> str:
        from app.chat.markdown import code_blocks

        blocks = code_blocks(self.item.text)
        return blocks[place] if place < len(blocks) else ""

    def _room(self) -> int:
        """Pixels that what stands below the message leaves free in its line; the note not counted."""
        beside = [p for rank, p in self._placed.items() if rank not in (_NOTE, _BUTTONS) and not p.isHidden()]
        return self._width - sum(part.sizeHint().width() + 8 for part in beside) - 12

    def _fit_note(self) -> None:
        """In the line of what stands beside it; where it does not fit, in a line above, or in as many as it needs."""
        self._note.ensurePolished()
        wanted = self._note.fontMetrics().horizontalAdvance(self._note.text()) + 2
        above = wanted > self._room() - MessageButtons.WIDTH - 8  # for the buttons, also when they are not there
        if above != (_NOTE not in self._placed):
            if above:
                self._below.removeWidget(self._placed.pop(_NOTE))
                side = Qt.AlignmentFlag.AlignRight if self.item.role == "user" else Qt.AlignmentFlag.AlignLeft
                self._column.insertWidget(self._column.count() - 1, self._note, 0, side)
            else:
                self._column.removeWidget(self._note)
                self._place(_NOTE, self._note)
        room = max(1, self._width - 12)
        self._note.setWordWrap(wanted > room)
        self._note.setFixedWidth(min(wanted, room))

    def _draw_text(self) -> None:
        state = (self.item.text, theme.current().name)
        if state == self._drawn:
            return
        self._drawn = state
        if self.item.role == "user":
            self.text.show_plain(self.item.text)
        else:
            from app.chat.markdown import to_html

            self.text.show_html(to_html(self.item.text, theme.current()))
        self._frame.setVisible(bool(self.item.text) and not self.editing)
        self._fit()

    def _draw_dots(self) -> None:
        self._dots = self._dots % 3 + 1
        self._drawn = None
        self.text.show_plain("·" * self._dots)
        self._frame.setVisible(True)
        self._fit()

    def _draw_marks(self) -> None:
        item = self.item
        user = item.role == "user"
        self._frame.setEnabled(item.state not in (ItemState.WAITING, ItemState.SENDING))
        names = (self.tr("You said"), self.tr("Techo answered"))
        self.text.setAccessibleName(names[0] if user else names[1])
        self.text.setAccessibleDescription(item.text)
        mark, tip = self._mark_text()
        self.mark.setText(mark)
        self.mark.setToolTip(tip)
        self.mark.setAccessibleName(mark)
        self.mark.setAccessibleDescription(tip)
        self.mark.setVisible(bool(mark))
        note = self._note_text()
        self._note.setText(note)
        self._note.setVisible(bool(note))
        if item.versions or _FLIPPER in self._placed:
            self.flipper.set_busy(self._busy)
            self.flipper.show_versions(item.versions, item.message)
        again = item.state is ItemState.INTERRUPTED and self.can_ask_again and not self.can_go_on
        if again or _AGAIN in self._placed:
            self.again_button.setText(self.tr("Answer again") if item.text else self.tr("Answer it"))
            self.again_button.setAccessibleName(self.tr("Have the message answered"))
            self.again_button.setVisible(again)
        if self.can_go_on or _MORE in self._placed:
            self.more_button.setText(self.tr("Continue"))
            self.more_button.setAccessibleName(self.tr("Continue the reply"))
            self.more_button.setVisible(self.can_go_on)
        if self._width:
            self._fit_note()

    def _mark_text(self) -> tuple[str, str]:
        item = self.item
        if item.role == "assistant" and item.from_memory:
            lines = [self.tr("Techo's memory spoke in this answer.")]
            lines += [self.tr("You told it: “{text}”").format(text=shortened(text)) for text in item.recalled_texts]
            return self.tr("✦ from memory"), "\n".join(lines)
        if item.role == "user" and item.learned is not None and item.learned.entry is not None:
            tip = self.tr("Techo learned from this message: it is in the weights now, in every conversation.")
            return self.tr("✓ noted"), tip
        return "", ""

    def _note_text(self) -> str:
        state = self.item.state
        if state is ItemState.WAITING:
            return self.tr("Waiting for the engine…")
        if state is ItemState.SENDING:
            return self.tr("Sending…")
        if state is ItemState.STOPPED:
            return self.tr("Stopped")
        if state is ItemState.CUT_OFF:
            return self.tr("The reply reached its greatest length.")
        if state is ItemState.INTERRUPTED and not self.item.text:
            return self.tr("This message has no answer.")
        if state is ItemState.INTERRUPTED:
            return self.tr("Interrupted: the engine stopped before the reply was complete.")
        return ""

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._drawn = None
            if _BUTTONS in self._placed:
                self.buttons.restyle()
            self.update_item()
        super().changeEvent(event)


def shortened(text: str, length: int = 120) -> str:
    """The beginning of a text, on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"
