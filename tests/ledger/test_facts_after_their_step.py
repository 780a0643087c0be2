"""What is told late of petitions, findings and units is booked after the step it follows from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ledger.conduct import FindingKind, TransferToItself
from ledger.core.aggregate import By, Event
from ledger.core.clock import local_day
from tests.examples import AT, conduct, findings
from tests.examples import petition_supervision as supervision
from tests.examples import petitions as petition
from tests.given import replay
from tests.story import numbered, story

Step = Callable[[Any, By], object]

NOW = AT + timedelta(days=60)
BEGUN = AT - timedelta(days=30)

CALLED = (*petition.IN_HAND, petition.whistle_blown())
ORDERED = (*supervision.AT_COUNTY, supervision.supervision_order_issued())
CLAIMED = (*petition.IN_HAND, petition.responsibility_claimed())
REMINDED = (findings.raised(), findings.company_reminded())
TRANSFERRED = (*conduct.THREE_IN_A_ROW, conduct.transfer_fell_due(), conduct.transferred())
INSPECTED = (*TRANSFERRED, conduct.inspection_finding_recorded())

CASES: dict[str, tuple[tuple[Event, ...], Step]] = {
    "told-before-answer": (
        petition.ANSWERED,
        lambda p, by: p.visit_back(by, is_resolved=True, is_satisfied=True),
    ),
    "told-before-whistle": (
        CALLED,
        lambda p, by: p.report_in(by, department_id=next(iter(p.whistles))),
    ),
    "told-before-claim": (
        CLAIMED,
        lambda p, by: p.report_obligor_spend(
            by, payer_id=next(iter(p.obligor_ids)), amount_fen=1_00, purpose="换泵", max_fen=1_00
        ),
    ),
    "told-before-escalation": (
        supervision.AT_COUNTY,
        lambda p, by: p.hold_joint_meeting(
            by, convener_id=petition.UNIT, unit_ids=(petition.UNIT,), conclusion="由供热中心牵头"
        ),
    ),
    "told-before-order": (ORDERED, lambda p, by: p.meet_supervision_order(by)),
    "told-before-reminder": (REMINDED, lambda f, by: f.rectify(by, summary="已清扫")),
    "told-before-transfer": (
        TRANSFERRED,
        lambda c, by: c.record_inspection_finding(
            by, kind=FindingKind.SLOWNESS, person_id=None, summary="拖延"
        ),
    ),
    "told-before-finding": (
        INSPECTED,
        lambda c, by: c.hold_talk(by, convener_id=conduct.OFFICE, conclusion="限期改进"),
    ),
}


def last_of(history: tuple[Event, ...], step: Step, by: By) -> Event:
    """Let a record that began long before take a step, and return what it recorded."""
    first, *rest = history
    begun = replace(first, timestamp=BEGUN, by=replace(first.by, at=BEGUN))
    record: Any = replay(numbered((begun, *rest)))
    step(record, by)
    recorded: Event = list(record.collect_events())[-1]
    return recorded


@pytest.mark.parametrize("mark", CASES)
def test_a_fact_is_booked_when_its_step_was_and_keeps_its_day(mark: str) -> None:
    history, step = CASES[mark]
    earlier = history[-1].timestamp - timedelta(days=3)
    told = replace(petition.who(petition.VISITOR), at=earlier, told_at=NOW, is_late=True)

    recorded = last_of(history, step, told)

    assert recorded.timestamp == history[-1].timestamp
    assert recorded.by.true_day == local_day(earlier)
    assert recorded.by.breaches == (mark,)


@pytest.mark.parametrize("mark", CASES)
def test_a_fact_after_its_step_keeps_its_moment(mark: str) -> None:
    history, step = CASES[mark]
    later = history[-1].timestamp + timedelta(hours=1)
    told = replace(petition.who(petition.VISITOR), at=later, told_at=NOW, is_late=True)

    recorded = last_of(history, step, told)

    assert (recorded.timestamp, recorded.by.true_day, recorded.by.breaches) == (later, None, ())


def test_history_stays_as_it_is_told() -> None:
    history, step = CASES["told-before-answer"]
    earlier = history[-1].timestamp - timedelta(days=3)
    told = replace(petition.who(petition.VISITOR), at=earlier, is_history=True)

    assert last_of(history, step, told).timestamp == earlier


def test_a_unit_is_not_handed_over_to_itself() -> None:
    due = (*conduct.THREE_IN_A_ROW, conduct.transfer_fell_due())
    story(*due).when(lambda c: c.transfer(petition.who(), office_id=conduct.UNIT)).then_refused(
        TransferToItself, office_id=str(conduct.UNIT)
    )
