"""Templated and hand-written personal facts: what is told, asked, answered, corrected.

A *kind* is one attribute of one's life ("locker number") with many phrasings. A kind with a *subject* can be told of
the user, of a relative ("my sister's") or of a named friend ("Zalika's"); the pair (kind, subject) names one fact, and
a question about another subject is the hardest question a memory must leave alone.

The split: kinds, phrasings, values and friends' names are held out by hash (`values.held_out`), one in ten; one in
thirteen of the other kinds is kept to develop with (`values.split_of`). Training
never sees a held-out kind, phrasing or value; testing sees nothing else. All phrasings of a held-out kind are test
phrasings, as none of them is ever trained on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from engine.training.values import DATA, Split, draw_value, first_name, held_out, split_of

SELF = "self"

#: The relations a fact can be told of. Each is said with "my" and asked with "my"; no two can name the same person.
RELATIONS = (
    "sister", "brother", "mother", "father", "partner", "daughter", "son", "grandmother", "grandfather", "aunt",
    "uncle", "cousin", "niece", "nephew", "boss", "best friend", "flatmate", "neighbour", "colleague", "godmother",
    "mother-in-law", "father-in-law", "goddaughter", "landlord", "trainee", "pen pal",
)  # fmt: skip

_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_ARTICLE = re.compile(r"\b([Aa]) (?=\{v\})")
#: "an Orbita", "an 8", but "a ukulele", "a European".
_TAKES_AN = re.compile(r"(?!u[kn]i?[aeiou]|eu|one\b)[aeiou]|8|11\b|18\b", re.IGNORECASE)
_TRIES = 200


@dataclass(frozen=True)
class Kind:
    """One attribute with its phrasings. `{v}` is the value; `{my}`, `{My}`, `{your}`, `{Your}` are possessives."""

    kind: str
    theme: str
    value: str
    subject: bool
    tell: tuple[str, ...]
    ask: tuple[str, ...]
    answer: tuple[str, ...]
    update: tuple[str, ...]
    aside: tuple[str, ...]


@dataclass(frozen=True)
class AuthoredKind:
    """One hand-written kind: always the user's own, with its values and near questions listed."""

    kind: str
    tell: tuple[str, ...]
    update: tuple[str, ...]
    ask: tuple[str, ...]
    answer: tuple[str, ...]
    near: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Fact:
    """One fact as it is told and asked.

    Attributes:
        value: stands exactly once in `tell` and in `answer`, letter for letter, and never in `ask`.
        update_of: the value this telling replaces, if it corrects an earlier one.
        near: questions this fact does not answer: its attribute of another subject, a sibling attribute of its own.
        near_of: for each near question of a templated fact the (kind, subject) that would answer it, so that an
            episode that tells that fact as well can leave the question out. Empty for hand-written facts.
    """

    kind: str
    subject: str
    value: str
    tell: str
    ask: str
    answer: str
    update_of: str | None = None
    near: tuple[str, ...] = ()
    near_of: tuple[tuple[str, str], ...] = ()

    @property
    def pair(self) -> tuple[str, str]:
        """(kind, subject): two facts of one profile must differ in it."""
        return (self.kind, self.subject)


@cache
def chat_lists() -> dict[str, tuple[str, ...]]:
    """Return the lists of ``data/chat.json``: chat, acknowledge, frame, correct."""
    raw: dict[str, list[str]] = json.loads((DATA / "chat.json").read_text(encoding="utf-8"))
    return {name: tuple(lines) for name, lines in raw.items()}


@cache
def load_kinds() -> tuple[Kind, ...]:
    """Load the templated kinds.

    Raises:
        ValueError: a phrasing breaks the rules of `check_kind`.
    """
    kinds = []
    for line in (DATA / "templates.jsonl").read_text(encoding="utf-8").splitlines():
        raw = json.loads(line)
        lists = {name: tuple(raw[name]) for name in ("tell", "ask", "answer", "update", "aside")}
        kind = Kind(raw["kind"], raw["theme"], raw["value"], raw["subject"], **lists)
        check_kind(kind)
        kinds.append(kind)
    return tuple(kinds)


