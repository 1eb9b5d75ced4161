"""A key that brings Techo forward from everywhere, where the desktop lets programs have one.

Qt has none. On Linux the XDG desktop portal has (`org.freedesktop.portal.GlobalShortcuts`: KDE Plasma, GNOME 48 and
later, Hyprland, sandboxed or not, X11 or Wayland): the *desktop* asks the person for the key and keeps it, and tells us
when it is pressed. It speaks D-Bus with nested types that PySide's QtDBus cannot write, so jeepney does.

Everything that may wait stands in a thread of its own with a limit: without a bus, or with one that does not answer,
the window notices nothing. Elsewhere, and where there is no such portal, a second start does the same
(`app.single_instance`): the desktop's own settings can give that command a key.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from jeepney import DBusAddress, Message
    from jeepney.io.blocking import DBusConnection

log = logging.getLogger(__name__)

BUS_NAME: Final = "org.freedesktop.portal.Desktop"
PATH: Final = "/org/freedesktop/portal/desktop"
SHORTCUTS: Final = "org.freedesktop.portal.GlobalShortcuts"
REQUEST: Final = "org.freedesktop.portal.Request"
REGISTRY: Final = "org.freedesktop.host.portal.Registry"
APP_ID: Final = "techo.techo.Techo"
SHORTCUT_ID: Final = "raise"
PREFERRED: Final = "CTRL+ALT+t"
"""Proposed to the person; in the portal's own notation."""
QUICK: Final = 5.0
"""Seconds that the bus and the portal have for an answer."""
ASKED: Final = 300.0
"""Seconds that the person has to choose a key."""

State = Literal["unknown", "none", "available", "asking", "bound", "refused"]
"""Not asked yet; no such portal; there is one; the person is being asked; there is a key; the person wants none."""


class _NoPortalError(Exception):
    """There is no portal, or it has said no."""


