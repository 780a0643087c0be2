"""Whom a record concerns: at which place it is, which organisations take part, which persons.

This is the one table from which permissions to read and to act, the audit trail,
proofs and streams of events all learn it. Places, parties and persons are named by
fields of events, so that they follow from the log alone:

    "finding.raised.v1": Belongs(place=("estate_id",), parties=("company_id",), …)

Where a place stands in the tree is not said here: it moves, the record does not. An
event that is not listed says nothing about whom its record concerns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

Fields: TypeAlias = Mapping[str, Any]
NOBODY: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongs:
    """Which fields of an event say whom its record concerns.

    ``place``: the first of these that is filled is where it is; ``places``: each is.
    ``through`` names another record whose place it shares. ``is_itself``: the record is an
    organisation, and its own place. ``is_open``: rules and calendars, which concern everybody.
    """

    place: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    through: str = ""
    is_itself: bool = False
    is_open: bool = False


BELONGS: Mapping[str, Belongs] = {
    "access_token.issued.v1": Belongs(persons=("holder_id",)),
    "activity.opened.v1": Belongs(place=("place_id",), parties=("organiser_id",)),
    "confirmed_reference.opened.v1": Belongs(place=("organisation_id",)),
    "delegation.granted.v1": Belongs(
        place=("organisation_id",),
        parties=("organisation_id",),
        persons=("holder_id", "person_id"),
    ),
    "deposit.assessed.v1": Belongs(place=("estate_id",), parties=("company_id",)),
    "denial.counted.v1": Belongs(),
    "erasure.requested.v1": Belongs(through="subject_id", persons=("subject_id",)),
    "expense.applied.v1": Belongs(place=("estate_id",)),
    "finding.raised.v1": Belongs(
        place=("estate_id",), parties=("company_id",), persons=("supervisor_id",)
    ),
    "interests.opened.v1": Belongs(persons=("person_id",)),
    "lease.signed.v1": Belongs(through="account_id"),
    "log_history.begun.v1": Belongs(is_open=True),
    "machine_side.acted.v1": Belongs(is_open=True),
    "money_claim.claimed.v1": Belongs(places=("place_id",)),
    "money_claim.claimed_again.v1": Belongs(places=("place_id",)),
    "organisation.established.v1": Belongs(is_itself=True),
    "person.registered.v1": Belongs(place=("place_id",), persons=("person_id",)),
    "person_lookup.made.v1": Belongs(persons=("found_ids",)),
    "petition.dispatch_returned.v1": Belongs(parties=("to_unit_id",)),
    "petition.dispatched.v1": Belongs(parties=("unit_id",)),
    "petition.escalated.v1": Belongs(parties=("unit_id",)),
    "petition.filed.v1": Belongs(
        place=("estate_id", "community_id"),
        parties=("received_by_id",),
        persons=("petitioner_id",),
    ),
    "petition.handler_assigned.v1": Belongs(parties=("co_unit_ids",)),
    "petition.joint_meeting_held.v1": Belongs(parties=("convener_id", "unit_ids")),
    "petition.obligor_spend_reported.v1": Belongs(parties=("payer_id",)),
    "petition.petitioner_joined.v1": Belongs(persons=("petitioner_id",)),
    "petition.petitioner_left.v1": Belongs(persons=("petitioner_id",)),
    "petition.reopened.v1": Belongs(parties=("to_unit_id",)),
    "petition.responsibility_claimed.v1": Belongs(parties=("company_id",)),
    "petition.supervision_order_issued.v1": Belongs(parties=("unit_id",)),
    "petition.whistle_blown.v1": Belongs(parties=("department_ids",)),
    "points_account.opened.v1": Belongs(place=("community_id",), persons=("volunteer_id",)),
    "policy_book.opened.v1": Belongs(is_open=True),
    "proposal.made.v1": Belongs(places=("place_ids",), parties=("party_ids",)),
    "public_account.opened.v1": Belongs(place=("estate_id",)),
    "reading.begun.v1": Belongs(),
    "sealing_history.begun.v1": Belongs(is_open=True),
    "shop_item.listed.v1": Belongs(place=("shop_id",)),
    "sign_in.blocked.v1": Belongs(persons=("user_id",)),
    "sign_in.failed.v1": Belongs(persons=("user_id",)),
    "sign_in.succeeded.v1": Belongs(persons=("user_id",)),
    "supervisor.appointed.v1": Belongs(places=("estate_ids",), persons=("person_id",)),
    "supervisor.assigned_to_estate.v1": Belongs(places=("estate_id",)),
    "unit_conduct.opened.v1": Belongs(place=("unit_id",), parties=("unit_id",)),
    "unit_conduct.transferred_to_efficiency_office.v1": Belongs(parties=("office_id",)),
    "user.opened.v1": Belongs(),
    "user.opened_for_person.v1": Belongs(),
    "work_calendar.opened.v1": Belongs(is_open=True),
}
"""Every event that says whom its record concerns; the first event of every record does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Whom a record concerns, as far as the log says."""

    places: frozenset[UUID] = NOBODY
    parties: frozenset[UUID] = NOBODY
    persons: frozenset[UUID] = NOBODY
    is_open: bool = False

    def __or__(self, other: Concern) -> Concern:
        """Return whom either of the two concerns."""
        return Concern(
            places=self.places | other.places,
            parties=self.parties | other.parties,
            persons=self.persons | other.persons,
            is_open=self.is_open or other.is_open,
        )


NOTHING = Concern()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose records somebody reaches: all, or those at places, of organisations, of persons.

    ``hides_access``: not who came in, and who looked at what; that is for those who watch over it.
    """

    is_whole: bool = False
    hides_access: bool = False
    places: frozenset[UUID] = NOBODY
    parties: frozenset[UUID] = NOBODY
    persons: frozenset[UUID] = NOBODY

    def covers(self, concern: Concern) -> bool:
        """Tell whether a record of this concern is within reach."""
        return (
            self.is_whole
            or concern.is_open
            or not self.places.isdisjoint(concern.places)
            or not self.parties.isdisjoint(concern.parties)
            or not self.persons.isdisjoint(concern.persons)
        )


