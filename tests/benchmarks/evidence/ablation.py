"""The ablation: one episode, told once; the same questions asked under each switch, and in other ways of reading.

Beside the switches (`switches`) there are arms that need none: `recollection` has the memory say what it recalls and
puts that into the prompt of the same model (the way that every other model remembers), instead of reading at the
output; `none` and `notes` are those of `techo evaluate`. General-knowledge questions are asked along: what helps recall
may harm those.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from engine.cli.benchmark.lab import CONTROL_FILE
from engine.cli.connection import Connection, Engines
from engine.cli.evaluation.arms import ArmOptions, Row, feed
from engine.cli.evaluation.episodes import Episode, Question, load_episodes
from engine.cli.evaluation.intervals import Asked, comparison, rate_interval
from engine.cli.evaluation.notes import Notebook
from engine.cli.evaluation.scoring import contains_any, judge, told_values
from engine.client import EngineClient
from engine.protocol import Initialized, Sampling, TurnSend
from engine.turn.recollection import reminded
from engine.turn.runner import RECOLLECTION_TOKENS
from tests.benchmarks.evidence.switches import SWITCHES

OTHER_ARMS: Final = {
    "recollection": "recalled in words, these in the prompt (memory not read at the output)",
    "notes": "no memory: the three best turns (BM25) in the prompt",
    "none": "nothing told",
}
ARMS: Final = (*SWITCHES, *OTHER_ARMS)
PROFILE: Final = "told"
FIRST: Final = 8
"""Words within which a short answer stands."""


@dataclass(frozen=True)
class SwitchedEngines(Engines):
    """Engines with a switch thrown."""

    switch: str = "shipped"

    def open(
        self,
        profile: str | None,
        *,
        create: bool = True,
        unlock: Callable[[Callable[[str | None], Initialized]], Initialized] = lambda start: start(None),
    ) -> Connection:
        command = [sys.executable, "-P", "-m", "tests.benchmarks.evidence.switched", self.switch]
        threads = () if self.threads is None else ("--threads", str(self.threads))
        client = EngineClient([*command, "--data-dir", str(self.data_dir), *threads, *self.arguments])
        return Connection(client, client.initialize(profile, create=create, unlock=unlock))


def chosen_questions(episode: Episode, recall: int, abstain: int, controls: int, seed: int) -> list[Question]:
    """So many of the episode's questions of each sort, and so many of general knowledge, by seed."""
    rng = Random(f"{seed}:ablation")
    known = [one for one in load_episodes(CONTROL_FILE)[0].questions if one.kind == "control"]
    pools = (
        ([one for one in episode.questions if one.is_recall], recall),
        ([one for one in episode.questions if one.kind == "abstain"], abstain),
        (known, controls),
    )
    return [one for pool, count in pools for one in rng.sample(pool, min(count, len(pool)))]


def tell_once(episode: Episode, options: ArmOptions) -> None:
    """Feeds the episode to the profile that all arms ask, unless that was done before; a half-told one begins anew."""
    folder = options.engines.data_dir
    done = folder / "told.done"
    if done.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with options.engines.open(PROFILE) as engine:
        feed(engine, episode.sessions, max_tokens=options.max_tokens)
    done.touch()


def ask(episode: Episode, arm: str, questions: Sequence[Question], options: ArmOptions) -> list[Row]:
    """One arm's rows, as `techo evaluate` writes them."""
    engines = options.engines
    if arm in SWITCHES:
        engines = SwitchedEngines(engines.data_dir, engines.threads, engines.arguments, switch=arm)
    tellings = episode.tellings()
    told = told_values(episode, tellings)
    notebook = Notebook(tellings) if arm == "notes" else None
    rows = []
    with engines.open("nobody" if arm == "none" else PROFILE) as engine:
        for index, question in enumerate(questions):
            text = question.q if notebook is None else notebook.prompt(question.q, options.notes_k)
            if arm == "recollection":
                text = reminded(question.q, _reply(engine, question.q, RECOLLECTION_TOKENS, recall=True))
            reads = arm in SWITCHES or arm == "none"
            output = _reply(engine, text, options.max_tokens, recall=reads)
            verdict = judge(question, output, told)
            rows.append(
                {
                    "episode": episode.id,
                    "index": index,
                    "q": question.q,
                    "kind": question.kind,
                    "arm": arm,
                    "output": output,
                    "right": verdict.right,
                    "stale": verdict.stale,
                    "invented": verdict.invented,
                    "answers": list(question.answers),
                }
            )
    return rows


def _reply(engine: Connection, text: str, max_tokens: int, *, recall: bool) -> str:
    sampling = Sampling(temperature=0.0, max_tokens=max_tokens)
    return engine.turn(TurnSend(text=text, sampling=sampling, learn=False, recall=recall)).reply


def ablation_text(rows: Sequence[Row]) -> str:
    """The table, as Markdown: recall with its interval, and by how many points it differs from the shipped memory.

    An answer is right when it contains the value, so an arm whose replies do not end finds more by saying more: beside
    it stand how many are right by their first eight words, and the words in a reply.
    """
    head = ["arm", "what", "facts", "95 %", "against shipped, points", f"in {FIRST} words", "words"]
    head += ["near misses left alone", "controls"]
    by_arm: dict[str, list[Row]] = {}
    for row in rows:
        by_arm.setdefault(row["arm"], []).append(row)
    lines = []
    for arm in [arm for arm in ARMS if arm in by_arm]:
        facts = [row for row in by_arm[arm] if row["kind"] in ("fact", "update")]
        interval = rate_interval([row["right"] for row in facts], [row["episode"] for row in facts])
        against = comparison(_right(facts), _right(by_arm.get("shipped", [])))
        lines.append(
            [
                arm,
                SWITCHES[arm].what if arm in SWITCHES else OTHER_ARMS[arm],
                _share(facts),
                f"{interval[0]:.2f}-{interval[1]:.2f}" if interval else "",
                _points(against) if arm != "shipped" and against else "",
                str(sum(contains_any(" ".join(row["output"].split()[:FIRST]), row["answers"]) for row in facts)),
                f"{sum(len(row['output'].split()) for row in facts) / len(facts):.0f}" if facts else "",
                _share([row for row in by_arm[arm] if row["kind"] == "abstain"]),
                _share([row for row in by_arm[arm] if row["kind"] == "control"]),
            ]
        )
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *lines))


def _right(rows: Sequence[Row]) -> dict[Asked, bool]:
    return {(row["episode"], row["index"]): row["right"] for row in rows}


def _share(rows: Sequence[Row]) -> str:
    return f"{sum(row['right'] for row in rows)} of {len(rows)}" if rows else ""


def _points(against: dict[str, Any]) -> str:
    low, high = against["difference_interval"]
    return f"{100 * against['difference']:+.0f} ({100 * low:+.0f} to {100 * high:+.0f})"
