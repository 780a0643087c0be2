"""Conflicts of interest: a reviewer's brother owns shares in a property company."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ledger.core.aggregate import By, Event
from ledger.interests import InterestKind, Interests, interests_id_of
from tests.examples import by

PERSON = by(1)
INSPECTOR = by(2, role="discipline", reason="股权已转让，经核实")
COMPANY, ESTATE = UUID(int=711), UUID(int=712)
INTERESTS = interests_id_of(PERSON.actor_id)


def _fields(version: int, who: By) -> dict[str, Any]:
    return {
        "originator_id": INTERESTS,
        "originator_version": version,
        "timestamp": who.at,
        "by": who,
    }


def opened() -> Interests.Opened:
    return Interests.Opened(
        **_fields(1, PERSON), originator_topic=Interests.TOPIC, person_id=PERSON.actor_id
    )


def declared(about_id: UUID = COMPANY) -> Interests.Declared:
    return Interests.Declared(**_fields(2, PERSON), about_id=about_id, kind=InterestKind.FAMILY)


def ended(about_id: UUID = COMPANY) -> Interests.Ended:
    return Interests.Ended(**_fields(3, INSPECTOR), about_id=about_id)


EXAMPLES: tuple[Event, ...] = (opened(), declared(), ended())
