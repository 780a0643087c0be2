"""Petitions: a deadline that passes is recorded as missed, whoever looks or does not.

When the working days of a year are announced, the provisional deadlines of all
open petitions are counted again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from ledger.calendar import WORK_CALENDAR_ID, WorkCalendar
from ledger.commands.petition_supervision import recounted
from ledger.commands.petition_terms import Terms
from ledger.commands.policies import policies_of
from ledger.core.aggregate import By, Event
from ledger.core.clock import local_day, moment_missed
from ledger.core.entry import Entry
from ledger.petitions import Petition
from ledger.petitions.words import Deadline
from ledger.reactions.reaction import Work
from ledger.reactions.watch import wait_for, watch_deadlines


def _due_days(event: Event) -> Iterable[date]:
    deadlines: tuple[Deadline, ...] = getattr(event, "deadlines", ())
    return (deadline.due_on for deadline in deadlines)


def _record_misses(petition: Petition, by: By) -> None:
    for missed in petition.overdue_clocks(by.at):
        petition.miss_deadline(
            replace(by, at=moment_missed(missed.due_on)),
            clock=missed.clock,
            holder_id=missed.holder_id,
        )


def _next_due(petition: Petition) -> date | None:
    return min((clock.due_on for clock in petition.clocks), default=None)


reaction = watch_deadlines(
    "petition-deadlines",
    Petition,
    set_by=_due_days,
    record_misses=_record_misses,
    next_due=_next_due,
)


@reaction.on(WorkCalendar.YearPublished)
async def recount(work: Work, _: WorkCalendar.YearPublished, entry: Entry) -> None:
    """Count provisional deadlines again."""
    calendar = await work.ledger.load(WorkCalendar, WORK_CALENDAR_ID)
    book = await policies_of(work.ledger)
    terms = Terms(book, calendar.working_days(), local_day(entry.occurred_at))
    by = work.by(entry).under(book.version)
    for timer in list(work.timers.values()):
        petition = await work.waited_for(Petition, timer)
        if petition is None:
            continue
        for old in petition.clocks:
            if (new := recounted(terms, old)) != old:
                petition.recount_deadline(by, old=old, new=new)
        work.drop_timer(timer.key)
        if due_on := _next_due(petition):
            wait_for(work, petition.id, due_on, entry.event_id)
