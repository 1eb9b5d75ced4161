"""The engine's error codes in the window's language, and the few that the window reacts to.

The numbers are part of the pipe's protocol (`engine.errors.ErrorCode`) and never reused, so they are repeated here:
`app` knows `engine.protocol` and nothing else of the engine. Where an error or a notice gives its reason, the window
has words for just that (`app.reasons`). Otherwise the engine's own English ones are shown as they are, or stand as the
detail below a translated explanation.
"""

from __future__ import annotations

from typing import Final

from app import language, reasons
from app.language import QT_TRANSLATE_NOOP, translate
from engine.protocol import ErrorBody, Notice

INTERNAL: Final = -32603
TOO_LARGE: Final = 1003
CANCELLED: Final = 1005
BACKBONE_FAILED: Final = 1102
PROFILE_NOT_FOUND: Final = 1201
CONVERSATION_NOT_FOUND: Final = 1206
ENTRY_NOT_FOUND: Final = 1207
MESSAGE_NOT_FOUND: Final = 1208
PROFILE_LOCKED: Final = 1210
WRONG_PASSPHRASE: Final = 1211
PASSPHRASE_REFUSED: Final = 1212
STORAGE_FAILED: Final = 1304
NOT_CONFIRMED: Final = 1306
ENGINE_GONE: Final = 1401
"""Never sent by the engine: the client's own word for "it died before it answered"."""

