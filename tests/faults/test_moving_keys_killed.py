"""A move of the secrets is killed -9 at any moment: one of the two homes is always complete."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg

from ledger.commands.sealing_check import check_sealing
from ledger.sealing import read_keyring
from ledger.storage.ledger import open_ledger
from ledger.storage.moving_keys import move_keys, moved_away
from tests.databases import keys_database
from tests.faults.waiting import kill_when
from tests.storage.sealed import LI, sealed
from tests.storage.test_moving_keys import connected, where
from tests.storage_fixtures import KEYS
from tests.waiting import ASK_SECONDS, wait_until

SEED = 20_260_303
PEOPLE, KILLS = 40, 5
_processes = multiprocessing.get_context("spawn")


async def move(source: str, target: str, ledger_id: str, diary: Path, keyring: str) -> None:
    async with connected(source) as one, connected(target) as other:
        async for _ in move_keys(ledger_id, one, other, read_keyring(keyring), batch=1):
            with diary.open("ab") as file:
                file.write(b"!")


def run(source: str, target: str, ledger_id: str, diary: Path, keyring: str) -> None:
    """Move (the main function of a process)."""
    asyncio.run(move(source, target, ledger_id, diary, keyring))


async def home(ledger_id: str, *dsns: str) -> str:
    """Return the database that is the home; it must be complete."""
    found = dict(zip(dsns, await where(ledger_id, *dsns), strict=True))
    homes = [dsn for dsn, (count, is_gone) in found.items() if count == PEOPLE and not is_gone]
    assert homes, found
    return homes[0]


async def test_the_secrets_are_never_lost(
    store_dsn: str, server_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    dice, diary = random.Random(SEED), tmp_path / "diary"  # noqa: S311  dice, not secrets
    diary.touch()
    async with open_ledger(store_dsn, ledger_id, keys=KEYS) as ledger:
        for number in range(PEOPLE):
            await sealed(ledger, UUID(int=800 + number), LI)
    async with keys_database(server_dsn) as keys_dsn:
        for kill in range(KILLS):
            goal = diary.stat().st_size + (PEOPLE if kill == 0 else dice.randrange(1, PEOPLE))
            source = await home(ledger_id, store_dsn, keys_dsn)
            target = keys_dsn if source == store_dsn else store_dsn
            given = (source, target, ledger_id, diary, KEYS.keyring.to_text())
            process = _processes.Process(target=run, args=given, daemon=True)
            await kill_when(process, lambda goal=goal: diary.stat().st_size >= goal)  # type: ignore[misc]
            await _gone(store_dsn)
        source = await home(ledger_id, store_dsn, keys_dsn)
        if source == store_dsn:
            async with connected(store_dsn) as one, connected(keys_dsn) as other:
                assert [done async for done in move_keys(ledger_id, one, other, KEYS.keyring)]
                assert await moved_away(one, ledger_id) is not None
        async with open_ledger(store_dsn, ledger_id, keys=replace(KEYS, dsn=keys_dsn)) as ledger:
            report = await check_sealing(ledger, opens_values=True)
            assert (report.is_sound, report.living) == (True, PEOPLE), report.findings


async def _gone(dsn: str) -> None:
    """Wait until the server has noticed that the killed process hung up."""
    others = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1"
    db = await asyncpg.connect(dsn)
    try:

        async def is_gone() -> bool:
            return not await db.fetchval(others, 0x6D6F7665)

        await wait_until(is_gone, pause=ASK_SECONDS)
    finally:
        await db.close()
