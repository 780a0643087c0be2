"""The words that petition events use: stages, levels, clocks, causes, sides, outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class Stage(StrEnum):
    """Where a petition stands on its way."""

    FILED = "filed"
    DISPATCHED = "dispatched"
    DISPUTED = "disputed"
    ACCEPTED = "accepted"
    ANSWERED = "answered"
    VISITED = "visited"
    CLOSED = "closed"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"


OPEN_STAGES = frozenset(Stage) - {Stage.CLOSED, Stage.MERGED, Stage.WITHDRAWN}
"""The stages in which somebody still has to do something."""


class Level(StrEnum):
    """Who watches over a petition: it starts in the community and rises one level at a time."""

    COMMUNITY = "community"
    STREET = "street"
    COUNTY = "county"


LEVELS = tuple(Level)
"""All levels, from the lowest to the highest."""


class ClockName(StrEnum):
    """What has to be done before a deadline.

    ``routing``: send the petition to a unit. ``acceptance``: the unit takes it or
    disputes it. ``handling``: answer the petitioner; ``extension``: the same, after an
    approved extension. ``whistle``: a called department reports in. ``visit_back``: ask
    the petitioner. ``supervision``: meet the county's order.
    """

    ROUTING = "routing"
    ACCEPTANCE = "acceptance"
    HANDLING = "handling"
    EXTENSION = "extension"
    WHISTLE = "whistle"
    VISIT_BACK = "visit_back"
    SUPERVISION = "supervision"


class Cause(StrEnum):
    """Why a petition was taken up to the next level."""

    OVERDUE = "overdue"
    UNRESOLVED = "unresolved"
    UNSATISFIED = "unsatisfied"
    NEEDS_SEVERAL_DEPARTMENTS = "needs_several_departments"
    REPEATED = "repeated"
    MAJOR = "major"


class Side(StrEnum):
    """Who sits at the monthly meeting on an estate: four sides must, others may be invited."""

    COMMUNITY_PARTY_ORGANISATION = "community_party_organisation"
    RESIDENTS_COMMITTEE = "residents_committee"
    OWNERS_COMMITTEE = "owners_committee"
    PROPERTY_COMPANY = "property_company"
    SOCIAL_ORGANISATION = "social_organisation"
    RESIDENT_UNIT = "resident_unit"
    STREET = "street"
    DEPARTMENT = "department"


class MeetingOutcome(StrEnum):
    """What a meeting came to on this petition."""

    SETTLED = "settled"
    CLAIMED = "claimed"
    CARRIED_ON = "carried_on"


class Outcome(StrEnum):
    """What an answer tells the petitioner."""

    RESOLVED = "resolved"
    PARTLY_RESOLVED = "partly_resolved"
    EXPLAINED = "explained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """By the end of which day a holder must do something.

    ``days`` after ``starts_on`` give ``due_on``; they are working days when
    ``in_working_days``, else days of the calendar. ``is_provisional`` while the
    working days of a year that it touches are not announced yet.
    """

    clock: ClockName
    holder_id: UUID
    starts_on: date
    days: int
    in_working_days: bool
    due_on: date
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """What the petitioner said when asked; both ``None`` when nobody could be reached."""

    is_resolved: bool | None
    is_satisfied: bool | None
