"""Wang asks that everything be erased: decided by the data protection officer, carried out."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from ledger.core.aggregate import By, Event
from ledger.core.clock import moment_missed
from ledger.erasures import Erasure
from tests.examples import by as person
from tests.examples.persons import BACKUPS_EXPIRE_ON, CONTACT_SLOT, ERASURE, SUBJECT

ASKER = person(1, role="community", reason="本人要求删除")
OFFICER = person(31, role="data_protection_officer", reason="处理目的已实现")
DUE_ON = date(2026, 3, 23)


def fields(version: int, by: By = OFFICER) -> dict[str, Any]:
    return {"originator_id": ERASURE, "originator_version": version, "timestamp": by.at, "by": by}


def requested(by: By = ASKER, record_ids: tuple[UUID, ...] = ()) -> Erasure.Requested:
    return Erasure.Requested(
        **fields(1, by),
        originator_topic=Erasure.TOPIC,
        subject_id=SUBJECT,
        record_ids=record_ids,
        ground="purpose_ended",
        due_on=DUE_ON,
        is_provisional=False,
    )


def approved(by: By = OFFICER) -> Erasure.Approved:
    return Erasure.Approved(
        **fields(2, by), slot_ids=(CONTACT_SLOT,), backups_expire_on=BACKUPS_EXPIRE_ON
    )


def restricted(by: By = OFFICER) -> Erasure.Restricted:
    return Erasure.Restricted(**fields(2, by), hold="audit")


def refused(by: By = OFFICER) -> Erasure.Refused:
    return Erasure.Refused(**fields(2, by))


def carried_out(by: By = OFFICER) -> Erasure.CarriedOut:
    return Erasure.CarriedOut(**fields(3, by), slots_count=1)


def withdrawn(by: By = ASKER) -> Erasure.Withdrawn:
    return Erasure.Withdrawn(**fields(2, by))


def answer_overdue(version: int = 2) -> Erasure.AnswerOverdue:
    by = person(8, role="reaction", at=moment_missed(DUE_ON))
    return Erasure.AnswerOverdue(**fields(version, by), due_on=DUE_ON)


EXAMPLES: tuple[Event, ...] = (
    requested(),
    approved(),
    restricted(),
    refused(),
    carried_out(),
    withdrawn(),
    answer_overdue(),
)
