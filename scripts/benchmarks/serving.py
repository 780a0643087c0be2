"""Programs that serve during a case, each a process of its own: `minzhang serve`, and the peer.

A served ledger has one street with one estate, and a token that may act there.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

from ledger.commands.access_tokens import issue_with_account
from ledger.commands.organisations import EstablishOrganisation, establish_organisation
from ledger.organisations import Kind, organisation_id
from ledger.storage.connect import connect
from ledger.storage.ledger import create_ledger, open_ledger
from ledger.storage.migrate import migrate
from ledger.storage.service_key import ServiceKey
from ledger.storage.tokens import NewToken
from scripts.benchmarks.commands import by_clerk
from scripts.benchmarks.store import ORIGIN
from scripts.failures import Failure

START_SECONDS = 60.0
STOP_SECONDS = 20.0
STREET, ESTATE = organisation_id("bench-street"), organisation_id("bench-estate")
_TOWN = (
    ("bench-county", Kind.COUNTY, "临沭县", None),
    ("bench-street", Kind.STREET, "临沭街道", organisation_id("bench-county")),
    ("bench-community", Kind.COMMUNITY, "红石湖社区", STREET),
    ("bench-estate", Kind.ESTATE, "红石湖小区", organisation_id("bench-community")),
)


@dataclass(frozen=True, slots=True)
class Served:
    """Where a ledger is served, a token of the street's, and the key it is written with."""

    address: str
    ledger_id: str
    token: str
    key: ServiceKey


@asynccontextmanager
async def served_ledger(dsn: str) -> AsyncIterator[Served]:
    """Serve a new ledger by `minzhang serve` for the block."""
    ledger_id = f"bench-{uuid4().hex}"
    with tempfile.TemporaryDirectory(prefix="minzhang-bench-") as folder:
        key = ServiceKey.kept_in(Path(folder) / "service.key")
        token = await _prepare(dsn, ledger_id, key)
        told = {
            "MINZHANG_DSN": dsn,
            "MINZHANG_DATA": folder,
            "MINZHANG_LEDGER": ledger_id,
            "MINZHANG_HOST": "127.0.0.1",
            "MINZHANG_PORT": "0",
            "MINZHANG_LOG_LEVEL": "error",
            "MINZHANG_RATE_PER_ADDRESS": "1000000",  # what is measured comes from one address
            "MINZHANG_RATE_PER_ACCOUNT": "1000000",
        }
        async with served("scripts.cli", "serve", told=told) as address:
            yield Served(address, ledger_id, token, key)


async def _prepare(dsn: str, ledger_id: str, key: ServiceKey) -> str:
    db = await connect(dsn)
    await migrate(db)
    await create_ledger(db, ledger_id, origin=f"{ORIGIN}/{ledger_id}")
    await db.close()
    async with open_ledger(dsn, ledger_id, pool_size_max=2, key=key) as ledger:
        for code, kind, name, parent_id in _TOWN:
            established = EstablishOrganisation(
                code=code, kind=kind, name_zh=name, valid_from=date(2020, 1, 1), parent_id=parent_id
            )
            await establish_organisation(established, ledger, by_clerk())
        new = NewToken(name="bench", role="street", actor_id=uuid4(), organisation_id=STREET)
        return await issue_with_account(ledger, by_clerk(), new)


@asynccontextmanager
async def served(module: str, *words: str, told: Mapping[str, str]) -> AsyncIterator[str]:
    """Run a module that prints its address on its first line, until the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", module, *words),
        env=os.environ | told,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None  # noqa: S101 - asked for above
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
        if not line:
            raise Failure(f"{module} 没有启动。", f"{module} did not start")
        yield line.split()[0].decode()
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
