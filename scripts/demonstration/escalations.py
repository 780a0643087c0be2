"""The escalations that led to nine talks, and some that led to none.

Source: the article on Linshu county. Three escalations to the county in a row or more hand a
unit over to the efficiency office; its work is analysed and inspected, and inaction, slowness
or coldness found there lead to a talk. It counts more than 20 meetings of analysis, nine
streets and departments talked to, and more than 30 hard problems solved in 2023. Which units
they were it does not say: those of the demo are invented, and so are the matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random

from ledger.commands import conduct
from ledger.conduct import FindingKind
from ledger.core.clock import local_day
from ledger.petitions import Cause, Level, Outcome
from scripts.demonstration import people
from scripts.demonstration.county import Body, County, Estate, dice
from scripts.demonstration.life import DAY, Life, Matter
from scripts.demonstration.petitions import Place, matter_at, work
from scripts.demonstration.steps import Step
from scripts.demonstration.working_time import after, office_hours

TALKS_COUNT = 9
ESCALATIONS_A_UNIT = 3
COMPANIES_WARNED = 6
LATE_TRANSFERS = frozenset({4})
"""Which of the nine was handed over only after its term."""

MATTERS = (
    ("facilities", "roof_leak"),
    ("utilities", "flooding"),
    ("parking_and_order", "illegal_building"),
    ("safety", "fire_lane"),
    ("environment", "fumes"),
    ("facilities", "pipes"),
)
KINDS = (FindingKind.SLOWNESS, FindingKind.INACTION, FindingKind.COLDNESS)
ANALYSIS = "提级事项办理中存在首接不负责、协同不主动、反馈不及时的情况，须限期整改。"
TALK = "听取情况说明，指出问题，要求一个月内报送整改结果并接受回访。"
SUMMARIES = {
    FindingKind.SLOWNESS: "接到督办单后逾期未组织实施，进度明显迟缓。",
    FindingKind.INACTION: "职责范围内的事项长期未处理，也未说明原因。",
    FindingKind.COLDNESS: "对居民反复反映的问题态度冷淡，未到现场核实。",
}


def escalated_petitions(
    county: County, estates: Sequence[Estate], numbers: Iterator[int], start: date, end: date
) -> Iterator[Life | list[Step]]:
    """Write the petitions that went up, and what followed for the units that held them."""
    estates = [estate for estate in estates if estate.key != "huafeng"]
    months = (end - start).days // 30
    for index, code in enumerate(county.talked_to[:TALKS_COUNT]):
        rng = dice(f"unit {code}")
        unit = county.bodies[code]
        day = start + timedelta(days=30 + index * 30 * (months - 9) // TALKS_COUNT)
        yield from _unit(county, unit, numbers, day, rng, _near(county, unit, estates))
    for index in range(COMPANIES_WARNED):
        rng = dice(f"company {index}")
        day = start + timedelta(days=60 + index * 60)
        yield from _company(
            county, estates[index * len(estates) // COMPANIES_WARNED], numbers, day, rng
        )


def _near(county: County, unit: Body, estates: list[Estate]) -> list[Estate]:
    """Return the estates that a unit has to do with: a street's unit only with its own."""
    if unit.parent_code == county.code:
        return estates
    return [estate for estate in estates if estate.community.parent_code == unit.parent_code]


def _unit(  # noqa: PLR0913, PLR0917
    county: County,
    unit: Body,
    numbers: Iterator[int],
    day: date,
    rng: Random,
    estates: list[Estate],
) -> Iterator[Life | list[Step]]:
    """Write three petitions in a row that went up to the county, and one that did not have to."""
    went_up_at: datetime | None = None
    for _ in range(ESCALATIONS_A_UNIT):
        life = _held_by(county, unit, next(numbers), rng, rng.choice(estates), day)
        went_up_at = _go_up(life)
        yield life
        day = local_day(went_up_at) + timedelta(days=rng.randint(3, 9))
    assert went_up_at is not None  # noqa: S101 - there is at least one
    steps, talked_at = _consequences(county, unit, rng, went_up_at)
    yield steps
    later = _held_by(
        county, unit, next(numbers), rng, rng.choice(estates), local_day(talked_at) + SOME_TIME
    )
    work(later.file().dispatch().accept(), 0.5).visit(is_resolved=False, is_satisfied=False)
    reason = "施工涉及多个楼栋，提请街道协调"
    later.resume().escalate(Level.STREET, Cause.NEEDS_SEVERAL_DEPARTMENTS, reason, 200)
    work(later, 0.4).visit().close()
    yield later


