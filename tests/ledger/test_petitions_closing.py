"""The rules of visiting back, resuming, closing, reopening and withdrawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.core.aggregate import Event
from ledger.core.errors import ReasonMissing, SamePersonTwice
from ledger.petitions import Level, Petition, Stage
from ledger.petitions.errors import (
    NotVisitedBack,
    PetitionNotOpen,
    ReopenTooLate,
    StepOutOfOrder,
    SupervisionOrderOpen,
    VisitIncomplete,
)
from tests.examples.petition_supervision import (
    AT_COUNTY,
    supervision_order_issued,
    supervision_order_met,
)
from tests.examples.petitions import (
    ANSWERED,
    CLOSED,
    COMMUNITY,
    HANDLER,
    HANDLING,
    IN_HAND,
    REASON,
    ROUTING,
    TODAY,
    UNIT,
    VISITOR,
    action_taken,
    answered,
    closed,
    dispatched,
    filed,
    handling_resumed,
    merged,
    reopened,
    visited_back,
    who,
    withdrawn,
)
from tests.given import given, replay

Step = Callable[[Petition], None]

VISITED = (*ANSWERED, visited_back())
UNCONTENT = (*ANSWERED, visited_back(is_resolved=False, is_satisfied=False))
UNREACHED = (*ANSWERED, visited_back(is_resolved=None, is_satisfied=None))


def visit(
    number: int = VISITOR, is_resolved: bool | None = True, is_satisfied: bool | None = True
) -> Step:
    return lambda p: p.visit_back(who(number), is_resolved=is_resolved, is_satisfied=is_satisfied)


def resume(petition: Petition) -> None:
    petition.resume_handling(who(), deadlines=(HANDLING,))


def close(reason: str = "") -> Step:
    return lambda p: p.close(who(reason=reason))


def reopen(on: int = 0, reason: str = REASON) -> Step:
    return lambda p: p.reopen(
        who(on=on, reason=reason),
        last_day=TODAY + timedelta(days=30),
        to_unit_id=COMMUNITY,
        deadlines=(ROUTING,),
    )


def withdraw(reason: str = REASON) -> Step:
    return lambda p: p.withdraw(who(reason=reason))


@pytest.mark.parametrize(
    ("is_resolved", "is_satisfied"), [(True, True), (True, False), (False, False), (None, None)]
)
def test_the_petitioner_is_asked(is_resolved: bool | None, is_satisfied: bool | None) -> None:
    given(*ANSWERED).when(visit(VISITOR, is_resolved, is_satisfied)).then(
        visited_back(is_resolved=is_resolved, is_satisfied=is_satisfied)
    )


def test_a_visit_stops_its_clock() -> None:
    assert replay(VISITED).clocks == ()


def test_who_could_not_be_reached_is_asked_again() -> None:
    given(*UNREACHED).when(visit()).then(visited_back(8))


@pytest.mark.parametrize(("is_resolved", "is_satisfied"), [(True, None), (None, True)])
def test_half_a_visit_is_none(is_resolved: bool | None, is_satisfied: bool | None) -> None:
    given(*ANSWERED).when(visit(VISITOR, is_resolved, is_satisfied)).then_refused(VisitIncomplete)


def test_the_handler_does_not_ask() -> None:
    given(*ANSWERED).when(visit(HANDLER)).then_refused(
        SamePersonTwice, step="visit-back", earlier_step="handle"
    )


def test_whoever_took_action_or_answered_does_not_ask() -> None:
    acted = (*IN_HAND, action_taken(decided=who(31)), answered(decided=who(32)))
    for number in (31, 32):
        given(*acted).when(visit(number)).then_refused(
            SamePersonTwice, step="visit-back", earlier_step="handle"
        )


def test_nobody_is_asked_before_the_answer() -> None:
    given(*IN_HAND).when(visit()).then_refused(StepOutOfOrder, step="visit-back", stage="accepted")


def test_the_unit_goes_on_when_the_petitioner_is_not_content() -> None:
    given(*UNCONTENT).when(resume).then(handling_resumed())
    assert replay((*UNCONTENT, handling_resumed())).clocks == (HANDLING,)


def test_nothing_is_resumed_when_the_petitioner_is_content() -> None:
    given(*VISITED).when(resume).then_refused(
        StepOutOfOrder, step="resume-handling", stage="visited"
    )


def test_nothing_is_resumed_before_a_visit() -> None:
    given(*ANSWERED).when(resume).then_refused(
        StepOutOfOrder, step="resume-handling", stage="answered"
    )


def test_a_petition_is_closed_after_the_visit() -> None:
    given(*VISITED).when(close()).then(closed())
    assert replay(CLOSED).is_solved


@pytest.mark.parametrize("history", [UNCONTENT, UNREACHED])
def test_what_is_not_resolved_is_closed_with_a_reason(history: tuple[Event, ...]) -> None:
    given(*history).when(close()).then_refused(ReasonMissing)
    said = replay(history).visit.is_resolved
    given(*history).when(close(REASON)).then(closed(decided=who(reason=REASON), is_resolved=said))


@pytest.mark.parametrize(
    ("history", "stage"), [((filed(),), "filed"), (IN_HAND, "accepted"), (ANSWERED, "answered")]
)
def test_nothing_is_closed_before_the_visit(history: tuple[Event, ...], stage: str) -> None:
    given(*history).when(close(REASON)).then_refused(NotVisitedBack, stage=stage)


def test_history_closed_without_visit_is_marked() -> None:
    past = replace(who(), is_history=True)
    given(*ANSWERED).when(lambda p: p.close(past)).then(
        closed(7, decided=replace(past, breaches=("not-visited-back",)), is_resolved=None)
    )


def test_nothing_is_closed_under_an_open_order() -> None:
    history = (*AT_COUNTY, supervision_order_issued(), answered(8), visited_back(9))
    given(*history).when(close()).then_refused(SupervisionOrderOpen, unit_id=str(UNIT))
    given(*history, supervision_order_met(10)).when(close()).then(
        closed(11, highest_level=Level.COUNTY)
    )


def test_nothing_is_closed_twice() -> None:
    given(*CLOSED).when(close()).then_refused(PetitionNotOpen, stage="closed")


def test_a_closed_petition_is_reopened_until_the_last_day() -> None:
    given(*CLOSED).when(reopen(on=30)).then(reopened(decided=who(on=30, reason=REASON)))
    petition = replay((*CLOSED, reopened()))
    assert (petition.stage, petition.round, petition.clocks) == (Stage.FILED, 2, (ROUTING,))


def test_a_day_later_is_too_late_to_reopen() -> None:
    given(*CLOSED).when(reopen(on=31)).then_refused(ReopenTooLate, last_day="2026-04-01")


def test_reopening_needs_a_reason() -> None:
    given(*CLOSED).when(reopen(reason="")).then_refused(ReasonMissing)


@pytest.mark.parametrize(
    ("history", "stage"),
    [
        (ANSWERED, "answered"),
        ((filed(), merged()), "merged"),
        ((filed(), withdrawn()), "withdrawn"),
    ],
)
def test_only_what_is_closed_is_reopened(history: tuple[Event, ...], stage: str) -> None:
    given(*history).when(reopen()).then_refused(StepOutOfOrder, step="reopen", stage=stage)


def test_a_petition_is_withdrawn_with_a_reason() -> None:
    given(filed()).when(withdraw()).then(withdrawn())
    given(filed()).when(withdraw("")).then_refused(ReasonMissing)
    assert replay((filed(), withdrawn())).clocks == ()


def test_what_is_closed_is_not_withdrawn() -> None:
    given(*CLOSED).when(withdraw()).then_refused(PetitionNotOpen, stage="closed")


def test_what_was_reopened_keeps_the_highest_level_it_reached() -> None:
    at_county = (*AT_COUNTY, answered(7), visited_back(8), closed(9, highest_level=Level.COUNTY))
    again = (*at_county, reopened(10), dispatched(11), answered(12), visited_back(13))
    assert replay(again).level == Level.COMMUNITY
    given(*again).when(close()).then(closed(14, highest_level=Level.COUNTY))


@pytest.mark.parametrize(
    ("is_resolved", "highest_level", "escalated_petition", "any_petition"),
    [
        (True, Level.COMMUNITY, False, True),
        (True, Level.STREET, True, True),
        (True, Level.COUNTY, False, False),
        (False, Level.STREET, False, False),
        (None, Level.STREET, False, False),
    ],
)
def test_what_breaks_a_streak_is_solved_below_the_county(
    is_resolved: bool | None, highest_level: Level, escalated_petition: bool, any_petition: bool
) -> None:
    event = closed(is_resolved=is_resolved, highest_level=highest_level)

    assert event.breaks_streak("escalated_petition") == escalated_petition
    assert event.breaks_streak("any_petition") == any_petition
