"""The two roles of an embedded server, and how a database is brought up to date with them.

The embedded server's own superuser makes both roles and owns nothing of ours. A database
that an older version filled as that superuser is given to the owner first.
"""

from __future__ import annotations

from importlib.resources import files

import asyncpg

from ledger.storage.connect import LOG_SCHEMA, Connection, connect
from ledger.storage.migrate import Migration, migrate
from ledger.storage.privileges import PRIVILEGES, check_privileges, settle_privileges

OWNER = "minzhang_owner"
APP = "minzhang_app"
OWNERS_PATH = f"{LOG_SCHEMA}, pg_temp"
"""Where the app could make a function, none is found that would run with the owner's rights."""

# Whether both roles are there, as they must be, and nothing of ours belongs to who asks.
_ARE_READY = """
    SELECT count(*) = 2 AND bool_and(rolcanlogin) AND NOT bool_or(
            rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls
        )
        AND EXISTS (
            SELECT FROM pg_database WHERE datname = current_database()
                AND pg_get_userbyid(datdba) = $1
        )
        AND NOT EXISTS (
            SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace
                AND pg_get_userbyid(relowner) = session_user
        )
        AND NOT EXISTS (SELECT FROM pg_auth_members WHERE pg_get_userbyid(member) = $2)
    FROM pg_roles WHERE rolname IN ($1, $2)
"""


async def prepare_roles(superuser_dsn: str) -> None:
    """Make owner and app in an embedded server, and give the owner what the superuser has."""
    db = await connect(superuser_dsn, search_path="pg_catalog, pg_temp")
    try:
        if not await db.fetchval(_ARE_READY, OWNER, APP):
            script = files("ledger.storage").joinpath("roles.sql").read_text("utf-8")
            async with db.transaction():
                await db.execute(script)
    finally:
        await db.close()


async def connect_as_owner(owner_dsn: str) -> asyncpg.Connection:
    """Open a connection that finds nothing of the app's by a name without a schema."""
    return await connect(owner_dsn, search_path=OWNERS_PATH)


async def bring_up_to_date(
    dsn: str,
    owner_dsn: str | None,
    migrations: list[Migration] | None = None,
    tables: tuple[str, ...] = tuple(PRIVILEGES),
) -> list[str]:
    """Migrate as the owner, grant the app what is its own, and make sure that it has it.

    Without an owner the app migrates, if anything is missing and it may. Returns the names
    of what was applied. Raises ``MayNotMigrate`` and ``PrivilegesMissing``.
    """
    app = await connect(dsn)
    try:
        if owner_dsn is None:
            applied = await migrate(app, migrations)
        else:
            role = await app.fetchval("SELECT current_user")
            applied = await _as_owner(owner_dsn, role, migrations, tables)
        await check_privileges(app, tables)
        return applied
    finally:
        await app.close()


async def role_of(dsn: str) -> str:
    """Return the role that a connection string leads to."""
    db = await connect(dsn)
    try:
        role: str = await db.fetchval("SELECT current_user")
        return role
    finally:
        await db.close()


async def _as_owner(
    owner_dsn: str, app: str, migrations: list[Migration] | None, tables: tuple[str, ...]
) -> list[str]:
    owner = await connect_as_owner(owner_dsn)
    try:

        async def settle(db: Connection) -> None:
            await settle_privileges(db, app, tables)

        return await migrate(owner, migrations, after=settle)
    finally:
        await owner.close()
