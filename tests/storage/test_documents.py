"""Documents in the vault: what the check finds, what an earlier version and a kill leave."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.commands.document_check import (
    IN_CLEAR,
    NO_FILE,
    NO_KEY,
    NO_ROW,
    STILL_DOCUMENT,
    STRAY,
)
from ledger.commands.documents import SealDocument, seal_document
from ledger.commands.sealing_check import DESTROYED, STILL_KEY, STILL_VALUE, check_sealing
from ledger.core.clock import utc_now
from ledger.persons import Person, PersonRestricted
from ledger.sealing import NewSlot
from ledger.storage.clear_documents import remove_strays, seal_clear_documents
from ledger.storage.documents import Copy
from ledger.storage.evidence import About, EvidenceStore
from ledger.storage.evidence_errors import EvidenceDamaged, EvidenceGone
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.upkeep import destroy_what_came_back, rotate, settle, stored_slots
from ledger.storage.vault import NewDocument, SealingKeys
from tests.storage.sealed import LI, clerk, said_erased, sealed
from tests.storage_fixtures import KEYS

WANG_ID, LI_ID, CLERK = UUID(int=701), UUID(int=702), UUID(int=901)
TEXT = "王秀兰的低保证明".encode()
AT_ONCE = timedelta(0)


@pytest.fixture
async def ledger(store_dsn: str, ledger_id: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    """A ledger with a folder for documents, and two people in it."""
    keys = replace(KEYS, documents=tmp_path / "evidence")
    async with open_ledger(store_dsn, ledger_id, pool_size_max=4, keys=keys) as ledger:
        for person_id in (WANG_ID, LI_ID):
            await sealed(ledger, person_id, LI)
        yield ledger


def store(ledger: Ledger) -> EvidenceStore:
    return EvidenceStore(ledger, quota_bytes=1024**2)


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def taken(
    ledger: Ledger, about: UUID | None = None, data: bytes = TEXT, actor_id: UUID = CLERK
) -> Copy:
    """Upload a document, about somebody or nobody."""

    async def record(slot: NewSlot, document: NewDocument) -> None:
        command = SealDocument(person_id=about or WANG_ID, slot=slot, document=document)
        await seal_document(command, ledger.for_request(), clerk())

    given = None if about is None else About(about, record)
    copy, _ = await store(ledger).take(chunks(data), "王秀兰.txt", actor_id, given)
    return copy


def file_of(ledger: Ledger, copy: Copy) -> Path:
    files = ledger.vault.documents
    assert files is not None
    return files.place(copy.slot_id)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def findings(ledger: Ledger, *, opens: bool = False) -> set[str]:
    report = await check_sealing(ledger, opens_values=opens)
    return {finding.problem for finding in report.findings}


async def delete(ledger: Ledger, table: str, slot_id: UUID) -> None:
    await ledger.pool.execute(
        f"DELETE FROM {table} WHERE ledger_id = $1 AND slot_id = $2",  # noqa: S608
        ledger.id,
        slot_id,
    )


async def test_documents_are_kept_and_checked(ledger: Ledger) -> None:
    unnamed, about = await taken(ledger, data=b"an invoice"), await taken(ledger, WANG_ID)
    assert await store(ledger).read(about) == TEXT
    assert await store(ledger).name(about) == "王秀兰.txt"
    assert await store(ledger).name(unnamed) == "王秀兰.txt"
    report = await check_sealing(ledger, opens_values=True)
    assert (report.is_sound, report.documents, report.pending) == (True, 2, 0), report.findings
    person = await ledger.load(Person, WANG_ID)
    assert person.slots[about.slot_id].record_kind == "document"


@pytest.mark.parametrize("about", [None, WANG_ID])
async def test_what_is_missing_is_found(ledger: Ledger, about: UUID | None) -> None:
    copy = await taken(ledger, about)
    path = file_of(ledger, copy)
    data = path.read_bytes()
    path.unlink()
    assert await findings(ledger) == {NO_FILE}
    with pytest.raises(EvidenceGone):
        await store(ledger).read(copy)
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert await findings(ledger) == set(), "only whoever opens it can tell"
    (damaged,) = await findings(ledger, opens=True)
    assert EvidenceDamaged().title_en() in damaged
    await taken(ledger, about)
    assert await store(ledger).read(copy) == TEXT, "sent again, it is put in its place"
    await delete(ledger, "sealing_slots", copy.slot_id)
    assert await findings(ledger, opens=True) == {NO_KEY} | ({DESTROYED} if about else set())


async def test_a_row_or_a_file_alone_is_found(ledger: Ledger) -> None:
    copy, other = await taken(ledger, WANG_ID), await taken(ledger, data=b"an invoice")
    await delete(ledger, "sealed_documents", copy.slot_id)
    assert await findings(ledger) == {NO_ROW}
    stray = file_of(ledger, replace(other, slot_id=uuid4()))
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"x")
    assert STRAY not in await findings(ledger), "perhaps an upload under way"
    os.utime(stray, (1, 1))
    assert STRAY in await findings(ledger)
    assert await remove_strays(ledger.vault) == 1
    assert not stray.exists() and file_of(ledger, other).exists()


async def test_an_erasure_without_destruction_is_found_and_what_came_back_goes(
    ledger: Ledger,
) -> None:
    copy = await taken(ledger, WANG_ID)
    kept = file_of(ledger, copy).read_bytes()
    await said_erased(ledger, WANG_ID, copy.slot_id)
    assert await findings(ledger) == {STILL_KEY, STILL_VALUE, STILL_DOCUMENT}
    await ledger.vault.destroy([copy.slot_id])
    assert await findings(ledger) == set() and not file_of(ledger, copy).exists()
    file_of(ledger, copy).write_bytes(kept)  # a backup of the folder is restored
    assert await findings(ledger) == {STILL_DOCUMENT}
    assert await destroy_what_came_back(ledger.vault, {copy.slot_id}) == 1
    assert await findings(ledger) == set()


async def test_a_document_about_a_restricted_person_is_not_taken(ledger: Ledger) -> None:
    person = await ledger.load(Person, WANG_ID)
    person.restrict(clerk(reason="审计"), erasure_id=uuid4(), record_ids=())
    await ledger.save(person)
    with pytest.raises(PersonRestricted):
        await taken(ledger, WANG_ID)
    report = await check_sealing(ledger)
    assert (report.is_sound, report.documents, report.pending) == (True, 0, 0)
    files = ledger.vault.documents
    assert files is not None and list(files.stored()) == []


async def test_naming_whom_it_is_about_later_replaces_the_unnamed_copy(ledger: Ledger) -> None:
    unnamed = await taken(ledger)
    theirs = await taken(ledger, actor_id=UUID(int=902))
    about = await taken(ledger, WANG_ID)
    left = await store(ledger).copies([about.sha256])
    assert {one.slot_id for one in left} == {theirs.slot_id, about.slot_id}
    assert not file_of(ledger, unnamed).exists()
    assert (await check_sealing(ledger, opens_values=True)).is_sound


async def test_a_new_key_wraps_the_keys_of_documents_too(
    ledger: Ledger, store_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    copies = [await taken(ledger), await taken(ledger, WANG_ID, b"another")]
    new = KEYS.keyring.with_new_kek(date(2026, 3, 3))
    keys = SealingKeys(new, documents=tmp_path / "evidence")
    async with open_ledger(store_dsn, ledger_id, keys=keys) as again:
        assert [done async for done in rotate(again.vault)] == [4]
        assert (await check_sealing(again, opens_values=True)).keks == {new.current: 4}
        for copy in copies:
            assert sha256(await store(again).read(copy)).hexdigest() == copy.sha256


async def test_what_a_killed_upload_left_is_settled(ledger: Ledger) -> None:
    """Killed after the key and before the row, or after the row and before it was confirmed."""
    half, whole = await taken(ledger), await taken(ledger, data=b"an invoice")
    await ledger.pool.execute(
        "UPDATE sealing_slots SET is_confirmed = false WHERE ledger_id = $1 AND slot_id = ANY($2)",
        ledger.id,
        [half.slot_id, whole.slot_id],
    )
    for table in ("sealed_documents", "sealed_values"):
        await delete(ledger, table, half.slot_id)
    settled = await settle(ledger.vault, older_than=AT_ONCE)
    assert (settled.confirmed, settled.discarded) == (1, 1)
    assert not file_of(ledger, half).exists()
    assert await store(ledger).read(whole) == b"an invoice"
    report = await check_sealing(ledger, opens_values=True)
    assert (report.is_sound, report.pending) == (True, 0)


# What an earlier version stored ------------------------------------------------------------


async def left_in_clear(
    superuser: asyncpg.Connection,
    ledger: Ledger,
    data: bytes,
    *actors: UUID,
    is_there: bool = True,
) -> Path:
    """Store a document as the version before did."""
    files = ledger.vault.documents
    assert files is not None
    digest = sha256(data).hexdigest()
    path = files.clear_place(digest)
    if is_there:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for actor_id in actors:
        await superuser.execute(
            "INSERT INTO evidence_files (ledger_id, sha256, actor_id, media_type, size_bytes,"
            " uploaded_at) VALUES ($1, $2, $3, 'text/plain', $4, $5)",
            ledger.id,
            digest,
            actor_id,
            len(data),
            utc_now(),
        )
    return path


async def test_documents_in_clear_are_found_and_sealed(
    ledger: Ledger, tmp_path: Path, superuser: asyncpg.Connection
) -> None:
    path = await left_in_clear(superuser, ledger, TEXT, UUID(int=1), UUID(int=2))
    await left_in_clear(superuser, ledger, b"taken away", UUID(int=1), is_there=False)
    (problem,) = await findings(ledger)
    assert problem.startswith(IN_CLEAR)

    assert await seal_clear_documents(ledger.vault) == 3
    assert not path.exists()
    assert [file for file in files_in(tmp_path) if TEXT in file.read_bytes()] == []
    copies = await store(ledger).copies([sha256(TEXT).hexdigest()])
    assert [one.actor_id for one in copies] == [UUID(int=1), UUID(int=2)]
    for copy in copies:
        assert await store(ledger).read(copy) == TEXT
        assert await store(ledger).name(copy) is None
    assert await findings(ledger, opens=True) == {NO_FILE}, "the one that somebody took away"
    assert await seal_clear_documents(ledger.vault) == 0


async def test_sealing_goes_on_where_it_was_killed(
    ledger: Ledger, superuser: asyncpg.Connection
) -> None:
    """Killed before the old row went, before the old file went, before the new row came."""
    path = await left_in_clear(superuser, ledger, TEXT, UUID(int=1))
    await seal_clear_documents(ledger.vault)
    for actors in ((UUID(int=1),), ()):
        await left_in_clear(superuser, ledger, TEXT, *actors)
        await seal_clear_documents(ledger.vault)
        (copy,) = await store(ledger).copies([sha256(TEXT).hexdigest()])
        assert not path.exists() and await store(ledger).read(copy) == TEXT
        assert (await check_sealing(ledger, opens_values=True)).is_sound
    stranger = await left_in_clear(superuser, ledger, b"of no row")
    await seal_clear_documents(ledger.vault)
    assert stranger.exists(), "what nothing replaces is told, not removed"
    assert {one[: len(IN_CLEAR)] for one in await findings(ledger)} == {IN_CLEAR}
    assert all([one.is_confirmed async for one in stored_slots(ledger.vault)])
