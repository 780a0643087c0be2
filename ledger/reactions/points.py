"""Points: what is not spent by its last day runs out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from ledger.core.aggregate import By, Event
from ledger.core.clock import local_day, moment_missed
from ledger.points import PointsAccount
from ledger.reactions.watch import watch_deadlines

A_DAY = timedelta(days=1)


def _due_days(event: Event) -> Iterable[date]:
    if isinstance(event, PointsAccount.PointsAwarded):
        yield event.expires_on
    if isinstance(event, PointsAccount.PointsReturned):
        yield local_day(event.timestamp)  # old points came back: see when they run out


def _record_misses(account: PointsAccount, by: By) -> None:
    while (expires_on := account.next_expiry_on) and expires_on < local_day(by.at):
        account.expire(replace(by, at=moment_missed(expires_on)), before=expires_on + A_DAY)


def _next_due(account: PointsAccount) -> date | None:
    return account.next_expiry_on


reaction = watch_deadlines(
    "points-expiry",
    PointsAccount,
    set_by=_due_days,
    record_misses=_record_misses,
    next_due=_next_due,
)