_MISUNDERSTOOD: Final = (
    QT_TRANSLATE_NOOP("Errors", "The window and the engine misunderstood each other."),
    QT_TRANSLATE_NOOP("Errors", "Close Techo and start it again. If it happens again, it is a fault of Techo."),
)
_EXPLANATIONS: Final[dict[int, tuple[str, str]]] = {
    -32700: _MISUNDERSTOOD,
    -32600: _MISUNDERSTOOD,
    -32601: _MISUNDERSTOOD,
    -32602: _MISUNDERSTOOD,
    1001: _MISUNDERSTOOD,
    -32603: (
        QT_TRANSLATE_NOOP("Errors", "Something went wrong inside the engine."),
        QT_TRANSLATE_NOOP("Errors", "Try again. If it happens again, close Techo and start it again."),
    ),
    1002: (
        QT_TRANSLATE_NOOP("Errors", "The window and the engine are of different versions."),
        QT_TRANSLATE_NOOP("Errors", "Close Techo and start it with ./techo, which brings both in line."),
    ),
    1003: (
        QT_TRANSLATE_NOOP("Errors", "That is too large."),
        QT_TRANSLATE_NOOP("Errors", "Send it in smaller parts."),
    ),
    1004: (
        QT_TRANSLATE_NOOP("Errors", "The engine is busy."),
        QT_TRANSLATE_NOOP("Errors", "Wait a moment, then try again."),
    ),
    1005: (
        QT_TRANSLATE_NOOP("Errors", "It was stopped."),
        "",
    ),
    1101: (
        QT_TRANSLATE_NOOP("Errors", "The language model was not found."),
        QT_TRANSLATE_NOOP("Errors", "Run ./techo once more: it sets up what is missing."),
    ),
    1102: (
        QT_TRANSLATE_NOOP("Errors", "The language model could not be loaded, or could not go on."),
        QT_TRANSLATE_NOOP("Errors", "Start the engine again. If that does not help, run ./techo setup."),
    ),
    1103: (
        QT_TRANSLATE_NOOP("Errors", "The message is too long for the language model."),
        QT_TRANSLATE_NOOP("Errors", "Send it in smaller parts."),
    ),
    1104: (
        QT_TRANSLATE_NOOP("Errors", "This model file cannot be used."),
        QT_TRANSLATE_NOOP("Errors", "Choose another GGUF file, or fetch this one again."),
    ),
    1105: (
        QT_TRANSLATE_NOOP("Errors", "The list of models cannot be read."),
        QT_TRANSLATE_NOOP("Errors", "Install Techo again."),
    ),
    1106: (
        QT_TRANSLATE_NOOP("Errors", "The download did not succeed."),
        QT_TRANSLATE_NOOP("Errors", "Try again: it goes on where it stopped."),
    ),
    1201: (
        QT_TRANSLATE_NOOP("Errors", "There is no such profile."),
        QT_TRANSLATE_NOOP("Errors", "Choose another profile, or make one."),
    ),
    1202: (
        QT_TRANSLATE_NOOP("Errors", "There is a profile of this name already."),
        QT_TRANSLATE_NOOP("Errors", "Choose another name."),
    ),
    1203: (
        QT_TRANSLATE_NOOP("Errors", "A profile cannot have this name."),
        QT_TRANSLATE_NOOP("Errors", "Choose another name, with letters or digits in it."),
    ),
    1204: (
        QT_TRANSLATE_NOOP("Errors", "The profile is open in another window or program."),
        QT_TRANSLATE_NOOP("Errors", "Close it there, or choose another profile."),
    ),
    1205: (
        QT_TRANSLATE_NOOP("Errors", "No profile is open."),
        QT_TRANSLATE_NOOP("Errors", "Choose a profile, or make one."),
    ),
    1206: (
        QT_TRANSLATE_NOOP("Errors", "There is no such conversation any more."),
        QT_TRANSLATE_NOOP("Errors", "Choose another conversation, or begin a new one."),
    ),
    1207: (
        QT_TRANSLATE_NOOP("Errors", "The memory has no such entry any more."),
        "",
    ),
    1208: (
        QT_TRANSLATE_NOOP("Errors", "There is no such message any more."),
        "",
    ),
    1209: (
        QT_TRANSLATE_NOOP("Errors", "This colour or picture cannot be used."),
        QT_TRANSLATE_NOOP("Errors", "Choose another one."),
    ),
    1210: (
        QT_TRANSLATE_NOOP("Errors", "The profile is locked."),
        QT_TRANSLATE_NOOP("Errors", "Type its passphrase."),
    ),
    1211: (
        QT_TRANSLATE_NOOP("Errors", "That is not the passphrase."),
        QT_TRANSLATE_NOOP(
            "Errors", "Type it again: upper and lower case differ. A lost passphrase cannot be recovered."
        ),
    ),
    1212: (
        QT_TRANSLATE_NOOP("Errors", "This cannot be a passphrase."),
        QT_TRANSLATE_NOOP("Errors", "Choose another one."),
    ),
    1213: (
        QT_TRANSLATE_NOOP("Errors", "The system's keyring cannot be used."),
        QT_TRANSLATE_NOOP("Errors", "Unlock the keyring and try again, or go on with the passphrase."),
    ),
    1214: (
        QT_TRANSLATE_NOOP("Errors", "The profile is protected already, or not at all."),
        "",
    ),
    1301: (
        QT_TRANSLATE_NOOP(
            "Errors",
            "What this profile has learned belongs to another language model or another version of the memory.",
        ),
        QT_TRANSLATE_NOOP(
            "Errors", "Start Techo with the model that the profile was made with, or choose another profile."
        ),
    ),
    1302: (
        QT_TRANSLATE_NOOP("Errors", "Something on the disk is damaged."),
        QT_TRANSLATE_NOOP(
            "Errors", "Nothing was thrown away. Choose another profile, or import a copy that was exported earlier."
        ),
    ),
    1303: (
        QT_TRANSLATE_NOOP("Errors", "This was written by a newer version of Techo."),
        QT_TRANSLATE_NOOP("Errors", "Use the newer version."),
    ),
    1304: (
        QT_TRANSLATE_NOOP("Errors", "The disk could not be read or written."),
        QT_TRANSLATE_NOOP("Errors", "See whether there is room on the disk, and whether the folder may be written to."),
    ),
    1305: (
        QT_TRANSLATE_NOOP("Errors", "The file was not imported; nothing was changed."),
        QT_TRANSLATE_NOOP("Errors", "Choose a file that Techo has exported."),
    ),
    1306: (
        QT_TRANSLATE_NOOP("Errors", "This cannot be undone, so it has to be confirmed."),
        "",
    ),
    1307: (
        QT_TRANSLATE_NOOP("Errors", "Something of the protected profile was changed by somebody else, or is damaged."),
        QT_TRANSLATE_NOOP(
            "Errors", "Nothing was thrown away. Choose another profile, or import a copy that was exported earlier."
        ),
    ),
    1308: (
        QT_TRANSLATE_NOOP("Errors", "What protected profiles need is not installed."),
        QT_TRANSLATE_NOOP("Errors", "Run ./techo once more: it sets up what is missing."),
    ),
    1501: (
        QT_TRANSLATE_NOOP("Errors", "The file is not there, or it may not be read."),
        QT_TRANSLATE_NOOP("Errors", "See whether it is still there, and whether you may read it."),
    ),
    1502: (
        QT_TRANSLATE_NOOP("Errors", "Files of this kind cannot be read."),
        QT_TRANSLATE_NOOP("Errors", "Text (.txt), Markdown (.md) and PDF files can: save it as one of them."),
    ),
    1503: (
        QT_TRANSLATE_NOOP("Errors", "There is nothing to read in this file."),
        QT_TRANSLATE_NOOP("Errors", "Choose a file with text in it."),
    ),
    1504: (
        QT_TRANSLATE_NOOP("Errors", "This PDF holds pictures of pages only, and no text."),
        QT_TRANSLATE_NOOP(
            "Errors", "Run it through a text recognition (OCR) first, and save the result as PDF or text."
        ),
    ),
    1505: (
        QT_TRANSLATE_NOOP("Errors", "This PDF is protected by a password."),
        QT_TRANSLATE_NOOP("Errors", "Save a copy without the password, and choose that."),
    ),
    1506: (
        QT_TRANSLATE_NOOP("Errors", "This file is damaged and cannot be read."),
        QT_TRANSLATE_NOOP("Errors", "Open it in the program that it comes from and save it anew."),
    ),
    1507: (
        QT_TRANSLATE_NOOP("Errors", "This document is too large."),
        QT_TRANSLATE_NOOP("Errors", "Split it, and have the parts read that matter."),
    ),
    1401: (
        QT_TRANSLATE_NOOP("Errors", "The engine stopped before it answered."),
        QT_TRANSLATE_NOOP("Errors", "It is started again by itself; nothing that was said is lost."),
    ),
}
"""What happened, and what to do about it."""


