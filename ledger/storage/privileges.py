"""What the role that serves may do in the database, table by table, and how that is kept so.

Two roles: the *owner* runs the migrations and owns the log's tables; the *app* serves,
projects, publishes and does everything else. ``PRIVILEGES`` is the whole list of what the
app may do: after migrations the owner grants what is in it and takes back what is not.

Views are the app's own: it makes their tables in a schema apart. It cannot make any in the
log's schema, which comes first in the search path, so nothing it makes hides the log.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ledger.core.errors import LedgerError
from ledger.storage.connect import LOG_SCHEMA, SCRATCH_SCHEMAS, VIEWS_SCHEMA, Connection

MAINTAIN = "MAINTAIN"
MAINTAIN_SINCE = 17
"""The first PostgreSQL with a privilege for VACUUM; before, only owners may."""

PRIVILEGES: Mapping[str, str] = {
    "public.migrations": "SELECT",
    # The log and what was said about it: read and added to.
    "public.events": "SELECT INSERT",
    "public.receipts": "SELECT INSERT",
    "public.tiles": "SELECT INSERT",
    "public.cosignatures": "SELECT INSERT",
    "public.time_stamps": "SELECT INSERT",
    "public.entry_macs": "SELECT INSERT",
    # A recovery, which fills these, is the owner's.
    "public.ended_checkpoints": "SELECT",
    "public.ended_events": "SELECT",
    "public.ended_receipts": "SELECT",
    # The head moves with each append; a checkpoint is dated when it becomes public, and gets
    # another signature when keys overlap; the newest cosignature replaces the one before.
    "public.heads": "SELECT INSERT UPDATE",
    "public.checkpoints": "SELECT INSERT UPDATE",
    "public.cosignature_renewals": "SELECT INSERT UPDATE",
    # Bookkeeping of those who follow the log.
    "public.trackings": "SELECT INSERT UPDATE",
    "public.timers": "SELECT INSERT UPDATE DELETE",
    "public.snapshots": "SELECT INSERT UPDATE",
    "minzhang_views.view_checkpoints": "SELECT INSERT UPDATE",
    # Who comes in.
    "public.tokens": "SELECT INSERT UPDATE",
    "public.sessions": "SELECT INSERT UPDATE",
    "public.user_logins": "SELECT INSERT UPDATE",
    "public.user_recovery_codes": "SELECT INSERT UPDATE DELETE",
    "public.user_invitations": "SELECT INSERT UPDATE DELETE",
    "public.user_identities": "SELECT INSERT DELETE",
    "public.sign_in_counters": "SELECT INSERT UPDATE DELETE",
    "public.refusal_windows": "SELECT INSERT UPDATE DELETE",
    # Sealed personal data and documents: to delete them is what an erasure is for, and tables of
    # secrets and values are vacuumed after it. Documents in clear are sealed, and then deleted.
    "public.evidence_files": "SELECT DELETE",
    "public.sealed_documents": "SELECT INSERT DELETE",
    "public.sealing_slots": "SELECT INSERT UPDATE DELETE MAINTAIN",
    "public.sealing_moved": "SELECT INSERT DELETE",
    "public.sealed_values": "SELECT INSERT UPDATE DELETE MAINTAIN",  # UPDATE: to lock rows
    "public.blind_indexes": "SELECT INSERT UPDATE DELETE MAINTAIN",
}
"""All tables that migrations make, and what the app may do with each."""

SCHEMAS: Mapping[str, str] = {
    LOG_SCHEMA: "USAGE",
    **dict.fromkeys((VIEWS_SCHEMA, *SCRATCH_SCHEMAS), "USAGE CREATE"),
}

KEYS_TABLES = ("public.migrations", "public.sealing_slots", "public.sealing_moved")
"""What there is in a database of its own for the secrets of sealed data."""

# What the role $1 and everybody hold on each table that the owner can grant; a privilege that
# may be passed on, or is on single columns, is marked, so that it never equals a plain one.
_HELD = """
    SELECT format('%I.%I', nspname, relname) AS name,
        CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
        coalesce(array_agg(held ORDER BY held) FILTER (WHERE held IS NOT NULL), '{}') AS held
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    LEFT JOIN LATERAL (
        SELECT privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END
                || CASE WHEN grantee = 0 THEN ' to all' ELSE '' END AS held
            FROM aclexplode(relacl) WHERE grantee IN (0, $1::regrole)
        UNION ALL SELECT privilege_type || ' of ' || attname
            FROM pg_attribute, aclexplode(attacl)
            WHERE attrelid = pg_class.oid AND grantee IN (0, $1::regrole)
    ) AS grants ON true
    WHERE nspname = ANY($2) AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        AND relowner <> $1::regrole AND pg_has_role(relowner, 'USAGE')
    GROUP BY nspname, relname, relkind
