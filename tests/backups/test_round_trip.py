"""What was backed up comes back: every row and file, in both forms, into every kind of place."""

from __future__ import annotations

import os
import shutil
import stat
from datetime import date
from pathlib import Path

import asyncpg
import pytest
from aiohttp import ClientSession

from ledger.core.errors import LedgerError
from ledger.postgres import ServerError
from ledger.postgres.errors import PlaceTaken
from ledger.sealing import new_keyring
from ledger.storage.exports import COPIED, NOTES, DatabaseNotEmpty
from ledger.storage.privileges import PRIVILEGES
from scripts.backups.folders import BackupExists, seal_folder
from scripts.backups.manifest import MANIFEST, read_manifest
from scripts.backups.restoring import NotThatKind, Restored, restore
from scripts.backups.taking import Asked, back_up
from scripts.failures import Failure
from scripts.service import open_service
from tests.backups.conftest import (
    Installation,
    files_below,
    of_the_committee,
    rows_of,
    served,
    settings_of,
    tables_of,
)
from tests.databases import Doors
from tests.platform.conftest import own_directory

PARTS = ("log", "evidence")


async def brought_back(installation: Installation, form: str, data_dir: Path) -> Restored:
    """Restore one form of the backup, with its keys."""
    folder = installation.base if form == "base" else installation.export
    keys = installation.keys if form == "base" else None
    return await restore(settings_of(data_dir), folder, keys_folder=keys)


@pytest.mark.parametrize("form", ["base", "export"])
async def test_every_row_and_every_file_comes_back(
    installation: Installation, elsewhere: Path, form: str
) -> None:
    done = await brought_back(installation, form, elsewhere)

    assert (done.kept, done.keys_missing, done.documents_missing) == ((), (), 0)
    assert done.sizes == {one.ledger: one.size for one in installation.made[form].ledgers}
    assert await tables_of(settings_of(elsewhere)) == await tables_of(installation.settings)
    for part in PARTS:
        assert files_below(elsewhere / part) == files_below(installation.settings.data / part)
    for name in ("sealing.keys", "service.key"):
        assert (elsewhere / name).read_bytes() == (installation.settings.data / name).read_bytes()


