"""What was cut short is finished: erasures without a receipt, and what a backup brought back."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from ledger.commands.sealing_check import STILL_KEY, check_sealing
from ledger.erasures import Erasure, Stage
from ledger.persons import Person
from ledger.reactions.sealing import SealingUpkeep
from ledger.storage.ledger import Ledger
from ledger.storage.upkeep import settle
from tests.storage.sealed import clerk, sealed

SUBJECT = UUID(int=701)
OFFICER = clerk(31, role="data_protection_officer", reason="处理目的已实现")


async def ordered(ledger: Ledger) -> Erasure:
    """Return an erasure that is approved, as after a crash before anything was destroyed."""
    await sealed(ledger, SUBJECT)
    person = await ledger.load(Person, SUBJECT)
    erasure = Erasure.request(
        clerk(),
        subject_id=SUBJECT,
        record_ids=(),
        ground="purpose_ended",
        due_on=date(2026, 3, 23),
        is_provisional=False,
    )
    erasure.approve(OFFICER, slot_ids=tuple(person.slots), backups_expire_on=date(2026, 4, 1))
    await ledger.save(erasure)
    return erasure


@pytest.mark.parametrize("is_destroyed", [False, True])
async def test_an_erasure_that_was_cut_short_is_carried_out(
    ledger: Ledger, *, is_destroyed: bool
) -> None:
    erasure = await ordered(ledger)
    if is_destroyed:  # the crash came after the keys were gone and before the receipt
        await ledger.vault.destroy(erasure.slot_ids)
    assert not (await check_sealing(ledger)).is_sound

    upkeep = SealingUpkeep(ledger)
    assert await upkeep.run_once() == 1
    assert await upkeep.run_once() == 0

    done = await ledger.load(Erasure, erasure.id)
    person = await ledger.load(Person, SUBJECT)
    assert done.stage is Stage.CARRIED_OUT
    assert person.living_slots() == ()
    report = await check_sealing(ledger, opens_values=True)
    assert (report.is_sound, report.erased) == (True, 1)


async def test_what_a_restored_backup_brought_back_is_destroyed_again(ledger: Ledger) -> None:
    await sealed(ledger, SUBJECT)
    tables = ("sealing_slots", "sealed_values", "blind_indexes")
    kept = {
        table: await ledger.pool.fetch(f"SELECT * FROM {table} WHERE ledger_id = $1", ledger.id)  # noqa: S608
        for table in tables
    }
    person = await ledger.load(Person, SUBJECT)
    await ledger.vault.destroy(tuple(person.slots))
    person.erase(
        OFFICER,
        erasure_id=UUID(int=720),
        slot_ids=tuple(person.slots),
        approved_by=OFFICER.actor_id,
        backups_expire_on=date(2026, 4, 1),
    )
    await ledger.save(person)
    for table, rows in kept.items():
        columns = list(rows[0].keys())
        async with ledger.pool.acquire() as db:
            await db.copy_records_to_table(
                table, records=[tuple(row) for row in rows], columns=columns
            )
    report = await check_sealing(ledger)
    assert STILL_KEY in {finding.problem for finding in report.findings}

    await SealingUpkeep(ledger).run_once()

    assert (await check_sealing(ledger)).is_sound
    settled = await settle(ledger.vault, older_than=timedelta(0))
    assert (settled.confirmed, settled.discarded) == (0, 0)
