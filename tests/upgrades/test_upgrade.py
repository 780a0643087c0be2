"""What an earlier version left is migrated, served, checked and gone on with by this one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from aiohttp import ClientSession, CookieJar
from pyotp import TOTP

from api.sessions import COOKIE
from ledger.accounts import PublicAccount, account_id_of
from ledger.commands import draws, expenses, petitions
from ledger.commands.sealing_check import check_sealing
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.deposits import Deposit
from ledger.expenses import Expense
from ledger.petitions import Petition
from ledger.postgres.embedded import dsn_for
from ledger.reactions import REACTIONS
from ledger.reactions.engine import Reactions
from ledger.storage.ledger import Ledger
from ledger.storage.migrate import read_migrations
from ledger.storage.reading import read_entries, read_head
from ledger.storage.roles import APP
from ledger.storage.tree import read_root
from ledger.verification.check import Wanted, check_ledger
from projections import VIEWS
from projections.engine import catch_up, verify
from scripts.backups.restoring import restore
from scripts.backups.taking import Asked, back_up
from scripts.service import open_service
from tests.api.house import CSRF
from tests.backups.conftest import of_the_committee, rows_of, served, settings_of
from tests.petition_world import ESTATE, STREET, UNIT
from tests.platform.test_cli import minzhang
from tests.upgrades.frozen import ARCHIVES, Frozen, thawed

NEVER_CHANGED = ("public.events", "public.tiles", "public.receipts")
COLUMNS = """
    SELECT table_name || '.' || column_name AS name, data_type,
        is_nullable = 'YES' OR column_default IS NOT NULL AS may_be_left_out
    FROM information_schema.columns WHERE table_schema = 'public'
"""
GRANTS = """
    SELECT table_name || ' ' || privilege_type AS held
    FROM information_schema.role_table_grants WHERE grantee = $1 AND table_schema = 'public'
"""

NOT_BESIDE = {"tokens.code"}
"""What the first version cannot write: so it is stopped before this one migrates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """How the database was before this version opened it, and an export of it."""

    rows: dict[str, bytes]
    columns: dict[str, str]
    grants: frozenset[str]
    export: Path


async def schema_of(data_dir: Path) -> tuple[dict[str, tuple[str, bool]], frozenset[str]]:
    """Return each column with its type and whether an insert may leave it out; and grants."""
    db = await asyncpg.connect(dsn_for(data_dir))
    columns = {row[0]: (row[1], row[2]) for row in await db.fetch(COLUMNS)}
    grants = frozenset(row[0] for row in await db.fetch(GRANTS, APP))
    await db.close()
    return columns, grants


@pytest.fixture(scope="module", params=ARCHIVES, ids=lambda path: path.name.split(".")[0])
async def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Frozen, Before]]:
    """Each version's data, in a server of its own for the module."""
    archive: Path = request.param
    async with thawed(archive) as found:
        columns, grants = await schema_of(found.data_dir)
        export = tmp_path_factory.mktemp("export") / "backup"
        asked = Asked(place=export, with_keys=True, is_export=True)
        await back_up(found.settings(found.ledgers[0]), asked)
        yield (
            found,
            Before(
                rows=await rows_of(dsn_for(found.data_dir, APP)),
                columns={name: kind for name, (kind, _) in columns.items()},
                grants=grants,
                export=export,
            ),
        )


@pytest.fixture
def frozen(world: tuple[Frozen, Before]) -> Frozen:
    return world[0]


@pytest.fixture
def before(world: tuple[Frozen, Before]) -> Before:
    return world[1]


def test_there_is_data_of_an_earlier_version() -> None:
    assert ARCHIVES


async def test_the_database_is_brought_up_to_date_and_no_entry_is_touched(
    frozen: Frozen, before: Before
) -> None:
    given = {"MINZHANG_DATA": str(frozen.data_dir), "MINZHANG_LEDGER": "side"}
    done = minzhang("init", "--json", **given)
    assert done.returncode == 0, done.stderr
    said = orjson.loads(done.stdout)
    assert said["ledger_is_new"] is False
    after = await rows_of(dsn_for(frozen.data_dir, APP))
    for table in NEVER_CHANGED[1:]:
        assert after[table] == before.rows[table]
    old = set(before.rows["public.events"].split(b"\n"))
    assert old <= set(after["public.events"].split(b"\n"))
    assert orjson.loads(minzhang("init", "--json", **given).stdout)["migrations"] == []
    db = await asyncpg.connect(dsn_for(frozen.data_dir))
    noted = {row[0] for row in await db.fetch("SELECT name FROM migrations")}
    await db.close()
    assert noted == {one.name for one in read_migrations()}


