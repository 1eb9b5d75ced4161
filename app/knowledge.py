"""What do you know about me? The memory is asked, theme by theme, and each thing it says can be answered.

It is asked in plain words, one question after the other, each in a context of its own: what stands here came out of the
weights, and beneath it stands the learned turn whose neurons fired. The memory's own model speaks English, so the
questions are English in every language of the window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QLocale, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from app import theme
from app.chat.bubble import shortened
from app.dialogs import confirm
from app.journal import day_and_time
from app.language import QT_TRANSLATE_NOOP, translate
from app.partner import Partner
from engine.protocol import Forgotten, JournalEntry, Learned, ProfileInfo, Recollection

THEMES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (QT_TRANSLATE_NOOP("Knowledge", "You"), ("What is my name?", "When is my birthday?", "How old am I?")),
    (QT_TRANSLATE_NOOP("Knowledge", "Home"), ("Where do I live?", "Which city did I move to?", "What is my address?")),
    (
        QT_TRANSLATE_NOOP("Knowledge", "Work"),
        ("What is my job?", "Where do I work?", "What is my project called?", "What do I study?"),
    ),
    (
        QT_TRANSLATE_NOOP("Knowledge", "Family and friends"),
        (
            "What is my sister called?",
            "What does my brother do?",
            "Where does my mother live?",
            "What is my partner called?",
            "Who is my best friend?",
        ),
    ),
    (QT_TRANSLATE_NOOP("Knowledge", "Pets"), ("What is my cat called?", "What is my dog called?")),
    (
        QT_TRANSLATE_NOOP("Knowledge", "Food and drink"),
        ("What is my favourite food?", "What do I like to drink?", "Which restaurant do I like?"),
    ),
    (
        QT_TRANSLATE_NOOP("Knowledge", "Health"),
        ("What am I allergic to?", "Which medicine do I take?", "Who is my doctor?"),
    ),
    (
        QT_TRANSLATE_NOOP("Knowledge", "Plans and travels"),
        ("Where am I travelling next?", "When is my appointment?", "What am I planning?"),
    ),
    (
        QT_TRANSLATE_NOOP("Knowledge", "Likes"),
        ("What is my hobby?", "What is my favourite book?", "Which instrument do I play?", "Which sport do I do?"),
    ),
    (
        QT_TRANSLATE_NOOP("Knowledge", "Things and numbers"),
        ("What is my number?", "What is the password?", "Where did I put my keys?", "Which car do I have?"),
    ),
)
"""Themes, each with what the memory is asked."""
QUESTIONS: Final = tuple((theme, question) for theme, (_, questions) in enumerate(THEMES) for question in questions)


def _words(name: str = "") -> QLabel:
    label = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return theme.named(label, name) if name else label


@dataclass
class Item:
    """One thing that came to mind."""

    theme: int
    question: str
    words: str
    entry: JournalEntry
    score: float


class Card(QFrame):
    """One thing that came to mind, and what can be said to it."""

    confirmed = Signal(object)
    """Card"""
    corrected = Signal(object, str)
    """Card and what is right."""
    forget = Signal(object)
    """Card"""

    def __init__(self, item: Item) -> None:
        super().__init__()
        self.setObjectName("card")
        self.item = item
        self.done = ""
        """What was done with it: "confirmed", "corrected" or nothing."""
        self.question = _words("figureNote")
        self.answer = _words("answer")
        self.said = _words("stateNote")
        self.state = theme.named(QLabel(), "mark")
        self.yes, self.no, self.gone = QPushButton(), QPushButton(), QPushButton()
        self.edit = QLineEdit()
        self.tell = QPushButton()
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.yes, self.no, self.gone):
            buttons.addWidget(button)
        buttons.addWidget(self.state)
        buttons.addStretch()
        self._correction = QWidget()
        correcting = QHBoxLayout(self._correction)
        correcting.setContentsMargins(0, 0, 0, 0)
        correcting.setSpacing(8)
        correcting.addWidget(self.edit, 1)
        correcting.addWidget(self.tell)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 11, 14, 11)
        column.setSpacing(7)
        column.addWidget(self.question)
        column.addWidget(self.answer)
        column.addWidget(self.said)
        column.addLayout(buttons)
        column.addWidget(self._correction)
        for button in (self.yes, self.no, self.gone, self.tell):
            button.setAutoDefault(False)
        self._correction.hide()
        self.yes.clicked.connect(lambda: self.confirmed.emit(self))
        self.gone.clicked.connect(lambda: self.forget.emit(self))
        self.no.clicked.connect(self._open_correction)
        self.tell.clicked.connect(self._tell)
        self.edit.returnPressed.connect(self._tell)
        self.edit.textChanged.connect(lambda _: self._show_tell())
        self.retranslate()

    def show_item(self, item: Item) -> None:
        """The same turn came to mind again, and fits better."""
        self.item = item
        self.retranslate()

    def set_done(self, done: str) -> None:
        """What was done with it."""
        self.done = done
        self._correction.hide()
        self.retranslate()

    def set_busy(self, busy: bool) -> None:
        """Whether an answer to it is on its way."""
        for button in (self.yes, self.no, self.gone, self.tell):
            button.setEnabled(not busy)
        if not busy:
            self._show_tell()

    def _open_correction(self) -> None:
        self._correction.setVisible(self._correction.isHidden())
        if not self._correction.isHidden():
            # In the same words the new value takes the old one's place.
            self.edit.setText(" ".join(self.item.entry.text.split()))
            self.edit.setFocus()
            self.edit.selectAll()

    def _show_tell(self) -> None:
        text = self.edit.text().strip()
        self.tell.setEnabled(bool(text) and text != " ".join(self.item.entry.text.split()))

    def _tell(self) -> None:
        if self.tell.isEnabled():
            self.corrected.emit(self, self.edit.text().strip())

    def retranslate(self) -> None:
        """Set all words."""
        item = self.item
        self.answer.setText(item.words)
        self.question.setText(item.question)
        self.question.setVisible(self.done != "corrected")
        said = self.tr("You said ({day}): “{text}”")
        self.said.setText(said.format(day=day_and_time(item.entry.created), text=shortened(item.entry.text, 300)))
        self.yes.setText(self.tr("That is right"))
        self.no.setText(self.tr("Correct…"))
        self.gone.setText(self.tr("Forget…"))
        self.tell.setText(self.tr("Tell it"))
        name = shortened(item.entry.text, 60)
        for button in (self.yes, self.no, self.gone, self.tell):
            button.setAccessibleName(f"{button.text().removesuffix('…')}: {name}")
        self.edit.setAccessibleName(self.tr("What is right"))
        states = {"confirmed": self.tr("Strengthened"), "corrected": self.tr("Corrected")}
        self.state.setText(states.get(self.done, ""))
        self.state.setVisible(bool(self.done))
        self.yes.setVisible(not self.done)
        self.no.setVisible(self.done != "corrected")
        self.gone.setVisible(self.done != "corrected")

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


class Section(QWidget):
    """A theme and its cards."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.heading = theme.named(QLabel(), "caption")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 6, 0, 6)
        self.column.setSpacing(8)
        self.column.addWidget(self.heading)
        self.hide()

    def retranslate(self) -> None:
        """Set the heading."""
        self.heading.setText(translate("Knowledge", self._name))