def check_kind(kind: Kind) -> None:
    """Refuse phrasings with missing, repeated or unknown placeholders.

    Raises:
        ValueError: naming the kind and the phrasing.
    """
    owner = {"my", "My", "your", "Your"} if kind.subject else set()
    for name, texts in (("tell", kind.tell), ("ask", kind.ask), ("answer", kind.answer), ("update", kind.update),
                        ("aside", kind.aside)):  # fmt: skip
        for text in texts:
            marks = _PLACEHOLDER.findall(text)
            wanted = 0 if name == "ask" else 1
            owners = [mark for mark in marks if mark != "v"]
            wrong = marks.count("v") != wanted or not set(owners) <= owner
            # Without its owner a telling or a question would fit every subject of the profile.
            if kind.subject and name != "answer":
                wrong = wrong or not owners or any(mark in ("your", "Your") for mark in owners)
            if wrong:
                raise ValueError(f"{kind.kind}: malformed {name}: {text!r}")


@cache
def phrasings(kind: str, texts: tuple[str, ...], split: Split) -> tuple[str, ...]:
    """Return the phrasings of `kind` that `split` may use.

    Of a training kind, those with a held-out hash (or, if there is none, the last) are for testing and the rest for
    training. Of a kind held out for testing or developing, all are for that.
    """
    if split_of(kind) != "train":
        return texts if split == split_of(kind) else ()
    return _divide(kind, texts, split)


@cache
def _divide(prefix: str, texts: tuple[str, ...], split: Split) -> tuple[str, ...]:
    test = [text for text in texts if held_out(f"{prefix}:{text}")] or list(texts[-1:])
    return tuple(test) if split != "train" else tuple(text for text in texts if text not in test)


def _shared(name: str, split: Split) -> tuple[str, ...]:
    """Return the frames or corrections (lists shared by all kinds) that `split` may use."""
    return _divide(name, chat_lists()[name], split)


def friend(rng: Random, split: Split) -> str:
    """Return a friend's name that belongs to `split`."""
    while True:
        name = first_name(rng)
        if held_out(name) == (split != "train"):
            return name


def sample_subject(rng: Random, split: Split) -> str:
    """Draw whom a fact is about: the user (half of the time), a relation, a named friend."""
    roll = rng.random()
    if roll < 0.5:
        return SELF
    return f"my {rng.choice(RELATIONS)}" if roll < 0.8 else friend(rng, split)


def render(text: str, subject: str, value: str = "", *, introduce: bool = False) -> str:
    """Fill a phrasing in.

    Args:
        text: the phrasing.
        subject: `SELF`, "my sister", or a friend's name.
        value: the value.
        introduce: call a named friend "my friend Zalika" ("your friend Zalika").
    """
    if subject == SELF:
        mine, yours = "my", "your"
    elif subject.startswith("my "):
        mine, yours = f"{subject}'s", f"your{subject[2:]}'s"
    else:
        mine, yours = (f"my friend {subject}'s", f"your friend {subject}'s") if introduce else (f"{subject}'s",) * 2
    text = fit_article(text, value)
    filled = {"my": mine, "your": yours, "My": mine[0].upper() + mine[1:], "Your": yours[0].upper() + yours[1:]}
    return _PLACEHOLDER.sub(lambda mark: value if mark[1] == "v" else filled[mark[1]], text)


def fit_article(text: str, value: str) -> str:
    """Turn "a {v}" into "an {v}" where the value asks for it."""
    return _ARTICLE.sub(r"\1n ", text) if _TAKES_AN.match(value) else text


def _fits(text: str, value: str) -> bool:
    """Refuse a value in lower case at the start of a proper sentence; a chatty line without a full stop may have it."""
    return not (text.startswith("{v}") and value[0].islower() and text[-1] in ".!?")


def _choose(rng: Random, texts: Sequence[str], value: str) -> str:
    fitting = [text for text in texts if _fits(text, value)]
    return rng.choice(fitting or list(texts))


