"""The window: puts the parts side by side and connects them to the engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
    QPaintEvent,
)
from PySide6.QtWidgets import QLabel, QMainWindow, QMenu, QSplitter, QVBoxLayout, QWidget

from app import avatars, errors, figures, focus, theme
from app.actions import action
from app.chat.composer import Composer
from app.chat.transcript import Transcript
from app.chat.view import COLUMN, MARGIN, ChatView
from app.conversations import Conversations
from app.documents.reading import Documents
from app.engine_process import Condition
from app.global_shortcut import GlobalShortcut
from app.incidents import Incidents
from app.learning import LearnSwitch
from app.learning_anew import LearningAnew
from app.memory_menu import MemoryMenu
from app.memory_panel import MemoryPanel
from app.memory_sight import MemorySight
from app.messages import Messages
from app.models.choice import Models
from app.models.drops import accept_models
from app.notices import NoticeArea
from app.partner import Partner
from app.paths import default_data_dir
from app.profiles import ProfileMenu
from app.protection import Protection
from app.settings import WindowSettings
from app.sidebar import Sidebar
from app.status_line import StatusLine
from app.tour import Step, Tour
from app.tray import Tray
from engine.protocol import ErrorBody, Exported, Initialized, Notice, ProfileInfo, WentBack

if TYPE_CHECKING:
    from app.models.page import ModelsPage
    from app.single_instance import Wake

LEAST_WIDTHS: Final = (180, 360, 230)
"""Pixels: sidebar, conversation, memory panel."""
LEAST_HEIGHT: Final = 560
"""Pixels: some of the conversation is seen even below three notices."""


class MainWindow(QMainWindow):
    """Techo. The engine is started by whoever made the window, after the first paint."""

    first_painted = Signal()
    closed = Signal()
    """The engine has committed and ended: the application may end too."""

    def __init__(self, partner: Partner, settings: WindowSettings, data_dir: Path) -> None:
        super().__init__()
        self.partner = partner
        self.settings = settings
        self._data_dir = data_dir
        self._painted = False
        self._draft_of: str | None = None
        self.tour: Tour | None = None
        self.setWindowIcon(theme.app_icon())
        self.sidebar = Sidebar()
        self.chat = ChatView()
        self.notices = NoticeArea()
        self.composer = Composer()
        self._hint = theme.named(QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True), "composerHint")
        self.panel = MemoryPanel()
        self.status = StatusLine()
        self.protection = Protection(partner, self.composer, self.notices, self)
        self.profile_menu = ProfileMenu(partner, self.protection, self)
        self.memory_menu = MemoryMenu(partner, self.profile_menu, self)
        self.conversations = Conversations(partner, self.sidebar, self.chat, self.notices, self)
        self.messages = Messages(partner, self.chat, self.notices, self)
        self.learning = LearnSwitch(partner, self.composer, self.sidebar.list, self)
        self.models = Models(partner, settings, data_dir, self)
        self._models_page: ModelsPage | None = None
        self._centre = theme.named(QWidget(), "centre")
        self.documents = Documents(partner, self.notices, self._centre, self)
        self.incidents = Incidents(partner, self)
        self.sight = MemorySight(partner, self.panel, self)
        self.learning_anew = LearningAnew(partner, self.notices, self)
        self.setAcceptDrops(True)
        self.setCentralWidget(self._layout_parts())
        self.setStatusBar(self.status)
        self._make_menus()
        self.tray = Tray(self, settings)
        self.global_shortcut = GlobalShortcut(self)
        self._connect()
        self.retranslate()
        self._restore()
        self.chat.show_transcript(partner.exchange.current)
        self._on_condition(partner.engine.condition)
        self.composer.setFocus()

    # ------------------------------------------------------------------------------------------ parts

    def _layout_parts(self) -> QWidget:
        centre = self._centre
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        below = theme.named(QWidget(), "centre")
        self._below = QVBoxLayout(below)
        self._below.setSpacing(6)
        self._below.addWidget(self.documents.row)
        self._below.addWidget(self.composer)
        self._below.addWidget(self._hint)
        column.addWidget(self.notices)
        column.addWidget(self.chat, 1)
        column.addWidget(below)
        centre.installEventFilter(self)
        # Hidden before it is laid out: otherwise the window would be kept as wide as all three parts need.
        self.panel.setVisible(self.settings.memory_panel)
        self.memory_menu.panel.setChecked(self.settings.memory_panel)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        for part in (self.sidebar, centre, self.panel):
            self.splitter.addWidget(part)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([228, 640, 272])
        return self.splitter

    def _later(self) -> None:
        """The parts take their new words and sizes first."""
        QTimer.singleShot(0, self, self._set_least_sizes)

    def _set_least_sizes(self) -> None:
        """As narrow and as low as still shows all words, in the language and the size of text that are on."""
        for part, least in zip((self.sidebar, self._centre, self.panel), LEAST_WIDTHS, strict=True):
            part.setMinimumWidth(max(least, part.minimumSizeHint().width()))
        self.setMinimumHeight(LEAST_HEIGHT)

    def _make_menus(self) -> None:
        self.chat_menu = QMenu(self)
        self.new_action = action(self, lambda: self.partner.exchange.new_chat(), QKeySequence.StandardKey.New)
        self.temporary_action = action(self, lambda: self.partner.exchange.new_chat(temporary=True), "Ctrl+Shift+N")
        self.stop_action = action(self, self.partner.exchange.stop, "Esc")
        self.copy_reply_action = action(self, self._copy_reply, "Ctrl+Shift+C")
        self.copy_code_action = action(self, self._copy_code, "Ctrl+Shift+B")
        self.models_action = action(self, self.show_models, "Ctrl+Shift+M")
        self.settings_action = action(self, self._show_settings, "Ctrl+,")
        self.settings_action.setMenuRole(QAction.MenuRole.PreferencesRole)
        self.quit_action = action(self, self.quit, "Ctrl+Q")
        self.quit_action.setMenuRole(QAction.MenuRole.QuitRole)
        self.chat_menu.addActions([self.new_action, self.temporary_action])
        self.chat_menu.addActions([self.conversations.search_action, self.stop_action])
        self.chat_menu.addSeparator()
        self.chat_menu.addAction(self.learning.action)
        self.chat_menu.addSeparator()
        self.chat_menu.addActions([self.messages.edit, self.messages.again, self.messages.go_on])
        self.chat_menu.addActions([self.messages.earlier, self.messages.later])
        self.chat_menu.addSeparator()
        self.chat_menu.addActions([self.copy_reply_action, self.copy_code_action, self.messages.export])
        self.chat_menu.addSeparator()
        self.chat_menu.addActions([self.models_action, self.settings_action])
        self.chat_menu.addSeparator()
        self.chat_menu.addAction(self.quit_action)
        self.help_menu = QMenu(self)
        self.tour_action = action(self, self.show_tour)
        self.shortcuts_action = action(self, self._show_shortcuts, "F1", "Ctrl+/")
        self.diagnostics_action = action(self, self._show_diagnostics)
        self.about_action = action(self, self._show_about)
        self.about_action.setMenuRole(QAction.MenuRole.AboutRole)
        self.palette_action = action(self, self._show_palette, "Ctrl+Shift+P")
        self.help_menu.addActions([self.palette_action, self.shortcuts_action, self.tour_action])
        self.help_menu.addSeparator()
        self.help_menu.addActions([self.diagnostics_action, self.about_action])
        self.memory_menu.menu.insertAction(self.memory_menu.knowledge, self.documents.action)
        for menu in self._menus():
            self.menuBar().addMenu(menu)
        self.sidebar.set_profile_menu(self.profile_menu.menu)

    def _connect(self) -> None:
        partner, exchange = self.partner, self.partner.exchange
        partner.engine.condition_changed.connect(self._on_condition)
        partner.engine.stopped.connect(self._on_stopped)
        partner.initialized.connect(self._on_initialized)
        partner.profile_changed.connect(self._on_profile)
        partner.stats_changed.connect(self.panel.set_stats)
        partner.notice.connect(self._on_notice)
        partner.failed.connect(self._on_failed)
        partner.exported.connect(self._on_exported)
        partner.imported.connect(self._on_imported)
        partner.duplicated.connect(self._on_duplicated)
        partner.went_back.connect(self._on_went_back)
        partner.deleted.connect(self._on_deleted)
        partner.was_reset.connect(self._on_reset)
        partner.was_relearned.connect(self._on_relearned)
        self.models.fell_back.connect(self._on_fell_back)
        self.models.downloaded.connect(self._on_downloaded)
        exchange.failed.connect(self._on_failed)
        exchange.shown.connect(self._on_shown)
        exchange.accepted.connect(lambda *_: self.sidebar.set_current(exchange.current.conversation))
        self.learning.changed.connect(self._on_learning)
        exchange.running_changed.connect(self._on_running)
        exchange.first_delta.connect(lambda: self.status.set_turn("writing"))
        exchange.learned.connect(self.panel.set_learned)
        exchange.text_returned.connect(self.composer.give_back)
        self.composer.sent.connect(self._on_sent)
        self.composer.stopped.connect(exchange.stop)
        self.composer.attach_asked.connect(self.documents.ask)
        self.composer.edit.too_long.connect(self._on_too_long)
        self.chat.left.connect(self.composer.setFocus)
        self.sidebar.list.export_asked.connect(self.messages.ask_export)
        self.sidebar.new_chat.connect(self._on_new_chat)
        self.sidebar.search_left.connect(self.composer.setFocus)
        self.status.start_again.connect(partner.engine.start_again)
        self.memory_menu.panel.toggled.connect(self.panel.setVisible)
        for begins in (self.new_action, self.temporary_action):
            begins.triggered.connect(self.composer.setFocus)
        theme.changes().changed.connect(self._later)
        self.global_shortcut.pressed.connect(self._come_forward)

    # ------------------------------------------------------------------------------------------ words

    def retranslate(self) -> None:
        """Set all words."""
        self.chat_menu.setTitle(self.tr("&Chat"))
        self.help_menu.setTitle(self.tr("&Help"))
        self.new_action.setText(self.tr("&New chat"))
        self.temporary_action.setText(self.tr("New &temporary chat"))
        self.stop_action.setText(self.tr("&Stop the reply"))
        self.copy_reply_action.setText(self.tr("&Copy the last reply"))
        self.copy_code_action.setText(self.tr("Copy the last &block of code"))
        self.models_action.setText(self.tr("Language &models…"))
        self.settings_action.setText(self.tr("S&ettings…"))
        self.quit_action.setText(self.tr("&Quit"))
        self.palette_action.setText(self.tr("&Command palette…"))
        self.tour_action.setText(self.tr("&Tour of the window"))
        self.shortcuts_action.setText(self.tr("&Keyboard shortcuts"))
        self.diagnostics_action.setText(self.tr("&Diagnostics report…"))
        self.about_action.setText(self.tr("&About Techo"))
        self._show_hint()
        self._title()
        self._later()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
            self.profile_menu.retranslate()
            self.memory_menu.retranslate()
            self.documents.retranslate()
            self.conversations.retranslate()
            self.messages.retranslate()
            self.learning.retranslate()
            self.tray.retranslate()
        super().changeEvent(event)

    def _show_hint(self) -> None:
        temporary = self.partner.exchange.current.temporary
        self.composer.set_temporary(temporary)
        if temporary:
            self._hint.setText(self.tr("Temporary chat: nothing of it is kept or learned."))
        elif not self.learning.learns:
            self._hint.setText(self.tr("Techo is not learning from this chat. What it knows, it still knows here."))
        else:
            self._hint.setText(self.tr("A small model can be wrong. What it learns stays on this computer."))

    def _on_learning(self) -> None:
        self._show_hint()
        self.panel.set_learning(self.learning.learns and not self.partner.exchange.current.temporary)

    def _title(self) -> None:
        profile = self.partner.profile
        self.setWindowIcon(avatars.window_icon(profile))
        self.setWindowTitle(
            self.tr("Techo") if profile is None else self.tr("{name} - Techo").format(name=profile.name)
        )

    # ------------------------------------------------------------------------------------------ from the engine

    def _on_condition(self, condition: Condition) -> None:
        up = self.partner.engine.up
        self.status.set_condition(condition)
        self.profile_menu.set_available(up)
        self.memory_menu.set_available(up)
        self.documents.set_available(up and self.partner.profile is not None)
        # While the engine starts, something can be said already: it waits. Without a profile nobody would listen.
        self.composer.set_available(self.partner.profile is not None or not up)

    def _on_initialized(self, answer: Initialized) -> None:
        self.status.set_backbone(answer.backbone)

    def _on_profile(self, profile: ProfileInfo | None) -> None:
        if self.partner.engine.condition is Condition.STOPPING:
            return  # Out of sight, with its drafts saved: none may be taken out again.
        self.sidebar.set_profile(profile)
        self._title()
        self._later()  # A longer name needs a wider sidebar.
        if (None if profile is None else profile.id) != self._draft_of:
            self._change_draft(profile)
            self.panel.clear()
        if profile is not None:
            self.settings.profile = profile.name
        self._on_condition(self.partner.engine.condition)

    def _change_draft(self, profile: ProfileInfo | None) -> None:
        """Each profile has its own unsent text; one typed before any profile was open goes to the first."""
        if self._draft_of is not None:
            self.settings.set_draft(self._draft_of, self._draft_to_keep())
            self.composer.clear()
        else:
            self.settings.set_draft(None, "")  # In the box since the start: from now on this profile's.
        self._draft_of = None if profile is None else profile.id
        if profile is not None and (draft := self.settings.draft(profile.id)):
            self.composer.give_back(draft)
            self.settings.set_draft(profile.id, "")

    def _draft_to_keep(self) -> str:
        """What goes into the settings, in plain letters."""
        return "" if self.protection.keeps(self._draft_of) else self.composer.text

    def _on_running(self, running: bool) -> None:
        self.composer.set_running(running)
        self.stop_action.setEnabled(running)
        self.status.set_turn("reading" if running else "")

    def _on_failed(self, error: ErrorBody) -> None:
        self.notices.say(lambda: errors.message(error), lambda: errors.hint(error), error=True)

    def _on_too_long(self) -> None:
        what, todo = (lambda: errors.explained(errors.TOO_LARGE)[0]), (lambda: errors.explained(errors.TOO_LARGE)[1])
        self.notices.say(what, todo, error=True)

    def _on_notice(self, notice: Notice) -> None:
        if self.learning_anew.takes(notice):
            return
        self.notices.say(lambda: errors.notice_message(notice), lambda: errors.notice_hint(notice))

    def _on_fell_back(self, model: Path, error: ErrorBody) -> None:
        self.notices.say(
            lambda: self.tr("“{name}” could not be loaded, so Techo's own model talks again.").format(name=model.stem),
            lambda: f"{errors.message(error)}\n{errors.hint(error)}".strip(),
            error=True,
        )

    def _on_downloaded(self, path: Path) -> None:
        bar = self.notices.say(lambda: self.tr("“{name}” has arrived and was checked.").format(name=path.stem))
        bar.add_action(lambda: self.tr("Use this model"), lambda: self.models.use(path))

    def _on_shown(self, transcript: Transcript) -> None:
        self.chat.show_transcript(transcript)
        self._show_hint()
        self.sidebar.set_current(transcript.conversation)
        self.composer.setFocus()

    def _on_exported(self, done: Exported) -> None:
        def words() -> str:
            return self.tr("Exported to {path} ({size}).").format(path=done.path, size=figures.size(done.bytes))

        self.notices.say(words)

    def _on_imported(self, profile: ProfileInfo) -> None:
        bar = self.notices.say(lambda: self.tr("Imported as “{name}”.").format(name=profile.name))
        bar.add_action(lambda: self.tr("Open it"), lambda: self.partner.switch_profile(profile.name))

    def _on_duplicated(self, profile: ProfileInfo) -> None:
        bar = self.notices.say(lambda: self.tr("“{name}” holds everything, too.").format(name=profile.name))
        bar.add_action(lambda: self.tr("Open it"), lambda: self.partner.switch_profile(profile.name))

    def _on_went_back(self, gone: WentBack, kept: str) -> None:
        self.panel.set_learned(None)

        def hint() -> str:
            return self.tr("What was before is kept as “{name}”.").format(name=kept) if kept else ""

        bar = self.notices.say(
            lambda: self.tr("The memory went back: %Ln lessons are forgotten.", "", len(gone.entries)), hint
        )
        if kept:
            bar.add_action(lambda: self.tr("Open it"), lambda: self.partner.switch_profile(kept))

    def _on_deleted(self, name: str) -> None:
        if self._draft_of is not None:
            self.settings.set_draft(self._draft_of, "")
            self._draft_of = None
            self.composer.clear()
        self.notices.say(lambda: self.tr("The profile “{name}” is gone, with all its files.").format(name=name))

    def _on_reset(self) -> None:
        self.panel.set_learned(None)
        self.notices.say(lambda: self.tr("The memory is empty again. The conversations are still there."))

    def _on_relearned(self, turns: int) -> None:
        self.panel.set_learned(None)
        self.notices.say(lambda: self.tr("Learned %Ln turns anew.", "", turns))

    # ------------------------------------------------------------------------------------------ from the person

    def _on_sent(self, text: str) -> None:
        if self.partner.exchange.send(text):
            self.composer.clear()

    def _on_new_chat(self) -> None:
        self.partner.exchange.new_chat()
        self.composer.setFocus()

    def _copy_reply(self) -> None:
        replies = [item.text for item in self.partner.exchange.current.items if item.role == "assistant" and item.text]
        self._copy(replies)

    def _copy_code(self) -> None:
        from app.chat.markdown import code_blocks

        replies = [item.text for item in self.partner.exchange.current.items if item.role == "assistant"]
        self._copy([block for reply in replies for block in code_blocks(reply)])

    def _copy(self, texts: list[str]) -> None:
        """The last of them; what happened stands for a while in the status line."""
        if texts:
            QGuiApplication.clipboard().setText(texts[-1])
        self.status.showMessage(self.tr("Copied") if texts else self.tr("There is nothing to copy here yet."), 2500)

    def show_models(self) -> ModelsPage:
        """Open the page, or bring it to the front."""
        from app.models.page import ModelsPage

        if self._models_page is None:
            self._models_page = ModelsPage(self.models, self)
            self._models_page.destroyed.connect(self._on_models_closed)
            self._models_page.show()
        self._models_page.raise_()
        self._models_page.activateWindow()
        return self._models_page

    def _on_models_closed(self) -> None:
        self._models_page = None

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Model files and documents may be dropped anywhere on the window."""
        accept_models(event)
        self.documents.drag_entered(event)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """They were only held over it."""
        self.documents.drag_left()

    def dropEvent(self, event: QDropEvent) -> None:
        """Show models on their page, have documents read."""
        if paths := accept_models(event):
            self.show_models().take(paths)
        self.documents.drop(event)

    def _show_settings(self) -> None:
        from app.settings_dialog import SettingsDialog
        from app.shortcut_row import ShortcutRow, command

        starts = command(self._data_dir, default_data_dir())
        row = ShortcutRow(self.global_shortcut, self.settings, starts)
        SettingsDialog(self, self.settings, self.memory_menu.panel, row).open()

    def _show_shortcuts(self) -> None:
        from app.shortcuts import Group, ShortcutSheet, group_of, group_of_widget

        typing = Group(self.composer.edit.accessibleName(), self.composer.keys())
        widgets = (self.sidebar.list, self.chat)
        ShortcutSheet(self, [typing, *map(group_of_widget, widgets), *map(group_of, self._menus())]).open()

    def _menus(self) -> tuple[QMenu, ...]:
        return self.chat_menu, self.profile_menu.menu, self.memory_menu.menu, self.help_menu

    def _show_palette(self) -> None:
        from app.command_palette import CommandPalette, chats, commands_of

        listed = [command for menu in self._menus() for command in commands_of(menu)]
        show = self.partner.exchange.show_conversation
        CommandPalette(self, [*listed, *chats(self.partner.conversations, self.tr("Chats"), show)]).open()

    def first_run(self) -> None:
        """To be called once, after the first paint: a person who is new here is shown around."""
        if not self.settings.tour_seen:
            self.show_tour()

    def show_tour(self) -> None:
        """Three cards. The memory panel is there for the second one, also when it is switched off."""
        if self.tour is not None:
            return
        self.panel.show()
        self.tour = Tour(
            self,
            [
                Step(self.composer, "above", self._tour_of_the_input_box),
                Step(self.panel, "left", self._tour_of_the_memory),
                Step(self.sidebar.profile_button, "below", self._tour_of_the_profiles),
            ],
        )
        self.tour.ended.connect(self._on_tour_ended)

    def _tour_of_the_input_box(self) -> tuple[str, str]:
        return self.tr("Tell me something"), self.tr(
            "Write as you would to a friend: “My sister Aino works at the harbour.” Ask about it later: in another "
            "chat, tomorrow, next year."
        )

    def _tour_of_the_memory(self) -> tuple[str, str]:
        return self.tr("What was learned"), self.tr(
            "Here you see what the last message taught me, and how full my memory is. However much you tell me, it "
            "never gets larger."
        )

    def _tour_of_the_profiles(self) -> tuple[str, str]:
        return self.tr("Everything stays here"), self.tr(
            "One notebook a person: switch, make, rename or delete them here. Nothing leaves this computer."
        )

    def _on_tour_ended(self) -> None:
        self.tour = None
        self.settings.tour_seen = True
        self.settings.save()
        self.panel.setVisible(self.memory_menu.panel.isChecked())
        self.composer.setFocus()

    def _show_diagnostics(self) -> None:
        from app.diagnostics import DiagnosticsDialog

        DiagnosticsDialog(self.partner, self.incidents, self._data_dir, self).open()

    def _show_about(self) -> None:
        from app.about import show_about

        show_about(self, self._data_dir, self.partner.about, self.partner.stats)

    # ------------------------------------------------------------------------------------------ opening, closing

    def _restore(self) -> None:
        self.resize(QSize(1140, 760))
        if (geometry := self.settings.geometry) is not None:
            self.restoreGeometry(geometry)
        if (state := self.settings.splitter) is not None:
            self.splitter.restoreState(state)
            self.splitter.setHandleWidth(1)
        self.composer.give_back(self.settings.draft(None))
        self.stop_action.setEnabled(False)

    def start_engine(self) -> None:
        """To be called once, after the first paint."""
        self.partner.engine.start()
        self.tray.show()
        if self.settings.global_shortcut:
            self.global_shortcut.bind(self.tr("Bring Techo forward"))

    def wake(self, wake: Wake) -> bool:
        """A second start, or this one, asks for something; False when the window is closing."""
        from app.waking import wake_window

        return wake_window(self, wake)

    def _come_forward(self, token: str) -> None:
        from app.waking import bring_to_front

        bring_to_front(self, token)

    def quit(self) -> None:
        """End Techo, also where closing the window would only hide it."""
        self.tray.leaving = True
        self.close()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell when the window has been drawn for the first time."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self.first_painted.emit)

    def focusNextPrevChild(self, forwards: bool) -> bool:
        """Tab and Shift+Tab; Qt asks also when what had the focus goes away, such as a notice."""
        if not focus.step([self.splitter, self.status], self.focusWidget(), forwards=forwards):
            self.composer.setFocus()
        return True

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """The input box is as wide as the column of text above it."""
        if watched is self._centre and event.type() == QEvent.Type.Resize:
            width = min(COLUMN + 24, self._centre.width() - 2 * MARGIN + 24)
            side = max(12, (self._centre.width() - width) // 2)
            self._below.setContentsMargins(side, 4, side, 12)
        return False

    def closeEvent(self, event: QCloseEvent) -> None:
        """Out of sight at once; the engine commits and ends in the background. Or it stays in the system tray."""
        if self.tray.keeps_window():
            self._keep_state()
            event.ignore()
            self.hide()
            return
        if unsent := self.partner.exchange.unsent:
            self.composer.give_back(unsent)
        self._keep_state()
        event.accept()
        self.models.close()
        self.global_shortcut.let_go()
        self.partner.engine.shut_down()

    def _keep_state(self) -> None:
        self.protection.keep_draft()
        self.settings.set_draft(self._draft_of, self._draft_to_keep())
        self.settings.geometry = self.saveGeometry()
        self.settings.splitter = self.splitter.saveState()
        self.settings.memory_panel = self.memory_menu.panel.isChecked()
        self.settings.save()

    def _on_stopped(self) -> None:
        self.closed.emit()
