"""Makes the data of a version, to be frozen beside this file and opened by every later one.

    python -m tests.upgrades.make_data tests/upgrades/data/NAME.tar.xz

Run it with the version whose data is wanted, before its schema or its events change; what it made
is never made again. The archive is a data directory with the database as SQL in the place of the
embedded server:

    database.sql        pg_dump of the whole database, views and all
    meta.json           the version, and for each ledger ids, tokens, size and root
    sealing.keys, service.key, log/, evidence/      keys that protect nothing but invented data

Two ledgers lie in the one database: ``side`` has one of every record and a person of every role
(``tests/permissions/world.py``), ``county`` has records on every step of their way, some with
deadlines that still run.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tarfile
from importlib import metadata
from pathlib import Path
from typing import Any

import orjson

from api.roles import Role
from ledger.accounts import PublicAccount, account_id_of
from ledger.commands import expenses
from ledger.core.aggregate import By, Evidence
from ledger.core.clock import utc_now
from ledger.postgres.account import current_account
from ledger.postgres.binaries import readable_binaries
from ledger.postgres.embedded import dsn_for
from ledger.postgres.place import STATE
from ledger.reactions import REACTIONS
from ledger.reactions.engine import Reactions
from ledger.storage.ledger import open_ledger
from ledger.storage.reading import read_head
from projections import VIEWS
from projections.engine import catch_up
from scripts.service import Service, open_service
from scripts.settings import load_settings
from tests.api.documents import PDF
from tests.permissions.conftest import founded
from tests.permissions.world import Side
from tests.petition_world import ESTATE
from tests.platform.conftest import own_directory
from tests.upgrades.steps import fill_county
from tests.waiting import wait_until

SIDE, COUNTY = "side", "county"
KEPT = ("sealing.keys", "service.key", "log", "evidence")


def main() -> None:
    """Make the archive."""
    asyncio.run(make(Path(sys.argv[1])))


async def make(archive: Path) -> None:
    """Fill a server of its own, and pack all that it leaves."""
    with own_directory() as data_dir:
        meta: dict[str, Any] = {"version": metadata.version("minzhang"), "ledgers": {}}
        for name, fill in ((SIDE, _fill_side), (COUNTY, fill_county)):
            given = {"MINZHANG_DATA": str(data_dir), "MINZHANG_LEDGER": name}
            settings = load_settings({"port": "0"}, given, data_dir.parent)
            async with open_service(settings) as service:
                told = await fill(service)
                await catch_up(service.ledger, VIEWS)
                await _keep_snapshots(service)
                await _published(service)
                head = await read_head(service.ledger.pool, name)
                told |= {"size": head.size, "root": head.frontier.root().hex()}
                meta["ledgers"][name] = told
                _dump(data_dir, data_dir / "database.sql")
        (data_dir / "meta.json").write_bytes(orjson.dumps(meta, option=orjson.OPT_INDENT_2))
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive, "w:xz", preset=9) as packed:
            for part in ("meta.json", "database.sql", *KEPT):
                packed.add(data_dir / part, part, filter=_nobodys)


async def _keep_snapshots(service: Service) -> None:
    """Load the long account once, as a process that just began: its state is kept."""
    async with open_ledger(service.database.dsn, service.ledger.id, pool_size_max=1) as ledger:
        await ledger.find(PublicAccount, account_id_of(ESTATE))


async def _published(service: Service) -> None:
    """Let what is due be answered; wait until everything is under a published checkpoint."""
    await Reactions(service.ledger, REACTIONS).catch_up(now=utc_now())
    head = await read_head(service.ledger.pool, service.ledger.id)

    def is_published() -> bool:
        return service.publisher.status.published_size == head.size

    await wait_until(is_published)


def _dump(data_dir: Path, file: Path) -> None:
    binaries = readable_binaries(current_account(), STATE)
    command = [binaries.program("pg_dump"), "--dbname", dsn_for(data_dir), "--file", file]
    subprocess.run(list(map(str, command)), check=True)


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


async def _fill_side(service: Service) -> dict[str, Any]:
    """One of every record, and documents; nobody's token is in the log here."""
    side = Side("side")
    async with founded(service.ledger, service.app, [side]) as world:
        headers = world.of(Role.OWNERS_COMMITTEE, side) | {"File-Name": "a.pdf"}
        async with world.client.post("/v1/evidence", data=PDF, headers=headers) as answer:
            document = await answer.json()
            assert answer.status == 201, document
        apply = expenses.ApplyForExpense(
            account_id=side.record("public_account"),
            amount_fen=100_00,
            category="repair",
            purpose="更换门锁",
            payee="宏达维修公司",
        )
        by = By(
            actor_id=side.person(Role.OWNERS_COMMITTEE),
            at=utc_now(),
            role=Role.OWNERS_COMMITTEE,
            organisation_id=side.organisation("committee"),
            evidence=(Evidence(**document),),
        )
        expense_id = (await expenses.apply_for_expense(apply, service.ledger, by)).id
        tokens = {str(role): world.of(role, side)["Authorization"].split()[1] for role in Role}
    return {
        "tokens": tokens,
        "document": document,
        "document_of": str(expense_id),
        "records": {
            kind: str(side.record(kind))
            for kind in ("petition", "deposit", "expense", "public_account", "points_account")
        },
    }


if __name__ == "__main__":
    main()