def _within(frame: str, telling: str) -> str:
    """Put a telling into a frame of everyday talk ("Can you ...? By the way, ...")."""
    closed = telling if telling[-1] in ".!?…" else f"{telling}."
    return frame.replace("{t}", closed)


def _telling(rng: Random, kind: Kind, value: str, split: Split) -> str:
    """Choose a telling: mostly plain, else an aside of the kind, or a plain one inside a frame of other talk."""
    roll = rng.random()
    asides = phrasings(kind.kind, kind.aside, split)
    if roll < 0.2 and asides:
        return rng.choice(asides)
    plain = _choose(rng, phrasings(kind.kind, kind.tell, split), value)
    if roll < 0.35:
        return _within(rng.choice(_shared("frame", split)), plain)
    return plain


def _correction(
    rng: Random, name: str, tell: tuple[str, ...], update: tuple[str, ...], value: str, split: Split
) -> str:
    """Choose a telling that corrects: one of the kind's own, or "Sorry, that was wrong." before a plain one."""
    own = phrasings(name, update, split)
    if own and rng.random() < 0.6:
        return _choose(rng, own, value)
    plain = _choose(rng, phrasings(name, tell, split), value)
    return rng.choice(_shared("correct", split)).replace("{t}", plain)


def clean(value: str, tell: str, ask: str, answer: str) -> bool:
    """Tell whether the value stands once in telling and answer and is not given away by the question."""
    folded = value.casefold()
    return tell.count(value) == 1 and answer.count(value) == 1 and folded not in ask.casefold()


@cache
def _siblings(theme: str, subject: bool, split: Split) -> tuple[Kind, ...]:
    return tuple(k for k in load_kinds() if k.theme == theme and k.subject == subject and split_of(k.kind) == split)


def _sibling(rng: Random, kind: Kind, split: Split, *, but: str = "") -> Kind:
    """Return another kind than `kind` and `but`: of the same theme where there is one, and of the same sort."""
    close = [other for other in _siblings(kind.theme, kind.subject, split) if other.kind not in (kind.kind, but)]
    if not close:
        sort = [other for other in load_kinds() if other.subject == kind.subject and split_of(other.kind) == split]
        close = [other for other in sort if other.kind not in (kind.kind, but)]
    return rng.choice(close)


def ask_about(rng: Random, kind: Kind, subject: str, split: Split) -> str:
    """Return a question about (kind, subject)."""
    return render(rng.choice(phrasings(kind.kind, kind.ask, split)), subject)


def _near(rng: Random, kind: Kind, subject: str, split: Split) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    pairs: list[tuple[Kind, str]] = []
    if kind.subject:
        other = subject
        while other == subject:
            other = sample_subject(rng, split)
        pairs.append((kind, other))
    else:
        pairs.append((_sibling(rng, kind, split), subject))
    pairs.append((_sibling(rng, kind, split, but=pairs[0][0].kind), subject))
    questions = tuple(ask_about(rng, near, whose, split) for near, whose in pairs)
    return questions, tuple((near.kind, whose) for near, whose in pairs)


def sample_fact(rng: Random, kind: Kind, split: Split, subject: str | None = None) -> Fact:
    """Draw one fact of `kind`.

    Args:
        rng: the only source of chance; the same state gives the same fact.
        kind: a kind of the split, or, for testing, any kind (with its held-out phrasings and values).
        split: which phrasings, values and names may be used.
        subject: whom it is about; drawn when not given. Kinds without a subject are always the user's own.

    Raises:
        ValueError: a held-out kind was asked for in training, or no clean wording was found.
    """
    if split == "train" != split_of(kind.kind):
        raise ValueError(f"{kind.kind} is held out for testing")
    whose = (subject or sample_subject(rng, split)) if kind.subject else SELF
    return _draw(rng, kind, split, whose, None)


def sample_update(rng: Random, fact: Fact, split: Split) -> Fact:
    """Draw a later telling that gives `fact` (a templated one) a new value."""
    return _draw(rng, kind_named(fact.kind), split, fact.subject, fact.value)


