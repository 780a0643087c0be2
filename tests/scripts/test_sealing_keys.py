"""The file of the sealing keys: made for a ledger that needs none yet, else never replaced."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from ledger.storage.connect import connect
from scripts.failures import Failure
from scripts.sealing_keys import prepare_keys
from scripts.settings import Settings, load_settings


async def hold_a_slot(db: asyncpg.Connection, ledger_id: str) -> None:
    await db.execute(
        "INSERT INTO sealing_slots (ledger_id, slot_id, subject_id, record_id, kek, wrapped,"
        " event_id, stream_id, version) VALUES ($1, $2, $2, $2, 'k', '', $2, 's', 1)",
        ledger_id,
        uuid4(),
    )


def settings_of(ledger_id: str, data: Path) -> Settings:
    return load_settings({"ledger": ledger_id, "data": str(data)}, {}, data)


async def test_what_another_ledger_has_sealed_asks_nothing_of_this_one(
    store_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    db = await connect(store_dsn)
    await hold_a_slot(db, f"{ledger_id}-other")
    settings = settings_of(ledger_id, tmp_path)
    await prepare_keys(db, settings)
    await db.close()
    assert (tmp_path / "sealing.keys").stat().st_mode & 0o777 == 0o600


async def test_keys_that_are_lost_are_not_replaced_in_silence(
    store_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    db = await connect(store_dsn)
    await hold_a_slot(db, ledger_id)
    with pytest.raises(Failure, match="backup"):
        await prepare_keys(db, settings_of(ledger_id, tmp_path))
    await db.close()
    assert not (tmp_path / "sealing.keys").exists()