@pytest.mark.parametrize("form", ["base", "export"])
async def test_what_came_back_is_served_and_its_documents_open(
    installation: Installation, elsewhere: Path, form: str
) -> None:
    await brought_back(installation, form, elsewhere)
    noted = installation.source.of("side")

    async with (
        served(settings_of(elsewhere)) as (address, ledger),
        ClientSession(address) as client,
    ):
        headers = await of_the_committee(ledger)
        path = f"/v1/evidence/{noted['document']['sha256']}"
        async with client.get(path, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            assert len(await answer.read()) == noted["document"]["size_bytes"]


async def test_an_export_goes_into_any_database(
    installation: Installation, elsewhere: Path, empty: Doors
) -> None:
    given = {"MINZHANG_DSN": empty.app, "MINZHANG_OWNER_DSN": empty.owner}
    settings = settings_of(elsewhere, **given)

    done = await restore(settings, installation.export)

    assert done.sizes == {one.ledger: one.size for one in installation.made["export"].ledgers}
    assert await rows_of(empty.app) == await tables_of(installation.settings)
    async with open_service(settings) as service:
        assert service.publisher.status.alarm is None
    with pytest.raises(DatabaseNotEmpty):
        await restore(settings, installation.export)


async def test_a_database_with_tables_of_others_is_left_alone(
    installation: Installation, elsewhere: Path, empty: Doors
) -> None:
    db = await asyncpg.connect(empty.owner)
    await db.execute("CREATE TABLE theirs (id int)")
    await db.close()
    given = {"MINZHANG_DSN": empty.app, "MINZHANG_OWNER_DSN": empty.owner}
    with pytest.raises(DatabaseNotEmpty):
        await restore(settings_of(elsewhere, **given), installation.export)
    assert files_below(elsewhere) == {}, "nothing was written before the refusal"


async def test_a_base_backup_goes_into_no_other_server(
    installation: Installation, elsewhere: Path, empty: Doors
) -> None:
    with pytest.raises(NotThatKind):
        await restore(settings_of(elsewhere, MINZHANG_DSN=empty.app), installation.base)
    with pytest.raises(NotThatKind):
        await restore(settings_of(elsewhere), installation.export, wal=str(elsewhere / "wal"))


async def test_nothing_is_overwritten(installation: Installation, elsewhere: Path) -> None:
    with pytest.raises(BackupExists):
        await back_up(installation.settings, Asked(place=installation.base))
    with pytest.raises(PlaceTaken):
        await restore(installation.settings, installation.base)

    own = {"log/side/signed": b"of this machine", "service.key": b"another key"}
    for name, text in own.items():
        (elsewhere / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        (elsewhere / name).write_bytes(text)
    done = await brought_back(installation, "export", elsewhere)
    assert set(done.kept) == own.keys()
    assert {name: (elsewhere / name).read_bytes() for name in own} == own


async def test_a_backup_is_closed_to_others_and_whole_or_not_there(
    installation: Installation, tmp_path: Path
) -> None:
    for folder in (installation.base, installation.export, installation.keys):
        for path in (folder, *folder.rglob("*")):
            wanted = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == wanted, path

    place, taken = tmp_path / "backup", tmp_path / "keys"
    taken.mkdir()
    with pytest.raises(BackupExists):
        await back_up(installation.settings, Asked(place=place, keys_place=taken))
    assert os.listdir(tmp_path) == ["keys"], "what was begun is gone"


async def test_private_keys_are_in_a_backup_only_by_choice(installation: Installation) -> None:
    data = installation.settings.data
    secrets = [
        (data / "service.key").read_bytes(),
        (data / "sealing.keys").read_bytes(),
        *[(data / "log" / one / "key").read_bytes() for one in ("side", "county")],
    ]

    def found_in(folder: Path) -> list[int]:
        held = list(files_below(folder).values())
        return [any(secret in text for text in held) for secret in secrets]

    assert found_in(installation.base) == [False] * 4
    assert found_in(installation.keys) == [True] * 4
    assert found_in(installation.export) == [True] * 4
    assert set(installation.made["base"].keys) == {
        "sealing.keys",
        "service.key",
        "log/side/key",
        "log/county/key",
    }


async def test_without_its_keys_a_restored_ledger_says_what_it_lacks(
    installation: Installation, elsewhere: Path
) -> None:
    done = await restore(settings_of(elsewhere), installation.base)
    assert set(done.keys_missing) == set(installation.made["base"].keys)

    with pytest.raises(Failure) as refused:
        async with open_service(settings_of(elsewhere)):
            raise AssertionError("it was served")
    assert "sealing.keys" in str(refused.value)

    (elsewhere / "sealing.keys").write_bytes((installation.keys / "sealing.keys").read_bytes())
    (elsewhere / "sealing.keys").chmod(0o600)
    with pytest.raises((Failure, LedgerError, ServerError)) as refused_again:
        async with open_service(settings_of(elsewhere)):
            raise AssertionError("it was served")
    assert "key" in str(refused_again.value)


async def test_keys_that_the_settings_bring_are_in_no_backup_and_are_named(
    elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYRING", new_keyring(date(2026, 3, 2)).to_text())
    by_environment = {"MINZHANG_SEALING_KEYS": "env:KEYRING"}
    settings = settings_of(elsewhere, "t1", **by_environment)
    async with open_service(settings):
        pass
    made = await back_up(settings, Asked(place=tmp_path / "backup", with_keys=True))
    assert made.keys_elsewhere == ("MINZHANG_SEALING_KEYS=env",)
    assert "KEY" not in "".join(made.keys)
    with own_directory() as other:
        done = await restore(settings_of(other, "t1", **by_environment), tmp_path / "backup")
        assert done.keys_missing == ()
    with own_directory() as other:
        done = await restore(settings_of(other, "t1"), tmp_path / "backup")
        assert done.keys_missing == ("MINZHANG_SEALING_KEYS=env",)


async def test_documents_without_a_file_are_counted(
    installation: Installation, elsewhere: Path, tmp_path: Path
) -> None:
    """As after a restore to a later moment, when documents were not copied as often."""
    copy = shutil.copytree(installation.export, tmp_path / "copy")
    shutil.rmtree(copy / "evidence")
    manifest = read_manifest(copy)
    (copy / MANIFEST).unlink()
    seal_folder(copy, manifest)
    done = await restore(settings_of(elsewhere), copy)
    assert done.documents_missing == 1


def test_an_export_holds_every_table_that_migrations_make() -> None:
    beside = {NOTES, "minzhang_views.view_checkpoints"}
    assert set(COPIED) | beside == set(PRIVILEGES)


async def test_no_table_counts_in_a_sequence_that_an_export_would_forget(
    superuser_dsn: str,
) -> None:
    db = await asyncpg.connect(superuser_dsn)
    assert await db.fetch("SELECT sequencename FROM pg_sequences") == []
    await db.close()
