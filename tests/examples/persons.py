"""Wang of building 3: contact and petition data sealed, read, restricted, erased."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from ledger.core.aggregate import By, Event
from ledger.persons import Lookup, Person, RecordKind
from ledger.sealing import Commitment, Field
from tests.examples import by as person

SUBJECT = UUID(int=701)
PETITION = UUID(int=200)
COMMUNITY = UUID(int=202)
CONTACT_SLOT, PETITION_SLOT = UUID(int=711), UUID(int=712)
ERASURE = UUID(int=720)
OFFICER = UUID(int=31)
CLERK = person(1, role="community")
HANDLER = person(2, role="community")
OFFICER_SAYS = person(31, role="data_protection_officer", reason="处理目的已实现")
BACKUPS_EXPIRE_ON = date(2026, 4, 1)


def commitment(field: Field, digit: str) -> Commitment:
    return Commitment(field=field, hmac_sha256=digit * 64)


CONTACT = (commitment(Field.NAME, "a"), commitment(Field.PHONE, "b"))
OF_PETITION = (commitment(Field.PHONE, "c"), commitment(Field.STATEMENT, "d"))


def fields(version: int, by: By = CLERK) -> dict[str, Any]:
    return {"originator_id": SUBJECT, "originator_version": version, "timestamp": by.at, "by": by}


def registered(by: By = CLERK) -> Person.Registered:
    return Person.Registered(
        **fields(1, by), originator_topic=Person.TOPIC, person_id=SUBJECT, place_id=COMMUNITY
    )


def sealed(
    slot_id: UUID = CONTACT_SLOT,
    record_id: UUID = SUBJECT,
    commitments: tuple[Commitment, ...] = CONTACT,
    *,
    by: By = CLERK,
) -> Person.Sealed:
    kind = RecordKind.CONTACT if record_id == SUBJECT else RecordKind.PETITION
    return Person.Sealed(
        **fields(2, by),
        slot_id=slot_id,
        record_kind=kind,
        record_id=record_id,
        commitments=commitments,
    )


def sealed_for_petition() -> Person.Sealed:
    return sealed(PETITION_SLOT, PETITION, OF_PETITION)


def revealed(
    *names: Field, record_id: UUID = SUBJECT, slot_ids: tuple[UUID, ...] = (CONTACT_SLOT,)
) -> Person.Revealed:
    return Person.Revealed(
        **fields(3, HANDLER),
        record_id=record_id,
        slot_ids=slot_ids,
        fields=names or (Field.PHONE,),
        purpose="petition_handling",
    )


def exported(slot_ids: tuple[UUID, ...] = (CONTACT_SLOT,)) -> Person.Exported:
    return Person.Exported(**fields(3), format="json", slot_ids=slot_ids)


def restricted(record_ids: tuple[UUID, ...] = ()) -> Person.Restricted:
    return Person.Restricted(**fields(3, OFFICER_SAYS), erasure_id=ERASURE, record_ids=record_ids)


def restriction_lifted(by: By = OFFICER_SAYS) -> Person.RestrictionLifted:
    return Person.RestrictionLifted(**fields(4, by), erasure_id=ERASURE)


def erased(
    slot_ids: tuple[UUID, ...] = (CONTACT_SLOT,), record_ids: tuple[UUID, ...] = (SUBJECT,)
) -> Person.Erased:
    return Person.Erased(
        **fields(3, OFFICER_SAYS),
        erasure_id=ERASURE,
        slot_ids=slot_ids,
        record_ids=record_ids,
        approved_by=OFFICER,
        backups_expire_on=BACKUPS_EXPIRE_ON,
    )


def lookup_made(found_ids: tuple[UUID, ...] = (SUBJECT,)) -> Lookup.Made:
    return Lookup.Made(
        **fields(1, HANDLER) | {"originator_id": UUID(int=730)},
        originator_topic=Lookup.TOPIC,
        field=Field.PHONE,
        purpose="identity_check",
        found_ids=found_ids,
    )


EXAMPLES: tuple[Event, ...] = (
    registered(),
    sealed(),
    revealed(),
    exported(),
    restricted(),
    restriction_lifted(),
    erased(),
    lookup_made(),
)
