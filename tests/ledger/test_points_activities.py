"""The rules of volunteer activities, without a database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from ledger.core.aggregate import By, Event
from ledger.core.errors import AmountNotPositive, ReasonMissing
from ledger.points import (
    Activity,
    ActivityEnded,
    ActivityFull,
    ActivityHasVerifiedServices,
    ActivityKindUnknown,
    ActivityNotOver,
    ActivityPlan,
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
from tests.examples import by
from tests.examples.points import (
    DAY,
    ENDS_AT,
    ESTATE,
    ORGANISER,
    OTHER_VOLUNTEER,
    STARTS_AT,
    VOLUNTEER,
    WITH_REASON,
    as_history,
    at,
    cancelled,
    checked_in,
    checked_out,
    closed,
    opened,
    service_rejected,
    service_verified,
    verification_withdrawn,
)
from tests.given import given, replay, state_of

PLAN = ActivityPlan(
    kind="cleaning", title="清扫楼道", starts_at=STARTS_AT, ends_at=ENDS_AT, capacity=20
)
Step = Callable[[Activity], None]


def open_activity(plan: ActivityPlan = PLAN, who: By | None = None) -> Activity:
    return Activity.open(
        who or by(), plan, organiser_id=ORGANISER, place_id=ESTATE, kinds=("cleaning", "patrol")
    )


def check_in(who: By | None = None, volunteer_id: UUID = VOLUNTEER) -> Step:
    return lambda activity: activity.check_in(
        who or at(STARTS_AT), volunteer_id=volunteer_id, early_minutes=30
    )


def check_out(who: By | None = None, volunteer_id: UUID = VOLUNTEER) -> Step:
    return lambda activity: activity.check_out(who or at(ENDS_AT), volunteer_id=volunteer_id)


def verify(minutes: int = 120, who: By | None = None, volunteer_id: UUID = VOLUNTEER) -> Step:
    return lambda activity: activity.verify(who or by(), volunteer_id=volunteer_id, minutes=minutes)


def reject(who: By = WITH_REASON) -> Step:
    return lambda activity: activity.reject(who, volunteer_id=VOLUNTEER)


def withdraw(who: By = WITH_REASON) -> Step:
    return lambda activity: activity.withdraw_verification(who, volunteer_id=VOLUNTEER)


def cancel(who: By = WITH_REASON) -> Step:
    return lambda activity: activity.cancel(who)


def close(moment: datetime = ENDS_AT) -> Step:
    return lambda activity: activity.close(at(moment))


SERVED = (opened(), checked_in(), checked_out())


def test_an_activity_is_opened() -> None:
    activity = open_activity()
    (event,) = activity.collect_events()
    assert event == replace(opened(), originator_id=activity.id)


def test_an_activity_must_end_after_it_starts() -> None:
    with pytest.raises(EndsBeforeItStarts):
        open_activity(replace(PLAN, ends_at=STARTS_AT))


def test_an_activity_needs_a_place_for_one_volunteer() -> None:
    with pytest.raises(AmountNotPositive):
        open_activity(replace(PLAN, capacity=0))


def test_the_kind_of_an_activity_must_be_listed() -> None:
    with pytest.raises(ActivityKindUnknown) as caught:
        open_activity(replace(PLAN, kind="dancing"))
    assert caught.value.facts == {"kind": "dancing"}


def test_a_volunteer_checks_in() -> None:
    given(opened()).when(check_in()).then(checked_in())


@pytest.mark.parametrize("moment", [STARTS_AT - timedelta(minutes=30), ENDS_AT])
def test_check_in_is_open_from_shortly_before_the_start_to_the_end(moment: datetime) -> None:
    given(opened()).when(check_in(at(moment))).then(checked_in(who=at(moment)))


@pytest.mark.parametrize(
    "moment",
    [STARTS_AT - timedelta(minutes=30, microseconds=1), ENDS_AT + timedelta(microseconds=1)],
)
def test_nobody_checks_in_outside_the_hours(moment: datetime) -> None:
    (given(opened()).when(check_in(at(moment))).then_refused(CheckInOutsideHours, early_minutes=30))


def test_nobody_checks_in_twice() -> None:
    given(opened(), checked_in()).when(check_in()).then_refused(CheckedInTwice)
    given(*SERVED).when(check_in()).then_refused(CheckedInTwice)


def test_a_full_activity_takes_no_more_volunteers() -> None:
    (
        given(opened(capacity=1), checked_in())
        .when(check_in(volunteer_id=OTHER_VOLUNTEER))
        .then_refused(ActivityFull, capacity=1)
    )


def test_a_volunteer_checks_out() -> None:
    given(opened(), checked_in()).when(check_out()).then(checked_out())


def test_a_volunteer_may_leave_at_the_moment_of_arrival() -> None:
    (
        given(opened(), checked_in())
        .when(check_out(at(STARTS_AT)))
        .then(checked_out(who=at(STARTS_AT)))
    )


def test_only_who_checked_in_checks_out() -> None:
    given(opened()).when(check_out()).then_refused(NotCheckedIn)


def test_nobody_checks_out_twice() -> None:
    given(*SERVED).when(check_out()).then_refused(CheckedOutTwice)


def test_nobody_leaves_before_arriving() -> None:
    (
        given(opened(), checked_in())
        .when(check_out(at(STARTS_AT - timedelta(microseconds=1))))
        .then_refused(CheckOutBeforeCheckIn)
    )


def test_somebody_else_verifies_a_service() -> None:
    given(*SERVED).when(verify()).then(service_verified())
    activity: Activity = replay([*SERVED, service_verified()])
    assert activity.verified_service(VOLUNTEER) == (DAY, 120)


def test_less_than_the_attendance_can_be_verified_and_not_a_minute_more() -> None:
    given(*SERVED).when(verify(1)).then(service_verified(minutes=1))
    (
        given(*SERVED)
        .when(verify(121))
        .then_refused(MinutesExceedAttendance, asked_minutes=121, attended_minutes=120)
    )


def test_time_before_the_start_and_after_the_end_is_no_service() -> None:
    early = checked_in(who=at(STARTS_AT - timedelta(minutes=20)))
    late = checked_out(who=at(ENDS_AT + timedelta(minutes=50)))
    activity: Activity = replay([opened(), early, late])
    assert activity.attended_minutes(VOLUNTEER) == 120


@pytest.mark.parametrize("minutes", [0, -1])
def test_verified_minutes_must_be_positive(minutes: int) -> None:
    given(*SERVED).when(verify(minutes)).then_refused(AmountNotPositive, minutes=minutes)


def test_nobody_verifies_their_own_service() -> None:
    own = replace(by(), actor_id=VOLUNTEER)
    given(*SERVED).when(verify(who=own)).then_refused(VerifiesOwnService)
    for_oneself = replace(by(), on_behalf_of=VOLUNTEER)
    given(*SERVED).when(verify(who=for_oneself)).then_refused(VerifiesOwnService)


def test_two_volunteers_do_not_verify_each_other() -> None:
    both_served = (
        *SERVED,
        checked_in(4, volunteer_id=OTHER_VOLUNTEER),
        checked_out(5, volunteer_id=OTHER_VOLUNTEER),
        service_verified(6, who=replace(by(), actor_id=OTHER_VOLUNTEER)),
    )
    (
        given(*both_served)
        .when(verify(who=replace(by(), actor_id=VOLUNTEER), volunteer_id=OTHER_VOLUNTEER))
        .then_refused(CircularVerification)
    )


def test_a_service_is_judged_once_and_when_it_is_over() -> None:
    given(opened()).when(verify()).then_refused(NotCheckedIn)
    given(opened(), checked_in()).when(verify()).then_refused(ServiceNotFinished)
    given(*SERVED, service_verified()).when(verify()).then_refused(ServiceAlreadyDecided)
    given(*SERVED, service_rejected()).when(verify()).then_refused(ServiceAlreadyDecided)
    given(*SERVED, service_verified()).when(reject()).then_refused(ServiceAlreadyDecided)


def test_a_service_is_rejected_for_a_reason() -> None:
    given(*SERVED).when(reject()).then(service_rejected())
    given(*SERVED).when(reject(by())).then_refused(ReasonMissing)


def test_a_wrong_verification_is_withdrawn_and_the_service_judged_again() -> None:
    given(*SERVED, service_verified()).when(withdraw()).then(verification_withdrawn())
    (
        given(*SERVED, service_verified(), verification_withdrawn())
        .when(verify(60))
        .then(service_verified(6, minutes=60))
    )


def test_only_a_verification_can_be_withdrawn_and_for_a_reason() -> None:
    given(*SERVED).when(withdraw()).then_refused(ServiceNotVerified)
    given(opened()).when(withdraw()).then_refused(ServiceNotVerified)
    given(*SERVED, service_verified()).when(withdraw(by())).then_refused(ReasonMissing)


def test_an_activity_is_cancelled_for_a_reason_once() -> None:
    given(opened()).when(cancel()).then(cancelled())
    given(opened()).when(cancel(by())).then_refused(ReasonMissing)
    given(opened(), cancelled()).when(cancel()).then_refused(ActivityEnded)


def test_an_activity_with_verified_services_did_take_place() -> None:
    (given(*SERVED, service_verified()).when(cancel()).then_refused(ActivityHasVerifiedServices))


def test_nothing_happens_at_a_cancelled_activity() -> None:
    given(opened(), cancelled()).when(check_in()).then_refused(ActivityEnded)
    given(opened(), checked_in(), cancelled(3)).when(check_out()).then_refused(ActivityEnded)
    given(*SERVED, cancelled(4)).when(verify()).then_refused(ActivityEnded)


def test_attendance_is_closed_when_the_activity_is_over() -> None:
    given(opened()).when(close()).then(closed())
    early = ENDS_AT - timedelta(microseconds=1)
    given(opened()).when(close(early)).then_refused(ActivityNotOver)
    given(opened(), closed()).when(close()).then_refused(ActivityEnded)


def test_after_closing_services_are_verified_but_attendance_is_final() -> None:
    given(*SERVED, closed(4)).when(verify()).then(service_verified(5))
    given(opened(), closed()).when(check_in()).then_refused(ActivityEnded)


def test_history_that_breaks_a_rule_is_recorded_and_marked() -> None:
    told = as_history(replace(by(), actor_id=VOLUNTEER))
    marked = as_history(told, "verifies-own-service", "minutes-exceed-attendance")
    given(*SERVED).when(verify(300, who=told)).then(service_verified(minutes=300, who=marked))


def test_replay_gives_the_same_activity() -> None:
    live = open_activity()
    for step in (check_in(), check_out(), verify(), withdraw(), verify(60), close()):
        step(live)
    events: list[Event] = list(live.collect_events())  # type: ignore[arg-type]
    assert state_of(replay(events)) == state_of(live)