async def test_what_an_older_process_writes_still_fits(frozen: Frozen, before: Before) -> None:
    """Each column that it names is there, it may leave out the others, and it may do as before.

    Where that is not so, `docs/upgrading.md` says that the older ones are stopped first.
    """
    columns, grants = await schema_of(frozen.data_dir)
    assert before.columns.items() <= {name: kind for name, (kind, _) in columns.items()}.items()
    tables = {name.partition(".")[0] for name in before.columns}
    new = {
        name: may_be_left_out
        for name, (_, may_be_left_out) in columns.items()
        if name not in before.columns and name.partition(".")[0] in tables
    }
    assert {name for name, may_be_left_out in new.items() if not may_be_left_out} == NOT_BESIDE
    assert before.grants <= grants, before.grants - grants


async def test_every_ledger_is_served_with_its_log_and_views_right(frozen: Frozen) -> None:
    for ledger_id in frozen.ledgers:
        noted = frozen.of(ledger_id)
        async with open_service(frozen.settings(ledger_id)) as service:
            ledger = service.ledger
            assert (await read_root(ledger.pool, ledger_id, noted["size"])).hex() == noted["root"]
            for entry in await read_entries(ledger.pool, ledger_id, start=0, limit=10_000):
                assert entry.event.originator_version == entry.version
            await catch_up(ledger, VIEWS)
            wrong = [
                view.name
                for view in VIEWS
                if not (await verify(service.database.dsn, ledger_id, view)).is_right
            ]
            assert wrong == []
            report = await check_ledger(Wanted(dsn=service.database.dsn, ledger_id=ledger_id))
            assert report.findings.first == []
            sealing = await check_sealing(ledger, opens_values=True)
            assert sealing.is_sound, sealing.findings
            assert sealing.opened > 0


@pytest.mark.parametrize("ledger_id", ["side", "county"])
async def test_the_commands_that_check_find_nothing_wrong(frozen: Frozen, ledger_id: str) -> None:
    async with open_service(frozen.settings(ledger_id)):
        pass
    given = {"MINZHANG_DATA": str(frozen.data_dir), "MINZHANG_LEDGER": ledger_id}
    for command in (("verify", "--views"), ("sealing", "verify"), ("projections", "status")):
        done = minzhang(*command, **given)
        assert done.returncode == 0, done.stdout + done.stderr


