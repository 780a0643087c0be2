"""Owner and app as they are set up: embedded, elsewhere, and where one role was before."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from ledger.postgres import EmbeddedServer
from ledger.storage.connect import connect
from ledger.storage.ledger import create_ledger, open_ledger
from ledger.storage.migrate import migrate, read_migrations
from ledger.storage.privileges import KEYS_TABLES, beyond_the_list, check_privileges
from ledger.storage.roles import APP, OWNER, prepare_roles
from projections import VIEWS
from projections.engine import catch_up, status, verify
from scripts.database import open_database
from scripts.init import initialise
from scripts.service import open_service
from scripts.settings import Settings, load_settings
from tests.databases import Doors, as_role, in_database
from tests.examples import by
from tests.platform.test_cli import minzhang
from tests.storage.jars import Jar

LEDGER, ORIGIN = "371329", "minzhang.localhost/371329"
DOCUMENTED = re.findall(
    r"```sql\n(.*?)```", Path("docs/database-roles.md").read_text("utf-8"), re.DOTALL
)


def settings_of(tmp_path: Path, **environment: str) -> Settings:
    variables = {f"MINZHANG_{name.upper()}": value for name, value in environment.items()}
    return load_settings({"port": "0"}, {"MINZHANG_DATA": str(tmp_path), **variables}, tmp_path)


async def fill_as_before(dsn: str) -> None:
    """What the version before two roles made: one role owns all, views lie beside the log."""
    db = await asyncpg.connect(dsn)
    await migrate(db, [one for one in read_migrations() if one.name != "0012_views_apart.sql"])
    await create_ledger(db, LEDGER, origin=ORIGIN)
    for view in VIEWS:
        await db.execute(view.sql)
    await db.close()
    async with open_ledger(dsn, LEDGER, pool_size_max=2) as ledger:
        for _ in range(5):
            await ledger.save(Jar.make(by()))
        await catch_up(ledger, VIEWS)


async def assert_two_roles(app_dsn: str, *, owner: str) -> None:
    """The app has what it needs and no more; views came along and are right."""
    db = await connect(app_dsn)
    await check_privileges(db)
    assert await beyond_the_list(db) == []
    owners = await db.fetch(
        "SELECT nspname, array_agg(DISTINCT pg_get_userbyid(relowner)::text) FROM pg_class"
        " JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE relkind = 'r' AND nspname IN ('public', 'minzhang_views')"
        " AND relname <> 'view_checkpoints' GROUP BY nspname ORDER BY nspname"
    )
    app = await db.fetchval("SELECT current_user")
    assert [tuple(row) for row in owners] == [("minzhang_views", [app]), ("public", [owner])]
    positions = {one.position for one in await status(db, LEDGER, VIEWS)}
    assert positions == {4}, "no view was made again"
    for change in ("UPDATE events SET version = 9", "TRUNCATE receipts", "DROP TABLE events"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute(change)
    await db.close()
    view = next(one for one in VIEWS if one.name == "audit_trail")
    assert (await verify(app_dsn, LEDGER, view)).is_right


# The embedded server -----------------------------------------------------------------------


async def test_a_data_directory_of_the_version_before_is_brought_over(data_dir: Path) -> None:
    settings = settings_of(data_dir)
    async with EmbeddedServer(data_dir) as server:
        await fill_as_before(server.dsn)
    async with open_database(settings) as database:
        assert urlsplit(database.dsn).username == APP
        assert await database.bring_up_to_date() == ["0012_views_apart.sql"]
        await assert_two_roles(database.dsn, owner=OWNER)
    async with open_service(settings) as service:
        assert (await service.ledger.save(Jar.make(by()))).position >= 5
        name = await service.ledger.pool.fetchval("SELECT current_user")
        database_of = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'minzhang'"
        assert (name, await service.ledger.pool.fetchval(database_of)) == (APP, OWNER)


async def test_roles_that_somebody_made_stronger_are_put_right_at_the_next_start(
    data_dir: Path,
) -> None:
    async with EmbeddedServer(data_dir) as server:
        await prepare_roles(server.dsn)
        db = await asyncpg.connect(server.dsn)
        for change in (
            f"ALTER ROLE {APP} SUPERUSER CREATEROLE BYPASSRLS",
            f"GRANT pg_read_all_data TO {APP}",
        ):
            await db.execute(change)
            await prepare_roles(server.dsn)
        app = await connect(server.dsn_as(APP))
        for gone in ("CREATE ROLE another", "TABLE pg_authid"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(gone)
        assert not await app.fetchval("SELECT pg_has_role('pg_read_all_data', 'MEMBER')")
        await app.close()
        await db.close()


async def test_nothing_is_said_of_power_where_there_is_none(
    data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_service(settings_of(data_dir)):
        assert "docs/security.md" not in caplog.text
        assert "database-roles" not in caplog.text


# A server of one's own ---------------------------------------------------------------------


@asynccontextmanager
async def as_documented(server_dsn: str, block: int, names: dict[str, str]) -> AsyncIterator[None]:
    """Run a block of SQL of the document under other names, and remove what it made."""
    name = re.compile(r"\bminzhang(_\w+)?\b")
    text = name.sub(lambda found: names.get(found[0], found[0]), DOCUMENTED[block])
    db = await asyncpg.connect(server_dsn)
    try:
        for statement in re.findall(r"[A-Z][^;]*;", text):
            await db.execute(statement)
        yield
    finally:
        await db.close()


async def drop(server_dsn: str, database: str, *roles: str) -> None:
    db = await asyncpg.connect(server_dsn)
    await db.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    for role in roles:
        await db.execute(f"DROP ROLE IF EXISTS {role}")
    await db.close()


def new_names(number: str) -> dict[str, str]:
    kinds = ("minzhang", "minzhang_owner", "minzhang_app", "minzhang_before")
    return {kind: f"{kind}_{number}" for kind in kinds}


async def test_the_documented_sql_makes_two_roles(
    server_dsn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = new_names(uuid4().hex[:8])
    owner, app = names["minzhang_owner"], names["minzhang_app"]
    dsn = in_database(server_dsn, names["minzhang"])
    settings = settings_of(tmp_path, dsn=as_role(dsn, app), owner_dsn=as_role(dsn, owner))
    try:
        async with as_documented(server_dsn, 0, names), open_service(settings) as service:
            assert await service.ledger.pool.fetchval("SELECT current_user") == app
        assert "docs/database-roles.md" not in caplog.text
        db = await connect(str(settings.dsn))
        assert await beyond_the_list(db) == []
        await db.close()
        without_owner = settings_of(tmp_path, dsn=str(settings.dsn))
        async with open_service(without_owner) as service:  # nothing to migrate: it is not needed
            assert (await service.ledger.save(Jar.make(by()))).position > 0
    finally:
        await drop(server_dsn, names["minzhang"], app, owner)


async def test_from_one_role_to_two_as_documented(server_dsn: str, tmp_path: Path) -> None:
    names = new_names(uuid4().hex[:8])
    owner, app, before = (names[f"minzhang_{one}"] for one in ("owner", "app", "before"))
    dsn = in_database(server_dsn, names["minzhang"])
    try:
        async with as_documented(server_dsn, 0, names):
            db = await asyncpg.connect(server_dsn)
            await db.execute(f"CREATE ROLE {before} LOGIN")
            await db.execute(f"ALTER DATABASE {names['minzhang']} OWNER TO {before}")
            await db.close()
        await fill_as_before(as_role(dsn, before))
        async with as_documented(dsn, 1, names):
            settings = settings_of(tmp_path, dsn=as_role(dsn, app), owner_dsn=as_role(dsn, owner))
            async with open_database(settings) as database:
                await database.bring_up_to_date()
        await assert_two_roles(as_role(dsn, app), owner=owner)
    finally:
        await drop(server_dsn, names["minzhang"], app, owner, before)


async def test_one_role_goes_on_as_before_and_the_log_says_so(
    empty: Doors, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await fill_as_before(empty.owner)
    settings = settings_of(tmp_path, dsn=empty.owner)
    async with open_service(settings) as service:
        assert (await service.ledger.save(Jar.make(by()))).position >= 5
    (said,) = [one.getMessage() for one in caplog.records if "database-roles" in one.getMessage()]
    assert said.count("docs/database-roles.md") == 2, "in both languages"
    assert said.count(f"OWNER {OWNER}") == 2
    view = next(one for one in VIEWS if one.name == "audit_trail")
    assert (await verify(empty.owner, LEDGER, view)).is_right


async def test_a_missing_privilege_is_one_sentence_that_names_the_role(
    empty: Doors, tmp_path: Path
) -> None:
    environment = {"MINZHANG_DSN": empty.app, "MINZHANG_DATA": str(tmp_path)}
    refused = [minzhang("init", **environment)]
    done = minzhang("init", **environment, MINZHANG_OWNER_DSN=empty.owner)
    assert done.returncode == 0, done.stderr
    assert f"app {APP}, owner {OWNER}" in done.stdout
    db = await asyncpg.connect(empty.superuser)
    await db.execute(f"REVOKE ALL ON tokens, events FROM {APP}")
    await db.close()
    refused += [minzhang("serve", **environment), minzhang("tokens", "list", **environment)]
    for one in refused:
        assert (one.returncode, one.stdout) == (1, "")
        assert one.stderr.count("\n") == 1 and " / " in one.stderr, one.stderr
        assert APP in one.stderr and "MINZHANG_OWNER_DSN" in one.stderr
    assert minzhang("init", **environment, MINZHANG_OWNER_DSN=empty.owner).returncode == 0
    assert minzhang("tokens", "list", **environment).returncode == 0


def test_no_password_of_the_owner_on_the_command_line(tmp_path: Path) -> None:
    secret = "postgresql://minzhang_owner:secret@db.example/minzhang"  # noqa: S105 - of a test
    for flag in ("--owner-dsn", "--keys-owner-dsn"):
        done = minzhang("init", flag, secret, MINZHANG_DATA=str(tmp_path))
        assert done.returncode == 2
        assert flag in done.stderr and "secret" not in done.stderr


# The database of the secrets ---------------------------------------------------------------


async def test_the_secrets_database_has_an_owner_of_its_own(
    store_dsn: str, owner_dsn: str, empty: Doors, tmp_path: Path
) -> None:
    ledger = f"k{uuid4().hex[:8]}"
    here = {"dsn": store_dsn, "owner_dsn": owner_dsn, "ledger": ledger}
    settings = settings_of(tmp_path, **here, keys_dsn=empty.app, keys_owner_dsn=empty.owner)
    async with open_database(settings) as database:
        await initialise(database, settings)
        await initialise(database, settings_of(tmp_path, **here, keys_dsn=empty.app))
    db = await connect(empty.app)
    rows = await db.fetch(
        "SELECT relname, pg_get_userbyid(relowner) AS owner FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    )
    assert {row["relname"]: row["owner"] for row in rows} == {
        name.partition(".")[2]: OWNER for name in KEYS_TABLES
    }
    for change in ("TRUNCATE sealing_slots", "DELETE FROM migrations", "DROP TABLE sealing_slots"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute(change)
    await db.close()
