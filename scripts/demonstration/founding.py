"""How the demo begins: organisations, posts, supervisors, accounts of volunteers and shops."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from ledger.commands import findings, organisations
from ledger.core.values import derived_id
from ledger.organisations import Kind
from scripts.demonstration import people
from scripts.demonstration.county import Body, County, Estate
from scripts.demonstration.people import Person
from scripts.demonstration.steps import Run, Step
from scripts.demonstration.working_time import at

SINCE = date(2020, 1, 1)
FOUNDER = people.a_person("administrator", "administrator", None, "administrator")
LABEL = "演示数据，非官方记录 / synthetic, for demonstration"
REAL = "区划名称和代码为公开资料 / name and code are public"


def founding(county: County, estates: tuple[Estate, ...], start: date) -> Iterator[Step]:
    """Write the steps of the first day: each level of organisations before the next one."""
    top = organisations.EstablishOrganisation(
        code=county.code, kind=Kind.COUNTY, name_zh=county.zh, name_en=county.en, valid_from=SINCE
    )
    yield _step(organisations.establish_organisation, top, start, 0, REAL, is_first=True)
    for hour, level in enumerate(_levels(county, estates), 1):
        for number, (body, reason) in enumerate(level):
            command = _established(body)
            run = organisations.establish_organisation
            yield _step(run, command, start, hour, reason, is_first=number == 0)
    for number, (body, person) in enumerate(_posts(county, estates)):
        post = person.post.split()[-1]
        fill = organisations.FillPost(
            organisation_id=body.id, person_id=person.id, post=post, from_on=start
        )
        yield _step(organisations.fill_post, fill, start, 6, LABEL, is_first=number == 0)
    for number, estate in enumerate(estates):
        appoint = findings.AppointSupervisor(
            person_id=people.supervisor(estate).id, estate_ids=(estate.id,)
        )
        yield _step(findings.appoint_supervisor, appoint, start, 7, LABEL, is_first=number == 0)


def _levels(county: County, estates: tuple[Estate, ...]) -> Iterator[list[tuple[Body, str]]]:
    yield [(street, REAL) for street in county.streets]
    yield [(community, REAL) for community in county.communities] + [
        (body, LABEL) for body in (*county.bodies.values(), *county.companies)
    ]
    communities = dict.fromkeys(estate.community.code for estate in estates)
    groups = [
        body
        for community in county.communities
        if community.code in communities
        for body in (community.volunteers, community.shop)
    ]
    yield [(estate, estate.note or LABEL) for estate in estates] + [(g, LABEL) for g in groups]
    yield [(estate.committee, LABEL) for estate in estates]


def _posts(county: County, estates: tuple[Estate, ...]) -> Iterator[tuple[Body, Person]]:
    for community in county.communities:
        yield community, people.secretary(community)
    for street in county.streets:
        yield street, people.street_official(street.communities[0], "leader")
        yield street, people.street_official(street.communities[0], "cashier")
    for estate in estates:
        yield estate, people.manager(estate)
        yield estate.committee, people.chair(estate)


def _established(body: Body) -> organisations.EstablishOrganisation:
    return organisations.EstablishOrganisation(
        code=body.code,
        kind=body.kind,
        name_zh=body.zh,
        name_en=body.en,
        parent_id=derived_id("organisation", body.parent_code),
        valid_from=SINCE,
    )


def _step(  # noqa: PLR0913, PLR0917
    run: Run, command: Any, day: date, hour: int, reason: str, is_first: bool = False
) -> Step:
    """Everything else waits until the level before is there."""
    subject = getattr(command, "code", "") or getattr(command, "organisation_id", "")
    return Step(
        lane=f"founding {subject or command.person_id}",
        run=run,
        command=command,
        by=FOUNDER.by(at(day, hour), reason),
        awaits_reactions=is_first,
    )