async def test_documents_open_and_tokens_of_before_are_made_anew(frozen: Frozen) -> None:
    noted = frozen.of("side")
    old = {"Authorization": f"Bearer {noted['tokens']['owners_committee']}"}
    async with (
        served(frozen.settings("side")) as (address, ledger),
        ClientSession(address) as client,
    ):
        path = f"/v1/evidence/{noted['document']['sha256']}"
        async with client.get(path, headers=old) as answer:
            assert answer.status == 401
        headers = await of_the_committee(ledger)
        async with client.get(path, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            assert len(await answer.read()) == noted["document"]["size_bytes"]
        async with client.get("/v1/expenses", headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            found = {row["expense_id"] for row in (await answer.json())["rows"]}
        assert {noted["records"]["expense"], noted["document_of"]} <= found


async def test_people_come_in_as_before(frozen: Frozen) -> None:
    """By the session that was open, and by name, password and device."""
    noted = frozen.of("county")
    async with (
        served(frozen.settings("county")) as (address, _),
        ClientSession(address, cookie_jar=CookieJar(unsafe=True)) as client,
    ):
        client.cookie_jar.update_cookies({COOKIE: noted["session"]})
        async with client.get("/v1/account") as answer:
            assert answer.status in {200, 401}, "a session ends after its term, and not otherwise"
        client.cookie_jar.clear()
        form = {"name": noted["login_name"], "password": noted["password"], "next": "/"}
        async with client.post("/login", data=form, allow_redirects=False) as answer:
            assert answer.headers["Location"].startswith("/login/code"), await answer.text()
        found = CSRF.search(await (await client.get("/login/code")).text())
        assert found
        code = TOTP(noted["device_secret"]).now()
        form = {"csrf": found[1], "code": code, "next": "/account"}
        async with client.post("/login/code", data=form, allow_redirects=False) as answer:
            assert answer.headers["Location"] == "/account", await answer.text()
        async with client.get("/v1/account") as answer:
            assert answer.status == 200, await answer.text()


def by(number: int, role: str, reason: str = "", **said: Any) -> By:
    """Return somebody who took no step before."""
    return By(
        actor_id=UUID(int=7_000 + number),
        at=utc_now(),
        role=role,
        reason=reason,
        organisation_id=STREET,
        **said,
    )


async def test_records_go_on_from_where_they_stood(frozen: Frozen) -> None:
    noted = frozen.of("county")
    async with open_service(frozen.settings("county")) as service:
        ledger = service.ledger
        before = (await read_head(ledger.pool, ledger.id)).size
        await _petitions(ledger, noted["running_petitions"])
        await _money(ledger, noted)
        account = await ledger.load(PublicAccount, account_id_of(ESTATE))
        assert account.version > 105
        await Reactions(ledger, REACTIONS).catch_up(now=utc_now() + timedelta(days=60))
        missed = [
            entry
            for entry in await read_entries(ledger.pool, ledger.id, start=before, limit=10_000)
            if entry.topic == Petition.DeadlineMissed.TOPIC
        ]
        of = {entry.stream_id for entry in missed}
        assert noted["running_petitions"]["accepted"] in of, "a deadline that ran then"
        await catch_up(ledger, VIEWS)
        report = await check_ledger(Wanted(dsn=service.database.dsn, ledger_id=ledger.id))
        assert report.findings.first == []


async def _petitions(ledger: Ledger, ids: dict[str, str]) -> None:
    dispatch = petitions.DispatchPetition(petition_id=UUID(ids["filed"]), unit_id=UNIT)
    await petitions.dispatch_petition(dispatch, ledger.for_request(), by(1, "street"))
    accept = petitions.AcceptPetition(petition_id=UUID(ids["dispatched"]))
    handler = replace(by(2, "department"), organisation_id=UNIT)
    await petitions.accept_petition(accept, ledger.for_request(), handler)
    for step in ids.values():
        assert await ledger.load(Petition, UUID(step))


async def _money(ledger: Ledger, noted: Any) -> None:
    steps, of = noted["expenses_by_step"], noted["draws_by_step"]
    review = expenses.PassExpenseReview(expense_id=UUID(steps["applied"]))
    await expenses.pass_expense_review(review, ledger.for_request(), by(3, "community"))
    approve = expenses.ApproveExpense(expense_id=UUID(steps["reviewed"]))
    await expenses.approve_expense(approve, ledger.for_request(), by(4, "street"))
    for step in steps.values():
        assert await ledger.load(Expense, UUID(step))
    deposit_id = UUID(of["deposit"])
    draw = draws.ApproveDraw(deposit_id=deposit_id, draw_id=UUID(of["requested"]))
    await draws.approve_draw(draw, ledger.for_request(), by(5, "street", "情况属实"))
    deposit = await ledger.load(Deposit, deposit_id)
    assert {str(one) for one in deposit.draws} >= set(of.values()) - {of["deposit"]}


async def test_an_export_of_the_earlier_version_goes_into_this_one(
    frozen: Frozen, before: Before, elsewhere: Path
) -> None:
    """So does a move to another server or another PostgreSQL, with an upgrade on the way."""
    done = await restore(settings_of(elsewhere, "side"), before.export)
    assert done.sizes == {name: frozen.of(name)["size"] for name in frozen.ledgers}
    for ledger_id in frozen.ledgers:
        async with open_service(settings_of(elsewhere, ledger_id)) as service:
            await catch_up(service.ledger, VIEWS)
            report = await check_ledger(Wanted(dsn=service.database.dsn, ledger_id=ledger_id))
            assert report.findings.first == []
            sealing = await check_sealing(service.ledger, opens_values=True)
            assert sealing.is_sound, sealing.findings
