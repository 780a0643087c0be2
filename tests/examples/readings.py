"""An auditor reads the audit trail for an hour."""

from __future__ import annotations

from datetime import timedelta

from ledger.core.aggregate import Event
from ledger.readings import Reading, reading_id
from tests.examples import AT
from tests.examples import by as person

AUDITOR = person(41, role="auditor")


def begun() -> Reading.Begun:
    return Reading.Begun(
        originator_id=reading_id(AUDITOR.actor_id, "audit_trail", AT),
        originator_version=1,
        originator_topic=Reading.TOPIC,
        timestamp=AUDITOR.at,
        by=AUDITOR,
        operation="audit_trail",
        begins_at=AT,
        ends_at=AT + timedelta(hours=1),
    )


EXAMPLES: tuple[Event, ...] = (begun(),)
