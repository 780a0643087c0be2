"""The demo's sealed residents: recorded once, whole, and nothing of them in clear."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ledger.commands.sealing_check import check_sealing
from ledger.storage.ledger import open_ledger
from scripts.demonstration.county import a_county
from scripts.demonstration.founding import founding
from scripts.demonstration.logins import logins
from scripts.demonstration.sealed import MATTERS, seal_people
from tests.scripts.conftest import new_ledger
from tests.storage.sealed import leaks, whole_database
from tests.storage_fixtures import KEYS


async def test_the_demos_residents_are_sealed_once(store_dsn: str, tmp_path: Path) -> None:
    name, county = await new_ledger(store_dsn), a_county()
    places = (county.named["yangguang"], county.named["hongshihu"])
    async with open_ledger(store_dsn, name, pool_size_max=2, keys=KEYS) as ledger:
        for step in founding(county, places, date(2026, 1, 1)):
            await step.run(step.command, ledger.for_request(), step.by)
        await logins(ledger, county, tmp_path / "tokens.json")
        made = await seal_people(ledger, county)
        size = await ledger.pool.fetchval("SELECT size FROM heads WHERE ledger_id = $1", name)
        again = await seal_people(ledger, county)

        assert made == again and len(made) == len(MATTERS)
        now = await ledger.pool.fetchval("SELECT size FROM heads WHERE ledger_id = $1", name)
        assert now == size
        report = await check_sealing(ledger, opens_values=True)
        assert (report.is_sound, report.erased) == (True, 1)
        assert report.living == len(MATTERS), "one joined, one was erased"
    assert leaks(await whole_database(store_dsn), ["19900000001", "赵某某（演示虚构）"]) == []
