"""Owner and app: what the app may do in the database, table by table, and what it is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from ledger.storage.connect import SCRATCH_SCHEMAS, VIEWS_SCHEMA, connect, hosts_of
from ledger.storage.ledger import Ledger
from ledger.storage.migrate import MayNotMigrate, read_migrations
from ledger.storage.privileges import (
    PRIVILEGES,
    SCHEMAS,
    PrivilegesMissing,
    ViewsNotHandedOver,
    beyond_the_list,
    check_privileges,
    let_the_server_vacuum,
    privileges_on,
)
from ledger.storage.roles import APP, OWNER, bring_up_to_date
from projections import VIEWS
from projections.engine import catch_up, install, rebuild, verify
from tests.databases import Doors, as_role
from tests.examples import by
from tests.storage.jars import Jar

SYSTEM = "nspname !~ '^pg_' AND nspname <> 'information_schema'"
TABLES = f"""
    SELECT format('%s.%s', nspname, relname) AS name, pg_get_userbyid(relowner) AS owner, nspname
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE {SYSTEM} AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
"""  # noqa: S608
HELD = """
    SELECT privilege FROM unnest($3::text[]) AS privilege
    WHERE has_table_privilege($1, $2, privilege) ORDER BY privilege
"""
ON_COLUMNS = """
    SELECT privilege FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS privilege
    WHERE has_any_column_privilege($1, $2, privilege) ORDER BY privilege
"""
GRANTED_ON = """
    SELECT count(*) FROM pg_class, aclexplode(relacl)
    WHERE pg_class.oid = to_regclass($1)
        AND (grantee = 0 OR is_grantable AND grantee = to_regrole($2))
