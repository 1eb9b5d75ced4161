"""Episode files of templated facts: one profile's conversations and the questions asked of it afterwards.

    python -m engine.training.episodes --facts 100 --split test --seed 1 --out FILE

One JSON object a line: ``{"id", "sessions": [{"turns": [{"role", "content"}]}], "questions": [{"q", "answers",
"kind"}]}``. Beside the fields of the format, a question carries `topic` and `subject` (which fact it is about) and
`turn` (the number of the user's turn that told the answer, for tables by age; -1 where nothing was told).

Unambiguous: in one profile no two facts share a (kind, subject) pair, no two questions share their text, and as far as
the kinds allow no two facts share a value. Facts come from the kinds of the split first; when those give too few
pairs, a test episode is filled up with kinds of the training split in held-out phrasings and values, and the counts
that the command prints say how many.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from engine.training.facts import (
    RELATIONS,
    SELF,
    Fact,
    Kind,
    ask_about,
    chat_lists,
    friend,
    load_kinds,
    sample_fact,
    sample_update,
)
from engine.training.values import Split, split_of

#: Draws to find a value and a question that the profile does not hold yet.
_TRIES = 60
#: Friends at most: names are not without end, and neither is anybody's circle.
_CIRCLE = 160


@dataclass(frozen=True)
class Recipe:
    """What an episode is made of. `updates`, `abstain` and `chat` are shares of `facts`.

    `asked`: so many of the facts are asked for, spread evenly over their age; None: all.
    """

    facts: int
    split: Split
    updates: float = 0.2
    abstain: float = 0.1
    chat: float = 0.4
    session_turns: int = 8
    asked: int | None = None


@dataclass
class Episode:
    """One profile: what was told, in order, what is asked, and how it is made up."""

    name: str
    sessions: list[list[tuple[str, str]]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> str:
        """Return the episode as one line."""
        sessions = [{"turns": [{"role": role, "content": text} for role, text in turns]} for turns in self.sessions]
        return json.dumps({"id": self.name, "sessions": sessions, "questions": self.questions}, ensure_ascii=False)


def _friends(rng: Random, split: Split, count: int) -> list[str]:
    names: dict[str, None] = {}
    while len(names) < count:
        names[friend(rng, split)] = None
    return list(names)


def _pairs(rng: Random, kinds: Sequence[Kind], friends: Sequence[str]) -> list[tuple[Kind, str]]:
    """Return every (kind, subject) pair: the user's own first, the others in random order."""
    others = [f"my {relation}" for relation in RELATIONS] + list(friends)
    own = [(kind, SELF) for kind in kinds]
    told_of_others = [(kind, subject) for kind in kinds if kind.subject for subject in others]
    rng.shuffle(own)
    rng.shuffle(told_of_others)
    return own + told_of_others