class GlobalShortcut(QObject):
    """The key, and what is known of it."""

    pressed = Signal(str)
    """With the token that lets the window take the focus on Wayland; may be empty."""
    changed = Signal()
    _told = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state: State = "unknown"
        self.key = ""
        """As the desktop writes it, when there is one."""
        self._connection: DBusConnection | None = None
        self._told.connect(self._take)

    def look(self) -> None:
        """Ask whether there is such a portal; `changed` follows."""
        if self.state == "unknown":
            self._begin(bind=False, description="")

    def bind(self, description: str) -> None:
        """Have the desktop ask for a key, or give the one that it keeps. `description`: what it does, in words."""
        if self.state != "asking":
            self.let_go()
            self._begin(bind=True, description=description)

    def let_go(self) -> None:
        """Of the key and the bus."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError):
                connection.sock.shutdown(2)  # wakes the thread
            self._take("available", "")

    def _begin(self, *, bind: bool, description: str) -> None:
        if not reachable():
            self._take("none", "")
            return
        self._take("asking" if bind else "unknown", "")
        threading.Thread(target=self._run, args=(bind, description), name="global shortcut", daemon=True).start()

    def _take(self, state: State, key: str) -> None:
        self.state, self.key = state, key
        self.changed.emit()

    # ------------------------------------------------------------------------------------------ in the thread

    def _run(self, bind: bool, description: str) -> None:
        from jeepney.io.blocking import open_dbus_connection

        state: State = "none"
        try:
            connection = open_dbus_connection("SESSION")
        except Exception as error:  # no bus, or one that speaks otherwise: whatever it is, there is no key then
            log.info("no D-Bus session: %s", type(error).__name__)
            self._tell("none")
            return
        self._connection = connection
        try:
            _require_portal(connection)
            state = "available"
            if bind:
                state = "refused"
                session, key = _bind(connection, description)
                self._tell("bound", key)
                state = "available"  # when it ends, the portal went away
                self._listen(connection, session)
        except Exception as error:  # there is no portal, the person refused, or we let go
            log.info("no global shortcut: %s", type(error).__name__)
        if self._connection is connection:  # otherwise we let go of it, and whoever did knows
            self._connection = None
            self._tell(state)
        with suppress(Exception):
            connection.close()

    def _tell(self, state: State, key: str = "") -> None:
        with suppress(RuntimeError):  # the window is gone
            self._told.emit(state, key)

    def _listen(self, connection: DBusConnection, session: str) -> None:
        while True:
            message = connection.receive()
            if _signal(message) == (SHORTCUTS, "Activated") and message.body[:2] == (session, SHORTCUT_ID):
                options: dict[str, Any] = message.body[3]
                self.pressed.emit(str(options.get("activation_token", ("s", ""))[1]))


def reachable() -> bool:
    """Whether there is a session bus at all to ask."""
    if sys.platform != "linux":
        return False
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    return bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS")) or (bool(runtime) and Path(runtime, "bus").exists())


def _portal(interface: str = SHORTCUTS) -> DBusAddress:
    from jeepney import DBusAddress

    return DBusAddress(PATH, bus_name=BUS_NAME, interface=interface)


def _signal(message: Message) -> tuple[str, str] | None:
    """Interface and name, if it is a signal."""
    from jeepney import HeaderFields, MessageType

    if message.header.message_type is not MessageType.signal:
        return None
    fields = message.header.fields
    return fields.get(HeaderFields.interface, ""), fields.get(HeaderFields.member, "")


def _call(connection: DBusConnection, message: Message) -> tuple[Any, ...]:
    """The body of the answer.

    Raises:
        _NoPortalError: The answer is an error.
    """
    from jeepney import MessageType

    reply = connection.send_and_get_reply(message, timeout=QUICK)
    if reply.header.message_type is MessageType.error:
        raise _NoPortalError
    body: tuple[Any, ...] = reply.body
    return body


def _require_portal(connection: DBusConnection) -> None:
    from jeepney import Properties, new_method_call

    with suppress(_NoPortalError):  # newer portals know programs that are in no sandbox by this; older ones guess
        _call(connection, new_method_call(_portal(REGISTRY), "Register", "sa{sv}", (APP_ID, {})))
    _call(connection, Properties(_portal()).get("version"))


def _bind(connection: DBusConnection, description: str) -> tuple[str, str]:
    """A session with one shortcut -> its handle, and the key as the desktop writes it."""
    from jeepney import MatchRule, message_bus, new_method_call

    for interface, member in ((REQUEST, "Response"), (SHORTCUTS, "Activated")):
        rule = MatchRule(type="signal", interface=interface, member=member)
        _call(connection, message_bus.AddMatch(rule))
    options = {"handle_token": ("s", "techo_session"), "session_handle_token": ("s", "techo")}
    made = _asked(connection, new_method_call(_portal(), "CreateSession", "a{sv}", (options,)), QUICK)
    session = str(made["session_handle"][1])
    wanted = [(SHORTCUT_ID, {"description": ("s", description), "preferred_trigger": ("s", PREFERRED)})]
    body = (session, wanted, "", {"handle_token": ("s", "techo_key")})
    bound = _asked(connection, new_method_call(_portal(), "BindShortcuts", "oa(sa{sv})sa{sv}", body), ASKED)
    for identifier, found in bound.get("shortcuts", ("", []))[1]:
        if identifier == SHORTCUT_ID:
            return session, str(found.get("trigger_description", ("s", ""))[1])
    raise _NoPortalError  # the person gave it no key


def _asked(connection: DBusConnection, message: Message, seconds: float) -> dict[str, Any]:
    """Makes a request, and waits for the signal that answers it.

    Raises:
        _NoPortalError: The person, or the portal, said no.
    """
    import time

    from jeepney import HeaderFields

    # The answer may come before the reply that names its path, and receive() hands out either.
    serial = next(connection.outgoing_serial)
    connection.send(message, serial=serial)
    deadline = time.monotonic() + seconds
    path, answers = "", {}
    while path not in answers:
        heard = connection.receive(timeout=max(deadline - time.monotonic(), 0.01))
        fields = heard.header.fields
        if fields.get(HeaderFields.reply_serial) == serial:
            if HeaderFields.error_name in fields:
                raise _NoPortalError
            path = str(heard.body[0])
        elif _signal(heard) == (REQUEST, "Response"):
            answers[fields[HeaderFields.path]] = heard.body
    code, results = answers[path]
    if code != 0:
        raise _NoPortalError
    found: dict[str, Any] = results
    return found
