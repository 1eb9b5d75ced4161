"""`techo memory timeline | back`."""

from __future__ import annotations

from argparse import Namespace
from typing import Final

from engine.cli.connection import Connection, connect
from engine.cli.console import EXIT_OK, Console, counted, table
from engine.protocol import Comparison, GoBack, Moment, ProfileDuplicate, ProfileInfo, Timeline, WentBack

BAR: Final = 40
"""Columns of the longest bar."""


def timeline(options: Namespace, console: Console) -> int:
    """The days on which something was learned."""
    with connect(options, console) as engine:
        found = engine.call("memory.timeline", None, Timeline)
    console.result(found, timeline_text(found))
    return EXIT_OK


def timeline_text(life: Timeline) -> str:
    """A line a day, and where one stands now."""
    most = max((day.lessons for day in life.days), default=1)
    rows = [
        [day.day, f"{day.lessons:,}", str(day.last), "#" * max(1, round(BAR * day.lessons / most))] for day in life.days
    ]
    lines = [table(["day", "learned", "up to entry", ""], rows)] if rows else ["Nothing has been learned yet."]
    lines.append(f"\nMade on {life.born[:10]}. {_lessons(life.lessons)} known now{_gone(life.forgotten)}.")
    return "\n".join(lines)


def back(options: Namespace, console: Console) -> int:
    """Goes back to a moment, after the person has seen what that takes away and said yes."""
    entry, date = options.to
    with connect(options, console) as engine:
        found = engine.call("memory.compare", Moment(entry=entry, date=date), Comparison)
        if found.lost:
            _ask(found, options, console)
            if options.keep is not None:
                _keep(engine, options.keep, console)
        # By its entry: the same moment that was just compared.
        asked = GoBack(entry=found.entry, said=options.said, confirm=True)
        done = engine.call("memory.back", asked, WentBack)
    console.result(done, _done_text(done))
    return EXIT_OK


def _ask(found: Comparison, options: Namespace, console: Console) -> None:
    if not options.yes and console.interactive and not console.as_json:
        console.note(comparison_text(found))
    where = "at its beginning" if not found.entry else f"after entry {found.entry}"
    said = ""
    if options.said and found.messages:
        messages = "1 message goes" if found.messages == 1 else f"{found.messages:,} messages go"
        said = f" {messages} out of the conversations."
    console.confirm(
        f"The memory as it was {where}: this forgets {_lessons(found.lost)} learned since, for good.{said}",
        yes=options.yes,
    )


def comparison_text(found: Comparison) -> str:
    """Then beside now, and the first lessons that would go."""
    rows = [
        ["learned turns", f"{found.then.turns_learned:,}", f"{found.now.turns_learned:,}"],
        ["neurons in use", f"{found.then.neurons_used:,}", f"{found.now.neurons_used:,}"],
    ]
    lines = [table(["", "then", "now"], rows), "", "Learned since, and forgotten by going back:"]
    lines += [f"  {entry.id}  {' '.join(entry.text.split())[:90]}" for entry in found.first]
    if found.lost > len(found.first):
        lines.append(f"  and {found.lost - len(found.first):,} more")
    if found.forgotten:
        turns = _lessons(found.forgotten)
        lines.append(f"{turns} from before that moment had been forgotten, and will not come back.")
    return "\n".join(lines)


def _keep(engine: Connection, name: str, console: Console) -> None:
    """The memory of now, as a profile of its own."""
    assert engine.initialized.profile is not None
    source = engine.initialized.profile.name
    kept = engine.call("profile.duplicate", ProfileDuplicate(name=source, new_name=name), ProfileInfo)
    console.note(f'The memory of now is kept as the profile "{kept.name}".')


def _done_text(done: WentBack) -> str:
    lines = [f"Went back: {_lessons(len(done.entries))} forgotten, {_lessons(done.stats.turns_learned)} known."]
    if done.messages:
        messages = counted(done.messages, "message")
        lines.append(f"Gone from the weights and the journal, and {messages} from the conversations.")
    else:
        lines.append("Gone from the weights and the journal. What was said is still in the conversations.")
    return "\n".join(lines)


def _lessons(count: int) -> str:
    return counted(count, "lesson")


def _gone(forgotten: int) -> str:
    return f"; {forgotten:,} forgotten" if forgotten else ""
