"""Questions to the views: the first page of a register, a timeline, a statement, the audit trail.

They are asked one after another on the logs of the catch-up cases, each about something else
every time; `--scale 10` makes those logs a million events long.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

from ledger.storage.ledger import Ledger, open_ledger
from projections import VIEWS
from projections.audit_trail import AuditQuery, audit_trail
from projections.catching_up import catch_up_in_processes
from projections.engine import install_missing
from projections.petition_register import (
    PetitionAt,
    PetitionQuery,
    petition_register,
    petition_timeline,
)
from projections.points import PointsStatementQuery, points_statement
from scripts.benchmarks.catching_up import log_of
from scripts.benchmarks.rows import Sample
from scripts.benchmarks.trials import Place, Times, Trial

CALLS = 300
Ask: TypeAlias = Callable[[Ledger, UUID], Awaitable[Any]]

_IDS = {
    "petitions": "SELECT petition_id FROM petitions_v2 WHERE ledger_id = $1 LIMIT $2",
    "accounts": "SELECT account_id FROM points_accounts_v2 WHERE ledger_id = $1 LIMIT $2",
}


async def _register(ledger: Ledger, _: UUID) -> None:
    await petition_register(ledger.pool, ledger.id, PetitionQuery(page_size=50))


async def _timeline(ledger: Ledger, petition_id: UUID) -> None:
    await petition_timeline(ledger.pool, ledger.id, PetitionAt(petition_id=petition_id))


async def _statement(ledger: Ledger, account_id: UUID) -> None:
    query = PointsStatementQuery(account_id=account_id, page_size=50)
    await points_statement(ledger.pool, ledger.id, query)


async def _trail(ledger: Ledger, stream_id: UUID) -> None:
    query = AuditQuery(stream_id=str(stream_id), page_size=50)
    await audit_trail(ledger.pool, ledger.id, query)


QUESTIONS: dict[str, tuple[str, str, Ask]] = {
    "read-register": ("projections-petitions", "petitions", _register),
    "read-timeline": ("projections-petitions", "petitions", _timeline),
    "read-statement": ("projections", "accounts", _statement),
    "read-trail": ("projections", "accounts", _trail),
}
"""Of each case: whose log, whose ids, and what is asked."""


def trials_of_reading() -> list[Trial]:
    """Each question by itself."""
    return [
        Trial(case=case, system="minzhang", writers=1, run=partial(ask, case)) for case in QUESTIONS
    ]


async def ask(case: str, place: Place) -> Sample:
    """Measure one question, asked again and again."""
    log, whose, question = QUESTIONS[case]
    times = Times()
    async with open_ledger(place.dsn, await log_of(log, place), pool_size_max=2) as ledger:
        await install_missing(ledger.pool, VIEWS)
        await catch_up_in_processes(place.dsn, ledger.id, VIEWS)
        found = await ledger.pool.fetch(_IDS[whose], ledger.id, place.count(CALLS))
        began = time.perf_counter()
        for (one,) in found:
            asked = time.perf_counter()
            await question(ledger, one)
            times.take(asked)
        return Sample(len(found), time.perf_counter() - began, times.call_seconds)
