"""Ask the views of petitions on a real ledger: bring them up to date first."""

from __future__ import annotations

from uuid import UUID

from ledger.storage.ledger import Ledger
from projections.engine import Page, Row, catch_up
from projections.petition_register import (
    PetitionAt,
    PetitionQuery,
    petition_register,
    petition_timeline,
)
from projections.petitions import view
from tests.petition_world import (
    day,
)


async def timeline(ledger: Ledger, petition_id: UUID, *, until: float) -> Row:
    await catch_up(ledger, [view])
    query = PetitionAt(petition_id=petition_id, at=day(until))
    return await petition_timeline(ledger.pool, ledger.id, query)


async def register(ledger: Ledger, query: PetitionQuery) -> Page:
    await catch_up(ledger, [view])
    return await petition_register(ledger.pool, ledger.id, query)


async def ids(ledger: Ledger, query: PetitionQuery) -> set[UUID]:
    return {row["petition_id"] for row in (await register(ledger, query)).rows}
