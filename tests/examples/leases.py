"""Leases: 120.5 m² of idle premises let to a shop for a year, rent due every quarter."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from ledger.core.aggregate import By, Event
from ledger.leases import Instalment, Lease, LeaseTerms
from tests.examples import by as person
from tests.examples.accounts import ACCOUNT

LEASE = UUID(int=402)
CLERK = person(1, role="community")
CLERK_SAYS = person(1, role="community", reason="双方协商一致")

QUARTERS = (date(2026, 1, 5), date(2026, 4, 5), date(2026, 7, 5), date(2026, 10, 5))
TERMS = LeaseTerms(
    premises="社区服务用房一层东侧",
    area_m2_hundredths=120_50,
    tenant="惠民便利店",
    starts_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    schedule=tuple(Instalment(due_on=day, amount_fen=8_000_00) for day in QUARTERS),
)
LESS = replace(
    TERMS,
    schedule=TERMS.schedule[:1]
    + tuple(Instalment(due_on=day, amount_fen=7_000_00) for day in QUARTERS[1:]),
)


def _fields(by: By = CLERK) -> dict[str, Any]:
    return {"originator_id": LEASE, "originator_version": 2, "timestamp": by.at, "by": by}


def signed(terms: LeaseTerms = TERMS) -> Lease.Signed:
    fields = _fields() | {"originator_version": 1}
    return Lease.Signed(**fields, originator_topic=Lease.TOPIC, account_id=ACCOUNT, terms=terms)


def amended(terms: LeaseTerms = LESS) -> Lease.Amended:
    return Lease.Amended(**_fields(CLERK_SAYS), terms=terms)


def ended(ended_on: date = TERMS.ends_on, *, by: By = CLERK) -> Lease.Ended:
    return Lease.Ended(**_fields(by), ended_on=ended_on)


EXAMPLES: tuple[Event, ...] = (signed(), amended(), ended())
