"""Which language the window speaks: Qt Linguist's files for its own words, Qt's for those of Qt's own dialogs.

The English texts stand in the source. `resources/translations` holds the Japanese ones and, for English, the plural
forms; `./techo translate` brings both up to date with the source and compiles them.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from app.paths import RESOURCES

log = logging.getLogger(__name__)

SYSTEM: Final = "system"
LANGUAGES: Final = {"en": QLocale.Language.English, "ja": QLocale.Language.Japanese}
TRANSLATIONS: Final = RESOURCES / "translations"

translate = QCoreApplication.translate
"""For words outside of a QObject. Called by this name, because lupdate looks for it."""


def QT_TRANSLATE_NOOP(_context: str, text: str) -> str:
    """Marks `text` for lupdate, which looks for this name; PySide6's own promises no string."""
    return text


class _Spoken:
    """The language that is on, and what speaks it."""

    code = "en"
    translators: tuple[QTranslator, ...] = ()


@lru_cache(maxsize=1)
def _spoken() -> _Spoken:
    return _Spoken()


def current() -> str:
    """Code of the language that is on: a key of `LANGUAGES`."""
    return _spoken().code


def of_the_system() -> str:
    """The first of the person's languages that Techo speaks; English when it speaks none of them."""
    wanted = (name.replace("_", "-").partition("-")[0] for name in QLocale.system().uiLanguages())
    return next((code for code in wanted if code in LANGUAGES), "en")


def use(app: QCoreApplication, choice: str) -> None:
    """Speak another language, at once: Qt sends a LanguageChange to every widget.

    Args:
        app: the application.
        choice: a key of `LANGUAGES`; anything else means the system's language.
    """
    spoken = _spoken()
    code = choice if choice in LANGUAGES else of_the_system()
    words = QTranslator()
    if not words.load(f"techo_{code}", str(TRANSLATIONS)):
        # The English texts are in the source: better a window in English than none.
        log.warning("%s/techo_%s.qm is missing or damaged; `./techo translate` makes it", TRANSLATIONS, code)
        code = "en"
    qt_words = QTranslator()
    qt_words.load(f"qtbase_{code}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    # First, because the words that follow hold numbers and dates.
    QLocale.setDefault(_locale(code, follows_system=choice not in LANGUAGES))
    old, spoken.code = spoken.translators, code
    spoken.translators = (qt_words, words)
    for translator in spoken.translators:
        app.installTranslator(translator)
    for translator in old:
        app.removeTranslator(translator)


def _locale(code: str, *, follows_system: bool) -> QLocale:
    """How numbers and dates look: as the system has it, unless it speaks another language than was chosen."""
    system = QLocale.system()
    if system.language() == QLocale.Language.C:
        return QLocale(LANGUAGES[code])  # The C locale does not even group digits.
    if follows_system or system.language() == LANGUAGES[code]:
        return system
    return QLocale(LANGUAGES[code], system.territory())
