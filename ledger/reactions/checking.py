"""Do the timers wait for what the records ask for? The full check compares both.

A timer says when a record is to be asked whether a deadline passed. One that is missing or set
too late silences a deadline; one for nobody is passed over. One that is early does no harm: the
record is asked, and waits on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ledger.core.aggregate import Aggregate
from ledger.core.clock import moment_missed
from ledger.core.codec import KindUnknown
from ledger.core.entry import Entry
from ledger.core.errors import LedgerError
from ledger.reactions.reaction import Reaction
from ledger.reactions.watch import event_types_of
from ledger.storage.connect import Connection
from ledger.storage.timers import read_streams_with, read_timers_and_position
from ledger.verification.findings import Finding, Findings


async def check_timers(
    db: Connection, ledger_id: str, reactions: Sequence[Reaction], found: Findings
) -> None:
    """Compare the timers of these reactions, in the caller's snapshot of the database."""
    for reaction in reactions:
        await _check_reaction(db, ledger_id, reaction, found)


async def _check_reaction(
    db: Connection, ledger_id: str, reaction: Reaction, found: Findings
) -> None:
    timers, position = await read_timers_and_position(db, ledger_id, reaction.name)
    topics = [event.TOPIC for event in event_types_of(reaction.kind)]  # type: ignore[attr-defined]
    async for stream_id, entries in read_streams_with(db, ledger_id, topics):
        is_there = stream_id in timers
        due_at = timers.pop(stream_id, None)
        asked = _asked_for(reaction, entries, position)
        if asked is None:
            continue
        if not is_there:
            found.add(_finding("timer-missing", reaction, stream_id))
        elif due_at is None or due_at > moment_missed(asked):
            found.add(_finding("timer-late", reaction, stream_id))
    for key in timers:
        found.add(_finding("timer-for-nobody", reaction, key))


def _asked_for(reaction: Reaction, entries: list[Entry], position: int) -> date | None:
    """Return the day that a timer must wait for at the latest; ``None`` if none need be there.

    What the reaction has not read yet may set or meet a deadline: the state that it has seen and
    the present one must both ask.
    """
    own = reaction.actor_id
    seen = [
        n for n, one in enumerate(entries) if one.position <= position or one.by.actor_id == own
    ]
    if not seen:
        return None
    aggregate: Aggregate | None = None
    asked: list[date | None] = []
    try:
        for number, entry in enumerate(entries):
            aggregate = entry.event.mutate(aggregate)
            if number in {seen[-1], len(entries) - 1}:
                assert aggregate is not None  # noqa: S101 - it has an entry
                asked.append(reaction.next_due(aggregate))
    except (KindUnknown, LedgerError, ValueError):
        return None  # what is wrong with an entry is found where entries are checked
    days = [day for day in asked if day is not None]
    return max(days) if len(days) == len(asked) else None


def _finding(rule: str, reaction: Reaction, key: str) -> Finding:
    column = "due_at" if rule == "timer-late" else "key"
    return Finding(rule=rule, table="timers", column=column, detail=f"{reaction.name} {key}")