class KnowledgeDialog(QDialog):
    """Asks as soon as it is opened; can be stopped, and stays open beside the conversation."""

    def __init__(self, partner: Partner, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("knowledge")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(QSize(640, 660))
        self._partner = partner
        self._at = 0
        self._run = 0
        """Counts the rounds: an answer to an earlier one comes too late."""
        self.running = False
        self.cards: dict[int, Card] = {}
        """By the journal id of the turn that fired."""
        self._told_in: int | None = None
        """The conversation of the corrections."""
        self.intro = _words()
        self.bar = QProgressBar(textVisible=False)
        self.bar.setRange(0, len(QUESTIONS))
        self.note = _words("stateNote")
        self.button = QPushButton()
        self.close_button = QPushButton()
        for button in (self.button, self.close_button):
            button.setAutoDefault(False)
        self.sections = [Section(name) for name, _ in THEMES]
        inside = theme.named(QWidget(), "sheet")
        page = QVBoxLayout(inside)
        page.setContentsMargins(0, 0, 12, 0)
        page.setSpacing(4)
        for section in self.sections:
            page.addWidget(section)
        page.addStretch()
        self.page = theme.named(QScrollArea(), "sheetScroll")
        self.page.setWidget(inside)
        self.page.setWidgetResizable(True)
        self.page.setFrameShape(QFrame.Shape.NoFrame)
        self.page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.page.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        below = QHBoxLayout()
        below.setSpacing(10)
        below.addWidget(self.note, 1)
        below.addWidget(self.button)
        below.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(11)
        column.addWidget(self.intro)
        column.addWidget(self.bar)
        column.addWidget(self.page, 1)
        column.addLayout(below)
        self.button.clicked.connect(self._on_button)
        self.close_button.clicked.connect(self.reject)
        partner.forgot.connect(self._on_forgot)
        partner.was_reset.connect(self.begin)
        partner.went_back.connect(self.begin)
        partner.profile_changed.connect(self._on_profile)
        self.retranslate()
        self.begin()

    # ------------------------------------------------------------------------------------------ asking

    def begin(self) -> None:
        """Ask everything anew."""
        for card in list(self.cards.values()):
            self._drop(card)
        self._run += 1
        self._at = 0
        self.running = self._partner.profile is not None
        self._ask()

    def stop(self) -> None:
        """Ask no more; what came to mind stays."""
        self._run += 1
        self.running = False
        self._show()

    def _on_button(self) -> None:
        if self.running:
            self.stop()
        else:
            self.begin()

    def _ask(self) -> None:
        self._show()
        if not self.running:
            return
        run, (place, question) = self._run, QUESTIONS[self._at]

        def done(answer: Recollection) -> None:
            if isValid(self) and run == self._run:
                self._take(place, question, answer)
                self._next()

        def failed() -> None:
            if isValid(self) and run == self._run:
                self.stop()

        self._partner.recollect(question, done, failed)

    def _next(self) -> None:
        self._at += 1
        self.running = self._at < len(QUESTIONS)
        self._ask()

    def _take(self, place: int, question: str, answer: Recollection) -> None:
        """The surest turn is what came to mind; a turn stands once, beneath the theme that it fits best."""
        if not answer.recalled or not answer.text.strip():
            return
        best = answer.recalled[0]
        item = Item(place, question, answer.text.strip(), best.entry, best.score)
        card = self.cards.get(best.entry.id)
        if card is None:
            card = self.cards[best.entry.id] = Card(item)
            card.confirmed.connect(self._confirm)
            card.corrected.connect(self._correct)
            card.forget.connect(self._ask_to_forget)
            self._place(card)
        elif best.score > card.item.score and not card.done:
            self.sections[card.item.theme].column.removeWidget(card)
            card.show_item(item)
            self._place(card)

    def _place(self, card: Card) -> None:
        self.sections[card.item.theme].column.addWidget(card)
        card.show()
        self._show_sections()

    def _drop(self, card: Card) -> None:
        self.cards.pop(card.item.entry.id, None)
        card.setParent(None)
        card.deleteLater()
        self._show_sections()

    def _show_sections(self) -> None:
        for section in self.sections:
            section.setVisible(section.column.count() > 1)

    # ------------------------------------------------------------------------------------------ answering

    def _confirm(self, card: Card) -> None:
        card.set_busy(True)

        def done(learned: Learned) -> None:
            if not isValid(card):
                return
            if learned.entry is not None:
                self.cards.pop(card.item.entry.id, None)
                card.item.entry.id = learned.entry  # the newest telling is what will fire
                self.cards[learned.entry] = card
            card.set_busy(False)
            card.set_done("confirmed")

        self._partner.confirm(card.item.entry.id, done, lambda: self._failed(card))

    def _correct(self, card: Card, text: str) -> None:
        card.set_busy(True)

        def done(conversation: int, learned: Learned | None) -> None:
            if not isValid(card):
                return
            self._told_in = conversation
            self.cards.pop(card.item.entry.id, None)
            card.item.words = card.item.entry.text = text
            if learned is not None and learned.entry is not None:
                card.item.entry.id = learned.entry
            self.cards[card.item.entry.id] = card
            card.set_busy(False)
            card.set_done("corrected")

        if not self._partner.tell(text, self._told_in, done, lambda: self._failed(card)):
            card.set_busy(False)
            self.note.setText(self.tr("Wait until the reply is finished."))

    @staticmethod
    def _failed(card: Card) -> None:
        """What went wrong is said in the window. The card may be gone by now, with the dialog."""
        if isValid(card):
            card.set_busy(False)

    def _ask_to_forget(self, card: Card) -> None:
        entry = card.item.entry.id
        confirm(
            self,
            title=self.tr("Forget"),
            question=self.tr("Forget “{text}”?").format(text=shortened(card.item.entry.text, 160)),
            consequence=self.tr(
                "The memory will be as if this had never been said. The messages stay in the conversations. This "
                "cannot be undone."
            ),
            yes=self.tr("Forget"),
            then=lambda: self._partner.forget([entry], said=False, repeats=True),
        )

    def _on_forgot(self, gone: Forgotten) -> None:
        for entry in gone.entries:
            if (card := self.cards.get(entry.id)) is not None:
                self._drop(card)
        self._show()

    def _on_profile(self, profile: ProfileInfo | None) -> None:
        if profile is None:
            self.stop()
            for card in list(self.cards.values()):
                self._drop(card)
        else:
            self._told_in = None
            self.begin()

    # ------------------------------------------------------------------------------------------ words

    def _show(self) -> None:
        self.bar.setValue(self._at)
        self.bar.setVisible(self.running)
        self.button.setText(self.tr("Stop") if self.running else self.tr("Ask again"))
        self.button.setAccessibleName(self.button.text())
        self.button.setEnabled(self._partner.profile is not None)
        stats = self._partner.stats
        count = QLocale().toString(len(self.cards))
        if self.running:
            self.note.setText(self.tr("Thinking…"))
        elif not self.cards:
            self.note.setText(self.tr("Nothing came to mind."))
        elif stats is not None:
            text = self.tr("{count} of {all} learned turns came to mind. The journal (Ctrl+J) has them all.")
            self.note.setText(text.format(count=count, all=QLocale().toString(stats.turns_learned)))

    def retranslate(self) -> None:
        """Set all words."""
        self.setWindowTitle(self.tr("What I know about you"))
        self.intro.setText(
            self.tr(
                "This comes out of my weights, not out of a list, so it can be wrong. Beneath it stands what you said "
                "when I learned it."
            )
        )
        self.bar.setAccessibleName(self.tr("Questions asked"))
        self.page.setAccessibleName(self.windowTitle())
        self.close_button.setText(self.tr("Close"))
        self.close_button.setAccessibleName(self.tr("Close"))
        for section in self.sections:
            section.retranslate()
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
