"""Encrypting what an earlier version left in clear is killed again and again: nothing is lost."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import asyncpg

from ledger.commands.sealing_check import check_sealing
from ledger.sealing import read_keyring
from ledger.storage.clear_documents import seal_clear_documents
from ledger.storage.ledger import open_ledger
from ledger.storage.upkeep import settle
from ledger.storage.vault import SealingKeys
from tests.faults.waiting import kill_when
from tests.storage.test_documents import files_in, left_in_clear, store
from tests.storage_fixtures import KEYS

SEED = 20_260_304
DOCUMENTS, KILLS = 40, 4
TEXTS = [f"第{number}份证明".encode() for number in range(DOCUMENTS)]
_processes = multiprocessing.get_context("spawn")


async def seal(dsn: str, ledger_id: str, folder: Path, keyring: str) -> None:
    keys = SealingKeys(read_keyring(keyring), documents=folder)
    async with open_ledger(dsn, ledger_id, pool_size_max=2, keys=keys) as ledger:
        await seal_clear_documents(ledger.vault)


def run(dsn: str, ledger_id: str, folder: Path, keyring: str) -> None:
    """Encrypt (the main function of a process)."""
    asyncio.run(seal(dsn, ledger_id, folder, keyring))


def has_sealed(folder: Path, goal: int) -> Callable[[], bool]:
    return lambda: len(files_in(folder / "sealed")) >= goal


async def test_every_document_is_there_however_often_it_is_killed(
    superuser: asyncpg.Connection, store_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    dice, folder = random.Random(SEED), tmp_path / ledger_id  # noqa: S311  dice, not secrets
    keys = replace(KEYS, documents=tmp_path)
    async with open_ledger(store_dsn, ledger_id, pool_size_max=2, keys=keys) as ledger:
        for text in TEXTS:
            await left_in_clear(superuser, ledger, text, UUID(int=1))
        for _ in range(KILLS):
            goal = len(files_in(folder / "sealed")) + dice.randrange(1, 6)
            given = (store_dsn, ledger_id, tmp_path, KEYS.keyring.to_text())
            process = _processes.Process(target=run, args=given, daemon=True)
            await kill_when(process, has_sealed(folder, goal))
        await seal_clear_documents(ledger.vault)
        await settle(ledger.vault, older_than=timedelta(0))
        copies = await store(ledger).copies([sha256(text).hexdigest() for text in TEXTS])
        assert sorted([await store(ledger).read(copy) for copy in copies]) == sorted(TEXTS)
        report = await check_sealing(ledger, opens_values=True)
        assert (report.is_sound, report.pending) == (True, 0), report.findings
    left = b"".join(path.read_bytes() for path in files_in(folder))
    assert [text for text in TEXTS if text in left] == [], "nothing lies in clear any more"
