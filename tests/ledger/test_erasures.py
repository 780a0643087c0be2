"""Who asks does not decide, every decision says why, and none is taken twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from ledger.core.aggregate import By, Event
from ledger.core.clock import end_of_day
from ledger.core.errors import ReasonMissing, SamePersonTwice
from ledger.erasures import AnswerNotOverdue, Erasure, ErasureDecided, NotTheRequester, Stage
from tests.examples import by as person
from tests.examples.erasures import (
    ASKER,
    DUE_ON,
    OFFICER,
    answer_overdue,
    approved,
    carried_out,
    refused,
    requested,
    restricted,
    withdrawn,
)
from tests.examples.persons import BACKUPS_EXPIRE_ON, CONTACT_SLOT, SUBJECT
from tests.given import replay
from tests.story import numbered, story

Step = Callable[[Erasure, By], None]


def approve(erasure: Erasure, by: By = OFFICER) -> None:
    erasure.approve(by, slot_ids=(CONTACT_SLOT,), backups_expire_on=BACKUPS_EXPIRE_ON)


def restrict(erasure: Erasure, by: By = OFFICER) -> None:
    erasure.restrict(by, hold="audit")


def refuse(erasure: Erasure, by: By = OFFICER) -> None:
    erasure.refuse(by)


DECISIONS: tuple[tuple[Step, str, Event], ...] = (
    (approve, "approve-erasure", approved()),
    (restrict, "restrict-erasure", restricted()),
    (refuse, "refuse-erasure", refused()),
)
DECIDED = (approved(), refused(), withdrawn())


def test_a_request_says_whose_data_why_and_by_when() -> None:
    erasure = Erasure.request(
        ASKER,
        subject_id=SUBJECT,
        record_ids=(),
        ground="purpose_ended",
        due_on=DUE_ON,
        is_provisional=False,
    )
    (event,) = erasure.collect_events()
    assert event == replace(requested(), originator_id=erasure.id)
    assert erasure.stage is Stage.REQUESTED


@pytest.mark.parametrize(("decide", "step", "event"), DECISIONS)
def test_the_officer_decides_with_a_reason(decide: Step, step: str, event: Event) -> None:
    story(requested()).when(lambda e: decide(e, OFFICER)).then(event)
    story(requested()).when(lambda e: decide(e, replace(OFFICER, reason=" "))).then_refused(
        ReasonMissing
    )


@pytest.mark.parametrize(("decide", "step", "event"), DECISIONS)
@pytest.mark.parametrize("who", [ASKER.actor_id, SUBJECT])
def test_neither_who_asked_nor_whose_data_it_is_decides(
    decide: Step, step: str, event: Event, who: UUID
) -> None:
    story(requested()).when(lambda e: decide(e, replace(OFFICER, actor_id=who))).then_refused(
        SamePersonTwice, step=step, earlier_step="request-erasure"
    )


@pytest.mark.parametrize("decided", DECIDED, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(("decide", "step", "event"), DECISIONS)
def test_nothing_is_decided_twice(decide: Step, step: str, event: Event, decided: Event) -> None:
    stage = replay(numbered((requested(), decided))).stage
    story(requested(), decided).when(lambda e: decide(e, OFFICER)).then_refused(
        ErasureDecided, stage=stage
    )


def test_what_a_hold_kept_can_be_decided_later_and_is_not_held_twice() -> None:
    story(requested(), restricted()).when(approve).then(approved())
    story(requested(), restricted()).when(refuse).then(refused())
    story(requested(), restricted()).when(restrict).then_refused(ErasureDecided, stage="restricted")


def test_only_who_asked_or_whose_data_it_is_takes_the_request_back() -> None:
    story(requested()).when(lambda e: e.withdraw(ASKER)).then(withdrawn())
    themselves = person(701, role="resident")
    story(requested()).when(lambda e: e.withdraw(themselves)).then(withdrawn(themselves))
    story(requested()).when(lambda e: e.withdraw(OFFICER)).then_refused(NotTheRequester)
    story(requested(), approved()).when(lambda e: e.withdraw(ASKER)).then_refused(
        ErasureDecided, stage="approved"
    )


def test_only_what_is_approved_is_carried_out_and_only_once() -> None:
    story(requested(), approved()).when(lambda e: e.carry_out(OFFICER)).then(carried_out())
    for before in ((requested(),), (requested(), restricted()), (requested(), refused())):
        stage = replay(numbered(before)).stage
        story(*before).when(lambda e: e.carry_out(OFFICER)).then_refused(
            ErasureDecided, stage=stage
        )
    story(requested(), approved(), carried_out()).when(lambda e: e.carry_out(OFFICER)).then_refused(
        ErasureDecided, stage="carried_out"
    )


def test_an_answer_is_overdue_once_and_only_when_its_day_is_over() -> None:
    late = answer_overdue().by
    early = replace(late, at=end_of_day(DUE_ON))
    story(requested()).when(lambda erasure: erasure.miss_answer(late)).then(answer_overdue())
    for before, by in (
        ((requested(),), early),
        ((requested(), answer_overdue()), late),
        *(((requested(), decision), late) for decision in (restricted(), refused(), withdrawn())),
    ):
        story(*before).when(lambda erasure, by=by: erasure.miss_answer(by)).then_refused(  # type: ignore[misc]
            AnswerNotOverdue, due_on=DUE_ON.isoformat()
        )
    after = replay(numbered((requested(), answer_overdue(), refused())))
    assert (after.stage, after.is_answer_overdue) == (Stage.REFUSED, True)
