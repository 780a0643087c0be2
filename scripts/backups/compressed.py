"""Tables of an export as compressed files."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg

from ledger.storage.exports import Table, copy_out, tables_there
from scripts.backups.folders import make_folder
from scripts.backups.manifest import Copied

LEVEL = 6
BLOCK_BYTES = 1024 * 1024


async def write_tables(db: asyncpg.Connection, folder: Path) -> tuple[Copied, ...]:
    """Write every table that there is into a folder; return what was written."""
    copied = []
    make_folder(folder)
    for table in await tables_there(db):
        with gzip.open(folder / file_of(table), "wb", LEVEL) as file:

            async def write(block: bytes, file: gzip.GzipFile = file) -> None:
                file.write(block)

            rows = await copy_out(db, table, write)
        copied.append(Copied(table=table.name, columns=table.columns, rows=rows))
    return tuple(copied)


async def read_table(folder: Path, table: Table) -> AsyncIterator[bytes]:
    """Yield a table's text in blocks."""
    with gzip.open(folder / file_of(table), "rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def file_of(table: Table) -> str:
    """Return the name of a table's file."""
    return f"{table.short}.copy.gz"
