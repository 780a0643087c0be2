"""Organisations: the tree on any day, as known at any time, compared with the aggregates' own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from ledger.commands.organisations import (
    DissolveOrganisation,
    FillPost,
    RenameOrganisation,
    ReparentOrganisation,
    VacatePost,
    dissolve_organisation,
    fill_post,
    organisation_of,
    rename_organisation,
    reparent_organisation,
    vacate_post,
)
from ledger.core.errors import NotFound
from ledger.organisations import Kind, organisation_id
from ledger.storage.ledger import Ledger
from projections.engine import Page, Row
from projections.organisations import (
    OrganisationAt,
    OrganisationQuery,
    PostQuery,
    TreeQuery,
    organisation_by_id,
    organisation_register,
    organisation_tree,
    post_holders,
    subtree_ids,
    view,
)
from tests.commands.county import COMMUNITY, COUNTY, ESTATE, STREET, build_county, who
from tests.projections.asking import ask, assert_rebuilds_the_same, last_recorded_at

EARLY, MARCH, MAY = date(2019, 12, 31), date(2026, 3, 15), date(2026, 5, 1)
OTHER_COMMUNITY = organisation_id("371329001002")
SECRETARY, SUCCESSOR = UUID(int=501), UUID(int=502)


async def change_the_county(ledger: Ledger) -> datetime:
    """Rename, move and end some, fill a post; return when the county was still as built."""
    await build_county(ledger)
    built_at = await last_recorded_at(ledger)
    day = date(2026, 4, 1)
    await rename_organisation(
        RenameOrganisation(organisation_id=COMMUNITY, name_zh="新社区", valid_from=day),
        ledger,
        who(),
    )
    await reparent_organisation(
        ReparentOrganisation(organisation_id=ESTATE, parent_id=OTHER_COMMUNITY, valid_from=day),
        ledger,
        who(),
    )
    await dissolve_organisation(
        DissolveOrganisation(organisation_id=organisation_id("housing"), until_on=day),
        ledger,
        who(reason="机构改革"),
    )
    for person, from_on in ((SECRETARY, date(2026, 3, 1)), (SUCCESSOR, date(2026, 5, 1))):
        await fill_post(
            FillPost(
                organisation_id=COMMUNITY, person_id=person, post="secretary", from_on=from_on
            ),
            ledger,
            who(),
        )
        if person == SECRETARY:
            await vacate_post(
                VacatePost(
                    organisation_id=COMMUNITY,
                    person_id=person,
                    post="secretary",
                    until_on=date(2026, 4, 30),
                ),
                ledger,
                who(),
            )
    return built_at


async def tree(ledger: Ledger, **filters: object) -> list[tuple[int, str]]:
    """Return depth and code of each row."""
    page = await ask(ledger, view, organisation_tree, TreeQuery(**filters))  # type: ignore[arg-type]
    return [(row["depth"], row["code"]) for row in page.rows]


async def test_the_tree_from_the_top_down(ledger: Ledger) -> None:
    await build_county(ledger)

    assert await tree(ledger, on=MARCH) == [
        (0, "371329"),
        (1, "371329001"),
        (2, "371329001001"),
        (3, "371329001001.e1"),
        (2, "371329001002"),
        (3, "371329001002.e1"),
        (1, "company-1"),
        (1, "efficiency-office"),
        (1, "housing"),
        (1, "urban-management"),
    ]
    assert await tree(ledger, on=EARLY) == []


async def test_the_tree_as_it_was_on_any_day(ledger: Ledger) -> None:
    await change_the_county(ledger)
    in_march = await tree(ledger, on=MARCH, below=COMMUNITY)
    in_may = await tree(ledger, on=MAY, below=OTHER_COMMUNITY)

    assert in_march == [(0, "371329001001"), (1, "371329001001.e1")]
    assert in_may == [
        (0, "371329001002"),
        (1, "371329001001.e1"),
        (1, "371329001002.e1"),
    ]
    assert (1, "housing") in await tree(ledger, on=date(2026, 4, 1))
    assert (1, "housing") not in await tree(ledger, on=MAY)


async def test_the_tree_as_the_ledger_knew_it(ledger: Ledger) -> None:
    built_at = await change_the_county(ledger)
    known = await tree(ledger, on=MAY, known_at=built_at, below=COMMUNITY)

    assert known == [(0, "371329001001"), (1, "371329001001.e1")]
    assert (1, "housing") in await tree(ledger, on=MAY, known_at=built_at)
    assert await tree(ledger, on=MAY, known_at=datetime(2020, 1, 1, tzinfo=UTC)) == []


async def test_the_view_says_what_the_aggregates_say(ledger: Ledger) -> None:
    await change_the_county(ledger)
    for day in (date(2020, 1, 1), MARCH, date(2026, 3, 31), date(2026, 4, 1), MAY):
        page = await ask(ledger, view, organisation_tree, TreeQuery(on=day))
        for row in page.rows:
            own = await organisation_of(ledger, row["organisation_id"])
            assert own.lives_on(day)
            assert (row["name_zh"], row["parent_id"]) == (own.name_on(day).zh, own.parent_on(day))


async def test_one_organisation_with_what_is_above_it_and_its_posts(ledger: Ledger) -> None:
    await change_the_county(ledger)
    march: Row = await ask(
        ledger, view, organisation_by_id, OrganisationAt(organisation_id=COMMUNITY, on=MARCH)
    )
    may: Row = await ask(
        ledger, view, organisation_by_id, OrganisationAt(organisation_id=COMMUNITY, on=MAY)
    )

    assert [row["organisation_id"] for row in march["above"]] == [COUNTY, STREET]
    assert (march["name_zh"], may["name_zh"]) == ("组织371329001001", "新社区")
    assert [post["person_id"] for post in march["posts"]] == [SECRETARY]
    assert [post["person_id"] for post in may["posts"]] == [SUCCESSOR]
    assert len(may["positions"]) == len(march["positions"]) + 1
    with pytest.raises(NotFound):
        await ask(
            ledger, view, organisation_by_id, OrganisationAt(organisation_id=COMMUNITY, on=EARLY)
        )


async def test_who_ever_held_a_post(ledger: Ledger) -> None:
    await change_the_county(ledger)
    page: Page = await ask(
        ledger, view, post_holders, PostQuery(organisation_id=COMMUNITY, on=MARCH, ever=True)
    )
    held = [(row["person_id"], row["from_on"], row["until_on"]) for row in page.rows]
    of_person: Page = await ask(ledger, view, post_holders, PostQuery(person_id=SECRETARY, on=MAY))

    assert held == [
        (SECRETARY, date(2026, 3, 1), date(2026, 4, 30)),
        (SUCCESSOR, date(2026, 5, 1), None),
    ]
    assert of_person.rows == []


async def test_the_register_is_filtered_and_paged(ledger: Ledger) -> None:
    await build_county(ledger)

    async def codes(query: OrganisationQuery) -> list[str]:
        page = await ask(ledger, view, organisation_register, query)
        found = [row["code"] for row in page.rows]
        if page.next_cursor is None:
            return found
        return found + await codes(replace(query, cursor=page.next_cursor))

    assert len(await codes(OrganisationQuery(on=MARCH, page_size=3))) == 10
    assert await codes(OrganisationQuery(on=MARCH, kind=Kind.ESTATE, page_size=1)) == [
        "371329001001.e1",
        "371329001002.e1",
    ]
    assert await codes(OrganisationQuery(on=MARCH, name="company")) == ["company-1"]
    assert await codes(OrganisationQuery(on=MARCH, parent_id=STREET)) == [
        "371329001001",
        "371329001002",
    ]
    assert await codes(OrganisationQuery(on=MARCH, code="37132900100", name="e1")) == [
        "371329001001.e1",
        "371329001002.e1",
    ]


async def test_ids_below_one(ledger: Ledger) -> None:
    await change_the_county(ledger)
    await ask(ledger, view, organisation_tree, TreeQuery())
    found = await subtree_ids(ledger.pool, ledger.id, COMMUNITY, on=MARCH)

    assert found == [COMMUNITY, ESTATE]


async def test_made_again_it_is_the_same(ledger: Ledger, store_dsn: str) -> None:
    await change_the_county(ledger)
    await assert_rebuilds_the_same(ledger, store_dsn, view)
