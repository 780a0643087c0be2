"""A small demo, loaded once for all tests that look at it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from uuid import uuid4

import asyncpg
import pytest

from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.core.entry import Entry
from ledger.storage.evidence import EvidenceStore
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from ledger.storage.reading import read_entries
from scripts.demonstration.loading import Loading
from scripts.demonstration.plan import Plan, Scale, plan
from scripts.init import INSTALLER
from tests.storage_fixtures import KEYS, ORIGIN

END = date(2026, 3, 1)
SMALL = Scale(petitions=600, findings=40, estates=2, communities=2)
"""All cases, a few estates, and volunteers of two communities."""


async def new_ledger(dsn: str) -> str:
    name = f"demo{uuid4().hex[:12]}"
    db = await asyncpg.connect(dsn)
    await create_ledger(db, name, origin=ORIGIN)
    await db.close()
    async with open_ledger(dsn, name, pool_size_max=2) as ledger:
        by = By(actor_id=INSTALLER, at=utc_now(), role="system")
        await adopt_standard_policies(AdoptStandardPolicies(), ledger, by)
    return name


@pytest.fixture(scope="session")
def small_demo() -> Plan:
    return plan(END, SMALL)


@pytest.fixture(scope="session")
async def loaded_demo(
    store_dsn: str, small_demo: Plan, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Ledger]:
    name = await new_ledger(store_dsn)
    keys = replace(KEYS, documents=tmp_path_factory.mktemp("evidence"))
    async with open_ledger(
        store_dsn, name, pool_size_max=4, is_sole_writer=True, keys=keys
    ) as ledger:
        documents = EvidenceStore(ledger, quota_bytes=1024**3)
        await Loading(ledger, small_demo, SMALL, documents=documents).load()
        yield ledger


@pytest.fixture(scope="session")
async def demo_log(loaded_demo: Ledger) -> list[Entry]:
    return await whole_log(loaded_demo)


async def whole_log(ledger: Ledger) -> list[Entry]:
    return await read_entries(ledger.pool, ledger.id, start=0, limit=1_000_000)
