"""Activities and services: who was where, for how long, and who vouches for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from ledger.commands.points import service_id_of
from ledger.core.clock import local_day
from ledger.core.errors import NotFound
from ledger.core.values import Day, Moment
from ledger.points import Activity
from ledger.storage.connect import Database
from projections.engine import AsOf, Entry, Page, Paging, Row, Rows, Select, Ties, View

view = View("services", version=2)
activities = view.table("activities_v2", key=("activity_id",), history="activity_states_v2")
services = view.table(
    "services_v2",
    key=("activity_id", "volunteer_id"),
    history="service_states_v2",
    stream="activity_id",
    ties=Ties(record="activity_id", person="volunteer_id"),
)

OfService: TypeAlias = (
    Activity.CheckedIn
    | Activity.CheckedOut
    | Activity.ServiceVerified
    | Activity.ServiceRejected
    | Activity.VerificationWithdrawn
)


@dataclass(frozen=True, kw_only=True)
class ActivitiesQuery(AsOf, Paging):
    """Which activities; the latest comes first. ``state`` is open, closed or cancelled."""

    place_id: UUID | None = None
    organiser_id: UUID | None = None
    kind: str | None = None
    state: str | None = None
    starts_from: Moment | None = None
    starts_to: Moment | None = None


@dataclass(frozen=True, kw_only=True)
class ActivityQuery(AsOf):
    """One activity."""

    activity_id: UUID


@dataclass(frozen=True, kw_only=True)
class ServicesQuery(AsOf, Paging):
    """Which services; the latest comes first. ``state`` is present, left, verified or rejected."""

    activity_id: UUID | None = None
    volunteer_id: UUID | None = None
    place_id: UUID | None = None
    organiser_id: UUID | None = None
    decided_by: UUID | None = None
    kind: str | None = None
    state: str | None = None
    served_from: Day | None = None
    served_to: Day | None = None


# What each event changes --------------------------------------------------------------


@view.on(Activity.Opened)
async def opened(rows: Rows, event: Activity.Opened, entry: Entry) -> None:
    """Begin an activity."""
    rows.put(
        activities,
        {
            "activity_id": event.originator_id,
            "organiser_id": event.organiser_id,
            "place_id": event.place_id,
            "kind": event.kind,
            "title": event.title,
            "starts_at": event.starts_at,
            "ends_at": event.ends_at,
            "capacity": event.capacity,
        },
    )


@view.on(Activity.CheckedIn)
async def checked_in(rows: Rows, event: Activity.CheckedIn, entry: Entry) -> None:
    """Begin a service."""
    activity = await rows.get(activities, event.originator_id)
    activity["present_count"] += 1
    rows.put(activities, activity)
    rows.put(
        services,
        {
            **{name: activity[name] for name in ("activity_id", "organiser_id", "place_id")},
            **{name: activity[name] for name in ("kind", "title")},
            "volunteer_id": event.volunteer_id,
            "service_id": service_id_of(event.originator_id, event.volunteer_id),
            "served_on": local_day(event.timestamp),
            "state": "present",
            "checked_in_at": event.timestamp,
            "checked_in_by": entry.by.actor_id,
            "breaches": list(entry.by.breaches),
        },
    )


@view.on(Activity.CheckedOut)
async def checked_out(rows: Rows, event: Activity.CheckedOut, entry: Entry) -> None:
    """End the attendance."""
    service = await _service(rows, event, entry)
    if service["state"] == "present":
        service["state"] = "left"
    service["checked_out_at"], service["checked_out_by"] = event.timestamp, entry.by.actor_id
    rows.put(services, service)


@view.on(Activity.ServiceVerified)
async def service_verified(rows: Rows, event: Activity.ServiceVerified, entry: Entry) -> None:
    """Note how many minutes somebody vouches for."""
    service = await _service(rows, event, entry)
    _decide(service, entry, "verified", event.minutes)
    rows.put(services, service)
    await _count(rows, event, verified_count=1, verified_minutes=event.minutes)


@view.on(Activity.ServiceRejected)
async def service_rejected(rows: Rows, event: Activity.ServiceRejected, entry: Entry) -> None:
    """Note that the volunteer did not serve."""
    service = await _service(rows, event, entry)
    _decide(service, entry, "rejected", 0)
    rows.put(services, service)
    await _count(rows, event, rejected_count=1)


@view.on(Activity.VerificationWithdrawn)
async def verification_withdrawn(
    rows: Rows, event: Activity.VerificationWithdrawn, entry: Entry
) -> None:
    """Open the service to be judged again."""
    service = await _service(rows, event, entry)
    await _count(rows, event, verified_count=-1, verified_minutes=-service["minutes"])
    service["state"] = "present" if service["checked_out_at"] is None else "left"
    service["minutes"] = 0
    service["decided_by"] = service["decided_by_organisation"] = service["decided_at"] = None
    service["decided_as"] = ""
    rows.put(services, service)


@view.on(Activity.Cancelled)
async def cancelled(rows: Rows, event: Activity.Cancelled, entry: Entry) -> None:
    """Mark the activity as called off."""
    activity = await rows.get(activities, event.originator_id)
    rows.put(activities, activity | {"state": "cancelled"})


@view.on(Activity.Closed)
async def closed(rows: Rows, event: Activity.Closed, entry: Entry) -> None:
    """Mark the attendance list as final."""
    activity = await rows.get(activities, event.originator_id)
    rows.put(activities, activity | {"state": "closed"})


def _key(event: OfService) -> tuple[UUID, UUID]:
    return (event.originator_id, event.volunteer_id)


view.read_ahead(services, Activity.CheckedOut, _key)
view.read_ahead(services, Activity.ServiceVerified, _key)
view.read_ahead(services, Activity.ServiceRejected, _key)
view.read_ahead(services, Activity.VerificationWithdrawn, _key)


async def _service(rows: Rows, event: OfService, entry: Entry) -> Row:
    service = await rows.get(services, *_key(event))
    service["reason"] = entry.by.reason
    new = (code for code in entry.by.breaches if code not in service["breaches"])
    service["breaches"] = [*service["breaches"], *new]
    return service


def _decide(service: Row, entry: Entry, state: str, minutes: int) -> None:
    by = entry.by
    service["state"], service["minutes"] = state, minutes
    service["decided_by"], service["decided_at"] = by.actor_id, by.at
    service["decided_as"], service["decided_by_organisation"] = by.role, by.organisation_id


async def _count(rows: Rows, event: OfService, **changes: int) -> None:
    activity = await rows.get(activities, event.originator_id)
    for name, change in changes.items():
        activity[name] += change
    rows.put(activities, activity)


# What can be asked --------------------------------------------------------------------


async def volunteer_activities(db: Database, ledger_id: str, query: ActivitiesQuery) -> Page:
    """List the activities, the latest first, with how many came and were confirmed."""
    select = (
        Select(activities, ledger_id, query)
        .within(place_id=query.place_id, organiser_id=query.organiser_id, kind=query.kind)
        .equal(state=query.state)
        .at_least(starts_at=query.starts_from)
        .at_most(starts_at=query.starts_to)
    )
    return await select.page(db, query, order=("-starts_at", "-activity_id"))


async def volunteer_activity(db: Database, ledger_id: str, query: ActivityQuery) -> Row:
    """Show one activity (refuses with ``NotFound``)."""
    select = Select(activities, ledger_id, query).within(activity_id=query.activity_id)
    row = await select.one(db)
    if row is None:
        raise NotFound(kind=Activity.TOPIC, id=str(query.activity_id))
    return row


async def volunteer_services(db: Database, ledger_id: str, query: ServicesQuery) -> Page:
    """List the services, the latest first: who came and left when, and who vouches for it."""
    return await _services(ledger_id, query).page(
        db, query, order=("-served_on", "-activity_id", "-volunteer_id")
    )


async def verified_time(db: Database, ledger_id: str, query: ServicesQuery) -> Row:
    """Return how many services are verified, as ``count``, and their ``minutes`` together."""
    (row,) = await _services(ledger_id, query).equal(state="verified").sums(db, ("minutes",))
    return row


def _services(ledger_id: str, query: ServicesQuery) -> Select:
    return (
        Select(services, ledger_id, query)
        .within(
            activity_id=query.activity_id,
            volunteer_id=query.volunteer_id,
            place_id=query.place_id,
            organiser_id=query.organiser_id,
            kind=query.kind,
        )
        .equal(decided_by=query.decided_by, state=query.state)
        .at_least(served_on=query.served_from)
        .at_most(served_on=query.served_to)
    )