@cache
def _by_name() -> dict[str, Kind]:
    return {kind.kind: kind for kind in load_kinds()}


def kind_named(name: str) -> Kind:
    """Return the templated kind of that name."""
    return _by_name()[name]


def _draw(rng: Random, kind: Kind, split: Split, whose: str, old: str | None) -> Fact:
    for _ in range(_TRIES):
        value = draw_value(rng, kind.value, split)
        if old is not None and (value.casefold() in old.casefold() or old.casefold() in value.casefold()):
            continue
        if old is None:
            text = _telling(rng, kind, value, split)
        else:
            text = _correction(rng, kind.kind, kind.tell, kind.update, value, split)
        tell = render(text, whose, value, introduce=rng.random() < 0.25)
        answer = render(_choose(rng, phrasings(kind.kind, kind.answer, split), value), whose, value)
        ask = ask_about(rng, kind, whose, split)
        if clean(value, tell, ask, answer):
            near, near_of = _near(rng, kind, whose, split)
            return Fact(kind.kind, whose, value, tell, ask, answer, old, near, near_of)
    raise ValueError(f"{kind.kind}: no wording keeps the value {kind.value!r} apart")


def authored(path: Path) -> list[AuthoredKind]:
    """Load hand-written kinds, one JSON object a line.

    Phrasings that do not hold `{v}` exactly once (questions: not at all), or hold another placeholder, are skipped; so
    is a kind that is left without a telling, question, answer or value.
    """
    kinds = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        raw = json.loads(line)
        told = [_well_formed(raw.get(name, ()), 1) for name in ("tell", "update")]
        asked = [_well_formed(raw.get("ask", ()), 0), _well_formed(raw.get("answer", ()), 1)]
        near = _well_formed(raw.get("near", ()), 0)
        values = tuple(dict.fromkeys(str(value) for value in raw.get("values", ()) if str(value).strip()))
        if told[0] and asked[0] and asked[1] and values:
            kinds.append(AuthoredKind(raw["kind"], told[0], told[1], asked[0], asked[1], near, values))
    return kinds


def _well_formed(texts: Iterable[object], values: int) -> tuple[str, ...]:
    good = (text for text in texts if isinstance(text, str) and _PLACEHOLDER.findall(text) == ["v"] * values)
    return tuple(dict.fromkeys(good))


def sample_authored(rng: Random, kind: AuthoredKind, split: Split, update_of: str | None = None) -> Fact:
    """Draw one fact of a hand-written kind, split like the templated ones (kinds, phrasings and values).

    Args:
        rng: the only source of chance.
        kind: the kind.
        split: a held-out kind is refused for training.
        update_of: the value told before; the fact then corrects it.

    Raises:
        ValueError: a held-out kind was asked for in training, or no clean wording was found.
    """
    if split == "train" != split_of(kind.kind):
        raise ValueError(f"{kind.kind} is held out for testing")
    values = [value for value in phrasings(kind.kind, kind.values, split) if value != update_of]
    if not values and split == "test":  # the only held-out value is being corrected: any other one will do
        values = [value for value in kind.values if value != update_of]
    tells, asks = phrasings(kind.kind, kind.tell, split), phrasings(kind.kind, kind.ask, split)
    answers = phrasings(kind.kind, kind.answer, split)
    if not (values and tells and asks and answers):
        raise ValueError(f"{kind.kind}: nothing to draw for the split {split!r}")
    for _ in range(_TRIES):
        value = rng.choice(values)
        if update_of is None:
            text = rng.choice(tells)
        else:
            text = _correction(rng, kind.kind, kind.tell, kind.update, value, split)
        tell, answer, ask = render(text, SELF, value), render(rng.choice(answers), SELF, value), rng.choice(asks)
        if clean(value, tell, ask, answer):
            near = phrasings(kind.kind, kind.near, split)
            return Fact(kind.kind, SELF, value, tell, ask, answer, update_of, near)
    raise ValueError(f"{kind.kind}: no wording keeps its values apart")
