"""`python -P -m app`: the window. It is shown first; everything slow begins after it has been drawn.

Exit codes: 0 closed, or another window with this data folder is in front now; 1 no folder for the profiles, or the
other window does not answer; 2 wrong arguments or no display.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from app.main_window import MainWindow
    from app.settings import WindowSettings
    from app.single_instance import SingleInstance, Wake

STARTED = time.monotonic()
DESKTOP_ID: Final = "techo.techo.Techo"
"""Name of the desktop entry, by which a Wayland compositor finds the window's icon."""
NO_DISPLAY: Final = """\
There is no display here (neither DISPLAY nor WAYLAND_DISPLAY leads to one), so no window can be opened.

Talk in the terminal instead:  ./techo chat
"""
"""As the launcher says it, which sees only whether the variables are set."""
NO_ANSWER: Final = """\
Techo is open already with the data folder {folder}, but that window does not answer.

Close it, or end its process; then start again. Another --data-dir is another Techo.
"""


def seconds_since_start() -> float:
    """Age of this process; elsewhere than on Linux without the start of the interpreter itself."""
    try:
        # Field 22 of /proc/self/stat: start in clock ticks since boot. psutil's create_time is only good to a second.
        stat = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace")
        ticks = int(stat.rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return time.monotonic() - STARTED


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The window's own options; the other commands belong to the launcher."""
    parser = argparse.ArgumentParser(prog="techo", description="Techo: a notebook that grows.")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="where profiles are kept")
    parser.add_argument("--profile", metavar="NAME", help="the profile to open (made when it does not exist)")
    parser.add_argument("--model", type=Path, metavar="FILE", help="a GGUF file to use instead of the bundled model")
    chat = parser.add_mutually_exclusive_group()
    chat.add_argument("--new-chat", dest="chat", action="store_const", const="new", help="begin a new chat")
    chat.add_argument(
        "--temporary-chat", dest="chat", action="store_const", const="temporary", help="begin a temporary chat"
    )
    parser.set_defaults(chat="")
    parser.add_argument(
        "--quit-after-first-paint",
        action="store_true",
        help="print how long the window took to appear, as JSON, and quit (the engine is not started)",
    )
    return parser.parse_args(arguments)


def display_answers() -> bool:
    """Whether Qt will find a display. Where it finds none, it aborts the process without a word of what to do."""
    if sys.platform != "linux":
        return True
    chosen = os.environ.get("QT_QPA_PLATFORM") or ("wayland;xcb" if os.environ.get("WAYLAND_DISPLAY") else "xcb")
    return any(_answers(name) for name in chosen.split(";"))


def _answers(platform: str) -> bool:
    """Whether this Qt platform finds its display, asked with the library that Qt will ask with."""
    try:
        if platform.startswith("xcb"):
            xcb = ctypes.CDLL("libxcb.so.1")
            xcb.xcb_connect.restype = ctypes.c_void_p
            connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
            failed = xcb.xcb_connection_has_error(connection)
            xcb.xcb_disconnect(connection)
            return not failed
        if platform.startswith("wayland"):
            wayland = ctypes.CDLL("libwayland-client.so.0")
            wayland.wl_display_connect.restype = ctypes.c_void_p
            display = wayland.wl_display_connect(None)
            if display is not None:
                wayland.wl_display_disconnect(ctypes.c_void_p(display))
            return display is not None
    except OSError:  # Qt would not find the library either.
        return False
    return True  # offscreen, minimal, ...: they need none


def make_window(data_dir: Path, settings: WindowSettings, profile: str | None, model: Path | None) -> MainWindow:
    """The window with its engine, not started yet."""
    from app.engine_process import EngineProcess, engine_command
    from app.main_window import MainWindow
    from app.partner import Partner

    engine = EngineProcess(engine_command(data_dir))
    engine.model = None if model is None else model.absolute()
    partner = Partner(engine, profile, settings.profile)
    window = MainWindow(partner, settings, data_dir)
    engine.setParent(window)
    partner.setParent(window)
    return window


def close_on_signals(app: QApplication, window: MainWindow) -> None:
    """Ctrl+C and a polite kill end Techo as its menu does. Python sees a signal only when it runs: wake it."""
    if sys.platform == "win32":
        return  # Qt watches sockets only there, and a window on Windows has no terminal.
    from PySide6.QtCore import QSocketNotifier

    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    notifier = QSocketNotifier(reader, QSocketNotifier.Type.Read, app)

    def on_signal() -> None:
        os.read(reader, 64)
        window.quit()

    notifier.activated.connect(on_signal)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)


def _claim(instance: SingleInstance, wake: Wake, data_dir: Path) -> int | None:
    """The exit code when the data folder has a window already; None: this process is to show it."""
    from app.single_instance import Claim

    claim = instance.call(wake)
    if claim is Claim.UNANSWERED:
        print(NO_ANSWER.format(folder=data_dir), end="", file=sys.stderr)
        return 1
    return 0 if claim is Claim.RAISED else None


def main(arguments: list[str] | None = None) -> int:
    """Show the window, then start the engine."""
    options = parse_arguments(arguments)
    if not display_answers():
        print(NO_DISPLAY, end="", file=sys.stderr)
        return 2
    from app.paths import default_data_dir

    data_dir = (options.data_dir or default_data_dir()).absolute()
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        print(f"Techo cannot make its data folder {data_dir}: {error.strerror}.", file=sys.stderr)
        print("Name another one with --data-dir.", file=sys.stderr)
        return 1

    from PySide6.QtWidgets import QApplication

    from app import appearance
    from app.settings import WindowSettings
    from app.single_instance import SingleInstance, Wake

    wake = Wake(profile=options.profile, token=os.environ.get("XDG_ACTIVATION_TOKEN", ""), chat=options.chat)
    QApplication.setApplicationName("techo")
    QApplication.setApplicationDisplayName("Techo")
    QApplication.setDesktopFileName(DESKTOP_ID)
    app = QApplication([sys.argv[0]])
    app.setQuitOnLastWindowClosed(False)
    instance = SingleInstance(data_dir, app)
    # A measurement opens no profile, so it may stand beside any window.
    alone = options.quit_after_first_paint or instance.try_lock()
    if not alone and (code := _claim(instance, wake, data_dir)) is not None:
        return code
    settings = WindowSettings(data_dir)
    appearance.install(app, settings)
    window = make_window(data_dir, settings, options.profile, options.model)
    window.closed.connect(app.quit)

    def on_first_paint() -> None:
        if options.quit_after_first_paint:
            figures = {"first_paint_seconds": seconds_since_start(), "cpu_seconds": time.process_time()}
            print(json.dumps({name: round(value, 3) for name, value in figures.items()}), flush=True)
            app.quit()
            return
        from app.warming import warm_up

        window.start_engine()
        instance.listen(window.wake)
        window.wake(Wake(chat=options.chat))
        window.first_run()
        warm_up(window)

    window.first_painted.connect(on_first_paint)
    close_on_signals(app, window)
    window.show()
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
