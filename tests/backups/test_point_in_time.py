"""A base backup is taken forward by the archived write-ahead log: to its end, or to a moment."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ledger.core.clock import utc_now
from ledger.postgres import ServerDidNotStart
from ledger.postgres.archiving import OFF
from ledger.postgres.base_backups import WalRange, refuse_a_gap
from ledger.postgres.errors import ArchiveIncomplete, ArchiveUnusable, PlaceTaken
from ledger.storage.reading import read_head
from ledger.storage.tree import read_root
from ledger.verification.check import Wanted, check_ledger
from scripts.backups.restoring import MomentBeforeBackup, restore
from scripts.backups.taking import Asked, back_up
from scripts.database import open_database
from scripts.service import open_service
from tests.backups.conftest import settings_of
from tests.platform.conftest import own_directory
from tests.published_log import fill

LEDGER = "t1"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A ledger that was backed up, went on until a moment, and on from there."""

    folder: Path
    archive: Path
    backup: Path
    moment: datetime
    sizes: tuple[int, int, int]
    roots: tuple[bytes, bytes, bytes]


@pytest.fixture(scope="module")
async def history() -> AsyncIterator[History]:
    """Backed up while it is served; afterwards its server is stopped."""
    with own_directory() as data_dir:
        archive, backup = data_dir.parent / "wal", data_dir.parent / "backup"
        settings = settings_of(data_dir, LEDGER, MINZHANG_WAL_ARCHIVE=str(archive))
        async with open_service(settings) as service:
            await fill(service.ledger, 300)
            sizes = [(await read_head(service.ledger.pool, LEDGER)).size]
            made = await back_up(settings, Asked(place=backup, with_keys=True))
            assert made.wal is not None and made.wal.is_archived
            await fill(service.ledger, 40)
            sizes.append((await read_head(service.ledger.pool, LEDGER)).size)
            moment = utc_now()
            await fill(service.ledger, 60)
            sizes.append((await read_head(service.ledger.pool, LEDGER)).size)
            roots = [await read_root(service.ledger.pool, LEDGER, size) for size in sizes]
        yield History(
            folder=data_dir.parent,
            archive=archive,
            backup=backup,
            moment=moment,
            sizes=(sizes[0], sizes[1], sizes[2]),
            roots=(roots[0], roots[1], roots[2]),
        )


async def the_log(data_dir: Path) -> tuple[int, bytes]:
    """Return size and root, from a full check that found nothing wrong."""
    async with open_database(settings_of(data_dir, LEDGER)) as database:
        report = await check_ledger(Wanted(dsn=database.dsn, ledger_id=LEDGER))
    assert report.findings.first == []
    return report.size, report.root


@pytest.mark.parametrize(
    ("wal", "has_moment", "which"), [(OFF, False, 0), (None, True, 1), (None, False, 2)]
)
async def test_to_the_backup_to_a_moment_or_to_the_end(
    history: History, elsewhere: Path, wal: str | None, has_moment: bool, which: int
) -> None:
    settings = settings_of(elsewhere, LEDGER)
    until = history.moment if has_moment else None
    done = await restore(settings, history.backup, wal=wal or str(history.archive), until=until)

    size, root = await the_log(elsewhere)
    assert done.sizes == {LEDGER: size}
    if which == 0:  # to when the base backup ended: not before it began
        assert history.sizes[0] <= size < history.sizes[1]
    else:
        assert (size, root) == (history.sizes[which], history.roots[which])
    async with open_service(settings) as service:  # what the signer remembers is not ahead
        await fill(service.ledger, 1)


async def test_a_moment_beyond_the_archive_is_refused_and_nothing_is_left(
    history: History, elsewhere: Path
) -> None:
    settings = settings_of(elsewhere, LEDGER)
    until = utc_now() + timedelta(days=1)
    with pytest.raises(ServerDidNotStart) as refused:
        await restore(settings, history.backup, wal=str(history.archive), until=until)
    assert "before configured recovery target" in str(refused.value)
    assert is_empty(elsewhere)
    until = history.moment - timedelta(days=1)
    with pytest.raises(MomentBeforeBackup):
        await restore(settings, history.backup, wal=str(history.archive), until=until)
    assert is_empty(elsewhere)


