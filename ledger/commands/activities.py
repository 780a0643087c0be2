"""Open volunteer activities, note who came and left, and judge what they did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from annotated_types import Gt, Le

from ledger.commands.interests import without_interest
from ledger.commands.plain_texts import without_personal_data
from ledger.commands.policies import policies_of
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.times import NOT_YET, NoUndo, decision, fact
from ledger.core.values import Code, Moment, Name
from ledger.points import Activity, ActivityPlan
from ledger.storage.ledger import Ledger, Recorded

Capacity = Annotated[int, Gt(0), Le(10_000)]
"""A number of volunteers."""
Minutes = Annotated[int, Gt(0), Le(24 * 60)]
"""A length of service within one day, in minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenActivity:
    """Invite volunteers to serve at a place (a community or an estate) during some hours."""

    organiser_id: UUID
    place_id: UUID
    kind: Code
    title: Name
    starts_at: Moment
    ends_at: Moment
    capacity: Capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInVolunteer:
    """Note that a volunteer arrived."""

    activity_id: UUID
    volunteer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutVolunteer:
    """Note that a volunteer left."""

    activity_id: UUID
    volunteer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyService:
    """Confirm how many minutes another person served."""

    activity_id: UUID
    volunteer_id: UUID
    minutes: Minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectService:
    """Find that a volunteer did not serve; needs a reason."""

    activity_id: UUID
    volunteer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawVerification:
    """Take a wrong verification back, so that the service can be judged again; needs a reason."""

    activity_id: UUID
    volunteer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelActivity:
    """Call an activity off; needs a reason."""

    activity_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseActivity:
    """Make the attendance list of an activity final, once it is over."""

    activity_id: UUID


@decision(undo="cancel_activity")
async def open_activity(command: OpenActivity, ledger: Ledger, by: By) -> Recorded:
    """Open the activity under the kinds of the day on which it starts."""
    book = await policies_of(ledger)
    by = without_personal_data(by, title=command.title)
    activity = Activity.open(
        by.under(book.version),
        ActivityPlan(
            kind=command.kind,
            title=command.title,
            starts_at=command.starts_at,
            ends_at=command.ends_at,
            capacity=command.capacity,
        ),
        organiser_id=command.organiser_id,
        place_id=command.place_id,
        kinds=book.items("points.activity_kinds", on=local_day(command.starts_at)),
    )
    return await ledger.save(activity)


@fact(after="the activity's beginning", undo=NOT_YET)
async def check_in_volunteer(command: CheckInVolunteer, ledger: Ledger, by: By) -> Recorded:
    """Check the volunteer in."""
    book = await policies_of(ledger)
    activity = await ledger.load(Activity, command.activity_id)
    activity.check_in(
        by.under(book.version),
        volunteer_id=command.volunteer_id,
        early_minutes=book.number("points.check_in_early_minutes", on=local_day(by.at)),
    )
    return await ledger.save(activity)


@fact(after="the check-in", undo=NOT_YET)
async def check_out_volunteer(command: CheckOutVolunteer, ledger: Ledger, by: By) -> Recorded:
    """Check the volunteer out."""
    activity = await ledger.load(Activity, command.activity_id)
    activity.check_out(by, volunteer_id=command.volunteer_id)
    return await ledger.save(activity)


@decision(undo="withdraw_verification")
async def verify_service(command: VerifyService, ledger: Ledger, by: By) -> Recorded:
    """Verify the minutes that the volunteer served."""
    activity = await ledger.load(Activity, command.activity_id)
    by = await without_interest(ledger, by, activity.place_id, command.volunteer_id)
    activity.verify(by, volunteer_id=command.volunteer_id, minutes=command.minutes)
    return await ledger.save(activity)


@decision(undo=NOT_YET)
async def reject_service(command: RejectService, ledger: Ledger, by: By) -> Recorded:
    """Reject the service."""
    activity = await ledger.load(Activity, command.activity_id)
    by = await without_interest(ledger, by, activity.place_id, command.volunteer_id)
    activity.reject(by, volunteer_id=command.volunteer_id)
    return await ledger.save(activity)


@decision(undo=NoUndo("it is itself a taking back; the service is verified anew"))
async def withdraw_verification(command: WithdrawVerification, ledger: Ledger, by: By) -> Recorded:
    """Withdraw the verification; points that it led to are reversed by a command of their own."""
    activity = await ledger.load(Activity, command.activity_id)
    by = await without_interest(ledger, by, activity.place_id, command.volunteer_id)
    activity.withdraw_verification(by, volunteer_id=command.volunteer_id)
    return await ledger.save(activity)


@decision(undo=NOT_YET)
async def cancel_activity(command: CancelActivity, ledger: Ledger, by: By) -> Recorded:
    """Cancel the activity."""
    activity = await ledger.load(Activity, command.activity_id)
    activity.cancel(by)
    return await ledger.save(activity)


@decision(undo=NOT_YET)
async def close_activity(command: CloseActivity, ledger: Ledger, by: By) -> Recorded:
    """Close the attendance list."""
    activity = await ledger.load(Activity, command.activity_id)
    activity.close(by)
    return await ledger.save(activity)
