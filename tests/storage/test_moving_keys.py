"""The secrets go into another database and back; nothing is lost, and one is the home."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from ledger.commands.sealing_check import check_sealing
from ledger.commands.sealing_keys import note_move
from ledger.sealing import KeyUnknown, new_keyring
from ledger.sealing_history import SEALING_HISTORY_ID, SealingHistory
from ledger.storage.ledger import open_ledger
from ledger.storage.moving_keys import (
    KeysHaveOneHome,
    Moved,
    move_keys,
    moved_away,
    slots_count,
)
from tests.databases import keys_database
from tests.storage.sealed import LI, sealed
from tests.storage_fixtures import KEYS

PEOPLE = [UUID(int=800 + number) for number in range(7)]


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    db = await asyncpg.connect(dsn)
    try:
        yield db
    finally:
        await db.close()


@pytest.fixture
async def keys_dsn(server_dsn: str) -> AsyncIterator[str]:
    """Another database, with the tables of the secrets."""
    async with keys_database(server_dsn) as dsn:
        yield dsn


@pytest.fixture
async def people(store_dsn: str, ledger_id: str) -> None:
    """Seven people in the ledger, their secrets in its own database."""
    async with open_ledger(store_dsn, ledger_id, keys=KEYS) as ledger:
        for person_id in PEOPLE:
            await sealed(ledger, person_id, LI)


async def moved(ledger_id: str, source: str, target: str) -> list[int]:
    async with connected(source) as one, connected(target) as other:
        return [done async for done in move_keys(ledger_id, one, other, KEYS.keyring, batch=3)]


async def assert_sound(dsn: str, ledger_id: str, keys_dsn: str | None) -> None:
    async with open_ledger(dsn, ledger_id, keys=replace(KEYS, dsn=keys_dsn)) as ledger:
        report = await check_sealing(ledger, opens_values=True)
        assert (report.is_sound, report.living) == (True, len(PEOPLE)), report.findings


async def where(ledger_id: str, *dsns: str) -> list[tuple[int, bool]]:
    """Return how many secrets each database has, and whether it says that they went."""
    found = []
    for dsn in dsns:
        async with connected(dsn) as db:
            moved = await moved_away(db, ledger_id)
            found.append((await slots_count(db, ledger_id), moved is not None))
    return found


@pytest.mark.usefixtures("people")
async def test_secrets_go_to_another_database_and_back(
    store_dsn: str, ledger_id: str, keys_dsn: str
) -> None:
    assert await moved(ledger_id, store_dsn, keys_dsn) == [3, 6, 7]
    assert await where(ledger_id, store_dsn, keys_dsn) == [(0, True), (7, False)]
    await assert_sound(store_dsn, ledger_id, keys_dsn)
    async with open_ledger(store_dsn, ledger_id, keys=KEYS) as stale:
        with pytest.raises(asyncpg.RaiseError, match="were moved"):
            await sealed(stale, UUID(int=900), LI)
        said = await moved_away(stale.pool, ledger_id)
        assert isinstance(said, Moved)
        for _ in range(2):
            await note_move(stale, said)
        history = await stale.load(SealingHistory, SEALING_HISTORY_ID)
        assert (history.version, history.moved_at) == (2, said.moved_at)
    await moved(ledger_id, keys_dsn, store_dsn)
    assert await where(ledger_id, store_dsn, keys_dsn) == [(7, False), (0, True)]
    await assert_sound(store_dsn, ledger_id, None)


@pytest.mark.usefixtures("people")
async def test_what_an_earlier_try_left_is_replaced(
    store_dsn: str, ledger_id: str, keys_dsn: str
) -> None:
    """Killed between the two commits, then somebody was erased at the source."""
    async with connected(store_dsn) as one, connected(keys_dsn) as other:
        rows = await one.fetch("SELECT * FROM sealing_slots WHERE ledger_id = $1", ledger_id)
        places = ", ".join(f"${n}" for n in range(1, len(rows[0]) + 1))
        statement = f"INSERT INTO sealing_slots VALUES ({places})"  # noqa: S608
        await other.executemany(statement, [tuple(row) for row in rows])
        await other.execute("UPDATE sealing_slots SET slot_id = gen_random_uuid()")
    assert await where(ledger_id, store_dsn, keys_dsn) == [(7, False), (7, False)]
    await moved(ledger_id, store_dsn, keys_dsn)
    assert await where(ledger_id, store_dsn, keys_dsn) == [(0, True), (7, False)]
    await assert_sound(store_dsn, ledger_id, keys_dsn)


@pytest.mark.usefixtures("people")
async def test_what_cannot_be_opened_or_is_no_other_database_moves_nothing(
    store_dsn: str, ledger_id: str, keys_dsn: str
) -> None:
    with pytest.raises(KeysHaveOneHome):
        await moved(ledger_id, store_dsn, store_dsn)
    strange = new_keyring(date(2026, 1, 1))
    with pytest.raises(KeyUnknown):
        async with connected(store_dsn) as one, connected(keys_dsn) as other:
            assert [done async for done in move_keys(ledger_id, one, other, strange)]
    assert await where(ledger_id, store_dsn, keys_dsn) == [(7, False), (0, False)]
    await assert_sound(store_dsn, ledger_id, None)
