"""Profiles with a passphrase: unlocking, protecting, locking, and their drafts, which the engine keeps encrypted."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QWidget

from app import errors
from app.actions import action
from app.chat.composer import Composer
from app.notices import NoticeArea
from app.partner import Partner
from app.passphrase_dialogs import PassphraseDialog
from engine.protocol import (
    Draft,
    ErrorBody,
    ProfileEncrypt,
    ProfileInfo,
    ProfileName,
    ProfilePassphrase,
    ProfileRemember,
)


class Protection(QObject):
    """The part of the profile menu that is about passphrases, and the questions for them."""

    def __init__(self, partner: Partner, composer: Composer, notices: NoticeArea, window: QWidget) -> None:
        super().__init__(window)
        self._partner = partner
        self._composer = composer
        self._notices = notices
        self._window = window
        self._draft_of: str | None = None
        self._encrypted: set[str] = set()
        self.protect = action(self, self._ask_protect)
        self.menu = QMenu(window)
        self.lock = action(self, self.lock_now)
        self.change = action(self, self._ask_change)
        self.remember = action(self, self._toggle_remember, checkable=True)
        self.remove = action(self, self._ask_remove)
        self.menu.addActions([self.lock, self.change, self.remember])
        self.menu.addSeparator()
        self.menu.addAction(self.remove)
        partner.locked.connect(self._on_locked)
        partner.import_locked.connect(self._ask_import)
        partner.profile_changed.connect(self._on_profile)
        partner.leaving.connect(self.keep_draft)
        self.retranslate()
        self._on_profile(None)

    def retranslate(self) -> None:
        """Set all words."""
        self.protect.setText(self.tr("&Protect with a passphrase…"))
        self.menu.setTitle(self.tr("&Passphrase"))
        self.lock.setText(self.tr("&Lock now"))
        self.change.setText(self.tr("&Change the passphrase…"))
        self.remember.setText(self.tr("&Remember on this computer"))
        self.remove.setText(self.tr("Remove the &protection…"))

    def set_available(self, available: bool) -> None:
        """Whether the engine takes requests."""
        for one in (self.protect, self.lock, self.change, self.remember, self.remove):
            one.setEnabled(available and self._partner.profile is not None)

    def _on_profile(self, profile: ProfileInfo | None) -> None:
        encrypted = profile is not None and profile.encrypted
        self.protect.setVisible(not encrypted)
        # Not the menu alone: the command palette lists what is in it.
        for one in (self.menu.menuAction(), self.lock, self.change, self.remember, self.remove):
            one.setVisible(encrypted)
        self.remember.setChecked(profile is not None and profile.remembered)
        opened = profile.id if profile is not None and encrypted else None
        if profile is not None:
            (self._encrypted.add if encrypted else self._encrypted.discard)(profile.id)
        if opened is not None and opened != self._draft_of:
            self._fetch_draft()
        self._draft_of = opened

    # ------------------------------------------------------------------------------------------ drafts

    def keeps(self, profile: str | None) -> bool:
        """Whether the draft of this profile must not go into the window's settings: the engine keeps it, or nobody.

        Of a temporary chat nothing goes to the disk, not even what was not sent.
        """
        return self._partner.exchange.current.temporary or profile in self._encrypted

    def keep_draft(self) -> None:
        """Have the engine keep what stands in the input box; the open profile is about to be left."""
        if self._draft_of is not None and not self._partner.exchange.current.temporary:
            asked = Draft(text=self._composer.text)
            self._partner.engine.request("profile.draft", asked, Draft, lambda _: None, self._fail)

    def _fetch_draft(self) -> None:
        def take(answer: Draft) -> None:
            if answer.text:
                self._composer.give_back(answer.text)

        # Taken out: once it was sent it must not come back.
        self._partner.engine.request("profile.draft", Draft(text=""), Draft, take, self._fail)

    # ------------------------------------------------------------------------------------------ unlocking

    def _on_locked(self, name: str, _error: ErrorBody) -> None:
        self.ask_unlock(name)

    def _say_locked(self, name: str) -> None:
        """Nobody typed it. Where nothing else is open, the way back stays in sight."""
        if self._partner.profile is None:
            bar = self._notices.say(lambda: self.tr("“{name}” is locked.").format(name=name))
            bar.add_action(lambda: self.tr("Unlock…"), lambda: self.ask_unlock(name))

    def ask_unlock(self, name: str) -> None:
        """Ask for the passphrase of a profile, and open it."""
        dialog = PassphraseDialog(
            self._window,
            title=self.tr("Unlock profile"),
            text=self.tr("“{name}” is protected by a passphrase.").format(name=name),
            labels=[self.tr("Passphrase")],
            yes=self.tr("Unlock"),
            then=lambda typed, asked: self._partner.unlock(name, typed[0], asked.done_with, asked.failed),
        )
        dialog.rejected.connect(lambda: self._say_locked(name))
        dialog.open()

    def lock_now(self) -> None:
        """Close the open profile; whoever wants it again needs the passphrase."""
        profile = self._partner.profile
        if profile is not None:
            self._partner.lock(lambda: self.ask_unlock(profile.name))

    def _ask_import(self, path: Path, name: str) -> None:
        def bring(typed: list[str], asked: PassphraseDialog) -> None:
            self._partner.import_file(path, name, typed[0], asked.done_with, asked.failed)

        PassphraseDialog(
            self._window,
            title=self.tr("Import an encrypted profile"),
            text=self.tr("“{name}” was exported from a protected profile.").format(name=path.name)
            + "\n"
            + self.tr("It opens with the passphrase of that time, and so will the new profile."),
            labels=[self.tr("Passphrase")],
            yes=self.tr("Import"),
            then=bring,
        ).open()

    # ------------------------------------------------------------------------------------------ protecting

    def _ask_protect(self) -> None:
        profile = self._partner.profile
        if profile is None:
            return

        def protect(typed: list[str], asked: PassphraseDialog) -> None:
            def done(info: ProfileInfo) -> None:
                self._partner.replace_profile(info, typed[0])
                asked.done_with()
                self._notices.say(lambda: self.tr("“{name}” is protected now.").format(name=info.name))

            params = ProfileEncrypt(name=profile.name, passphrase=typed[0], remember=asked.remember.isChecked())
            self._partner.engine.request("profile.encrypt", params, ProfileInfo, done, asked.failed)

        PassphraseDialog(
            self._window,
            title=self.tr("Protect with a passphrase"),
            text=self.tr(
                "Everything in “{name}” will be encrypted on the disk: the conversations, what was learned, and what "
                "is exported from now on. Only its name stays readable."
            ).format(name=profile.name)
            + "\n\n"
            + self.tr(
                "A lost passphrase cannot be recovered: without it nobody can open the profile again. Exports and "
                "backups made before stay as they are."
            ),
            labels=[self.tr("Passphrase"), self.tr("The same once more")],
            yes=self.tr("Protect"),
            then=protect,
            twice=True,
            remember=True,
        ).open()

    def _ask_change(self) -> None:
        profile = self._partner.profile
        if profile is None:
            return

        def change(typed: list[str], asked: PassphraseDialog) -> None:
            def done(info: ProfileInfo) -> None:
                self._partner.replace_profile(info, typed[1])
                asked.done_with()
                self._notices.say(lambda: self.tr("“{name}” has another passphrase now.").format(name=info.name))

            params = ProfilePassphrase(name=profile.name, passphrase=typed[0], new_passphrase=typed[1])
            self._partner.engine.request("profile.passphrase", params, ProfileInfo, done, asked.failed)

        PassphraseDialog(
            self._window,
            title=self.tr("Change the passphrase"),
            text=self.tr("A lost passphrase cannot be recovered. What was exported before opens with the old one."),
            labels=[self.tr("Passphrase of today"), self.tr("New passphrase"), self.tr("The same once more")],
            yes=self.tr("Change"),
            then=change,
            twice=True,
        ).open()

    def _ask_remove(self) -> None:
        profile = self._partner.profile
        if profile is None:
            return

        def remove(typed: list[str], asked: PassphraseDialog) -> None:
            def done(info: ProfileInfo) -> None:
                self._partner.replace_profile(info, None)
                asked.done_with()
                self._notices.say(lambda: self.tr("“{name}” is no longer protected.").format(name=info.name))

            params = ProfileName(name=profile.name, passphrase=typed[0])
            self._partner.engine.request("profile.decrypt", params, ProfileInfo, done, asked.failed)

        PassphraseDialog(
            self._window,
            title=self.tr("Remove the protection"),
            text=self.tr("Whoever can read this computer's disk can read “{name}” then.").format(name=profile.name),
            labels=[self.tr("Passphrase")],
            yes=self.tr("Remove"),
            then=remove,
        ).open()

    def _toggle_remember(self, remember: bool) -> None:
        profile = self._partner.profile
        if profile is None:
            return

        def failed(error: ErrorBody) -> None:
            self.remember.setChecked(not remember)
            self._fail(error)

        def done(info: ProfileInfo) -> None:
            self._partner.replace_profile(info, self._partner.engine.passphrase)

        params = ProfileRemember(name=profile.name, remember=remember)
        self._partner.engine.request("profile.remember", params, ProfileInfo, done, failed)

    def _fail(self, error: ErrorBody) -> None:
        if error.code != errors.ENGINE_GONE:
            self._partner.failed.emit(error)
