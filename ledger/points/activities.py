"""Activities: who came, for how long, and who says so.

A service goes one way: checked in → checked out → verified or rejected. Only
somebody else can verify it, for at most the minutes the volunteer was there.
A volunteer has one service at an activity; an activity of several days is
opened once a day.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import AmountNotPositive
from ledger.core.guards import persons
from ledger.points.errors import (
    ActivityEnded,
    ActivityFull,
    ActivityHasVerifiedServices,
    ActivityKindUnknown,
    ActivityNotOver,
    CheckedInTwice,
    CheckedOutTwice,
    CheckInOutsideHours,
    CheckOutBeforeCheckIn,
    CircularVerification,
    EndsBeforeItStarts,
    MinutesExceedAttendance,
    NotCheckedIn,
    ServiceAlreadyDecided,
    ServiceNotFinished,
    ServiceNotVerified,
    VerifiesOwnService,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityPlan:
    """What an activity is to be: ``capacity`` counts volunteers."""

    kind: str
    title: str
    starts_at: datetime
    ends_at: datetime
    capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One volunteer's time at one activity; ``minutes`` is zero until somebody verifies it."""

    checked_in_at: datetime
    checked_out_at: datetime | None = None
    minutes: int = 0
    verified_by: frozenset[UUID] = frozenset()
    is_rejected: bool = False


