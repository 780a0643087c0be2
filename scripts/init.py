"""`minzhang init`: create what a ledger needs before its first event. Doing it again is safe."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass

import orjson

from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.core.values import derived_id
from ledger.publishing.announcing import name_service_key
from ledger.storage.connect import connect
from ledger.storage.ledger import create_ledger, open_ledger
from ledger.storage.roles import role_of
from scripts.arguments import SubParsers
from scripts.database import Database, open_database
from scripts.opening import read_service_key
from scripts.publishing import guard_log
from scripts.sealing_keys import prepare_keys
from scripts.settings import Settings

INSTALLER = derived_id("actor", "minzhang init")


@dataclass(frozen=True, kw_only=True)
class Initialised:
    """What had to be done: migrations applied, whether the ledger and its policies are new.

    `app_role` serves, `owner_role` migrated and owns the tables; they may be the same.
    """

    ledger: str
    app_role: str
    owner_role: str
    migrations: list[str]
    ledger_is_new: bool
    policies_adopted: bool


def add(subparsers: SubParsers) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("init", help="建立账本 / create the ledger and its tables")
    parser.add_argument("--json", action="store_true", help="print as JSON")
    parser.set_defaults(run=run)


async def run(args: argparse.Namespace, settings: Settings) -> None:
    """Create tables, ledger and policies, and say what was new."""
    async with open_database(settings) as database:
        done = await initialise(database, settings)
    if args.json:
        print(orjson.dumps(asdict(done)).decode())
        return
    state = "已建立 / created" if done.ledger_is_new else "已存在 / exists"
    print(f"账本 / ledger {done.ledger}: {state}; migrations: {len(done.migrations)}")
    print(f"数据库角色 / database roles: app {done.app_role}, owner {done.owner_role}")


async def initialise(database: Database, settings: Settings) -> Initialised:
    """Bring the schema up to date, create the ledger, adopt the standard policies it lacks."""
    migrations = await database.bring_up_to_date()
    connection = await connect(database.dsn)
    try:
        is_new = await create_ledger(connection, settings.ledger, origin=settings.origin)
        await guard_log(connection, settings)
        await prepare_keys(connection, settings)
        key = await read_service_key(connection, settings, may_make=True)
    finally:
        await connection.close()
    async with open_ledger(
        database.dsn, settings.ledger, space=database.space_guard(), pool_size_max=2, key=key
    ) as ledger:
        await name_service_key(ledger)
        by = By(actor_id=INSTALLER, at=utc_now(), role="system")
        adopted = await adopt_standard_policies(AdoptStandardPolicies(), ledger, by)
    return Initialised(
        ledger=settings.ledger,
        app_role=await role_of(database.dsn),
        owner_role=await role_of(database.owner_dsn or database.dsn),
        migrations=migrations,
        ledger_is_new=is_new,
        policies_adopted=adopted is not None,
    )
