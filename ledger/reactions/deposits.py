"""Deposits: a top-up that did not come, money that was not given back in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from ledger.core.aggregate import By, Event
from ledger.core.clock import moment_missed
from ledger.deposits import Deposit
from ledger.reactions.watch import watch_deadlines


def _due_days(event: Event) -> Iterable[date]:
    if isinstance(event, Deposit.TopUpDemanded):
        yield event.due.on
    if isinstance(event, Deposit.ContractEnded):
        yield event.return_due_on


def _record_misses(deposit: Deposit, by: By) -> None:
    for demand_id, demand in list(deposit.demands.items()):
        missed_at = moment_missed(demand.due.on)
        if demand.open_fen > 0 and not demand.is_missed and missed_at <= by.at:
            deposit.miss_top_up(replace(by, at=missed_at), demand_id=demand_id)
    ending = deposit.ending
    if ending and deposit.held_fen > 0 and not ending.is_missed:
        missed_at = moment_missed(ending.return_due_on)
        if missed_at <= by.at:
            deposit.miss_return(replace(by, at=missed_at))


def _next_due(deposit: Deposit) -> date | None:
    due_days = [d.due.on for d in deposit.demands.values() if d.open_fen > 0 and not d.is_missed]
    if deposit.ending and not deposit.ending.is_missed and deposit.held_fen > 0:
        due_days.append(deposit.ending.return_due_on)
    return min(due_days, default=None)


reaction = watch_deadlines(
    "deposit-deadlines",
    Deposit,
    set_by=_due_days,
    record_misses=_record_misses,
    next_due=_next_due,
)
