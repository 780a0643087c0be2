"""Synthetic petitions: all channels and categories, and the turns that their lives can take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from ledger.organisations import Kind
from ledger.petitions import Cause, Level, MeetingOutcome, Outcome
from ledger.petitions.labels import ITEMS
from scripts.demonstration import people
from scripts.demonstration.county import Body, Community, County, Estate, dice
from scripts.demonstration.life import DAY, HOUR, Life, Matter
from scripts.demonstration.people import Person
from scripts.demonstration.working_time import a_day, after, any_hour, at, office_hours

CHANNELS = {
    "hotline": 36,
    "qr_code": 12,
    "door_knock": 11,
    "owners_chat": 10,
    "reception_day": 8,
    "grid_patrol": 7,
    "square_report": 5,
    "online_form": 4,
    "letters_visits": 3,
    "supervisor_finding": 2,
    "four_party_meeting": 2,
}
"""How often a petition comes in which way, in percent."""

CATEGORIES = {
    "property_service": 20,
    "facilities": 20,
    "parking_and_order": 13,
    "utilities": 10,
    "environment": 9,
    "fees_and_income": 8,
    "safety": 7,
    "neighbours": 6,
    "welfare": 4,
    "owners_committee": 2,
    "other": 1,
}
"""What petitions are about, in percent."""

BODIES = {
    "heating": "demo-heating",
    "water": "demo-water",
    "flooding": "demo-water",
    "power": "demo-power",
    "gas": "demo-gas",
    "noise": "demo-police",
    "waste": "demo-urban",
    "fumes": "demo-ecology",
    "illegal_building": "demo-urban",
    "road": "demo-transport",
}
"""Who handles an item where it is neither the property company nor the community."""

OF_THE_COMMUNITY = frozenset({"neighbours", "welfare", "owners_committee", "other"})
NEVER_CLASSIFIED_AT_ONCE = frozenset({"qr_code", "online_form"})
TERM_DAYS = {"hotline": 5, "letters_visits": 20}
"""Working days for an answer; seven where none is named, one where safety is at stake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a petition can come from: an estate, or elsewhere in the community."""

    community: Community
    estate: Estate | None


def synthetic_petitions(
    county: County, places: Sequence[Place], numbers: Sequence[int], start: date, end: date
) -> Iterator[Life]:
    """Write so many lives; some of them merge into the one written just before."""
    before: Life | None = None
    for number in numbers:
        rng = dice(f"petition {number}")
        if before and before.is_plain and before.at < at(end, 0) and rng.random() < MERGED:
            yield _merged(county, number, before, rng)
            before = None
            continue
        before = _life(county, number, rng, rng.choice(places), (start, end))
        yield before


def matter_at(county: County, place: Place, category: str, item: str) -> Matter:
    """Return a matter with the unit that is to handle it."""
    unit, accepter, handler = _handlers(county, place, category, item)
    return Matter(
        category=category,
        item=item,
        community=place.community,
        estate=place.estate,
        unit=unit,
        accepter=accepter,
        handler=handler,
    )


def _handlers(
    county: County, place: Place, category: str, item: str
) -> tuple[Body, Person, Person]:
    community, estate = place.community, place.estate
    if category in OF_THE_COMMUNITY or (estate is None and item not in BODIES):
        return of_community(community)
    if item in BODIES and (estate is None or item != "road"):
        body = county.bodies[BODIES[item]]
        officer = people.county_official(county, body.code)
        return body, officer, people.county_official(county, body.code, "handler")
    assert estate is not None  # noqa: S101 - the first condition took all others
    return estate.company, people.manager(estate), people.repairer(estate)


def of_community(community: Community) -> tuple[Body, Person, Person]:
    """Return a community as the unit that handles a petition itself."""
    return community, people.secretary(community), people.community_worker(community, 3)


def _life(
    county: County, number: int, rng: Random, place: Place, period: tuple[date, date]
) -> Life:
    category = rng.choices(tuple(CATEGORIES), tuple(CATEGORIES.values()))[0]
    channel = rng.choices(tuple(CHANNELS), tuple(CHANNELS.values()))[0]
    matter = matter_at(county, place, category, rng.choice(tuple(ITEMS[category])))
    day = a_day(rng, *period)
    filed_at = any_hour(rng, day) if channel == "hotline" else office_hours(rng, day)
    filed_at = min(filed_at, at(period[1], 0) - MINUTE)  # offices may be shut until the end
    life = Life(county, number, matter, channel, filed_at, rng)
    turn = rng.choices(tuple(TURNS), tuple(TURNS.values()))[0]
    life.is_plain = turn is plain
    life.file(is_classified=channel not in NEVER_CLASSIFIED_AT_ONCE)
    turn(life)
    if day >= period[1] - timedelta(days=UNFINISHED_DAYS):
        _leave_unfinished(life)
    return life


def _leave_unfinished(life: Life) -> None:
    """Let some petitions of the last weeks wait for any of their steps, in time or overdue."""
    rng = dice(f"unfinished petition {life.number}")
    if rng.random() < UNFINISHED:
        del life.steps[rng.randint(1, len(life.steps)) :]
        life.is_plain = False  # nothing merges into it


def _merged(county: County, number: int, into: Life, rng: Random) -> Life:
    filed_at: datetime = after(into.filed_at, rng.randint(1, 3))
    life = Life(county, number, into.matter, "owners_chat", filed_at, rng)
    life.lane = into.lane
    return life.file().merge_into(into)


# The turns that a life can take ----------------------------------------------------------


def work(life: Life, share: float | None = None) -> Life:
    """Act and answer within a share of the term; more than one is too late."""
    days = 1 if life.matter.category == "safety" else TERM_DAYS.get(life.channel, 7)
    share = life.rng.uniform(0.1, 0.75) if share is None else share
    minutes = int(days * DAY * share)
    return life.act(max(20, minutes * 2 // 3)).answer(max(10, minutes // 3))


def taken_on(life: Life) -> Life:
    """Send it to the unit, which accepts it and mostly says who handles it."""
    life.dispatch().accept()
    return life.assign() if life.rng.random() < ASSIGNED else life


def plain(life: Life) -> None:
    """Handled in time, and the petitioner is content."""
    work(taken_on(life)).visit(is_satisfied=life.rng.random() < SATISFIED).close()


def late(life: Life) -> None:
    """Answered after the term was over."""
    work(taken_on(life), life.rng.uniform(1.2, 2.4)).visit().close()


def late_to_unit(life: Life) -> None:
    """Sent to the unit, or accepted, too late."""
    slow, quick = life.some(3 * DAY, 5 * DAY), life.some(20, 200)
    waits = (slow, quick) if life.rng.random() < EVEN else (quick, slow)
    work(life.dispatch(waits[0]).accept(waits[1])).visit().close()


def disputed(life: Life) -> None:
    """The unit says that it is not its matter, and is right half the time."""
    is_right = life.rng.random() < EVEN
    life.dispatch().dispute(is_right=is_right, to=of_community(life.matter.community))
    work(life).visit().close()


def extended(life: Life) -> None:
    """More time is asked for."""
    taken_on(life)
    if life.matter.category != "safety":
        life.extend(life.some(3, 8), is_granted=life.rng.random() < GRANTED)
    work(life).visit().close()


def discontent(life: Life) -> None:
    """The petitioner is not content, so the unit goes on."""
    work(taken_on(life)).visit(is_resolved=False, is_satisfied=False)
    work(life.resume()).visit().close()


def reopened(life: Life) -> None:
    """Closed, and then the matter came back."""
    work(taken_on(life)).visit().close()
    work(taken_on(life.reopen(life.some(3, 12)))).visit().close()


def withdrawn(life: Life) -> None:
    """Taken back by the petitioner."""
    taken_on(life).withdraw()


def whistled(life: Life) -> None:
    """A department is called to the community."""
    taken_on(life)
    code = life.rng.choice(("demo-fire", "demo-market", "demo-housing", "demo-police"))
    officer = people.county_official(life.county, code, "inspector")
    wait = life.some(HOUR, DAY // 2) if life.rng.random() < PROMPT else life.some(3 * DAY, 5 * DAY)
    life.whistle(life.county.bodies[code], officer, wait)
    work(life, 0.2).visit().close()


def met(life: Life) -> None:
    """Settled at the four-party meeting."""
    taken_on(life).meet(MeetingOutcome.SETTLED)
    work(life, 0.3).visit().close()


def raised(life: Life) -> None:
    """Taken up to the street, which sees to it that the company solves it."""
    taken_on(life)
    if life.matter.unit.kind is not Kind.PROPERTY_COMPANY:
        work(life).visit().close()
        return
    work(life, 0.6).visit(is_resolved=False, is_satisfied=False).resume()
    reason = "社区多次协调未解决，提请街道协调"
    life.escalate(Level.STREET, Cause.UNRESOLVED, reason, life.some(60, DAY))
    work(life, 0.5).visit().close()


def explained(life: Life) -> None:
    """Not resolved, only explained; closed with its reason."""
    taken_on(life).act(life.some(HOUR, 2 * DAY), "实地查看并核对有关规定")
    life.answer(life.some(30, DAY), Outcome.EXPLAINED, "该诉求暂不具备条件，已向诉求人解释说明。")
    life.visit(is_resolved=False, is_satisfied=life.rng.random() < EVEN)
    life.close("依据现行规定暂不能办理，已解释到位")


def unreachable(life: Life) -> None:
    """Nobody could be reached when asking back."""
    work(taken_on(life)).visit(is_resolved=None, is_satisfied=None)
    life.close("多次回访未能联系到诉求人")


TURNS: dict[Callable[[Life], None], float] = {
    plain: 69,
    late: 6,
    late_to_unit: 2,
    disputed: 4,
    extended: 5,
    discontent: 4,
    reopened: 2,
    withdrawn: 2,
    whistled: 1.5,
    met: 1,
    raised: 1,
    explained: 1.5,
    unreachable: 1,
}
"""How often a life takes which turn, in percent."""

MINUTE = timedelta(minutes=1)
UNFINISHED_DAYS, UNFINISHED = 30, 0.35
MERGED = 0.04
ASSIGNED = 0.5
SATISFIED = 0.96
GRANTED = 0.8
PROMPT = 0.75
EVEN = 0.5
