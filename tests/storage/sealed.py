"""A petitioner of building 3 whose data is sealed, and how to look for it where it must not be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import asyncpg

from ledger.commands.sealing import PersonalData, person_for, seal
from ledger.core.aggregate import By, Evidence
from ledger.persons import Person, RecordKind
from ledger.storage.ledger import Ledger, Recorded
from tests.sealing.people import card_number, identity_number

WANG = PersonalData(
    name="王秀兰测试",
    phone="13905391234",
    address="阳光花园小区3号楼2单元501室",
    identity_number=identity_number("371329", date(1968, 5, 17), 42),
    bank_card=card_number("622202", 12),
    statement="家中老人行动不便，车库积水无法出行",
)
LI = PersonalData(name="李大山测试", phone="0539-6212345", address="东城花苑1号楼101室")
PLAINTEXTS = tuple(WANG.given().values())
AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def clerk(number: int = 901, *, role: str = "community", reason: str = "") -> By:
    """Return somebody of the community at 10:00 in China."""
    return By(actor_id=UUID(int=number), at=AT, role=role, reason=reason)


def two_of_the_county() -> By:
    """Return somebody of the county who carries out what somebody else proposed, by law."""
    law = Evidence(sha256="ab" * 32, name="条例.pdf", media_type="application/pdf", size_bytes=9)
    who = clerk(role="county", reason="测试")
    return replace(who, proposed_by=(UUID(int=902),), evidence=(law,))


async def said_erased(ledger: Ledger, person_id: UUID, *slot_ids: UUID) -> None:
    """Have it in the log that a person's slots (all, or these) went; the vault is not touched."""
    person = await ledger.load(Person, person_id)
    person.erase(
        clerk(reason="处理目的已实现"),
        erasure_id=uuid4(),
        slot_ids=slot_ids or tuple(person.slots),
        approved_by=UUID(int=31),
        backups_expire_on=date(2026, 4, 1),
    )
    await ledger.save(person)


async def sealed(
    ledger: Ledger,
    person_id: UUID,
    data: PersonalData = WANG,
    *,
    record_id: UUID | None = None,
) -> Recorded:
    """Seal what is known about a person, for their contact data or another record."""
    person = await person_for(ledger, person_id, clerk(), place_id=None)
    kind = RecordKind.CONTACT if record_id is None else RecordKind.PETITION
    seal(ledger, person, clerk(), kind, record_id or person.id, data.given())
    return await ledger.save(person)


async def rows_of(dsn: str, *tables: str) -> dict[str, int]:
    """Return how many rows tables have."""
    db = await asyncpg.connect(dsn)
    try:
        return {one: await db.fetchval(f"SELECT count(*) FROM {one}") for one in tables}  # noqa: S608
    finally:
        await db.close()


async def whole_database(dsn: str) -> bytes:
    """Return every column of every table of a database as text, as a dump would have it."""
    db = await asyncpg.connect(dsn)
    try:
        names = await db.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        parts = []
        for row in names:
            rows = await db.fetch(f"SELECT t::text AS line FROM {row['name']} AS t")  # noqa: S608
            parts += [one["line"].encode() for one in rows]
        return b"\n".join(parts)
    finally:
        await db.close()


def spellings(texts: Iterable[str]) -> list[bytes]:
    """Return how texts would look in a dump: as they are, as hex of bytea, as JSON escapes."""
    found = []
    for text in texts:
        data = text.encode()
        found += [data, data.hex().encode(), data.hex().upper().encode()]
        found.append(text.encode("unicode_escape"))
    return found


def leaks(haystack: bytes, texts: Iterable[str]) -> list[bytes]:
    """Return which spellings stand in the bytes."""
    return [one for one in spellings(texts) if one in haystack]
