"""A desktop portal for tests: keeps one shortcut, presses it when asked to. `python portal.py [refuse | silent]`.

It answers as xdg-desktop-portal does: each request has an object of its own, whose `Response` comes later.
"""

from __future__ import annotations

import sys
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    message_bus,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import open_dbus_connection

PATH = "/org/freedesktop/portal/desktop"
REQUEST = "org.freedesktop.portal.Request"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"


def main(how: str) -> None:
    """Until the bus goes away."""
    connection = open_dbus_connection("SESSION")
    connection.send_and_get_reply(message_bus.RequestName("org.freedesktop.portal.Desktop"))
    print("ready", flush=True)
    while True:
        call = connection.receive()
        if call.header.message_type is not MessageType.method_call or how == "silent":
            continue
        answer(connection, call, how)


def answer(connection: Any, call: Message, how: str) -> None:
    """One method of the portal's."""
    fields = call.header.fields
    member, sender = fields[HeaderFields.member], fields[HeaderFields.sender]

    def later(token: str, code: int, results: dict[str, Any]) -> None:
        path = f"{PATH}/request/{sender[1:].replace('.', '_')}/{token}"
        connection.send(new_method_return(call, "o", (path,)))
        connection.send(new_signal(DBusAddress(path, interface=REQUEST), "Response", "ua{sv}", (code, results)))

    if member == "Get":
        connection.send(new_method_return(call, "v", (("u", 1),)))
    elif member == "CreateSession":
        handle = f"{PATH}/session/{sender[1:].replace('.', '_')}/techo"
        later(call.body[0]["handle_token"][1], 0, {"session_handle": ("s", handle)})
    elif member == "BindShortcuts":
        session, shortcuts, _, options = call.body
        ((identifier, told),) = shortcuts
        assert told["description"][1]
        assert told["preferred_trigger"][1] == "CTRL+ALT+t"
        kept = [(identifier, {"trigger_description": ("s", "Ctrl+Alt+T")})]
        refused = how == "refuse"
        later(options["handle_token"][1], int(refused), {} if refused else {"shortcuts": ("a(sa{sv})", kept)})
        if not refused:
            address = DBusAddress(PATH, interface=SHORTCUTS)
            other, pressed = (session + "2", identifier), (session, identifier)
            for whose in (other, pressed):
                body = (*whose, 12345, {"activation_token": ("s", "token-1")})
                connection.send(new_signal(address, "Activated", "osta{sv}", body))
    else:
        connection.send(new_error(call, "org.freedesktop.DBus.Error.UnknownMethod"))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
