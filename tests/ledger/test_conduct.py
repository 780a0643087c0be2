"""The rules of streaks, transfers and talks, without a database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.conduct import (
    EscalationAlreadyCounted,
    FindingKind,
    NoStreakToBreak,
    NothingToTransfer,
    StreakTooShort,
    TalkWithoutFinding,
    TransferNotDue,
    TransferNotOverdue,
    UnitConduct,
)
from ledger.core.aggregate import Event
from ledger.core.clock import end_of_day
from ledger.core.errors import RuleViolated
from tests.examples import AT, by
from tests.examples.conduct import (
    COMMITTEE,
    CONDUCT,
    DUE_ON,
    MATTERS,
    OFFICE,
    THREE_IN_A_ROW,
    UNIT,
    escalation_counted,
    inspection_finding_recorded,
    opened,
    performance_analysis_done,
    streak_broken,
    talk_held,
    transfer_fell_due,
    transfer_missed,
    transferred,
)
from tests.given import given, replay, state_of

Step = Callable[[UnitConduct], None]

DUE = (*THREE_IN_A_ROW, transfer_fell_due())


def note(matter: int = 0, petition_round: int = 1) -> Step:
    return lambda c: c.note_escalation(
        by(), petition_id=MATTERS[matter], petition_round=petition_round
    )


def break_streak(conduct: UnitConduct) -> None:
    conduct.break_streak(by(), petition_id=MATTERS[9])


def fall_due(conduct: UnitConduct) -> None:
    conduct.fall_due_for_transfer(by(), escalations_min=3, due_on=DUE_ON, is_provisional=False)


def miss(at: datetime) -> Step:
    return lambda c: c.miss_transfer(by(at=at))


def transfer(at: datetime = AT) -> Step:
    return lambda c: c.transfer(by(at=at), office_id=OFFICE)


def talk(conduct: UnitConduct) -> None:
    conduct.hold_talk(by(), convener_id=COMMITTEE, conclusion="一个月内整改到位")


def test_one_unit_has_one_stream() -> None:
    conduct = UnitConduct.open(by(), unit_id=UNIT)

    assert conduct.id == CONDUCT
    assert list(conduct.collect_events()) == [opened()]


def test_escalations_make_a_streak() -> None:
    given(opened()).when(note()).then(escalation_counted())
    assert [replay(THREE_IN_A_ROW[:n]).streak for n in range(1, 5)] == [0, 1, 2, 3]


def test_one_round_of_a_petition_counts_once() -> None:
    given(opened(), escalation_counted()).when(note()).then_refused(
        EscalationAlreadyCounted, petition_id=str(MATTERS[0]), petition_round=1
    )


def test_a_reopened_petition_counts_again() -> None:
    given(opened(), escalation_counted()).when(note(petition_round=2)).then(
        escalation_counted(3, petition_round=2)
    )


def test_the_third_in_a_row_makes_a_transfer_due_and_not_the_second() -> None:
    assert not replay(THREE_IN_A_ROW[:3]).must_transfer(3)
    given(*THREE_IN_A_ROW[:3]).when(fall_due).then_refused(
        StreakTooShort, streak=2, escalations_min=3
    )
    assert replay(THREE_IN_A_ROW).must_transfer(3)
    given(*THREE_IN_A_ROW).when(fall_due).then(transfer_fell_due())


def test_an_escalation_falls_due_once() -> None:
    assert not replay(DUE).must_transfer(3)
    given(*DUE).when(fall_due).then_refused(NothingToTransfer)


def test_the_fourth_in_a_row_makes_another_transfer_due() -> None:
    history = (*DUE, escalation_counted(6, 3))
    given(*history).when(fall_due).then(transfer_fell_due(7, MATTERS[3:4]))


def test_after_a_break_counting_starts_anew() -> None:
    broken = (*THREE_IN_A_ROW[:3], streak_broken(4))
    given(*THREE_IN_A_ROW[:3]).when(break_streak).then(streak_broken(4))
    third = replay((*broken, escalation_counted(5, 2)))
    assert third.streak == 1
    assert not third.must_transfer(3)


def test_a_break_leaves_what_is_due() -> None:
    given(*DUE, streak_broken(6)).when(transfer()).then(transferred(7))


@pytest.mark.parametrize("history", [(opened(),), (*THREE_IN_A_ROW, streak_broken(5))])
def test_no_streak_no_break(history: tuple[Event, ...]) -> None:
    given(*history).when(break_streak).then_refused(NoStreakToBreak)


def test_one_transfer_settles_all_that_is_due() -> None:
    history = (*DUE, escalation_counted(6, 3), transfer_fell_due(7, MATTERS[3:4]))
    given(*history).when(transfer()).then(transferred(8, petition_ids=MATTERS[:4]))
    assert replay((*history, transferred(8, petition_ids=MATTERS[:4]))).transfers_due == ()


def test_nothing_due_nothing_transferred() -> None:
    given(*THREE_IN_A_ROW[:3]).when(transfer()).then_refused(TransferNotDue, streak=2)
    given(*DUE, transferred()).when(transfer()).then_refused(TransferNotDue, streak=3)


def test_a_transfer_of_long_ago_is_marked_and_takes_what_waits() -> None:
    past = replace(by(), is_history=True)
    given(*THREE_IN_A_ROW[:3]).when(lambda c: c.transfer(past, office_id=OFFICE)).then(
        transferred(4, replace(past, breaches=("transfer-not-due",)), MATTERS[:2])
    )


def test_a_transfer_is_missed_at_the_end_of_its_day_and_once() -> None:
    late = end_of_day(DUE_ON)
    given(*DUE).when(miss(late - timedelta(microseconds=1))).then_refused(TransferNotOverdue)
    given(*DUE).when(miss(late)).then(transfer_missed(decided=by(at=late)))
    given(*DUE, transfer_missed()).when(miss(late)).then_refused(TransferNotOverdue)


def test_a_late_transfer_does_not_hide_the_miss() -> None:
    late = end_of_day(DUE_ON) + timedelta(hours=1)
    in_time = (*DUE, transferred())
    too_late = (*DUE, transferred(decided=by(at=late)))
    given(*in_time).when(miss(late)).then_refused(TransferNotOverdue)
    given(*too_late).when(miss(late)).then(transfer_missed(7, decided=by(at=late)))


def test_performance_is_analysed() -> None:
    given(opened()).when(
        lambda c: c.analyse_performance(by(), conclusion="职责不清，响应迟缓")
    ).then(performance_analysis_done())


def test_an_inspection_leads_to_a_talk() -> None:
    given(opened()).when(
        lambda c: c.record_inspection_finding(
            by(),
            kind=FindingKind.SLOWNESS,
            person_id=None,
            summary="三件工单均超期后才派人到场",
        )
    ).then(inspection_finding_recorded())
    given(opened(), inspection_finding_recorded()).when(talk).then(talk_held())


def test_no_talk_without_a_new_finding() -> None:
    given(opened()).when(talk).then_refused(TalkWithoutFinding)
    given(opened(), inspection_finding_recorded(), talk_held()).when(talk).then_refused(
        TalkWithoutFinding
    )


STEPS: tuple[Step, ...] = (
    *(note(matter) for matter in range(8)),
    break_streak,
    fall_due,
    transfer(),
    transfer(end_of_day(DUE_ON)),
    miss(end_of_day(DUE_ON)),
)


@for_all(steps=st.lists(st.sampled_from(STEPS), max_size=40))
def test_every_escalation_is_transferred_at_most_once_and_replay_equals_live(
    steps: list[Step],
) -> None:
    conduct = UnitConduct.open(by(), unit_id=UNIT)
    recorded: list[Event] = list(conduct.collect_events())  # type: ignore[arg-type]
    for step in steps:
        with suppress(RuleViolated):
            step(conduct)
        recorded += conduct.collect_events()  # type: ignore[arg-type]

    transferred_ids: list[UUID] = []
    for event in recorded:
        if isinstance(event, UnitConduct.TransferredToEfficiencyOffice):
            transferred_ids += event.petition_ids
    assert len(transferred_ids) == len(set(transferred_ids))
    assert len(conduct.waiting_ids) <= conduct.streak <= len(conduct.counted)
    assert state_of(replay(recorded)) == state_of(conduct)


FELL_DUE = replace(transfer_fell_due(), by=by(role="reaction"))


def test_an_escalation_that_was_none_takes_its_transfer_along() -> None:
    """The streak is one shorter, and what fell due because of it is not due."""
    conduct = replay((*THREE_IN_A_ROW, FELL_DUE))
    conduct.withdraw_escalation(by(reason="误记"), petition_id=MATTERS[0], petition_round=1)
    (event,) = conduct.collect_events()
    assert event.versions_reversed == (2, 5)
    assert (conduct.streak, conduct.transfers_due) == (2, ())
    assert conduct.waiting_ids == MATTERS[1:3]


def test_a_transfer_that_was_made_stands() -> None:
    conduct = replay((*THREE_IN_A_ROW, FELL_DUE, transferred(6)))
    conduct.withdraw_escalation(by(reason="误记"), petition_id=MATTERS[0], petition_round=1)
    assert list(conduct.collect_events()) == []
    assert conduct.transfers_count == 1
