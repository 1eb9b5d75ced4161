"""Values of facts: names, codes, dates, dishes and the like, drawn by a seeded generator.

A kind of fact names its values by a *spec* such as ``"number:10:999"`` or ``"list:food"``. Names of people, companies,
streets and titles are built from syllables or combined at random, so that a language model cannot guess them.

Held-out values: a value whose hash falls in one bucket of ten is never drawn for training, and for testing nothing else
is drawn. Closed classes (days of the week, months, clock times and other small sets everyone needs) are exempt: holding
out a tenth of them would only leave the memory unable to say "Tuesday".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Literal

DATA = Path(__file__).parent / "data"

Split = Literal["train", "dev", "test"]

#: Specs (by their first word) whose values are shared by both splits.
CLOSED = frozenset({"weekday", "month", "time", "bloodtype", "choice", "small"})

#: Draws after which a spec is taken to hold no value of the wanted split. One value in ten is held out, so an open
#: spec with at least thirty values fails with a probability of 0.9 ** 2000.
MAX_DRAWS = 2000


def held_out(name: str) -> bool:
    """Tell whether a kind, phrasing, name or value is kept for testing: one in ten, by hash, for ever the same."""
    return _hash(name) % 10 == 0


def split_of(kind: str) -> Split:
    """Return the split of a kind: one in ten for testing, of the others one in thirteen to develop with.

    What is tuned is tuned on kinds that are neither trained on nor reported. The facts of a scene (`scene~a`) go
    together.
    """
    kind = scene_of(kind) or kind
    return "test" if held_out(kind) else "dev" if _hash(kind) // 10 % 13 == 0 else "train"


def scene_of(kind: str) -> str:
    """The scene that a kind of fact is told in, with others; empty for a kind that is told alone."""
    scene, mark, _ = kind.partition("~")
    return scene if mark else ""


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


@cache
def words(name: str) -> tuple[str, ...]:
    """Return one word list of ``data/words.txt`` (one list a line: ``name: word, word, ...``)."""
    for line in (DATA / "words.txt").read_text(encoding="utf-8").splitlines():
        head, _, tail = line.partition(": ")
        if head == name:
            return tuple(word.strip() for word in tail.split(","))
    raise KeyError(f"no word list named {name!r}")


def _pick(rng: Random, name: str) -> str:
    return rng.choice(words(name))


def _syllables(rng: Random, count: int) -> str:
    parts = []
    for _ in range(count):
        coda = _pick(rng, "coda")
        parts.append(_pick(rng, "onset") + _pick(rng, "nucleus") + ("" if coda == "-" else coda))
    return "".join(parts)


def coined(rng: Random) -> str:
    """Invent a word that looks like a name: "Stounethik"."""
    stem = _pick(rng, "onset") + _pick(rng, "nucleus") if rng.random() < 0.4 else _syllables(rng, 1)
    return (stem + _pick(rng, "onset") + _pick(rng, "nameend")).capitalize()


def first_name(rng: Random) -> str:
    """Return a first name, half of them real ones from many cultures and half invented."""
    return _pick(rng, "first") if rng.random() < 0.5 else coined(rng)


def last_name(rng: Random) -> str:
    """Return a family name, most of them real."""
    return _pick(rng, "last") if rng.random() < 0.7 else coined(rng)


def _person(rng: Random, style: str = "full") -> str:
    if style == "first":
        return first_name(rng)
    if style == "last":
        return last_name(rng)
    if style == "title":
        return f"{rng.choice(('Dr', 'Dr', 'Mr', 'Ms', 'Mrs', 'Professor'))} {last_name(rng)}"
    if style == "doctor":
        return f"Dr {last_name(rng)}"
    return f"{first_name(rng)} {last_name(rng)}"


def _one(rng: Random, name: str) -> str:
    """Return a word of a list with its article: "an otter"."""
    word = _pick(rng, name)
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _number(rng: Random, low: str, high: str) -> str:
    value = rng.randint(int(low), int(high))
    return f"{value:,}" if value >= 10_000 else str(value)


def _ordinal(number: int) -> str:
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _date(rng: Random) -> str:
    day, month = rng.randint(1, 28), rng.choice(MONTHS)
    forms = (f"{month} {day}", f"{month} {day}", f"{month} {_ordinal(day)}", f"the {_ordinal(day)} of {month}",
             f"{day} {month}")  # fmt: skip
    return rng.choice(forms)


def _fulldate(rng: Random, low: str, high: str) -> str:
    return f"{rng.choice(MONTHS)} {rng.randint(1, 28)}, {rng.randint(int(low), int(high))}"


def _time(rng: Random, earliest: str = "0", latest: str = "23") -> str:
    """Return a clock time between two hours of the day (both included), written in one of the usual ways."""
    hour, minute = rng.randint(int(earliest), int(latest)), 5 * rng.randint(0, 11)
    twelve = (hour - 1) % 12 + 1
    roll = rng.random()
    if roll < 0.25:
        spoken = rng.choice(("quarter past", "half past", "ten past", "twenty past", "five past"))
        return f"{spoken} {_HOURS[twelve - 1]}"
    if roll < 0.4:
        return f"{hour}:{minute:02d}"
    half = "AM" if hour < 12 else "PM"
    return f"{twelve} {half}" if minute == 0 else f"{twelve}:{minute:02d} {half}"


def _price(rng: Random, low: str, high: str) -> str:
    amount = rng.randint(int(low), int(high))
    if amount > 400:
        amount -= amount % 5
    text = f"{amount:,}"
    return rng.choice((f"${text}", f"${text}", f"£{text}", f"€{text}", f"{text} euros", f"{text} dollars"))


def _quantity(rng: Random, low: str, high: str, *units: str) -> str:
    return f"{_number(rng, low, high)} {rng.choice(units)}"


def _decimal(rng: Random, low: str, high: str, *units: str) -> str:
    value = f"{rng.randint(int(low), int(high))}.{rng.randint(1, 9)}"
    return f"{value} {rng.choice(units)}" if units else value


def _pattern(rng: Random, *patterns: str) -> str:
    """Fill a pattern: L a letter, D a digit, N a digit other than zero, everything else as it stands."""
    letters, out = "ABCDEFGHJKLMNPQRSTUVWXYZ", []
    for sign in rng.choice(patterns):
        out.append({"L": lambda: rng.choice(letters), "D": lambda: rng.choice("0123456789"),
                    "N": lambda: rng.choice("123456789")}.get(sign, lambda sign=sign: sign)())  # fmt: skip
    return "".join(out)


def _street(rng: Random) -> str:
    stem = _pick(rng, "tree") if rng.random() < 0.5 else coined(rng)
    return f"{stem} {rng.choice(('Street', 'Lane', 'Road', 'Avenue', 'Row', 'Close', 'Way', 'Hill', 'Terrace'))}"


def _address(rng: Random) -> str:
    return f"{rng.randint(2, 289)} {_street(rng)}"


def _named(*suffixes: str) -> Callable[[Random], str]:
    """Build a generator of invented proper names with a telling ending, such as "Vorena Labs"."""

    def make(rng: Random) -> str:
        stem = rng.choice((coined, coined, last_name, lambda r: _pick(r, "tree")))(rng)
        return f"{stem} {rng.choice(suffixes)}"

    return make


def _the_noun(rng: Random) -> str:
    return f"the {_pick(rng, 'adjective')} {_pick(rng, 'noun')}"


def _title(rng: Random) -> str:
    adjective, noun, other = _pick(rng, "adjective"), _pick(rng, "noun"), _pick(rng, "noun")
    forms = (f"The {adjective} {noun}", f"The {adjective} {noun}", f"A {noun} for {first_name(rng)}",
             f"{noun} and {other}" if noun != other else f"Two {adjective} {noun}s", f"{adjective} {noun}",
             f"The {noun} of {coined(rng)}", f"Beyond the {adjective} {noun}")  # fmt: skip
    return rng.choice(forms)


def _team(rng: Random) -> str:
    return f"the {_pick(rng, 'adjective')} {_pick(rng, 'animalname')}"


def _username(rng: Random) -> str:
    stem = rng.choice((coined(rng), _pick(rng, "noun"), _pick(rng, "adjective"))).lower()
    joint = rng.choice(("", "_", "."))
    return f"{stem}{joint}{rng.choice((_pick(rng, 'noun').lower(), str(rng.randint(2, 999))))}"


def _email(rng: Random) -> str:
    host = coined(rng).lower()
    return f"{first_name(rng).lower()}.{rng.choice(words('noun')).lower()}@{host}.{rng.choice(('com', 'org', 'net'))}"


def _password(rng: Random) -> str:
    noun, stem = _pick(rng, "noun"), coined(rng)
    forms = (f"{stem.lower()}-{noun.lower()}-{rng.randint(2, 99)}", f"{noun}{rng.randint(10, 9999)}",
             f"{stem}{rng.randint(10, 99)}!", _pattern(rng, "LDLDLLDD", "LLDDDLL", "DDLLDDLL"))  # fmt: skip
    return rng.choice(forms)


def _petname(rng: Random) -> str:
    return _pick(rng, "petname") if rng.random() < 0.5 else coined(rng)


def _feature(rng: Random) -> str:
    return f"{_pick(rng, 'colour')} with {_pick(rng, 'colour')}"


def _coloured(rng: Random, *nouns: str) -> str:
    return f"{_pick(rng, 'colour')} {rng.choice(nouns)}"


GENERATORS: dict[str, Callable[..., str]] = {
    "person": _person,
    "coined": coined,
    "petname": _petname,
    "number": _number,
    "small": lambda rng, *options: rng.choice(options),
    "choice": lambda rng, *options: rng.choice(options),
    "list": _pick,
    "one": _one,
    "quantity": _quantity,
    "decimal": _decimal,
    "pattern": _pattern,
    "ordinal": lambda rng, low, high: _ordinal(rng.randint(int(low), int(high))),
    "date": _date,
    "fulldate": _fulldate,
    "weekday": lambda rng: rng.choice(WEEKDAYS),
    "month": lambda rng: rng.choice(MONTHS),
    "year": lambda rng, low, high: str(rng.randint(int(low), int(high))),
    "time": _time,
    "price": _price,
    "phone": lambda rng: _pattern(rng, "NDD-DDD-DDDD", "0NDD DDD DDDD", "NDD DDDD", "+NN DDD DDD DDD", "555-DDDD"),
    "plate": lambda rng: _pattern(rng, "LLL DDD", "LL DD LLL", "DDD-LLL", "L-LL DDDD", "NLLL DDD"),
    "bloodtype": lambda rng: rng.choice(("A", "B", "AB", "O")) + rng.choice((" positive", " negative")),
    "street": _street,
    "address": _address,
    "town": lambda rng: coined(rng) + rng.choice(("", "", "ville", "ford", "mouth", " Falls", " Bay", "stadt", "burg")),
    "company": _named("Labs", "Systems", "Foods", "Motors", "Media", "Logistics", "Robotics", "Bank", "Textiles"),
    "store": _named("& Sons", "& Daughters", "Brothers", "Emporium", "Stores", "Trading", "Gallery"),
    "bakery": _named("Bakery", "& Sons", "Bread", "Bakehouse", "Oven", "Mill"),
    "restaurant": _named("Kitchen", "Bistro", "Grill", "House", "Cantina", "Table", "Noodle Bar"),
    "cafe": _named("Coffee", "Cafe", "Tea Room", "Roasters", "Espresso Bar"),
    "hotel": lambda rng: f"Hotel {coined(rng)}" if rng.random() < 0.5 else _named("Inn", "Lodge", "Guesthouse")(rng),
    "school": _named("High School", "University", "College", "Academy", "Institute"),
    "primary": _named("Primary School", "Elementary", "Nursery", "Kindergarten"),
    "clinic": _named("Clinic", "Medical Centre", "Hospital", "Surgery", "Health Centre"),
    "gym": _named("Gym", "Fitness", "Sports Club", "Barbell Club"),
    "park": _named("Park", "Gardens", "Common", "Woods", "Beach", "Lake"),
    "bank": _named("Bank", "Credit Union", "Savings", "Trust"),
    "airline": _named("Air", "Airways", "Airlines"),
    "brand": coined,
    "project": lambda rng: f"Project {coined(rng) if rng.random() < 0.6 else _pick(rng, 'noun')}",
    "pub": _the_noun,
    "team": _team,
    "title": _title,
    "username": _username,
    "email": _email,
    "site": lambda rng: f"{coined(rng).lower()}.{rng.choice(('com', 'org', 'net', 'io'))}",
    "password": _password,
    "twotone": _feature,
    "coloured": _coloured,
    "flight": lambda rng: _pattern(rng, "LL NDD", "LLNDDD", "LL NDDD"),
}


def is_closed(spec: str) -> bool:
    """Tell whether the values of `spec` are shared by training and testing."""
    return spec.partition(":")[0] in CLOSED


def draw(rng: Random, spec: str) -> str:
    """Draw one value of `spec`, whichever split it belongs to."""
    name, *arguments = spec.split(":")
    if name not in GENERATORS:
        raise KeyError(f"no values named {name!r}")
    return GENERATORS[name](rng, *arguments)


def draw_value(rng: Random, spec: str, split: Split) -> str:
    """Draw a value of `spec` that belongs to `split`.

    Raises:
        ValueError: the spec has no value in that split (it is too small to be an open class).
    """
    if is_closed(spec):
        return draw(rng, spec)
    for _ in range(MAX_DRAWS):
        value = draw(rng, spec)
        if held_out(value) == (split != "train"):
            return value
    raise ValueError(f"{spec!r} has no values for the split {split!r}")
