"""The evidence of the README, remade: `python -m tests.benchmarks.evidence COMMAND`, from the root of the checkout.

    make SET       an episode file of a public corpus (or of this project's own kinds) for `techo evaluate`
    figures        all sets: made, evaluated in all arms, one table
    ablate FILE    tells an episode once and asks under each switch: a table
    transcripts    pages of real answers, the first of each outcome

What is converted, by which rules and what was left out, stands in the head of each module in `sets`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from engine.cli.connection import Engines
from engine.cli.console import UsageError, to_json
from engine.cli.evaluate import load_rows
from engine.cli.evaluation.arms import ArmOptions
from engine.cli.evaluation.episodes import load_episodes
from engine.errors import EngineError
from tests.benchmarks.evidence.ablation import ARMS, ablation_text, ask, chosen_questions, tell_once
from tests.benchmarks.evidence.figures import EVERY_ARM, evaluate, lines, markdown
from tests.benchmarks.evidence.making import Draft, Record, sample, write
from tests.benchmarks.evidence.sets import babi, msc, own, personabench, prefeval, realtalk
from tests.benchmarks.evidence.transcripts import page

Maker = Callable[[Path, int], Iterator[Draft]]


class Set(NamedTuple):
    """A converter, and how many episodes and questions are a fair sample of what it gives."""

    make: Maker
    episodes: int
    questions: int


SETS: Final[dict[str, Set]] = {
    "authored": Set(own.authored, 1, 125),
    "scenes": Set(own.scenes, 1, 75),
    "msc": Set(msc.msc, 25, 60),
    "realtalk": Set(realtalk.realtalk, 20, 60),
    "personabench": Set(personabench.personabench, 6, 60),
    "prefeval": Set(prefeval.prefeval, 3, 60),
    "prefeval-implicit": Set(prefeval.prefeval_implicit, 3, 60),
    "babi-1": Set(babi.babi_1, 40, 40),
    "babi-2": Set(babi.babi_2, 40, 40),
}


def main(arguments: list[str] | None = None) -> int:
    """Runs the command that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.evidence", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("make", help="make an episode file")
    command.add_argument("set", choices=SETS)
    command.add_argument("--corpora", type=Path, required=True, help="folder of the unpacked corpora")
    command.add_argument("--out", type=Path, required=True, metavar="EPISODES.jsonl")
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--episodes", type=int, help="so many at most (default: the set's)")
    command.add_argument("--questions", type=int, help="so many at most, in all (default: the set's)")
    command.set_defaults(run=_make)
    command = commands.add_parser("figures", help="make and evaluate the sets: a table")
    command.add_argument("--corpora", type=Path, required=True, help="folder of the unpacked corpora")
    command.add_argument(
        "--work", type=Path, required=True, help="where episodes and results lie, and are gone on with"
    )
    command.add_argument("--sets", default=",".join(SETS), help="default: %(default)s")
    command.add_argument("--more", type=Path, nargs="*", default=[], metavar="EPISODES.jsonl", help="further files")
    command.add_argument("--arms", default=",".join(EVERY_ARM), help="default: %(default)s")
    command.add_argument("--seed", type=int, nargs="+", default=[1], help="several seeds: several episodes of each set")
    command.add_argument("--episodes", type=int, help="so many a set and seed at most")
    command.add_argument("--questions", type=int, help="so many a set and seed at most")
    command.add_argument("--threads", type=int)
    command.set_defaults(run=_figures)
    command = commands.add_parser("ablate", help="tell an episode once and ask under each switch")
    command.add_argument("file", type=Path, metavar="EPISODES.jsonl", help="its first episode is told")
    command.add_argument("--out", type=Path, required=True, metavar="RESULTS.jsonl", help="goes on where it stopped")
    command.add_argument("--arms", default=",".join(ARMS), help="default: %(default)s")
    command.add_argument("--facts", type=int, default=40, help="questions for something told (default: %(default)s)")
    command.add_argument("--abstain", type=int, default=10, help="near misses (default: %(default)s)")
    command.add_argument("--controls", type=int, default=10, help="general knowledge (default: %(default)s)")
    command.add_argument("--max-tokens", type=int, default=32, help="longest reply (default: %(default)s)")
    command.add_argument("--seed", type=int, default=1, help="of the sample of questions")
    command.add_argument("--threads", type=int)
    command.add_argument("--model", type=Path, help="another model with a memory of its own (GGUF)")
    command.set_defaults(run=_ablate)
    command = commands.add_parser("transcripts", help="a page of real answers, the first of each outcome")
    command.add_argument("file", type=Path, metavar="EPISODES.jsonl")
    command.add_argument("results", type=Path, metavar="RESULTS.jsonl")
    command.add_argument("--arm", default="memory")
    command.add_argument("--count", type=int, default=5, help="of each outcome (default: %(default)s)")
    command.set_defaults(run=_transcripts)
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
    except EngineError as error:
        print(f"{error.message} {error.hint}".strip(), file=sys.stderr)
        return 1
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    return status


def _make(options: argparse.Namespace) -> int:
    drafts = list(SETS[options.set].make(options.corpora, options.seed))
    records = _sampled(options.set, drafts, options.seed, options)
    write(records, options.out)
    there = sum(len(draft.questions) for draft in drafts)
    asked = sum(len(record["questions"]) for record in records)
    print(
        f"{options.set}: {there} questions in {sum(bool(draft.questions) for draft in drafts)} episodes can be asked; "
        f"{asked} in {len(records)} taken -> {options.out}"
    )
    return 0


def _sampled(name: str, drafts: list[Draft], seed: int, options: argparse.Namespace) -> list[Record]:
    made = SETS[name]
    return sample(drafts, options.episodes or made.episodes, options.questions or made.questions, seed)


def _figures(options: argparse.Namespace) -> int:
    table: list[list[str]] = []
    files = list(options.more)
    names = _known(options.sets, SETS, "set")
    for name in names:
        path = options.work / f"{name}.jsonl"
        if not path.exists():
            records: dict[str, Record] = {}
            for seed in options.seed:
                drafts = list(SETS[name].make(options.corpora, seed))
                for record in _sampled(name, drafts, seed, options):
                    records.setdefault(record["id"], record)  # the same chat, drawn again, is no further evidence
            write(list(records.values()), path)
        files.append(path)
    for path in files:
        results = evaluate(path, options.work, options.arms, options.threads)
        if results is None:
            return 1
        table += lines(path.stem, results)
        print(markdown(table[-1:]).splitlines()[-1], file=sys.stderr, flush=True)
    print(markdown(table))
    return 0


def _ablate(options: argparse.Namespace) -> int:
    arms = _known(options.arms, ARMS, "arm")
    episode = load_episodes(options.file, 1)[0]
    questions = chosen_questions(episode, options.facts, options.abstain, options.controls, options.seed)
    rows = load_rows(options.out) if options.out.exists() else []
    if {(row["index"], row["q"]) for row in rows} - {(place, one.q) for place, one in enumerate(questions)}:
        raise UsageError(f"{options.out} holds answers to other questions.", "Name another file, or the same sample.")
    # The profile lies beside the results: an interrupted run goes on without telling it all again.
    data_dir = options.out.absolute().with_suffix(".profiles")
    model = () if options.model is None else ("--model", str(options.model.absolute()))
    run = ArmOptions(Engines(data_dir, options.threads, model), max_tokens=options.max_tokens)
    tell_once(episode, run)
    with options.out.open("a", encoding="utf-8") as out:
        for arm in arms:
            if any(row["arm"] == arm for row in rows):
                continue
            asked = ask(episode, arm, questions, run)
            out.write("".join(to_json(row) + "\n" for row in asked))
            out.flush()
            rows += asked
            print(f"{arm}: {sum(row['right'] for row in asked)} of {len(asked)}", file=sys.stderr, flush=True)
    print(ablation_text(rows))
    return 0


def _known(text: str, known: Collection[str], what: str) -> list[str]:
    """The names of a list such as `msc,realtalk`.

    Raises:
        UsageError: one of them is none.
    """
    names = text.split(",") if text else []
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"There is no {what} {', '.join(unknown)}.", f"There are {', '.join(known)}.")
    return names


def _transcripts(options: argparse.Namespace) -> int:
    episodes = {episode.id: episode for episode in load_episodes(options.file)}
    rows = [row for row in load_rows(options.results) if row["arm"] == options.arm and row["episode"] in episodes]
    print(page(rows, episodes, options.count))
    return 0


if __name__ == "__main__":
    sys.exit(main())
