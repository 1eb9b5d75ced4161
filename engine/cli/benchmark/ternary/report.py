"""The table of `techo bench ternary`: measured beside wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from engine.cli.benchmark.ternary.contenders import FLOAT, REFERENCE, TERNARY
from engine.cli.console import bytes_text, table

Line = tuple[str, ...]
"""A line of the table: what, one cell a model, ternary / Q4_1, wanted of that."""

Cell = Callable[[dict[str, Any]], str]

WANTED: Final = {
    "bytes": "<= 0.60",
    "decode": ">= 1.2",
    "dialogue": "<= 1.5",
    "wikitext": "<= 2.5",
    "recall": ">= 0.95",
    "loops": "0 loops",
}
"""Issue 6's figures to reach."""


def ternary_text(results: dict[str, Any]) -> str:
    """The table for people, and what has to be known to read it."""
    names = list(results["models"])
    makers = {
        "size": _size,
        "speed": _speed,
        "perplexity": _perplexity,
        "recall": _recall,
        "reasoning": _reasoning,
        "talk": _talk,
        "energy": _energy,
    }
    lines = list(_files(results["models"], names))
    for part, make in makers.items():
        if part in results:
            lines += make(results[part], names)
    head = ["figure", *names, f"{TERNARY} / {REFERENCE}", "wanted"]
    return table(head, lines) + "\n\n" + "\n".join(_notes(results))


def _line(
    what: str, found: dict[str, Any], names: list[str], cell: Cell, number: Cell | None = None, wanted: str = ""
) -> Line:
    """One line; `number` makes of a model's result what the ratio is taken of."""
    ratio = ""
    if number is not None:
        above, below = float(number(found[TERNARY])), float(number(found[REFERENCE]))
        ratio = f"{above / below:.3f}" if below else "n/a"
    return (what, *[cell(found[name]) if name in found else "" for name in names], ratio, wanted)


def _plain(key: str) -> Cell:
    return lambda one: repr(float(one[key]))


def _files(models: dict[str, Any], names: list[str]) -> Iterator[Line]:
    size = _plain("bytes")
    yield _line("file", models, names, lambda one: bytes_text(one["bytes"]), size, WANTED["bytes"])


def _size(found: dict[str, Any], names: list[str]) -> Iterator[Line]:
    for key, what in (("loaded", "resident after loading"), ("read", "resident after 1,000 tokens")):
        yield _line(what, found, names, lambda one, key=key: bytes_text(one[key]), _plain(key))  # type: ignore[misc]


def _speed(found: dict[str, Any], names: list[str]) -> Iterator[Line]:
    for threads, models in found.items():
        if threads == "rapl":
            continue
        of = "1 thread" if threads == "1" else f"{threads} threads"
        for kind, what in (("prefill", "reading 512 tokens"), ("decode", "decoding 64 behind 512")):
            # The rounds' own ratios, not that of the medians.
            ratio = f"{models[TERNARY][f'{kind}_ratio']:.3f}"
            cells = [f"{models[name][kind]:.1f}" for name in names]
            yield (f"{what}, tokens/s, {of}", *cells, ratio, WANTED.get(kind, ""))
        if any(models[name]["joules"] is not None for name in names):
            cells = ["" if models[name]["joules"] is None else f"{models[name]['joules']:.3f}" for name in names]
            yield (f"joules a decoded token (RAPL), {of}", *cells, "", "")


def _perplexity(found: dict[str, Any], names: list[str]) -> Iterator[Line]:
    titles = {
        "dialogue": "perplexity, held-out dialogue",
        "foreign": "perplexity, dialogue foreign to both (RealTalk)",
        "wikitext": "perplexity, WikiText-2 test",
    }
    for text in found[TERNARY]:
        models = {name: found[name][text] for name in names}
        what = titles[text]
        yield _line(
            what, models, names, lambda one: f"{one['perplexity']:.2f}", _plain("perplexity"), WANTED.get(text, "")
        )


def _recall(found: dict[str, Any], names: list[str]) -> Iterator[Line]:
    for file in found[TERNARY]:
        models = {name: found[name][file] for name in found}
        for kind in models[TERNARY]["kinds"]:
            kinds = {name: one["kinds"][kind] for name, one in models.items()}
            yield _line(
                f"{file}, memory on: {kind}",
                kinds,
                names,
                _right,
                _plain("rate"),
                WANTED["recall"] if kind == "fact" else "",
            )


