"""What an earlier version left is opened, served and checked by this one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger.storage.tree import read_root
from ledger.verification.check import Wanted, check_ledger
from projections import VIEWS
from projections.engine import catch_up, verify
from scripts.service import open_service
from tests.upgrades.frozen import ARCHIVES, Frozen, thawed


@pytest.fixture(scope="module", params=ARCHIVES, ids=lambda path: path.name.split(".")[0])
async def frozen(request: pytest.FixtureRequest) -> AsyncIterator[Frozen]:
    """Each version's data, in a server of its own for the module."""
    archive: Path = request.param
    async with thawed(archive) as found:
        yield found


def test_there_is_data_of_an_earlier_version() -> None:
    assert ARCHIVES


async def test_every_ledger_is_served_with_its_log_and_views_right(frozen: Frozen) -> None:
    for ledger_id in frozen.ledgers:
        noted = frozen.of(ledger_id)
        async with open_service(frozen.settings(ledger_id)) as service:
            ledger = service.ledger
            assert (await read_root(ledger.pool, ledger_id, noted["size"])).hex() == noted["root"]
            await catch_up(ledger, VIEWS)
            wrong = [
                view.name
                for view in VIEWS
                if not (await verify(service.database.dsn, ledger_id, view)).is_right
            ]
            assert wrong == []
            report = await check_ledger(Wanted(dsn=service.database.dsn, ledger_id=ledger_id))
            assert report.findings.first == []
