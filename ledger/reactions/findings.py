"""Findings: the company was reminded and did not put it right in time.

When the working days of a year are announced, the provisional days of running reminders
are counted again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from uuid import UUID

from ledger.calendar import Due, WorkCalendar
from ledger.core.aggregate import By, Event
from ledger.core.clock import moment_missed
from ledger.core.entry import Entry
from ledger.findings import Finding
from ledger.reactions.reaction import Work
from ledger.reactions.recounting import Announced
from ledger.reactions.watch import wait_for, watch_deadlines


def _due_days(event: Event) -> Iterable[date]:
    if isinstance(event, Finding.CompanyReminded):
        yield event.due_on


def _record_misses(finding: Finding, by: By) -> None:
    while overdue := finding.overdue(by.at):
        finding.miss_rectification(replace(by, at=moment_missed(overdue[0])))


def _next_due(finding: Finding) -> date | None:
    return finding.due_on


reaction = watch_deadlines(
    "finding-deadlines",
    Finding,
    set_by=_due_days,
    record_misses=_record_misses,
    next_due=_next_due,
)


@reaction.on(WorkCalendar.YearPublished)
async def recount(work: Work, _: WorkCalendar.YearPublished, entry: Entry) -> None:
    """Count provisional days again."""
    announced = await Announced.of(work, entry)
    for key in list(work.timers):
        finding = await work.load(Finding, UUID(key))
        if finding.due_on is None or finding.reminded_at is None:
            continue
        due = Due(finding.due_on, finding.is_provisional)
        if now := announced.recounted(due, set_at=finding.reminded_at):
            finding.recount_deadline(
                work.by(entry), due_on=now.on, is_provisional=now.is_provisional
            )
            work.drop_timer(key)
            wait_for(work, finding.id, now.on, entry.event_id)
