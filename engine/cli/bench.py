"""`techo bench`: the benchmark table."""

from __future__ import annotations

import tempfile
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.cli.benchmark.controls import bench_controls
from engine.cli.benchmark.growth import PlainText, bench_growth, bench_perplexity
from engine.cli.benchmark.kills import bench_kills
from engine.cli.benchmark.lab import Lab, Supply
from engine.cli.benchmark.soak import bench_soak, broken
from engine.cli.benchmark.speed import bench_speed
from engine.cli.connection import Engines
from engine.cli.console import EXIT_ERROR, EXIT_OK, Console, bytes_text, table
from engine.protocol import MemoryStats

Figure = tuple[str, str, str]
"""A line of the table: what, measured, wanted."""


def bench(options: Namespace, console: Console) -> int:
    """Runs the chosen parts; exit status 1 when a promise was broken (something lost to a kill)."""
    if options.part == "ternary":
        return _compare_ternary(options, console)
    parts: dict[str, Callable[[Lab], dict[str, Any]]] = {
        # The memory part comes first: it leaves a profile that has been told most.
        "memory": lambda lab: _bench_memory(lab, options),
        "controls": lambda lab: bench_controls(lab, options.fill, options.controls, full=options.full),
        "speed": lambda lab: bench_speed(lab, options.fill, options.rounds),
        "kills": lambda lab: bench_kills(lab, options.kills, options.fill),
        "soak": lambda lab: bench_soak(lab, options.turns),
    }
    chosen = [part for part in parts if part != "soak"] if options.part == "all" else [options.part]
    results: dict[str, Any] = {}
    if options.data_dir is not None:
        options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="techo-bench-", dir=options.data_dir) as folder:
        engines = Engines(Path(folder), options.threads)
        lab = Lab(engines, Supply.load(options.facts, options.seed), _progress(console), options.seed)
        for part in chosen:
            results[part] = parts[part](lab)
    if console.stderr.isatty():
        console.stderr.write("\r\x1b[K")
    console.result(results, bench_text(results))
    kills = results.get("kills", {})
    lost = any(kills.get(name) for name in ("failed_restarts", "lost_messages", "lost_entries", "recall_lost"))
    return EXIT_ERROR if lost or ("soak" in results and broken(results["soak"])) else EXIT_OK


def _compare_ternary(options: Namespace, console: Console) -> int:
    """A comparison of model files: it has no lab, and is no part of `all`."""
    from engine.cli.benchmark.ternary.report import ternary_text
    from engine.cli.benchmark.ternary.run import bench_ternary

    if options.data_dir is not None:
        options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    results = bench_ternary(options, _progress(console))
    if console.stderr.isatty():
        console.stderr.write("\r\x1b[K")
    console.result(results, ternary_text(results))
    return EXIT_OK


def _bench_memory(lab: Lab, options: Namespace) -> dict[str, Any]:
    text = PlainText.load(options.text)  # a wrong file is better found out before hundreds of turns are told
    grown = bench_growth(lab, options.turns, one_conversation=options.one_conversation)
    return {**grown, "perplexity": bench_perplexity(lab, text, full=options.full)}


def _progress(console: Console) -> Callable[[str], None]:
    if not console.stderr.isatty():
        return lambda what: None

    def show(what: str) -> None:
        console.stderr.write(f"\r\x1b[K{what}")
        console.stderr.flush()

    return show


def bench_text(results: dict[str, Any]) -> str:
    """The table for people: measured beside wanted."""
    makers: dict[str, Callable[[dict[str, Any]], list[Figure]]] = {
        "speed": _speed,
        "memory": _memory,
        "controls": _controls,
        "kills": _kills,
        "soak": _soak,
    }
    figures = [figure for part, make in makers.items() if part in results for figure in make(results[part])]
    return table(["figure", "measured", "wanted"], figures)


def _speed(result: dict[str, Any]) -> list[Figure]:
    figures: list[Figure] = []
    names = {"recalling": "asked about told things", "plain": "plain prompts", "both": "both"}
    for group, name in names.items():
        if group in result["decode"]:
            side = result["decode"][group]
            figures.append(
                (
                    f"decoding, memory / none: {name}",
                    f"{side['with_memory']:.1f} / {side['without_memory']:.1f} tokens/s = {side['ratio']:.3f}",
                    ">= 0.90",
                )
            )
            figures.append(
                (f"  tokens the memory had a say in: {name}", f"{side['memory_tokens']} of {side['tokens']}", "")
            )
    learn = result["learn"]
    if learn["ratio"] is not None:
        figures.append(
            (
                "learning a turn / reading it",
                f"{1000 * learn['write']:.1f} / {1000 * learn['read']:.1f} ms = {learn['ratio']:.3f}",
                "<= 0.15",
            )
        )
    if result["first_token"] is not None:
        figures.append(("first token of a turn", f"{1000 * result['first_token']:.0f} ms", ""))
    figures.append(("engine start to ready", f"{result['start']['ready']:.2f} s", ""))
    figures.append(("engine start to first token", f"{result['start']['first_token']:.2f} s", "<= 3 s"))
    return figures


