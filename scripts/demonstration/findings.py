"""What 110 supervisors found: 530 matters of the owners' chats, all put right in the end.

Source: the article on Linshu county counts 110 supervisors, 530 matters received in owners'
chats and solved, and eight companies that were talked to because they were slow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from uuid import UUID

from ledger.commands import findings
from ledger.findings import FindingSource
from ledger.petitions.labels import ITEMS
from scripts.demonstration import people
from scripts.demonstration.county import County, Estate, data, dice
from scripts.demonstration.documents import a_photo
from scripts.demonstration.life import DAY, HOUR
from scripts.demonstration.people import Person
from scripts.demonstration.steps import Step, Story, alias
from scripts.demonstration.working_time import a_day, office_hours

FINDINGS_COUNT = 530
COMPANY_TALKS = 8
CATEGORIES = ("property_service", "facilities", "safety", "parking_and_order")
ALL_SETTLED_DAYS = 45
SOURCES = {
    FindingSource.GROUP_CHAT: 70,
    FindingSource.OPEN_VISIT: 15,
    FindingSource.UNANNOUNCED_VISIT: 15,
}
CONCLUSION = "物业企业负责人说明情况，承诺三日内整改并安排专人回复业主群。"


def finding_steps(
    county: County, estates: Sequence[Estate], count: int, start: date, end: date
) -> Iterator[Step]:
    """Write so many findings; the first one of each of eight companies leads to a talk."""
    talked_to: set[str] = set()
    last = end - timedelta(days=ALL_SETTLED_DAYS)
    for number in range(count):
        estate = estates[number % len(estates)]
        rng = dice(f"finding {number}")
        day = a_day(rng, start + timedelta(days=5), last)
        code = estate.company.code
        is_talk = len(talked_to) < COMPANY_TALKS and code not in talked_to
        if is_talk:
            talked_to.add(code)
        yield from _finding(county, estate, number, rng, day, is_talk=is_talk)


def _finding(  # noqa: PLR0913
    county: County, estate: Estate, number: int, rng: Random, day: date, *, is_talk: bool
) -> list[Step]:
    story = Story(f"finding {number}", office_hours(rng, day))
    supervisor = people.supervisor(estate)
    finding_id = alias("finding", str(number))
    category = rng.choice(CATEGORIES)
    item = rng.choice(sorted(ITEMS[category]))
    complaint, remedy = data("matters")[category][item]
    source = rng.choices(tuple(SOURCES), tuple(SOURCES.values()))[0]
    raise_ = findings.RaiseFinding(
        supervisor_id=supervisor.id,
        estate_id=estate.id,
        company_id=estate.company.id,
        source=source,
        category=category,
        item=item,
        summary=f"业主群反映：{complaint}",
        place=f"{rng.randint(1, 18)}号楼",
    )
    was_there = source is not FindingSource.GROUP_CHAT
    photos = (a_photo(f"监督员照片{number}（演示）"),) if was_there else ()
    story.do(findings.raise_finding, raise_, supervisor, documents=photos, names=finding_id)
    if not is_talk and rng.random() < SOLVED_AT_ONCE:
        solve = findings.SolveFindingOnTheSpot(finding_id=finding_id, summary=remedy)
        story.do(findings.solve_finding_on_the_spot, solve, supervisor, rng.randint(30, 200))
        return story.steps
    remind = findings.RemindCompany(finding_id=finding_id)
    story.do(findings.remind_company, remind, supervisor, rng.randint(10, 120))
    if is_talk or rng.random() < MISSED:
        _missed(story, finding_id, supervisor, rng)
    if is_talk:
        office = county.bodies["demo-governance"]
        talk = findings.HoldCompanyTalk(
            finding_id=finding_id, convener_id=office.id, conclusion=CONCLUSION
        )
        officer = people.county_official(county, office.code)
        story.do(findings.hold_company_talk, talk, officer, 2 * DAY)
    rectified = findings.RectifyFinding(finding_id=finding_id, summary=f"{remedy}，现场复查属实")
    story.do(findings.rectify_finding, rectified, supervisor, rng.randint(HOUR, DAY))
    return story.steps


def _missed(story: Story, finding_id: UUID, supervisor: Person, rng: Random) -> None:
    """Look again after the term: nothing was done; it counts against the company."""
    again = findings.ReportUnrectified(finding_id=finding_id, summary="期限已过，复查仍未整改")
    story.do(findings.report_unrectified, again, supervisor, rng.randint(4, 7) * DAY)
    score = findings.NoteAssessmentScore(finding_id=finding_id, points=-rng.randint(1, 3))
    story.do(findings.note_assessment_score, score, supervisor, HOUR)


SOLVED_AT_ONCE = 0.3
MISSED = 0.2
