"""Starting the demo again: after it was loaded, killed, reset, or where something else is."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import asyncpg
import pytest

from api.permissions import Role
from ledger.commands import organisations
from ledger.commands.access_tokens import acts
from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.core.entry import Entry
from ledger.organisations import Kind
from ledger.postgres import erase
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.ledgers import hold_alone
from ledger.storage.reading import read_head
from ledger.storage.receipts import read_receipts
from ledger.storage.tokens import find_token, list_tokens
from ledger.storage.user_logins import list_logins
from ledger.users import User
from scripts.database import open_database
from scripts.demo import edition_to_load, prepare, reset, tokens_file, welcome
from scripts.demonstration.county import a_county
from scripts.demonstration.loading import VERSION, Edition, Loading, found_in
from scripts.demonstration.logins import logins, people_of
from scripts.demonstration.people import DEMO
from scripts.demonstration.plan import FULL, Plan
from scripts.failures import Failure
from scripts.init import INSTALLER, initialise
from scripts.settings import Settings, load_settings
from tests.scripts.conftest import END, SMALL, new_ledger, whole_log
from tests.waiting import wait_until


async def test_the_second_start_loads_nothing(loaded_demo: Ledger, small_demo: Plan) -> None:
    found = await found_in(loaded_demo)
    assert found is not None
    assert found.is_complete
    assert found.edition == Edition(VERSION, END, SMALL)
    assert await edition_to_load(loaded_demo, FULL) is None
    before = await read_head(loaded_demo.pool, loaded_demo.id)
    await Loading(loaded_demo, small_demo, SMALL).load()
    after = await read_head(loaded_demo.pool, loaded_demo.id)
    assert before.frontier.root() == after.frontier.root()


LOAD = """
import asyncio, sys
from dataclasses import replace
from datetime import date
from ledger.storage.ledger import open_ledger
from scripts.demonstration.loading import Loading
from scripts.demonstration.plan import Scale, plan

async def main(dsn, name, end, scale, count):
    whole = plan(date.fromisoformat(end), Scale.named(scale))
    part = replace(whole, steps=whole.steps[: int(count)])
    async with open_ledger(dsn, name, is_sole_writer=True) as ledger:
        await Loading(ledger, part, Scale.named(scale)).load()