"""
_SCHEMAS_HELD = """
    SELECT nspname, coalesce(array_agg(held ORDER BY held) FILTER (WHERE held IS NOT NULL), '{}')
        AS held
    FROM pg_namespace LEFT JOIN LATERAL (
        SELECT privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END AS held
        FROM aclexplode(nspacl) WHERE grantee = $1::regrole
        UNION ALL SELECT privilege_type || ' to all' FROM aclexplode(nspacl)
        WHERE grantee = 0 AND privilege_type = 'CREATE'
    ) AS grants ON true
    WHERE nspname = ANY($2) AND nspowner <> $1::regrole AND pg_has_role(nspowner, 'USAGE')
    GROUP BY nspname
"""
_NOT_HANDED_OVER = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relnamespace = to_regnamespace($1) AND relkind = 'r' AND relowner <> $2::regrole
        AND format('%s.%s', $1, relname) <> ALL($3)
"""
_LEFT_TO_THE_DEFAULTS = """
    SELECT name FROM unnest($1::text[]) AS name JOIN pg_class ON pg_class.oid = to_regclass(name)
    WHERE NOT coalesce(reloptions, '{}') @> ARRAY['autovacuum_vacuum_threshold=0']
"""
_LACKING = """
    SELECT name, privilege FROM unnest($1::text[], $2::text[]) AS wanted (name, privilege)
    LEFT JOIN (
        SELECT pg_class.oid, format('%s.%s', nspname, relname) AS found
        FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    ) AS there ON found = name
    WHERE there.oid IS NULL OR NOT has_table_privilege(there.oid, privilege)
"""
_SCHEMAS_LACKING = """
    SELECT name, privilege FROM unnest($1::text[], $2::text[]) AS wanted (name, privilege)
    WHERE to_regnamespace(name) IS NULL
        OR NOT has_schema_privilege(to_regnamespace(name), privilege)
"""
_ATTRIBUTES = """
    SELECT attribute FROM pg_roles, LATERAL (VALUES
        ('SUPERUSER', rolsuper), ('CREATEDB', rolcreatedb), ('CREATEROLE', rolcreaterole),
        ('REPLICATION', rolreplication), ('BYPASSRLS', rolbypassrls)
    ) AS held (attribute, is_held)
    WHERE rolname = current_user AND is_held
    UNION ALL SELECT upper(power.rolname) FROM pg_roles AS power, pg_roles AS own
    WHERE own.rolname = current_user AND NOT own.rolsuper AND starts_with(power.rolname, 'pg_')
        AND power.rolname <> 'pg_database_owner' AND pg_has_role(power.oid, 'MEMBER')
"""
_OWNERS_IT_IS = """
    SELECT DISTINCT pg_get_userbyid(relowner) FROM unnest($1::text[]) AS listed (name)
    JOIN pg_class ON pg_class.oid = to_regclass(name) WHERE pg_has_role(relowner, 'MEMBER')
"""
# Privileges count whether held directly, by everybody or on a column.
_BEYOND = """
    SELECT name || ': ' || string_agg(privilege, ', ' ORDER BY privilege)
    FROM unnest($1::text[], $2::text[]) AS listed (name, allowed)
    CROSS JOIN unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
    JOIN pg_class ON pg_class.oid = to_regclass(name)
    WHERE NOT privilege = ANY(string_to_array(allowed, ' '))
        AND CASE WHEN privilege IN ('UPDATE', 'REFERENCES')
            THEN has_any_column_privilege(pg_class.oid, privilege)
            ELSE has_table_privilege(pg_class.oid, privilege) END
    GROUP BY name ORDER BY name
"""
_MAY_CREATE = "SELECT has_schema_privilege(to_regnamespace($1), 'CREATE')"


class PrivilegesMissing(LedgerError):
    """The database role may not do what it must; run ``minzhang init`` with MINZHANG_OWNER_DSN.

    数据库角色缺少所需的权限；请设置 MINZHANG_OWNER_DSN（表的所有者）后运行 minzhang init。
    """


class ViewsNotHandedOver(LedgerError):
    """The owner may not give the views' tables to the app: ``GRANT`` the app's role to it.

    所有者角色无法把视图的数据表交给服务角色；请先执行 GRANT 服务角色 TO 所有者角色。
    """