def _held_by(  # noqa: PLR0913, PLR0917
    county: County, unit: Body, number: int, rng: Random, estate: Estate, day: date
) -> Life:
    category, item = rng.choice(MATTERS)
    officer = people.of_body(unit, "department", "officer")
    matter = Matter(
        category=category,
        item=item,
        community=estate.community,
        estate=estate,
        unit=unit,
        accepter=officer,
        handler=people.of_body(unit, "department", "handler"),
    )
    return Life(county, number, matter, "hotline", office_hours(rng, day), rng)


def _go_up(life: Life) -> datetime:
    """Let a petition run late, go up to the county, be supervised and solved; when it went up."""
    life.file().dispatch().accept().assign()
    life.act(2 * DAY, "现场查看，尚未确定处理方案")
    overdue = "超过办理期限仍未解决，居民多次催办"
    life.escalate(Level.STREET, Cause.OVERDUE, overdue, life.some(5 * DAY, 7 * DAY))
    beyond = "涉及多个部门，街道层面无法协调解决"
    life.escalate(Level.COUNTY, Cause.NEEDS_SEVERAL_DEPARTMENTS, beyond, life.some(DAY, 2 * DAY))
    went_up_at = life.at
    helper = life.county.bodies["demo-civil"]
    conclusion = "明确牵头和配合单位，倒排工期，完成后由居民代表验收。"
    life.supervise((life.unit, helper), conclusion, "十个工作日内完成整改并报送结果")
    life.act(life.some(3 * DAY, 6 * DAY)).answer(life.some(100, DAY), Outcome.RESOLVED)
    life.meet_order().visit().close()
    return went_up_at


def _consequences(
    county: County, unit: Body, rng: Random, went_up_at: datetime
) -> tuple[list[Step], datetime]:
    """Transfer, analyses, inspection finding, talk; when the talk was."""
    index = county.talked_to.index(unit.code)
    governance = people.county_official(county, "demo-governance")
    efficiency = people.county_official(county, "demo-efficiency")
    leader = people.county_official(county, "demo-committee", "convener")
    lane = f"conduct {unit.code}"
    steps: list[Step] = []
    at = went_up_at

    def do(run: object, command: object, person: people.Person, minutes: int) -> None:
        nonlocal at
        at = after(at, minutes)
        first = not steps
        steps.append(
            Step(lane=lane, run=run, command=command, by=person.by(at), awaits_reactions=first)  # type: ignore[arg-type]
        )

    days = 8 if index in LATE_TRANSFERS else rng.randint(2, 4)
    office_id = county.bodies["demo-efficiency"].id
    do(conduct.transfer_unit, conduct.TransferUnit(unit_id=unit.id, office_id=office_id),
       governance, days * DAY)  # fmt: skip
    analyse = conduct.AnalysePerformance(unit_id=unit.id, conclusion=ANALYSIS)
    for _ in range(2 + (index < ANALYSES_THRICE)):
        do(conduct.analyse_performance, analyse, efficiency, rng.randint(3, 6) * DAY)
    kind = KINDS[index % len(KINDS)]
    finding = conduct.RecordInspectionFinding(unit_id=unit.id, kind=kind, summary=SUMMARIES[kind])
    do(conduct.record_inspection_finding, finding, efficiency, rng.randint(2, 5) * DAY)
    convener_id = county.bodies["demo-committee"].id
    talk = conduct.HoldUnitTalk(unit_id=unit.id, convener_id=convener_id, conclusion=TALK)
    do(conduct.hold_unit_talk, talk, leader, rng.randint(3, 7) * DAY)
    return steps, at


def _company(
    county: County, estate: Estate, numbers: Iterator[int], day: date, rng: Random
) -> Iterator[Life]:
    """Two petitions of a company go up to the county; the third is solved in time at the street."""
    place = Place(community=estate.community, estate=estate)
    for _ in range(2):
        matter = matter_at(county, place, "facilities", rng.choice(("lift", "pipes", "roof_leak")))
        life = Life(county, next(numbers), matter, "hotline", office_hours(rng, day), rng)
        went_up_at = _go_up(life)
        yield life
        day = local_day(went_up_at) + timedelta(days=rng.randint(10, 20))
    matter = matter_at(county, place, "property_service", "slow_response")
    life = Life(county, next(numbers), matter, "owners_chat", office_hours(rng, day), rng)
    work(life.file().dispatch().accept(), 0.5).visit(is_resolved=False, is_satisfied=False)
    reason = "社区协调后仍未解决，提请街道协调"
    life.resume().escalate(Level.STREET, Cause.UNRESOLVED, reason, 300)
    work(life, 0.4).visit().close()
    yield life


SOME_TIME = timedelta(days=30)
ANALYSES_THRICE = 4