asyncio.run(main(*sys.argv[1:]))
"""
PART = 900


async def test_a_load_that_was_killed_goes_on_where_it_stopped(
    store_dsn: str, small_demo: Plan
) -> None:
    part = replace(small_demo, steps=small_demo.steps[:PART])
    killed, whole = await new_ledger(store_dsn), await new_ledger(store_dsn)
    await kill_half_way(store_dsn, killed)
    async with open_ledger(store_dsn, killed, is_sole_writer=True) as ledger:
        found = await found_in(ledger)
        assert found is not None
        assert not found.is_complete
        assert await edition_to_load(ledger, FULL) == Edition(VERSION, END, SMALL)
        await Loading(ledger, part, SMALL).load()
        resumed = await whole_log(ledger)
        assert len(await read_receipts(ledger.pool, ledger.id, DEMO)) == PART
    async with open_ledger(store_dsn, whole, is_sole_writer=True) as ledger:
        await Loading(ledger, part, SMALL).load()
        at_once = await whole_log(ledger)
    assert told(resumed) == told(at_once)


def told(log: list[Entry]) -> Counter[tuple[object, ...]]:
    """What the demo says apart from ids that the ledger chose, and when it was stored."""
    return Counter(
        (entry.topic, entry.version, entry.by.actor_id, entry.by.at, entry.by.reason)
        for entry in log
        if entry.by.actor_id != INSTALLER
    )


async def kill_half_way(dsn: str, name: str) -> None:
    arguments = (dsn, name, END.isoformat(), SMALL.name, str(PART))
    loader = await asyncio.create_subprocess_exec(sys.executable, "-c", LOAD, *arguments)
    db = await asyncpg.connect(dsn)
    try:

        async def is_half_way() -> bool:
            assert loader.returncode is None, "it ended before it was killed"
            return len(await read_receipts(db, name, DEMO)) > PART // 3

        await wait_until(is_half_way, seconds=120)
        loader.kill()
        await loader.wait()
    finally:
        await db.close()
    assert loader.returncode == -signal.SIGKILL


async def test_two_loads_at_once_record_everything_once(store_dsn: str, small_demo: Plan) -> None:
    part = replace(small_demo, steps=small_demo.steps[: PART // 3])
    name = await new_ledger(store_dsn)
    async with (
        open_ledger(store_dsn, name, pool_size_max=2, is_sole_writer=True) as one,
        open_ledger(store_dsn, name, pool_size_max=2, is_sole_writer=True) as other,
    ):
        await asyncio.gather(*(Loading(ledger, part, SMALL).load() for ledger in (one, other)))
        assert len(await read_receipts(one.pool, name, DEMO)) == PART // 3


async def test_a_second_process_is_told_that_one_is_loading(store_dsn: str, tmp_path: Path) -> None:
    name = await new_ledger(store_dsn)
    settings = load_settings({"ledger": name}, {"MINZHANG_DSN": store_dsn}, tmp_path)
    first = await asyncpg.connect(store_dsn)
    try:
        assert await hold_alone(first, name, DEMO)
        async with open_database(settings) as database:
            with pytest.raises(Failure, match="another process"):
                await prepare(database, settings, SMALL)
    finally:
        await first.close()


# Who may look in, and what is left alone ----------------------------------------------------


async def test_each_role_gets_a_token_once(loaded_demo: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    made = await logins(loaded_demo, a_county(), file)
    assert {login.role for login in made} == set(Role)
    assert file.stat().st_mode & 0o777 == 0o600
    for login in made:
        found = await find_token(
            loaded_demo.pool, loaded_demo.id, login.token, key=loaded_demo.key, now=utc_now()
        )
        assert found is not None and await acts(loaded_demo, found)
        assert found.role == login.role
    assert await logins(loaded_demo, a_county(), file) == made
    holders = await list_logins(loaded_demo.pool, loaded_demo.id)
    assert set(holders.values()) == {f"{DEMO}-{role}" for role in Role}
    for user_id in holders:
        user = await loaded_demo.load(User, user_id)
        assert user.person_id in {person.id for person, _ in people_of(a_county()).values()}
        assert len(user.grants) == 1

    file.write_text("damaged")
    anew = await logins(loaded_demo, a_county(), file)
    assert {login.token for login in anew}.isdisjoint({login.token for login in made})
    tokens = await list_tokens(loaded_demo.pool, loaded_demo.id, key=loaded_demo.key)
    assert len([token for token in tokens if token.revoked_at is None]) == len(Role)
    text = welcome("http://127.0.0.1:8080", a_county(), anew)
    assert all(login.token in text for login in anew)


async def test_a_ledger_with_other_things_in_it_is_left_alone(
    store_dsn: str, ledger: Ledger
) -> None:
    by = By(actor_id=INSTALLER, at=utc_now(), role="system")
    await adopt_standard_policies(AdoptStandardPolicies(), ledger, by)
    assert await edition_to_load(ledger, SMALL) is not None
    county = organisations.EstablishOrganisation(
        code="1", kind=Kind.COUNTY, name_zh="县", valid_from=date(2020, 1, 1)
    )
    await organisations.establish_organisation(county, ledger, by)
    with pytest.raises(Failure):
        await edition_to_load(ledger, SMALL)


async def test_reset_erases_a_demo_and_nothing_else(server_place: Path) -> None:
    settings = load_settings({"data": str(server_place)}, {}, server_place.parent)
    await initialised(settings)
    tokens_file(settings).write_text("[]")
    await reset(settings)
    assert not (settings.data / "postgres").exists()
    assert not tokens_file(settings).exists()

    await initialised(settings, replace(settings, ledger="other"))
    with pytest.raises(Failure, match="other"):
        await reset(settings)
    assert (settings.data / "postgres").exists()


@pytest.fixture
def server_place(tmp_path: Path) -> Iterator[Path]:
    """A directory for an embedded server, which as root runs as another user."""
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o711)
    yield tmp_path / "data"
    erase(tmp_path / "data")


async def initialised(*several: Settings) -> None:
    for settings in several:
        async with open_database(settings) as database:
            await initialise(database, settings)


async def test_a_database_that_is_not_ours_is_not_emptied(store_dsn: str, tmp_path: Path) -> None:
    settings = load_settings({}, {"MINZHANG_DSN": store_dsn}, tmp_path)
    with pytest.raises(Failure):
        await reset(settings)
