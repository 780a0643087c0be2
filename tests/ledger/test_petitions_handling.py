"""The rules of calling departments, meeting, claiming, acting, answering and extending."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from ledger.core.errors import AmountNotPositive, ReasonMissing
from ledger.petitions import MeetingOutcome, Outcome, Petition, Side, Stage
from ledger.petitions.errors import (
    AlreadyClaimed,
    AssessorIsAssessed,
    DepartmentAlreadyCalled,
    DepartmentAlreadyReportedIn,
    DepartmentNotAnswered,
    DepartmentNotCalled,
    DepartmentNotReportedIn,
    DepartmentsMissing,
    ObligorHasNotClaimed,
    ObligorSpendTooLarge,
    PetitionNotOpen,
    QuorumMissing,
    SpendUnknown,
    StepOutOfOrder,
    WrongLeader,
)
from tests.examples.petitions import (
    ANSWERED,
    CLOSED,
    COMPANY,
    DEPARTMENT,
    FOUR_SIDES,
    HANDLER,
    HANDLING,
    IN_HAND,
    MEETING,
    REASON,
    VISIT_DUE,
    WHISTLE,
    action_taken,
    answered,
    department_answered,
    department_assessed,
    department_reported_in,
    dispatched,
    filed,
    four_party_meeting_held,
    obligor_spend_reported,
    obligor_spend_reversed,
    responsibility_claimed,
    whistle_blown,
    who,
)
from tests.given import given, replay

Step = Callable[[Petition], None]

CALLED = (*IN_HAND, whistle_blown())
CAME = (*CALLED, department_reported_in())
HELPED = (*CAME, department_answered())


# Whistle ------------------------------------------------------------------------------


def whistle(*department_ids: UUID) -> Step:
    return lambda p: p.blow_whistle(
        who(HANDLER), department_ids=department_ids, deadlines=(WHISTLE,)
    )


def report_in(petition: Petition) -> None:
    petition.report_in(who(), department_id=DEPARTMENT)


def answer_for_department(petition: Petition) -> None:
    petition.answer_for_department(who(), department_id=DEPARTMENT, summary="已检修排水泵")


def assess(petition: Petition) -> None:
    petition.assess_department(who(), department_id=DEPARTMENT, is_prompt=True, is_effective=False)


def test_departments_are_called_and_their_clocks_start() -> None:
    given(*IN_HAND).when(whistle(DEPARTMENT)).then(whistle_blown())
    assert WHISTLE in replay(CALLED).clocks


def test_somebody_must_be_called() -> None:
    given(*IN_HAND).when(whistle()).then_refused(DepartmentsMissing)


def test_a_department_is_called_once() -> None:
    given(*CALLED).when(whistle(DEPARTMENT)).then_refused(
        DepartmentAlreadyCalled, department_id=str(DEPARTMENT)
    )


def test_only_who_handles_a_petition_calls() -> None:
    given(filed()).when(whistle(DEPARTMENT)).then_refused(
        StepOutOfOrder, step="blow-whistle", stage="filed"
    )


def test_a_called_department_reports_in_answers_and_is_assessed() -> None:
    given(*CALLED).when(report_in).then(department_reported_in())
    given(*CAME).when(answer_for_department).then(department_answered())
    given(*HELPED).when(assess).then(department_assessed())
    assert WHISTLE not in replay(CAME).clocks


@pytest.mark.parametrize("step", [report_in, answer_for_department, assess])
def test_a_department_that_was_not_called_has_no_part(step: Step) -> None:
    given(*IN_HAND).when(step).then_refused(DepartmentNotCalled, department_id=str(DEPARTMENT))


def test_a_department_reports_in_once() -> None:
    given(*CAME).when(report_in).then_refused(
        DepartmentAlreadyReportedIn, department_id=str(DEPARTMENT)
    )


def test_a_department_reports_in_before_it_answers() -> None:
    given(*CALLED).when(answer_for_department).then_refused(
        DepartmentNotReportedIn, department_id=str(DEPARTMENT)
    )


def test_a_department_answers_before_it_is_assessed() -> None:
    given(*CAME).when(assess).then_refused(DepartmentNotAnswered, department_id=str(DEPARTMENT))


def test_a_department_does_not_assess_itself() -> None:
    own = replace(who(), organisation_id=DEPARTMENT)
    (
        given(*HELPED)
        .when(
            lambda p: p.assess_department(
                own, department_id=DEPARTMENT, is_prompt=True, is_effective=True
            )
        )
        .then_refused(AssessorIsAssessed, department_id=str(DEPARTMENT))
    )


# Four-party meeting ---------------------------------------------------------------------


def meet(sides: tuple[Side, ...] = FOUR_SIDES, led_by: Side = FOUR_SIDES[0]) -> Step:
    return lambda p: p.hold_four_party_meeting(
        who(),
        meeting_id=MEETING,
        sides=sides,
        led_by=led_by,
        outcome=MeetingOutcome.CLAIMED,
        members=FOUR_SIDES,
        quorum=4,
        leader="community_party_organisation",
    )


def test_four_sides_meet() -> None:
    given(*IN_HAND).when(meet()).then(four_party_meeting_held())


def test_guests_do_not_make_up_for_a_missing_side() -> None:
    sides = (*FOUR_SIDES[:3], Side.DEPARTMENT, Side.STREET)
    given(*IN_HAND).when(meet(sides)).then_refused(QuorumMissing, present=3, quorum=4)


def test_one_side_named_twice_is_one_side() -> None:
    sides = (*FOUR_SIDES[:3], FOUR_SIDES[0])
    given(*IN_HAND).when(meet(sides)).then_refused(QuorumMissing, present=3, quorum=4)


def test_the_party_organisation_leads() -> None:
    given(*IN_HAND).when(meet(led_by=Side.PROPERTY_COMPANY)).then_refused(
        WrongLeader, led_by="property_company", leader="community_party_organisation"
    )


def test_no_meeting_about_what_is_closed() -> None:
    given(*CLOSED).when(meet()).then_refused(PetitionNotOpen, stage="closed")


# Claim and own spending -----------------------------------------------------------------


def claim(petition: Petition) -> None:
    petition.claim(who(), company_id=COMPANY, deadlines=(HANDLING,))


def spend(amount_fen: int = 40_000_00) -> Step:
    return lambda p: p.report_obligor_spend(
        who(),
        payer_id=COMPANY,
        amount_fen=amount_fen,
        purpose="购买除湿机，维修通风系统",
        max_fen=40_000_00,
    )


def test_a_claim_on_the_spot_gives_the_petition_to_the_company() -> None:
    given(filed()).when(claim).then(responsibility_claimed())
    petition = replay((filed(), responsibility_claimed()))
    assert (petition.stage, petition.holder_id) == (Stage.ACCEPTED, COMPANY)
    assert petition.clocks == (HANDLING,)


def test_a_later_claim_leaves_the_unit_and_its_clock() -> None:
    given(*IN_HAND).when(claim).then(responsibility_claimed(5, deadlines=()))


def test_a_company_claims_once() -> None:
    given(filed(), responsibility_claimed()).when(claim).then_refused(
        AlreadyClaimed, company_id=str(COMPANY)
    )


def test_nothing_closed_is_claimed() -> None:
    given(*CLOSED).when(claim).then_refused(PetitionNotOpen, stage="closed")


def test_the_company_reports_its_own_spending() -> None:
    given(filed(), responsibility_claimed()).when(spend()).then(obligor_spend_reported())


def test_spending_may_be_reported_after_the_end() -> None:
    claimed = (*IN_HAND, responsibility_claimed(5, deadlines=()))
    history = (*claimed, action_taken(6), answered(7))
    given(*history).when(spend()).then(obligor_spend_reported(8))


@pytest.mark.parametrize("amount_fen", [0, -1])
def test_spending_is_positive(amount_fen: int) -> None:
    given(filed(), responsibility_claimed()).when(spend(amount_fen)).then_refused(
        AmountNotPositive, amount_fen=amount_fen
    )


def test_spending_is_no_greater_than_the_policy_takes() -> None:
    given(filed(), responsibility_claimed()).when(spend(40_000_01)).then_refused(
        ObligorSpendTooLarge, amount_fen=40_000_01, max_fen=40_000_00
    )


def test_one_fen_is_spending() -> None:
    given(filed(), responsibility_claimed()).when(spend(1)).then(
        obligor_spend_reported(amount_fen=1)
    )


def test_only_who_claimed_reports_spending() -> None:
    given(*IN_HAND).when(spend()).then_refused(ObligorHasNotClaimed, company_id=str(COMPANY))


SPENT = (filed(), responsibility_claimed(), obligor_spend_reported())


def reverse(version: int = 3, reason: str = REASON) -> Step:
    return lambda p: p.reverse_obligor_spend(who(reason=reason), version_reversed=version)


def test_a_wrong_report_of_spending_is_reversed_once() -> None:
    given(*SPENT).when(reverse()).then(obligor_spend_reversed())
    given(*SPENT, obligor_spend_reversed()).when(reverse()).then_refused(SpendUnknown, version=3)
    assert replay(SPENT).obligor_spent_fen == 40_000_00
    assert replay((*SPENT, obligor_spend_reversed())).obligor_spent_fen == 0


def test_a_reversal_needs_a_reason() -> None:
    given(*SPENT).when(reverse(reason="")).then_refused(ReasonMissing)


def test_only_reports_are_reversed() -> None:
    given(*SPENT).when(reverse(2)).then_refused(SpendUnknown, version=2)


# Action and answer ----------------------------------------------------------------------


def act(petition: Petition) -> None:
    petition.take_action(who(HANDLER), summary="八名保洁人员清理积水")


def answer(petition: Petition) -> None:
    petition.answer(
        who(HANDLER),
        outcome=Outcome.RESOLVED,
        summary="积水已清理，通风系统已修复",
        deadlines=(VISIT_DUE,),
    )


def test_action_is_taken_and_the_petitioner_answered() -> None:
    given(*IN_HAND).when(act).then(action_taken())
    given(*IN_HAND, action_taken()).when(answer).then(answered())
    assert replay(ANSWERED).clocks == (VISIT_DUE,)


@pytest.mark.parametrize(("step", "name"), [(act, "take-action"), (answer, "answer")])
def test_nothing_is_done_before_acceptance(step: Step, name: str) -> None:
    given(filed(), dispatched()).when(step).then_refused(
        StepOutOfOrder, step=name, stage="dispatched"
    )


@pytest.mark.parametrize("step", [act, answer, whistle(DEPARTMENT), report_in])
def test_nothing_is_done_after_the_end(step: Step) -> None:
    given(*CLOSED).when(step).then_refused(PetitionNotOpen, stage="closed")
