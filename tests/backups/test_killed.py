"""A backup or a restore that is killed: whole, or not there, and never half of it in use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.postgres import ServerError, erase
from ledger.storage.reading import read_head
from scripts.backups.checking import check_backup
from scripts.backups.restoring import restore
from scripts.backups.taking import Asked, back_up
from scripts.publishing import LogRefused
from scripts.service import open_service
from tests.backups.conftest import settings_of
from tests.published_log import fill
from tests.started import environment_for, start
from tests.waiting import wait_until

LEDGER = "t1"


async def killed(data_dir: Path, has_begun: Callable[[], bool], *arguments: str) -> None:
    """Start a command, and kill it once it has begun to write."""
    own = {"MINZHANG_DATA": str(data_dir), "MINZHANG_LEDGER": LEDGER}
    process = await start(environment_for("", data_dir.parent) | own, *arguments)
    await wait_until(lambda: process.returncode is not None or has_begun())
    assert process.returncode is None, (await process.communicate())[1].decode()
    process.kill()
    await process.wait()


async def test_a_backup_that_is_killed_is_not_there(elsewhere: Path) -> None:
    folder, settings = elsewhere.parent / "backups", settings_of(elsewhere, LEDGER)
    async with open_service(settings) as service:
        await fill(service.ledger, 20)
        place = folder / "first"
        await killed(
            elsewhere, lambda: any(folder.glob(".first-*/database/*")), "backup", str(place)
        )
        assert place.name not in os.listdir(folder)
        await back_up(settings, Asked(place=place))
    assert (await check_backup(place)).findings_count == 0


@pytest.mark.parametrize("begun", ["postgres/server/data.new", "postgres/server/data"])
async def test_a_restore_that_is_killed_is_not_served_by_halves(
    elsewhere: Path, begun: str
) -> None:
    """It is refused, or whole; what is in its way is moved away, and it is done again."""
    place, settings = elsewhere.parent / "backup", settings_of(elsewhere, LEDGER)
    async with open_service(settings) as service:
        await fill(service.ledger, 20)
        size = (await read_head(service.ledger.pool, LEDGER)).size
        await wait_until(lambda: service.publisher.status.published_size == size)
    await back_up(settings, Asked(place=place))
    erase(elsewhere)

    await killed(elsewhere, (elsewhere / begun).exists, "restore", str(place))
    try:
        async with open_service(settings) as service:
            assert (await read_head(service.ledger.pool, LEDGER)).size >= size
    except (LogRefused, ServerError):
        erase(elsewhere)
        await restore(settings, place)
        async with open_service(settings) as service:
            assert (await read_head(service.ledger.pool, LEDGER)).size >= size