def _memory(result: dict[str, Any]) -> list[Figure]:
    stats: MemoryStats = result["stats"]
    figures: list[Figure] = [
        ("turns told in one profile", str(result["turns"]), ""),
        _in_use(stats),
        ("size of the memory", " then ".join(map(bytes_text, result["state_bytes"])), "<= 24 MB, constant"),
        ("snapshot on disk", ", ".join(map(bytes_text, result["snapshot_sizes"])) or "none yet", "one size"),
    ]
    rss = result["rss"]
    if rss["growth"] is not None:
        figures.append(
            (
                "resident memory after 50 turns, growth",
                f"{bytes_text(rss['settled'])}, "
                f"{rss['growth'] / 1e6:+.2f} MB (peak {rss['peak_growth'] / 1e6:+.2f} MB)",
                "< 2 MB",
            )
        )
    times = result["seconds"]
    if times["first"] is not None:
        figures.append(("seconds a turn, first 50 / last 50", f"{times['first']:.3f} / {times['last']:.3f}", "flat"))
    perplexity = result["perplexity"]
    figures.append(
        (
            f"perplexity, memory / none ({perplexity['text']}, {perplexity['tokens']} tokens, {_after(perplexity)})",
            f"{perplexity['with_memory']:.3f} / {perplexity['without_memory']:.3f} = {perplexity['ratio']:.4f}",
            "<= 1.01",
        )
    )
    return [*figures, _in_use(perplexity["stats"])]


def _after(result: dict[str, Any]) -> str:
    """What the memory had been told when it was measured."""
    return f"after {result['turns_told']} turns" + (", then filled up" if result["full"] else "")


def _in_use(stats: MemoryStats) -> Figure:
    """How full the memory was."""
    return (
        "  neurons, turn slots in use",
        f"{stats.neurons_used:,} of {stats.neurons:,}, {stats.turns_used:,} of {stats.turns:,}",
        "",
    )


def _controls(result: dict[str, Any]) -> list[Figure]:
    figures: list[Figure] = [
        (
            f"control questions right, memory / none ({_after(result)})",
            f"{result['right_with']} / {result['right_without']} of {result['asked']}",
            "not one fewer",
        ),
        ("  lost / gained", f"{len(result['lost'])} / {len(result['gained'])}", "0 lost"),
        _in_use(result["stats"]),
    ]
    return [*figures, *[(f"  lost: {question}", "", "") for question in result["lost"]]]


def _kills(result: dict[str, Any]) -> list[Figure]:
    stages = ", ".join(f"{count} {stage}" for stage, count in result["stages"].items())
    figures: list[Figure] = [
        ("kill -9 in a turn", f"{result['kills']} ({stages})", ""),
        ("  restarts that failed", str(len(result["failed_restarts"])), "0"),
        ("  messages lost of those shown as sent", f"{len(result['lost_messages'])} of {result['sent']}", "0"),
        ("  entries lost of those learned", f"{len(result['lost_entries'])} of {result['learned']}", "0"),
        ("  answers lost", f"{len(result['recall_lost'])} of {result['recall_checks']} checks", "0"),
        ("  restart", f"{result['restart_seconds']:.2f} s", ""),
    ]
    return [*figures, *[(f"  {notice}", "", "") for notice in dict.fromkeys(result["notices"])]]


def _soak(result: dict[str, Any]) -> list[Figure]:
    done = ", ".join(f"{count:,} {what}" for what, count in result["done"].items())
    figures: list[Figure] = [
        ("turns soaked", f"{result['turns']:,} in {result['rounds']} rounds ({done})", ""),
        ("  answers that changed", f"{len(result['changed'])} of {result['done'].get('probes asked', 0):,}", "0"),
        ("  probes right, first and last", f"{result['right']} of {result['probes']}", ""),
        ("  problems in the database", str(len(result["integrity"])), "0"),
        ("  left-over profiles", str(len(result["left"])), "0"),
    ]
    for name, words in {"rss": "resident memory", "files": "files without snapshots", "snapshots": "snapshot"}.items():
        one = result[name]
        first, last, most = (bytes_text(one[when]) for when in ("first", "last", "most"))
        figures.append((f"  {words}: first round / last / most", f"{first} / {last} / {most}", "flat"))
    for name in ("descriptors", "threads"):
        one = result[name]
        figures.append(
            (f"  {name}: first round / last / most", f"{one['first']} / {one['last']} / {one['most']}", "flat")
        )
    return [*figures, *[(f"  {notice}", "", "") for notice in dict.fromkeys(result["notices"])]]
