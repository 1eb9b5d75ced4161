"""The episode format: one JSON object a line, checked before anything is fed.

    {"id": "e1", "sessions": [{"turns": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}],
     "questions": [{"q": "...", "answers": ["...", "..."], "kind": "fact"}]}

`kind` is `fact`, `update` (the newest value counts; `stale` lists the older ones), `abstain` (never told; `answers`
may be empty), `control` (general knowledge) or `choice` (`options` lists two replies or more, `answers` those of them
that are right; nothing is generated, the likeliest is taken). A question may bring `stale` and `wrong`, lists of values
that it must not be answered with. Unknown fields are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.errors import EngineError, ErrorCode

KINDS: Final = ("fact", "update", "abstain", "control", "choice")
RECALL_KINDS: Final = ("fact", "update")
"""The kinds that ask for something told; recall is measured over these."""


class EpisodeError(EngineError):
    """An episode file that does not follow the format."""

    code = ErrorCode.INVALID_PARAMS


@dataclass(frozen=True)
class Turn:
    """One message of a session as it stands in the file."""

    role: str
    content: str


@dataclass(frozen=True)
class Exchange:
    """One turn of a conversation: what the user said, and the reply if the file gives one (else it is generated)."""

    user: str
    assistant: str | None


@dataclass(frozen=True)
class Session:
    """What was said in one sitting, in order."""

    turns: tuple[Turn, ...]

    def exchanges(self) -> list[Exchange]:
        """The session as user turn and reply.

        An assistant's message without a user's before it cannot be fed (nothing was said that could teach) and is left
        out; several assistant's messages in a row are one reply.
        """
        found: list[Exchange] = []
        for turn in self.turns:
            if turn.role == "user":
                found.append(Exchange(turn.content, None))
            elif found:
                last = found[-1]
                reply = turn.content if last.assistant is None else f"{last.assistant}\n{turn.content}"
                found[-1] = Exchange(last.user, reply)
        return found


@dataclass(frozen=True)
class Question:
    """One question and what counts as its answer."""

    q: str
    answers: tuple[str, ...]
    kind: str
    stale: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def is_recall(self) -> bool:
        """Whether it asks for something told."""
        return self.kind in RECALL_KINDS


@dataclass(frozen=True)
class Episode:
    """Sessions to tell, then questions to ask."""

    id: str
    sessions: tuple[Session, ...]
    questions: tuple[Question, ...]

    def tellings(self) -> list[str]:
        """All user turns, oldest first."""
        return [exchange.user for session in self.sessions for exchange in session.exchanges()]


def load_episodes(path: Path, limit: int | None = None) -> list[Episode]:
    """Reads and checks an episode file.

    Args:
        path: the file, UTF-8, one episode a line; empty lines are skipped.
        limit: only the first so many episodes (the rest is not even checked).

    Raises:
        EpisodeError: naming the file and the line.
    """
    episodes: list[Episode] = []
    seen: dict[str, int] = {}
    for number, record in read_json_lines(path):
        episode = _Checker(path, number).episode(record)
        if episode.id in seen:
            raise _error(path, number, f'the id "{episode.id}" stands on line {seen[episode.id]} already')
        seen[episode.id] = number
        episodes.append(episode)
        if limit is not None and len(episodes) >= limit:
            break
    if not episodes:
        raise EpisodeError(f"{path} holds no episode.", "An episode file has one JSON object a line.")
    return episodes


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields (line number, object) of a JSON-lines file; anything that is not an object is an error with its line."""
    try:
        with path.open("rb") as lines:
            for number, raw in enumerate(lines, start=1):
                try:
                    line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
                except UnicodeDecodeError as error:
                    raise _error(path, number, f"it is not UTF-8 text ({error.reason})") from None
                if not line:
                    continue
                try:
                    record = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise _error(path, number, f"it is not JSON ({error})") from None
                if not isinstance(record, dict):
                    raise _error(path, number, "it is not a JSON object")
                yield number, record
    except OSError as error:
        raise EpisodeError(f"{path} cannot be read: {error.strerror}.", "Check its name and its rights.") from None


