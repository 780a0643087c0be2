"""The world of the attacks: made once a worker, copied row by row for each attack."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from ledger.core.clock import Clock, utc_now
from ledger.merkle.checkpoints import read_checkpoint
from ledger.merkle.policies import Policy
from ledger.storage.ledger import create_ledger, open_ledger
from projections import VIEWS
from projections.engine import catch_up, install
from tests.attacks.rewriting import copy_ledger, entry_at
from tests.attacks.world import (
    LEDGER,
    OLD_SIZE,
    PROVED,
    SIZE,
    Auditor,
    World,
    moved,
    policy_for,
    record,
)
from tests.databases import ledger_database
from tests.storage_fixtures import ORIGIN


@pytest.fixture(scope="session")
async def original(
    server_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """The world before anybody did anything to it, in a database of its own."""
    async with ledger_database(server_dsn, "attacks") as doors:
        db = await asyncpg.connect(doors.superuser)
        await create_ledger(db, LEDGER, origin=ORIGIN)
        await install(db, VIEWS)
        folder = tmp_path_factory.mktemp("original")
        nobody = Auditor(Policy((), (), (), b"none"), b"", b"", b"")
        world = World(doors.superuser, LEDGER, db, folder, nobody)
        world.auditor = await build(world)
        await db.execute("SET session_replication_role = replica")  # no trigger fires from now on
        yield world
        await db.close()


async def build(world: World) -> Auditor:
    """Fill the ledger, publish it twice, and let the auditor take home what proves it.

    All that was some hours ago, and each checkpoint came minutes after its last entry.
    """
    key = world.source.create().current.verifying
    world.witness.book.add_log(key, world.clock())
    async with open_ledger(world.dsn, LEDGER, clock=ago(240), pool_size_max=2) as ledger:
        await record(ledger, OLD_SIZE)
    world.clock = ago(230)
    old = await world.publish()
    async with open_ledger(world.dsn, LEDGER, clock=ago(120), pool_size_max=2) as ledger:
        await record(ledger, SIZE)
        await catch_up(ledger, VIEWS)
    world.clock = ago(110)
    await world.publish()
    world.clock = utc_now
    assert read_checkpoint(old.text).size == OLD_SIZE
    proof = await world.prove(PROVED, old, OLD_SIZE)
    return Auditor(
        policy=policy_for(world.vkey),
        old_checkpoint=str(old).encode(),
        entry=await entry_at(world.db, LEDGER, PROVED),
        proof=proof.to_bytes(),
    )


def ago(minutes: int) -> Clock:
    """Return a clock that showed the right time so many minutes ago."""
    return moved(utc_now, -60 * minutes)


@pytest.fixture
async def world(original: World, tmp_path: Path) -> World:
    """A copy of the ledger, with its folder and its witness, for one attack on its rows.

    Whoever attacks the tables themselves does it inside a transaction that is taken back.
    """
    ledger_id = f"attacked-{uuid4().hex[:12]}"
    await copy_ledger(original.db, original.ledger_id, ledger_id)
    shutil.copytree(original.folder, tmp_path / "world")
    return World(original.dsn, ledger_id, original.db, tmp_path / "world", original.auditor)