async def test_an_archive_with_a_gap_is_refused_and_nothing_is_left(
    history: History, elsewhere: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "wal"
    shutil.copytree(history.archive, archive)
    last = max(name for name in os.listdir(archive) if len(name) == 24)
    (archive / f"{last[:8]}{int(last[8:], 16) + 2:016X}").touch()
    settings = settings_of(elsewhere, LEDGER)
    with pytest.raises(ArchiveIncomplete) as refused:
        await restore(settings, history.backup, wal=str(archive))
    assert f"{int(last[8:], 16) + 1:016X}" in str(refused.value)
    assert is_empty(elsewhere)


def test_files_of_the_log_are_named_as_postgresql_names_them() -> None:
    found = WalRange(timeline=3, start="1F/FE000028", end="20/1000120")
    assert found.first_file == "000000030000001F000000FE"
    assert found.last_file == "000000030000002000000001"


def test_only_what_follows_the_backup_must_be_in_the_archive(tmp_path: Path) -> None:
    """What the backup holds itself need not be; files of any timeline count."""
    needed = WalRange(timeline=1, start="0/FE000028", end="0/FF000120")
    for name in ("000000010000000100000000", "000000020000000100000001", "00000002.history"):
        (tmp_path / name).touch()
    refuse_a_gap(tmp_path, needed)
    (tmp_path / "000000020000000100000003").touch()
    with pytest.raises(ArchiveIncomplete) as refused:
        refuse_a_gap(tmp_path, needed)
    assert "0000000100000002" in str(refused.value)
    (tmp_path / "000000020000000100000002").touch()
    refuse_a_gap(tmp_path, needed)
    (tmp_path / "000000010000000100000000").unlink()
    with pytest.raises(ArchiveIncomplete):
        refuse_a_gap(tmp_path, needed)


async def test_what_was_put_back_archives_into_a_folder_of_its_own(
    history: History, elsewhere: Path
) -> None:
    """Else a drill would lead every later restore its own way, and away from what people did."""
    given = {"MINZHANG_WAL_ARCHIVE": str(history.archive)}
    archived = sorted(os.listdir(history.archive))
    await restore(settings_of(elsewhere, LEDGER, **given), history.backup, until=history.moment)
    with pytest.raises(ArchiveUnusable):
        async with open_database(settings_of(elsewhere, LEDGER, **given)):
            raise AssertionError("it was opened")
    assert sorted(os.listdir(history.archive)) == archived
    with pytest.raises(PlaceTaken):
        await restore(settings_of(elsewhere, LEDGER), history.backup)

    archive, backup = elsewhere.parent / "wal", elsewhere.parent / "backup"
    settings = settings_of(elsewhere, LEDGER, MINZHANG_WAL_ARCHIVE=str(archive))
    async with open_service(settings) as service:
        await back_up(settings, Asked(place=backup, with_keys=True))
        await fill(service.ledger, 5)
        head = await read_head(service.ledger.pool, LEDGER)
    with own_directory() as third:
        await restore(settings_of(third, LEDGER), backup, wal=str(archive))
        async with open_service(settings_of(third, LEDGER)) as service:
            root = await read_root(service.ledger.pool, LEDGER, head.size)
            assert root == head.frontier.root()


def is_empty(data_dir: Path) -> bool:
    """Tell whether no server is in a directory."""
    return not os.path.lexists(data_dir / "postgres")


async def test_archiving_is_remembered_until_it_is_ended(elsewhere: Path) -> None:
    archive = elsewhere.parent / "wal"

    async def is_archived(**given: str) -> bool:
        async with open_database(settings_of(elsewhere, LEDGER, **given)) as database:
            return await database.is_archived()

    assert not await is_archived()
    assert await is_archived(MINZHANG_WAL_ARCHIVE=str(archive))
    assert stat.S_IMODE(archive.stat().st_mode) == 0o700
    assert await is_archived(), "whoever starts the server archives"
    assert not await is_archived(MINZHANG_WAL_ARCHIVE=OFF)
    assert not await is_archived()


async def test_an_archive_that_others_may_enter_is_refused(elsewhere: Path) -> None:
    archive = elsewhere.parent / "wal"
    archive.mkdir(mode=0o755)
    settings = settings_of(elsewhere, LEDGER, MINZHANG_WAL_ARCHIVE=str(archive))
    with pytest.raises(ArchiveUnusable):
        async with open_database(settings):
            raise AssertionError("it was opened")
