"""The key of the blind indexes is changed while people are looked for: nobody is overlooked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from uuid import UUID

import pytest

from ledger.commands.sealing_check import LOST_INDEX, check_sealing
from ledger.commands.sealing_keys import note_index_key, note_kek
from ledger.sealing import Field, Keyring, new_keyring
from ledger.sealing_history import SEALING_HISTORY_ID, SealingHistory
from ledger.storage.index_rotation import drop_old_indexes, index_again, indexed_count
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.vault import IndexKeyChanged, SealingKeys
from tests.storage.sealed import LI, WANG, sealed

OLD = new_keyring(date(2026, 1, 1))
BOTH = OLD.with_new_index_key()
NEW = BOTH.with_current_index_key_alone()
WANG_ID, LI_ID, LATER = UUID(int=701), UUID(int=702), UUID(int=703)


@pytest.fixture
async def opened(store_dsn: str, ledger_id: str) -> AsyncIterator[object]:
    """Opens the ledger by other keys, as another process would."""

    @asynccontextmanager
    async def by(keyring: Keyring) -> AsyncIterator[Ledger]:
        async with open_ledger(
            store_dsn, ledger_id, pool_size_max=2, keys=SealingKeys(keyring)
        ) as ledger:
            yield ledger

    async with by(OLD) as ledger:
        await sealed(ledger, WANG_ID)
        await sealed(ledger, LI_ID, LI)
    yield by


async def found(ledger: Ledger, value: str | None = WANG.phone) -> list[UUID]:
    return await ledger.vault.find(Field.PHONE, value or "")


async def rotated(ledger: Ledger) -> list[int]:
    return [done async for done in index_again(ledger.vault, batch=1)]


async def test_people_are_found_by_old_and_new_key_until_the_old_rows_go(opened: object) -> None:
    async with opened(OLD) as before, opened(BOTH) as now:  # type: ignore[operator]
        assert await rotated(now) == [1, 2]
        assert await indexed_count(now.vault) == (3, 3)
        await sealed(now, LATER)
        for ledger in (before, now):
            assert await found(ledger) == [WANG_ID, LATER]
        await sealed(before, LI_ID, LI)  # by a process that does not know the new key
        assert await found(now, LI.phone) == [LI_ID]
        assert await drop_old_indexes(now.vault) == 1, "what the old key alone finds is kept"
        assert await rotated(now) == [1] and await rotated(now) == []
        assert await drop_old_indexes(now.vault) == 0
    async with opened(NEW) as after, opened(OLD) as stale:  # type: ignore[operator]
        assert await found(after) == [WANG_ID, LATER]
        assert await found(after, LI.phone) == [LI_ID]
        with pytest.raises(IndexKeyChanged):
            await found(stale)
        with pytest.raises(IndexKeyChanged):
            await sealed(stale, LI_ID, LI)
        report = await check_sealing(after, opens_values=True)
        assert (report.is_sound, report.pending) == (True, 0), report.findings
        (finding,) = (await check_sealing(stale)).findings
        assert finding.problem == f"{LOST_INDEX} {NEW.index_name}"


async def test_rows_from_before_keys_had_names_are_indexed_again(opened: object) -> None:
    async with opened(OLD) as ledger:  # type: ignore[operator]
        await ledger.pool.execute(
            "UPDATE blind_indexes SET index_key = '' WHERE ledger_id = $1", ledger.id
        )
        assert await found(ledger) == [WANG_ID]
        assert await rotated(ledger) == [1, 2]
        assert await indexed_count(ledger.vault) == (3, 0), "the same digest is the same row"
    async with opened(NEW) as ledger:  # type: ignore[operator]
        await rotated(ledger)
        assert await drop_old_indexes(ledger.vault) == 0
        assert await found(ledger) == [WANG_ID]


async def test_what_is_erased_meanwhile_stays_erased(opened: object) -> None:
    async with opened(BOTH) as ledger:  # type: ignore[operator]
        person = await _slots(ledger, WANG_ID)
        going = index_again(ledger.vault, batch=1)
        await anext(going)
        await ledger.vault.destroy(person)
        assert [done async for done in going] in ([], [2])
        await rotated(ledger)
        assert await found(ledger) == []
        left = "SELECT count(*) FROM blind_indexes WHERE ledger_id = $1 AND slot_id = ANY($2)"
        assert await ledger.pool.fetchval(left, ledger.id, person) == 0


async def test_each_change_of_a_key_is_told_once(opened: object) -> None:
    async with opened(BOTH) as ledger:  # type: ignore[operator]
        for _ in range(2):
            await note_index_key(ledger, 3)
            await note_kek(ledger, 2)
        history = await ledger.load(SealingHistory, SEALING_HISTORY_ID)
        assert (history.version, history.index_key) == (3, BOTH.index_name)
        assert history.kek == BOTH.current


async def _slots(ledger: Ledger, person_id: UUID) -> list[UUID]:
    rows = await ledger.pool.fetch(
        "SELECT slot_id FROM sealing_slots WHERE ledger_id = $1 AND subject_id = $2",
        ledger.id,
        person_id,
    )
    return [UUID(int=row["slot_id"].int) for row in rows]
