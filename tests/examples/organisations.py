"""Good events of an organisation: a community below a street of a county."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from ledger.core.aggregate import By, Event
from ledger.organisations import Kind, Organisation, organisation_id
from tests.examples import AT, by

SINCE = date(2020, 1, 1)
COMMUNITY_ID = organisation_id("371329001001")
STREET_ID = organisation_id("371329001")
OTHER_STREET_ID = organisation_id("371329002")
PERSON_ID = UUID(int=501)
OTHER_PERSON_ID = UUID(int=502)


def established(
    code: str = "371329001001",
    *,
    kind: Kind = Kind.COMMUNITY,
    parent_id: UUID | None = STREET_ID,
    who: By | None = None,
) -> Organisation.Established:
    """The community exists since 2020."""
    return Organisation.Established(
        originator_id=organisation_id(code),
        originator_topic=Organisation.TOPIC,
        originator_version=1,
        timestamp=AT,
        by=who or by(),
        code=code,
        kind=kind,
        name_zh="曹村社区",
        name_en="Caocun Community",
        parent_id=parent_id,
        valid_from=SINCE,
    )


def renamed(
    version: int = 2, *, valid_from: date = date(2026, 4, 1), who: By | None = None
) -> Organisation.Renamed:
    """It has another name from April on."""
    return Organisation.Renamed(
        originator_id=COMMUNITY_ID,
        originator_version=version,
        timestamp=AT,
        by=who or by(),
        name_zh="新曹村社区",
        name_en="New Caocun Community",
        valid_from=valid_from,
    )


def reparented(
    version: int = 2,
    *,
    parent_id: UUID = OTHER_STREET_ID,
    valid_from: date = date(2026, 4, 1),
    who: By | None = None,
) -> Organisation.Reparented:
    """It moves to the other street in April."""
    return Organisation.Reparented(
        originator_id=COMMUNITY_ID,
        originator_version=version,
        timestamp=AT,
        by=who or by(),
        parent_id=parent_id,
        valid_from=valid_from,
    )


def post_filled(
    version: int = 2,
    *,
    person_id: UUID = PERSON_ID,
    post: str = "secretary",
    from_on: date = date(2022, 1, 1),
    until_on: date | None = date(2026, 12, 31),
    who: By | None = None,
) -> Organisation.PostFilled:
    """A person is secretary for a term of five years."""
    return Organisation.PostFilled(
        originator_id=COMMUNITY_ID,
        originator_version=version,
        timestamp=AT,
        by=who or by(),
        person_id=person_id,
        post=post,
        from_on=from_on,
        until_on=until_on,
        term="2022-2026",
    )


def post_vacated(
    version: int = 3, *, until_on: date = date(2026, 3, 31), who: By | None = None
) -> Organisation.PostVacated:
    """The secretary leaves early."""
    return Organisation.PostVacated(
        originator_id=COMMUNITY_ID,
        originator_version=version,
        timestamp=AT,
        by=who or by(reason="调任"),
        person_id=PERSON_ID,
        post="secretary",
        until_on=until_on,
    )


def dissolved(version: int = 2, *, until_on: date = date(2026, 6, 30)) -> Organisation.Dissolved:
    """The community is merged away in summer."""
    return Organisation.Dissolved(
        originator_id=COMMUNITY_ID,
        originator_version=version,
        timestamp=AT,
        by=by(reason="并入邻近社区"),
        until_on=until_on,
    )


EXAMPLES: tuple[Event, ...] = (
    established(),
    renamed(),
    reparented(),
    post_filled(),
    post_vacated(),
    dissolved(),
)