async def settle_privileges(
    db: Connection, app: str, tables: Collection[str] = tuple(PRIVILEGES)
) -> None:
    """As the owner: grant the role ``app`` what the list says and take back all else.

    Changes nothing where everything is so already. Call under the lock of the migrations.
    """
    if app == await db.fetchval("SELECT current_user"):
        return
    version = db.get_server_version().major
    async with db.transaction():
        role = await db.fetchval("SELECT quote_ident($1)", app)
        await _settle_schemas(db, role)
        await _hand_over_views(db, role)
        await _settle_tables(db, role, {one: privileges_on(one, version) for one in tables})
        if version < MAINTAIN_SINCE:
            await let_the_server_vacuum(db, tables)


async def let_the_server_vacuum(db: Connection, tables: Collection[str]) -> None:
    """Let autovacuum take every deleted row of the tables that the app itself may not vacuum."""
    tended = [table for table in tables if MAINTAIN in PRIVILEGES[table]]
    for (table,) in await db.fetch(_LEFT_TO_THE_DEFAULTS, tended):
        await db.execute(
            f"ALTER TABLE {table}"
            " SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0)"
        )


async def check_privileges(db: Connection, tables: Collection[str] = tuple(PRIVILEGES)) -> None:
    """As the app: make sure that nothing it needs is missing (``PrivilegesMissing``)."""
    version = db.get_server_version().major
    wanted = [(table, one) for table in tables for one in privileges_on(table, version)]
    lacking = list(await db.fetch(_LACKING, *_columns(wanted)))
    if VIEWS_SCHEMA in {table.partition(".")[0] for table in tables}:
        used = [(schema, one) for schema, words in SCHEMAS.items() for one in words.split()]
        lacking += await db.fetch(_SCHEMAS_LACKING, *_columns(used))
    if lacking:
        raise PrivilegesMissing(
            role=await db.fetchval("SELECT current_user"),
            missing=", ".join(f"{privilege} {name}" for name, privilege in lacking),
        )


async def beyond_the_list(db: Connection, tables: Collection[str] = tuple(PRIVILEGES)) -> list[str]:
    """As the app: say what it may do that a role which only serves should not; none is good."""
    found = [row[0] for row in await db.fetch(_ATTRIBUTES)]
    if owners := [row[0] for row in await db.fetch(_OWNERS_IT_IS, list(tables))]:
        return [*found, f"OWNER {', '.join(sorted(owners))}"]
    listed = [(table, PRIVILEGES[table]) for table in tables]
    found += [row[0] for row in await db.fetch(_BEYOND, *_columns(listed))]
    if await db.fetchval(_MAY_CREATE, LOG_SCHEMA):
        found.append(f"{LOG_SCHEMA}: CREATE")
    return found


def privileges_on(table: str, server_version: int) -> tuple[str, ...]:
    """Return what the app may do with a table on a PostgreSQL of this version, sorted."""
    words = PRIVILEGES[table].split()
    return tuple(sorted(w for w in words if w != MAINTAIN or server_version >= MAINTAIN_SINCE))


async def _settle_schemas(db: Connection, role: str) -> None:
    for name, held in await db.fetch(_SCHEMAS_HELD, role, list(SCHEMAS)):
        wanted = sorted(SCHEMAS[name].split())
        if held != wanted:
            await db.execute(f"REVOKE CREATE ON SCHEMA {name} FROM PUBLIC")
            await db.execute(f"REVOKE ALL ON SCHEMA {name} FROM {role} CASCADE")
            await db.execute(f"GRANT {', '.join(wanted)} ON SCHEMA {name} TO {role}")


async def _settle_tables(
    db: Connection, role: str, privileges: Mapping[str, tuple[str, ...]]
) -> None:
    for name, kind, held in await db.fetch(_HELD, role, list(SCHEMAS)):
        wanted = privileges.get(name, ())
        if tuple(held) != wanted:
            await db.execute(f"REVOKE ALL ON {kind} {name} FROM {role}, PUBLIC CASCADE")
            if wanted:
                await db.execute(f"GRANT {', '.join(wanted)} ON {kind} {name} TO {role}")


async def _hand_over_views(db: Connection, role: str) -> None:
    """Make the app the owner of views that were made when one role did everything."""
    for schema in (VIEWS_SCHEMA, *SCRATCH_SCHEMAS):
        for (table,) in await db.fetch(_NOT_HANDED_OVER, schema, role, list(PRIVILEGES)):
            if not await db.fetchval("SELECT pg_has_role($1::regrole, 'MEMBER')", role):
                owner = await db.fetchval("SELECT current_user")
                raise ViewsNotHandedOver(owner=owner, app=role)
            await db.execute(f"ALTER TABLE {table} OWNER TO {role}")


def _columns(rows: list[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [name for name, _ in rows], [word for _, word in rows]
