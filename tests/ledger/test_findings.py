"""The rules of estate supervisors and their findings, without a database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.core.aggregate import By, Event
from ledger.core.clock import end_of_day
from ledger.core.errors import ReasonMissing, RuleViolated
from ledger.findings import Finding, FindingSource, FindingStage, Supervisor
from ledger.findings.errors import (
    AlreadySupervised,
    CheckerIsCompany,
    EstateNotSupervised,
    FindingNotReminded,
    FindingSettled,
    RectificationNotOverdue,
    ScoreIsZero,
    SolvedAfterReminder,
)
from tests.examples import AT, by
from tests.examples.findings import (
    COMPANY,
    DUE_ON,
    ESTATE,
    OTHER_ESTATE,
    PERSON,
    REASON,
    STREET,
    SUPERVISOR,
    appointed,
    assessment_score_noted,
    assigned_to_estate,
    company_reminded,
    company_talk_held,
    found_unrectified,
    raised,
    rectification_missed,
    rectified,
    released_from_estate,
    solved_on_the_spot,
    withdrawn,
)
from tests.given import given, replay, state_of

Step = Callable[[Finding], None]

REMINDED = (raised(), company_reminded())
LATE = end_of_day(DUE_ON)


# Supervisors ----------------------------------------------------------------------------


def test_a_supervisor_is_appointed() -> None:
    supervisor = Supervisor.appoint(by(), person_id=PERSON, estate_ids=(ESTATE,))

    assert supervisor.id == SUPERVISOR
    assert list(supervisor.collect_events()) == [appointed()]


def test_a_supervisor_gets_another_estate_once() -> None:
    given(appointed()).when(lambda s: s.assign(by(), estate_id=OTHER_ESTATE)).then(
        assigned_to_estate()
    )
    given(appointed()).when(lambda s: s.assign(by(), estate_id=ESTATE)).then_refused(
        AlreadySupervised, estate_id=str(ESTATE)
    )


def test_a_supervisor_is_released_with_a_reason() -> None:
    why = by(reason=REASON)
    given(appointed()).when(lambda s: s.release(why, estate_id=ESTATE)).then(released_from_estate())
    given(appointed()).when(lambda s: s.release(by(), estate_id=ESTATE)).then_refused(ReasonMissing)
    given(appointed()).when(lambda s: s.release(why, estate_id=OTHER_ESTATE)).then_refused(
        EstateNotSupervised, estate_id=str(OTHER_ESTATE)
    )
    assert replay((appointed(), released_from_estate())).estate_ids == set()


# Findings -------------------------------------------------------------------------------


def raise_finding(who: By | None = None, *, supervises_estate: bool = True) -> Finding:
    return Finding.raise_finding(
        who or by(),
        supervisor_id=PERSON,
        supervises_estate=supervises_estate,
        estate_id=ESTATE,
        company_id=COMPANY,
        source=FindingSource.UNANNOUNCED_VISIT,
        category="safety",
        item="fire_lane",
        summary="三号楼前消防通道被车辆占用",
        place="三号楼",
    )


def remind(finding: Finding) -> None:
    finding.remind_company(by(), due_on=DUE_ON, is_provisional=False)


def solve(finding: Finding) -> None:
    finding.solve_on_the_spot(by(), summary="当场移车")


def rectify(who: By | None = None) -> Step:
    return lambda f: f.rectify(who or by(), summary="通道已清空")


def find_unrectified(who: By | None = None) -> Step:
    return lambda f: f.find_unrectified(who or by(), summary="仍有车辆占用")


def miss(at: datetime = LATE) -> Step:
    return lambda f: f.miss_rectification(by(at=at))


def talk(finding: Finding) -> None:
    finding.hold_company_talk(by(), convener_id=STREET, conclusion="三日内划线并派人值守")


def score(points: int = -2) -> Step:
    return lambda f: f.note_assessment_score(by(), points=points)


def withdraw(reason: str = REASON) -> Step:
    return lambda f: f.withdraw(by(reason=reason))


def test_a_finding_is_raised() -> None:
    finding = raise_finding()

    (event,) = finding.collect_events()
    assert event == replace(raised(), originator_id=finding.id)


def test_a_supervisor_raises_findings_on_own_estates() -> None:
    with pytest.raises(EstateNotSupervised):
        raise_finding(supervises_estate=False)


def test_history_on_another_estate_is_marked() -> None:
    finding = raise_finding(replace(by(), is_history=True), supervises_estate=False)

    (event,) = finding.collect_events()
    assert isinstance(event, Finding.Raised)
    assert event.by.breaches == ("estate-not-supervised",)


def test_the_company_is_reminded_and_may_be_reminded_again() -> None:
    given(raised()).when(remind).then(company_reminded())
    given(*REMINDED).when(remind).then(company_reminded(3))


def test_a_problem_is_solved_on_the_spot() -> None:
    given(raised()).when(solve).then(solved_on_the_spot())
    assert replay((raised(), solved_on_the_spot())).is_settled


def test_after_a_reminder_nothing_is_on_the_spot() -> None:
    given(*REMINDED).when(solve).then_refused(SolvedAfterReminder, reminders_count=1)


def test_the_company_puts_it_right() -> None:
    given(*REMINDED).when(rectify()).then(rectified())
    assert not replay((*REMINDED, rectified())).is_unrectified


def test_the_company_does_not_put_it_right() -> None:
    given(*REMINDED).when(find_unrectified()).then(found_unrectified())
    assert replay((*REMINDED, found_unrectified())).is_unrectified


@pytest.mark.parametrize("step", [rectify(), find_unrectified(), talk])
def test_the_company_is_reminded_first(step: Step) -> None:
    given(raised()).when(step).then_refused(FindingNotReminded)


@pytest.mark.parametrize("step", [rectify, find_unrectified])
def test_the_company_does_not_check_itself(step: Callable[[By], Step]) -> None:
    own = replace(by(), organisation_id=COMPANY)
    given(*REMINDED).when(step(own)).then_refused(CheckerIsCompany, company_id=str(COMPANY))


def test_an_unrectified_finding_can_still_be_rectified() -> None:
    given(*REMINDED, found_unrectified()).when(rectify()).then(rectified(4))


def test_the_companys_day_passes_at_its_end_and_once() -> None:
    given(*REMINDED).when(miss(LATE - timedelta(microseconds=1))).then_refused(
        RectificationNotOverdue
    )
    given(*REMINDED).when(miss()).then(rectification_missed(decided=by(at=LATE)))
    given(*REMINDED, rectification_missed()).when(miss()).then_refused(RectificationNotOverdue)
    assert replay((*REMINDED, rectification_missed())).is_unrectified


def test_rectifying_in_time_leaves_nothing_to_miss() -> None:
    given(*REMINDED, rectified(decided=by(at=LATE))).when(miss()).then_refused(
        RectificationNotOverdue
    )


def test_rectifying_late_does_not_hide_the_miss() -> None:
    late = by(at=LATE + timedelta(hours=1))
    history = (*REMINDED, rectified(decided=late))
    given(*history).when(miss()).then(rectification_missed(4, decided=by(at=LATE)))
    assert replay((*history, rectification_missed(4))).stage == FindingStage.RECTIFIED


def test_a_later_reminder_does_not_hide_the_miss() -> None:
    late = by(at=LATE + timedelta(hours=1))
    again = company_reminded(3, decided=late, due_on=DUE_ON + timedelta(days=2))
    given(*REMINDED, again).when(miss(late.at)).then(rectification_missed(4, decided=late))
    assert replay((*REMINDED, again, rectification_missed(4))).stage == FindingStage.REMINDED


def test_a_talk_is_held_with_the_company() -> None:
    given(*REMINDED).when(talk).then(company_talk_held())


def test_a_finding_counts_in_the_assessment() -> None:
    given(raised()).when(score()).then(assessment_score_noted())
    given(raised()).when(score(0)).then_refused(ScoreIsZero)
    assert replay((raised(), assessment_score_noted())).assessment_points == -2


def test_a_mistake_is_withdrawn_with_a_reason() -> None:
    given(raised()).when(withdraw()).then(withdrawn())
    given(raised()).when(withdraw("")).then_refused(ReasonMissing)


SETTLED: dict[str, tuple[Event, ...]] = {
    "rectified": (*REMINDED, rectified()),
    "solved_on_the_spot": (raised(), solved_on_the_spot()),
    "withdrawn": (raised(), withdrawn()),
}


@pytest.mark.parametrize("stage", SETTLED)
@pytest.mark.parametrize("step", [remind, solve, rectify(), find_unrectified(), withdraw()])
def test_what_is_settled_stays_settled(stage: str, step: Step) -> None:
    given(*SETTLED[stage]).when(step).then_refused(FindingSettled, stage=stage)


STEPS: tuple[Step, ...] = (
    remind,
    solve,
    rectify(),
    rectify(by(at=LATE + timedelta(days=1))),
    find_unrectified(),
    miss(AT),
    miss(),
    talk,
    score(),
    withdraw(),
)


@for_all(steps=st.lists(st.sampled_from(STEPS), max_size=30))
def test_each_reminder_is_missed_at_most_once_and_replay_equals_live(steps: list[Step]) -> None:
    finding = raise_finding()
    recorded: list[Event] = list(finding.collect_events())  # type: ignore[arg-type]
    for step in steps:
        with suppress(RuleViolated):
            step(finding)
        recorded += finding.collect_events()  # type: ignore[arg-type]

    reminders = sum(isinstance(event, Finding.CompanyReminded) for event in recorded)
    misses = sum(isinstance(event, Finding.RectificationMissed) for event in recorded)
    assert misses <= reminders == finding.reminders_count
    assert not (finding.is_settled and finding.is_unrectified)
    assert state_of(replay(recorded)) == state_of(finding)
