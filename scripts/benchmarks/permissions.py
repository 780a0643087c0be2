"""What it costs each request to tell whose records somebody reaches, while the log grows.

A county of some 450 organisations; street officials act on records of their streets and ask for
registers, 64 at a time. Meanwhile other events are appended, so the tree is looked up again and
again as in a service at work. Refusals are not measured: they make entries.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date
from itertools import cycle
from typing import Any
from uuid import UUID, uuid4

from api.identity import Identity
from api.permissions import MAY
from api.points import ACCOUNT
from api.scopes import Scopes
from ledger.commands.activities import open_activity
from ledger.commands.organisations import EstablishOrganisation, establish_organisation
from ledger.commands.points import (
    ExpirePoints,
    OpenPointsAccount,
    open_points_account,
)
from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies
from ledger.organisations import Kind, organisation_id
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.news import News
from projections.points import PointsAccountsQuery
from scripts.benchmarks.commands import by_clerk, new_activity
from scripts.benchmarks.rows import Sample
from scripts.benchmarks.store import fresh_ledger
from scripts.benchmarks.trials import Place, Times, Trial, race

REQUESTS_AT_ONCE = 64
CALLS = 64_000
STREETS, COMMUNITIES, ESTATES = 8, 5, 10
ACCOUNTS_PER_COMMUNITY = 5
SINCE = date(2020, 1, 1)


def trials_of_permissions() -> list[Trial]:
    """Checks of scope, 64 at a time."""
    run = check_scopes
    return [Trial(case="permissions", system="minzhang", writers=REQUESTS_AT_ONCE, run=run)]


async def check_scopes(place: Place) -> Sample:
    """Measure checks: of one command, and of one question, in turn."""
    ledger_id = await fresh_ledger(place.dsn)
    async with (
        open_ledger(place.dsn, ledger_id, pool_size_max=10) as ledger,
        News(place.dsn, ledger_id) as news,
    ):
        accounts = await _found(ledger)
        scopes = Scopes(ledger, news, MAY)
        rounds, times = place.count(CALLS) // REQUESTS_AT_ONCE or 1, Times()

        async def ask(number: int) -> int:
            street = number % STREETS
            who = Identity(actor_id=uuid4(), role="street", organisation_id=_street(street))
            own = cycle(accounts[street])
            for _ in range(rounds):
                await _check(scopes, who, next(own), times)
                await asyncio.sleep(0)  # as between two requests: others have their turn
            return rounds

        async with _growing(ledger):
            return await race([ask(number) for number in range(REQUESTS_AT_ONCE)], times)


async def _check(scopes: Scopes, who: Identity, account_id: UUID, times: Times) -> None:
    """Check a command about a record, then a question, as one request does one of the two."""
    began = time.perf_counter()
    await scopes.acting(who, "expire_points", (ACCOUNT,), ExpirePoints(account_id=account_id))
    await scopes.reading(who, "points_accounts", PointsAccountsQuery())
    times.take(began)


@asynccontextmanager
async def _growing(ledger: Ledger) -> AsyncIterator[None]:
    """Let the log grow meanwhile."""

    async def grow() -> None:
        while True:
            await open_activity(new_activity(), ledger.for_request(), by_clerk())

    task = asyncio.create_task(grow())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _found(ledger: Ledger) -> list[list[UUID]]:
    """Enter the county; return the volunteers' accounts of each street."""
    await adopt_standard_policies(AdoptStandardPolicies(), ledger.for_request(), by_clerk())
    await _establish(ledger, "county", Kind.COUNTY, None)
    accounts: list[list[UUID]] = []
    for street in range(STREETS):
        await _establish(ledger, f"s{street}", Kind.STREET, "county")
        accounts.append([])
        for number in range(COMMUNITIES):
            community = f"s{street}.c{number}"
            await _establish(ledger, community, Kind.COMMUNITY, f"s{street}")
            estates = (f"{community}.e{estate}" for estate in range(ESTATES))
            entering = [_establish(ledger, one, Kind.ESTATE, community) for one in estates]
            await asyncio.gather(*entering)
            for _ in range(ACCOUNTS_PER_COMMUNITY):
                opening: Any = OpenPointsAccount(
                    volunteer_id=uuid4(), community_id=organisation_id(community)
                )
                opened = await open_points_account(opening, ledger.for_request(), by_clerk())
                accounts[-1].append(opened.id)
    return accounts


async def _establish(ledger: Ledger, code: str, kind: Kind, parent: str | None) -> None:
    command = EstablishOrganisation(
        code=code,
        kind=kind,
        name_zh=code,
        parent_id=None if parent is None else organisation_id(parent),
        valid_from=SINCE,
    )
    await establish_organisation(command, ledger.for_request(), by_clerk())


def _street(number: int) -> UUID:
    return organisation_id(f"s{number}")