def _right(one: dict[str, Any]) -> str:
    return f"{one['right']} of {one['asked']}"


def _reasoning(found: dict[str, Any], names: list[str]) -> Iterator[Line]:
    titles = {
        "gsm8k": "GSM8K, exact final number",
        "babi": "bAbI test, likeliest of all answers",
        "arithmetic": "one-step sums, likeliest of 0..99",
    }
    for task, what in titles.items():
        models = {name: found[name][task] for name in names}
        yield _line(what, models, names, _right, _plain("right"))


def _talk(found: dict[str, Any], names: list[str]) -> Iterator[Line]:
    titles = {
        "sampled": f"everyday turns, temperature {found['temperature']}",
        "greedy": "everyday turns, greedy",
        "dialogues": "sample dialogues, greedy",
    }
    for way, what in titles.items():
        models = {name: found[name][way] for name in names if name in found}
        wanted = WANTED["loops"] if way == "sampled" else ""
        yield _line(
            f"{what}: degenerate", models, names, lambda one: f"{one['degenerate']} of {one['replies']}", wanted=wanted
        )
        yield _line("  4-grams said before", models, names, lambda one: f"{one['repeated']:.3f}")
        yield _line(
            "  distinct-1, distinct-2", models, names, lambda one: f"{one['distinct_1']:.3f}, {one['distinct_2']:.3f}"
        )
        yield _line("  words a reply", models, names, lambda one: f"{one['words']:.0f}")


def _energy(found: dict[str, Any], names: list[str]) -> Iterator[Line]:
    millions: Callable[[str], Cell] = lambda key: lambda one: f"{one[key] / 1e6:.1f} M"  # noqa: E731
    micro: Callable[[str], Cell] = lambda key: lambda one: _micro(one[key])  # noqa: E731
    first = next(iter(found.values()))
    what = "modelled energy a token, products of the blocks"
    yield _line(what, first, names, micro("of_blocks_joules"), _plain("of_blocks_joules"))
    for context, models in found.items():
        of = f"context of {context}"
        yield _line(f"additions a token, {of}", models, names, millions("additions"), _plain("additions"))
        yield _line(
            f"multiplications a token, {of}", models, names, millions("multiplications"), _plain("multiplications")
        )
        yield _line(f"modelled energy, all arithmetic, {of}", models, names, micro("joules"), _plain("joules"))
        yield _line(
            f"modelled energy, DRAM, {of}",
            models,
            names,
            lambda one: " to ".join(_micro(joules) for joules in one["dram_joules"]),
            _plain("dram_bytes"),
        )


def _micro(joules: float) -> str:
    return f"{1e6 * joules:.0f} uJ"


def _notes(results: dict[str, Any]) -> Iterator[str]:
    if results["quick"]:
        yield "Quick: few rounds and small samples; only to see that everything runs."
    if FLOAT in results["models"]:
        yield "f16: the Q4_1 model's weights as F16, 576 wide. The ternary model is padded to 768."
    if "speed" in results:
        yield f"Joules measured: {'as above' if results['speed']['rapl'] is None else results['speed']['rapl'] + '.'}"
    if "perplexity" in results or "reasoning" in results:
        yield (
            "Held out are the texts, not their kind: the ternary model was tuned on other dialogues of the same "
            "corpora, on 600 of bAbI's training stories and on GSM8K's other problems; the Q4_1 model was not."
        )
    if "reasoning" in results:
        yield "At 135 million parameters GSM8K is out of reach of both; it stands here to show that."
    if "talk" in results:
        yield (
            "Degenerate: the same 1 to 8 words four times in a row, or over half of a reply's 4-grams said before. "
            f"Sample dialogues: {results['talk']['page']}"
        )
    if "energy" in results:
        yield (
            "Energy: operations counted from the shapes, trits as additions, Horowitz's prices (ISSCC 2014, 45 nm); "
            "a model, not a measurement. DRAM: weights and KV window read once, 1.3 to 2.6 nJ for 8 bytes."
        )
