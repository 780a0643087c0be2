"""Deposits: a top-up, a refund after a contest, or what is left that did not come in time.

What came late is missed too, also when nobody looked in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from uuid import UUID

from ledger.core.aggregate import By, Event
from ledger.core.clock import moment_missed
from ledger.deposits import Deposit
from ledger.reactions.watch import watch_deadlines


def _due_days(event: Event) -> Iterable[date]:
    if isinstance(event, Deposit.TopUpDemanded):
        yield event.due.on
    if isinstance(event, Deposit.ContractEnded):
        yield event.return_due_on
    if isinstance(event, Deposit.ContestDecidedWithTerm) and event.refund_due is not None:
        yield event.refund_due.on


def _demands_late(deposit: Deposit) -> Iterator[tuple[UUID, date]]:
    for demand_id, demand in list(deposit.demands.items()):
        if demand.is_late():
            yield demand_id, demand.due.on


def _refunds_late(deposit: Deposit) -> Iterator[tuple[UUID, date]]:
    for draw_id, draw in list(deposit.draws.items()):
        if draw.refund_due is not None and draw.is_refund_late():
            yield draw_id, draw.refund_due.on


def _return_late(deposit: Deposit) -> date | None:
    ending = deposit.ending
    return ending.return_due_on if ending and ending.is_late(deposit.held_fen) else None


def _record_misses(deposit: Deposit, by: By) -> None:
    for demand_id, due_on in _demands_late(deposit):
        if moment_missed(due_on) <= by.at:
            deposit.miss_top_up(replace(by, at=moment_missed(due_on)), demand_id=demand_id)
    for draw_id, due_on in _refunds_late(deposit):
        if moment_missed(due_on) <= by.at:
            deposit.miss_refund(replace(by, at=moment_missed(due_on)), draw_id=draw_id)
    return_due_on = _return_late(deposit)
    if return_due_on and moment_missed(return_due_on) <= by.at:
        deposit.miss_return(replace(by, at=moment_missed(return_due_on)))


def _next_due(deposit: Deposit) -> date | None:
    due_days = [due_on for _, due_on in _demands_late(deposit)]
    due_days += [due_on for _, due_on in _refunds_late(deposit)]
    if return_due_on := _return_late(deposit):
        due_days.append(return_due_on)
    return min(due_days, default=None)


reaction = watch_deadlines(
    "deposit-deadlines",
    Deposit,
    set_by=_due_days,
    record_misses=_record_misses,
    next_due=_next_due,
)
