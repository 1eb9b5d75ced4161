"""Figures of a plan in words, in the window's language (the command line's own sentences are English)."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QLocale

from app import language
from app.figures import number, size
from app.language import QT_TRANSLATE_NOOP, translate
from app.models.facts import CatalogueEntry, Planned, Progress, SetUp

FITS: Final = ("gpu", "split", "ram")
_LANGUAGES: Final = {
    "ar": QT_TRANSLATE_NOOP("Models", "Arabic"),
    "de": QT_TRANSLATE_NOOP("Models", "German"),
    "en": QT_TRANSLATE_NOOP("Models", "English"),
    "es": QT_TRANSLATE_NOOP("Models", "Spanish"),
    "fr": QT_TRANSLATE_NOOP("Models", "French"),
    "hi": QT_TRANSLATE_NOOP("Models", "Hindi"),
    "it": QT_TRANSLATE_NOOP("Models", "Italian"),
    "ja": QT_TRANSLATE_NOOP("Models", "Japanese"),
    "ko": QT_TRANSLATE_NOOP("Models", "Korean"),
    "pt": QT_TRANSLATE_NOOP("Models", "Portuguese"),
    "ru": QT_TRANSLATE_NOOP("Models", "Russian"),
    "th": QT_TRANSLATE_NOOP("Models", "Thai"),
    "vi": QT_TRANSLATE_NOOP("Models", "Vietnamese"),
    "zh": QT_TRANSLATE_NOOP("Models", "Chinese"),
}
"""Those of the catalogue. Their own names would need fonts that a computer may not have."""


def parameters(count: int) -> str:
    """Weights of a model, as their names have it: "12.2B", "135M"."""
    if count >= 950_000_000:
        return translate("Models", "{count}B").format(count=number(count / 1e9, 1))
    return translate("Models", "{count}M").format(count=number(count / 1e6))


def fit(planned: Planned) -> tuple[str, str]:
    """Whether it fits, in a word, and the name of the colour for it."""
    if planned.fit in FITS:
        return (
            (translate("Models", "Just fits"), "accent") if planned.tight else (translate("Models", "Fits"), "memory")
        )
    if planned.fit == "no":
        return translate("Models", "Too large"), "warning"
    return translate("Models", "Not known"), "soft"


def why(planned: Planned) -> list[str]:
    """Where the model would be, what that takes, and what to expect of it: sentences."""
    ram, budget = size(planned.ram_bytes), None if planned.ram_budget is None else size(planned.ram_budget)
    found = []
    if planned.fit == "no":
        short = size(planned.ram_bytes - (planned.ram_budget or 0))
        found.append(
            translate("Models", "It needs {need} of RAM, {short} more than this computer can give now.").format(
                need=ram, short=short
            )
        )
        return found
    if planned.fit == "gpu":
        text = translate("Models", "All of it goes to the graphics card: {need} of {budget}.")
        found.append(text.format(need=size(planned.gpu_bytes), budget=size(planned.gpu_budget)))
    elif planned.fit == "split":
        text = translate("Models", "{part} of {layers} layers go to the graphics card, the rest stays in RAM ({need}).")
        found.append(text.format(part=planned.gpu_layers, layers=planned.layers, need=ram))
    elif budget is not None:
        text = translate("Models", "It needs {need} of RAM; this computer can give {budget} now.")
        found.append(text.format(need=ram, budget=budget))
    else:
        text = translate("Models", "It needs {need} of RAM; how much this computer has is not known.")
        found.append(text.format(need=ram))
    if planned.fit in FITS:
        low, high = planned.tokens_per_second
        text = translate("Models", "Expect about {low} to {high} tokens a second.")
        found.append(text.format(low=_pace(low), high=_pace(high)))
    return found


def _pace(speed: float) -> str:
    return number(speed, 1 if speed < 2 else 0)


def context(tokens: int) -> str:
    """The longest conversation that a model was trained for."""
    if not tokens:
        return translate("Models", "not said")
    return translate("Models", "{count} tokens").format(count=QLocale().toString(tokens))


def note(entry: CatalogueEntry) -> str:
    """What else one should know, in the language that is on."""
    return entry.note_ja if language.current() == "ja" and entry.note_ja else entry.note


def set_up(one: SetUp | None) -> str:
    """The name of a set-up."""
    if one is None:
        return ""
    return f"{one.rank} {one.title_ja if language.current() == 'ja' else one.title}"


def language_name(code: str) -> str:
    """A language in the language that is on; its code where the catalogue has a new one."""
    return translate("Models", _LANGUAGES[code]) if code in _LANGUAGES else code


def family(name: str) -> str:
    """A heading for models of a kind."""
    return {
        "ternary": translate("Models", "Ternary (1.58 bits)"),
        "small": translate("Models", "Small"),
        "recurrent": translate("Models", "Recurrent"),
    }.get(name, translate("Models", "More"))


def progress(step: Progress) -> str:
    """Where a download is."""
    if step.phase == "connecting":
        return translate("Models", "Connecting…")
    if step.phase == "waiting":
        return translate("Models", "The connection broke; trying again…")
    if step.phase == "checking":
        return translate("Models", "Checking the file…")
    if step.total is None:
        return translate("Models", "{done} received").format(done=size(step.done))
    text = translate("Models", "{done} of {total}").format(done=size(step.done), total=size(step.total))
    if step.rate > 0:
        text += translate("Models", ", {rate}/s, {left} left").format(
            rate=size(step.rate), left=duration((step.total - step.done) / step.rate)
        )
    return text


def duration(seconds: float) -> str:
    """How long something takes still, roughly."""
    if seconds < 90:
        return translate("Models", "{count} s").format(count=number(max(1, seconds)))
    if seconds < 5400:
        return translate("Models", "{count} min").format(count=number(seconds / 60))
    return translate("Models", "{count} h").format(count=number(seconds / 3600, 1))
