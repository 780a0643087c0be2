"""The service's own key: named by the log, over each entry, and never silently another one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from ledger.core.errors import ReasonMissing
from ledger.publishing.announcing import name_service_key
from ledger.storage.checking_macs import BEYOND, MISSING, WRONG, eras_of, wrong_codes
from ledger.storage.entry_macs import EntryMacs
from ledger.storage.errors import ServiceKeyOther
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from ledger.storage.service_key import ServiceKey, replace_key
from scripts.cli import build_parser
from scripts.database import Database
from scripts.init import initialise
from scripts.opening import ServiceKeyRefused
from scripts.settings import Settings, load_settings
from tests.publishing.conftest import fill
from tests.storage.test_ledger import once, saved_jar
from tests.storage_fixtures import ORIGIN


@pytest.fixture
def key(tmp_path: Path) -> ServiceKey:
    """The service's key, in a file of its own."""
    return ServiceKey.kept_in(tmp_path / "service.key")


async def wrong(db: asyncpg.Connection, ledger_id: str, key: ServiceKey) -> list[tuple[int, str]]:
    """What does not fit, with all keys that are at hand."""
    macs = [EntryMacs(one, ledger_id) for one in (key, *key.former)]
    async with db.transaction():
        found = wrong_codes(db, {one.check: one for one in macs}, ledger_id)
        return [one async for one in found]


async def test_a_ledger_of_before_gets_codes_from_its_next_start_on(
    store_dsn: str, ledger: Ledger, key: ServiceKey, superuser: asyncpg.Connection
) -> None:
    await fill(ledger, 3)
    async with open_ledger(store_dsn, ledger.id, pool_size_max=2, key=key) as started:
        assert await name_service_key(started)
        assert not await name_service_key(started)
        await fill(started, 4)  # the long way, then the short one
        await saved_jar(started.for_request(once=once("key")))
    (era,) = await eras_of(superuser, ledger.id)
    assert era.start == 4  # the log's history begins with an entry of its own
    assert await wrong(superuser, ledger.id, key) == []
    with pytest.raises(ServiceKeyOther):  # a process with another key
        await fill(ledger)


async def test_each_entry_put_in_past_the_service_is_found_by_its_position(
    store_dsn: str, ledger_id: str, key: ServiceKey, superuser: asyncpg.Connection
) -> None:
    async with open_ledger(store_dsn, ledger_id, pool_size_max=2, key=key) as ledger:
        await name_service_key(ledger)
        await fill(ledger, 5)
        await saved_jar(ledger.for_request(once=once("key")))
    changes = {
        "UPDATE events SET leaf_hash = sha256(leaf_hash) WHERE position = 4 AND": [(4, WRONG)],
        "UPDATE receipts SET key = 'other' WHERE": [(7, WRONG)],
        "DELETE FROM receipts WHERE": [(7, WRONG)],
        "DELETE FROM entry_macs WHERE first_position = 3 AND": [(3, MISSING)],
        "UPDATE entry_macs SET macs = sha256(macs) WHERE first_position = 3 AND": [(3, WRONG)],
        "UPDATE entry_macs SET macs = macs || macs WHERE first_position = 7 AND": [(8, BEYOND)],
        "DELETE FROM events WHERE position = 7 AND": [(7, BEYOND)],
    }
    for change, expected in changes.items():
        transaction = superuser.transaction()
        await transaction.start()
        await superuser.execute("SET LOCAL session_replication_role = replica")
        await superuser.execute(f"{change} ledger_id = $1", ledger_id)
        assert await wrong(superuser, ledger_id, key) == expected, change
        await transaction.rollback()
    assert await wrong(superuser, ledger_id, key) == []


async def test_a_change_of_keys_is_an_entry_for_which_the_former_key_speaks(
    store_dsn: str, ledger_id: str, tmp_path: Path, key: ServiceKey, superuser: asyncpg.Connection
) -> None:
    async with open_ledger(store_dsn, ledger_id, pool_size_max=2, key=key) as ledger:
        await name_service_key(ledger)
        await fill(ledger, 3)
    new = replace_key(tmp_path / "service.key")
    async with open_ledger(store_dsn, ledger_id, pool_size_max=2, key=new) as ledger:
        with pytest.raises(ServiceKeyOther):
            await fill(ledger)
        await name_service_key(ledger)
        await fill(ledger, 3)
    first, second = await eras_of(superuser, ledger_id)
    former, now = EntryMacs(key, ledger_id), EntryMacs(new, ledger_id)
    assert (first.key_check, second.key_check) == (former.check, now.check)
    assert second.by_former == now.answers_for(former)
    assert await wrong(superuser, ledger_id, new) == []
    async with open_ledger(
        store_dsn, ledger_id, pool_size_max=2, key=ServiceKey.random()
    ) as ledger:
        with pytest.raises(ReasonMissing):
            await name_service_key(ledger)


async def test_a_second_machine_without_the_key_does_not_start(
    store_dsn: str, owner_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    flags = {"ledger": ledger_id, "data": str(tmp_path / "data")}
    environment = {"MINZHANG_DSN": store_dsn, "MINZHANG_OWNER_DSN": owner_dsn}
    settings: Settings = load_settings(flags, environment, tmp_path)
    database = Database(dsn=store_dsn, owner_dsn=owner_dsn, volume=None, free_space_floor_bytes=0)
    db = await asyncpg.connect(store_dsn)
    await create_ledger(db, ledger_id, origin=ORIGIN)
    await db.close()
    await initialise(database, settings)
    other = replace(settings, key_file=tmp_path / "other.key")
    for _ in range(2):
        with pytest.raises(ServiceKeyRefused) as refused:
            await initialise(database, other)
        assert refused.value.exit_code == 3
        ServiceKey.kept_in(other.key_file)  # one of its own making is refused as well
    arguments = ["keys", "replace-service", "--reason", "原密钥随旧机器遗失"]
    args = build_parser().parse_args(arguments)
    await args.run(args, other)
    await initialise(database, other)
    with pytest.raises(ServiceKeyRefused):
        await initialise(database, settings)
