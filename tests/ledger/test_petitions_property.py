"""Whatever people ask for, in any order: a petition never gets into an impossible state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.core.aggregate import By, Event
from ledger.core.clock import local_day
from ledger.core.errors import RuleViolated
from ledger.petitions import (
    Cause,
    ClockName,
    Deadline,
    Level,
    MeetingOutcome,
    Outcome,
    Petition,
    Side,
    Stage,
    events,
)
from ledger.petitions.file import ANSWER_CLOCKS
from tests.examples import AT
from tests.examples.petition_supervision import AT_COUNTY
from tests.examples.petitions import (
    ANSWERED,
    CLOSED,
    COMMUNITY,
    COMPANY,
    COUNTY_OFFICE,
    DEPARTMENT,
    FOUR_SIDES,
    IN_HAND,
    MEETING,
    OTHER_PETITION,
    PETITION,
    REASON,
    UNIT,
    filed,
)
from tests.given import replay, state_of

Step = Callable[[Petition, By], None]


def clock(by: By, name: ClockName, holder_id: UUID = UNIT, days: int = 2) -> tuple[Deadline, ...]:
    """Return one deadline, ``days`` after the decision."""
    day = local_day(by.at)
    return (
        Deadline(
            clock=name,
            holder_id=holder_id,
            starts_on=day,
            days=days,
            in_working_days=True,
            due_on=day + timedelta(days=days),
            is_provisional=days % 2 == 1,
        ),
    )


def request_extension(p: Petition, by: By) -> None:
    (asked,) = clock(by, ClockName.EXTENSION, days=9)
    p.request_extension(by, deadline=asked, days_max=9, extensions_max=2)


def recount(p: Petition, by: By) -> None:
    for old in p.clocks[:1]:
        new = replace(old, is_provisional=False, due_on=old.due_on + timedelta(days=1))
        p.recount_deadline(by, old=old, new=new)


def miss_all(p: Petition, by: By) -> None:
    for missed in p.overdue_clocks(by.at):
        p.miss_deadline(by, clock=missed.clock, holder_id=missed.holder_id)


STEPS: dict[str, Step] = {
    "classify": lambda p, by: p.classify(by, category="safety", item="fire_lane"),
    "reclassify": lambda p, by: p.reclassify(by, category="facilities", item="lift"),
    "merge": lambda p, by: p.merge(by, into_petition_id=OTHER_PETITION, into_is_open=True),
    "absorb": lambda p, by: p.absorb(by, petition_id=OTHER_PETITION),
    "dispatch": lambda p, by: p.dispatch(
        by,
        unit_id=UNIT,
        deadlines=clock(by, ClockName.ACCEPTANCE) + clock(by, ClockName.HANDLING, days=5),
    ),
    "dispute": lambda p, by: p.dispute_dispatch(by, last_day=local_day(by.at)),
    "return": lambda p, by: p.return_dispatch(
        by, to_unit_id=COMMUNITY, deadlines=clock(by, ClockName.ROUTING, COMMUNITY)
    ),
    "uphold": lambda p, by: p.uphold_dispatch(by, deadlines=clock(by, ClockName.ACCEPTANCE)),
    "accept": lambda p, by: p.accept(by, deadlines=()),
    "assign": lambda p, by: p.assign_handler(by, handler_id=by.actor_id),
    "whistle": lambda p, by: p.blow_whistle(
        by, department_ids=(DEPARTMENT,), deadlines=clock(by, ClockName.WHISTLE, DEPARTMENT)
    ),
    "report in": lambda p, by: p.report_in(by, department_id=DEPARTMENT),
    "department answers": lambda p, by: p.answer_for_department(
        by, department_id=DEPARTMENT, summary="已处理"
    ),
    "meeting": lambda p, by: p.hold_four_party_meeting(
        by,
        meeting_id=MEETING,
        sides=FOUR_SIDES,
        led_by=Side.COMMUNITY_PARTY_ORGANISATION,
        outcome=MeetingOutcome.SETTLED,
        members=FOUR_SIDES,
        quorum=4,
        leader=FOUR_SIDES[0],
    ),
    "claim": lambda p, by: p.claim(
        by, company_id=COMPANY, deadlines=clock(by, ClockName.HANDLING, COMPANY, 5)
    ),
    "spend": lambda p, by: p.report_obligor_spend(
        by, payer_id=COMPANY, amount_fen=100, purpose="维修", max_fen=100
    ),
    "reverse spend": lambda p, by: p.reverse_obligor_spend(
        by, version_reversed=max(p.obligor_spends, default=1)
    ),
    "act": lambda p, by: p.take_action(by, summary="已到现场"),
    "answer": lambda p, by: p.answer(
        by,
        outcome=Outcome.RESOLVED,
        summary="已修复",
        deadlines=clock(by, ClockName.VISIT_BACK, COMMUNITY),
    ),
    "ask for time": request_extension,
    "grant time": lambda p, by: p.approve_extension(by),
    "refuse time": lambda p, by: p.reject_extension(by),
    "visit, content": lambda p, by: p.visit_back(by, is_resolved=True, is_satisfied=True),
    "visit, not content": lambda p, by: p.visit_back(by, is_resolved=False, is_satisfied=False),
    "resume": lambda p, by: p.resume_handling(by, deadlines=clock(by, ClockName.HANDLING)),
    "close": lambda p, by: p.close(by),
    "reopen": lambda p, by: p.reopen(
        by,
        last_day=local_day(by.at),
        to_unit_id=COMMUNITY,
        deadlines=clock(by, ClockName.ROUTING, COMMUNITY),
    ),
    "withdraw": lambda p, by: p.withdraw(by),
    "to the street": lambda p, by: p.escalate(by, level=Level.STREET, cause=Cause.OVERDUE),
    "to the county": lambda p, by: p.escalate(by, level=Level.COUNTY, cause=Cause.MAJOR),
    "joint meeting": lambda p, by: p.hold_joint_meeting(
        by, convener_id=COUNTY_OFFICE, unit_ids=(UNIT,), conclusion="限期整改"
    ),
    "order": lambda p, by: p.issue_supervision_order(
        by, unit_id=UNIT, demand="限期整改", deadlines=clock(by, ClockName.SUPERVISION)
    ),
    "meet order": lambda p, by: p.meet_supervision_order(by),
    "misses": miss_all,
    "recount": recount,
}


ENDS = {"merge", "withdraw"}
"""Steps after which nothing more happens: asked for less often."""


@dataclass(frozen=True)
class Asked:
    """One command: which, by whom, how many hours after the one before, and why."""

    step: str
    person: int
    hours: int
    has_reason: bool
    is_history: bool


ASKED = st.builds(
    Asked,
    step=st.sampled_from(sorted(STEPS.keys() - ENDS)) | st.sampled_from(sorted(STEPS)),
    person=st.integers(1, 3),
    hours=st.sampled_from([0, 1, 30, 100]),
    has_reason=st.booleans() | st.just(True),
    is_history=st.just(False),
)

HISTORY = st.builds(replace, ASKED, is_history=st.just(True))


STARTS: dict[str, tuple[Event, ...]] = {
    "filed": (filed(),),
    "in hand": IN_HAND,
    "answered": ANSWERED,
    "closed": CLOSED,
    "at the county": AT_COUNTY,
}
"""Where a sequence begins: from the filing alone, few random sequences get far."""

START = st.sampled_from(sorted(STARTS))


def live(start: str, asked: list[Asked]) -> tuple[Petition, list[Event]]:
    """Return a petition after all that was asked for, and what it recorded."""
    petition: Petition = replay(STARTS[start])
    at = AT
    recorded: list[Event] = list(STARTS[start])
    for one in asked:
        at += timedelta(hours=one.hours)
        by = By(
            actor_id=UUID(int=one.person),
            at=at,
            role="street",
            reason=REASON if one.has_reason else "",
            is_history=one.is_history,
        )
        with suppress(RuleViolated):
            STEPS[one.step](petition, by)
        recorded += petition.collect_events()  # type: ignore[arg-type]
    return petition, recorded


def started_and_ended(recorded: list[Event]) -> tuple[Counter[object], Counter[object]]:
    """Count the clocks that were started and the misses that were recorded."""
    started: Counter[object] = Counter()
    missed: Counter[object] = Counter()
    for event in recorded:
        for one in getattr(event, "deadlines", ()):
            started[one.clock, one.holder_id, one.due_on] += 1
        if isinstance(event, events.DeadlineMissed):
            missed[event.clock, event.holder_id, event.due_on] += 1
        if isinstance(event, events.SupervisionOrderMissed):
            missed[ClockName.SUPERVISION, event.unit_id, event.due_on] += 1
    return started, missed


@for_all(start=START, asked=st.lists(ASKED, max_size=40))
def test_no_sequence_of_commands_leads_to_an_impossible_state(
    start: str, asked: list[Asked]
) -> None:
    petition, recorded = live(start, asked)

    running = {one.clock for one in petition.clocks}
    started, missed = started_and_ended(recorded)
    assert petition.is_open or not running, "nothing runs after the end"
    assert ClockName.ROUTING not in running or petition.stage == Stage.FILED
    assert ClockName.ACCEPTANCE not in running or petition.stage == Stage.DISPATCHED
    assert ClockName.VISIT_BACK not in running or petition.stage == Stage.ANSWERED
    in_hand = {Stage.DISPATCHED, Stage.DISPUTED, Stage.ACCEPTED}
    assert not running & set(ANSWER_CLOCKS) or petition.stage in in_hand
    assert ClockName.SUPERVISION not in running or petition.supervised_unit_id == UNIT
    assert missed <= started, "a clock is missed at most once each time it is started"
    assert (petition.stage == Stage.CLOSED) == (petition.closed_on is not None)
    assert petition.obligor_spent_fen >= 0
    assert petition.level in petition.levels_reached


@for_all(start=START, asked=st.lists(ASKED, max_size=40))
def test_an_open_petition_always_has_a_way_to_its_end(start: str, asked: list[Asked]) -> None:
    petition, recorded = live(start, asked)
    by = replace(recorded[-1].by, actor_id=UUID(int=9), reason=REASON)
    visitor = replace(by, actor_id=UUID(int=10))
    if petition.supervised_unit_id is not None and petition.is_open:
        petition.meet_supervision_order(by)
    if petition.stage == Stage.FILED:
        petition.dispatch(by, unit_id=UNIT, deadlines=())
    if petition.stage in {Stage.DISPATCHED, Stage.DISPUTED}:
        petition.accept(by, deadlines=())
    if petition.stage == Stage.ACCEPTED:
        petition.answer(by, outcome=Outcome.EXPLAINED, summary="已说明", deadlines=())
    if petition.stage == Stage.ANSWERED:
        petition.visit_back(visitor, is_resolved=True, is_satisfied=True)
    if petition.stage == Stage.VISITED:
        petition.close(by)

    assert not petition.is_open


@for_all(start=START, asked=st.lists(ASKED | HISTORY, max_size=40))
def test_replay_equals_live(start: str, asked: list[Asked]) -> None:
    petition, recorded = live(start, asked)

    again = replay(recorded)

    assert state_of(again) == state_of(petition)
    assert petition.id == PETITION


@for_all(start=START, asked=st.lists(HISTORY, max_size=40))
def test_history_is_never_refused_where_it_means_something(start: str, asked: list[Asked]) -> None:
    _, recorded = live(start, asked)

    marked = [event for event in recorded if event.by.breaches]
    assert all(event.by.is_history for event in marked)
