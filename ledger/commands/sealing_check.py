"""Does the vault hold exactly what the log says it does? Neither more nor less may be there.

Finds a key or value that is gone without an erasure, an erasure whose key or value is
still there, values that nothing in the log commits to, and, when asked to open
them, values that are not what was committed to.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

from ledger.commands.document_check import (
    Finding,
    Said,
    check_documents,
    open_documents,
    read_documents,
)
from ledger.core.entry import Entry
from ledger.core.errors import LedgerError
from ledger.erasures import Erasure
from ledger.persons import Person, RecordKind
from ledger.sealing import Commitment, Field, SlotPlace
from ledger.storage.documents import NOBODY
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_sealing
from ledger.storage.upkeep import StoredSlot, indexed_slots, stored_fields, stored_slots

BATCH = 2_000


@dataclass(slots=True)
class Report:
    """What a check looked at and what it found."""

    living: int = 0
    erased: int = 0
    pending: int = 0
    opened: int = 0
    documents: int = 0
    findings: list[Finding] = field(default_factory=list)
    not_carried_out: list[UUID] = field(default_factory=list)
    keks: dict[str, int] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        """Tell whether log and vault agree, and every approved erasure is carried out."""
        return not self.findings and not self.not_carried_out


@dataclass(slots=True)
class Expected:
    """What the log says about all slots."""

    living: dict[UUID, tuple[SlotPlace, tuple[Commitment, ...]]] = field(default_factory=dict)
    documents: set[UUID] = field(default_factory=set)
    erased: set[UUID] = field(default_factory=set)
    approved: dict[UUID, frozenset[UUID]] = field(default_factory=dict)


DESTROYED = "no key, and no erasure in the log 密钥已不存在，而账本中没有删除记录"
VALUE_GONE = "a sealed value is gone, and no erasure in the log 密文已不存在，而账本中没有删除记录"
STILL_KEY = "erased in the log, and the key is still there 账本已记载删除，而密钥仍在"
STILL_VALUE = "erased in the log, and a value is still there 账本已记载删除，而密文仍在"
STILL_INDEX = "erased in the log, and an index is still there 账本已记载删除，而索引仍在"
UNKNOWN = "a key that no entry commits to 账本中没有与此密钥对应的承诺"
LOST_INDEX = "indexes by a key that is not among those given 所给密钥中没有这些索引的密钥"
MOVED = "the key belongs to another person or record than the log says 密钥所属与账本记载不符"


async def check_sealing(ledger: Ledger, *, opens_values: bool = False) -> Report:
    """Compare the vault with the log; ``opens_values`` also opens each value and checks it."""
    vault = ledger.vault
    # The vault is read first: what is sealed while this runs is in the log by then.
    stored = {one.slot_id: one async for one in stored_slots(vault)}
    fields, indexed = await stored_fields(vault), await indexed_slots(vault)
    expected = await _expected(ledger)
    report = Report(living=len(expected.living), erased=len(expected.erased))
    report.not_carried_out = list(expected.approved)
    for one in stored.values():
        report.keks[one.kek] = report.keks.get(one.kek, 0) + 1
    under_way = frozenset().union(*expected.approved.values())
    fresh = await _sealed_meanwhile(ledger, expected, stored)
    for slot_id, (place, commitments) in expected.living.items():
        if slot_id in under_way or slot_id in fresh:
            continue
        found = _living(slot_id, place, commitments, stored.get(slot_id), fields)
        report.findings += found
        if opens_values and not found:
            report.findings += await _opened(ledger, place, commitments)
            report.opened += len(commitments)
    report.findings += [Finding(one, STILL_KEY) for one in expected.erased if one in stored]
    report.findings += [Finding(one, STILL_VALUE) for one in expected.erased if one in fields]
    report.findings += [Finding(one, STILL_INDEX) for one in expected.erased if one in indexed]
    lost = await vault.index_keys() - {"", *vault.keyring.index_names}
    report.findings += [Finding(NOBODY, f"{LOST_INDEX} {name}") for name in sorted(lost)]
    documents = await read_documents(vault)
    _unknown(report, expected, stored, (set(fields) | indexed), documents.unbound)
    report.documents = len(documents.copies)
    said = Said(expected.documents & expected.living.keys(), expected.erased, under_way)
    report.findings += await check_documents(vault, documents, said, stored)
    if opens_values:
        wrong = {one.slot_id for one in report.findings} | under_way
        report.findings += await open_documents(vault, documents.copies, wrong)
    return report


async def _expected(ledger: Ledger) -> Expected:
    expected = Expected()
    async for entry in _entries(ledger):
        event = entry.event
        if isinstance(event, Person.Sealed):
            expected.living[event.slot_id] = (_place(ledger, event), event.commitments)
            if event.record_kind is RecordKind.DOCUMENT:
                expected.documents.add(event.slot_id)
        elif isinstance(event, Person.Erased):
            for slot_id in event.slot_ids:
                expected.living.pop(slot_id, None)
                expected.erased.add(slot_id)
        elif isinstance(event, Erasure.Approved):
            expected.approved[event.originator_id] = frozenset(event.slot_ids)
        elif isinstance(event, Erasure.CarriedOut):
            expected.approved.pop(event.originator_id, None)
    return expected


def _place(ledger: Ledger, event: Person.Sealed) -> SlotPlace:
    return SlotPlace(
        ledger_id=ledger.id,
        slot_id=event.slot_id,
        subject_id=event.originator_id,
        record_id=event.record_id,
    )


async def _entries(ledger: Ledger) -> AsyncIterator[Entry]:
    start = 0
    while entries := await read_sealing(ledger.pool, ledger.id, start=start, limit=BATCH):
        for entry in entries:
            yield entry
        start = entries[-1].position + 1


async def _sealed_meanwhile(
    ledger: Ledger, expected: Expected, stored: dict[UUID, StoredSlot]
) -> frozenset[UUID]:
    """Return the slots that were not in the vault when it was read, and are now."""
    missing = expected.living.keys() - stored.keys()
    if not missing:
        return frozenset()
    now = {one.slot_id async for one in stored_slots(ledger.vault)}
    return frozenset(missing & now)


def _living(
    slot_id: UUID,
    place: SlotPlace,
    commitments: tuple[Commitment, ...],
    stored: StoredSlot | None,
    fields: dict[UUID, set[str]],
) -> list[Finding]:
    found = []
    if stored is None:
        found.append(Finding(slot_id, DESTROYED))
    elif (stored.subject_id, stored.record_id) != (place.subject_id, place.record_id):
        found.append(Finding(slot_id, MOVED))
    if not {str(one.field) for one in commitments} <= fields.get(slot_id, set()):
        found.append(Finding(slot_id, VALUE_GONE))
    return found


async def _opened(
    ledger: Ledger, place: SlotPlace, commitments: tuple[Commitment, ...]
) -> list[Finding]:
    wanted: dict[Field, Commitment] = {one.field: one for one in commitments}
    try:
        await ledger.vault.open(place, wanted)
    except LedgerError as error:
        return [Finding(place.slot_id, f"{error.title_en()} {error.title_zh()}")]
    return []


def _unknown(
    report: Report,
    expected: Expected,
    stored: dict[UUID, StoredSlot],
    others: set[UUID],
    unbound: set[UUID],
) -> None:
    known = expected.living.keys() | expected.erased | unbound
    for slot_id in (stored.keys() | others) - known:
        one = stored.get(slot_id)
        if one is not None and not one.is_confirmed:
            report.pending += 1
        else:
            report.findings.append(Finding(slot_id, UNKNOWN))
