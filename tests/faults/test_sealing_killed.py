"""Writers that seal are killed -9 at any moment: no entry lacks its value, none is half there."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from uuid import uuid4

from ledger.commands.sealing_check import check_sealing
from ledger.sealing import read_keyring
from ledger.storage.ledger import open_ledger
from ledger.storage.upkeep import settle, stored_slots
from ledger.storage.vault import SealingKeys
from tests.storage.sealed import LI, sealed
from tests.storage_fixtures import KEYS
from tests.waiting import wait_until

SEED = 20_260_301
KILLS = 6
_processes = multiprocessing.get_context("spawn")


async def seal_for_ever(dsn: str, ledger_id: str, diary: Path, keyring: str) -> None:
    keys = SealingKeys(read_keyring(keyring))
    async with open_ledger(dsn, ledger_id, pool_size_max=2, keys=keys) as ledger:
        while True:
            await asyncio.gather(*(sealed(ledger.for_request(), uuid4(), LI) for _ in range(4)))
            with diary.open("ab") as file:
                file.write(b"!" * 4)


def run(dsn: str, ledger_id: str, diary: Path, keyring: str) -> None:
    """Seal for ever (the main function of a writer process)."""
    asyncio.run(seal_for_ever(dsn, ledger_id, diary, keyring))


@contextmanager
def writer(dsn: str, ledger_id: str, diary: Path) -> Iterator[BaseProcess]:
    process = _processes.Process(
        target=run, args=(dsn, ledger_id, diary, KEYS.keyring.to_text()), daemon=True
    )
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()
        process.close()


async def test_writers_that_seal_are_killed_again_and_again(
    store_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    dice, diary = random.Random(SEED), tmp_path / "diary"  # noqa: S311  dice, not secrets
    diary.touch()
    for _ in range(KILLS):
        goal = diary.stat().st_size + 4 * dice.randrange(1, 6)
        with writer(store_dsn, ledger_id, diary):
            await wait_until(lambda goal=goal: diary.stat().st_size >= goal)  # type: ignore[misc]
    async with open_ledger(store_dsn, ledger_id, pool_size_max=2, keys=KEYS) as ledger:
        before = await check_sealing(ledger, opens_values=True)
        assert before.is_sound, before.findings
        await settle(ledger.vault, older_than=timedelta(0))
        after = await check_sealing(ledger, opens_values=True)
        assert (after.is_sound, after.pending) == (True, 0), after.findings
        assert after.living >= diary.stat().st_size, "what was acknowledged is all there"
        assert all([one.is_confirmed async for one in stored_slots(ledger.vault)])
        fields = await ledger.pool.fetchval(
            "SELECT count(*) FROM sealed_values WHERE ledger_id = $1", ledger_id
        )
        assert fields == 3 * after.living
