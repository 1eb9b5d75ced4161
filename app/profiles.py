"""The profile switcher: a menu of all notebooks, and the questions to make, rename or delete one."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from app import language, theme
from app.actions import action
from app.avatars import icon
from app.dialogs import NAME_LENGTH, NameDialog, confirm, free_name
from app.partner import Partner
from app.protection import Protection
from engine.protocol import ProfileInfo

ICON: Final = 20
"""Pixels of a profile's disc in the menu."""


class ProfileMenu(QObject):
    """Keeps `menu` in step with the profiles there are. Shown by the sidebar's button and in the menu bar."""

    def __init__(self, partner: Partner, protection: Protection, window: QWidget) -> None:
        super().__init__(window)
        self._partner = partner
        self._protection = protection
        self._window = window
        self.menu = QMenu(window)
        self._group = QActionGroup(self)
        self._separator = self.menu.addSeparator()
        self.new = self._action(self._ask_new)
        self.look = self._action(self._ask_look)
        self.rename = self._action(self._ask_rename)
        self.duplicate = self._action(self._ask_duplicate)
        self.menu.addAction(protection.protect)
        self.menu.addMenu(protection.menu)
        self.delete = self._action(self._ask_delete)
        partner.profiles_changed.connect(self._fill)
        theme.changes().changed.connect(self._restyle)
        partner.profile_changed.connect(lambda _: self._fill(self._partner.profiles))
        self.retranslate()

    def retranslate(self) -> None:
        """Set all words."""
        self.menu.setTitle(self.tr("&Profile"))
        self.new.setText(self.tr("&New profile…"))
        self.look.setText(self.tr("&Colour and picture…"))
        self._protection.retranslate()
        self._name_actions()

    def set_available(self, available: bool) -> None:
        """Whether the engine takes requests."""
        of_current = (self.look, self.rename, self.duplicate, self.delete)
        for one in (*self._group.actions(), self.new):
            one.setEnabled(available)
        for one in of_current:
            one.setEnabled(available and self._partner.profile is not None)
        self._protection.set_available(available)

    def import_name(self, wanted: str) -> str:
        """A name for an imported profile that is not taken."""
        return free_name(wanted or self.tr("Imported"), self._names())

    def _action(self, slot: object) -> QAction:
        made = action(self, slot)
        self.menu.addAction(made)
        return made

    def _names(self) -> set[str]:
        return {profile.name for profile in self._partner.profiles}

    def _name_actions(self) -> None:
        current = self._partner.profile
        name = "" if current is None else current.name.replace("&", "&&")
        self.rename.setText(self.tr("&Rename “{name}”…").format(name=name) if name else self.tr("&Rename…"))
        self.duplicate.setText(self.tr("D&uplicate “{name}”…").format(name=name) if name else self.tr("D&uplicate…"))
        self.delete.setText(self.tr("&Delete “{name}”…").format(name=name) if name else self.tr("&Delete…"))

    def _restyle(self) -> None:
        self._fill(self._partner.profiles)

    def _fill(self, profiles: list[ProfileInfo]) -> None:
        for old in self._group.actions():
            self._group.removeAction(old)
            self.menu.removeAction(old)
            old.deleteLater()
        current = self._partner.profile
        for profile in profiles:
            shown = self.tr("{name} (locked)").format(name=profile.name) if profile.locked else profile.name
            entry = QAction(shown.replace("&", "&&"), self._group)
            entry.setCheckable(True)
            entry.setChecked(current is not None and profile.id == current.id)
            entry.setData(profile.name)
            # The disc stands where a tick would: the ring around it, and the weight of the name, say which is open.
            entry.setIcon(icon(profile, ICON, ring=entry.isChecked()))
            entry.setIconVisibleInMenu(True)
            font = entry.font()
            font.setBold(entry.isChecked())
            entry.setFont(font)
            entry.triggered.connect(lambda _=False, name=profile.name: self._partner.switch_profile(name))
            self.menu.insertAction(self._separator, entry)
        self._name_actions()
        self.set_available(self._partner.engine.up)

    # ------------------------------------------------------------------------------------------ questions

    def _ask_new(self) -> None:
        NameDialog(
            self._window,
            title=self.tr("New profile"),
            label=self.tr("Name of the new profile. It starts with an empty memory of its own."),
            start="",
            taken=self._names(),
            yes=self.tr("Make it"),
            then=self._partner.create_profile,
        ).open()

    def _ask_rename(self) -> None:
        current = self._partner.profile
        if current is None:
            return
        NameDialog(
            self._window,
            title=self.tr("Rename profile"),
            label=self.tr("New name of “{name}”").format(name=current.name),
            start=current.name,
            taken=self._names(),
            yes=self.tr("Rename"),
            then=lambda name: self._partner.rename_profile(current.name, name),
        ).open()

    def _ask_look(self) -> None:
        current = self._partner.profile
        if current is not None:
            from app.looks import LookDialog

            LookDialog(
                self._window, current, lambda colour, picture: self._partner.set_look(current.name, colour, picture)
            ).open()

    def _ask_duplicate(self) -> None:
        current = self._partner.profile
        if current is None:
            return
        NameDialog(
            self._window,
            title=self.tr("Duplicate profile"),
            label=self.tr("Name of the new profile, which holds everything that “{name}” does").format(
                name=current.name
            ),
            start=self.copy_name(current.name),
            taken=self._names(),
            yes=self.tr("Duplicate"),
            then=lambda name: self._partner.duplicate_profile(current.name, name),
        ).open()

    def copy_name(self, name: str) -> str:
        """A name for a copy of a profile that is not taken."""
        return free_name(self.tr("{name} (copy)").format(name=name[: NAME_LENGTH - 12]), self._names())

    def _ask_delete(self) -> None:
        current = self._partner.profile
        if current is None:
            return
        self._partner.ask_to_delete(current.name, lambda losses: self._confirm_delete(current.name, losses))

    def _confirm_delete(self, name: str, losses: str) -> None:
        if language.current() != "en":  # The engine speaks English.
            stats = self._partner.stats
            turns = self.tr("%Ln learned turns", "", 0 if stats is None else stats.turns_learned)
            chats = self.tr("%Ln conversations", "", len(self._partner.conversations))
            losses = self.tr("{turns} and {chats} will be lost.").format(turns=turns, chats=chats)
        confirm(
            self._window,
            title=self.tr("Delete profile"),
            question=self.tr("Delete the profile “{name}” with everything in it?").format(name=name),
            consequence=losses + "\n\n" + self.tr("This cannot be undone. Export the profile first to keep a copy."),
            yes=self.tr("Delete the profile"),
            then=lambda: self._partner.delete_profile(name),
        )
