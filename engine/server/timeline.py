"""The memory's life, and going back in it: a moment compared with now, and what going back to it would take away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

import engine.protocol as p
from engine.session import Session

FIRST_LOST: Final = 5
"""Lessons that a comparison names in words."""


def timeline(session: Session) -> p.Timeline:
    """The days on which something was learned that is still known."""
    profile = session.profile
    days = [p.TimelineDay(day=one.day, lessons=one.lessons, last=one.last) for one in profile.timeline()]
    lessons = profile.entry_count()
    return p.Timeline(
        born=profile.record.created,
        days=days,
        lessons=lessons,
        newest=max((day.last for day in days), default=0),
        forgotten=profile.next_entry_id() - 1 - lessons,
    )


def compare(session: Session, entry: int, cancelled: Callable[[], bool]) -> p.Comparison:
    """The memory after lesson `entry` (0: at birth) beside the memory of now.

    Raises:
        Cancelled: It was stopped.
    """
    profile = session.profile
    now = session.stats()
    gone = profile.entries_since(entry)
    kept = profile.entries_upto(entry)
    return p.Comparison(
        entry=entry,
        then=session.stats_after(entry, cancelled) if gone else now,
        now=now,
        lost=len(gone),
        first=[_entry(session, lesson) for lesson in gone[:FIRST_LOST]],
        messages=profile.told_since(entry),
        forgotten=min(entry, profile.next_entry_id() - 1) - kept,
    )


def go_back(session: Session, entry: int, *, said: bool) -> p.WentBack:
    """Forgets everything that was learned after lesson `entry`, in one step."""
    gone, messages = session.go_back(entry, said=said)
    return p.WentBack(entry=entry, entries=[record.id for record in gone], messages=messages, stats=session.stats())


def losses(session: Session, entry: int) -> str:
    """What going back would take away, in a sentence."""
    count = len(session.profile.entries_since(entry))
    turns = "1 learned turn" if count == 1 else f"{count:,} learned turns"
    return f"Going back forgets {turns}, for good. What has been forgotten since that moment does not come back."


def _entry(session: Session, entry: int) -> p.JournalEntry:
    return msgspec.convert(session.profile.entry(entry), p.JournalEntry, from_attributes=True)
