"""What the logs of the projection cases tell: whole lives, made by the domain, saved at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from ledger.core.aggregate import Aggregate, By
from ledger.core.clock import local_day, utc_now
from ledger.petitions import ClockName, Deadline, Outcome, Petition
from ledger.points import Activity, ActivityPlan, PointsAccount, ServiceAward
from scripts.benchmarks.commands import KIND, by_clerk

VOLUNTEERS = 10
HOURS = 2
TERM_DAYS = 7


def life_of_an_activity() -> list[Aggregate]:
    """Return an activity that is over, and the accounts of those who served."""
    clerk = by_clerk()
    starts_at = utc_now() - timedelta(days=1)
    ends_at = starts_at + timedelta(hours=HOURS)
    plan = ActivityPlan(
        kind=KIND, title="志愿巡逻", starts_at=starts_at, ends_at=ends_at, capacity=VOLUNTEERS
    )
    activity = Activity.open(clerk, plan, organiser_id=uuid4(), place_id=uuid4(), kinds=(KIND,))
    accounts: list[Aggregate] = []
    for _ in range(VOLUNTEERS):
        volunteer_id = uuid4()
        activity.check_in(replace(clerk, at=starts_at), volunteer_id=volunteer_id, early_minutes=30)
        activity.check_out(replace(clerk, at=ends_at), volunteer_id=volunteer_id)
        activity.verify(clerk, volunteer_id=volunteer_id, minutes=HOURS * 60)
        accounts.append(_account(clerk, volunteer_id, activity))
    activity.close(clerk)
    return [activity, *accounts]


def _account(clerk: By, volunteer_id: UUID, activity: Activity) -> PointsAccount:
    account = PointsAccount.open(clerk, volunteer_id=volunteer_id, community_id=uuid4())
    served_on = local_day(activity.plan.starts_at)
    award = ServiceAward(
        service_id=uuid4(),
        activity_id=activity.id,
        served_on=served_on,
        minutes=HOURS * 60,
        rule=f"points.per_hour.{KIND}",
        points=20,
        expires_on=served_on + timedelta(days=730),
    )
    account.award(clerk, award, minutes_a_day_max=480)
    return account


def life_of_a_petition() -> list[Aggregate]:
    """Return a petition that was handled, visited and closed."""
    clerk, handler, visitor, unit_id = by_clerk(), by_clerk(), by_clerk(), uuid4()
    petition = Petition.file(
        clerk,
        channel="hotline",
        procedure="complaint",
        category="facilities",
        item="damp_garage",
        title="地下车库潮湿积水",
        summary="雨后地下车库积水，墙面发霉，多次反映未见维修。",
        place="三号楼地下一层",
        community_id=uuid4(),
        estate_id=uuid4(),
        petitioner_id=uuid4(),
        received_by_id=uuid4(),
        reference="",
        deadlines=_until(ClockName.ROUTING, unit_id),
    )
    petition.dispatch(clerk, unit_id=unit_id, deadlines=_until(ClockName.ACCEPTANCE, unit_id))
    petition.accept(handler, deadlines=_until(ClockName.HANDLING, unit_id))
    petition.assign_handler(handler, handler_id=handler.actor_id)
    petition.take_action(handler, summary="已抽排积水，检修排水泵，修补渗漏点。")
    petition.answer(
        handler,
        outcome=Outcome.RESOLVED,
        summary="积水已排除，排水泵已修复，将每周巡查。",
        deadlines=_until(ClockName.VISIT_BACK, unit_id),
    )
    petition.visit_back(visitor, is_resolved=True, is_satisfied=True)
    petition.close(clerk)
    return [petition]


def _until(clock: ClockName, holder_id: UUID) -> tuple[Deadline, ...]:
    day = local_day(utc_now())
    return (
        Deadline(
            clock=clock,
            holder_id=holder_id,
            starts_on=day,
            days=TERM_DAYS,
            in_working_days=False,
            due_on=day + timedelta(days=TERM_DAYS),
            is_provisional=False,
        ),
    )
