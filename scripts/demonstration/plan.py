"""The whole demo as one list of steps in order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from scripts.demonstration import cases
from scripts.demonstration.accounts import account_steps, lease_rows
from scripts.demonstration.county import ESTATES_COUNT, Community, County, Estate, a_county
from scripts.demonstration.deposits import deposit_steps
from scripts.demonstration.escalations import escalated_petitions
from scripts.demonstration.expenses import expense_steps
from scripts.demonstration.findings import FINDINGS_COUNT, finding_steps
from scripts.demonstration.founding import founding
from scripts.demonstration.life import Life
from scripts.demonstration.petitions import Place, synthetic_petitions
from scripts.demonstration.steps import Step
from scripts.demonstration.volunteers import volunteer_steps
from scripts.demonstration.working_time import at, months_later

MONTHS = 24
PETITIONS_COUNT = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How large a demo is. The cases are the same at every scale.

    Beyond these numbers are left out: ``estates`` without a case of their own, and the
    volunteers of ``communities``.
    """

    petitions: int = PETITIONS_COUNT
    findings: int = FINDINGS_COUNT
    estates: int = ESTATES_COUNT
    communities: int = 43

    @property
    def name(self) -> str:
        """How the scale is written into the keys of commands."""
        return f"{self.petitions}-{self.findings}-{self.estates}-{self.communities}"

    @classmethod
    def named(cls, name: str) -> Scale:
        """Return the scale of this name."""
        petitions, findings, estates, communities = map(int, name.split("-"))
        return cls(petitions=petitions, findings=findings, estates=estates, communities=communities)


FULL = Scale()


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps of a demo: what began before ``end`` goes on until ``until`` begins."""

    county: County
    estates: tuple[Estate, ...]
    start: date
    end: date
    until: date
    steps: tuple[Step, ...]


def plan(end: date, scale: Scale = FULL, *, until: date | None = None) -> Plan:
    """Write the demo's two years before ``end``, the first day of a month; the same each time.

    What is under way by then goes on until a later day, if one is given: a later one only adds
    steps at the end.
    """
    county = a_county()
    start = months_later(end, -MONTHS)
    estates = _estates(county, scale)
    until = max(end, until or end)
    over_at = at(until, 0)
    steps = [step for step in _steps(county, estates, scale, (start, end)) if step.by.at < over_at]
    steps.sort(key=lambda step: step.by.at)
    return Plan(county, estates, start, end, until, tuple(steps))


def _estates(county: County, scale: Scale) -> tuple[Estate, ...]:
    rows = {row["estate"] for row in lease_rows()}
    kept = [estate for estate in county.estates if estate.key or estate.number in rows]
    others = [estate for estate in county.estates if estate not in kept]
    return tuple(sorted([*kept, *others[: scale.estates]], key=lambda estate: estate.number))


def _steps(
    county: County, estates: Sequence[Estate], scale: Scale, period: tuple[date, date]
) -> Iterator[Step]:
    start, end = period
    yield from founding(county, tuple(estates), start)
    yield from _petitions(county, estates, scale, period)
    yield from cases.heating_pipe(county, start)
    yield from cases.new_manager(county, start)
    yield from finding_steps(county, estates, scale.findings - 1, start, end)
    for estate in estates:
        yield from deposit_steps(estate, start, end)
        steps, incomes = account_steps(estate, start)
        yield from steps
        yield from expense_steps(estate, incomes, start, end)
    for community, own in islice(_by_community(estates).items(), scale.communities):
        yield from volunteer_steps(county, community, own, start)


def _petitions(
    county: County, estates: Sequence[Estate], scale: Scale, period: tuple[date, date]
) -> Iterator[Step]:
    """Number all petitions: first those of the cases, then the synthetic ones."""
    start, end = period
    yield from cases.damp_garage(county, start).steps
    numbers = iter(range(cases.GARAGE_NUMBER + 1, scale.petitions + 1))
    for life in cases.hotline_orders(county, numbers, start):
        yield from life.steps
    for story in escalated_petitions(county, estates, numbers, start, end):
        yield from story.steps if isinstance(story, Life) else story
    places = list(_places(estates))
    for life in synthetic_petitions(county, places, tuple(numbers), start, end):
        yield from life.steps


def _places(estates: Sequence[Estate]) -> Iterator[Place]:
    """Each estate often, the rest of its community sometimes; no more orders for 华丰现代城."""
    for estate in estates:
        if estate.key != "huafeng":
            for _ in range(6):
                yield Place(community=estate.community, estate=estate)
        yield Place(community=estate.community, estate=None)


def _by_community(estates: Sequence[Estate]) -> dict[Community, list[Estate]]:
    grouped: dict[Community, list[Estate]] = {}
    for estate in estates:
        grouped.setdefault(estate.community, []).append(estate)
    return grouped
