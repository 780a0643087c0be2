"""What was erased and comes back with a backup is destroyed again when the service starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiohttp import ClientSession

from api.serving import serving
from ledger.commands.sealing_check import check_sealing
from ledger.reactions.sealing import SealingUpkeep
from ledger.sealing import Field
from ledger.storage.exports import DatabaseNotEmpty
from ledger.storage.ledger import Ledger
from scripts.backups.restoring import SecretsHaveNoHome, restore
from scripts.backups.taking import Asked, back_up
from scripts.service import Service, open_service
from tests.backups.conftest import files_below, settings_of
from tests.databases import Doors, empty_database
from tests.platform.conftest import own_directory
from tests.platform.test_erased_everywhere import DOCUMENT, SECRETS, established, post, token

LEDGER = "t1"


async def known(service: Service) -> UUID:
    """Let somebody file a petition and bring a document about themself; return who."""
    person_id = uuid4()
    place = await established(service.ledger)
    community = await token(service.ledger, "community", place)
    async with serving(service.app, "127.0.0.1", 0) as address, ClientSession(address) as client:
        petition: dict[str, Any] = {
            "channel": "hotline",
            "title": "车库积水",
            "summary": "雨后积水",
            "community_id": str(place),
            "petitioner_id": str(person_id),
            "petitioner": SECRETS,
        }
        await post(client, community, "/v1/petitions", **petition)
        named = community | {"File-Name": quote("证明.txt")}
        about = {"about": str(person_id)}
        async with client.post("/v1/evidence", params=about, data=DOCUMENT, headers=named) as sent:
            assert sent.status == 201, await sent.text()
    return person_id


async def erased(service: Service, person_id: UUID) -> None:
    """Ask for the person's erasure and approve it."""
    hotline = await token(service.ledger, "hotline")
    officer = await token(service.ledger, "data_protection_officer")
    asked = {"subject_id": str(person_id), "ground": "purpose_ended"}
    async with serving(service.app, "127.0.0.1", 0) as address, ClientSession(address) as client:
        made = await post(client, hotline, "/v1/erasures", **asked)
        path = f"/v1/erasures/{made['id']}/approvals"
        await post(client, officer, path, reason="处理目的已实现")


async def assert_destroyed(ledger: Ledger) -> None:
    """Let upkeep run once, as it does at each start, and compare the vault with the log."""
    await SealingUpkeep(ledger).run_once()
    report = await check_sealing(ledger)
    assert report.is_sound, report.findings
    assert (report.living, report.documents) == (0, 0)
    assert report.erased > 0


async def test_a_document_that_an_older_backup_brings_back(elsewhere: Path) -> None:
    """The base backup is older than the erasure; the archived log is not."""
    with own_directory() as data_dir:
        archive, backup = data_dir.parent / "wal", data_dir.parent / "backup"
        settings = settings_of(data_dir, LEDGER, MINZHANG_WAL_ARCHIVE=str(archive))
        async with open_service(settings) as service:
            person_id = await known(service)
            await back_up(settings, Asked(place=backup, with_keys=True))
            await erased(service, person_id)
        assert files_below(data_dir / "evidence") == {}

        await restore(settings_of(elsewhere, LEDGER), backup, wal=str(archive))
    assert len(files_below(elsewhere / "evidence")) == 1, "the document is back"
    async with open_service(settings_of(elsewhere, LEDGER)) as service:
        await assert_destroyed(service.ledger)
    assert files_below(elsewhere / "evidence") == {}


async def test_secrets_that_an_older_backup_of_keys_brings_back(
    server_dsn: str, elsewhere: Path, tmp_path: Path
) -> None:
    """Secrets lie in a database of their own, whose backup is older than the erasure."""

    def with_secrets_in(doors: Doors) -> dict[str, str]:
        return {"MINZHANG_KEYS_DSN": doors.app, "MINZHANG_KEYS_OWNER_DSN": doors.owner}

    async with (
        empty_database(server_dsn, "secrets") as secrets,
        empty_database(server_dsn, "secrets") as others,
    ):
        with own_directory() as data_dir:
            settings = settings_of(data_dir, LEDGER, **with_secrets_in(secrets))
            async with open_service(settings) as service:
                person_id = await known(service)
                old = Asked(place=tmp_path / "old", keys_place=tmp_path / "old-keys")
                await back_up(settings, old)
                await erased(service, person_id)
                await back_up(settings, Asked(place=tmp_path / "new", is_export=True))

        with pytest.raises(SecretsHaveNoHome):
            await restore(
                settings_of(elsewhere, LEDGER), tmp_path / "new", keys_folder=tmp_path / "old-keys"
            )
        taken = settings_of(elsewhere, LEDGER, **with_secrets_in(secrets))
        with pytest.raises(DatabaseNotEmpty):
            await restore(taken, tmp_path / "new", keys_folder=tmp_path / "old-keys")
        assert files_below(elsewhere) == {}, "nothing was written before the refusal"
        settings = settings_of(elsewhere, LEDGER, **with_secrets_in(others))
        await restore(settings, tmp_path / "new", keys_folder=tmp_path / "old-keys")
        assert await slots_in(others) > 0, "the secrets are back"
        async with open_service(settings) as service:
            await assert_destroyed(service.ledger)
        assert await slots_in(others) == 0


async def slots_in(doors: Doors) -> int:
    """Count the secrets in a database."""
    db = await asyncpg.connect(doors.app)
    count: int = await db.fetchval("SELECT count(*) FROM sealing_slots")
    await db.close()
    return count


async def test_what_was_not_erased_opens_after_a_restore(elsewhere: Path) -> None:
    with own_directory() as data_dir:
        backup = data_dir.parent / "backup"
        settings = settings_of(data_dir, LEDGER)
        async with open_service(settings) as service:
            await known(service)
            await back_up(settings, Asked(place=backup, with_keys=True))
        await restore(settings_of(elsewhere, LEDGER), backup)
    async with open_service(settings_of(elsewhere, LEDGER)) as service:
        report = await check_sealing(service.ledger, opens_values=True)
    assert report.is_sound
    assert report.opened >= len(Field)
    assert report.documents == 1
