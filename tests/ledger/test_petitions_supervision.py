"""The rules of going up, of orders, and of deadlines that pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ledger.core.clock import end_of_day
from ledger.core.errors import ReasonMissing, SamePersonTwice
from ledger.petitions import Cause, ClockName, Level, Petition
from ledger.petitions.errors import (
    ClockNotRunning,
    DeadlineFinal,
    DeadlineNotReached,
    DepartmentsMissing,
    LevelNotHigher,
    LevelSkipped,
    NoSupervisionOrder,
    NotEscalatedToCounty,
    PetitionNotOpen,
    SupervisionOrderOpen,
)
from tests.examples.petition_supervision import (
    AT_COUNTY,
    deadline_missed,
    deadline_recounted,
    escalated,
    joint_meeting_held,
    supervision_order_issued,
    supervision_order_met,
    supervision_order_missed,
)
from tests.examples.petitions import (
    ACCEPTANCE,
    CLOSED,
    COMMUNITY,
    COUNTY_OFFICE,
    DEPARTMENT,
    HANDLER,
    HANDLING,
    IN_HAND,
    REASON,
    ROUTING,
    SUPERVISION_DUE,
    SUPERVISOR,
    UNIT,
    WHISTLE,
    accepted,
    deadline,
    department_reported_in,
    dispatched,
    filed,
    reopened,
    whistle_blown,
    who,
    withdrawn,
)
from tests.given import given, replay

Step = Callable[[Petition], None]

ORDERED = (*AT_COUNTY, supervision_order_issued())


def escalate(level: Level = Level.STREET, reason: str = REASON) -> Step:
    return lambda p: p.escalate(who(SUPERVISOR, reason=reason), level=level, cause=Cause.UNRESOLVED)


def test_a_petition_goes_up_one_level_at_a_time() -> None:
    given(*IN_HAND).when(escalate()).then(escalated())
    given(*IN_HAND, escalated()).when(escalate(Level.COUNTY)).then(escalated(6, level=Level.COUNTY))


def test_what_no_unit_has_yet_is_held_against_who_received_it() -> None:
    given(filed()).when(escalate()).then(escalated(2, unit_id=COMMUNITY))


def test_a_reopened_petition_goes_up_in_its_next_round() -> None:
    given(*CLOSED, reopened()).when(escalate()).then(
        escalated(10, unit_id=COMMUNITY, petition_round=2)
    )


def test_no_level_is_skipped() -> None:
    given(*IN_HAND).when(escalate(Level.COUNTY)).then_refused(
        LevelSkipped, level="community", asked="county"
    )


@pytest.mark.parametrize("level", [Level.COMMUNITY, Level.STREET])
def test_a_petition_only_goes_up(level: Level) -> None:
    given(*IN_HAND, escalated()).when(escalate(level)).then_refused(
        LevelNotHigher, level="street", asked=level
    )


def test_going_up_needs_a_reason() -> None:
    given(*IN_HAND).when(escalate(reason="")).then_refused(ReasonMissing)


def meet(*unit_ids: UUID) -> Step:
    return lambda p: p.hold_joint_meeting(
        who(SUPERVISOR),
        convener_id=COUNTY_OFFICE,
        unit_ids=unit_ids,
        conclusion="由住建部门牵头整改",
    )


def order(petition: Petition) -> None:
    petition.issue_supervision_order(
        who(SUPERVISOR), unit_id=UNIT, demand="限期修复车库防水", deadlines=(SUPERVISION_DUE,)
    )


def meet_order(number: int = SUPERVISOR) -> Step:
    return lambda p: p.meet_supervision_order(who(number))


def test_the_county_brings_units_together() -> None:
    given(*AT_COUNTY).when(meet(UNIT, DEPARTMENT)).then(joint_meeting_held())


def test_a_joint_meeting_has_units() -> None:
    given(*AT_COUNTY).when(meet()).then_refused(DepartmentsMissing)


def test_the_county_orders_and_the_clock_starts() -> None:
    given(*AT_COUNTY).when(order).then(supervision_order_issued())
    assert SUPERVISION_DUE in replay(ORDERED).clocks


@pytest.mark.parametrize("step", [meet(UNIT), order])
def test_the_county_supervises_what_came_up_to_it(step: Step) -> None:
    given(*IN_HAND, escalated()).when(step).then_refused(NotEscalatedToCounty, level="street")


def test_one_order_at_a_time() -> None:
    given(*ORDERED).when(order).then_refused(SupervisionOrderOpen, unit_id=str(UNIT))


def test_somebody_else_confirms_that_an_order_was_met() -> None:
    given(*ORDERED).when(meet_order()).then(supervision_order_met())
    given(*ORDERED).when(meet_order(HANDLER)).then_refused(
        SamePersonTwice, step="meet-supervision-order", earlier_step="handle"
    )


def test_an_order_is_met_once() -> None:
    given(*ORDERED, supervision_order_met()).when(meet_order()).then_refused(NoSupervisionOrder)


def test_a_missed_order_can_be_met_late() -> None:
    given(*ORDERED, supervision_order_missed()).when(meet_order()).then(supervision_order_met(9))


@pytest.mark.parametrize("step", [escalate(), meet(UNIT), order])
def test_nothing_of_this_happens_after_the_end(step: Step) -> None:
    given(*CLOSED).when(step).then_refused(PetitionNotOpen, stage="closed")


# Deadlines ------------------------------------------------------------------------------


def miss(
    clock: ClockName, *, on: int = 3, holder_id: UUID | None = None, at: datetime | None = None
) -> Step:
    by = who(on=on) if at is None else replace(who(), at=at)
    return lambda p: p.miss_deadline(by, clock=clock, holder_id=holder_id)


def test_a_passed_deadline_is_recorded_once() -> None:
    given(filed()).when(miss(ClockName.ROUTING)).then(deadline_missed())
    given(filed(), deadline_missed()).when(miss(ClockName.ROUTING)).then_refused(
        ClockNotRunning, clock="routing"
    )


def test_a_deadline_lasts_until_the_end_of_its_day() -> None:
    last = end_of_day(ROUTING.due_on)
    assert last == datetime(2026, 3, 4, 15, 59, 59, 999999, tzinfo=UTC)
    before = last - timedelta(microseconds=1)
    given(filed()).when(miss(ClockName.ROUTING, at=before)).then_refused(
        DeadlineNotReached, clock="routing", due_on="2026-03-04"
    )
    given(filed()).when(miss(ClockName.ROUTING, at=last)).then(
        deadline_missed(decided=replace(who(), at=last))
    )


def test_no_miss_of_a_clock_that_does_not_run() -> None:
    given(filed()).when(miss(ClockName.HANDLING)).then_refused(ClockNotRunning, clock="handling")


def test_acting_in_time_leaves_nothing_to_miss() -> None:
    in_time = dispatched(decided=who(on=2))
    given(filed(), in_time).when(miss(ClockName.ROUTING)).then_refused(
        ClockNotRunning, clock="routing"
    )
    assert replay((filed(), in_time)).late_clocks == ()


def test_acting_late_does_not_hide_the_miss() -> None:
    late = dispatched(decided=who(on=3))
    given(filed(), late).when(miss(ClockName.ROUTING, on=4)).then(
        deadline_missed(3, decided=who(on=4))
    )
    given(filed(), late, deadline_missed(3)).when(miss(ClockName.ROUTING, on=4)).then_refused(
        ClockNotRunning, clock="routing"
    )


def test_the_end_of_a_petition_does_not_hide_the_miss() -> None:
    late = withdrawn(decided=who(on=3, reason=REASON))
    given(filed(), late).when(miss(ClockName.ROUTING)).then(deadline_missed(3))


def test_of_two_departments_the_one_that_came_missed_nothing() -> None:
    other = UUID(int=299)
    called = replace(
        whistle_blown(),
        department_ids=(DEPARTMENT, other),
        deadlines=(WHISTLE, replace(WHISTLE, holder_id=other)),
    )
    history = (*IN_HAND, called, department_reported_in())
    given(*history).when(miss(ClockName.WHISTLE)).then(
        deadline_missed(7, clock=replace(WHISTLE, holder_id=other))
    )
    given(*history).when(miss(ClockName.WHISTLE, holder_id=DEPARTMENT)).then_refused(
        ClockNotRunning, clock="whistle"
    )


def test_a_missed_order_is_recorded_as_such() -> None:
    given(*ORDERED).when(
        lambda p: p.miss_deadline(who(SUPERVISOR, on=11), clock=ClockName.SUPERVISION)
    ).then(supervision_order_missed())


def test_what_is_overdue_is_told_oldest_first() -> None:
    history = (filed(), dispatched(decided=who(on=3)), accepted(decided=who(HANDLER, on=3)))
    petition = replay(history)
    assert petition.overdue_clocks(who(on=20).at) == (ACCEPTANCE, ROUTING, HANDLING)
    assert petition.overdue_clocks(who(on=3).at) == (ACCEPTANCE, ROUTING)


def test_the_same_unit_can_miss_the_same_day_twice() -> None:
    """Two clocks of one name, holder and day are two, also when both ran out."""
    two = replace(whistle_blown(), deadlines=(WHISTLE, WHISTLE))
    petition = replay((*IN_HAND, two))
    petition.miss_deadline(who(on=3), clock=ClockName.WHISTLE)
    petition.miss_deadline(who(on=3), clock=ClockName.WHISTLE)
    with pytest.raises(ClockNotRunning):
        petition.miss_deadline(who(on=3), clock=ClockName.WHISTLE)


# Provisional deadlines ------------------------------------------------------------------

PROVISIONAL = deadline(ClockName.HANDLING, UNIT, days=9, is_provisional=True)
FINAL = deadline(ClockName.HANDLING, UNIT, days=9, due=11)
SENT = (filed(), dispatched(deadlines=(PROVISIONAL,)))


def test_a_provisional_deadline_is_counted_again() -> None:
    (
        given(*SENT)
        .when(lambda p: p.recount_deadline(who(), old=PROVISIONAL, new=FINAL))
        .then(deadline_recounted(old=PROVISIONAL, new=FINAL))
    )
    recounted = deadline_recounted(old=PROVISIONAL, new=FINAL)
    assert replay((*SENT, recounted)).clocks == (FINAL,)


def test_a_final_deadline_stays() -> None:
    (
        given(filed())
        .when(lambda p: p.recount_deadline(who(), old=ROUTING, new=FINAL))
        .then_refused(DeadlineFinal, clock="routing", due_on="2026-03-04")
    )


def test_only_a_running_deadline_is_counted_again() -> None:
    (
        given(filed())
        .when(lambda p: p.recount_deadline(who(), old=PROVISIONAL, new=FINAL))
        .then_refused(ClockNotRunning, clock="handling")
    )