def choose_pairs(rng: Random, recipe: Recipe) -> tuple[list[tuple[Kind, str]], list[tuple[Kind, str]]]:
    """Choose the pairs an episode tells and the pairs it may ask without having told them.

    Raises:
        ValueError: more facts are wanted than there are pairs.
    """
    friends = _friends(rng, recipe.split, max(4, min(16, recipe.facts // 8), min(_CIRCLE, recipe.facts // 60)))
    own_kinds = [kind for kind in load_kinds() if split_of(kind.kind) == recipe.split]
    pairs = _pairs(rng, own_kinds, friends)
    untold_wanted = round(recipe.facts * recipe.abstain)
    if len(pairs) < recipe.facts + untold_wanted and recipe.split != "train":
        pairs += _pairs(rng, [kind for kind in load_kinds() if split_of(kind.kind) == "train"], friends)
    if len(pairs) < recipe.facts + untold_wanted:
        raise ValueError(f"{recipe.facts} facts wanted, but only {len(pairs)} pairs of kind and subject exist")
    told, untold = pairs[: recipe.facts], pairs[recipe.facts :]
    # The hardest questions to leave alone first: a kind that was told, of somebody it was not told of.
    kinds_told = {kind.kind for kind, _ in told}
    untold.sort(key=lambda pair: pair[0].kind not in kinds_told)
    rng.shuffle(told)
    return told, untold


def _tell_all(rng: Random, recipe: Recipe, told: Sequence[tuple[Kind, str]], asked: set[str]) -> list[Fact]:
    """Draw a fact for every pair, with a question and, as far as possible, a value no other fact has."""
    facts: list[Fact] = []
    values: set[str] = set()
    stories: set[str] = set()  # the start and the end of long tellings: nobody tells the same story twice
    for kind, subject in told:
        fact = None
        for attempt in range(_TRIES):
            candidate = sample_fact(rng, kind, recipe.split, subject)
            if candidate.ask.casefold() in asked:
                continue
            fact = candidate
            long = len(candidate.tell) > 110
            repeated = long and (candidate.tell[:40] in stories or candidate.tell[-40:] in stories)
            if (candidate.value.casefold() not in values and not repeated) or attempt > _TRIES // 2:
                break
        if fact is None:
            raise ValueError(f"{kind.kind}: every question about {subject!r} is taken")
        asked.add(fact.ask.casefold())
        values.add(fact.value.casefold())
        stories |= {fact.tell[:40], fact.tell[-40:]}
        facts.append(fact)
    return facts


def _order(rng: Random, facts: Sequence[Fact], updates: Sequence[Fact], chat: Sequence[str]) -> list[Fact | str]:
    """Shuffle tellings and chat; an update stands somewhere after the telling it corrects."""
    turns: list[Fact | str] = [*facts, *chat]
    rng.shuffle(turns)
    for update in updates:
        first = next(i for i, turn in enumerate(turns) if isinstance(turn, Fact) and turn.pair == update.pair)
        turns.insert(rng.randint(first + 1, len(turns)), update)
    return turns


def _sessions(rng: Random, turns: Sequence[Fact | str], length: int) -> list[list[tuple[str, str]]]:
    """Cut the turns into sessions of about `length` user turns, each answered by a short acknowledgement."""
    sessions: list[list[tuple[str, str]]] = []
    left = 0
    for turn in turns:
        if left == 0:
            left = max(1, length + rng.randint(-2, 2))
            sessions.append([])
        text = turn if isinstance(turn, str) else turn.tell
        sessions[-1] += [("user", text), ("assistant", rng.choice(chat_lists()["acknowledge"]))]
        left -= 1
    return sessions


def _spread(facts: Sequence[Fact], number: Mapping[tuple[str, str], int], count: int | None) -> list[Fact]:
    """`count` facts, as evenly spread over the turns that told them as can be; `number`: the turn of each pair."""
    if count is None or count >= len(facts):
        return list(facts)
    by_age = sorted(facts, key=lambda fact: number[fact.pair])
    return [by_age[place * len(by_age) // count] for place in range(count)]


def build(rng: Random, name: str, recipe: Recipe) -> Episode:
    """Build one episode; the same `rng` state gives the same episode."""
    told, untold = choose_pairs(rng, recipe)
    asked: set[str] = set()
    facts = _tell_all(rng, recipe, told, asked)
    updates = [sample_update(rng, fact, recipe.split) for fact in rng.sample(facts, round(len(facts) * recipe.updates))]
    lines = chat_lists()["chat"]
    count = round(len(facts) * recipe.chat)
    chat = [line for _ in range(-(-count // len(lines))) for line in rng.sample(lines, len(lines))][:count]
    turns = _order(rng, facts, updates, chat)
    number = {turn.pair: i for i, turn in enumerate(turns) if isinstance(turn, Fact)}  # the later telling wins
    newest = {update.pair: update for update in updates}

    questions: list[dict[str, Any]] = []
    for fact in _spread(facts, number, recipe.asked):
        update = newest.get(fact.pair)
        question = {"q": fact.ask, "answers": [(update or fact).value], "kind": "update" if update else "fact"}
        if update:
            question["stale"] = [fact.value]
            # The question was drawn for the old value; it must not give the new one away either.
            if update.value.casefold() in fact.ask.casefold():
                question["q"] = update.ask
        questions.append(question | {"topic": fact.kind, "subject": fact.subject, "turn": number[fact.pair]})
    wanted = round(len(questions) * recipe.abstain)
    for kind, subject in untold:
        if wanted == 0:
            break
        ask = ask_about(rng, kind, subject, recipe.split)
        if ask.casefold() in asked:
            continue
        asked.add(ask.casefold())
        wanted -= 1
        about = {"topic": kind.kind, "subject": subject, "turn": -1}
        questions.append({"q": ask, "answers": [], "kind": "abstain"} | about)
    rng.shuffle(questions)

    counts = Counter(str(question["kind"]) for question in questions)
    fillers = sum(split_of(kind.kind) != recipe.split for kind, _ in told)
    counts.update({"facts": len(facts), "facts_of_training_kinds": fillers, "chat": len(chat), "turns": len(turns)})
    counts["kinds"] = len({kind.kind for kind, _ in told})
    counts["values_shared"] = len(facts) - len({fact.value.casefold() for fact in facts})
    return Episode(name, _sessions(rng, turns, recipe.session_turns), questions, facts + updates, counts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write an episode file and print what is in it."""
    summary = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m engine.training.episodes", description=summary)
    parser.add_argument("--facts", type=int, default=100, help="facts told in each profile")
    parser.add_argument("--episodes", type=int, default=1, help="profiles in the file")
    parser.add_argument("--split", choices=("train", "dev", "test"), default="test")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--updates", type=float, default=0.2, help="share of facts that are corrected later")
    parser.add_argument("--abstain", type=float, default=0.1, help="questions never answered, as a share of the facts")
    parser.add_argument("--chat", type=float, default=0.4, help="turns of everyday chat, as a share of the facts")
    parser.add_argument("--asked", type=int, help="so many facts are asked for, spread over their age (default: all)")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    recipe = Recipe(options.facts, options.split, options.updates, options.abstain, options.chat, asked=options.asked)
    rng = Random(options.seed)
    lines = []
    for number in range(options.episodes):
        name = f"{recipe.split}-{recipe.facts}-{options.seed}-{number}"
        episode = build(rng, name, recipe)
        lines.append(episode.to_json() + "\n")
        print(name, json.dumps(dict(sorted(episode.counts.items()))))
    options.out.write_text("".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