def is_about_profile(error: ErrorBody) -> bool:
    """Whether another profile could still be opened: profile (12xx) and state (13xx) errors."""
    return 1200 <= error.code < 1400


def is_locked(error: ErrorBody) -> bool:
    """Whether the right passphrase would do."""
    return error.code in (PROFILE_LOCKED, WRONG_PASSPHRASE, PASSPHRASE_REFUSED)


def is_about_model(error: ErrorBody) -> bool:
    """Whether another language model could still be loaded (11xx)."""
    return 1100 <= error.code < 1200


def message(error: ErrorBody) -> str:
    """What happened, in the language of the window."""
    if (own := reasons.words(error.reason, error.values)) is not None:
        return own[0]
    if _speaks_engine_language() or error.code not in _EXPLANATIONS:
        return error.message
    return translate("Errors", _EXPLANATIONS[error.code][0])


def hint(error: ErrorBody) -> str:
    """What to do about it, in the language of the window; below it the engine's own words, if they are in another."""
    if (told := reasons.words(error.reason, error.values)) is not None:
        return told[1]
    if _speaks_engine_language():
        return error.hint
    own = _EXPLANATIONS.get(error.code, ("", ""))[1]
    words = f"{error.message} {error.hint}" if error.code in _EXPLANATIONS else error.hint
    if error.code == ENGINE_GONE:
        words = ""  # They would be the client's own, and say the same.
    return f"{translate('Errors', own) if own else ''}\n{in_its_own_words(words)}".strip()


def explained(code: int) -> tuple[str, str]:
    """What happened and what to do, where the window itself found it out."""
    what, todo = _EXPLANATIONS[code]
    return translate("Errors", what), translate("Errors", todo) if todo else ""


def notice_message(notice: Notice) -> str:
    """What happened; where the window has no words for it in its language, that the engine's own follow."""
    own = reasons.words(notice.reason, notice.values)
    if own is not None:
        because = "" if notice.error is None else message(notice.error)
        return f"{own[0]} {because}".strip()
    return notice.message if _speaks_engine_language() else translate("Errors", "A message from the engine")


def notice_hint(notice: Notice) -> str:
    """What to do about it."""
    own = reasons.words(notice.reason, notice.values)
    if own is not None:
        return own[1] if notice.error is None else hint(notice.error)
    return notice.hint if _speaks_engine_language() else in_its_own_words(f"{notice.message} {notice.hint}")


def in_its_own_words(words: str) -> str:
    """What the engine said, marked as such where the window speaks another language; empty when it said nothing."""
    words = words.strip()
    if not words or _speaks_engine_language():
        return words
    return translate("Errors", "In the engine's words: {words}").format(words=words)


def _speaks_engine_language() -> bool:
    return language.current() == "en"
