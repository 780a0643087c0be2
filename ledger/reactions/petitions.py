"""Petitions: a deadline that passes is recorded as missed, whoever looks or does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from ledger.core.aggregate import By, Event
from ledger.core.clock import moment_missed
from ledger.petitions import Petition
from ledger.petitions.words import Deadline
from ledger.reactions.watch import watch_deadlines


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
