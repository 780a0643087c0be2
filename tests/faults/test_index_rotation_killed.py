"""A rotation of the index key is killed -9 again and again: people are found all the time."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
from datetime import date
from pathlib import Path
from uuid import UUID

from ledger.commands.sealing_check import check_sealing
from ledger.sealing import Field, Keyring, new_keyring, read_keyring
from ledger.storage.index_rotation import drop_old_indexes, index_again, indexed_count
from ledger.storage.ledger import open_ledger
from ledger.storage.vault import SealingKeys
from tests.faults.waiting import kill_when
from tests.storage.sealed import LI, sealed

SEED = 20_260_302
PEOPLE, KILLS = 60, 5
OLD = new_keyring(date(2026, 1, 1))
BOTH = OLD.with_new_index_key()
_processes = multiprocessing.get_context("spawn")


async def rotate(dsn: str, ledger_id: str, diary: Path, keyring: str) -> None:
    keys = SealingKeys(read_keyring(keyring))
    async with open_ledger(dsn, ledger_id, pool_size_max=2, keys=keys) as ledger:
        async for _ in index_again(ledger.vault, batch=1):
            with diary.open("ab") as file:
                file.write(b"!")
            await asyncio.sleep(0)


def run(dsn: str, ledger_id: str, diary: Path, keyring: str) -> None:
    """Rotate (the main function of a process)."""
    asyncio.run(rotate(dsn, ledger_id, diary, keyring))


async def found_by(dsn: str, ledger_id: str, keyring: Keyring) -> list[UUID]:
    async with open_ledger(dsn, ledger_id, pool_size_max=2, keys=SealingKeys(keyring)) as ledger:
        return await ledger.vault.find(Field.PHONE, LI.phone or "")


async def test_people_are_found_however_often_it_is_killed(
    store_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    dice, diary = random.Random(SEED), tmp_path / "diary"  # noqa: S311  dice, not secrets
    diary.touch()
    everybody = [UUID(int=800 + number) for number in range(PEOPLE)]
    async with open_ledger(store_dsn, ledger_id, keys=SealingKeys(OLD)) as ledger:
        for person_id in everybody:
            await sealed(ledger, person_id, LI)
    for _ in range(KILLS):
        goal = diary.stat().st_size + dice.randrange(1, 8)
        given = (store_dsn, ledger_id, diary, BOTH.to_text())
        process = _processes.Process(target=run, args=given, daemon=True)
        await kill_when(process, lambda goal=goal: diary.stat().st_size >= goal)  # type: ignore[misc]
        for keyring in (OLD, BOTH):
            assert await found_by(store_dsn, ledger_id, keyring) == everybody
    async with open_ledger(store_dsn, ledger_id, keys=SealingKeys(BOTH)) as ledger:
        before, _ = await indexed_count(ledger.vault)
        assert before >= diary.stat().st_size, "what was done stays done"
        assert [done async for done in index_again(ledger.vault)][-1] == PEOPLE - before
        assert await drop_old_indexes(ledger.vault) == 0
        assert (await check_sealing(ledger, opens_values=True)).is_sound
    alone = BOTH.with_current_index_key_alone()
    assert await found_by(store_dsn, ledger_id, alone) == everybody
