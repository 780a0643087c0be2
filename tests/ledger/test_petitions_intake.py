"""The rules of filing, classifying, merging, sending and accepting petitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from ledger.core.errors import ReasonMissing, SamePersonTwice
from ledger.core.values import derived_id
from ledger.petitions import Level, Petition, Stage
from ledger.petitions.errors import (
    AlreadyClassified,
    ClassificationUnchanged,
    DisputeTooLate,
    EscalatedCannotBeMerged,
    MergedIntoItself,
    MergeTargetNotOpen,
    NotClassified,
    PetitionNotOpen,
    StepOutOfOrder,
)
from tests.examples.petition_supervision import AT_COUNTY, escalated
from tests.examples.petitions import (
    ACCEPTANCE,
    CLOSED,
    COMMUNITY,
    DEPARTMENT,
    DISPATCHER,
    HANDLER,
    HANDLING,
    IN_HAND,
    OTHER_PETITION,
    PETITION,
    PETITIONER,
    REASON,
    ROUTING,
    TODAY,
    UNIT,
    absorbed,
    accepted,
    classified,
    dispatch_disputed,
    dispatch_returned,
    dispatch_upheld,
    dispatched,
    filed,
    handler_assigned,
    merged,
    reclassified,
    reopened,
    who,
    withdrawn,
)
from tests.given import given, replay

Step = Callable[[Petition], None]

DISPUTED = (filed(), dispatched(), dispatch_disputed())
LAST_DAY = TODAY + timedelta(days=2)


def dispute(on: int = 0, reason: str = REASON) -> Step:
    return lambda petition: petition.dispute_dispatch(
        who(HANDLER, on=on, reason=reason), last_day=LAST_DAY
    )


def merge(into: UUID = OTHER_PETITION, *, into_is_open: bool = True) -> Step:
    return lambda petition: petition.merge(who(), into_petition_id=into, into_is_open=into_is_open)


def file(reference: str = "") -> Petition:
    return Petition.file(
        who(),
        channel="reception_day",
        procedure="community",
        category="facilities",
        item="damp_garage",
        title="地下车库潮湿积水",
        summary="雨后地下车库积水，墙面发霉",
        place="地下车库",
        community_id=COMMUNITY,
        estate_id=filed().estate_id,
        petitioner_id=PETITIONER,
        received_by_id=COMMUNITY,
        reference=reference,
        deadlines=(ROUTING,),
    )


def test_a_petition_is_filed_and_its_clock_starts() -> None:
    petition = file()

    (event,) = petition.collect_events()
    assert event == replace(filed(), originator_id=petition.id)
    assert petition.stage == Stage.FILED
    assert petition.holder_id == COMMUNITY
    assert petition.clocks == (ROUTING,)


def test_a_reference_names_one_petition_of_a_channel() -> None:
    assert file("2026-1").id == file("2026-1").id == derived_id("petition", "reception_day:2026-1")
    assert file("2026-1").id != file("2026-2").id
    assert file().id != file().id


def test_a_petition_without_category_gets_one() -> None:
    (
        given(filed(category=None, item=None))
        .when(lambda p: p.classify(who(), category="facilities", item="damp_garage"))
        .then(classified())
    )


def test_a_category_is_given_once() -> None:
    (
        given(filed())
        .when(lambda p: p.classify(who(), category="facilities", item="lift"))
        .then_refused(AlreadyClassified, category="facilities")
    )


def test_a_petition_is_reclassified_with_a_reason() -> None:
    (
        given(filed())
        .when(lambda p: p.reclassify(who(reason=REASON), category="facilities", item="pipes"))
        .then(reclassified())
    )


def test_a_petition_is_not_reclassified_without_a_reason() -> None:
    (
        given(filed())
        .when(lambda p: p.reclassify(who(), category="facilities", item="pipes"))
        .then_refused(ReasonMissing)
    )


def test_what_has_no_category_cannot_be_reclassified() -> None:
    (
        given(filed(category=None, item=None))
        .when(lambda p: p.reclassify(who(reason=REASON), category="safety", item="fire_lane"))
        .then_refused(NotClassified)
    )


def test_a_reclassification_changes_something() -> None:
    (
        given(filed())
        .when(lambda p: p.reclassify(who(reason=REASON), category="facilities", item="damp_garage"))
        .then_refused(ClassificationUnchanged, category="facilities", item="damp_garage")
    )


def test_a_petition_is_merged_into_another() -> None:
    given(filed()).when(merge()).then(merged())
    assert replay((filed(), merged())).clocks == ()


def test_a_petition_takes_in_another() -> None:
    (given(filed()).when(lambda p: p.absorb(who(), petition_id=OTHER_PETITION)).then(absorbed()))
    assert replay((filed(), absorbed())).absorbed_ids == (OTHER_PETITION,)


def test_no_petition_is_merged_into_itself() -> None:
    given(filed()).when(merge(PETITION)).then_refused(MergedIntoItself)
    (
        given(filed())
        .when(lambda p: p.absorb(who(), petition_id=PETITION))
        .then_refused(MergedIntoItself)
    )


def test_the_other_petition_must_be_open() -> None:
    given(filed()).when(merge(into_is_open=False)).then_refused(MergeTargetNotOpen)


def test_what_reached_the_county_cannot_be_merged_away() -> None:
    given(*AT_COUNTY).when(merge()).then_refused(EscalatedCannotBeMerged)


def test_what_once_reached_the_county_cannot_be_merged_away_after_reopening() -> None:
    history = (*CLOSED[:4], escalated(5), escalated(6, level=Level.COUNTY))
    petition = replay((*history, reopened(7)))
    assert petition.level == Level.COMMUNITY
    (given(*history, reopened(7)).when(merge()).then_refused(EscalatedCannotBeMerged))


def test_a_classified_petition_is_sent_to_a_unit() -> None:
    (
        given(filed())
        .when(lambda p: p.dispatch(who(DISPATCHER), unit_id=UNIT, deadlines=(ACCEPTANCE, HANDLING)))
        .then(dispatched())
    )
    petition = replay((filed(), dispatched()))
    assert petition.holder_id == UNIT
    assert petition.clocks == (ACCEPTANCE, HANDLING)


def test_an_unclassified_petition_is_not_sent() -> None:
    (
        given(filed(category=None, item=None))
        .when(lambda p: p.dispatch(who(), unit_id=UNIT, deadlines=()))
        .then_refused(NotClassified)
    )


def test_a_petition_is_sent_once() -> None:
    (
        given(filed(), dispatched())
        .when(lambda p: p.dispatch(who(), unit_id=UNIT, deadlines=()))
        .then_refused(StepOutOfOrder, step="dispatch", stage="dispatched")
    )


def test_a_unit_disputes_until_the_last_day() -> None:
    given(filed(), dispatched()).when(dispute(on=2)).then(
        dispatch_disputed(decided=who(HANDLER, on=2, reason=REASON))
    )


def test_a_day_later_is_too_late_to_dispute() -> None:
    (
        given(filed(), dispatched())
        .when(dispute(on=3))
        .then_refused(DisputeTooLate, last_day="2026-03-04")
    )


def test_a_dispute_needs_a_reason() -> None:
    given(filed(), dispatched()).when(dispute(reason=" ")).then_refused(ReasonMissing)


def test_an_accepted_petition_is_not_disputed() -> None:
    (
        given(*IN_HAND)
        .when(dispute())
        .then_refused(StepOutOfOrder, step="dispute-dispatch", stage="accepted")
    )


def test_a_disputed_petition_goes_back() -> None:
    (
        given(*DISPUTED)
        .when(
            lambda p: p.return_dispatch(
                who(DISPATCHER, reason=REASON), to_unit_id=COMMUNITY, deadlines=(ROUTING,)
            )
        )
        .then(dispatch_returned())
    )
    petition = replay((*DISPUTED, dispatch_returned()))
    assert (petition.stage, petition.holder_id) == (Stage.FILED, COMMUNITY)
    assert petition.clocks == (ROUTING,)


def test_a_disputed_petition_may_stay_where_it_is() -> None:
    (
        given(*DISPUTED)
        .when(lambda p: p.uphold_dispatch(who(DISPATCHER, reason=REASON), deadlines=(ACCEPTANCE,)))
        .then(dispatch_upheld())
    )
    assert replay((*DISPUTED, dispatch_upheld())).clocks == (HANDLING, ACCEPTANCE)


def decide_return(number: int, reason: str = REASON) -> Step:
    return lambda p: p.return_dispatch(
        who(number, reason=reason), to_unit_id=COMMUNITY, deadlines=()
    )


def decide_uphold(number: int, reason: str = REASON) -> Step:
    return lambda p: p.uphold_dispatch(who(number, reason=reason), deadlines=())


@pytest.mark.parametrize(
    ("decide", "step"), [(decide_return, "return-dispatch"), (decide_uphold, "uphold-dispatch")]
)
class TestDecisionsOnADispute:
    def test_not_by_who_disputed(self, decide: Callable[..., Step], step: str) -> None:
        given(*DISPUTED).when(decide(HANDLER)).then_refused(
            SamePersonTwice, step=step, earlier_step="dispute-dispatch"
        )

    def test_not_without_reason(self, decide: Callable[..., Step], step: str) -> None:
        given(*DISPUTED).when(decide(DISPATCHER, "")).then_refused(ReasonMissing)

    def test_not_without_dispute(self, decide: Callable[..., Step], step: str) -> None:
        given(filed(), dispatched()).when(decide(DISPATCHER)).then_refused(
            StepOutOfOrder, step=step, stage="dispatched"
        )


def test_a_unit_accepts() -> None:
    given(filed(), dispatched()).when(lambda p: p.accept(who(HANDLER), deadlines=())).then(
        accepted()
    )


def test_a_unit_that_disputed_may_give_in() -> None:
    given(*DISPUTED).when(lambda p: p.accept(who(HANDLER), deadlines=())).then(accepted(4))


def test_nothing_is_accepted_twice() -> None:
    (
        given(*IN_HAND)
        .when(lambda p: p.accept(who(), deadlines=()))
        .then_refused(StepOutOfOrder, step="accept", stage="accepted")
    )


def assign(petition: Petition) -> None:
    petition.assign_handler(who(HANDLER), handler_id=UUID(int=HANDLER), co_unit_ids=(DEPARTMENT,))


def test_a_handler_and_helping_units_are_named() -> None:
    given(*IN_HAND[:3]).when(assign).then(handler_assigned())


def test_a_handler_may_be_replaced() -> None:
    given(*IN_HAND).when(assign).then(handler_assigned(5))


def test_no_handler_before_acceptance() -> None:
    (
        given(filed(), dispatched())
        .when(assign)
        .then_refused(StepOutOfOrder, step="assign-handler", stage="dispatched")
    )


ENDS = {"closed": CLOSED, "merged": (filed(), merged()), "withdrawn": (filed(), withdrawn())}

STEPS: tuple[Step, ...] = (
    lambda p: p.classify(who(), category="safety", item="fire_lane"),
    lambda p: p.reclassify(who(reason=REASON), category="safety", item="fire_lane"),
    merge(),
    lambda p: p.absorb(who(), petition_id=OTHER_PETITION),
    lambda p: p.dispatch(who(), unit_id=UNIT, deadlines=()),
    dispute(),
    decide_return(DISPATCHER),
    decide_uphold(DISPATCHER),
    lambda p: p.accept(who(), deadlines=()),
    assign,
)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("step", STEPS)
def test_nothing_of_this_happens_after_the_end(end: str, step: Step) -> None:
    given(*ENDS[end]).when(step).then_refused(PetitionNotOpen, stage=end)


def test_history_is_marked_instead_of_refused() -> None:
    past = replace(who(HANDLER, on=3, reason=REASON), is_history=True)
    (
        given(filed(), dispatched())
        .when(lambda p: p.dispute_dispatch(past, last_day=LAST_DAY))
        .then(dispatch_disputed(decided=replace(past, breaches=("dispute-too-late",))))
    )