def _error(path: Path, number: int, what: str) -> EpisodeError:
    return EpisodeError(f"{path}, line {number}: {what}.", "`techo evaluate --help` describes the episode format.")


class _Checker:
    """Turns the JSON of one line into an episode, or says what is wrong with it."""

    def __init__(self, path: Path, number: int) -> None:
        self._path = path
        self._number = number

    def fail(self, what: str) -> EpisodeError:
        return _error(self._path, self._number, what)

    def episode(self, record: dict[str, Any]) -> Episode:
        identity = record.get("id")
        if isinstance(identity, bool) or not isinstance(identity, str | int) or identity == "":
            raise self.fail('"id" must be a text or a number')
        sessions = tuple(
            self._session(session, f"sessions[{place}]")
            for place, session in enumerate(self._list(record, "sessions", "the episode"))
        )
        questions = tuple(
            self._question(question, f"questions[{place}]")
            for place, question in enumerate(self._list(record, "questions", "the episode"))
        )
        if not questions:
            raise self.fail('"questions" is empty')
        return Episode(str(identity), sessions, questions)

    def _session(self, session: object, where: str) -> Session:
        turns = []
        for place, turn in enumerate(self._list(self._object(session, where), "turns", where)):
            here = f"{where}.turns[{place}]"
            record = self._object(turn, here)
            role = self._text(record, "role", here)
            if role not in ("user", "assistant"):
                raise self.fail(f'{here}: "role" is "{role}", it must be "user" or "assistant"')
            content = self._text(record, "content", here)
            if role == "user" and not content.strip():
                raise self.fail(f'{here}: "content" is empty')
            turns.append(Turn(role, content))
        return Session(tuple(turns))

    def _question(self, question: object, where: str) -> Question:
        record = self._object(question, where)
        text = self._text(record, "q", where)
        if not text.strip():
            raise self.fail(f'{where}: "q" is empty')
        kind = record.get("kind", "fact")
        if kind not in KINDS:
            raise self.fail(f'{where}: "kind" is {json.dumps(kind)}, it must be one of {", ".join(KINDS)}')
        answers = self._values(record, "answers", where)
        # A gold answer without a letter or digit could never be found; better said now than counted as wrong.
        if kind != "abstain" and not any(any(map(str.isalnum, answer)) for answer in answers):
            raise self.fail(f'{where}: "answers" holds nothing that could be found in a reply')
        return Question(
            q=text,
            answers=answers,
            kind=kind,
            stale=self._values(record, "stale", where),
            wrong=self._values(record, "wrong", where),
            options=self._options(record, answers, where) if kind == "choice" else (),
        )

    def _options(self, record: dict[str, Any], answers: Sequence[str], where: str) -> tuple[str, ...]:
        options = self._values(record, "options", where)
        if len(set(options)) < 2 or len(set(options)) < len(options) or not all(map(str.strip, options)):
            raise self.fail(f'{where}: "options" must be two different texts at least')
        if not set(answers) < set(options):
            raise self.fail(f'{where}: "answers" must be some, and not all, of the "options"')
        return options

    def _object(self, value: object, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.fail(f"{where} is not an object")
        return value

    def _list(self, record: dict[str, Any], key: str, where: str) -> Sequence[object]:
        value = record.get(key)
        if not isinstance(value, list):
            raise self.fail(f'{where}: "{key}" is {"missing" if value is None else "not a list"}')
        return value

    def _text(self, record: dict[str, Any], key: str, where: str) -> str:
        value = record.get(key)
        if not isinstance(value, str):
            raise self.fail(f'{where}: "{key}" is {"missing" if value is None else "not a text"}')
        return value

    def _values(self, record: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
        """A list of values; a number stands for its digits, a single text for a list of one."""
        value = record.get(key)
        if value is None:
            return ()
        values = value if isinstance(value, list) else [value]
        if any(isinstance(one, bool) or not isinstance(one, str | int | float) for one in values):
            raise self.fail(f'{where}: "{key}" must be a list of texts')
        return tuple(str(one) for one in values)
