"""Findings: the company was reminded and did not put it right in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from ledger.core.aggregate import By, Event
from ledger.core.clock import moment_missed
from ledger.findings import Finding
from ledger.reactions.watch import watch_deadlines


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
