"""A signed ledger with receipts, witnesses and tiles of two levels' edges, to be tampered with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, TypeAlias

import asyncpg
import pytest

from ledger.merkle.keys import KeyKind, SigningKey
from ledger.merkle.notes import Signature, read_note, sign_note
from ledger.storage.checkpoints import KeptTimeStamp, keep_cosignatures, keep_time_stamp
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from ledger.storage.requests import Once
from ledger.verification.check import Report, Wanted, check_ledger
from tests.bundles import world
from tests.databases import Doors, ledger_database
from tests.storage_fixtures import ORIGIN

WITNESS = SigningKey("witness.example.org/w", KeyKind.COSIGNATURE, bytes([9]) * 32)

Check: TypeAlias = Callable[..., Awaitable[Report]]
Tampered: TypeAlias = Callable[..., AbstractAsyncContextManager[None]]


@pytest.fixture(scope="session")
async def checked_database(server_dsn: str) -> AsyncIterator[Doors]:
    """A database of its own: its tables are tampered with."""
    async with ledger_database(server_dsn, "checked") as doors:
        db = await asyncpg.connect(doors.app)
        await create_ledger(db, "checked", origin=ORIGIN)
        await db.close()
        yield doors


@pytest.fixture(scope="session")
def checked_dsn(checked_database: Doors) -> str:
    """That database as the app: who checks needs no more."""
    return checked_database.app


@pytest.fixture(scope="session")
async def kept(checked_dsn: str) -> AsyncIterator[Ledger]:
    """The ledger: two checkpoints inside it, one over all of it; cosigned and stamped."""
    async with open_ledger(checked_dsn, "checked", pool_size_max=2) as ledger:
        for number, place in enumerate(world.places()):
            key = f"{number}"
            once = Once(caller="clerk", key=key, request_digest=sha256(key.encode()).digest())
            await ledger.for_request(once=once).save(place)
        await world.sign(ledger)
        await world.record_books(ledger)
        checkpoint = await world.sign(ledger)
        at = datetime(2026, 6, 1, tzinfo=UTC)
        line = sign_note(str(checkpoint), WITNESS, at=at)
        signature = Signature(WITNESS.verifying, line, at)
        await keep_cosignatures(ledger.pool, ledger.id, checkpoint.size, [signature])
        stamped = str(read_note(world.signed_note(checkpoint)))
        token = b"token " + sha256(stamped.encode()).digest()
        stamp = KeptTimeStamp(checkpoint.size, "authority", stamped, token, at)
        await keep_time_stamp(ledger.pool, ledger.id, stamp)
        yield ledger


@pytest.fixture
def check(checked_dsn: str, kept: Ledger) -> Check:
    """Check the ledger, in this process unless told otherwise."""
    wanted = Wanted(
        dsn=checked_dsn,
        ledger_id=kept.id,
        log_keys=(world.LOG_KEY.verifying,),
        witness_keys=(WITNESS.verifying,),
        workers=0,
    )

    async def check(**changes: Any) -> Report:
        return await check_ledger(replace(wanted, **changes))

    return check


@pytest.fixture
async def superuser(checked_database: Doors) -> AsyncIterator[asyncpg.Connection]:
    """A connection that no trigger stops."""
    db = await asyncpg.connect(checked_database.superuser)
    await db.execute("SET session_replication_role = replica")
    yield db
    await db.close()


@pytest.fixture
def tampered(superuser: asyncpg.Connection) -> Tampered:
    """Run statements for the time of a block; all tables are as before afterwards."""
    tables = ("heads", "events", "receipts", "tiles", "checkpoints", "cosignatures", "time_stamps")

    @asynccontextmanager
    async def tampered(statement: str, *arguments: Any) -> AsyncIterator[None]:
        """``statement`` names every table that is changed in the block, if only in a comment."""
        touched = [table for table in tables if table in statement]
        for table in touched:
            await superuser.execute(f"CREATE TEMP TABLE was_{table} AS TABLE {table}")
        try:
            await superuser.execute(statement, *arguments)
            yield
        finally:
            for table in touched:
                await superuser.execute(f"DELETE FROM {table}")  # noqa: S608
                await superuser.execute(f"INSERT INTO {table} TABLE was_{table}")
                await superuser.execute(f"DROP TABLE was_{table}")

    return tampered