"""
ALL = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"]
RELACLS = "SELECT relname, xmin::text, relacl::text FROM pg_class ORDER BY relname"


@pytest.fixture
async def app(store_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    db = await connect(store_dsn)
    yield db
    await db.close()


def known(db: asyncpg.Connection) -> list[str]:
    return [one for one in ALL if one != "MAINTAIN" or db.get_server_version().major >= 17]


# What the catalogue says -------------------------------------------------------------------


async def test_the_app_holds_what_the_list_says_on_every_table(
    empty: Doors, superuser: asyncpg.Connection
) -> None:
    """A table that a migration adds needs a row in the list, and gets what the row says."""
    await bring_up_to_date(empty.app, empty.owner)
    db = await asyncpg.connect(empty.superuser)
    held = {}
    for row in await db.fetch(TABLES):
        found = await db.fetch(HELD, APP, row["name"], known(db))
        held[row["name"]] = tuple(one for (one,) in found)
        columns = {one for (one,) in await db.fetch(ON_COLUMNS, APP, row["name"])}
        assert columns <= set(held[row["name"]]), row["name"]
        assert row["owner"] == OWNER
        assert not await db.fetchval(GRANTED_ON, row["name"], APP), row["name"]
    version = db.get_server_version().major
    await db.close()
    assert held == {name: privileges_on(name, version) for name in PRIVILEGES}


async def test_the_log_is_only_added_to() -> None:
    for table in ("events", "receipts", "tiles", "cosignatures", "time_stamps"):
        assert PRIVILEGES[f"public.{table}"] == "SELECT INSERT"
    words = {one for row in PRIVILEGES.values() for one in row.split()}
    assert words == {"SELECT", "INSERT", "UPDATE", "DELETE", "MAINTAIN"}


async def test_the_app_owns_views_and_nothing_else(
    ledger: Ledger, superuser: asyncpg.Connection
) -> None:
    await install(ledger.pool, VIEWS)
    rows = await superuser.fetch(TABLES)
    owned = {row["name"] for row in rows if row["owner"] == APP}
    assert {f"{VIEWS_SCHEMA}.{name}" for view in VIEWS for name in view.table_names()} <= owned
    assert {name.partition(".")[0] for name in owned} <= {VIEWS_SCHEMA, *SCRATCH_SCHEMAS}
    assert {row["owner"] for row in rows if row["nspname"] == "public"} == {OWNER}
    routines = await superuser.fetch(
        f"SELECT proname FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace"  # noqa: S608
        f" WHERE {SYSTEM} AND (pg_get_userbyid(proowner) <> $1 OR prosecdef)",
        OWNER,
    )
    assert routines == []


async def test_the_app_makes_tables_only_among_the_views(superuser: asyncpg.Connection) -> None:
    rows = await superuser.fetch(
        f"SELECT nspname, pg_get_userbyid(nspowner) AS owner,"  # noqa: S608
        f" has_schema_privilege($1, oid, 'CREATE') AS creates,"
        f" has_schema_privilege($1, oid, 'USAGE') AS uses FROM pg_namespace WHERE {SYSTEM}",
        APP,
    )
    assert {row["nspname"] for row in rows if row["uses"]} == set(SCHEMAS)
    assert {row["nspname"] for row in rows if row["creates"]} == {VIEWS_SCHEMA, *SCRATCH_SCHEMAS}
    assert APP not in {row["owner"] for row in rows}


async def test_the_app_is_nobody_on_the_server(superuser: asyncpg.Connection) -> None:
    role = await superuser.fetchrow("SELECT * FROM pg_roles WHERE rolname = $1", APP)
    assert role is not None and role["rolcanlogin"]
    for power in ("super", "createdb", "createrole", "replication", "bypassrls"):
        assert not role[f"rol{power}"]
    member = "SELECT count(*) FROM pg_auth_members WHERE member = $1::regrole"
    assert await superuser.fetchval(member, APP) == 0
    for right in ("CREATE", "TEMPORARY"):
        assert not await superuser.fetchval(
            "SELECT has_database_privilege($1, current_database(), $2)", APP, right
        )
    owner = await superuser.fetchrow("SELECT * FROM pg_roles WHERE rolname = $1", OWNER)
    assert owner is not None and not owner["rolsuper"] and not owner["rolcreaterole"]


# What the app is refused -------------------------------------------------------------------

REFUSED = [
    # The log, changed.
    "UPDATE events SET version = 9",
    "UPDATE events SET entry = '' WHERE false",
    "DELETE FROM events",
    "TRUNCATE events",
    "TRUNCATE timers",
    "DELETE FROM receipts",
    "UPDATE tiles SET root = hashes",
    "DELETE FROM checkpoints",
    "DELETE FROM heads",
    "INSERT INTO events SELECT * FROM events ON CONFLICT (ledger_id, position)"
    " DO UPDATE SET entry = excluded.entry",
    "MERGE INTO events USING heads ON events.ledger_id = heads.ledger_id WHEN MATCHED THEN DELETE",
    "SELECT 1 FROM events FOR UPDATE",
    "LOCK TABLE events IN ACCESS EXCLUSIVE MODE",
    "DROP TABLE events",
    "INSERT INTO migrations (name, sha256) VALUES ('9999.sql', '')",
    # What guards it, taken away.
    "DROP TRIGGER events_are_append_only ON events",
    "ALTER TABLE events DISABLE TRIGGER ALL",
    "ALTER TABLE events DROP CONSTRAINT events_pkey",
    "ALTER TABLE events ADD COLUMN more text",
    f"ALTER TABLE events OWNER TO {APP}",
    "ALTER TABLE events ENABLE ROW LEVEL SECURITY",
    "CREATE OR REPLACE FUNCTION public.refuse_change() RETURNS trigger LANGUAGE plpgsql"
    " AS 'BEGIN RETURN NULL; END'",
    "CREATE TRIGGER mine BEFORE INSERT ON events EXECUTE FUNCTION refuse_change()",
    "CREATE RULE mine AS ON INSERT TO events DO INSTEAD NOTHING",
    "CREATE INDEX mine ON events (topic)",
    "SET session_replication_role = replica",
    # Something that would stand in front of it.
    "CREATE TABLE public.mine (a int)",
    "CREATE VIEW public.mine AS SELECT 1",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    f'CREATE SCHEMA "{APP}"',
    "CREATE TEMP TABLE events (a int)",
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "DROP SCHEMA minzhang_views CASCADE",
    "ALTER SCHEMA public RENAME TO gone",
    # Somebody else.
    f"SET ROLE {OWNER}",
    f"SET SESSION AUTHORIZATION {OWNER}",
    f"GRANT {OWNER} TO {APP}",
    f"ALTER ROLE {APP} SUPERUSER",
    f"ALTER ROLE {OWNER} PASSWORD 'mine'",
    "CREATE ROLE mine",
    # The machine.
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY heads FROM PROGRAM 'true'",
    "COPY heads TO '/tmp/heads'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT * FROM pg_authid",
]


@pytest.mark.parametrize("statement", ["CREATE DATABASE mine", "ALTER SYSTEM SET fsync = off"])
async def test_the_app_is_refused_outside_a_transaction(
    app: asyncpg.Connection, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute(statement)


@pytest.mark.parametrize("statement", REFUSED)
async def test_the_app_is_refused(app: asyncpg.Connection, ledger_id: str, statement: str) -> None:
    transaction = app.transaction()
    await transaction.start()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute(statement)
    await transaction.rollback()


async def test_a_table_among_the_views_does_not_stand_in_front_of_the_log(
    app: asyncpg.Connection,
) -> None:
    transaction = app.transaction()
    await transaction.start()
    await app.execute(f"CREATE TABLE {VIEWS_SCHEMA}.events (ledger_id text, entry bytea)")
    assert await app.fetchval("SELECT 'events'::regclass = 'public.events'::regclass")
    await transaction.rollback()


async def test_what_the_app_grants_itself_counts_for_nothing(
    app: asyncpg.Connection, superuser: asyncpg.Connection
) -> None:
    """PostgreSQL answers with a warning; the privilege is not there afterwards."""
    await app.execute(f"GRANT INSERT ON events TO {APP} WITH GRANT OPTION")
    assert not await superuser.fetchval(GRANTED_ON, "public.events", APP)


# What it can do, and what is said when it cannot -------------------------------------------


async def test_views_are_made_verified_and_rebuilt_by_the_app(
    ledger: Ledger, store_dsn: str
) -> None:
    await ledger.save(Jar.make(by()))
    await catch_up(ledger, VIEWS)
    view = next(one for one in VIEWS if one.name == "audit_trail")
    assert (await verify(store_dsn, ledger.id, view)).is_right
    assert (await rebuild(store_dsn, ledger.id, view)).row_count > 0


async def test_grants_are_made_once_and_what_is_not_listed_is_taken_back(empty: Doors) -> None:
    await bring_up_to_date(empty.app, empty.owner)
    db = await asyncpg.connect(empty.superuser)
    before = await db.fetch(RELACLS)
    await bring_up_to_date(empty.app, empty.owner)
    assert await db.fetch(RELACLS) == before, "nothing was written a second time"

    await db.execute(
        f"""
        GRANT TRUNCATE ON events TO {APP};
        GRANT UPDATE (entry) ON events TO {APP};
        GRANT SELECT ON receipts TO {APP} WITH GRANT OPTION;
        GRANT DELETE ON checkpoints TO PUBLIC;
        GRANT CREATE ON SCHEMA public TO {APP};
        CREATE TABLE public.unlisted (a int);
        ALTER TABLE public.unlisted OWNER TO {OWNER};
        GRANT SELECT ON public.unlisted TO {APP};
        REVOKE INSERT ON heads FROM {APP};
        """  # noqa: S608
    )
    app = await connect(empty.app)
    assert await beyond_the_list(app) == [
        "public.checkpoints: DELETE",
        "public.events: TRUNCATE, UPDATE",
        "public: CREATE",
    ]
    await bring_up_to_date(empty.app, empty.owner)
    assert await beyond_the_list(app) == []
    await check_privileges(app)
    assert not await app.fetchval("SELECT has_table_privilege('unlisted', 'SELECT')")
    assert not await db.fetchval(GRANTED_ON, "public.receipts", APP)
    await app.close()
    await db.close()


async def test_a_missing_privilege_is_named_with_the_role(empty: Doors) -> None:
    await bring_up_to_date(empty.app, empty.owner)
    db = await asyncpg.connect(empty.superuser)
    await db.execute(f"REVOKE INSERT ON events FROM {APP}")
    await db.execute(f"REVOKE CREATE ON SCHEMA minzhang_views FROM {APP}")
    await db.close()
    with pytest.raises(PrivilegesMissing) as missing:
        await bring_up_to_date(empty.app, None)
    assert missing.value.facts == {
        "role": APP,
        "missing": "INSERT public.events, CREATE minzhang_views",
    }
    await bring_up_to_date(empty.app, empty.owner)
    assert await bring_up_to_date(empty.app, None) == []


async def test_who_may_not_migrate_is_told_who_may(empty: Doors) -> None:
    with pytest.raises(MayNotMigrate) as refused:
        await bring_up_to_date(empty.app, None)
    assert refused.value.facts["role"] == APP
    assert refused.value.facts["migration"] == read_migrations()[0].name
    for text in (refused.value.title_en(), refused.value.title_zh()):
        assert "MINZHANG_OWNER_DSN" in text


async def test_one_role_does_both_and_is_seen_to(empty: Doors) -> None:
    assert await bring_up_to_date(empty.owner, None) == [one.name for one in read_migrations()]
    for dsn, power in (
        (empty.owner, [f"OWNER {OWNER}"]),
        (
            empty.superuser,
            ["SUPERUSER", "CREATEDB", "CREATEROLE", "REPLICATION", "BYPASSRLS", f"OWNER {OWNER}"],
        ),
    ):
        db = await connect(dsn)
        assert await beyond_the_list(db) == power
        await db.close()


async def test_a_role_of_any_name_takes_over_views_and_is_told_its_powers(empty: Doors) -> None:
    name = f"Serve-{uuid4().hex[:8]}"
    admin = await asyncpg.connect(empty.superuser)
    await admin.execute(f'CREATE ROLE "{name}" LOGIN')
    await admin.execute(f'GRANT CONNECT ON DATABASE {urlsplit(empty.app).path[1:]} TO "{name}"')
    dsn = as_role(empty.app, name)
    await bring_up_to_date(empty.owner, None)
    owner = await connect(empty.owner)
    await install(owner, VIEWS)
    await owner.close()

    with pytest.raises(ViewsNotHandedOver):
        await bring_up_to_date(dsn, empty.owner)
    await admin.execute(f'GRANT "{name}" TO {OWNER}')
    await bring_up_to_date(dsn, empty.owner)
    app = await connect(dsn)
    await install(app, VIEWS)
    assert await beyond_the_list(app) == []
    await admin.execute(f'GRANT pg_read_server_files TO "{name}"')
    assert await beyond_the_list(app) == ["PG_READ_SERVER_FILES"]
    await app.close()
    await admin.execute(f'DROP OWNED BY "{name}"')
    await admin.execute(f'DROP ROLE "{name}"')
    await admin.close()


async def test_where_the_app_may_not_vacuum_the_server_takes_every_deleted_row(
    empty: Doors,
) -> None:
    """What is done on a PostgreSQL before 17, done on this one."""
    await bring_up_to_date(empty.app, empty.owner)
    assert "MAINTAIN" not in privileges_on("public.sealing_slots", 16)
    assert "MAINTAIN" in privileges_on("public.sealing_slots", 17)
    db = await connect(empty.owner)
    for _ in range(2):
        await let_the_server_vacuum(db, PRIVILEGES)
    rows = await db.fetch("SELECT relname FROM pg_class WHERE reloptions::text ~ 'threshold=0'")
    await db.close()
    assert {row["relname"] for row in rows} == {"sealing_slots", "sealed_values", "blind_indexes"}


def test_each_host_is_asked_for_the_certificate_that_the_dsn_wants() -> None:
    dsn = "postgresql://minzhang_owner@a.example,b.example/d?sslmode=verify-full&sslrootcert=/ca"
    hosts = hosts_of(dsn)
    assert len(hosts) == 2
    assert all(one.endswith("?sslmode=verify-full&sslrootcert=%2Fca") for one in hosts)
