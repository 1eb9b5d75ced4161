"""Encrypting, unlocking and locking profiles, as the protocol has it. What it is made of is `engine.store`'s."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import engine.protocol as p
from engine.errors import EngineError, ErrorCode
from engine.reasons import Reason, Remark, because
from engine.session import Session
from engine.store import Access, ProfileStore


class Host(Protocol):
    """What is needed of the service."""

    @property
    def store(self) -> ProfileStore:
        """The profiles."""

    @property
    def session(self) -> Session:
        """The open profile, or NO_PROFILE."""

    def is_open(self, name: str) -> bool:
        """Whether it is this one."""

    def enter(self, name: str, access: Access = None) -> list[Remark]:
        """Opens a profile in place of the open one -> notices."""

    def leave(self) -> None:
        """Closes the open one."""

    def shown(self, name: str) -> p.ProfileInfo:
        """A profile as the list has it."""

    def notice(self, remark: Remark) -> None:
        """Tells the person something."""


MOST_DRAFT: Final = 1_000_000
"""Characters of a draft that are kept."""


class Protection:
    """The handlers."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def encrypt(self, asked: p.ProfileEncrypt, _call: object) -> p.ProfileInfo:
        """`profile.encrypt`. An open profile is open again afterwards, also when it fails."""
        host = self._host

        def switch() -> None:
            key = host.store.encrypt(asked.name, asked.passphrase, host.notice)
            if asked.remember:
                try:
                    host.store.remember(asked.name, key, True)
                except EngineError as error:
                    if error.code is not ErrorCode.KEYRING_MISSING:
                        raise
                    words = f"The profile is encrypted, but this computer does not remember it. {error.message}"
                    host.notice(Remark(words, because(Reason.NOT_REMEMBERED), error))

        self._aside(asked.name, asked.passphrase, switch)
        return host.shown(asked.name)

    def decrypt(self, asked: p.ProfileName, _call: object) -> p.ProfileInfo:
        """`profile.decrypt`, likewise."""
        host = self._host
        key: Access = host.session.profile.key if host.is_open(asked.name) else None
        self._aside(asked.name, key, lambda: host.store.decrypt(asked.name, asked.passphrase, host.notice))
        return host.shown(asked.name)

    def change(self, asked: p.ProfilePassphrase, _call: object) -> p.ProfileInfo:
        """`profile.passphrase`."""
        self._host.store.change_passphrase(asked.name, asked.passphrase, asked.new_passphrase)
        return self._host.shown(asked.name)

    def remember(self, asked: p.ProfileRemember, _call: object) -> p.ProfileInfo:
        """`profile.remember`."""
        self._host.store.remember(asked.name, self.access(asked.name, asked.passphrase), asked.remember)
        return self._host.shown(asked.name)

    def lock(self, _asked: None, _call: object) -> p.Ok:
        """`profile.lock`: closes the open profile, and its key is gone from memory."""
        self._host.leave()
        return p.Ok()

    def draft(self, asked: p.Draft, _call: object) -> p.Draft:
        """`profile.draft`."""
        profile = self._host.session.profile
        before = profile.draft()
        if asked.text is not None and asked.text != before:
            profile.keep_draft(asked.text[:MOST_DRAFT])
        return p.Draft(text=before)

    def access(self, name: str, passphrase: str | None) -> Access:
        """What opens a profile: its key, where it is the open one."""
        if passphrase is None and self._host.is_open(name):
            return self._host.session.profile.key
        return passphrase

    def _aside(self, name: str, access: Access, act: Callable[[], None]) -> None:
        """Does something to a profile that must not be open meanwhile; `access` opens it before and after."""
        if not self._host.is_open(name):
            act()
            return
        self._host.leave()
        try:
            act()
        finally:
            for remark in self._host.enter(name, access):
                self._host.notice(remark)
