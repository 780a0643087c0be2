"""Backups while people record, and moves of a whole installation."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from ledger.storage.reading import read_head
from scripts.backups.checking import check_backup
from scripts.backups.restoring import restore
from scripts.backups.taking import Asked, back_up
from scripts.service import open_service
from tests.backups.conftest import rows_of, settings_of, tables_of
from tests.published_log import fill

LEDGER = "t1"


@pytest.mark.parametrize("is_export", [False, True])
async def test_a_backup_that_is_made_while_people_record_is_whole(
    elsewhere: Path, is_export: bool
) -> None:
    place = elsewhere.parent / "backup"
    settings = settings_of(elsewhere, LEDGER)
    async with open_service(settings) as service:
        making = asyncio.create_task(back_up(settings, Asked(place=place, is_export=is_export)))
        while not making.done():
            await fill(service.ledger, 5)
        made = await making
        head = await read_head(service.ledger.pool, LEDGER)
    checked = await check_backup(place)
    assert checked.findings_count == 0
    assert made.ledgers[0].size <= checked.reports[LEDGER].size < head.size


async def test_an_export_is_put_back_beside_the_keys_that_stayed(elsewhere: Path) -> None:
    """As when PostgreSQL's own files cannot be read any more by its next major version."""
    place = elsewhere.parent / "backup"
    settings = settings_of(elsewhere, LEDGER)
    async with open_service(settings) as service:
        await fill(service.ledger, 20)
    await back_up(settings, Asked(place=place, is_export=True))
    before = await tables_of(settings)
    os.rename(elsewhere / "postgres", elsewhere.parent / "left")

    done = await restore(settings, place)
    assert (done.kept, done.keys_missing) == ((), ())
    assert await tables_of(settings) == before
    async with open_service(settings) as service:
        await fill(service.ledger, 1)
        assert await rows_of(service.database.dsn) != before