KINDS_OF_ACCESS = frozenset(
    {"access_token", "denial", "person_lookup", "reading", "sign_in", "user"}
)
TOPICS_OF_ACCESS = frozenset({"person.exported.v1", "person.revealed.v1"})


def tells_of_access(topic: str) -> bool:
    """Tell whether an event is about who came in, or who looked at what."""
    return topic.partition(".")[0] in KINDS_OF_ACCESS or topic in TOPICS_OF_ACCESS


EVERYTHING = Scope(is_whole=True)
NOTHING_AT_ALL = Scope()


def concern_in(topic: str, stream_id: str, fields: Fields) -> tuple[Concern, UUID | None]:
    """Return whom one event says its record concerns, and through which record it is placed."""
    belongs = BELONGS.get(topic)
    if belongs is None:
        return NOTHING, None
    placed = next((one for name in belongs.place if (one := _ids(fields.get(name)))), NOBODY)
    if belongs.is_itself:
        placed = _ids(stream_id)
    concern = Concern(
        places=placed | _all(belongs.places, fields),
        parties=_all(belongs.parties, fields),
        persons=_all(belongs.persons, fields),
        is_open=belongs.is_open,
    )
    return concern, next(iter(_ids(fields.get(belongs.through))), None)


def _all(names: Iterable[str], fields: Fields) -> frozenset[UUID]:
    return NOBODY.union(*(_ids(fields.get(name)) for name in names))


def _ids(value: object) -> frozenset[UUID]:
    """Return the ids that a field holds: one, several or none."""
    if isinstance(value, str):
        return frozenset({UUID(value)})
    return frozenset(map(UUID, value)) if isinstance(value, list) else NOBODY
