"""`techo evaluate`: told-fact recall from free generation, over episodes and arms."""

from __future__ import annotations

import contextlib
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from engine.cli.connection import Engines
from engine.cli.console import EXIT_OK, Console, UsageError, to_json
from engine.cli.evaluation.arms import ARMS, ArmOptions, ArmRun, Row, other_sessions
from engine.cli.evaluation.episodes import Episode, EpisodeError, load_episodes, read_json_lines
from engine.cli.evaluation.report import report_text, summarise

_ROW_FIELDS = {"episode": str, "q": str, "kind": str, "arm": str, "output": str, "right": bool, "stale": bool}


def evaluate(options: Namespace, console: Console) -> int:
    """Runs the arms over the episodes, or tabulates earlier results."""
    if options.compare:
        if options.episodes or options.out:
            raise UsageError("--compare tabulates earlier results and takes neither episodes nor --out.")
        rows = [row for path in options.compare for row in load_rows(path)]
        summary = summarise(rows)
        console.result(summary, report_text(summary))
        return EXIT_OK
    if options.episodes is None:
        raise UsageError("An episode file is needed.", "`techo evaluate --help` describes the format.")
    if options.resume and options.out is None:
        raise UsageError("--resume needs --out, the file that it goes on with.")
    arms = parse_arms(options.arm)
    episodes = load_episodes(options.episodes, options.limit)
    others = load_episodes(options.other) if options.other else episodes
    if "other" in arms and others is episodes and len(episodes) < 2:
        raise UsageError(
            "The arm other needs somebody else's sessions, and there is only one episode.",
            "Name an episode file with --other FILE.",
        )
    earlier = []
    if options.resume and options.out.exists():
        _drop_torn_line(options.out)
        earlier = load_rows(options.out)
    rows = list(earlier)
    with _workspace(options.data_dir) as workspace, _writer(options.out, append=bool(earlier)) as write:
        arm_options = ArmOptions(
            Engines(workspace, options.threads), max_tokens=options.max_tokens, notes_k=options.notes_k
        )
        for row in _run(episodes, arms, others, arm_options, earlier, console):
            rows.append(row)
            if write is not None:
                write.write(to_json(row) + "\n")
                write.flush()
    summary = summarise(rows)
    if options.out is not None:
        summary["out"] = str(options.out)
    console.result(summary, report_text(summary))
    return EXIT_OK


def parse_arms(text: str) -> list[str]:
    """The arms of a list such as `memory,none`, without repetitions."""
    arms = list(dict.fromkeys(arm.strip() for arm in text.split(",") if arm.strip()))
    unknown = [arm for arm in arms if arm not in ARMS]
    if unknown or not arms:
        raise UsageError(f"There is no arm {', '.join(unknown) or text!r}.", f"The arms are {', '.join(ARMS)}.")
    return arms


def load_rows(path: Path) -> list[Row]:
    """Reads a results file, checking what the report relies on."""
    rows = []
    for number, row in read_json_lines(path):
        for name, kind in _ROW_FIELDS.items():
            if not isinstance(row.get(name), kind):
                raise EpisodeError(f'{path}, line {number}: "{name}" is missing.', "Is this a file of results?")
        rows.append(row)
    return rows


def _drop_torn_line(path: Path) -> None:
    """Cuts off a last line without its end: the run before was killed while it wrote it."""
    with path.open("r+b") as stream:
        content = stream.read()
        if content and not content.endswith(b"\n"):
            stream.truncate(content.rfind(b"\n") + 1)


def _run(
    episodes: Sequence[Episode],
    arms: Sequence[str],
    others: Sequence[Episode],
    options: ArmOptions,
    earlier: Sequence[Row],
    console: Console,
) -> Iterator[Row]:
    answered: dict[tuple[str, str], set[int]] = {}
    for row in earlier:
        if isinstance(row.get("index"), int):
            answered.setdefault((row["episode"], row["arm"]), set()).add(row["index"])
    for place, episode in enumerate(episodes):
        for arm in arms:
            skip = frozenset(answered.get((episode.id, arm), ()))
            if len(skip) >= len(episode.questions):
                continue
            told = None
            if arm == "other":
                told = others[0].sessions if others is not episodes else other_sessions(episodes, place)
            show = _Progress(console, f"episode {episode.id} ({place + 1} of {len(episodes)}), {arm}: ")
            yield from ArmRun(episode, arm, options, told).rows(skip, show)
            show.end()


class _Progress:
    """One line on the terminal that says what is going on; silent where nobody watches."""

    def __init__(self, console: Console, lead: str) -> None:
        self._console = console
        self._lead = lead
        self._live = console.stderr.isatty()

    def __call__(self, what: str) -> None:
        if self._live:
            self._console.stderr.write(f"\r\x1b[K{self._lead}{what}")
            self._console.stderr.flush()

    def end(self) -> None:
        if self._live:
            self._console.stderr.write("\r\x1b[K")
            self._console.stderr.flush()


@contextlib.contextmanager
def _workspace(data_dir: Path | None) -> Iterator[Path]:
    """Where the fresh profiles live: a temporary folder, unless a data folder was named (there they stay)."""
    if data_dir is not None:
        yield data_dir.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="techo-evaluate-") as folder:
        yield Path(folder)


@contextlib.contextmanager
def _writer(path: Path | None, *, append: bool) -> Iterator[IO[str] | None]:
    """The results file, opened only once everything else has been checked."""
    if path is None:
        yield None
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("a" if append else "w", encoding="utf-8")
    except OSError as error:
        raise EpisodeError(f"{path} cannot be written: {error.strerror}.") from None
    with stream:
        yield stream