class Activity(core.Aggregate):
    """One occasion at one place at which volunteers serve."""

    TOPIC = "activity"

    # Events: what can happen to an activity -------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of an activity."""

    @dataclass(frozen=True, kw_only=True)
    class Opened(Event, core.Created):
        """An organiser invited volunteers to serve at a place during some hours."""

        TOPIC = "activity.opened.v1"

        organiser_id: UUID
        place_id: UUID
        kind: str
        title: str
        starts_at: datetime
        ends_at: datetime
        capacity: int

    @dataclass(frozen=True, kw_only=True)
    class CheckedIn(Event):
        """A volunteer arrived."""

        TOPIC = "activity.checked_in.v1"

        volunteer_id: UUID

        def apply(self, activity: Activity) -> None:
            activity.services[self.volunteer_id] = Service(checked_in_at=self.timestamp)

    @dataclass(frozen=True, kw_only=True)
    class CheckedOut(Event):
        """A volunteer left."""

        TOPIC = "activity.checked_out.v1"

        volunteer_id: UUID

        def apply(self, activity: Activity) -> None:
            activity._change(self.volunteer_id, checked_out_at=self.timestamp)

    @dataclass(frozen=True, kw_only=True)
    class ServiceVerified(Event):
        """Somebody else confirmed that the volunteer served this many minutes."""

        TOPIC = "activity.service_verified.v1"

        volunteer_id: UUID
        minutes: int

        def apply(self, activity: Activity) -> None:
            activity._change(self.volunteer_id, minutes=self.minutes, verified_by=persons(self.by))

    @dataclass(frozen=True, kw_only=True)
    class ServiceRejected(Event):
        """The volunteer was found not to have served; the reason says why."""

        TOPIC = "activity.service_rejected.v1"

        volunteer_id: UUID

        def apply(self, activity: Activity) -> None:
            activity._change(self.volunteer_id, is_rejected=True)

    @dataclass(frozen=True, kw_only=True)
    class VerificationWithdrawn(Event):
        """A verification turned out to be wrong; the service can be judged again."""

        TOPIC = "activity.verification_withdrawn.v1"

        volunteer_id: UUID

        def apply(self, activity: Activity) -> None:
            activity._change(self.volunteer_id, minutes=0, verified_by=frozenset())

    @dataclass(frozen=True, kw_only=True)
    class Cancelled(Event):
        """The activity does not take place; the reason says why."""

        TOPIC = "activity.cancelled.v1"

        def apply(self, activity: Activity) -> None:
            activity.is_cancelled = True

    @dataclass(frozen=True, kw_only=True)
    class Closed(Event):
        """The attendance list is final; services on it can still be verified."""

        TOPIC = "activity.closed.v1"

        def apply(self, activity: Activity) -> None:
            activity.is_closed = True

    # State: what we remember of it, starting from ``Opened`` ---------------------------

    def __init__(  # noqa: PLR0913 - the fields of the first event
        self,
        *,
        organiser_id: UUID,
        place_id: UUID,
        kind: str,
        title: str,
        starts_at: datetime,
        ends_at: datetime,
        capacity: int,
    ) -> None:
        self.organiser_id = organiser_id
        self.place_id = place_id
        self.plan = ActivityPlan(
            kind=kind, title=title, starts_at=starts_at, ends_at=ends_at, capacity=capacity
        )
        self.services: dict[UUID, Service] = {}
        self.is_cancelled = False
        self.is_closed = False

    def attended_minutes(self, volunteer_id: UUID) -> int:
        """Return the full minutes a volunteer was there between start and end."""
        service = self._service(volunteer_id)
        if service.checked_out_at is None:
            return 0
        arrived_at = max(service.checked_in_at, self.plan.starts_at)
        left_at = min(service.checked_out_at, self.plan.ends_at)
        return max(0, int((left_at - arrived_at) / timedelta(minutes=1)))

    def verified_service(self, volunteer_id: UUID) -> tuple[date, int]:
        """Return the day and the verified minutes of a service (or ``ServiceNotVerified``)."""
        service = self.services.get(volunteer_id)
        if service is None or not service.verified_by:
            raise ServiceNotVerified()
        return local_day(service.checked_in_at), service.minutes

    def _service(self, volunteer_id: UUID) -> Service:
        service = self.services.get(volunteer_id)
        if service is None:
            raise NotCheckedIn()
        return service

    def _change(self, volunteer_id: UUID, **changes: object) -> None:
        self.services[volunteer_id] = replace(self.services[volunteer_id], **changes)  # type: ignore[arg-type]

    # Commands: what you may ask for ----------------------------------------------------

    @classmethod
    def open(
        cls,
        by: By,
        plan: ActivityPlan,
        *,
        organiser_id: UUID,
        place_id: UUID,
        kinds: tuple[str, ...],
    ) -> Activity:
        """Invite volunteers; ``kinds`` are those that the policy book knows."""
        if plan.capacity <= 0:
            raise AmountNotPositive(capacity=plan.capacity)
        if plan.ends_at <= plan.starts_at:
            by = by.refuse(EndsBeforeItStarts())
        if plan.kind not in kinds:
            by = by.refuse(ActivityKindUnknown(kind=plan.kind))
        return cls._begin(
            cls.Opened, by, organiser_id=organiser_id, place_id=place_id, **asdict(plan)
        )

    @property
    def facts_from(self) -> datetime:
        """Attendance is noted from the day of the activity on, also when it is told afterwards."""
        return min(self.created_on, self.plan.starts_at - timedelta(days=1))

    def check_in(self, by: By, *, volunteer_id: UUID, early_minutes: int) -> None:
        """Note that a volunteer is there, at most ``early_minutes`` before the start."""
        by = self._still_open(by)
        if volunteer_id in self.services:
            raise CheckedInTwice()
        if len(self.services) >= self.plan.capacity:
            by = by.refuse(ActivityFull(capacity=self.plan.capacity))
        opens_at = self.plan.starts_at - timedelta(minutes=early_minutes)
        if not opens_at <= by.at <= self.plan.ends_at:
            by = by.refuse(CheckInOutsideHours(early_minutes=early_minutes))
        self._record(self.CheckedIn, by, volunteer_id=volunteer_id)

    def check_out(self, by: By, *, volunteer_id: UUID) -> None:
        """Note that a volunteer left."""
        by = self._still_open(by)
        service = self._service(volunteer_id)
        if service.checked_out_at is not None:
            raise CheckedOutTwice()
        if by.at < service.checked_in_at:
            by = by.refuse(CheckOutBeforeCheckIn())
        self._record(self.CheckedOut, by, volunteer_id=volunteer_id)

    def verify(self, by: By, *, volunteer_id: UUID, minutes: int) -> None:
        """Confirm ``minutes`` of service of somebody else."""
        if minutes <= 0:
            raise AmountNotPositive(minutes=minutes)
        by = self._undecided(by, volunteer_id)
        if volunteer_id in persons(by):
            by = by.refuse(VerifiesOwnService())
        own = (self.services[one] for one in persons(by) if one in self.services)
        if any(volunteer_id in service.verified_by for service in own):
            by = by.refuse(CircularVerification())
        attended_minutes = self.attended_minutes(volunteer_id)
        if minutes > attended_minutes:
            by = by.refuse(
                MinutesExceedAttendance(asked_minutes=minutes, attended_minutes=attended_minutes)
            )
        self._record(self.ServiceVerified, by, volunteer_id=volunteer_id, minutes=minutes)

    def reject(self, by: By, *, volunteer_id: UUID) -> None:
        """Find that a volunteer did not serve; needs a reason."""
        by = self._undecided(by, volunteer_id).with_reason()
        self._record(self.ServiceRejected, by, volunteer_id=volunteer_id)

    def withdraw_verification(self, by: By, *, volunteer_id: UUID) -> None:
        """Take a wrong verification back; needs a reason. Points are reversed apart from this."""
        self.verified_service(volunteer_id)
        self._record(self.VerificationWithdrawn, by.with_reason(), volunteer_id=volunteer_id)

    def cancel(self, by: By) -> None:
        """Call the activity off; needs a reason."""
        by = self._still_open(by).with_reason()
        if any(service.verified_by for service in self.services.values()):
            by = by.refuse(ActivityHasVerifiedServices())
        self._record(self.Cancelled, by)

    def close(self, by: By) -> None:
        """Make the attendance list final, once the activity is over."""
        by = self._still_open(by)
        if by.at < self.plan.ends_at:
            by = by.refuse(ActivityNotOver())
        self._record(self.Closed, by)

    def _still_open(self, by: By) -> By:
        return by.refuse(ActivityEnded()) if self.is_cancelled or self.is_closed else by

    def _undecided(self, by: By, volunteer_id: UUID) -> By:
        service = self._service(volunteer_id)
        if service.verified_by or service.is_rejected:
            raise ServiceAlreadyDecided()
        if self.is_cancelled:
            by = by.refuse(ActivityEnded())
        return by.refuse(ServiceNotFinished()) if service.checked_out_at is None else by
