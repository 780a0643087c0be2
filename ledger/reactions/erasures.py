"""Erasures: a request that was not answered in time. A legal hold is an answer.

What was decided late is overdue too, also when nobody looked in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from ledger.core.aggregate import By, Event
from ledger.core.clock import moment_missed
from ledger.erasures import Erasure
from ledger.reactions.watch import watch_deadlines


def _due_days(event: Event) -> Iterable[date]:
    if isinstance(event, Erasure.Requested):
        yield event.due_on


def _record_misses(erasure: Erasure, by: By) -> None:
    due_on = erasure.answer_late_on
    if due_on and moment_missed(due_on) <= by.at:
        erasure.miss_answer(replace(by, at=moment_missed(due_on)))


def _next_due(erasure: Erasure) -> date | None:
    return erasure.answer_late_on


reaction = watch_deadlines(
    "erasure-deadlines",
    Erasure,
    set_by=_due_days,
    record_misses=_record_misses,
    next_due=_next_due,
)
