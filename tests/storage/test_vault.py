"""Sealed values are durable before what commits to them, and never half there."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.commands.persons import place_of
from ledger.commands.sealing import person_for, seal
from ledger.commands.sealing_check import (
    DESTROYED,
    STILL_INDEX,
    STILL_KEY,
    STILL_VALUE,
    UNKNOWN,
    VALUE_GONE,
    check_sealing,
)
from ledger.core.errors import Conflict
from ledger.persons import Person, Readable, RecordKind
from ledger.sealing import Field, KeyUnknown, new_keyring, new_slot
from ledger.sealing.fields import SEARCHABLE
from ledger.storage.errors import OutcomeUnknown, SealingNotConfigured
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from ledger.storage.moving_keys import keys_migrations
from ledger.storage.privileges import KEYS_TABLES
from ledger.storage.requests import Once
from ledger.storage.roles import bring_up_to_date
from ledger.storage.upkeep import rotate, settle, stored_slots
from ledger.storage.vault import Pending, SealedValueGone, SealingKeys
from tests.databases import Doors
from tests.storage.sealed import LI, WANG, clerk, said_erased, sealed, whole_database
from tests.storage_fixtures import KEYS, ORIGIN

SUBJECT = UUID(int=701)
AT_ONCE = timedelta(0)


async def slots_of(ledger: Ledger) -> list[bool]:
    return sorted([one.is_confirmed async for one in stored_slots(ledger.vault)])


async def opened(ledger: Ledger, person_id: UUID) -> list[dict[Field, str]]:
    person = await ledger.load(Person, person_id)
    found = []
    for slot in person.living_slots():
        readable = Readable(slot, {one.field: one for one in slot.commitments})
        place = place_of(ledger, person_id, readable)
        found.append(await ledger.vault.open(place, readable.fields))
    return found


async def count(ledger: Ledger, table: str) -> int:
    pool = ledger.vault.keys_pool if table == "sealing_slots" else ledger.pool
    found: int = await pool.fetchval(
        f"SELECT count(*) FROM {table} WHERE ledger_id = $1",  # noqa: S608
        ledger.id,
    )
    return found


async def test_what_is_sealed_with_an_append_opens_again(ledger: Ledger) -> None:
    await sealed(ledger, SUBJECT)

    (found,) = await opened(ledger, SUBJECT)
    assert found == WANG.given()
    assert await slots_of(ledger) == [True]
    assert await ledger.vault.find(Field.PHONE, "139 0539-1234") == [SUBJECT]
    assert await ledger.vault.find(Field.PHONE, "13905391235") == []
    report = await check_sealing(ledger, opens_values=True)
    assert (report.is_sound, report.living, report.opened) == (True, 1, 6)


async def test_a_dry_run_stores_nothing(ledger: Ledger) -> None:
    await sealed(ledger.for_request(is_dry_run=True), SUBJECT)

    assert [await count(ledger, t) for t in ("sealing_slots", "sealed_values")] == [0, 0]
    assert await ledger.find(Person, SUBJECT) is None


async def test_the_same_key_twice_leaves_one_slot(ledger: Ledger) -> None:
    once = Once(caller="somebody", key="k", request_digest=bytes(32))
    first = await sealed(ledger.for_request(once=once), SUBJECT)
    again = await sealed(ledger.for_request(once=once), UUID(int=702))

    assert again.replayed and again.event_ids == first.event_ids
    assert await slots_of(ledger) == [True]
    assert await count(ledger, "sealed_values") == 6
    assert (await check_sealing(ledger)).is_sound


async def test_who_loses_a_race_leaves_nothing_behind(ledger: Ledger) -> None:
    one = await person_for(ledger, SUBJECT, clerk(), place_id=None)
    await sealed(ledger, SUBJECT)
    late = ledger.for_request()
    seal(late, one, clerk(), RecordKind.CONTACT, one.id, LI.given())
    with pytest.raises(Conflict):
        await late.save(one)

    assert await slots_of(ledger) == [True]
    assert await count(ledger, "blind_indexes") == 2
    assert (await check_sealing(ledger)).is_sound


async def test_many_at_once_each_get_their_own(ledger: Ledger) -> None:
    await asyncio.gather(*(sealed(ledger.for_request(), UUID(int=800 + n)) for n in range(20)))

    assert await slots_of(ledger) == [True] * 20
    assert (await check_sealing(ledger, opens_values=True)).opened == 120


async def test_without_keys_nothing_is_sealed_or_recorded(store_dsn: str, ledger_id: str) -> None:
    async with open_ledger(store_dsn, ledger_id, pool_size_max=2) as ledger:
        with pytest.raises(SealingNotConfigured):
            await sealed(ledger, SUBJECT)
        assert await ledger.find(Person, SUBJECT) is None


async def test_when_the_values_cannot_be_kept_nothing_is_recorded(
    ledger: Ledger, superuser: asyncpg.Connection
) -> None:
    """The key store is gone: the append never begins."""
    await superuser.execute(
        f"ALTER TABLE sealed_values ADD CONSTRAINT no_more_{ledger.id}"
        f" CHECK (ledger_id <> '{ledger.id}')"
    )
    try:
        with pytest.raises(asyncpg.CheckViolationError):
            await sealed(ledger, SUBJECT)
    finally:
        await superuser.execute(f"ALTER TABLE sealed_values DROP CONSTRAINT no_more_{ledger.id}")

    assert await ledger.find(Person, SUBJECT) is None
    assert await slots_of(ledger) == [False]
    assert (await check_sealing(ledger)).pending == 1
    settled = await settle(ledger.vault, older_than=AT_ONCE)
    assert (settled.confirmed, settled.discarded) == (0, 1)
    assert await slots_of(ledger) == []


async def test_what_an_unknown_outcome_left_is_found_out_later(ledger: Ledger) -> None:
    """One entry made it and one did not; the process died before it could say so."""
    await sealed(ledger, SUBJECT)
    await ledger.vault.keys_pool.execute(
        "UPDATE sealing_slots SET is_confirmed = false WHERE ledger_id = $1", ledger.id
    )
    slot = new_slot(
        ledger_id=ledger.id,
        subject_id=UUID(int=702),
        record_id=UUID(int=702),
        given=LI.given(),
        searchable=SEARCHABLE,
    )
    never = Pending(slot=slot, event_id=uuid4(), stream_id=str(UUID(int=702)), version=2)
    with pytest.raises(OutcomeUnknown):
        async with ledger.vault.kept([never]):
            raise OutcomeUnknown()

    assert await slots_of(ledger) == [False, False]
    assert (await settle(ledger.vault)).discarded == 0, "too young to be judged"
    settled = await settle(ledger.vault, older_than=AT_ONCE)
    assert (settled.confirmed, settled.discarded) == (1, 1)
    assert await opened(ledger, SUBJECT) == [WANG.given()]
    assert (await check_sealing(ledger, opens_values=True)).is_sound


async def test_rotation_goes_on_where_it_was_stopped(
    store_dsn: str, ledger_id: str, superuser: asyncpg.Connection
) -> None:
    old = new_keyring(date(2026, 1, 1))
    new = old.with_new_kek(date(2026, 2, 1))
    async with open_ledger(store_dsn, ledger_id, keys=SealingKeys(old)) as ledger:
        for number in range(5):
            await sealed(ledger, UUID(int=800 + number), LI)
    async with open_ledger(store_dsn, ledger_id, keys=SealingKeys(new)) as ledger:
        await superuser.execute(
            "CREATE OR REPLACE FUNCTION stop_here() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'stopped'; END $$"
        )
        await superuser.execute(
            "CREATE TRIGGER stop_here BEFORE UPDATE ON sealing_slots FOR EACH ROW"
            f" WHEN (OLD.ledger_id = '{ledger_id}'"
            " AND OLD.subject_id = '00000000-0000-0000-0000-000000000322') "
            "EXECUTE FUNCTION stop_here()"
        )
        try:
            with pytest.raises(asyncpg.RaiseError):
                assert [done async for done in rotate(ledger.vault)]
        finally:
            await superuser.execute("DROP TRIGGER stop_here ON sealing_slots")
        assert (await check_sealing(ledger, opens_values=True)).is_sound, "half-way, all opens"
        assert [done async for done in rotate(ledger.vault)][-1] > 0
        assert [done async for done in rotate(ledger.vault)] == []
        assert (await check_sealing(ledger, opens_values=True)).keks == {new.current: 5}
    async with open_ledger(store_dsn, ledger_id, keys=SealingKeys(old)) as ledger:
        with pytest.raises(KeyUnknown):
            await opened(ledger, UUID(int=800))


# The key store in another database --------------------------------------------------------


async def test_the_secrets_can_be_in_another_database(
    empty: Doors, store_dsn: str, ledger_id: str
) -> None:
    """There too the app is another role than the owner, and may do what it does here."""
    await bring_up_to_date(empty.app, empty.owner, keys_migrations(), KEYS_TABLES)
    keys = SealingKeys(KEYS.keyring, empty.app)
    async with open_ledger(store_dsn, ledger_id, keys=keys) as ledger:
        await sealed(ledger, SUBJECT)
        here = "SELECT count(*) FROM sealing_slots WHERE ledger_id = $1"
        assert await ledger.pool.fetchval(here, ledger_id) == 0
        assert await opened(ledger, SUBJECT) == [WANG.given()]
        assert (await check_sealing(ledger, opens_values=True)).is_sound
        for change in ("TRUNCATE sealing_slots", "DROP TABLE sealing_slots"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await ledger.vault.keys_pool.execute(change)


# Attack 16: a key destroyed without an erasure, or an erasure without destruction ----------


async def findings(ledger: Ledger) -> set[str]:
    return {finding.problem for finding in (await check_sealing(ledger)).findings}


@pytest.mark.parametrize(
    ("table", "problem"),
    [("sealing_slots", DESTROYED), ("sealed_values", VALUE_GONE)],
)
async def test_a_key_or_value_destroyed_without_an_erasure_is_found(
    ledger: Ledger, table: str, problem: str
) -> None:
    await sealed(ledger, SUBJECT)
    await ledger.pool.execute(f"DELETE FROM {table} WHERE ledger_id = $1", ledger.id)  # noqa: S608

    assert await findings(ledger) == {problem}
    with pytest.raises(SealedValueGone):
        await opened(ledger, SUBJECT)


async def test_an_erasure_without_destruction_is_found(ledger: Ledger) -> None:
    await sealed(ledger, SUBJECT)
    person = await ledger.load(Person, SUBJECT)
    await said_erased(ledger, SUBJECT)
    assert await findings(ledger) == {STILL_KEY, STILL_VALUE, STILL_INDEX}

    await ledger.vault.destroy(tuple(person.slots))
    assert await findings(ledger) == set()


async def test_a_slot_that_nothing_commits_to_or_a_changed_value_is_found(
    superuser: asyncpg.Connection, ledger: Ledger
) -> None:
    await sealed(ledger, SUBJECT)
    await superuser.execute(
        "INSERT INTO sealing_slots SELECT ledger_id, gen_random_uuid(), subject_id, record_id, kek,"
        " wrapped, event_id, stream_id, version, true FROM sealing_slots WHERE ledger_id = $1",
        ledger.id,
    )
    assert await findings(ledger) == {UNKNOWN}

    await superuser.execute(
        "UPDATE sealed_values SET sealed = overlay(sealed placing '\\x00' from 20)"
        " WHERE ledger_id = $1 AND field = 'name'",
        ledger.id,
    )
    report = await check_sealing(ledger, opens_values=True)
    assert len(report.findings) == 2
    assert not report.is_sound


async def test_two_ledgers_in_one_database_do_not_open_each_others(
    store_dsn: str, ledger: Ledger
) -> None:
    other_id = f"t{uuid4().hex[:12]}"
    db = await asyncpg.connect(store_dsn)
    await create_ledger(db, other_id, origin=ORIGIN)
    await db.close()
    await sealed(ledger, SUBJECT)
    await ledger.pool.execute(
        "INSERT INTO sealing_slots SELECT $2, slot_id, subject_id, record_id, kek, wrapped,"
        " event_id, stream_id, version, true FROM sealing_slots WHERE ledger_id = $1",
        ledger.id,
        other_id,
    )
    async with open_ledger(store_dsn, other_id, keys=KEYS) as other:
        assert await other.vault.find(Field.PHONE, WANG.phone or "") == []
        (stored,) = [one async for one in stored_slots(other.vault)]
        person = await ledger.load(Person, SUBJECT)
        readable = Readable(person.slots[stored.slot_id], {})
        with pytest.raises(Exception, match="does not open"):
            await other.vault.secret(place_of(other, SUBJECT, readable))
    assert WANG.name is not None and WANG.name.encode() not in await whole_database(store_dsn)
